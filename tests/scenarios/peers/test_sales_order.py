"""The peer's scenarios of sales orders that no story of ours shows (docs/peer-scenarios.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandbox.world import World
from tests.scenarios.builders import ZERO, add_currency, an_id
from tests.scenarios.orders import NAME, a_seller, add_order, bc_orders, post, state
from tests.scenarios.orders import product as product_id
from tests.scenarios.products import add_item, add_resource

TODAY = "2026-01-22"
USD = an_id("dollars in sales")
#: Three comment lines: 100, 100 and 50 characters.
LONG = ("The quick brown fox jumps over the lazy dog, again and again. " * 5)[:250]


@pytest.fixture
def world() -> World:
    """A company with freight and a write-in item, and with dollars in Sales that BC does not know."""
    return with_settings(a_seller(), write_in_type="item", write_in_number="WRAP", freight_account="6710")


def with_settings(world: World, **facts: Any) -> World:
    """Start Tandem anew with these settings."""
    add_item(world, "WRAP", type="Service")
    add_resource(world, "SUNDRY")
    world.bc.add("glAccounts", an_id("account 6710"), number="6710")
    world.sales.add("transactioncurrencies", USD, isocurrencycode="USD", currencyname="US Dollar")
    return restart(world, **facts)


def restart(world: World, **facts: Any) -> World:
    world.facts = replace(world.facts, **facts)
    world.app = world.start_app()
    return world


def sent(world: World, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    """Submit an order, let the timer fire, and return the order of BC."""
    order = add_order(world, "1", *lines, **header)
    world.tick(NAME)
    assert world.held(NAME) == [] and state(world, order) == (1, 3, TODAY)
    [made] = bc_orders(world)
    return made


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        pytest.param({}, {"currencyId": ZERO}, marks=pytest.mark.peer("sales-order-001")),
        pytest.param(
            {"_transactioncurrencyid_value": USD},
            {"currencyId": an_id("currency USD")},
            marks=pytest.mark.peer("sales-order-002"),
        ),
        pytest.param(
            {"name": "Spring deal " + "x" * 40},
            {"externalDocumentNumber": "SPRING DEAL " + "X" * 23},
            marks=pytest.mark.peer("sales-order-018"),
        ),
        pytest.param(
            {"paymenttermscode": 1, "shippingmethodcode": 7, "freighttermscode": 8},
            {
                "paymentTermsId": an_id("terms 14 DAYS"),
                "shippingAgentId": an_id("agent AIR"),
                "shipmentMethodId": an_id("method FOB"),
            },
            marks=pytest.mark.peer("sales-order-019"),
        ),
        pytest.param(
            {f"billto_{c}": "x" * 250 for c in ("line1", "line2", "city", "postalcode", "stateorprovince")}
            | {"billto_country": "GB"},
            {
                "billToAddress": "x" * 100,
                "billToAddress2": "x" * 50,
                "billToCity": "x" * 30,
                "billToPostCode": "x" * 20,
                "billToCounty": "x" * 30,
                "billToCountryRegionCode": "GB",
            },
            marks=pytest.mark.peer("sales-order-020"),
        ),
    ],
)
def test_what_an_order_says_is_what_its_order_in_bc_says(world, header, shown):
    add_currency(world, "USD")
    for code, table, column, value in (
        ("AIR", "shippingAgents", "shippingmethodcode", 7),
        ("FOB", "shipmentMethods", "freighttermscode", 8),
    ):
        kind = "agent" if code == "AIR" else "method"
        world.bc.add(table, an_id(f"{kind} {code}"), code=code, description="", name="")
        world.sales.add(f"account.address1_{column}", str(value), value=value, label=code)
    world.full_sync("shipping_agents", "shipment_methods")

    made = sent(world, **header)

    assert {column: made[column] for column in shown} == shown


def of_product(world: World, product: str = "", **line: Any) -> dict[str, Any]:
    """Return a line of the company's item or resource, or of no product."""
    number = {"items": "1000", "resources": "R1"}
    return line | {"_productid_value": product_id(world, number[product], product) if product else None}


@pytest.mark.parametrize(
    ("line", "settings", "of", "own", "comments"),
    [
        pytest.param(
            {"productdescription": "Gift wrapping"},
            {},
            ("Item", "itemId", "item WRAP"),
            "Gift wrapping",
            "",
            marks=pytest.mark.peer("sales-order-012", "sales-order-013"),
        ),
        pytest.param(
            {"productdescription": "An hour of advice"},
            {"write_in_type": "resource", "write_in_number": "SUNDRY"},
            ("Resource", "resourceId", "resource SUNDRY"),
            "An hour of advice",
            "",
            marks=pytest.mark.peer("sales-order-012"),
        ),
        pytest.param(
            {"product": "items", "productdescription": LONG},
            {},
            ("Item", "itemId", "item 1000"),
            None,
            LONG,
            marks=pytest.mark.peer("sales-order-015"),
        ),
        pytest.param(
            {"product": "resources", "productdescription": LONG},
            {},
            ("Resource", "resourceId", "resource R1"),
            None,
            LONG,
            marks=pytest.mark.peer("sales-order-015"),
        ),
        pytest.param(
            {"product": "items", "productdescription": "x" * 250, "description": LONG * 12},
            {},
            ("Item", "itemId", "item 1000"),
            None,
            LONG * 12,
            marks=pytest.mark.peer("sales-order-017"),
        ),
    ],
)
def test_a_line_says_what_is_sold_and_keeps_all_that_was_written_on_it_P44_P45(
    world, line, settings, of, own, comments
):
    restart(world, **settings)

    first, *rest = sent(world, of_product(world, **line))["salesOrderLines"]

    kind_of_line, column, what = of
    assert (first["type"], first[column], first.get("description")) == (kind_of_line, an_id(what), own)
    pieces = [row["description"] for row in rest]
    assert "".join(pieces) == comments and all(len(p) == 100 for p in pieces[:-1])


@pytest.mark.parametrize(
    ("line", "header", "says"),
    [
        pytest.param(
            {"product": "items"},
            {"_transactioncurrencyid_value": USD},
            "E-NOCURR: Business Central has no currency USD",
            marks=pytest.mark.peer("sales-order-003"),
        ),
        pytest.param(
            {"product": "items"},
            {"freightamount": 20},
            "E-FREIGHT: it has freight, and the setting FREIGHT_ACCOUNT names no account",
            marks=pytest.mark.peer("sales-order-009"),
        ),
        pytest.param(
            {"productdescription": "Gift"},
            {},
            "E-WRITEIN: order ORD-01001 has a write-in product, and the settings",
            marks=pytest.mark.peer("sales-order-011"),
        ),
    ],
)
def test_an_order_that_lacks_something_is_not_made_and_says_so(world, line, header, says):
    restart(world, write_in_type="", write_in_number="", freight_account="")
    order = add_order(world, "1", of_product(world, **line), **header)

    world.tick(NAME)

    [row] = world.held(NAME)
    assert says in row["reason"]
    assert bc_orders(world) == [] and state(world, order) == (1, 3, None)


@pytest.mark.peer("sales-order-029")
def test_an_order_whose_external_number_was_edited_in_bc_is_invoiced_in_sales_when_it_is_posted(world):
    order = add_order(world)
    world.tick(NAME)
    [made] = bc_orders(world)
    world.bc.edit("salesOrders", made["id"], externalDocumentNumber="PO-4711")
    world.tick(NAME)

    post(world, made["id"])
    world.tick(NAME)

    assert state(world, order) == (4, 100_003, TODAY)


@pytest.mark.parametrize("then", ["delete", "post"])
@pytest.mark.peer("sales-order-035")
def test_the_order_of_one_that_was_deleted_in_sales_can_be_deleted_and_posted_S61(world, then):
    order = add_order(world)
    world.tick(NAME)
    [made] = bc_orders(world)
    world.sales.delete("salesorders", order)
    world.tick(NAME)

    if then == "post":
        post(world, made["id"])
    else:
        world.bc.delete("salesOrders", made["id"])
    world.tick(NAME)

    assert world.held(NAME) == [] and bc_orders(world) == []
    assert world.sales.show("salesorders", order) is None


def test_orders_wait_in_sales_while_they_are_switched_off_and_go_when_they_are_on_again(world):
    """Where the peer refuses to be switched off (sales-order-044), nothing is lost by it here."""
    order = add_order(world)
    switched_on, world.switched_on = world.switched_on, ()
    restart(world)
    world.tick(NAME)
    assert bc_orders(world) == [] and state(world, order) == (1, 3, None)

    world.switched_on = switched_on
    restart(world)
    world.tick(NAME)
    assert len(bc_orders(world)) == 1 and state(world, order) == (1, 3, TODAY)
