"""Lines of price lists of the extended calculation: elected as sales prices are (mappings.md, PLLINE-PRODPRICE, H19)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.core.decide import Pair
from shared.core.model import Decision, Record, Side, Wait
from shared.rules.base import Context, Need
from shared.rules.price_sources import EXTENDED, HEADERS
from shared.rules.sales_prices import SalesPrices, in_time

#: By Asset Type: the mapping of what is priced, and what people call it.
ASSETS = {"Item": ("items", "item"), "Resource": ("resources", "resource")}


class PriceListLines(SalesPrices):
    """A list's dates count beside those of its line."""

    def __init__(self) -> None:
        super().__init__(EXTENDED)
        columns = ("startingDate", "endingDate", "status", "allowUpdatingDefaults")
        self.reads = (*self.reads, (Side.BC, HEADERS, columns))

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        lines = [r for r in records if r.side is Side.BC]
        found = list(super().needs(records, facts))
        if lines:
            rivals = [r for line in lines for r in facts.rows("rivals", line.values.get("assetNumber"))]
            ids = {str(r.values.get("priceListId")) for r in (*lines, *rivals)}
            found.append(
                Need(name="headers", side=Side.BC, table=HEADERS, column="id", values=tuple(sorted(ids)))
            )
        return found

    def refers(self, record: Record, facts: Context) -> Iterable[tuple[str, Side, str]]:
        mapping, _ = ASSETS.get(str(record.values.get("assetType")), ("", ""))
        more = [(mapping, Side.BC, str(record.values.get("assetId")))] if mapping else []
        return [] if record.side is Side.SALES else [*super().refers(record, facts), *more]

    def ignores(self, side: Side, record: Record, facts: Context) -> str | None:
        if side is Side.SALES:
            return None
        return self._no_line(record, facts) or super().ignores(side, record, facts)

    def holds(self, side: Side, record: Record, facts: Context) -> str | None:
        if side is Side.SALES or self._no_line(record, facts):
            return None
        return super().holds(side, record, facts)

    def decides(self, pair: Pair, facts: Context) -> Decision | None:
        """A line waits for its item or resource, whichever of the two mappings that is of."""
        if pair.bc is None or pair.outside or pair.hold:
            return None
        mapping, word = ASSETS[str(pair.bc.values.get("assetType"))]
        id = str(pair.bc.values.get("assetId") or "").lower()
        if facts.sales_id(mapping, id) is not None:
            return None
        reason = f"the {word} {pair.bc.values.get('assetNumber')} must be coupled first"
        return Wait(mapping=mapping, side=Side.BC, id=id, reason=reason)

    def _no_line(self, record: Record, facts: Context) -> str | None:
        """Return why a line is none for Sales, whatever other lines there are."""
        if record.values.get("assetType") not in ASSETS:
            return "the line is for neither an item nor a resource"
        head = facts.row("headers", record.values.get("priceListId"))
        if head is None or self._list(record, facts) is not None:
            return None
        if head.values.get("status") == "Draft":
            return "its price list is a draft"
        return "its price list lets lines have other defaults" if head.values["allowUpdatingDefaults"] else None

    def _able(self, record: Record, facts: Context) -> bool:
        return (
            record.values.get("status") != "Draft"
            and record.values.get("assetType") in ASSETS
            and super()._able(record, facts)
        )

    def _valid(self, record: Record, facts: Context) -> bool:
        head = facts.row("headers", record.values.get("priceListId"))
        return in_time(record, facts) and (head is None or in_time(head, facts))
