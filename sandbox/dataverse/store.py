"""Rows, versions and deletions, with transactions.

One version counter for the whole environment, which rises with every write and never falls, not
even when a transaction is undone (reference/dataverse-web-api.md section 13, 6).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.dataverse.schema import TABLES, Table

#: Lookups to these tables are not counted as references: nearly every row has them.
_UNCOUNTED = frozenset({"systemuser", "team", "businessunit", "transactioncurrency", "organization"})

#: Columns whose values the sales tables keep unique without an alternate key (reference section 8).
_UNIQUE = {
    "uom": ("uomscheduleid", "name"),
    "product": ("productnumber",),
    "pricelevel": ("name",),
    "productpricelevel": ("pricelevelid", "productid", "uomid"),
}


class Row:
    """One version of a row; never changed, only replaced. `values` holds what is not null."""

    __slots__ = ("id", "values", "version")

    def __init__(self, row_id: str, version: int, values: dict[str, Any]) -> None:
        self.id = row_id
        self.version = version
        self.values = values


@dataclass(frozen=True, kw_only=True)
class AlternateKey:
    id: str
    name: str
    columns: tuple[str, ...]

    def value_of(self, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the key of a row, without regard to case; None when a part is null."""
        parts = tuple(values.get(column) for column in self.columns)
        if any(part is None for part in parts):
            return None
        return tuple(part.casefold() if isinstance(part, str) else part for part in parts)


class TableRows:
    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows: dict[str, Row] = {}
        self.history: list[tuple[int, str]] = []  # (version, id), ascending; may hold outlived entries
        self.deletions: list[tuple[int, str]] = []  # (version, id), ascending
        self.keys: dict[str, AlternateKey] = {}
        self.indexes: dict[str, dict[tuple[Any, ...], str]] = {}
        self.generation = 0  # rises whenever rows change
        self.results: dict[tuple[Any, ...], list[Row]] = {}  # sorted results, by generation and query
        self.members = 0  # rises whenever the set of ids changes
        self._by_column: dict[str, dict[str, dict[str, Row]]] = {}
        self._sorted: tuple[int, list[str]] = (-1, [])
        self._lookups = tuple(
            c.name for c in table.columns.values() if c.is_lookup and not _UNCOUNTED.issuperset(c.targets)
        )
        self.unique: AlternateKey | None = None
        if table.name in _UNIQUE:
            self.unique = AlternateKey(id="unique", name="unique", columns=_UNIQUE[table.name])
            self.indexes[self.unique.id] = {}

    def ids_in_order(self) -> list[str]:
        """Return all ids ascending: the order of a query without `$orderby`."""
        if self._sorted[0] != self.members:
            self._sorted = (self.members, sorted(self.rows))
        return self._sorted[1]

    def changed_between(self, after: int, until: int) -> Iterator[Row]:
        """Yield each live row whose last version is in (after, until], by version."""
        for index in range(bisect_right(self.history, (after, "~")), len(self.history)):
            version, row_id = self.history[index]
            if version > until:
                return
            row = self.rows.get(row_id)
            if row is not None and row.version == version:
                yield row

    def by_key(self, key: AlternateKey, values: Mapping[str, Any]) -> Row | None:
        value = key.value_of(values)
        found = self.indexes[key.id].get(value) if value is not None else None
        return self.rows[found] if found is not None else None

    def pointing(self, column: str, row_id: str) -> list[Row]:
        """Return the rows whose lookup is this id. The first question builds an index, which then keeps up."""
        index = self._by_column.get(column)
        if index is None:
            index = self._by_column[column] = {}
            for row in self.rows.values():
                if (target := row.values.get(column)) is not None:
                    index.setdefault(target, {})[row.id] = row
        return list(index.get(row_id, {}).values())

    def index(self, row_id: str, before: Row | None, after: Row | None) -> None:
        """Let every index follow one row from `before` to `after`."""
        for key in (*self.keys.values(), self.unique) if self.unique is not None else self.keys.values():
            held = self.indexes[key.id]
            if before is not None and (value := key.value_of(before.values)) is not None:
                if held.get(value) == row_id:  # two loaded rows may share a value
                    del held[value]
            if after is not None and (value := key.value_of(after.values)) is not None:
                held[value] = row_id
        for column, targets in self._by_column.items():
            was = before.values.get(column) if before is not None else None
            now = after.values.get(column) if after is not None else None
            if was is not None and was != now:
                del targets[was][row_id]
            if now is not None and after is not None:
                targets.setdefault(now, {})[row_id] = after

    def references(self, values: Mapping[str, Any]) -> Iterator[str]:
        for name in self._lookups:
            if name in values:
                yield values[name]


class Store:
    def __init__(self, first_version: int = 1_000_000) -> None:
        self.version = first_version
        self.tables = {name: TableRows(table) for name, table in TABLES.items()}
        self.referenced: dict[str, int] = {}  # id → how many counted lookups point to it
        self._undo: list[Callable[[], None]] | None = None

    def rows(self, table: str) -> TableRows:
        return self.tables[table]

    def get(self, table: str, row_id: str) -> Row | None:
        return self.tables[table].rows.get(row_id)

    def put(self, table: str, row_id: str, values: dict[str, Any]) -> Row:
        """Store the row under the next version."""
        self.version += 1
        held = self.tables[table]
        before = held.rows.get(row_id)
        row = Row(row_id, self.version, values)
        held.history.append((row.version, row_id))
        self._replace(held, row_id, before, row)
        if self._undo is not None:
            self._undo.append(lambda: self._take_back(held, held.history, row_id, row, before))
        return row

    def remove(self, table: str, row_id: str) -> None:
        self.version += 1
        held = self.tables[table]
        before = held.rows[row_id]
        held.deletions.append((self.version, row_id))
        self._replace(held, row_id, before, None)
        if self._undo is not None:
            self._undo.append(lambda: self._take_back(held, held.deletions, row_id, None, before))

    def add_key(self, table: str, key: AlternateKey) -> None:
        """Make an alternate key and its index. The caller has checked that the values are unique."""
        held = self.tables[table]
        held.keys[key.id] = key
        index = held.indexes[key.id] = {}
        for row in held.rows.values():
            if (value := key.value_of(row.values)) is not None:
                index[value] = row.id

    def remove_key(self, table: str, key_id: str) -> None:
        del self.tables[table].keys[key_id], self.tables[table].indexes[key_id]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo every write of the block if it raises. A block inside another belongs to the outer one."""
        if self._undo is not None:
            yield
            return
        self._undo = []
        try:
            yield
        except BaseException:
            for step in reversed(self._undo):
                step()
            raise
        finally:
            self._undo = None
            self._compact()

    def when_undone(self, step: Callable[[], object]) -> None:
        """Let the transaction, if there is one, take back something that is kept elsewhere."""
        if self._undo is not None:
            self._undo.append(lambda: (step(), None)[1])

    def _take_back(
        self,
        held: TableRows,
        entries: list[tuple[int, str]],
        row_id: str,
        now: Row | None,
        before: Row | None,
    ) -> None:
        entries.pop()
        self._replace(held, row_id, now, before)

    def _replace(self, held: TableRows, row_id: str, before: Row | None, after: Row | None) -> None:
        held.generation += 1
        if before is None or after is None:
            held.members += 1
        held.index(row_id, before, after)
        if before is not None:
            for target in held.references(before.values):
                self.referenced[target] -= 1
        if after is not None:
            for target in held.references(after.values):
                self.referenced[target] = self.referenced.get(target, 0) + 1
            held.rows[row_id] = after
        else:
            held.rows.pop(row_id, None)

    def _compact(self) -> None:
        """Drop outlived entries of the histories, between transactions only."""
        for held in self.tables.values():
            if len(held.history) > 2 * len(held.rows) + 10_000:
                held.history = sorted((row.version, row.id) for row in held.rows.values())
