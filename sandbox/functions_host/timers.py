"""Fires timers: in UTC, one run of a timer at a time, missed occurrences noticed at the next start (1.11–1.19)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.functions_host.calls import Calls
from sandbox.functions_host.protocol import protos
from sandbox.functions_host.triggers import TimerTrigger
from sandbox.functions_host.worker import Invocation

#: What .NET shows for "never".
NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Status:
    """`last`: the occurrence that ran before; `next`: the one that comes, or that runs now."""

    last: datetime
    next: datetime
    updated: datetime = NEVER

    def wire(self) -> dict[str, str]:
        return {
            "Last": self.last.isoformat(),
            "Next": self.next.isoformat(),
            "LastUpdated": self.updated.isoformat(),
        }


class Monitor:
    """Remembers the status of timers, in a file if there is one (on Azure: a blob of the storage account)."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._known: dict[str, Status] = {}
        if file is not None and file.exists():
            for name, said in json.loads(file.read_text()).items():
                last, next_at, updated = (
                    datetime.fromisoformat(said[k]) for k in ("Last", "Next", "LastUpdated")
                )
                self._known[name] = Status(last=last, next=next_at, updated=updated)

    def get(self, function: str) -> Status | None:
        with self._lock:
            return self._known.get(function)

    def put(self, function: str, status: Status) -> None:
        with self._lock:
            self._known[function] = status
            if self._file is not None:
                beside = self._file.with_suffix(".new")
                beside.write_text(json.dumps({n: s.wire() for n, s in self._known.items()}))
                beside.replace(self._file)


class Timer(threading.Thread):
    """One timer function: waits for its occurrences and runs them."""

    def __init__(
        self,
        trigger: TimerTrigger,
        calls: Calls,
        monitor: Monitor,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(name=f"timer-{trigger.function.name}", daemon=True)
        self.trigger = trigger
        self._calls = calls
        self._now = now
        # Schedules under one minute are never monitored (1.15).
        fast = trigger.schedule.every_minute_or_more_often(now())
        self._monitor = monitor if trigger.use_monitor and not fast else None
        self._stopping = threading.Event()
        self._one_at_a_time = threading.Lock()

    def run(self) -> None:
        if self._missed():
            self._fire(self._now(), past_due=True)
        elif self.trigger.run_on_startup:
            self._fire(self._now())
        while True:
            now = self._now()
            due = self.trigger.schedule.after(now)
            # An occurrence that comes while the function runs is left out, as on Azure (inferred).
            if self._stopping.wait((due - now).total_seconds()):
                return
            self._fire(due)

    def run_now(self) -> None:
        """Run the function by hand (`POST /admin/functions/{name}`): the schedule goes on as if nothing had been.

        Such a call sees the status that the last occurrence left, so two in a row see the same one
        (webjobs-sdk-extensions `TimerTriggerBinding.BindAsync`).
        """
        with self._one_at_a_time:
            self._calls.run(self._call(self._status(), past_due=False), "admin")

    def stop(self) -> None:
        self._stopping.set()

    def _fire(self, due: datetime, *, past_due: bool = False) -> None:
        with self._one_at_a_time:
            if self._stopping.is_set():
                return
            self._calls.run(self._call(self._status(), past_due=past_due), "timer", past_due=past_due or None)
            if self._monitor is not None:
                next_at = self.trigger.schedule.after(due)
                self._monitor.put(
                    self.trigger.function.name, Status(last=due, next=next_at, updated=self._now())
                )

    def _missed(self) -> bool:
        """Say whether an occurrence went by while no host was running; remember the schedule if it is new."""
        if self._monitor is None:
            return False
        now, schedule = self._now(), self.trigger.schedule
        known = self._monitor.get(self.trigger.function.name)
        if known is None:
            self._monitor.put(self.trigger.function.name, Status(last=NEVER, next=schedule.after(now)))
            return False
        due = known.next if known.last == NEVER else schedule.after(known.last)
        return due < now

    def _status(self) -> Status | None:
        return None if self._monitor is None else self._monitor.get(self.trigger.function.name)

    def _call(self, status: Status | None, *, past_due: bool) -> Invocation:
        value: dict[str, Any] = {
            "IsPastDue": past_due,
            "ScheduleStatus": None if status is None else status.wire(),
            "Schedule": {"AdjustForDST": True},
        }
        return Invocation(
            function=self.trigger.function,
            argument=self.trigger.argument,
            value=protos.TypedData(json=json.dumps(value)),
        )
