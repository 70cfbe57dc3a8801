"""What `Plans` promises, on both table stores (H26)."""

from __future__ import annotations

from typing import Any

import pytest

from shared.ports import TableStore
from shared.state.plans import TablePlans
from tests.contract.state_helpers import spent


@pytest.fixture
def plans(store: TableStore, company: str) -> TablePlans:
    return TablePlans(store, company)


def entries(count: int, step: int = 0) -> list[dict[str, Any]]:
    return [{"id": f"{step}/{n}", "fields": {"name": [None, "x" * 50]}} for n in range(count)]


def everything(plans: TablePlans, run: str, mapping: str) -> list[dict[str, Any]]:
    found, after = plans.list(run, mapping, limit=150)
    while after:
        more, after = plans.list(run, mapping, after=after, limit=150)
        found += more
    return found


def test_a_plan_is_read_in_the_order_of_its_steps(plans):
    for step in (2, 0, 11, 1):
        plans.add("r", "customers", step, entries(250, step))

    found = everything(plans, "r", "customers")

    assert [e["id"] for e in found] == [f"{s}/{n}" for s in (0, 1, 2, 11) for n in range(250)]


def test_a_step_saved_again_replaces_itself(plans):
    plans.add("r", "customers", 0, entries(3))
    plans.add("r", "customers", 0, entries(3))

    assert len(everything(plans, "r", "customers")) == 3


def test_plans_of_other_runs_and_mappings_are_kept_apart(plans):
    plans.add("r", "customers", 0, entries(1))
    plans.add("r", "contacts", 0, entries(2))
    plans.add("r2", "customers", 0, entries(4))

    assert [len(everything(plans, *key)) for key in (("r", "customers"), ("r", "contacts"))] == [1, 2]


def test_a_page_of_a_thousand_entries_costs_one_transaction_and_none_costs_nothing(plans, store):
    plans.add("r", "warm", 0, entries(1))  # the table is made once
    assert spent(store, lambda: plans.add("r", "customers", 0, entries(1000))) == 1
    assert spent(store, lambda: plans.add("r", "customers", 1, [])) == 0


def test_long_texts_are_kept_whole(plans):
    long = [{"id": str(n), "fields": {"description": [None, f"{n}" * 4000]}} for n in range(100)]

    plans.add("r", "items", 0, long)

    assert everything(plans, "r", "items") == long


def test_a_plan_is_forgotten_and_the_others_stay(plans: TablePlans) -> None:
    for run in ("r1", "r2"):
        plans.add(run, "customers", 0, entries(250))

    plans.forget("r1")
    plans.forget("r1")

    assert plans.list("r1", "customers") == ([], None)
    assert len(plans.list("r2", "customers")[0]) == 250
