"""The peer's scenarios of uncoupling (docs/peer-scenarios.md)."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from sandbox.world import World
from shared.mappings import BY_NAME
from tests.scenarios.builders import a_company, add_contact, add_currency, add_customer, an_id
from tests.scenarios.peers.common import add_salesperson, add_user, held_ids, park
from tests.scenarios.products import add_group, add_item, add_resource, add_unit


def add_opportunity(world: World, name: str) -> str:
    contact = an_id("contact K1")
    values = {
        "description": f"Deal {name}",
        "contactId": contact,
        "status": "In Progress",
        "salespersonId": "",
    }
    return world.bc.add("opportunities", an_id(f"opportunity {name}"), **values)


def a_seller(world: World, name: str) -> str:
    add_user(world, name)
    return add_salesperson(world, name)


@dataclass(frozen=True)
class Kind:
    mapping: str
    add: Callable[[World, str], str]


KINDS = {
    "salespeople": Kind("salespeople", a_seller),
    "currencies": Kind("currencies", lambda w, n: add_currency(w, {"1": "USD", "2": "SEK", "3": "NOK"}[n])),
    "units": Kind("units_of_measure", lambda w, n: add_unit(w, f"U{n}")),
    "customers": Kind("customers", lambda w, n: add_customer(w, f"N{n}")),
    "contacts": Kind("contacts", lambda w, n: add_contact(w, f"P{n}", an_id("customer C1"))),
    "items": Kind("items", lambda w, n: add_item(w, f"I{n}")),
    "resources": Kind("resources", lambda w, n: add_resource(w, f"R{n}", "PCS")),
    "price groups": Kind("customer_price_groups", lambda w, n: add_group(w, f"G{n}")),
    "opportunities": Kind("opportunities", add_opportunity),
}


def three_of_each(*kinds: str) -> tuple[World, dict[str, list[str]]]:
    """Return a world with three coupled records of each kind, and the ids."""
    world = a_company()
    add_unit(world)
    add_contact(world, "K1", add_customer(world))
    ids = {kind: [KINDS[kind].add(world, str(n)) for n in (1, 2, 3)] for kind in kinds}
    world.full_sync()
    for kind, of in ids.items():
        assert set(of) <= set(world.coupled(KINDS[kind].mapping)), world.held(KINDS[kind].mapping)
    return world, ids


def everything_in_sales(world: World, kind: str) -> dict:
    return world.sales.all(BY_NAME[KINDS[kind].mapping].sales.name)


@pytest.mark.parametrize(
    ("kinds", "chosen"),
    [
        pytest.param(("salespeople",), (0, 1, 2), marks=pytest.mark.peer("uncoupling-002")),
        pytest.param(("customers",), (1,), marks=pytest.mark.peer("uncoupling-005")),
        pytest.param(("items", "resources"), (0, 1), marks=pytest.mark.peer("uncoupling-006")),
        pytest.param(("contacts", "opportunities"), (0, 1), marks=pytest.mark.peer("uncoupling-007")),
        pytest.param(
            ("currencies", "units", "price groups"), (0, 1), marks=pytest.mark.peer("uncoupling-008")
        ),
    ],
)
def test_the_chosen_ones_are_uncoupled_and_the_others_stay(kinds, chosen):
    world, ids = three_of_each(*kinds)
    for kind in kinds:
        mapping, before = KINDS[kind].mapping, everything_in_sales(world, kind)
        gone = {ids[kind][n] for n in chosen}

        tallies = [world.act(mapping, "uncouple", side="bc", id=i)["tally"] for i in sorted(gone)]

        assert [t["uncoupled"] for t in tallies] == [1] * len(gone)
        assert set(ids[kind]) & set(world.coupled(mapping)) == set(ids[kind]) - gone
        assert everything_in_sales(world, kind) == before, "both records stay as they are"


@pytest.mark.peer("uncoupling-003")
def test_couplings_of_some_mappings_go_and_those_of_others_stay():
    world, ids = three_of_each("customers", "salespeople", "items", "currencies", "opportunities")

    for kind in ("customers", "salespeople", "items"):
        for id in world.coupled(KINDS[kind].mapping):
            world.act(KINDS[kind].mapping, "uncouple", side="bc", id=id)

    assert not any(world.coupled(m) for m in ("customers", "salespeople", "items"))
    assert set(ids["currencies"]) <= set(world.coupled("currencies"))
    assert set(ids["opportunities"]) == set(world.coupled("opportunities"))


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("customers", marks=pytest.mark.peer("uncoupling-004")),
        pytest.param("salespeople", marks=pytest.mark.peer("uncoupling-009")),
    ],
)
def test_of_a_selection_those_that_are_not_coupled_are_told_and_change_nothing(kind):
    world, ids = three_of_each(kind)
    mapping = KINDS[kind].mapping
    free = add_customer(world, "FREE") if kind == "customers" else add_salesperson(world, "FREE")
    first, second, third = ids[kind]

    states = [world.act(mapping, "uncouple", side="bc", id=i)["state"] for i in (first, free, third)]

    assert states == ["finished", "refused", "finished"]
    assert second in world.coupled(mapping) and not {first, third} & set(world.coupled(mapping))


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("items", marks=pytest.mark.peer("uncoupling-010")),
        pytest.param("salespeople", marks=pytest.mark.peer("uncoupling-011")),
    ],
)
def test_a_parked_record_that_is_uncoupled_leaves_the_list(kind):
    world, ids = three_of_each(kind)
    mapping = KINDS[kind].mapping
    park(world, mapping, *ids[kind])

    world.act(mapping, "uncouple", side="bc", id=ids[kind][0])

    assert held_ids(world, mapping, "skipped") == set(ids[kind][1:])
    assert set(ids[kind]) & set(world.coupled(mapping)) == set(ids[kind][1:])


@pytest.mark.peer("uncoupling-013")
def test_records_with_an_error_are_uncoupled_and_their_error_is_gone():
    world, ids = three_of_each("currencies", "items")
    world.sales.refuse = lambda table, values: "a plug-in says no"
    for kind, change in (("currencies", {"description": "New"}), ("items", {"unitPrice": 3})):
        mapping = KINDS[kind].mapping
        for id in ids[kind]:
            world.bc.edit(BY_NAME[mapping].bc.name, id, **change)
        world.tick(mapping)
        assert held_ids(world, mapping) == set(ids[kind])

        world.act(mapping, "uncouple", side="bc", id=ids[kind][0])

        assert held_ids(world, mapping) == set(ids[kind][1:])
        assert ids[kind][0] not in world.coupled(mapping)


@pytest.mark.peer("uncoupling-015")
def test_the_coupling_of_a_deleted_item_is_taken_away_by_its_product():
    world, ids = three_of_each("items")
    item = ids["items"][0]
    product = world.coupled("items")[item]
    park(world, "items", item)
    world.bc.delete("items", item)

    job = world.act("items", "uncouple", side="sales", id=product)

    assert job["tally"]["uncoupled"] == 1 and item not in world.coupled("items")
    assert world.held("items") == [] and world.sales.show("products", product) is not None
