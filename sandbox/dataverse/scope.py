"""What property names mean on the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.dataverse.comparing import Getter
from sandbox.dataverse.filter import Scope
from sandbox.dataverse.refusal import bad_query, no_property
from sandbox.dataverse.schema import TABLES, Column, Table
from sandbox.dataverse.store import Row, Store

_KINDS = {
    "Edm.String": "string",
    "Edm.Guid": "guid",
    "Edm.Boolean": "bool",
    "Edm.DateTimeOffset": "date",
    "Edm.Date": "date",
}


def kind_of(column: Column) -> str:
    return _KINDS.get(column.edm, "number")


def getter_of(table: Table, name: str) -> Getter:
    """Return how to read a column (by logical name) of a row."""
    if name == table.key or (name == "ownerid" and table.name in ("systemuser", "team")):
        return lambda row: row.id
    if name == "versionnumber":
        return lambda row: row.version
    return lambda row: row.values.get(name)


def target_of(column: Column, row: Row) -> str:
    """Return the table that the lookup of this row points to."""
    return (
        column.targets[0] if len(column.targets) == 1 else row.values.get(column.type_key, column.targets[0])
    )


def related_row(store: Store, column: Column, row: Row, targets: tuple[str, ...]) -> Row | None:
    """Return the row that a navigation property of this row leads to."""
    value = row.values.get(column.name)
    if value is None or (target := target_of(column, row)) not in targets:
        return None
    return store.get(target, value)


class TableScope:
    def __init__(self, store: Store, table: Table) -> None:
        self._store = store
        self._table = table

    def value(self, path: tuple[str, ...]) -> tuple[Getter, str]:
        if len(path) == 1:
            return self._column(path[0])
        navigation = self._table.navigations.get(path[0])
        if navigation is None:
            raise no_property(path[0], self._table.name)
        column, targets = navigation
        if len(targets) != 1:
            raise bad_query(f"The path '{'/'.join(path)}' leads to several tables.")
        inner, kind = TableScope(self._store, TABLES[targets[0]]).value(path[1:])

        def read(row: Row) -> Any:
            related = related_row(self._store, column, row, targets)
            return inner(related) if related is not None else None

        return read, kind

    def _column(self, name: str) -> tuple[Getter, str]:
        if name == "ownerid" and self._table.name in ("systemuser", "team"):
            return getter_of(self._table, name), "guid"
        column = self._table.by_wire.get(name)
        if column is None:
            raise no_property(name, self._table.name)
        return getter_of(self._table, column.name), kind_of(column)

    def collection(self, path: tuple[str, ...]) -> tuple[Callable[[Any], Iterable[Any]], Scope]:
        if len(path) != 1 or path[0] not in self._table.collections:
            raise no_property("/".join(path), self._table.name)
        collection = self._table.collections[path[0]]
        rows = self._store.rows(collection.table)

        def related(row: Row) -> Iterable[Row]:
            return rows.pointing(collection.column, row.id)

        return related, TableScope(self._store, TABLES[collection.table])

    def is_key(self, path: tuple[str, ...]) -> bool:
        return path == (self._table.key,)
