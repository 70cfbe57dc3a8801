"""Timers: six-field NCRONTAB in UTC, `%SETTING%`, one run of a timer at a time (1.11–1.19)."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from croniter import croniter

from sandbox.functions_host.worker import Function, data


def substitute(text: str, settings: Mapping[str, str]) -> str:
    """Replace `%NAME%` by the setting (1.13). Raises KeyError with the name of a missing one."""
    return re.sub(r"%([^%]+)%", lambda found: settings[found.group(1)], text)


def check(schedule: str) -> None:
    """Raise ValueError when this is not a six-field NCRONTAB expression."""
    if len(schedule.split()) != 6 or not croniter.is_valid(schedule, second_at_beginning=True):
        raise ValueError(f"'{schedule}' is not a six-field NCRONTAB expression")


def timer_input(*, last: datetime, next_at: datetime, past_due: bool) -> object:
    """Return what the worker gets for a tick (5.7)."""
    status = {"Last": last.isoformat(), "Next": next_at.isoformat(), "LastUpdated": last.isoformat()}
    return data({"IsPastDue": past_due, "ScheduleStatus": status, "Schedule": {"AdjustForDST": True}})


class Timer(threading.Thread):
    """Fires one function on its schedule until it is stopped."""

    def __init__(self, function: Function, schedule: str, fire: Callable[[Function, object], None]) -> None:
        super().__init__(name=f"timer-{function.name}", daemon=True)
        self._function = function
        self._schedule = schedule
        self._fire = fire
        self._stop_asked = threading.Event()
        self.lock = threading.Lock()

    def run(self) -> None:
        while True:
            now = datetime.now(UTC)
            ticks = croniter(self._schedule, now, second_at_beginning=True)
            due = ticks.get_next(datetime)
            if self._stop_asked.wait(max((due - now).total_seconds(), 0)):
                return
            self.tick(due, ticks.get_next(datetime))

    def tick(self, due: datetime, next_at: datetime | None = None) -> None:
        """Run the function now, unless it runs already."""
        if next_at is None:
            next_at = croniter(self._schedule, due, second_at_beginning=True).get_next(datetime)
        with self.lock:
            late = (datetime.now(UTC) - due).total_seconds() > 1
            self._fire(self._function, timer_input(last=due, next_at=next_at, past_due=late))

    def stop(self) -> None:
        self._stop_asked.set()
