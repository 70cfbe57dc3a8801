"""The whole product over the real adapters, against both simulators in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from sandbox.business_central import BusinessCentralSim
from sandbox.dataverse import DataverseSim
from sandbox.demo_data import GeneratedCompany, load_company
from sandbox.simkit import INTEGRATION, INTEGRATION_2, PEOPLE, Identity, SimClock
from sandbox.world import World
from shared.adapters.auth import FixedAuth, Several
from shared.adapters.business_central import BusinessCentralRecords
from shared.adapters.dataverse import DataverseRecords
from shared.adapters.setup import SystemSetUp
from shared.core.model import Side
from shared.engine.parts import Limits
from shared.signals import SILENT, Signals
from shared.wiring import DOCUMENTS, columns


class WiredWorld(World):
    """A `World` in which both systems are simulators that are spoken to over HTTP."""

    def __init__(
        self,
        *,
        customers: int = 5,
        limits: Limits = Limits(),
        users: Sequence[Identity] = (INTEGRATION,),
        orders_user: Identity | None = None,
        signals: Signals = SILENT,
        **differs: Mapping[str, Any],
    ) -> None:
        super().__init__(limits=limits, signals=signals, **differs)
        self.time = SimClock()
        self.time.freeze()
        self.time.set(self.clock.now())
        identities = (INTEGRATION, INTEGRATION_2, PEOPLE)
        self._users = tuple(FixedAuth(user.client_id) for user in users)
        self.bc_sim = BusinessCentralSim(clock=self.time, issuer=None, identities=identities)
        self.sales_sim = DataverseSim(clock=self.time, issuer=None, identities=identities)
        #: Called after each request with method, path and status: what happens between two of ours.
        self.after_request: Callable[[str, str, int], object] = lambda method, path, status: None
        load_company(GeneratedCompany(customers=customers, seed=7), bc=self.bc_sim, sales=self.sales_sim)

        def handlers(side: Side) -> dict[str, httpx.Auth]:
            auth = FixedAuth(orders_user.client_id) if orders_user else None
            return dict.fromkeys(DOCUMENTS[side], auth) if auth else {}

        self.bc: Any = BusinessCentralRecords(
            self._client(self.bc_sim),
            company_id=self.bc_sim.company_id,
            api_root=f"https://bc.test/v2.0/{INTEGRATION.tenant}/sandbox/api/tandem/sync/v1.0",
            columns=columns(self.mappings, Side.BC),
            users=self._users,
            handlers=handlers(Side.BC),
            parallel=1,
            sleep=self.time.advance,
            signals=signals,
        )
        self.sales: Any = DataverseRecords(
            self._client(self.sales_sim),
            api_root="https://sales.test/api/data/v9.2",
            columns=columns(self.mappings, Side.SALES),
            users=self._users,
            handlers=handlers(Side.SALES),
            clock=self.time,
            parallel=1,
            sleep=self.time.advance,
            signals=signals,
        )
        self.facts = SystemSetUp(self.bc, self.sales).facts()
        self.app = self.start_app()

    def _client(self, sim: Any) -> httpx.Client:
        def told(response: httpx.Response) -> None:
            self.after_request(response.request.method, response.request.url.path, response.status_code)

        return httpx.Client(
            transport=httpx.WSGITransport(app=sim),
            auth=Several(self._users),
            event_hooks={"response": [told]},
        )

    def written(self) -> int:
        return sum(int(s.log.counts()["writes"]) for s in (self.bc_sim, self.sales_sim))
