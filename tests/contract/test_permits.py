"""What `Permits` promises, on both table stores (H29)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.ports import Permitted, TableStore
from shared.state.leases import TableLeases
from shared.state.permits import TablePermits
from tests.contract.state_helpers import NOW, TestClock, spent

HELD_FOR, LASTING = timedelta(seconds=60), timedelta(seconds=40)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


def make(store: TableStore, company: str, clock: TestClock, number: int = 5) -> TablePermits:
    return TablePermits(store, company, clock, number=number, duration=HELD_FOR)


@pytest.fixture
def permits(store: TableStore, company: str, clock: TestClock) -> TablePermits:
    return make(store, company, clock)


def take(permits: TablePermits, holder: str, wanted: int = 1, keep: int = 0) -> Permitted:
    return permits.take(holder, wanted=wanted, keep=keep, lasting=LASTING)


def test_a_process_gets_the_permits_that_it_wants(permits: TablePermits) -> None:
    one = take(permits, "one", 3)

    assert (one.holder, len(one.permits), one.until) == ("one", 3, NOW + HELD_FOR)


def test_all_processes_together_never_hold_more_than_there_are(permits: TablePermits) -> None:
    held = [take(permits, f"process-{n}", 2) for n in range(4)]

    assert [len(h.permits) for h in held] == [2, 2, 1, 0]
    assert len({number for h in held for number in h.permits}) == 5


def test_who_finds_none_is_told_when_the_first_runs_out(permits: TablePermits, clock: TestClock) -> None:
    take(permits, "one", 4)
    clock.advance(seconds=10)
    take(permits, "two")
    none = take(permits, "three")

    assert (none.permits, none.until) == ({}, NOW + HELD_FOR)


def test_a_permit_that_ran_out_goes_to_somebody_else(permits: TablePermits, clock: TestClock) -> None:
    dead = take(permits, "dead", 5)
    clock.advance(seconds=60)
    heir = take(permits, "heir", 5)

    assert set(heir.permits) == set(dead.permits)
    permits.give_back(dead)
    assert take(permits, "third").permits == {}


def test_taking_again_prolongs_what_is_held_when_it_would_not_last(
    permits: TablePermits, clock: TestClock, store: TableStore
) -> None:
    first = take(permits, "one", 2)
    clock.advance(seconds=20)
    assert spent(store, lambda: take(permits, "one", 2)) == 1
    assert take(permits, "one", 2) == first
    clock.advance(seconds=1)
    assert take(permits, "one", 2).until == NOW + HELD_FOR + timedelta(seconds=21)


def test_who_has_some_may_have_more_while_they_are_free(permits: TablePermits) -> None:
    few = take(permits, "one", 1)
    many = take(permits, "one", 4)

    assert len(many.permits) == 4 and set(few.permits) <= set(many.permits)
    assert len(take(permits, "one", 1).permits) == 4


def test_an_answer_that_was_lost_leaves_nothing_behind(permits: TablePermits, clock: TestClock) -> None:
    known = take(permits, "one", 3)
    clock.advance(seconds=30)
    lost = take(permits, "one", 3)
    assert set(lost.permits) == set(known.permits) and lost.until > known.until
    permits.give_back(known)
    assert len(take(permits, "two", 5).permits) == 5


def test_what_is_given_back_is_free_at_once(permits: TablePermits, store: TableStore) -> None:
    held = take(permits, "one", 5)
    assert spent(store, lambda: permits.give_back(held)) == 1
    permits.give_back(held)

    assert len(take(permits, "two", 5).permits) == 5


def test_a_permit_that_was_given_back_late_stays_with_its_new_holder(
    permits: TablePermits, clock: TestClock
) -> None:
    slow = take(permits, "slow", 2)
    clock.advance(seconds=61)
    quick = take(permits, "quick", 4)
    permits.give_back(slow)

    assert len(take(permits, "third", 5).permits) == 1
    assert set(take(permits, "quick", 4).permits) == set(quick.permits)


def test_a_holder_of_several_gives_half_of_them_to_who_waits(permits: TablePermits) -> None:
    take(permits, "greedy", 5)
    assert take(permits, "poor").permits == {}
    assert len(take(permits, "greedy", 5).permits) == 3
    assert len(take(permits, "poor", 5).permits) == 2


def test_what_is_in_use_is_not_given_to_who_waits(permits: TablePermits) -> None:
    take(permits, "busy", 5)
    take(permits, "poor")
    assert len(take(permits, "busy", 5, keep=4).permits) == 4
    assert len(take(permits, "poor", 5).permits) == 1


def test_nobody_takes_more_while_somebody_waits(permits: TablePermits) -> None:
    take(permits, "one", 4)
    two = take(permits, "two")
    assert take(permits, "three").permits == {}
    permits.give_back(two)
    assert len(take(permits, "one", 5).permits) == 4
    assert len(take(permits, "three").permits) == 1


def test_the_last_permit_is_not_taken_away(permits: TablePermits, clock: TestClock) -> None:
    for n in range(5):
        take(permits, f"process-{n}")
    assert take(permits, "poor").permits == {}
    for n in range(5):
        assert len(take(permits, f"process-{n}").permits) == 1


def test_who_waited_is_forgotten_when_it_got_one_or_asks_no_more(
    permits: TablePermits, clock: TestClock
) -> None:
    held = take(permits, "one", 4)
    two = take(permits, "two")
    take(permits, "poor")
    permits.give_back(two)
    assert len(take(permits, "poor").permits) == 1
    assert len(take(permits, "one", 4).permits) == len(held.permits)

    take(permits, "gone")
    clock.advance(seconds=31)
    take(permits, "poor")
    assert len(take(permits, "one", 4).permits) == 4


def test_waiting_costs_one_write_now_and_then_and_looking_one_request(
    permits: TablePermits, clock: TestClock, store: TableStore
) -> None:
    take(permits, "one", 5)
    assert spent(store, lambda: take(permits, "two")) == 2
    assert spent(store, lambda: take(permits, "two")) == 1
    assert spent(store, lambda: take(permits, "three")) == 1


def test_taking_and_giving_back_are_one_transaction_each_whatever_their_number(
    permits: TablePermits, store: TableStore
) -> None:
    take(permits, "x")
    assert spent(store, lambda: take(permits, "one", 4)) == 2


def test_the_number_may_be_changed_while_processes_work(
    store: TableStore, company: str, clock: TestClock
) -> None:
    old = take(make(store, company, clock, 5), "old", 5)
    fewer = make(store, company, clock, 2)
    assert take(fewer, "new", 5).permits == {}
    make(store, company, clock, 5).give_back(old)
    assert len(take(fewer, "new", 5).permits) == 2
    assert len(take(make(store, company, clock, 8), "more", 8).permits) == 6


def test_the_mappings_that_are_being_worked_on_are_counted_from_their_leases(
    permits: TablePermits, store: TableStore, company: str, clock: TestClock
) -> None:
    leases = TableLeases(store, company, clock)
    assert (permits.running(), take(permits, "one", 3).running) == (0, 0)
    customers = leases.acquire("customers", "a", timedelta(seconds=90))
    leases.acquire("contacts", "b", timedelta(seconds=30))
    assert (permits.running(), take(permits, "two", 3).running) == (2, 2)
    clock.advance(seconds=30)
    assert permits.running() == 1
    leases.release(customers)
    assert permits.running() == 0
    assert spent(store, permits.running) == 1


def test_permits_and_leases_do_not_see_each_other(
    permits: TablePermits, store: TableStore, company: str, clock: TestClock
) -> None:
    take(permits, "one", 5)
    assert TableLeases(store, company, clock).acquire("customers", "a", HELD_FOR).fence == 1


def test_companies_and_systems_have_permits_of_their_own(
    store: TableStore, company: str, clock: TestClock
) -> None:
    take(make(store, company, clock), "one", 5)
    other = TablePermits(store, company, clock, number=5, duration=HELD_FOR, system="sales")

    assert len(take(other, "two", 5).permits) == 5
    assert len(take(make(store, f"{company}-other", clock), "two", 5).permits) == 5


@pytest.mark.parametrize("processes", [3, 8])
def test_of_many_at_the_same_moment_nobody_gets_anothers(permits: TablePermits, processes: int) -> None:
    with ThreadPoolExecutor(processes) as pool:
        held = list(pool.map(lambda n: take(permits, f"process-{n}"), range(processes)))

    numbers = [number for h in held for number in h.permits]
    assert len(numbers) == len(set(numbers)) == min(5, processes)
