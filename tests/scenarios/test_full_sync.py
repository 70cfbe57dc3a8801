"""Full synchronizations, told as stories (P1–P4, P15–P22, P25, P36, P38–P41, P47)."""

import pytest

from sandbox.world import GBP
from tests.scenarios.builders import (
    SALESPERSON,
    USER,
    ZERO,
    a_company,
    a_coupled_customer,
    account_of,
    add_account,
    add_contact,
    add_currency,
    add_customer,
    add_sales_contact,
    an_id,
    line,
)


def test_a_full_synchronization_brings_a_company_into_an_empty_sales_P2_P3_P38():
    world = a_company()
    customer = add_customer(world, "10000", name="Adatum", city="Rome", phoneNumber="1", creditLimit=500)
    contact = add_contact(world, "K1", customer, email="ann@contoso.com")

    run = world.full_sync()

    assert run["state"] == "finished"
    account = account_of(world, customer)
    assert (account["name"], account["address1_city"], account["telephone1"]) == ("Adatum", "Rome", "1")
    assert account["customertypecode"] == 3 and account["creditlimit"] == 500
    twin = world.sales.show("contacts", world.coupled("contacts")[contact])
    assert twin["emailaddress1"] == "ann@contoso.com"
    assert twin["_parentcustomerid_value"] == world.coupled("customers")[customer]


def test_a_second_full_synchronization_writes_nothing():
    world = a_company()
    customer = add_customer(world)
    add_contact(world, "K1", customer)
    world.full_sync()
    written = world.written()

    run = world.full_sync()

    assert world.written() == written
    assert line(run, "customers")["to_sales"]["unchanged"] == 1
    assert line(run, "customers")["from_sales"]["unchanged"] == 1


def test_no_line_begins_before_all_it_depends_on_is_done_P36_P39():
    world = a_company()
    add_contact(world, "K1", add_customer(world))
    run = world.app.api.start_full_sync({})["run"]
    begun: list[str] = []
    while world.step():
        states = {e["mapping"]: e["state"] for e in world.app.api.run(run)["lines"]}
        for entry in world.app.api.run(run)["lines"]:
            if entry["state"] == "pending" or entry["mapping"] in begun:
                continue
            begun.append(entry["mapping"])
            waits = {needed: states[needed] for needed in entry["depends_on"]}
            assert set(waits.values()) <= {"finished"}, f"{entry['mapping']} began: {waits}"

    shown = [e["mapping"] for e in world.app.api.run(run)["lines"]]
    assert set(begun) == set(shown)
    for earlier, later in (
        ("salespeople", "customers"),
        ("currencies", "customers"),
        ("customers", "contacts"),
        ("units_of_measure", "items"),
        ("units_of_measure", "resources"),
        ("customer_price_groups", "sales_prices"),
        ("sales_prices", "posted_sales_invoices"),
    ):
        assert shown.index(earlier) < shown.index(later)


def test_each_mapping_works_from_its_own_queue_and_messages_start_the_next_P47():
    world = a_company()
    customer = add_customer(world)
    add_contact(world, "K1", customer)
    world.app.api.start_full_sync({})
    came: list[str] = []
    while world.step():
        for name in world.mappings:
            if name not in came and world.queue.peek(f"sync-{name}"):
                came.append(name)
                for needed in world.mappings[name].depends_on:
                    assert not world.queue.peek(f"sync-{needed}"), "its dependencies are done"

    assert set(came) == set(world.app.ports.mappings)
    assert came.index("contacts") > came.index("customers") > came.index("salespeople")
    assert world.coupled("customers") and world.coupled("contacts")


def test_the_review_shows_each_lines_status_and_counts_that_add_up_P41():
    world = a_company()
    add_customer(world, "C1")
    add_customer(world, "C2", blocked="All")
    for n in range(2):
        add_account(world, f"A{n}", customertypecode=10)
    run = world.full_sync()

    for entry in run["lines"]:
        assert entry["state"] == "finished"
        for side in ("to_sales", "from_sales"):
            tally = dict(entry[side])
            assert tally.pop("read") == sum(tally.values())
    assert line(run, "customers")["to_sales"]["created"] == 1
    assert line(run, "customers")["to_sales"]["ignored"] == 1
    # To and from are counted apart: two customers were read there, and three accounts here.
    assert [line(run, "customers")[side]["read"] for side in ("to_sales", "from_sales")] == [2, 3]
    assert line(run, "customers")["from_sales"]["ignored"] == 2


def test_work_goes_on_in_both_systems_while_a_full_synchronization_runs_P40():
    world = a_company()
    first, second = add_customer(world, "C1"), add_customer(world, "C2")
    late = []

    def people_work() -> None:
        """The page is written and not remembered yet."""
        accounts = {row["name"]: id for id, row in world.sales.all("accounts").items()}
        world.bc.edit("customers", first, phoneNumber="42")
        world.sales.edit("accounts", accounts["Customer C2"], telephone1="43")
        late.append(add_customer(world, "C3"))

    world.once(
        lambda moment, name: (
            (moment, name) == ("after", "sales.create") and bool(world.sales.all("accounts"))
        ),
        people_work,
    )
    run = world.app.api.start_full_sync({})["run"]
    assert world.coupled("customers") == {}, "whoever starts it does not wait for it"
    world.run()
    world.tick("customers")

    assert world.app.api.run(run)["state"] == "finished"
    assert account_of(world, first)["telephone1"] == "42"
    assert world.bc.show("customers", second)["phoneNumber"] == "43"
    world.full_sync("customers")
    assert late[0] in world.coupled("customers") and world.held("customers") == []


def test_a_run_of_chosen_mappings_runs_only_those():
    world = a_company()
    run = world.full_sync("currencies", "salespeople")

    assert {e["mapping"] for e in run["lines"]} == {"currencies", "salespeople"}


def test_a_salesperson_is_coupled_to_the_enabled_licensed_user_with_the_same_email_P1_P25():
    world = a_company()
    world.full_sync("salespeople")

    assert world.coupled("salespeople") == {SALESPERSON: USER}


def test_name_and_phone_of_the_user_come_to_the_salesperson_and_nothing_goes_back_P1():
    world = a_company()
    world.full_sync("salespeople")
    user = world.sales.show("systemusers", USER)

    world.sales.edit("systemusers", USER, fullname="John R. Roberts", mobilephone="+44 7")
    world.bc.edit("salespeople", SALESPERSON, jobTitle="Boss", phoneNumber="wrong")
    world.tick("salespeople")

    row = world.bc.show("salespeople", SALESPERSON)
    assert (row["name"], row["phoneNumber"], row["code"]) == ("John R. Roberts", "+44 7", "JR")
    assert world.sales.show("systemusers", USER) == user | {
        "fullname": "John R. Roberts",
        "mobilephone": "+44 7",
    }


@pytest.mark.parametrize(
    "user",
    [{"isdisabled": True}, {"islicensed": False}, {"isintegrationuser": True}],
    ids=["disabled", "without licence", "integration user"],
)
def test_a_user_who_does_not_qualify_is_not_coupled_P1_P25(user):
    world = a_company()
    world.sales.edit("systemusers", USER, **user)

    run = world.full_sync("salespeople")

    assert world.coupled("salespeople") == {}
    assert line(run, "salespeople")["from_sales"]["ignored"] == 1


def test_two_salespeople_with_the_same_email_are_held_and_never_guessed_H18():
    world = a_company()
    world.bc.add("salespeople", an_id("twin"), code="TW", name="Twin", email="jr@contoso.com")

    world.full_sync("salespeople")

    assert world.coupled("salespeople") == {}
    assert "match" in world.held("salespeople")[0]["reason"]


def test_the_owner_of_an_account_is_the_user_of_its_salesperson_P20():
    world, customer, _ = a_coupled_customer()

    assert account_of(world, customer)["_ownerid_value"] == USER


def test_a_customer_waits_until_its_salesperson_is_coupled_and_then_goes_by_itself_P20_H14():
    world = a_company()
    newcomer = an_id("salesperson NEW")
    world.bc.add("salespeople", newcomer, code="NEW", name="New", email="new@contoso.com")
    customer = add_customer(world, "C9", salespersonId=newcomer)
    run = world.full_sync()
    assert line(run, "customers")["to_sales"]["waiting"] == 1
    held = world.held("customers")
    assert held[0]["kind"] == "waiting" and held[0]["awaits"]["mapping"] == "salespeople"

    world.sales.add(
        "systemusers",
        an_id("user NEW"),
        fullname="New",
        internalemailaddress="new@contoso.com",
        isdisabled=False,
        islicensed=True,
        isintegrationuser=False,
        applicationid=None,
    )
    world.tick("salespeople")

    assert account_of(world, customer)["_ownerid_value"] == an_id("user NEW")
    assert world.held("customers") == []


def test_currencies_go_to_sales_by_iso_code_with_their_rate_P4_P22():
    world = a_company()
    euro = add_currency(world, "EUR", rate=80)
    world.bc.edit("currencies", euro, description="Euro", symbol="€")

    world.full_sync("currencies")

    row = world.sales.show("transactioncurrencies", world.coupled("currencies")[euro])
    assert (row["isocurrencycode"], row["currencyname"], row["currencysymbol"]) == ("EUR", "Euro", "€")
    assert float(row["exchangerate"]) == pytest.approx(1.25)


@pytest.mark.parametrize("code", ["XBARTER", "XYZ"], ids=["too long", "of three letters"])
def test_a_currency_without_iso_code_is_not_synchronized_and_its_customers_are_held_P22_H21(code):
    world = a_company()
    odd = add_currency(world, code)
    add_customer(world, "C7", currencyId=odd, currencyCode=code)

    run = world.full_sync()

    assert odd not in world.coupled("currencies")
    assert line(run, "customers")["to_sales"]["held"] == 1
    assert world.held("customers")[0]["kind"] == "held"


def test_a_blank_currency_is_the_local_one_on_both_sides_H21():
    world, customer, account = a_coupled_customer()
    assert account_of(world, customer)["_transactioncurrencyid_value"] == GBP

    world.sales.edit(
        "accounts", account, _transactioncurrencyid_value=world.coupled("currencies")[an_id("currency EUR")]
    )
    world.tick("customers")

    assert world.bc.show("customers", customer)["currencyId"] == an_id("currency EUR")


def test_payment_terms_are_coupled_to_the_option_with_the_same_label_P15():
    world = a_company()
    customer = add_customer(world, "C1", paymentTermsId=an_id("terms 14 DAYS"))

    world.full_sync()

    assert account_of(world, customer)["paymenttermscode"] == 1


@pytest.mark.peer("mapping-customer-004")
def test_shipment_methods_and_agents_are_options_of_the_account_too_P16_P17():
    world = a_company()
    world.bc.add("shipmentMethods", an_id("EXW"), code="EXW", description="Ex works")
    world.bc.add("shippingAgents", an_id("DHL"), code="DHL", name="DHL")
    world.sales.add("account.address1_freighttermscode", "7", value=7, label="exw")
    world.sales.add("account.address1_shippingmethodcode", "2", value=2, label="DHL")
    customer = add_customer(world, "C1", shipmentMethodId=an_id("EXW"), shippingAgentId=an_id("DHL"))

    world.full_sync()

    account = account_of(world, customer)
    assert (account["address1_freighttermscode"], account["address1_shippingmethodcode"]) == (7, 2)


def test_a_code_without_option_leaves_the_option_empty_and_the_rest_travels_P18():
    world = a_company()
    customer = add_customer(world, "C1", paymentTermsId=an_id("terms 1M(8D)"), city="Oslo")

    run = world.full_sync()

    account = account_of(world, customer)
    assert account.get("paymenttermscode") is None and account["address1_city"] == "Oslo"
    assert line(run, "payment_terms")["to_sales"]["ignored"] == 1
    written = world.written()
    world.full_sync()
    assert world.written() == written


def test_an_option_that_appears_later_is_filled_in_by_the_next_full_synchronization_H6():
    world = a_company()
    customer = add_customer(world, "C1", paymentTermsId=an_id("terms 1M(8D)"))
    world.full_sync()

    world.sales.add("account.paymenttermscode", "9", value=9, label="1M(8D)")
    world.full_sync("payment_terms")

    assert account_of(world, customer)["paymenttermscode"] == 9


def test_a_contact_without_customer_is_ignored_and_counted_P3_P21():
    world = a_company()
    add_contact(world, "K1", ZERO)
    add_contact(world, "K2", ZERO, type="Company")
    add_contact(world, "K3", add_customer(world), type="Company")

    run = world.full_sync()

    assert line(run, "contacts")["to_sales"]["ignored"] == 3
    assert world.coupled("contacts") == {}


@pytest.mark.peer("rules-contact-002")
def test_a_sales_contact_of_a_coupled_account_is_created_in_bc_P21():
    world, customer, account = a_coupled_customer()
    contact = add_sales_contact(world, "Bob", account)

    world.full_sync()

    bc = next(i for i, s in world.coupled("contacts").items() if s == contact)
    row = world.bc.show("contacts", bc)
    assert (row["type"], row["surname"], row["customerId"]) == ("Person", "Bob", customer)


@pytest.mark.parametrize("account", [None, "a competitor"])
def test_a_sales_contact_without_coupled_account_stays_in_sales_P3_P21(account):
    world = a_company()
    if account is not None:
        account = add_account(world, account, customertypecode=1)
    add_sales_contact(world, "Bob", account)

    run = world.full_sync()

    assert line(run, "contacts")["from_sales"]["ignored"] == 1 and world.bc.all("contacts") == {}
    assert world.held("contacts") == [], "it is nobody's to wait for"


@pytest.mark.parametrize(
    "account", [{"customertypecode": 1}, {"statecode": 1}], ids=["another type", "inactive"]
)
def test_only_active_accounts_of_type_customer_come_to_bc_P2_P20(account):
    world = a_company()
    add_account(world, "Acme", **account)

    run = world.full_sync()

    assert line(run, "customers")["from_sales"]["ignored"] == 1 and world.bc.all("customers") == {}


def test_an_account_becomes_a_customer_P2():
    world = a_company()
    account = add_account(world, "Acme", telephone1="7", emailaddress1="a@acme.com")

    world.full_sync()

    (bc,) = [i for i, s in world.coupled("customers").items() if s == account]
    row = world.bc.show("customers", bc)
    assert (row["name"], row["phoneNumber"], row["email"]) == ("Acme", "7", "a@acme.com")


def test_a_primary_contact_is_filled_in_the_same_run_H20():
    world = a_company()
    customer = add_customer(world, "C1", primaryContactId=an_id("contact K1"))
    add_contact(world, "K1", customer)

    run = world.full_sync()

    assert (
        account_of(world, customer)["_primarycontactid_value"]
        == world.coupled("contacts")[an_id("contact K1")]
    )
    assert line(run, "contacts")["wake_ups"]["updated"] == 1
    written = world.written()
    world.full_sync()
    assert world.written() == written


def test_two_filled_systems_are_matched_before_anything_is_created_H18():
    world = a_company()
    customer = add_customer(world, "C1", name="Fabrikam", postCode="1", city="Rome")
    account = add_account(world, "FABRIKAM", address1_postalcode="1", address1_city="Paris")

    run = world.full_sync()

    assert world.coupled("customers") == {customer: account}
    assert len(world.sales.all("accounts")) == 1
    conflicts = {f["field"]: (f["bc"], f["sales"]) for f in world.held("customers")[0]["fields"]}
    assert conflicts["city"] == ("Rome", "Paris")
    assert line(run, "customers")["to_sales"]["conflict"] + line(run, "customers")["to_sales"]["coupled"] == 1


def test_several_matches_are_held_and_none_is_created_H18():
    world = a_company()
    add_customer(world, "C1", name="Fabrikam", postCode="1")
    add_account(world, "Fabrikam", address1_postalcode="1")
    add_account(world, "fabrikam", accountid=an_id("another"), address1_postalcode="1")

    world.full_sync()

    assert world.coupled("customers") == {} and len(world.sales.all("accounts")) == 2
    assert "match" in world.held("customers")[0]["reason"]
