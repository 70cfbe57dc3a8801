"""What administrators do by hand: couple, uncouple, skip, retry, resolve (P14; H8, H10)."""

import json

import pytest

from sandbox.world import World
from shared.core.errors import Misconfigured
from shared.engine.admin import ApiProblem
from shared.engine.messages import REJECTED
from tests.scenarios.builders import (
    a_company,
    a_coupled_customer,
    account_of,
    add_account,
    add_customer,
    an_id,
)


def a_prepared_company() -> World:
    """Salespeople and currencies are coupled; customers are still to come."""
    world = a_company()
    world.full_sync("salespeople", "currencies")
    return world


# --- couple (P14) ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "bc", "sales"), [("bc", "1", "1"), ("sales", "2", "2"), ("compare", "1", "2")]
)
def test_the_person_who_couples_says_whose_values_come_first_P14(first, bc, sales):
    world = a_prepared_company()
    customer, account = add_customer(world, phoneNumber="1"), add_account(world, telephone1="2")

    job = world.act("customers", "couple", bc=customer, sales=account, **{"from": first})

    assert job["state"] == "finished" and world.coupled("customers") == {customer: account}
    assert world.bc.show("customers", customer)["phoneNumber"] == bc
    assert account_of(world, customer)["telephone1"] == sales
    assert bool(world.held("customers")) == (first == "compare")


def test_ids_in_capitals_are_the_same_ids_P14():
    world = a_prepared_company()
    customer, account = add_customer(world), add_account(world)

    job = world.act("customers", "couple", bc=customer.upper(), sales=account.upper(), **{"from": "bc"})

    assert job["state"] == "finished" and world.coupled("customers") == {customer: account}


def test_coupling_twice_changes_nothing_the_second_time_H10():
    world = a_prepared_company()
    customer, account = add_customer(world), add_account(world)
    world.act("customers", "couple", bc=customer, sales=account, **{"from": "bc"})
    written = world.written()

    again = world.act("customers", "couple", bc=customer, sales=account, **{"from": "sales"})

    assert again["state"] == "finished" and world.written() == written
    assert world.coupled("customers") == {customer: account}


@pytest.mark.parametrize("taken", ["bc", "sales"])
@pytest.mark.peer("coupling-004")
def test_a_record_that_is_coupled_is_not_coupled_a_second_time_P14(taken):
    world, customer, account = a_coupled_customer()
    other, free = add_customer(world, "C2"), add_account(world, "A2")
    pair = {"bc": customer, "sales": free} if taken == "bc" else {"bc": other, "sales": account}

    job = world.act("customers", "couple", **pair)

    assert job["state"] == "refused" and "is coupled to" in job["message"]
    assert world.coupled("customers") == {customer: account}


def test_two_administrators_who_couple_one_account_at_the_same_time_leave_one_coupling_P14():
    world = a_prepared_company()
    account = add_account(world)
    customers = [add_customer(world, f"C{n}") for n in range(2)]
    for customer in customers:
        world.app.api.act("customers", "couple", {"bc": customer, "sales": account})

    world.run()

    assert len(world.coupled("customers")) == 1
    states = [e["state"] for e in world.app.api.jobs("customers")["value"]]
    assert sorted(states) == ["finished", "refused"]


def test_a_record_that_is_not_there_is_not_coupled():
    world = a_prepared_company()
    customer = add_customer(world)

    job = world.act("customers", "couple", bc=customer, sales=an_id("nobody"))

    assert job["state"] == "refused" and "has no record" in job["message"]
    assert world.coupled("customers") == {}


def test_a_record_outside_the_filter_is_not_coupled_by_hand_and_the_reason_is_told_H24():
    world = a_prepared_company()
    customer, account = add_customer(world), add_account(world, customertypecode=10)

    job = world.act("customers", "couple", bc=customer, sales=account, **{"from": "bc"})

    assert job["state"] == "refused" and "is not of type Customer" in job["message"]
    assert world.coupled("customers") == {}


def test_a_pair_whose_account_leaves_the_filter_stays_coupled_and_coupling_it_again_changes_nothing_H24():
    world, customer, account = a_coupled_customer()
    world.sales.edit("accounts", account, customertypecode=10)

    job = world.act("customers", "couple", bc=customer, sales=account)

    assert job["state"] == "finished" and world.coupled("customers") == {customer: account}


# --- uncouple (H8) ---------------------------------------------------------------------------


def test_uncoupled_records_stay_and_are_not_coupled_again_by_themselves_H8():
    world, customer, account = a_coupled_customer(phoneNumber="1")

    job = world.act("customers", "uncouple", side="sales", id=account)
    world.bc.edit("customers", customer, phoneNumber="2")
    world.full_sync()

    assert job["tally"]["uncoupled"] == 1 and world.coupled("customers") == {}
    assert world.sales.show("accounts", account)["telephone1"] == "1"
    assert len(world.sales.all("accounts")) == 1


def test_a_person_may_couple_what_was_uncoupled_also_with_another_record_H8():
    world, customer, account = a_coupled_customer()
    world.act("customers", "uncouple", side="bc", id=customer)
    other = add_account(world, "A2")

    job = world.act("customers", "couple", bc=customer, sales=other, **{"from": "bc"})

    assert job["state"] == "finished" and world.coupled("customers") == {customer: other}
    assert world.sales.show("accounts", other)["name"] == "Customer C1"


def test_uncoupling_what_is_not_coupled_is_refused_with_the_reason():
    world = a_prepared_company()
    customer = add_customer(world)

    job = world.act("customers", "uncouple", side="bc", id=customer)

    assert job["state"] == "refused" and "is not coupled" in job["message"]


# --- skip and retry --------------------------------------------------------------------------


def test_a_parked_record_is_left_alone_in_both_directions_until_it_is_retried():
    world, customer, account = a_coupled_customer(phoneNumber="1", city="Oslo")
    world.act("customers", "skip", side="sales", id=account)

    world.bc.edit("customers", customer, phoneNumber="2")
    world.sales.edit("accounts", account, address1_city="Bergen")
    world.tick("customers")
    world.full_sync()
    world.housekeeping()

    assert world.sales.show("accounts", account)["telephone1"] == "1"
    assert world.bc.show("customers", customer)["city"] == "Oslo"
    assert world.held("customers")[0]["kind"] == "skipped"

    world.act("customers", "retry", side="bc", id=customer)

    assert world.sales.show("accounts", account)["telephone1"] == "2"
    assert world.bc.show("customers", customer)["city"] == "Bergen"
    assert world.held("customers") == []


def test_a_parked_record_that_is_not_coupled_is_not_created_and_is_counted():
    world = a_prepared_company()
    customer = add_customer(world)
    world.act("customers", "skip", side="bc", id=customer)

    run = world.full_sync()

    assert world.sales.all("accounts") == {}
    line = next(e for e in run["lines"] if e["mapping"] == "customers")
    assert line["to_sales"]["ignored"] == 1 and line["reasons"] == {"skipped by a person": 1}


def test_parking_a_held_record_remembers_why_it_was_held():
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", account, telephone1="2")
    world.tick("customers")

    world.act("customers", "skip", side="bc", id=customer)

    (held,) = world.held("customers")
    assert held["kind"] == "skipped" and "phone" in held["reason"] and "conflict" in held["reason"]


# --- resolve ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("use", "value"), [("bc", "1"), ("sales", "2")])
def test_a_conflict_is_resolved_in_favour_of_the_side_a_person_names(use, value):
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", account, telephone1="2")
    world.tick("customers")

    world.act("customers", "resolve", side="sales", id=account, use=use)

    assert world.bc.show("customers", customer)["phoneNumber"] == value
    assert account_of(world, customer)["telephone1"] == value
    assert world.held("customers") == []


def test_one_field_is_resolved_and_the_other_conflict_stays():
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, phoneNumber="1", city="Oslo")
    world.sales.edit("accounts", account, telephone1="2", address1_city="Bergen")
    world.tick("customers")

    world.act("customers", "resolve", side="bc", id=customer, use="sales", field="phone")

    assert world.bc.show("customers", customer)["phoneNumber"] == "2"
    assert world.bc.show("customers", customer)["city"] == "Oslo"
    (held,) = world.held("customers")
    assert [f["field"] for f in held["fields"]] == ["city"]


def test_what_has_changed_since_the_person_looked_is_not_overwritten_H25():
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", account, telephone1="2")
    world.tick("customers")
    (held,) = world.held("customers")
    saw = {f["field"]: f["sales"] for f in held["fields"]}
    world.sales.edit("accounts", account, telephone1="3")

    wish = {"side": "bc", "id": customer, "use": "bc"}
    job = world.act("customers", "resolve", **wish, seen=saw)

    assert job["state"] == "refused" and "phone of sales" in job["message"]
    assert "3" not in job["message"], "the job log holds no data of records"
    assert account_of(world, customer)["telephone1"] == "3"
    assert world.bc.show("customers", customer)["phoneNumber"] == "1"

    assert world.act("customers", "resolve", **wish, seen={"phone": "3"})["state"] == "finished"
    assert account_of(world, customer)["telephone1"] == "1" and world.held("customers") == []
    # Delivered once more it finds nothing to do, and nothing to refuse.
    assert world.act("customers", "resolve", **wish, seen={"phone": "3"})["state"] == "finished"


def test_what_a_person_saw_is_not_in_what_is_set_aside():
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", account, telephone1="+44 20 7946 0000")
    world.tick("customers")

    def forbidden(name: str) -> None:
        if name == "update":
            raise Misconfigured("the integration user lacks a right")

    world.sales.before = forbidden
    job = world.act(
        "customers", "resolve", side="bc", id=customer, use="bc", seen={"phone": "+44 20 7946 0000"}
    )

    assert job["state"] == "stopped"
    [aside] = world.queue.peek(REJECTED)
    assert b"resolve" in aside.body and b"7946" not in aside.body


def test_what_changes_while_it_is_resolved_is_not_overwritten_either_H25():
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", account, telephone1="2")
    world.tick("customers")
    world.once(
        lambda moment, name: (moment, name) == ("before", "sales.update"),
        lambda: world.sales.edit("accounts", account, telephone1="3"),
    )

    world.act("customers", "resolve", side="bc", id=customer, use="bc", seen={"phone": "2"})

    assert account_of(world, customer)["telephone1"] == "3"
    (held,) = world.held("customers")
    assert held["kind"] == "conflict" and held["fields"][0]["sales"] == "3"


def test_resolving_a_field_that_does_not_exist_is_refused():
    world, customer, _ = a_coupled_customer()

    job = world.act("customers", "resolve", side="bc", id=customer, use="bc", field="telephone")

    assert job["state"] == "refused" and "telephone" in job["message"]


# --- what is asked wrongly -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "arguments", "said"),
    [
        ("couple", {"bc": "b"}, "needs 'sales'"),
        ("couple", {"bc": "b", "sales": "s", "from": "both"}, "'from' must be one of"),
        ("resolve", {"side": "bc", "id": "b"}, "needs 'use'"),
        ("skip", {"side": "crm", "id": "b"}, "'side' must be one of"),
        ("uncouple", {"side": "bc", "id": 7}, "'id' must be a text"),
        ("uncouple", {"side": "bc", "id": "b", "force": True}, "unknown field 'force'"),
        ("erase", {}, "unknown action 'erase'"),
    ],
)
def test_a_wrong_wish_is_refused_at_once_and_as_a_message_it_is_set_aside(action, arguments, said):
    world = a_prepared_company()
    with pytest.raises(ApiProblem) as problem:
        world.app.api.act("customers", action, arguments)
    assert said in problem.value.detail

    message = {"kind": "action", "mapping": "customers", "action": action, "arguments": arguments}
    world.send("sync-customers", json.dumps(message).encode())
    world.run()
    assert said in world.app.api.status()["rejected"][0]["reason"]


def test_a_process_that_dies_while_it_couples_couples_once_H10():
    for moment in ("before", "after"):
        world = a_prepared_company()
        customer, account = add_customer(world), add_account(world, telephone1="2")
        world.crash_when(lambda when, name, moment=moment: when == moment and name == "sales.update")

        world.app.api.act("customers", "couple", {"bc": customer, "sales": account, "from": "bc"})
        world.run()

        assert world.coupled("customers") == {customer: account}
        assert account_of(world, customer)["name"] == "Customer C1"
        assert len(world.sales.all("accounts")) == 1
