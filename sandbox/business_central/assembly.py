"""Assembly orders that Business Central makes for a line of a sales order, and takes along with it.

sales-documents.md S39 and worked scenario 52: an item that is assembled to order gets a linked assembly order of
the full quantity. When the quantity follows the line is that of table 904 "Assemble-to-Order Link" (procedure
UpdateAsm) and of the base application as it is known to behave (inferred). A quote gets an assembly quote,
which no page shows.
"""

from __future__ import annotations

from sandbox.business_central.contract import ZERO, entity_sets
from sandbox.business_central.store import Company, Row
from sandbox.business_central.writes import Write, draw_number, get, must_be

ORDERS = "assemblyOrders"
TO_ORDER, ASSEMBLY = "Assemble_x002D_to_x002D_Order", "Assembly"


def check_policy(write: Write) -> None:
    """Only an inventory item that is replenished by assembly can be assembled to order."""
    if write.now("assemblyPolicy") != TO_ORDER:
        return
    key = f"No.='{write.now('number')}'"
    if write.now("replenishmentSystem") != ASSEMBLY:
        raise must_be("Replenishment System", "Assembly", "Item", key)
    if write.now("type") != "Inventory":
        raise must_be("Assembly Policy", "Assemble-to-Stock", "Item", key)


def assemble(write: Write) -> None:
    """Set Qty. to Assemble to Order once the line's quantity is (InitQtyToAsm).

    It is all of it on a line that had no quantity, and stays all of it; a line from before its item was
    assembled to order goes on taking stock.
    """
    if "quantityToAssembleToOrder" not in entity_sets()[write.table].at:
        return
    quantity, before = write.values["quantity"], write.before
    anew = "quantityToAssembleToOrder" in write.values
    if before is not None and not anew:
        had, assembled = (
            get(write.company, write.table, before, column)
            for column in ("quantity", "quantityToAssembleToOrder")
        )
        anew = not had or assembled == had
    item = write.company.row("items", write.now("itemId"))
    to_order = item is not None and get(write.company, "items", item, "assemblyPolicy") == TO_ORDER
    if before is None or anew:
        write.values["quantityToAssembleToOrder"] = quantity if to_order and quantity > 0 else 0


def after_order_line(write: Write, row: Row) -> None:
    """Make, change or delete the line's assembly order, so that it assembles what the line says."""
    company, lines = write.company, entity_sets()["salesOrderLines"].at
    quantity = row[lines["quantityToAssembleToOrder"]]
    if not quantity and (write.before is None or not write.before[lines["quantityToAssembleToOrder"]]):
        return
    if not quantity:
        unlink(company, row, write.who)
        return
    values = {
        name: row[lines[source]]
        for name, source in (
            ("itemId", "itemId"),
            ("itemNumber", "number"),
            ("variantCode", "variantCode"),
            ("unitOfMeasureCode", "unitOfMeasureCode"),
            ("quantity", "quantityToAssembleToOrder"),
            ("salesOrderNumber", "documentNumber"),
            ("salesOrderLineNumber", "lineNumber"),
        )
    }
    linked = _linked(company, row)
    if linked:
        company.change(ORDERS, linked[0], values, write.who)
    else:
        company.insert(ORDERS, values | {"number": draw_number(company, ORDERS)}, write.who)


def unlink(company: Company, line: Row, who: str) -> None:
    """The assembly order goes with its line, and when all of it is shipped, as that posts it."""
    for assembly in _linked(company, line):
        company.remove(ORDERS, assembly, who)


def _linked(company: Company, line: Row) -> list[str]:
    lines, at = entity_sets()["salesOrderLines"].at, entity_sets()[ORDERS].at
    if line[lines["itemId"]] == ZERO:
        return []
    of = (line[lines["documentNumber"]], line[lines["lineNumber"]])
    return [
        row[at["id"]]
        for row in company.tables[ORDERS].rows.values()
        if (row[at["salesOrderNumber"]], row[at["salesOrderLineNumber"]]) == of
    ]
