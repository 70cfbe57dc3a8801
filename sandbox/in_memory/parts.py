"""Small twins: a clock that people turn, and set-up values that do not change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.ports import Facts


class TurnedClock:
    """A clock that stands still until somebody turns it."""

    def __init__(self, at: datetime = datetime(2026, 1, 22, 9, 0, tzinfo=UTC)) -> None:
        self._now = at

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by

    def set(self, at: datetime) -> None:
        self._now = max(at, self._now)


@dataclass(frozen=True)
class SkewedClock:
    """The clock of a system that is ahead of ours, or behind it."""

    clock: TurnedClock
    ahead: timedelta

    def now(self) -> datetime:
        return self.clock.now() + self.ahead


@dataclass
class FixedSetUp:
    """`SetUp` with the values of a small British company."""

    values: Facts

    def facts(self) -> Facts:
        return self.values
