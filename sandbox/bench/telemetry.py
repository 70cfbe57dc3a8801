"""What telemetry costs: the CPU of every span, count and log line of a run, over the records of that run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.bench.engine import ALLOWED_MS
from sandbox.bench.house import House
from sandbox.bench.report import Budget
from sandbox.in_memory.signals import Captured
from shared.signals import Attribute, Signals, Span

#: Of the CPU that the engine may take for a record.
SHARE = 0.05


class Timed:
    """Signals that add up the CPU seconds spent in them, not in what happens inside their spans."""

    def __init__(self, inner: Signals) -> None:
        self._inner = inner
        self.seconds = 0.0

    @contextmanager
    def span(self, name: str, /, **attributes: Attribute) -> Iterator[Span]:
        made = self._inner.span(name, **attributes)
        span = self._spend(made.__enter__)
        try:
            yield _Spent(self, span)
        except BaseException as error:
            kind, value, trace = type(error), error, error.__traceback__
            self._spend(lambda: _left(made, kind, value, trace))
            raise
        else:
            self._spend(lambda: made.__exit__(None, None, None))

    def count(self, name: str, amount: int = 1, /, **attributes: Attribute) -> None:
        self._spend(lambda: self._inner.count(name, amount, **attributes))

    def gauge(self, name: str, value: float, /, **attributes: Attribute) -> None:
        self._spend(lambda: self._inner.gauge(name, value, **attributes))

    def event(self, action: str, /, **attributes: Attribute) -> None:
        self._spend(lambda: self._inner.event(action, **attributes))

    def _spend(self, do: Callable[[], Any]) -> Any:
        started = time.thread_time()
        try:
            return do()
        finally:
            self.seconds += time.thread_time() - started


class _Spent:
    def __init__(self, timed: Timed, span: Span) -> None:
        self._timed, self._span = timed, span

    def set(self, **attributes: Attribute) -> None:
        self._timed._spend(lambda: self._span.set(**attributes))


def _left(made: Any, *error: Any) -> None:
    """Leave a span by an error, which goes on where it came from."""
    try:
        made.__exit__(*error)
    except BaseException as same:
        if same is not error[1]:
            raise


def budgets(records: int) -> list[Budget]:
    """Return what telemetry takes of a record's CPU, created and changed, over both simulators."""
    captured = Captured()
    signals = Timed(captured.signals)
    house = House(customers=records, signals=signals)

    def spent(do: Callable[[], object]) -> float:
        before = signals.seconds
        do()
        return 1000 * (signals.seconds - before) / records

    created = spent(lambda: house.full_sync("customers"))
    for customer in house.coupled("customers"):
        house.bc_sim.edit("customers", customer, phoneNumber="0042")
    changed = spent(lambda: house.tick("customers"))
    captured.close()
    return [
        Budget(
            what=f"CPU of telemetry per record, {records:,} {what}",
            allowed=SHARE * ALLOWED_MS,
            actual=ms,
            unit="ms",
        )
        for what, ms in (("created", created), ("changed", changed))
    ]
