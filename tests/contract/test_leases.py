"""What `Leases` promises, on both table stores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.core.errors import Busy
from shared.ports import Lease, TableStore
from shared.state.leases import TableLeases
from tests.contract.state_helpers import NOW, TestClock

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def leases(store: TableStore, company: str, clock: TestClock) -> TableLeases:
    return TableLeases(store, company, clock)


def test_a_free_lease_is_taken(leases: TableLeases) -> None:
    lease = leases.acquire("customers", "one", MINUTE)
    assert (lease.mapping, lease.holder, lease.fence, lease.expires_at) == (
        "customers",
        "one",
        1,
        NOW + MINUTE,
    )


def test_a_held_lease_is_refused_with_the_time_that_is_left(leases: TableLeases, clock: TestClock) -> None:
    leases.acquire("customers", "one", MINUTE)
    clock.advance(seconds=20)
    with pytest.raises(Busy) as busy:
        leases.acquire("customers", "two", MINUTE)
    assert busy.value.retry_after == timedelta(seconds=40)
    assert leases.acquire("contacts", "two", MINUTE).fence == 1


def test_an_expired_lease_changes_hands_with_a_higher_fence(leases: TableLeases, clock: TestClock) -> None:
    old = leases.acquire("customers", "one", MINUTE)
    clock.advance(seconds=60)
    new = leases.acquire("customers", "two", MINUTE)
    assert (new.holder, new.fence, new.expires_at) == ("two", 2, NOW + 2 * MINUTE)
    with pytest.raises(Busy) as busy:
        leases.renew(old, MINUTE)
    assert busy.value.retry_after == MINUTE
    leases.release(old)
    with pytest.raises(Busy):
        leases.acquire("customers", "three", MINUTE)


def test_a_released_lease_is_free_at_once_and_its_fence_still_rises(leases: TableLeases) -> None:
    for fence, holder in enumerate(("one", "two", "two"), start=1):
        lease = leases.acquire("customers", holder, MINUTE)
        assert lease.fence == fence
        leases.release(lease)
        leases.release(lease)


def test_a_renewed_lease_lasts_from_now_on(leases: TableLeases, clock: TestClock) -> None:
    lease = leases.acquire("customers", "one", MINUTE)
    clock.advance(seconds=50)
    renewed = leases.renew(lease, MINUTE)
    assert (renewed.fence, renewed.expires_at) == (1, NOW + timedelta(seconds=110))
    clock.advance(seconds=50)
    with pytest.raises(Busy):
        leases.acquire("customers", "two", MINUTE)


def test_a_lease_that_ran_out_can_be_renewed_while_nobody_took_it(
    leases: TableLeases, clock: TestClock
) -> None:
    lease = leases.acquire("customers", "one", MINUTE)
    clock.advance(minutes=5)
    assert leases.renew(lease, MINUTE).fence == 1


def test_what_was_done_already_when_the_reply_was_lost_is_done_again(leases: TableLeases) -> None:
    lease = leases.acquire("customers", "one", MINUTE)
    again = leases.acquire("customers", "one", MINUTE)
    assert again.fence == lease.fence
    renewed = leases.renew(lease, 2 * MINUTE)
    assert (renewed.fence, renewed.expires_at) == (1, NOW + 2 * MINUTE)
    leases.release(lease)
    assert leases.acquire("customers", "two", MINUTE).fence == 2


def test_a_released_lease_cannot_be_renewed(leases: TableLeases) -> None:
    lease = leases.acquire("customers", "one", MINUTE)
    leases.release(lease)
    with pytest.raises(Busy) as busy:
        leases.renew(lease, MINUTE)
    assert busy.value.retry_after == timedelta(0)


@pytest.mark.parametrize("expired", [False, True])
def test_of_many_that_want_it_exactly_one_gets_it(
    leases: TableLeases, clock: TestClock, expired: bool
) -> None:
    if expired:
        leases.acquire("customers", "before", MINUTE)
        clock.advance(minutes=2)

    def attempt(holder: str) -> Lease | None:
        try:
            return leases.acquire("customers", holder, MINUTE)
        except Busy:
            return None

    with ThreadPoolExecutor(8) as pool:
        got = [lease for lease in pool.map(attempt, [f"worker-{n}" for n in range(8)]) if lease]
    assert [lease.fence for lease in got] == [2 if expired else 1]


def test_companies_have_leases_of_their_own(store: TableStore, company: str, clock: TestClock) -> None:
    TableLeases(store, company, clock).acquire("customers", "one", MINUTE)
    assert TableLeases(store, f"{company}-other", clock).acquire("customers", "two", MINUTE).fence == 1
