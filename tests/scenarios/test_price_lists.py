"""Price lists of the extended calculation and their lines (mappings.md, PLHEADER-PRICE, PLLINE-PRODPRICE, §12)."""

from datetime import timedelta

import pytest

from sandbox.world import GBP, World
from shared.engine.problem import ApiProblem
from tests.scenarios.builders import a_company, an_id, line
from tests.scenarios.peers.common import tick
from tests.scenarios.products import (
    add_group,
    add_item,
    add_line,
    add_list,
    add_price,
    add_resource,
    add_unit,
    extend,
    lines_of,
    unit_id,
    unit_of,
)

TODAY = World().clock.now().date()
EURO = {"currencyId": an_id("currency EUR"), "currencyCode": "EUR"}


def day(distance: int) -> str:
    return (TODAY + timedelta(days=distance)).isoformat()


def a_shop() -> World:
    world = a_company()
    for unit in ("PCS", "HOUR", "BOX"):
        add_unit(world, unit)
    add_item(world)
    add_resource(world)
    return extend(world)


def a_listed_shop() -> World:
    world = a_shop()
    add_list(world)
    add_line(world)
    world.full_sync()
    return world


def the_list(world: World, name: str = "SUMMER") -> dict:
    [found] = [r for r in world.sales.all("pricelevels").values() if r["name"] == name]
    return found


def amounts(world: World, name: str = "SUMMER") -> list:
    return sorted(entry["amount"] for entry in lines_of(world, name))


def test_a_list_goes_to_sales_with_description_dates_and_local_currency_mappings_12():
    world = a_shop()
    add_list(world, startingDate=day(-1), endingDate=day(9), **EURO)
    world.full_sync()

    found = the_list(world)
    assert (found["description"], found["begindate"], found["enddate"]) == ("List SUMMER", day(-1), day(9))
    assert found["_transactioncurrencyid_value"] == GBP and found["statecode"] == 0


def test_the_currency_is_that_of_the_first_line_whatever_the_header_says_mappings_12():
    world = a_shop()
    add_item(world, "2000")
    add_list(world)
    add_line(world, 20000, "2000")
    add_line(world, 10000, **EURO)
    world.full_sync()

    euro = world.coupled("currencies")[an_id("currency EUR")]
    assert the_list(world)["_transactioncurrencyid_value"] == euro and amounts(world) == [90]
    [held] = world.held("price_list_lines")
    assert held["reason"] == "it is in GBP, its price list in another currency"


def test_an_inactive_list_is_created_inactive_and_its_state_stays_saless_afterwards_mappings_12():
    world = a_shop()
    add_list(world, status="Inactive")
    add_line(world, status="Inactive")
    world.full_sync()
    assert (the_list(world)["statecode"], the_list(world)["statuscode"]) == (1, 100002)

    world.bc.edit("priceLists", an_id("list SUMMER"), status="Active", description="Now open")
    world.tick_all()
    assert the_list(world)["statecode"] == 1 and the_list(world)["description"] == "Now open"
    assert world.held() == []


def test_descriptions_and_dates_follow_the_header_and_a_second_run_writes_nothing_mappings_12():
    world = a_listed_shop()
    world.bc.edit("priceLists", an_id("list SUMMER"), description="New", endingDate=day(3))
    world.full_sync()

    assert (the_list(world)["description"], the_list(world)["enddate"]) == ("New", day(3))
    run = world.full_sync()
    for mapping in ("price_lists", "price_list_lines"):
        done = line(run, mapping)["to_sales"]
        assert done["created"] == done["updated"] == 0


@pytest.mark.parametrize(
    "differs",
    [{"priceType": "Purchase"}, {"amountType": "Discount"}, {"status": "Draft"}, {"allowUpdatingDefaults": True}],
)
def test_other_lists_and_their_lines_are_ignored_and_nothing_waits_PLHEADER_PRICE(differs):
    world = a_shop()
    add_list(world, **differs)
    add_line(world, **{k: v for k, v in differs.items() if k != "allowUpdatingDefaults"})
    world.full_sync()

    assert "SUMMER" not in {r["name"] for r in world.sales.all("pricelevels").values()}
    assert world.held() == []


@pytest.mark.peer("rules-pricelist-009")
@pytest.mark.parametrize(
    ("differs", "said"),
    [
        ({"status": "Draft"}, "the price list is a draft"),
        ({"allowUpdatingDefaults": True}, "the price list lets its lines have other defaults"),
    ],
)
def test_a_draft_or_one_that_takes_other_defaults_cannot_be_coupled(differs, said):
    world = a_shop()
    list_id = add_list(world, **differs)
    other = world.sales.add("pricelevels", an_id("other"), name="Other", _transactioncurrencyid_value=GBP)

    world.act("price_lists", "couple", bc=list_id, sales=other, **{"from": "bc"})

    assert world.coupled("price_lists") == {}
    assert world.sales.show("pricelevels", other)["name"] == "Other"
    assert said in world.app.api.jobs("price_lists")["value"][0]["message"]


@pytest.mark.peer("mapping-pricelist-005")
def test_a_list_with_two_lines_becomes_a_price_list_with_two_lines():
    world = a_shop()
    add_item(world, "2000")
    world.full_sync("units_of_measure", "items", "currencies")
    add_list(world)
    add_line(world, 10000)
    add_line(world, 20000, "2000", unitPrice=70)
    run = world.full_sync("price_lists", "price_list_lines")

    products = world.coupled("items")
    assert {r["_productid_value"]: r["amount"] for r in lines_of(world, "SUMMER")} == {
        products[an_id("item 1000")]: 90,
        products[an_id("item 2000")]: 70,
    }
    assert line(run, "price_list_lines")["to_sales"]["created"] == 2


@pytest.mark.peer("mapping-pricelist-007")
def test_an_active_list_of_a_price_group_is_created_active_with_its_line():
    world = a_shop()
    world.full_sync("units_of_measure", "items", "currencies")
    add_list(world, sourceType="Customer_x0020_Price_x0020_Group", sourceNumber="RETAIL")
    add_line(world)
    run = world.full_sync("price_lists", "price_list_lines")

    assert the_list(world)["statecode"] == 0 and line(run, "price_lists")["to_sales"]["created"] == 1
    assert set(world.coupled("price_lists")) == {an_id("list SUMMER")}
    assert set(world.coupled("price_list_lines")) == {an_id("line SUMMER 10000")}


@pytest.mark.peer("rules-pricelist-006")
def test_a_coupled_line_whose_item_is_no_longer_coupled_is_held_for_it_and_heals():
    world = a_listed_shop()
    add_item(world, "2000")
    add_line(world, 20000, "2000", unitPrice=70)
    world.full_sync()
    world.act("items", "uncouple", side="bc", id=an_id("item 2000"))
    for number in (10000, 20000):
        world.bc.edit("priceListLines", an_id(f"line SUMMER {number}"), unitPrice=55)

    assert tick(world, "price_list_lines")["bc"] == {"read": 2, "updated": 1, "waiting": 1}

    [held] = world.held("price_list_lines")
    assert held["id"] == an_id("line SUMMER 20000")
    assert held["reason"].startswith("the item 2000 must be coupled first") and amounts(world) == [55, 70]
    [product] = [i for i, r in world.sales.all("products").items() if r["productnumber"] == "2000"]
    world.act("items", "couple", bc=an_id("item 2000"), sales=product, **{"from": "bc"})
    assert amounts(world) == [55, 55] and world.held() == []


def test_a_line_of_a_resource_waits_for_it_and_comes_as_soon_as_it_is_there_P9():
    world = a_listed_shop()
    add_line(world, 20000, "R2", assetType="Resource", assetId=an_id("resource R2"), unitPrice=40)
    world.tick("price_list_lines")
    [held] = world.held("price_list_lines")
    assert held["awaits"]["mapping"] == "resources"
    assert held["reason"].startswith("the resource R2 must be coupled first")

    add_resource(world, "R2")
    world.full_sync("resources")

    assert amounts(world) == [40, 90] and world.held() == []
    [mine] = [r for r in lines_of(world, "SUMMER") if r["amount"] == 40]
    assert mine["_uomid_value"] == unit_of(world, "HOUR")


def test_one_line_for_product_and_unit_and_tomorrow_the_next_one_H19():
    world = a_shop()
    add_list(world)
    add_line(world, 10000, unitPrice=90, startingDate=day(-30))
    add_line(world, 20000, unitPrice=80, startingDate=day(1), unitOfMeasureId=unit_id("PCS"), unitOfMeasureCode="PCS")
    add_line(world, 30000, unitPrice=10, minimumQuantity=1)
    add_line(world, 40000, unitPrice=20, variantCode="RED")
    world.full_sync()
    assert amounts(world) == [90]

    world.clock.advance(timedelta(days=1))
    world.housekeeping()
    assert amounts(world) == [80]


def test_a_line_is_not_valid_outside_the_dates_of_its_list_H19():
    world = a_shop()
    add_list(world, endingDate=day(-1))
    add_line(world)
    world.full_sync()

    assert amounts(world) == []


# --- the switch ----------------------------------------------------------------------------------


def test_a_list_of_the_same_name_is_taken_over_at_the_switch_and_the_old_couplings_stay_H18():
    world = a_company()
    add_unit(world)
    add_item(world)
    add_group(world, "SUMMER")
    add_price(world, "P1", group="SUMMER")
    world.full_sync()
    old = world.coupled("sales_prices")
    extend(world)
    add_list(world)
    add_line(world, unitPrice=75)
    world.full_sync()

    assert amounts(world) == [75] and len(world.sales.all("pricelevels")) == 2
    assert list(world.coupled("price_list_lines").values()) == list(old.values())
    assert set(world.coupled("customer_price_groups")) == {an_id("group SUMMER")}
    assert world.coupled("sales_prices") == old


def test_only_the_mappings_of_the_prices_in_force_are_shown_and_run():
    classic, extended = a_company(), a_shop()

    assert {"customer_price_groups", "sales_prices"} <= set(classic.app.ports.mappings)
    assert not {"price_lists", "price_list_lines"} & set(classic.app.ports.mappings)
    assert not {"customer_price_groups", "sales_prices"} & set(extended.app.ports.mappings)
    for world, off in ((classic, "price_lists"), (extended, "sales_prices")):
        with pytest.raises(ApiProblem, match="switched off by PRICES"):
            world.app.api.sync(off)


def test_a_thousand_lines_cost_no_request_each():
    world = a_shop()
    add_list(world)
    for n in range(1000):
        add_item(world, f"I{n}")
        add_line(world, n + 1, f"I{n}")
    world.full_sync("units_of_measure", "items", "currencies", "price_lists")
    before = world.bc.requests, world.sales.requests
    world.full_sync("price_list_lines")

    assert len(amounts(world)) == 1000
    spent = world.bc.requests - before[0], world.sales.requests - before[1]
    assert max(spent) <= 40, spent
