"""All that is kept of a mapping is forgotten on request; the records of both systems are not touched."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.world import COMPANY, World
from shared.core.model import Coupling, Side
from shared.engine.parts import Limits
from shared.mappings import ALL
from shared.state.couplings import TableCouplings
from tests.scenarios.builders import a_company, add_customer, an_id


def five_pairs(**options: object) -> World:
    world = a_company(**options)
    for n in range(5):
        add_customer(world, f"C{n}")
    world.full_sync()
    assert len(world.coupled("customers")) == 5
    return world


def forget_everything(world: World) -> None:
    for mapping in reversed(ALL):
        if mapping.name in world.app.ports.mappings:
            assert world.act(mapping.name, "forget", company=COMPANY)["state"] == "finished"


@pytest.mark.peer("uncoupling-017")
def test_all_that_is_kept_of_a_company_is_forgotten_and_the_other_companys_stays():
    world = five_pairs()
    add_customer(world, "HELD", salespersonId=an_id("nobody"))
    world.full_sync("customers")
    assert world.held("customers")
    other = TableCouplings(world.tables, an_id("another company"))
    other.save([Coupling(mapping="customers", bc_id=an_id("theirs"), sales_id=an_id("their account"))])
    written = world.written()

    forget_everything(world)

    assert {m.name: world.coupled(m.name) for m in ALL if world.coupled(m.name)} == {}
    assert world.held() == [] and world.written() == written
    assert world.app.ports.cursors.get("customers", Side.BC).value is None
    assert len(list(other.stream("customers"))) == 1


def test_who_is_forgotten_is_found_again_and_nobody_is_made_twice_or_loses_an_edit():
    world = five_pairs()
    before = world.coupled("customers")
    renamed, moved = list(before)[:2]
    forget_everything(world)
    world.sales.edit("accounts", before[renamed], name="Renamed by a person")
    world.bc.edit("customers", moved, city="Leeds")

    world.full_sync()

    assert world.coupled("customers") == before and len(world.sales.all("accounts")) == 5
    account = world.sales.show("accounts", before[renamed])
    assert account is not None and account["name"] == "Renamed by a person"
    told = {h["id"]: h["fields"] for h in world.held("customers") if h["side"] == "bc"}
    shown = {id: {f["field"]: (f["bc"], f["sales"]) for f in fields} for id, fields in told.items()}
    assert shown[renamed]["name"][1] == "Renamed by a person", "nobody knows whose value is newer"
    assert shown[moved]["city"] == ("Leeds", "London")


def test_another_company_than_the_one_that_is_synchronized_is_refused():
    world = five_pairs()

    job = world.act("customers", "forget", company=an_id("another company"))

    assert job["state"] == "refused" and job["message"].endswith(COMPANY)
    assert len(world.coupled("customers")) == 5


def test_what_takes_longer_than_a_job_may_goes_on_until_all_is_forgotten():
    world = five_pairs(limits=Limits(job=timedelta(0)))

    world.app.api.forget("customers", {"company": COMPANY})
    world.run()

    assert world.coupled("customers") == {}
    states = [e["state"] for e in world.app.api.jobs("customers")["value"] if e["cause"] == "forget"]
    assert states[0] == "finished" and states[1:] and set(states[1:]) == {"deferred"}


def test_a_parked_record_is_forgotten_too_and_comes_back_with_the_next_full_synchronization():
    world = five_pairs()
    customer = next(iter(world.coupled("customers")))
    world.act("customers", "skip", side="bc", id=customer)

    world.act("customers", "forget", company=COMPANY)
    world.full_sync("customers")

    assert customer in world.coupled("customers") and world.held("customers") == []
