"""People at their screens, and the filling of a sandbox: edits in this process, without HTTP.

`add`, `edit` and `delete` behave like writes of the Web API by that identity: checked, stamped with the
user and a new version, undone when refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.dataverse.environment import Environment
from sandbox.dataverse.payload import point
from sandbox.dataverse.reading import shape_one
from sandbox.dataverse.refusal import missing_row, no_property, no_segment
from sandbox.dataverse.sales_actions import NAMES, run
from sandbox.dataverse.schema import BY_SET, TABLES, Table
from sandbox.dataverse.store import Row
from sandbox.dataverse.writes import Writes


class People:
    """Reading and writing by entity set name and property names of the wire."""

    def __init__(self, environment: Environment, user_id_of: Callable[[str], str]) -> None:
        self._environment = environment
        self._user_id_of = user_id_of

    def add(self, set_name: str, row: Mapping[str, Any], *, as_: str) -> str:
        writes = self._writes(as_)
        with self._environment.store.transaction():
            return writes.create(table_of(set_name), _decimals(row)).id

    def edit(self, set_name: str, row_id: str, values: Mapping[str, Any], *, as_: str) -> None:
        writes = self._writes(as_)
        table = table_of(set_name)
        with self._environment.store.transaction():
            writes.update(table, self._must(table, row_id), _decimals(values))

    def delete(self, set_name: str, row_id: str, *, as_: str) -> None:
        writes = self._writes(as_)
        table = table_of(set_name)
        with self._environment.store.transaction():
            writes.delete(table, self._must(table, row_id))

    def act(self, action: str, body: Mapping[str, Any], *, as_: str) -> dict[str, Any] | None:
        """Carry out an action of sales. Return the document that it made, if it makes one."""
        writes = self._writes(as_)
        if action not in NAMES:
            raise no_segment(action)
        with self._environment.store.transaction():
            answer = run(action, writes, body, "/")
        return json.loads(answer.body, parse_float=Decimal) if answer.body else None

    def get(self, set_name: str, row_id: str) -> dict[str, Any] | None:
        """Return the row with all its columns as on the wire, decimals as `Decimal`; None if there is none."""
        table = table_of(set_name)
        row = self._environment.store.get(table.name, row_id.lower())
        return shape_one(self._environment, table, row) if row is not None else None

    def all(self, set_name: str) -> list[dict[str, Any]]:
        table = table_of(set_name)
        rows = self._environment.store.rows(table.name).rows.values()
        return [shape_one(self._environment, table, row) for row in rows]

    def load(self, name: str, rows: Sequence[Mapping[str, Any]], *, as_: str) -> int:
        """Store rows in wire form, replacing those with the same id. Return how many.

        Takes columns of any kind, read-only ones too, and lookups as `_x_value` (of several targets with
        its `@Microsoft.Dynamics.CRM.lookuplogicalname`) or as `@odata.bind`. Lookups are not checked.
        """
        table = BY_SET.get(name) or TABLES[name]
        writes = self._writes(as_)
        with self._environment.store.transaction():
            for row in rows:
                self._load_one(table, row, writes)
        return len(rows)

    def _load_one(self, table: Table, row: Mapping[str, Any], writes: Writes) -> None:
        lookups: dict[str, Any] = {}
        body: dict[str, Any] = {}
        fixed: dict[str, Any] = {}
        for name, value in _decimals(row).items():
            column = table.by_wire.get(name)
            if name == "ownerid" and table.name in ("systemuser", "team"):
                continue  # their key, a second time
            if name.startswith("@") or "@Microsoft" in name or "@OData" in name:
                continue
            if column is not None and column.is_lookup:
                if value is not None:
                    target = row.get(f"{name}@Microsoft.Dynamics.CRM.lookuplogicalname", column.targets[0])
                    point(lookups, column, target, str(value).lower())
            elif column is not None and not column.create and name != table.key:
                fixed[name] = value
            elif column is None and not name.endswith("@odata.bind") and value is not None:
                raise no_property(name, table.name)
            elif column is not None or name.endswith("@odata.bind"):
                body[name] = value
        writes.store_as_is(table, body, lookups, fixed)

    def _writes(self, name: str) -> Writes:
        return Writes(self._environment, self._user_id_of(name))

    def _must(self, table: Table, row_id: str) -> Row:
        row = self._environment.store.get(table.name, row_id.lower())
        if row is None:
            raise missing_row(table.name, row_id)
        return row


def table_of(set_name: str) -> Table:
    if set_name not in BY_SET:
        raise no_segment(set_name)
    return BY_SET[set_name]


def _decimals(row: Mapping[str, Any]) -> dict[str, Any]:
    """Floats become the decimals they print as."""
    return {name: Decimal(str(value)) if isinstance(value, float) else value for name, value in row.items()}
