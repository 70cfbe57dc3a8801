"""Unit groups of items and resources on the real adapters, against both simulators (UNIT_GROUPS=on; mappings.md §9)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shared.mappings import ALL
from shared.mappings.unit_groups import with_own_units
from shared.rules.default_price_list import NAME
from tests.scenarios.products import UNIT_GROUPS, with_unit_groups
from tests.scenarios.services import WiredWorld

ORDERS = "sales_orders"


@pytest.fixture(scope="module")
def world() -> WiredWorld:
    """A generated company: each product has a group of its own, whatever units it is sold in."""
    mappings = [with_own_units(m) for m in ALL]
    made = WiredWorld(customers=5, mappings=mappings, switched_on=(ORDERS, *UNIT_GROUPS))
    with_unit_groups(made)
    made.full_sync(create=True)
    for name in (ORDERS, "posted_sales_invoices"):
        made.tick(name)
    return made


def sold(world: WiredWorld, table: str, id: str) -> dict[str, Any]:
    row = world.sales_sim.get(table, id)
    assert row is not None
    return row


def boxed(world: WiredWorld) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a unit of more than one piece, and its item."""
    coupled = world.coupled("items")
    unit = next(
        u
        for u in world.bc_sim.all("itemUnitsOfMeasure")
        if u["quantityPerUnitOfMeasure"] > 1 and u["itemId"] in coupled
    )
    item = world.bc_sim.get("items", unit["itemId"])
    assert item is not None
    return unit, item


def test_every_product_has_the_units_of_its_item_and_a_price_in_each(world):
    unit, item = boxed(world)
    product = sold(world, "products", world.coupled("items")[item["id"]])
    group = sold(world, "uomschedules", product["_defaultuomscheduleid_value"])

    assert group["name"] == f"ITEM {item['number']} UOM GR" and group["statecode"] == 0
    own = {
        u["code"]: u["quantityPerUnitOfMeasure"]
        for u in world.bc_sim.all("itemUnitsOfMeasure")
        if u["itemId"] == item["id"]
    }
    there = {
        u["uomid"]: u
        for u in world.sales_sim.all("uoms")
        if u["_uomscheduleid_value"] == group["uomscheduleid"]
    }
    assert {u["name"]: u["quantity"] for u in there.values()} == own
    lists = {p["pricelevelid"]: p["name"] for p in world.sales_sim.all("pricelevels")}
    prices = {
        there[p["_uomid_value"]]["name"]: p["amount"]
        for p in world.sales_sim.all("productpricelevels")
        if p["_productid_value"] == product["productid"] and lists[p["_pricelevelid_value"]] == NAME
    }
    assert prices == {
        code: round(Decimal(str(item["unitPrice"])) * Decimal(str(q)), 2) for code, q in own.items()
    }
    assert product["statecode"] == 0


def test_nothing_is_written_when_nothing_changed(world):
    before = world.written()
    world.full_sync()
    assert world.written() == before


def test_an_order_in_boxes_is_an_order_in_boxes_S34(world):
    unit, item = boxed(world)
    product = world.coupled("items")[item["id"]]
    account = next(
        own
        for bc, own in world.coupled("customers").items()
        if (row := world.bc_sim.get("customers", bc))
        and row["blocked"] == "_x0020_"
        and not row["currencyCode"]
    )
    [default] = [p["pricelevelid"] for p in world.sales_sim.all("pricelevels") if p["name"] == NAME]
    order = world.sales_sim.add(
        "salesorders",
        {
            "name": "Boxes",
            "customerid_account@odata.bind": f"/accounts({account})",
            "pricelevelid@odata.bind": f"/pricelevels({default})",
        },
    )
    line = {
        "salesorderid@odata.bind": f"/salesorders({order})",
        "productid@odata.bind": f"/products({product})",
        "uomid@odata.bind": f"/uoms({world.coupled('item_units')[unit['id']]})",
        "quantity": 3,
    }
    world.sales_sim.add("salesorderdetails", line)
    world.sales_sim.edit("salesorders", order, statecode=1, statuscode=3)
    world.tick(ORDERS)

    assert world.held(ORDERS) == []
    [made] = [b for b, s in world.coupled(ORDERS).items() if s == order]
    [row] = [r for r in world.bc_sim.all("salesOrderLines") if r["documentId"] == made]
    assert (row["unitOfMeasureCode"], row["quantity"]) == (unit["code"], 3)
    each = round(Decimal(str(item["unitPrice"])) * Decimal(str(unit["quantityPerUnitOfMeasure"])), 2)
    assert Decimal(str(row["unitPrice"])) == each

    invoice = world.bc_sim.post(made)
    world.full_sync()
    twin = world.coupled("posted_sales_invoices")[str(invoice)]
    [detail] = [d for d in world.sales_sim.all("invoicedetails") if d["_invoiceid_value"] == twin]
    assert detail["_uomid_value"] == world.coupled("item_units")[unit["id"]]
