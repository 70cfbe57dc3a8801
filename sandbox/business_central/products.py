"""Items, resources, their units and their prices.

Tables and keys: bc_schema.json; units: mappings.md section 9. The field triggers are those of the base application as
it is known to behave (inferred), as the reference does not tell them.
"""

from __future__ import annotations

from typing import Any

from sandbox.business_central.assembly import check_policy
from sandbox.business_central.contract import BLANK_DATE, ZERO, entity_sets
from sandbox.business_central.errors import dialog
from sandbox.business_central.store import Company, Row
from sandbox.business_central.writes import Write, get, must_be, no_relation

GROUP = "Customer_x0020_Price_x0020_Group"
ALL_CUSTOMERS = "All_x0020_Customers"
CAMPAIGN = "Campaign"

#: Set of units, the column of the asset in it, and its number.
_UNITS = {
    "items": ("itemUnitsOfMeasure", "itemId", "itemNumber"),
    "resources": ("resourceUnitsOfMeasure", "resourceId", "resourceNumber"),
}


def unit_of(company: Company, asset_set: str, number: str, code: str) -> Row | None:
    """Return the item's or resource's own unit with this code."""
    return company.tables[_UNITS[asset_set][0]].find(number, code)


def units_per(company: Company, asset_set: str, number: str, code: str) -> Any:
    """Return how many base units this unit is; 1 for a blank unit."""
    found = unit_of(company, asset_set, number, code) if code else None
    return 1 if found is None else get(company, _UNITS[asset_set][0], found, "quantityPerUnitOfMeasure")


def check_item(write: Write) -> None:
    """Base unit and type stand once there are ledger entries; the sales unit is one of the item's."""
    company, number = write.company, write.now("number")
    moved = [c for c in ("baseUnitOfMeasureCode", "type") if write.before is not None and write.moves(c)]
    if moved and company.tables["itemLedgerEntries"].related("itemId", write.now("id")):
        field = entity_sets()["items"].columns[moved[0]].field
        raise dialog(f"You cannot change {field} because there are one or more ledger entries for this item.")
    check_policy(write)
    base = write.now("baseUnitOfMeasureCode")
    if write.moves("baseUnitOfMeasureCode"):
        _base_unit(write, "items")
        if "salesUnitOfMeasureCode" not in write.values:
            write.values.update(
                salesUnitOfMeasureId=write.now("baseUnitOfMeasureId"), salesUnitOfMeasureCode=base
            )
    sales = write.now("salesUnitOfMeasureCode")
    if (
        write.moves("salesUnitOfMeasureCode")
        and sales not in ("", base)
        and unit_of(company, "items", number, sales) is None
    ):
        raise no_relation("Sales Unit of Measure", sales, "Item", "Item Unit of Measure")


def check_resource(write: Write) -> None:
    if write.moves("baseUnitOfMeasureCode"):
        _base_unit(write, "resources")


def _base_unit(write: Write, asset_set: str) -> None:
    """A base unit that is one of the asset's units already must be there with quantity 1."""
    code = write.now("baseUnitOfMeasureCode")
    if units_per(write.company, asset_set, write.now("number"), code) != 1:
        raise must_be(
            "Qty. per Unit of Measure", "1", entity_sets()[_UNITS[asset_set][0]].table, f"Code='{code}'"
        )


def after_asset(write: Write, row: Row) -> None:
    """The base unit of an item or resource is one of its units, with quantity 1."""
    at, (units, to, number) = entity_sets()[write.table].at, _UNITS[write.table]
    unit, code = row[at["baseUnitOfMeasureId"]], row[at["baseUnitOfMeasureCode"]]
    if unit == ZERO or unit_of(write.company, write.table, row[at["number"]], code) is not None:
        return
    write.company.insert(
        units,
        {to: row[at["id"]], number: row[at["number"]], "unitOfMeasureId": unit, "code": code},
        write.who,
    )


def check_unit(write: Write) -> None:
    """A unit holds more than nothing; the base unit holds exactly one."""
    asset_set = "items" if write.table == "itemUnitsOfMeasure" else "resources"
    quantity, table = write.now("quantityPerUnitOfMeasure"), entity_sets()[write.table].table
    if quantity <= 0:
        raise dialog(
            f"Qty. per Unit of Measure must be greater than 0 in {table}: Code='{write.now('code')}'."
        )
    asset = write.company.row(asset_set, write.now(_UNITS[asset_set][1]))
    if asset is None:
        raise must_be("Item No." if asset_set == "items" else "Resource No.", "", table, "")
    if (
        quantity != 1
        and get(write.company, asset_set, asset, "baseUnitOfMeasureCode") == write.now("code") != ""
    ):
        raise must_be("Qty. per Unit of Measure", "1", table, f"Code='{write.now('code')}'")


def check_variant(write: Write) -> None:
    if write.now("itemId") == ZERO:
        raise must_be("Item No.", "", "Item Variant", "")


def check_price(write: Write) -> None:
    """Every part of the key that refers to something must find it; one row for each key (bc_schema.json)."""
    values, company = write.values, write.company
    kind, code, number = write.now("salesType"), write.now("salesCode"), write.now("itemNumber")
    if not number:
        raise must_be("Item No.", "", "Sales Price", "")
    if kind == ALL_CUSTOMERS:
        if code:
            raise must_be("Sales Code", " ", "Sales Price", f"Sales Type='{kind}'")
    elif not code:
        raise must_be("Sales Code", "", "Sales Price", f"Item No.='{number}',Sales Type='{kind}'")
    if kind == GROUP:
        group = company.tables["customerPriceGroups"].find(code)
        if group is None:
            raise no_relation("Sales Code", code, "Sales Price", "Customer Price Group")
        if write.before is None:
            for column in ("priceIncludesVat", "allowInvoiceDiscount", "allowLineDiscount"):
                values.setdefault(column, get(company, "customerPriceGroups", group, column))
    elif kind != CAMPAIGN and code and company.tables["customers"].find(code) is None:
        raise no_relation("Sales Code", code, "Sales Price", "Customer")
    if kind != GROUP and write.now("customerPriceGroupId") != ZERO:
        values["customerPriceGroupId"] = ZERO
    unit = write.now("unitOfMeasureCode")
    if unit and unit_of(company, "items", number, unit) is None:
        raise no_relation("Unit of Measure Code", unit, "Sales Price", "Item Unit of Measure")
    variant = write.now("variantCode")
    if variant and company.tables["itemVariants"].find(number, variant) is None:
        raise no_relation("Variant Code", variant, "Sales Price", "Item Variant")
    if write.now("endingDate") != BLANK_DATE and write.now("startingDate") > write.now("endingDate"):
        raise dialog("Starting Date cannot be after Ending Date.")
    for column in ("minimumQuantity", "unitPrice"):
        if write.now(column) < 0:
            field = entity_sets()["salesPrices"].columns[column].field
            raise dialog(f"The value of {field} must be greater than or equal to 0.")


# --- deleting ----------------------------------------------------------------------------------


def before_item(company: Company, row: Row, who: str) -> None:
    """Refused while something hangs on it; its units, variants and prices go along."""
    item_id = get(company, "items", row, "id")
    ledger = company.tables["itemLedgerEntries"]
    if any(entry[ledger.entity.at["open"]] for entry in ledger.related("itemId", item_id)):
        raise dialog("You cannot delete this item because there are one or more open item ledger entries.")
    for lines in ("salesOrderLines", "salesQuoteLines"):
        if company.tables[lines].related("itemId", item_id):
            raise dialog("You cannot delete this item because it is on an outstanding sales document.")
    of_item = ("itemUnitsOfMeasure", "itemVariants", "salesPrices", "priceListLines")
    _remove(company, of_item, "itemId", item_id, who)


def before_resource(company: Company, row: Row, who: str) -> None:
    resource_id = get(company, "resources", row, "id")
    for lines in ("salesOrderLines", "salesQuoteLines"):
        if company.tables[lines].related("resourceId", resource_id):
            raise dialog("You cannot delete this resource because it is on an outstanding sales document.")
    _remove(company, ("resourceUnitsOfMeasure", "priceListLines"), "resourceId", resource_id, who)


def before_unit(company: Company, set_name: str, row: Row) -> None:
    asset_set = "items" if set_name == "itemUnitsOfMeasure" else "resources"
    asset = company.row(asset_set, get(company, set_name, row, _UNITS[asset_set][1]))
    if asset is not None and get(company, asset_set, asset, "baseUnitOfMeasureCode") == get(
        company, set_name, row, "code"
    ):
        raise dialog("You cannot delete this unit because it is the base unit of measure.")


def before_price_group(company: Company, row: Row, who: str) -> None:
    """The group's prices go with it."""
    _remove(
        company, ("salesPrices",), "customerPriceGroupId", get(company, "customerPriceGroups", row, "id"), who
    )


def _remove(company: Company, sets: tuple[str, ...], column: str, row_id: str, who: str) -> None:
    for set_name in sets:
        for row in company.tables[set_name].related(column, row_id):
            company.remove(set_name, get(company, set_name, row, "id"), who)
