"""Records by what people call them: part of a number or a name, as a person types it (P14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.core.convert import Text
from shared.core.mapping import COMPUTED, EntityMapping
from shared.core.model import CouplingState, Record, Side
from shared.engine.parts import Ports
from shared.engine.problem import ApiProblem

#: Fields that say what a record is, besides its label and what alone it is matched by.
NAMES = ("name", "description", "surname")
#: Longer texts are notes, not names.
NAME_LENGTH = 300


def columns_of(mapping: EntityMapping, side: Side) -> tuple[str, ...]:
    """Return the text columns that people know a record by, the label first."""
    groups = (m.bc if side is Side.BC else m.sales for m in mapping.match)
    alone = {group[0] for group in groups if len(group) == 1}
    texts = [
        f.column(side)
        for f in mapping.fields
        if isinstance(f.converter, Text)
        and (f.converter.bc if side is Side.BC else f.converter.sales) <= NAME_LENGTH
        and (f.name in NAMES or f.column(side) in alone)
    ]
    found = dict.fromkeys(c for c in (mapping.label(side), *texts) if c)
    return tuple(c for c in found if not c.startswith(COMPUTED))


def named(ports: Ports, mapping: EntityMapping, side: Side, text: str, *, limit: int) -> dict[str, Any]:
    """Return the records whose number or name begins so, in the order of their names, with their counterparts.

    A request for each column that people know them by. Raises `ApiProblem` 404 when there is none.
    """
    records, table = ports.records(side), mapping.table(side)
    columns = columns_of(mapping, side)
    found: dict[str, Record] = {}
    for column in columns:
        found |= {r.id: r for r in records.begins(table, column, text, limit=limit)}
    if not found:
        said = f"no record of {mapping.name} in {side.value} begins with '{text}' ({', '.join(columns)})"
        raise ApiProblem(404, "No such record", said)
    known = ports.couplings.find(mapping.name, side, list(found))
    rows = sorted(found.values(), key=lambda r: _order(r, columns))[:limit]
    return {
        "value": [
            {
                "mapping": mapping.name,
                "side": side.value,
                "id": r.id,
                "names": {column: r.values.get(column) for column in columns},
                "coupled_with": c.id_of(side.other) if c and c.state is CouplingState.COUPLED else None,
            }
            for r in rows
            for c in (known.get(r.id),)
        ]
    }


def _order(record: Record, columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(record.values.get(column) or "").casefold() for column in reversed(columns))
