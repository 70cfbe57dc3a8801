"""Table Storage in memory, for fast tests: same contract as `shared.adapters.tables`.

Two hooks let a scenario stop the world before or after an operation took effect.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.adapters.table_rules import PAGE, check_transaction, escape_key
from shared.ports import Op, OpFailed, Row

#: Called with a name like "tables.transact:Couplings". Whatever it raises, the caller gets.
Hook = Callable[[str], None]


class _Partition:
    """Rows of one partition by stored key, and the keys in order."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.order: list[str] = []

    def put(self, key: str, row: Row) -> None:
        if key not in self.rows:
            bisect.insort(self.order, key)
        self.rows[key] = row

    def drop(self, key: str) -> None:
        if self.rows.pop(key, None) is not None:
            del self.order[bisect.bisect_left(self.order, key)]


class InMemoryTables:
    """`TableStore` that lives as long as the object. Safe for threads; gives and takes copies."""

    def __init__(self, *, before_request: Hook | None = None, after_request: Hook | None = None) -> None:
        self.before_request = before_request
        self.after_request = after_request
        self._lock = threading.RLock()
        self._tables: dict[str, dict[str, _Partition]] = {}
        self._requests = 0
        self._versions = 0

    def close(self) -> None:
        """Nothing to give back; here because the real store has it."""

    def requests(self) -> int:
        return self._requests

    def get(self, table: str, partition: str, key: str) -> Row | None:
        self._before(f"tables.get:{table}")
        row = self._read(table, partition, key)
        self._after(f"tables.get:{table}")
        return row

    def get_many(self, table: str, partition: str, keys: Sequence[str]) -> dict[str, Row]:
        """The hooks see one operation, the count one request for each key."""
        wanted = list(dict.fromkeys(keys))
        self._before(f"tables.get_many:{table}", requests=len(wanted))
        rows = [self._read(table, partition, key) for key in wanted]
        self._after(f"tables.get_many:{table}")
        return {row.key: row for row in rows if row is not None}

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
        """Each page is read when it is wanted, so it shows what was written since the one before."""
        resume: tuple[str, str] | None = None
        left = limit
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            self._before(f"tables.query:{table}")
            with self._lock:
                page: list[Row] = []
                for position, row in self._scan(table, partition, key_from, key_before, resume):
                    if where and not all(
                        _same(row.properties.get(name), want) for name, want in where.items()
                    ):
                        continue
                    if len(page) == size:
                        break
                    page.append(_copy(row, select))
                    resume = position
                else:
                    left = 0
            self._after(f"tables.query:{table}")
            if left:
                left -= len(page)
            yield from page

    def transact(self, table: str, ops: Sequence[Op]) -> list[str | None]:
        check_transaction(ops)
        self._before(f"tables.transact:{table}")
        with self._lock:
            partition = self._tables.setdefault(table, {}).setdefault(
                escape_key(ops[0].row.partition), _Partition()
            )
            for index, op in enumerate(ops):
                if status := _refusal(op, partition.rows.get(escape_key(op.row.key)), alone=len(ops) == 1):
                    raise OpFailed(index, status)
            etags = [self._do(partition, op) for op in ops]
        self._after(f"tables.transact:{table}")
        return etags

    def _do(self, partition: _Partition, op: Op) -> str | None:
        key = escape_key(op.row.key)
        if op.action == "delete":
            partition.drop(key)
            return None
        self._versions += 1
        etag = f"W/\"datetime'{self._versions:08d}'\""
        row = Row(partition=op.row.partition, key=op.row.key, properties=op.row.properties, etag=etag)
        partition.put(key, _copy(row, None))
        return etag

    def _read(self, table: str, partition: str, key: str) -> Row | None:
        with self._lock:
            held = self._tables.get(table, {}).get(escape_key(partition))
            row = held.rows.get(escape_key(key)) if held else None
            return _copy(row, None) if row else None

    def _scan(
        self,
        table: str,
        partition: str | None,
        key_from: str | None,
        key_before: str | None,
        resume: tuple[str, str] | None,
    ) -> Iterator[tuple[tuple[str, str], Row]]:
        partitions = self._tables.get(table, {})
        names = sorted(partitions) if partition is None else [escape_key(partition)]
        low = escape_key(key_from or "")
        high = None if key_before is None else escape_key(key_before)
        for name in names:
            if name not in partitions or (resume and name < resume[0]):
                continue
            held = partitions[name]
            start = bisect.bisect_left(held.order, low)
            if resume and name == resume[0]:
                start = max(start, bisect.bisect_right(held.order, resume[1]))
            for key in held.order[start:]:
                if high is not None and key >= high:
                    break
                yield (name, key), held.rows[key]

    def _before(self, name: str, requests: int = 1) -> None:
        if self.before_request:
            self.before_request(name)
        with self._lock:
            self._requests += requests

    def _after(self, name: str) -> None:
        if self.after_request:
            self.after_request(name)


def _refusal(op: Op, there: Row | None, *, alone: bool) -> int | None:
    """Return the status that an operation fails with; None when it can be done."""
    etag = op.row.etag
    match op.action, there:
        case "create", Row():
            return 409
        case "replace", None:
            return 404
        case "delete", None:
            return None if alone else 404
        case "replace" | "delete", Row(etag=stored) if etag not in (None, "*", stored):
            return 412
    return None


def _copy(row: Row, select: Sequence[str] | None) -> Row:
    names = row.properties if select is None else [name for name in select if name in row.properties]
    properties = {name: _utc(row.properties[name]) for name in names}
    return Row(partition=row.partition, key=row.key, properties=properties, etag=row.etag)


def _utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _same(value: Any, wanted: Any) -> bool:
    # True is not 1 for the service.
    return type(value) is type(wanted) and value == wanted
