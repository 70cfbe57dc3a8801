"""What is forgotten: history, jobs and runs beyond what the settings keep. Once a day, set-based."""

from __future__ import annotations

from contextlib import suppress

from shared.core.model import Side
from shared.core.runs import FINISHED, RUNNING
from shared.engine.parts import Ports
from shared.ports import Outdated

#: The name of the cursor that remembers the day.
NAME = "retention"


def forget_what_is_old(ports: Ports) -> None:
    """Delete what is older than the settings keep, unless that was done today.

    A call deletes a bounded number of rows and marks the day only when nothing is left, so that the
    next tick goes on. Dying in between repeats deletions, which changes nothing.
    """
    limits, now = ports.limits, ports.clock.now()
    today = now.date().isoformat()
    stored = ports.cursors.get(NAME, Side.BC)
    if stored.value == today:
        return
    done = ports.history.forget(now - limits.history)
    done = ports.jobs.forget(now - limits.jobs) and done
    old = [row for row in ports.runs.beyond(limits.runs) if row.data["state"] != RUNNING]
    for row in old:
        # The run goes last, so that a repeat finds what is left of it.
        ports.plans.forget(row.run)
        if row.data.get("rehearse") and row.data["state"] != FINISHED:
            overlay = ports.overlay(row.run)
            # Its lines may be of mappings that are switched off since; late references are of others.
            for name in {*ports.mappings, *(line.name for line in ports.runs.get(row.run))} - {""}:
                overlay.remove(list(overlay.stream(name)))
        ports.runs.forget(row.run)
    if done and not old:
        with suppress(Outdated):  # another process has done the same
            ports.cursors.put(NAME, Side.BC, today, etag=stored.etag)
