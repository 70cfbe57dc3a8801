"""Lines of sales orders and quotes, field by field in the order of the body, and the totals of their document.

sales-documents.md S31–S52; business-central-api.md §5: quantity before price, and price after unit of measure, because
each of the earlier ones makes Business Central look its own price up again.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.business_central import pricing, totals
from sandbox.business_central.assembly import assemble, unlink
from sandbox.business_central.contract import ZERO, entity_sets
from sandbox.business_central.errors import dialog
from sandbox.business_central.flow_fields import refresh_document
from sandbox.business_central.pricing import Wanted, cent_of, vat_percent
from sandbox.business_central.products import unit_of
from sandbox.business_central.reserving import method_of
from sandbox.business_central.store import Company, Row
from sandbox.business_central.totals import exact, plain
from sandbox.business_central.writes import Write, get, must_be, no_relation

HEADERS = {"salesOrderLines": "salesOrders", "salesQuoteLines": "salesQuotes"}
BLANK, ACCOUNT, ITEM, RESOURCE = "_x0020_", "G_x002F_L_x0020_Account", "Item", "Resource"
_SETS = {ITEM: "items", RESOURCE: "resources", ACCOUNT: "glAccounts"}


def check_line(write: Write) -> None:
    """Number a new line 10000 after the last (S31) and validate what is given."""
    header = write.company.row(HEADERS[write.table], write.now("documentId"))
    if header is None:
        raise must_be("Document No.", "", "Sales Line", "")
    _document_open(write.company, write.table, header)
    _Line(write, header).validate()


def number_line(write: Write) -> None:
    """A line without a number comes last; an item or resource says the type (posted lines are only stored)."""
    for column, kind in (("itemId", ITEM), ("resourceId", RESOURCE)):
        if write.values.get(column, ZERO) != ZERO:
            write.values["type"] = kind
    if write.before is None and not write.values.get("lineNumber"):
        lines = write.company.tables[write.table].related("documentId", write.now("documentId"))
        at = entity_sets()[write.table].at["lineNumber"]
        write.values["lineNumber"] = max((line[at] for line in lines), default=0) + 10_000


def _document_open(company: Company, lines: str, header: Row) -> None:
    if get(company, HEADERS[lines], header, "status") != "Open":
        raise must_be(
            "Status", "Open", "Sales Header", f"No.='{get(company, HEADERS[lines], header, 'number')}'"
        )


class _Line:
    """One line while its fields are validated."""

    def __init__(self, write: Write, header: Row) -> None:
        self.write, self.company, self.values = write, write.company, write.values
        self.header_set = HEADERS[write.table]
        self.header = header
        bill_to = self.company.row("customers", self._of_header("billToCustomerId"))
        if bill_to is None:
            raise must_be("Bill-to Customer No.", "", "Sales Header", f"No.='{self._of_header('number')}'")
        self.bill_to = bill_to
        self.currency = self._of_header("currencyCode")
        self.cent = cent_of(self.company, self.currency)

    def _of_header(self, column: str) -> Any:
        return get(self.company, self.header_set, self.header, column)

    def validate(self) -> None:
        given = dict(self.values)
        number_line(self.write)
        numbered = self.values["lineNumber"] if "lineNumber" in self.values else None
        kind = self.values.get("type")
        self.values.clear()
        if numbered is not None:
            self.values["lineNumber"] = numbered
        if self.write.before is None:
            for column in ("requestedDeliveryDate", "promisedDeliveryDate", "shipmentDate"):
                self.values[column] = self._of_header(column)
            for column in ("billToCustomerId", "billToCustomerNumber"):
                if column in entity_sets()[self.write.table].at:
                    self.values[column] = self._of_header(column)
        chosen = False
        for name, value in given.items():
            if name in ("type", "number", "itemId", "resourceId"):
                self.values[name] = value
                if not chosen and self._names_product(given):
                    chosen = True
                    self._choose(given, kind)
                continue
            self.values[name] = value
            trigger = getattr(self, f"_on_{name}", None)
            if trigger is not None:
                trigger()
        if not chosen and "type" in given and given["type"] != BLANK and not self.write.now("number"):
            raise must_be("No.", "", "Sales Line", f"Line No.='{self.write.now('lineNumber')}'")
        self._amounts()

    @staticmethod
    def _names_product(given: dict[str, Any]) -> bool:
        return any(given.get(name) not in (None, "", ZERO) for name in ("number", "itemId", "resourceId"))

    def _choose(self, given: dict[str, Any], kind: str | None) -> None:
        """Validate No.: the description, unit, price and VAT of the item, resource or account replace what stood."""
        before, at = self.write.before, entity_sets()[self.write.table].at
        kind = kind or self.write.now("type")
        if kind not in _SETS:
            raise must_be("Type", "", "Sales Line", f"No.='{given.get('number', '')}'")
        same = before is not None and (before[at["type"]], before[at["number"]]) == (
            kind,
            given.get("number"),
        )
        if same:
            return
        if before is not None and self.write.now(
            "quantityShipped" if "quantityShipped" in at else "quantity"
        ):
            if "quantityShipped" in at and before[at["quantityShipped"]]:
                raise must_be("Quantity Shipped", "0", "Sales Line", f"No.='{before[at['number']]}'")
        table, number = _SETS[kind], given.get("number", "")
        product = self.company.tables[table].find(number)
        if product is None:
            raise no_relation("No.", number, "Sales Line", entity_sets()[table].table)
        self._not_blocked(table, product)
        name = "description" if kind == ITEM else "name"
        row_id = get(self.company, table, product, "id")
        unit_id, unit = ZERO, ""
        if kind != ACCOUNT:
            own = "baseUnitOfMeasure"
            if kind == ITEM and get(self.company, table, product, "salesUnitOfMeasureCode"):
                own = "salesUnitOfMeasure"
            unit_id, unit = (get(self.company, table, product, f"{own}{c}") for c in ("Id", "Code"))
        percent = vat_percent(
            self.company, self.bill_to, get(self.company, table, product, "vatProdPostingGroup")
        )
        self.values.update(
            type=kind,
            number=number,
            itemId=row_id if kind == ITEM else ZERO,
            resourceId=row_id if kind == RESOURCE else ZERO,
            description=get(self.company, table, product, name),
            unitOfMeasureId=unit_id,
            unitOfMeasureCode=unit,
            quantity=0,
            lineDiscountPercent=0,
            lineDiscountAmount=0,
            # G/L lines take no part in an invoice discount (S52).
            allowInvoiceDiscount=kind != ACCOUNT,
            vatPercent=percent,
        )
        if "quantityToAssembleToOrder" in at:
            self.values["quantityToAssembleToOrder"] = 0
            item = product if kind == ITEM else None
            self.values["reserve"] = method_of(self.company, item, self._of_header("reserve"))
        self._look_up_price()

    def _not_blocked(self, table: str, product: Row) -> None:
        key = f"No.='{get(self.company, table, product, 'number')}'"
        columns = ("blocked", "salesBlocked") if table == "items" else ("blocked",)
        for column in columns:
            if get(self.company, table, product, column):
                field = entity_sets()[table].columns[column].field
                raise must_be(field, "No", entity_sets()[table].table, key)
        if table == "glAccounts" and not get(self.company, table, product, "directPosting"):
            raise must_be("Direct Posting", "Yes", "G/L Account", key)

    def _look_up_price(self) -> None:
        kind, number = self.write.now("type"), self.write.now("number")
        if kind not in (ITEM, RESOURCE):
            return
        product = self.company.tables[_SETS[kind]].find(number)
        if product is None:
            return
        wanted = Wanted(
            customer=self.bill_to,
            price_group=self._of_header("customerPriceGroupCode"),
            currency=self.currency,
            factor=self._of_header("currencyFactor"),
            prices_include_vat=self._of_header("pricesIncludeVat"),
            date=self._of_header("orderDate"),
            vat_percent=exact(self.write.now("vatPercent")),
        )
        unit = self.write.now("unitOfMeasureCode")
        if kind == RESOURCE:
            self.values["unitPrice"] = pricing.resource_price(self.company, product, wanted, unit=unit)
        else:
            self.values["unitPrice"] = pricing.item_price(
                self.company,
                product,
                wanted,
                quantity=self.write.now("quantity"),
                unit=unit,
                variant=self.write.now("variantCode"),
            )
        self._discount_of_percent()

    # --- one trigger for each field, found by its name ---

    def _on_unitOfMeasureId(self) -> None:  # noqa: N802
        kind, unit = (
            self.write.now("type"),
            self.company.row("unitsOfMeasure", self.values["unitOfMeasureId"]),
        )
        code = "" if unit is None else get(self.company, "unitsOfMeasure", unit, "code")
        self.values["unitOfMeasureCode"] = code
        if code and kind in (ITEM, RESOURCE):
            table = _SETS[kind]
            if unit_of(self.company, table, self.write.now("number"), code) is None:
                raise no_relation("Unit of Measure Code", code, "Sales Line", f"{kind} Unit of Measure")
        self._look_up_price()

    def _on_variantCode(self) -> None:  # noqa: N802
        variant = self.values["variantCode"]
        if variant and self.company.tables["itemVariants"].find(self.write.now("number"), variant) is None:
            raise no_relation("Variant Code", variant, "Sales Line", "Item Variant")
        self._look_up_price()

    def _on_quantity(self) -> None:
        quantity = self.values["quantity"]
        if quantity and self.write.now("type") == BLANK:
            raise must_be("Type", "", "Sales Line", f"Line No.='{self.write.now('lineNumber')}'")
        shipped = "quantityShipped" in entity_sets()[self.write.table].at
        if shipped and abs(quantity) < abs(self.write.now("quantityShipped")):
            raise dialog("Quantity must not be less than Quantity Shipped.")
        assemble(self.write)
        self._look_up_price()
        self._discount_of_percent()

    def _on_unitPrice(self) -> None:  # noqa: N802
        self._discount_of_percent()

    def _on_lineDiscountPercent(self) -> None:  # noqa: N802
        self._discount_of_percent()

    def _on_lineDiscountAmount(self) -> None:  # noqa: N802
        """Rounded to the currency's precision before anything is made of it (S37)."""
        self.values["lineDiscountAmount"] = plain(
            totals.rounded(exact(self.values["lineDiscountAmount"]), self.cent)
        )
        try:
            percent = totals.percent_of(self._line(), exact(self.values["lineDiscountAmount"]), self.cent)
        except totals.WrongAmount as wrong:
            raise dialog(str(wrong)) from None
        self.values["lineDiscountPercent"] = plain(percent)

    def _discount_of_percent(self) -> None:
        try:
            discount = totals.discount_of(
                self._line(), exact(self.write.now("lineDiscountPercent")), self.cent
            )
        except totals.WrongAmount as wrong:
            raise dialog(str(wrong)) from None
        self.values["lineDiscountAmount"] = plain(discount)

    def _line(self) -> totals.Line:
        return totals.Line(
            quantity=exact(self.write.now("quantity")), unit_price=exact(self.write.now("unitPrice"))
        )

    def _amounts(self) -> None:
        discount = exact(self.write.now("lineDiscountAmount"))
        self.values["lineAmount"] = plain(self._line().gross(self.cent) - discount)
        at = entity_sets()[self.write.table].at
        if "outstandingQuantity" in at:
            self.values["outstandingQuantity"] = plain(
                exact(self.write.now("quantity")) - exact(self.write.now("quantityShipped"))
            )


def settle(company: Company, lines: str, document_id: str, who: str) -> None:
    """Spread the document's invoice discount, compute VAT line by line, and show the totals on the header."""
    header = company.row(HEADERS[lines], document_id)
    if header is None:
        return
    at, table = entity_sets()[lines].at, company.tables[lines]
    rows = sorted(table.related("documentId", document_id), key=lambda row: int(row[at["lineNumber"]]))
    cent = cent_of(company, get(company, HEADERS[lines], header, "currencyCode"))
    computed = [
        totals.Line(
            quantity=exact(row[at["quantity"]]),
            unit_price=exact(row[at["unitPrice"]]),
            discount=exact(row[at["lineDiscountAmount"]]),
            allow_invoice_discount=row[at["allowInvoiceDiscount"]] and row[at["type"]] != BLANK,
            vat_percent=exact(row[at["vatPercent"]]),
        )
        for row in rows
    ]
    discount = exact(get(company, HEADERS[lines], header, "invoiceDiscountValue"))
    try:
        computed = totals.spread(computed, discount if rows else Decimal(0), cent)
    except totals.WrongAmount as wrong:
        raise dialog(str(wrong)) from None
    including = get(company, HEADERS[lines], header, "pricesIncludeVat")
    for row, line in zip(
        rows, totals.with_vat(computed, prices_include_vat=including, cent=cent), strict=True
    ):
        values = {
            "invoiceDiscountAmount": plain(line.invoice_discount),
            "amount": plain(line.amount),
            "amountIncludingVat": plain(line.amount_including_vat),
        }
        company.change(lines, row[at["id"]], values, who)
    refresh_document(company, HEADERS[lines], document_id)


def before_line(company: Company, lines: str, row: Row, who: str) -> None:
    """A line goes with the lines attached to it, while the document is open and nothing of it is shipped."""
    at = entity_sets()[lines].at
    header = company.row(HEADERS[lines], row[at["documentId"]])
    if header is not None:
        _document_open(company, lines, header)
    if lines == "salesOrderLines" and row[at["quantityShipped"]] != row[at["quantityInvoiced"]]:
        raise must_be("Qty. Shipped Not Invoiced", "0", "Sales Line", f"Line No.='{row[at['lineNumber']]}'")
    if lines == "salesOrderLines":
        unlink(company, row, who)
    for other in company.tables[lines].related("documentId", row[at["documentId"]]):
        if other[at["attachedToLineNumber"]] == row[at["lineNumber"]]:
            company.remove(lines, other[at["id"]], who)
