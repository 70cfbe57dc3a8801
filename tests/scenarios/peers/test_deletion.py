"""The peer's scenarios of deleted records (docs/peer-scenarios.md)."""

import pytest

from sandbox.world import World
from tests.scenarios.builders import a_coupled_customer, account_of, an_id
from tests.scenarios.peers.common import held_ids, park, restart_with, sync_now
from tests.scenarios.products import a_synced_shop

#: Fields that only go to Sales; a mapping that only comes from there cannot have them.
FROM_SALES = {"from_sales": "owner: off, credit_limit: off"}


def without_its_customer(name: str = "Adatum") -> tuple[World, str, str]:
    world, customer, account = a_coupled_customer(name=name)
    world.bc.delete("customers", customer)
    return world, customer, account


def customer_of(world: World, account: str) -> tuple[str, dict]:
    [found] = [bc for bc, sales in world.coupled("customers").items() if sales == account]
    row = world.bc.show("customers", found)
    assert row is not None
    return found, row


@pytest.mark.peer("deletion-001")
def test_the_coupling_of_a_deleted_customer_stays_and_is_not_parked():
    world, customer, account = without_its_customer()
    world.tick("customers")

    told = world.app.api.explain("customers", "sales", account)

    assert told["coupling"]["bc"] == customer and told["state"] == "held"
    assert held_ids(world, "customers", "skipped") == set()


@pytest.mark.peer("deletion-002")
@pytest.mark.parametrize("direction", ["both", "from_sales"])
@pytest.mark.parametrize("creates", ["never", "always"])
def test_without_a_rule_nothing_is_created_again_and_the_pair_is_held_until_somebody_decides(
    direction, creates
):
    world, customer, account = without_its_customer()
    rule = f"direction: {direction}, create_missing: {creates}"
    restart_with(world, f"customers: {{{rule}, fields: {{{FROM_SALES.get(direction, '')}}}}}")

    for _ in range(2):
        assert sync_now(world, "customers", "sales", account) == {"read": 1, "held": 1}

    assert world.coupled("customers") == {customer: account} and world.bc.all("customers") == {}
    [held] = world.held("customers")
    assert held["kind"] == "held" and "deleted" in held["reason"] and held["tries"] == 1


@pytest.mark.peer("deletion-003")
@pytest.mark.parametrize("direction", ["both", "to_sales", "from_sales"])
@pytest.mark.parametrize("creates", ["never", "always"])
def test_with_the_rule_uncouple_the_coupling_goes_and_the_account_stays(direction, creates):
    world, _, account = without_its_customer()
    rule = f"on_delete: uncouple, direction: {direction}, create_missing: {creates}"
    restart_with(world, f"customers: {{{rule}, fields: {{{FROM_SALES.get(direction, '')}}}}}")

    sync_now(world, "customers", "sales", account)

    assert world.coupled("customers") == {} and world.held("customers") == []
    assert list(world.sales.all("accounts")) == [account] and world.bc.all("customers") == {}


@pytest.mark.peer("deletion-004")
@pytest.mark.parametrize("direction", ["both", "from_sales"])
@pytest.mark.parametrize("name", ["Adatum", "A" * 120], ids=["short", "too long"])
def test_with_the_rule_restore_the_customer_is_made_again(direction, name):
    world, old, account = without_its_customer()
    world.sales.edit("accounts", account, name=name)
    fields = f"name: {{cut: true}}, {FROM_SALES.get(direction, '')}"
    restart_with(world, f"customers: {{on_delete: restore, direction: {direction}, fields: {{{fields}}}}}")

    sync_now(world, "customers", "sales", account)

    made, row = customer_of(world, account)
    assert made != old and row["name"] == name[:100] and world.held("customers") == []


@pytest.mark.peer("deletion-007", "deletion-013")
@pytest.mark.parametrize("parked", [False, True])
def test_a_deleted_customer_is_made_again_when_a_person_asks(parked):
    world, old, account = without_its_customer()
    if parked:
        park(world, "customers", old)
        world.act("customers", "retry", side="bc", id=old)

    assert sync_now(world, "customers", "sales", account, create=True) == {"read": 1, "restored": 1}

    made, row = customer_of(world, account)
    assert made != old and row["name"] == "Adatum" and world.held("customers") == []


@pytest.mark.peer("deletion-008", "deletion-014")
def test_a_deleted_account_is_made_again_when_a_person_asks():
    world, customer, old = a_coupled_customer(name="Adatum")
    world.sales.delete("accounts", old)
    world.tick("customers")
    assert world.held("customers")

    assert sync_now(world, "customers", "bc", customer, create=True) == {"read": 1, "restored": 1}

    assert world.coupled("customers")[customer] != old
    assert account_of(world, customer)["name"] == "Adatum" and world.held("customers") == []


def test_asking_twice_for_a_deleted_account_makes_one_H12():
    world, customer, old = a_coupled_customer()
    world.sales.delete("accounts", old)
    for _ in range(2):
        world.app.api.sync("customers", {"side": "bc", "ids": [customer], "create": True})
    world.crash_when(lambda when, name: when == "after" and name == "sales.create")

    world.run()

    assert len(world.sales.all("accounts")) == len(world.coupled("customers")) == 1
    assert world.held("customers") == []


@pytest.mark.peer("deletion-009", "deletion-010", "deletion-012")
@pytest.mark.parametrize("side", ["bc", "sales"])
def test_the_survivor_of_a_deletion_is_deleted_by_nobody_but_a_person_in_its_own_system(side):
    world, customer, account = a_coupled_customer()
    world.act("customers", "skip", side="bc", id=customer)
    if side == "bc":
        world.bc.delete("customers", customer)
    else:
        world.sales.delete("accounts", account)
    world.tick("customers")
    world.act("customers", "retry", side="bc", id=customer)
    world.full_sync()

    assert len(world.bc.all("customers")) + len(world.sales.all("accounts")) == 1
    world.act("customers", "uncouple", side=side, id=customer if side == "bc" else account)
    assert len(world.bc.all("customers")) + len(world.sales.all("accounts")) == 1
    assert world.held("customers") == [] and world.coupled("customers") == {}


@pytest.mark.peer("deletion-018")
def test_what_can_be_done_depends_on_what_is_there_and_is_said_when_it_is_tried():
    world = a_synced_shop()
    item = an_id("item 1000")
    world.act("items", "skip", side="bc", id=item)
    world.bc.delete("items", item)

    told = world.app.api.explain("items", "bc", item)
    assert told["records"]["bc"]["exists"] is False and told["records"]["sales"]["exists"] is True
    retried = world.act("items", "retry", side="bc", id=item)
    assert retried["tally"]["held"] == 1 and "deleted" in world.held("items")[0]["reason"]
    coupled = world.act("items", "couple", bc=item, sales=world.coupled("items")[item])
    assert coupled["state"] == "refused" and "has no record" in coupled["message"]
    assert world.act("items", "uncouple", side="bc", id=item)["state"] == "finished"


@pytest.mark.peer("deletion-016")
@pytest.mark.parametrize("found", ["by the timer", "by a full synchronization"])
def test_a_parked_pair_of_which_both_are_deleted_is_no_longer_listed(found):
    world, customer, account = a_coupled_customer()
    park(world, "customers", customer)
    world.bc.delete("customers", customer)
    world.tick("customers")
    assert held_ids(world, "customers", "skipped") == {customer}, "one is still there"

    world.sales.delete("accounts", account)
    if found == "by the timer":
        world.tick("customers")
    else:
        world.full_sync("customers")

    assert world.held("customers") == [] and world.coupled("customers") == {}
