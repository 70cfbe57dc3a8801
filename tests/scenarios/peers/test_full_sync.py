"""The peer's scenarios of full synchronizations (docs/peer-scenarios.md)."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.world import World
from shared.mappings import BY_NAME
from tests.scenarios.builders import (
    a_company,
    add_account,
    add_currency,
    add_customer,
    line,
)
from tests.scenarios.peers.common import add_salesperson, jobs_of

#: What each mapping waits for at least, of the mappings that Tandem has.
WAITS_FOR = {
    "customers": {"salespeople", "currencies", "payment_terms", "shipment_methods", "shipping_agents"},
    "contacts": {"customers"},
    "opportunities": {"contacts"},
    "posted_sales_invoices": {"items", "resources", "opportunities"},
    "items": {"units_of_measure"},
    "resources": {"units_of_measure"},
    "customer_price_groups": {"currencies", "items"},
    "sales_prices": {"customer_price_groups", "items"},
}
FIRST = ("salespeople", "currencies", "units_of_measure")


def states(world: World, run: str) -> dict[str, str]:
    return {entry["mapping"]: entry["state"] for entry in world.app.api.run(run)["lines"]}


def watched(world: World, *mappings: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Start a full synchronization and yield the states of its lines after each message."""
    run = world.app.api.start_full_sync({"mappings": list(mappings)})["run"]
    while world.step():
        yield run, states(world, run)


@pytest.mark.parametrize(
    ("mapping", "needs"),
    [
        *(pytest.param(m, set(), marks=pytest.mark.peer("full-sync-001"), id=m) for m in FIRST),
        *(pytest.param(m, n, marks=pytest.mark.peer("full-sync-002"), id=m) for m, n in WAITS_FOR.items()),
    ],
)
def test_a_line_waits_for_the_mappings_that_its_records_refer_to(mapping, needs):
    run = a_company().full_sync()

    depends = set(line(run, mapping)["depends_on"])

    assert depends >= needs and bool(depends) == bool(needs)


@pytest.mark.peer("full-sync-006", "full-sync-016")
def test_the_plan_has_a_line_for_each_mapping_and_just_those_that_wait_for_nothing_begin():
    world = a_company()
    _, started = next(watched(world))

    assert set(started) == set(world.app.ports.mappings) and "posted_sales_invoice_lines" not in started
    begun = {name for name, state in started.items() if state == "running"}
    assert begun == {name for name in started if not BY_NAME[name].depends_on}
    assert {started[name] for name in started if name not in begun} == {"pending"}


@pytest.mark.peer("full-sync-007")
def test_starting_makes_the_job_of_a_line_that_names_its_run():
    world = a_company()
    run, begun = next(watched(world, "currencies"))

    [message] = world.queue.peek("sync-currencies")
    assert begun == {"currencies": "running"} and run.encode() in message.body


@pytest.mark.peer("full-sync-008")
def test_the_customers_start_when_the_currencies_are_finished():
    world = a_company()
    customer = add_customer(world)
    seen = [states_ for _, states_ in watched(world, "currencies", "salespeople", "customers")]

    for now in seen:
        if now["customers"] != "pending":
            assert now["currencies"] == now["salespeople"] == "finished"
    assert {"pending", "running", "finished"} == {now["customers"] for now in seen}
    [run] = [r["id"] for r in world.app.api.runs()["value"]]
    assert line(world.app.api.run(run), "currencies")["to_sales"]["created"] == 1
    assert customer in world.coupled("customers")


@pytest.mark.peer("full-sync-009")
def test_a_two_way_mapping_goes_to_sales_first_and_then_to_bc():
    world = a_company()
    customer, account = add_customer(world), add_account(world, "Acme")
    order: list[str] = []
    for name, records in (("sales", world.sales), ("bc", world.bc)):
        create = records.create

        def noted(table: Any, writes: Any, name: str = name, create: Any = create) -> Any:
            if table.name in ("customers", "accounts"):
                order.append(name)
            return create(table, writes)

        records.create = noted  # type: ignore[method-assign]

    run = world.full_sync()

    assert order == ["sales", "bc"] and line(run, "customers")["state"] == "finished"
    assert customer in world.coupled("customers") and account in world.coupled("customers").values()


@pytest.mark.peer("full-sync-010")
def test_a_mapping_of_which_every_record_fails_is_finished_and_shows_it():
    world = a_company()
    for n in range(2):
        add_customer(world, f"C{n}", salespersonId=add_salesperson(world, f"P{n}"))
        world.sales.edit("accounts", add_account(world, f"A{n}"), name="x" * 101)

    run = world.full_sync()

    found = line(run, "customers")
    assert run["state"] == found["state"] == "finished"
    assert found["to_sales"]["waiting"] == found["from_sales"]["held"] == 2
    assert len(world.held("customers")) == 4 and world.coupled("customers") == {}


@pytest.mark.peer("full-sync-012")
def test_a_job_of_no_run_changes_no_line():
    world = a_company()
    run = world.full_sync()["id"]
    before = world.app.api.run(run)
    add_currency(world, "USD")

    world.tick_all()

    assert world.app.api.run(run) == before
    assert {e["run"] for e in jobs_of(world, "currencies") if e["cause"] == "timer"} == {""}


@pytest.mark.peer("full-sync-017")
def test_a_line_starts_only_when_all_its_parents_are_finished():
    world = a_company()
    running: dict[str, int] = {}
    for step, (_, now) in enumerate(watched(world)):
        for name, state in now.items():
            if state == "running":
                running.setdefault(name, step)
                assert {now[parent] for parent in BY_NAME[name].depends_on} <= {"finished"}
        done = {name for name, state in now.items() if state == "finished"}
        ready = {n for n, s in now.items() if s == "pending" and set(BY_NAME[n].depends_on) <= done}
        assert not ready, "what can start has started"
    assert set(running) == set(world.app.ports.mappings)


@pytest.mark.peer("full-sync-019")
def test_a_second_start_while_the_first_works_makes_nothing_twice():
    world = a_company()
    for n in range(3):
        add_customer(world, f"C{n}")
    runs = [world.app.api.start_full_sync({})["run"] for _ in range(2)]

    world.run()

    assert [world.app.api.run(r)["state"] for r in runs] == ["finished", "finished"]
    assert len(world.sales.all("accounts")) == 3 and world.held() == []


@pytest.mark.peer("full-sync-021", "full-sync-022")
def test_mappings_are_listed_in_the_order_of_their_dependencies_option_tables_among_them():
    listed = [m["mapping"] for m in a_company().app.api.mappings()["value"]]

    wanted = ["salespeople", "currencies", "units_of_measure", "customers", "contacts"]
    assert [m for m in listed if m in wanted] == wanted
    assert {"payment_terms", "shipment_methods", "shipping_agents"} < set(listed[: listed.index("customers")])
