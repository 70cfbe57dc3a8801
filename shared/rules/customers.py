"""Customers and contacts: a currency that cannot be in Sales holds the record (H21, P22)."""

from __future__ import annotations

from shared.core.model import Record, Side
from shared.ports import Facts
from shared.rules.base import Rule
from shared.rules.currencies import is_iso


class WithCurrency(Rule):
    """Holds a record whose BC currency has no ISO code: no wait would ever end."""

    def holds(self, side: Side, record: Record, facts: Facts) -> str | None:
        if side is Side.SALES:
            return None
        code = str(record.values.get("currencyCode") or "").strip()
        if not code or code == facts.lcy_code or is_iso(code):
            return None
        return f"its currency {code} is not an ISO 4217 code, so Sales cannot have it"
