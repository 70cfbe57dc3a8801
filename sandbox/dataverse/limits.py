"""The three service protection limits, for each user on its own.

Source: reference/dataverse-web-api.md section 7. Requests that are refused count too: "requests sent
meanwhile lengthen the wait".
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.dataverse.environment import Settings
from sandbox.dataverse.refusal import Refused

TOO_MANY = "0x80072322"
TOO_LONG = "0x80072321"
TOO_PARALLEL = "0x80072326"


@dataclass(kw_only=True)
class _Usage:
    requests: deque[float] = field(default_factory=deque)  # moments, in seconds
    work: deque[tuple[float, float]] = field(default_factory=deque)  # (moment, milliseconds)
    worked_ms: float = 0.0
    running: int = 0


class Limits:
    """Not thread-safe: the simulator's lock guards it."""

    def __init__(self, settings: Callable[[], Settings], now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._users: dict[str, _Usage] = {}

    def check(self, user: str) -> Refused | None:
        """Count a request; return the 429 if it is one too many, with whole seconds to wait."""
        settings, usage, now = self._settings(), self._usage(user), self._now().timestamp()
        self._forget(usage, now - settings.window_seconds)
        usage.requests.append(now)
        if usage.running >= settings.concurrent_requests:
            text = f"Number of concurrent requests exceeded the limit of {settings.concurrent_requests}."
            return _refused(TOO_PARALLEL, text, 1)
        if len(usage.requests) > settings.requests_per_window:
            # After the wait there must be room for one more.
            free = usage.requests[
                min(len(usage.requests) - settings.requests_per_window, len(usage.requests) - 1)
            ]
            text = (
                f"Number of requests exceeded the limit of {settings.requests_per_window} over time window of "
                f"{settings.window_seconds} seconds."
            )
            return _refused(TOO_MANY, text, free + settings.window_seconds - now)
        if usage.worked_ms > settings.execution_ms_per_window:
            text = (
                f"Combined execution time of incoming requests exceeded limit of "
                f"{settings.execution_ms_per_window:,}  milliseconds over time window of {settings.window_seconds} "
                "seconds. Decrease number of concurrent requests or reduce the duration of requests and try again "
                "later."
            )
            return _refused(TOO_LONG, text, self._until_under(usage, settings, now))
        return None

    def started(self, user: str) -> None:
        self._usage(user).running += 1

    def finished(self, user: str, milliseconds: float) -> None:
        """A request has ended after so much work on the server."""
        usage = self._usage(user)
        usage.running -= 1
        usage.work.append((self._now().timestamp(), milliseconds))
        usage.worked_ms += milliseconds

    def remaining(self, user: str) -> tuple[int, float]:
        """Return the requests and the milliseconds that are left in this window."""
        settings, usage = self._settings(), self._usage(user)
        return (
            max(0, settings.requests_per_window - len(usage.requests)),
            max(0.0, settings.execution_ms_per_window - usage.worked_ms),
        )

    def _usage(self, user: str) -> _Usage:
        return self._users.setdefault(user, _Usage())

    def _forget(self, usage: _Usage, before: float) -> None:
        while usage.requests and usage.requests[0] <= before:
            usage.requests.popleft()
        while usage.work and usage.work[0][0] <= before:
            usage.worked_ms -= usage.work.popleft()[1]

    def _until_under(self, usage: _Usage, settings: Settings, now: float) -> float:
        left = usage.worked_ms
        for moment, milliseconds in usage.work:
            left -= milliseconds
            if left <= settings.execution_ms_per_window:
                return moment + settings.window_seconds - now
        return settings.window_seconds


def _refused(code: str, message: str, seconds: float) -> Refused:
    return Refused(429, code, message, {"Retry-After": str(max(1, math.ceil(seconds)))})
