"""Currencies: only ISO codes, the exchange rate, what is set on create (mappings.md §7, P22)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext

from shared.core.mapping import Table
from shared.core.model import Record, Side, Wire
from shared.ports import Facts, Step, local_currency_id
from shared.rules.base import Context, Need, Rule
from shared.rules.iso_4217 import CODES

#: Ten decimals (mappings.md, CURRENCY: exchangerate).
PLACES = Decimal("0.0000000001")
#: Dataverse takes no more for `exchangerate`; ten decimals keep us far above its least.
MOST = Decimal(100_000_000_000)
#: Name of the need for the row of Sales' base currency.
BASE = "base currency"
CURRENCIES = Table(name="currencies")
TRANSACTION_CURRENCIES = Table(name="transactioncurrencies", key="transactioncurrencyid", bulk=False)


def is_iso(code: str) -> bool:
    """Say whether a BC currency code is a standard ISO 4217 code (P22)."""
    return code.strip().upper() in CODES


#: The factor of the local currency, in which the others are told.
LOCAL = Decimal(1)


def factor(record: Record) -> Decimal | None:
    """Return units of the currency per unit of the local one, to 60 digits; None when BC has no rate.

    Exchange Rate Amount divided by Relational Exch. Rate Amount (mappings.md §7).
    """
    foreign = Decimal(str(record.values.get("exchangeRateAmount") or 0))
    local = Decimal(str(record.values.get("relationalExchangeRateAmount") or 0))
    if foreign <= 0 or local <= 0:
        return None
    with localcontext(prec=60):
        return foreign / local


def rate(own: Decimal | None, base: Decimal | None) -> Decimal | None:
    """Return units of a currency per unit of the base currency, from both factors; None when one is unknown.

    With another base than the local currency this is BC's cross rate (mappings.md §7). A rate that
    ten decimals show as 0 is none.
    """
    if own is None or base is None:
        return None
    with localcontext(prec=60):
        return (own / base).quantize(PLACES, rounding=ROUND_HALF_UP) or None


def code_of(record: Record) -> str:
    return str(record.values.get("code") or "").strip().upper()


def factor_of_base(facts: Context) -> Decimal | None:
    """Return the factor of the base currency of Sales; None when BC does not know it or has no rate."""
    if facts.base_currency_code == facts.lcy_code:
        return LOCAL
    row = facts.row(BASE, facts.base_currency_code)
    return factor(row) if row is not None else None


class Currencies(Rule):
    reads = ((Side.BC, CURRENCIES, ("code", "exchangeRateAmount", "relationalExchangeRateAmount")),)

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        """Return the base currency of Sales, when BC's rates are told in another one."""
        if facts.base_currency_code in ("", facts.lcy_code):
            return ()
        values = (facts.base_currency_code,)
        return (Need(name=BASE, side=Side.BC, table=CURRENCIES, column="code", values=values),)

    def stands_alone(self, facts: Context) -> Iterable[Step]:
        """Return the local currency, which BC leaves blank, when Sales does not have it (mappings.md §7)."""
        own = rate(LOCAL, factor_of_base(facts))
        if facts.lcy_currency_id != local_currency_id(facts) or own is None:
            return ()
        values = {
            "isocurrencycode": facts.lcy_code,
            "currencyname": facts.lcy_code,
            "currencysymbol": facts.lcy_code,
            "currencyprecision": facts.currency_precision,
            "exchangerate": own,
        }
        id = facts.lcy_currency_id
        return (Step(action="upsert", table=TRANSACTION_CURRENCIES, id=id, values=values),)

    @staticmethod
    def _factor(record: Record, facts: Facts) -> Decimal | None:
        """Return a currency's factor; the local one may be a row too, and counts as blank."""
        return LOCAL if code_of(record) == facts.lcy_code else factor(record)

    def ignores(self, side: Side, record: Record, facts: Facts) -> str | None:
        if side is Side.SALES:
            return None
        code = str(record.values.get("code") or "")
        return None if is_iso(code) else f"{code or 'a blank code'} is not an ISO 4217 code"

    def holds(self, side: Side, record: Record, facts: Context) -> str | None:
        if side is Side.SALES or not is_iso(str(record.values.get("code") or "")):
            return None
        if code_of(record) == facts.base_currency_code:
            return None
        if (base := factor_of_base(facts)) is None:
            return (
                f"the base currency of Sales, {facts.base_currency_code or 'which has no ISO code'}, "
                f"has no exchange rate in BC, so none can be computed from it"
            )
        found = rate(self._factor(record, facts), base)
        if found is None:
            return "it has no exchange rate (R158)"
        return (
            f"its exchange rate {found} is more than {MOST}, the most Sales takes" if found > MOST else None
        )

    def adds(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.SALES:
            return {}
        code = code_of(record)
        same = code == facts.base_currency_code
        own = LOCAL if same else rate(self._factor(record, facts), factor_of_base(facts))
        return {
            "computedExchangeRate": own,
            # A blank symbol is the ISO code (mappings.md, CURRENCY).
            "computedSymbol": record.values.get("symbol") or code,
            # Sales needs a name for a currency; BC's description may be blank.
            "computedName": record.values.get("description") or code,
        }

    def on_create(self, side: Side, source: Record, facts: Facts) -> dict[str, Wire]:
        return {"currencyprecision": facts.currency_precision} if side is Side.SALES else {}
