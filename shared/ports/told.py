"""What Tandem keeps to tell people, and what they are told: held records, jobs, runs, plans, history, subscriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from shared.core.model import Side

#: `list`, where a port has a method of that name.
Many = list


@dataclass(frozen=True, kw_only=True)
class HeldRecord:
    """A record out of sync, with its reason, age and next try.

    `kind` is "held", "waiting", "conflict", "orphan" or "skipped" (parked by a person).
    """

    mapping: str
    side: Side
    id: str
    kind: str
    reason: str
    since: datetime
    next_try: datetime | None = None
    tries: int = 0
    #: For kind "waiting": the record that has to be coupled first.
    awaits_mapping: str = ""
    awaits_side: str = ""
    awaits_id: str = ""
    #: For kind "held": records whose coupling, each on its own, is worth a new look.
    awaits: tuple[tuple[str, Side, str], ...] = ()
    #: For kind "conflict": [{"field", "bc", "sales"}]. For "held": the fields held, when only some are.
    fields: tuple[Mapping[str, Any], ...] = ()
    #: A text people know the record by (a number or code), never personal data.
    label: str = ""

    @property
    def awaited(self) -> tuple[tuple[str, Side, str], ...]:
        """Return every (mapping, side, id) whose coupling wakes this record."""
        if not self.awaits_id:
            return self.awaits
        return ((self.awaits_mapping, Side(self.awaits_side), self.awaits_id), *self.awaits)


class HeldRecords(Protocol):
    def put(self, records: Sequence[HeldRecord]) -> None:
        """Save as given, over what is there: age and tries are counted by who holds."""

    def remove(self, mapping: str, keys: Sequence[tuple[Side, str]]) -> None:
        """Delete rows, with their Waits rows. Removing twice, or what was never held, is harmless."""

    def find(self, mapping: str, keys: Sequence[tuple[Side, str]]) -> dict[tuple[Side, str], HeldRecord]: ...

    def list(
        self, mapping: str | None = None, *, limit: int = 1000, after: str | None = None
    ) -> tuple[Many[HeldRecord], str | None]:
        """Return held records, oldest key first, and where to go on (None at the end)."""

    def skipped(self, mapping: str) -> set[tuple[Side, str]]:
        """Return the records that a person has parked; one request for each thousand rows held."""

    def due(self, now: datetime, *, limit: int = 1000) -> Many[HeldRecord]: ...

    def waiting_for(self, mapping: str, records: Sequence[tuple[Side, str]]) -> Many[tuple[str, Side, str]]:
        """Return (mapping, side, id) of the records that wait for one of these."""


@dataclass(frozen=True, kw_only=True)
class JobEntry:
    """One line of the job log."""

    id: str
    mapping: str
    side: str
    started: datetime
    finished: datetime
    tally: Mapping[str, int]
    requests: Mapping[str, int] = field(default_factory=dict)
    run: str = ""
    cause: str = ""
    state: str = "finished"
    message: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


class JobLog(Protocol):
    def add(self, entry: JobEntry) -> None: ...

    def list(
        self, mapping: str | None = None, *, limit: int = 100, after: str | None = None
    ) -> tuple[Many[JobEntry], str | None]:
        """Return jobs, newest first (of one mapping, or merged over all), and where to go on."""

    def forget(self, before: datetime, *, limit: int = 20_000) -> bool:
        """Delete the jobs that started before; False when there are more than `limit` of a mapping."""


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One row of a run: `name` is a mapping, or "" for the run itself. `data` is JSON."""

    run: str
    name: str
    data: Mapping[str, Any]
    etag: str | None = None


class Runs(Protocol):
    def create(self, rows: Sequence[RunRow]) -> None:
        """Create a run with its lines in one transaction. Creating it again does nothing."""

    def get(self, run: str) -> list[RunRow]: ...

    def save(self, row: RunRow) -> RunRow:
        """Replace one row. Raises `Outdated` over a newer one."""

    def list(self, *, limit: int = 50) -> list[RunRow]:
        """Return the rows of the runs themselves, newest first."""

    def beyond(self, keep: int, *, limit: int = 100) -> Many[RunRow]:
        """Return the rows of at most `limit` runs that are older than the newest `keep`."""

    def forget(self, run: str) -> None:
        """Delete a run with its lines. What is not there is no matter."""


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """Before and after, per field, of one write."""

    mapping: str
    side: Side
    id: str
    at: datetime
    action: str
    fields: Mapping[str, tuple[Any, Any]]


class LastGood(Protocol):
    """The text of the last overrides of the mappings that were good."""

    def get(self) -> str | None: ...

    def put(self, text: str) -> None: ...


class Plans(Protocol):
    """What rehearsals found. Entries are JSON."""

    def add(self, run: str, mapping: str, step: int, entries: Sequence[Mapping[str, Any]]) -> None:
        """Save the plan of one step of a line. Saving the same step again replaces it."""

    def list(
        self, run: str, mapping: str, *, after: str | None = None, limit: int = 1000
    ) -> tuple[Many[dict[str, Any]], str | None]:
        """Return about `limit` entries in the order of the run, and where to go on (None at the end)."""

    def forget(self, run: str) -> None:
        """Delete the plan of a run."""


class History(Protocol):
    def add(self, entries: Sequence[HistoryEntry]) -> None: ...

    def list(
        self, mapping: str, side: Side, id: str, *, limit: int = 50, before: datetime | None = None
    ) -> Many[HistoryEntry]:
        """Return the entries of one record older than `before`, newest first."""

    def forget(self, before: datetime, *, limit: int = 20_000) -> bool:
        """Delete the months that were over before; False when there is more than `limit` rows of them."""


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """BC's promise to tell us of changes in one of its tables."""

    id: str
    #: The entity set.
    table: str
    expires_at: datetime
    #: It sends the secret that is in force now.
    current: bool
    etag: str


class Subscriptions(Protocol):
    """Webhook subscriptions of our company that tell us. Making and renewing each ask us back at once."""

    def possible(self) -> set[str]:
        """Return the entity sets that can be subscribed to."""

    def list(self) -> Many[Subscription]:
        """Return the subscriptions that send to our address, whoever made them."""

    def create(self, table: str) -> None:
        """Subscribe; a second one to the same table only sends twice. Raises `Rejected` when we did not answer."""

    def renew(self, subscription: Subscription) -> None:
        """Prolong it, with the secret in force now. Raises `Missing` when BC has dropped it."""

    def remove(self, subscription: Subscription) -> None:
        """End it. What is gone is no matter."""
