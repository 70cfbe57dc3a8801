"""The arithmetic of a sales document, to the cent and without a database.

Rules S36, S37, S51, S52 of sales-documents.md; VAT rounds as the base application does it: over the lines of one
percentage, the rounded total so far decides the next line, so that the lines add up to the rounded total (inferred).
Money rounds half away from zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
PERCENT = Decimal("0.00001")
_HUNDRED = Decimal(100)


class WrongAmount(ValueError):
    """The numbers of a line or document do not go together; the message says which."""


def exact(number: float | int) -> Decimal:
    return Decimal(str(number))


def plain(number: Decimal) -> int | float:
    """Return the number as it is stored: an int where it is whole."""
    return int(number) if number == number.to_integral_value() else float(number)


def rounded(number: Decimal, precision: Decimal = CENT) -> Decimal:
    return (number / precision).quantize(Decimal(1), ROUND_HALF_UP) * precision


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line; amounts are in the document's currency."""

    quantity: Decimal = Decimal(0)
    unit_price: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    invoice_discount: Decimal = Decimal(0)
    allow_invoice_discount: bool = True
    vat_percent: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    amount_including_vat: Decimal = Decimal(0)

    def gross(self, cent: Decimal) -> Decimal:
        return rounded(self.quantity * self.unit_price, cent)

    def line_amount(self, cent: Decimal) -> Decimal:
        return self.gross(cent) - self.discount


def discount_of(line: Line, percent: Decimal, cent: Decimal = CENT) -> Decimal:
    """Return the line discount amount of a percentage.

    Raises:
        WrongAmount: the percentage is outside 0 to 100 (S38).
    """
    if not 0 <= percent <= _HUNDRED:
        raise WrongAmount(f"Line Discount % must be between 0 and 100, not {percent.normalize():f}.")
    return rounded(line.gross(cent) * percent / _HUNDRED, cent)


def percent_of(line: Line, discount: Decimal, cent: Decimal = CENT) -> Decimal:
    """Return the percentage of a line discount amount (S37).

    Raises:
        WrongAmount: there is no quantity, or the discount is more than the line (S38).
    """
    if line.quantity == 0:
        raise WrongAmount("Quantity must have a value in Sales Line.")
    gross = line.gross(cent)
    percent = rounded(discount / gross * _HUNDRED, PERCENT) if gross else Decimal(0)
    if not 0 <= percent <= _HUNDRED:
        raise WrongAmount(f"Line Discount % must be between 0 and 100, not {percent.normalize():f}.")
    return percent


def spread(lines: Sequence[Line], discount: Decimal, cent: Decimal = CENT) -> list[Line]:
    """Return the lines with the document's invoice discount spread over those that allow it (S51, S52).

    In proportion to the line amount; what rounding leaves is carried to the next line.

    Raises:
        WrongAmount: no line allows a discount, or it is more than these lines come to.
    """
    base = sum((line.line_amount(cent) for line in lines if line.allow_invoice_discount), Decimal(0))
    if discount and (base == 0 or not 0 <= discount / base <= 1):
        raise WrongAmount(
            f"The invoice discount of {discount} is more than the lines that allow one: {base}."
        )
    given, left = [], Decimal(0)
    for line in lines:
        part = Decimal(0)
        if discount and line.allow_invoice_discount:
            left += discount * line.line_amount(cent) / base
            part = rounded(left, cent)
            left -= part
        given.append(replace(line, invoice_discount=part))
    return given


def with_vat(lines: Sequence[Line], *, prices_include_vat: bool, cent: Decimal = CENT) -> list[Line]:
    """Return the lines with `amount` and `amount_including_vat`."""
    so_far: dict[Decimal, tuple[Decimal, Decimal]] = {}
    done = []
    for line in lines:
        net, gross = so_far.get(line.vat_percent, (Decimal(0), Decimal(0)))
        value = line.line_amount(cent) - line.invoice_discount
        if prices_include_vat:
            including = value
            amount = rounded((gross + value) / (1 + line.vat_percent / _HUNDRED), cent) - net
        else:
            amount = value
            including = rounded((net + value) * (1 + line.vat_percent / _HUNDRED), cent) - gross
        so_far[line.vat_percent] = (net + amount, gross + including)
        done.append(replace(line, amount=amount, amount_including_vat=including))
    return done
