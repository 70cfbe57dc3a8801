"""A doctor over the real adapters, both simulators in this process, and a house that can be put into any state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from sandbox.business_central import BusinessCentralSim
from sandbox.dataverse import DataverseSim
from sandbox.demo_data import GeneratedCompany, load_company
from sandbox.in_memory.parts import TurnedClock
from sandbox.in_memory.queue import InMemoryQueue
from sandbox.simkit import INTEGRATION, INTEGRATION_2, PEOPLE, SimClock
from shared.adapters import doctor_house
from shared.adapters.auth import FixedAuth
from shared.adapters.credentials import Credential, Secret
from shared.adapters.doctor_bc import BusinessCentralLook
from shared.adapters.doctor_sales import SalesLook
from shared.adapters.overrides import parse_overrides
from shared.adapters.webhooks import BusinessCentralSubscriptions
from shared.core.doctor import HouseFacts
from shared.core.errors import Misconfigured
from shared.core.model import Side
from shared.engine.overriding import in_force
from shared.engine.push import NOTICES, hinted
from shared.mappings import BY_NAME
from shared.mappings.bc_columns import BC_COLUMNS
from shared.mappings.ownership import owned
from shared.state import TABLES
from shared.wiring_doctor import QUEUES, Doctor, NothingKept, wanted_of

START = datetime(2026, 1, 22, 9, 0, tzinfo=UTC)
BC_ROOT = f"https://bc.test/v2.0/{INTEGRATION.tenant}/sandbox"
SALES_ROOT = "https://sales.test"
HOOK, HOOK_SECRET = "https://tandem.test/api/webhooks/bc", "s3cret" * 6


def _answers_the_handshake(
    url: str, headers: Mapping[str, str], body: bytes, seconds: float
) -> tuple[int, str]:
    return 200, dict(parse_qsl(urlsplit(url).query)).get("validationToken", "")


class QueuesThatExist(InMemoryQueue):
    """Queues of which some are not there."""

    def __init__(self) -> None:
        super().__init__(TurnedClock())
        self.absent: set[str] = set()

    def peek(self, queue: str, *, limit: int = 100, dead_letters: bool = False) -> list[Any]:
        if queue in self.absent:
            raise Misconfigured(f"queue {queue}: MessagingEntityNotFoundError")
        return super().peek(queue, limit=limit, dead_letters=dead_letters)


class Clinic:
    """Everything that a check looks at. All is well until somebody changes it."""

    def __init__(self) -> None:
        self.ours = TurnedClock(START)
        self.time = SimClock()
        self.time.freeze()
        self.time.set(START)
        who = (INTEGRATION, PEOPLE, INTEGRATION_2)
        self.bc = BusinessCentralSim(clock=self.time, issuer=None, identities=who)
        self.sales = DataverseSim(clock=self.time, issuer=None, identities=who)
        load_company(GeneratedCompany(customers=3, items=3, seed=7), bc=self.bc, sales=self.sales)
        self.switch_orders(on=True)
        self.bc_token = self.sales_token = INTEGRATION.client_id
        self.second_user = False
        self.company = ""
        self.queues = QueuesThatExist()
        self.tables: set[str] = set(TABLES)
        self.tables_problem = ""
        self.credential: Credential = Secret("x")
        self.overrides = ""
        self.settings: tuple[str, ...] = ()
        self.schedules: tuple[str, ...] = ()
        self.companion = ""
        self.off: tuple[str, ...] = ()
        self.company_row, self.company_row_untold = "", ""
        #: The settings OWNERSHIP and OWNING_TEAM.
        self.ownership, self.team = "person", ""
        self.push = self.release_orders = False
        self.webhook_url = HOOK
        self.bc.webhooks.send = _answers_the_handshake

    def sim_settings(self, sim: Any, **changed: Any) -> None:
        sim.settings.update(changed)
        sim.settings_changed()

    def switch_orders(self, *, on: bool) -> None:
        """Let the organization of Sales say so of its orders."""
        self.sales.edit("organizations", self.sales.organization_id, issopintegrationenabled=on)

    def says_of_orders(self) -> bool:
        [organization] = self.sales.all("organizations")
        return bool(organization["issopintegrationenabled"])

    def client(self, sim: Any, token: str) -> httpx.Client:
        return httpx.Client(transport=httpx.WSGITransport(app=sim), auth=FixedAuth(token))

    def doctor(self) -> Doctor:
        mappings = {n: owned(m, by=self.ownership, team=self.team) for n, m in BY_NAME.items()}
        chosen = in_force(
            mappings,
            lambda: self.overrides,
            parse_overrides,
            NothingKept(),
            columns={Side.BC: BC_COLUMNS},
        )
        clients = [i.client_id for i in (INTEGRATION, INTEGRATION_2)][: len(self.users())]
        wanted = wanted_of(chosen, clients, team=self.team)
        return Doctor(
            wanted=replace(wanted, companion=self.companion or wanted.companion),
            looks=[
                (
                    BusinessCentralLook(
                        http=self.client(self.bc, bc),
                        root=BC_ROOT,
                        company=self.company,
                        clock=self.ours,
                        secret=HOOK_SECRET if self.push else "",
                    ),
                    SalesLook(
                        http=self.client(self.sales, sales),
                        root=SALES_ROOT,
                        clock=self.ours,
                        sleep=self.time.advance,
                    ),
                )
                for bc, sales in self.users()
            ],
            house=lambda: self._house(chosen.problems),
            clock=self.ours,
        )

    def subscribe(self, *tables: str, url: str = HOOK, secret: str = HOOK_SECRET) -> None:
        """Let Business Central tell of tables; none named: of all that it can and a mapping needs."""
        webhooks = BusinessCentralSubscriptions(
            self.client(self.bc, INTEGRATION.client_id),
            api=f"{BC_ROOT}/api",
            company_id=self.bc.company_id,
            url=url,
            secret=secret,
            sleep=self.time.advance,
        )
        for table in tables or webhooks.possible() & hinted(BY_NAME.values(), Side.BC).keys():
            webhooks.create(table)

    def users(self) -> list[tuple[str, str]]:
        more = [(INTEGRATION_2.client_id, INTEGRATION_2.client_id)] if self.second_user else []
        return [(self.bc_token, self.sales_token), *more]

    def _house(self, overrides: Sequence[str]) -> HouseFacts:
        def names() -> set[str]:
            if self.tables_problem:
                raise Misconfigured(self.tables_problem)
            return self.tables

        problem, ends = doctor_house.certificate(self.credential)
        tables_problem, missing = doctor_house.tables(names, TABLES)
        return HouseFacts(
            settings=self.settings,
            schedules=self.schedules,
            overrides=tuple(overrides),
            certificate=problem,
            certificate_ends=ends,
            queues=doctor_house.queues(self.queues, (*QUEUES, NOTICES)),
            off=self.off,
            company_row=self.company_row,
            company_row_untold=self.company_row_untold,
            push=self.push,
            release_orders=self.release_orders,
            webhook_url=self.webhook_url,
            tables_problem=tables_problem,
            tables_missing=missing,
        )

    def examine(self) -> dict[str, Any]:
        return self.doctor().examine()

    def verdict(self, check: str) -> dict[str, Any]:
        return next(v for v in self.examine()["checks"] if v["id"] == check)
