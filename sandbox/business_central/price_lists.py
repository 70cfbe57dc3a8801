"""Price lists of extended price calculation: headers and lines (bc_schema.json, tables 7000 and 7001).

People keep them in the client; the API only reads them. The field triggers are those of the base application as it is
known to behave (inferred), as the reference does not tell them.
"""

from __future__ import annotations

from sandbox.business_central.contract import BLANK_DATE, ZERO
from sandbox.business_central.errors import dialog
from sandbox.business_central.products import unit_of
from sandbox.business_central.store import Company, Row
from sandbox.business_central.writes import Write, get, must_be, no_relation

HEADERS, LINES = "priceListHeaders", "priceListLines"
#: Asset type → the set of its assets and the line's column with the asset's id.
ASSETS = {"Item": ("items", "itemId"), "Resource": ("resources", "resourceId")}
#: What a line takes over from its list, and what it may have of its own where the list allows that.
INHERITED = ("sourceType", "sourceNumber", "priceType", "priceIncludesVat")
OWN = ("currencyCode", "currencyId", "startingDate", "endingDate")


def check_header(write: Write) -> None:
    if not write.now("code"):
        raise must_be("Code", "", "Price List Header", "")
    _check_dates(write)


def after_header(write: Write, row: Row) -> None:
    """Lines have the status of their list, and its currency and dates where they may not have their own."""
    company, at = write.company, write.company.tables[LINES].entity.at
    shared = ("status", *(() if get(company, HEADERS, row, "allowUpdatingDefaults") else OWN))
    changed = {name: get(company, HEADERS, row, name) for name in shared if write.moves(name)}
    if not changed:
        return
    for line in company.tables[LINES].related("priceListId", get(company, HEADERS, row, "id")):
        company.change(LINES, line[at["id"]], changed, write.who)


def check_price_line(write: Write) -> None:
    """A line is of a list, for an asset that is there, in one of its units; one number for each line of a list."""
    company, values = write.company, write.values
    header = company.row(HEADERS, write.now("priceListId"))
    if header is None:
        raise must_be("Price List Code", "", "Price List Line", "")
    for kind, (_, column) in ASSETS.items():
        if values.get(column, ZERO) != ZERO:
            values["assetType"] = kind
    if write.before is None:
        _inherit(company, header, write)
    kind, number = write.now("assetType"), write.now("assetNumber")
    assets, own = ASSETS.get(kind, ("", ""))
    for _, column in ASSETS.values():
        if column != own and write.now(column) != ZERO:
            values[column] = ZERO
    if assets and number:
        asset = company.tables[assets].find(number)
        if asset is None:
            raise no_relation("Asset No.", number, "Price List Line", company.tables[assets].entity.table)
        values[own] = get(company, assets, asset, "id")
        unit = write.now("unitOfMeasureCode")
        if unit and unit_of(company, assets, number, unit) is None:
            raise no_relation("Unit of Measure Code", unit, "Price List Line", "Item Unit of Measure")
    _check_dates(write)
    if write.now("minimumQuantity") < 0:
        raise dialog("The value of Minimum Quantity must be greater than or equal to 0.")


def _inherit(company: Company, header: Row, write: Write) -> None:
    values = write.values
    for name in (*INHERITED, "amountType", "status"):
        values.setdefault(name, get(company, HEADERS, header, name))
    own = get(company, HEADERS, header, "allowUpdatingDefaults")
    for name in OWN:
        if not own or name not in values:
            values[name] = get(company, HEADERS, header, name)
    if not values.get("lineNumber"):
        at = company.tables[LINES].entity.at["lineNumber"]
        lines = company.tables[LINES].related("priceListId", get(company, HEADERS, header, "id"))
        values["lineNumber"] = max((line[at] for line in lines), default=0) + 10_000


def _check_dates(write: Write) -> None:
    if write.now("endingDate") != BLANK_DATE and write.now("startingDate") > write.now("endingDate"):
        raise dialog("Starting Date cannot be after Ending Date.")


def before_header(company: Company, row: Row, who: str) -> None:
    """An active list is not deleted; the lines of another go with it."""
    if get(company, HEADERS, row, "status") == "Active":
        raise dialog("You cannot delete the active price list.")
    for line in company.tables[LINES].related("priceListId", get(company, HEADERS, row, "id")):
        company.remove(LINES, get(company, LINES, line, "id"), who)
