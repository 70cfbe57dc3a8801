"""Records out of sync, and who waits for whom (H14).

Two tables. Held has one row for each record out of sync. Waits turns it around: a row under the
awaited record for each record that waits for it. The order of writes keeps a crash harmless: new
Waits rows first, then those that no longer hold are deleted, then the Held row, which names them
all. A Waits row too many wakes a record for nothing; a Waits row is never missing for good.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from heapq import nsmallest
from itertools import islice
from typing import Any

from shared.core.model import Side
from shared.ports import HeldRecord, Row, TableStore
from shared.state.batches import delete, upsert
from shared.state.codec import dumps, loads, pack, unpack
from shared.state.keys import PAGE, Names, after_prefix, partition, record_key, rows_of

HELD = "Held"
WAITS = "Waits"
#: With so few awaited records, a range query each beats reading more than a page of waits.
FEW_AWAITED = 30
#: What `put` and `remove` need of the rows that are there.
_LINKS = (
    *("kind", "reason", "reason_z0", "since", "tries"),
    *("awaits_mapping", "awaits_side", "awaits_id", "awaits", "awaits_z0"),
)


class TableHeld:
    """`HeldRecords` of one company on any `TableStore`.

    `put` and `remove` cost one read for each thousand rows held and one transaction for each
    hundred rows written, whatever the number of keys.
    """

    def __init__(self, store: TableStore, company: str) -> None:
        self._store = store
        self._company = company
        self._names = Names(store, HELD, company)

    def put(self, records: Sequence[HeldRecord]) -> None:
        if not records:
            return
        wanted = {(r.mapping, r.side, r.id): r for r in records}
        self._names.note({mapping for mapping, _, _ in wanted})
        stale: list[Row] = []
        rows: list[Row] = []
        waits: list[Row] = []
        for mapping in dict.fromkeys(mapping for mapping, _, _ in wanted):
            mine = {record_key(r.side, r.id): r for r in wanted.values() if r.mapping == mapping}
            there = rows_of(self._store, HELD, self._partition(mapping), list(mine), select=_LINKS)
            for key, record in mine.items():
                before = _record(mapping, there[key]) if key in there else None
                rows.append(Row(partition=self._partition(mapping), key=key, properties=_properties(record)))
                now = self._waits(record)
                waits += now
                still = {(wait.partition, wait.key) for wait in now}
                stale += [old for old in self._waits(before) if (old.partition, old.key) not in still]
        upsert(self._store, WAITS, waits)
        delete(self._store, WAITS, stale)
        upsert(self._store, HELD, rows)

    def remove(self, mapping: str, keys: Sequence[tuple[Side, str]]) -> None:
        there = self._rows(mapping, keys, select=_LINKS)
        waits = [wait for row in there.values() for wait in self._waits(_record(mapping, row))]
        # Waits first: as long as the Held row is there, it says which.
        delete(self._store, WAITS, waits)
        delete(self._store, HELD, there.values())

    def find(self, mapping: str, keys: Sequence[tuple[Side, str]]) -> dict[tuple[Side, str], HeldRecord]:
        records = [_record(mapping, row) for row in self._rows(mapping, keys).values()]
        return {(record.side, record.id): record for record in records}

    def list(
        self, mapping: str | None = None, *, limit: int = 1000, after: str | None = None
    ) -> tuple[builtins.list[HeldRecord], str | None]:
        """`after` is the mapping and key that comes next."""
        start, _, key = (after or "").partition("|")
        names = [mapping] if mapping is not None else [name for name in self._names.all() if name >= start]
        found: list[HeldRecord] = []
        for name in names:
            rows = self._store.query(HELD, self._partition(name), key_from=key if name == start else None)
            # One more than wanted says whether, and where, it goes on.
            for row in islice(rows, limit + 1 - len(found)):
                if len(found) == limit:
                    return found, f"{name}|{row.key}"
                found.append(_record(name, row))
        return found, None

    def skipped(self, mapping: str) -> set[tuple[Side, str]]:
        rows = self._store.query(HELD, self._partition(mapping), where={"kind": "skipped"}, select=("kind",))
        return {(Side(side), record_id) for side, _, record_id in (row.key.partition(":") for row in rows)}

    def due(self, now: datetime, *, limit: int = 1000) -> builtins.list[HeldRecord]:
        """Return the records whose next try has come, longest due first."""
        return nsmallest(limit, self._all_due(now), key=lambda record: record.next_try or now)

    def waiting_for(
        self, mapping: str, records: Sequence[tuple[Side, str]]
    ) -> builtins.list[tuple[str, Side, str]]:
        awaited = set(records)
        if not awaited:
            return []
        where = self._partition(mapping)
        if len(awaited) == 1:
            return _waiters(self._awaiting(where, awaited), awaited)
        rows = self._store.query(WAITS, where)
        first = builtins.list(islice(rows, PAGE))
        if len(first) < PAGE:
            return _waiters(first, awaited)
        if len(awaited) <= FEW_AWAITED:
            return _waiters(self._awaiting(where, awaited), awaited)
        return _waiters(first, awaited) + _waiters(rows, awaited)

    def _all_due(self, now: datetime) -> Iterator[HeldRecord]:
        for name in self._names.all():
            for row in self._store.query(HELD, self._partition(name)):
                next_try = row.properties.get("next_try")
                if next_try is not None and next_try <= now:
                    yield _record(name, row)

    def _awaiting(self, where: str, awaited: Iterable[tuple[Side, str]]) -> Iterator[Row]:
        for side, record_id in awaited:
            prefix = f"{record_key(side, record_id)}|"
            yield from self._store.query(WAITS, where, key_from=prefix, key_before=after_prefix(prefix))

    def _rows(
        self, mapping: str, keys: Sequence[tuple[Side, str]], select: Sequence[str] | None = None
    ) -> dict[str, Row]:
        wanted = [record_key(side, record_id) for side, record_id in keys]
        return rows_of(self._store, HELD, self._partition(mapping), wanted, select=select)

    def _waits(self, record: HeldRecord | None) -> builtins.list[Row]:
        """Return the Waits rows that belong to a held record."""
        if record is None or record.kind not in ("waiting", "held"):
            return []
        return [
            Row(
                partition=self._partition(mapping),
                key=f"{record_key(side, awaited)}|{record.mapping}:{record_key(record.side, record.id)}",
                properties={
                    "awaits_side": side.value,
                    "awaits_id": awaited,
                    "mapping": record.mapping,
                    "side": record.side.value,
                    "id": record.id,
                },
            )
            for mapping, side, awaited in record.awaited
        ]

    def _partition(self, mapping: str) -> str:
        return partition(self._company, mapping)


def _properties(record: HeldRecord) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "kind": record.kind,
        "since": record.since,
        "tries": record.tries,
        "awaits_mapping": record.awaits_mapping,
        "awaits_side": record.awaits_side,
        "awaits_id": record.awaits_id,
        "label": record.label,
    }
    if record.next_try is not None:
        properties["next_try"] = record.next_try
    properties |= pack("reason", record.reason)
    if record.awaits:
        properties |= pack("awaits", dumps([(m, side.value, i) for m, side, i in record.awaits]))
    return properties | (pack("fields", dumps(record.fields)) if record.fields else {})


def _record(mapping: str, row: Row) -> HeldRecord:
    side, _, record_id = row.key.partition(":")
    kept = row.properties
    return HeldRecord(
        mapping=mapping,
        side=Side(side),
        id=record_id,
        kind=kept["kind"],
        reason=unpack("reason", kept),
        since=kept["since"],
        next_try=kept.get("next_try"),
        tries=kept["tries"],
        awaits_mapping=kept["awaits_mapping"],
        awaits_side=kept["awaits_side"],
        awaits_id=kept["awaits_id"],
        awaits=tuple((m, Side(s), i) for m, s, i in loads(unpack("awaits", kept, "[]"))),
        fields=tuple(loads(unpack("fields", kept, "[]"))),
        label=kept.get("label", ""),
    )


def _waiters(rows: Iterable[Row], awaited: set[tuple[Side, str]]) -> list[tuple[str, Side, str]]:
    return [
        (kept["mapping"], Side(kept["side"]), kept["id"])
        for kept in (row.properties for row in rows)
        if (Side(kept["awaits_side"]), kept["awaits_id"]) in awaited
    ]
