"""Processes of the sandbox: none is left behind, and none that is not ours is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox import processes
from sandbox.processes import ROOT, DidNotStart, Processes, started_at, stop_left

#: Says that it runs, and ends with SIGTERM.
CHILD = "import sys, time; open(sys.argv[1], 'w').write('{\"ok\": true}'); time.sleep(600)"
#: The same, but SIGTERM does not move it.
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + CHILD


def child(ready: Path, source: str = CHILD) -> list[str]:
    return [sys.executable, "-c", source, str(ready)]


def alive(pid: int) -> bool:
    return started_at(pid) is not None


def eventually(look: Callable[[], object], what: str, within: float = 20) -> None:
    limit, pause = time.monotonic() + within, threading.Event()
    while not look():
        assert time.monotonic() < limit, f"not within {within} s: {what}"
        pause.wait(0.02)


def started(some: Processes, name: str, source: str = CHILD) -> int:
    ready = some.ready_file(name)
    pid = some.start(name, child(ready, source))
    assert some.wait_for_file(name, ready) == {"ok": True}
    return pid


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Processes]:
    some = Processes(tmp_path, bound=False)
    yield some
    some.stop()


def test_a_process_that_ends_at_its_start_says_why(kept: Processes) -> None:
    kept.start("broken", [sys.executable, "-c", "print('no such luck'); raise SystemExit(7)"])

    with pytest.raises(DidNotStart, match=r"(?s)broken ended with code 7:.*no such luck"):
        kept.wait_for("broken", lambda: None)


def test_a_process_that_is_never_ready_is_given_up(kept: Processes) -> None:
    kept.start("slow", child(kept.folder / "elsewhere"))

    with pytest.raises(DidNotStart, match="slow was not ready within 0.2 s"):
        kept.wait_for("slow", lambda: None, seconds=0.2)


def test_stopping_ends_the_last_one_first_and_removes_pid_files(tmp_path: Path) -> None:
    some = Processes(tmp_path)
    note = (
        "import signal, sys, time\n"
        "def end(*_): open(sys.argv[1] + '.end', 'w').write(str(time.time_ns())); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n" + CHILD
    )
    pids = [started(some, name, note) for name in ("first", "second")]

    some.stop()

    assert not any(alive(pid) for pid in pids)
    ends = [int((tmp_path / f"{n}.ready.json.end").read_text()) for n in ("first", "second")]
    assert ends[1] < ends[0]
    assert [p for p in tmp_path.iterdir() if p.suffix in (".pid", ".started")] == []


def test_a_process_that_ignores_sigterm_is_killed(kept: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.3)
    pid = started(kept, "stubborn", STUBBORN)

    kept.stop()

    assert not alive(pid)


def test_a_killed_process_can_be_started_again(kept: Processes) -> None:
    first = started(kept, "host")
    kept.kill("host")
    second = started(kept, "host")

    assert not alive(first)
    assert alive(second)


def test_what_was_left_running_is_stopped_by_its_pid_files(tmp_path: Path) -> None:
    source = (
        "import sys; from pathlib import Path; from sandbox.processes import Processes; "
        "some = Processes(Path(sys.argv[1]), bound=False); "
        "print(some.start('left', [sys.executable, '-c', 'import time; time.sleep(600)']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", source, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    pid = int(done.stdout)
    assert alive(pid)

    assert stop_left(tmp_path) == ["left"]
    assert not alive(pid)
    assert stop_left(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process started")
def test_a_number_that_belongs_to_somebody_else_by_now_is_not_signalled(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        (tmp_path / "old.pid").write_text(str(other.pid))
        (tmp_path / "old.started").write_text("1")

        assert stop_left(tmp_path) == []
        assert other.poll() is None
        assert list(tmp_path.iterdir()) == []
    finally:
        other.kill()
        other.wait()


def test_a_pid_file_without_a_number_is_removed(tmp_path: Path) -> None:
    (tmp_path / "half.pid").write_text("")

    assert stop_left(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_bound_processes_end_with_the_one_that_started_them_however_it_ends(tmp_path: Path) -> None:
    source = (
        "import sys, time; from pathlib import Path; from sandbox.processes import Processes; "
        "some = Processes(Path(sys.argv[1])); ready = some.ready_file('child'); "
        f"pid = some.start('child', [sys.executable, '-c', {CHILD!r}, str(ready)]); "
        "some.wait_for_file('child', ready); print(pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", source, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()

    eventually(lambda: not alive(pid), "the child has ended too")
