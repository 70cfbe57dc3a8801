"""Customers and contacts: what a person has to look at (H21, H30, P22)."""

from __future__ import annotations

from shared.core.model import Record, Side
from shared.ports import Facts
from shared.rules.base import Rule
from shared.rules.currencies import is_iso

MERGED = "it was merged into another record in Sales; uncouple it, and couple its counterpart with that one"


class WithCurrency(Rule):
    """Holds a record whose BC currency has no ISO code, as no wait would ever end, and one merged away in Sales."""

    def holds(self, side: Side, record: Record, facts: Facts) -> str | None:
        if side is Side.SALES:
            # Sales has set it inactive, but nobody meant to block the customer (H30).
            return MERGED if record.values.get("merged") is True else None
        code = str(record.values.get("currencyCode") or "").strip()
        if not code or code == facts.lcy_code or is_iso(code):
            return None
        return f"its currency {code} is not an ISO 4217 code, so Sales cannot have it"
