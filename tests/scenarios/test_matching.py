"""Coupling by matching (P14): fields, priority, case, ambiguity, preview."""

import json

import pytest

from sandbox.world import World
from shared.engine.admin import ApiProblem
from shared.engine.parts import Limits
from tests.scenarios.builders import a_company, add_account, add_contact, add_customer, line


def a_prepared_company(**options) -> World:
    world = a_company(**options)
    world.full_sync("salespeople", "currencies")
    return world


def match(world: World, mapping: str = "customers", **how) -> dict:
    run = world.app.api.match(mapping, how)["run"]
    world.run()
    return world.app.api.run(run)


def test_records_with_the_same_fields_are_coupled_and_nothing_is_created_P14():
    world = a_prepared_company()
    same, _ = add_customer(world, "C1", name="Adatum"), add_customer(world, "C2", name="Fabrikam")
    account = add_account(world, "ADATUM", address1_postalcode="GB-N16 34Z")
    add_account(world, "Northwind")

    run = match(world)

    assert world.coupled("customers") == {same: account}
    assert len(world.sales.all("accounts")) == 2 and len(world.bc.all("customers")) == 2
    tally = line(run, "customers")["to_sales"]
    assert (tally["conflict"], tally["ignored"]) == (1, 1), "the name is written differently"
    assert line(run, "customers")["reasons"] == {"nothing matches it": 1}


def test_fields_by_priority_the_first_group_that_finds_exactly_one_decides():
    world = a_prepared_company()
    customer = add_customer(world, "C1", name="Adatum", email="sales@adatum.com")
    by_mail = add_account(world, "Adatum Ltd", emailaddress1="sales@adatum.com")
    add_account(world, "Adatum")

    match(world, fields=[["email"], ["name"]])

    assert world.coupled("customers") == {customer: by_mail}


@pytest.mark.parametrize(("exact", "coupled"), [(False, 1), (True, 0)])
def test_case_matters_only_when_asked_for(exact, coupled):
    world = a_prepared_company()
    add_customer(world, "C1", name="Adatum")
    add_account(world, "ADATUM")

    match(world, fields=[["name"]], exact=exact)

    assert len(world.coupled("customers")) == coupled


def test_what_matches_several_records_is_listed_and_never_guessed():
    world = a_prepared_company()
    add_customer(world, "C1", name="Adatum")
    for n in range(2):
        world.sales.edit("accounts", add_account(world, f"A{n}"), name="Adatum")

    run = match(world, fields=[["name"]])

    assert world.coupled("customers") == {} and line(run, "customers")["to_sales"]["held"] == 1
    assert "2 records match" in world.held("customers")[0]["reason"]


def test_two_records_that_match_the_same_one_are_both_listed_and_never_guessed():
    world = a_prepared_company()
    for n in range(2):
        add_customer(world, f"C{n}", name="Adatum")
    add_account(world, "Adatum")

    match(world, fields=[["name"]])

    assert world.coupled("customers") == {} and len(world.held("customers")) == 2


def test_what_matches_nothing_is_created_when_asked_for():
    world = a_prepared_company()
    add_customer(world, "C1", name="Adatum")

    match(world, create=True)

    assert len(world.coupled("customers")) == 1 and len(world.sales.all("accounts")) == 1


def test_a_preview_lists_what_would_be_coupled_and_writes_nothing():
    world = a_prepared_company()
    customer = add_customer(world, "C1", name="Adatum", phoneNumber="1")
    account = add_account(world, "Adatum", telephone1="2")
    before = world.written(), world.bc.all("customers"), world.sales.all("accounts")

    run = match(world, preview=True)
    plan = world.app.api.plan(run["id"])["value"]

    assert (world.written(), world.bc.all("customers"), world.sales.all("accounts")) == before
    assert world.coupled("customers") == {} and world.held() == []
    couple = next(e for e in plan if e["action"] == "couple")
    assert couple["id"] == customer and account in couple["reason"]
    assert next(e for e in plan if e["action"] == "conflict")["problems"]


def test_coupled_records_are_passed_over_and_uncoupled_ones_stay_apart_H8():
    world = a_prepared_company()
    customer = add_customer(world, "C1", name="Adatum")
    account = add_account(world, "Adatum")
    match(world)
    world.act("customers", "uncouple", side="bc", id=customer)

    run = match(world)

    assert world.coupled("customers") == {} and account in world.sales.all("accounts")
    assert line(run, "customers")["to_sales"]["unchanged"] == 1


def test_many_pages_are_matched_in_one_run():
    world = a_prepared_company(limits=Limits(page=2))
    for n in range(7):
        add_customer(world, f"C{n}", name=f"Adatum {n}")
        add_account(world, f"Adatum {n}")

    match(world, fields=[["name"]])

    assert len(world.coupled("customers")) == 7


@pytest.mark.parametrize(
    ("mapping", "how", "said"),
    [
        ("customers", {"fields": [["telephone"]]}, "no field 'telephone'"),
        ("customers", {"fields": [[]]}, "lists of field names"),
        ("customers", {"fields": ["name"]}, "lists of field names"),
        ("customers", {"fields": [["owner", "name"]]}, "cannot be looked up by 'owner'"),
        ("customers", {"by": "name"}, "unknown field 'by'"),
        ("customers", {"exact": "yes"}, "'exact' must be true or false"),
    ],
)
def test_a_wrong_wish_is_refused_with_the_reason(mapping, how, said):
    world = a_company()
    with pytest.raises(ApiProblem) as problem:
        world.app.api.match(mapping, how)
    assert said in problem.value.detail


def test_a_wrong_match_message_is_set_aside_with_its_reason():
    world = a_company()
    body = {"action": "start", "mappings": ["customers", "contacts"], "match": {"fields": "name"}}

    world.send("full-sync", json.dumps(body).encode())
    world.run()

    (told,) = world.app.api.status()["rejected"]
    assert "exactly one mapping" in told["reason"] and "'fields' must be a list" in told["reason"]


def test_a_page_costs_no_more_the_more_contacts_of_one_name_there_are_H18():
    world = a_prepared_company(limits=Limits(page=10))
    for n in range(30):
        customer = add_customer(world, f"C{n}", name=f"Customer {n}")
        add_contact(world, f"P{n}", customerId=customer, surname="Smith", firstName="Ann", email="")
    found: list[int] = []
    find = world.sales.find

    def counted(table, column, values):
        rows = find(table, column, values)
        found.append(len(rows) if table.name == "contacts" else 0)
        return rows

    world.sales.find = counted
    world.full_sync("customers", "contacts")

    assert len(world.coupled("contacts")) == 30
    assert found and max(found) == 0, "nobody of the same company is there, however many have the same name"
