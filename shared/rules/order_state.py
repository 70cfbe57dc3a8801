"""What is known of one order: whether it goes over, whether it did, and what has become of it in BC."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

from shared.core.model import CouplingState, Record, Side, Wire
from shared.rules.base import Context
from shared.rules.sales_documents.parts import number, text
from shared.rules.sales_documents.reading import LINE_COLUMNS

#: States of an order in Sales (sales-documents.md §7).
ACTIVE, SUBMITTED, FULFILLED, INVOICED = 0, 1, 3, 4
#: What may become invoiced: a person may have marked it as fulfilled meanwhile.
SOLD = (SUBMITTED, FULFILLED)
#: A date of the back office that says nothing (S5).
NEVER = ("", "1900-01-01")
#: What people write in an order, of what goes over: its state and its sums are not of it. A change of this
#: list makes every order look edited that somebody touches.
WRITTEN = (
    *("name", "description", "requestdeliveryby", "_customerid_value", "_transactioncurrencyid_value"),
    *("discountamount", "discountpercentage", "freightamount"),
    *("shippingmethodcode", "paymenttermscode", "freighttermscode"),
    *(
        f"{block}_{column}"
        for block in ("billto", "shipto")
        for column in ("line1", "line2", "postalcode", "city", "country", "stateorprovince")
    ),
)
#: Needs of BC documents that name an order of Sales.
NAMING = ("bc_orders", "posted", "archives")


def stamped(order: Record) -> bool:
    """Say whether an order shows a date on which it went to the back office (S5)."""
    return text(order.values.get("lastbackofficesubmit"))[:10] not in NEVER


def naming(order: Record, facts: Context) -> list[Record]:
    return [row for need_ in NAMING for row in facts.rows(need_, reference(order))]


def invoiced(order: Record, facts: Context) -> bool:
    if known := bc_number(order, facts):
        return bool(facts.rows("invoices", known) or facts.rows("invoice_lines", known))
    return bool(facts.rows("posted", reference(order)))


def finished(order: Record, facts: Context) -> bool:
    """Say whether an order that still stands is shipped and invoiced in full (S94)."""
    rows = [r.values for r in facts.rows("bc_lines", order.id)]
    if not order.values.get("completelyShipped") or not any(number(r.get("quantityInvoiced")) for r in rows):
        return False
    left = sum(
        (abs(number(r.get("outstandingQuantity"))) + abs(_to_invoice(r)) for r in rows),
        Decimal(0),
    )
    return not left


def _to_invoice(line: Mapping[str, Wire]) -> Decimal:
    return number(line.get("quantityShipped")) - number(line.get("quantityInvoiced"))


def qualifies(order: Record) -> bool:
    return order.values.get("statecode") == SUBMITTED and not stamped(order)


def coupled(order: Record, facts: Context) -> bool:
    coupling = facts.couplings.get((Side.SALES, order.id))
    return coupling is not None and coupling.state is CouplingState.COUPLED


def moved(order: Record, facts: Context) -> bool:
    """Say whether a coupled order has another version than the one that was sent or stamped."""
    return (
        coupled(order, facts) and order.row_version > facts.couplings[Side.SALES, order.id].sales_row_version
    )


def said(order: Record, lines: Sequence[Record]) -> str:
    """Return a fingerprint of what people have written in an order and its lines."""
    written = [order.values.get(c) for c in WRITTEN]
    rows = sorted((row.id, [row.values.get(c) for c in LINE_COLUMNS]) for row in lines)
    return hashlib.sha256(json.dumps([written, rows], default=_plain).encode()).hexdigest()


def _plain(value: object) -> str:
    """Write a number the same however many decimals Sales shows."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def bc_id(order: Record, facts: Context) -> str:
    return facts.couplings[Side.SALES, order.id].bc_id


def bc_number(order: Record, facts: Context) -> str:
    """Return the number that the order had in BC, as last seen; "" when nobody has seen it."""
    coupling = facts.couplings.get((Side.SALES, order.id))
    agreed = coupling.baseline.get("number_in_bc") if coupling is not None else None
    return text(agreed.bc) if agreed is not None else ""


def reference(order: Record) -> str:
    """Return what BC has as Your Reference (S17)."""
    return text(order.values.get("ordernumber"))[:35].strip()
