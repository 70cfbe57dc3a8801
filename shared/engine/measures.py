"""How everything stands, told by housekeeping: what nobody would notice by counting what happens."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from shared.core.errors import SyncError
from shared.core.model import Side
from shared.engine.messages import REJECTED as REJECTED_QUEUE
from shared.engine.parts import Ports
from shared.engine.signalling import age_of, reason_of
from shared.ports import JobEntry
from shared.signal_names import (
    CERTIFICATE_DAYS,
    CURSOR_LAG,
    HELD,
    HELD_OLDEST,
    MAPPING_AGE,
    MAPPING_STOPPED,
    MEASURES_FAILED,
    REJECTED,
)

#: Jobs of a mapping that are looked through for the last one of each kind.
LOOK_BACK = 100


def measure(ports: Ports) -> None:
    """Tell how everything stands. One table request for each mapping and each thousand records held.

    Never fails: what cannot be measured now is measured next time.
    """
    for part in (_held, _mappings, _rejected, _certificate):
        try:
            part(ports)
        except SyncError as error:
            ports.signals.event(MEASURES_FAILED, error=type(error).__name__)


def _held(ports: Ports) -> None:
    now = ports.clock.now()
    counts: Counter[tuple[str, str, str]] = Counter()
    oldest: dict[str, datetime] = {}
    after: str | None = None
    while True:
        rows, after = ports.held.list(None, limit=1000, after=after)
        for row in rows:
            counts[row.mapping, reason_of(row), age_of(row.since, now)] += 1
            if row.kind != "skipped":  # parked by a person: nobody waits for it
                oldest[row.mapping] = min(row.since, oldest.get(row.mapping, row.since))
        if after is None:
            break
    for (mapping, reason, age), n in sorted(counts.items()):
        ports.signals.gauge(HELD, n, mapping=mapping, reason=reason, age=age)
    for mapping in ports.mappings:
        # Nothing held is told as well: otherwise the last number would seem to stand.
        since = oldest.get(mapping, now)
        ports.signals.gauge(HELD_OLDEST, (now - since).total_seconds(), mapping=mapping)


def _mappings(ports: Ports) -> None:
    """Tell since when each mapping has not finished a job, and since when each side has not been read."""
    now = ports.clock.now()
    for mapping in ports.mappings.values():
        entries, _ = ports.jobs.list(mapping.name, limit=LOOK_BACK)
        if not entries:
            continue  # never ran: there is no age, and the timers' own alert tells of a silent one
        finished = [e for e in entries if e.state == "finished"]
        last = finished[0].finished if finished else entries[-1].started
        ports.signals.gauge(MAPPING_AGE, _seconds(now, last), mapping=mapping.name)
        stopped = entries[0].state == "stopped"
        ports.signals.gauge(MAPPING_STOPPED, int(stopped), mapping=mapping.name)
        for side in Side:
            if mapping.reads(side):
                lag = _seconds(now, _read_until(entries, side))
                ports.signals.gauge(CURSOR_LAG, lag, mapping=mapping.name, side=side.value)


def _read_until(entries: list[JobEntry], side: Side) -> datetime:
    """Return when the last poll of a side that came to its end began: what was changed before is read.

    The oldest job looked at, when none of them was one: the lag is that much at least.
    """
    polls = (e for e in entries if e.side == side.value and e.cause == "timer" and e.state == "finished")
    found = next(polls, None)
    return found.started if found is not None else entries[-1].started


def _rejected(ports: Ports) -> None:
    ports.signals.gauge(REJECTED, len(ports.queue.peek(REJECTED_QUEUE)))


def _certificate(ports: Ports) -> None:
    ends = ports.certificate_ends()
    if ends is not None:
        ports.signals.gauge(CERTIFICATE_DAYS, (ends - ports.clock.now()).total_seconds() / 86_400)


def _seconds(now: datetime, then: datetime) -> float:
    return max(0.0, (now - then).total_seconds())
