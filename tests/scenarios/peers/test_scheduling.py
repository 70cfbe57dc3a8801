"""The peer's scenarios of schedules and of work on request (docs/peer-scenarios.md)."""

import json
from pathlib import Path

import pytest

from shared.core.errors import Transient
from shared.mappings import ALL, BY_NAME
from tests.scenarios.builders import (
    SALESPERSON,
    a_company,
    a_coupled_customer,
    account_of,
    add_account,
    add_customer,
    an_id,
)
from tests.scenarios.peers.common import add_salesperson, add_user, jobs_of, restart_with, sync_now, tick
from tests.scenarios.products import a_synced_shop

ROOT = Path(__file__).parents[3]


@pytest.mark.peer("scheduling-001", "scheduling-002")
def test_a_timer_that_finds_nothing_costs_a_request_a_side_and_looks_again_at_the_next_tick():
    world = a_synced_shop()
    world.tick("customers")
    for _ in range(3):
        before = (world.bc.requests, world.sales.requests, world.written())
        world.tick("customers")
        assert (world.bc.requests, world.sales.requests, world.written()) == (
            before[0] + 1,
            before[1] + 1,
            before[2],
        )


@pytest.mark.peer("scheduling-003")
def test_a_timer_that_found_a_change_goes_on_looking():
    world = a_synced_shop()
    for name in ("Lamp", "Desk"):
        world.bc.edit("items", an_id("item 1000"), description=name)
        assert tick(world, "items")["bc"]["updated"] == 1
    assert {e["state"] for e in jobs_of(world, "items")} == {"finished"}


@pytest.mark.peer("scheduling-007")
@pytest.mark.parametrize("system", ["bc", "sales"])
def test_when_a_system_cannot_be_reached_the_job_is_tried_again(system):
    world, customer, _ = a_coupled_customer()
    world.bc.edit("customers", customer, phoneNumber="42")

    def unreachable() -> None:
        raise Transient("no route to host")

    for _ in range(2):
        call = "bc.changes" if system == "bc" else "sales.update"
        world.once(lambda moment, name, call=call: moment == "before" and name == call, unreachable)
    world.tick("customers")

    told = [(e["state"], e["message"]) for e in jobs_of(world, "customers")]
    assert ("deferred", "no route to host") in told
    assert account_of(world, customer)["telephone1"] == "42" and world.held() == []


@pytest.mark.peer("scheduling-008")
def test_requests_for_single_records_leave_no_trace_in_the_list_of_mappings():
    world = a_company()
    world.full_sync("salespeople")
    before = world.app.api.mappings()["value"]
    for id in (SALESPERSON, add_salesperson(world, "PS")):
        world.app.api.sync("salespeople", {"side": "bc", "ids": [id]})

    names = [m["mapping"] for m in world.app.api.mappings()["value"]]

    assert names == [m["mapping"] for m in before] and names.count("salespeople") == 1
    assert len(world.queue.peek("sync-salespeople")) == 2


@pytest.mark.peer("scheduling-009")
def test_of_chosen_customers_those_that_can_travel_do_and_the_others_are_told():
    world, edited, _ = a_coupled_customer()
    lost = add_customer(world, "LOST")
    world.full_sync("customers")
    seller = add_salesperson(world, "PS")
    fresh, account = add_customer(world, "FRESH"), add_account(world, "Customer FRESH")
    world.act("customers", "couple", bc=fresh, sales=account, **{"from": "bc"})
    uncoupled = add_customer(world, "NEW")
    world.bc.edit("customers", edited, phoneNumber="42")
    world.bc.edit("customers", lost, salespersonId=seller)

    counts = sync_now(world, "customers", "bc", edited, uncoupled, fresh, lost)

    assert counts == {"read": 4, "updated": 1, "ignored": 1, "unchanged": 1, "waiting": 1}
    [held] = world.held("customers")
    assert held["id"] == lost and held["awaits"]["mapping"] == "salespeople"


@pytest.mark.peer("scheduling-010")
def test_changes_of_every_mapping_are_synchronized_on_request():
    world = a_synced_shop()
    before = {e["id"] for e in world.app.api.jobs(limit=1000)["value"]}

    on = world.app.ports.mappings
    for name in on:
        world.app.api.sync(name)
    world.run()

    new = [e for e in world.app.api.jobs(limit=1000)["value"] if e["id"] not in before]
    asked = {(e["mapping"], e["side"]) for e in new if e["cause"] == "administrator"}
    assert {name for name, _ in asked} == set(on)
    two_way = {name for name in on if BY_NAME[name].two_way}
    assert {(name, side) for name in two_way for side in ("bc", "sales")} <= asked
    assert {e["state"] for e in new} == {"finished"}


@pytest.mark.peer("scheduling-011")
def test_every_mapping_has_a_schedule_that_a_setting_changes():
    values = json.loads((ROOT / "local.settings.example.json").read_text())["Values"]
    assert {f"SCHEDULE_{m.name.upper()}" for m in ALL} <= set(values)
    assert {m.schedule for m in ALL} == {"0 */5 * * * *"}


@pytest.mark.peer("scheduling-012")
def test_a_mapping_that_is_off_stands_still_and_goes_on_when_it_is_on():
    world = a_company()
    world.full_sync("salespeople")
    restart_with(world, "salespeople: off\ncustomers: {fields: {owner: off}}\n" + OTHERS_WITHOUT_OWNER)
    seller, user = add_salesperson(world, "PS"), add_user(world, "PS")
    world.step()
    assert "salespeople" not in {m["mapping"] for m in world.app.api.mappings()["value"]}
    world.run()
    assert seller not in world.coupled("salespeople")

    restart_with(world, "")
    world.tick("salespeople")

    assert world.coupled("salespeople")[seller] == user


OTHERS_WITHOUT_OWNER = "\n".join(
    f"{m}: {{fields: {{owner: off}}}}" for m in ("contacts", "opportunities", "posted_sales_invoices")
)
