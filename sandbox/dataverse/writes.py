"""Create, update and delete rows as one user, with everything the service adds by itself.

Source: reference/dataverse-web-api.md sections 2, 8, 9 and 13. Every method raises Refused, and the
caller's transaction then undoes what was written. What single tables of sales add is in `behaviours.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sandbox.dataverse import payload
from sandbox.dataverse.address import Address, find, new_id
from sandbox.dataverse.amounts import settle_money
from sandbox.dataverse.behaviour import Change
from sandbox.dataverse.behaviours import BEHAVIOURS
from sandbox.dataverse.defaults import fill_defaults
from sandbox.dataverse.deletions import CASCADE, RESTRICT, in_use
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.refusal import (
    DUPLICATE,
    DUPLICATE_ISO_CODE,
    DUPLICATE_KEY,
    INVALID_ARGUMENT,
    VERSION_MISMATCH,
    Refused,
    bad_payload,
    missing_row,
)
from sandbox.dataverse.schema import TABLES, Table
from sandbox.dataverse.states import settle_state
from sandbox.dataverse.store import Row
from sandbox.dataverse.values import convert


class Writes:
    """Writes of one request. `rows` counts the rows really changed, by entity set."""

    def __init__(self, environment: Environment, user_id: str) -> None:
        self.environment = environment
        self.store = environment.store
        self._user_id = user_id
        self._now = environment.now()
        self.references: dict[str, str] = {}  # Content-ID → row, inside a change set
        self.rows: Counter[str] = Counter()
        self._depth = 0
        self._touched: dict[tuple[str, str], None] = {}

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let several writes be one: rows touched by them are written once more at the end."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
        if self._depth == 0:
            for name, row_id in list(self._touched):
                row = self.store.get(name, row_id)
                if row is not None:
                    self.change(TABLES[name], row, {}, service=True)
            self._touched.clear()

    def touch(self, table: str, row_id: str) -> None:
        self._touched[table, row_id] = None

    # --- one row -------------------------------------------------------------------------------

    def create(self, table: Table, body: Mapping[str, Any], *, key: Address | None = None) -> Row:
        """Create a row and what is nested in it. The id is the one of `key` or of the body, else a new one.

        Raises:
            Refused: 412 when the id or an alternate key exists; 400 or 404 for what the body holds.
        """
        if self._depth:
            return self._create(table, body, key, None)
        with self.together():
            row = self._create(table, body, key, None)
        return self.store.tables[table.name].rows[row.id]

    def _create(
        self, table: Table, body: Mapping[str, Any], key: Address | None, parent: tuple[str, str, str] | None
    ) -> Row:
        """Create one row; `parent` is the lookup to the row that it is nested in, with table and id."""
        if table.name in ("organization", "sdkmessage", "sdkmessagefilter"):
            raise Refused(405, INVALID_ARGUMENT, f"The 'Create' method does not support '{table.name}'.")
        self.environment.security.check(self._user_id, "Create", table)
        sent = payload.read(self.environment, table, body, creating=True, references=self.references)
        changes = sent.changes
        if key is not None:
            # Values of the body win over those of the URL (reference section 2, "Alternate keys").
            changes = {**self._key_columns(table, key), **changes}
        row_id = (key.id if key is not None else None) or sent.id or new_id()
        if self.store.get(table.name, row_id) is not None:
            raise Refused(412, DUPLICATE, "A record with matching key values already exists.")
        for column, target, nested in sent.parents:
            payload.point(changes, column, target, self._create(TABLES[target], nested, None, None).id)
        if parent is not None:
            payload.point(changes, table.columns[parent[0]], parent[1], parent[2])
        row = self._insert(table, row_id, changes)
        for collection, rows in sent.children:
            for child in rows:
                self._create(TABLES[collection.table], child, None, (collection.column, table.name, row.id))
        return row

    def insert(self, table: Table, values: Mapping[str, Any]) -> Row:
        """Store a row that the service makes by itself."""
        return self._insert(table, new_id(), values, service=True)

    def _insert(self, table: Table, row_id: str, changes: Mapping[str, Any], *, service: bool = False) -> Row:
        values = {name: value for name, value in changes.items() if value is not None}
        changed = frozenset(values)
        fill_defaults(self.environment, self._user_id, table, values)
        values["createdon"], values["createdby"] = self._now, self._user_id
        return self._put(table, row_id, values, before=None, changed=changed, service=service)

    def update(self, table: Table, row: Row, body: Mapping[str, Any]) -> Row:
        """Change the columns that the body holds. Without any it still makes a new version."""
        security = self.environment.security
        security.check(self._user_id, "Write", table)
        sent = payload.read(self.environment, table, body, creating=False, references=self.references)
        if "ownerid" in sent.changes:
            security.check(self._user_id, "Assign", table)
        if sent.id is not None and sent.id != row.id:
            raise bad_payload(table.entity_set, f"The key '{table.key}' cannot be changed.")
        with self.together():
            self.change(table, row, sent.changes)
        return self.store.tables[table.name].rows[row.id]

    def change(self, table: Table, row: Row, changes: Mapping[str, Any], *, service: bool = False) -> Row:
        """Change columns in stored form; as the service, past locks and forbidden states."""
        values = dict(row.values)
        for name, value in changes.items():
            if value is None:
                values.pop(name, None)
            else:
                values[name] = value
        return self._put(table, row.id, values, before=row, changed=frozenset(changes), service=service)

    def delete(self, table: Table, row: Row) -> None:
        self.environment.security.check(self._user_id, "Delete", table)
        with self.together():
            self._delete(table, row, with_parent=False)

    def _delete(self, table: Table, row: Row, *, with_parent: bool) -> None:
        if table.name in ("organization", "sdkmessage", "sdkmessagefilter"):
            raise Refused(405, INVALID_ARGUMENT, f"The 'Delete' method does not support '{table.name}'.")
        behaviour = BEHAVIOURS.get(table.name)
        if behaviour is not None and behaviour.deleting is not None:
            behaviour.deleting(self, row, with_parent)
        if self.store.referenced.get(row.id) or table.name == "transactioncurrency":
            self._let_go(table, row)
        self.store.remove(table.name, row.id)
        self.rows[table.entity_set] += 1
        self._tell("Delete", table, row.id, {})
        if behaviour is not None and behaviour.deleted is not None:
            behaviour.deleted(self, row)

    def link(self, table: Table, row: Row, navigation: str, target: str | None) -> None:
        """Change one lookup by `$ref`; None clears it."""
        self.update(table, row, {f"{navigation}@odata.bind": target})

    def match(self, row: Row | None, if_match: str | None, where: Address) -> None:
        """Apply `If-Match`. Raises Refused: 404 for a missing row, 412 for another version."""
        if if_match is None:
            return
        if row is None:
            raise missing_row(where.table.name, where.id or where.text)
        wanted = if_match.strip()
        if wanted not in ("*", etag(row)):
            raise Refused(
                412,
                VERSION_MISMATCH,
                "The version of the existing record doesn't match the RowVersion property provided.",
            )

    def upsert(self, table: Table, where: Address, body: Mapping[str, Any]) -> tuple[Row, bool]:
        """Update the row, or create it. Return it, and whether it is new."""
        row = find(self.store, where)
        if row is None:
            return self.create(table, body, key=where), True
        if where.key is not None:  # key columns in the body are ignored (reference section 2)
            body = {name: value for name, value in body.items() if name not in where.key.columns}
        return self.update(table, row, body), False

    def store_as_is(
        self, table: Table, body: Mapping[str, Any], lookups: Mapping[str, Any], fixed: Mapping[str, Any]
    ) -> Row:
        """Fill the sandbox with a row: any column, any state, lookups unchecked; replaces the id's row."""
        sent = payload.read(self.environment, table, body, creating=True, references={})
        row_id = sent.id or new_id()
        values = {name: value for name, value in {**sent.changes, **lookups}.items() if value is not None}
        values.setdefault("statecode", table.default_state)
        if table.state is None:
            del values["statecode"]
        values.setdefault("createdon", self._now)
        values.setdefault("createdby", self._user_id)
        fill_defaults(self.environment, self._user_id, table, values)
        before = Row(row_id, 0, values)
        values = dict(values)
        for name, value in fixed.items():
            if value is not None and name != "versionnumber":
                values[name] = convert(self.environment, table, table.columns[name], value)
        settle_state(self.environment, table, values, before, frozenset(values))
        return self._store_row(table, row_id, values)

    # --- what the service adds -----------------------------------------------------------------

    def _key_columns(self, table: Table, key: Address) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, raw in key.values.items():
            column = table.columns[name]
            values[name] = raw if column.is_lookup else convert(self.environment, table, column, raw)
        return values

    def _put(
        self,
        table: Table,
        row_id: str,
        values: dict[str, Any],
        *,
        before: Row | None,
        changed: frozenset[str],
        service: bool,
    ) -> Row:
        settle_state(self.environment, table, values, before, changed)
        if not service:
            told = {name: values.get(name) for name in (*changed, *(n for n in values if "@" in n))}
            self._tell("Create" if before is None else "Update", table, row_id, told)
        behaviour = BEHAVIOURS.get(table.name)
        if behaviour is None:
            return self._store_row(table, row_id, values)
        change = Change(
            service=self,
            table=table,
            row_id=row_id,
            values=values,
            before=before,
            changed=changed,
            by_service=service,
        )
        behaviour.check(change)
        row = self._store_row(table, row_id, values)
        if behaviour.stored is not None:
            behaviour.stored(change, row)
        return row

    def _tell(self, message: str, table: Table, row_id: str, changed: Mapping[str, Any]) -> None:
        """Let the service endpoint hear of it, unless the transaction is undone."""
        undo = self.environment.notices.note(message, table.name, row_id, self._user_id, changed)
        if undo is not None:
            self.store.when_undone(undo)

    def _store_row(self, table: Table, row_id: str, values: dict[str, Any]) -> Row:
        settle_money(self.environment, table, values)
        self._names(table, values)
        if "owningbusinessunit" in table.columns and "ownerid" in values:
            self._owner(table, values)
        if "modifiedon" in table.columns:
            values["modifiedon"], values["modifiedby"] = self._now, self._user_id
        self._unique(table, row_id, values)
        self.rows[table.entity_set] += 1
        return self.store.put(table.name, row_id, values)

    def _names(self, table: Table, values: dict[str, Any]) -> None:
        if table.name in ("contact", "systemuser"):
            parts = (values.get(part) for part in ("firstname", "middlename", "lastname"))
            if name := " ".join(part for part in parts if part):
                values["fullname"] = name
            else:
                values.pop("fullname", None)

    def _owner(self, table: Table, values: dict[str, Any]) -> None:
        user = values.get(table.columns["ownerid"].type_key, "systemuser") == "systemuser"
        for name, owned in (("owninguser", user), ("owningteam", not user)):
            if name in table.columns:
                if owned:
                    values[name] = values["ownerid"]
                else:
                    values.pop(name, None)
        owner = self.store.get("systemuser" if user else "team", values["ownerid"])
        if owner is not None and "businessunitid" in owner.values:
            values["owningbusinessunit"] = owner.values["businessunitid"]

    def _unique(self, table: Table, row_id: str, values: Mapping[str, Any]) -> None:
        held = self.store.rows(table.name)
        for key in held.keys.values():
            other = held.by_key(key, values)
            if other is not None and other.id != row_id:
                raise Refused(
                    412,
                    DUPLICATE_KEY,
                    f"Entity Key {key.name} violated. A record with the same value for {', '.join(key.columns)} "
                    "already exists. A duplicate record cannot be created. Select one or more unique values and "
                    "try again.",
                )
        if table.name == "transactioncurrency":
            code = values["isocurrencycode"].casefold()
            if any(
                r.id != row_id and r.values["isocurrencycode"].casefold() == code for r in held.rows.values()
            ):
                raise Refused(400, DUPLICATE_ISO_CODE, "A currency with the same ISO code exists already.")

    def _let_go(self, table: Table, row: Row) -> None:
        """Apply the delete behaviour of every relation that leads to the row: refusals first."""
        found = [
            (other, column, child)
            for other in TABLES.values()
            for column in other.columns.values()
            if table.name in column.targets and column.writable_navigation
            for child in self.store.rows(other.name).pointing(column.name, row.id)
        ]
        for other, column, _ in found:
            if (other.name, column.name) in RESTRICT:
                raise in_use(table.name, other.name)
        for other, column, child in found:
            current = self.store.get(other.name, child.id)
            if current is None:
                continue  # gone with another row, like the units of a group
            if (other.name, column.name) in CASCADE:
                self._delete(other, current, with_parent=True)
            else:
                links = {column.name: None, column.type_key: None}
                self.change(other, current, links, service=True)


def etag(row: Row) -> str:
    return f'W/"{row.version}"'
