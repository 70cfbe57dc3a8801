"""Sales orders with their lines, complete and valid. Name only what a test is about."""

from __future__ import annotations

from typing import Any

from sandbox.world import GBP, World
from tests.scenarios.builders import add_customer, an_id
from tests.scenarios.products import a_shop

NAME = "sales_orders"


def a_seller(**options: Any) -> World:
    """A company whose customer, item and resource are in Sales, and whose orders go over."""
    world = a_shop(switched_on=("sales_orders", "sales_quotes"), **options)
    add_customer(world)
    world.full_sync()
    for name in (NAME, "sales_quotes"):
        world.tick(name)
    return world


def account(world: World, number: str = "C1") -> str:
    return world.coupled("customers")[an_id(f"customer {number}")]


def product(world: World, number: str = "1000", mapping: str = "items") -> str:
    kind = {"items": "item", "resources": "resource"}[mapping]
    return world.coupled(mapping)[an_id(f"{kind} {number}")]


def add_order(world: World, name: str = "1", /, *lines: dict[str, Any], **differs: Any) -> str:
    """Submit an order over ten items of 100; `differs` are columns of its header."""
    order = an_id(f"order {name}")
    customer = differs.get("_customerid_value", account(world))
    rows = lines or ({"_productid_value": product(world)},)
    for place, line in enumerate(rows, start=1):
        row = {
            "_salesorderid_value": order,
            "_uomid_value": None,
            "sequencenumber": place,
            "quantity": 10,
            "priceperunit": 100,
            "volumediscountamount": 0,
            "manualdiscountamount": 0,
            "description": None,
            "productdescription": None,
        } | line
        world.sales.add("salesorderdetails", an_id(f"line {name} {place}"), **row)
    header = {
        "ordernumber": f"ORD-0100{name}",
        "name": f"Spring deal {name}",
        "_customerid_value": customer,
        "_accountid_value": customer,
        "_contactid_value": None,
        "_transactioncurrencyid_value": GBP,
        "statecode": 1,
        "statuscode": 3,
        "lastbackofficesubmit": None,
        "freightamount": 0,
        "discountamount": 0,
        "discountpercentage": 0,
    } | differs
    return world.sales.add("salesorders", order, **header)


def bc_orders(world: World, number: str | None = None) -> list[dict[str, Any]]:
    """Return the orders of BC, those that name this order number when one is given."""
    rows = [{"id": i, **r} for i, r in world.bc.all("salesOrders").items()]
    return [r for r in rows if number is None or r["yourReference"] == number]


def state(world: World, order: str) -> tuple[Any, Any, Any]:
    row = world.sales.show("salesorders", order)
    assert row is not None
    return row["statecode"], row["statuscode"], row["lastbackofficesubmit"]


def post(world: World, bc_order: str) -> str:
    """Ship and invoice an order in full: BC keeps an invoice, and the order is gone."""
    row = world.bc.show("salesOrders", bc_order)
    assert row is not None
    invoice = an_id(f"invoice of {bc_order}")
    world.bc.add(
        "postedSalesInvoices", invoice, yourReference=row["yourReference"], orderNumber=row["number"]
    )
    world.bc.delete("salesOrders", bc_order)
    return invoice
