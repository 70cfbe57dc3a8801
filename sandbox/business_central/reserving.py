"""Reservations of sales lines, and prepayments that hold an order back.

sales-documents.md S85, sync-semantics mappings.md §18. Which lines are always reserved, and how much of an item is
free, is the base application as it is known to behave (inferred): a line takes Reserve from its item, or from
its customer where the item leaves it open; a reservation takes stock that no other line has.
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.business_central.contract import entity_sets
from sandbox.business_central.products import units_per
from sandbox.business_central.store import Company, Row
from sandbox.business_central.totals import exact, plain
from sandbox.business_central.writes import get

LINES = "salesOrderLines"
ALWAYS, OPTIONAL, NEVER = "Always", "Optional", "Never"


def method_of(company: Company, item: Row | None, header_reserve: str) -> str:
    """Return Reserve of a new line: its item's, unless that leaves it to the customer. Nothing else is reserved."""
    if item is None or get(company, "items", item, "type") != "Inventory":
        return NEVER
    own = str(get(company, "items", item, "reserve"))
    return header_reserve if own == OPTIONAL else own


def reserve(company: Company, set_name: str, row: Row, who: str) -> None:
    """Reserve for each line that is always reserved what is free of its item (Sales Line.AutoReserve)."""
    at = entity_sets()[LINES].at
    order = get(company, set_name, row, "id")
    for line in company.tables[LINES].related("documentId", order):
        if line[at["reserve"]] != ALWAYS:
            continue
        per = exact(units_per(company, "items", line[at["number"]], line[at["unitOfMeasureCode"]]))
        free = _free(company, line) / per
        wanted = exact(line[at["outstandingQuantity"]])
        company.show(LINES, line[at["id"]], {"reservedQuantity": plain(max(min(wanted, free), Decimal(0)))})


def _free(company: Company, line: Row) -> Decimal:
    """Return the base units of the line's item in stock that no other line has reserved."""
    at, item = entity_sets()[LINES].at, line[entity_sets()[LINES].at["itemId"]]
    row = company.row("items", item)
    stock = exact(get(company, "items", row, "inventory")) if row is not None else Decimal(0)
    for other in company.tables[LINES].related("itemId", item):
        if other[at["id"]] != line[at["id"]]:
            per = units_per(company, "items", other[at["number"]], other[at["unitOfMeasureCode"]])
            stock -= exact(other[at["reservedQuantity"]]) * exact(per)
    return stock


def shipped(company: Company, line_id: str) -> None:
    """What is shipped is reserved no more."""
    at, line = entity_sets()[LINES].at, company.tables[LINES].rows[line_id]
    left = min(exact(line[at["reservedQuantity"]]), exact(line[at["outstandingQuantity"]]))
    company.show(LINES, line_id, {"reservedQuantity": plain(left)})


def prepayment_is_due(company: Company, order: Row) -> bool:
    """Say whether less was invoiced in advance than the order asks for (Prepayment Mgt.)."""
    percent = exact(get(company, "salesOrders", order, "prepaymentPercent"))
    at = entity_sets()[LINES].at
    lines = company.tables[LINES].related("documentId", get(company, "salesOrders", order, "id"))
    return any(
        exact(r[at["lineAmount"]]) * percent / 100 > exact(r[at["prepaymentAmountInvoiced"]]) for r in lines
    )
