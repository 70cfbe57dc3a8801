"""From wire records to canonical fields, and from canonical fields back to what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from shared.core.convert import Resolver
from shared.core.errors import Unconvertible
from shared.core.mapping import EQ_OR_BLANK, EntityMapping, Where
from shared.core.model import Fields, Record, Side, Value, Wire


@dataclass(frozen=True, kw_only=True)
class Projection:
    """One record in canonical fields; `unconvertible` says which columns had no canonical value, and why."""

    fields: Fields
    unconvertible: Mapping[str, str]


def project(mapping: EntityMapping, record: Record, resolver: Resolver) -> Projection:
    """Return the canonical fields of a record. A column that the wire did not show is blank."""
    values: dict[str, Value] = {}
    problems: dict[str, str] = {}
    side, shown = record.side, record.values
    for name, column, read in mapping.readers[side]:
        try:
            values[name] = read(side, shown.get(column), resolver)
        except Unconvertible as error:
            problems[name] = f"{column} {error}"
            values[name] = None
    return Projection(fields=values, unconvertible=problems)


def render(mapping: EntityMapping, side: Side, fields: Fields, resolver: Resolver) -> dict[str, Wire]:
    """Return the wire properties that make these canonical fields true on a side."""
    wire: dict[str, Wire] = {}
    for f in mapping.written[side]:
        if f.name in fields:
            wire.update(f.converter.write(side, fields[f.name], f.column(side), resolver))
    return wire


def ignored(conditions: tuple[Where, ...], record: Record) -> str | None:
    """Return why a record is outside a filter, or None when it is inside (H24)."""
    for where in conditions:
        raw = record.values.get(where.column)
        blank = raw in (None, "", 0, "_x0020_", "00000000-0000-0000-0000-000000000000")
        met = {
            "eq": _same(raw, where.value) or (blank and where.value in (None, "", "_x0020_")),
            "ne": not _same(raw, where.value),
            "blank": blank,
            "filled": not blank,
            EQ_OR_BLANK: blank or _same(raw, where.value),
        }[where.op]
        if not met:
            return where.reason or f"{where.column} is not as the filter asks"
    return None


def _same(raw: Wire, value: Wire) -> bool:
    """A filter in words cannot tell the text 123 from the number."""
    number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return raw == value or (number and isinstance(raw, str) and raw == str(value))
