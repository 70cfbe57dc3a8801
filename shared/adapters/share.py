"""How much of what a system takes at once is this process's part (H29)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from fractions import Fraction

from shared.core.errors import Busy, SyncError
from shared.ports import Clock, Permits, Permitted

#: How often a process looks whether others wait, while it sends.
LOOK = timedelta(seconds=10)
#: Looks for a free permit: seconds between two, doubled up to the last.
FIRST_PAUSE, LAST_PAUSE = 0.5, 4.0


class Share:
    """The permits of this process, and its part of the mappings that are being worked on.

    Permits are taken with the first request of a job and given back when the last job of the
    process ends, so a job costs one taking and one giving back, however many requests it sends. A
    process that dies leaves them to run out.

    Args:
        holder: Names this process among all.
        request: The longest that a request takes: a permit outlives each (H11).
        wait_at_most: Seconds that a job waits for a permit; then it is put off (H13).
        sleep: Waits so many seconds; tests advance a clock instead.
    """

    def __init__(
        self,
        permits: Permits,
        clock: Clock,
        *,
        holder: str,
        request: timedelta,
        sleep: Callable[[float], None],
        wait_at_most: float = 20.0,
    ) -> None:
        self._permits = permits
        self._clock = clock
        self._holder = holder
        self._request = request
        self._sleep = sleep
        self._wait_at_most = wait_at_most
        self._lock = threading.Lock()
        self._held: Permitted | None = None
        self._looked = self._counted = datetime.min.replace(tzinfo=clock.now().tzinfo)
        self._users = self._jobs = self._running = 0
        #: How many permits were wanted at the last look: asking for no more is no use until the next.
        self._asked = 0

    # --- from the first request to the last ----------------------------------------------------

    @contextmanager
    def job(self) -> Iterator[None]:
        """Keep what is taken inside until the end; with several jobs at once, until the last one's."""
        with self._lock:
            self._jobs += 1
        try:
            with self.using():
                yield
        finally:
            with self._lock:
                self._jobs -= 1

    @contextmanager
    def using(self) -> Iterator[None]:
        """Keep what is taken inside, for requests that belong to no job."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._give_back()

    def _give_back(self) -> None:
        held, self._held = self._held, None
        if held is not None and held.permits:
            # What cannot be given back runs out by itself.
            with suppress(SyncError):
                self._permits.give_back(held)

    # --- before requests -----------------------------------------------------------------------

    def ready(self, *, wanted: int = 1, busy: int = 0) -> int:
        """Return how many requests may be under way, when so many are wanted: one at least.

        Args:
            busy: Requests under way now; their permits are not given to others.

        Raises:
            Busy: all permits stayed with others for as long as a job may wait. Nothing was sent.
            Transient: the permits could not be read.
        """
        with self._lock:
            now, held = self._clock.now(), self._held
            if held is not None and held.permits:
                fresh = now - self._looked < LOOK and held.until - now >= self._request
                if fresh and wanted <= max(len(held.permits), self._asked):
                    return len(held.permits)
            return self._take(wanted, busy)

    def _take(self, wanted: int, busy: int) -> int:
        pause, waited = FIRST_PAUSE, 0.0
        while True:
            held = self._permits.take(self._holder, wanted=wanted, keep=busy, lasting=self._request)
            self._held, self._asked = held, wanted
            self._looked = self._counted = now = self._clock.now()
            self._running = held.running
            if held.permits:
                return len(held.permits)
            if waited >= self._wait_at_most:
                left = max(held.until - now, timedelta(seconds=1))
                raise Busy("other workers hold all permits for Business Central", retry_after=min(left, LOOK))
            self._sleep(pause)
            waited += pause
            pause = min(2 * pause, LAST_PAUSE)

    # --- of limits without permits -------------------------------------------------------------

    def of_all(self) -> Fraction:
        """Return which part of all that is being worked on is worked on here: 1 when it is all here.

        The leases say how many mappings are being worked on; they are counted again when permits
        are taken, or after a while.
        """
        with self._lock:
            now = self._clock.now()
            if now - self._counted >= LOOK:
                self._counted = now
                # An old count is better than a request that fails for want of a new one.
                with suppress(SyncError):
                    self._running = self._permits.running()
            here = max(1, self._jobs)
            return Fraction(here, max(here, self._running))
