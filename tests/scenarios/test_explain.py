"""An administrator asks why: cause, since, next try, both values, and what would happen now."""

from datetime import timedelta

import pytest

from sandbox.world import World
from shared.core.errors import Transient
from shared.engine.admin import ApiProblem
from tests.scenarios.builders import (
    ZERO,
    a_company,
    a_coupled_customer,
    account_of,
    add_account,
    add_contact,
    add_customer,
    an_id,
)
from tests.scenarios.products import a_shop, add_price


def explain(world: World, side: str, id: str, mapping: str = "customers") -> dict:
    return world.app.api.explain(mapping, side, id)


def field(told: dict, name: str) -> dict:
    return next(f for f in told["fields"] if f["field"] == name)


def test_a_record_in_step_says_so_from_either_side():
    world, customer, account = a_coupled_customer(phoneNumber="1")

    for side, id in (("bc", customer), ("sales", account)):
        told = explain(world, side, id)
        assert told["state"] == "coupled" and told["now"]["outcome"] == "unchanged"
        assert told["coupling"]["bc"] == customer and told["coupling"]["sales"] == account
        assert told["records"]["bc"]["exists"] and told["records"]["sales"]["exists"]
        assert field(told, "phone") == {
            "field": "phone",
            "direction": "both",
            "bc": "1",
            "sales": "1",
            "agreed": {"bc": "1", "sales": "1"},
            "late": False,
        }
        assert told["next_try"] is None and told["held"] == []


def test_a_conflict_tells_both_values_and_what_was_agreed():
    world, customer, account = a_coupled_customer(phoneNumber="0")
    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", account, telephone1="2")
    world.tick("customers")

    told = explain(world, "sales", account)

    assert told["state"] == "conflict" and "phone" in told["cause"]
    assert told["since"] and told["next_try"]
    assert (field(told, "phone")["bc"], field(told, "phone")["sales"]) == ("1", "2")
    assert field(told, "phone")["agreed"] == {"bc": "0", "sales": "0"}
    assert told["now"]["outcome"] == "conflict" and "both sides" in told["now"]["reason"]


@pytest.mark.parametrize(
    ("differs", "now", "reason", "full"),
    [
        ({}, "ignored", "only coupled records", "created"),
        ({"blocked": "All"}, "ignored", "the customer is blocked", "ignored"),
        ({"salespersonId": an_id("nobody")}, "ignored", "only coupled records", "waiting"),
        ({"name": ""}, "ignored", "only coupled records", "held"),
    ],
)
def test_a_record_that_is_not_coupled_says_why_and_what_a_full_synchronization_would_do(
    differs, now, reason, full
):
    world = a_company()
    world.full_sync()
    customer = add_customer(world, **differs)

    told = explain(world, "bc", customer)

    assert told["state"] == "not coupled" and told["now"]["outcome"] == now
    assert told["in_full_sync"]["outcome"] == full, told["in_full_sync"]
    assert reason in told["now"]["reason"] or now == "ignored" and told["now"]["reason"]
    assert told["cause"] == told["now"]["reason"]


def test_a_record_that_would_be_coupled_by_matching_names_its_counterpart_H18():
    world = a_company()
    world.full_sync("salespeople", "currencies")
    customer, account = add_customer(world, name="Adatum"), add_account(world, "Adatum")

    told = explain(world, "bc", customer)

    couple, rest = told["in_full_sync"]["plan"]
    assert couple["action"] == "couple" and account in couple["reason"]
    assert rest["action"] == "conflict", "their addresses differ"


def test_explaining_writes_nothing_at_all_and_takes_no_lease():
    world = a_company()
    world.full_sync("salespeople", "currencies")
    customer = add_customer(world)
    add_account(world, "Customer C1")
    lease = world.app.ports.leases.acquire("customers", "a job at work", world.app.ports.limits.lease)
    wrote, written = [], world.written()
    transact = world.tables.transact
    world.tables.transact = lambda table, ops: wrote.append(table) or transact(table, ops)

    explain(world, "bc", customer)

    assert wrote == [] and world.written() == written
    assert world.run() == 0, "and sends no message"
    world.app.ports.leases.release(lease)


def test_a_waiting_record_names_what_it_waits_for():
    world = a_company()
    customer = add_customer(world, salespersonId=an_id("nobody"))
    world.full_sync()

    told = explain(world, "bc", customer)

    assert told["state"] == "waiting" and told["held"][0]["awaits"]["mapping"] == "salespeople"
    [awaited] = told["awaits"]
    assert (awaited["mapping"], awaited["side"], awaited["exists"]) == ("salespeople", "bc", False)
    assert awaited["cause"] == "it does not exist"


@pytest.mark.parametrize(
    ("differs", "cause"),
    [
        pytest.param({"blocked": "All"}, "the customer is blocked", id="outside the filter"),
        pytest.param(
            {"salespersonId": an_id("nobody")}, "salespersonId: the salespeople record", id="waiting itself"
        ),
        pytest.param({"name": ""}, "name is blank", id="held"),
        pytest.param({}, "a full synchronization would leave it: created", id="to be created"),
    ],
)
def test_what_a_record_waits_for_is_told_by_name_and_why_that_is_not_coupled(differs, cause):
    world = a_company()
    customer = add_customer(world, "C2", **differs)
    contact = add_contact(world, "K1", customer)
    world.full_sync("salespeople", "currencies", *(["customers"] if differs else []), "contacts")
    written = world.written()

    [awaited] = world.app.api.explain("contacts", "bc", contact)["awaits"]

    assert (awaited["mapping"], awaited["id"], awaited["label"]) == ("customers", customer, "C2")
    assert cause in awaited["cause"] and world.written() == written


def test_a_record_taken_apart_or_parked_by_a_person_says_so_H8():
    world, customer, account = a_coupled_customer()
    world.act("customers", "skip", side="bc", id=customer)
    assert explain(world, "sales", account)["state"] == "skipped"
    assert explain(world, "sales", account)["now"]["outcome"] == "ignored"

    world.act("customers", "uncouple", side="bc", id=customer)
    told = explain(world, "bc", customer)
    assert told["state"] == "uncoupled by a person" and told["now"]["reason"]


def test_a_record_whose_counterpart_was_deleted_says_so():
    world, customer, account = a_coupled_customer()
    world.sales.delete("accounts", account)
    world.tick("customers")

    told = explain(world, "bc", customer)

    assert told["records"]["sales"] == {"id": account, "exists": False, "label": "", "modified": None}
    assert told["state"] == "held" and told["cause"]


def test_a_record_that_exists_nowhere_is_a_problem():
    with pytest.raises(ApiProblem) as problem:
        explain(a_company(), "bc", an_id("nobody"))
    assert problem.value.status == 404


def test_what_is_known_is_told_although_the_reason_cannot_be_looked_up():
    world, customer, _ = a_coupled_customer()

    def fail() -> None:
        raise Transient("Dataverse asks to wait")

    world.app.api._explain._looking.setup.facts = fail

    told = explain(world, "bc", customer)

    assert told["state"] == "coupled" and told["now"]["outcome"] == "unknown"
    assert "asks to wait" in told["now"]["reason"]


# --- history -----------------------------------------------------------------------------------


def test_each_write_is_listed_with_before_and_after_per_field_newest_first():
    world, customer, account = a_coupled_customer(phoneNumber="1", city="Oslo")
    for n in range(2, 5):
        world.clock.advance(timedelta(minutes=5))
        world.bc.edit("customers", customer, phoneNumber=str(n))
        world.tick("customers")
    world.clock.advance(timedelta(minutes=5))
    world.sales.edit("accounts", account, address1_city="Bergen")
    world.tick("customers")

    written = world.app.api.history("customers", "sales", account)["value"]

    assert [(e["side"], e["fields"]) for e in written] == [
        ("bc", {"city": {"before": "Oslo", "after": "Bergen"}}),
        ("sales", {"phone": {"before": "3", "after": "4"}}),
        ("sales", {"phone": {"before": "2", "after": "3"}}),
        ("sales", {"phone": {"before": "1", "after": "2"}}),
    ]
    pages, after = [], None
    while True:
        page = world.app.api.history("customers", "bc", customer, limit=1, after=after)
        pages += page["value"]
        after = page["next"]
        if after is None:
            break
    assert pages == written


@pytest.mark.parametrize("after", ["yesterday", "2026-01-22"])
def test_history_goes_on_only_where_a_page_ended(after):
    world, customer, _ = a_coupled_customer()
    with pytest.raises(ApiProblem) as problem:
        world.app.api.history("customers", "bc", customer, after=after)
    assert problem.value.status == 400


# --- healing without anyone touching Tandem -----------------------------------------------------


def test_a_value_too_long_travels_when_it_is_shortened_in_the_system_it_came_from():
    world, customer, account = a_coupled_customer(contactName="Ann")
    world.sales.edit("accounts", account, address1_city="L" * 40)
    world.tick("customers")
    assert world.held("customers")

    world.sales.edit("accounts", account, address1_city="London")
    world.tick("customers")

    assert world.bc.show("customers", customer)["city"] == "London" and world.held() == []


@pytest.mark.parametrize("side", ["bc", "sales"])
def test_a_conflict_ends_when_a_person_enters_the_same_value_on_either_side(side):
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", account, telephone1="2")
    world.tick("customers")
    assert world.held("customers")

    if side == "bc":
        world.bc.edit("customers", customer, phoneNumber="2")
    else:
        world.sales.edit("accounts", account, telephone1="1")
    world.tick("customers")

    assert world.held() == []
    assert world.bc.show("customers", customer)["phoneNumber"] == account_of(world, customer)["telephone1"]


def test_a_record_that_waits_travels_when_the_other_record_appears_H14():
    world = a_company()
    customer = add_customer(world)
    contact = add_contact(world, "K1", an_id("customer C2"))
    world.full_sync()
    assert contact not in world.coupled("contacts")

    add_customer(world, "C2")
    world.full_sync("customers")
    world.tick("contacts")

    assert contact in world.coupled("contacts") and customer in world.coupled("customers")


def test_what_the_other_system_refuses_is_tried_again_by_itself_when_it_no_longer_does():
    world, customer, _ = a_coupled_customer(city="Oslo")
    world.sales.refuse = lambda table, values: "a plug-in says no" if "address1_city" in values else None
    world.bc.edit("customers", customer, city="Bergen")
    world.tick("customers")
    told = explain(world, "bc", customer)
    assert told["state"] == "held" and "a plug-in says no" in told["cause"] and told["next_try"]

    world.sales.refuse = lambda table, values: None
    world.clock.advance(timedelta(minutes=10))
    world.housekeeping()

    assert account_of(world, customer)["address1_city"] == "Bergen" and world.held() == []


def test_a_contact_without_a_company_is_outside_until_it_gets_one():
    world, customer, _ = a_coupled_customer()
    contact = add_contact(world, "K1", ZERO)
    world.full_sync()
    assert explain(world, "bc", contact, "contacts")["in_full_sync"]["outcome"] == "ignored"

    world.bc.edit("contacts", contact, customerId=customer)

    assert explain(world, "bc", contact, "contacts")["in_full_sync"]["outcome"] == "created"


def test_explaining_a_price_that_lost_its_line_leaves_the_list_of_held_records_alone_H19():
    world = a_shop()
    add_price(world, "base")
    add_price(world, "offer", startingDate=a_day(world, -3), unitPrice=50)
    world.full_sync()
    world.bc.delete("salesPrices", an_id("price offer"))
    world.tick("sales_prices")
    [held] = world.held("sales_prices")
    wrote = []
    transact = world.tables.transact
    world.tables.transact = lambda table, ops: wrote.append(table) or transact(table, ops)

    told = explain(world, "bc", an_id("price base"), "sales_prices")

    assert told["now"]["outcome"] == "updated" and wrote == []
    assert world.held("sales_prices") == [held]


def a_day(world: World, distance: int) -> str:
    return (world.clock.now().date() + timedelta(days=distance)).isoformat()
