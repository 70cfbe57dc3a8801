"""The peer's scenarios of quotes that no story of ours shows (docs/peer-scenarios.md)."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.world import World
from tests.scenarios.builders import ZERO, add_account, add_currency, an_id
from tests.scenarios.orders import add_order, bc_orders, product
from tests.scenarios.peers.test_sales_order import LONG, USD, restart, world
from tests.scenarios.test_sales_quotes import NAME, add_quote, archives, bc_quotes, win

__all__ = ["world"]

#: The line of a quote without a product of its own.
WRITE_IN: dict[str, Any] = {"_productid_value": None, "productdescription": "Gift wrapping"}


def change_line(world: World, **differs: Any) -> None:
    world.sales.edit("quotedetails", an_id("quote line 0"), **differs)


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        pytest.param({}, {"currencyId": ZERO}, marks=pytest.mark.peer("quote-001")),
        pytest.param(
            {"_transactioncurrencyid_value": USD},
            {"currencyId": an_id("currency USD")},
            marks=pytest.mark.peer("quote-002"),
        ),
        pytest.param(
            {"name": "Spring quote " + "x" * 40},
            {"externalDocumentNumber": "SPRING QUOTE " + "X" * 22},
            marks=pytest.mark.peer("quote-008"),
        ),
    ],
)
def test_what_a_quote_says_is_what_its_quote_in_bc_says_S67_S70(world, header, shown):
    add_currency(world, "USD")
    quote = add_quote(world, **header)
    world.tick(NAME)

    [made] = bc_quotes(world)
    assert {column: made[column] for column in shown} == shown
    row = world.sales.show("quotes", quote)
    assert (row["statecode"], row["statuscode"]) == (1, 2)


@pytest.mark.parametrize(
    ("line", "settings", "of", "own", "comments"),
    [
        pytest.param(
            WRITE_IN,
            {},
            ("Item", "itemId", "item WRAP"),
            "Gift wrapping",
            "",
            marks=pytest.mark.peer("quote-004"),
        ),
        pytest.param(
            WRITE_IN,
            {"write_in_type": "resource", "write_in_number": "SUNDRY"},
            ("Resource", "resourceId", "resource SUNDRY"),
            "Gift wrapping",
            "",
            marks=pytest.mark.peer("quote-004"),
        ),
        pytest.param(
            {"productdescription": "x" * 250, "description": LONG},
            {},
            ("Item", "itemId", "item 1000"),
            None,
            LONG,
            marks=pytest.mark.peer("quote-006"),
        ),
    ],
)
def test_a_line_says_what_is_offered_and_keeps_all_that_was_written_on_it(
    world, line, settings, of, own, comments
):
    restart(world, **settings)
    add_quote(world)
    change_line(world, **line)
    world.tick(NAME)

    [made] = bc_quotes(world)
    first, *rest = made["salesQuoteLines"]
    kind_of_line, column, what = of
    assert (first["type"], first[column], first.get("description")) == (kind_of_line, an_id(what), own)
    assert "".join(row["description"] for row in rest) == comments


@pytest.mark.parametrize(
    ("header", "line", "says"),
    [
        pytest.param(
            {"_transactioncurrencyid_value": USD}, {}, "E-NOCURR", marks=pytest.mark.peer("quote-002")
        ),
        pytest.param({"freightamount": 20}, {}, "FREIGHT_ACCOUNT", marks=pytest.mark.peer("quote-003")),
        pytest.param({}, WRITE_IN, "WRITE_IN_NUMBER", marks=pytest.mark.peer("quote-003")),
    ],
)
def test_a_quote_that_lacks_something_is_not_made_and_says_so(world, header, line, says):
    restart(world, write_in_type="", write_in_number="", freight_account="")
    add_quote(world, **header)
    change_line(world, **line)
    world.tick(NAME)

    [row] = world.held(NAME)
    assert says in row["reason"] and bc_quotes(world) == []


@pytest.mark.peer("quote-010")
def test_a_quote_of_a_customer_that_is_not_coupled_does_not_stop_the_next_one(world):
    stranger = add_account(world, "A9", customertypecode=3)
    waits = add_quote(world, 0, quotenumber="QUO-1", _customerid_value=stranger, _accountid_value=stranger)
    goes = add_quote(world, 1, quotenumber="QUO-2")
    world.tick(NAME)

    assert [q["yourReference"] for q in bc_quotes(world)] == ["QUO-2"]
    assert list(world.coupled(NAME).values()) == [goes]
    assert [row["id"] for row in world.held(NAME)] == [waits]


@pytest.mark.peer("quote-012")
def test_a_quote_that_was_won_before_it_was_seen_is_the_reference_of_its_order_S71_S76(world):
    quote = add_quote(world)
    win(world, quote)
    add_order(world, "1", {"_productid_value": product(world)}, _quoteid_value=quote)
    for mapping in (NAME, "sales_orders", NAME):
        world.tick(mapping)

    [made], [offered] = bc_orders(world), bc_quotes(world)
    assert made["quoteNumber"] == offered["number"] and archives(world) == [offered["number"]]
    written = world.written()
    world.tick(NAME)
    assert world.written() == written and world.held(NAME) == []


@pytest.mark.peer("scheduling-015")
def test_quotes_stay_in_sales_while_they_are_switched_off_and_go_when_they_are_on(world):
    add_quote(world)
    world.switched_on = ("sales_orders",)
    restart(world)
    world.tick(NAME)
    assert bc_quotes(world) == []

    world.switched_on = ("sales_orders", "sales_quotes")
    restart(world)
    world.tick(NAME)
    assert len(bc_quotes(world)) == 1
