"""Prices of lists: one line for each price list, product and unit, and which price it shows (H19, P28)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from shared.core.convert import ZERO_GUID, Day
from shared.core.decide import Pair
from shared.core.model import CouplingState, Decision, Record, Side, Wait, Wire
from shared.rules.base import Context, Need, Rule
from shared.rules.default_price_list import PRICE_LISTS
from shared.rules.own_units import KINDS, own_needs, own_unit
from shared.rules.own_units import READS as OWN_READS
from shared.rules.prices import Prices, first_price
from shared.rules.units import READS, blank, unit_in, unit_needs

#: The first price of a group whose list a rehearsal would make.
OF_LIST = "price of the list to be"
NOT_TODAY = "shadowed: it is not valid today"
Identity = tuple[str, str, str]


def day(value: Wire) -> date | None:
    found = Day().read(Side.BC, value, _NOBODY) if value else None
    return found if isinstance(found, date) else None


class _Nobody:
    local_currency_id = ""

    def bc_id(self, mapping: str, sales_id: str) -> str | None:
        return None

    def sales_id(self, mapping: str, bc_id: str) -> str | None:
        return None


_NOBODY = _Nobody()


class SalesPrices(Rule):
    elects = True

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        units = ("baseUnitOfMeasureId", "baseUnitOfMeasureCode")
        self.reads = (
            *READS,
            *OWN_READS,
            (Side.SALES, PRICE_LISTS, ("_transactioncurrencyid_value",)),
            *((Side.BC, table, units) for _, table in prices.assets.values()),
        )

    # --- what is read ------------------------------------------------------------------------

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        prices = [r for r in records if r.side is Side.BC]
        if not prices:
            return []
        kind = self._prices
        numbers = tuple(sorted({str(r.values.get(kind.number) or "") for r in prices}))
        rivals = [p for number in numbers for p in facts.rows("rivals", number)]
        # A blank unit is the asset's base unit (mappings.md §12), and no other one is valid in Sales.
        assets = {asset for p in (*prices, *rivals) if (asset := kind.asset(p)) is not None}
        lists = {self._list(r, facts) for r in prices} - {None}
        to_be = {
            str(r.values.get(kind.list_code) or "")
            for r in prices
            if self._to_be(self._list(r, facts), facts)
        }
        return [
            Need(name="rivals", side=Side.BC, table=kind.table, column=kind.number, values=numbers),
            *(
                Need(
                    name=mapping,
                    side=Side.BC,
                    table=table,
                    column="id",
                    values=tuple(sorted(id for name, _, id in assets if name == mapping)),
                )
                for mapping, table in kind.assets.values()
            ),
            kind.first_of(OF_LIST, sorted(to_be)),
            Need(
                name="lists",
                side=Side.SALES,
                table=PRICE_LISTS,
                column=PRICE_LISTS.key,
                values=tuple(sorted(i for i in lists if i)),
            ),
            *self._unit_needs(prices, facts),
        ]

    def _unit_needs(self, prices: Sequence[Record], facts: Context) -> list[Need]:
        if not facts.unit_groups:
            return unit_needs(facts.sales_id("units_of_measure", self._unit(r, facts)[0]) for r in prices)
        numbers: dict[str, set[object]] = {}
        for price in prices:
            if (asset := self._prices.asset(price)) is not None:
                numbers.setdefault(asset[0], set()).add(price.values.get(self._prices.number))
        return [n for mapping, of in numbers.items() for n in own_needs(KINDS[mapping], of)]

    def _own(self, record: Record, facts: Context) -> Record | None:
        """Return the unit of a price among those of its item or resource."""
        asset = self._prices.asset(record)
        if asset is None:
            return None
        return own_unit(
            KINDS[asset[0]], record.values.get(self._prices.number), self._unit(record, facts)[1], facts
        )

    def refers(self, record: Record, facts: Context) -> Iterable[tuple[str, Side, str]]:
        if record.side is Side.SALES:
            return []
        wanted = [(self._prices.lists, record.values.get(self._prices.list_id))]
        if not facts.unit_groups:
            wanted.append(("units_of_measure", self._unit(record, facts)[0]))
        elif (found := self._prices.asset(record)) and (own := self._own(record, facts)) is not None:
            wanted.append((KINDS[found[0]].units, own.id))
        wanted.append(("currencies", record.values.get("currencyId")))
        wanted += [("currencies", id) for id in self._currencies(record, facts)]
        return [(mapping, Side.BC, str(id)) for mapping, id in wanted if not blank(id)]

    # --- who wins ----------------------------------------------------------------------------

    def ignores(self, side: Side, record: Record, facts: Context) -> str | None:
        if side is Side.SALES or not self._prices.counts(record):
            return None
        if self._prices.asset(record) is None:
            return "it is for nothing that is a product in Sales"
        if record.values.get("variantCode"):
            return "shadowed: it is for a variant"
        if (record.values.get("minimumQuantity") or 0) > self._prices.most:
            return "shadowed: it has a minimum quantity"
        if not self._valid(record, facts):
            return NOT_TODAY
        elected = self.elected(record, facts)
        if elected is not None and elected.id != record.id and self._in_currency(record, facts):
            return "shadowed: another price is valid today"
        return None

    def holds(self, side: Side, record: Record, facts: Context) -> str | None:
        if side is Side.SALES:
            return None
        if self.elected(record, facts) is None and self.ignores(side, record, facts):
            return "no valid price"
        if not self._in_currency(record, facts):
            code = record.values.get("currencyCode") or facts.lcy_code
            return f"it is in {code}, its price list in another currency"
        unit, code = self._unit(record, facts)
        asset = self._asset(record, facts)
        if facts.unit_groups:
            if asset is None or self._own(record, facts) is not None:
                return None
            return f"its unit {code or '(none)'} is not one of {record.values.get(self._prices.number)}"
        own = asset.values.get("baseUnitOfMeasureId") if asset is not None else None
        if not blank(own) and str(unit).lower() != str(own).lower():
            # Each unit is a group of its own, and a product has one group (mappings.md §9, §10).
            base = asset.values.get("baseUnitOfMeasureCode") if asset is not None else ""
            return f"it is in {code}, its product is sold in {base} only"
        group = facts.sales_id("units_of_measure", unit)
        return unit_in(facts, group, code)[1] if group else None

    def decides(self, pair: Pair, facts: Context) -> Decision | None:
        """A price whose product is not coupled waits for just that, coupled itself or not."""
        price, coupling = pair.bc, pair.coupling
        found = self._prices.asset(price) if price is not None else None
        if price is None or found is None or pair.hold is not None or Side.BC in pair.outside:
            return None
        apart = coupling is not None and coupling.state is not CouplingState.COUPLED
        gone = coupling is not None and not apart and pair.sales is None
        mapping, _, id = found
        if apart or gone or (coupling is None and pair.source is Side.SALES):
            return None
        if facts.sales_id(mapping, id) is not None:
            return None
        number = price.values.get(self._prices.number)
        said = f"its {'item' if mapping == 'items' else 'resource'} {number} must be coupled first"
        return Wait(mapping=mapping, side=Side.BC, id=id, reason=said)

    def shares(self, record: Record, facts: Context) -> Iterable[str]:
        mine = self._identity(record, facts)
        return [p.id for p in self._rivals(record, facts).get(mine, ()) if p.id != record.id]

    def identity(self, side: Side, source: Record, facts: Context) -> str:
        return ":".join(self._identity(source, facts))

    # --- what is written ---------------------------------------------------------------------

    def adds(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.SALES:
            return {}
        asset = self._prices.asset(record)
        return {
            "computedAssetId": asset[2] if asset is not None else ZERO_GUID,
            "computedUnitId": self._unit_id(record, facts),
        }

    def _unit_id(self, record: Record, facts: Context) -> str | None:
        if not facts.unit_groups:
            return self._unit(record, facts)[0]
        own = self._own(record, facts)
        return own.id if own is not None else None

    def on_create(self, side: Side, source: Record, facts: Context) -> dict[str, Wire]:
        if facts.unit_groups:
            return {"amount": 0}  # its unit is a field
        unit, code = self._unit(source, facts)
        group = facts.sales_id("units_of_measure", unit)
        found = unit_in(facts, group, code)[0] if group else None
        return {"amount": 0, "uomid@odata.bind": f"/uoms({found})"}

    # --- inside ------------------------------------------------------------------------------

    def elected(self, record: Record, facts: Context) -> Record | None:
        """Return the price valid today: blank variant, minimum quantity at most 1, latest start (H19)."""
        mine = self._identity(record, facts)
        # The record at hand may be newer than what was read of it among its rivals.
        ranked = self._ranked(record, facts).get(mine, ())
        best = next((p for p in ranked if p.id != record.id), None)
        able = [p for p in (record, best) if p is not None and (p is best or self._able(p, facts))]
        return max(able, key=_rank, default=None)

    def _ranked(self, record: Record, facts: Context) -> Mapping[Identity, Sequence[Record]]:
        """Return the able prices of the record's number by identity, the best one first."""

        def rank() -> dict[Identity, list[Record]]:
            return {
                identity: sorted((p for p in rivals if self._able(p, facts)), key=_rank, reverse=True)
                for identity, rivals in self._rivals(record, facts).items()
            }

        return facts.once(("ranked", record.values.get(self._prices.number)), rank)

    def _rivals(self, record: Record, facts: Context) -> Mapping[Identity, Sequence[Record]]:
        """Return all prices of the record's number by identity: a page may hold hundreds of them."""
        number = record.values.get(self._prices.number)

        def group() -> dict[Identity, list[Record]]:
            groups: dict[Identity, list[Record]] = {}
            for p in facts.rows("rivals", number):
                groups.setdefault(self._identity(p, facts), []).append(p)
            return groups

        return facts.once(("rivals", number), group)

    def _currencies(self, record: Record, facts: Context) -> set[Wire]:
        number = record.values.get(self._prices.number)
        return facts.once(
            ("currencies", number), lambda: {p.values.get("currencyId") for p in facts.rows("rivals", number)}
        )

    def _able(self, record: Record, facts: Context) -> bool:
        return (
            self._prices.counts(record)
            and not record.values.get("variantCode")
            and (record.values.get("minimumQuantity") or 0) <= self._prices.most
            and self._valid(record, facts)
            and self._in_currency(record, facts)
        )

    @staticmethod
    def _valid(record: Record, facts: Context) -> bool:
        start, end = day(record.values.get("startingDate")), day(record.values.get("endingDate"))
        return (start is None or start <= facts.today) and (end is None or end >= facts.today)

    def _identity(self, record: Record, facts: Context) -> Identity:
        group, asset = record.values.get(self._prices.list_id), self._prices.asset(record)
        unit = str(self._unit(record, facts)[0] or "").lower()
        return str(group).lower(), asset[2] if asset is not None else "", unit

    def _asset(self, record: Record, facts: Context) -> Record | None:
        found = self._prices.asset(record)
        return facts.row(found[0], found[2]) if found is not None else None

    def _unit(self, record: Record, facts: Context) -> tuple[str | None, str]:
        """Return id and code of a price's unit: its own, or its asset's base unit."""
        if not blank(record.values.get("unitOfMeasureId")):
            return str(record.values["unitOfMeasureId"]), str(record.values.get("unitOfMeasureCode") or "")
        asset = self._asset(record, facts)
        if asset is None or blank(asset.values.get("baseUnitOfMeasureId")):
            return None, ""
        return str(asset.values["baseUnitOfMeasureId"]), str(asset.values.get("baseUnitOfMeasureCode") or "")

    def _list(self, record: Record, facts: Context) -> str | None:
        return facts.sales_id(self._prices.lists, record.values.get(self._prices.list_id))

    @staticmethod
    def _to_be(list_id: str | None, facts: Context) -> bool:
        """Say whether a rehearsal would make this list, so that Sales cannot tell its currency (H26)."""
        asked = facts.rehearsing and "lists" in facts.related
        return asked and list_id is not None and facts.row("lists", list_id) is None

    def _in_currency(self, record: Record, facts: Context) -> bool:
        """Say whether a price is in the currency of its list; as long as there is no list, every one is."""
        list_id = self._list(record, facts)
        if self._to_be(list_id, facts):
            first = first_price(facts, OF_LIST, record.values.get(self._prices.list_code))
            return first is None or _currency(first) == _currency(record)
        row = facts.row("lists", list_id)
        if row is None:
            return True
        id = record.values.get("currencyId")
        own = facts.lcy_currency_id if blank(id) else facts.sales_id("currencies", id)
        return own == row.values.get("_transactioncurrencyid_value")


def _currency(price: Record) -> str:
    id = price.values.get("currencyId")
    return "" if blank(id) else str(id).lower()


def _rank(price: Record) -> tuple[date, Wire, Wire, str]:
    values = price.values
    start = day(values.get("startingDate")) or date.min
    return start, values.get("minimumQuantity") or 0, -(values.get("unitPrice") or 0), price.id
