"""Soft references and options that were left out, and which of them can be filled in now (H6, H20)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import batched

from shared.core.mapping import EntityMapping
from shared.core.model import Coupling, Side, Unresolved
from shared.engine.parts import Ports
from shared.engine.references import References


def ready(ports: Ports, mapping: EntityMapping, of: str) -> Iterator[list[Coupling]]:
    """Yield, a page at a time, the couplings with something left out that may be filled in now.

    Of any mapping when `of` is "". What still has no counterpart is not looked at again: there may be
    thousands (P18, H20). They are read as they are wanted, in the order of their keys, so that one
    which is saved meanwhile comes once.
    """
    names = mapping.may_come_later(of)
    known = References(ports.couplings, local_currency_id="")

    def missing(coupling: Coupling) -> Iterator[tuple[Side, str] | None]:
        """Yield what each left-out field refers to; None when its baseline does not tell."""
        for name in names & set(coupling.late):
            seen = coupling.baseline.get(name)
            values = [(side, seen.of(side)) for side in Side] if seen is not None else []
            raws = [(side, value.raw) for side, value in values if isinstance(value, Unresolved)]
            yield from raws
            if not raws:
                yield None

    stream = ports.couplings.stream(mapping.name, late_only=True)
    for late in batched(stream, ports.limits.page, strict=False):
        page = list(late)
        if of:
            # Few by point reads, many from one look at the partition (H27).
            known.look_up((of, *key) for c in page for key in missing(c) if key is not None)
            page = [c for c in page if any(key is None or known.other(of, *key) for key in missing(c))]
        if page:
            yield page
