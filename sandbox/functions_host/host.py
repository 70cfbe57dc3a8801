"""One app on one host: index, check, start everything that starts functions, and stop it in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cheroot.wsgi import Server

from sandbox.functions_host.calls import Calls
from sandbox.functions_host.config import CannotStart, HostConfig
from sandbox.functions_host.http import EasyAuth, Http, Keys
from sandbox.functions_host.log import HostLog
from sandbox.functions_host.pump import Slot, by_hand
from sandbox.functions_host.timers import Monitor, Timer
from sandbox.functions_host.triggers import HttpTrigger, QueueTrigger, TimerTrigger, read_triggers
from sandbox.functions_host.worker import Worker

#: Seconds that running functions have to end after SIGTERM; what is left of 10 s is for closing connections.
GRACE = 6.0
CLOSE = 3.0
HTTP_THREADS = 16


class Host:
    """An app that is ready to run. Nothing fires before `start`."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str],
        log: HostLog,
        *,
        keys: Keys,
        port: int = 0,
        principals: Mapping[str, Mapping[str, Any]] | None = None,
        timers_file: Path | None = None,
    ) -> None:
        """Index the app and check all of it. Raises `CannotStart` with everything that is wrong.

        `settings` must already be this process's environment: the app reads them there.
        """
        config = HostConfig.read(folder, settings)
        log.take_over(config.log_level)
        self.log = log
        self._worker = Worker()
        functions = self._worker.index(folder)
        triggers = _checked(self._worker, functions, settings)
        self._calls = Calls(self._worker, log, timeout=config.function_timeout)
        monitor = Monitor(timers_file)
        self._timers = {
            t.function.name: Timer(t, self._calls, monitor) for t in triggers if isinstance(t, TimerTrigger)
        }
        self._queues = {t.function.name: t for t in triggers if isinstance(t, QueueTrigger)}
        self._slots = [
            Slot(trigger, self._calls, log, max_lock_renewal=config.max_lock_renewal)
            for trigger in self._queues.values()
            for _ in range(config.max_concurrent_calls)
        ]
        kinds = {TimerTrigger: "timer", QueueTrigger: "serviceBus", HttpTrigger: "http"}
        http = Http(
            [t for t in triggers if isinstance(t, HttpTrigger)],
            self._calls,
            prefix=config.route_prefix,
            keys=keys,
            easy_auth=EasyAuth(
                on=settings.get("WEBSITE_AUTH_ENABLED", "").lower() == "true", principals=principals or {}
            ),
            functions={t.function.name: kinds[type(t)] for t in triggers},
            by_hand=self._by_hand,
        )
        self._server = Server(("127.0.0.1", port), http, numthreads=HTTP_THREADS, server_name="localhost")
        self._server.shutdown_timeout = 1
        self.functions = tuple(t.function.name for t in triggers)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.bind_addr[1]}"

    def start(self) -> None:
        """Open the port, listen to the queues, wait for the timers."""
        self._server.prepare()
        threading.Thread(target=self._server.serve, name="http", daemon=True).start()
        for thread in (*self._slots, *self._timers.values()):
            thread.start()
        self.log.event("started", url=self.url, functions=len(self.functions))

    def stop(self) -> None:
        """Stop within 10 s: running functions may end, messages of those that do not are given back."""
        self.log.event("stopping", running=self._calls.running)
        until = time.monotonic() + GRACE + CLOSE
        for timer in self._timers.values():
            timer.stop()
        for slot in self._slots:
            slot.stop(GRACE)
        http = threading.Thread(target=self._server.stop, name="http-stop", daemon=True)
        http.start()
        for thread in (*self._slots, *self._timers.values(), http):
            thread.join(max(until - time.monotonic(), 0))
        self.log.event("stopped", running=self._calls.running)

    def _by_hand(self, name: str, given: str) -> bool:
        """Start a timer or queue function by hand; False for an HTTP function."""
        if name in self._timers:
            threading.Thread(target=self._timers[name].run_now, name=f"by-hand-{name}", daemon=True).start()
            return True
        if name in self._queues:
            self._calls.start(by_hand(self._queues[name], given), "admin")
            return True
        return False


def _checked(
    worker: Worker, functions: Any, settings: Mapping[str, str]
) -> list[TimerTrigger | QueueTrigger | HttpTrigger]:
    """Return the triggers, once the app has said that its settings will do (`validate_settings`)."""
    problems: list[str] = []
    triggers: list[TimerTrigger | QueueTrigger | HttpTrigger] = []
    validate = getattr(worker.module, "validate_settings", None)
    if validate is not None:
        try:
            validate()
        except Exception as error:  # whatever the app raises stops the start, in its own words
            problems += [str(p) for p in getattr(error, "problems", None) or (error,)]
    try:
        triggers = read_triggers(functions, settings)
    except CannotStart as error:
        problems += error.problems
    if problems:
        raise CannotStart(*dict.fromkeys(problems))
    return triggers
