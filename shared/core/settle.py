"""What to remember of a record once its writes were answered (H3, H20, H25)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shared.core.mapping import Blank, Direction, EntityMapping, When
from shared.core.merge import equal
from shared.core.model import Agreed, Baseline, Fields, Side, Unresolved, Value

#: A field that was answered with another value so often in a row travels no more on its own (H3).
REWRITES = 2


def settled(
    mapping: EntityMapping,
    *,
    bc: Fields,
    sales: Fields,
    sent: Mapping[Side, Fields],
    old: Baseline,
    behind: frozenset[str],
    rewritten: Mapping[str, int] = MappingProxyType({}),
) -> tuple[dict[str, Agreed], dict[str, int]]:
    """Return the baseline after the writes were answered, and how often fields were rewritten (H3, H25).

    The baseline is what each side shows now. A two-way field whose answer differs from what was
    sent counts as that side's edit: its remembered value is the one that was sent, so the answer
    travels back. Once: when that is rewritten too, both values are remembered, and the field is
    held until a person edits it. Fields left `behind` (conflict, held) keep what they had.
    """
    baseline = dict(old.items())
    counts = dict(rewritten)
    for f in mapping.fields:
        if f.name in behind:
            continue
        shown = (bc.get(f.name), sales.get(f.name))
        if shown == baseline.get(f.name) and not counts and equal(f, *shown):
            continue
        now = Agreed(*shown)
        if equal(f, now.bc, now.sales):
            baseline[f.name] = now
            counts.pop(f.name, None)
            continue
        to_sales, to_bc = f.name in sent.get(Side.SALES, {}), f.name in sent.get(Side.BC, {})
        if isinstance(now.bc, Unresolved) or isinstance(now.sales, Unresolved):
            # Unresolved is remembered as such: resolving it later is a change that travels (H6).
            left_alone = f.soft and not (to_sales or to_bc)
            baseline[f.name] = awaited(now.bc, now.sales, old.get(f.name)) if left_alone else now
            continue
        if (to_sales or to_bc) and f.direction is Direction.BOTH:
            counts[f.name] = counts.get(f.name, 0) + 1
        if counts.get(f.name, 0) >= REWRITES:
            baseline[f.name] = now
        elif to_sales and f.direction is Direction.BOTH:
            baseline[f.name] = Agreed(bc=now.bc, sales=sent[Side.SALES][f.name])
        elif to_bc and f.direction is Direction.BOTH:
            baseline[f.name] = Agreed(bc=sent[Side.BC][f.name], sales=now.sales)
        elif to_sales or to_bc or (f.name not in old and f.blank is Blank.KEEP):
            baseline[f.name] = now
        elif f.name not in old and f.when is When.UPDATE and f.direction is Direction.BOTH:
            # Left out of the create (H23): travels when either side moves from here.
            baseline[f.name] = now
    return baseline, counts


def awaited(bc: Value, sales: Value, base: Agreed | None) -> Agreed:
    """Return what to remember of a soft reference while its target is not coupled (H20).

    What the sides last agreed on, but of a side that was unresolved then, whom it names now.
    """
    if base is None:
        return Agreed(bc=bc, sales=sales)
    return Agreed(
        bc=bc if isinstance(bc, Unresolved) and isinstance(base.bc, Unresolved) else base.bc,
        sales=sales if isinstance(sales, Unresolved) and isinstance(base.sales, Unresolved) else base.sales,
    )
