"""One Dataverse environment: its store, option sets, organization, users and settings."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from sandbox.dataverse.notices import Notices
from sandbox.dataverse.schema import TABLES
from sandbox.dataverse.security import Security
from sandbox.dataverse.store import Row, Store

#: Namespace of the ids that are the same in every sandbox.
_FIXED = uuid.UUID("6f1d8f5e-2f0a-4a39-9d63-7d2f2f3a9f10")

#: Messages that `sdkmessagefilters` lists for tables with bulk support (reference section 6).
_BULK_MESSAGES = ("CreateMultiple", "UpdateMultiple", "UpsertMultiple")

#: Currencies a new environment can be based on: name and symbol.
_CURRENCIES = {
    "GBP": ("Pound Sterling", "£"),
    "EUR": ("Euro", "€"),
    "USD": ("US Dollar", "$"),
    "DKK": ("Danish Krone", "kr."),
}


class Clock(Protocol):
    def now(self) -> datetime: ...


class User(Protocol):
    """What the environment wants to know of an identity."""

    @property
    def name(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def object_id(self) -> str: ...
    @property
    def user_id(self) -> str: ...


@dataclass(kw_only=True)
class Metered:
    """Server time charged for work, in milliseconds; with `delay` it is really waited for."""

    on: bool = False
    delay: bool = True
    request_ms: float = 20.0
    row_read_ms: float = 0.02
    row_written_ms: float = 5.0


@dataclass(kw_only=True)
class Settings:
    """Limits and switches, settable at `/_sim/settings`. Defaults: reference sections 3, 4, 5 and 7."""

    max_page_size: int = 5000
    requests_per_window: int = 6000
    execution_ms_per_window: int = 1_200_000
    window_seconds: int = 300
    concurrent_requests: int = 52
    dop_hint: int = 8
    batch_operations: int = 1000
    bulk_rows: int = 5000  # beyond this a bulk message runs into the SQL timeout
    not_tracked: list[str] = field(default_factory=list)  # logical names without change tracking
    active_products_read_only: bool = False  # section 9: what an active product accepts is unverified
    no_bulk: list[str] = field(default_factory=list)  # tables that refuse bulk messages although they could
    # Steps of the registered service endpoint, by table, with their filtering attributes (section 12).
    steps: dict[str, list[str]] = field(default_factory=dict)
    # Where the endpoint sends: {"connection": "Endpoint=sb://…", "queue": "notices"}.
    service_endpoint: dict[str, str] = field(default_factory=dict)
    metered: Metered = field(default_factory=Metered)


def fixed_id(*parts: str) -> str:
    return str(uuid.uuid5(_FIXED, "/".join(parts)))


def wire_time(moment: datetime) -> str:
    """Whole seconds in `Z` (reference section 13, 11)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Environment:
    def __init__(self, *, clock: Clock, users: tuple[User, ...], base_currency: str) -> None:
        self.clock = clock
        self.users = users
        self.base_currency = base_currency
        self.organization_id = fixed_id("organization")
        self.business_unit_id = fixed_id("businessunit")
        self.base_currency_id = fixed_id("currency", base_currency)
        self.settings = Settings()
        self.notices = Notices(organization_id=self.organization_id, now=clock.now)
        self.reset()

    def reset(self) -> None:
        """Start over: an environment as new, with its organization, currency and application users."""
        self.store = Store()
        self.security = Security(fixed_id, self.store.when_undone)
        #: Logical names of tables for which change tracking was switched on, whatever the settings say.
        self.tracked: set[str] = set()
        self.options: dict[tuple[str, str], dict[int, str]] = {
            (table.name, column.name): {option.value: option.label for option in column.options}
            for table in TABLES.values()
            for column in table.columns.values()
            if column.options
        }
        self.status_states: dict[str, dict[int, int]] = {
            table.name: {o.value: o.state for o in table.columns["statuscode"].options if o.state is not None}
            for table in TABLES.values()
            if "statuscode" in table.columns
        }
        self._seed()

    def now(self) -> str:
        return wire_time(self.clock.now())

    def tracks(self, table: str) -> bool:
        return table in self.tracked or table not in self.settings.not_tracked

    @property
    def organization(self) -> Row:
        row = self.store.get("organization", self.organization_id)
        assert row is not None
        return row

    def currency(self, currency_id: str | None) -> Row | None:
        return self.store.get("transactioncurrency", currency_id) if currency_id else None

    def _seed(self) -> None:
        system = self.users[0].user_id if self.users else fixed_id("system")
        stamp = {"createdon": self.now(), "createdby": system, "modifiedon": self.now(), "modifiedby": system}

        def put(table: str, row_id: str, **values: Any) -> None:
            self.store.put(
                table, row_id, {**values, **{k: v for k, v in stamp.items() if k in TABLES[table].columns}}
            )

        name, symbol = _CURRENCIES.get(self.base_currency, (self.base_currency, self.base_currency))
        put("businessunit", self.business_unit_id, name="Sandbox", isdisabled=False)
        put(
            "organization",
            self.organization_id,
            name="Sandbox",
            basecurrencyid=self.base_currency_id,
            currencydecimalprecision=2,
            pricingdecimalprecision=2,
            expirechangetrackingindays=7,
            createproductswithoutparentinactivestate=False,
            ispricelistmandatory=True,
            issopintegrationenabled=False,
        )
        put(
            "transactioncurrency",
            self.base_currency_id,
            currencyname=name,
            isocurrencycode=self.base_currency,
            currencysymbol=symbol,
            exchangerate=Decimal("1.000000000000"),
            currencyprecision=2,
            organizationid=self.organization_id,
            statecode=0,
            statuscode=1,
        )
        for name, role in self.security.seed().items():
            put("role", role, name=name, businessunitid=self.business_unit_id)
        for user in self.users:
            # People at their screens may do everything here.
            own = user.name.startswith("integration")
            role = self.security.integration if own else self.security.administrator
            self.security.assign(user.user_id, role)
            put(
                "systemuser",
                user.user_id,
                firstname="#",
                lastname=user.name,
                fullname=f"# {user.name}",
                domainname=f"{user.client_id}@sandbox.test",
                businessunitid=self.business_unit_id,
                applicationid=user.client_id,
                azureactivedirectoryobjectid=user.object_id,
                isdisabled=False,
                islicensed=False,
                isintegrationuser=False,
                issyncwithdirectory=False,
                setupuser=False,
                accessmode=4,  # Non-interactive (reference section 10)
                caltype=0,
            )
        for message in _BULK_MESSAGES:
            put("sdkmessage", fixed_id("message", message), name=message)
            for table in TABLES.values():
                if table.bulk:
                    put(
                        "sdkmessagefilter",
                        fixed_id("filter", message, table.name),
                        primaryobjecttypecode=table.name,
                        sdkmessageid=fixed_id("message", message),
                    )
