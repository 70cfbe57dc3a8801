"""Business Central online's limits for each identity (business-central-api.md §8)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from threading import Condition

from sandbox.business_central.errors import Refused


@dataclass(kw_only=True)
class Limits:
    """Times in seconds. `retry_after` None: 429 comes without the header, as documented."""

    requests: int = 6000
    window: float = 300
    parallel: int = 5
    queue: int = 95
    queue_seconds: float = 480
    retry_after: int | None = None


@dataclass
class _Use:
    sent: deque[datetime] = field(default_factory=deque)
    running: int = 0
    waiting: int = 0


class Gate:
    """Lets requests of an identity in: five at once, 95 more wait, the rest are refused."""

    def __init__(self, limits: Limits, now: Callable[[], datetime]) -> None:
        self.limits = limits
        self._now = now
        self._use: dict[str, _Use] = {}
        self._changed = Condition()

    def forget(self) -> None:
        """Start the sliding windows anew; what is under way stays counted."""
        with self._changed:
            for use in self._use.values():
                use.sent.clear()

    def waiting(self, identity: str) -> int:
        """Return how many of this identity's requests are in the queue."""
        with self._changed:
            use = self._use.get(identity)
            return use.waiting if use is not None else 0

    @contextmanager
    def slot(self, identity: str) -> Iterator[None]:
        """Hold one of the identity's slots.

        Raises:
            Refused: 429 when there are too many, 503 when the wait was too long.
        """
        with self._changed:
            use = self._use.setdefault(identity, _Use())
            self._count(use)
            if use.running >= self.limits.parallel:
                self._wait(use)
            use.running += 1
        try:
            yield
        finally:
            with self._changed:
                use.running -= 1
                self._changed.notify_all()

    def _count(self, use: _Use) -> None:
        now = self._now()
        while use.sent and (now - use.sent[0]).total_seconds() >= self.limits.window:
            use.sent.popleft()
        if len(use.sent) >= self.limits.requests:
            raise self._too_many(len(use.sent) + 1, self.limits.requests)
        use.sent.append(now)

    def _wait(self, use: _Use) -> None:
        if use.waiting >= self.limits.queue:
            raise self._too_many(use.running + use.waiting + 1, self.limits.parallel + self.limits.queue)
        use.waiting += 1
        try:
            free = self._changed.wait_for(
                lambda: use.running < self.limits.parallel, timeout=self.limits.queue_seconds
            )
        finally:
            use.waiting -= 1
        if not free:
            raise Refused(503, "Internal_ServerError", "The request waited too long.", {"retry-after": "10"})

    def _too_many(self, actual: int, most: int) -> Refused:
        headers = {} if self.limits.retry_after is None else {"retry-after": str(self.limits.retry_after)}
        return Refused(
            429,
            "Application_TooManyRequests",
            f"Too many requests reached. Actual ({actual}). Maximum ({most}).",
            headers,
        )


#: Names of the limits among the settings.
LIMITS = tuple(field.name for field in fields(Limits))
