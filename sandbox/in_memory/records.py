"""The in-memory twin of one side's records: rows, versions, deletions, faults. For fast tests.

It keeps the promises of the `Records` port (the contract suite runs on it too) and none of the
quirks of the real services, which are the simulators' work; but one: it refuses to be searched by a
column that the service would not search by.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.in_memory.findable import why_not_findable
from shared.core.errors import Exists, Missing, Rejected, Stale, SyncError, Transient
from shared.core.mapping import Table
from shared.core.model import Record, Side
from shared.ports import ChangePage, Clock, Step, Write, Written

#: People, and Tandem's own identity, as this side names them.
PEOPLE, INTEGRATION = "people", "integration"


class InMemoryRecords:
    """One side. `people` methods (add, edit, delete) act as somebody else than the integration user."""

    def __init__(self, side: Side, clock: Clock) -> None:
        self.side = side
        self.requests = 0
        self.written = 0
        self.reads = 0
        self._clock = clock
        self._version = 0
        self._rows: dict[str, dict[str, dict[str, Any]]] = {}
        self._gone: list[tuple[int, str, str]] = []
        #: Called before and after every port call with its name; may raise (crash, throttling).
        self.before: Callable[[str], None] = lambda name: None
        self.after: Callable[[str], None] = lambda name: None
        #: Refuses a write with a reason, as a validation of the real system would.
        self.refuse: Callable[[str, Mapping[str, Any]], str | None] = lambda table, values: None
        #: Rewrites a value as the real system would (trim, upper-case, round).
        self.rewrite: Callable[[str, str, Any], Any] = lambda table, column, value: value
        self.lost_answers = 0
        #: What the real system puts into a new row by itself, by table.
        self.defaults: Mapping[str, Mapping[str, Any]] = {}
        #: Rows that the real system makes by itself with a new row: (table, id, values) of each.
        self.makes: Callable[[str, str, Mapping[str, Any]], Iterable[tuple[str, str, Mapping[str, Any]]]] = (
            lambda table, id, values: ()
        )

    # --- people ------------------------------------------------------------------------------

    def add(self, table: str, id: str, /, **values: Any) -> str:
        self._put(table, id, values, PEOPLE, create=True)
        return id

    def edit(self, table: str, id: str, /, **values: Any) -> None:
        self._put(table, id, values, PEOPLE)

    def compute(self, table: str, id: str, /, **values: Any) -> None:
        """Change what a row shows while the row and its version stand still, as a FlowField does."""
        self._rows[table][id]["values"] |= values

    def delete(self, table: str, id: str) -> None:
        if self._rows.get(table, {}).pop(id, None) is not None:
            self._version += 1
            self._gone.append((self._version, table, id))

    def show(self, table: str, id: str) -> dict[str, Any] | None:
        row = self._rows.get(table, {}).get(id)
        return copy.deepcopy(row["values"]) if row else None

    def all(self, table: str) -> dict[str, dict[str, Any]]:
        return {i: copy.deepcopy(r["values"]) for i, r in self._rows.get(table, {}).items()}

    # --- the port ----------------------------------------------------------------------------

    def user_ids(self) -> frozenset[str]:
        return frozenset({INTEGRATION})

    def changes(self, table: Table, *, cursor: str | None, page: str | None, limit: int) -> ChangePage:
        self._call("changes")
        until, after = (int(p) for p in page.split(":")) if page else (self._version, int(cursor or 0))
        rows = sorted(
            (r["version"], i)
            for i, r in self._rows.get(self._name(table), {}).items()
            if r["version"] > after
        )
        part, more = rows[:limit], len(rows) > limit
        records = tuple(self._record(table, i) for _, i in part)
        if more:
            return ChangePage(records=records, next=f"{until}:{part[-1][0]}", full=cursor is None)
        start = int(cursor or 0)
        gone = tuple(i for v, t, i in self._gone if t == self._name(table) and v > start) if cursor else ()
        self.after("changes")
        return ChangePage(records=records, deleted=gone, cursor=str(until), full=cursor is None)

    def position(self, table: Table) -> str:
        self._call("position")
        return str(self._version)

    def get(self, table: Table, ids: Sequence[str]) -> dict[str, Record]:
        self._call("get")
        rows = self._rows.get(self._name(table), {})
        found = {i: self._record(table, i) for i in ids if i in rows}
        self.after("get")
        return found

    def find(self, table: Table, column: str, values: Sequence[str]) -> list[Record]:
        if why := why_not_findable(self.side, table, column):
            raise AssertionError(f"{self.side.value} {table.name} cannot be looked up by {column}: {why}")
        self._call("find")
        wanted = {v.casefold() for v in values}
        rows = self._rows.get(self._name(table), {})
        found = [
            self._record(table, i)
            for i, r in rows.items()
            if str(r["values"].get(column) or "").casefold() in wanted
        ]
        self.after("find")
        return found

    def first(
        self,
        table: Table,
        column: str,
        values: Sequence[str],
        *,
        order: Sequence[str],
        where: Sequence[tuple[str, str]],
    ) -> list[Record]:
        self._call("first")
        found: dict[str, Record] = {}
        for i in self._rows.get(self._name(table), {}):
            record = self._record(table, i)
            value = str(record.values.get(column) or "").casefold()
            if value not in {v.casefold() for v in values}:
                continue
            if any(str(record.values.get(name) or "") != wanted for name, wanted in where):
                continue
            if value not in found or _key(record, order) < _key(found[value], order):
                found[value] = record
        self.after("first")
        return list(found.values())

    def begins(self, table: Table, column: str, text: str, *, limit: int) -> list[Record]:
        self._call("begins")
        rows = self._rows.get(self._name(table), {})
        shown = {i: str(r["values"].get(column) or "").casefold() for i, r in rows.items()}
        found = sorted((value, i) for i, value in shown.items() if value.startswith(text.casefold()))
        self.after("begins")
        return [self._record(table, i) for _, i in found[:limit]]

    def create(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        return self._write("create", table, writes)

    def update(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        return self._write("update", table, writes)

    # --- inside ------------------------------------------------------------------------------

    def _write(self, name: str, table: Table, writes: Sequence[Write]) -> list[Written]:
        self._call(name)
        answers = [self._one(name, table, w) for w in writes]
        self.after(name)
        if self.lost_answers:
            self.lost_answers -= 1
            return [Written(id=w.id, error=Transient("the answer was lost")) for w in writes]
        return answers

    def _one(self, name: str, table: Table, write: Write) -> Written:
        rows = self._rows.setdefault(self._name(table), {})
        row = rows.get(write.id)
        error: SyncError | None = None
        if name == "create" and row is not None:
            error = Exists("a record with this id is there")
        elif name == "update" and row is None:
            error = Missing("no record with this id")
        elif name == "update" and row is not None and write.if_version not in ("*", str(row["version"])):
            error = Stale("another version")
        elif any(
            step.id == write.id and row is not None and step.if_version not in ("*", str(row["version"]))
            for step in write.before
        ):
            error = Stale("another version")
        elif reason := self.refuse(self._name(table), write.values) or self._refused_step(write):
            error = Rejected(reason)
        if error is not None:
            return Written(id=write.id, error=error)
        for step in write.before:
            self._do(step)
        self._put(self._name(table), write.id, write.values, INTEGRATION, create=name == "create")
        for step in write.after:
            self._do(step)
        self.written += 1 + len(write.before) + len(write.after)
        return Written(id=write.id, record=self._record(table, write.id))

    def _do(self, step: Step) -> None:
        table, id = self._name(step.table), step.id
        if step.action == "delete":
            self.delete(table, id)
        elif step.action == "release":
            self._put(table, id, {"status": "Released"}, INTEGRATION)
        elif step.action == "reopen":
            self._put(table, id, {"status": "Open"}, INTEGRATION)
        elif step.action == "reserve":
            pass  # the twin has no stock
        elif step.action == "releaseUnlessPrepaymentIsDue":
            if not self._rows[table][id]["values"].get("prepaymentPercent"):
                self._put(table, id, {"status": "Released"}, INTEGRATION)
        elif step.action == "archive":
            row = self._rows[table][id]["values"]
            kept = {name: row.get(name) for name in ("number", "yourReference")}
            self._put(f"{table[:-1]}Archives", str(uuid.uuid4()), kept, INTEGRATION, create=True)
        else:
            self._put(table, id, step.values, INTEGRATION, create=True)

    def _refused_step(self, write: Write) -> str | None:
        """Return why one of the steps cannot be done: then nothing of the record is written (H16)."""
        made: set[tuple[str, str]] = set()
        for step in (*write.before, *write.after):
            name = self._name(step.table)
            there = step.id in self._rows.get(name, {}) or (name, step.id) in made or step.id == write.id
            if step.action == "create" and there:
                return f"{name}: a row with this id is there"
            if step.action not in ("create", "upsert") and not there:
                return f"{name}: no row with this id"
            if reason := self.refuse(name, step.values):
                return f"{name}: {reason}"
            made.add((name, step.id))
        return None

    def _put(
        self, table: str, id: str, values: Mapping[str, Any], user: str, *, create: bool = False
    ) -> None:
        rows = self._rows.setdefault(table, {})
        row = rows.get(id)
        if row is None:
            if not create:
                return
            row = rows[id] = {"values": dict(self.defaults.get(table, {})), "created_by": user}
        for column, value in values.items():
            column, value = self._bound(column, value)
            row["values"][column] = self.rewrite(table, column, value)
        self._version += 1
        new = "version" not in row
        row |= {"version": self._version, "modified_by": user, "at": self._clock.now()}
        for also in self.makes(table, id, row["values"]) if new else ():
            self._put(*also, user, create=True)

    def _bound(self, column: str, value: Any) -> tuple[str, Any]:
        """Turn `x@odata.bind` into what Sales shows afterwards: `_x_value` with the id."""
        if not column.endswith("@odata.bind"):
            return column, value
        nav = column.removesuffix("@odata.bind")
        shown = "parentcustomerid" if nav.startswith("parentcustomerid") else nav
        return f"_{shown}_value", value[value.index("(") + 1 : -1] if value else None

    def _record(self, table: Table, id: str) -> Record:
        row = self._rows[self._name(table)][id]
        at = row["at"] if isinstance(row["at"], datetime) else datetime.now(UTC)
        values = {
            k: Decimal(str(v)) if isinstance(v, float) else copy.deepcopy(v) for k, v in row["values"].items()
        }
        return Record(
            side=self.side,
            id=id,
            version=str(row["version"]),
            row_version=row["version"],
            values=values,
            modified_at=at,
            modified_by=row["modified_by"],
            created_by=row["created_by"],
        )

    @staticmethod
    def _name(table: Table) -> str:
        return f"{table.entity}.{table.name}" if table.kind == "option" else table.name

    def _call(self, name: str) -> None:
        self.requests += 1
        self.before(name)


def _key(record: Record, order: Sequence[str]) -> tuple[tuple[bool, Any], ...]:
    """Return what a record is sorted by: blanks first."""
    values = (record.values.get(name) for name in order)
    return tuple((value not in (None, "", 0), value or None) for value in values)
