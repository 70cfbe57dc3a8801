"""Quotes of Sales in Business Central: made, revised, won. Scenario numbers are those of sales-documents.md §8."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sandbox.world import GBP, World
from tests.scenarios.builders import an_id
from tests.scenarios.orders import a_seller, account, add_order, bc_orders, product, state

NAME = "sales_quotes"


@pytest.fixture
def world() -> World:
    return a_seller()


def add_quote(world: World, revision: int = 0, **differs: Any) -> str:
    """Activate a quote over ten items of 100."""
    quote = an_id(f"quote {revision}")
    row = {"_quoteid_value": quote, "_productid_value": product(world), "_uomid_value": None}
    row |= {"sequencenumber": 1, "quantity": 10 + revision, "priceperunit": 100}
    row |= dict.fromkeys(("volumediscountamount", "manualdiscountamount"), 0)
    world.sales.add("quotedetails", an_id(f"quote line {revision}"), **row)
    header = {
        "quotenumber": "QUO-01001",
        "revisionnumber": revision,
        "name": "Spring quote",
        "_customerid_value": account(world),
        "_accountid_value": account(world),
        "_contactid_value": None,
        "_transactioncurrencyid_value": GBP,
        "effectiveto": "2026-03-01",
        "statecode": 1,
        "statuscode": 2,
    } | differs
    return world.sales.add("quotes", quote, **header)


def bc_quotes(world: World) -> list[dict[str, Any]]:
    return [{"id": i, **r} for i, r in world.bc.all("salesQuotes").items()]


def win(world: World, quote: str) -> None:
    world.sales.edit("quotes", quote, statecode=2, statuscode=4)


def archives(world: World) -> list[str]:
    return [r["number"] for r in world.bc.all("salesQuoteArchives").values()]


@pytest.mark.peer("quote-009")
def test_scenario_63_an_active_quote_is_made_once_and_left_as_it_is_in_sales_S63_S66_S70(world):
    quote = add_quote(world)
    world.tick(NAME)
    world.tick(NAME)

    [made] = bc_quotes(world)
    assert (made["yourReference"], made["quoteValidUntilDate"]) == ("QUO-01001", "2026-03-01")
    assert [r["quantity"] for r in made["salesQuoteLines"]] == [10]
    shown = world.sales.show("quotes", quote)
    assert (shown["statecode"], shown["statuscode"]) == (1, 2)


@pytest.mark.parametrize(("statecode", "statuscode"), [(0, 1), (3, 5), (3, 7)])
def test_a_draft_or_a_closed_quote_stays_in_sales_S63(world, statecode, statuscode):
    add_quote(world, statecode=statecode, statuscode=statuscode)
    world.tick(NAME)

    assert bc_quotes(world) == []


def revise(world: World, quote: str) -> str:
    world.sales.edit("quotes", quote, statecode=3, statuscode=7)
    return add_quote(world, 1)


@pytest.mark.parametrize("crash", [None, ("before", "bc.create"), ("after", "bc.create")])
def test_scenario_64_a_revision_takes_number_and_place_of_the_quote_before_S66_H9(world, crash):
    first = add_quote(world)
    world.tick(NAME)
    [before] = bc_quotes(world)
    second = revise(world, first)
    if crash:
        world.crash_when(lambda when, name: (when, name) == crash)
    world.tick(NAME)
    world.clock.advance(world.limits.lease + timedelta(minutes=1))
    world.tick(NAME)

    [made] = bc_quotes(world)
    assert made["number"] == before["number"] and [r["quantity"] for r in made["salesQuoteLines"]] == [11]
    assert archives(world) == [before["number"]]
    assert world.coupled(NAME) == {made["id"]: second} and world.held(NAME) == []


def test_a_revision_whose_quote_is_gone_is_made_anew_S66(world):
    first = add_quote(world)
    world.tick(NAME)
    world.bc.delete("salesQuotes", bc_quotes(world)[0]["id"])
    revise(world, first)
    world.tick(NAME)

    assert len(bc_quotes(world)) == 1 and archives(world) == []


def test_scenario_65_a_won_quote_whose_order_is_submitted_is_archived_and_linked_S73_S74_S76(world):
    quote = add_quote(world)
    world.tick(NAME)
    [in_bc] = bc_quotes(world)
    win(world, quote)
    order = add_order(world, _quoteid_value=quote)
    world.tick(NAME)
    world.tick("sales_orders")

    [made] = bc_orders(world)
    assert made["quoteNumber"] == in_bc["number"] and archives(world) == [in_bc["number"]]
    assert bc_quotes(world)[0]["quoteAccepted"] is True and state(world, order)[:2] == (1, 3)
    assert world.held(NAME) == []

    written = world.written()
    world.tick(NAME)
    world.full_sync(NAME)
    assert world.written() == written


def test_scenario_66_a_won_quote_whose_order_is_not_submitted_is_released_and_archived_later_S73_S75(world):
    quote = add_quote(world)
    win(world, quote)
    order = add_order(world, _quoteid_value=quote, statecode=0, statuscode=1)
    world.tick(NAME)
    world.tick(NAME)
    [in_bc] = bc_quotes(world)
    assert (in_bc["status"], archives(world), bc_orders(world)) == ("Released", [], [])

    world.sales.edit("salesorders", order, statecode=1, statuscode=3)
    world.tick("sales_orders")
    world.tick(NAME)
    assert bc_orders(world)[0]["quoteNumber"] == in_bc["number"] and archives(world) == [in_bc["number"]]


def test_scenario_67_a_won_quote_without_an_order_is_held_until_there_is_one_S72(world):
    quote = add_quote(world)
    win(world, quote)
    world.tick(NAME)
    world.tick(NAME)
    [row] = world.held(NAME)
    assert "no order of it" in row["reason"]

    add_order(world, _quoteid_value=quote)
    world.tick("sales_orders")
    world.tick(NAME)
    assert world.held(NAME) == [] and len(archives(world)) == 1


def test_what_a_quote_lacks_is_named_at_once(world):
    world.bc.edit("customers", an_id("customer C1"), blocked="All")
    add_quote(world, freightamount=5)
    world.tick(NAME)

    [row] = world.held(NAME)
    assert [part.partition(":")[0] for part in row["reason"].split("; ")] == ["E-BLOCKED", "E-FREIGHT"]
