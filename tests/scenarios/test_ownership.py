"""Who owns rows of Sales: users of salespeople, or a team (mappings.md §2, sync-semantics.md R138)."""

from __future__ import annotations

import pytest

from sandbox.world import World
from shared.mappings import ALL
from shared.mappings.ownership import owned
from tests.scenarios.builders import SALESPERSON, USER, ZERO, add_contact, add_customer, an_id
from tests.scenarios.invoices import a_line, a_seller, add_invoice, invoice_of
from tests.scenarios.test_opportunities import add_opportunity

TEAM = an_id("team Export")
OWNED = {"customers": "accounts", "contacts": "contacts", "opportunities": "opportunities"}


def under(ownership: str, team: str = TEAM) -> World:
    """A seller that is started with these settings."""
    return set_to(a_seller(), ownership, team)


def set_to(world: World, ownership: str, team: str = TEAM) -> World:
    """Change the settings, which starts Tandem anew."""
    world.mappings = {m.name: owned(m, by=ownership, team=team) for m in ALL}
    world.switched_off = frozenset({"salespeople"} if ownership == "team" else ())
    world.app = world.start_app()
    return world


def owner(world: World, mapping: str, bc_id: str) -> str:
    row = world.sales.show(OWNED[mapping], world.coupled(mapping)[bc_id])
    assert row is not None
    return row["_ownerid_value"]


def city(world: World, customer: str) -> str | None:
    row = world.sales.show("accounts", world.coupled("customers")[customer])
    assert row is not None
    return row["address1_city"]


def one_of_each(world: World, salesperson: str = SALESPERSON) -> dict[str, str]:
    customer = add_customer(world, "C2", salespersonId=salesperson)
    contact = add_contact(world, "K1", customer, salespersonId=salesperson)
    deal = add_opportunity(world, contact=contact, salespersonId=salesperson)
    return {"customers": customer, "contacts": contact, "opportunities": deal}


@pytest.mark.peer("rules-customer-004", "setup-014")
def test_where_a_team_owns_every_new_row_is_the_teams_whoever_the_salesperson_is_R138():
    world = under("team")
    made, invoice = one_of_each(world), add_invoice(world, a_line())

    world.full_sync()

    assert {name: owner(world, name, id) for name, id in made.items()} == dict.fromkeys(made, TEAM)
    assert invoice_of(world, invoice)["_ownerid_value"] == TEAM
    assert world.coupled("salespeople") == {} and world.held() == []
    told = world.app.api.mappings()["overrides"]
    assert "salespeople" in told["off"], "users are coupled where persons own only"
    written = world.written()
    world.full_sync()
    assert world.written() == written


def test_a_row_that_somebody_gave_away_stays_theirs_where_a_team_owns_R138():
    world = under("team")
    made = one_of_each(world)
    world.full_sync()
    for name, id in made.items():
        world.sales.edit(OWNED[name], world.coupled(name)[id], _ownerid_value=USER)
    world.bc.edit("customers", made["customers"], salespersonId=an_id("salesperson NEW"), city="Leeds")
    world.tick_all()

    assert {name: owner(world, name, id) for name, id in made.items()} == dict.fromkeys(made, USER)
    assert city(world, made["customers"]) == "Leeds"


def test_an_invoice_of_an_order_has_the_owner_of_the_order_whoever_owns_the_rest_S101():
    world = under("team")
    world.full_sync("customers")
    account, seller = next(iter(world.coupled("customers").values())), an_id("user B")
    order = {"name": "Spring deal", "_customerid_value": account, "_owninguser_value": seller}
    world.sales.add("salesorders", an_id("order"), ordernumber="ORD-1", **order)
    invoice = add_invoice(world, a_line(), yourReference="ORD-1")

    world.full_sync()

    assert invoice_of(world, invoice)["_ownerid_value"] == seller


def test_where_persons_own_the_team_gets_accounts_and_contacts_without_salesperson_R138():
    world = under("person")
    nobodys, johns = one_of_each(world, ZERO), add_customer(world, "C3")

    world.full_sync()

    assert owner(world, "customers", nobodys["customers"]) == TEAM
    assert owner(world, "contacts", nobodys["contacts"]) == TEAM
    assert owner(world, "customers", johns) == USER

    world.bc.edit("customers", nobodys["customers"], salespersonId=SALESPERSON)
    world.tick("customers")
    assert owner(world, "customers", nobodys["customers"]) == USER, "the owner follows the salesperson"


def test_a_team_that_is_to_own_takes_nothing_from_who_owned_before_R138():
    world = under("person", team="")
    made = one_of_each(world)
    world.full_sync()

    set_to(world, "team").full_sync()
    world.bc.edit("customers", made["customers"], city="Leeds")
    world.tick("customers")

    assert {name: owner(world, name, id) for name, id in made.items()} == dict.fromkeys(made, USER)
    assert city(world, made["customers"]) == "Leeds" and world.held() == []


def test_where_persons_own_again_a_row_goes_to_the_salesperson_with_its_next_change_R138():
    world = under("team")
    made = one_of_each(world)
    world.full_sync()

    set_to(world, "person").full_sync()
    world.bc.edit("customers", made["customers"], city="Leeds")
    world.tick("customers")

    assert owner(world, "customers", made["customers"]) == USER
    assert city(world, made["customers"]) == "Leeds" and world.held() == []
