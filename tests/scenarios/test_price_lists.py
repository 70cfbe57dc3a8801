"""Extended price lists (PRICES=extended): headers and lines (P8, P9, P27, P28, H19; mappings.md §12)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from sandbox.world import GBP, World
from shared.mappings import BY_NAME
from tests.scenarios.builders import a_company, add_currency, an_id, line
from tests.scenarios.peers.common import counted, jobs_of, tick
from tests.scenarios.products import (
    add_group,
    add_item,
    add_list_line,
    add_price,
    add_price_list,
    add_resource,
    add_unit,
    lines_of,
    with_extended_prices,
)

LISTS, LINES = "price_lists", "price_list_lines"
RETAIL, ITEM = an_id("price list RETAIL"), an_id("item 1000")
TODAY = World().clock.now().date()


def day(distance: int) -> str:
    return (TODAY + timedelta(days=distance)).isoformat()


def a_shop(**options: Any) -> World:
    """Two items and a resource are coupled; prices are kept in price lists."""
    world = with_extended_prices(a_company(**options))
    add_unit(world)
    add_unit(world, "HOUR")
    add_item(world)
    add_item(world, "2000")
    add_resource(world)
    return world


def two_lines() -> World:
    world = a_shop()
    add_price_list(world)
    add_list_line(world, "L1", unitPrice=90)
    add_list_line(world, "L2", "2000", lineNumber=20_000, unitPrice=70)
    world.full_sync()
    return world


def price_list(world: World, code: str = "RETAIL") -> dict[str, Any]:
    row = world.sales.show("pricelevels", world.coupled(LISTS)[an_id(f"price list {code}")])
    assert row is not None
    return row


def amounts(world: World, code: str = "RETAIL") -> list[Any]:
    return sorted(row["amount"] for row in lines_of(world, code))


# --- lists and their lines -------------------------------------------------------------------------


def test_a_price_list_and_its_lines_of_items_and_resources_come_over_P8_P9():
    world = a_shop()
    add_price_list(world, startingDate="2026-01-01", endingDate="2026-12-31")
    add_list_line(world, "L1", unitPrice=90)
    add_list_line(world, "L2", "R1", lineNumber=20_000, kind="Resource", unitPrice=55)

    world.full_sync()

    row = price_list(world)
    assert (row["name"], row["description"], row["statecode"]) == ("RETAIL", "List RETAIL", 0)
    assert (row["begindate"], row["enddate"]) == ("2026-01-01", "2026-12-31")
    assert row["_transactioncurrencyid_value"] == GBP
    products = {r["_productid_value"]: r["amount"] for r in lines_of(world, "RETAIL")}
    assert products == {
        world.coupled("items")[ITEM]: 90,
        world.coupled("resources")[an_id("resource R1")]: 55,
    }
    assert world.held() == [] and world.coupled("customer_price_groups") == {}
    written = world.written()
    world.full_sync()
    world.tick_all()
    assert world.written() == written


def test_prices_of_the_other_kind_stay_where_they_are_and_nothing_is_doubled_P27():
    world = a_company()
    add_unit(world)
    add_item(world)
    add_group(world)
    add_price(world, "P1", unitPrice=90)
    world.full_sync()
    old = world.coupled("customer_price_groups")[an_id("group RETAIL")]

    with_extended_prices(world)
    add_price_list(world)
    add_list_line(world, "L1", unitPrice=88)
    world.full_sync()

    assert world.coupled(LISTS) == {RETAIL: old}, "a list of the same name is taken over"
    assert amounts(world) == [88] and world.held() == []
    refused = world.app.api.mappings()["overrides"]["off"]
    assert {"customer_price_groups", "sales_prices"} <= set(refused)


def test_set_back_to_classic_prices_the_earlier_couplings_go_on_and_nothing_is_doubled_P27():
    world = a_company()
    add_unit(world)
    add_item(world)
    group = add_group(world)
    add_price(world, "P1", unitPrice=90)
    world.full_sync()
    couplings = {name: world.coupled(name) for name in ("customer_price_groups", "sales_prices")}
    before = world.switched_on, world.switched_off
    with_extended_prices(world)
    add_price_list(world)
    add_list_line(world, "L1", unitPrice=88)
    world.full_sync()
    rested = {name: world.coupled(name) for name in (LISTS, LINES)}

    world.switched_on, world.switched_off = before
    world.app = world.start_app()
    world.bc.edit("salesPrices", an_id("price P1"), unitPrice=95)
    world.full_sync()

    assert {name: world.coupled(name) for name in couplings} == couplings
    assert {name: world.coupled(name) for name in rested} == rested
    assert amounts(world) == [95] and world.held() == []
    named = [r for r in world.sales.all("pricelevels").values() if r["name"] == "RETAIL"]
    assert len(named) == 1 and group in couplings["customer_price_groups"]


def test_the_currency_of_a_list_is_that_of_its_first_line_mappings_12():
    world = a_shop()
    eur = an_id("currency EUR")
    add_price_list(world, currencyId=eur, currencyCode="EUR")
    add_list_line(world, "L2", "2000", lineNumber=20_000, currencyId=eur, currencyCode="EUR")
    add_list_line(world, "L1", unitPrice=90)

    world.full_sync()

    assert price_list(world)["_transactioncurrencyid_value"] == GBP, "the first one's, not the header's"
    assert amounts(world) == [90]
    [held] = world.held(LINES)
    assert held["id"] == an_id("list line L2") and "its price list in another currency" in held["reason"]


def test_the_line_that_is_valid_today_is_shown_and_the_next_one_when_its_day_comes_H19():
    world = a_shop()
    add_price_list(world)
    add_list_line(world, "OLD", startingDate=day(-30), unitPrice=80)
    add_list_line(world, "NEW", startingDate=day(-1), lineNumber=20_000, unitPrice=85)
    add_list_line(world, "NEXT", startingDate=day(1), lineNumber=30_000, unitPrice=99)
    add_list_line(world, "BULK", minimumQuantity=10, lineNumber=40_000, unitPrice=1)
    add_list_line(world, "RED", variantCode="RED", lineNumber=50_000, unitPrice=2)
    world.full_sync()
    assert amounts(world) == [85]

    world.clock.advance(timedelta(days=1))
    world.housekeeping()

    assert amounts(world) == [99] and world.held() == []


@pytest.mark.parametrize("kind", ["Item_x0020_Discount_x0020_Group", "G_x002F_L_x0020_Account", "_x0020_"])
def test_a_line_for_something_that_is_no_product_is_ignored_with_that_reason(kind):
    world = a_shop()
    add_price_list(world)
    other = add_list_line(world, "L1", "6710", kind=kind)
    world.full_sync()

    assert world.held() == [] and world.coupled(LINES) == {}
    assert "nothing that is a product" in world.app.api.explain(LINES, "bc", other)["now"]["reason"]


def test_a_list_that_is_put_out_of_use_is_so_in_sales_and_back_again():
    world = two_lines()
    world.bc.edit("priceListHeaders", RETAIL, status="Inactive")
    world.tick(LISTS)
    assert price_list(world)["statecode"] == 1

    world.bc.edit("priceListHeaders", RETAIL, status="Active")
    world.tick(LISTS)
    assert price_list(world)["statecode"] == 0 and world.held() == []


def test_a_list_that_is_inactive_from_the_start_is_made_so():
    world = a_shop()
    add_price_list(world, status="Inactive")
    world.full_sync()

    assert price_list(world)["statecode"] == 1
    written = world.written()
    world.full_sync()
    assert world.written() == written


def test_while_a_list_is_worked_at_sales_shows_what_was_agreed_last():
    world = two_lines()
    world.bc.edit("priceListHeaders", RETAIL, status="Draft")
    world.bc.edit("priceListLines", an_id("list line L1"), status="Draft", unitPrice=11)
    world.tick_all()
    assert amounts(world) == [70, 90]

    world.bc.edit("priceListHeaders", RETAIL, status="Active")
    world.bc.edit("priceListLines", an_id("list line L1"), status="Active")
    world.tick_all()
    assert amounts(world) == [11, 70] and world.held() == []


def test_a_long_price_list_costs_no_request_per_line_H16():
    def requests(count: int) -> int:
        world = with_extended_prices(a_company())
        add_unit(world)
        add_price_list(world)
        for n in range(count):
            add_item(world, f"N{n}")
            add_list_line(world, f"L{n}", f"N{n}", lineNumber=n + 1)
        run = world.full_sync()
        assert len(lines_of(world, "RETAIL")) == count
        spent = line(run, LINES)["requests"]
        return spent["bc"] + spent["sales"]

    assert requests(900) <= requests(90) + 20


# --- what the peer's tests ask (peer-scenarios.yaml) -----------------------------------------------


@pytest.mark.peer("full-sync-003")
def test_lists_wait_for_currencies_and_items_and_their_lines_for_lists_and_items():
    run = a_shop().full_sync()

    assert set(line(run, LISTS)["depends_on"]) == {"currencies", "items"}
    assert {LISTS, "items"} <= set(line(run, LINES)["depends_on"])


@pytest.mark.peer("full-sync-015")
def test_when_their_parents_are_finished_just_what_waited_for_them_starts():
    world = a_shop()
    parents = {"currencies", LISTS, "items", "units_of_measure", "payment_terms", "shipment_methods"}
    parents |= {"shipping_agents"}
    others = {LINES, "resources", "salespeople"}
    run = world.app.api.start_full_sync({"mappings": sorted(parents | others)})["run"]
    begun_with: dict[str, set[str]] = {}
    while world.step():
        now = {entry["mapping"]: entry["state"] for entry in world.app.api.run(run)["lines"]}
        done = {name for name, state in now.items() if state == "finished"}
        for name, state in now.items():
            if state != "pending":
                begun_with.setdefault(name, done)
        ready = {
            n for n, s in now.items() if s == "pending" and not {*BY_NAME[n].depends_on} & now.keys() - done
        }
        assert not ready, "what can start has started"

    assert begun_with.keys() == parents | others
    assert begun_with[LINES] >= {LISTS, "items", "resources", "units_of_measure"}
    assert begun_with["resources"] >= {"units_of_measure", "currencies"} and not begun_with["salespeople"]


@pytest.mark.peer("mapping-pricelist-002")
def test_lists_and_lines_are_mapped_to_sales_with_the_fields_of_the_peer_and_a_job_each():
    told = {m["mapping"]: m for m in a_shop().app.api.mappings()["value"]}

    assert told[LISTS]["direction"] == told[LINES]["direction"] == "to_sales"
    assert told[LISTS]["schedule"] and told[LINES]["schedule"]
    columns = {f["sales"] for f in told[LISTS]["fields"]}
    assert columns >= {"name", "description", "_transactioncurrencyid_value", "begindate", "enddate"}
    columns = {f["sales"] for f in told[LINES]["fields"]} | {c for c, _ in BY_NAME[LINES].constants_sales}
    wanted = {
        "_pricelevelid_value",
        "_productid_value",
        "pricingmethodcode",
        "_uomscheduleid_value",
        "amount",
    }
    assert columns >= wanted


@pytest.mark.peer("mapping-pricelist-005")
def test_a_list_with_two_lines_that_is_asked_for_comes_with_both():
    world = a_shop()
    world.full_sync()
    header = add_price_list(world)
    add_list_line(world, "L1", unitPrice=90)
    add_list_line(world, "L2", "2000", lineNumber=20_000, unitPrice=70)
    world.tick(LINES)

    world.app.api.sync(LISTS, {"side": "bc", "ids": [header], "create": True})
    world.run()

    assert price_list(world)["name"] == "RETAIL"
    products = {r["_productid_value"]: r["amount"] for r in lines_of(world, "RETAIL")}
    items = world.coupled("items")
    assert products == {items[ITEM]: 90, items[an_id("item 2000")]: 70}
    assert counted(jobs_of(world, LINES))["created"] == 2 and world.held() == []


@pytest.mark.peer("mapping-pricelist-007")
def test_an_active_list_of_a_price_group_is_made_active_with_its_line():
    world = a_shop()
    world.full_sync()
    header = add_price_list(world, sourceType="Customer_x0020_Price_x0020_Group", sourceNumber="RETAIL")
    only = add_list_line(world, "L1")
    world.tick(LINES)
    before = Counter(counted(jobs_of(world, LISTS)))

    world.app.api.sync(LISTS, {"side": "bc", "ids": [header], "create": True})
    world.run()

    assert header in world.coupled(LISTS) and only in world.coupled(LINES)
    assert price_list(world)["statecode"] == 0
    assert (Counter(counted(jobs_of(world, LISTS))) - before)["created"] == 1


@pytest.mark.peer("rules-pricelist-006")
def test_a_line_whose_item_is_no_longer_coupled_waits_and_says_that_it_must_be():
    world = two_lines()
    world.act("items", "uncouple", side="bc", id=an_id("item 2000"))
    for name in ("L1", "L2"):
        world.bc.edit("priceListLines", an_id(f"list line {name}"), unitPrice=55)

    assert tick(world, LINES)["bc"] == {"read": 2, "updated": 1, "waiting": 1}

    [held] = world.held(LINES)
    assert held["id"] == an_id("list line L2") and held["awaits"]["mapping"] == "items"
    assert held["reason"].startswith("its item 2000 must be coupled first")
    assert amounts(world) == [55, 70]
    product = next(i for i, r in world.sales.all("products").items() if r["productnumber"] == "2000")
    world.act("items", "couple", bc=an_id("item 2000"), sales=product, **{"from": "bc"})
    assert amounts(world) == [55, 55] and world.held() == [], "it heals by itself"


@pytest.mark.peer("rules-pricelist-009")
@pytest.mark.parametrize(
    ("differs", "said"),
    [
        ({"status": "Draft"}, "the price list is a draft"),
        ({"allowUpdatingDefaults": True}, "the price list lets its lines have defaults of their own"),
    ],
)
def test_a_draft_or_a_list_with_defaults_of_its_own_is_offered_to_nobody(differs, said):
    world = a_shop()
    header = add_price_list(world, **differs)
    theirs = world.sales.add("pricelevels", an_id("theirs"), name="Other", _transactioncurrencyid_value=GBP)
    world.full_sync()

    job = world.act(LISTS, "couple", bc=header, sales=theirs, **{"from": "bc"})
    world.app.api.sync(LISTS, {"side": "bc", "ids": [header], "create": True})
    world.run()

    assert job["state"] == "refused" and said in job["message"]
    assert world.coupled(LISTS) == {} and len(world.sales.all("pricelevels")) == 2, (
        "theirs and the default one"
    )
    assert said in world.app.api.explain(LISTS, "bc", header)["now"]["reason"]


def test_a_list_in_a_currency_that_comes_later_follows_then_H14():
    world = a_shop()
    add_price_list(world)
    add_list_line(world, "L1", currencyId=an_id("currency CHF"), currencyCode="CHF")
    world.full_sync()
    assert [h["awaits"]["mapping"] for h in world.held(LISTS)] == ["currencies"]

    add_currency(world, "CHF")
    world.full_sync("currencies")

    assert amounts(world) == [90] and world.held() == []
