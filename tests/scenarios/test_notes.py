"""Notes of orders and quotes (S55, S69, S113–S115). Scenario numbers are those of sales-documents.md §8."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sandbox.world import World
from tests.scenarios.builders import an_id
from tests.scenarios.orders import NAME as ORDERS
from tests.scenarios.orders import a_seller, add_order, bc_orders, post
from tests.scenarios.test_sales_quotes import add_quote, bc_quotes

NAME, QUOTE_NOTES = "order_notes", "quote_notes"


@pytest.fixture
def world() -> World:
    world = a_seller()
    world.switched_on = (ORDERS, "sales_quotes", NAME, QUOTE_NOTES)
    world.app = world.start_app()
    for name in (NAME, QUOTE_NOTES):
        world.tick(name)
    return world


def write_note(world: World, about: str, text: str = "<p>a</p><p>b &amp; c</p>", **differs: Any) -> str:
    """Write a note as a salesperson does: rich text on an order of Sales."""
    row = {
        "objecttypecode": "salesorder",
        "_objectid_value": about,
        "subject": "Delivery",
        "notetext": text,
        "isdocument": False,
    } | differs
    return world.sales.add("annotations", an_id(f"note {text} {len(world.sales.all('annotations'))}"), **row)


def in_bc(world: World, column: str = "orderId") -> list[tuple[str, str]]:
    """Return what the notes of BC are on, and what they say."""
    return [(r[column], r["noteText"]) for r in world.bc.all("salesNotes").values()]


def made(world: World, name: str = "1") -> tuple[str, str]:
    order = add_order(world, name)
    world.tick(ORDERS)
    [row] = bc_orders(world, f"ORD-0100{name}")
    return order, row["id"]


@pytest.mark.peer("sales-order-039")
def test_scenario_55_a_note_of_an_order_comes_over_with_it_S55_S113(world):
    order = add_order(world)
    note = write_note(world, order)
    world.tick(NAME)
    assert in_bc(world) == [], "its order is not in BC yet"

    world.tick(ORDERS)
    [row] = bc_orders(world)
    assert in_bc(world) == [(row["id"], "a\nb & c")]
    [shown] = world.bc.all("salesNotes").values()
    assert shown["subject"] == "Delivery" and list(world.coupled(NAME).values()) == [note]


@pytest.mark.peer("sales-order-040")
def test_a_note_that_is_added_later_comes_over_S114(world):
    order, bc_order = made(world)
    write_note(world, order, "first")
    world.tick(NAME)
    write_note(world, order, "second")
    world.tick(NAME)

    assert in_bc(world) == [(bc_order, "first"), (bc_order, "second")]


@pytest.mark.peer("sales-order-041")
def test_scenario_56_a_note_that_is_edited_in_sales_later_is_edited_in_bc_S114(world):
    order, bc_order = made(world)
    note = write_note(world, order)
    world.tick(NAME)
    world.sales.edit("annotations", note, notetext="<p>new</p>", subject="Changed")
    world.tick(NAME)

    assert in_bc(world) == [(bc_order, "new")]
    assert [r["subject"] for r in world.bc.all("salesNotes").values()] == ["Changed"]


@pytest.mark.peer("sales-order-042")
def test_scenario_57_a_note_added_in_bc_goes_to_its_order_in_sales_once_S114_S115(world):
    order, bc_order = made(world)
    world.bc.add(
        "salesNotes", an_id("note in bc"), orderId=bc_order, quoteId="", subject="Stock", noteText="a <b> c"
    )
    world.tick(NAME)
    world.tick(NAME)
    world.full_sync(NAME)

    [row] = world.sales.all("annotations").values()
    assert row["_objectid_salesorder_value"] == order and row["isdocument"] is False
    assert (row["subject"], row["notetext"]) == ("Stock", "a &lt;b&gt; c")
    assert in_bc(world) == [(bc_order, "a <b> c")]


def test_a_note_that_is_edited_in_bc_is_edited_in_sales_and_that_of_sales_comes_first(world):
    order, bc_order = made(world)
    note = write_note(world, order)
    world.tick(NAME)
    [in_bc_id] = world.bc.all("salesNotes")
    world.bc.edit("salesNotes", in_bc_id, noteText="from bc")
    world.tick(NAME)
    assert world.sales.show("annotations", note)["notetext"] == "from bc"

    world.bc.edit("salesNotes", in_bc_id, noteText="b")
    world.sales.edit("annotations", note, notetext="s")
    world.tick(NAME)
    assert in_bc(world) == [(bc_order, "s")] and world.held(NAME) == []


@pytest.mark.parametrize(
    "differs",
    [
        {"isdocument": True},
        {"objecttypecode": "account"},
        {"_objectid_value": an_id("an order that is not coupled")},
    ],
    ids=["an attachment", "a note of an account", "of an order that is not coupled"],
)
def test_what_is_no_note_of_a_coupled_order_stays_in_sales_S55(world, differs):
    order, _ = made(world)
    write_note(world, order, **differs)
    world.tick(NAME)
    world.full_sync(NAME)

    assert in_bc(world) == [] and world.held(NAME) == []


def test_notes_of_an_order_that_is_posted_stay_where_they_are(world):
    order, bc_order = made(world)
    note = write_note(world, order)
    world.tick(NAME)
    post(world, bc_order)
    world.bc.delete("salesNotes", next(iter(world.bc.all("salesNotes"))))
    world.tick(ORDERS)
    world.sales.edit("annotations", note, notetext="too late")
    write_note(world, order, "one more")
    world.tick(NAME)

    assert in_bc(world) == [] and world.held(NAME) == []
    assert world.sales.show("annotations", note)["notetext"] == "too late"


def test_an_order_that_is_made_anew_has_its_notes_again_S60(world):
    order, bc_order = made(world)
    write_note(world, order)
    world.tick(NAME)
    world.bc.delete("salesNotes", next(iter(world.bc.all("salesNotes"))))
    world.bc.delete("salesOrders", bc_order)
    world.tick(ORDERS)
    world.sales.edit("salesorders", order, statecode=1, statuscode=3)
    world.tick(ORDERS)

    [again] = bc_orders(world)
    assert in_bc(world) == [(again["id"], "a\nb & c")]


@pytest.mark.parametrize("crash", [("before", "bc.create"), ("after", "bc.create")], ids=" ".join)
def test_a_note_is_made_once_whatever_crashes_H1(world, crash):
    order, bc_order = made(world)
    write_note(world, order)
    world.crash_when(lambda *now: now == crash)
    world.tick(NAME)
    world.clock.advance(world.limits.lease + timedelta(minutes=1))
    world.tick(NAME)

    assert in_bc(world) == [(bc_order, "a\nb & c")]


def test_notes_stay_where_they_are_while_the_switch_is_off():
    world = a_seller()
    order, _ = made(world)
    write_note(world, order)
    world.tick(NAME)
    world.full_sync()

    assert in_bc(world) == []


@pytest.mark.parametrize(
    ("on", "off"), [((ORDERS,), QUOTE_NOTES), (("sales_quotes",), NAME)], ids=["orders only", "quotes only"]
)
def test_notes_of_what_is_switched_off_are_off_too_and_the_rest_works(on, off):
    world = a_seller()
    world.switched_on = (*on, NAME, QUOTE_NOTES)
    world.app = world.start_app()
    for name in (*on, NAME, QUOTE_NOTES):
        world.tick(name)
    assert off not in world.app.ports.mappings

    world.send(f"sync-{off}", b"{}")
    world.run()
    [told] = world.app.api.status()["rejected"]
    switch = {NAME: "SALES_ORDERS", QUOTE_NOTES: "SALES_QUOTES"}[off]
    assert told["reason"] == f"mapping '{off}' is switched off by {switch}"


def test_two_hundred_notes_cost_no_request_each(world):
    order, _ = made(world)
    for n in range(200):
        write_note(world, order, f"note {n}")
    before = (world.bc.requests, world.sales.requests)
    world.tick(NAME)

    assert len(in_bc(world)) == 200
    assert world.bc.requests - before[0] <= 10 and world.sales.requests - before[1] <= 10


@pytest.mark.peer("quote-007")
def test_a_note_of_a_quote_comes_over_with_it_and_later_edits_stay_in_sales_S69(world):
    quote = add_quote(world)
    note = write_note(world, quote, objecttypecode="quote")
    world.tick("sales_quotes")
    [row] = bc_quotes(world)
    assert in_bc(world, "quoteId") == [(row["id"], "a\nb & c")]

    world.sales.edit("annotations", note, notetext="new")
    world.bc.edit("salesNotes", next(iter(world.bc.all("salesNotes"))), noteText="of bc")
    world.tick(QUOTE_NOTES)
    world.tick(NAME)
    assert in_bc(world, "quoteId") == [(row["id"], "of bc")]
    assert world.sales.show("annotations", note)["notetext"] == "new"
