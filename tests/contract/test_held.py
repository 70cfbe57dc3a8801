"""What `HeldRecords` promises, on both table stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.in_memory.tables import InMemoryTables
from shared.core.model import Side
from shared.ports import HeldRecord, TableStore
from shared.state.held import TableHeld
from tests.contract.state_helpers import NOW, spent

HOUR = timedelta(hours=1)


@pytest.fixture
def held(store: TableStore, company: str) -> TableHeld:
    return TableHeld(store, company)


def record(n: int = 1, **changes: Any) -> HeldRecord:
    base = HeldRecord(
        mapping="customers", side=Side.BC, id=f"id-{n:04}", kind="held", reason="no name", since=NOW
    )
    return replace(base, **changes)


def waiting(n: int = 1, awaits: str = "person-1", **changes: Any) -> HeldRecord:
    link = {"awaits_mapping": "salespeople", "awaits_side": "bc", "awaits_id": awaits}
    return record(n, kind="waiting", reason=f"waits for {awaits}", **(link | changes))


def key(held_record: HeldRecord) -> tuple[Side, str]:
    return held_record.side, held_record.id


def listed(held: TableHeld, mapping: str | None = "customers") -> list[HeldRecord]:
    return held.list(mapping)[0]


FULL = waiting(
    next_try=NOW + HOUR,
    tries=2,
    side=Side.SALES,
    fields=({"field": "name", "bc": "Ærø", "sales": None}, {"field": "phone", "bc": "1", "sales": "2"}),
    label="C00010",
)


def test_a_held_record_is_found_as_it_was_put(held: TableHeld) -> None:
    held.put([FULL])
    assert held.find("customers", [key(FULL), (Side.BC, FULL.id)]) == {key(FULL): FULL}
    assert listed(held) == [FULL]
    assert held.find("contacts", [key(FULL)]) == {}


def test_a_reason_of_any_length_is_kept(held: TableHeld) -> None:
    long = record(
        reason="é because " * 10_000, fields=({"field": "notes", "bc": "x" * 200_000, "sales": ""},)
    )
    held.put([long])
    held.put([long])
    assert listed(held) == [long]


def test_held_again_it_is_as_it_was_put_last(held: TableHeld) -> None:
    held.put([record(tries=4)])
    again = record(since=NOW + HOUR, next_try=NOW + 2 * HOUR, label="new", tries=5)
    held.put([again])
    assert listed(held) == [again]


def test_of_one_record_put_twice_at_once_the_last_counts(held: TableHeld) -> None:
    held.put([waiting(), record()])
    assert listed(held) == [record()]
    assert held.waiting_for("salespeople", [(Side.BC, "person-1")]) == []


def test_removed_records_are_gone_and_wait_no_more(held: TableHeld) -> None:
    held.put([record(1), waiting(2), record(3)])
    gone = [(Side.BC, f"id-{n:04}") for n in (1, 2, 7)]
    held.remove("customers", gone)
    held.remove("customers", gone)
    held.remove("customers", [])
    assert listed(held) == [record(3)]
    assert held.waiting_for("salespeople", [(Side.BC, "person-1")]) == []


def test_a_record_is_found_by_what_it_waits_for(held: TableHeld) -> None:
    held.put([waiting(1), waiting(2), waiting(3, "person-2"), waiting(4, mapping="contacts"), record(5)])
    held.put(
        [waiting(6, awaits_side="sales"), waiting(7, "person-11"), waiting(8, awaits_mapping="currencies")]
    )
    assert sorted(held.waiting_for("salespeople", [(Side.BC, "person-1")])) == [
        ("contacts", Side.BC, "id-0004"),
        ("customers", Side.BC, "id-0001"),
        ("customers", Side.BC, "id-0002"),
    ]
    both = held.waiting_for(
        "salespeople", [(Side.BC, "person-2"), (Side.SALES, "person-1"), (Side.BC, "nobody")]
    )
    assert sorted(both) == [("customers", Side.BC, "id-0003"), ("customers", Side.BC, "id-0006")]
    assert held.waiting_for("salespeople", []) == []


@pytest.mark.parametrize("awaited", [1, 2, 40])
def test_waiters_are_found_among_more_than_a_page(held: TableHeld, store: TableStore, awaited: int) -> None:
    held.put([waiting(n, f"person-{n:04}") for n in range(1100)])
    wanted = [(Side.BC, f"person-{1099 - 20 * n:04}") for n in range(awaited)]
    found: list[tuple[str, Side, str]] = []
    cost = spent(store, lambda: found.extend(held.waiting_for("salespeople", wanted)))
    assert sorted(found) == sorted(("customers", Side.BC, f"id-{1099 - 20 * n:04}") for n in range(awaited))
    assert cost <= 3


def test_a_record_that_waits_for_another_now_waits_for_that_only(held: TableHeld) -> None:
    held.put([waiting(1), waiting(2)])
    held.put([waiting(1, "person-2"), record(2)])
    assert held.waiting_for("salespeople", [(Side.BC, "person-1")]) == []
    assert held.waiting_for("salespeople", [(Side.BC, "person-2")]) == [("customers", Side.BC, "id-0001")]


def test_a_held_record_is_found_by_each_of_what_it_awaits_and_only_while_it_does(held: TableHeld) -> None:
    customer, item = ("customers", Side.SALES, "a-1"), ("items", Side.SALES, "p-1")
    order = record(1, mapping="sales_orders", awaits=(customer, item))
    held.put([order])
    assert held.find("sales_orders", [key(order)]) == {key(order): order}
    found = ("sales_orders", Side.BC, "id-0001")
    assert held.waiting_for("customers", [(Side.SALES, "a-1")]) == [found]
    assert held.waiting_for("items", [(Side.SALES, "p-1")]) == [found]

    held.put([replace(order, awaits=(item,))])
    assert held.waiting_for("customers", [(Side.SALES, "a-1")]) == []
    assert held.waiting_for("items", [(Side.SALES, "p-1")]) == [found]
    held.remove("sales_orders", [key(order)])
    assert held.waiting_for("items", [(Side.SALES, "p-1")]) == []


def test_due_are_those_whose_next_try_has_come_longest_due_first(held: TableHeld) -> None:
    held.put([record(1, next_try=NOW), record(2), record(3, next_try=NOW + HOUR)])
    held.put([record(1, mapping="contacts", next_try=NOW - HOUR)])
    due = [(r.mapping, r.id) for r in held.due(NOW)]
    assert due == [("contacts", "id-0001"), ("customers", "id-0001")]
    assert [(r.mapping, r.id) for r in held.due(NOW, limit=1)] == due[:1]
    assert held.due(NOW - 2 * HOUR) == []
    assert len(held.due(NOW + HOUR)) == 3


def test_a_list_goes_on_where_it_stopped(held: TableHeld) -> None:
    everything = [record(n, mapping=mapping) for mapping in ("contacts", "customers") for n in range(5)]
    held.put(everything)
    for mapping, wanted in ((None, everything), ("customers", everything[5:])):
        seen: list[HeldRecord] = []
        after = None
        while True:
            page, after = held.list(mapping, limit=2, after=after)
            assert 0 < len(page) <= 2
            seen += page
            if after is None:
                break
        assert seen == wanted


def test_a_page_that_ends_with_the_last_record_says_so(held: TableHeld) -> None:
    assert held.list() == ([], None)
    held.put([record(1), record(2)])
    assert held.list(limit=2) == ([record(1), record(2)], None)


def test_companies_do_not_see_each_other(store: TableStore, company: str) -> None:
    TableHeld(store, company).put([waiting(next_try=NOW)])
    other = TableHeld(store, f"{company}-other")
    assert listed(other) == listed(other, None) == other.due(NOW) == []
    assert other.waiting_for("salespeople", [(Side.BC, "person-1")]) == []


def test_a_page_costs_no_request_for_each_record(held: TableHeld, store: TableStore) -> None:
    held.put([record(9999)])
    page = [waiting(n) for n in range(200)]
    # One read; two transactions each for Waits and Held.
    held.waiting_for("salespeople", [(Side.BC, "warm up")])
    assert spent(store, lambda: held.put(page)) == 5
    # Another reason: the old Waits rows go, too.
    assert spent(store, lambda: held.put([waiting(n, "person-2") for n in range(200)])) == 7
    everybody = [key(record(n)) for n in range(1000)]
    assert spent(store, lambda: held.find("customers", everybody)) == 1
    assert spent(store, lambda: held.remove("customers", everybody)) == 5
    # Nothing of it is held any more: one look.
    assert spent(store, lambda: held.remove("customers", everybody)) == 1
    assert listed(held) == [record(9999)]


def test_a_few_among_very_many_are_read_by_key_and_many_by_page(held: TableHeld, store: TableStore) -> None:
    held.put([record(n) for n in range(1500)])
    few = [key(record(n)) for n in (1, 1400, 1499)]
    many = [key(record(n)) for n in range(0, 1500, 30)]
    assert held.find("customers", few).keys() == set(few)
    assert spent(store, lambda: held.find("customers", few)) <= 3
    assert held.find("customers", many).keys() == set(many)
    assert spent(store, lambda: held.find("customers", many)) == 2


class Crash(Exception):
    """The process ends here."""


class CrashAt:
    """Ends the process at the nth write, before or after it took effect."""

    def __init__(self, write: int) -> None:
        self.left = write

    def __call__(self, name: str) -> None:
        if name.startswith("tables.transact"):
            self.left -= 1
            if not self.left:
                raise Crash


WRITES = [1, 2, 3]
HOOKS = ["before_request", "after_request"]


def crash_during(store: InMemoryTables, hook: str, write: int, act: Callable[[], None]) -> None:
    """Do it until the process ends at that write."""
    setattr(store, hook, CrashAt(write))
    with pytest.raises(Crash):
        act()
    setattr(store, hook, None)


def waits(store: InMemoryTables) -> list[str]:
    return [row.key for row in store.query("Waits", None)]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("write", WRITES)
def test_a_crash_never_leaves_a_record_waiting_unheard(hook: str, write: int) -> None:
    store = InMemoryTables()
    held = TableHeld(store, "company")
    # Three writes: the mapping's name, Waits, Held.
    crash_during(store, hook, write, lambda: held.put([waiting()]))
    if held.find("customers", [key(waiting())]):
        assert waits(store) == ["bc:person-1|customers:bc:id-0001"]
    held.put([waiting()])
    assert held.waiting_for("salespeople", [(Side.BC, "person-1")]) == [("customers", Side.BC, "id-0001")]
    held.remove("customers", [key(waiting())])
    assert waits(store) == []


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("write", WRITES)
def test_a_crash_while_the_awaited_record_changes_leaves_no_wait_for_ever(hook: str, write: int) -> None:
    store = InMemoryTables()
    held = TableHeld(store, "company")
    held.put([waiting()])
    # Three writes: the new wait, the old wait, Held.
    crash_during(store, hook, write, lambda: held.put([waiting(1, "person-2")]))
    assert waits(store)
    held.put([waiting(1, "person-2")])
    assert waits(store) == ["bc:person-2|customers:bc:id-0001"]
    held.remove("customers", [key(waiting())])
    assert waits(store) == []


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("write", [1, 2])
def test_a_crash_while_removing_is_finished_by_removing_again(hook: str, write: int) -> None:
    store = InMemoryTables()
    held = TableHeld(store, "company")
    held.put([waiting()])
    crash_during(store, hook, write, lambda: held.remove("customers", [key(waiting())]))
    held.remove("customers", [key(waiting())])
    assert (waits(store), listed(held)) == ([], [])
