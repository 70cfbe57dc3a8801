"""Rows as JSON: which properties, in which order, with which annotations and related rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from sandbox.dataverse.environment import Environment
from sandbox.dataverse.options import Expand, Prefer
from sandbox.dataverse.refusal import bad_query, no_property
from sandbox.dataverse.schema import TABLES, Column, Table
from sandbox.dataverse.scope import kind_of, related_row, target_of
from sandbox.dataverse.store import Row

_FORMATTED = "OData.Community.Display.V1.FormattedValue"
_TARGET = "Microsoft.Dynamics.CRM.lookuplogicalname"
_NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"

Shape = Callable[[Row], dict[str, Any]]
#: How `$expand` of a collection filters and sorts its rows.
RowsOf = Callable[[Table, list[Row], Expand], list[Row]]


def _plain(value: Any) -> Any:
    """Print a decimal as it is held: money with four decimals, never by way of a float."""
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f").encode())
    raise TypeError(type(value).__name__)


def dumps(body: Any) -> bytes:
    return orjson.dumps(body, default=_plain)


def rows_json(build: Shape, rows: Iterable[Row]) -> orjson.Fragment:
    """Return a list of rows, each encoded by itself: thousands of dictionaries at once are slow."""
    return orjson.Fragment(b"[" + b",".join([dumps(build(row)) for row in rows]) + b"]")


@dataclass(frozen=True)
class _Selected:
    columns: tuple[Column, ...]
    pairs: tuple[tuple[str, str], ...]  # (name on the wire, logical name), without key and version
    version: bool
    principal: bool  # systemuser and team have their key twice


@lru_cache(maxsize=2048)
def selected(table_name: str, select: tuple[str, ...]) -> _Selected:
    """Return the columns of a `$select`; the key always comes along, the currency with any money."""
    table = TABLES[table_name]
    principal = table_name in ("systemuser", "team")
    columns: dict[str, Column] = {}
    for name in select or tuple(table.by_wire):
        if principal and name == "ownerid":
            continue
        if name not in table.by_wire:
            raise no_property(name, table_name)
        columns[name] = table.by_wire[name]
    if (
        any(column.type == "Money" for column in columns.values())
        and "transactioncurrencyid" in table.columns
    ):
        currency = table.columns["transactioncurrencyid"]
        columns[currency.wire] = currency
    columns[table.key] = table.columns[table.key]
    return _Selected(
        columns=tuple(columns.values()),
        pairs=tuple((c.wire, c.name) for c in columns.values() if c.name not in (table.key, "versionnumber")),
        version="versionnumber" in columns,
        principal=principal,
    )


def shape(
    environment: Environment,
    table: Table,
    select: tuple[str, ...],
    expand: tuple[Expand, ...],
    prefer: Prefer,
    base: str,
    rows_of: RowsOf,
    links: bool = True,
) -> Shape:
    """Return what turns a row into its JSON object. `base` is the service root, with a final slash.

    Raises Refused for an unknown property.
    """
    chosen = selected(table.name, select)
    key, pairs, version, principal = table.key, chosen.pairs, chosen.version, chosen.principal

    def plain(row: Row) -> dict[str, Any]:
        get = row.values.get
        body: dict[str, Any] = {"@odata.etag": f'W/"{row.version}"', key: row.id}
        for wire, name in pairs:
            body[wire] = get(name)
        if version:
            body["versionnumber"] = row.version
        if principal:
            body["ownerid"] = row.id
        return body

    build: Shape = plain
    if prefer.annotations:
        build = _annotated(environment, table, chosen, prefer, plain)
    if not expand:
        return build
    inner = build
    related = [_related(environment, table, item, prefer, base, rows_of) for item in expand]

    def expanded(row: Row) -> dict[str, Any]:
        body = inner(row)
        for add in related:
            add(row, body)
        return body

    return expanded


def _related(
    environment: Environment, table: Table, item: Expand, prefer: Prefer, base: str, rows_of: RowsOf
) -> Callable[[Row, dict[str, Any]], None]:
    name = item.navigation
    if name in table.collections:
        collection = table.collections[name]
        target = TABLES[collection.table]
        inner = shape(environment, target, item.select, item.expand, prefer, base, rows_of)

        def add_many(row: Row, body: dict[str, Any]) -> None:
            rows = environment.store.rows(target.name).pointing(collection.column, row.id)
            body[name] = [inner(r) for r in rows_of(target, rows, item)]
            # Present even when all rows are there (reference section 3).
            body[f"{name}@odata.nextLink"] = f"{base}{table.entity_set}({row.id})/{name}"

        return add_many
    if name not in table.navigations:
        raise no_property(name, table.name)
    if item.filter or item.order_by or item.top is not None:
        raise bad_query(f"Only $select and $expand are supported for the single-valued '{name}'.")
    column, targets = table.navigations[name]
    shapes = {
        target: shape(
            environment,
            TABLES[target],
            item.select if len(targets) == 1 else (),
            item.expand,
            prefer,
            base,
            rows_of,
        )
        for target in targets
    }

    def add_one(row: Row, body: dict[str, Any]) -> None:
        other = related_row(environment.store, column, row, targets)
        body[name] = shapes[target_of(column, row)](other) if other is not None else None

    return add_one


def _annotated(
    environment: Environment, table: Table, chosen: _Selected, prefer: Prefer, plain: Shape
) -> Shape:
    """Annotations come before the property they annotate (reference section 3)."""
    formatted, target, navigation = (prefer.wants(name) for name in (_FORMATTED, _TARGET, _NAVIGATION))
    columns = {column.wire: column for column in chosen.columns}

    def annotated(row: Row) -> dict[str, Any]:
        body: dict[str, Any] = {}
        for wire, value in plain(row).items():
            column = columns.get(wire)
            if column is not None and value is not None:
                if formatted and (text := _formatted(environment, table, column, row, value)) is not None:
                    body[f"{wire}@{_FORMATTED}"] = text
                if column.is_lookup:
                    to = target_of(column, row)
                    if navigation and to in column.navigation:
                        body[f"{wire}@{_NAVIGATION}"] = column.navigation[to]
                    if target:
                        body[f"{wire}@{_TARGET}"] = to
            body[wire] = value
        return body

    return annotated


def _formatted(environment: Environment, table: Table, column: Column, row: Row, value: Any) -> str | None:
    options: Mapping[int, str] | None = environment.options.get((table.name, column.name))
    if options is not None:
        return options.get(value)
    if column.is_lookup:
        to = target_of(column, row)
        other = environment.store.get(to, value)
        return other.values.get(TABLES[to].primary_name) if other is not None else None
    if column.type == "Money":
        currency = environment.currency(row.values.get("transactioncurrencyid"))
        return f"{currency.values['currencysymbol'] if currency else ''}{value:,.2f}"
    if column.type == "Boolean":
        return "Yes" if value else "No"
    if kind_of(column) == "number":
        return f"{value:,}"
    return None
