"""Runs the Functions host and the Service Bus emulator as processes of their own (azure-platform.md 5.3)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SAMPLE_APP = Path(__file__).parent / "sample_app"
NEVER = "0 0 0 1 1 *"
#: An address where nobody listens: for apps whose queues do not matter.
NOBODY = (
    "Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=none;SharedAccessKey=none;UseDevelopmentEmulator=true;"
)
START_SECONDS = 30
_pause = threading.Event()


def eventually[T](look: Callable[[], T], *, within: float = 20, what: str = "it") -> T:
    """Return the first true answer of `look`; fail when there is none in time."""
    limit = time.monotonic() + within
    while time.monotonic() < limit:
        found = look()
        if found:
            return found
        _pause.wait(0.02)
    raise AssertionError(f"{what} did not happen within {within} s")


@dataclass
class HostProcess:
    """A host that is running, and what can be seen of it."""

    process: subprocess.Popen[str]
    folder: Path
    ready: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return str(self.ready["url"])

    def seen(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return what the app's functions saw, if it fits."""
        return _lines(self.folder / "seen.jsonl", wanted)

    def log(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return the lines of the host's log that fit."""
        return _lines(self.folder / "host.jsonl", wanted)

    def open_gate(self) -> None:
        (self.folder / "gate").touch()

    def stop(self) -> int:
        """Ask it to stop and return its exit code."""
        self.process.terminate()
        return self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)


def _lines(path: Path, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    # The last line may be half written.
    lines = [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [one for one in lines if all(one.get(k) == v for k, v in wanted.items())]


def settings_of(folder: Path, **more: str) -> Path:
    """Write a settings file for the sample app; a setting that is "" is left out."""
    values = {
        "SEEN": str(folder / "seen.jsonl"),
        "GATE": str(folder / "gate"),
        "GREETING": "hello",
        "FAST": NEVER,
        "SLOW": NEVER,
        "WORK_QUEUE": "work",
        "ServiceBusConnection": NOBODY,
        **more,
    }
    file = folder / "settings.json"
    file.write_text(json.dumps({"IsEncrypted": False, "Values": {k: v for k, v in values.items() if v}}))
    return file


def host_command(app: Path, folder: Path, settings: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "sandbox.functions_host", "--app", str(app), "--settings", str(settings)),
        *("--ready-file", str(folder / "ready.json"), "--log", str(folder / "host.jsonl"), *more),
    ]


@contextmanager
def running_host(folder: Path, *more: str, app: Path = SAMPLE_APP, **settings: str) -> Iterator[HostProcess]:
    """Run an app until the block ends; `more` are arguments of the host."""
    (folder / "ready.json").unlink(missing_ok=True)
    with running(
        host_command(app, folder, settings_of(folder, **settings), *more), folder / "ready.json"
    ) as (
        process,
        ready,
    ):
        yield HostProcess(process, folder, ready)


@contextmanager
def running(command: list[str], ready_file: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run a process until the block ends, once its ready file is there."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=clean_environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        eventually(
            lambda: ready_file.exists() or process.poll() is not None, within=START_SECONDS, what="the start"
        )
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1])
        yield process, json.loads(ready_file.read_text())
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def clean_environment() -> dict[str, str]:
    """Return this environment without the settings of any app."""
    keep = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
    return {k: v for k, v in os.environ.items() if k in keep} | {"PYTHONPATH": str(ROOT)}


@contextmanager
def running_broker(folder: Path, *queues: str, lock_seconds: float) -> Iterator[str]:
    """Run the Service Bus emulator until the block ends and yield its connection string."""
    ready = folder / "broker.json"
    names = [part for queue in queues for part in ("--queue", queue)]
    command = [sys.executable, "-m", "sandbox.service_bus", *names]
    command += ["--lock-seconds", str(lock_seconds), "--ready-file", str(ready)]
    with running(command, ready) as (_, said):
        yield str(said["connection_string"])
