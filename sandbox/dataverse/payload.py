"""Read the body of a write: column values, lookups bound to rows, rows to create with it.

Source: reference/dataverse-web-api.md sections 2 ("Lookups", deep insert), 3 and 13, 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.dataverse.address import must_find, reference
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.refusal import Refused, bad_payload
from sandbox.dataverse.schema import Collection, Column, Table
from sandbox.dataverse.values import convert

_BIND = "@odata.bind"
#: Annotations that a body may carry without effect.
_HARMLESS = ("@odata.type", "@odata.id", "@odata.etag", "@odata.context")


@dataclass(kw_only=True)
class Payload:
    changes: dict[str, Any] = field(default_factory=dict)  # by logical name; None clears
    children: list[tuple[Collection, list[dict[str, Any]]]] = field(default_factory=list)
    parents: list[tuple[Column, str, dict[str, Any]]] = field(default_factory=list)
    id: str | None = None


def read(
    environment: Environment,
    table: Table,
    body: Mapping[str, Any],
    *,
    creating: bool,
    references: Mapping[str, str],
) -> Payload:
    """Check every member of the body. Raises Refused; nothing is written here.

    A column that is not valid for this operation is ignored, as the service does with values that it
    sets itself or that are insert-only (reference/sales-documents.md S95, inferred there).
    """
    found = Payload()
    for name, raw in body.items():
        if name.endswith(_BIND):
            _bind(environment, table, name.removesuffix(_BIND), raw, found, creating, references)
        elif "@" in name:
            _annotation(table, name, raw)
        elif name == table.key:
            found.id = convert(environment, table, table.columns[name], raw)
            if found.id is None:
                raise bad_payload(table.entity_set, f"The key '{name}' must not be null.")
        elif (column := table.columns.get(name)) is not None and not column.is_lookup:
            if column.create if creating else column.update:
                found.changes[name] = _required(column, convert(environment, table, column, raw))
        elif name in table.navigations:
            _navigation(table, name, raw, found, creating)
        elif name in table.collections:
            if not creating or not isinstance(raw, list):
                raise bad_payload(
                    table.entity_set, f"The navigation property '{name}' takes a list, on create."
                )
            found.children.append((table.collections[name], raw))
        else:
            raise _unknown(table, name)
    return found


def _required(column: Column, value: Any) -> Any:
    """SystemRequired may not be cleared; ApplicationRequired is for forms (reference section 8)."""
    if value is None and column.required == "SystemRequired":
        # The code is a guess: the reference names the status only.
        raise Refused(400, "0x80040203", f"Attribute '{column.name}' cannot be set to NULL")
    return value


def _bind(
    environment: Environment,
    table: Table,
    name: str,
    raw: Any,
    found: Payload,
    creating: bool,
    references: Mapping[str, str],
) -> None:
    if name not in table.navigations or not table.navigations[name][0].writable_navigation:
        raise bad_payload(
            table.entity_set,
            f"An undeclared property '{name}' which only has property annotations in the payload but no property "
            "value was found in the payload. In OData, only declared navigation properties and declared named "
            "streams can be represented as properties without values.",
        )
    column, targets = table.navigations[name]
    valid = column.create if creating else column.update
    if raw is None:
        if valid:
            _clear(column, found)
        return
    if not isinstance(raw, str):
        raise bad_payload(table.entity_set, f"The value of '{name}{_BIND}' must be a text.")
    where = reference(environment.store, resolve(raw, references))
    if where.table.name not in targets:
        raise bad_payload(
            table.entity_set,
            f"The link of '{name}' leads to '{where.table.name}'; it takes {' or '.join(targets)}.",
        )
    row = must_find(environment.store, where)
    if valid:
        point(found.changes, column, where.table.name, row.id)


def point(changes: dict[str, Any], column: Column, target: str, row_id: str) -> None:
    """Let the lookup point to this row."""
    changes[column.name] = row_id
    if len(column.targets) > 1:
        changes[column.type_key] = target


def _clear(column: Column, found: Payload) -> None:
    _required(column, None)
    # Both names of a lookup with several targets may be sent, one to set and one to clear.
    if found.changes.get(column.name) is None:
        found.changes[column.name] = None
        if len(column.targets) > 1:
            found.changes[column.type_key] = None


def _navigation(table: Table, name: str, raw: Any, found: Payload, creating: bool) -> None:
    column, targets = table.navigations[name]
    if raw is None:
        if column.writable_navigation:
            _clear(column, found)
    elif isinstance(raw, dict) and creating and len(targets) == 1 and column.writable_navigation:
        found.parents.append((column, targets[0], raw))
    else:
        raise bad_payload(
            table.entity_set,
            f"A node of type 'PrimitiveValue' was read for the navigation property '{name}'; "
            f"write '{name}{_BIND}' with the name of a row.",
        )


def _annotation(table: Table, name: str, raw: Any) -> None:
    if name == "@odata.type" and str(raw).removeprefix("#") != f"Microsoft.Dynamics.CRM.{table.name}":
        raise bad_payload(
            table.entity_set, f"The type '{raw}' does not fit the entity set '{table.entity_set}'."
        )
    prefix = name.split("@", 1)[0]
    if prefix and prefix not in table.by_wire and prefix not in table.navigations:
        raise _unknown(table, prefix)
    if not prefix and name not in _HARMLESS and not name.startswith("@Microsoft."):
        raise bad_payload(table.entity_set, f"The annotation '{name}' is not known.")


def _unknown(table: Table, name: str) -> Refused:
    if name in table.by_wire or name in table.columns:  # `_x_value`, or a lookup by its plain name
        return bad_payload(
            table.entity_set,
            f"The property '{name}' is computed and cannot be written; bind its navigation property.",
        )
    return bad_payload(
        table.entity_set,
        f"The property '{name}' does not exist on type 'Microsoft.Dynamics.CRM.{table.name}'.",
    )


def resolve(text: str, references: Mapping[str, str]) -> str:
    """Replace `$n` at the beginning by the row that operation n of the change set created."""
    if not text.lstrip("/").startswith("$"):
        return text
    number, slash, rest = text.lstrip("/")[1:].partition("/")
    if number not in references:
        raise bad_payload("", f"Content-ID Reference: '${number}' does not exist in the batch context.")
    return references[number] + slash + rest
