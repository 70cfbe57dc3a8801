"""Price lists of the extended price calculation and their lines (bc_schema.json, tables 7000 and 7001).

What the triggers do is that of the base application as it is known to behave (inferred), with Allow Editing Active
Price of the setup off.
"""

from __future__ import annotations

from sandbox.business_central.contract import BLANK_DATE, ZERO, entity_sets
from sandbox.business_central.errors import dialog
from sandbox.business_central.products import unit_of
from sandbox.business_central.store import Company, Row
from sandbox.business_central.writes import Write, get, must_be, no_relation

LINES = "priceListLines"
#: Asset types whose records the companion shows.
ASSETS = {"Item": "items", "Resource": "resources"}
#: What lines have of their list, and follow.
_SHARED = ("currencyId", "currencyCode", "startingDate", "endingDate")


def check_price_list(write: Write) -> None:
    """A list that is not a draft keeps everything but its state; a list with lines is activated only when priced."""
    if not write.now("code"):
        raise must_be("Code", "", "Price List Header", "")
    _dates(write)
    if write.before is None:
        if write.now("status") != "Draft":
            raise must_be("Status", "Draft", "Price List Header", f"Code='{write.now('code')}'")
        return
    moved = {name for name in write.values if write.moves(name)}
    if moved - {"status"} and get(write.company, "priceLists", write.before, "status") != "Draft":
        raise must_be("Status", "Draft", "Price List Header", f"Code='{write.now('code')}'")


def after_price_list(write: Write, row: Row) -> None:
    """Lines take the state of their list, and its currency and dates unless it lets them have their own."""
    company, list_id = write.company, get(write.company, "priceLists", row, "id")
    follows = ["status"]
    if not get(company, "priceLists", row, "allowUpdatingDefaults"):
        follows += _SHARED
    moved = [c for c in follows if write.before is not None and c in write.values]
    values = {column: get(company, "priceLists", row, column) for column in moved}
    for line in company.tables[LINES].related("priceListId", list_id) if values else ():
        company.change(LINES, get(company, LINES, line, "id"), values, write.who)


def check_price_list_line(write: Write) -> None:
    company, values = write.company, write.values
    head = company.row("priceLists", write.now("priceListId"))
    if head is None:
        raise must_be("Price List Code", "", "Price List Line", "")
    code = get(company, "priceLists", head, "code")
    if get(company, "priceLists", head, "status") != "Draft":
        raise must_be("Status", "Draft", "Price List Header", f"Code='{code}'")
    if write.before is None:
        values.update(priceType=get(company, "priceLists", head, "priceType"), status="Draft")
        for column in _SHARED:
            values.setdefault(column, get(company, "priceLists", head, column))
    _asset(write)
    _dates(write)
    for column in ("minimumQuantity", "unitPrice"):
        if write.now(column) < 0:
            field = entity_sets()[LINES].columns[column].field
            raise dialog(f"The value of {field} must be greater than or equal to 0.")


def _asset(write: Write) -> None:
    """Asset ID and number are of one record, which is there; unit and variant are its own."""
    company, kind, asset_id = write.company, write.now("assetType"), write.now("assetId")
    if kind not in ASSETS:
        return
    asset = company.row(ASSETS[kind], asset_id) if asset_id != ZERO else None
    if asset is None:
        raise no_relation("Asset No.", write.now("assetNumber"), "Price List Line", kind)
    number = get(company, ASSETS[kind], asset, "number")
    write.values["assetNumber"] = number
    unit, variant = write.now("unitOfMeasureCode"), write.now("variantCode")
    if unit and unit_of(company, ASSETS[kind], number, unit) is None:
        raise no_relation("Unit of Measure Code", unit, "Price List Line", f"{kind} Unit of Measure")
    if variant and (kind != "Item" or company.tables["itemVariants"].find(number, variant) is None):
        raise no_relation("Variant Code", variant, "Price List Line", "Item Variant")


def _dates(write: Write) -> None:
    if write.now("endingDate") != BLANK_DATE and write.now("startingDate") > write.now("endingDate"):
        raise dialog("Starting Date cannot be after Ending Date.")


def before_price_list(company: Company, row: Row, who: str) -> None:
    """An active list is not deleted; with any other its lines go."""
    if get(company, "priceLists", row, "status") == "Active":
        raise dialog("You cannot delete an active price list.")
    for line in company.tables[LINES].related("priceListId", get(company, "priceLists", row, "id")):
        company.remove(LINES, get(company, LINES, line, "id"), who)


def before_price_list_line(company: Company, row: Row, who: str) -> None:
    if get(company, LINES, row, "status") == "Active":
        raise dialog("You cannot delete a line of an active price list.")
