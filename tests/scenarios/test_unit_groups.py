"""Unit groups of items and resources (UNIT_GROUPS=on; mappings.md §9, multi-unit mode; S34)."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.world import Crash, World
from shared.mappings.unit_groups import ITEM_UNIT_GROUPS, ITEM_UNITS, RESOURCE_UNITS
from shared.rules.default_price_list import NAME
from tests.scenarios.builders import ZERO, a_company, add_customer, an_id
from tests.scenarios.invoices import a_line, add_invoice
from tests.scenarios.orders import add_order, bc_orders
from tests.scenarios.peers.common import sync_now
from tests.scenarios.products import (
    add_group,
    add_item,
    add_list_line,
    add_own,
    add_price,
    add_price_list,
    add_resource,
    add_unit,
    unit_id,
    with_unit_groups,
)

ITEM, RESOURCE = an_id("item 1000"), an_id("resource R1")


def a_boxed_shop(world: World | None = None, **options: Any) -> World:
    """A company whose item is sold in pieces of 100, and in boxes of twelve."""
    world = with_unit_groups(world or a_company(**options))
    for code in ("PCS", "BOX", "HOUR"):
        add_unit(world, code)
    add_item(world)
    add_resource(world)
    add_own(world, "items", "1000", "PCS")
    add_own(world, "items", "1000", "BOX", 12)
    add_own(world, "resources", "R1", "HOUR")
    return world


def units(world: World, group: str) -> dict[str, Any]:
    return {
        u["name"]: (u["quantity"], bool(u.get("isschedulebaseuom")))
        for u in world.sales.all("uoms").values()
        if u["_uomscheduleid_value"] == group
    }


def prices(world: World, product: str, list_name: str = NAME) -> dict[str, Any]:
    rows = world.sales.all("productpricelevels").values()
    lists = {i: r["name"] for i, r in world.sales.all("pricelevels").items()}
    return {
        world.sales.all("uoms")[r["_uomid_value"]]["name"]: r["amount"]
        for r in rows
        if r["_productid_value"] == product and lists[r["_pricelevelid_value"]] == list_name
    }


def test_an_item_with_two_units_is_a_product_whose_group_has_both_and_has_a_price_in_each():
    world = a_boxed_shop()
    world.full_sync()

    assert world.held() == []
    group = world.coupled("item_unit_groups")[ITEM]
    assert world.sales.show("uomschedules", group)["name"] == "ITEM 1000 UOM GR"
    assert units(world, group) == {"PCS": (1, True), "BOX": (12, False)}
    product = world.coupled("items")[ITEM]
    shown = world.sales.show("products", product)
    assert shown["_defaultuomscheduleid_value"] == group
    assert world.sales.all("uoms")[shown["_defaultuomid_value"]]["name"] == "PCS"
    assert prices(world, product) == {"PCS": 100, "BOX": 1200}
    hours = world.coupled("resource_unit_groups")[RESOURCE]
    assert world.sales.show("uomschedules", hours)["name"] == "RESOURCE R1 UOM GR"
    before = world.written()
    world.tick_all()
    world.full_sync()
    assert world.written() == before


def test_a_new_price_changes_the_price_of_each_unit_and_a_new_unit_gets_its_own():
    world = a_boxed_shop()
    world.full_sync()
    product = world.coupled("items")[ITEM]
    world.bc.edit("items", ITEM, unitPrice=110)
    world.tick("items")
    assert prices(world, product) == {"PCS": 110, "BOX": 1320}

    add_unit(world, "PALLET")
    pallet = add_own(world, "items", "1000", "PALLET", 480)
    world.tick("item_units")
    assert world.held() == []
    assert prices(world, product) == {"PCS": 110, "BOX": 1320, "PALLET": 52_800}

    world.bc.edit("itemUnitsOfMeasure", pallet, quantityPerUnitOfMeasure=400)
    world.tick("item_units")
    assert prices(world, product)["PALLET"] == 44_000
    assert units(world, world.coupled("item_unit_groups")[ITEM])["PALLET"] == (400, False)


def test_a_line_in_boxes_arrives_in_boxes_S34():
    world = a_boxed_shop(a_company(switched_on=("sales_orders",)))
    add_customer(world)
    world.full_sync()
    world.tick("sales_orders")
    box = world.coupled("item_units")[an_id("item 1000 in BOX")]
    line = {
        "_productid_value": world.coupled("items")[ITEM],
        "_uomid_value": box,
        "quantity": 3,
        "priceperunit": 1150,
    }
    add_order(world, "1", line)
    world.tick("sales_orders")

    assert world.held("sales_orders") == []
    [order] = bc_orders(world)
    [row] = order["salesOrderLines"]
    assert (row["unitOfMeasureId"], row["quantity"], row["unitPrice"]) == (unit_id("BOX"), 3, 1150)


def test_a_line_in_a_unit_of_another_item_is_held_S34():
    world = a_boxed_shop(a_company(switched_on=("sales_orders",)))
    add_customer(world)
    add_item(world, "2000")
    add_own(world, "items", "2000", "PCS")
    world.full_sync()
    world.tick("sales_orders")
    theirs = world.coupled("item_units")[an_id("item 2000 in PCS")]
    add_order(world, "1", {"_productid_value": world.coupled("items")[ITEM], "_uomid_value": theirs})
    world.tick("sales_orders")

    [held] = world.held("sales_orders")
    assert "line 1: its unit is not one of the item 1000" in held["reason"] and bc_orders(world) == []


def test_each_price_of_a_group_has_its_own_unit_and_a_unit_that_the_item_has_not_holds_it():
    world = a_boxed_shop()
    add_group(world)
    add_price(world, "piece", unitPrice=90)
    add_price(world, "box", unitPrice=999, unitOfMeasureId=unit_id("BOX"), unitOfMeasureCode="BOX")
    odd = add_price(world, "hour", unitPrice=5, unitOfMeasureId=unit_id("HOUR"), unitOfMeasureCode="HOUR")
    world.full_sync()

    assert prices(world, world.coupled("items")[ITEM], "RETAIL") == {"PCS": 90, "BOX": 999}
    [held] = world.held("sales_prices")
    assert held["id"] == odd and "its unit HOUR is not one of 1000" in held["reason"]

    add_own(world, "items", "1000", "HOUR")
    world.bc.edit("salesPrices", odd, unitPrice=6)
    world.tick_all()
    world.full_sync()
    assert world.held("sales_prices") == []
    assert prices(world, world.coupled("items")[ITEM], "RETAIL") == {"PCS": 90, "BOX": 999, "HOUR": 6}


@pytest.mark.parametrize("code", ["PCS", "BOX"])
def test_a_line_of_an_invoice_is_in_its_own_unit(code):
    world = a_boxed_shop()
    add_customer(world)
    world.full_sync()
    add_invoice(world, a_line(unitOfMeasureCode=code))
    world.full_sync()

    assert world.held("posted_sales_invoices") == []
    [row] = world.sales.all("invoicedetails").values()
    assert row["_uomid_value"] == world.coupled("item_units")[an_id(f"item 1000 in {code}")]


def test_an_item_without_a_base_unit_is_held_until_it_has_one():
    world = a_boxed_shop()
    world.bc.edit("items", ITEM, baseUnitOfMeasureId=ZERO)
    world.full_sync()
    assert any("it has no base unit of measure" in h["reason"] for h in world.held("item_unit_groups"))

    world.bc.edit("items", ITEM, baseUnitOfMeasureId=unit_id("PCS"))
    for _ in range(2):
        world.full_sync()
    assert world.held() == [] and ITEM in world.coupled("items")


def test_a_product_from_before_unit_groups_were_on_is_held_as_it_keeps_its_group():
    world = a_company()
    for code in ("PCS", "BOX", "HOUR"):
        add_unit(world, code)
    add_item(world)
    world.full_sync()
    product = world.coupled("items")[ITEM]
    group = world.sales.show("products", product)["_defaultuomscheduleid_value"]
    a_boxed_shop(world)
    world.full_sync()

    [held] = world.held("items")
    assert "a product keeps its group: retire it and uncouple it" in held["reason"]
    assert world.sales.show("products", product)["_defaultuomscheduleid_value"] == group
    assert units(world, world.coupled("item_unit_groups")[ITEM]) == {"PCS": (1, True), "BOX": (12, False)}


def test_a_product_that_begins_in_sales_is_held():
    world = a_boxed_shop()
    world.full_sync()
    world.sales.add("uomschedules", an_id("own"), name="SALES", baseuomname="EACH")
    [unit] = [i for i, u in world.sales.all("uoms").items() if u["name"] == "EACH"]
    row = {"name": "Lamp", "productnumber": "9000", "producttypecode": 1, "statecode": 0, "statuscode": 1}
    own = {"_defaultuomscheduleid_value": an_id("own"), "_defaultuomid_value": unit}
    world.sales.add("products", an_id("product 9000"), **row, **own)
    world.full_sync()

    assert [
        "a product begins as the item that has its units" in h["reason"] for h in world.held("items")
    ] == [True]


@pytest.mark.peer("mapping-unit-002")
def test_unit_groups_and_units_go_to_sales_with_two_fields_and_a_job_each():
    for mapping, columns in (
        (ITEM_UNIT_GROUPS, {"name", "baseuomname"}),
        (ITEM_UNITS, {"name", "quantity"}),
        (RESOURCE_UNITS, {"name", "quantity"}),
    ):
        assert mapping.direction.value == "to_sales" and mapping.schedule
        # The unit's group, which the peer's code sets besides its two fields.
        assert {f.sales for f in mapping.fields} - {"_uomscheduleid_value"} == columns


@pytest.mark.peer("mapping-unit-005")
@pytest.mark.parametrize(("kind", "asset"), [("item", ITEM), ("resource", RESOURCE)])
def test_a_group_that_is_new_is_made_coupled_and_active(kind, asset):
    world = a_boxed_shop()

    assert sync_now(world, f"{kind}_unit_groups", "bc", asset) == {"read": 1, "created": 1}

    group = world.coupled(f"{kind}_unit_groups")[asset]
    assert world.sales.show("uomschedules", group)["statecode"] == 0


def test_a_group_that_somebody_made_is_coupled_and_one_that_is_inactive_holds_the_item():
    world = a_boxed_shop()
    made = world.sales.add(
        "uomschedules", an_id("made"), name="item 1000 uom gr", baseuomname="PCS", statecode=1
    )
    world.full_sync()
    assert any("is inactive in Sales" in h["reason"] for h in world.held("item_unit_groups"))

    world.sales.edit("uomschedules", made, statecode=0)
    for _ in range(2):
        world.full_sync()
    assert world.coupled("item_unit_groups")[ITEM] == made and world.held() == []
    assert prices(world, world.coupled("items")[ITEM]) == {"PCS": 100, "BOX": 1200}


@pytest.mark.parametrize("at", range(7))
def test_a_death_after_a_write_doubles_nothing(at):
    world, writes, died = a_boxed_shop(), iter(range(100)), []

    def happens(moment: str, name: str) -> bool:
        if moment == "after" and name == "sales.create" and next(writes) == at:
            died.append(name)
        return len(died) == 1

    world.crash_when(happens)
    for _ in range(3):
        try:
            world.full_sync()
        except Crash:
            world.app = world.start_app()
    assert died
    world.run()
    world.full_sync()

    assert world.held() == []
    count = {t: len(world.sales.all(t)) for t in ("uomschedules", "uoms", "products", "productpricelevels")}
    assert count == {"uomschedules": 2, "uoms": 3, "products": 2, "productpricelevels": 3}


def test_lines_of_price_lists_are_in_their_own_units_too():
    world = a_boxed_shop()
    world.switched_on = (*world.switched_on, "price_lists", "price_list_lines")
    world.switched_off = world.switched_off | {"customer_price_groups", "sales_prices"}
    world.app = world.start_app()
    add_price_list(world)
    add_list_line(world, "piece", unitPrice=90)
    box = {"unitOfMeasureId": unit_id("BOX"), "unitOfMeasureCode": "BOX"}
    add_list_line(world, "box", lineNumber=20_000, unitPrice=999, **box)
    hour = {"unitOfMeasureId": unit_id("HOUR"), "unitOfMeasureCode": "HOUR"}
    add_list_line(world, "hour", "R1", kind="Resource", lineNumber=30_000, unitPrice=70, **hour)
    world.full_sync()

    assert world.held() == []
    assert prices(world, world.coupled("items")[ITEM], "RETAIL") == {"PCS": 90, "BOX": 999}
    assert prices(world, world.coupled("resources")[RESOURCE], "RETAIL") == {"HOUR": 70}
