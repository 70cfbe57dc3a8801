"""The peer's scenarios of its default mappings, and of values that travel (docs/peer-scenarios.md)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.world import World
from shared.core.errors import InvalidMapping, Misconfigured
from shared.core.mapping import EntityMapping, Table
from shared.mappings import BY_NAME
from shared.rules.currencies import LOCAL, rate
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
)
from tests.scenarios.peers.common import (
    a_prepared_company,
    add_salesperson,
    add_user,
    jobs_of,
    restart_with,
    sync_now,
    tick,
)
from tests.scenarios.products import add_unit, unit_id

ADDRESS = (
    "address1_line1 address1_line2 address1_postalcode address1_city address1_country "
    "address1_stateorprovince emailaddress1 fax websiteurl telephone1 transactioncurrencyid ownerid"
)
#: The columns of Sales that the peer's fields fill. What goes with a column (the type of an owner, the
#: unit of a product's group, the number of a line's product) is set with it, and is no field of Tandem's.
DEFAULTS = {
    "salespeople": ("mapping-salesperson-001", "from_sales", "internalemailaddress fullname mobilephone"),
    "customers": (
        "mapping-customer-001",
        "both",
        f"{ADDRESS} name address1_primarycontactname address1_freighttermscode address1_shippingmethodcode "
        "paymenttermscode creditlimit primarycontactid",
    ),
    "contacts": (
        "mapping-contact-001",
        "both",
        f"{ADDRESS} firstname middlename lastname mobilephone pager parentcustomerid",
    ),
    "currencies": ("mapping-currency-001", "to_sales", "isocurrencycode currencysymbol currencyname"),
    "units_of_measure": ("mapping-unit-001", "to_sales", "name"),
    "items": (
        "mapping-item-001",
        "both",
        "productnumber name price standardcost currentcost stockvolume stockweight vendorid vendorpartnumber "
        "quantityonhand defaultuomscheduleid",
    ),
    "resources": (
        "mapping-resource-001",
        "both",
        "productnumber name price standardcost currentcost vendorid quantityonhand defaultuomscheduleid",
    ),
    "customer_price_groups": ("mapping-pricelist-001", "to_sales", "name"),
    "sales_prices": ("mapping-pricelist-001", "to_sales", "pricelevelid productid pricingmethodcode amount"),
    "opportunities": (
        "mapping-opportunity-001",
        "both",
        "name parentcontactid parentaccountid ownerid estimatedvalue estimatedclosedate",
    ),
    "posted_sales_invoices": (
        "invoice-001",
        "to_sales",
        "invoicenumber ownerid transactioncurrencyid duedate datedelivered totalamountlessfreight totalamount "
        "discountamount shippingmethodcode paymenttermscode description "
        + " ".join(
            f"{kind}_{part}"
            for kind in ("shipto", "billto")
            for part in ("name", "line1", "line2", "city", "country", "postalcode", "stateorprovince")
        ),
    ),
}


def columns(mapping: EntityMapping) -> set[str]:
    filled = {f.sales for f in mapping.fields} | {name for name, _ in mapping.constants_sales}
    return filled | {name.removeprefix("_").removesuffix("_value") for name in filled}


@pytest.mark.peer(
    "mapping-salesperson-001",
    "mapping-customer-001",
    "mapping-contact-001",
    "mapping-currency-001",
    "mapping-unit-001",
    "mapping-item-001",
    "mapping-resource-001",
    "mapping-pricelist-001",
    "mapping-opportunity-001",
    "invoice-001",
)
@pytest.mark.parametrize("name", DEFAULTS)
def test_a_default_mapping_has_the_direction_and_the_fields_of_the_peer(name):
    _, direction, filled = DEFAULTS[name]
    mapping = BY_NAME[name]

    assert mapping.direction.value == direction
    assert set(filled.split()) - columns(mapping) == set()
    owner = next((f for f in mapping.fields if f.name == "owner"), None)
    assert owner is None or (owner.bc, owner.blank.value) == ("salespersonId", "keep")


@pytest.mark.peer("mapping-customer-001")
def test_customers_are_as_they_were_when_a_field_of_ones_own_is_taken_out_again():
    world = a_company()

    def shown() -> dict[str, Any]:
        [told] = [m for m in world.app.api.mappings()["value"] if m["mapping"] == "customers"]
        return told

    before = shown()
    own = "{bc: name2, sales: description, type: text, length: [50, 100], direction: to_sales}"
    restart_with(world, f"customers: {{fields: {{extra: {own}}}}}")
    assert [f["field"] for f in shown()["fields"]][-1] == "extra"
    restart_with(world, "")

    assert shown() == before
    assert before["direction"] == "both" and before["changed"] == [] and len(before["fields"]) >= 20
    assert BY_NAME["customers"].sales.key == "accountid"
    fields = {f["field"]: f for f in before["fields"]}
    assert (fields["owner"]["bc"], fields["owner"]["blank"]) == ("salespersonId", "keep"), "never empty"
    assert (fields["county"]["sales"], fields["county"]["blank"]) == ("address1_stateorprovince", "write")
    assert before["schedule"] == BY_NAME["customers"].schedule, "one timer"


@pytest.mark.peer("mapping-customer-002")
def test_the_country_of_a_customer_goes_both_ways():
    [country] = [f for f in BY_NAME["customers"].fields if f.bc == "countryRegionCode"]
    assert country.direction.value == "both"


@pytest.mark.peer("mapping-customer-014")
@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("shipping_agents", "address1_shippingmethodcode"),
        ("shipment_methods", "address1_freighttermscode"),
        ("payment_terms", "paymenttermscode"),
    ],
)
def test_an_option_mapping_goes_to_sales_and_is_kept_by_the_number_of_the_option(name, column):
    mapping = BY_NAME[name]

    assert (mapping.direction.value, len(mapping.fields)) == ("to_sales", 1)
    assert (mapping.sales.entity, mapping.sales.name, mapping.sales.key) == ("account", column, "value")


# --- values that travel ----------------------------------------------------------------------------


def a_coupled_contact(**differs) -> tuple[World, str, str]:
    world, customer, _ = a_coupled_customer()
    contact = add_contact(world, "K1", customer, **differs)
    world.full_sync("contacts")
    return world, contact, world.coupled("contacts")[contact]


@pytest.mark.parametrize(
    ("table", "bc", "sales", "value"),
    [
        pytest.param(
            "customers",
            "county",
            "address1_stateorprovince",
            "Texas",
            marks=pytest.mark.peer("mapping-customer-003"),
        ),
        pytest.param("contacts", "surname", "lastname", "New", marks=pytest.mark.peer("mapping-contact-002")),
        pytest.param(
            "contacts",
            "county",
            "address1_stateorprovince",
            "Texas",
            marks=pytest.mark.peer("mapping-contact-003"),
        ),
    ],
)
@pytest.mark.parametrize("side", ["bc", "sales"])
def test_a_value_travels_in_both_directions(table, bc, sales, value, side):
    world, mine, theirs = a_coupled_contact() if table == "contacts" else a_coupled_customer()
    there = "accounts" if table == "customers" else "contacts"
    if side == "bc":
        world.bc.edit(table, mine, **{bc: value})
    else:
        world.sales.edit(there, theirs, **{sales: value})

    assert sync_now(world, table, side, mine if side == "bc" else theirs) == {"read": 1, "updated": 1}

    assert world.bc.show(table, mine)[bc] == world.sales.show(there, theirs)[sales] == value


@pytest.mark.peer("mapping-contact-005")
@pytest.mark.parametrize("side", ["bc", "sales"])
def test_the_currency_of_a_contact_travels_in_both_directions(side):
    world, mine, theirs = a_coupled_contact()
    euro = an_id("currency EUR")
    if side == "bc":
        world.bc.edit("contacts", mine, currencyId=euro, currencyCode="EUR")
    else:
        money = world.coupled("currencies")[euro]
        world.sales.edit("contacts", theirs, _transactioncurrencyid_value=money)
    world.tick("contacts")

    assert world.bc.show("contacts", mine)["currencyId"] == euro
    shown = world.sales.show("contacts", theirs)["_transactioncurrencyid_value"]
    assert shown == world.coupled("currencies")[euro]


@pytest.mark.peer("mapping-contact-006")
def test_no_currency_in_sales_is_a_blank_currency_in_bc():
    world, mine, theirs = a_coupled_contact(currencyId=an_id("currency EUR"), currencyCode="EUR")
    assert world.sales.show("contacts", theirs)["_transactioncurrencyid_value"]

    world.sales.edit("contacts", theirs, _transactioncurrencyid_value=None)
    world.tick("contacts")

    assert world.bc.show("contacts", mine)["currencyId"] in (ZERO, "", None)


@pytest.mark.peer("mapping-customer-006", "mapping-customer-007")
@pytest.mark.parametrize("side", ["bc", "sales"])
def test_a_coupled_primary_contact_is_that_of_the_other_side_too(side):
    world, customer, account = a_coupled_customer()
    contact = add_contact(world, "K1", customer)
    world.full_sync("contacts")
    twin = world.coupled("contacts")[contact]
    if side == "bc":
        world.bc.edit("customers", customer, primaryContactId=contact)
    else:
        world.sales.edit("accounts", account, _primarycontactid_value=twin)
    world.tick("customers")

    assert world.bc.show("customers", customer)["primaryContactId"] == contact
    assert account_of(world, customer)["_primarycontactid_value"] == twin


@pytest.mark.peer("rules-customer-002", "rules-customer-003", "rules-customer-005")
def test_an_account_that_a_team_owns_gets_the_user_of_the_salesperson():
    world, customer, account = a_coupled_customer()
    seller, user = add_salesperson(world, "PS"), add_user(world, "PS")
    world.full_sync("salespeople")
    world.sales.edit("accounts", account, _ownerid_value=an_id("team Sales"))
    world.bc.edit("customers", customer, salespersonId=seller)
    owner = next(
        f for f in world.app.api.explain("customers", "bc", customer)["fields"] if f["field"] == "owner"
    )
    assert owner["bc"] != owner["sales"]
    sent = []
    update = world.sales.update
    world.sales.update = lambda table, writes: sent.extend(writes) or update(table, writes)

    world.tick("customers")

    assert account_of(world, customer)["_ownerid_value"] == user
    owner = next(
        f for f in world.app.api.explain("customers", "bc", customer)["fields"] if f["field"] == "owner"
    )
    assert owner["bc"] == owner["sales"], "whoever asks is told who owns it"
    assert sent[0].values["ownerid@odata.bind"] == f"/systemusers({user})", "a user, not a team"


@pytest.mark.peer("rules-contact-003", "rules-contact-005")
@pytest.mark.parametrize("differs", [{"type": "Company"}, {"customerId": ZERO}], ids=["company", "of none"])
@pytest.mark.parametrize("coupled", [False, True])
def test_a_contact_outside_the_filter_is_left_alone_with_its_reason(differs, coupled):
    world, customer, account = a_coupled_customer()
    contact = add_contact(world, "K1", customer, **differs)
    if coupled:
        other = add_sales_contact(world, "Bob", account)
        world.act("contacts", "couple", bc=contact, sales=other, **{"from": "bc"})
    world.tick("contacts")
    written = world.written()
    world.bc.edit("contacts", contact, surname="Renamed")

    assert tick(world, "contacts")["bc"] == {"read": 1, "ignored": 1}

    assert world.written() == written and world.held("contacts") == []
    reason = world.app.api.explain("contacts", "bc", contact)["now"]["reason"]
    assert ("is a company" in reason) or ("belongs to no customer" in reason)


# --- currencies ------------------------------------------------------------------------------------


def money_of(world: World, code: str) -> dict:
    row = world.sales.show("transactioncurrencies", world.coupled("currencies")[an_id(f"currency {code}")])
    assert row is not None
    return row


@pytest.mark.peer("mapping-currency-002")
def test_a_currency_arrives_with_code_symbol_and_name():
    world = a_company()
    world.bc.edit("currencies", add_currency(world, "USD"), symbol="$", description="US dollar")
    world.full_sync("currencies")

    found = money_of(world, "USD")
    assert [found[c] for c in ("isocurrencycode", "currencysymbol", "currencyname")] == [
        "USD",
        "$",
        "US dollar",
    ]


@pytest.mark.peer("mapping-currency-003")
def test_with_symbol_and_name_off_only_the_code_is_written():
    world = restart_with(a_company(), "currencies: {fields: {symbol: off, description: off}}")
    world.bc.edit("currencies", add_currency(world, "USD"), symbol="$", description="US dollar")
    world.full_sync("currencies")

    found = money_of(world, "USD")
    assert found["isocurrencycode"] == "USD" and not {"currencysymbol", "currencyname"} & set(found)


@pytest.mark.parametrize(
    "precision",
    [pytest.param(2, marks=pytest.mark.peer("mapping-currency-004")), *(0, 1, 10)],
)
@pytest.mark.peer("mapping-currency-005")
def test_a_new_currency_has_its_code_and_the_decimals_of_the_organization(precision):
    world = a_company()
    world.facts = replace(world.facts, currency_precision=precision)
    world.app = world.start_app()
    add_currency(world, "USD")
    before = len(world.sales.all("transactioncurrencies"))

    run = world.full_sync("currencies")

    assert run["lines"][0]["to_sales"]["created"] == 2
    assert len(world.sales.all("transactioncurrencies")) == before + 2
    assert (money_of(world, "USD")["isocurrencycode"], money_of(world, "USD")["currencyprecision"]) == (
        "USD",
        precision,
    )


@pytest.mark.peer("mapping-currency-006")
def test_rates_between_currencies_come_from_their_rates_against_the_local_one():
    first, second = LOCAL / 12, LOCAL / 3

    assert rate(second, first) == 4, "of the second for one of the first"
    assert rate(first, first) == 1
    assert rate(LOCAL, first) == 12
    assert rate(LOCAL, LOCAL) == 1


@pytest.mark.peer("rules-currency-001")
def test_a_currency_without_a_rate_is_held_and_not_created():
    world = a_company()
    currency = add_currency(world, "USD", rate=0)
    before = len(world.sales.all("transactioncurrencies"))
    world.full_sync("currencies")

    assert currency not in world.coupled("currencies")
    assert len(world.sales.all("transactioncurrencies")) == before + 1, "the euro only"
    [held] = world.held("currencies")
    assert "no exchange rate" in held["reason"]


@pytest.mark.peer("rules-currency-002")
@pytest.mark.parametrize(("own", "base"), [(None, LOCAL), (LOCAL, None), (None, None)])
def test_there_is_no_rate_of_a_currency_that_is_not_known_and_a_blank_one_is_the_local(own, base):
    assert rate(own, base) is None

    world, customer, account = a_coupled_customer()
    assert world.bc.show("customers", customer)["currencyCode"] == ""
    assert account_of(world, customer)["_transactioncurrencyid_value"] == world.facts.lcy_currency_id


# --- units -----------------------------------------------------------------------------------------


@pytest.mark.peer("mapping-unit-003")
def test_a_unit_of_measure_is_coupled_with_another_group_whose_unit_takes_its_code():
    world = a_prepared_company()
    add_unit(world)
    world.full_sync("units_of_measure")
    old = world.coupled("units_of_measure")[unit_id("PCS")]
    world.sales.add("uomschedules", an_id("G2"), name="Other", baseuomname="Thing")

    world.act("units_of_measure", "uncouple", side="bc", id=unit_id("PCS"))
    world.act("units_of_measure", "couple", bc=unit_id("PCS"), sales=an_id("G2"), **{"from": "bc"})

    assert world.coupled("units_of_measure") == {unit_id("PCS"): an_id("G2")} and old != an_id("G2")
    [unit] = [u for u in world.sales.all("uoms").values() if u["_uomscheduleid_value"] == an_id("G2")]
    assert unit["name"] == "PCS" and world.sales.show("uomschedules", an_id("G2"))["name"] == "NAV PCS"


def test_the_salesperson_and_user_of_these_tests_are_those_of_the_company():
    world = a_prepared_company()
    assert world.coupled("salespeople") == {SALESPERSON: USER} and add_account(world)
    assert add_customer(world)


# --- set-up ----------------------------------------------------------------------------------------


@pytest.mark.peer("setup-023", "setup-022")
@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        ({"name": ""}, "has no name"),
        ({"bc": Table(name="")}, "has no table of BC"),
        ({"sales": Table(name="")}, "has no table of Sales"),
    ],
)
def test_a_mapping_needs_a_name_and_both_tables(lacks, said):
    with pytest.raises(InvalidMapping, match=said):
        replace(BY_NAME["payment_terms"], **lacks)


@pytest.mark.peer("setup-008", "setup-009")
def test_without_the_setting_the_mappings_are_the_defaults_again():
    world = a_company()
    defaults = world.app.api.mappings()["value"]
    restart_with(world, "customers: {direction: to_sales, fields: {fax: off}}\nitems: {on_delete: restore}")
    changed = world.app.api.mappings()["value"]
    assert [m["mapping"] for m in changed if m["changed"]] == ["customers", "items"]

    restart_with(world, "")

    assert world.app.api.mappings()["value"] == defaults and len(defaults) == len(changed)


@pytest.mark.peer("setup-010")
def test_the_reason_why_a_mapping_was_stopped_is_gone_when_it_works_again():
    world, _, _ = a_coupled_customer()

    def forbidden() -> None:
        raise Misconfigured("the application user may not read")

    for call in ("bc.changes", "sales.changes"):
        world.once(lambda moment, name, call=call: moment == "before" and name == call, forbidden)
    world.tick("customers")
    told = [(e["state"], e["message"]) for e in jobs_of(world, "customers")]
    assert told.count(("stopped", "the application user may not read")) == 2

    world.clock.advance(timedelta(minutes=5))
    world.tick("customers")

    assert last_job(world) == ("finished", "")


def test_the_last_job_of_each_side_is_shown_so_that_a_stopped_one_hides_behind_none():
    world, _, _ = a_coupled_customer()

    def forbidden() -> None:
        raise Misconfigured("the application user may not read")

    world.clock.advance(timedelta(minutes=5))
    world.once(lambda moment, name: moment == "before" and name == "bc.changes", forbidden)
    world.tick("customers")

    sides = world.app.api.status()["last_by_side"]["customers"]
    assert (sides["bc"]["state"], sides["sales"]["state"]) == ("stopped", "finished")


def last_job(world: World) -> tuple[str, str]:
    job = world.app.api.status()["last_jobs"]["customers"]
    return job["state"], job["message"]
