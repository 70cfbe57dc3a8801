"""Posted sales invoices (sales-documents.md §5; mappings.md §14–§16)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from shared.core.convert import ZERO_GUID, Number
from shared.core.mapping import EntityMapping, FieldMap, Table, When
from shared.core.model import Fields, Hold, Record, Side, Wait, Wire, derived_id
from shared.core.project import project, render
from shared.ports import Facts, Step
from shared.rules import invoice_lines as worth
from shared.rules.base import NO_STEPS, Context, Need, Steps, is_write_in
from shared.rules.customers import WithCurrency
from shared.rules.default_price_list import LINES as PRICE_LINES
from shared.rules.own_units import KINDS, Kind, own_needs, own_refers, own_unit
from shared.rules.own_units import READS as OWN_READS
from shared.rules.price_lists import READS as PRICE_READS
from shared.rules.price_lists import line_for, line_to_be, list_for
from shared.rules.price_lists import needs as price_needs

LINES = Table(name="postedSalesInvoiceLines")
ITEMS, RESOURCES = Table(name="items"), Table(name="resources")
SHIPMENT_METHODS = Table(name="shipmentMethods")
INVOICES = Table(name="invoices", key="invoiceid")
DETAILS = Table(name="invoicedetails", key="invoicedetailid")
ORDERS = Table(name="salesorders", key="salesorderid")
PRODUCTS = Table(name="products", key="productid")
#: BC column → mapping of its codes, and the invoice's own column of options in Sales.
OPTIONS = {
    "paymentTermsId": ("payment_terms", "paymenttermscode"),
    "shippingAgentId": ("shipping_agents", "shippingmethodcode"),
}
#: What is on a line: BC column, mapping, BC table.
PRODUCT_COLUMNS = (("itemId", "items"), ("resourceId", "resources"))
#: status of an invoice in Sales → its state (dataverse-web-api.md §9)
STATES = {"billed": 0, "paid": 2, "partly paid": 2, "cancelled": 3}
ACTIVE: Mapping[str, Wire] = {"statecode": 0, "statuscode": 4}
#: Fields of a line that Sales leaves empty in a new row, written once more after it (S107).
AGAIN = ("discount", "tax", "base_amount", "extended_amount")


def text_of(record: Record, column: str) -> str:
    return str(record.values.get(column) or "").strip()


def id_of(record: Record, column: str) -> str:
    """Return a reference of a row, lower case; "" when it is blank."""
    found = str(record.values.get(column) or "").lower()
    return "" if found == ZERO_GUID else found


def payment(record: Record) -> str:
    """Return what has become of a posted invoice: cancelled first, then by what remains to be paid (S110, S111)."""
    remaining, total = worth.number(record, "remainingAmount"), worth.number(record, "amountIncludingVat")
    known = bool(record.values.get("customerLedgerEntryNumber"))
    if record.values.get("cancelled"):
        return "cancelled"
    if record.values.get("closed") or (known and not remaining):
        return "paid"
    return "partly paid" if remaining and remaining != total else "billed"


class PostedSalesInvoices(WithCurrency):
    """Reads what a page of invoices needs in a fixed number of requests, whatever the number of lines."""

    reads = (
        (
            Side.BC,
            LINES,
            (
                *("documentId", "lineNumber", "type", "itemId", "resourceId", "number", "description"),
                *(
                    "quantity",
                    "unitPrice",
                    "lineDiscountAmount",
                    "invoiceDiscountAmount",
                    "unitOfMeasureCode",
                ),
                *("amount", "amountIncludingVat"),
            ),
        ),
        (Side.BC, ITEMS, ("number", "blocked")),
        (Side.BC, RESOURCES, ("number", "blocked")),
        (Side.BC, SHIPMENT_METHODS, ("description",)),
        (
            Side.SALES,
            ORDERS,
            (
                *("ordernumber", "name", "_opportunityid_value", "_pricelevelid_value"),
                *("_customerid_value", "_owninguser_value", "_owningteam_value"),
            ),
        ),
        (Side.SALES, PRODUCTS, ("_defaultuomid_value", "_defaultuomscheduleid_value")),
        *PRICE_READS,
        *OWN_READS,
    )

    # --- what is read with a page --------------------------------------------------------------

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        posted = [r for r in records if r.side is Side.BC]
        # The lines of an invoice never change, and its number in Sales neither: only new ones need theirs.
        known = {text_of(r, "invoicenumber").upper() for r in records if r.side is Side.SALES}
        new = [r for r in posted if text_of(r, "number").upper() not in known]
        lines = [line for r in new for line in facts.rows("lines", r.id)]
        products = [p for line in lines if (p := self._product(line, facts))]
        currencies = dict.fromkeys(text_of(r, "currencyCode") for r in new)

        def need(name: str, side: Side, table: Table, column: str, values: Iterable[str]) -> Need:
            wanted = tuple(dict.fromkeys(v for v in values if v))
            return Need(name=name, side=side, table=table, column=column, values=wanted)

        yield need("lines", Side.BC, LINES, "documentId", (r.id for r in new))
        yield need("orders", Side.SALES, ORDERS, "ordernumber", (text_of(r, "yourReference") for r in posted))
        texts = (id_of(r, "shipmentMethodId") for r in posted if not text_of(r, "workDescription"))
        yield need("shipment_methods", Side.BC, SHIPMENT_METHODS, "id", texts)
        yield from price_needs(facts, tuple(currencies))
        for kind in KINDS.values() if facts.unit_groups else ():
            yield from own_needs(kind, (text_of(ln, "number") for ln in lines if id_of(ln, kind.id)))
        for column, (mapping, options) in OPTIONS.items():
            table = Table(name=options, kind="option", entity="invoice")
            yield need(mapping, Side.SALES, table, "id", (_option(r, column, facts) for r in posted))
        yield need("items", Side.BC, ITEMS, "id", (id_of(line, "itemId") for line in lines))
        yield need("resources", Side.BC, RESOURCES, "id", (id_of(line, "resourceId") for line in lines))
        yield need("products", Side.SALES, PRODUCTS, PRODUCTS.key, products)
        yield need("price_lines", Side.SALES, PRICE_LINES, "_productid_value", products)

    def refers(self, record: Record, facts: Context) -> Iterable[tuple[str, Side, str]]:
        if record.side is Side.SALES:
            return
        for column, (mapping, _) in OPTIONS.items():
            if code := id_of(record, column):
                yield mapping, Side.BC, code
        if currency := id_of(record, "currencyId"):
            yield "currencies", Side.BC, currency
        if (order := self._order(record, facts)) and (account := id_of(order, "_customerid_value")):
            yield "customers", Side.SALES, account
        for line in facts.rows("lines", record.id):
            for column, mapping in PRODUCT_COLUMNS:
                if found := id_of(line, column):
                    yield mapping, Side.BC, found
                    if facts.unit_groups:
                        yield from own_refers(KINDS[mapping], text_of(line, "number"), facts)

    # --- before it is made ---------------------------------------------------------------------

    def lacks(self, side: Side, record: Record, facts: Context) -> Wait | Hold | None:
        if side is Side.SALES:
            return None
        return self._lines_lack(record, facts) or self._order_lacks(record, facts)

    def _lines_lack(self, invoice: Record, facts: Context) -> Wait | Hold | None:
        assert facts.resolver is not None
        lines = facts.rows("lines", invoice.id)
        if not lines:
            return Hold(reason="it has no lines yet (S99)")
        for column in ("amount", "amountIncludingVat"):
            total = sum((worth.number(line, column) for line in lines), Decimal(0))
            if total != worth.number(invoice, column):
                said = worth.number(invoice, column)
                return Hold(reason=f"its lines add up to {total}, its {column} is {said} (S99)")
        for line in worth.in_order(lines):
            for column, mapping in PRODUCT_COLUMNS:
                row = facts.row(mapping, id_of(line, column))
                kind = mapping.removesuffix("s")
                if row is None or is_write_in(facts, kind, text_of(row, "number").upper()):
                    continue
                if row.values.get("blocked"):
                    return Hold(reason=f"the {kind} {text_of(row, 'number')} on its lines is blocked (S99)")
                if facts.resolver.sales_id(mapping, row.id) is None:
                    reason = f"line {line.values.get('lineNumber')}: {mapping} {text_of(row, 'number')}"
                    return Wait(mapping=mapping, side=Side.BC, id=row.id, reason=f"{reason} is not coupled")
                if facts.unit_groups and (lack := self._unit_lacks(line, KINDS[mapping], facts)):
                    return lack
        return None

    def _unit_lacks(self, line: Record, kind: Kind, facts: Context) -> Wait | Hold | None:
        number, code = text_of(line, "number"), text_of(line, "unitOfMeasureCode")
        said = f"line {line.values.get('lineNumber')}: the unit {code} of {kind.word} {number}"
        own = own_unit(kind, number, code, facts)
        if own is None:
            return Hold(reason=f"{said} does not exist")
        if facts.sales_id(kind.units, own.id) is None:
            return Wait(mapping=kind.units, side=Side.BC, id=own.id, reason=f"{said} is not coupled")
        return None

    def _order_lacks(self, invoice: Record, facts: Context) -> Wait | Hold | None:
        """The order's account must be that of the invoice's customer (S102)."""
        assert facts.resolver is not None
        order = self._order(invoice, facts)
        if order is None:
            if not id_of(invoice, "currencyId") and not facts.lcy_currency_id:
                return Hold(reason=f"Sales has no currency {facts.lcy_code} for its price list")
            return None
        account = id_of(order, "_customerid_value")
        customer = facts.resolver.bc_id("customers", account) if account else None
        number = text_of(order, "ordernumber")
        if account and customer is None:
            reason = f"the account of its order {number} is not coupled"
            return Wait(mapping="customers", side=Side.SALES, id=account, reason=reason)
        if customer != id_of(invoice, "customerId"):
            return Hold(reason=f"its order {number} belongs to another customer in Sales (S102)")
        return None

    # --- what it shows -------------------------------------------------------------------------

    def adds(self, side: Side, record: Record, facts: Facts) -> dict[str, Wire]:
        if side is Side.SALES or not isinstance(facts, Context):
            return {}
        order = self._order(record, facts)
        method = facts.row("shipment_methods", record.values.get("shipmentMethodId"))
        shipment = text_of(method, "description") if method is not None else ""
        added: dict[str, Wire] = {
            "computedName": (order and text_of(order, "name")) or text_of(record, "number"),
            "computedText": text_of(record, "workDescription") or shipment,
            "computedDiscount": max(worth.number(record, "invoiceDiscountAmount"), Decimal(0)),
            "computedTax": worth.number(record, "amountIncludingVat") - worth.number(record, "amount"),
            "computedPayment": payment(record),
        }
        if order is not None:
            added["salespersonId"] = ZERO_GUID  # the owner is that of the order (S101)
        for column, (mapping, options) in OPTIONS.items():
            option = _option(record, column, facts)
            if option and facts.row(mapping, option) is None:
                # The account's column has it, the invoice's has not: left empty and counted (P18).
                added[column] = f"option {option} is not in invoice.{options}"
        return added

    # --- what is written -----------------------------------------------------------------------

    def steps(
        self,
        side: Side,
        id: str,
        values: Fields,
        source: Record,
        target: Record | None,
        facts: Context,
    ) -> Steps:
        if target is None:
            return self._made(id, source, facts)
        if "payment" not in values:
            return NO_STEPS
        state = STATES[str(values["payment"])]
        closed = target.values.get("statecode") not in (0, None)
        # A closed invoice is read-only: opened first, closed again in the same transaction (S112).
        reopen = Step(action="update", table=INVOICES, id=id, values=ACTIVE)
        return Steps(before=(reopen,) if closed and state else (), values={"statecode": state})

    def _made(self, id: str, source: Record, facts: Context) -> Steps:
        """Return an invoice's lines, then the amounts that Sales takes in rows that exist only, then its state."""
        mapping, resolver = facts.mapping, facts.resolver
        assert mapping is not None and resolver is not None
        [child] = mapping.children
        list_id, links, shared = self._linked(source, facts)
        lines = worth.in_order(facts.rows("lines", source.id))
        incl = bool(source.values.get("pricesIncludeVat"))
        found = [
            (line, worth.amounts(line, prices_include_vat=incl, precision=facts.pricing_precision))
            for line in lines
        ]
        discount = worth.number(source, "computedDiscount")
        rows = []
        for line, amounts in found:
            product = self._product(line, facts)
            shown = worth.as_sales_sees(
                line, amounts, product=bool(product), delivered=source.values.get("shipmentDate")
            )
            unit: dict[str, Wire] = {}
            priced = facts.row("products", product) if product else None
            if priced is None and product and amounts.price > 0:
                shared += line_to_be(facts, list_id, product)
            elif priced is not None and (own := self._unit(line, priced, facts)):
                unit = {"uomid@odata.bind": f"/uoms({own})"}
                shared += _price(facts, list_id, priced, own, amounts.price)
            rows.append((shown, unit))
        if difference := worth.left_over(found, discount):
            rows.append((worth.rounding_line(source, lines[-1], difference), {}))
        made: list[Step] = []
        again: list[Step] = []
        for line, unit in rows:
            own = derived_id(
                company=facts.company_id, mapping=child.name, source=Side.BC, source_id=f"{id}:{line.id}"
            )
            fields = project(child, line, resolver).fields
            new = {
                f.name for f in child.fields if f.when is not When.UPDATE and fields.get(f.name) is not None
            }
            wire = {
                **child.constants(Side.SALES),
                **_rendered(child, fields, new | {"quantity", "price"}, facts),
                **unit,
                "invoiceid@odata.bind": f"/invoices({id})",
            }
            if "priceperunit" in wire:
                wire["priceperunit"] = line.values["computedPrice"]
            made.append(Step(action="create", table=DETAILS, id=own, values=wire))
            amounts_again = _rendered(child, fields, set(AGAIN), facts)
            again.append(Step(action="update", table=DETAILS, id=own, values=amounts_again))
        shown_fields = project(mapping, source, resolver).fields
        closing = {f.name for f in mapping.fields if f.when is When.UPDATE}
        line_discounts = sum((a.discount for _, a in found), Decimal(0))
        totals = {
            **_rendered(mapping, shown_fields, closing, facts),
            "totallineitemdiscountamount": line_discounts,
            "totaldiscountamount": discount + line_discounts,
            "freightamount": 0,
            "discountpercentage": 0,
            "statecode": STATES[str(source.values["computedPayment"])],
        }
        if "statuscode" not in totals:
            totals |= ACTIVE
        last = Step(action="update", table=INVOICES, id=id, values=totals)
        return Steps(shared=tuple(shared), after=(*made, *again, last), values=links)

    def _linked(self, source: Record, facts: Context) -> tuple[str, dict[str, Wire], list[Step]]:
        """Return the price list, what the invoice is linked to, and the list when it has to be made (S101, S103)."""
        order = self._order(source, facts)
        links: dict[str, Wire] = {}
        if order is not None:
            links["salesorderid@odata.bind"] = f"/salesorders({order.id})"
            if opportunity := id_of(order, "_opportunityid_value"):
                links["opportunityid@odata.bind"] = f"/opportunities({opportunity})"
            for column, entity_set in (("_owninguser_value", "systemusers"), ("_owningteam_value", "teams")):
                if owner := id_of(order, column):
                    links["ownerid@odata.bind"] = f"/{entity_set}({owner})"
        list_id = id_of(order, "_pricelevelid_value") if order is not None else ""
        made = None
        if not list_id:
            currency = text_of(source, "currencyCode")
            own = id_of(source, "currencyId")
            assert facts.resolver is not None
            currency_id = (
                facts.resolver.sales_id("currencies", own) if own else None
            ) or facts.lcy_currency_id
            list_id, made = list_for(facts, currency, currency_id)
        links["pricelevelid@odata.bind"] = f"/pricelevels({list_id})"
        return list_id, links, [made] if made is not None else []

    def _order(self, record: Record, facts: Context) -> Record | None:
        """Return the order of Sales that the invoice names as its reference (S101)."""
        return facts.row("orders", text_of(record, "yourReference")) if record.side is Side.BC else None

    def _unit(self, line: Record, product: Record, facts: Context) -> str:
        """Return the unit of a line in Sales: the product's, or with unit groups the line's own (§15)."""
        if not facts.unit_groups:
            return id_of(product, "_defaultuomid_value")
        return self._own_unit(line, facts) or ""

    @staticmethod
    def _own_unit(line: Record, facts: Context) -> str | None:
        for kind in KINDS.values():
            if id_of(line, kind.id):
                number, code = text_of(line, "number"), text_of(line, "unitOfMeasureCode")
                own = own_unit(kind, number, code, facts)
                return facts.sales_id(kind.units, own.id) if own is not None else None
        return None

    def _product(self, line: Record, facts: Context) -> str:
        """Return the product of a line; "" makes it a write-in (S100)."""
        assert facts.resolver is not None
        for column, mapping in PRODUCT_COLUMNS:
            if found := id_of(line, column):
                return facts.resolver.sales_id(mapping, found) or ""
        return ""


def _option(record: Record, column: str, facts: Context) -> str:
    """Return the option that a code is coupled with; "" when there is none."""
    return facts.sales_id(OPTIONS[column][0], id_of(record, column)) or ""


def _price(facts: Context, list_id: str, product: Record, unit: str, amount: Decimal) -> list[Step]:
    """Return the price of a product in a list, when it has none there in this unit (S108)."""
    there = any(
        id_of(row, "_pricelevelid_value") == list_id and id_of(row, "_uomid_value") == unit
        for row in facts.rows("price_lines", product.id)
    )
    schedule = id_of(product, "_defaultuomscheduleid_value")
    if there or amount <= 0 or not schedule:
        return []
    return [line_for(facts, list_id=list_id, product=product.id, unit=unit, schedule=schedule, amount=amount)]


def _rendered(mapping: EntityMapping, fields: Fields, wanted: set[str], facts: Context) -> dict[str, Wire]:
    """Return the wire properties of these fields, with 0 for a number that is blank."""
    assert facts.resolver is not None
    chosen: list[FieldMap] = [f for f in mapping.fields if f.name in wanted]
    wire = render(mapping, Side.SALES, {f.name: fields.get(f.name) for f in chosen}, facts.resolver)
    for f in chosen:
        if isinstance(f.converter, Number) and wire.get(f.sales) is None:
            wire[f.sales] = 0
    return wire
