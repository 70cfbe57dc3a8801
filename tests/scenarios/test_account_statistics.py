"""What a customer owes and has ordered is shown with its account (S119–S121). Numbers: sales-documents.md §8."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sandbox.world import World
from tests.scenarios.builders import a_company, add_customer, an_id

NAME = "account_statistics"


@pytest.fixture
def world() -> World:
    world = a_company()
    world.switched_on = (NAME,)
    world.app = world.start_app()
    customer(world, "C1")
    world.full_sync()
    return world


def customer(world: World, number: str, **amounts: Any) -> str:
    """A customer with its sums, all of them 0 but for these."""
    id = add_customer(world, number)
    row = {"number": number, "name": f"Customer {number}", "creditLimitLcy": 0}
    sums = ("balance", "outstandingOrders", "shippedNotInvoiced", "outstandingInvoices", "overdue")
    more = ("invoicedFromShipments", "invoicedPrepayment", "returnsNotInvoiced", "salesThisYear")
    world.bc.add("customerStatistics", id, **row, **{f"{s}Lcy": 0 for s in (*sums, *more)} | amounts)
    return id


def shown(world: World, number: str = "C1") -> dict[str, Any]:
    [row] = [r for r in world.sales.all("nav_accountstatisticses").values() if r["nav_customerno"] == number]
    return row


def moves(world: World, number: str = "C1", **amounts: Any) -> None:
    """The ledger moves, and with it what the page shows: the customer's own row stands still."""
    id = an_id(f"customer {number}")
    world.bc.compute("customerStatistics", id, **amounts)
    world.bc.add(
        "detailedCustomerLedgerEntries", an_id(f"entry {world.clock.now()} {amounts}"), customerId=id
    )
    world.tick(NAME)


def test_a_coupled_customer_has_statistics_and_its_account_leads_to_them_S119(world):
    row = shown(world)
    assert (row["nav_name"], row["nav_balancelcy"], row["nav_totallcy"]) == ("Customer C1", 0, 0)
    account = world.coupled("customers")[an_id("customer C1")]
    [(id, _)] = world.sales.all("nav_accountstatisticses").items()
    linked = world.sales.show("accounts", account)
    assert linked is not None and linked["_nav_accountstatisticsid_value"] == id


def test_an_account_that_took_the_place_of_another_leads_to_the_statistics_too_S119(world):
    id = an_id("customer C1")
    first = world.coupled("customers")[id]
    world.sales.delete("accounts", first)
    world.tick("customers")
    world.app.api.sync("customers", {"side": "bc", "ids": [id], "create": True})
    world.run()
    account = world.coupled("customers")[id]
    assert account != first

    moves(world, balanceLcy=7)

    [(row, _)] = world.sales.all("nav_accountstatisticses").items()
    linked = world.sales.show("accounts", account)
    assert linked is not None and linked["_nav_accountstatisticsid_value"] == row
    written = world.written()
    world.full_sync(NAME)
    assert world.written() == written


@pytest.mark.peer("statistics-001", "statistics-002")
def test_scenario_83_an_unposted_invoice_is_outstanding_once_it_is_told_S121(world):
    moves(world, outstandingInvoicesLcy=250)
    assert shown(world)["nav_outstandinginvoiceslcy"] == 250

    world.bc.compute("customerStatistics", an_id("customer C1"), outstandingInvoicesLcy=300)
    assert shown(world)["nav_outstandinginvoiceslcy"] == 250
    moves(world, outstandingInvoicesLcy=300)
    assert shown(world)["nav_outstandinginvoiceslcy"] == 300


def test_scenario_84_the_total_counts_each_amount_once(world):
    moves(
        world,
        balanceLcy=1000,
        outstandingOrdersLcy=500,
        shippedNotInvoicedLcy=200,
        outstandingInvoicesLcy=300,
        invoicedFromShipmentsLcy=50,
        invoicedPrepaymentLcy=100,
        returnsNotInvoicedLcy=20,
    )
    assert shown(world)["nav_totallcy"] == 1830


def test_scenario_86_a_second_look_without_a_change_writes_nothing_also_on_another_day_S120(world):
    moves(world, balanceLcy=70)
    told, written = shown(world)["nav_overdueamountsasof"], world.written()
    world.clock.advance(timedelta(days=1))
    world.tick(NAME)
    world.housekeeping()
    world.full_sync(NAME)

    assert world.written() == written and shown(world)["nav_overdueamountsasof"] == told


def test_what_becomes_overdue_with_the_day_is_shown_by_the_daily_look(world):
    world.bc.compute("customerStatistics", an_id("customer C1"), overdueLcy=70)
    world.clock.advance(timedelta(days=1))
    world.housekeeping()

    row = shown(world)
    assert (row["nav_overdueamountslcy"], row["nav_overdueamountsasof"]) == (70, "2026-01-23")


def test_a_line_of_an_order_moves_the_statistics_of_who_pays_for_it_S121(world):
    world.bc.compute("customerStatistics", an_id("customer C1"), outstandingOrdersLcy=500)
    world.bc.add("salesOrderLines", an_id("a line"), documentId="", billToCustomerId=an_id("customer C1"))
    world.tick(NAME)

    assert shown(world)["nav_outstandingorderslcy"] == 500


def test_scenario_87_an_account_that_is_gone_does_not_keep_the_others_back_S121():
    world = a_company()
    for number in ("C1", "C2", "C3"):
        customer(world, number)
    world.full_sync()
    world.sales.delete("accounts", world.coupled("customers")[an_id("customer C2")])
    world.switched_on = (NAME,)
    world.app = world.start_app()
    world.tick(NAME)

    rows = world.sales.all("nav_accountstatisticses").values()
    assert sorted(r["nav_customerno"] for r in rows) == ["C1", "C3"]
    [held] = world.held(NAME)
    assert held["label"] == "C2" and held["reason"].startswith("accounts: ")


def test_statistics_of_a_customer_that_is_not_coupled_are_not_told(world):
    world.bc.edit("customers", customer(world, "C9"), blocked="All")
    world.full_sync()

    assert len(world.sales.all("nav_accountstatisticses")) == 1 and world.held(NAME) == []


@pytest.mark.parametrize("full", [True, False], ids=["in a full synchronization", "between"])
@pytest.mark.peer("statistics-004")
def test_an_edit_of_the_account_just_before_it_is_linked_is_not_lost_S119(full):
    world = a_company()
    id = customer(world, "C1")
    world.full_sync()
    world.tick("customers")
    account = world.coupled("customers")[id]
    world.switched_on = (NAME,)
    world.app = world.start_app()
    world.once(
        lambda *now: now == ("before", "sales.create"),
        lambda: world.sales.edit("accounts", account, telephone1="020 1"),
    )
    if full:
        world.full_sync(NAME)
    else:
        world.tick(NAME)
    assert len(world.sales.all("nav_accountstatisticses")) == 1
    world.tick("customers")

    there = world.bc.show("customers", id)
    assert there is not None and there["phoneNumber"] == "020 1"


@pytest.mark.peer("statistics-005")
def test_a_deleted_customer_leaves_its_statistics_and_holds_nothing_up(world):
    customer(world, "C2")
    world.full_sync()
    world.bc.delete("customers", an_id("customer C1"))
    world.bc.delete("customerStatistics", an_id("customer C1"))
    moves(world, "C2", balanceLcy=5)

    assert shown(world, "C2")["nav_balancelcy"] == 5 and world.held(NAME) == []
    assert shown(world)["nav_balancelcy"] == 0


def test_two_hundred_customers_cost_no_request_each(world):
    for n in range(200):
        customer(world, f"D{n}")
    world.full_sync("customers")
    before = (world.bc.requests, world.sales.requests)
    world.tick(NAME)

    assert len(world.sales.all("nav_accountstatisticses")) == 201
    assert world.bc.requests - before[0] <= 12 and world.sales.requests - before[1] <= 12
