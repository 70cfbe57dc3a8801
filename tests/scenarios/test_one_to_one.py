"""A record is coupled to one record at most, whoever couples and however many at once (P14)."""

import pytest

from sandbox.world import World
from shared.core.model import Side
from shared.engine.messages import Job
from shared.state.couplings import TableCouplings
from tests.scenarios.builders import (
    a_company,
    a_coupled_customer,
    account_of,
    add_account,
    add_customer,
    an_id,
)


def a_prepared_company() -> World:
    world = a_company()
    world.full_sync("salespeople", "currencies")
    return world


def wish(bc: str, sales: str) -> bytes:
    arguments = {"bc": bc, "sales": sales, "from": "bc"}
    return Job(kind="action", mapping="customers", action="couple", arguments=arguments, token=bc).to_json()


def job_of(world: World, token: str) -> dict:
    jobs = world.app.api.jobs("customers")["value"]
    return next(j for j in jobs if j["id"] == token and j["state"] != "deferred")


@pytest.mark.parametrize("shared", ["account", "customer"])
def test_of_two_workers_that_couple_one_record_at_the_same_moment_one_wins_and_the_other_says_why_P14(shared):
    """The second worker begins when the first is about to save: the lease makes it wait for its turn."""
    world = a_prepared_company()
    customers = [add_customer(world, f"C{n}") for n in range(2)]
    accounts = [add_account(world, f"A{n}") for n in range(2)]
    pairs = [(customers[0], accounts[0]), (customers[1], accounts[0])]
    if shared == "customer":
        pairs = [(customers[0], accounts[0]), (customers[0], accounts[1])]
    second = world.start_app()
    begun = []

    def meanwhile(name: str) -> None:
        if "Couplings" in name and not begun:
            begun.append(name)
            body = wish(*pairs[1]).replace(b'"token":"', b'"token":"second-')
            second.run_message("sync-customers", body)

    world.tables.before_request = meanwhile
    world.app.run_message("sync-customers", wish(*pairs[0]))
    world.tables.before_request = None
    world.run()

    assert begun and list(world.coupled("customers").items()) == [pairs[0]]
    loser = job_of(world, f"second-{pairs[1][0]}")
    assert loser["state"] == "refused" and "is coupled to" in loser["message"]
    assert "uncouple them first" in loser["message"]


@pytest.mark.parametrize("shared", ["account", "customer"])
def test_a_worker_whose_lease_ran_out_while_it_looked_does_not_couple_a_record_twice_H11_P14(shared):
    """Between its look and its write somebody else couples, as if there were no lease at all."""
    world = a_prepared_company()
    customers = [add_customer(world, f"C{n}") for n in range(2)]
    accounts = [add_account(world, f"A{n}") for n in range(2)]
    mine = (customers[0], accounts[0])
    theirs = (customers[1], accounts[0]) if shared == "account" else (customers[0], accounts[1])
    couplings = world.app.ports.couplings
    save = couplings.save
    done = []

    def overtaken(new):
        if not done:
            done.append(True)
            other = TableCouplings(world.tables, world.facts.company_id)
            other.save([type(new[0])(mapping="customers", bc_id=theirs[0], sales_id=theirs[1])])
        return save(new)

    couplings.save = overtaken
    world.app.run_message("sync-customers", wish(*mine))
    world.run()

    assert list(world.coupled("customers").items()) == [theirs]
    job = job_of(world, mine[0])
    assert job["state"] == "refused" and "by somebody else at the same moment" in job["message"]
    both = [
        world.app.ports.couplings.find("customers", side, list(ids))
        for side, ids in ((Side.BC, customers), (Side.SALES, accounts))
    ]
    assert [len(found) for found in both] == [1, 1]


def test_a_coupling_is_not_re_pointed_unless_somebody_says_that_it_moves_P14():
    world, customer, account = a_coupled_customer()
    other = add_account(world, "A2")

    job = world.act("customers", "couple", bc=customer, sales=other)

    assert job["state"] == "refused" and "uncouple them first, or say that it moves" in job["message"]
    assert world.coupled("customers") == {customer: account}


@pytest.mark.peer("coupling-002")
@pytest.mark.parametrize("moves", ["customer", "account"])
def test_a_record_that_moves_leaves_its_counterpart_parked_and_free_coupling_002(moves):
    world, customer, account = a_coupled_customer()
    if moves == "customer":
        new = (customer, add_account(world, "A2"))
        left = ("sales", account, {"bc": add_customer(world, "C2"), "sales": account})
    else:
        new = (add_customer(world, "C2"), account)
        left = ("bc", customer, {"bc": customer, "sales": add_account(world, "A2")})
    before = {side: rows.all(t) for side, rows, t in both_tables(world)}

    job = world.act("customers", "couple", bc=new[0], sales=new[1], move=True, **{"from": "bc"})

    assert job["state"] == "finished" and world.coupled("customers") == {new[0]: new[1]}
    [parked] = world.held("customers")
    assert (parked["side"], parked["id"], parked["kind"]) == (*left[:2], "skipped")
    assert parked["label"] == ("C1" if moves == "account" else "")
    # A full synchronization makes no third record of what was left.
    world.act(
        "customers",
        "skip",
        side="sales" if moves == "account" else "bc",
        id=list(left[2].values())[0 if moves == "customer" else 1],
    )
    world.full_sync("customers")
    assert {side: rows.all(t).keys() for side, rows, t in both_tables(world)} == {
        side: rows.keys() for side, rows in before.items()
    }
    # It is free: coupled to somebody else by hand, it is parked no longer.
    job = world.act("customers", "couple", **left[2], **{"from": "bc"})
    assert job["state"] == "finished" and world.held("customers") == []
    assert world.coupled("customers") == {new[0]: new[1], left[2]["bc"]: left[2]["sales"]}


def both_tables(world: World) -> list:
    return [("bc", world.bc, "customers"), ("sales", world.sales, "accounts")]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("nth", range(1, 8))
def test_a_process_that_dies_while_a_coupling_moves_moves_it_once_H10(moment, nth):
    world, customer, account = a_coupled_customer()
    other = add_account(world, "A2")
    calls = iter(range(1, 1000))

    def at_the_nth(when: str, name: str) -> bool:
        return when == moment and "tables" in name and next(calls) == nth

    world.crash_when(at_the_nth)
    world.app.api.act("customers", "couple", {"bc": customer, "sales": other, "move": True, "from": "bc"})
    world.run()

    assert world.coupled("customers") == {customer: other}
    assert [(h["id"], h["kind"]) for h in world.held("customers")] == [(account, "skipped")]
    assert len(world.sales.all("accounts")) == 2


@pytest.mark.parametrize("deleted", ["customer", "account"])
@pytest.mark.peer("coupling-006")
def test_a_coupling_to_a_record_that_is_gone_gives_way_coupling_006(deleted):
    world, customer, account = a_coupled_customer()
    if deleted == "customer":
        world.bc.delete("customers", customer)
        pair = {"bc": add_customer(world, "C2"), "sales": account}
    else:
        world.sales.delete("accounts", account)
        pair = {"bc": customer, "sales": add_account(world, "A2")}

    job = world.act("customers", "couple", **pair, **{"from": "bc"})

    assert job["state"] == "finished"
    assert world.coupled("customers") == {pair["bc"]: pair["sales"]}
    assert account_of(world, pair["bc"])["name"] == world.bc.show("customers", pair["bc"])["name"]


@pytest.mark.peer("coupling-008")
def test_uncoupling_five_times_is_uncoupling_once_coupling_008():
    world, customer, account = a_coupled_customer()

    jobs = [world.act("customers", "uncouple", side="bc", id=customer) for _ in range(5)]

    assert [j["state"] for j in jobs] == ["finished"] * 5
    assert [j["tally"]["uncoupled"] for j in jobs] == [1, 0, 0, 0, 0]
    assert world.coupled("customers") == {} and world.sales.show("accounts", account) is not None


def test_coupling_a_record_that_nobody_has_is_refused_on_both_sides():
    world = a_prepared_company()
    customer, account = add_customer(world), add_account(world)
    for pair in ({"bc": customer, "sales": an_id("x")}, {"bc": an_id("x"), "sales": account}):
        assert world.act("customers", "couple", **pair)["state"] == "refused"
