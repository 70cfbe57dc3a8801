"""Sending requests to one system: limits, short waits, bounded repeats, and counting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TypeVar

import httpx

from shared.adapters.odata import (
    BC,
    NOT_DONE,
    UNKNOWN_OUTCOME,
    Answer,
    Lost,
    decode,
    forbidden,
    retry_after,
    table_in,
)
from shared.adapters.share import Share
from shared.core.errors import Misconfigured, Transient
from shared.signal_names import REQUEST, REQUESTS, THROTTLED
from shared.signals import SILENT, Signals, Span

T = TypeVar("T")
R = TypeVar("R")

#: Requests between two steps up, after a step down.
CALM_BEFORE_GROWING = 20


class Effect(Enum):
    """What happens when a request whose reply was lost is sent again."""

    #: It reads: repeat freely.
    READ = "read"
    #: It writes, but a second time does no harm (own ids, or unconditional values): repeat once.
    HARMLESS = "harmless"
    #: It writes under a condition that its own success changes: never repeat, look first.
    ONCE = "once"


class Slots:
    """How many requests may be under way: halved when throttled, grown again slowly (design §4)."""

    def __init__(self, most: int) -> None:
        self._most = self._now = max(1, most)
        self._busy = 0
        self._calm = 0
        self._free = threading.Condition()

    @property
    def now(self) -> int:
        return self._now

    @property
    def busy(self) -> int:
        """How many requests are under way, the caller's own included."""
        return self._busy

    def resize(self, most: int) -> None:
        """Take another upper limit, such as `x-ms-dop-hint`."""
        with self._free:
            most = max(1, most)
            if most != self._most:
                self._now = most if self._now == self._most else min(self._now, most)
                self._most = most
                self._free.notify_all()

    def throttled(self) -> None:
        with self._free:
            self._now, self._calm = max(1, self._now // 2), 0

    def passed(self) -> None:
        with self._free:
            self._calm += 1
            if self._calm >= CALM_BEFORE_GROWING and self._now < self._most:
                self._now, self._calm = self._now + 1, 0
                self._free.notify()

    def __enter__(self) -> None:
        with self._free:
            self._free.wait_for(lambda: self._busy < self._now)
            self._busy += 1

    def __exit__(self, *_: object) -> None:
        with self._free:
            self._busy -= 1
            self._free.notify()


class Channel:
    """One system's line. Counts every request that goes out.

    Args:
        parallel: Requests under way at once; 1 sends them one after another in a fixed order.
        permits: Send no more at once than this process has permits for, of those that all processes
            share (H29).
        follow_hint: Let `x-ms-dop-hint` set the number instead (dataverse-web-api.md §7), or as much
            of it as falls to this process by `share`. It is what one of the `users` may have.
        signals: Told of every attempt: method, table, status; never the address, which holds ids and filters.
        sleep: Waits so many seconds; tests advance a clock instead.
        wait_at_most: Longest single wait in seconds; a longer Retry-After becomes `Transient`.
        tries: Most attempts of one request, the first included.
    """

    def __init__(
        self,
        http: httpx.Client,
        *,
        system: str,
        sleep: Callable[[float], None],
        parallel: int = 5,
        permits: Share | None = None,
        follow_hint: bool = False,
        users: int = 1,
        share: Share | None = None,
        wait_at_most: float = 5.0,
        tries: int = 5,
        signals: Signals = SILENT,
    ) -> None:
        self._http = http
        self._signals = signals
        self._side = "bc" if system == BC else "sales"
        self._system = system
        self._sleep = sleep
        self._parallel = parallel
        self._permits = permits
        self._follow_hint = follow_hint and parallel > 1
        self._users = users
        self._share = share
        self._hint = 0
        self._wait_at_most = wait_at_most
        self._tries = tries
        self._slots = Slots(1 if permits else parallel)
        self._counting = threading.Lock()
        self.reads = 0
        self.writes = 0

    @property
    def requests(self) -> int:
        return self.reads + self.writes

    @property
    def slots(self) -> int:
        return self._slots.now

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Do `work` on every item, in parallel where that is allowed; answers in order."""
        if self._parallel == 1 or len(items) < 2:
            return [work(item) for item in items]
        with self._permits.using() if self._permits else nullcontext():
            self._fit(len(items))
            with ThreadPoolExecutor(
                max_workers=min(len(items), max(self._parallel, self._slots.now))
            ) as pool:
                # Each in a copy of this context: its requests belong to this trace.
                return list(pool.map(lambda here, item: here.run(work, item), contexts(items), items))

    def _fit(self, items: int) -> None:
        """Find out how many requests may be under way, before so many begin."""
        if self._permits:
            wanted = min(items, self._parallel)
            self._slots.resize(self._permits.ready(wanted=wanted, busy=self._slots.busy))
        elif self._hint:
            self._slots.resize(int(self._hint * self._users * (self._share.of_all() if self._share else 1)))

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """Hold one of the places of this process, and a permit for it where permits are shared out."""
        if self._permits is None:
            with self._slots:
                yield
            return
        with self._permits.using(), self._slots:
            self._slots.resize(self._permits.ready(busy=self._slots.busy))
            yield

    def send(
        self,
        method: str,
        url: str,
        *,
        effect: Effect,
        headers: Mapping[str, str],
        content: bytes | None = None,
        user: httpx.Auth | None = None,
    ) -> httpx.Response:
        """Send and return any reply that says something about the request itself: 2xx or 4xx.

        `user` signs in instead of the client's own application users.

        Raises:
            Lost: the reply did not come, or says nothing; it may have been done.
            Transient: it was not done; `retry_after` says when to come back. `Busy` of them: there was
                no permit.
            Misconfigured: 401 (a fresh token was tried) or 403.
        """
        attempt = 0
        repeats_after_loss = {Effect.READ: self._tries - 1, Effect.HARMLESS: 1, Effect.ONCE: 0}[effect]
        while True:
            attempt += 1
            problem: Transient
            try:
                with self._slot():
                    self._count(effect)
                    with self._told(method, url, effect, attempt) as span:
                        response = self._http.request(
                            method,
                            url,
                            headers=dict(headers),
                            content=content,
                            auth=user or httpx.USE_CLIENT_DEFAULT,
                        )
                        span.set(status=response.status_code)
                    # Cookies would tie us to one web server (dataverse-web-api.md §7).
                    self._http.cookies.clear()
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
                problem = Transient(f"{self._system} cannot be reached")
            except httpx.TransportError as lost:
                problem = Lost(f"{self._system} did not answer ({type(lost).__name__})")
            except httpx.InvalidURL:
                raise Misconfigured(f"the address of {self._system} is not valid") from None
            else:
                if self._follow_hint and (hint := response.headers.get("x-ms-dop-hint", "")).isdigit():
                    self._hint = int(hint)
                if response.status_code in (401, 403):
                    raise forbidden(self._system, answer_of(response))
                if response.status_code in NOT_DONE:
                    self._signals.count(THROTTLED, system=self._side, status=response.status_code)
                    if response.status_code == 429:
                        self._slots.throttled()
                    wait = retry_after(response.headers, datetime.now(UTC))
                    problem = Transient(f"{self._system} answered {response.status_code}", retry_after=wait)
                elif response.status_code in UNKNOWN_OUTCOME:
                    wait = retry_after(response.headers, datetime.now(UTC))
                    problem = Lost(f"{self._system} answered {response.status_code}", retry_after=wait)
                else:
                    self._slots.passed()
                    return response
            if isinstance(problem, Lost):
                if repeats_after_loss == 0:
                    raise problem
                repeats_after_loss -= 1
            self._wait(attempt, problem)

    def _told(self, method: str, url: str, effect: Effect, attempt: int) -> AbstractContextManager[Span]:
        asked = {"system": self._side, "effect": effect.value}
        self._signals.count(REQUESTS, **asked)
        return self._signals.span(REQUEST, **asked, method=method, table=table_in(url), attempt=attempt)

    def _wait(self, attempt: int, problem: Transient) -> None:
        """Wait before the next attempt, or raise when it is not worth blocking a job for."""
        asked = problem.retry_after or timedelta(seconds=0.25 * 2**attempt)
        seconds = asked.total_seconds()
        if attempt >= self._tries or seconds > self._wait_at_most:
            raise problem
        if seconds > 0:
            self._sleep(seconds)

    def _count(self, effect: Effect) -> None:
        with self._counting:
            if effect is Effect.READ:
                self.reads += 1
            else:
                self.writes += 1


def contexts(items: Sequence[object]) -> list[Context]:
    """Return a copy of the context at hand for each item: one cannot be entered twice at a time."""
    return [copy_context() for _ in items]


def answer_of(response: httpx.Response) -> Answer:
    return Answer(
        status=response.status_code,
        body=decode(response.content),
        headers={name.lower(): value for name, value in response.headers.items()},
    )
