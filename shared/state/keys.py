"""How keys are put together, and how rows are found by the start of their key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from shared.core.model import Side
from shared.ports import Row, TableStore
from shared.state.batches import delete, upsert

#: One page of an answer of the service (azure-platform.md 4.11).
PAGE = 1000
#: With so few keys, point reads beat reading a partition of more than a page.
FEW = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Microseconds until the year 9999.
_END = 253_402_300_800_000_000


def partition(company: str, *parts: str) -> str:
    return "|".join((company, *parts))


def record_key(side: Side, record_id: str) -> str:
    return f"{side.value}:{record_id}"


def after_prefix(prefix: str) -> str:
    """Return the key before which all keys with this prefix lie: its last character one higher."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def newest_first(at: datetime) -> str:
    """Return a key part that sorts later times first, to the microsecond."""
    return f"{_END - (at - _EPOCH) // timedelta(microseconds=1):018d}"


def rows_of(
    store: TableStore, table: str, where: str, keys: Sequence[str], *, select: Sequence[str] | None = None
) -> dict[str, Row]:
    """Return the rows of a partition with these keys, with O(1) requests where few rows are held.

    One page is read first: when it is all there is, that was the only request. Otherwise a few
    keys are read one by one, and for many the reading goes on (H27).
    """
    wanted = set(keys)
    if len(wanted) < 3:
        return store.get_many(table, where, list(keys))
    rows = store.query(table, where, select=select)
    found: dict[str, Row] = {}
    seen = 0
    for row in islice(rows, PAGE):
        seen += 1
        if row.key in wanted:
            found[row.key] = row
    if seen < PAGE or len(found) == len(wanted):
        return found
    if len(wanted) <= FEW:
        return found | store.get_many(table, where, sorted(wanted - found.keys()))
    return found | {row.key: row for row in rows if row.key in wanted}


class Names:
    """The partitions that a table has for a company: rows of their own, to go through them all.

    A name is noted before the first row under it is written, once per process.
    """

    def __init__(self, store: TableStore, table: str, company: str) -> None:
        self._store = store
        self._table = table
        self._company = company
        self._noted: set[str] = set()

    def note(self, names: set[str]) -> None:
        if fresh := names - self._noted:
            upsert(
                self._store, self._table, [Row(partition=self._company, key=n, properties={}) for n in fresh]
            )
            self._noted |= fresh

    def forget(self, name: str) -> None:
        """Take a name off the list. A process that noted it before will not note it again: only for
        names that get no more rows."""
        delete(self._store, self._table, [Row(partition=self._company, key=name, properties={})])

    def all(self, prefix: str = "") -> list[str]:
        before = after_prefix(prefix) if prefix else None
        rows = self._store.query(self._table, self._company, key_from=prefix or None, key_before=before)
        return [row.key for row in rows]
