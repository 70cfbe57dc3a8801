"""What the suites of the kept things share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.ports import TableStore

NOW = datetime(2024, 5, 1, 8, 0, tzinfo=UTC)


class TestClock:
    """A clock that goes when told."""

    __test__ = False

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, **much: float) -> None:
        self.at += timedelta(**much)


def spent(store: TableStore, act: Callable[[], Any]) -> int:
    """Return how many requests something took."""
    before = store.requests()
    act()
    return store.requests() - before
