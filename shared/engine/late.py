"""Soft references and options that were left out, and which of them can be filled in now (H6, H20)."""

from __future__ import annotations

from collections.abc import Iterator

from shared.core.mapping import EntityMapping
from shared.core.model import Coupling, CouplingState, Side, Unresolved
from shared.engine.parts import Ports
from shared.engine.references import POINT_READS


def ready(ports: Ports, mapping: EntityMapping, of: str) -> list[Coupling]:
    """Return the couplings with something left out that may be filled in now; of any mapping when `of` is "".

    What still has no counterpart is not looked at again: there may be thousands (P18, H20).
    """
    late = list(ports.couplings.stream(mapping.name, late_only=True))
    if not late or not of:
        return late
    names = mapping.may_come_later(of)

    def missing(coupling: Coupling) -> Iterator[tuple[Side, str] | None]:
        """Yield what each left-out field refers to; None when its baseline does not tell."""
        for name in names & set(coupling.late):
            seen = coupling.baseline.get(name)
            values = [(side, seen.of(side)) for side in Side] if seen is not None else []
            raws = [(side, value.raw) for side, value in values if isinstance(value, Unresolved)]
            yield from raws
            if not raws:
                yield None

    wanted = {key for c in late for key in missing(c) if key is not None}
    there = _coupled(ports, of, wanted)
    return [c for c in late if any(key is None or key in there for key in missing(c))]


def _coupled(ports: Ports, mapping: str, wanted: set[tuple[Side, str]]) -> set[tuple[Side, str]]:
    """Return those records that are coupled: few by point reads, many from a look at the partition (H27)."""
    if len(wanted) > POINT_READS:
        found = [c for c in ports.couplings.stream(mapping) if c.state is CouplingState.COUPLED]
        return wanted & {(side, c.id_of(side)) for c in found for side in Side}
    there = set()
    for side in Side:
        ids = sorted(id for s, id in wanted if s is side)
        for id, c in ports.couplings.find(mapping, side, ids).items() if ids else ():
            if c.state is CouplingState.COUPLED:
                there.add((side, id))
    return there
