"""Price lists: the currency of a list is that of its first price (mappings.md §12, P27)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.core.convert import ZERO_GUID
from shared.core.model import Fields, Record, Side, Wire
from shared.ports import Step
from shared.rules.base import NO_STEPS, Context, Need, Rule, Steps
from shared.rules.currencies import is_iso
from shared.rules.default_price_list import PRICE_LISTS
from shared.rules.prices import Prices, first_price


class PriceGroups(Rule):
    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        columns = (*(column for column, _ in prices.where), prices.list_code, "currencyId", "currencyCode")
        self.reads = ((Side.BC, prices.table, (*dict.fromkeys((*columns, *prices.key)),)),)

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        codes = tuple(str(r.values.get("code") or "") for r in records if r.side is Side.BC)
        return [self._prices.first_of("prices", codes)] if codes else []

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


class PriceLists(PriceGroups):
    """Lists of extended price calculation: one that is inactive is put out of use once it is made (mappings.md §12)."""

    def steps(
        self,
        side: Side,
        id: str,
        values: Fields,
        source: Record,
        target: Record | None,
        facts: Context,
    ) -> Steps:
        if target is not None or source.values.get("status") != "Inactive":
            return NO_STEPS
        # A new row begins active (dataverse-web-api.md §9); 100002 = Inactive.
        idle = {"statecode": 1, "statuscode": 100_002}
        return Steps(after=(Step(action="update", table=PRICE_LISTS, id=id, values=idle),))
