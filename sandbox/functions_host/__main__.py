"""`python -m sandbox.functions_host --app DIR --port 0 --ready-file F`: settings come from the environment.

Exit codes: 3 when the app cannot start (its settings, its schedules, or an exception at import).
SIGTERM lets running functions end and stops; after SIGKILL their messages come back when the lock
runs out.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from azure_functions_runtime.bindings.datumdef import Datum
from cheroot.wsgi import Server

from sandbox.functions_host.http import Http
from sandbox.functions_host.pump import Pump
from sandbox.functions_host.timers import Timer, check, substitute
from sandbox.functions_host.worker import CannotStart, Function, Result, index, invoke, text

log = logging.getLogger("functions_host")
CANNOT_START = 3


def seconds(span: str) -> float:
    hours, minutes, rest = span.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


class Host:
    """Everything that makes functions run: timers, pumps, routes."""

    def __init__(self, folder: Path) -> None:
        self._functions = index(folder)
        self._config = json.loads((folder / "host.json").read_text())
        self.problems: list[str] = []
        extensions = self._config.get("extensions", {})
        bus = extensions.get("serviceBus", {})
        self._timers: dict[str, Timer] = {}
        self._pumps: list[Pump] = []
        for function in self._functions:
            trigger = function.trigger
            try:
                if trigger["type"] == "timerTrigger":
                    schedule = substitute(trigger["schedule"], os.environ)
                    check(schedule)
                    self._timers[function.name] = Timer(function, schedule, lambda f, v: self._log(f, v))
                elif trigger["type"] == "serviceBusTrigger":
                    queue = substitute(trigger["queueName"], os.environ)
                    connection = os.environ[trigger["connection"]]
                    for _ in range(int(bus.get("maxConcurrentCalls", 16))):
                        renew = seconds(bus.get("maxAutoLockRenewalDuration", "00:05:00"))
                        self._pumps.append(Pump(function, queue, connection, self._log, renew_seconds=renew))
            except KeyError as missing:
                self.problems.append(f"{missing.args[0]} is missing (function {function.name})")
            except ValueError as wrong:
                self.problems.append(f"{function.name}: {wrong}")
        self.http = Http(
            self._functions,
            lambda f, v: self._log(f, v),
            prefix="/" + extensions.get("http", {}).get("routePrefix", "api"),
            key=os.environ.get("FUNCTIONS_KEY", ""),
            master_key=os.environ.get("FUNCTIONS_MASTER_KEY", ""),
            admin=self.admin,
            easy_auth=os.environ.get("WEBSITE_AUTH_ENABLED", "").lower() == "true",
        )

    def _log(
        self, function: Function, value: Datum, metadata: dict[str, Datum] | None = None, parent: str = ""
    ) -> Result:
        started = time.perf_counter()
        result = invoke(function, value, metadata, trace_parent=parent)
        took = round((time.perf_counter() - started) * 1000)
        log.info(
            json.dumps({"function": function.name, "ms": took, "ok": result.ok, "error": result.error[:500]})
        )
        return result

    def start(self) -> None:
        for thread in (*self._timers.values(), *self._pumps):
            thread.start()

    def stop(self) -> None:
        for thread in (*self._timers.values(), *self._pumps):
            thread.stop()
        for pump in self._pumps:
            pump.join(10)

    def admin(self, name: str, given: str) -> bool:
        """Run a function by hand (`POST /admin/functions/{name}`). False when there is none."""
        timer = self._timers.get(name)
        if timer is not None:
            threading.Thread(target=timer.tick, args=(datetime.now(UTC),), daemon=True).start()
            return True
        for function in self._functions:
            if function.name == name and function.trigger["type"] == "serviceBusTrigger":
                metadata = {
                    "MessageId": text(f"admin-{time.time_ns()}"),
                    "UserProperties": Datum("{}", "json"),
                }
                threading.Thread(
                    target=self._log, args=(function, text(given), metadata), daemon=True
                ).start()
                return True
        return False


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--app", type=Path, default=Path.cwd())
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ready-file", type=Path)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    for noisy in ("azure", "uamqp", "httpx", "msal", "azure_functions_runtime"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        host = Host(chosen.app.resolve())
        problems = list(host.problems)
        validate = getattr(sys.modules["function_app"], "validate_settings", None)
        if validate is not None:
            try:
                validate()
            except Exception as error:  # whatever the app says stops the start, in its own words
                problems += list(getattr(error, "problems", [str(error)]))
    except CannotStart as error:
        problems = [str(error)]
    if problems:
        print("The app cannot start:\n- " + "\n- ".join(dict.fromkeys(problems)), file=sys.stderr)
        return CANNOT_START
    server = Server(("127.0.0.1", chosen.port), host.http, numthreads=8)
    server.prepare()
    port = server.bind_addr[1]
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    threading.Thread(target=server.serve, daemon=True).start()
    host.start()
    if chosen.ready_file:
        chosen.ready_file.write_text(json.dumps({"url": f"http://127.0.0.1:{port}", "pid": os.getpid()}))
    stopping.wait()
    host.stop()
    server.stop()
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The worker library's thread pool would keep the process alive.
    os._exit(code)
