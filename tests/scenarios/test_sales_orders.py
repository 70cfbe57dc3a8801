"""Submitted orders become orders in BC, once each, and Sales hears what becomes of them.

Scenario numbers are those of sales-documents.md §8.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.world import Crash, World
from tests.scenarios.builders import add_account, add_customer, add_sales_contact, an_id
from tests.scenarios.orders import (
    NAME,
    a_seller,
    account,
    add_order,
    bc_orders,
    post,
    product,
    state,
)
from tests.scenarios.products import add_item

TODAY = "2026-01-22"


@pytest.fixture
def world() -> World:
    return a_seller()


# --- which orders, and the stamp ---------------------------------------------------------------


@pytest.mark.parametrize("stamp", [None, "1900-01-01"])
@pytest.mark.peer("sales-order-026", "sales-order-027")
def test_scenarios_1_2_a_submitted_order_is_made_and_stamped_P42_P43_S5_S57(world, stamp):
    order = add_order(world, lastbackofficesubmit=stamp)
    world.tick(NAME)

    [made] = bc_orders(world)
    assert made["customerId"] == an_id("customer C1")
    assert (made["yourReference"], made["externalDocumentNumber"]) == ("ORD-01001", "SPRING DEAL 1")
    assert [(r["itemId"], r["quantity"]) for r in made["salesOrderLines"]] == [(an_id("item 1000"), 10)]
    assert state(world, order) == (1, 3, TODAY)
    assert world.held(NAME) == []


@pytest.mark.parametrize("stamp", ["1899-12-31", "1900-01-02", "2026-01-01"])
@pytest.mark.peer("sales-order-026")
def test_scenarios_3_4_an_order_with_a_date_of_the_back_office_is_left_alone_S5(world, stamp):
    order = add_order(world, lastbackofficesubmit=stamp)
    world.tick(NAME)

    assert bc_orders(world) == [] and state(world, order) == (1, 3, stamp)


@pytest.mark.peer("sales-order-026")
def test_scenario_5_an_order_that_is_not_submitted_is_left_alone_until_it_is_S5(world):
    order = add_order(world, statecode=0, statuscode=1)
    world.tick(NAME)
    assert bc_orders(world) == [] and state(world, order) == (0, 1, None)

    world.sales.edit("salesorders", order, statecode=1, statuscode=3)
    world.tick(NAME)
    assert len(bc_orders(world)) == 1


def test_scenario_6_one_order_that_cannot_go_does_not_keep_the_others_back_S59(world):
    other = add_account(world, "A9", customertypecode=3)
    waits = add_order(world, "1", _customerid_value=other)
    add_order(world, "2")
    world.tick(NAME)

    assert [o["yourReference"] for o in bc_orders(world)] == ["ORD-01002"]
    assert state(world, waits) == (1, 3, None)
    [row] = world.held(NAME)
    assert row["id"] == waits and row["reason"].startswith("E-NOTCOUPLEDCUST")


def test_scenario_7_the_customer_of_a_contact_is_that_of_its_account_S12(world):
    person = add_sales_contact(world, "K7", account(world))
    add_order(world, _customerid_value=person, _accountid_value=None, _contactid_value=person)
    world.tick(NAME)

    assert [o["customerId"] for o in bc_orders(world)] == [an_id("customer C1")]


def test_scenario_53_a_second_run_makes_nothing_and_stamps_nothing_S58(world):
    order = add_order(world)
    world.tick(NAME)
    written = world.written()
    world.clock.advance(timedelta(days=1))
    world.tick(NAME)
    world.full_sync(NAME)

    assert world.written() == written
    assert len(bc_orders(world)) == 1 and state(world, order) == (1, 3, TODAY)


def test_an_order_born_in_bc_stays_there_P35(world):
    world.bc.add("salesOrders", an_id("born in bc"), number="101005", yourReference="", customerId="")
    world.tick(NAME)
    world.full_sync(NAME)

    assert world.sales.all("salesorders") == {}


@pytest.mark.peer("scheduling-014")
def test_nothing_happens_while_the_switch_is_off_and_a_message_says_so_P35():
    world = a_seller()
    world.switched_on = ()
    world.app = world.start_app()
    add_order(world)
    world.tick(NAME)
    assert bc_orders(world) == []

    world.send(f"sync-{NAME}", b"{}")
    world.run()
    [told] = world.app.api.status()["rejected"]
    assert told["reason"] == "mapping 'sales_orders' is switched off by SALES_ORDERS"


def test_by_hand_the_timer_leaves_new_orders_to_a_person_P42():
    world = a_seller(**{NAME: {"by_hand": True}})
    order = add_order(world)
    world.tick(NAME)
    assert bc_orders(world) == []

    world.app.api.sync(NAME)
    world.run()
    [made] = bc_orders(world)
    assert state(world, order) == (1, 3, TODAY)

    post(world, made["id"])
    world.tick(NAME)
    assert state(world, order)[:2] == (4, 100_003)


# --- what is missing ---------------------------------------------------------------------------


def test_all_that_is_missing_is_named_at_once_and_heals_one_by_one_without_the_order_P37_P44(world):
    newcomer = add_account(world, "New", customertypecode=3)
    lamp = add_item(world, "LAMP")
    world.sales.add(
        "products",
        an_id("product LAMP"),
        name="Lamp",
        productnumber="LAMP",
        producttypecode=1,
        productstructure=1,
        statecode=0,
        statuscode=1,
    )
    lines = ({"_productid_value": an_id("product LAMP")}, {"productdescription": "Gift wrapping"})
    order = add_order(world, "1", *lines, _customerid_value=newcomer)
    world.tick(NAME)
    [row] = world.held(NAME)
    assert [part.partition(":")[0] for part in row["reason"].split("; ")] == [
        "E-NOTCOUPLEDCUST",
        "E-ITEMNOTCOUPLED",
        "E-WRITEIN",
    ]

    add_customer(world, "C2")
    world.app.api.couple({"mapping": "customers", "bc": an_id("customer C2"), "sales": newcomer})
    world.run()
    assert "E-NOTCOUPLEDCUST" not in world.held(NAME)[0]["reason"]

    world.app.api.couple({"mapping": "items", "bc": lamp, "sales": an_id("product LAMP")})
    world.run()
    assert [r["reason"].partition(":")[0] for r in world.held(NAME)] == ["E-WRITEIN"]

    add_item(world, "WRAP", type="Service")
    name_write_in(world, "WRAP")
    world.clock.advance(timedelta(minutes=30))
    world.housekeeping()

    [made] = bc_orders(world)
    assert [r.get("itemId") for r in made["salesOrderLines"]] == [lamp, an_id("item WRAP")]
    assert made["salesOrderLines"][1]["description"] == "Gift wrapping"
    assert world.held(NAME) == [] and state(world, order) == (1, 3, TODAY)


def test_what_is_held_is_looked_at_again_every_half_hour_at_the_latest(world):
    world.bc.edit("customers", an_id("customer C1"), blocked="All")
    order = add_order(world)
    world.tick(NAME)
    for _ in range(8):
        [row] = world.held(NAME)
        assert row["reason"].startswith("E-BLOCKED")
        world.clock.advance(timedelta(minutes=31))
        world.housekeeping()

    world.bc.edit("customers", an_id("customer C1"), blocked="_x0020_")
    world.clock.advance(timedelta(minutes=31))
    world.housekeeping()
    assert len(bc_orders(world)) == 1 and state(world, order)[2] == world.clock.now().date().isoformat()


def test_explain_says_everything_that_an_order_lacks(world):
    order = add_order(world, "1", {"productdescription": "Gift"}, freightamount=20)
    world.tick(NAME)

    told = world.app.api.explain(NAME, "sales", order)
    assert told["state"] == "held"
    assert "E-WRITEIN" in told["cause"] and "E-FREIGHT" in told["cause"]
    assert told["now"]["outcome"] == "held" and told["now"]["reason"] == told["cause"]


def test_what_bc_refuses_is_held_with_its_words_and_tried_again_S59(world):
    world.bc.refuse = lambda table, values: "Posting groups are missing" if table == "salesOrders" else None
    order = add_order(world)
    world.tick(NAME)
    [row] = world.held(NAME)
    assert "Posting groups are missing" in row["reason"] and state(world, order) == (1, 3, None)

    world.bc.refuse = lambda table, values: None
    world.act(NAME, "retry", side="sales", id=order)
    assert len(bc_orders(world)) == 1 and world.held(NAME) == []
    assert state(world, order) == (1, 3, TODAY)


def name_write_in(world: World, number: str, kind: str = "item") -> None:
    """Set WRITE_IN_TYPE and WRITE_IN_NUMBER, and start Tandem anew."""
    world.facts = replace(world.facts, write_in_type=kind, write_in_number=number)
    world.app = world.start_app()


# --- what becomes of an order ------------------------------------------------------------------


def made(world: World, name: str = "1", **differs) -> tuple[str, str]:
    order = add_order(world, name, **differs)
    world.tick(NAME)
    [row] = bc_orders(world, f"ORD-0100{name}")
    return order, row["id"]


def test_scenario_59_an_order_that_is_shipped_and_invoiced_in_full_is_invoiced_in_sales_S94(world):
    order, in_bc = made(world)
    post(world, in_bc)
    world.tick(NAME)
    assert state(world, order) == (4, 100_003, TODAY)

    written = world.written()
    world.tick(NAME)
    world.full_sync(NAME)
    assert world.written() == written and bc_orders(world) == []


@pytest.mark.parametrize(("shipped", "invoiced"), [(10, 0), (10, 5), (4, 4)])
@pytest.mark.peer("sales-order-030")
def test_scenarios_58_60_what_is_shipped_or_invoiced_in_part_stays_submitted_S94(world, shipped, invoiced):
    order, in_bc = made(world)
    move(world, in_bc, shipped, invoiced)
    world.tick(NAME)

    assert state(world, order) == (1, 3, TODAY)


def test_scenario_61_one_invoice_for_three_orders_that_stay_in_bc_sets_all_three_S94(world):
    pairs = [made(world, name) for name in "123"]
    for _, in_bc in pairs:
        move(world, in_bc, 10, 10)
    world.tick(NAME)

    assert [state(world, order)[:2] for order, _ in pairs] == [(4, 100_003)] * 3
    assert len(bc_orders(world)) == 3


def move(world: World, in_bc: str, shipped: int, invoiced: int) -> None:
    """Post a part: the order's row stands still, its lines move."""
    world.bc.compute("salesOrders", in_bc, completelyShipped=shipped == 10)
    world.bc.add(
        "salesOrderLines",
        an_id(f"{in_bc} {shipped} {invoiced}"),
        documentId=in_bc,
        type="Item",
        outstandingQuantity=10 - shipped,
        quantityShipped=shipped,
        quantityInvoiced=invoiced,
    )


@pytest.mark.peer("sales-order-034")
def test_scenario_54_an_order_deleted_in_bc_is_opened_in_sales_and_made_anew_when_submitted_S60(world):
    order, in_bc = made(world)
    world.bc.delete("salesOrders", in_bc)
    world.tick(NAME)
    assert state(world, order) == (0, 2, None)
    world.tick(NAME)
    assert bc_orders(world) == []

    world.sales.edit("salesorders", order, statecode=1, statuscode=3)
    world.tick(NAME)
    [again] = bc_orders(world)
    assert again["id"] != in_bc and state(world, order) == (1, 3, TODAY)


def test_with_the_status_switched_off_sales_hears_nothing_of_it(world):
    order, in_bc = made(world)
    world.facts = replace(world.facts, order_status=False)
    world.app = world.start_app()
    world.bc.delete("salesOrders", in_bc)
    world.tick(NAME)

    assert state(world, order) == (1, 3, TODAY)


def test_an_order_deleted_in_sales_leaves_its_order_in_bc_alone_S61(world):
    order, in_bc = made(world)
    world.sales.delete("salesorders", order)
    world.tick(NAME)

    assert [o["id"] for o in bc_orders(world)] == [in_bc] and world.held(NAME) == []


def test_a_withdrawal_between_reading_and_stamping_is_not_undone_S57(world):
    order = add_order(world)
    world.once(
        lambda moment, name: (moment, name) == ("before", "sales.update"),
        lambda: world.sales.edit("salesorders", order, statecode=0, statuscode=1),
    )
    world.tick(NAME)

    assert state(world, order)[0] == 0 and len(bc_orders(world)) == 1


# --- once, whatever happens --------------------------------------------------------------------

#: Before or after which port call, and the how-manieth of its kind: pending, coupled and stamped are three
#: transactions of couplings.
CRASHES = [
    ("before", "tables.transact:Couplings", 1),
    ("after", "tables.transact:Couplings", 1),
    ("before", "bc.create", 1),
    ("after", "bc.create", 1),
    ("before", "tables.transact:Couplings", 2),
    ("after", "tables.transact:Couplings", 2),
    ("before", "sales.update", 1),
    ("after", "sales.update", 1),
    ("before", "tables.transact:Couplings", 3),
    ("after", "tables.transact:Couplings", 3),
    ("before", "tables.transact:Intents", 1),
    ("after", "tables.transact:Intents", 1),
    ("before", "tables.transact:Intents", 2),
    ("before", "tables.transact:Cursors", 1),
]


@pytest.mark.parametrize("moment", CRASHES, ids=lambda m: " ".join(map(str, m)))
@pytest.mark.parametrize("posted", [False, True], ids=["stands", "posted meanwhile"])
@pytest.mark.parametrize("released", [False, True], ids=["left open", "released"])
def test_one_order_whatever_crashes_also_when_it_was_posted_before_the_retry_H9(
    world, moment, posted, released
):
    world.facts = replace(world.facts, orders_released=released)
    world.app = world.start_app()
    order = add_order(world)
    calls: list[str] = []

    def happens(when: str, name: str) -> bool:
        if (when, name) == moment[:2]:
            calls.append(name)
        return (when, name, len(calls)) == moment

    world.crash_when(happens)
    world.app.poll(NAME, occurrence="1")
    while len(calls) < moment[2]:
        assert world.step(), "it never came to this call"
    if posted:
        for row in bc_orders(world):
            post(world, row["id"])
    deliver_five_times(world, order)

    invoices = len(world.bc.all("postedSalesInvoices"))
    assert len(bc_orders(world)) + invoices == 1
    if invoices:
        assert state(world, order)[:2] == (4, 100_003)
    else:
        assert state(world, order) == (1, 3, TODAY)
        assert bc_orders(world)[0]["status"] == ("Released" if released else "Open")
    assert world.held(NAME) == []


def edit_after_it_went_over(world: World, order: str, **line: Any) -> None:
    world.clock.advance(timedelta(hours=1))
    world.sales.edit("salesorders", order, statecode=0, statuscode=2)
    for id, row in world.sales.all("salesorderdetails").items():
        if row["_salesorderid_value"] == order:
            world.sales.edit("salesorderdetails", id, **line)
    world.sales.edit("salesorders", order, statecode=1, statuscode=3)
    world.tick(NAME)


def test_an_order_that_is_edited_after_it_went_over_is_held_until_somebody_has_settled_it(world):
    order = add_order(world)
    world.tick(NAME)
    edit_after_it_went_over(world, order, quantity=12)

    [held] = world.held(NAME)
    assert held["reason"].startswith("E-EDITED") and bc_orders(world)[0]["number"] in held["reason"]
    assert len(bc_orders(world)) == 1 and state(world, order) == (1, 3, TODAY)
    world.tick(NAME)
    world.full_sync(NAME)
    assert len(world.held(NAME)) == 1, "it stays told"

    world.act(NAME, "resolve", side="sales", id=order, use="bc")
    world.tick(NAME)
    assert world.held(NAME) == [] and len(bc_orders(world)) == 1
    edit_after_it_went_over(world, order, quantity=13)
    assert [h["reason"][:8] for h in world.held(NAME)] == ["E-EDITED"], "the next edit is told, too"


def test_an_order_that_is_edited_to_what_cannot_go_over_is_held_too(world):
    order = add_order(world)
    world.tick(NAME)
    edit_after_it_went_over(world, order, quantity=0)

    assert [h["reason"][:8] for h in world.held(NAME)] == ["E-EDITED"]


def test_an_order_that_is_opened_and_submitted_again_as_it_was_is_no_news(world):
    order = add_order(world)
    world.tick(NAME)
    # What it sells has another name, and is blocked, by now: nobody has edited the order.
    world.bc.edit("items", an_id("item 1000"), description="Renamed", blocked=True)
    edit_after_it_went_over(world, order, lineitemnumber=1)

    assert world.held(NAME) == [] and len(bc_orders(world)) == 1


def test_an_order_that_is_edited_back_to_what_it_was_is_held_no_more(world):
    order = add_order(world)
    world.tick(NAME)
    for quantity in (12, 10):
        edit_after_it_went_over(world, order, quantity=quantity)

    assert world.held(NAME) == []


def deliver_five_times(world: World, order: str) -> None:
    world.clock.advance(world.limits.lease + timedelta(minutes=1))
    for _ in range(5):
        world.app.api.sync(NAME, {"side": "sales", "ids": [order]})
        world.run()
        world.tick(NAME)
    world.housekeeping()


def test_an_order_delivered_five_times_with_a_crash_after_each_step_in_turn_is_one_order_H9(world):
    """Five deliveries, each of which dies one port call later than the one before it."""
    order = add_order(world)
    for step in range(2, 120, 2):
        calls = []

        def nth(when: str, name: str, calls: list[str] = calls, step: int = step) -> bool:
            calls.append(name)
            return when == "after" and len(calls) == step

        world.heal()
        world.crash_when(nth)
        for _ in range(5):
            world.app.api.sync(NAME, {"side": "sales", "ids": [order]})
        world.run()
        world.clock.advance(world.limits.lease + timedelta(minutes=1))
        assert len(bc_orders(world)) <= 1, step
    world.heal()
    deliver_five_times(world, order)

    assert len(bc_orders(world)) == 1 and state(world, order) == (1, 3, TODAY)


def test_a_lost_answer_of_bc_makes_no_second_order_H9(world):
    order = add_order(world)
    world.bc.lost_answers = 1
    world.tick(NAME)

    assert len(bc_orders(world)) == 1 and state(world, order) == (1, 3, TODAY)


def test_another_order_with_its_number_as_reference_is_no_order_of_ours_H9(world):
    order = add_order(world)

    def somebody_is_faster() -> None:
        row = {"number": "101009", "yourReference": "ORD-01001", "completelyShipped": False}
        world.bc.add("salesOrders", an_id("by hand"), **row)
        raise Crash

    world.once(lambda when, name: (when, name) == ("before", "bc.create"), somebody_is_faster)
    world.tick(NAME)
    world.clock.advance(world.limits.lease + timedelta(minutes=1))
    world.app.api.sync(NAME, {"side": "sales", "ids": [order]})
    world.run()

    [row] = world.held(NAME)
    assert row["reason"].startswith("E-THERE: Business Central has an order 101009")
    world.act(NAME, "couple", bc=an_id("by hand"), sales=order)
    assert len(bc_orders(world)) == 1 and state(world, order) == (1, 3, TODAY) and world.held(NAME) == []


def test_an_order_made_anew_is_not_taken_for_the_deleted_one_in_the_archive_H9_S60(world):
    order, in_bc = made(world)
    world.bc.add("salesOrderArchives", an_id("version 1"), yourReference="ORD-01001", number="S-ORD1001")
    world.bc.delete("salesOrders", in_bc)
    world.tick(NAME)
    world.sales.edit("salesorders", order, statecode=1, statuscode=3)
    world.crash_when(lambda when, name: (when, name) == ("before", "bc.create"))
    world.tick(NAME)
    deliver_five_times(world, order)

    assert len(bc_orders(world)) == 1 and state(world, order)[:2] == (1, 3)


def test_three_hundred_orders_of_five_lines_cost_no_request_each_H16(world):
    for n in range(300):
        add_order(world, f"{n:04}", *({"_productid_value": product(world)},) * 5)
    before = (world.bc.requests, world.sales.requests)
    world.tick(NAME)

    assert len(bc_orders(world)) == 300 and world.held(NAME) == []
    assert world.bc.requests - before[0] <= 30 and world.sales.requests - before[1] <= 30


@pytest.mark.parametrize("posted", [True, False])
def test_hundreds_of_orders_gone_at_once_are_believed_only_when_they_were_invoiced(world, posted):
    orders = [add_order(world, f"{n:04}") for n in range(260)]
    world.tick(NAME)
    for row in bc_orders(world):
        if posted:
            post(world, row["id"])
        else:
            world.bc.delete("salesOrders", row["id"])
    world.tick(NAME)

    assert {state(world, o)[0] for o in orders} == {4 if posted else 1}
    stopped = [j for j in world.app.api.jobs(NAME)["value"] if j["state"] == "stopped"]
    assert bool(stopped) is not posted
    assert all("would blank submitted in 260 of 260 records" in j["message"] for j in stopped)
