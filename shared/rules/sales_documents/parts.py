"""What the parts of a sales document share: its kind, the settings, and what keeps it from being written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from shared.core.model import Side, Wire


@dataclass(frozen=True, kw_only=True)
class Kind:
    """An order or a quote: where the two differ (S36, S48, S67, S68)."""

    name: str
    #: Column of Sales with the number that people see; goes to Your Reference (S17, S67).
    number: str
    #: Column of a line that names its document.
    parent: str
    lines: str
    #: Only an order sets the payment discount (S25) and takes VAT out of a price (S36).
    order: bool


ORDER = Kind(
    name="order", number="ordernumber", parent="_salesorderid_value", lines="salesOrderLines", order=True
)
QUOTE = Kind(
    name="quote", number="quotenumber", parent="_quoteid_value", lines="salesQuoteLines", order=False
)


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What an administrator names: the write-in product (S40) and the account of freight (S50)."""

    #: "item" or "resource"; "" when there is none.
    write_in_type: str = ""
    write_in_number: str = ""
    freight_account: str = ""


@dataclass(frozen=True, kw_only=True)
class Unmet:
    """One thing that keeps a document from being written; `code` as in §1.10.

    `awaits` names the record whose coupling would mend it.
    """

    code: str
    text: str
    awaits: tuple[str, Side, str] | None = None


def spoken(unmet: Iterable[Unmet]) -> str:
    """Return all that is unmet as one text, without repeats."""
    return "; ".join(dict.fromkeys(f"{u.code}: {u.text}" for u in unmet))


def money(amount: Decimal) -> Decimal:
    """Round half away from zero to two decimals, as BC's amount rounding precision is by default."""
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def number(raw: Wire) -> Decimal:
    """Return a number of the wire; null is 0."""
    return raw if isinstance(raw, Decimal) else Decimal(str(raw or 0))


def text(raw: Wire) -> str:
    return "" if raw is None else str(raw)
