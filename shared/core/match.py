"""Matching by natural key: which uncoupled records of the two sides are the same thing."""

from __future__ import annotations

from collections.abc import Sequence

from shared.core.mapping import EntityMapping, Match
from shared.core.model import Record, Side


def key(match: Match, record: Record) -> tuple[str, ...] | None:
    """Return a record's natural key, case folded; None when a part is blank (R99)."""
    columns = match.bc if record.side is Side.BC else match.sales
    parts = tuple(str(record.values.get(c) or "").strip().casefold() for c in columns)
    return parts if all(parts) else None


def columns_to_find(mapping: EntityMapping, side: Side) -> tuple[str, ...]:
    """Return the columns of `side` by which candidates are looked up, one for each different first column."""
    firsts = [(m.bc if side is Side.BC else m.sales)[0] for m in mapping.match]
    return tuple(dict.fromkeys(firsts))


def values_to_find(mapping: EntityMapping, column: str, side: Side, sources: Sequence[Record]) -> list[str]:
    """Return the values of the sources that candidates on `side` may have in `column`."""
    values: dict[str, None] = {}
    for m in mapping.match:
        there, here = (m.bc, m.sales) if side is Side.BC else (m.sales, m.bc)
        if there[0] != column:
            continue
        for record in sources:
            if text := str(record.values.get(here[0]) or "").strip():
                values[text] = None
    return list(values)


def matches(mapping: EntityMapping, record: Record, candidates: Sequence[Record]) -> list[str]:
    """Return the ids of the candidates that are the same thing as `record`.

    Priorities are tried in order; the first that finds exactly one decides. Otherwise the
    narrowest ambiguous result is returned, so that it can be shown; empty when none matches.
    """
    ambiguous: list[str] = []
    for m in mapping.match:
        wanted = key(m, record)
        if wanted is None:
            continue
        found = [c.id for c in candidates if key(m, c) == wanted]
        if len(found) == 1:
            return found
        if found and (not ambiguous or len(found) < len(ambiguous)):
            ambiguous = found
    return ambiguous
