"""Lines of posted sales invoices are invoice products in Sales (P12, P30): written with their invoice only.

Every line goes over (S106). One without a product (G/L account such as freight, charge, comment, an item
outside the filter of items) is a write-in (S100, S107). The columns that begin with `computed` are worked
out by the rule of the invoices.
"""

from decimal import Decimal

from shared.core.convert import Boolean, Day, Number, Reference, Text
from shared.core.mapping import Creates, Direction, EntityMapping, FieldMap, Table, When

TO_SALES = Direction.TO_SALES
#: What Sales takes for sums of money, quantities and discounts of a line.
MONEY = Decimal(922_337_203_685_477)
QUANTITY = Decimal(100_000_000_000)
MOST = Decimal(1_000_000_000_000)


def _product(name: str, column: str, mapping: str) -> FieldMap:
    return FieldMap(
        name=name,
        bc=column,
        sales="_productid_value",
        converter=Reference(mapping, nav="productid", entity_set="products"),
        direction=TO_SALES,
        when=When.CREATE,
    )


def _money(name: str, bc: str, sales: str, least: Decimal, most: Decimal, when: When) -> FieldMap:
    return FieldMap(
        name=name,
        bc=bc,
        sales=sales,
        converter=Number(2, least=least, most=most),
        direction=TO_SALES,
        when=when,
    )


POSTED_SALES_INVOICE_LINES = EntityMapping(
    name="posted_sales_invoice_lines",
    title="Posted sales invoice line → Invoice product",
    source="mappings.md, POSTEDSALESLINE-INV and §15; sales-documents.md §5.4",
    bc=Table(name="postedSalesInvoiceLines"),
    sales=Table(name="invoicedetails", key="invoicedetailid"),
    direction=TO_SALES,
    depends_on=("items", "resources"),
    creates=Creates.ALWAYS,
    constants_sales=(("ispriceoverridden", True),),
    label_bc="lineNumber",
    label_sales="lineitemnumber",
    extra_bc=(
        "documentId",
        "type",
        "number",
        "description",
        "unitPrice",
        "lineDiscountAmount",
        "invoiceDiscountAmount",
        "amount",
        "amountIncludingVat",
    ),
    extra_sales=("_invoiceid_value", "_uomid_value", "ispriceoverridden"),
    fields=(
        FieldMap(
            name="line_number",
            bc="lineNumber",
            sales="lineitemnumber",
            converter=Number(0, least=Decimal(0), most=Decimal(1_000_000_000)),
            direction=TO_SALES,
            when=When.CREATE,
        ),
        _product("item", "itemId", "items"),
        _product("resource", "resourceId", "resources"),
        FieldMap(
            name="write_in",
            bc="computedWriteIn",
            sales="isproductoverridden",
            converter=Boolean(),
            direction=TO_SALES,
            when=When.CREATE,
        ),
        FieldMap(
            name="description",
            bc="computedDescription",
            sales="productdescription",
            converter=Text(500, 500),
            direction=TO_SALES,
            when=When.CREATE,
        ),
        FieldMap(
            name="quantity",
            bc="quantity",
            sales="quantity",
            converter=Number(5, least=-QUANTITY, most=QUANTITY),
            direction=TO_SALES,
            when=When.CREATE,
        ),
        _money("price", "computedPrice", "priceperunit", -MONEY, MONEY, When.CREATE),
        _money("discount", "computedDiscount", "manualdiscountamount", Decimal(0), MOST, When.ALWAYS),
        _money("tax", "computedTax", "tax", -MOST, MOST, When.ALWAYS),
        # Sales leaves these two empty in a new row (S107); they are written in the same transaction.
        _money("base_amount", "computedBase", "baseamount", -MONEY, MONEY, When.UPDATE),
        _money("extended_amount", "computedExtended", "extendedamount", -MONEY, MONEY, When.UPDATE),
        FieldMap(
            name="delivered",
            bc="computedDelivered",
            sales="actualdeliveryon",
            converter=Day(),
            direction=TO_SALES,
            when=When.CREATE,
        ),
    ),
)
