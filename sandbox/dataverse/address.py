"""Names of rows: `accounts(<guid>)`, `accounts(accountnumber='A1')`, relative, rooted or absolute.

Source: reference/dataverse-web-api.md section 2, "Lookups" and "Alternate keys".
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from sandbox.dataverse.refusal import Refused, bad_query, missing_row, no_segment
from sandbox.dataverse.schema import BY_SET, Table
from sandbox.dataverse.store import AlternateKey, Row, Store
from sandbox.dataverse.tokens import GUID, tokens

_GUID = re.compile(GUID)
_ROOT = re.compile(r"^(?:https?://[^/]+)?/?(?:api/data/v9\.\d+/)?")
_ROW = re.compile(r"^(\w+)\((.*)\)$", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Address:
    """A row by its id, or by the values of an alternate key (then `id` is None)."""

    table: Table
    id: str | None = None
    key: AlternateKey | None = None
    values: dict[str, Any] = field(default_factory=dict)
    text: str  # as it was given, inside the parentheses


def as_guid(text: str) -> str | None:
    """Return the id in lower case, or None if it is none (braces and quotes make it none)."""
    return text.lower() if _GUID.fullmatch(text) else None


def strip_root(url: str) -> str:
    """Return what follows `/api/data/v9.x/`."""
    return _ROOT.sub("", url, count=1)


def address(store: Store, table: Table, text: str) -> Address:
    if row_id := as_guid(text.strip()):
        return Address(table=table, id=row_id, text=text)
    values = _key_values(table, text)
    if set(values) == {table.key} and table.name not in ("systemuser", "team"):
        if row_id := as_guid(str(values[table.key])):
            return Address(table=table, id=row_id, text=text)
    for key in store.rows(table.name).keys.values():
        if set(key.columns) == set(values):
            return Address(table=table, key=key, values=values, text=text)
    raise bad_query(
        f"The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.{table.name}'. "
        "Ensure that the names and number of key properties match the declared key properties."
    )


def find(store: Store, where: Address) -> Row | None:
    if where.id is not None:
        return store.get(where.table.name, where.id)
    assert where.key is not None
    return store.rows(where.table.name).by_key(where.key, where.values)


def must_find(store: Store, where: Address) -> Row:
    row = find(store, where)
    if row is None:
        raise missing_row(where.table.name, where.id or where.text)
    return row


def reference(store: Store, text: str) -> Address:
    """Return the row that the value of an `@odata.bind`, `@odata.id` or such names."""
    match = _ROW.match(unquote(strip_root(text)) if "%" in text else strip_root(text))
    if match is None:
        raise bad_query(f"Invalid URI '{text}': the name of a row was expected.")
    table = BY_SET.get(match.group(1))
    if table is None:
        raise no_segment(match.group(1))
    return address(store, table, match.group(2))


def new_id() -> str:
    return str(uuid.uuid4())


def _key_values(table: Table, text: str) -> dict[str, Any]:
    invalid = bad_query(f"The key '{text}' in the request URI is not valid.")
    values: dict[str, Any] = {}
    try:
        found = tokens(text)
    except Refused:
        raise invalid from None
    while found:
        if len(found) < 3 or found[0].kind != "name" or found[1].text != "=":
            raise invalid
        column = table.by_wire.get(found[0].text)
        if column is None:
            raise invalid
        literal = found[2]
        match literal.kind:
            case "string":
                values[column.name] = literal.text[1:-1].replace("''", "'")
            case "number":
                number = Decimal(literal.text)
                values[column.name] = number if column.edm == "Edm.Decimal" else int(number)
            case "guid":
                values[column.name] = literal.text.lower()
            case _:
                values[column.name] = literal.text
        found = found[3:]
        if found:
            if found[0].text != ",":
                raise invalid
            found = found[1:]
    return values
