"""Where the tables of sales do more than store a row: hooks that `Writes` calls.

Each family of tables has a module with its hooks; `behaviours.py` puts them together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.dataverse.environment import Environment
from sandbox.dataverse.schema import Table
from sandbox.dataverse.store import Row, Store


class Service(Protocol):
    """What a hook may ask of the writes it belongs to."""

    environment: Environment
    store: Store

    def change(self, table: Table, row: Row, changes: dict[str, Any], *, service: bool = False) -> Row: ...

    def insert(self, table: Table, values: dict[str, Any]) -> Row:
        """Store a row that the service makes by itself, with all defaults."""
        ...

    def touch(self, table: str, row_id: str) -> None:
        """Have the row written once more when the request is through, for its totals."""
        ...


@dataclass(kw_only=True)
class Change:
    """A row about to be stored, or just stored. `values` may be changed until then."""

    service: Service
    table: Table
    row_id: str
    values: dict[str, Any]
    before: Row | None
    changed: frozenset[str]  # columns that the body holds
    by_service: bool  # written by the service itself: locks and refusals of states do not apply

    def is_new(self, *columns: str) -> bool:
        """Tell whether the row is new or one of the columns really gets another value."""
        if self.before is None:
            return True
        return any(self.before.values.get(name) != self.values.get(name) for name in columns)

    def row(self, table: str, column: str) -> Row | None:
        """Return the row behind a lookup; None when the lookup is empty or leads nowhere."""
        row_id = self.values.get(column)
        return self.service.store.get(table, row_id) if row_id is not None else None


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    check: Callable[[Change], None]  # before storing; raises Refused
    stored: Callable[[Change, Row], None] | None = None
    deleting: Callable[[Service, Row, bool], None] | None = None  # the last: with its parent
    deleted: Callable[[Service, Row], None] | None = None
