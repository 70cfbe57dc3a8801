"""Child processes of the sandbox: started with a log and a pid file each, stopped in the opposite order.

A set is either *bound*: its processes get SIGTERM when this one ends, however it ends (Linux); or *kept*: they go
on, and `stop_left` ends them later by their pid files. Beside each a file says when that process started, so a
number that the system has given to somebody else by then is never signalled.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
#: Seconds between looks at a process.
LOOK = 0.05
#: Seconds from SIGTERM to SIGKILL; the Functions host takes up to ten.
PATIENCE = 15.0
PR_SET_PDEATHSIG = 1
PID, STARTED = ".pid", ".started"


class DidNotStart(RuntimeError):
    """A process ended, or was not ready in time; the end of its log is in the message."""


class Processes:
    """The processes of one folder, by name. Call it from one thread that lives as long as they shall (bound sets)."""

    def __init__(self, folder: Path, *, bound: bool = True) -> None:
        self.folder = folder
        self._bound = bound
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> int:
        """Start a process in the repository's root and return its pid. `env` goes over this environment."""
        if name in self._running:
            raise ValueError(f"{name} is running already")
        whole = list(command)
        if self._bound and sys.platform == "linux":
            whole = [sys.executable, "-m", "sandbox.processes", str(os.getpid()), *whole]
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # nosec B603  # commands of the sandbox
                whole,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                # Ctrl-C reaches this process only, which then stops the others in their order.
                start_new_session=True,
            )
        self._running[name] = process
        (self.folder / f"{name}{STARTED}").write_text(started_at(process.pid) or "")
        (self.folder / f"{name}{PID}").write_text(str(process.pid))
        return process.pid

    def wait_for[T](self, name: str, look: Callable[[], T | None], *, seconds: float = 60) -> T:
        """Return the first true answer of `look`. Raises `DidNotStart` when the process ends or time is over."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if found := look():
                return found
            code = self._running[name].poll()
            if code is not None:
                raise DidNotStart(f"{name} ended with code {code}:\n{self._tail(name)}")
            time.sleep(LOOK)
        raise DidNotStart(f"{name} was not ready within {seconds:g} s:\n{self._tail(name)}")

    def ready_file(self, name: str) -> Path:
        """Return where a process is to write its ready file; an old one is removed."""
        path = self.folder / f"{name}.ready.json"
        path.unlink(missing_ok=True)
        return path

    def wait_for_file(self, name: str, path: Path, *, seconds: float = 60) -> dict[str, Any]:
        """Return what a process wrote into its ready file. Raises `DidNotStart`."""

        def look() -> dict[str, Any] | None:
            try:
                found: dict[str, Any] = json.loads(path.read_text())
            except (OSError, ValueError):
                return None
            return found

        return self.wait_for(name, look, seconds=seconds)

    def kill(self, name: str) -> None:
        """SIGKILL, as a power cut would."""
        process = self._running.pop(name)
        process.kill()
        process.wait()
        self._forget(name)

    def has_ended(self, name: str) -> bool:
        """Say whether a process that was started is gone, whoever ended it; it may then be started again."""
        process = self._running.get(name)
        if process is not None and process.poll() is None:
            return False
        if process is not None:
            del self._running[name]
            self._forget(name)
        return True

    def stop(self) -> None:
        """Stop all, last started first: SIGTERM, then SIGKILL when patience is over."""
        for name, process in reversed(list(self._running.items())):
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            del self._running[name]
            self._forget(name)

    def _forget(self, name: str) -> None:
        for suffix in (PID, STARTED):
            (self.folder / f"{name}{suffix}").unlink(missing_ok=True)

    def _tail(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-2000:]


def stop_left(folder: Path) -> list[str]:
    """Stop what a kept set, or one that broke, left running in a folder; return the names. Harmless twice."""
    stopped = []
    # Newest first: the Functions host ends before what it uses.
    files = sorted(folder.glob(f"*{PID}"), key=lambda f: f.stat().st_mtime_ns, reverse=True)
    for file in files:
        beside = file.with_suffix(STARTED)
        try:
            pid, started = int(file.read_text()), beside.read_text()
        except (OSError, ValueError):
            # Half written by a process that died at that moment: there is nothing to go by.
            pid, started = 0, ""
        if pid and _end(pid, started):
            stopped.append(file.stem)
        file.unlink()
        beside.unlink(missing_ok=True)
    return stopped


def _end(pid: int, started: str) -> bool:
    """End a process; False when it was gone already, or is another one by now."""
    if not _is(pid, started):
        return False
    os.kill(pid, signal.SIGTERM)
    limit = time.monotonic() + PATIENCE
    while _is(pid, started):
        if time.monotonic() > limit:
            os.kill(pid, signal.SIGKILL)
            limit = time.monotonic() + PATIENCE
        time.sleep(LOOK)
    return True


def _is(pid: int, started: str) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return started_at(pid) == started


def started_at(pid: int) -> str | None:
    """Return what tells a process from a later one with its number; None when it has ended.

    Linux: its start in clock ticks since boot. Elsewhere the same text for all: the number has to do.
    """
    if not Path("/proc/self/stat").exists():
        return "running"
    try:
        # The name, in parentheses, may hold anything; state and start are the 1st and 20th field after it.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def _bound_to(parent: int, command: Sequence[str]) -> None:
    """Become `command`, which gets SIGTERM when the process `parent` ends (prctl(2))."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit("the process that started this one has ended")
    arguments = list(command)
    os.execvp(command[0], arguments)  # nosec B606  # without a shell on purpose


if __name__ == "__main__":
    _bound_to(int(sys.argv[1]), sys.argv[2:])
