"""Posted sales invoices with their lines, complete and valid. Name only what a test is about."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.world import World
from tests.scenarios.builders import SALESPERSON, ZERO, add_customer, an_id
from tests.scenarios.products import a_shop

D = Decimal
ITEM, RESOURCE = an_id("item 1000"), an_id("resource R1")


def a_line(kind: str = "Item", **differs: Any) -> dict[str, Any]:
    """A line over ten items of 100 with 20 % VAT; `amount` and `incl` are those after all discounts."""
    row = {
        "type": kind,
        "itemId": ITEM if kind == "Item" else ZERO,
        "resourceId": RESOURCE if kind == "Resource" else ZERO,
        "number": {"Item": "1000", "Resource": "R1", "G/L Account": "6710"}.get(kind, ""),
        "description": f"{kind} sold",
        "quantity": 10,
        "unitPrice": 100,
        "lineDiscountAmount": 0,
        "invoiceDiscountAmount": 0,
        "amount": 1000,
        "amountIncludingVat": 1200,
    } | differs
    return row


def a_comment(text: str = "Thank you") -> dict[str, Any]:
    nothing = dict.fromkeys(("quantity", "unitPrice", "amount", "amountIncludingVat"), 0)
    return a_line("_x0020_", number="", description=text, **nothing)


def add_invoice(world: World, *lines: dict[str, Any], number: str = "103001", **differs: Any) -> str:
    """Post an invoice that nobody has paid; its sums are those of its lines."""
    rows = lines or (a_line(),)

    def total(column: str) -> Decimal:
        return sum((D(str(row[column])) for row in rows), D(0))

    invoice = an_id(f"invoice {number}")
    address = {
        f"{kind}{part}": ""
        for kind in ("billTo", "shipTo")
        for part in ("Name", "Address", "Address2", "City", "CountryRegionCode", "PostCode", "County")
    }
    row = {
        "number": number,
        "customerId": an_id("customer C1"),
        "salespersonId": SALESPERSON,
        "currencyId": ZERO,
        "currencyCode": "",
        "dueDate": "2026-02-01",
        "shipmentDate": "2026-01-10",
        "paymentTermsId": ZERO,
        "shipmentMethodId": ZERO,
        "shippingAgentId": ZERO,
        "yourReference": "",
        "workDescription": "",
        "pricesIncludeVat": False,
        "amount": total("amount"),
        "amountIncludingVat": total("amountIncludingVat"),
        "invoiceDiscountAmount": total("invoiceDiscountAmount"),
        "customerLedgerEntryNumber": 1,
        "remainingAmount": total("amountIncludingVat"),
        "closed": False,
        "cancelled": False,
        **address,
        "billToName": "Adatum",
        "billToCity": "Ulm",
    } | differs
    world.bc.add("postedSalesInvoices", invoice, **row)
    for position, values in enumerate(rows, start=1):
        line = {"documentId": invoice, "lineNumber": position * 10_000} | values
        world.bc.add("postedSalesInvoiceLines", an_id(f"line {number} {position}"), **line)
    return invoice


def pay(world: World, invoice: str, remaining: object, **differs: Any) -> None:
    """A payment is a ledger entry of its own; the invoice shows it without moving."""
    world.bc.add(
        "detailedCustomerLedgerEntries", an_id(f"{invoice} {remaining} {differs}"), invoiceId=invoice
    )
    shown = {"remainingAmount": remaining, "closed": remaining == 0} | differs
    world.bc.compute("postedSalesInvoices", invoice, **shown)


def a_seller(**options: Any) -> World:
    """A company with a customer and products; the invoice's columns have the options of the account's."""
    world = a_shop(**options)
    add_customer(world)
    world.sales.add("invoice.paymenttermscode", "1", value=1, label="14 days")
    return world


def invoice_of(world: World, invoice: str) -> dict[str, Any]:
    row = world.sales.show("invoices", world.coupled("posted_sales_invoices")[invoice])
    assert row is not None
    return row


def lines_of(world: World, invoice: str) -> list[dict[str, Any]]:
    """Return the lines of an invoice in Sales, in order."""
    own = world.coupled("posted_sales_invoices")[invoice]
    rows = [r for r in world.sales.all("invoicedetails").values() if r["_invoiceid_value"] == own]
    return sorted(rows, key=lambda r: r["lineitemnumber"])


def worked_out(world: World, invoice: str) -> tuple[Decimal, Decimal, Decimal]:
    """Return (without VAT, VAT, total) as Sales adds them up from price, quantity, discounts and tax."""
    net = tax = D(0)
    for row in lines_of(world, invoice):
        base = (D(str(row["priceperunit"])) * D(str(row["quantity"]))).quantize(D("0.01"), "ROUND_HALF_UP")
        net += base - D(str(row["manualdiscountamount"]))
        tax += D(str(row["tax"]))
    net -= D(str(invoice_of(world, invoice).get("discountamount") or 0))
    return net, tax, net + tax
