"""Items and resources as products: price list, unit, state, amounts (mappings.md §9–§11, P24, P26)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.core.convert import ZERO_GUID
from shared.core.mapping import Table
from shared.core.model import Fields, Hold, Record, Side, Wait, Wire
from shared.ports import Step
from shared.rules import default_price_list as lists
from shared.rules.base import NO_STEPS, Context, Need, Rule, Steps, is_write_in
from shared.rules.own_units import KINDS, coupled_units, own_needs, own_refers, own_unit, priced
from shared.rules.own_units import READS as OWN_READS
from shared.rules.units import READS, blank, unit_in, unit_needs

PRODUCTS = Table(name="products", key="productid")


def not_negative(number: Wire) -> Wire:
    return number if number is not None and number > 0 else 0


class Products(Rule):
    """`quantity` is the BC column that `quantityonhand` shows."""

    reads = (*READS, *OWN_READS, *lists.READS)
    writes = (lists.PRICE_LISTS, lists.LINES)

    def __init__(self, quantity: str) -> None:
        self._quantity = quantity
        self._kind = KINDS["items" if quantity == "inventory" else "resources"]

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        return [
            *lists.list_needs(facts),
            *lists.line_needs(r.id for r in records if r.side is Side.SALES),
            *self._unit_needs([r for r in records if r.side is Side.BC], facts),
        ]

    def _unit_needs(self, assets: Sequence[Record], facts: Context) -> list[Need]:
        if facts.unit_groups:
            return own_needs(self._kind, (r.values.get("number") for r in assets))
        return unit_needs(self._group(r, facts) for r in assets)

    def refers(self, record: Record, facts: Context) -> Iterable[tuple[str, Side, str]]:
        if facts.unit_groups:
            if record.side is Side.SALES:
                coupling = facts.couplings.get((Side.SALES, record.id))
                return [] if coupling is None else [(self._kind.groups, Side.BC, coupling.bc_id)]
            own = own_refers(self._kind, record.values.get("number"), facts)
            return [(self._kind.groups, Side.BC, record.id), *own]
        unit = record.values.get("baseUnitOfMeasureId")
        return [] if blank(unit) else [("units_of_measure", record.side, str(unit))]

    def ignores(self, side: Side, record: Record, facts: Context) -> str | None:
        kind = "item" if self._quantity == "inventory" else "resource"
        number = str(record.values.get("number") or "").upper()
        if side is Side.BC and is_write_in(facts, kind, number):
            # As a product of its own it could not stand for others (S41).
            return "it stands for write-in products (WRITE_IN_NUMBER)"
        return None

    def holds(self, side: Side, record: Record, facts: Context) -> str | None:
        # A blocked one is outside the filter: only its state travels, and nothing below stops that.
        if side is Side.SALES:
            return self._other_group(record, facts) if facts.unit_groups else None
        if record.values.get("blocked"):
            return None
        if blank(record.values.get("baseUnitOfMeasureId")):
            return "it has no base unit of measure, and a product needs one"
        group = self._group(record, facts)
        if group is None or facts.unit_groups:
            return None  # it waits for its unit group
        return unit_in(facts, group, str(record.values.get("baseUnitOfMeasureCode") or ""))[1]

    def _other_group(self, product: Record, facts: Context) -> str | None:
        coupling = facts.couplings.get((Side.SALES, product.id))
        group = facts.sales_id(self._kind.groups, coupling.bc_id) if coupling is not None else None
        if group is None or str(product.values.get("_defaultuomscheduleid_value") or "").lower() == group:
            return None
        name = self._kind.group_name(product.values.get("productnumber"))
        return (
            f"its unit group in Sales is not {name}, and a product keeps its group: retire it and uncouple it"
        )

    def lacks(self, side: Side, record: Record, facts: Context) -> Wait | Hold | None:
        if side is Side.SALES and facts.unit_groups:
            # Its unit group belongs to no item yet (mappings.md §9).
            return Hold(
                reason=f"with UNIT_GROUPS=on a product begins as the {self._kind.word} that has its units"
            )
        return None

    def adds(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.BC:
            return {
                # Negative amounts are 0 in Sales, which takes none (mappings.md §10).
                "computedPrice": not_negative(record.values.get("unitPrice")),
                "computedQuantity": not_negative(record.values.get(self._quantity)),
                "computedCurrencyId": ZERO_GUID,
                "computedUnitId": self._own(record, facts),
            }
        line = lists.line_of(record.id, record.values.get("_defaultuomid_value"), facts)
        return {"computedListPrice": line.values.get("amount") if line is not None else None}

    def on_create(self, side: Side, source: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.BC:
            return {}
        if facts.unit_groups:
            group = f"/uomschedules({self._group(source, facts)})"
            return {"quantitydecimal": 2, "price": 0, "defaultuomscheduleid@odata.bind": group}
        unit = self._unit(source, facts)
        return {"quantitydecimal": 2, "price": 0, "defaultuomid@odata.bind": f"/uoms({unit})"}

    def steps(
        self,
        side: Side,
        id: str,
        values: Fields,
        source: Record,
        target: Record | None,
        facts: Context,
    ) -> Steps:
        if side is Side.BC:
            return NO_STEPS
        list_id, _ = lists.default_list(facts)
        in_list = {"pricelevelid@odata.bind": f"/pricelevels({list_id})"}
        amount = source.values.get("computedPrice")
        if target is None:
            # A product is born as a draft: priced first, then put into use (mappings.md §10).
            new = [self._new_line(id, unit, a, facts) for unit, a in self._prices(source, amount, facts)]
            use = {**in_list, "statecode": 0, "statuscode": 1}
            published = Step(action="update", table=PRODUCTS, id=id, values=use)
            return Steps(shared=lists.list_to_create(facts), after=(*new, published))
        if "list_price" not in values:
            return NO_STEPS
        more = in_list if target.values.get("_pricelevelid_value") != list_id else {}
        own = str(target.values.get("_defaultuomid_value") or "")
        wanted = self._prices(source, amount, facts) if facts.unit_groups else [(own, amount)]
        steps = tuple(lists.priced_line(id, unit, a, facts) for unit, a in wanted)
        return Steps(shared=lists.list_to_create(facts), after=steps, values=more)

    @staticmethod
    def _new_line(product: str, unit: str, amount: Wire, facts: Context) -> Step:
        return Step(
            action="create",
            table=lists.LINES,
            id=lists.line_id(product, unit, facts),
            values=lists.line_values(product, unit, amount, facts),
        )

    def _prices(self, source: Record, amount: Wire, facts: Context) -> list[tuple[str, Wire]]:
        """Return the units of Sales that a product is sold in, each with its price."""
        if not facts.unit_groups:
            return [(self._unit(source, facts) or "", amount)]
        units = coupled_units(self._kind, source.values.get("number"), facts)
        return [(unit, priced(amount, factor)) for unit, factor in units]

    def _own(self, record: Record, facts: Context) -> str:
        """Return the id of the base unit among the asset's own units."""
        code = record.values.get("baseUnitOfMeasureCode")
        own = own_unit(self._kind, record.values.get("number"), code, facts) if facts.unit_groups else None
        return own.id if own is not None else ZERO_GUID

    def _group(self, record: Record, facts: Context) -> str | None:
        if facts.unit_groups:
            return facts.sales_id(self._kind.groups, record.id)
        return facts.sales_id("units_of_measure", record.values.get("baseUnitOfMeasureId"))

    def _unit(self, record: Record, facts: Context) -> str | None:
        group = self._group(record, facts)
        code = str(record.values.get("baseUnitOfMeasureCode") or "")
        return unit_in(facts, group, code)[0] if group else None
