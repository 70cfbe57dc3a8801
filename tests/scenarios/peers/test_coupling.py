"""The peer's scenarios of coupling and matching (docs/peer-scenarios.md)."""

import pytest

from sandbox.world import GBP, World
from shared.engine.admin import ApiProblem
from tests.scenarios.builders import (
    SALESPERSON,
    USER,
    ZERO,
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
    restart_with,
    sync_now,
)
from tests.scenarios.products import add_group, add_unit


@pytest.mark.peer("coupling-001")
def test_coupled_records_find_each_other():
    world = a_prepared_company()
    customer, account = add_customer(world), add_account(world)

    world.act("customers", "couple", bc=customer, sales=account, **{"from": "compare"})

    assert world.coupled("customers") == {customer: account}
    for side, id in (("bc", customer), ("sales", account)):
        found = world.app.api.explain("customers", side, id)["coupling"]
        assert (found["bc"], found["sales"]) == (customer, account)


@pytest.mark.peer("coupling-005")
@pytest.mark.parametrize("first", ["bc", "sales", "compare"])
def test_a_record_of_one_pair_is_not_coupled_with_one_of_another(first):
    world, a, x = a_coupled_customer()
    b = add_customer(world, "C2")
    world.full_sync("customers")
    y = world.coupled("customers")[b]

    jobs = [
        world.act("customers", "couple", bc=bc, sales=sales, **{"from": first})
        for bc, sales in ((b, x), (a, y))
    ]

    assert [j["state"] for j in jobs] == ["refused", "refused"]
    assert world.coupled("customers") == {a: x, b: y}


@pytest.mark.peer("coupling-009")
@pytest.mark.parametrize("mapping", [{}, {"mapping": ""}, {"mapping": None}, {"mapping": "lorries"}])
def test_a_coupling_has_a_kind_of_record(mapping):
    world = a_prepared_company()
    pair = {"bc": add_customer(world), "sales": add_account(world)}

    with pytest.raises(ApiProblem):
        world.app.api.couple({**mapping, **pair})

    assert world.run() == 0 and world.coupled("customers") == {}


# --- whose values come first -----------------------------------------------------------------------


@pytest.mark.peer("coupling-013")
def test_a_salesperson_takes_the_name_of_the_user_it_is_coupled_with():
    world = a_prepared_company()
    seller, user = add_salesperson(world, "PS"), add_user(world, "Other")

    world.act("salespeople", "couple", bc=seller, sales=user, **{"from": "sales"})

    assert world.coupled("salespeople")[seller] == user
    assert world.bc.show("salespeople", seller)["name"] == "Other"
    assert world.sales.show("systemusers", user)["fullname"] == "Other"


@pytest.mark.peer("coupling-014")
def test_an_account_takes_the_name_of_the_customer_it_is_coupled_with():
    world = a_prepared_company()
    customer, account = add_customer(world, name="Adatum"), add_account(world, "Fabrikam")

    world.act("customers", "couple", bc=customer, sales=account, **{"from": "bc"})

    assert account_of(world, customer)["name"] == world.bc.show("customers", customer)["name"] == "Adatum"


@pytest.mark.peer("coupling-015")
def test_two_contacts_are_coupled_and_both_keep_their_names():
    world, customer, account = a_coupled_customer()
    ours = add_contact(world, "K1", customer, surname="Ours", email="", salespersonId=SALESPERSON)
    theirs = add_sales_contact(world, "Theirs", account, emailaddress1="")
    written = world.written()

    world.act("contacts", "couple", bc=ours, sales=theirs, **{"from": "compare"})

    assert world.coupled("contacts") == {ours: theirs} and world.written() == written
    assert world.bc.show("contacts", ours)["surname"] == "Ours"
    assert world.sales.show("contacts", theirs)["lastname"] == "Theirs"


@pytest.mark.peer("coupling-018")
def test_without_a_word_neither_side_comes_first_and_nothing_is_overwritten():
    world = a_prepared_company()
    customer, account = add_customer(world, name="Adatum"), add_account(world, "Fabrikam")

    world.act("customers", "couple", bc=customer, sales=account)

    assert world.bc.show("customers", customer)["name"] == "Adatum"
    assert account_of(world, customer)["name"] == "Fabrikam"
    assert "name" in {f["field"] for f in world.held("customers")[0]["fields"]}


# --- a new record by hand --------------------------------------------------------------------------


@pytest.mark.peer("coupling-016")
def test_an_account_becomes_a_customer_on_request():
    world = a_prepared_company()
    account = add_account(world, "Acme")

    assert sync_now(world, "customers", "sales", account, create=True) == {"read": 1, "created": 1}

    [(customer, coupled)] = world.coupled("customers").items()
    assert coupled == account and world.bc.show("customers", customer)["name"] == "Acme"


@pytest.mark.peer("coupling-017")
def test_a_contact_of_a_coupled_account_becomes_a_contact_in_bc_on_request():
    world, customer, account = a_coupled_customer()
    contact = add_sales_contact(world, "Bob", account)

    assert sync_now(world, "contacts", "sales", contact, create=True) == {"read": 1, "created": 1}

    [(made, coupled)] = world.coupled("contacts").items()
    assert coupled == contact and world.bc.show("contacts", made)["customerId"] == customer


@pytest.mark.peer("coupling-021")
def test_a_counterpart_is_made_for_who_may_have_one_and_has_none():
    world, coupled, _ = a_coupled_customer()
    free, seller = add_customer(world, "C2"), add_salesperson(world, "PS")

    assert sync_now(world, "customers", "bc", coupled, create=True) == {"read": 1, "unchanged": 1}
    assert sync_now(world, "customers", "bc", free, create=True) == {"read": 1, "created": 1}
    assert sync_now(world, "salespeople", "bc", seller, create=True) == {"read": 1, "ignored": 1}
    assert len(world.sales.all("accounts")) == 2 and list(world.sales.all("systemusers")) == [USER]


def test_who_asks_for_a_counterpart_gets_the_one_that_is_there_and_no_double_H18():
    world = a_prepared_company()
    customer, account = add_customer(world, name="Adatum"), add_account(world, "Adatum")

    sync_now(world, "customers", "bc", customer, create=True)

    assert world.coupled("customers") == {customer: account} and len(world.sales.all("accounts")) == 1


def test_a_record_that_was_taken_apart_gets_another_counterpart_when_a_person_asks_H8():
    world, customer, old = a_coupled_customer()
    world.act("customers", "uncouple", side="bc", id=customer)
    world.full_sync()
    assert world.coupled("customers") == {}

    assert sync_now(world, "customers", "bc", customer, create=True) == {"read": 1, "created": 1}

    assert world.coupled("customers")[customer] != old and len(world.sales.all("accounts")) == 2
    written = world.written()
    world.full_sync()
    assert world.written() == written


# --- who is a candidate ----------------------------------------------------------------------------


def two_accounts(world: World) -> tuple[str, str]:
    add_customer(world, name="Same")
    a = add_account(world, "Same", telephone2="yes")
    return a, add_account(world, "Same", accountid=an_id("B"), telephone2="no")


def two_contacts(world: World) -> tuple[str, str]:
    customer = add_customer(world)
    world.full_sync("customers")
    account = world.coupled("customers")[customer]
    add_contact(world, "K1", customer, email="same@contoso.com")
    rows = [
        add_sales_contact(world, n, account, emailaddress1="same@contoso.com", telephone2=n)
        for n in ("yes", "no")
    ]
    return rows[0], rows[1]


def two_users(world: World) -> tuple[str, str]:
    add_salesperson(world, "PS", email="same@contoso.com")
    rows = [add_user(world, n, internalemailaddress="same@contoso.com", telephone2=n) for n in ("yes", "no")]
    return rows[0], rows[1]


def two_currencies(world: World) -> tuple[str, str]:
    add_currency(world, "USD")
    rows = [
        world.sales.add("transactioncurrencies", an_id(n), isocurrencycode="USD", telephone2=n)
        for n in ("yes", "no")
    ]
    return rows[0], rows[1]


def two_named(table: str, name: str, **values: object):
    def add(world: World) -> tuple[str, str]:
        add_unit(world)
        add_group(world)
        rows = [world.sales.add(table, an_id(n), name=name, telephone2=n, **values) for n in ("yes", "no")]
        return rows[0], rows[1]

    return add


def two_opportunities(world: World) -> tuple[str, str]:
    customer = add_customer(world)
    contact = add_contact(world, "K1", customer)
    world.full_sync("customers", "contacts")
    world.bc.add("opportunities", an_id("O1"), description="Same", contactId=contact, status="In Progress")
    parent = {"_parentcontactid_value": world.coupled("contacts")[contact], "statecode": 0}
    rows = [
        world.sales.add("opportunities", an_id(n), name="Same", telephone2=n, **parent) for n in ("yes", "no")
    ]
    return rows[0], rows[1]


@pytest.mark.peer("coupling-022")
@pytest.mark.parametrize(
    ("mapping", "two"),
    [
        ("customers", two_accounts),
        ("contacts", two_contacts),
        ("salespeople", two_users),
        ("currencies", two_currencies),
        ("customer_price_groups", two_named("pricelevels", "RETAIL", _transactioncurrencyid_value=GBP)),
        ("units_of_measure", two_named("uomschedules", "NAV PCS", baseuomname="PCS")),
        ("opportunities", two_opportunities),
    ],
)
def test_only_what_passes_the_filter_is_a_counterpart(mapping, two):
    world = restart_with(a_prepared_company(), f"{mapping}: {{filters: {{sales: 'telephone2 = yes'}}}}")
    inside, outside = two(world)

    run = world.app.api.match(mapping, {"preview": True})["run"]
    world.run()

    offered = [e["reason"] for e in world.app.api.plan(run)["value"] if e["action"] == "couple"]
    assert any(inside in reason for reason in offered)
    assert not any(outside in reason for reason in offered)


@pytest.mark.peer("coupling-024")
def test_what_is_typed_of_a_name_finds_the_accounts_that_begin_with_it_and_an_unknown_one_is_an_error():
    world = a_prepared_company()
    accounts = {name: add_account(world, name) for name in ("CCCC", "CC", "X")}

    found = world.app.api.find("customers", "sales", "c")["value"]

    assert [r["names"]["name"] for r in found] == ["CC", "CCCC"] and found[0]["id"] == accounts["CC"]
    assert {r["coupled_with"] for r in found} == {None}
    with pytest.raises(ApiProblem, match="no record of customers in sales begins with 'Nobody'"):
        world.app.api.find("customers", "sales", "Nobody")


def test_a_customer_is_found_by_number_and_by_name_with_its_counterpart_P14():
    world, customer, account = a_coupled_customer("10000", name="Adatum")

    for text in ("100", "ada"):
        [row] = world.app.api.find("customers", "bc", text)["value"]
        assert row["names"] == {"number": "10000", "name": "Adatum"}
        assert (row["id"], row["coupled_with"]) == (customer, account)


@pytest.mark.parametrize("begins", [None, "", "x" * 101, "a\nb"])
def test_what_is_no_part_of_a_name_is_refused(begins):
    with pytest.raises(ApiProblem, match="1 to 100 characters"):
        a_prepared_company().app.api.find("customers", "bc", begins)


@pytest.mark.peer("coupling-025")
def test_a_salesperson_is_given_to_another_user_and_to_nobody():
    world = a_prepared_company()
    other = add_user(world, "Other")

    world.act("salespeople", "uncouple", side="sales", id=USER)
    world.act("salespeople", "couple", bc=SALESPERSON, sales=other, **{"from": "sales"})
    assert world.coupled("salespeople") == {SALESPERSON: other}
    world.act("salespeople", "uncouple", side="sales", id=other)
    assert world.coupled("salespeople") == {}


@pytest.mark.peer("coupling-026")
def test_matching_of_ones_own_couples_records_of_other_names():
    world = restart_with(a_prepared_company(), "customers: {match: [[email]]}")
    customer = add_customer(world, name="Adatum", email="office@adatum.com")
    account = add_account(world, "Fabrikam", emailaddress1="office@adatum.com")

    world.full_sync("customers")

    assert world.coupled("customers") == {customer: account}


@pytest.mark.peer("coupling-027")
@pytest.mark.parametrize("differs", [{"type": "Company"}, {"customerId": ZERO}], ids=["company", "of none"])
def test_a_contact_that_is_a_company_or_of_none_cannot_be_coupled(differs):
    world, customer, account = a_coupled_customer()
    contact = add_contact(world, "K1", customer, **differs)
    other = add_sales_contact(world, "Bob", account)
    written = world.written()

    job = world.act("contacts", "couple", bc=contact, sales=other, **{"from": "bc"})

    assert job["state"] == "refused" and f"bc {contact}: " in job["message"]
    assert world.coupled("contacts") == {} and world.written() == written


# --- matching --------------------------------------------------------------------------------------

BY_PHONE = "customers: {match: [[phone]], on_conflict: bc_wins}"


def pairs_by_phone(world: World, count: int) -> dict[str, str]:
    """Add uncoupled customers and accounts of other names; the phone says which belong together."""
    return {
        add_customer(world, f"N{n}", phoneNumber=f"10{n}"): add_account(world, f"A{n}", telephone1=f"10{n}")
        for n in range(count)
    }


def a_company_with_three_pairs(overrides: str = BY_PHONE) -> World:
    world = a_prepared_company()
    for n in range(3):
        add_customer(world, f"OLD{n}")
    world.full_sync("customers")
    return restart_with(world, overrides)


def match(world: World, **how) -> dict:
    run = world.app.api.match("customers", how)["run"]
    world.run()
    [line] = world.app.api.run(run)["lines"]
    return {k: n for k, n in line["to_sales"].items() if n}


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(1, marks=pytest.mark.peer("match-coupling-001")),
        pytest.param(5, marks=pytest.mark.peer("match-coupling-002")),
    ],
)
def test_pairs_of_the_same_phone_are_coupled_and_bcs_names_win(count):
    world = a_company_with_three_pairs()
    old = world.coupled("customers")
    pairs = pairs_by_phone(world, count)

    tally = match(world)

    assert world.coupled("customers") == old | pairs
    assert tally["coupled"] == count and not world.held("customers")
    assert [account_of(world, c)["name"] for c in pairs] == [f"Customer N{n}" for n in range(count)]


@pytest.mark.parametrize(
    ("chosen", "with_coupled"),
    [
        pytest.param(1, 0, marks=pytest.mark.peer("match-coupling-003")),
        pytest.param(5, 2, marks=pytest.mark.peer("match-coupling-004")),
    ],
)
def test_matching_for_chosen_customers_couples_those_only(chosen, with_coupled):
    world = a_company_with_three_pairs()
    old = world.coupled("customers")
    pairs = pairs_by_phone(world, 5)
    selection = [*list(pairs)[:chosen], *list(old)[:with_coupled]]

    tally = sync_now(world, "customers", "bc", *selection, create=True)

    assert world.coupled("customers") == old | dict(list(pairs.items())[:chosen])
    assert tally == {"read": len(selection), "coupled": chosen} | (
        {"unchanged": with_coupled} if with_coupled else {}
    )
    assert len(world.sales.all("accounts")) == 8
    assert [world.sales.show("accounts", a)["name"] for a in list(pairs.values())[chosen:]] == [
        f"A{n}" for n in range(chosen, 5)
    ]


@pytest.mark.peer("match-coupling-007")
def test_without_a_winner_the_pairs_are_coupled_and_no_value_moves():
    world = a_company_with_three_pairs("customers: {match: [[phone]]}")
    pairs = pairs_by_phone(world, 5)
    written = world.written()

    match(world)

    assert pairs.items() <= world.coupled("customers").items() and world.written() == written
    assert [account_of(world, c)["name"] for c in pairs] == [f"A{n}" for n in range(5)]
