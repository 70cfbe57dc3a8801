"""What Tandem keeps to do its work: couplings, cursors, intents, leases, permits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from shared.core.model import Coupling, Side, Value


class Outdated(Exception):
    """A row was changed by somebody else since it was read. Nothing was saved."""


@dataclass(frozen=True, kw_only=True)
class SaveResult:
    """`coupling` as saved (with its new etag), or why it was not."""

    bc_id: str
    coupling: Coupling | None = None
    #: "outdated" (a newer row is there) or "taken" (one of the two records is coupled elsewhere).
    refused: str | None = None


class Couplings(Protocol):
    """Couplings, unique on both sides. 100 operations to a transaction (H28)."""

    def find(self, mapping: str, side: Side, ids: Sequence[str]) -> dict[str, Coupling]:
        """Return couplings by the ids of one side, markers (state uncoupled) included."""

    def stream(self, mapping: str, *, late_only: bool = False) -> Iterator[Coupling]:
        """Yield every coupling of a mapping, a thousand to a request, in order of bc_id."""

    def save(self, couplings: Sequence[Coupling]) -> list[SaveResult]:
        """Create (etag None) or replace (etag as read) couplings; answers in order.

        Saving the same new coupling twice is harmless: the second finds itself and answers it.
        """

    def remove(self, couplings: Sequence[Coupling]) -> None:
        """Delete couplings. Removing twice is harmless."""


@dataclass(frozen=True, kw_only=True)
class StoredCursor:
    value: str | None
    etag: str | None


class Cursors(Protocol):
    def get(self, mapping: str, side: Side) -> StoredCursor: ...

    def put(self, mapping: str, side: Side, value: str | None, *, etag: str | None) -> StoredCursor:
        """Store a cursor over the one that was read. Raises `Outdated` over a newer one."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A counterpart that a page is about to make (H1): whose, under which id, and with which values."""

    source: Side
    source_id: str
    id: str
    generation: int
    #: Canonical values by field as they were sent; None where nothing was, `Unresolved` where the source's
    #: has no counterpart. A very long text is got back as its hash, and nothing at all when a page's
    #: values fit no row.
    values: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Intent:
    """The page that a job is about to write (H1): enough to repeat it after a crash."""

    mapping: str
    side: Side
    job: Mapping[str, Any]
    ids: tuple[str, ...]
    made: tuple[Made, ...] = ()


class Intents(Protocol):
    def get(self, mapping: str) -> list[Intent]:
        """Return the intents of a mapping that were not deleted: pages that may be half done."""

    def put(self, intent: Intent) -> None: ...

    def remove(self, mapping: str, side: Side) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Lease:
    mapping: str
    holder: str
    #: Rises by one whenever the lease changes hands.
    fence: int
    expires_at: datetime
    etag: str


class Leases(Protocol):
    def acquire(self, mapping: str, holder: str, duration: timedelta) -> Lease:
        """Take the lease, or raise `Busy` with `retry_after` until it is over."""

    def renew(self, lease: Lease, duration: timedelta) -> Lease:
        """Prolong it. Raises `Busy` when it has gone to somebody else."""

    def release(self, lease: Lease) -> None:
        """Give it back. Does nothing when it has gone to somebody else."""


@dataclass(frozen=True, kw_only=True)
class Permitted:
    """What a process may do now, and what it saw of the others when it asked."""

    holder: str
    #: Etag of each permit that it holds, by number; none when all are with others.
    permits: Mapping[int, str]
    #: When the first of them runs out; with none, when the first of the others' does.
    until: datetime
    #: Mappings whose lease is held, here or elsewhere.
    running: int = 0


class Permits(Protocol):
    """How many requests one system takes at once, shared out among all processes (H29)."""

    def take(self, holder: str, *, wanted: int, keep: int, lasting: timedelta) -> Permitted:
        """Have up to `wanted` permits that last so long at least; fewer, or none, when others have them.

        Never waits. A holder of several gives half of them back when somebody waits for one, but not
        below `keep`. Taking again is harmless and prolongs what is held.
        """

    def give_back(self, permitted: Permitted) -> None:
        """Free these permits. Does nothing for those that have gone to somebody else."""

    def running(self) -> int:
        """Return how many mappings have their lease held now, here or elsewhere."""
