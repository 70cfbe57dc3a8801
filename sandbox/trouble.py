"""What may go wrong on request while a demo runs: its host is killed, replies are lost, services throttle."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

SYSTEMS = ("bc", "dataverse")
#: 5 % of the replies to writes never arrive, although the work is done.
LOST: dict[str, Any] = {"kind": "write", "lost_reply": True, "rate": 0.05, "times": None}
BURST: dict[str, Any] = {"status": 429, "headers": {"Retry-After": "1"}, "times": 4}
#: Seconds between bursts.
EVERY = 10.0


class Kills:
    """Kills the Functions host at evenly spread moments of a run, by the records that BC has given so far."""

    def __init__(self, kill: Callable[[], None], *, times: int, records: int) -> None:
        self._kill = kill
        self._moments = [records * n // (times + 1) for n in range(1, times + 1)]

    @property
    def left(self) -> int:
        return len(self._moments)

    def look(self, run: Mapping[str, Any]) -> str | None:
        """Kill if a moment has come, and say so."""
        read = sum(line["to_sales"]["read"] for line in run["lines"])
        if not self._moments or read < self._moments[0]:
            return None
        self._moments.pop(0)
        self._kill()
        at = ", ".join(line["mapping"] for line in run["lines"] if line["state"] == "running")
        return f"SIGKILL of the Functions host after {read:,} records ({at or 'between two lines'})"


class Faults:
    """Lost replies all the time, and bursts of 429, on both sides; nothing unless `wanted`."""

    def __init__(self, simulator: Callable[[str], httpx.Client], *, wanted: bool) -> None:
        self._simulator = simulator
        self._wanted = wanted
        self._next = 0.0

    def start(self) -> None:
        if self._wanted:
            self._post([LOST, BURST])

    def again(self) -> None:
        """Send the next burst when it is time; what is left of the last one is over, so that none pile up."""
        if self._wanted and time.monotonic() >= self._next:
            self.start()

    def stop(self) -> list[str]:
        """Let both systems be well again; say what they did."""
        said = []
        for which in SYSTEMS if self._wanted else ():
            with self._simulator(which) as client:
                client.delete("/_sim/faults")
                by_status = client.get("/_sim/counts").json()["by_status"]
                said.append(
                    f"{which}: {by_status.get('0', 0)} replies lost, {by_status.get('429', 0)} times 429"
                )
        return said

    def _post(self, faults: list[dict[str, Any]]) -> None:
        self._next = time.monotonic() + EVERY
        for which in SYSTEMS:
            with self._simulator(which) as client:
                client.delete("/_sim/faults")
                client.post("/_sim/faults", json=faults).raise_for_status()
