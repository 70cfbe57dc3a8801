"""A rehearsal against both simulators: no write in any log, then the run does exactly the plan (H26)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import httpx
import pytest

from sandbox.business_central import BusinessCentralSim
from sandbox.dataverse import DataverseSim
from sandbox.demo_data.generate import GeneratedCompany
from sandbox.demo_data.load import load_company
from sandbox.simkit.clock import SimClock
from sandbox.simkit.identities import INTEGRATION, PEOPLE
from sandbox.world import World
from shared.adapters.auth import FixedAuth
from shared.adapters.business_central import BusinessCentralRecords
from shared.adapters.dataverse import DataverseRecords
from shared.adapters.setup import SystemSetUp
from shared.core.model import Side
from shared.engine.parts import Limits
from shared.engine.tandem import Tandem
from shared.mappings import BY_NAME
from shared.wiring import columns

BC_ROOT = f"https://bc.test/v2.0/{INTEGRATION.tenant}/sandbox/api/tandem/sync/v1.0"
SALES_ROOT = "https://sales.test/api/data/v9.2"
CUSTOMERS = 60


class SimulatedWorld(World):
    """Tandem between the two simulators, everything else in memory."""

    def __init__(self) -> None:
        self.sims = {
            "bc": BusinessCentralSim(
                clock=SimClock(), issuer=None, identities=(INTEGRATION, PEOPLE), company_name="CRONUS"
            ),
            "sales": DataverseSim(clock=SimClock(), issuer=None, identities=(INTEGRATION, PEOPLE)),
        }
        load_company(GeneratedCompany(customers=CUSTOMERS), bc=self.sims["bc"], sales=self.sims["sales"])
        super().__init__(limits=Limits(page=25))
        for sim in self.sims.values():
            sim.log.clear()

    def start_app(self) -> Tandem:
        def client(sim: Any) -> httpx.Client:
            transport = httpx.WSGITransport(app=sim)
            return httpx.Client(transport=transport, auth=FixedAuth(INTEGRATION.client_id))

        bc = BusinessCentralRecords(
            client(self.sims["bc"]),
            company_id=self.sims["bc"].company_id,
            api_root=BC_ROOT,
            columns=columns(BY_NAME, Side.BC),
            parallel=1,
        )
        sales = DataverseRecords(
            client(self.sims["sales"]),
            api_root=SALES_ROOT,
            columns=columns(BY_NAME, Side.SALES),
            clock=self.clock,
            parallel=1,
        )
        ports = super().start_app().ports
        return Tandem(replace(ports, bc=bc, sales=sales, setup=SystemSetUp(bc, sales)))

    def rows_written(self) -> dict[str, int]:
        return {side: sim.log.counts()["rows_written"] for side, sim in self.sims.items()}

    def written_by_table(self) -> dict[str, int]:
        """Return the rows that Tandem wrote, without what the service makes of its own accord."""
        found = Counter[str]()
        for sim in self.sims.values():
            for entry in sim.log.entries():
                found.update(entry.written)
        # Each write of a line works out its invoice's totals anew; a unit group is born with its unit.
        found["invoices"] -= found["invoicedetails"]
        del found["uoms"]
        return dict(found)


def rows_of_plan(plan: list[dict[str, Any]]) -> dict[str, int]:
    """Return the rows of a plan by table; rows that several entries share are made once."""
    found = Counter[str]()
    for entry in plan:
        found.update(entry["rows"])
    found.update(name.partition("(")[0] for name in {one for e in plan for one in e["shared"]})
    return dict(found)


@pytest.fixture(scope="module")
def told() -> tuple[SimulatedWorld, dict, list, dict[str, int], dict]:
    world = SimulatedWorld()
    rehearsed, plan = world.rehearse()
    after_rehearsal = world.rows_written()
    run = world.full_sync()
    return world, rehearsed, plan, after_rehearsal, run


def test_a_rehearsal_leaves_no_write_in_the_log_of_either_system_H26(told):
    _, rehearsed, plan, written, _ = told

    assert rehearsed["state"] == "finished" and len(plan) > 2 * CUSTOMERS
    assert written == {"bc": 0, "sales": 0}


def told_apart(line: dict[str, Any], part: str) -> dict[str, int]:
    """Return a part of a line without what one mapping ignores because another one has just made it.

    Items and resources share the table of products, and both make the default price list and its lines.
    """
    shared = line["mapping"] in ("items", "resources", "customer_price_groups", "sales_prices")
    passed_over = {"from_sales": {"read", "ignored", "unchanged"}, "reasons": set(line["reasons"])}
    left_out = passed_over.get(part, set()) if shared else set()
    return {name: count for name, count in line[part].items() if name not in left_out}


def test_the_run_then_does_exactly_that_plan_when_nothing_moved_H26(told):
    world, rehearsed, plan, _, run = told

    assert run["state"] == "finished"
    for planned, done in zip(rehearsed["lines"], run["lines"], strict=True):
        for part in ("to_sales", "from_sales", "wake_ups", "reasons", "unresolved"):
            assert told_apart(done, part) == told_apart(planned, part), (done["mapping"], part)
    created = [e for e in plan if e["action"] == "create"]
    for entry in created:
        couplings = world.coupled(entry["mapping"])
        assert entry["id"] in (couplings if entry["side"] == "bc" else couplings.values()), entry
    assert rows_of_plan(plan) == world.written_by_table()


def test_a_rehearsal_after_the_run_has_an_empty_plan_H26(told):
    world, *_ = told
    before = world.rows_written()

    _, plan = world.rehearse()

    assert [e for e in plan if e["target"]] == [] and world.rows_written() == before
