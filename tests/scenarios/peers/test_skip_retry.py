"""The peer's scenarios of parked records (docs/peer-scenarios.md). Tandem parks what a person parks."""

from datetime import timedelta

import pytest

from sandbox.world import World
from shared.engine.admin import ApiProblem
from tests.scenarios.builders import (
    SALESPERSON,
    USER,
    a_company,
    a_coupled_customer,
    account_of,
    add_customer,
    an_id,
)
from tests.scenarios.peers.common import (
    a_prepared_company,
    add_salesperson,
    add_user,
    held_ids,
    park,
    sync_now,
    tick,
)
from tests.scenarios.products import a_synced_shop, add_product, product_of


def parked_customers(count: int) -> tuple[World, list[str]]:
    """Return customers that a person has parked, each with an edit that has not travelled."""
    world = a_company()
    customers = [add_customer(world, f"C{n}") for n in range(count)]
    world.full_sync()
    park(world, "customers", *customers)
    for customer in customers:
        world.bc.edit("customers", customer, phoneNumber="42")
    world.tick("customers")
    assert held_ids(world, "customers", "skipped") == set(customers)
    return world, customers


def phones(world: World, customers: list[str]) -> list[str | None]:
    return [account_of(world, c).get("telephone1") or None for c in customers]


def with_a_new_salesperson() -> tuple[World, str]:
    world, customer, _ = a_coupled_customer()
    add_salesperson(world, "PS")
    world.bc.edit("customers", customer, salespersonId=an_id("salesperson PS"), phoneNumber="42")
    return world, customer


@pytest.mark.peer("skip-retry-001")
def test_a_customer_travels_once_its_salesperson_is_coupled():
    world, customer = with_a_new_salesperson()
    assert tick(world, "customers")["bc"] == {"read": 1, "waiting": 1}

    user = add_user(world, "PS")
    world.tick("salespeople")

    assert account_of(world, customer)["_ownerid_value"] == user
    assert account_of(world, customer)["telephone1"] == "42" and world.held() == []


@pytest.mark.peer("skip-retry-002")
def test_another_cause_is_told_and_nothing_is_parked():
    world, customer = with_a_new_salesperson()
    world.tick("customers")
    assert an_id("salesperson PS") in world.held("customers")[0]["reason"]

    world.bc.edit("customers", customer, salespersonId=add_salesperson(world, "XX"))
    world.tick("customers")

    [held] = world.held("customers")
    assert held["kind"] == "waiting" and an_id("salesperson XX") in held["reason"]


@pytest.mark.peer("skip-retry-003", "skip-retry-007")
def test_the_same_failure_again_is_counted_tried_later_and_parks_nothing():
    world, customer, _ = a_coupled_customer()
    world.sales.refuse = lambda table, values: "a plug-in says no"
    world.bc.edit("customers", customer, phoneNumber="42")
    world.tick("customers")
    [first] = world.held("customers")
    sync_now(world, "customers", "bc", customer)
    [second] = world.held("customers")

    assert second["kind"] == "held" and second["reason"] == first["reason"]
    assert second["tries"] == first["tries"] + 1 and second["next_try"] > first["next_try"]

    world.sales.refuse = lambda table, values: None
    world.clock.advance(timedelta(hours=1))
    world.housekeeping()
    assert account_of(world, customer)["telephone1"] == "42" and world.held() == []


@pytest.mark.peer("skip-retry-004")
def test_a_parked_record_that_is_synchronized_by_hand_stays_parked():
    world, [customer] = parked_customers(1)

    assert sync_now(world, "customers", "bc", customer) == {"read": 1, "ignored": 1}

    assert phones(world, [customer]) == [None] and held_ids(world, "customers", "skipped") == {customer}


@pytest.mark.parametrize(
    ("count", "back"),
    [
        pytest.param(2, 1, marks=pytest.mark.peer("skip-retry-008")),
        pytest.param(3, 2, marks=pytest.mark.peer("skip-retry-009")),
        pytest.param(3, 3, marks=pytest.mark.peer("skip-retry-010")),
        pytest.param(1, 1, marks=pytest.mark.peer("skip-retry-011")),
    ],
)
def test_those_that_are_brought_back_travel_and_the_others_stay_parked(count, back):
    world, customers = parked_customers(count)

    jobs = [world.act("customers", "retry", side="bc", id=c) for c in customers[:back]]

    assert [j["tally"]["updated"] for j in jobs] == [1] * back
    assert held_ids(world, "customers") == set(customers[back:])
    assert phones(world, customers) == ["42"] * back + [None] * (count - back)


@pytest.mark.peer("skip-retry-012")
def test_one_of_two_parked_salespeople_is_synchronized_and_the_other_is_untouched():
    world = a_prepared_company()
    other, user = add_salesperson(world, "PS"), add_user(world, "PS")
    world.full_sync("salespeople")
    park(world, "salespeople", SALESPERSON, other)
    for id in (USER, user):
        world.sales.edit("systemusers", id, mobilephone="42")

    world.act("salespeople", "retry", side="bc", id=other)

    assert held_ids(world, "salespeople") == {SALESPERSON}
    assert world.bc.show("salespeople", other)["phoneNumber"] == "42"
    assert world.bc.show("salespeople", SALESPERSON)["phoneNumber"] == ""


@pytest.mark.peer("skip-retry-015")
def test_of_five_parked_records_the_four_that_are_there_travel_and_the_deleted_one_says_so():
    world, customers = parked_customers(5)
    world.bc.delete("customers", customers[2])

    for customer in customers:
        world.act("customers", "retry", side="bc", id=customer)

    rest = [c for c in customers if c != customers[2]]
    assert phones(world, rest) == ["42"] * 4
    [held] = world.held("customers")
    assert held["kind"] == "held" and "deleted" in held["reason"]


def a_parked_item_without_product() -> tuple[World, str, str]:
    world = a_synced_shop()
    item = an_id("item 1000")
    park(world, "items", item)
    product = world.coupled("items")[item]
    world.sales.delete("products", product)
    world.tick("items")
    return world, item, product


@pytest.mark.peer("skip-retry-016")
def test_a_parked_item_is_coupled_with_another_product_and_travels():
    world, item, _ = a_parked_item_without_product()
    other = add_product(world, "OTHER")

    job = world.act("items", "couple", bc=item, sales=other, **{"from": "bc"})

    assert job["state"] == "finished" and world.coupled("items")[item] == other
    assert world.held("items") == [] and product_of(world, item)["price"] == 100


@pytest.mark.peer("skip-retry-017")
def test_a_wish_that_comes_to_nothing_leaves_the_item_as_it_was():
    world, item, product = a_parked_item_without_product()

    job = world.act("items", "couple", bc=item, sales=an_id("nobody"), **{"from": "bc"})

    assert job["state"] == "refused" and world.coupled("items")[item] == product
    assert held_ids(world, "items", "skipped") == {item}


@pytest.mark.peer("skip-retry-018")
def test_the_list_tells_kind_name_cause_and_time_and_a_record_its_own_only():
    world, [customer] = parked_customers(1)
    world.clock.advance(timedelta(hours=1))
    park(world, "salespeople", SALESPERSON)

    told = {h["mapping"]: h for h in world.held()}

    assert set(told) == {"customers", "salespeople"}
    assert all(h["reason"].startswith("skipped by a person") for h in told.values())
    assert told["customers"]["since"] < told["salespeople"]["since"]
    [own] = world.app.api.explain("customers", "bc", customer)["held"]
    assert own["reason"] == told["customers"]["reason"]


@pytest.mark.peer("skip-retry-019")
def test_a_record_shows_its_own_history_and_an_unknown_one_is_an_error():
    world, customers = parked_customers(3)
    for customer in customers:
        world.act("customers", "retry", side="bc", id=customer)

    [entry] = world.app.api.history("customers", "bc", customers[1])["value"]

    assert entry["id"] == world.coupled("customers")[customers[1]]
    for mapping, id in (("customers", an_id("nobody")), ("lorries", customers[0])):
        with pytest.raises(ApiProblem) as problem:
            world.app.api.explain(mapping, "bc", id)
        assert problem.value.status == 404
