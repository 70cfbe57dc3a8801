"""The small print, clause by clause (H30)."""

from datetime import timedelta

import pytest

from shared.core.convert import Boolean
from shared.core.mapping import FieldMap
from shared.engine.parts import Limits
from shared.mappings import BY_NAME
from tests.scenarios.builders import (
    SALESPERSON,
    USER,
    ZERO,
    a_company,
    a_coupled_customer,
    account_of,
    add_account,
    add_contact,
    add_customer,
    add_sales_contact,
    an_id,
    line,
)


def a_coupled_contact():
    """A world with a customer, its account and a person of both: world, customer, contact, twin's id."""
    world = a_company()
    customer = add_customer(world)
    contact = add_contact(world, "K1", customer)
    world.full_sync()
    return world, customer, contact, world.coupled("contacts")[contact]


# --- blanks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "blank"),
    [
        pytest.param("phoneNumber", "telephone1", "", id="empty text"),
        pytest.param("creditLimit", "creditlimit", 0, id="0"),
        pytest.param("paymentTermsId", "paymenttermscode", ZERO, id="zero GUID of an option"),
        pytest.param("primaryContactId", "_primarycontactid_value", ZERO, id="zero GUID of a reference"),
    ],
)
def test_a_blank_of_bc_is_null_in_sales_and_neither_is_a_change_H30(ours, theirs, blank):
    world, customer, account = a_coupled_customer(**{ours: blank})
    assert account_of(world, customer).get(theirs) is None
    written = world.written()

    world.sales.edit("accounts", account, **{theirs: None})
    world.bc.edit("customers", customer, **{ours: blank})
    world.tick("customers")
    world.full_sync("customers")

    assert world.written() == written and world.held() == []


def test_emptying_a_field_empties_it_on_the_other_side_in_that_sides_own_blank_H30():
    world, customer, account = a_coupled_customer(
        phoneNumber="1", city="Rome", paymentTermsId=an_id("terms 14 DAYS")
    )

    world.sales.edit("accounts", account, telephone1=None, paymenttermscode=None)
    world.bc.edit("customers", customer, city="")
    world.tick("customers")

    row = world.bc.show("customers", customer)
    assert (row["phoneNumber"], row["paymentTermsId"]) == ("", ZERO)
    assert account_of(world, customer)["address1_city"] is None


def test_false_is_a_value_and_travels_H30():
    on_hold = FieldMap(name="on_hold", bc="privacyBlocked", sales="creditonhold", converter=Boolean())
    world = a_company(customers={"fields": (*BY_NAME["customers"].fields, on_hold)})
    customer = add_customer(world, privacyBlocked=True)
    world.full_sync()
    account = world.coupled("customers")[customer]
    assert account_of(world, customer)["creditonhold"] is True

    world.bc.edit("customers", customer, privacyBlocked=False)
    world.tick("customers")
    assert account_of(world, customer)["creditonhold"] is False

    world.sales.edit("accounts", account, creditonhold=True)
    world.tick("customers")
    world.sales.edit("accounts", account, creditonhold=False)
    world.tick("customers")
    assert world.bc.show("customers", customer)["privacyBlocked"] is False


# --- references ------------------------------------------------------------------------------------


def test_a_renamed_code_changes_nothing_but_the_code_H30():
    world, customer, contact, _ = a_coupled_contact()
    terms = an_id("terms 14 DAYS")
    world.bc.edit("customers", customer, paymentTermsId=terms)
    world.tick("customers")
    written, accounts = world.written(), world.sales.all("accounts")

    world.bc.edit("salespeople", SALESPERSON, code="JOHN")
    world.bc.edit("paymentTerms", terms, code="TWO WEEKS")
    world.bc.edit("customers", customer, number="R-1", salespersonCode="JOHN", paymentTermsCode="TWO WEEKS")
    world.bc.edit("contacts", contact, number="R-2")
    world.tick_all()
    world.full_sync()

    assert world.written() == written and world.sales.all("accounts") == accounts
    assert world.held() == [] and contact in world.coupled("contacts")


# --- a contact's company ---------------------------------------------------------------------------


def test_a_contact_that_moves_to_another_company_moves_on_the_other_side_too_H30():
    world, customer, contact, twin = a_coupled_contact()
    second = add_customer(world, "C2")
    world.full_sync()
    accounts = world.coupled("customers")

    world.bc.edit("contacts", contact, customerId=second)
    world.tick("contacts")
    assert world.sales.show("contacts", twin)["_parentcustomerid_value"] == accounts[second]

    world.sales.edit("contacts", twin, _parentcustomerid_value=accounts[customer])
    world.tick("contacts")
    assert world.bc.show("contacts", contact)["customerId"] == customer


def test_a_contact_that_moves_to_a_customer_who_is_not_coupled_waits_for_it_H30():
    world, _, contact, twin = a_coupled_contact()
    newcomer = add_customer(world, "NEW")

    world.bc.edit("contacts", contact, customerId=newcomer, phoneNumber="1")
    world.tick("contacts")
    (held,) = world.held("contacts")
    assert held["kind"] == "waiting" and held["awaits"]["id"] == newcomer
    world.full_sync("customers")

    row = world.sales.show("contacts", twin)
    assert row["_parentcustomerid_value"] == world.coupled("customers")[newcomer]
    assert row["telephone1"] == "1" and world.held() == []


@pytest.mark.parametrize("parent", ["an account that is not a customer", "another contact"])
def test_a_contact_under_something_that_is_not_a_coupled_account_is_outside_the_filter_H30(parent):
    world, _, _, twin = a_coupled_contact()
    other = add_account(world, "Rival", customertypecode=1)
    add_sales_contact(world, "Bob", other if parent.startswith("an account") else twin)

    run = world.full_sync()
    world.tick("contacts")

    assert line(run, "contacts")["from_sales"]["ignored"] == 1
    assert len(world.bc.all("contacts")) == 1 and world.held() == []


def test_a_contact_comes_into_the_filter_when_its_account_is_coupled_H30():
    world = a_company()
    account = add_account(world, "Rival", customertypecode=1)
    contact = add_sales_contact(world, "Bob", account)
    world.full_sync()

    world.sales.edit("accounts", account, customertypecode=3)
    world.full_sync("customers")
    world.full_sync("contacts")

    assert contact in world.coupled("contacts").values()


# --- what a person has to look at ------------------------------------------------------------------


@pytest.mark.parametrize("table", ["accounts", "contacts"])
def test_a_record_merged_away_in_sales_is_listed_and_blocks_nothing_in_bc_H30(table):
    world, customer, contact, twin = a_coupled_contact()
    mapping, bc = ("customers", customer) if table == "accounts" else ("contacts", contact)
    loser = world.coupled(mapping)[bc]
    before = world.bc.show(mapping, bc)

    # Sales sets the record that was merged away inactive.
    world.sales.edit(table, loser, merged=True, statecode=1, telephone1="0")
    world.tick(mapping)
    world.full_sync(mapping)

    (held,) = world.held(mapping)
    assert "merged" in held["reason"] and "uncouple" in held["reason"]
    assert world.bc.show(mapping, bc) == before and bc in world.coupled(mapping)


def test_a_record_merged_away_is_settled_by_uncoupling_and_coupling_with_the_other_H30():
    world, customer, account = a_coupled_customer()
    winner = add_account(world, "Winner", telephone1="5")
    world.sales.edit("accounts", account, merged=True, statecode=1)
    world.tick("customers")

    world.act("customers", "uncouple", side="bc", id=customer)
    world.act("customers", "couple", bc=customer, sales=winner, **{"from": "sales"})

    assert world.coupled("customers") == {customer: winner} and world.held() == []
    assert world.bc.show("customers", customer)["phoneNumber"] == "5"


def test_what_bc_refuses_of_a_record_born_in_sales_is_held_with_bcs_words_H30():
    world = a_company()
    account = add_account(world, "Acme")
    world.bc.refuse = lambda table, values: "Gen. Bus. Posting Group must have a value"

    world.full_sync()

    (held,) = world.held("customers")
    assert (held["side"], held["id"]) == ("sales", account) and "Posting Group" in held["reason"]


# --- the brake -------------------------------------------------------------------------------------


def a_company_with_ten_cities(**limits):
    world = a_company(limits=Limits(brake_floor=3, **limits))
    customers = [add_customer(world, f"C{n}", city="Rome") for n in range(10)]
    world.full_sync()
    return world, customers


@pytest.mark.parametrize("job", [timedelta(minutes=2), timedelta(0)], ids=["in one job", "a job to a page"])
def test_the_brake_counts_per_run_line_however_many_pages_and_jobs_it_takes_H30(job):
    world, customers = a_company_with_ten_cities(page=2, job=job)
    for customer in customers[:8]:
        world.bc.edit("customers", customer, city="Oslo")

    run = world.full_sync("customers")

    assert run["state"] == "failed" and "brake" in line(run, "customers")["message"]
    changed = [c for c in customers if account_of(world, c)["address1_city"] == "Oslo"]
    assert len(changed) == 4, "four of ten are less than half; the third page would have made it six"


def test_the_brake_is_not_pulled_by_a_page_full_of_changes_in_a_table_that_hardly_changed_H30():
    world, customers = a_company_with_ten_cities(page=4)
    for customer in customers[:4]:
        world.bc.edit("customers", customer, phoneNumber="1")
    # The others come first in the listing, or last: it makes no difference.
    for customer in customers[4:]:
        world.bc.edit("customers", customer, number=f"R{customer[:4]}")

    run = world.full_sync("customers")

    assert run["state"] == "finished"
    assert [account_of(world, c)["telephone1"] for c in customers[:4]] == ["1"] * 4


# --- waiting in incremental mode -------------------------------------------------------------------


def test_what_waits_for_something_that_only_a_full_synchronization_creates_says_so_H30():
    world, _, contact, _ = a_coupled_contact()
    newcomer = add_customer(world, "NEW")
    world.bc.edit("contacts", contact, customerId=newcomer)

    world.tick("customers")
    world.tick("contacts")

    (held,) = world.held("contacts")
    assert "only a full synchronization of customers would create it" in held["reason"]


def test_what_waits_for_something_that_comes_by_itself_does_not_send_for_a_full_synchronization_H30():
    world, customer, _ = a_coupled_customer()
    world.bc.add("salespeople", an_id("NEW"), code="NEW", name="New", email="new@contoso.com")
    world.bc.edit("customers", customer, salespersonId=an_id("NEW"))

    world.tick("customers")

    (held,) = world.held("customers")
    assert held["kind"] == "waiting" and "full synchronization" not in held["reason"]
    assert account_of(world, customer)["_ownerid_value"] == USER
