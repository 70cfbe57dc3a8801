"""Before and after of each write, by mapping and month (H28), so that whole months can go."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from datetime import UTC

from shared.core.model import Side
from shared.ports import HistoryEntry, Row, TableStore
from shared.state.batches import upsert
from shared.state.codec import dumps, loads, pack, unpack
from shared.state.keys import Names, after_prefix, newest_first, partition, record_key

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
        self._names.note({f"{entry.mapping}|{_month(entry)}" for entry in entries})
        upsert(self._store, TABLE, [self._row(entry) for entry in entries])

    def list(self, mapping: str, side: Side, id: str, *, limit: int = 50) -> builtins.list[HistoryEntry]:
        """Return the entries of one record, newest first; a request for each month with entries."""
        found: list[HistoryEntry] = []
        prefix = f"{record_key(side, id)}|"
        for name in sorted(self._names.all(f"{mapping}|"), reverse=True):
            if len(found) == limit:
                break
            rows = self._store.query(
                TABLE,
                partition(self._company, name),
                key_from=prefix,
                key_before=after_prefix(prefix),
                limit=limit - len(found),
            )
            found += [_entry(row) for row in rows]
        return found

    def _row(self, entry: HistoryEntry) -> Row:
        return Row(
            partition=partition(self._company, entry.mapping, _month(entry)),
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


def _month(entry: HistoryEntry) -> str:
    return f"{entry.at.astimezone(UTC):%Y-%m}"


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
