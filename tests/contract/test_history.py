"""What `History` promises, on both table stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.core.model import Side, Unresolved
from shared.ports import HistoryEntry, TableStore
from shared.state.history import TableHistory
from tests.contract.state_helpers import NOW, spent


@pytest.fixture
def history(store: TableStore, company: str) -> TableHistory:
    return TableHistory(store, company)


def entry(n: int = 0, **changes: Any) -> HistoryEntry:
    base = HistoryEntry(
        mapping="customers",
        side=Side.SALES,
        id="id-1",
        at=NOW + timedelta(seconds=n),
        action="updated",
        fields={"name": ("old", f"new {n}")},
    )
    return replace(base, **changes)


FULL = entry(
    fields={
        "limit": (None, Decimal("1.50")),
        "since": (date(2024, 1, 1), NOW),
        "blocked": (False, True),
        "terms": (Unresolved("30 DAYS"), ""),
        "notes": ("x" * 100_000, "é" * 100_000),
    }
)


def test_an_entry_is_listed_as_it_was_added(history: TableHistory) -> None:
    history.add([])
    assert history.list("customers", Side.SALES, "id-1") == []
    history.add([FULL])
    history.add([FULL])
    assert history.list("customers", Side.SALES, "id-1") == [FULL]


def test_only_entries_of_the_record_are_listed(history: TableHistory) -> None:
    history.add(
        [entry(), entry(side=Side.BC), entry(id="id-11"), entry(mapping="contacts"), entry(mapping="cust")]
    )
    assert history.list("customers", Side.SALES, "id-1") == [entry()]


def test_entries_come_newest_first_over_the_months(history: TableHistory) -> None:
    months = [entry(at=NOW + timedelta(days=days)) for days in (-200, -31, 0, 20, 40)]
    history.add(months)
    assert history.list("customers", Side.SALES, "id-1") == months[::-1]
    assert history.list("customers", Side.SALES, "id-1", limit=3) == months[:1:-1]


def test_two_writes_at_one_moment_are_both_kept(history: TableHistory) -> None:
    history.add([entry(), entry(action="created")])
    assert {e.action for e in history.list("customers", Side.SALES, "id-1")} == {"created", "updated"}


def test_companies_do_not_see_each_other(store: TableStore, company: str) -> None:
    TableHistory(store, company).add([entry()])
    assert TableHistory(store, f"{company}-other").list("customers", Side.SALES, "id-1") == []


def test_a_thousand_entries_take_ten_transactions(history: TableHistory, store: TableStore) -> None:
    history.add([entry()])
    assert spent(store, lambda: history.add([entry(id=f"id-{n}") for n in range(1000)])) == 10
    assert history.list("customers", Side.SALES, "id-999") == [entry(id="id-999")]


def test_only_entries_before_a_moment_are_listed_when_one_is_given(history: TableHistory) -> None:
    entries = [entry(n) for n in range(3)] + [entry(at=NOW - timedelta(days=40))]
    history.add(entries)
    assert history.list("customers", Side.SALES, "id-1", before=entries[2].at) == [
        entries[1],
        entries[0],
        entries[3],
    ]
    assert history.list("customers", Side.SALES, "id-1", before=entries[3].at) == []


def test_months_that_are_over_are_forgotten_and_others_stay(history: TableHistory) -> None:
    old, edge, new = (entry(at=NOW - timedelta(days=days)) for days in (200, 31, 0))
    history.add([old, edge, new, replace(old, mapping="contacts")])

    assert history.forget(edge.at)

    assert history.list("customers", Side.SALES, "id-1") == [new, edge], "its month was not over"
    assert history.list("contacts", Side.SALES, "id-1") == []
    assert history.forget(edge.at), "a second time there is nothing to do"


def test_forgetting_is_set_based_and_stops_at_its_limit(history: TableHistory, store: TableStore) -> None:
    history.add([entry(id=f"id-{n}") for n in range(300)])
    later = NOW + timedelta(days=62)

    assert not history.forget(later, limit=200)
    assert spent(store, lambda: history.forget(later)) <= 6
    assert history.list("customers", Side.SALES, "id-299") == []
