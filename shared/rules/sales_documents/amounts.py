"""Prices and discounts of a line and of a document (S35–S38, S51)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from shared.core.model import Wire
from shared.rules.sales_documents.parts import money, number

#: BC's default Unit-Amount Rounding Precision (S36).
UNIT_AMOUNT = Decimal("0.00001")


def line_discount(line: Mapping[str, Wire]) -> Decimal:
    """Return Line Discount Amount: volume discount is per unit, manual per line (S37).

    Not rounded: BC does, and knows whether its currency has none, two or three decimals.
    """
    volume = number(line.get("volumediscountamount")) * number(line.get("quantity"))
    return volume + number(line.get("manualdiscountamount"))


def line_problem(line: Mapping[str, Wire], discount: Decimal) -> tuple[str, str] | None:
    """Return code and reason when BC would refuse the discount (S38), else None."""
    gross = money(number(line.get("quantity")) * number(line.get("priceperunit")))
    if not number(line.get("quantity")):
        return "E-QUANTITY", "its quantity is 0"
    if gross and not 0 <= money(discount) / gross <= 1:
        return "E-DISCOUNT", f"its discount of {discount} is not between 0 and its amount of {gross}"
    return None


def without_vat(price: Decimal, percent: Decimal) -> Decimal:
    """Return the price that is left when VAT is taken out (S36)."""
    return (price / (1 + percent / 100)).quantize(UNIT_AMOUNT, rounding=ROUND_HALF_UP)


def header_discount(document: Mapping[str, Wire]) -> Decimal | None:
    """Return the BC invoice discount amount: percent and amount in one sum; None when there is none (S51)."""
    if not number(document.get("discountamount")) and not number(document.get("discountpercentage")):
        return None
    lines, net = (number(document.get(c)) for c in ("totallineitemamount", "totalamountlessfreight"))
    return lines - net
