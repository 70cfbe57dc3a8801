"""How a process shares what a system takes at once with all others (H29, H11, H13)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from fractions import Fraction

import httpx
import pytest

from sandbox.in_memory.parts import TurnedClock
from sandbox.in_memory.tables import InMemoryTables
from shared.adapters.share import LOOK, Share
from shared.adapters.throttle import Channel, Effect
from shared.core.errors import Busy, Transient
from shared.ports import Permits
from shared.state.leases import TableLeases
from shared.state.permits import TablePermits

REQUEST = timedelta(seconds=40)


class House:
    """Processes that share one table store."""

    def __init__(self, number: int = 5) -> None:
        self.clock = TurnedClock()
        self.store = InMemoryTables()
        self.permits: Permits = TablePermits(
            self.store, "company", self.clock, number=number, duration=REQUEST * 1.5
        )
        self.leases = TableLeases(self.store, "company", self.clock)
        self.slept: list[float] = []
        self.while_sleeping: Callable[[], None] = lambda: None

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(timedelta(seconds=seconds))
        self.while_sleeping()

    def process(self, name: str, *, wait_at_most: float = 20.0) -> Share:
        return Share(
            self.permits,
            self.clock,
            holder=name,
            request=REQUEST,
            sleep=self.sleep,
            wait_at_most=wait_at_most,
        )

    def free(self) -> int:
        """Return how many permits somebody could take, and give them back."""
        taken = self.permits.take("counter", wanted=99, keep=0, lasting=REQUEST)
        self.permits.give_back(taken)
        return len(taken.permits)


def test_a_job_takes_its_permits_once_and_gives_them_back_once_H29():
    house = House()
    share = house.process("one")
    spent = house.store.requests
    with share.job():
        assert spent() == 0
        assert [share.ready() for _ in range(50)] == [1] * 50
        assert spent() == 2  # one look, one transaction
        assert [share.ready(wanted=4) for _ in range(50)] == [4] * 50
        assert spent() == 4
    assert spent() == 5
    assert house.free() == 5


def test_a_job_that_sends_nothing_touches_no_permit_H29():
    house = House()
    with house.process("one").job():
        pass
    assert house.store.requests() == 0


def test_jobs_at_the_same_time_in_one_process_share_its_permits_H29():
    house = House()
    share = house.process("one")
    with share.job():
        with share.job():
            share.ready(wanted=3)
        assert house.free() == 2
    assert house.free() == 5


def test_a_request_that_belongs_to_no_job_gives_its_permit_back_at_once_H29():
    house = House()
    share = house.process("one")
    with share.using():
        share.ready()
        assert house.free() == 4
    assert house.free() == 5


def test_permits_are_given_back_when_a_job_fails_H29():
    house = House()
    share = house.process("one")
    with pytest.raises(RuntimeError), share.job():
        share.ready(wanted=5)
        raise RuntimeError
    assert house.free() == 5


def test_a_permit_outlives_the_longest_request_H11():
    house = House()
    share = house.process("one")
    with share.job():
        for _ in range(30):
            share.ready(wanted=5, busy=5)
            # A request that began just now may last so long.
            house.clock.advance(REQUEST)
            assert house.free() == 0


def test_a_process_that_died_leaves_its_permits_to_the_others_H29():
    house = House()
    house.process("dead").ready(wanted=5)
    with house.process("heir", wait_at_most=120).job():
        assert house.process("heir", wait_at_most=120).ready(wanted=5) == 5
    assert sum(house.slept) <= REQUEST.total_seconds() * 1.5 + 4


def test_who_holds_many_gives_half_to_who_waits_while_both_work_H29():
    house = House()
    greedy, poor = house.process("greedy"), house.process("poor")
    with greedy.job(), poor.job():
        assert greedy.ready(wanted=5) == 5
        house.while_sleeping = lambda: [greedy.ready(wanted=5)] and None
        assert poor.ready(wanted=5) >= 1
        assert sum(house.slept) <= LOOK.total_seconds() + 4
        house.clock.advance(LOOK)
        assert greedy.ready(wanted=5) + poor.ready(wanted=5) == 5


def test_requests_under_way_keep_their_permits_H29():
    house = House()
    greedy, poor = house.process("greedy"), house.process("poor", wait_at_most=0)
    with greedy.job():
        greedy.ready(wanted=5)
        with pytest.raises(Busy):
            poor.ready()
        house.clock.advance(LOOK)
        assert greedy.ready(wanted=5, busy=5) == 5


def test_a_job_without_a_permit_waits_a_while_and_is_then_put_off_H13():
    house = House()
    house.process("greedy").ready(wanted=5)
    house.clock.advance(timedelta(seconds=5))
    with pytest.raises(Busy) as busy:
        house.process("poor").ready()

    assert 20 <= sum(house.slept) <= 24
    assert busy.value.retry_after is not None and timedelta(0) < busy.value.retry_after <= LOOK


def test_the_part_of_the_advised_number_is_that_of_the_lines_worked_on_here_H29():
    house = House()
    share = house.process("one")
    assert share.of_all() == 1
    for mapping in ("customers", "contacts", "items"):
        house.leases.acquire(mapping, mapping, timedelta(minutes=6))
    house.clock.advance(LOOK)
    with share.job():
        assert share.of_all() == Fraction(1, 3)
        with share.job():
            assert share.of_all() == Fraction(2, 3)
    before = house.store.requests()
    assert [share.of_all() for _ in range(20)] == [Fraction(1, 3)] * 20
    assert house.store.requests() == before


def test_taking_permits_counts_the_lines_too_H29():
    house = House()
    share = house.process("one")
    house.leases.acquire("customers", "a", timedelta(minutes=6))
    house.leases.acquire("contacts", "b", timedelta(minutes=6))
    with share.job():
        share.ready()
        before = house.store.requests()
        assert share.of_all() == Fraction(1, 2)
        assert house.store.requests() == before


def test_lines_that_cannot_be_counted_cost_no_request_its_answer_H29():
    house = House()
    share = house.process("one")
    house.clock.advance(LOOK)

    def fail(name: str) -> None:
        raise Transient(name)

    house.store.before_request = fail
    assert share.of_all() == 1


def test_permits_that_cannot_be_given_back_do_not_spoil_a_job_that_is_done_H29():
    house = House()
    share = house.process("one")
    with share.job():
        share.ready(wanted=2)

        def fail(name: str) -> None:
            raise Transient(name)

        house.store.before_request = fail
    house.store.before_request = None
    assert house.free() == 3


# --- channels ------------------------------------------------------------------------------------


class Server:
    """Answers after everybody has come who can come: counts how many are in at once."""

    def __init__(self, *, headers: dict[str, str] | None = None, expected: int = 0) -> None:
        self.most = self._in = 0
        self._expected = expected
        self._changed = threading.Condition()
        self._headers = headers or {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._changed:
            self._in += 1
            self.most = max(self.most, self._in)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most >= self._expected, timeout=5)
            self._in -= 1
        return httpx.Response(200, headers=self._headers)


def send(channel: Channel) -> Callable[[int], int]:
    def one(_: int) -> int:
        return channel.send("GET", "https://x.test/", effect=Effect.READ, headers={}).status_code

    return one


def a_channel(server: Server, **arguments: object) -> Channel:
    http = httpx.Client(transport=httpx.MockTransport(server))
    return Channel(http, system="Test", sleep=lambda _: None, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(("others", "mine"), [(0, 5), (3, 2), (4, 1)])
def test_no_more_requests_are_under_way_than_there_are_permits_H29(others, mine):
    house = House()
    if others:
        house.process("others").ready(wanted=others)
    server = Server(expected=mine)
    channel = a_channel(server, parallel=5, permits=house.process("one"))

    assert channel.each(send(channel), list(range(20))) == [200] * 20
    assert server.most == channel.slots == mine
    assert house.free() == 5 - others


def test_without_a_permit_nothing_is_sent_H13():
    house = House()
    house.process("others").ready(wanted=5)
    channel = a_channel(Server(), parallel=5, permits=house.process("one"))

    with pytest.raises(Busy):
        channel.each(send(channel), list(range(20)))
    with pytest.raises(Busy):
        send(channel)(1)
    assert channel.requests == 0


def test_throttling_halves_what_the_permits_allow_H29():
    house = House()
    answers = [httpx.Response(429, headers={"Retry-After": "0"})]
    http = httpx.Client(
        transport=httpx.MockTransport(lambda _: answers.pop() if answers else httpx.Response(200))
    )
    share = house.process("one")
    channel = Channel(http, system="Test", sleep=lambda _: None, parallel=5, permits=share)
    with share.job():
        channel.each(send(channel), [1, 2, 3, 4, 5])
        assert channel.slots == 2
        channel.each(send(channel), [1, 2, 3, 4, 5])
        assert channel.slots == 2


def test_the_advised_number_is_divided_by_the_running_lines_H29():
    house = House()
    for mapping in ("customers", "contacts"):
        house.leases.acquire(mapping, mapping, timedelta(minutes=6))
    house.clock.advance(LOOK)
    server = Server(headers={"x-ms-dop-hint": "8"})
    share = house.process("one")
    channel = a_channel(server, parallel=2, follow_hint=True, share=share)
    with share.job():
        send(channel)(1)
        channel.each(send(channel), list(range(20)))
    assert channel.slots == 4
    assert server.most <= 4


def test_a_hint_smaller_than_the_number_of_lines_leaves_each_one_request_H29():
    house = House()
    for n in range(6):
        house.leases.acquire(f"mapping-{n}", "x", timedelta(minutes=6))
    house.clock.advance(LOOK)
    server = Server(headers={"x-ms-dop-hint": "4"})
    channel = a_channel(server, parallel=4, follow_hint=True, share=house.process("one"))
    send(channel)(1)
    assert channel.each(send(channel), [1, 2, 3]) == [200] * 3
    assert server.most == channel.slots == 1


def test_jobs_in_threads_of_one_process_lose_and_double_no_permit_H29():
    house = House()
    share = house.process("one")

    def job(_: int) -> int:
        with share.job():
            return share.ready(wanted=5)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(job, range(100))) == {5}
    assert house.free() == 5
