"""What the lines of an invoice are worth in Sales, so that its totals agree to the cent (sales-documents.md §5.4).

Sales works out: amount of a line = round(price × quantity); total = sum of (amount − line discount) − invoice
discount + tax. So does Business Central, from prices with up to five decimals; what is left over when Sales
keeps fewer goes into one line "Rounding" (S109). The invoice discount, which Sales takes off the total
itself, is no part of it: S109 as written would take it off twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from shared.core.convert import ZERO_GUID
from shared.core.model import Record, Wire

CENTS = 2
ROUNDING = "Rounding"


def number(record: Record, column: str) -> Decimal:
    return Decimal(str(record.values.get(column) or 0))


def rounded(value: Decimal, digits: int = CENTS) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """What Sales is sent for one line. `base` − `discount` + `tax` = `extended`."""

    price: Decimal
    discount: Decimal
    tax: Decimal
    base: Decimal
    extended: Decimal


def amounts(line: Record, *, prices_include_vat: bool, precision: int) -> Amounts:
    """Return the amounts of a line (S106); `precision` is what Sales keeps of a price.

    A negative line discount (of a negative quantity), which Sales refuses, goes into the price.
    """
    quantity, amount, incl = (number(line, c) for c in ("quantity", "amount", "amountIncludingVat"))
    discount, from_total = number(line, "lineDiscountAmount"), number(line, "invoiceDiscountAmount")
    tax = incl - amount
    price = number(line, "unitPrice")
    if discount < 0 and quantity:
        discount = Decimal(0)
        price = (amount + from_total) / quantity
    elif prices_include_vat and quantity:
        price -= rounded(tax / quantity, 5)
    return Amounts(
        price=rounded(price, precision),
        discount=max(discount, Decimal(0)),
        tax=tax,
        base=amount + from_total + max(discount, Decimal(0)),
        extended=incl + from_total,
    )


def left_over(lines: Sequence[tuple[Record, Amounts]], invoice_discount: Decimal) -> Decimal:
    """Return what Sales would be short of (or over) when it adds up the lines and takes off the discount."""
    wanted = sum((number(line, "amount") for line, _ in lines), Decimal(0))
    worked_out = sum(
        (rounded(a.price * number(line, "quantity")) - a.discount for line, a in lines), Decimal(0)
    )
    return rounded(wanted - (worked_out - invoice_discount))


def as_sales_sees(line: Record, found: Amounts, *, product: bool, delivered: Wire) -> Record:
    """Return the line with the columns that the mapping of lines calls `computed…`."""
    values = {
        **line.values,
        "computedWriteIn": not product,
        # "<No.> <Description>." (S106); of a comment without number the text alone.
        "computedDescription": None
        if product
        else f"{line.values.get('number') or ''} {line.values.get('description') or ''}.",
        "computedPrice": found.price,
        "computedDiscount": found.discount,
        "computedTax": found.tax,
        "computedBase": found.base,
        "computedExtended": found.extended,
        "computedDelivered": delivered,
    }
    if not product:
        values |= {"itemId": ZERO_GUID, "resourceId": ZERO_GUID}
    return replace(line, values=values)


def rounding_line(invoice: Record, last: Record, difference: Decimal) -> Record:
    """Return the extra write-in line, after the last one (S109)."""
    values = {
        **dict.fromkeys(last.values, None),
        "lineNumber": int(number(last, "lineNumber")) + 10_000,
        "quantity": 1,
        "computedWriteIn": True,
        "computedDescription": ROUNDING,
        "computedPrice": difference,
        "computedDiscount": 0,
        "computedTax": 0,
        "computedBase": difference,
        "computedExtended": difference,
        "computedDelivered": None,
    }
    return replace(last, id=f"{invoice.id}:{ROUNDING.lower()}", values=values)


def in_order(lines: Iterable[Record]) -> list[Record]:
    return sorted(lines, key=lambda line: number(line, "lineNumber"))
