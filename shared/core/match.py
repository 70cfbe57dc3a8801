"""Matching by natural key: which uncoupled records of the two sides are the same thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.core.convert import Reference, Resolver, Text
from shared.core.mapping import EntityMapping, Match
from shared.core.model import Record, Side


def key(
    match: Match, record: Record, references: Mapping[str, Reference], resolver: Resolver
) -> tuple[str, ...] | None:
    """Return a record's natural key, case folded unless exact; None when a part is blank (R99).

    A part that refers to another record is the BC id of its coupling, so that both sides name it
    alike; while it is not coupled, the key is None.
    """
    parts = []
    for column in match.bc if record.side is Side.BC else match.sales:
        raw = record.values.get(column)
        if column in references:
            raw = references[column].read(record.side, raw, resolver)
            if not isinstance(raw, str):
                return None
        text = str(raw or "").strip()
        parts.append(text if match.exact else text.casefold())
    return tuple(parts) if all(parts) else None


def columns_to_find(mapping: EntityMapping, side: Side) -> tuple[str, ...]:
    """Return the columns of `side` by which candidates are looked up, one for each match."""
    return tuple(dict.fromkeys(_places_to_find(mapping, side).values()))


def values_to_find(
    mapping: EntityMapping, column: str, side: Side, sources: Sequence[Record], resolver: Resolver
) -> list[str]:
    """Return the values of the sources that candidates on `side` may have in `column`.

    Of a reference it is the id of its counterpart; none while that is not coupled.
    """
    values: dict[str, None] = {}
    references = references_of(mapping, side.other)
    for m, place in _places_to_find(mapping, side).items():
        if place != column:
            continue
        there, here = (m.bc, m.sales) if side is Side.BC else (m.sales, m.bc)
        source = here[there.index(place)]
        for record in sources:
            raw = record.values.get(source)
            if source in references:
                raw = references[source].counterpart(side.other, str(raw or "").lower(), resolver)
            if text := str(raw or "").strip():
                values[text] = None
    return list(values)


def _places_to_find(mapping: EntityMapping, side: Side) -> dict[Match, str]:
    """Return for each match the column to look candidates up by.

    In Sales a reference, when there is one: few records share a company, ever more share a surname,
    and a page must not cost more the more there is already. BC cannot filter every reference.
    """
    references = references_of(mapping, side) if side is Side.SALES else {}
    places = {}
    for m in mapping.match:
        columns = m.bc if side is Side.BC else m.sales
        places[m] = next((c for c in columns if c in references), columns[0])
    return places


class Candidates:
    """Records of one side by their natural keys, so that a page is compared in one pass."""

    def __init__(self, mapping: EntityMapping, records: Sequence[Record], resolver: Resolver) -> None:
        self._resolver = resolver
        self._references = {side: references_of(mapping, side) for side in Side}
        self._by_key: list[tuple[Match, dict[tuple[str, ...], list[str]]]] = []
        for m in mapping.match:
            ids: dict[tuple[str, ...], list[str]] = {}
            for record in records:
                if (found := self._key(m, record)) is not None:
                    ids.setdefault(found, []).append(record.id)
            self._by_key.append((m, ids))

    def matches(self, record: Record) -> list[str]:
        """Return the ids of the candidates that are the same thing as `record`.

        Priorities are tried in order; the first that finds exactly one decides. Otherwise the
        narrowest ambiguous result is returned, so that it can be shown; empty when none matches.
        """
        ambiguous: list[str] = []
        for m, ids in self._by_key:
            wanted = self._key(m, record)
            found = ids.get(wanted, []) if wanted is not None else []
            if len(found) == 1:
                return found
            if found and (not ambiguous or len(found) < len(ambiguous)):
                ambiguous = found
        return ambiguous

    def _key(self, m: Match, record: Record) -> tuple[str, ...] | None:
        return key(m, record, self._references[record.side], self._resolver)


def matches_of(mapping: EntityMapping, fields: Sequence[Sequence[str]], *, exact: bool) -> tuple[Match, ...]:
    """Return the matches that a person asks for: groups of field names, in order of priority."""
    by_name = {f.name: f for f in mapping.fields}
    return tuple(
        Match(
            bc=tuple(by_name[n].bc for n in group),
            sales=tuple(by_name[n].sales for n in group),
            exact=exact,
        )
        for group in fields
    )


def problems_of(mapping: EntityMapping, fields: Sequence[Sequence[str]]) -> list[str]:
    """Return what is wrong with the fields that a person wants to match by."""
    by_name = {f.name: f for f in mapping.fields}
    problems = []
    for group in fields:
        if not group:
            problems.append("a group of fields must name at least one")
        for name in group:
            if name not in by_name:
                problems.append(f"{mapping.name} has no field '{name}'; known: {', '.join(by_name)}")
        first = by_name.get(group[0]) if group else None
        # Neither service looks numbers, dates and states up as texts; BC refuses it (business-central-api.md §4).
        if first is not None and (
            not isinstance(first.converter, Text) or any(first.computed(side) for side in Side)
        ):
            problems.append(f"records cannot be looked up by '{first.name}'; name a text field first")
    return problems


def references_of(mapping: EntityMapping, side: Side) -> dict[str, Reference]:
    return {f.column(side): f.converter for f in mapping.fields if isinstance(f.converter, Reference)}
