"""The two systems: their records, and what is set up in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.core.errors import SyncError
from shared.core.mapping import Table
from shared.core.model import Record, Side, Wire, derived_id


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
    the id is ours, so that a repeat meets itself); of documents in BC also "delete" and their actions
    "archive", "release", "reopen", "reserve" and "releaseUnlessPrepaymentIsDue". `if_version` is for an update: the version that was
    gathered, so that a record's own first step finds out that somebody has changed it meanwhile.
    """

    action: str
    table: Table
    id: str
    values: Mapping[str, Wire]
    if_version: str = "*"


@dataclass(frozen=True, kw_only=True)
class Write:
    """One record to create (`if_version` None) or change. `values` are wire properties of its side.

    `before` and `after` are written in the same transaction, in this order: all or nothing. Sales takes
    them in a change set (dataverse-web-api.md §5), BC in a $batch of its own (business-central-api.md §7). `shared` rows were made before, each
    once for all the records that need it; adapters do not look at them.
    """

    id: str
    values: Mapping[str, Wire]
    #: The version that was gathered; "*" changes whatever is there (one-way mappings only).
    if_version: str | None = None
    shared: tuple[Step, ...] = ()
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    #: What is made may be gone under its id before a repeat, as an order that is posted: after a lost
    #: reply it is not sent again, and whoever sent it looks first (H9).
    once: bool = False


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

    def first(
        self,
        table: Table,
        column: str,
        values: Sequence[str],
        *,
        order: Sequence[str],
        where: Sequence[tuple[str, str]],
    ) -> list[Record]:
        """Return, for each value of a text column, the first record in an order, however many there are.

        Of those whose columns are as `where` says. A request for each hundred values.
        """

    def begins(self, table: Table, column: str, text: str, *, limit: int) -> list[Record]:
        """Return the first records, in the order of a text column, that begin with a text, ignoring case.

        One request. Never for a decision: a person has typed part of a name.
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
    #: What an administrator names for documents: what stands for write-in products ("item" or "resource",
    #: and its number), and the account of freight.
    write_in_type: str = ""
    write_in_number: str = ""
    freight_account: str = ""
    #: What becomes of an order in BC is shown in Sales.
    order_status: bool = True
    #: So are the addresses, dates and terms of one that is released there.
    order_updates: bool = False
    #: Items and resources have unit groups of their own, with all their units.
    unit_groups: bool = False
    #: Orders of Sales are reserved and released as they arrive (S85).
    orders_released: bool = False
    #: What is edited in Sales after that goes over, too (S83).
    orders_edited: bool = False

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
