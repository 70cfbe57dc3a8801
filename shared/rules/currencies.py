"""Currencies: only ISO codes, the exchange rate, what is set on create (mappings.md §7, P22)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

from shared.core.model import Record, Side, Wire
from shared.ports import Facts
from shared.rules.base import Rule
from shared.rules.iso_4217 import CODES

#: Ten decimals (mappings.md, CURRENCY: exchangerate).
PLACES = Decimal("0.0000000001")
#: Dataverse takes no more for `exchangerate`; ten decimals keep us far above its least.
MOST = Decimal(100_000_000_000)


def is_iso(code: str) -> bool:
    """Say whether a BC currency code is a standard ISO 4217 code (P22)."""
    return code.strip().upper() in CODES


def rate(record: Record) -> Decimal | None:
    """Return units of the currency per unit of the base currency; None when BC has no rate.

    Base = LCY: the factor is foreign units per LCY unit, Exchange Rate Amount divided by
    Relational Exch. Rate Amount (mappings.md §7). A rate that ten decimals show as 0 is none.
    """
    foreign = Decimal(str(record.values.get("exchangeRateAmount") or 0))
    local = Decimal(str(record.values.get("relationalExchangeRateAmount") or 0))
    if foreign <= 0 or local <= 0:
        return None
    with localcontext(prec=60):
        return (foreign / local).quantize(PLACES, rounding=ROUND_HALF_UP) or None


class Currencies(Rule):
    def ignores(self, side: Side, record: Record, facts: Facts) -> str | None:
        if side is Side.SALES:
            return None
        code = str(record.values.get("code") or "")
        return None if is_iso(code) else f"{code or 'a blank code'} is not an ISO 4217 code"

    def holds(self, side: Side, record: Record, facts: Facts) -> str | None:
        if side is Side.SALES or not is_iso(str(record.values.get("code") or "")):
            return None
        if facts.base_currency_code != facts.lcy_code:
            return (
                f"the base currency of Sales is {facts.base_currency_code}, the local currency of BC "
                f"{facts.lcy_code}; rates can only be computed when they are the same"
            )
        if str(record.values.get("code")).strip().upper() == facts.base_currency_code:
            return None
        found = rate(record)
        if found is None:
            return "it has no exchange rate (R158)"
        return (
            f"its exchange rate {found} is more than {MOST}, the most Sales takes" if found > MOST else None
        )

    def adds(self, side: Side, record: Record, facts: Facts) -> dict[str, Wire]:
        if side is Side.SALES:
            return {}
        code = str(record.values.get("code") or "").strip().upper()
        own = Decimal(1) if code == facts.base_currency_code else rate(record)
        return {
            "computedExchangeRate": own,
            # A blank symbol is the ISO code (mappings.md, CURRENCY).
            "computedSymbol": record.values.get("symbol") or code,
            # Sales needs a name for a currency; BC's description may be blank.
            "computedName": record.values.get("description") or code,
        }

    def on_create(self, side: Side, source: Record, facts: Facts) -> dict[str, Wire]:
        return {"currencyprecision": facts.currency_precision} if side is Side.SALES else {}
