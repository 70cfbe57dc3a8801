"""Where each reading of changes goes on, and the pages that are being written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.core.model import Side, Value
from shared.ports import Intent, Made, Op, OpFailed, Outdated, Row, StoredCursor, TableStore
from shared.state.codec import dump_rows, dumps, load_rows, loads, pack, unpack
from shared.state.keys import partition

#: Of the 1 MiB that a row holds, as Tables counts it (azure-platform.md 4.1); the ids need some, too.
MOST_BYTES_OF_VALUES = 640 * 1024


class TableCursors:
    """`Cursors` of one company: one row for each mapping and side."""

    TABLE = "Cursors"

    def __init__(self, store: TableStore, company: str) -> None:
        self._store = store
        self._company = company

    def get(self, mapping: str, side: Side) -> StoredCursor:
        row = self._store.get(self.TABLE, self._company, self._key(mapping, side))
        if row is None:
            return StoredCursor(value=None, etag=None)
        return StoredCursor(value=loads(unpack("value", row.properties, "null")), etag=row.etag)

    def put(self, mapping: str, side: Side, value: str | None, *, etag: str | None) -> StoredCursor:
        # A delta link may be longer than a property, and a cursor may be None: packed JSON.
        row = Row(
            partition=self._company,
            key=self._key(mapping, side),
            properties=pack("value", dumps(value)),
            etag=etag,
        )
        try:
            [stored] = self._store.transact(self.TABLE, [Op(action="replace" if etag else "create", row=row)])
        except OpFailed as failed:
            there = self.get(mapping, side)
            if there.etag is not None and there.value == value:
                # The reply to the same write was lost, or somebody came to the same place.
                return there
            raise Outdated(f"the cursor of {mapping} {side.value} has moved") from failed
        return StoredCursor(value=value, etag=stored)

    @staticmethod
    def _key(mapping: str, side: Side) -> str:
        return f"{mapping}:{side.value}"


class TableIntents:
    """`Intents` of one company: at most one row for each mapping and side (H1)."""

    TABLE = "Intents"

    def __init__(self, store: TableStore, company: str) -> None:
        self._store = store
        self._company = company

    def get(self, mapping: str) -> list[Intent]:
        return [
            Intent(
                mapping=mapping,
                side=Side(row.key),
                job=loads(unpack("job", row.properties)),
                ids=tuple(loads(unpack("ids", row.properties))),
                made=tuple(_made(*told) for told in load_rows(unpack("made", row.properties, "[]"))),
            )
            for row in self._store.query(self.TABLE, partition(self._company, mapping))
        ]

    def put(self, intent: Intent) -> None:
        made = pack("made", dump_rows([(_keys(m), m.values) for m in intent.made]))
        if sum(len(part) for part in made.values()) > MOST_BYTES_OF_VALUES:
            made = pack("made", dump_rows([(_keys(m), {}) for m in intent.made]))
        row = Row(
            partition=partition(self._company, intent.mapping),
            key=intent.side.value,
            properties=pack("job", dumps(intent.job)) | pack("ids", dumps(intent.ids)) | made,
        )
        self._store.transact(self.TABLE, [Op(action="upsert", row=row)])

    def remove(self, mapping: str, side: Side) -> None:
        row = Row(partition=partition(self._company, mapping), key=side.value, properties={})
        self._store.transact(self.TABLE, [Op(action="delete", row=row)])


def _keys(made: Made) -> tuple[str | int, ...]:
    return made.source.value, made.source_id, made.id, made.generation


def _made(keys: Sequence[Any], values: Mapping[str, Value]) -> Made:
    source, source_id, id, generation = keys
    return Made(source=Side(source), source_id=source_id, id=id, generation=generation, values=values)
