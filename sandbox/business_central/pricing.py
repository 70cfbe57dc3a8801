"""What Business Central itself would ask for an item or resource: the lowest valid sales price, else the card's.

Sales Price with its sales types, dates, currency, variant, unit and minimum quantity (bc_schema.json, Sales Price);
the search is the classic one of the base application (inferred).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.business_central.contract import BLANK_DATE, ZERO, entity_sets
from sandbox.business_central.errors import bad_request
from sandbox.business_central.products import ALL_CUSTOMERS, GROUP, units_per
from sandbox.business_central.store import Company, Row
from sandbox.business_central.totals import exact, plain, rounded
from sandbox.business_central.writes import get


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Who buys what: the bill-to customer and the document's columns that a price depends on."""

    customer: Row
    price_group: str
    currency: str
    factor: Any
    prices_include_vat: bool
    date: str
    vat_percent: Decimal


def vat_percent(company: Company, customer: Row, product_group: str) -> Any:
    """Return the VAT % of a customer's and a product's posting group.

    Raises:
        Refused: there is no VAT Posting Setup for the two. Every company has one for two blank groups.
    """
    business = get(company, "customers", customer, "vatBusPostingGroup")
    setup = company.tables["vatPostingSetup"].find(business, product_group)
    if setup is None:
        raise bad_request(
            f"The VAT Posting Setup does not exist. Identification fields and values: VAT Bus. Posting "
            f"Group='{business}',VAT Prod. Posting Group='{product_group}'",
            "Internal_RecordNotFound",
        )
    return get(company, "vatPostingSetup", setup, "vatPercent")


def unit_precision(company: Company, currency: str) -> Decimal:
    """Return the Unit-Amount Rounding Precision of a currency; blank is the local one."""
    return _precision(company, currency, "unitAmountRoundingPrecision")


def cent_of(company: Company, currency: str) -> Decimal:
    """Return the Amount Rounding Precision of a currency; blank is the local one."""
    return _precision(company, currency, "amountRoundingPrecision")


def _precision(company: Company, currency: str, column: str) -> Decimal:
    found = company.tables["currencies"].find(currency) if currency else None
    if found is not None:
        return exact(get(company, "currencies", found, column))
    (setup,) = company.tables["generalLedgerSetup"].rows.values()
    return exact(get(company, "generalLedgerSetup", setup, column))


def item_price(
    company: Company, item: Row, wanted: Wanted, *, quantity: Any, unit: str, variant: str
) -> int | float:
    at = entity_sets()["items"].at
    per = exact(units_per(company, "items", item[at["number"]], unit))
    found = [
        exact(price) * (per if not of_unit else 1)
        for price, of_unit in _prices(company, item, wanted, quantity=quantity, unit=unit, variant=variant)
    ]
    if found:
        return plain(min(found))
    price = exact(item[at["unitPrice"]])
    vat = 1 + wanted.vat_percent / 100
    if item[at["priceIncludesVat"]] and not wanted.prices_include_vat:
        price /= vat
    elif wanted.prices_include_vat and not item[at["priceIncludesVat"]]:
        price *= vat
    return _in_currency(company, price * per, wanted)


def resource_price(company: Company, resource: Row, wanted: Wanted, *, unit: str) -> int | float:
    at = entity_sets()["resources"].at
    price = exact(resource[at["unitPrice"]]) * exact(
        units_per(company, "resources", resource[at["number"]], unit)
    )
    return _in_currency(
        company, price * (1 + wanted.vat_percent / 100) if wanted.prices_include_vat else price, wanted
    )


def _in_currency(company: Company, price: Decimal, wanted: Wanted) -> int | float:
    factor = exact(wanted.factor) or Decimal(1)
    return plain(rounded(price * factor, unit_precision(company, wanted.currency)))


def _prices(
    company: Company, item: Row, wanted: Wanted, *, quantity: Any, unit: str, variant: str
) -> Iterator[tuple[Any, bool]]:
    """Yield unit prices in the document's currency, and whether each is for the line's own unit."""
    at = entity_sets()["salesPrices"].at
    codes = {
        ALL_CUSTOMERS: "",
        GROUP: wanted.price_group,
        "Customer": get(company, "customers", wanted.customer, "number"),
    }
    for row in company.tables["salesPrices"].related("itemId", get(company, "items", item, "id")):
        kind = row[at["salesType"]]
        if (
            kind in codes
            and row[at["salesCode"]] == codes[kind]
            and (kind == ALL_CUSTOMERS or row[at["salesCode"]])
            and row[at["currencyCode"]] == wanted.currency
            and row[at["variantCode"]] in ("", variant)
            and row[at["unitOfMeasureCode"]] in ("", unit)
            and row[at["minimumQuantity"]] <= abs(quantity)
            and row[at["startingDate"]] <= wanted.date
            and (row[at["endingDate"]] == BLANK_DATE or row[at["endingDate"]] >= wanted.date)
            and row[at["priceIncludesVat"]] == wanted.prices_include_vat
        ):
            yield row[at["unitPrice"]], row[at["unitOfMeasureId"]] != ZERO
