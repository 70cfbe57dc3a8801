"""Posting an order: shipment, invoice, and what is left of the order (sales-documents.md S89–S94).

The order is gone once it is invoiced in full (its tombstones stay, and a version where orders are archived).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sandbox.business_central import ledger, reserving, totals
from sandbox.business_central.assembly import unlink
from sandbox.business_central.contract import entity_sets
from sandbox.business_central.documents import archive, archives_orders, release
from sandbox.business_central.errors import dialog
from sandbox.business_central.flow_fields import refresh_document, refresh_item
from sandbox.business_central.lines import BLANK, ITEM
from sandbox.business_central.notes import remove_notes
from sandbox.business_central.pricing import cent_of
from sandbox.business_central.products import units_per
from sandbox.business_central.store import Company, Row
from sandbox.business_central.totals import exact, plain
from sandbox.business_central.writes import Values, draw_number, get, next_entry

_SYSTEM = frozenset(
    {"id", "systemRowVersion", "createdAt", "createdBy", "lastModifiedDateTime", "lastModifiedBy"}
)


@dataclass(frozen=True, kw_only=True)
class Posting:
    """What to post. `quantities` by line number (default: everything outstanding or not yet invoiced)."""

    ship: bool = True
    invoice: bool = True
    quantities: Mapping[int, float] | None = None


def post(company: Company, order: Row, posting: Posting, who: str) -> str | None:
    """Ship and invoice; returns the id of the posted invoice, or None when only shipped.

    Raises:
        Refused: the customer is blocked, there is nothing to post, or an account is missing.
    """
    order_id = get(company, "salesOrders", order, "id")
    _may_post(company, order, posting)
    with company.transaction():
        if archives_orders(company):
            # What it was before, and below what became of it: sales-order-048 (Sales-Post, ArchiveUnpostedOrder).
            archive(company, "salesOrders", order, who)
        release(company, "salesOrders", order, who)
        today = company.database.stamp()[:10]
        if posting.ship:
            _ship(company, order, posting, today, who)
        invoice_id = _invoice(company, order_id, posting, today, who) if posting.invoice else None
        _afterwards(company, order_id, today, who, shipped=posting.ship)
    return invoice_id


def _may_post(company: Company, order: Row, posting: Posting) -> None:
    customer = company.row("customers", get(company, "salesOrders", order, "customerId"))
    blocked = "" if customer is None else get(company, "customers", customer, "blocked")
    if blocked == "All" or posting.invoice and blocked == "Invoice" or posting.ship and blocked == "Ship":
        raise dialog(f"You cannot post this document when the customer is blocked ({blocked}).")


def _rows(company: Company, order_id: str) -> list[Row]:
    lines = company.tables["salesOrderLines"]
    at = lines.entity.at["lineNumber"]
    return sorted(lines.related("documentId", order_id), key=lambda row: int(row[at]))


def _ship(company: Company, order: Row, posting: Posting, today: str, who: str) -> None:
    at = entity_sets()["salesOrderLines"].at
    order_id, number, shipped = get(company, "salesOrders", order, "id"), draw_shipment(company), False
    for row in _rows(company, order_id):
        left = exact(row[at["outstandingQuantity"]])
        quantity = _asked(posting, row, left)
        if row[at["type"]] == BLANK or not quantity:
            continue
        if abs(quantity) > abs(left):
            raise dialog("You cannot ship more than what is outstanding.")
        shipped = True
        company.change(
            "salesOrderLines",
            row[at["id"]],
            {
                "quantityShipped": plain(exact(row[at["quantityShipped"]]) + quantity),
                "outstandingQuantity": plain(left - quantity),
            },
            who,
        )
        reserving.shipped(company, row[at["id"]])
        if row[at["type"]] == ITEM:
            _out_of_stock(company, row, quantity, number, today, who)
        if quantity == left:
            unlink(company, row, who)
    if not shipped and not posting.invoice:
        raise dialog("There is nothing to post.")


def draw_shipment(company: Company) -> str:
    return company.next_number("shipments", "S-SHPT", 6, lambda _: False)


def _asked(posting: Posting, row: Row, otherwise: Decimal) -> Decimal:
    if posting.quantities is None:
        return otherwise
    number = row[entity_sets()["salesOrderLines"].at["lineNumber"]]
    return exact(posting.quantities.get(number, 0))


def _out_of_stock(
    company: Company, line: Row, quantity: Decimal, document: str, today: str, who: str
) -> None:
    """Inventory items leave an item ledger entry in base units, which the item's inventory adds up (S116)."""
    at = entity_sets()["salesOrderLines"].at
    item = company.row("items", line[at["itemId"]])
    if item is None or get(company, "items", item, "type") != "Inventory":
        return
    unit = line[at["unitOfMeasureCode"]]
    base = quantity * exact(units_per(company, "items", line[at["number"]], unit))
    company.insert(
        "itemLedgerEntries",
        {
            "entryNumber": next_entry(company, "itemLedgerEntries"),
            "itemId": line[at["itemId"]],
            "itemNumber": line[at["number"]],
            "postingDate": today,
            "entryType": "Sale",
            "documentNumber": document,
            "locationCode": line[at["locationCode"]],
            "variantCode": line[at["variantCode"]],
            "quantity": plain(-base),
            "remainingQuantity": plain(-base),
            "open": base > 0,
        },
        who,
    )
    refresh_item(company, line[at["itemId"]])


def _invoice(company: Company, order_id: str, posting: Posting, today: str, who: str) -> str:
    """Post what is shipped and not invoiced; comments come along (S106)."""
    order = company.tables["salesOrders"].rows[order_id]
    at = entity_sets()["salesOrderLines"].at
    chosen: list[tuple[Row, Decimal]] = []
    for row in _rows(company, order_id):
        left = exact(row[at["quantityShipped"]]) - exact(row[at["quantityInvoiced"]])
        quantity = left if posting.ship else _asked(posting, row, left)
        if abs(quantity) > abs(left):
            raise dialog("You cannot invoice more than what is shipped.")
        if quantity or row[at["type"]] == BLANK:
            chosen.append((row, quantity))
    if not any(quantity for _, quantity in chosen):
        raise dialog("There is nothing to post.")
    header_id, number = str(uuid.uuid4()), draw_number(company, "postedSalesInvoices")
    _insert_header(company, order, header_id, number, today, who)
    _insert_lines(company, order, chosen, header_id, number, who)
    refresh_document(company, "postedSalesInvoices", header_id)
    header = company.tables["postedSalesInvoices"].rows[header_id]
    entry = ledger.owe(company, header, who)
    company.change("postedSalesInvoices", header_id, {"customerLedgerEntryNumber": entry}, who)
    for row, quantity in chosen:
        done = plain(exact(row[at["quantityInvoiced"]]) + quantity)
        company.change("salesOrderLines", row[at["id"]], {"quantityInvoiced": done}, who)
    return header_id


def _shared(source: str, target: str, row: Row) -> Values:
    """Columns of the same name: TransferFields."""
    at, to = entity_sets()[source].at, entity_sets()[target].at
    return {name: row[at[name]] for name in at if name in to and name not in _SYSTEM}


def _insert_header(company: Company, order: Row, header_id: str, number: str, today: str, who: str) -> None:
    values = _shared("salesOrders", "postedSalesInvoices", order)
    values.update(
        id=header_id,
        number=number,
        orderNumber=get(company, "salesOrders", order, "number"),
        postingDate=today,
        amount=0,
        amountIncludingVat=0,
        invoiceDiscountAmount=0,
    )
    company.insert("postedSalesInvoices", values, who)


def _insert_lines(
    company: Company, order: Row, chosen: list[tuple[Row, Decimal]], header_id: str, number: str, who: str
) -> None:
    at = entity_sets()["salesOrderLines"].at
    cent = cent_of(company, get(company, "salesOrders", order, "currencyCode"))
    computed = [_part(row, quantity, cent) for row, quantity in chosen]
    including = get(company, "salesOrders", order, "pricesIncludeVat")
    for (row, quantity), line in zip(
        chosen, totals.with_vat(computed, prices_include_vat=including, cent=cent), strict=True
    ):
        company.insert(
            "postedSalesInvoiceLines",
            _shared("salesOrderLines", "postedSalesInvoiceLines", row)
            | {
                "documentId": header_id,
                "documentNumber": number,
                "quantity": plain(quantity),
                "lineDiscountAmount": plain(line.discount),
                "invoiceDiscountAmount": plain(line.invoice_discount),
                "lineAmount": plain(line.line_amount(cent)),
                "amount": plain(line.amount),
                "amountIncludingVat": plain(line.amount_including_vat),
                "orderNumber": row[at["documentNumber"]],
                "orderLineNumber": row[at["lineNumber"]],
            },
            who,
        )


def _part(row: Row, quantity: Decimal, cent: Decimal) -> totals.Line:
    """The line for this quantity: all of it as it stands, a part with its share of the discounts."""
    at = entity_sets()["salesOrderLines"].at
    whole = exact(row[at["quantity"]])
    line = totals.Line(
        quantity=quantity,
        unit_price=exact(row[at["unitPrice"]]),
        discount=exact(row[at["lineDiscountAmount"]]),
        invoice_discount=exact(row[at["invoiceDiscountAmount"]]),
        vat_percent=exact(row[at["vatPercent"]]),
    )
    if quantity == whole:
        return line
    return totals.Line(
        quantity=quantity,
        unit_price=line.unit_price,
        discount=totals.discount_of(line, exact(row[at["lineDiscountPercent"]]), cent),
        invoice_discount=totals.rounded(line.invoice_discount * quantity / whole, cent),
        vat_percent=line.vat_percent,
    )


def _afterwards(company: Company, order_id: str, today: str, who: str, *, shipped: bool) -> None:
    """Delete the order when it is invoiced in full, else show how far it is."""
    at = entity_sets()["salesOrderLines"].at
    rows = _rows(company, order_id)
    if all(row[at["quantityInvoiced"]] == row[at["quantity"]] for row in rows):
        order = company.tables["salesOrders"].rows[order_id]
        if archives_orders(company):
            archive(company, "salesOrders", order, who, invoice=True)
        for row in rows:
            company.remove("salesOrderLines", row[at["id"]], who)
        remove_notes(company, "salesOrders", order_id, who)
        company.remove("salesOrders", order_id, who)
        return
    shown: Values = {
        "shipped": any(row[at["quantityShipped"]] for row in rows),
        "completelyShipped": all(not row[at["outstandingQuantity"]] for row in rows),
    }
    if shipped:
        shown["lastShipmentDate"] = today
    company.show("salesOrders", order_id, shown)


def put_back(company: Company, invoice: Row, document: str, who: str) -> None:
    """A corrective credit memo takes the items back into inventory."""
    lines = company.tables["postedSalesInvoiceLines"]
    order_at, at = entity_sets()["salesOrderLines"].at, lines.entity.at
    for row in lines.related("documentId", get(company, "postedSalesInvoices", invoice, "id")):
        if row[at["type"]] != ITEM:
            continue
        as_order = list(entity_sets()["salesOrderLines"].initial)
        for name in ("itemId", "number", "unitOfMeasureCode", "locationCode", "variantCode"):
            as_order[order_at[name]] = row[at[name]]
        _out_of_stock(
            company,
            tuple(as_order),
            -exact(row[at["quantity"]]),
            document,
            company.database.stamp()[:10],
            who,
        )
