"""How much goes into one request: as much as is answered well within the time a reply may take."""

from __future__ import annotations

import threading

#: Operations of the first request, and of the smallest: a service that is this slow stays usable.
FIRST, LEAST = 250, 25
#: The part of the time limit that a request may take: what is sent beside it slows it down.
PART = 0.25


class Portion:
    """The operations of one $batch: few at first, twice as many after each quick answer, fewer after a slow one.

    A thousand operations take a second in one organization and minutes in another, whose plug-ins see each
    of them; a request that takes longer than a reply may is done all the same and has to be asked about.

    Args:
        most: What the service takes (dataverse-web-api.md §5).
        limit: Seconds until a reply counts as lost; None sends as much as the service takes, always.
    """

    def __init__(self, most: int, *, limit: float | None) -> None:
        self._most = most
        self._limit = limit
        self._lock = threading.Lock()
        self.now = most if limit is None else min(FIRST, most)
        #: Nothing is known yet of how much may be sent: better one at a time.
        self.unsure = limit is not None

    def answered(self, operations: int, seconds: float) -> None:
        if self._limit is None:
            return
        fits = int(operations * PART * self._limit / max(seconds, 0.001))
        with self._lock:
            if fits < operations:
                self.now, self.unsure = max(LEAST, fits), False
            elif 2 * operations > self.now:
                grown = min(self._most, 2 * self.now, max(fits, self.now))
                self.unsure = self.unsure and self.now < grown < self._most
                self.now = grown

    def lost(self, operations: int) -> None:
        """Take much less: nobody knows how long it would have been."""
        if self._limit is not None:
            with self._lock:
                self.now, self.unsure = max(LEAST, min(self.now, operations) // 4), True
