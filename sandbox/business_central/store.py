"""Rows, their versions and their history. Knows nothing of HTTP and nothing of customers.

A row is a tuple (`EntitySet.at` tells where a column stands) and is never changed, only replaced,
so a reader holds what it read and 100,000 rows stay small.
"""

from __future__ import annotations

import base64
import uuid
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from typing import Any

from sandbox.business_central.contract import ZERO, EntitySet, entity_sets

Row = tuple[Any, ...]

ETAG = 0

#: Columns by which related rows are found without scanning.
INDEXED: Mapping[str, tuple[str, ...]] = {
    "contacts": ("companyId",),
    "contactBusinessRelations": ("contactId", "customerId"),
    "customers": ("primaryContactId", "billToCustomerId"),
    "currencyExchangeRates": ("currencyId",),
    "itemUnitsOfMeasure": ("itemId",),
    "itemVariants": ("itemId",),
    "itemLedgerEntries": ("itemId",),
    "salesPrices": ("itemId", "customerPriceGroupId"),
    "priceListLines": ("priceListId", "itemId", "resourceId"),
    "opportunities": ("contactId", "contactCompanyId"),
    "opportunityEntries": ("opportunityId",),
    "salesOrders": ("customerId", "billToCustomerId", "sellToContactId"),
    "salesOrderLines": ("documentId", "itemId", "resourceId"),
    "salesQuotes": ("customerId", "billToCustomerId", "sellToContactId"),
    "salesQuoteLines": ("documentId", "itemId", "resourceId"),
    "postedSalesInvoices": ("customerId", "billToCustomerId", "sellToContactId", "opportunityId"),
    "postedSalesInvoiceLines": ("documentId", "itemId", "resourceId"),
    "customerLedgerEntries": ("customerId", "invoiceId"),
    "detailedCustomerLedgerEntries": ("customerId", "invoiceId", "customerLedgerEntryNumber"),
}


def wire_time(at: datetime) -> str:
    """Return a moment as SQL Server's datetime keeps it, to 1/300 s, zeros dropped (§3, check 17)."""
    at = at.astimezone(UTC)
    seconds = int(at.replace(microsecond=0).timestamp())
    ticks = round(at.microsecond * 300 / 1_000_000)
    seconds, ticks = seconds + ticks // 300, ticks % 300
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{round(ticks * 1000 / 300):03d}".rstrip("0").rstrip(".")
    return f"{text}{fraction}Z"


def etag_of(version: int) -> str:
    """Return the tag of a row version, in the current form of §5: base64 of '20;<number>1;00;'.

    The real number is a hash over the page's fields. A version says the same: it moves with every
    real change, and FlowFields are not in it.
    """
    number = str(version * 0x9E3779B97F4A7C15 % 2**64)
    text = base64.b64encode(f"'{len(number)};{number}1;00;'".encode()).decode()
    return f'W/"{text}"'


class View:
    """All rows of a set at one moment, in order of systemRowVersion."""

    def __init__(self, entity: EntitySet, rows: Mapping[str, Row]) -> None:
        self.entity = entity
        self.rows = rows
        self._sorted: dict[tuple[int, ...], list[Row]] = {}

    def ordered(self, columns: tuple[int, ...]) -> list[Row]:
        """Return the rows ascending by these positions; kept until the set changes."""
        found = self._sorted.get(columns)
        if found is None:
            found = list(self.rows.values())
            version = self.entity.at["systemRowVersion"]
            if columns[:1] != (version,):
                found.sort(key=itemgetter(*columns))
            self._sorted[columns] = found
        return found

    def narrowed(self, ids: Iterable[str]) -> View:
        """Return a view of these rows only."""
        version = self.entity.at["systemRowVersion"]
        found = sorted((self.rows[i] for i in set(ids) if i in self.rows), key=itemgetter(version))
        return View(self.entity, {row[self.entity.at["id"]]: row for row in found})

    def since_version(self, version: int) -> list[Row]:
        at = self.entity.at["systemRowVersion"]
        rows = self.ordered((at,))
        return rows[bisect_left(rows, version, key=itemgetter(at)) :]


class Rows:
    """The stored rows of one set, in order of systemRowVersion."""

    def __init__(self, entity: EntitySet) -> None:
        self.entity = entity
        self.rows: dict[str, Row] = {}
        self.by_key: dict[tuple[Any, ...], str] = {}
        self._index: dict[str, dict[str, list[str]]] = {name: {} for name in INDEXED.get(entity.name, ())}
        self._view: View | None = None
        self._id = entity.at["id"]
        #: What each row was before, for a replica that lags: moment, id, row or None.
        self.journal: deque[tuple[datetime, str, Row | None]] = deque()

    def key_of(self, row: Row) -> tuple[Any, ...]:
        return tuple(row[n] for n in self.entity.key_at)

    def find(self, *key: Any) -> Row | None:
        """Return the row with this primary key."""
        row_id = self.by_key.get(key)
        return None if row_id is None else self.rows[row_id]

    def related(self, column: str, row_id: str) -> list[Row]:
        """Return the rows that point to this id in `column`."""
        if column in self._index:
            return [self.rows[i] for i in self._index[column].get(row_id, ())]
        at = self.entity.at[column]
        return [row for row in self.rows.values() if row[at] == row_id]

    def view(self) -> View:
        if self._view is None:
            self._view = View(self.entity, self.rows)
        return self._view

    def view_at(self, moment: datetime) -> View:
        """Return the rows as they were then, as far as the journal goes back."""
        before: dict[str, Row | None] = {}
        for at, row_id, row in reversed(self.journal):
            if at <= moment:
                break
            before[row_id] = row
        if not before:
            return self.view()
        version = self.entity.at["systemRowVersion"]
        kept = [row for i, row in self.rows.items() if i not in before]
        kept += [row for row in before.values() if row is not None]
        kept.sort(key=itemgetter(version))
        return View(self.entity, {row[self._id]: row for row in kept})

    def put(self, row: Row, *, moves: bool) -> None:
        """Store a row. `moves`: it has a new version and goes to the end."""
        row_id = row[self._id]
        before = self.rows.get(row_id)
        if before is not None:
            self._unindex(before)
            if moves:
                del self.rows[row_id]
        self.rows[row_id] = row
        self.by_key[self.key_of(row)] = row_id
        for column, index in self._index.items():
            if (target := row[self.entity.at[column]]) != ZERO:
                index.setdefault(target, []).append(row_id)
        self._view = None

    def drop(self, row_id: str) -> None:
        self._unindex(self.rows.pop(row_id))
        self._view = None

    def in_order_again(self) -> None:
        """After rows were put back: by version, as every other method expects."""
        version = self.entity.at["systemRowVersion"]
        self.rows = dict(sorted(self.rows.items(), key=lambda pair: pair[1][version]))
        self._view = None

    def _unindex(self, row: Row) -> None:
        self.by_key.pop(self.key_of(row), None)
        for column, index in self._index.items():
            if (target := row[self.entity.at[column]]) != ZERO:
                index[target].remove(row[self._id])


class Database:
    """What all companies share: time and the row version, which is one count for the whole database."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.last_version = 10_000
        #: 0: no replica, so nothing needs remembering.
        self.lag_seconds = 0.0
        self._stamp: tuple[datetime, str] = (datetime.min.replace(tzinfo=UTC), "")

    def next_version(self) -> int:
        self.last_version += 1
        return self.last_version

    def stamp(self) -> str:
        at = self.now()
        if self._stamp[0] != at:
            self._stamp = (at, wire_time(at))
        return self._stamp[1]


class Company:
    """One company's tables. Ids, codes and number series are its own (§1)."""

    def __init__(self, database: Database, *, company_id: str, name: str, created_by: str) -> None:
        self.database = database
        self.id = company_id
        self.name = name
        self.created_by = created_by
        self.created_at = database.stamp()
        self.tables = {entity.name: Rows(entity) for entity in entity_sets().values()}
        self.series: dict[str, int] = {}
        #: Relations loaded before their customer, by the customer's number.
        self.waiting_relations: dict[str, str] = {}
        #: Rows changed, for the request log.
        self.changed = 0
        #: Set, row, change and moment of what webhooks are to tell; kept short while nobody takes it.
        self.noticed: deque[tuple[str, str, str, datetime]] = deque(maxlen=200_000)
        self._undo: list[tuple[Rows, str, Row | None, bool]] = []
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: an error inside puts every row back. May be nested."""
        mark, changed, series = len(self._undo), self.changed, dict(self.series)
        noticed = len(self.noticed)
        self._depth += 1
        try:
            yield
        except BaseException:
            self._roll_back(mark)
            self.changed, self.series = changed, series
            while len(self.noticed) > noticed:
                self.noticed.pop()
            raise
        finally:
            self._depth -= 1
            if not self._depth:
                self._undo.clear()

    def _roll_back(self, mark: int) -> None:
        touched = {}
        while len(self._undo) > mark:
            rows, row_id, before, journaled = self._undo.pop()
            if rows.rows.get(row_id) is not None:
                rows.drop(row_id)
            if before is not None:
                rows.put(before, moves=False)
            if journaled and rows.journal:
                rows.journal.pop()
            touched[rows.entity.name] = rows
        for rows in touched.values():
            rows.in_order_again()

    def row(self, set_name: str, row_id: str) -> Row | None:
        return self.tables[set_name].rows.get(row_id)

    def value(self, set_name: str, row: Row, column: str) -> Any:
        return row[entity_sets()[set_name].at[column]]

    def insert(self, set_name: str, values: Mapping[str, Any], who: str, *, quiet: bool = False) -> Row:
        """Store a new row; columns that are not given are blank. `quiet`: as if it had always been there."""
        rows = self.tables[set_name]
        at = rows.entity.at
        row = list(rows.entity.initial)
        for name, value in values.items():
            row[at[name]] = value
        if row[at["id"]] == ZERO:
            row[at["id"]] = str(uuid.uuid4())
        stamp = self.database.stamp()
        row[at["createdAt"]] = row[at["lastModifiedDateTime"]] = stamp
        row[at["createdBy"]] = row[at["lastModifiedBy"]] = who
        self._version(row, rows)
        stored = tuple(row)
        self._put(rows, stored, moves=True, quiet=quiet)
        return stored

    def change(
        self, set_name: str, row_id: str, values: Mapping[str, Any], who: str, *, stamps: bool = True
    ) -> bool:
        """Change columns of a row. Equal values are no change: nothing moves (§3, check 2).

        `stamps` False: another version, but not modified by anybody (the rename of a related code).
        """
        rows = self.tables[set_name]
        at = rows.entity.at
        row = list(rows.rows[row_id])
        different = {name: value for name, value in values.items() if row[at[name]] != value}
        if not different:
            return False
        for name, value in different.items():
            row[at[name]] = value
        if stamps:
            row[at["lastModifiedDateTime"]], row[at["lastModifiedBy"]] = self.database.stamp(), who
        self._version(row, rows)
        self._put(rows, tuple(row), moves=True)
        return True

    def show(self, set_name: str, row_id: str, values: Mapping[str, Any]) -> None:
        """Set what a page computes: the value differs, the row did not change."""
        rows = self.tables[set_name]
        at = rows.entity.at
        row = list(rows.rows[row_id])
        for name, value in values.items():
            row[at[name]] = value
        if tuple(row) != rows.rows[row_id]:
            self._put(rows, tuple(row), moves=False, quiet=True)

    def remove(self, set_name: str, row_id: str, who: str) -> None:
        """Delete a row and leave a tombstone, as the companion's subscriber to OnAfterDelete does."""
        rows = self.tables[set_name]
        row = rows.rows[row_id]
        self._remember(rows, row_id, quiet=False)
        rows.drop(row_id)
        self._notice(rows, row, "deleted")
        self.changed += 1
        if rows.entity.table_number:
            graves = self.tables["tombstones"]
            entry = self.series["tombstones"] = self.series.get("tombstones", 0) + 1
            self.insert(
                graves.entity.name,
                {
                    "entryNumber": entry,
                    "tableNumber": rows.entity.table_number,
                    "entitySet": rows.entity.name,
                    "deletedId": row_id,
                    "primaryKey": ",".join(str(part) for part in rows.key_of(row))[:250],
                    "deletedAt": self.database.stamp(),
                    "deletedBy": who,
                },
                who,
            )
            self.changed -= 1

    def next_number(self, series: str, prefix: str, digits: int, taken: Callable[[str], bool]) -> str:
        """Draw the next number of a series that nobody gave by hand."""
        while True:
            self.series[series] = self.series.get(series, 0) + 10
            number = f"{prefix}{self.series[series]:0{digits}d}"
            if not taken(number):
                return number

    def _version(self, row: list[Any], rows: Rows) -> None:
        version = self.database.next_version()
        row[rows.entity.at["systemRowVersion"]] = version
        row[ETAG] = etag_of(version)

    def _put(self, rows: Rows, row: Row, *, moves: bool, quiet: bool = False) -> None:
        if moves and not quiet:
            known = row[rows.entity.at["id"]] in rows.rows
            self._notice(rows, row, "updated" if known else "created")
        self._remember(rows, row[rows.entity.at["id"]], quiet=quiet)
        rows.put(row, moves=moves)
        self.changed += moves

    def _notice(self, rows: Rows, row: Row, change: str) -> None:
        """Note what happened to a row; a line is a change of its header (§9)."""
        entity = rows.entity
        if (header := headers().get(entity.name)) is not None:
            self.noticed.append((header[0], row[entity.at[header[1]]], "updated", self.database.now()))
        else:
            self.noticed.append((entity.name, row[entity.at["id"]], change, self.database.now()))

    def _remember(self, rows: Rows, row_id: str, *, quiet: bool) -> None:
        before = rows.rows.get(row_id)
        lag = self.database.lag_seconds
        journaled = bool(lag) and not quiet
        if self._depth:
            self._undo.append((rows, row_id, before, journaled))
        if journaled:
            now = self.database.now()
            rows.journal.append((now, row_id, before))
            while (now - rows.journal[0][0]).total_seconds() > lag:
                rows.journal.popleft()

    def oldest_unseen_version(self, moment: datetime) -> int:
        """Return the version that a replica of that moment has not reached yet."""
        unseen = []
        for rows in self.tables.values():
            version = rows.entity.at["systemRowVersion"]
            unseen += [rows.rows[i][version] for at, i, _ in rows.journal if at > moment and i in rows.rows]
        return min(unseen, default=self.database.last_version + 1)


@cache
def headers() -> Mapping[str, tuple[str, str]]:
    """Return the header's set, and the column that points to it, by the set of the lines."""
    return {part: (e.name, column) for e in entity_sets().values() for part, column in e.parts.items()}


def as_wire(entity: EntitySet, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return rows as they are sent, with every column."""
    names = entity.wire_names
    return [dict(zip(names, row, strict=True)) for row in rows]
