"""What `tandem doctor` finds out of both systems and of Tandem's own house, and what it says of it.

Facts are gathered by adapters and judged by `shared.engine.doctor`. None where nobody could ask, because
something that comes before failed: `troubles` tells what, by topic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class State(StrEnum):
    OK = "ok"
    #: Tandem works; somebody may want to know.
    ADVICE = "advice"
    PROBLEM = "problem"
    #: It could not be checked, because of something else.
    UNKNOWN = "unknown"


class CannotTell(Exception):
    """This cannot be judged; the message says because of what."""


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """How signing in to a system went. Both blank: well."""

    #: The system, or the token service, refuses us: a person must act.
    refused: str = ""
    #: It could not be asked; perhaps another time.
    silent: str = ""


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What one system answered. `rows` by topic; a topic that could not be read is in `troubles` instead."""

    sign_in: SignIn = SignIn()
    #: The system's time minus ours, to about a second.
    skew: timedelta | None = None
    rows: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)

    def need(self, topic: str) -> tuple[Mapping[str, Any], ...]:
        """Return the rows of a topic. Raises `CannotTell`."""
        if topic in self.rows:
            return self.rows[topic]
        raise self.untold(topic)

    def untold(self, topic: str) -> CannotTell:
        """Return why nothing is known of a topic."""
        return CannotTell(self.troubles.get(topic) or self.reason() or f"{topic} could not be read")

    def reason(self) -> str:
        """Return what comes before everything that could not be asked, or ""."""
        return self.sign_in.refused or self.sign_in.silent


@dataclass(frozen=True, kw_only=True)
class BcFacts(Gathered):
    """Topics: `setup` (lcyCode), `currencies`, `groups`, `prices`, `price_lists`, `price_list_lines`, `series`, `archiving`, and `codes:<mapping>`.

    `subscriptions` of this company (table, url, ends, current: it sends our secret); while push is on also
    `possible`, the tables that BC can tell of.
    """

    #: The application has no permission set at all.
    forbidden: str = ""
    #: Names of the companies that the application sees.
    companies: tuple[str, ...] | None = None
    company_id: str = ""
    company_problem: str = ""
    #: Version; "" when it is not installed.
    companion: str | None = None
    #: Sets that may not be read, with what BC says.
    unreadable: Mapping[str, str] | None = None

    def reason(self) -> str:
        absent = "the companion extension is not installed" if self.companion == "" else ""
        return super().reason() or self.forbidden or self.company_problem or absent


@dataclass(frozen=True, kw_only=True)
class SalesTable:
    """A table of Dataverse by what its definition says. `rights`: right → id and name of the privilege."""

    name: str
    tracked: bool
    rights: Mapping[str, tuple[str, str]]
    #: Names as in `$select`; None when they could not be read.
    columns: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class SalesFacts(Gathered):
    """Topics: `organization`, `currencies`, `lists` (price lists), `bulk` (message and table), `options:<mapping>`, `team`,
    `switch` (on: the organization says that orders are integrated)."""

    #: Why there is no application user to act as, or "".
    no_user: str = ""
    #: Privilege id → depth.
    held: Mapping[str, str] | None = None
    #: By entity set.
    tables: Mapping[str, SalesTable] | None = None

    def reason(self) -> str:
        return super().reason() or self.no_user


@dataclass(frozen=True, kw_only=True)
class HouseFacts:
    #: Settings that are missing or wrong.
    settings: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    #: Why the overrides are refused.
    overrides: tuple[str, ...] = ()
    #: Why the certificate cannot be used, and when it ends; both empty: no certificate is used.
    certificate: str = ""
    certificate_ends: datetime | None = None
    #: Queue → what is wrong with it; None: not asked.
    queues: Mapping[str, str] | None = None
    #: Tables that are not there yet; None: not asked.
    tables_missing: tuple[str, ...] | None = None
    tables_problem: str = ""
    #: Mappings that a setting of their own leaves off.
    off: tuple[str, ...] = ()
    #: Why there is no row of Sales that stands for the company, and why that could not be looked at.
    company_row: str = ""
    company_row_untold: str = ""
    #: RELEASE_ORDERS is on.
    release_orders: bool = False
    push: bool = False
    #: Where notices of BC go, whether push is on or off; "" when no setting says.
    webhook_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found. `fix` is what the setup account can do about it, as data: `{"kind": …}`."""

    problems: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    fix: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    id: str
    title: str
    state: State
    says: tuple[str, ...]
    do: str
    fix: Mapping[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "state": self.state.value,
            "says": list(self.says),
            "do": self.do,
            "fix": dict(self.fix) if self.fix is not None else None,
        }
