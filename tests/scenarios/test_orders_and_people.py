"""What people do to an order or a quote while Tandem is in the middle of it: nobody's edit is lost, nothing is made twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.world import Crash, World
from shared.engine.act import DOCUMENTS
from tests.scenarios.builders import an_id
from tests.scenarios.orders import NAME, a_seller, add_order, bc_orders, post, state
from tests.scenarios.test_sales_quotes import add_quote, archives, bc_quotes, win

QUOTES = "sales_quotes"
TODAY = "2026-01-22"


@pytest.fixture
def world() -> World:
    return a_seller()


# --- an order that is edited while it is made ------------------------------------------------------


def submit_anew(world: World, order: str, **differs) -> None:
    """Take an order back, sell twelve instead of ten, and submit it again."""
    world.sales.edit("salesorders", order, statecode=0, statuscode=1)
    world.sales.edit("salesorderdetails", an_id("line 1 1"), quantity=12, **differs)
    world.sales.edit("salesorders", order, statecode=1, statuscode=3)


MOMENTS = [("before", "bc.create"), ("after", "bc.create"), ("before", "sales.update")]


@pytest.mark.parametrize("moment", MOMENTS, ids=" ".join)
def test_an_order_that_is_edited_and_submitted_anew_while_bc_takes_it_is_not_passed_off_as_taken_S57(
    world, moment
):
    order = add_order(world)
    world.once(lambda *now: now == moment, lambda: submit_anew(world, order))
    world.tick(NAME)

    [held] = world.held(NAME)
    assert held["reason"].startswith("E-CHANGED") and state(world, order) == (1, 3, None)
    [made] = bc_orders(world)
    assert made["number"] in held["reason"]

    world.bc.delete("salesOrders", made["id"])
    world.tick(NAME)
    [again] = bc_orders(world)
    assert [r["quantity"] for r in again["salesOrderLines"]] == [12]
    assert state(world, order) == (1, 3, TODAY) and world.held(NAME) == []


def test_an_edit_after_a_crash_in_the_middle_is_noticed_when_the_order_is_found_again_H9(world):
    order = add_order(world)

    def die_while_it_is_edited() -> None:
        submit_anew(world, order)
        raise Crash

    world.once(lambda *now: now == ("after", "bc.create"), die_while_it_is_edited)
    world.tick(NAME)
    world.clock.advance(world.limits.lease + timedelta(minutes=1))
    world.tick(NAME)

    assert len(bc_orders(world)) == 1 and state(world, order) == (1, 3, None)
    assert world.held(NAME)[0]["reason"].startswith("E-CHANGED")


def test_who_has_made_the_change_in_bc_too_says_so_and_the_order_is_stamped(world):
    order = add_order(world)
    world.once(lambda *now: now == ("after", "bc.create"), lambda: submit_anew(world, order))
    world.tick(NAME)
    assert world.held(NAME)

    world.act(NAME, "resolve", side="sales", id=order, use="bc")
    assert state(world, order) == (1, 3, TODAY) and world.held(NAME) == []


def test_an_order_that_is_submitted_anew_as_it_was_is_stamped(world):
    order = add_order(world)

    def back_and_forth() -> None:
        world.sales.edit("salesorders", order, statecode=0, statuscode=1)
        world.sales.edit("salesorders", order, statecode=1, statuscode=3)

    world.once(lambda *now: now == ("after", "bc.create"), back_and_forth)
    world.tick(NAME)

    assert state(world, order) == (1, 3, TODAY) and world.held(NAME) == []


def test_an_order_that_is_taken_back_while_bc_takes_it_is_told(world):
    order = add_order(world)
    world.once(
        lambda *now: now == ("before", "bc.create"),
        lambda: world.sales.edit("salesorders", order, statecode=0, statuscode=1),
    )
    world.tick(NAME)
    [held] = world.held(NAME)
    assert held["reason"].startswith("E-TAKENBACK") and state(world, order) == (0, 1, None)

    world.sales.edit("salesorders", order, statecode=1, statuscode=3)
    world.tick(NAME)
    assert state(world, order) == (1, 3, TODAY) and len(bc_orders(world)) == 1 and world.held(NAME) == []


def test_a_worker_that_is_overtaken_between_two_parts_of_a_page_sends_no_more_orders_H9_H11(world):
    for n in range(DOCUMENTS + 1):
        add_order(world, f"{n:04}")
    until = []

    def somebody_takes_the_lease() -> None:
        world.clock.advance(world.limits.lease + timedelta(seconds=1))
        taken = world.app.ports.leases.acquire(NAME, "another worker", world.limits.lease)
        until.append(taken.expires_at)
        world.once(lambda *now: now == ("before", "bc.create"), lambda: until.append(world.clock.now()))

    world.once(lambda *now: now == ("after", "bc.create"), somebody_takes_the_lease)
    world.tick(NAME)

    free_again, sent_again = until
    assert sent_again >= free_again and len(bc_orders(world)) == DOCUMENTS + 1


# --- what becomes of an order ------------------------------------------------------------------------


def test_an_order_of_an_invoice_for_several_that_is_gone_from_bc_is_invoiced_not_opened_S94(world):
    order = add_order(world)
    world.tick(NAME)
    [made] = bc_orders(world)
    # An invoice made from shipment lines names orders on its lines only.
    world.bc.add("postedSalesInvoices", an_id("for all"), number="INV1", yourReference="", orderNumber="")
    line = {"documentId": an_id("for all"), "orderNumber": made["number"], "type": "Item"}
    world.bc.add("postedSalesInvoiceLines", an_id("a line"), **line)
    world.bc.delete("salesOrders", made["id"])
    world.tick(NAME)

    assert state(world, order)[:2] == (4, 100_003)


def test_an_order_that_a_person_marked_as_fulfilled_is_invoiced_all_the_same_S94(world):
    order = add_order(world)
    world.tick(NAME)
    world.sales.edit("salesorders", order, statecode=3, statuscode=100_001)
    post(world, bc_orders(world)[0]["id"])
    world.tick(NAME)

    assert state(world, order)[:2] == (4, 100_003)


# --- quotes --------------------------------------------------------------------------------------------


def won_with_its_order(world: World) -> str:
    """A won quote whose order is in BC, before the job of quotes has heard of it."""
    quote = add_quote(world)
    world.tick(QUOTES)
    win(world, quote)
    add_order(world, _quoteid_value=quote)
    world.tick(NAME)
    return quote


def lose_the_answer(world: World) -> None:
    world.bc.lost_answers = 1


def die(world: World) -> None:
    raise Crash


@pytest.mark.parametrize("trouble", [lose_the_answer, die])
def test_a_won_quote_is_archived_once_although_the_answer_was_lost_S74_H1(world, trouble):
    won_with_its_order(world)
    moment = "before" if trouble is lose_the_answer else "after"
    world.once(lambda *now: now == (moment, "bc.update"), lambda: trouble(world))
    world.tick(QUOTES)
    world.clock.advance(world.limits.lease + timedelta(minutes=1))
    world.tick(QUOTES)

    assert len(archives(world)) == 1 and bc_quotes(world)[0]["quoteAccepted"] is True
    assert world.held(QUOTES) == []


def test_a_won_quote_whose_order_is_posted_already_is_archived_and_not_held_S73(world):
    won_with_its_order(world)
    post(world, bc_orders(world)[0]["id"])
    world.tick(NAME)
    world.tick(QUOTES)

    assert len(archives(world)) == 1 and world.held(QUOTES) == []
