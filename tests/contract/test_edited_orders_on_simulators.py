"""What is edited in Sales after an order went over reaches it in Business Central (ORDER_EDITS; S83–S85)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.simkit import Fault
from sandbox.world import Crash
from shared.engine.act import Act
from shared.engine.remember import Memory
from tests.contract.test_orders_on_simulators import ORDERS, Shop, exact


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.facts = replace(shop.facts, orders_released=True, orders_edited=True)
    shop.app = shop.start_app()
    return shop


def details(shop: Shop, order: str) -> list[dict[str, Any]]:
    rows = [d for d in shop.sales_sim.all("salesorderdetails") if d["_salesorderid_value"] == order]
    return sorted(rows, key=lambda d: d["priceperunit"])


def opened(shop: Shop, order: str) -> None:
    shop.clock.advance(timedelta(hours=1))
    shop.sales_sim.edit("salesorders", order, statecode=0, statuscode=2)


def submitted(shop: Shop, order: str, **header: Any) -> None:
    if header:
        shop.sales_sim.edit("salesorders", order, **header)
    shop.sales_sim.edit("salesorders", order, statecode=1, statuscode=3)


def with_two_lines(shop: Shop) -> str:
    order = shop.order(
        shop.bicycle(quantity=4, description="Red, please"), shop.bicycle(quantity=2, priceperunit=200)
    )
    shop.tick(ORDERS)
    assert shop.made(order)["status"] == "Released"
    return order


def change_everything(shop: Shop, order: str) -> None:
    """Change a line, remove one, add one, and the header."""
    first, second = details(shop, order)
    opened(shop, order)
    shop.sales_sim.edit("salesorderdetails", first["salesorderdetailid"], quantity=7)
    shop.sales_sim.delete("salesorderdetails", second["salesorderdetailid"])
    shop.sales_sim.add(
        "salesorderdetails",
        {"salesorderid@odata.bind": f"/salesorders({order})"} | shop.bicycle(quantity=1, priceperunit=300),
    )
    submitted(shop, order, discountpercentage=10, shipto_city="Lyon")


def agree(shop: Shop, order: str) -> None:
    made, theirs = shop.made(order), shop.sold("salesorders", order)
    rows = [(exact(r["quantity"]), exact(r["unitPrice"])) for r in shop.lines(made["id"]) if r["number"]]
    assert rows == [(7, 100), (1, 300)]
    assert [r["description"] for r in shop.lines(made["id"]) if not r["number"]] == ["Red, please"]
    assert exact(made["amount"]) == theirs["totalamountlessfreight"] == 900
    assert (made["shipToCity"], made["paymentDiscountPercent"]) == ("Lyon", 10)
    assert made["status"] == "Released" and shop.held(ORDERS) == []
    assert (theirs["statecode"], theirs["statuscode"]) == (1, 3)


def test_lines_that_are_changed_added_and_removed_and_the_header_reach_bc_S83_S84_S85(shop):
    order = with_two_lines(shop)
    change_everything(shop, order)
    shop.tick(ORDERS)

    agree(shop, order)
    before = shop.made(order)["systemRowVersion"]
    shop.tick(ORDERS)
    shop.act(ORDERS, "retry", side="sales", id=order)
    shop.tick(ORDERS)
    assert shop.made(order)["systemRowVersion"] == before, "and nothing is written again"


def test_the_discount_of_an_order_is_spread_anew_over_its_lines_S51_S52(shop):
    order = shop.order(
        *(shop.bicycle(quantity=q, priceperunit=100 * q) for q in (1, 2, 3)), discountpercentage=10
    )
    shop.tick(ORDERS)
    first, second, third = details(shop, order)
    opened(shop, order)
    shop.sales_sim.edit("salesorderdetails", first["salesorderdetailid"], quantity=5)
    shop.sales_sim.edit("salesorderdetails", second["salesorderdetailid"], quantity=6)
    shop.sales_sim.delete("salesorderdetails", third["salesorderdetailid"])
    submitted(shop, order)
    shop.tick(ORDERS)

    assert shop.held(ORDERS) == []
    made, theirs = shop.made(order), shop.sold("salesorders", order)
    assert exact(made["amount"]) == theirs["totalamountlessfreight"] == 1530


def test_a_line_that_somebody_edits_while_its_order_is_brought_up_to_date_is_not_passed_over(
    shop, monkeypatch
):
    order = with_two_lines(shop)
    made = shop.made(order)
    bike, *_ = shop.lines(made["id"])
    shop.bc_sim.edit("salesOrders", made["id"], status="Open")
    first, _ = details(shop, order)
    opened(shop, order)
    shop.sales_sim.edit("salesorderdetails", first["salesorderdetailid"], quantity=7)
    submitted(shop, order)
    real, met = Act.send, []

    def send(self: Any, scope: Any, writing: Any) -> Any:
        if writing and not met:
            met.append(order)
            shop.bc_sim.edit("salesOrderLines", bike["id"], quantity=5)
        return real(self, scope, writing)

    monkeypatch.setattr(Act, "send", send)
    shop.tick(ORDERS)
    shop.tick(ORDERS)

    assert met and exact(shop.lines(made["id"])[0]["quantity"]) == 5
    [held] = shop.held(ORDERS)
    assert "'7' in Sales, '5' in Business Central" in held["reason"]


def test_an_edit_whose_answer_is_lost_is_made_once_H9(shop):
    order = with_two_lines(shop)
    change_everything(shop, order)
    shop.bc_sim.faults.add(Fault(kind="write", lost_reply=True))
    shop.tick(ORDERS)
    shop.clock.advance(timedelta(hours=1))
    shop.act(ORDERS, "retry", side="sales", id=order)
    shop.tick(ORDERS)

    agree(shop, order)


@pytest.mark.peer("sales-order-052")
def test_an_order_whose_prepayment_is_outstanding_is_open_again_after_an_edit_S85(shop):
    order = with_two_lines(shop)
    made = shop.made(order)
    shop.bc_sim.edit("salesOrders", made["id"], prepaymentPercent=30)
    assert shop.made(order)["status"] == "Released"

    opened(shop, order)
    submitted(shop, order, requestdeliveryby="2026-03-01")
    shop.tick(ORDERS)

    made = shop.made(order)
    assert (made["status"], made["requestedDeliveryDate"]) == ("Open", "2026-03-01")
    assert made["prepaymentPercent"] == 30
    assert shop.held(ORDERS) == []


def test_what_both_sides_have_changed_is_held_with_both_values_and_settled_by_a_person(shop):
    order = with_two_lines(shop)
    made = shop.made(order)
    shop.bc_sim.edit("salesOrders", made["id"], shipToCity="Paris", shipToAddress="Rue 1")
    opened(shop, order)
    submitted(shop, order, shipto_city="Lyon")
    shop.tick(ORDERS)

    [held] = shop.held(ORDERS)
    assert held["reason"].startswith("E-EDITED") and "Lyon" in held["reason"] and "Paris" in held["reason"]
    assert shop.made(order)["shipToCity"] == "Paris"
    shop.act(ORDERS, "resolve", side="sales", id=order, use="sales")
    shop.tick(ORDERS)
    assert shop.made(order)["shipToCity"] == "Lyon" and shop.held(ORDERS) == []


def test_a_line_that_both_sides_have_changed_is_held_with_both_quantities(shop):
    order = with_two_lines(shop)
    made = shop.made(order)
    bike, *_ = shop.lines(made["id"])
    shop.bc_sim.edit("salesOrders", made["id"], status="Open")
    shop.bc_sim.edit("salesOrderLines", bike["id"], quantity=5)
    opened(shop, order)
    first, _ = details(shop, order)
    shop.sales_sim.edit("salesorderdetails", first["salesorderdetailid"], quantity=7)
    submitted(shop, order)
    shop.tick(ORDERS)

    [held] = shop.held(ORDERS)
    assert "line 10000, quantity: '7' in Sales, '5' in Business Central" in held["reason"]
    assert [exact(r["quantity"]) for r in shop.lines(made["id"]) if r["number"]] == [5, 2]
    shop.act(ORDERS, "resolve", side="sales", id=order, use="bc")
    shop.tick(ORDERS)
    assert shop.held(ORDERS) == []
    assert [exact(r["quantity"]) for r in shop.lines(made["id"]) if r["number"]] == [5, 2]


def test_what_differs_in_upper_and_lower_case_only_travels_too(shop):
    order = shop.order(
        {"isproductoverridden": True, "productdescription": "gift", "quantity": 1, "priceperunit": 25}
    )
    shop.tick(ORDERS)
    [row] = details(shop, order)
    opened(shop, order)
    shop.sales_sim.edit("salesorderdetails", row["salesorderdetailid"], productdescription="GIFT")
    submitted(shop, order)
    shop.tick(ORDERS)

    assert [r["description"] for r in shop.lines(shop.made(order)["id"])] == ["GIFT"]


def test_what_was_changed_in_bc_alone_stays_there(shop):
    order = with_two_lines(shop)
    made = shop.made(order)
    shop.bc_sim.edit("salesOrders", made["id"], externalDocumentNumber="THEIRS")
    opened(shop, order)
    submitted(shop, order, requestdeliveryby="2026-03-01")
    shop.tick(ORDERS)

    made = shop.made(order)
    assert (made["externalDocumentNumber"], made["requestedDeliveryDate"]) == ("THEIRS", "2026-03-01")
    assert shop.held(ORDERS) == []


def test_what_bc_refuses_of_a_shipped_line_is_held_in_its_words_and_nothing_is_half_done(shop):
    order = with_two_lines(shop)
    made = shop.made(order)
    shop.bc_sim.post(made["id"], invoice=False)
    first, _ = details(shop, order)
    opened(shop, order)
    shop.sales_sim.edit("salesorderdetails", first["salesorderdetailid"], quantity=1)
    submitted(shop, order, shipto_city="Lyon")
    shop.tick(ORDERS)

    [held] = shop.held(ORDERS)
    assert "must not be less than Quantity Shipped" in held["reason"]
    assert shop.made(order)["shipToCity"] != "Lyon" and shop.made(order)["status"] == "Released"


@pytest.mark.parametrize("moment", ["written", "remembered"])
def test_dying_after_the_edit_was_written_or_remembered_changes_nothing_more_H1_H9(shop, moment, monkeypatch):
    order = with_two_lines(shop)
    change_everything(shop, order)
    of = Act if moment == "written" else Memory
    name = "send" if moment == "written" else "save"
    real, died = getattr(of, name), []

    def dies(self: Any, *given: Any, **named: Any) -> Any:
        answer = real(self, *given, **named)
        wrote = given[-1] if moment == "written" else True
        if wrote and not died:
            died.append(moment)
            raise Crash(moment)
        return answer

    monkeypatch.setattr(of, name, dies)
    shop.tick(ORDERS)
    shop.app = shop.start_app()
    shop.clock.advance(timedelta(hours=1))
    shop.tick(ORDERS)

    assert died == [moment]
    agree(shop, order)


def test_somebody_who_edits_the_order_while_it_is_being_brought_up_to_date_loses_nothing(shop, monkeypatch):
    order = with_two_lines(shop)
    made = shop.made(order)
    opened(shop, order)
    submitted(shop, order, requestdeliveryby="2026-03-01")
    real, met = Act.send, []

    def send(self: Any, scope: Any, writing: Any) -> Any:
        if writing and not met:
            met.append(made["id"])
            shop.bc_sim.edit("salesOrders", made["id"], requestedDeliveryDate="2026-04-01")
        return real(self, scope, writing)

    monkeypatch.setattr(Act, "send", send)
    shop.tick(ORDERS)
    shop.tick(ORDERS)

    assert met and shop.made(order)["requestedDeliveryDate"] == "2026-04-01"
    [held] = shop.held(ORDERS)
    assert "'2026-03-01' in Sales, '2026-04-01' in Business Central" in held["reason"]


def test_forty_edited_orders_cost_no_request_each(shop):
    orders = [shop.order(shop.bicycle()) for _ in range(40)]
    shop.tick(ORDERS)
    for order in orders:
        opened(shop, order)
        [row] = details(shop, order)
        shop.sales_sim.edit("salesorderdetails", row["salesorderdetailid"], quantity=3)
        submitted(shop, order)
    shop.bc_sim.log.clear()
    shop.tick(ORDERS)

    shown = [shop.lines(shop.made(order)["id"]) for order in orders]
    assert {(exact(line["quantity"]), len(rows)) for rows in shown for line in rows} == {(3, 1)}
    counts = shop.bc_sim.log.counts()
    assert counts["writes"] <= 6, counts


def test_an_order_too_long_to_be_followed_is_held_for_a_person(shop):
    order = shop.order(*(shop.bicycle(priceperunit=n + 1, description="x" * 90) for n in range(70)))
    shop.tick(ORDERS)
    opened(shop, order)
    submitted(shop, order, requestdeliveryby="2026-03-01")
    shop.tick(ORDERS)

    [held] = shop.held(ORDERS)
    assert held["reason"].startswith("E-EDITED") and "too long to be followed" in held["reason"]
