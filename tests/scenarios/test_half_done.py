"""Pages and records that were only half done: what was done is remembered, what was not is not lost (H1, H20, H25)."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.in_memory.records import INTEGRATION
from sandbox.world import COMPANY, Crash
from shared.core.errors import Transient
from shared.core.mapping import OnConflict, OnDelete
from shared.core.model import Side, derived_id
from shared.engine.parts import Limits
from shared.engine.sync import ROUNDS
from tests.scenarios.builders import (
    a_company,
    a_coupled_customer,
    account_of,
    add_contact,
    add_customer,
    an_id,
    line,
)

# --- one record, two sides -------------------------------------------------------------------------


def test_what_one_side_took_is_remembered_although_the_other_refused_its_part_H25():
    world = a_company(customers={"on_conflict": OnConflict.BC_WINS})
    customer = add_customer(world)
    world.full_sync()
    account = world.coupled("customers")[customer]
    world.bc.refuse = lambda table, values: "no such address" if "email" in values else None
    world.bc.edit("customers", customer, city="Bergen")
    world.sales.edit("accounts", account, emailaddress1="new@contoso.com")
    world.tick("customers")
    assert account_of(world, customer)["address1_city"] == "Bergen"
    assert "no such address" in world.held("customers")[0]["reason"]

    world.sales.edit("accounts", account, address1_city="Oslo")
    world.tick("customers")
    world.bc.refuse = lambda table, values: None
    world.clock.advance(timedelta(hours=1))
    world.housekeeping()

    # Bergen was BC's word of before; Oslo is a new edit, and nobody in BC has contradicted it.
    assert account_of(world, customer)["address1_city"] == "Oslo"
    assert world.bc.show("customers", customer)["city"] == "Oslo"


def test_what_the_other_side_refused_travels_when_it_no_longer_does_H25():
    world, customer, account = a_coupled_customer()
    world.bc.refuse = lambda table, values: "no such address" if "email" in values else None
    world.bc.edit("customers", customer, city="Bergen")
    world.sales.edit("accounts", account, emailaddress1="new@contoso.com")
    world.tick("customers")
    world.bc.refuse = lambda table, values: None

    world.clock.advance(timedelta(minutes=6))
    world.housekeeping()

    assert world.bc.show("customers", customer)["email"] == "new@contoso.com"
    assert world.held("customers") == []


# --- created, and not remembered ------------------------------------------------------------------


def a_created_account_whose_answer_was_lost(differs=None, **policies):
    """Return a world, a customer, and the account that was made for it while nobody knows of it yet."""
    world = a_company(customers=policies)
    world.full_sync()
    customer = add_customer(world, **(differs or {}))
    world.sales.lost_answers = 1
    world.app.api.sync("customers", {"side": "bc", "ids": [customer], "create": True})
    world.step()
    [account] = world.sales.all("accounts")
    assert world.coupled("customers") == {}
    return world, customer, account


def test_what_a_person_enters_in_an_account_before_it_is_coupled_is_kept_and_travels_H1():
    world, customer, account = a_created_account_whose_answer_was_lost(on_conflict=OnConflict.BC_WINS)
    world.sales.edit("accounts", account, address1_line1="Ring Road, 9", telephone1="42")
    world.bc.edit("customers", customer, city="Bergen")

    world.run()
    world.tick("customers")

    assert world.coupled("customers") == {customer: account}
    shown = world.bc.show("customers", customer)
    assert (shown["address"], shown["phoneNumber"], shown["city"]) == ("Ring Road, 9", "42", "Bergen")
    assert account_of(world, customer)["address1_city"] == "Bergen"


def test_what_both_sides_enter_before_an_account_is_coupled_is_a_conflict_H1():
    world, customer, account = a_created_account_whose_answer_was_lost()
    world.sales.edit("accounts", account, address1_line1="Ring Road, 9")
    world.bc.edit("customers", customer, address="Dock Street, 2", city="Bergen")

    world.run()

    assert account_of(world, customer)["address1_city"] == "Bergen"
    [held] = world.held("customers")
    [problem] = held["fields"]
    assert (held["kind"], problem["field"]) == ("conflict", "address")
    assert (problem["bc"], problem["sales"]) == ("Dock Street, 2", "Ring Road, 9")


@pytest.mark.parametrize("policy", list(OnDelete))
def test_a_customer_deleted_before_its_account_is_coupled_goes_the_way_of_every_deletion_H1(policy):
    world, customer, account = a_created_account_whose_answer_was_lost(on_delete=policy)
    world.bc.delete("customers", customer)

    world.run()
    world.full_sync("customers", "contacts")

    assert list(world.sales.all("accounts")) == [account]
    if policy is OnDelete.RESTORE:
        assert list(world.coupled("customers").values()) == [account] and len(world.bc.all("customers")) == 1
    else:
        assert world.bc.all("customers") == {}
    kinds = [(h["kind"], h["reason"]) for h in world.held("customers")]
    deleted = ("held", "its counterpart in Business Central was deleted")
    assert kinds == ([deleted] if policy is OnDelete.HOLD else [])


def test_a_restored_account_whose_answer_was_lost_is_coupled_although_its_customer_is_gone_H1_H8():
    world = a_company(customers={"on_delete": OnDelete.RESTORE})
    customer = add_customer(world)
    world.full_sync()
    account = world.coupled("customers")[customer]
    world.sales.delete("accounts", account)
    world.sales.lost_answers = 1
    world.app.api.sync("customers", {"side": "bc", "ids": [customer]})
    world.step()
    [restored] = world.sales.all("accounts")
    world.bc.delete("customers", customer)

    world.run()

    [(again, twin)] = world.coupled("customers").items()
    assert (list(world.bc.all("customers")), twin) == ([again], restored) and world.held("customers") == []


def test_a_stranger_under_the_chosen_id_is_not_adopted_but_told_H1():
    world, customer, account = a_created_account_whose_answer_was_lost()
    world.sales.edit("accounts", account, name="A stranger")
    world.sales._rows["accounts"][account]["created_by"] = "people"

    world.run()

    [held] = world.held("customers")
    assert world.coupled("customers") == {} and "that Tandem did not create" in held["reason"]


def test_a_page_that_died_after_it_had_remembered_forgets_nothing_when_it_is_taken_up_H1():
    world = a_company(customers={"on_conflict": OnConflict.BC_WINS})
    world.full_sync()
    customer = add_customer(world)
    # The coupling is saved, its intent still there.
    world.crash_when(lambda when, name: (when, name) == ("after", "tables.transact:Couplings"))
    world.app.api.sync("customers", {"side": "bc", "ids": [customer], "create": True})
    world.step()
    [account] = world.sales.all("accounts")
    world.sales.edit("accounts", account, address1_line1="Ring Road, 9")
    world.sales._rows["accounts"][account]["modified_by"] = INTEGRATION
    world.heal()

    world.clock.advance(world.limits.lease)
    world.run()
    world.tick("customers")

    assert world.bc.show("customers", customer)["address"] == "Ring Road, 9"


def test_what_an_overtaken_worker_had_sent_is_nobodys_edit_H1_H11():
    world, customer, account = a_created_account_whose_answer_was_lost()
    # It arrived first, with what the customer showed a moment before.
    world.sales.edit("accounts", account, address1_line1="Old Road, 1")
    world.sales._rows["accounts"][account]["modified_by"] = INTEGRATION

    world.run()

    assert account_of(world, customer)["address1_line1"] == "Station Road, 21"
    assert world.bc.show("customers", customer)["address"] == "Station Road, 21"


def test_what_did_not_fit_into_an_account_is_told_as_that_when_it_is_adopted_H1_H3():
    world, customer, account = a_created_account_whose_answer_was_lost({"homePage": "x" * 250})
    world.sales.edit("accounts", account, telephone1="42")

    world.run()

    [held] = world.held("customers")
    [problem] = held["fields"]
    assert held["kind"] == "held" and "homePage" in held["reason"] and problem["sales"] is None
    assert world.bc.show("customers", customer)["phoneNumber"] == "42"


def test_what_had_no_counterpart_yet_is_filled_in_after_the_adoption_H1_H6_H20():
    contact = an_id("contact K1")
    world, customer, account = a_created_account_whose_answer_was_lost({"primaryContactId": contact})
    world.sales.edit("accounts", account, telephone1="42")
    world.run()
    add_contact(world, "K1", customer)

    world.full_sync("customers", "contacts")

    assert account_of(world, customer)["_primarycontactid_value"] == world.coupled("contacts")[contact]


def test_an_option_that_a_person_chooses_where_none_could_be_sent_is_kept_H1_H6():
    terms = {"paymentTermsId": an_id("terms 1M(8D)")}
    world, customer, account = a_created_account_whose_answer_was_lost(terms, on_conflict=OnConflict.BC_WINS)
    world.sales.edit("accounts", account, paymenttermscode=1)

    world.run()

    assert account_of(world, customer)["paymenttermscode"] == 1
    assert world.bc.show("customers", customer)["paymentTermsId"] == an_id("terms 14 DAYS")


def test_an_account_that_was_made_for_a_customer_who_left_the_filter_is_no_orphan_H1_H24():
    world, customer, account = a_created_account_whose_answer_was_lost()
    world.bc.edit("customers", customer, blocked="All")

    world.run()
    world.full_sync("customers", "contacts")

    assert world.coupled("customers") == {customer: account} and world.held("customers") == []


# --- pages ---------------------------------------------------------------------------------------


def test_repeating_a_page_does_not_pull_the_brake_that_the_page_had_passed_H1():
    world = a_company(limits=Limits(brake_floor=3))
    customers = [add_customer(world, f"C{n}", city="Rome") for n in range(20)]
    world.full_sync()
    # Eight of the twenty that are read: less than half. The page that is repeated has the eight only.
    for customer in customers[8:]:
        world.sales.edit("accounts", world.coupled("customers")[customer], fax="")
    for n, customer in enumerate(customers):
        world.bc.edit("customers", customer, **({"city": "Oslo"} if n < 8 else {"name": f"Customer C{n}"}))
    failures = [1]

    def unreachable(name):
        if name == "update" and failures:
            failures.pop()
            raise Transient("Sales cannot be reached")

    world.sales.before = unreachable
    world.tick("customers")

    assert world.app.api.status()["rejected"] == []
    assert [account_of(world, c)["address1_city"] for c in customers[:8]] == ["Oslo"] * 8


def test_a_forced_line_is_not_stopped_by_the_brake_when_its_page_is_repeated_H1():
    world = a_company(limits=Limits(brake_floor=3))
    customers = [add_customer(world, f"C{n}", city="Rome") for n in range(10)]
    world.full_sync()
    for customer in customers:
        world.bc.edit("customers", customer, city="")
    run = world.full_sync("customers")
    assert "brake" in line(run, "customers")["message"]
    world.crash_when(lambda when, name: (when, name) == ("before", "sales.update"))

    world.app.api.resume(run["id"], {"force": True})
    world.run()
    world.heal()

    assert world.app.api.run(run["id"])["state"] == "finished"
    assert [account_of(world, c)["address1_city"] for c in customers] == [None] * 10


CALLS = ["sales.create", "tables.transact:Couplings", "tables.transact:Intents", "tables.transact:Jobs"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_a_repeated_page_couples_fills_late_references_too_H20(call, moment):
    world = a_company()
    contact = an_id("contact K1")
    customer = add_customer(world, primaryContactId=contact)
    world.full_sync()
    add_contact(world, "K1", customer)
    world.crash_when(lambda when, name: when == moment and name.startswith(call))

    world.app.api.sync("contacts", {"side": "bc", "ids": [contact], "create": True})
    world.run()
    world.heal()

    assert account_of(world, customer)["_primarycontactid_value"] == world.coupled("contacts")[contact]


def test_a_late_reference_follows_whom_the_record_names_now_H20():
    world = a_company()
    customer = add_customer(world, primaryContactId=an_id("contact K1"))
    world.full_sync()
    world.bc.edit("customers", customer, primaryContactId=an_id("contact K2"), city="Bergen")
    world.tick("customers")
    add_contact(world, "K2", customer)

    world.app.api.sync("contacts", {"side": "bc", "ids": [an_id("contact K2")], "create": True})
    world.run()

    coupled = world.coupled("contacts")[an_id("contact K2")]
    assert account_of(world, customer)["_primarycontactid_value"] == coupled


# --- records that are gone -----------------------------------------------------------------------


@pytest.mark.parametrize("by", ["the timer", "housekeeping"])
def test_a_held_record_that_is_deleted_is_held_no_longer_H14(by):
    world = a_company()
    world.sales.refuse = lambda table, values: "no" if table == "accounts" else None
    customer = add_customer(world)
    world.full_sync()
    assert len(world.held("customers")) == 1

    world.bc.delete("customers", customer)
    if by == "the timer":
        world.tick("customers")
    else:
        world.clock.advance(timedelta(minutes=6))
        world.housekeeping()

    assert world.held("customers") == []


# --- two workers -----------------------------------------------------------------------------------


def test_an_uncoupling_that_somebody_was_faster_than_is_looked_at_again_H11():
    world = a_company(customers={"on_delete": OnDelete.UNCOUPLE})
    customer = add_customer(world)
    world.full_sync()
    world.sales.delete("accounts", world.coupled("customers")[customer])

    def somebody_saves():
        couplings = world.app.ports.couplings
        [found] = couplings.find("customers", Side.BC, [customer]).values()
        couplings.save([replace(found, outcome="seen by somebody")])

    world.once(lambda when, name: (when, name) == ("before", "tables.transact:Couplings"), somebody_saves)
    world.tick("customers")

    assert world.coupled("customers") == {}


def test_a_worker_that_was_overtaken_leaves_the_intent_of_the_other_alone_H1_H11():
    world = a_company()
    first, second = add_customer(world, "C1"), add_customer(world, "C2")
    world.full_sync()
    world.bc.edit("customers", first, city="Bergen")

    def overtakes():
        world.clock.advance(world.limits.lease + timedelta(seconds=1))
        world.bc.edit("customers", second, city="Oslo")
        other = world.start_app()
        world.crash_when(lambda when, name: (when, name) == ("before", "sales.update"))
        other.poll("customers", occurrence="later")
        with pytest.raises(Crash):
            other.run_message("sync-customers", b'{"kind":"poll"}')

    world.once(lambda when, name: (when, name) == ("after", "sales.update"), overtakes)
    world.app.run_message("sync-customers", b'{"kind":"poll"}')

    [left] = world.app.ports.intents.get("customers")
    assert left.ids == (second,)
    world.clock.advance(world.limits.lease)
    world.run()
    assert account_of(world, second)["address1_city"] == "Oslo"


def test_a_worker_that_was_overtaken_before_it_wrote_its_intent_leaves_that_of_the_other_H1_H11():
    world = a_company()
    world.full_sync()
    first, second = add_customer(world, "C1"), add_customer(world, "C2")

    def page_of(customer):
        return json.dumps({"side": "bc", "ids": [customer], "create": True}).encode()

    def overtakes():
        world.clock.advance(world.limits.lease + timedelta(seconds=1))
        other = world.start_app()
        world.crash_when(lambda when, name: (when, name) == ("after", "sales.create"))
        with pytest.raises(Crash):
            other.run_message("sync-customers", page_of(second))

    world.once(lambda when, name: (when, name) == ("after", "bc.get"), overtakes)
    world.app.run_message("sync-customers", page_of(first))

    [left] = world.app.ports.intents.get("customers")
    assert left.ids == (second,) and len(left.made) == 1


def test_a_record_that_keeps_changing_is_still_created_by_the_job_that_comes_later_H25():
    world = a_company()
    customer = add_customer(world)
    account = derived_id(company=COMPANY, mapping="customers", source=Side.BC, source_id=customer)
    rounds = []

    def comes_and_goes(name):
        if name == "create" and not rounds.count("end"):
            world.sales._put("accounts", account, {"name": "?"}, INTEGRATION, create=True)
            rounds.append("round")
        elif name == "get" and rounds and world.sales.show("accounts", account) and "end" not in rounds:
            world.sales.delete("accounts", account)
            if len(rounds) == ROUNDS:
                rounds.append("end")

    world.full_sync("salespeople", "currencies", "payment_terms")
    world.sales.before = comes_and_goes
    world.full_sync("customers")

    assert rounds == [*["round"] * ROUNDS, "end"]
    assert world.coupled("customers") == {customer: account}


def test_a_value_without_a_form_holds_its_record_and_not_its_page():
    world = a_company(overrides="customers: {fields: {inactive: {blank: write}}}")
    blocked, other = add_customer(world, "C1"), add_customer(world, "C2")
    world.full_sync()
    world.bc.edit("customers", blocked, blocked="All")
    world.bc.edit("customers", other, city="Bergen")

    world.tick("customers")

    assert account_of(world, other)["address1_city"] == "Bergen"
    [held] = world.held("customers")
    assert held["id"] == blocked and "is not set, and the other side has no form" in held["reason"]
