"""Orders that arrive in Business Central reserved and released (RELEASE_ORDERS; sales-documents.md S4, S85)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.simkit import Fault
from shared.core.model import Side, derived_id
from tests.contract.test_orders_on_simulators import ORDERS, Shop


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.facts = replace(shop.facts, orders_released=True)
    shop.app = shop.start_app()
    [setup] = shop.bc_sim.all("salesSetup")
    shop.bc_sim.edit("salesSetup", setup["id"], archiveOrders=True)
    return shop


def stock(shop: Shop, quantity: int) -> None:
    entry = {"entryNumber": 900_000, "itemId": shop.bike, "quantity": quantity, "open": True}
    shop.bc_sim.load("itemLedgerEntries", [entry])


def line_of(shop: Shop, detail: str) -> str:
    return derived_id(
        company=shop.facts.company_id, mapping="sales_order_lines", source=Side.SALES, source_id=detail
    )


@pytest.mark.peer("sales-order-050")
def test_a_line_that_is_always_reserved_arrives_reserved_and_its_order_released_S85(shop):
    shop.bc_sim.edit("items", shop.bike, reserve="Always")
    shop.bc_sim.edit("customers", shop.customer, reserve="Always")
    stock(shop, 25)
    order = shop.order(shop.bicycle(quantity=7))

    shop.tick(ORDERS)

    made = shop.made(order)
    [line] = shop.lines(made["id"])
    [detail] = [d for d in shop.sales_sim.all("salesorderdetails") if d["_salesorderid_value"] == order]
    assert line["id"] == line_of(shop, detail["salesorderdetailid"]), "one finds the other by its id"
    assert (line["quantity"], line["reservedQuantity"]) == (7, 7)
    assert made["status"] == "Released" and shop.held(ORDERS) == []


@pytest.mark.parametrize("lost", [False, True])
def test_what_is_sent_twice_is_reserved_and_released_once_H9(shop, lost):
    shop.bc_sim.edit("items", shop.bike, reserve="Always")
    stock(shop, 10)
    order = shop.order(shop.bicycle(quantity=7))
    if lost:
        shop.bc_sim.faults.add(Fault(kind="write", lost_reply=True))
    shop.tick(ORDERS)
    shop.act(ORDERS, "retry", side="sales", id=order)
    shop.tick(ORDERS)

    made = shop.made(order)
    [line] = shop.lines(made["id"])
    assert (line["reservedQuantity"], made["status"]) == (7, "Released")
    assert (
        len([o for o in shop.bc_sim.all("salesOrders") if o["yourReference"] == made["yourReference"]]) == 1
    )


def test_an_order_that_is_to_be_paid_in_advance_arrives_open_S85(shop):
    shop.bc_sim.edit("customers", shop.customer, prepaymentPercent=30)
    order = shop.order(shop.bicycle())

    shop.tick(ORDERS)

    made = shop.made(order)
    assert (made["status"], made["prepaymentPercent"]) == ("Open", 30)
    assert str(shop.sold("salesorders", order)["lastbackofficesubmit"])[:10] and shop.held(ORDERS) == []


@pytest.mark.peer("sales-order-048")
def test_an_order_of_sales_that_is_posted_leaves_two_versions_the_last_with_what_was_shipped(shop):
    order = shop.order(shop.bicycle(quantity=7))
    shop.tick(ORDERS)
    made = shop.made(order)

    shop.bc_sim.post(made["id"])
    shop.tick(ORDERS)

    kept = [r for r in shop.bc_sim.all("salesOrderArchives") if r["number"] == made["number"]]
    assert [r["versionNumber"] for r in kept] == [1, 2]
    shipped = {r["versionNumber"]: r["quantityShipped"] for r in shop.bc_sim.all("salesOrderArchiveLines")}
    assert shipped[2] == 7 > shipped[1] == 0
    assert shop.sold("salesorders", order)["statecode"] == 4, "and Sales shows it as invoiced"


def test_a_hundred_orders_that_are_released_cost_no_request_each(shop):
    orders = [shop.order(shop.bicycle()) for _ in range(40)]
    shop.bc_sim.log.clear()
    shop.tick(ORDERS)

    assert {shop.made(order)["status"] for order in orders} == {"Released"}
    assert shop.bc_sim.log.counts()["writes"] <= 3
