"""Puts the production parts together. The one place that knows all classes.

`app()` is made once per worker process, on first use; importing this opens nothing and reads no
setting, so the functions are indexed even when a setting is missing.
"""

from __future__ import annotations

import os
import ssl
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx

from shared.adapters.auth import BC_SCOPE, MsalAuth, Several, dataverse_scope
from shared.adapters.business_central import BusinessCentralRecords
from shared.adapters.business_central_line import find_company
from shared.adapters.company_row import find_company_row
from shared.adapters.credentials import Certificate, Credential, FederatedIdentity, Secret
from shared.adapters.dataverse import DataverseRecords
from shared.adapters.dataverse_line import DataverseLine
from shared.adapters.overrides import parse_overrides, read_overrides
from shared.adapters.service_bus import ServiceBusQueue
from shared.adapters.setup import SystemSetUp
from shared.adapters.share import Share
from shared.adapters.tables import AzureTables
from shared.adapters.webhooks import BusinessCentralSubscriptions
from shared.core.mapping import COMPUTED, EntityMapping
from shared.core.model import CompanyRow, Side
from shared.engine.overriding import InForce, in_force
from shared.engine.parts import Limits, Ports
from shared.engine.tandem import Tandem
from shared.mappings import BY_NAME
from shared.mappings.bc_columns import BC_COLUMNS
from shared.mappings.company import COLUMN, FILTERED, stamped
from shared.mappings.ownership import owned
from shared.mappings.unit_groups import with_own_units
from shared.ports import Clock, Facts, LastGood, TableStore
from shared.rules import RULES
from shared.settings import Settings, as_switched
from shared.signals import SILENT, Signals
from shared.state.couplings import TableCouplings
from shared.state.cursors import TableCursors, TableIntents
from shared.state.held import TableHeld
from shared.state.history import TableHistory
from shared.state.jobs import TableJobLog
from shared.state.leases import TableLeases
from shared.state.overrides import TableLastGood
from shared.state.permits import TablePermits
from shared.state.plans import TablePlans
from shared.state.runs import TableRuns
from shared.telemetry import start as start_telemetry

#: How long set-up values are kept before they are read again.
FACTS_FOR = timedelta(minutes=5)
#: What ORDERS_USER writes, with what goes with it in one transaction (P35).
DOCUMENTS = {
    side: tuple(BY_NAME[name].table(side).name for name in ("sales_orders", "sales_quotes")) for side in Side
}
#: Rules that need more tables and rights while ORDER_POSTS is on.
WITH_POSTS = {"sales_orders": "sales_orders_with_posts"}


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class RememberedSetUp:
    """Set-up values, read again every few minutes: they hardly ever change, and each job asks."""

    def __init__(self, inner: SystemSetUp, clock: SystemClock) -> None:
        self._inner = inner
        self._clock = clock
        self._facts: Facts | None = None
        self._until = datetime.min.replace(tzinfo=UTC)

    def facts(self) -> Facts:
        now = self._clock.now()
        if self._facts is None or now >= self._until:
            self._facts, self._until = self._inner.facts(), now + FACTS_FOR
        return self._facts


def columns(mappings: Mapping[str, EntityMapping], side: Side) -> dict[str, tuple[str, ...]]:
    """Return the columns to read by table: of mappings, their feeds and their rules' needs.

    Columns that a rule computes are not asked for.
    """
    wanted: dict[str, dict[str, None]] = {}
    for mapping in mappings.values():
        reads = [(mapping.table(side), mapping.columns(side))]
        reads += [(feed.table, (feed.column,)) for feed in mapping.also_changed_by if feed.side is side]
        if mapping.rule:
            reads += [(table, names) for where, table, names in RULES[mapping.rule].reads if where is side]
        for table, names in reads:
            for column in names:
                if table.kind == "rows" and not column.startswith(COMPUTED):
                    wanted.setdefault(table.name, {})[column] = None
    return {name: tuple(found) for name, found in wanted.items()}


class Worker(Tandem):
    """`Tandem` in one of many processes: it gives its permits back when its last message is done (H29)."""

    def __init__(self, ports: Ports, share: Share) -> None:
        super().__init__(ports)
        self._share = share

    def run_message(
        self,
        queue: str,
        body: bytes,
        *,
        message_id: str = "",
        delivery_count: int = 1,
        traceparent: str | None = None,
    ) -> None:
        with self._share.job():
            super().run_message(
                queue,
                body,
                message_id=message_id,
                delivery_count=delivery_count,
                traceparent=traceparent,
            )


def mappings_of(
    settings: Settings, last_good: LastGood, http: httpx.Client, *, company: CompanyRow | None = None
) -> InForce:
    """Return the mappings as settings change them; with a wrong setting, as the last good one did."""
    unit_of = with_own_units if settings.unit_groups == "on" else lambda m: m
    defaults = {
        name: replace(
            stamped(owned(unit_of(m), by=settings.ownership, team=settings.owning_team), company),
            schedule=settings.schedules.get(name, m.schedule),
            by_hand=switch_of(settings, m) == "by_hand",
            rule=WITH_POSTS.get(m.rule, m.rule) if settings.order_posts == "on" else m.rule,
        )
        for name, m in BY_NAME.items()
    }
    return in_force(
        defaults,
        lambda: read_overrides(settings.mapping_overrides, http),
        parse_overrides,
        last_good,
        columns={Side.BC: BC_COLUMNS},
        switched_off=[n for n, m in BY_NAME.items() if switch_of(settings, m) == "off"],
    )


def company_row_of(settings: Settings, http: httpx.Client, root: str, company: str) -> CompanyRow | None:
    """Return the row of Sales that stands for the company, when rows shall carry it. Asks Sales twice then.

    Raises:
        Misconfigured: there is no such row.
    """
    if settings.company_stamp == "off":
        return None
    line = DataverseLine(http, api_root=root, parallel=1)
    return find_company_row(line, company, tables=FILTERED, column=COLUMN)


def switch_of(settings: Settings, mapping: EntityMapping) -> str:
    """Return how the setting of a mapping has it: "on", "by_hand" or "off"."""
    return as_switched(mapping.switch, lambda name: str(getattr(settings, name.lower())))


def named_in(settings: Settings) -> Mapping[str, Any]:
    """Return the facts that an administrator names."""
    return {
        "write_in_type": settings.write_in_type,
        "write_in_number": settings.write_in_number,
        "freight_account": settings.freight_account,
        "order_status": settings.order_status == "on",
        "unit_groups": settings.unit_groups == "on",
        "order_updates": settings.order_updates == "on",
        "orders_released": settings.release_orders == "on",
        "orders_edited": settings.order_edits == "on",
    }


def permits_of(settings: Settings) -> int:
    """Return how many requests BC takes at once from all application users."""
    return settings.bc_permits * (1 + len(settings.more_clients))


def share_of(settings: Settings, store: TableStore, company: str, clock: Clock) -> Share:
    """Return what this process may use of BC's places and of the requests that Sales advises (H29)."""
    request = timedelta(seconds=settings.request_seconds)
    # Prolonged when a third is over, so that it outlives the longest request.
    permits = TablePermits(store, company, clock, number=permits_of(settings), duration=request * 1.5)
    return Share(permits, clock, holder=uuid.uuid4().hex, request=request, sleep=time.sleep)


def credential_of(settings: Settings, *, secret: str = "") -> Credential:
    """Return how an application user proves who it is: the one way that is set."""
    if settings.federated_identity_client_id:
        return FederatedIdentity(identity_client_id=settings.federated_identity_client_id)
    if settings.client_certificate:
        return Certificate(source=settings.client_certificate, password=settings.client_certificate_password)
    return Secret(secret or settings.client_secret)


def certificate_ends(settings: Settings) -> datetime | None:
    """Return when the certificate that signs the integration user in ends; None without one."""
    credential = credential_of(settings)
    return credential.ends() if isinstance(credential, Certificate) else None


def identity_of(settings: Settings) -> Any:
    """Return how tables and queues are signed in to, or None when connection strings do it.

    The app's managed identity on Azure; on a developer's machine whoever is signed in there.
    """
    if settings.tables_connection_string and settings.service_bus_connection:
        return None
    # Imported late: it takes a while, and nothing may be slow at start-up (design §10).
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if settings.azure_client_id:
        return ManagedIdentityCredential(client_id=settings.azure_client_id)
    return DefaultAzureCredential()


class Clients:
    """HTTP clients as the settings want them: for tokens (`login`), and for a system by who calls it."""

    def __init__(self, settings: Settings, *, seconds: float) -> None:
        self._settings = settings
        self._trust = ssl.create_default_context(cafile=settings.ca_bundle or None)
        self._timeout = httpx.Timeout(seconds, connect=10.0)
        self.login = httpx.Client(verify=self._trust, timeout=30.0)

    def users(self, scope: str) -> tuple[MsalAuth, ...]:
        """Return the application users as they sign in to a system, the first one first."""
        settings = self._settings
        return tuple(
            MsalAuth(
                login_url=settings.login_url,
                tenant_id=settings.tenant_id,
                client_id=client_id,
                credential=credential_of(settings, secret=secret),
                scope=scope,
                http=self.login,
            )
            for client_id, secret in ((settings.client_id, ""), *settings.more_clients)
        )

    def of(self, *users: MsalAuth) -> httpx.Client:
        auth = Several(users) if len(users) > 1 else users[0]
        return httpx.Client(auth=auth, verify=self._trust, timeout=self._timeout)


def build(settings: Settings, signals: Signals = SILENT) -> Worker:
    """Put the production parts together. Asks BC once, for the company's id."""
    clients = Clients(settings, seconds=settings.request_seconds)
    login = clients.login
    clock = SystemClock()
    bc_users = clients.users(BC_SCOPE)
    sales_users = clients.users(dataverse_scope(settings.dataverse_url))
    bc_http = clients.of(*bc_users)
    company = find_company(bc_http, api_root=f"{settings.bc_url}/api/v2.0", wanted=settings.bc_company_id)
    identity = identity_of(settings)
    store = AzureTables(
        connection_string=settings.tables_connection_string,
        endpoint=settings.tables_endpoint,
        credential=identity,
        signals=signals,
    )
    share = share_of(settings, store, company, clock)
    sales_http, sales_root = clients.of(*sales_users), f"{settings.dataverse_url}/api/data/v9.2"
    row = company_row_of(settings, sales_http, sales_root, company)
    chosen = mappings_of(settings, TableLastGood(store, company), login, company=row)
    mappings = chosen.overridden.mappings
    named = [settings.client_id, *(client_id for client_id, _ in settings.more_clients)]
    handler = named.index(settings.orders_user) if settings.orders_user else None
    bc = BusinessCentralRecords(
        bc_http,
        company_id=company,
        api_root=f"{settings.bc_url}/api/tandem/sync/v1.0",
        columns=columns(mappings, Side.BC),
        users=bc_users,
        handlers={} if handler is None else dict.fromkeys(DOCUMENTS[Side.BC], bc_users[handler]),
        parallel=permits_of(settings),
        permits=share,
        signals=signals,
    )
    sales = DataverseRecords(
        sales_http,
        api_root=sales_root,
        columns=columns(mappings, Side.SALES),
        users=sales_users,
        handlers={} if handler is None else dict.fromkeys(DOCUMENTS[Side.SALES], sales_users[handler]),
        clock=clock,
        share=share,
        signals=signals,
    )
    subscriptions = None
    if settings.push:
        subscriptions = BusinessCentralSubscriptions(
            bc_http,
            api=f"{settings.bc_url}/api",
            company_id=company,
            url=settings.webhook_url,
            secret=settings.webhook_secrets[0],
            permits=share,
            sleep=time.sleep,
        )
    return Worker(
        Ports(
            bc=bc,
            sales=sales,
            setup=RememberedSetUp(SystemSetUp(bc, sales, named_in(settings)), clock),
            couplings=TableCouplings(store, company),
            cursors=TableCursors(store, company),
            intents=TableIntents(store, company),
            leases=TableLeases(store, company, clock),
            held=TableHeld(store, company),
            jobs=TableJobLog(store, company),
            runs=TableRuns(store, company, clock),
            history=TableHistory(store, company),
            plans=TablePlans(store, company),
            overlay=lambda run: TableCouplings(store, f"{company}~{run}"),
            queue=ServiceBusQueue(
                connection_string=settings.service_bus_connection,
                namespace=settings.service_bus_namespace,
                credential=identity,
                signals=signals,
            ),
            clock=clock,
            mappings=mappings,
            in_force=chosen,
            subscriptions=subscriptions,
            rules=RULES,
            limits=Limits(
                page=settings.page_size,
                job=timedelta(seconds=settings.job_seconds),
                lease=timedelta(seconds=settings.lease_seconds),
                brake_share=settings.brake_share,
                history=timedelta(days=settings.history_days),
                jobs=timedelta(days=settings.jobs_days),
                runs=settings.runs_keep,
            ),
            signals=signals,
            certificate_ends=lambda: certificate_ends(settings),
            spent=lambda: {
                "bc": bc.requests + (subscriptions.requests if subscriptions else 0),
                "sales": sales.requests,
                "tables": store.requests(),
            },
        ),
        share,
    )


@cache
def app() -> Worker:
    """Return this process's application. Raises `Misconfigured` with every bad setting."""
    settings = Settings.from_env(os.environ)
    return build(settings, signals())


@cache
def signals() -> Signals:
    """Return how this process tells what it does; set up once, whether or not the settings are good."""
    return start_telemetry(os.environ)
