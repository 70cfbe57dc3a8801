"""Of two versions of one field: which side has moved, and are they the same? (design §4, three-way)"""

from __future__ import annotations

import hashlib

from shared.core.convert import Option
from shared.core.mapping import Blank, Direction, FieldMap, OnConflict, When
from shared.core.model import Agreed, First, Side, Unresolved, Value

CLASH = "clash"


def mover(
    f: FieldMap, bc: Value, sales: Value, base: Agreed | None, first: First | None, on_conflict: OnConflict
) -> Side | str | None:
    """Return the side whose value travels, `CLASH`, or None when there is nothing to write."""
    if equal(f, bc, sales):
        return None
    bc_moved = base is None or not same(bc, base.bc)
    sales_moved = base is None or not same(sales, base.sales)
    if f.direction is not Direction.BOTH:
        # A one-way field belongs to its owner: written when the owner moved, or when the target
        # no longer shows what it last answered (H23).
        owner = Side.BC if f.direction is Direction.TO_SALES else Side.SALES
        if f.when is When.CREATE or not (bc_moved or sales_moved):
            return None
        if f.blank is Blank.KEEP and (bc if owner is Side.BC else sales) is None:
            return None
        return owner
    if base is None and first is First.BC:
        return Side.BC
    if base is None and first is First.SALES:
        return Side.SALES
    if base is None and isinstance(f.converter, Option) and not (has_value(bc) and has_value(sales)):
        if isinstance(bc, Unresolved) or isinstance(sales, Unresolved):
            # A code without counterpart against a blank: both stay as they are (P18).
            return None
    if base is None and first is None and has_value(bc) != has_value(sales):
        # The two agree on the rest, but never on this field: it is new to the mapping (P13), or its
        # value did not fit when the record was created. Nobody's value is lost over a blank.
        filled, blank = (Side.BC, sales) if has_value(bc) else (Side.SALES, bc)
        if blank is None:
            return filled
    if bc_moved and sales_moved:
        if on_conflict is OnConflict.ASK:
            return CLASH
        return Side.BC if on_conflict is OnConflict.BC_WINS else Side.SALES
    if not bc_moved and not sales_moved:
        return None
    source = Side.BC if bc_moved else Side.SALES
    if f.blank is Blank.KEEP and (bc if source is Side.BC else sales) is None:
        return None
    return source


def has_value(value: Value) -> bool:
    return value is not None and not isinstance(value, Unresolved)


def equal(f: FieldMap, bc: Value, sales: Value) -> bool:
    """Compare in the narrower domain of the two fields (H3)."""
    if bc == sales:
        return not isinstance(bc, Unresolved)
    if isinstance(bc, Unresolved) or isinstance(sales, Unresolved):
        return False
    return f.converter.narrow(bc) == f.converter.narrow(sales)


HASHED = "sha256:"


def same(value: Value, stored: Value) -> bool:
    """Compare a value with a remembered one, which may have been kept as a hash (H28)."""
    if isinstance(stored, str) and stored.startswith(HASHED) and isinstance(value, str):
        return value == stored or HASHED + hashlib.sha256(value.encode()).hexdigest() == stored
    return value == stored
