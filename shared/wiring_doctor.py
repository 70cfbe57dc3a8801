"""Puts `tandem doctor` together: it runs while the app itself cannot be put together, and says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from shared.adapters import doctor_house
from shared.adapters.auth import BC_SCOPE, dataverse_scope
from shared.adapters.business_central_line import find_company
from shared.adapters.doctor_bc import BusinessCentralLook
from shared.adapters.doctor_sales import SalesLook
from shared.adapters.service_bus import ServiceBusQueue
from shared.adapters.tables import AzureTables
from shared.core.doctor import BcFacts, HouseFacts, SalesFacts, SignIn
from shared.core.errors import Misconfigured, SyncError
from shared.core.model import CompanyRow, Side
from shared.engine.doctor.allowed import beyond
from shared.engine.doctor.checks import examine
from shared.engine.doctor.sales import BULK
from shared.engine.doctor.wanted import Examined, Wanted, option_mappings, rights
from shared.engine.messages import FULL_SYNC, REJECTED, queue_of
from shared.engine.overriding import InForce
from shared.engine.push import NOTICES
from shared.mappings import BY_NAME
from shared.mappings.bc_columns import COMPANION
from shared.mappings.company import COLUMN, STAMPED, stamped
from shared.mappings.ownership import owned
from shared.ports import Clock
from shared.rules import RULES
from shared.settings import Settings
from shared.state import TABLES
from shared.wiring import (
    WITH_POSTS,
    Clients,
    SystemClock,
    columns,
    company_row_of,
    credential_of,
    identity_of,
    mappings_of,
)

#: Seconds that a doctor waits for one answer: all of them must fit into one call of the API.
PATIENCE = 15
QUEUES = (FULL_SYNC, REJECTED, *(queue_of(name) for name in BY_NAME))
CONNECTION = "ServiceBusConnection"
NOTICES_CONNECTION = "NoticesConnection"
NAMESPACE = "fullyQualifiedNamespace"
INCOMPLETE = SignIn(silent="the settings are not complete")


class NothingKept:
    """No overrides were good before: a doctor writes nothing."""

    def get(self) -> str | None:
        return None

    def put(self, text: str) -> None:
        """Not kept."""


def wanted_of(chosen: InForce, clients: Sequence[str], *, team: str = "") -> Wanted:
    mappings = chosen.overridden.mappings
    return Wanted(
        mappings=mappings,
        rules=RULES,
        bc_columns=columns(mappings, Side.BC),
        sales_columns=columns(mappings, Side.SALES),
        companion=COMPANION,
        clients=tuple(clients),
        team=team,
    )


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """Looks at both systems and at the house, and judges what it found. Changes nothing.

    `looks`: at both systems, as each application user.
    """

    wanted: Wanted
    looks: Sequence[tuple[BusinessCentralLook, SalesLook]]
    house: Callable[[], HouseFacts]
    clock: Clock

    def examine(self) -> dict[str, Any]:
        wanted = self.wanted
        choices = option_mappings(wanted)
        codes = {m.name: f"{m.bc.name}?$select={m.label_bc}" for m in choices}
        options = {m.name: m.sales for m in choices}
        sets, bc_sets = list(rights(wanted)), list(wanted.bc_columns)
        (bc, sales), *others = [
            (
                at_bc.look(sets=bc_sets, codes=codes),
                at_sales.look(sets=sets, bulk=BULK, options=options, team=wanted.team),
            )
            for at_bc, at_sales in self.looks
        ]
        return examine(
            Examined(
                wanted=wanted,
                bc=bc,
                sales=sales,
                house=self.house(),
                now=self.clock.now(),
                others=tuple(others),
            )
        )


def checkup(env: Mapping[str, str], *, schedules: Sequence[str]) -> dict[str, Any]:
    """Return what `GET /api/doctor` answers. `schedules`: what is wrong with the timers' settings."""
    try:
        settings = Settings.from_env(env)
    except Misconfigured as problem:
        return _without_settings(problem.problems, schedules)
    with ExitStack() as open_:
        clients = Clients(settings, seconds=PATIENCE)
        open_.callback(clients.login.close)
        clock = SystemClock()
        row, absent, untold = company_row(settings, clients)
        chosen = mappings_of(settings, NothingKept(), clients.login, company=row)
        looks = []
        scopes = (BC_SCOPE, dataverse_scope(settings.dataverse_url))
        for users in zip(*(clients.users(scope) for scope in scopes), strict=True):
            bc, sales = (clients.of(user) for user in users)
            open_.callback(bc.close)
            open_.callback(sales.close)
            looks.append(
                (
                    BusinessCentralLook(
                        http=bc,
                        root=settings.bc_url,
                        company=settings.bc_company_id,
                        clock=clock,
                        secret=settings.webhook_secrets[0] if settings.push else "",
                    ),
                    SalesLook(http=sales, root=settings.dataverse_url, clock=clock),
                )
            )
        return Doctor(
            wanted=wanted_of(
                chosen,
                [settings.client_id, *(name for name, _ in settings.more_clients)],
                team=settings.owning_team,
            ),
            looks=looks,
            house=lambda: _house(
                settings,
                env,
                HouseFacts(
                    schedules=tuple(schedules),
                    overrides=chosen.problems,
                    off=documents_off(settings),
                    company_row=absent,
                    company_row_untold=untold,
                    release_orders=settings.release_orders == "on",
                    push=settings.push,
                    webhook_url=settings.webhook_url,
                ),
            ),
            clock=clock,
        ).examine()


def _house(settings: Settings, env: Mapping[str, str], known: HouseFacts) -> HouseFacts:
    """Return what is known with certificate, queues and tables. Opens them anew, and closes them."""
    problem, ends = doctor_house.certificate(credential_of(settings))
    identity = identity_of(settings)
    queues = {
        **look_at(
            QUEUES, CONNECTION, settings.service_bus_connection, settings.service_bus_namespace, identity
        ),
        **look_at((NOTICES,), NOTICES_CONNECTION, *notices_of(env), identity),
    }
    with ExitStack() as open_:
        try:
            store = AzureTables(
                connection_string=settings.tables_connection_string,
                endpoint=settings.tables_endpoint,
                credential=identity,
            )
            open_.callback(store.close)
            tables_problem, missing = doctor_house.tables(store.names, TABLES)
        except Misconfigured as error:
            tables_problem, missing = str(error), None
    return replace(
        known,
        certificate=problem,
        certificate_ends=ends,
        queues=queues,
        tables_problem=tables_problem,
        tables_missing=missing,
    )


def company_row(settings: Settings, clients: Clients) -> tuple[CompanyRow | None, str, str]:
    """Return the row that stands for the company in Sales, what is wrong with it, and why nobody could look."""
    if settings.company_stamp == "off":
        return None, "", ""
    sales_user = clients.users(dataverse_scope(settings.dataverse_url))[0]
    with clients.of(clients.users(BC_SCOPE)[0]) as bc, clients.of(sales_user) as sales:
        try:
            company = find_company(bc, api_root=f"{settings.bc_url}/api/v2.0", wanted=settings.bc_company_id)
        except SyncError as error:
            return None, "", f"the company is not known: {error}"
        try:
            root = f"{settings.dataverse_url}/api/data/v9.2"
            return company_row_of(settings, sales, root, company), "", ""
        except Misconfigured as error:
            return None, str(error), ""
        except SyncError as error:
            return None, "", str(error)


def documents_off(settings: Settings) -> tuple[str, ...]:
    switches = {"sales_orders": settings.sales_orders, "sales_quotes": settings.sales_quotes}
    return tuple(name for name, switch in switches.items() if switch == "off")


def notices_of(env: Mapping[str, str]) -> tuple[str, str]:
    """Return connection string and namespace of the queue of notices, as the host's trigger reads them."""
    return env.get(NOTICES_CONNECTION, "").strip(), env.get(f"{NOTICES_CONNECTION}__{NAMESPACE}", "").strip()


def look_at(
    names: Sequence[str], connection: str, connection_string: str, namespace: str, identity: Any
) -> dict[str, str]:
    """Return queue → what is wrong with it; one line when the whole connection is wrong."""
    if not connection_string and not namespace:
        return {connection: f"{connection} is missing, and so is {connection}__{NAMESPACE}"}
    try:
        queue = ServiceBusQueue(
            connection_string=connection_string,
            namespace=namespace,
            credential=identity,
            connection=connection,
        )
    except Misconfigured as error:
        return {connection: str(error)}
    try:
        return doctor_house.queues(queue, names)
    finally:
        queue.close()


def beyond_needs(wish: Mapping[str, Any]) -> list[str]:
    """Return what of a wish of `GET /api/doctor` this version of Tandem never needs, for who carries it out."""
    return beyond(wish, _as_shipped(), queues=QUEUES, tables=TABLES)


def _as_shipped() -> Wanted:
    """Everything that may be switched on."""
    link = CompanyRow(id="", entity_set="bcbi_companies", navigations=dict.fromkeys(STAMPED, COLUMN))
    most = {
        name: replace(stamped(owned(m, by="person", team="any"), link), rule=WITH_POSTS.get(m.rule, m.rule))
        for name, m in BY_NAME.items()
    }
    return Wanted(
        mappings=most,
        rules=RULES,
        bc_columns=columns(most, Side.BC),
        sales_columns=columns(most, Side.SALES),
        companion=COMPANION,
        clients=(),
    )


def _without_settings(problems: Sequence[str], schedules: Sequence[str]) -> dict[str, Any]:
    clock = SystemClock()
    return examine(
        Examined(
            wanted=_as_shipped(),
            bc=BcFacts(sign_in=INCOMPLETE),
            sales=SalesFacts(sign_in=INCOMPLETE),
            house=HouseFacts(settings=tuple(problems), schedules=tuple(schedules)),
            now=clock.now(),
        )
    )
