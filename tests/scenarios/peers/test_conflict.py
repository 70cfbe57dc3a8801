"""The peer's scenarios of conflicts (docs/peer-scenarios.md)."""

import pytest

from sandbox.world import World
from tests.scenarios.builders import (
    SALESPERSON,
    USER,
    a_coupled_customer,
    account_of,
    add_account,
    add_customer,
)
from tests.scenarios.peers.common import a_prepared_company, restart_with, sync_now, tick


def edited_on_both_sides(field: str = "") -> tuple[World, str, str]:
    """A synchronized pair whose fax was then edited on both sides; `field` changes the mapping of the fax."""
    world, customer, account = a_coupled_customer(faxNumber="0")
    if field:
        restart_with(world, f"customers: {{fields: {{fax: {field}}}}}")
    world.bc.edit("customers", customer, faxNumber="1")
    world.sales.edit("accounts", account, fax="2")
    return world, customer, account


def faxes(world: World, customer: str) -> tuple[str, str]:
    return world.bc.show("customers", customer)["faxNumber"], account_of(world, customer)["fax"]


@pytest.mark.peer("conflict-001")
def test_a_renamed_customer_renames_its_account_when_it_is_synchronized_by_hand():
    world, customer, _ = a_coupled_customer()
    world.bc.edit("customers", customer, name="Renamed")

    assert sync_now(world, "customers", "bc", customer) == {"read": 1, "updated": 1}

    assert account_of(world, customer)["name"] == "Renamed"


def test_an_edit_of_the_account_is_never_overwritten_by_an_older_value():
    world, customer, account = a_coupled_customer()
    world.sales.edit("accounts", account, name="Renamed")

    sync_now(world, "customers", "bc", customer)

    assert account_of(world, customer)["name"] == world.bc.show("customers", customer)["name"] == "Renamed"


@pytest.mark.peer("conflict-002")
@pytest.mark.parametrize("synchronized", [True, False])
def test_an_edit_of_the_account_is_given_up_when_a_person_says_so(synchronized):
    if synchronized:
        world, customer, account = a_coupled_customer(name="Adatum", city="Oslo")
        world.sales.edit("accounts", account, name="Renamed", address1_city="Rome")
        world.act("customers", "resolve", side="bc", id=customer, use="bc", overwrite=True)
    else:
        world = a_prepared_company()
        customer = add_customer(world, name="Adatum", city="Oslo")
        account = add_account(world, "Renamed", address1_city="Rome")
        world.act("customers", "couple", bc=customer, sales=account, **{"from": "bc"})

    assert (account_of(world, customer)["name"], account_of(world, customer)["address1_city"]) == (
        "Adatum",
        "Oslo",
    )
    assert world.bc.show("customers", customer)["name"] == "Adatum" and world.held() == []
    written = world.written()
    world.tick("customers")
    assert world.written() == written


def test_only_the_named_field_is_given_up():
    world, customer, account = a_coupled_customer(name="Adatum", city="Oslo")
    world.sales.edit("accounts", account, name="Renamed", address1_city="Rome")

    world.act("customers", "resolve", side="bc", id=customer, use="bc", field="name", overwrite=True)

    assert account_of(world, customer)["name"] == "Adatum"
    assert world.bc.show("customers", customer)["city"] == "Rome"


@pytest.mark.peer("conflict-003")
@pytest.mark.parametrize(("use", "value"), [("bc", "1"), ("sales", "2")])
def test_only_a_person_decides_which_side_wins(use, value):
    world, customer, _ = edited_on_both_sides()
    world.tick("customers")
    assert faxes(world, customer) == ("1", "2")

    world.act("customers", "resolve", side="bc", id=customer, use=use)

    assert faxes(world, customer) == (value, value) and world.held() == []


@pytest.mark.peer("conflict-004")
def test_unmapped_fields_edited_on_both_sides_are_no_change():
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, territory="EAST")
    world.sales.edit("accounts", account, description="A note")

    counts = tick(world, "customers")

    assert counts == {side: {"read": 1, "unchanged": 1} for side in ("bc", "sales")} and world.held() == []


@pytest.mark.peer("conflict-005")
def test_a_field_that_is_off_may_be_edited_on_both_sides():
    world, customer, _ = edited_on_both_sides("off")

    counts = tick(world, "customers")

    assert counts == {side: {"read": 1, "unchanged": 1} for side in ("bc", "sales")}
    assert faxes(world, customer) == ("1", "2") and world.held() == []


@pytest.mark.peer("conflict-006")
def test_a_field_that_only_goes_to_sales_is_bcs():
    world, customer, _ = edited_on_both_sides("{direction: to_sales}")

    counts = tick(world, "customers")

    assert counts["bc"] == {"read": 1, "updated": 1}
    assert faxes(world, customer) == ("1", "1") and world.held() == []


@pytest.mark.peer("conflict-008")
@pytest.mark.parametrize("side", ["bc", "sales"])
def test_a_two_way_field_edited_differently_is_a_conflict_whichever_side_is_read(side):
    world, customer, account = edited_on_both_sides()

    counts = sync_now(world, "customers", side, customer if side == "bc" else account)

    assert counts == {"read": 1, "conflict": 1} and faxes(world, customer) == ("1", "2")
    [held] = world.held("customers")
    assert held["kind"] == "conflict" and [f["field"] for f in held["fields"]] == ["fax"]


@pytest.mark.peer("conflict-010")
def test_with_the_rule_bc_wins_both_sides_hold_bcs_value():
    world, customer, _ = edited_on_both_sides()
    restart_with(world, "customers: {on_conflict: bc_wins}")

    assert sync_now(world, "customers", "bc", customer) == {"read": 1, "updated": 1}

    assert faxes(world, customer) == ("1", "1") and world.held() == []


@pytest.mark.peer("conflict-012")
def test_a_salesperson_takes_the_name_of_its_user():
    world = a_prepared_company()
    world.sales.edit("systemusers", USER, fullname="John R. Roberts")

    assert sync_now(world, "salespeople", "bc", SALESPERSON) == {"read": 1, "updated": 1}

    assert world.bc.show("salespeople", SALESPERSON)["name"] == "John R. Roberts"
