"""Several companies in one Sales: rows carry theirs, and another's are left alone (mappings.md §3; R107, R139)."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.world import World
from shared.core.model import CompanyRow
from shared.mappings import ALL
from shared.mappings.company import FILTERED, SHOWN, STAMPED, stamped
from tests.scenarios.builders import add_account, add_contact, add_customer, an_id
from tests.scenarios.invoices import a_line, a_seller, add_invoice, invoice_of, pay
from tests.scenarios.test_opportunities import add_opportunity

OURS, THEIRS = an_id("company row of ours"), an_id("company row of theirs")
ROW = CompanyRow(id=OURS, entity_set="bcbi_companies", navigations=dict.fromkeys(STAMPED, "bcbi_companyid"))


def a_stamping_seller(**options: Any) -> World:
    return a_seller(mappings=tuple(stamped(m, ROW) for m in ALL), **options)


def company_of(world: World, table: str, id: str) -> str | None:
    row = world.sales.show(table, id)
    assert row is not None
    return row.get(SHOWN)


def account_of(world: World, customer: str) -> str | None:
    return company_of(world, "accounts", world.coupled("customers")[customer])


def test_whatever_is_made_in_sales_carries_the_company_R139():
    world = a_stamping_seller()
    customer = add_customer(world, "C2")
    contact = add_contact(world, "K1", customer)
    add_opportunity(world, contact=contact)
    invoice = add_invoice(world, a_line())

    world.full_sync()

    for m in ALL:
        for id in world.coupled(m.name).values() if m.sales.name in STAMPED else ():
            assert company_of(world, m.sales.name, id) == OURS, m.name
    written = world.written()
    world.full_sync()
    assert world.written() == written and world.held() == []
    pay(world, invoice, 0)
    world.tick("posted_sales_invoices")
    assert invoice_of(world, invoice)["statecode"] == 2 and world.held() == []


@pytest.mark.peer("rules-customer-006")
def test_an_account_without_a_company_is_stamped_when_it_becomes_ours_R139():
    world = a_stamping_seller()
    account = add_account(world, "Customer C2")
    customer = add_customer(world, "C2")
    assert company_of(world, "accounts", account) is None

    world.full_sync()

    assert world.coupled("customers")[customer] == account
    assert account_of(world, customer) == OURS
    shown = world.app.api.explain("customers", "bc", customer)["fields"]
    [told] = [f for f in shown if f["field"] == "company_stamp"]
    assert told["bc"] == told["sales"] == OURS, "whoever asks is told"


def test_an_account_that_a_person_makes_for_no_company_becomes_a_customer_and_ours_R139():
    world = a_stamping_seller()
    account = add_account(world, "Fabrikam")

    world.full_sync()
    world.tick("customers")

    assert account in world.coupled("customers").values()
    assert company_of(world, "accounts", account) == OURS


@pytest.mark.parametrize("name", ["Customer C2", "Fabrikam"])
def test_an_account_of_another_company_is_neither_coupled_nor_made_a_customer_R139(name):
    world = a_stamping_seller()
    theirs = add_account(world, name, **{SHOWN: THEIRS})
    customer = add_customer(world, "C2")

    world.full_sync()

    assert (
        world.coupled("customers")[customer] != theirs and theirs not in world.coupled("customers").values()
    )
    assert company_of(world, "accounts", theirs) == THEIRS
    told = world.app.api.explain("customers", "sales", theirs)["now"]
    assert "it belongs to another company" in told["reason"]


def test_a_coupled_account_that_is_given_to_another_company_is_left_alone_R139():
    world = a_stamping_seller()
    customer = add_customer(world, "C2")
    world.full_sync()
    account = world.coupled("customers")[customer]
    world.sales.edit("accounts", account, **{SHOWN: THEIRS, "telephone1": "77"})
    world.tick("customers")

    assert company_of(world, "accounts", account) == THEIRS
    row = world.bc.show("customers", customer)
    assert row is not None and row["phoneNumber"] == ""


def test_an_account_that_is_uncoupled_belongs_to_nobody_and_another_companys_stays_R107():
    world = a_stamping_seller()
    first, second = add_customer(world, "C2"), add_customer(world, "C3")
    world.full_sync()
    account, given = (world.coupled("customers")[c] for c in (first, second))
    world.sales.edit("accounts", given, **{SHOWN: THEIRS})

    for customer in (first, second):
        world.act("customers", "uncouple", side="bc", id=customer)

    assert company_of(world, "accounts", account) is None
    assert company_of(world, "accounts", given) == THEIRS
    written = world.written()
    world.act("customers", "uncouple", side="bc", id=first)
    assert world.written() == written, "twice is once"


def test_what_sales_does_not_let_go_of_stays_coupled_and_says_why_R107():
    world = a_stamping_seller()
    customer = add_customer(world, "C2")
    world.full_sync()
    world.sales.refuse = lambda table, values: "a plug-in says no"

    job = world.act("customers", "uncouple", side="bc", id=customer)

    assert job["state"] == "refused" and "a plug-in says no" in job["message"]
    assert customer in world.coupled("customers") and account_of(world, customer) == OURS


@pytest.mark.parametrize("mapping", ["sales_orders", "sales_quotes"])
def test_orders_and_quotes_of_another_company_are_told_apart_S7_S64(mapping):
    world = a_stamping_seller(switched_on=("sales_orders", "sales_quotes"))
    [condition] = [w for w in world.mappings[mapping].sales_filter if w.column == SHOWN]

    assert (condition.op, condition.value) == ("eq_or_blank", OURS)
    assert {
        m.sales.name for m in world.mappings.values() if m.sales_filter and SHOWN in str(m.sales_filter)
    } == {*FILTERED}
