"""Price groups and sales prices: price lists and their lines (P8, P9, P27, P28, H19; mappings.md §12)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.world import GBP, World
from shared.core.mapping import OnDelete
from shared.core.model import CouplingState
from tests.scenarios.builders import a_company, add_currency, an_id, line
from tests.scenarios.products import (
    a_shop,
    a_synced_shop,
    add_group,
    add_item,
    add_price,
    add_unit,
    lines_of,
    unit_id,
    unit_of,
)

TODAY = World().clock.now().date()


def day(distance: int) -> str:
    return (TODAY + timedelta(days=distance)).isoformat()


def amounts(world: World, name: str = "RETAIL") -> list[Any]:
    return sorted(entry["amount"] for entry in lines_of(world, name))


def a_day_later(world: World, days: int = 1) -> None:
    world.clock.advance(timedelta(days=days))
    world.housekeeping()


def a_shop_with(*prices: tuple[str, dict[str, Any]]) -> World:
    world = a_company()
    add_unit(world)
    add_unit(world, "BOX")
    add_item(world)
    add_group(world)
    for name, differs in prices:
        add_price(world, name, **differs)
    world.full_sync()
    return world


# --- price lists ---------------------------------------------------------------------------------


def test_a_price_group_becomes_a_price_list_P8_P27():
    world = a_synced_shop()
    found = world.sales.show("pricelevels", world.coupled("customer_price_groups")[an_id("group RETAIL")])

    assert (found["name"], found["description"]) == ("RETAIL", "Group RETAIL")
    assert found["statecode"] == 0 and found["_transactioncurrencyid_value"] == GBP


def test_the_currency_of_a_list_is_that_of_its_first_price_mappings_12():
    world = a_company()
    add_unit(world)
    add_item(world)
    add_group(world)
    euro = {"currencyId": an_id("currency EUR"), "currencyCode": "EUR"}
    add_price(world, "late", startingDate=day(5))
    add_price(world, "early", startingDate="0001-01-01", **euro)
    world.full_sync()

    [found] = [r for r in world.sales.all("pricelevels").values() if r["name"] == "RETAIL"]
    assert found["_transactioncurrencyid_value"] == world.coupled("currencies")[an_id("currency EUR")]
    assert amounts(world) == [90]


def test_finding_the_currency_of_a_list_reads_one_price_however_many_there_are_mappings_12():
    world = a_synced_shop()
    for n in range(300):
        add_price(world, f"more {n}", startingDate=day(n))
    seen: list[int] = []
    first = world.bc.first

    def counted(*args: Any, **options: Any) -> Any:
        found = first(*args, **options)
        seen.append(len(found))
        return found

    world.bc.first = counted
    world.bc.edit("customerPriceGroups", an_id("group RETAIL"), description="Shops")
    requests = world.bc.requests
    world.full_sync("customer_price_groups")

    assert seen == [1] and world.bc.requests - requests <= 4


def test_a_list_never_changes_its_currency_mappings_12():
    world = a_company()
    add_unit(world)
    add_item(world)
    group = add_group(world)
    world.full_sync()
    add_price(world, "P1", currencyId=an_id("currency EUR"), currencyCode="EUR")
    world.bc.edit("customerPriceGroups", group, code="TRADE")
    world.bc.edit("salesPrices", an_id("price P1"), salesCode="TRADE")
    world.tick_all()

    [held] = world.held("customer_price_groups")
    assert "cannot change" in held["reason"]
    assert "in another currency" in world.held("sales_prices")[0]["reason"]
    assert [r["name"] for r in world.sales.all("pricelevels").values() if r["name"] == "TRADE"] == ["TRADE"]


def test_a_group_whose_first_price_has_no_iso_currency_is_held_H21():
    world = a_shop()
    world.bc.edit("salesPrices", an_id("price P1"), currencyId=an_id("points"), currencyCode="POINTS")
    world.full_sync()

    assert "not an ISO 4217 code" in world.held("customer_price_groups")[0]["reason"]


def test_a_price_list_of_that_name_is_coupled_in_a_full_synchronization_H18():
    world = a_shop()
    world.sales.add("pricelevels", an_id("old"), name="Retail", _transactioncurrencyid_value=GBP)
    world.full_sync()

    assert world.coupled("customer_price_groups") == {an_id("group RETAIL"): an_id("old")}
    assert amounts(world) == [90]


# --- price lines ---------------------------------------------------------------------------------


def test_a_sales_price_becomes_a_line_with_product_unit_method_and_amount_P9_P28():
    world = a_synced_shop()
    [found] = lines_of(world, "RETAIL")

    assert found["_productid_value"] == world.coupled("items")[an_id("item 1000")]
    assert found["_uomid_value"] == unit_of(world, "PCS")
    assert (found["pricingmethodcode"], found["amount"]) == (1, 90)


@pytest.mark.parametrize("amount", [0, Decimal("0.01"), Decimal("1234.56")])
def test_prices_arrive_to_the_cent_and_nothing_is_an_amount_too_P28(amount):
    world = a_shop_with(("P1", {"unitPrice": amount}))

    assert amounts(world) == [amount]


@pytest.mark.parametrize(
    "differs",
    [
        pytest.param({"salesType": "Customer"}, id="of a customer"),
        pytest.param({"salesType": "All_x0020_Customers", "salesCode": ""}, id="of all customers"),
        pytest.param({"salesType": "Campaign"}, id="of a campaign"),
        pytest.param({"salesCode": ""}, id="no sales code"),
    ],
)
def test_other_sales_prices_stay_outside_P9_P28(differs):
    assert amounts(a_shop_with(("P1", differs))) == []


def test_a_price_in_another_unit_than_its_product_is_held_and_never_tried_P23_P28():
    world = a_shop_with(
        ("base", {}),
        ("box", {"unitOfMeasureId": unit_id("BOX"), "unitOfMeasureCode": "BOX", "unitPrice": 500}),
    )

    assert amounts(world) == [90]
    [held] = world.held("sales_prices")
    assert held["reason"] == "it is in BOX, its product is sold in PCS only"

    world.bc.edit("salesPrices", an_id("price box"), unitOfMeasureId=unit_id("PCS"), minimumQuantity=10)
    world.tick("sales_prices")
    assert world.held("sales_prices") == []


def test_a_second_full_synchronization_and_a_day_write_nothing_P9():
    world = a_synced_shop()
    a_day_later(world)
    written = world.written()
    world.full_sync()
    a_day_later(world)

    assert world.written() == written


def test_a_new_price_in_the_same_row_reaches_its_line_P9():
    world = a_synced_shop()
    world.bc.edit("salesPrices", an_id("price P1"), unitPrice=95)
    world.tick("sales_prices")

    assert amounts(world) == [95]


def test_a_new_price_is_a_new_line_without_a_full_synchronization_P9():
    world = a_synced_shop()
    add_item(world, "2000")
    add_price(world, "P2", "2000", unitPrice=7)
    world.tick("sales_prices")
    assert world.held("sales_prices")[0]["kind"] == "waiting"

    world.full_sync("items")

    assert amounts(world) == [7, 90]
    assert not world.held("sales_prices")


def test_a_line_edited_in_sales_shows_the_price_of_bc_again_within_a_day_P9():
    world = a_synced_shop()
    [id] = world.coupled("sales_prices").values()
    world.sales.edit("productpricelevels", id, amount=1)
    a_day_later(world)

    assert amounts(world) == [90]


@pytest.mark.peer("rules-pricelist-003")
def test_a_line_that_somebody_made_is_coupled_not_doubled_mappings_12():
    world = a_shop()
    world.full_sync("units_of_measure", "currencies", "items", "resources", "customer_price_groups")
    group = world.coupled("units_of_measure")[unit_id("PCS")]
    made = world.sales.add(
        "productpricelevels",
        an_id("made"),
        _pricelevelid_value=world.coupled("customer_price_groups")[an_id("group RETAIL")],
        _productid_value=world.coupled("items")[an_id("item 1000")],
        _uomid_value=unit_of(world, "PCS"),
        _uomscheduleid_value=group,
        amount=1,
        pricingmethodcode=1,
    )
    world.tick("sales_prices")

    assert world.coupled("sales_prices") == {an_id("price P1"): made}
    assert amounts(world) == [90]


@pytest.mark.parametrize("amount", [-1, 10**15])
def test_an_amount_that_sales_cannot_take_is_held(amount):
    world = a_synced_shop()
    world.bc.edit("salesPrices", an_id("price P1"), unitPrice=amount)
    world.tick("sales_prices")

    assert "allowed" in world.held("sales_prices")[0]["reason"]
    assert amounts(world) == [90]


# --- who wins (H19) ------------------------------------------------------------------------------

ELECTIONS = [
    pytest.param({}, {"startingDate": day(-3), "unitPrice": 80}, 80, id="the latest start"),
    pytest.param({}, {"startingDate": day(0), "unitPrice": 80}, 80, id="starts today"),
    pytest.param({}, {"startingDate": day(1), "unitPrice": 80}, 90, id="starts tomorrow"),
    pytest.param(
        {}, {"startingDate": day(-9), "endingDate": day(-1), "unitPrice": 80}, 90, id="ended yesterday"
    ),
    pytest.param({}, {"startingDate": day(-9), "endingDate": day(0), "unitPrice": 80}, 80, id="ends today"),
    pytest.param({}, {"startingDate": day(-3), "variantCode": "RED", "unitPrice": 80}, 90, id="a variant"),
    pytest.param({}, {"startingDate": day(-3), "minimumQuantity": 10, "unitPrice": 80}, 90, id="a quantity"),
    pytest.param({}, {"startingDate": day(-3), "minimumQuantity": 1, "unitPrice": 80}, 80, id="from one on"),
    pytest.param(
        {},
        {
            "startingDate": day(-3),
            "unitOfMeasureId": unit_id("PCS"),
            "unitOfMeasureCode": "PCS",
            "unitPrice": 80,
        },
        80,
        id="a blank unit is the base unit",
    ),
]


@pytest.mark.parametrize(("one", "other", "expected"), ELECTIONS)
@pytest.mark.parametrize("order", [1, -1])
def test_the_line_shows_the_price_that_is_valid_today_H19(one, other, expected, order):
    world = a_shop_with(*[("one", one), ("other", other)][::order])

    assert amounts(world) == [expected]
    assert not world.held("sales_prices")


def test_prices_that_lose_are_ignored_as_shadowed_H19():
    world = a_synced_shop()
    add_price(world, "P2", startingDate=day(-1), unitPrice=80)
    run = world.full_sync()

    found = line(run, "sales_prices")
    assert any(reason.startswith(("shadowed", "outside filter: shadowed")) for reason in found["reasons"])
    assert amounts(world) == [80]


@pytest.mark.parametrize("tick", [True, False])
def test_a_price_that_starts_tomorrow_takes_over_the_same_line_by_the_daily_pass_H19_H22(tick):
    world = a_shop_with(("old", {}), ("new", {"startingDate": day(1), "unitPrice": 80}))
    [before] = world.coupled("sales_prices").values()
    if tick:
        world.tick("sales_prices")
    a_day_later(world)

    assert amounts(world) == [80]
    assert world.coupled("sales_prices") == {an_id("price new"): before}
    assert not world.held("sales_prices")


def test_a_price_that_ends_gives_the_line_back_H19():
    world = a_shop_with(
        ("base", {}), ("offer", {"startingDate": day(-1), "endingDate": day(0), "unitPrice": 50})
    )
    assert amounts(world) == [50]
    a_day_later(world)

    assert amounts(world) == [90]


def test_a_price_that_is_ended_by_hand_gives_the_line_back_at_once_H19():
    world = a_shop_with(("base", {}), ("offer", {"startingDate": day(-3), "unitPrice": 50}))
    world.bc.edit("salesPrices", an_id("price offer"), endingDate=day(-1))
    world.tick("sales_prices")

    assert amounts(world) == [90]


def test_when_no_price_is_left_the_line_is_held_and_freed_by_the_next_price_H19():
    world = a_shop_with(("only", {"endingDate": day(0)}))
    a_day_later(world)
    assert [h["reason"] for h in world.held("sales_prices")] == ["no valid price"]
    assert amounts(world) == [90], "nothing is deleted"

    add_price(world, "next", startingDate=day(1), unitPrice=85)
    world.tick("sales_prices")

    assert amounts(world) == [85]
    assert not world.held("sales_prices")


def test_a_deleted_price_is_held_and_the_next_election_gives_its_line_to_another_H19():
    world = a_shop_with(("base", {}), ("offer", {"startingDate": day(-3), "unitPrice": 50}))
    world.bc.delete("salesPrices", an_id("price offer"))
    world.tick("sales_prices")
    assert "was deleted" in world.held("sales_prices")[0]["reason"]
    a_day_later(world)

    assert amounts(world) == [90]
    assert not world.held("sales_prices")


def test_a_deleted_line_is_held_or_restored_as_the_policy_says_P9():
    for policy, expected in ((OnDelete.HOLD, []), (OnDelete.RESTORE, [90])):
        world = a_synced_shop(sales_prices={"on_delete": policy})
        [id] = world.coupled("sales_prices").values()
        world.sales.delete("productpricelevels", id)
        world.full_sync()

        assert amounts(world) == expected
        assert bool(world.held("sales_prices")) is (policy is OnDelete.HOLD)


@pytest.mark.parametrize(
    ("moment", "nth"),
    [
        pytest.param("before", 1, id="before the old coupling goes"),
        pytest.param("after", 1, id="after the old coupling went"),
        pytest.param("after", 2, id="after the new one is there"),
        pytest.param("after", 3, id="after the line is remembered"),
    ],
)
def test_a_crash_while_a_line_changes_hands_leaves_one_line_and_one_coupling_H1_H19(moment, nth):
    world = a_shop_with(("old", {}), ("new", {"startingDate": day(1), "unitPrice": 80}))
    world.clock.advance(timedelta(days=1))
    writes = []

    def happens(when: str, name: str) -> bool:
        if (when, name) == (moment, "tables.transact:Couplings"):
            writes.append(name)
        return len(writes) >= nth

    world.crash_when(happens)
    world.housekeeping()
    world.heal()
    world.run()
    world.full_sync()

    assert len(writes) == nth
    assert amounts(world) == [80]
    assert list(world.coupled("sales_prices")) == [an_id("price new")]


@pytest.mark.parametrize(
    ("state", "left"),
    [
        pytest.param(CouplingState.COUPLED, "price new", id="changed"),
        pytest.param(CouplingState.UNCOUPLED, "price old", id="uncoupled by a person"),
    ],
)
def test_a_coupling_that_changes_while_its_line_changes_hands_is_looked_at_again_H11_H19(state, left):
    world = a_shop_with(("old", {}), ("new", {"startingDate": day(1), "unitPrice": 80}))
    world.clock.advance(timedelta(days=1))

    def somebody_is_faster() -> None:
        couplings = world.app.ports.couplings
        [coupling] = couplings.stream("sales_prices")
        couplings.save([replace(coupling, state=state, outcome="changed meanwhile")])

    world.once(
        lambda moment, name: (moment, name) == ("before", "tables.transact:Couplings"), somebody_is_faster
    )
    world.housekeeping()
    world.run()

    [coupling] = world.app.ports.couplings.stream("sales_prices")
    assert (coupling.bc_id, coupling.state) == (an_id(left), state)
    assert amounts(world) == [80 if state is CouplingState.COUPLED else 90]
    assert [j for j in world.app.api.jobs("sales_prices")["value"] if j["state"] != "finished"] == []


def test_a_price_in_another_currency_than_its_list_is_held_and_wins_nothing_mappings_12():
    world = a_synced_shop()
    euro = add_currency(world, "CHF")
    world.full_sync("currencies")
    add_price(world, "P2", startingDate=day(-1), currencyId=euro, currencyCode="CHF", unitPrice=1)
    world.tick("sales_prices")

    assert amounts(world) == [90]
    assert "it is in CHF" in world.held("sales_prices")[0]["reason"]


def test_a_long_price_list_costs_no_request_per_line_H16():
    def spent(count: int) -> int:
        world = a_company()
        add_unit(world)
        add_group(world)
        for number in range(count):
            add_item(world, f"N{number}")
            add_price(world, f"P{number}", f"N{number}")
        run = world.full_sync()
        assert len(lines_of(world, "RETAIL")) == count
        requests = line(run, "sales_prices")["requests"]
        return requests["bc"] + requests["sales"]

    assert spent(400) == spent(1)
