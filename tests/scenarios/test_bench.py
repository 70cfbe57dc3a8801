"""Parts of `make bench` run here too, small, so that the whole bench cannot break unseen (design §10)."""

from __future__ import annotations

import pytest

from sandbox.bench import catalogue, changes, memory, rehearsal
from sandbox.bench.report import missed


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(lambda: changes.budgets(30), id="changes"),
        pytest.param(lambda: rehearsal.budgets(10, items=20), id="a rehearsal and its run"),
    ],
)
def test_a_part_of_the_bench_holds_its_budgets_with_few_records_too_H26(part):
    rows = part()

    assert len(rows) > 4 and missed(rows) == []


def test_the_bench_of_items_prices_and_invoices_counts_each_of_them_in_bulk():
    rows = catalogue.budgets(items=20, invoices=5)

    # Of few records the rows that several need are more than their share of write requests.
    assert len(rows) == 15
    assert missed([b for b in rows if b.at_least or "of all kinds" in b.what]) == []


def test_the_memory_of_a_full_pass_is_its_own_and_not_that_of_who_measures_it():
    alone = memory.measured(10)
    ballast = bytearray(256 * memory.MIB)

    assert memory.measured(10) < alone * 1.5 and len(ballast) == 256 * memory.MIB
