"""The time a simulator lives in: real, shifted or standing still."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class SimClock:
    """UTC. Runs with the machine's clock plus an offset until it is frozen; a frozen clock moves only when told.

    Safe to share between threads and between simulators, which then agree on the time.
    """

    def __init__(self, at: datetime | None = None, *, frozen: bool = False) -> None:
        self._lock = threading.Lock()
        self._offset = timedelta()
        self._frozen: datetime | None = None
        if at is not None:
            self.set(at)
        if frozen:
            self.freeze()

    @property
    def frozen(self) -> bool:
        return self._frozen is not None

    def now(self) -> datetime:
        """Return the simulated time, with zone UTC and microseconds."""
        with self._lock:
            return self._now()

    def set(self, at: datetime) -> None:
        """Jump to `at` (a time without a zone is refused) and go on as before: running or frozen."""
        at = _utc(at)
        with self._lock:
            if self._frozen is not None:
                self._frozen = at
            else:
                self._offset = at - datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        """Move by `seconds`, which may be negative."""
        with self._lock:
            if self._frozen is not None:
                self._frozen += timedelta(seconds=seconds)
            else:
                self._offset += timedelta(seconds=seconds)

    def freeze(self, at: datetime | None = None) -> None:
        """Stand still at `at`, or at this moment."""
        with self._lock:
            self._frozen = self._now() if at is None else _utc(at)

    def run(self) -> None:
        """Go on from the present simulated time."""
        with self._lock:
            if self._frozen is not None:
                self._offset = self._frozen - datetime.now(UTC)
                self._frozen = None

    def _now(self) -> datetime:
        return self._frozen if self._frozen is not None else datetime.now(UTC) + self._offset


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; the simulators live in UTC")
    return at.astimezone(UTC)
