"""What the engine wants from the outside, in the engine's words.

Each port has one contract suite in `tests/contract`, run on the in-memory one and on the real one.
Every method may raise `Transient` (repeat later: all are safe to repeat) and `Misconfigured`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from shared.core.errors import SyncError
from shared.core.mapping import Table
from shared.core.model import Coupling, Record, Side, Wire, derived_id

#: `list`, where a port has a method of that name.
Many = list

# --- the two systems ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ChangePage:
    """One page of hints.

    `next` resumes the same pass after this page; None on the last page. `cursor` is given on the
    last page only: where the next pass starts. `deleted` are ids, hints too (H2). `full` says that
    this pass lists every record of the table (first pass, or the old cursor had expired), so what
    it did not list does not exist any more.
    """

    records: tuple[Record, ...]
    deleted: tuple[str, ...] = ()
    next: str | None = None
    cursor: str | None = None
    full: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """One more row that is written in the same transaction as a record (H16).

    `action` is "create" (the id is new), "update" (the row must be there) or "upsert" (either;
    the id is ours, so that a repeat meets itself).
    """

    action: str
    table: Table
    id: str
    values: Mapping[str, Wire]


@dataclass(frozen=True, kw_only=True)
class Write:
    """One record to create (`if_version` None) or change. `values` are wire properties of its side.

    `before` and `after` are written in the same transaction, in this order: all or nothing. Only
    Sales takes them, in a change set (dataverse-web-api.md §5). `shared` rows were made before, each
    once for all the records that need it; adapters do not look at them.
    """

    id: str
    values: Mapping[str, Wire]
    #: The version that was gathered; "*" changes whatever is there (one-way mappings only).
    if_version: str | None = None
    shared: tuple[Step, ...] = ()
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of one write: the record as stored afterwards, or why not.

    `error` is `Stale`, `Missing`, `Exists` or `Rejected` (nothing was written), or `Transient`
    (unknown whether it was written: read again first).
    """

    id: str
    record: Record | None = None
    error: SyncError | None = None


class Records(Protocol):
    """One side's records. A call costs O(1) requests of each kind, whatever the number of ids."""

    side: Side

    def changes(self, table: Table, *, cursor: str | None, page: str | None, limit: int) -> ChangePage:
        """Return one page of changes, oldest first where the side can order them.

        `cursor` None lists everything. `page` is the `next` of the page before, in the same pass.
        May repeat a record; never misses one. `limit` is the most records in a page.
        """

    def position(self, table: Table) -> str:
        """Return the cursor of a pass that starts now: what was written before is not listed by it."""

    def get(self, table: Table, ids: Sequence[str]) -> dict[str, Record]:
        """Return the records that exist now, by id, never from a lagging replica (H2)."""

    def find(self, table: Table, column: str, values: Sequence[str]) -> list[Record]:
        """Return the records whose text column equals one of the values, ignoring case.

        Or whose reference (an id on either side) is one of them.
        """

    def create(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        """Create records under the ids given. Answers in order; one bad record does not sink others."""

    def update(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        """Change records if they still have `if_version`. Answers in order, one for each write."""

    def user_ids(self) -> frozenset[str]:
        """Return the ids by which this side names the integration users in modifiedby/createdby."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Set-up values of both systems that rules need; gathered once per job."""

    company_id: str
    lcy_code: str
    base_currency_code: str
    #: Sales id of the transaction currency whose ISO code is the LCY's; when there is none, the id
    #: under which a full synchronization of the currencies creates it.
    lcy_currency_id: str
    currency_precision: int
    #: The integration users: the application users that Tandem signs in as, by their ids there.
    bc_user_ids: frozenset[str]
    sales_user_ids: frozenset[str]
    #: Decimals that Sales keeps of a price (organization.pricingdecimalprecision).
    pricing_precision: int = 2

    def users(self, side: Side) -> frozenset[str]:
        return self.bc_user_ids if side is Side.BC else self.sales_user_ids


def local_currency_id(facts: Facts) -> str:
    """Return the id under which Tandem creates the local currency in Sales when it is missing there."""
    return derived_id(
        company=facts.company_id, mapping="currencies", source=Side.BC, source_id=f"lcy {facts.lcy_code}"
    )


class SetUp(Protocol):
    def facts(self) -> Facts:
        """Read the set-up values of both systems. At most six requests; cached by the caller."""


# --- what Tandem keeps -------------------------------------------------------------------------


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
class Intent:
    """The page that a job is about to write (H1): enough to repeat it after a crash."""

    mapping: str
    side: Side
    job: Mapping[str, Any]
    ids: tuple[str, ...]


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
    #: For kind "conflict": [{"field", "bc", "sales"}]. For "held": the fields held, when only some are.
    fields: tuple[Mapping[str, Any], ...] = ()
    #: A text people know the record by (a number or code), never personal data.
    label: str = ""


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


# --- messages and time -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class OutgoingMessage:
    queue: str
    body: bytes
    message_id: str
    scheduled_at: datetime | None = None
    correlation_id: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PeekedMessage:
    queue: str
    body: bytes
    message_id: str
    enqueued_at: datetime | None
    sequence_number: int
    reason: str | None = None
    description: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


class Queue(Protocol):
    def send(self, messages: Sequence[OutgoingMessage]) -> None:
        """Send. A repeat with the same id within the detection window is dropped by the broker."""

    def peek(self, queue: str, *, limit: int = 100, dead_letters: bool = False) -> list[PeekedMessage]:
        """Look at messages without taking them."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the time, in UTC and aware."""


# --- the one table store under all that Tandem keeps --------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Row:
    """One table row. Properties are str, int (64 bit), bool, float, bytes or aware datetime."""

    partition: str
    key: str
    properties: Mapping[str, Any]
    etag: str | None = None


@dataclass(frozen=True, kw_only=True)
class Op:
    """One operation of a transaction: "create" | "replace" (needs row.etag or "*") | "upsert" | "delete"."""

    action: str
    row: Row


class OpFailed(Exception):
    """A transaction was not done at all, because of its operation number `index`.

    `status` is 409 (it exists), 404 (it does not), 412 (another etag) or 413 (too large).
    """

    def __init__(self, index: int, status: int) -> None:
        super().__init__(f"operation {index} of the transaction failed with {status}")
        self.index = index
        self.status = status


class TableStore(Protocol):
    """Azure Table Storage as far as Tandem needs it. Two implementations, one contract."""

    def get(self, table: str, partition: str, key: str) -> Row | None: ...

    def get_many(self, table: str, partition: str, keys: Sequence[str]) -> dict[str, Row]:
        """Point reads, in parallel where that is possible."""

    def query(
        self,
        table: str,
        partition: str | None,
        *,
        key_from: str | None = None,
        key_before: str | None = None,
        where: Mapping[str, Any] | None = None,
        select: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> Iterator[Row]:
        """Yield rows in order of partition and key, 1,000 to a request. `where` is equality of properties."""

    def transact(self, table: str, ops: Sequence[Op]) -> list[str | None]:
        """Do at most 100 operations of one partition, all or none; return the new etags.

        Raises `OpFailed`. Deleting what is not there fails with 404 inside a transaction of several;
        a single delete of what is not there does nothing.
        """

    def requests(self) -> int:
        """Return how many requests were spent since the store was made."""
