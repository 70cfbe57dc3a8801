"""A rehearsal against both simulators: no write in any log, then the run does exactly the plan (H26)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from sandbox.bench.rehearsal import differing, rows_of_plan, written_by_table
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
        return written_by_table(*([e.to_json() for e in sim.log.entries()] for sim in self.sims.values()))


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


def test_the_run_then_does_exactly_that_plan_when_nothing_moved_H26(told):
    world, rehearsed, plan, _, run = told

    assert run["state"] == "finished"
    assert differing(rehearsed, run) == []
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
