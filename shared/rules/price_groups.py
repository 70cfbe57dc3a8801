"""Customer price groups: the currency of the list is that of its first price (mappings.md §12, P27)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.core.convert import ZERO_GUID
from shared.core.mapping import Table
from shared.core.model import Record, Side, Wire
from shared.rules.base import Context, Need, Rule
from shared.rules.currencies import is_iso

PRICES = Table(name="salesPrices")
#: Sales Type "Customer Price Group", as BC writes it.
OF_GROUP = "Customer_x0020_Price_x0020_Group"
#: The key of Sales Price within one group, in BC's order.
KEY = ("itemNumber", "startingDate", "currencyCode", "variantCode", "unitOfMeasureCode", "minimumQuantity")


class PriceGroups(Rule):
    reads = ((Side.BC, PRICES, ("salesType", "salesCode", "currencyId", *KEY)),)

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        codes = tuple(str(r.values.get("code") or "") for r in records if r.side is Side.BC)
        return [first_price_of("prices", codes)] if codes else []

    def holds(self, side: Side, record: Record, facts: Context) -> str | None:
        first = self._first(record, facts) if side is Side.BC else None
        code = str(first.values.get("currencyCode") or "") if first is not None else ""
        if not code or code == facts.lcy_code or is_iso(code):
            return None
        return f"its first price is in {code}, which is not an ISO 4217 code, so Sales cannot have it"

    def adds(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.SALES:
            return {}
        first = self._first(record, facts)
        return {"computedCurrencyId": first.values.get("currencyId") if first is not None else ZERO_GUID}

    @staticmethod
    def _first(record: Record, facts: Context) -> Record | None:
        return first_price(facts, "prices", record.values.get("code"))


def first_price_of(name: str, codes: Iterable[str]) -> Need:
    """Ask for the first price of each group: its list has that currency. A group may have any number of prices."""
    return Need(
        name=name,
        side=Side.BC,
        table=PRICES,
        column="salesCode",
        values=tuple(codes),
        first=KEY,
        where=(("salesType", OF_GROUP),),
    )


def first_price(facts: Context, name: str, code: Wire) -> Record | None:
    found = facts.rows(name, code)
    return found[0] if found else None
