"""Opportunities ↔ opportunities (P10, P29): what travels, what does not, and what wakes a waiting one."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.world import GBP, World
from tests.scenarios.builders import (
    SALESPERSON,
    USER,
    ZERO,
    a_company,
    add_contact,
    add_customer,
    an_id,
    line,
)
from tests.scenarios.services import WiredWorld

WON = "Won"


def add_company_contact(world: World, customer: str) -> str:
    row = an_id(f"company contact of {customer}")
    return world.bc.add("contacts", row, number="CT1", type="Company", customerId=customer)


def add_opportunity(world: World, number: str = "OP1", contact: str = ZERO, **differs: Any) -> str:
    values = {
        "number": number,
        "description": f"Deal {number}",
        "salespersonId": SALESPERSON,
        "contactId": contact,
        "contactNumber": (world.bc.show("contacts", contact) or {}).get("number", ""),
        "contactCompanyId": ZERO,
        "status": "In_x0020_Progress",
        "estimatedValue": 0,
        "estimatedClosingDate": "0001-01-01",
    } | differs
    return world.bc.add("opportunities", an_id(f"opportunity {number}"), **values)


def add_in_sales(world: World, name: str = "S1", **differs: Any) -> str:
    values = {
        "name": name,
        "statecode": 0,
        "_ownerid_value": USER,
        "_parentcontactid_value": None,
        "_parentaccountid_value": None,
    } | differs
    return world.sales.add("opportunities", an_id(f"sales opportunity {name}"), **values)


def a_synced_deal(**differs: Any) -> tuple[World, str, str]:
    """A customer with a person and an opportunity for that person; both sides agree."""
    world = a_company()
    customer = add_customer(world)
    person = add_contact(world, "K1", customer)
    deal = add_opportunity(
        world, contact=person, contactCompanyId=add_company_contact(world, customer), **differs
    )
    world.full_sync()
    return world, deal, world.coupled("opportunities")[deal]


def in_sales(world: World, deal: str) -> dict[str, Any]:
    row = world.sales.show("opportunities", world.coupled("opportunities")[deal])
    assert row is not None
    return row


@pytest.mark.peer("mapping-opportunity-003")
def test_an_opportunity_comes_to_sales_with_contact_account_owner_value_and_date_P10_P29():
    world, deal, _ = a_synced_deal(estimatedValue=1234.5, estimatedClosingDate="2026-05-01")

    shown = in_sales(world, deal)

    assert shown["name"] == "Deal OP1"
    assert shown["_parentcontactid_value"] == next(iter(world.coupled("contacts").values()))
    assert shown["_parentaccountid_value"] == next(iter(world.coupled("customers").values()))
    assert shown["_ownerid_value"] == USER
    assert float(shown["estimatedvalue"]) == 1234.5 and shown["estimatedclosedate"] == "2026-05-01"


def test_a_second_run_writes_nothing_P10():
    world, *_ = a_synced_deal(estimatedValue=10)
    written = world.written()

    run = world.full_sync()

    assert world.written() == written
    assert line(run, "opportunities")["to_sales"]["unchanged"] == 1


@pytest.mark.parametrize("side", ["bc", "sales"])
def test_the_name_travels_both_ways_P10(side):
    world, deal, twin = a_synced_deal()
    if side == "bc":
        world.bc.edit("opportunities", deal, description="Renamed")
    else:
        world.sales.edit("opportunities", twin, name="Renamed")

    world.tick("opportunities")

    assert world.bc.show("opportunities", deal)["description"] == "Renamed"
    assert in_sales(world, deal)["name"] == "Renamed"


def test_value_and_owner_changed_in_sales_do_not_come_to_bc_P10_P29():
    world, deal, twin = a_synced_deal(estimatedValue=10)
    before = world.bc.show("opportunities", deal)

    world.sales.edit("opportunities", twin, estimatedvalue=99, _ownerid_value=an_id("somebody"))
    world.tick("opportunities")

    assert world.bc.show("opportunities", deal) == before
    assert float(in_sales(world, deal)["estimatedvalue"]) == 10, "the field belongs to Business Central"
    assert in_sales(world, deal)["_ownerid_value"] == USER, "and so does the owner"


def test_a_new_estimate_reaches_sales_although_the_opportunity_did_not_move_H22_P10():
    world, deal, _ = a_synced_deal(estimatedValue=10)
    world.tick("opportunities")

    world.bc.add("opportunityEntries", an_id("entry"), opportunityId=deal)
    world.bc.compute("opportunities", deal, estimatedValue=25000, estimatedClosingDate="2026-06-30")
    world.tick("opportunities")

    shown = in_sales(world, deal)
    assert float(shown["estimatedvalue"]) == 25000 and shown["estimatedclosedate"] == "2026-06-30"


def test_one_written_in_sales_becomes_an_opportunity_with_its_name_only_P10():
    world = a_company()
    twin = add_in_sales(world, "From Sales", estimatedvalue=5)

    world.tick("opportunities")

    [(bc_id, sales_id)] = world.coupled("opportunities").items()
    shown = world.bc.show("opportunities", bc_id)
    assert sales_id == twin and shown["description"] == "From Sales"
    assert set(shown) <= {"description", "status"}


def test_a_new_one_comes_over_between_full_synchronizations_too_P10():
    world, *_ = a_synced_deal()

    second = add_opportunity(world, "OP2")
    world.tick("opportunities")

    assert second in world.coupled("opportunities")


@pytest.mark.parametrize("status", ["Won", "Lost"])
def test_winning_and_losing_in_bc_are_not_synchronized_and_a_closed_one_is_left_alone_P10(status):
    world, deal, _ = a_synced_deal()
    before = in_sales(world, deal)

    world.bc.edit("opportunities", deal, status=status, description="Too late")
    closed = add_opportunity(world, "OP2", status=status)
    world.tick("opportunities")
    world.full_sync()

    assert in_sales(world, deal) == before
    assert closed not in world.coupled("opportunities")


def test_one_closed_in_sales_is_neither_changed_nor_brought_to_bc_P10_H23():
    world, deal, twin = a_synced_deal()
    world.sales.edit("opportunities", twin, statecode=1)
    world.bc.edit("opportunities", deal, description="Too late")
    other = add_in_sales(world, "Won there", statecode=1)

    world.tick("opportunities")
    world.full_sync()

    assert in_sales(world, deal)["name"] == "Deal OP1"
    assert other not in world.coupled("opportunities").values()


def test_one_whose_contact_comes_later_waits_and_is_woken_P10():
    world, *_ = a_synced_deal()
    late = add_contact(world, "K2", an_id("customer C2"))
    deal = add_opportunity(world, "OP2", contact=late)
    world.tick("opportunities")
    [row] = world.held("opportunities")
    assert row["kind"] == "waiting" and row["awaits"]["mapping"] == "contacts"

    add_customer(world, "C2")
    world.full_sync("customers", "contacts")

    assert in_sales(world, deal)["_parentcontactid_value"] == world.coupled("contacts")[late]
    assert world.held("opportunities") == []


def test_the_account_of_a_company_contact_is_filled_in_when_its_customer_is_coupled_P10_H20():
    world = a_company()
    world.full_sync()
    company = add_company_contact(world, an_id("customer C1"))
    deal = add_opportunity(world, contact=company, contactCompanyId=company)
    world.tick("opportunities")
    assert in_sales(world, deal).get("_parentaccountid_value") is None
    assert in_sales(world, deal).get("_parentcontactid_value") is None

    add_customer(world, "C1")
    world.full_sync("customers")

    assert in_sales(world, deal)["_parentaccountid_value"] == next(iter(world.coupled("customers").values()))


def test_one_that_is_in_bc_already_follows_when_its_contact_is_coupled_between_full_syncs_P10_H22():
    world = WiredWorld(customers=6)
    world.full_sync("salespeople", "currencies", "customers")
    person = next(
        c for c in world.bc_sim.all("contacts") if c["type"] == "Person" and c["customerId"] != ZERO
    )
    deal = world.bc_sim.add("opportunities", {"description": "20 chairs", "contactId": person["id"]})
    account = world.coupled("customers")[person["customerId"]]
    twin = world.sales_sim.add(
        "contacts", {"lastname": "Lee", "parentcustomerid_account@odata.bind": f"/accounts({account})"}
    )

    world.act("contacts", "couple", bc=person["id"], sales=twin, **{"from": "bc"})

    shown = world.sales_sim.get("opportunities", world.coupled("opportunities")[deal])
    assert shown["name"] == "20 chairs" and shown["_parentcontactid_value"] == twin
    assert len(world.coupled("opportunities")) == 1, "the others' contacts are not coupled"


def test_one_whose_contact_belongs_to_no_customer_is_ignored_with_that_reason_P10():
    world = a_company()
    deal = add_opportunity(world, contact=add_contact(world, "K9"))

    run = world.full_sync()

    assert deal not in world.coupled("opportunities") and world.held("opportunities") == []
    assert "its contact belongs to no customer" in line(run, "opportunities")["reasons"]


def test_a_name_too_long_for_bc_is_held_until_it_is_shorter_P10():
    world, deal, twin = a_synced_deal()
    world.sales.edit("opportunities", twin, name="x" * 101)
    world.tick("opportunities")
    [row] = world.held("opportunities")
    assert "101" in row["reason"] and "100" in row["reason"]

    world.sales.edit("opportunities", twin, name="x" * 100)
    world.tick("opportunities")

    assert world.bc.show("opportunities", deal)["description"] == "x" * 100
    assert world.held("opportunities") == []


def test_both_names_changed_differently_is_a_conflict_and_settled_by_a_person_P10():
    world, deal, twin = a_synced_deal()
    world.bc.edit("opportunities", deal, description="BC")
    world.sales.edit("opportunities", twin, name="Sales")
    world.tick("opportunities")
    [row] = world.held("opportunities")
    assert row["kind"] == "conflict"

    world.act("opportunities", "resolve", side="bc", id=deal, use="sales")

    assert world.bc.show("opportunities", deal)["description"] == "Sales"


def test_blank_and_null_are_the_same_and_a_blank_salesperson_leaves_the_owner_P29():
    world, deal, twin = a_synced_deal(salespersonId=ZERO)
    world.sales.edit("opportunities", twin, estimatedvalue=None, estimatedclosedate=None)
    written = world.written()

    world.tick("opportunities")
    world.bc.edit("opportunities", deal, priority="High")
    world.tick("opportunities")

    assert world.written() == written


@pytest.mark.parametrize("side", ["bc", "sales"])
def test_one_deleted_on_a_side_is_held_and_the_other_stays_P10(side):
    world, deal, twin = a_synced_deal()
    (world.bc if side == "bc" else world.sales).delete("opportunities", deal if side == "bc" else twin)

    world.tick("opportunities")
    world.full_sync()

    [row] = world.held("opportunities")
    assert "deleted" in row["reason"]
    survivor = (
        world.sales.show("opportunities", twin) if side == "bc" else world.bc.show("opportunities", deal)
    )
    assert survivor is not None


def test_the_same_opportunity_on_both_sides_is_coupled_by_name_and_contact_H18():
    world, *_ = a_synced_deal()
    person, twin_person = next(iter(world.coupled("contacts").items()))
    deal = add_opportunity(world, "OP2", contact=person, description="20 chairs")
    same = add_in_sales(world, "20 Chairs", _parentcontactid_value=twin_person)
    other = add_in_sales(world, "30 chairs", _parentcontactid_value=twin_person)

    world.full_sync()

    coupled = world.coupled("opportunities")
    assert coupled[deal] == same
    assert other in coupled.values(), "no counterpart in Business Central: created there"
    assert len(world.bc.all("opportunities")) == 3 and len(world.sales.all("opportunities")) == 3


def test_a_crash_anywhere_makes_no_second_opportunity_P10_H1():
    for moment in ("before", "after"):
        for call in ("sales.create", "bc.create", "Couplings"):
            world = a_company()
            world.full_sync()
            add_opportunity(world, "OP1")
            add_in_sales(world, "S1")
            world.crash_when(lambda m, name, at=moment, what=call: m == at and what in name)
            world.tick("opportunities")
            world.heal()
            world.tick("opportunities")
            world.housekeeping()

            assert len(world.bc.all("opportunities")) == 2, (moment, call)
            assert len(world.sales.all("opportunities")) == 2, (moment, call)
            assert len(world.coupled("opportunities")) == 2, (moment, call)


def test_the_amount_stays_in_the_local_currency_whatever_the_customer_has_P10():
    world, deal, _ = a_synced_deal(estimatedValue=10)

    assert in_sales(world, deal).get("_transactioncurrencyid_value") in (None, GBP)
