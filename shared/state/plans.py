"""What a rehearsal found: the plan of each page, in the order of the run (H26)."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.ports import Row, TableStore
from shared.state.batches import delete, upsert
from shared.state.codec import dumps, loads, pack, unpack
from shared.state.keys import PAGE, after_prefix, partition

TABLE = "Plans"
#: Entries of one row, and their size as text: far below the 1 MiB of a row even with long texts.
ENTRIES = 100
TEXT = 256 * 1024


def _parts(entries: Sequence[str]) -> Iterator[builtins.list[str]]:
    part: builtins.list[str] = []
    size = 0
    for entry in entries:
        if part and (len(part) == ENTRIES or size + len(entry) > TEXT):
            yield part
            part, size = [], 0
        part.append(entry)
        size += len(entry)
    if part:
        yield part


class TablePlans:
    """`Plans` of one company. N entries cost N/100 rows, in transactions of a hundred rows."""

    def __init__(self, store: TableStore, company: str) -> None:
        self._store = store
        self._company = company

    def add(self, run: str, mapping: str, step: int, entries: Sequence[Mapping[str, Any]]) -> None:
        rows = [
            Row(
                partition=partition(self._company, run),
                key=f"{mapping}|{step:06d}|{n:04d}",
                properties={"mapping": mapping} | pack("entries", f"[{','.join(part)}]"),
            )
            for n, part in enumerate(_parts([dumps(entry) for entry in entries]))
        ]
        if rows:
            upsert(self._store, TABLE, rows)

    def list(
        self, run: str, mapping: str, *, after: str | None = None, limit: int = 1000
    ) -> tuple[builtins.list[dict[str, Any]], str | None]:
        prefix = f"{mapping}|"
        rows = self._store.query(
            TABLE, partition(self._company, run), key_from=after or prefix, key_before=after_prefix(prefix)
        )
        found: builtins.list[dict[str, Any]] = []
        for row in rows:
            if len(found) >= limit:
                return found, row.key
            found += loads(unpack("entries", row.properties))
        return found, None

    def forget(self, run: str) -> None:
        """Delete the plan of a run: a request for 1,000 rows read, and for 100 deleted."""
        where = partition(self._company, run)
        while rows := [*self._store.query(TABLE, where, select=("mapping",), limit=PAGE)]:
            delete(self._store, TABLE, rows)
