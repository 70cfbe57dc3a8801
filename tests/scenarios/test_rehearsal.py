"""A rehearsal shows what a run would do and does nothing (design §4, H26)."""

from collections import Counter
from datetime import timedelta

import pytest

from sandbox.world import World
from shared.engine.parts import Limits
from tests.scenarios.builders import (
    ZERO,
    a_company,
    a_coupled_customer,
    add_account,
    add_contact,
    add_currency,
    add_customer,
    add_sales_contact,
    an_id,
)
from tests.scenarios.products import a_shop, add_item, add_price


def both_sides(world: World) -> tuple:
    tables = ("customers", "contacts", "currencies", "salespeople")
    sales = ("accounts", "contacts", "systemusers", "transactioncurrencies")
    return [world.bc.all(t) for t in tables], [world.sales.all(t) for t in sales]


def a_mixed_company(**options) -> World:
    """Something of everything: creates both ways, a match, a wait, an ignore, a late reference."""
    world = a_company(**options)
    for n in range(5):
        customer = add_customer(world, f"C{n}", primaryContactId=an_id(f"contact K{n}"))
        add_contact(world, f"K{n}", customer)
    add_customer(world, "M1", name="Adatum", postCode="1", phoneNumber="7")
    add_account(world, "Adatum", address1_postalcode="1", telephone1="8")
    add_customer(world, "W1", salespersonId=an_id("nobody"))
    add_customer(world, "B1", blocked="All")
    account = add_account(world, "Northwind")
    add_sales_contact(world, "N1", account)
    add_contact(world, "K9", ZERO)
    return world


def actions(plan: list[dict]) -> Counter:
    return Counter((e["mapping"], e["action"], e["target"]) for e in plan)


def test_a_rehearsal_writes_nothing_to_either_system_nor_to_what_tandem_knows_H26():
    world = a_mixed_company()
    before = both_sides(world)

    run, plan = world.rehearse()

    assert run["state"] == "finished" and plan
    assert world.written() == 0 and both_sides(world) == before
    assert world.held() == [] and all(world.coupled(m) == {} for m in world.mappings)
    assert world.app.ports.cursors.get("customers", world.bc.side).value is None


@pytest.mark.parametrize("page", [2, 1000])
def test_the_real_run_does_what_the_plan_said_when_nothing_moved_H26(page):
    world = a_mixed_company(limits=Limits(page=page))
    rehearsed, plan = world.rehearse()

    run = world.full_sync()

    for planned, done in zip(rehearsed["lines"], run["lines"], strict=True):
        for part in ("to_sales", "from_sales", "wake_ups"):
            assert done[part] == planned[part], (done["mapping"], part)
        assert done["reasons"] == planned["reasons"]
    created = [e for e in plan if e["action"] == "create"]
    for entry in created:
        side, other = (world.bc, world.sales) if entry["side"] == "bc" else (world.sales, world.bc)
        couplings = world.coupled(entry["mapping"])
        if entry["side"] == "sales":
            couplings = {s: b for b, s in couplings.items()}
        assert entry["id"] in couplings
    written = sum(len([e for e in plan if e["target"] == t]) for t in ("bc", "sales"))
    assert world.written() == written


def test_the_plan_tells_each_field_old_and_new():
    world, customer, account = a_coupled_customer(phoneNumber="1", city="Oslo")
    world.bc.edit("customers", customer, phoneNumber="2")
    world.sales.edit("accounts", account, address1_city="Bergen")

    _, plan = world.rehearse()

    told = {(e["target"], name): values for e in plan for name, values in e["fields"].items()}
    assert told == {("sales", "phone"): ["1", "2"], ("bc", "city"): ["Oslo", "Bergen"]}


def test_the_plan_tells_conflicts_waits_and_holds_with_their_reasons():
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", account, telephone1="2")
    add_customer(world, "W1", salespersonId=an_id("nobody"))
    add_customer(world, "H1", name="")

    _, plan = world.rehearse("customers")

    assert actions(plan) == {
        ("customers", "conflict", None): 1,
        ("customers", "wait", None): 1,
        ("customers", "hold", None): 1,
    }
    by_action = {e["action"]: e for e in plan}
    (problem,) = by_action["conflict"]["problems"]
    assert (problem["field"], problem["bc"], problem["sales"]) == ("phone", "1", "2")
    assert "salespeople" in by_action["wait"]["reason"] and "name" in by_action["hold"]["reason"]


def test_what_both_looks_at_a_pair_find_is_told_once_H26():
    """A full synchronization looks at a pair from both sides; its problem is one."""
    world = a_company()
    world.full_sync("salespeople", "currencies")
    add_customer(world, "C5", name="Same", phoneNumber="1")
    add_account(world, "Same", telephone1="2")
    waiting = add_customer(world, "C6", name="Both")
    account = add_account(world, "Both", address1_postalcode="GB-N16 34Z")
    world.act("customers", "couple", bc=waiting, sales=account, **{"from": "bc"})
    world.bc.edit("customers", waiting, salespersonId=an_id("nobody"))
    world.sales.edit("accounts", account, telephone1="3")

    run, plan = world.rehearse("customers")

    assert actions(plan) == {
        ("customers", "couple", None): 1,
        ("customers", "conflict", None): 1,
        ("customers", "wait", None): 1,
    }
    # Each look counts what it has read.
    [customers] = run["lines"]
    for side in ("to_sales", "from_sales"):
        assert (customers[side]["conflict"], customers[side]["waiting"]) == (1, 1)


def test_records_that_would_be_created_count_as_coupled_for_what_comes_later_H26():
    world = a_company()
    customer = add_customer(world)
    add_contact(world, "K1", customer)

    run, plan = world.rehearse()

    assert actions(plan)["contacts", "create", "sales"] == 1
    assert not [e for e in plan if e["action"] == "wait"]


def test_values_that_only_the_target_can_give_are_told_as_such_H26():
    world = a_company()
    add_account(world, "Northwind")

    _, plan = world.rehearse("salespeople", "currencies", "customers")

    (entry,) = [e for e in plan if e["mapping"] == "customers"]
    assert entry["target"] == "bc" and entry["fields"]["number"] == [None, "to be assigned"]


def test_a_rehearsal_of_changes_shows_what_the_timers_would_do():
    world, customer, account = a_coupled_customer(phoneNumber="1")
    world.bc.edit("customers", customer, phoneNumber="2")
    add_customer(world, "C2")

    run, plan = world.rehearse("customers", changes=True)

    assert [(e["action"], e["fields"]) for e in plan] == [("update", {"phone": ["1", "2"]})]
    line = next(e for e in run["lines"] if e["mapping"] == "customers")
    assert line["to_sales"]["ignored"] == 1, "between full synchronizations nothing is created"


@pytest.mark.parametrize("name", ["Couplings", "Plans", "Runs"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("turn", [1, 2, 4])
def test_a_rehearsal_that_dies_anywhere_shows_the_same_plan_H26(name, moment, turn):
    calm = a_mixed_company(limits=Limits(page=2))
    expected, plan = calm.rehearse()
    world = a_mixed_company(limits=Limits(page=2))
    count = [0]

    def dies(when: str, call: str) -> bool:
        count[0] += when == moment and name in call
        return count[0] == turn and when == moment and name in call

    world.crash_when(dies)
    run, again = world.rehearse()

    assert sorted(map(str, again)) == sorted(map(str, plan))
    assert [e["to_sales"] for e in run["lines"]] == [e["to_sales"] for e in expected["lines"]]


def test_people_and_timers_go_on_while_a_rehearsal_runs_H26():
    world, customer, _ = a_coupled_customer(phoneNumber="1")
    world.app.api.start_full_sync({"rehearse": True})
    world.bc.edit("customers", customer, phoneNumber="2")

    world.tick("customers")

    assert world.sales.show("accounts", world.coupled("customers")[customer])["telephone1"] == "2"


def test_the_forecast_counts_requests_and_minutes_at_the_limits():
    world = a_company()
    for n in range(250):
        add_customer(world, f"C{n}")

    run, plan = world.rehearse()

    sales = run["forecast"]["sales"]
    assert sales["records"] == len([e for e in plan if e["target"] == "sales"]) >= 250
    assert sales["rows"] >= sales["records"], "a product takes several rows"
    assert sales["requests"] >= 3 and sales["minutes"] >= 0


def test_the_plan_of_a_run_in_earnest_does_not_exist():
    from shared.engine.admin import ApiProblem

    world = a_company()
    run = world.full_sync("currencies")
    with pytest.raises(ApiProblem) as problem:
        world.app.api.plan(run["id"])
    assert problem.value.status == 404


def test_what_a_rehearsal_noted_of_couplings_is_gone_when_it_ends_H26():
    world = a_mixed_company()
    run, _ = world.rehearse()

    overlay = world.app.ports.overlay(run["id"])
    assert all(list(overlay.stream(m)) == [] for m in world.mappings)


def test_a_rehearsal_costs_no_request_per_record_H26_H28():
    spent = []
    for customers in (100, 900):
        world = a_company()
        for n in range(customers):
            add_customer(world, f"C{n}")
        before = world.app.ports.requests()
        world.rehearse()
        after = world.app.ports.requests()
        spent.append({side: after[side] - before[side] for side in after})

    more = {side: spent[1][side] - spent[0][side] for side in spent[0]}
    assert more["bc"] <= 2 and more["sales"] <= 2
    # 800 would-be couplings of two rows each, written and taken away again, 100 rows to a transaction.
    assert more["tables"] <= 2 * 2 * 800 / 100 + 12


def test_a_line_that_would_change_hands_is_told_as_an_update_of_the_same_line_H19_H26():
    world = a_shop()
    add_price(world, "old")
    tomorrow = (world.clock.now().date() + timedelta(days=1)).isoformat()
    add_price(world, "new", startingDate=tomorrow, unitPrice=80)
    world.full_sync()
    world.clock.advance(timedelta(days=1))

    _, plan = world.rehearse("sales_prices")

    [told] = plan
    assert (told["action"], told["fields"]["amount"][1]) == ("update", "80")


def test_a_rehearsal_of_one_mapping_leaves_no_would_be_coupling_of_another_H26():
    world = a_company()
    customer = add_customer(world, primaryContactId=an_id("contact K1"))
    world.full_sync()
    add_contact(world, "K1", customer)

    run, _ = world.rehearse("contacts")

    overlay = world.app.ports.overlay(run["id"])
    assert [m for m in world.mappings if [*overlay.stream(m)]] == []


def sales_prices_of(run: dict) -> dict:
    return next(e for e in run["lines"] if e["mapping"] == "sales_prices")["to_sales"]


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_a_price_whose_line_an_earlier_page_would_make_counts_as_in_the_run_H19_H26(page):
    world = a_shop(limits=Limits(page=page))
    for n in range(3):
        # The price valid today comes last, on a page of its own.
        add_price(world, f"W{n}", startingDate=f"2026-01-0{n + 1}", unitPrice=80 - n)

    rehearsed, plan = world.rehearse()
    run = world.full_sync()

    assert sales_prices_of(rehearsed) == sales_prices_of(run)
    assert [e["action"] for e in plan if e["mapping"] == "sales_prices"] == ["create"]


def test_a_price_in_another_currency_than_its_list_would_have_is_held_as_in_the_run_H26():
    world = a_shop()
    add_currency(world, "EUR")
    add_price(world, "euro", number="1001", currencyId=an_id("currency EUR"), currencyCode="EUR")
    add_item(world, "1001")

    rehearsed, plan = world.rehearse()
    run = world.full_sync()

    assert sales_prices_of(rehearsed) == sales_prices_of(run)
    [held] = [e for e in plan if e["mapping"] == "sales_prices" and e["action"] == "hold"]
    assert "its price list in another currency" in held["reason"]
