"""Complete, valid records of units, items, resources and prices. Name only what a test is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.world import GBP, World
from shared.mappings import ALL
from shared.mappings.unit_groups import with_own_units
from tests.scenarios.builders import ZERO, a_company, an_id

OF_GROUP = "Customer_x0020_Price_x0020_Group"


def unit_id(code: str) -> str:
    return an_id(f"unit {code}")


def add_unit(world: World, code: str = "PCS") -> str:
    return world.bc.add("unitsOfMeasure", unit_id(code), code=code, description=code, symbol="")


def add_item(world: World, number: str = "1000", unit: str = "PCS", **differs: Any) -> str:
    row = {
        "number": number,
        "description": f"Item {number}",
        "type": "Inventory",
        "baseUnitOfMeasureId": unit_id(unit) if unit else ZERO,
        "baseUnitOfMeasureCode": unit,
        "unitPrice": 100,
        "unitCost": 60,
        "unitVolume": 0,
        "grossWeight": 0,
        "vendorNumber": "",
        "vendorItemNumber": "",
        "inventory": 0,
        "blocked": False,
    } | differs
    return world.bc.add("items", an_id(f"item {number}"), **row)


def add_resource(world: World, number: str = "R1", unit: str = "HOUR", **differs: Any) -> str:
    row = {
        "number": number,
        "name": f"Resource {number}",
        "type": "Person",
        "baseUnitOfMeasureId": unit_id(unit),
        "baseUnitOfMeasureCode": unit,
        "unitPrice": 90,
        "unitCost": 40,
        "vendorNumber": "",
        "capacity": 0,
        "blocked": False,
    } | differs
    return world.bc.add("resources", an_id(f"resource {number}"), **row)


def add_group(world: World, code: str = "RETAIL", **differs: Any) -> str:
    row = {"code": code, "description": f"Group {code}"} | differs
    return world.bc.add("customerPriceGroups", an_id(f"group {code}"), **row)


def add_price(world: World, name: str, number: str = "1000", group: str = "RETAIL", **differs: Any) -> str:
    row = {
        "itemId": an_id(f"item {number}"),
        "itemNumber": number,
        "salesType": OF_GROUP,
        "customerPriceGroupId": an_id(f"group {group}"),
        "salesCode": group,
        "currencyId": ZERO,
        "currencyCode": "",
        "startingDate": "0001-01-01",
        "endingDate": "0001-01-01",
        "unitOfMeasureId": ZERO,
        "unitOfMeasureCode": "",
        "variantCode": "",
        "minimumQuantity": 0,
        "unitPrice": 90,
    } | differs
    return world.bc.add("salesPrices", an_id(f"price {name}"), **row)


def with_extended_prices(world: World) -> World:
    """Set PRICES=extended, which starts Tandem anew."""
    world.switched_on = (*world.switched_on, "price_lists", "price_list_lines")
    world.switched_off = frozenset({"customer_price_groups", "sales_prices"})
    world.app = world.start_app()
    return world


#: Mappings that UNIT_GROUPS=on has on.
UNIT_GROUPS = ("item_unit_groups", "resource_unit_groups", "item_units", "resource_units")


def with_unit_groups(world: World) -> World:
    """Set UNIT_GROUPS=on, which starts Tandem anew."""
    world.mappings = {m.name: with_own_units(m) for m in ALL}
    world.switched_on = (*world.switched_on, *UNIT_GROUPS)
    world.switched_off = frozenset({"units_of_measure"})
    world.facts = replace(world.facts, unit_groups=True)
    world.app = world.start_app()
    return world


def add_own(world: World, asset: str, number: str, code: str, quantity: float = 1) -> str:
    word = asset.removesuffix("s")
    return world.bc.add(
        f"{word}UnitsOfMeasure",
        an_id(f"{word} {number} in {code}"),
        **{f"{word}Id": an_id(f"{word} {number}"), f"{word}Number": number},
        unitOfMeasureId=unit_id(code),
        code=code,
        quantityPerUnitOfMeasure=quantity,
    )


def add_price_list(world: World, code: str = "RETAIL", **differs: Any) -> str:
    row = {
        "code": code,
        "description": f"List {code}",
        "priceType": "Sale",
        "amountType": "Price",
        "currencyId": ZERO,
        "currencyCode": "",
        "startingDate": "0001-01-01",
        "endingDate": "0001-01-01",
        "status": "Active",
        "allowUpdatingDefaults": False,
    } | differs
    return world.bc.add("priceListHeaders", an_id(f"price list {code}"), **row)


def add_list_line(
    world: World, name: str, number: str = "1000", code: str = "RETAIL", *, kind: str = "Item", **differs: Any
) -> str:
    row = {
        "priceListId": an_id(f"price list {code}"),
        "priceListCode": code,
        "lineNumber": 10_000,
        "assetType": kind,
        "itemId": an_id(f"item {number}") if kind == "Item" else ZERO,
        "resourceId": an_id(f"resource {number}") if kind == "Resource" else ZERO,
        "assetNumber": number,
        "variantCode": "",
        "currencyId": ZERO,
        "currencyCode": "",
        "startingDate": "0001-01-01",
        "endingDate": "0001-01-01",
        "minimumQuantity": 0,
        "unitOfMeasureId": ZERO,
        "unitOfMeasureCode": "",
        "priceType": "Sale",
        "amountType": "Price",
        "unitPrice": 90,
        "status": "Active",
    } | differs
    return world.bc.add("priceListLines", an_id(f"list line {name}"), **row)


def add_product(world: World, number: str = "P1", unit: str = "PCS", **differs: Any) -> str:
    """A product that a salesperson made and published; its unit must be in Sales."""
    group = world.coupled("units_of_measure")[unit_id(unit)]
    row = {
        "name": f"Product {number}",
        "productnumber": number,
        "producttypecode": 1,
        "productstructure": 1,
        "_defaultuomscheduleid_value": group,
        "_defaultuomid_value": unit_of(world, unit),
        "_transactioncurrencyid_value": GBP,
        "statecode": 0,
        "statuscode": 1,
    } | differs
    return world.sales.add("products", an_id(f"product {number}"), **row)


def a_shop(**options: Any) -> World:
    """A company with a unit, an item, a resource, a price group and a price."""
    world = a_company(**options)
    add_unit(world)
    add_unit(world, "HOUR")
    add_item(world)
    add_resource(world)
    add_group(world)
    add_price(world, "P1")
    return world


def a_synced_shop(**options: Any) -> World:
    world = a_shop(**options)
    world.full_sync()
    return world


def unit_of(world: World, code: str) -> str:
    """Return the id of the one unit in the group of a code."""
    group = world.coupled("units_of_measure")[unit_id(code)]
    [unit] = [i for i, r in world.sales.all("uoms").items() if r["_uomscheduleid_value"] == group]
    return unit


def product_of(world: World, item: str, mapping: str = "items") -> dict[str, Any]:
    row = world.sales.show("products", world.coupled(mapping)[item])
    assert row is not None
    return row


def lines_of(world: World, price_list: str) -> list[dict[str, Any]]:
    """Return the lines of a price list by its name."""
    [found] = [
        i for i, r in world.sales.all("pricelevels").items() if r["name"].upper() == price_list.upper()
    ]
    return [r for r in world.sales.all("productpricelevels").values() if r["_pricelevelid_value"] == found]
