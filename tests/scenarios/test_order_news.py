"""What becomes of an order in BC is shown in Sales: its fields (S95) and posts on its timeline (S91), each on a switch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.world import Crash, World
from tests.scenarios.builders import an_id
from tests.scenarios.orders import NAME, a_seller, add_order, bc_orders, post, state
from tests.scenarios.test_sales_orders import move

TODAY = "2026-01-22"


@pytest.fixture
def world() -> World:
    world = a_seller(**{NAME: {"rule": "sales_orders_with_posts"}})
    world.facts = replace(world.facts, order_updates=True)
    world.app = world.start_app()
    return world


def made(world: World, name: str = "1", **differs: Any) -> tuple[str, str]:
    order = add_order(world, name, **differs)
    world.tick(NAME)
    [row] = bc_orders(world, f"ORD-0100{name}")
    return order, row["id"]


def release(world: World, in_bc: str, **also: Any) -> None:
    world.bc.edit("salesOrders", in_bc, status="Released", **also)
    world.tick(NAME)


def timeline(world: World, order: str) -> list[str]:
    """Return the posts about an order, oldest first."""
    rows = world.sales.all("posts").values()
    return [r["text"] for r in rows if r["_regardingobjectid_salesorder_value"] == order]


RELEASED = "This order was released in Business Central."


# --- posts ---------------------------------------------------------------------------------------------


@pytest.mark.peer("sales-order-036")
def test_an_order_that_is_released_has_one_post_about_it_however_often_it_is_looked_at_S91(world):
    order, in_bc = made(world)
    assert timeline(world, order) == []
    release(world, in_bc)
    assert timeline(world, order) == [RELEASED]

    world.bc.edit("salesOrders", in_bc, status="Open")
    world.tick(NAME)
    release(world, in_bc, yourReference="touched")
    world.full_sync(NAME)
    assert timeline(world, order) == [RELEASED]


def test_scenarios_58_62_an_open_order_that_is_shipped_has_posts_of_its_release_and_its_shipment_S90_S91(
    world,
):
    order, in_bc = made(world)
    world.bc.edit("salesOrders", in_bc, status="Released", shipped=True)
    move(world, in_bc, 4, 0)
    world.tick(NAME)

    assert timeline(world, order) == [
        RELEASED,
        "A shipment of this order was posted in Business Central; 4 shipped in all.",
    ]
    assert state(world, order) == (1, 3, TODAY)


def test_a_shipment_that_is_taken_back_is_no_post_of_another_one_S91(world):
    order, in_bc = made(world)
    world.bc.edit("salesOrders", in_bc, status="Released", shipped=True)
    move(world, in_bc, 4, 0)
    world.tick(NAME)
    told = timeline(world, order)
    assert len(told) == 2

    world.bc.edit("salesOrderLines", an_id(f"{in_bc} 4 0"), quantityShipped=2, outstandingQuantity=8)
    world.tick(NAME)
    world.full_sync(NAME)
    assert timeline(world, order) == told

    world.bc.edit("salesOrderLines", an_id(f"{in_bc} 4 0"), quantityShipped=10, outstandingQuantity=0)
    world.tick(NAME)
    assert timeline(world, order)[2:] == [
        "A shipment of this order was posted in Business Central; 10 shipped in all."
    ]


def test_an_order_that_is_gone_because_all_of_it_was_invoiced_has_a_post_of_that(world):
    order, in_bc = made(world)
    release(world, in_bc)
    post(world, in_bc)
    world.tick(NAME)

    assert timeline(world, order) == [RELEASED, "An invoice of this order was posted in Business Central."]
    assert state(world, order)[:2] == (4, 100_003)


@pytest.mark.peer("sales-order-038")
def test_documents_that_are_no_coupled_order_are_not_told_of(world):
    order, in_bc = made(world)
    world.sales.delete("salesorders", order)
    release(world, in_bc)
    post(world, in_bc)
    world.bc.add("salesOrders", an_id("born in bc"), number="101005", yourReference="", status="Released")
    world.bc.add("postedSalesInvoices", an_id("plain"), number="103001", yourReference="", orderNumber="")
    world.tick(NAME)
    world.full_sync(NAME)

    assert world.sales.all("posts") == {}


def lose_the_answer(world: World) -> None:
    world.sales.lost_answers = 1


def die(world: World) -> None:
    raise Crash


@pytest.mark.parametrize("trouble", [lose_the_answer, die])
def test_a_post_is_written_once_although_the_answer_was_lost_H1(world, trouble):
    order, in_bc = made(world)
    moment = "before" if trouble is lose_the_answer else "after"
    world.once(lambda *now: now == (moment, "sales.create"), lambda: trouble(world))
    release(world, in_bc)
    world.clock.advance(world.limits.lease + timedelta(minutes=1))
    world.tick(NAME)

    assert timeline(world, order) == [RELEASED] and world.held(NAME) == []


def test_a_post_that_sales_refuses_is_held_with_its_reason_and_written_when_it_is_taken(world):
    order, in_bc = made(world)
    world.sales.refuse = lambda table, values: "no wall" if table == "posts" else None
    release(world, in_bc)
    [held] = world.held(NAME)
    assert held["reason"] == "posts: no wall"

    world.sales.refuse = lambda table, values: None
    world.clock.advance(timedelta(minutes=31))
    world.housekeeping()
    assert timeline(world, order) == [RELEASED] and world.held(NAME) == []


def test_two_hundred_orders_that_are_released_cost_no_request_each_H16(world):
    for n in range(200):
        add_order(world, f"{n:04}")
    world.tick(NAME)
    for row in bc_orders(world):
        world.bc.edit("salesOrders", row["id"], status="Released", billToAddress="New Street 1")
    before = (world.bc.requests, world.sales.requests)
    world.tick(NAME)

    assert len(world.sales.all("posts")) == 200
    assert world.bc.requests - before[0] <= 20 and world.sales.requests - before[1] <= 20


def test_without_the_switches_sales_hears_neither(world):
    world = a_seller()
    order, in_bc = made(world, billto_city="Lyon")
    release(world, in_bc, billToCity="Paris")

    shown = world.sales.show("salesorders", order)
    assert shown["billto_city"] == "Lyon" and world.sales.all("posts") == {}


# --- fields --------------------------------------------------------------------------------------------


def shown(world: World, order: str, *columns: str) -> list[Any]:
    row = world.sales.show("salesorders", order)
    assert row is not None
    return [row.get(c) for c in columns]


def test_what_is_changed_in_bc_of_a_released_order_is_shown_in_sales_S95(world):
    order, in_bc = made(world, shipto_line1="Quay 1", shipto_line2="Dock", shipto_city="Lyon")
    world.bc.edit("salesOrders", in_bc, shipToAddress="Quay 9", shipToAddress2="", shipToCity="Lyon")
    world.tick(NAME)
    assert shown(world, order, "shipto_line1") == ["Quay 1"], "it is not released"

    release(world, in_bc, lastShipmentDate="2026-01-21", requestedDeliveryDate="2026-02-01")
    assert shown(world, order, "shipto_line1", "shipto_line2", "shipto_city") == ["Quay 9", None, "Lyon"]
    assert shown(world, order, "datefulfilled", "requestdeliveryby") == ["2026-01-21", "2026-02-01"]
    assert state(world, order) == (1, 3, TODAY)

    written = world.written()
    world.tick(NAME)
    world.full_sync(NAME)
    assert world.written() == written


def test_an_order_that_was_withdrawn_meanwhile_is_not_submitted_again_by_a_field_S95(world):
    order, in_bc = made(world)
    world.once(
        lambda *now: now == ("before", "sales.update"),
        lambda: world.sales.edit("salesorders", order, statecode=0, statuscode=1),
    )
    release(world, in_bc, billToAddress="New Street 1")

    assert state(world, order)[0] == 0 and shown(world, order, "billto_line1") == [None]


def test_a_field_and_the_invoice_are_told_in_one_S94_S95(world):
    order, in_bc = made(world)
    world.bc.edit("salesOrders", in_bc, status="Released", shipped=True, lastShipmentDate="2026-01-21")
    move(world, in_bc, 10, 10)
    world.tick(NAME)

    assert state(world, order)[:2] == (4, 100_003)
    assert shown(world, order, "datefulfilled") == ["2026-01-21"]
    assert len(timeline(world, order)) == 3


def test_what_sales_refuses_of_a_field_is_held_with_its_words(world):
    order, in_bc = made(world)
    world.sales.refuse = lambda table, values: "locked" if "billto_line1" in values else None
    release(world, in_bc, billToAddress="New Street 1")

    assert [h["reason"] for h in world.held(NAME)] == ["locked"]
    assert state(world, order) == (1, 3, TODAY)
