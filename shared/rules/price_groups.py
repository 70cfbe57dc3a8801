"""Customer price groups and price lists: the currency of the list is that of its first price (mappings.md §12, P27)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.core.mapping import Table
from shared.core.model import Fields, Record, Side, Wire
from shared.ports import Step
from shared.rules.base import NO_STEPS, Context, Need, Rule, Steps
from shared.rules.currencies import is_iso
from shared.rules.price_sources import CLASSIC, EXTENDED, Prices, currency_id, first_price

PRICE_LISTS = Table(name="pricelevels", key="pricelevelid")
#: Inactive, as the one status that state has (dataverse-web-api.md §11).
INACTIVE = {"statecode": 1, "statuscode": 100002}


class PriceGroups(Rule):
    def __init__(self, prices: Prices = CLASSIC) -> None:
        self._prices = prices
        columns = {column for column, _ in prices.where} | {prices.list_code, "currencyId", "currencyCode"}
        self.reads = ((Side.BC, prices.table, tuple(sorted(columns | set(prices.key)))),)

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
        return {} if side is Side.SALES else {"computedCurrencyId": currency_id(self._first(record, facts))}

    @staticmethod
    def _first(record: Record, facts: Context) -> Record | None:
        return first_price(facts, "prices", record.values.get("code"))


class PriceLists(PriceGroups):
    """Price lists of the extended calculation: one that is not active in BC is made inactive (mappings.md §12)."""

    writes = (PRICE_LISTS,)

    def __init__(self) -> None:
        super().__init__(EXTENDED)

    def steps(
        self,
        side: Side,
        id: str,
        values: Fields,
        source: Record,
        target: Record | None,
        facts: Context,
    ) -> Steps:
        if side is Side.BC or target is not None or source.values.get("status") == "Active":
            return NO_STEPS
        # Dataverse makes a row in its first state only: the other is written in the same transaction (H16).
        return Steps(after=(Step(action="update", table=PRICE_LISTS, id=id, values=INACTIVE),))
