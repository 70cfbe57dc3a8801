"""Every call of a function goes through here: logged, counted, and bounded by `functionTimeout`."""

from __future__ import annotations

import concurrent.futures
import os
import threading
import time
from typing import Any

from sandbox.functions_host.log import HostLog
from sandbox.functions_host.worker import Invocation, Result, Worker

#: Exit code when a call outlasts `functionTimeout`. The real host kills the worker process too (1.39, inferred).
TIMED_OUT = 70


class Calls:
    """Starts calls and knows which are running."""

    def __init__(self, worker: Worker, log: HostLog, *, timeout: float | None) -> None:
        self._worker = worker
        self._log = log
        self._timeout = timeout
        self._lock = threading.Lock()
        #: Invocation id → function and when it must have ended (monotonic).
        self._running: dict[str, tuple[str, float]] = {}
        if timeout is not None:
            threading.Thread(target=self._watch, args=(timeout,), name="timeout", daemon=True).start()

    def start(self, call: Invocation, trigger: str, **facts: Any) -> concurrent.futures.Future[Result]:
        """Start a call; its end is logged with `facts`."""
        began = time.monotonic()
        with self._lock:
            self._running[call.id] = (call.function.name, began + (self._timeout or 0))
        future = self._worker.invoke(call)

        def ended(done: concurrent.futures.Future[Result]) -> None:
            with self._lock:
                self._running.pop(call.id, None)
            if done.cancelled():
                return
            result = done.result()
            self._log.event(
                "call",
                function=call.function.name,
                invocation_id=call.id,
                trigger=trigger,
                duration_ms=round((time.monotonic() - began) * 1000, 1),
                outcome="succeeded" if result.ok else "failed",
                error=result.error or None,
                stack=result.stack or None,
                **facts,
            )

        future.add_done_callback(ended)
        return future

    def run(self, call: Invocation, trigger: str, **facts: Any) -> Result:
        """Start a call and wait for its end."""
        return self.start(call, trigger, **facts).result()

    @property
    def running(self) -> int:
        with self._lock:
            return len(self._running)

    def _watch(self, timeout: float) -> None:
        """End the process when a call takes too long: a thread cannot be stopped, its locks must run out."""
        while True:
            time.sleep(min(1.0, timeout / 4))
            with self._lock:
                now = time.monotonic()
                late = [(i, name) for i, (name, until) in self._running.items() if until <= now]
            for invocation, name in late:
                self._log.event("timeout", function=name, invocation_id=invocation, seconds=timeout)
            if late:
                os._exit(TIMED_OUT)
