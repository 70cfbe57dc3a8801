"""Administrators change mappings by a setting, without touching code (P13)."""

import pytest

from sandbox.world import World
from shared.state.overrides import TableLastGood
from tests.scenarios.builders import (
    a_company,
    a_coupled_customer,
    account_of,
    add_account,
    add_contact,
    add_customer,
    line,
)


def restart_with(world: World, overrides: str) -> World:
    """Change the setting, which starts Tandem anew."""
    world.overrides = overrides
    world.app = world.start_app()
    return world


def test_a_conflict_policy_is_changed_by_a_setting_P13():
    world, customer, account = a_coupled_customer()
    restart_with(world, "customers: {on_conflict: sales_wins}")
    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", account, telephone1="2")

    world.tick("customers")

    assert world.bc.show("customers", customer)["phoneNumber"] == "2" and world.held() == []


@pytest.mark.parametrize(("policy", "left", "held"), [("hold", 0, 1), ("restore", 1, 0), ("uncouple", 0, 0)])
def test_a_deletion_policy_is_changed_by_a_setting_P13(policy, left, held):
    world, customer, account = a_coupled_customer()
    restart_with(world, f"customers: {{on_delete: {policy}}}")
    world.sales.delete("accounts", account)

    world.tick("customers")

    assert len(world.sales.all("accounts")) == left and len(world.held("customers")) == held
    assert world.bc.show("customers", customer) is not None, "nothing is deleted"


def test_whether_new_records_are_created_between_full_synchronizations_is_a_setting_P13():
    world, _, _ = a_coupled_customer()
    add_customer(world, "C2")
    world.tick("customers")
    assert len(world.coupled("customers")) == 1

    restart_with(world, "customers: {create_missing: always}")
    add_customer(world, "C3")
    world.tick("customers")

    assert len(world.coupled("customers")) == 2


def test_a_filter_in_words_decides_who_travels_P13():
    world = restart_with(
        a_company(), "customers: {filters: {bc: 'blocked = blank and countryRegionCode = DE'}}"
    )
    add_customer(world, "C1")
    add_customer(world, "C2", countryRegionCode="DE")

    run = world.full_sync()

    assert [a["name"] for a in world.sales.all("accounts").values()] == ["Customer C2"]
    assert line(run, "customers")["reasons"] == {"countryRegionCode is not DE": 1}


def test_a_field_that_is_off_no_longer_travels_and_one_that_is_added_does_P13():
    world, customer, _ = a_coupled_customer(city="Oslo", mobilePhoneNumber="")
    restart_with(
        world,
        """
        customers:
          fields:
            city: off
            mobile: {bc: mobilePhoneNumber, sales: new_mobile, type: text, length: [30, 30]}
        """,
    )
    world.bc.edit("customers", customer, city="Bergen", mobilePhoneNumber="7")

    world.tick("customers")

    assert account_of(world, customer)["address1_city"] == "Oslo"
    assert account_of(world, customer)["new_mobile"] == "7"


def test_an_added_field_also_travels_back_P13():
    world, customer, account = a_coupled_customer(mobilePhoneNumber="")
    added = "mobile: {bc: mobilePhoneNumber, sales: new_mobile, type: text, length: [30, 30]}"
    restart_with(world, f"customers: {{fields: {{{added}}}}}")

    world.sales.edit("accounts", account, new_mobile="8")
    world.tick("customers")

    assert world.bc.show("customers", customer)["mobilePhoneNumber"] == "8"


def test_an_added_field_is_filled_by_the_next_full_synchronization_and_then_never_again_P13():
    world, customer, _ = a_coupled_customer(mobilePhoneNumber="7")
    add_customer(world, "C2", mobilePhoneNumber="")
    world.full_sync()
    added = "mobile: {bc: mobilePhoneNumber, sales: new_mobile, type: text, length: [30, 30]}"
    restart_with(world, f"customers: {{fields: {{{added}}}}}")

    world.full_sync()
    assert account_of(world, customer)["new_mobile"] == "7"

    written, unchanged = world.written(), line(world.full_sync(), "customers")["to_sales"]["unchanged"]
    assert world.written() == written and unchanged == 2


def test_a_two_way_field_is_made_one_way_P13():
    world, customer, account = a_coupled_customer(city="Oslo")
    restart_with(world, "customers: {fields: {city: {direction: to_sales}}}")

    world.sales.edit("accounts", account, address1_city="Bergen")
    world.tick("customers")

    assert world.bc.show("customers", customer)["city"] == "Oslo"
    assert world.sales.show("accounts", account)["address1_city"] == "Oslo", "the owner's value stands"


def test_a_mapping_that_is_off_stands_still_and_comes_back_P13():
    world, customer, _ = a_coupled_customer()
    restart_with(world, "{contacts: off, opportunities: off}")
    add_contact(world, "K1", customer)

    run = world.full_sync()
    world.app.poll("contacts", occurrence="tick")
    world.send("sync-contacts", b'{"kind": "poll"}')
    world.run()
    world.housekeeping()

    assert "contacts" not in {entry["mapping"] for entry in run["lines"]}
    assert world.sales.all("contacts") == {}
    assert "switched off" in world.app.api.status()["rejected"][0]["reason"]

    restart_with(world, "").full_sync()
    assert len(world.sales.all("contacts")) == 1


def test_a_wrong_setting_is_refused_as_a_whole_and_the_last_good_one_stays_P13():
    world, customer, account = a_coupled_customer()
    restart_with(world, "customers: {on_conflict: bc_wins}")
    restart_with(world, "customers: {on_conflict: sales_wins, on_delete: delete}\norders: off")

    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", account, telephone1="2")
    world.tick("customers")

    assert world.sales.show("accounts", account)["telephone1"] == "1"
    told = world.app.api.status()["overrides"]
    assert told["in_force"] == "last good" and len(told["problems"]) == 2
    assert "orders" in " ".join(told["problems"]) and "on_delete" in " ".join(told["problems"])
    assert world.app.api.mappings()["overrides"] == told


def test_each_problem_of_a_wrong_setting_is_told_at_once_P13():
    """The four that the administrators' guide names, and the one good change counts no more than they do."""
    world = restart_with(a_company(), "customers: {on_conflict: bc_wins}")
    restart_with(
        world,
        """
        customers:
          on_conflict: sales_wins
          filters: {bc: "blocked = blank or city = Oslo"}
          fields: {telephone: off}
        currencies: {fields: {description: {direction: both}}}
        shipping_agents: {depends_on: [customers]}
        """,
    )

    told = world.app.api.status()["overrides"]
    for said in (
        "unknown field 'telephone'",
        "conditions are joined by 'and' only",
        "its table is read-only for Tandem in bc",
        "dependencies run in a circle",
    ):
        assert sum(said in problem for problem in told["problems"]) == 1, told["problems"]
    assert len(told["problems"]) == 4 and told["in_force"] == "last good"
    shown = {m["mapping"]: m for m in world.app.api.mappings()["value"]}
    assert shown["customers"]["on_conflict"] == "bc_wins"


def test_with_a_wrong_setting_and_none_before_the_defaults_are_in_force_P13():
    world = restart_with(a_company(), "customers: {")
    add_account(world)

    told = world.app.api.status()["overrides"]
    assert told["in_force"] == "defaults" and "not YAML" in told["problems"][0]
    assert world.full_sync()["state"] == "finished"


def test_last_good_overrides_that_no_longer_fit_give_way_to_the_defaults_P13():
    world = restart_with(a_company(), "customers: {on_conflict: bc_wins}")
    TableLastGood(world.tables, world.facts.company_id).put("customers: {fields: {gone: off}}")
    restart_with(world, "customers: 7")

    told = world.app.api.status()["overrides"]
    assert told["in_force"] == "defaults" and "no longer fit" in told["problems"][-1]


def test_the_mappings_in_force_are_shown_with_what_differs_P13():
    world = restart_with(a_company(), "customers: {on_conflict: bc_wins, filters: {bc: 'blocked = blank'}}")

    shown = {m["mapping"]: m for m in world.app.api.mappings()["value"]}

    customers = shown["customers"]
    assert customers["on_conflict"] == "bc_wins" and customers["on_delete"] == "hold"
    assert customers["create_missing"] == "full" and customers["filters"]["bc"] == "blocked = blank"
    assert customers["filters"]["sales"] == "statecode = 0 and customertypecode = 3"
    assert customers["match"] == [["name", "post_code"], ["name"]]
    assert customers["changed"] == ["on_conflict: bc_wins (default: ask)"]
    assert shown["contacts"]["changed"] == []
