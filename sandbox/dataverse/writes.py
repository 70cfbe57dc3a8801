"""Create, update and delete rows as one user, with everything the service adds by itself.

Source: reference/dataverse-web-api.md sections 2, 8, 9 and 13. Every method raises Refused, and the
caller's transaction then undoes what was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.dataverse import payload
from sandbox.dataverse.address import Address, find, new_id
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
from sandbox.dataverse.values import convert, money, rounded

#: SystemRequired columns that the service fills when they are not sent.
_NUMBERED = {"ordernumber": "ORD", "invoicenumber": "INV", "quotenumber": "QUO"}
_DEFAULTS: Mapping[str, Any] = {
    "producttypecode": 1,
    "productstructure": 1,
    "accessmode": 0,
    "caltype": 0,
    "teamtype": 0,
}

#: What deleting a row does to the rows that point to it; everything else loses its link, which for
#: account → contact is an assumption (the reference is silent; section 9 names the others).
_RESTRICT = frozenset(
    ("salesorder", column)
    for column in ("customerid", "pricelevelid", "opportunityid", "quoteid", "transactioncurrencyid")
)
_CASCADE = frozenset(
    {
        ("productpricelevel", "productid"),
        ("uom", "uomscheduleid"),
        ("salesorderdetail", "salesorderid"),
        ("invoicedetail", "invoiceid"),
        ("quotedetail", "quoteid"),
        ("annotation", "objectid"),
    }
)


class Writes:
    """Writes of one request. `rows` counts the rows really changed."""

    def __init__(self, environment: Environment, user_id: str) -> None:
        self._environment = environment
        self._store = environment.store
        self._user_id = user_id
        self._now = environment.now()
        self.references: dict[str, str] = {}  # Content-ID → row, inside a change set
        self.rows = 0

    # --- one row -------------------------------------------------------------------------------

    def create(self, table: Table, body: Mapping[str, Any], *, key: Address | None = None) -> Row:
        """Create a row. The id is the one of `key` or of the body, else a new one.

        Raises:
            Refused: 412 when the id or an alternate key exists; 400 or 404 for what the body holds.
        """
        if table.name in ("organization", "sdkmessage", "sdkmessagefilter"):
            raise Refused(405, INVALID_ARGUMENT, f"The 'Create' method does not support '{table.name}'.")
        sent = payload.read(self._environment, table, body, creating=True, references=self.references)
        changes = sent.changes
        if key is not None:
            # Values of the body win over those of the URL (reference section 2, "Alternate keys").
            changes = {**self._key_columns(table, key), **changes}
        row_id = (key.id if key is not None else None) or sent.id or new_id()
        if self._store.get(table.name, row_id) is not None:
            raise Refused(412, DUPLICATE, "A record with matching key values already exists.")
        for column, target, nested in sent.parents:
            payload.point(changes, column, target, self.create(TABLES[target], nested).id)
        values = {name: value for name, value in changes.items() if value is not None}
        self._defaults(table, values)
        values["createdon"], values["createdby"] = self._now, self._user_id
        row = self._put(table, row_id, values, before=None, changed=frozenset(values))
        for collection, rows in sent.children:
            child_table = TABLES[collection.table]
            for nested in rows:
                child = self.create(child_table, nested)
                linked = dict(child.values)
                payload.point(linked, child_table.columns[collection.column], table.name, row.id)
                self._put(child_table, child.id, linked, before=child, changed=frozenset({collection.column}))
        return row

    def update(self, table: Table, row: Row, body: Mapping[str, Any]) -> Row:
        """Change the columns that the body holds. Without any it still makes a new version."""
        sent = payload.read(self._environment, table, body, creating=False, references=self.references)
        if sent.id is not None and sent.id != row.id:
            raise bad_payload(table.entity_set, f"The key '{table.key}' cannot be changed.")
        return self.change(table, row, sent.changes)

    def change(self, table: Table, row: Row, changes: Mapping[str, Any]) -> Row:
        values = dict(row.values)
        for name, value in changes.items():
            if value is None:
                values.pop(name, None)
            else:
                values[name] = value
        return self._put(table, row.id, values, before=row, changed=frozenset(changes))

    def delete(self, table: Table, row: Row) -> None:
        if table.name in ("organization", "sdkmessage", "sdkmessagefilter"):
            raise Refused(405, INVALID_ARGUMENT, f"The 'Delete' method does not support '{table.name}'.")
        if self._store.referenced.get(row.id) or table.name == "transactioncurrency":
            self._let_go(table, row)
        self._store.remove(table.name, row.id)
        self.rows += 1

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
        row = find(self._store, where)
        if row is None:
            return self.create(table, body, key=where), True
        if where.key is not None:  # key columns in the body are ignored (reference section 2)
            body = {name: value for name, value in body.items() if name not in where.key.columns}
        return self.update(table, row, body), False

    def store_as_is(
        self, table: Table, body: Mapping[str, Any], lookups: Mapping[str, Any], fixed: Mapping[str, Any]
    ) -> Row:
        """Fill the sandbox with a row: any column, any state, lookups unchecked; replaces the id's row."""
        sent = payload.read(self._environment, table, body, creating=True, references={})
        row_id = sent.id or new_id()
        values = {name: value for name, value in {**sent.changes, **lookups}.items() if value is not None}
        values.setdefault("statecode", table.default_state)
        if table.state is None:
            del values["statecode"]
        values.setdefault("createdon", self._now)
        values.setdefault("createdby", self._user_id)
        self._defaults(table, values)
        before = Row(row_id, 0, values)
        values = dict(values)
        for name, value in fixed.items():
            if value is not None and name != "versionnumber":
                values[name] = convert(self._environment, table, table.columns[name], value)
        return self._put(table, row_id, values, before=before, changed=frozenset(values))

    # --- what the service adds -----------------------------------------------------------------

    def _key_columns(self, table: Table, key: Address) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, raw in key.values.items():
            column = table.columns[name]
            values[name] = raw if column.is_lookup else convert(self._environment, table, column, raw)
        return values

    def _defaults(self, table: Table, values: dict[str, Any]) -> None:
        """Fill what a new row has without being told. Raises Refused for a missing SystemRequired value."""
        for column in table.columns.values():
            name = column.name
            if name in values or name == table.key:
                continue
            if name == "islicensed":
                values[name] = "applicationid" not in values  # a person's licence comes from elsewhere
            elif column.type == "Boolean" and (column.create or column.required == "SystemRequired"):
                values[name] = False
            elif name in _NUMBERED and column.required == "SystemRequired":
                values[name] = f"{_NUMBERED[name]}-{self._store.version + 1:08d}"
            elif name in _DEFAULTS and column.required == "SystemRequired":
                values[name] = _DEFAULTS[name]
            elif name == "ownerid" and column.is_lookup:
                payload.point(values, column, "systemuser", self._user_id)
            elif name == "businessunitid" and column.required == "SystemRequired":
                values[name] = self._environment.business_unit_id
            elif name == "administratorid":
                values[name] = self._user_id
            elif name == "organizationid":
                values[name] = self._environment.organization_id
            elif name == "isdisabled":
                values[name] = False
            elif (
                column.required == "SystemRequired"
                and column.create
                and column.type not in ("State", "Status")
            ):
                # Status of the reference ("null → 400"); the code is a guess.
                raise Refused(400, INVALID_ARGUMENT, f"Attribute '{name}' cannot be NULL on {table.name}.")

    def _put(
        self,
        table: Table,
        row_id: str,
        values: dict[str, Any],
        *,
        before: Row | None,
        changed: frozenset[str],
    ) -> Row:
        settle_state(self._environment, table, values, before, changed)
        self._currency(table, values)
        self._names(table, values)
        if "owningbusinessunit" in table.columns and "ownerid" in values:
            self._owner(table, values)
        if "modifiedon" in table.columns:
            values["modifiedon"], values["modifiedby"] = self._now, self._user_id
        self._unique(table, row_id, values)
        self.rows += 1
        return self._store.put(table.name, row_id, values)

    def _currency(self, table: Table, values: dict[str, Any]) -> None:
        """Round money; a row with money has a currency, by default the organization's."""
        if not table.has_money:
            return
        amounts = [
            c for c in table.columns.values() if c.type == "Money" and not c.is_base and c.name in values
        ]
        if amounts and "transactioncurrencyid" not in values:
            values["transactioncurrencyid"] = self._environment.organization.values["basecurrencyid"]
        currency = self._environment.currency(values.get("transactioncurrencyid"))
        if "exchangerate" in table.columns:
            if currency is None:
                values.pop("exchangerate", None)
            else:
                values["exchangerate"] = rounded(currency.values["exchangerate"], 12)
        for column in amounts:
            digits = column.precision
            if column.precision_source == 1:
                digits = self._environment.organization.values["pricingdecimalprecision"]
            elif column.precision_source == 2 and currency is not None:
                digits = currency.values["currencyprecision"]
            values[column.name] = money(values[column.name], digits)
        for column in table.columns.values():
            if column.is_base:
                amount = values.get(column.name.removesuffix("_base"))
                if amount is None or currency is None:
                    values.pop(column.name, None)
                else:
                    values[column.name] = money(Decimal(amount) / currency.values["exchangerate"], 4)

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
        owner = self._store.get("systemuser" if user else "team", values["ownerid"])
        if owner is not None and "businessunitid" in owner.values:
            values["owningbusinessunit"] = owner.values["businessunitid"]

    def _unique(self, table: Table, row_id: str, values: Mapping[str, Any]) -> None:
        held = self._store.rows(table.name)
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
        """Apply the delete behaviour of every relation that leads to the row."""
        for other in TABLES.values():
            for column in other.columns.values():
                if table.name not in column.targets or not column.writable_navigation:
                    continue
                pointing = list(self._store.rows(other.name).pointing(column.name, row.id))
                for child in pointing:
                    if (other.name, column.name) in _RESTRICT:
                        # The code is a guess: reference section 8 gives the status only.
                        raise Refused(
                            405,
                            "0x80040227",
                            f"The {table.name} cannot be deleted because it is associated with a {other.name}.",
                        )
                    if (other.name, column.name) in _CASCADE:
                        self.delete(other, child)
                    else:
                        self.change(other, child, {column.name: None, column.type_key: None})


def etag(row: Row) -> str:
    return f'W/"{row.version}"'
