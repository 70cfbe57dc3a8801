"""The arithmetic of sales documents.

Source: reference/sales-documents.md S54. Every sum is rounded to the currency when the row is stored, so the
amounts of the lines that are added here are rounded already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sandbox.dataverse.amounts import digits
from sandbox.dataverse.behaviour import Change
from sandbox.dataverse.refusal import refused
from sandbox.dataverse.values import rounded

_ZERO = Decimal(0)


def settle_line(change: Change) -> None:
    """Base = (price - volume discount) x quantity; extended = base - manual discount + tax."""
    values, environment = change.values, change.service.environment
    columns = change.table.columns
    currency = environment.currency(values.get("transactioncurrencyid"))

    def amount(name: str) -> Decimal:
        return rounded(values.get(name, _ZERO), digits(environment, columns[name], currency))

    base = (amount("priceperunit") - amount("volumediscountamount")) * values.get("quantity", _ZERO)
    values["baseamount"] = rounded(base, digits(environment, columns["baseamount"], currency))
    values["extendedamount"] = values["baseamount"] - amount("manualdiscountamount") + amount("tax")


def settle_totals(values: dict[str, Any], lines: Iterable[Mapping[str, Any]]) -> None:
    """Work out the totals of a header from its lines, freight and discounts."""
    base = manual = tax = _ZERO
    for line in lines:
        base += line.get("baseamount", _ZERO)
        manual += line.get("manualdiscountamount", _ZERO)
        tax += line.get("tax", _ZERO)
    total = base - manual
    share = rounded(total * values.get("discountpercentage", _ZERO) / 100, 2)
    discount = values.get("discountamount", _ZERO) + share
    values["totallineitemamount"] = total
    values["totallineitemdiscountamount"] = manual
    values["totalamountlessfreight"] = total - discount
    values["totaldiscountamount"] = discount + manual
    values["totaltax"] = tax
    values["totalamount"] = total - discount + values.get("freightamount", _ZERO) + tax


def check_price_list(change: Change, code: str) -> None:
    """Raise Refused when the row's currency is not that of its price list."""
    if not change.is_new("pricelevelid", "transactioncurrencyid"):
        return
    prices = change.row("pricelevel", "pricelevelid")
    if prices is None:
        return
    values = change.values
    base = change.service.environment.organization.values["basecurrencyid"]
    if values.get("transactioncurrencyid", base) != prices.values.get("transactioncurrencyid"):
        raise refused(code, "The currency of the record does not match the currency of the price list.")


def skips_calculation(change: Change) -> bool:
    """Tell whether `skippricecalculation` keeps the amounts that were sent (1 create, 2 update, 3 both)."""
    mode: int = change.values.get("skippricecalculation", 0)
    return mode == 3 or mode == (1 if change.before is None else 2)
