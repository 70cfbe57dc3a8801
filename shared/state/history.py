"""Before and after of each write, by mapping and month (H28), so that whole months can go."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from shared.core.model import Side
from shared.ports import HistoryEntry, Row, TableStore
from shared.state.batches import delete, upsert
from shared.state.codec import dumps, loads, pack, unpack
from shared.state.keys import PAGE, Names, after_prefix, newest_first, partition, record_key

TABLE = "History"


class TableHistory:
    """`History` of one company. N entries cost N/100 transactions for each mapping and month.

    An entry is known by its record, time and action: adding it again changes nothing.
    """

    def __init__(self, store: TableStore, company: str) -> None:
        self._store = store
        self._company = company
        self._names = Names(store, TABLE, company)

    def add(self, entries: Sequence[HistoryEntry]) -> None:
        if not entries:
            return
        months = {at: f"{at.astimezone(UTC):%Y-%m}" for at in {entry.at for entry in entries}}
        self._names.note({f"{entry.mapping}|{months[entry.at]}" for entry in entries})
        upsert(self._store, TABLE, [self._row(entry, months[entry.at]) for entry in entries])

    def list(
        self, mapping: str, side: Side, id: str, *, limit: int = 50, before: datetime | None = None
    ) -> builtins.list[HistoryEntry]:
        """Return the entries of one record, newest first; a request for each month with entries."""
        found: list[HistoryEntry] = []
        prefix = f"{record_key(side, id)}|"
        # One microsecond earlier sorts one place later, and the time itself stays out.
        start = prefix if before is None else prefix + newest_first(before - timedelta(microseconds=1))
        for name in sorted(self._names.all(f"{mapping}|"), reverse=True):
            if len(found) == limit:
                break
            if before is not None and name > f"{mapping}|{before.astimezone(UTC):%Y-%m}":
                continue
            rows = self._store.query(
                TABLE,
                partition(self._company, name),
                key_from=start,
                key_before=after_prefix(prefix),
                limit=limit - len(found),
            )
            found += [_entry(row) for row in rows]
        return found

    def forget(self, before: datetime, *, limit: int = 20_000) -> bool:
        """Delete the months that were over before. A request for 1,000 rows read, and for 100 deleted.

        The name of a month goes after its rows, so that a call that dies leaves it to the next.
        """
        first_kept = f"{before.astimezone(UTC):%Y-%m}"
        for name in self._names.all():
            if name.rpartition("|")[2] >= first_kept:
                continue
            where = partition(self._company, name)
            while rows := [*self._store.query(TABLE, where, select=("at",), limit=min(limit, PAGE))]:
                delete(self._store, TABLE, rows)
                limit -= len(rows)
                if limit <= 0:
                    return False
            self._names.forget(name)
        return True

    def _row(self, entry: HistoryEntry, month: str) -> Row:
        return Row(
            partition=partition(self._company, entry.mapping, month),
            key=f"{record_key(entry.side, entry.id)}|{newest_first(entry.at)}|{entry.action}",
            properties={
                "mapping": entry.mapping,
                "side": entry.side.value,
                "id": entry.id,
                "at": entry.at,
                "action": entry.action,
            }
            | pack("fields", dumps(entry.fields)),
        )


def _entry(row: Row) -> HistoryEntry:
    kept = row.properties
    fields = loads(unpack("fields", kept))
    return HistoryEntry(
        mapping=kept["mapping"],
        side=Side(kept["side"]),
        id=kept["id"],
        at=kept["at"],
        action=kept["action"],
        fields={name: (before, after) for name, (before, after) in fields.items()},
    )
