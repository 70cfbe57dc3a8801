"""The whole product in this process over both simulators: real adapters, real request logs, no network.

Tables and queues are the in-memory twins, so that minutes become seconds; what the servers were asked is
counted where it arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from sandbox.bench.table_log import TableRequests
from sandbox.business_central import BusinessCentralSim
from sandbox.dataverse import DataverseSim
from sandbox.demo_data import GeneratedCompany, load_company
from sandbox.in_memory.parts import TurnedClock
from sandbox.in_memory.tables import InMemoryTables
from sandbox.simkit import INTEGRATION, PEOPLE, SimClock
from sandbox.world import World
from shared.adapters.auth import FixedAuth
from shared.adapters.business_central import BusinessCentralRecords
from shared.adapters.dataverse import DataverseRecords
from shared.adapters.setup import SystemSetUp
from shared.core.model import Side
from shared.engine.parts import Limits
from shared.ports import Op
from shared.signals import SILENT, Signals
from shared.wiring import columns

BC_ROOT = f"https://bc.test/v2.0/{INTEGRATION.tenant}/sandbox/api/tandem/sync/v1.0"
SALES_ROOT = "https://sales.test/api/data/v9.2"


class CountedTables(InMemoryTables):
    """The in-memory twin, with the requests by kind that Azurite's log would show."""

    def __init__(self) -> None:
        super().__init__()
        self.counted = TableRequests()

    def transact(self, table: str, ops: Sequence[Op]) -> list[str | None]:
        if len(ops) == 1:
            self.counted.single_writes[table] += 1
        else:
            self.counted.transactions += 1
        return super().transact(table, ops)

    def get(self, table: str, partition: str, key: str) -> Any:
        self.counted.point_reads[table] += 1
        return super().get(table, partition, key)

    def get_many(self, table: str, partition: str, keys: Sequence[str]) -> Any:
        self.counted.point_reads[table] += len(set(keys))
        return super().get_many(table, partition, keys)


class House(World):
    """A generated company, loaded and ready. The brake is off: here ten thousand changes are wanted."""

    tables: CountedTables

    def __init__(self, *, customers: int, items: int | None = None, signals: Signals = SILENT) -> None:
        super().__init__(limits=Limits(brake_share=1.0), signals=signals)
        company = GeneratedCompany(customers=customers, items=items, seed=1)
        clock = SimClock()
        both = (INTEGRATION, PEOPLE)
        self.bc_sim = BusinessCentralSim(clock=clock, issuer=None, identities=both, company_name=company.name)
        self.sales_sim = DataverseSim(
            clock=clock, issuer=None, identities=both, base_currency=company.local_currency
        )
        load_company(company, bc=self.bc_sim, sales=self.sales_sim)
        self.clock = TurnedClock(datetime.now(UTC))
        bc = BusinessCentralRecords(
            _client(self.bc_sim),
            company_id=str(self.bc_sim.company_id),
            api_root=BC_ROOT,
            columns=columns(self.mappings, Side.BC),
            parallel=1,
            signals=signals,
        )
        sales = DataverseRecords(
            _client(self.sales_sim),
            api_root=SALES_ROOT,
            columns=columns(self.mappings, Side.SALES),
            clock=self.clock,
            parallel=1,
            signals=signals,
        )
        self.bc, self.sales = bc, sales  # type: ignore[assignment]
        self.facts = SystemSetUp(bc, sales).facts()
        self.tables = CountedTables()
        self.app = self.start_app()
        self.forget()

    def forget(self) -> None:
        """Begin to count anew."""
        self.bc_sim.log.clear()
        self.sales_sim.log.clear()
        self.tables.counted = TableRequests()

    def log(self, which: str) -> list[dict[str, Any]]:
        sim = self.bc_sim if which == "bc" else self.sales_sim
        return [entry.to_json() for entry in sim.log.entries()]


def _client(app: Any) -> httpx.Client:
    return httpx.Client(transport=httpx.WSGITransport(app=app), auth=FixedAuth(INTEGRATION.client_id))
