"""What to remember of a record once its writes were answered (H3, H20, H25)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shared.core.mapping import Blank, Direction, EntityMapping, When
from shared.core.merge import equal
from shared.core.model import BLANK, Agreed, Baseline, Fields, Side, Unresolved, Value

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
    for name, f in mapping.named:
        if name in behind:
            continue
        shown_bc, shown_sales = bc.get(name), sales.get(name)
        if shown_bc is None and shown_sales is None:
            baseline[name] = BLANK
            counts.pop(name, None)
            continue
        now = Agreed(shown_bc, shown_sales)
        alike = shown_bc == shown_sales and not isinstance(shown_bc, Unresolved)
        if alike or equal(f, shown_bc, shown_sales):
            baseline[name] = now
            counts.pop(name, None)
            continue
        to_sales, to_bc = name in sent.get(Side.SALES, {}), name in sent.get(Side.BC, {})
        if isinstance(now.bc, Unresolved) or isinstance(now.sales, Unresolved):
            # Unresolved is remembered as such: resolving it later is a change that travels (H6).
            left_alone = f.soft and not (to_sales or to_bc)
            baseline[name] = awaited(now.bc, now.sales, old.get(name)) if left_alone else now
            continue
        if (to_sales or to_bc) and f.direction is Direction.BOTH:
            counts[name] = counts.get(name, 0) + 1
        if counts.get(name, 0) >= REWRITES:
            baseline[name] = now
        elif to_sales and f.direction is Direction.BOTH:
            baseline[name] = Agreed(bc=now.bc, sales=sent[Side.SALES][name])
        elif to_bc and f.direction is Direction.BOTH:
            baseline[name] = Agreed(bc=sent[Side.BC][name], sales=now.sales)
        elif to_sales or to_bc or (name not in old and f.blank is Blank.KEEP):
            baseline[name] = now
        elif name not in old and f.when is When.UPDATE and f.direction is Direction.BOTH:
            # Left out of the create (H23): travels when either side moves from here.
            baseline[name] = now
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
