"""Items and resources as products: price list, unit, state, amounts (mappings.md §9–§11, P24, P26)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.core.convert import ZERO_GUID
from shared.core.mapping import Table
from shared.core.model import Fields, Record, Side, Wire
from shared.ports import Step
from shared.rules import default_price_list as lists
from shared.rules.base import NO_STEPS, Context, Need, Rule, Steps, is_write_in
from shared.rules.units import READS, blank, unit_in, unit_needs

PRODUCTS = Table(name="products", key="productid")


def not_negative(number: Wire) -> Wire:
    return number if number is not None and number > 0 else 0


class Products(Rule):
    """`quantity` is the BC column that `quantityonhand` shows."""

    reads = (*READS, *lists.READS)
    writes = (lists.PRICE_LISTS, lists.LINES)

    def __init__(self, quantity: str) -> None:
        self._quantity = quantity

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        return [
            *lists.list_needs(facts),
            *lists.line_needs(r.id for r in records if r.side is Side.SALES),
            *unit_needs(self._group(r, facts) for r in records if r.side is Side.BC),
        ]

    def refers(self, record: Record, facts: Context) -> Iterable[tuple[str, Side, str]]:
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
        if side is Side.SALES or record.values.get("blocked"):
            return None
        if blank(record.values.get("baseUnitOfMeasureId")):
            return "it has no base unit of measure, and a product needs one"
        group = self._group(record, facts)
        if group is None:
            return None  # it waits for its unit group
        return unit_in(facts, group, str(record.values.get("baseUnitOfMeasureCode") or ""))[1]

    def adds(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.BC:
            return {
                # Negative amounts are 0 in Sales, which takes none (mappings.md §10).
                "computedPrice": not_negative(record.values.get("unitPrice")),
                "computedQuantity": not_negative(record.values.get(self._quantity)),
                "computedCurrencyId": ZERO_GUID,
            }
        line = lists.line_of(record.id, record.values.get("_defaultuomid_value"), facts)
        return {"computedListPrice": line.values.get("amount") if line is not None else None}

    def on_create(self, side: Side, source: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.BC:
            return {}
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
            line = self._new_line(id, self._unit(source, facts) or "", amount, facts)
            use = {**in_list, "statecode": 0, "statuscode": 1}
            published = Step(action="update", table=PRODUCTS, id=id, values=use)
            return Steps(shared=lists.list_to_create(facts), after=(line, published))
        if "list_price" not in values:
            return NO_STEPS
        more = in_list if target.values.get("_pricelevelid_value") != list_id else {}
        unit = str(target.values.get("_defaultuomid_value") or "")
        found = lists.line_of(id, unit, facts)
        if found is None:
            line = self._new_line(id, unit, amount, facts)
            return Steps(shared=lists.list_to_create(facts), after=(line,), values=more)
        step = Step(action="update", table=lists.LINES, id=found.id, values={"amount": amount or 0})
        return Steps(after=(step,), values=more)

    @staticmethod
    def _new_line(product: str, unit: str, amount: Wire, facts: Context) -> Step:
        return Step(
            action="create",
            table=lists.LINES,
            id=lists.line_id(product, unit, facts),
            values=lists.line_values(product, unit, amount, facts),
        )

    @staticmethod
    def _group(record: Record, facts: Context) -> str | None:
        return facts.sales_id("units_of_measure", record.values.get("baseUnitOfMeasureId"))

    def _unit(self, record: Record, facts: Context) -> str | None:
        group = self._group(record, facts)
        code = str(record.values.get("baseUnitOfMeasureCode") or "")
        return unit_in(facts, group, code)[0] if group else None
