"""Posted sales invoices of Business Central are invoices in Sales, with their lines (P11, P30).

One transaction for each invoice (H16). What is set once, when the invoice is made, is `on create`: its
customer, price list, name and order. Its state follows the payments for as long as it is coupled; the rest
only while it is active in Sales (S98, H23).
"""

from decimal import Decimal

from shared.core.convert import Choice, Day, Number, Option, Reference, Text
from shared.core.mapping import (
    Blank,
    Direction,
    EntityMapping,
    Feed,
    FieldMap,
    Match,
    Table,
    When,
    Where,
)
from shared.core.model import Side
from shared.mappings.posted_sales_invoice_lines import POSTED_SALES_INVOICE_LINES

TO_SALES = Direction.TO_SALES
MONEY = Decimal(922_337_203_685_477)


def _text(name: str, bc: str, sales: str, lengths: tuple[int, int], *, code: bool = False) -> FieldMap:
    return FieldMap(name=name, bc=bc, sales=sales, converter=Text(*lengths, code=code), direction=TO_SALES)


def _address(name: str, bc: str, sales: str) -> tuple[FieldMap, ...]:
    """Return the seven fields of an address."""
    return (
        _text(f"{name}_name", f"{bc}Name", f"{sales}_name", (100, 200)),
        _text(f"{name}_address", f"{bc}Address", f"{sales}_line1", (100, 250)),
        _text(f"{name}_address_2", f"{bc}Address2", f"{sales}_line2", (50, 250)),
        _text(f"{name}_city", f"{bc}City", f"{sales}_city", (30, 80)),
        _text(f"{name}_country", f"{bc}CountryRegionCode", f"{sales}_country", (10, 80), code=True),
        _text(f"{name}_post_code", f"{bc}PostCode", f"{sales}_postalcode", (20, 20), code=True),
        _text(f"{name}_county", f"{bc}County", f"{sales}_stateorprovince", (30, 50)),
    )


def _day(name: str, bc: str, sales: str) -> FieldMap:
    return FieldMap(name=name, bc=bc, sales=sales, converter=Day(), direction=TO_SALES)


def _total(name: str, bc: str, sales: str) -> FieldMap:
    """Return a total that Sales does not take in a new invoice: written with it, after its lines."""
    return FieldMap(
        name=name,
        bc=bc,
        sales=sales,
        converter=Number(2, least=-MONEY, most=MONEY),
        direction=TO_SALES,
        when=When.UPDATE,
    )


POSTED_SALES_INVOICES = EntityMapping(
    name="posted_sales_invoices",
    title="Posted sales invoice → Invoice",
    source="mappings.md, POSTEDSALESINV-INV and §2, §14, §16; sales-documents.md §5",
    bc=Table(name="postedSalesInvoices"),
    sales=Table(name="invoices", key="invoiceid"),
    direction=TO_SALES,
    depends_on=(
        "salespeople",
        "currencies",
        "payment_terms",
        "shipment_methods",
        "shipping_agents",
        "customers",
        "items",
        "resources",
        "opportunities",
    ),
    match=(Match(bc=("number",), sales=("invoicenumber",)),),
    # A closed invoice is not processed, but for its state (S98, S112, H23).
    sales_filter=(Where(column="statecode", op="eq", value=0, reason="the invoice is closed in Sales"),),
    rule="posted_sales_invoices",
    # Payments and cancelling move the ledger, not the invoice.
    volatile=True,
    also_changed_by=(
        Feed(
            name="payments",
            side=Side.BC,
            table=Table(name="detailedCustomerLedgerEntries"),
            column="invoiceId",
        ),
    ),
    extra_bc=(
        "currencyCode",
        "yourReference",
        "workDescription",
        "shipmentMethodId",
        "pricesIncludeVat",
        "invoiceDiscountAmount",
        "customerLedgerEntryNumber",
        "remainingAmount",
        "closed",
        "cancelled",
    ),
    extra_sales=("statecode",),
    label_sales="invoicenumber",
    children=(POSTED_SALES_INVOICE_LINES,),
    fields=(
        FieldMap(
            name="number",
            bc="number",
            sales="invoicenumber",
            converter=Text(20, 100, code=True),
            direction=TO_SALES,
            when=When.CREATE,
            required=True,
        ),
        # The order's name when the invoice belongs to an order of Sales, else the number (S101).
        FieldMap(
            name="name",
            bc="computedName",
            sales="name",
            converter=Text(300, 300),
            direction=TO_SALES,
            when=When.CREATE,
        ),
        FieldMap(
            name="customer",
            bc="customerId",
            sales="_customerid_value",
            converter=Reference("customers", nav="customerid_account", entity_set="accounts"),
            direction=TO_SALES,
            when=When.CREATE,
            required=True,
        ),
        FieldMap(
            name="owner",
            bc="salespersonId",
            sales="_ownerid_value",
            converter=Reference("salespeople", nav="ownerid", entity_set="systemusers"),
            direction=TO_SALES,
            blank=Blank.KEEP,
        ),
        FieldMap(
            name="currency",
            bc="currencyId",
            sales="_transactioncurrencyid_value",
            converter=Reference(
                "currencies",
                nav="transactioncurrencyid",
                entity_set="transactioncurrencies",
                local_currency=True,
            ),
            direction=TO_SALES,
            when=When.CREATE,
        ),
        _day("due_date", "dueDate", "duedate"),
        _day("shipment_date", "shipmentDate", "datedelivered"),
        *_address("ship_to", "shipTo", "shipto"),
        *_address("bill_to", "billTo", "billto"),
        FieldMap(
            name="invoice_discount",
            bc="computedDiscount",
            sales="discountamount",
            converter=Number(2, least=Decimal(0), most=Decimal(1_000_000_000_000)),
            direction=TO_SALES,
        ),
        _total("amount", "amount", "totalamountlessfreight"),
        _total("tax", "computedTax", "totaltax"),
        _total("amount_including_vat", "amountIncludingVat", "totalamount"),
        FieldMap(
            name="shipping_agent",
            bc="shippingAgentId",
            sales="shippingmethodcode",
            converter=Option("shipping_agents"),
            direction=TO_SALES,
        ),
        FieldMap(
            name="payment_terms",
            bc="paymentTermsId",
            sales="paymenttermscode",
            converter=Option("payment_terms"),
            direction=TO_SALES,
        ),
        # The work description, else the text of the shipment method (§14).
        FieldMap(
            name="description",
            bc="computedText",
            sales="description",
            converter=Text(2000, 2000),
            direction=TO_SALES,
        ),
        # With the state that goes with each status (S110, S111); never in a new row.
        FieldMap(
            name="payment",
            bc="computedPayment",
            sales="statuscode",
            converter=Choice(
                (
                    ("billed", "billed", 4),
                    ("paid", "paid", 100_001),
                    ("partly paid", "partly paid", 100_002),
                    ("cancelled", "cancelled", 100_003),
                )
            ),
            direction=TO_SALES,
            when=When.UPDATE,
            state=True,
        ),
    ),
)
