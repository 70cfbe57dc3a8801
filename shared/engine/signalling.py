"""What the engine tells of its work: classes and counts, so that no word of a record leaves it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from shared.core.model import Side, Tally
from shared.engine.messages import Job
from shared.ports import HeldRecord, RunRow
from shared.signal_names import (
    ACTIONS,
    AGES,
    BOUNDS,
    IDS,
    JOBS,
    OLDER,
    RECORDS,
    RECORDS_HELD,
    RUN_ENDED,
    RUN_STARTED,
    TIME_TO_SYNC,
)
from shared.signals import Attribute, Signals, Span, named

#: How the causes that Tandem itself gives begin, and what is told of them. A message may give any other.
CAUSES = {
    "timer": "timer",
    "due": "due",
    "daily": "daily",
    "waited for": "waited",
    "coupled": "coupled",
    "late references": "late",
    "kept changing": "kept-changing",
    "administrator": "administrator",
    "full sync": "full-sync",
    "rehearsal": "rehearsal",
}


def cause_of(job: Job) -> str:
    if job.kind in ("feed", "action"):
        return job.kind
    return next((told for begin, told in CAUSES.items() if job.cause.startswith(begin)), "message")


def tell_job(
    signals: Signals,
    span: Span,
    job: Job,
    *,
    state: str,
    tally: Tally,
    requests: Mapping[str, int],
    seconds: float,
) -> None:
    """Tell how a job ended: on its span, as a count and as a log line."""
    found = tally_of(tally)
    found |= {f"requests_{system}": n for system, n in requests.items()}
    span.set(state=state, **found)
    signals.count(JOBS, mapping=job.mapping, kind=job.kind, state=state)
    action = f"job.{state}"
    if action in ACTIONS:
        signals.event(action, **of_job(job), seconds=round(seconds, 3), **found)


def tally_of(tally: Tally) -> dict[str, Attribute]:
    return {f"tally_{name}": n for name, n in tally.as_json().items() if n}


def of_job(job: Job) -> dict[str, Attribute]:
    """Return what is told of a job wherever it is named."""
    return {
        "mapping": job.mapping,
        "side": job.side.value,
        "kind": job.kind,
        "cause": cause_of(job),
        "wish": job.action if job.kind == "action" else None,
        "run": named(job.run),
        "attempt": job.attempt,
    }


def tell_run(signals: Signals, head: RunRow, ended: str = "") -> None:
    """Tell that a run has started, or in which state it ended."""
    mode = head.data
    kind = "match" if mode.get("match") is not None else "rehearsal" if mode.get("rehearse") else "full-sync"
    action = RUN_ENDED if ended else RUN_STARTED
    signals.event(action, run=named(head.run), kind=kind, state=ended or None)


def tell_page(
    signals: Signals, span: Span, mapping: str, side: Side, tally: Tally, waits: Sequence[float]
) -> None:
    """Tell what became of a page's records, by outcome, and how long they took."""
    span.set(**tally_of(tally))
    about = {"mapping": mapping, "side": side.value}
    for name, n in tally.as_json().items():
        if name != "read":
            signals.count(RECORDS, n, **about, outcome=name)
    for within, n in sorted(Counter(map(bound_of, waits)).items()):
        signals.count(TIME_TO_SYNC, n, **about, within=within)


def bound_of(seconds: float) -> int:
    """Return the upper bound that a time to sync counts under; a clock that is ahead makes no time negative."""
    return BOUNDS[min(bisect_left(BOUNDS, seconds), len(BOUNDS) - 1)]


def tell_held(signals: Signals, mapping: str, rows: Sequence[HeldRecord]) -> None:
    """Tell which records a page leaves out of step, by why: a log line for each class."""
    by_reason: dict[tuple[str, str], list[HeldRecord]] = {}
    for row in rows:
        by_reason.setdefault((reason_of(row), row.side.value), []).append(row)
    for (reason, side), group in sorted(by_reason.items()):
        ids = ",".join(row.id for row in group[:IDS])
        signals.event(RECORDS_HELD, mapping=mapping, side=side, reason=reason, count=len(group), records=ids)


def reason_of(row: HeldRecord) -> str:
    """Return the class of a reason (`signal_names.REASONS`); the reason itself may quote a record."""
    if row.kind != "held":
        return row.kind
    if row.fields:
        return "fields"
    if row.reason.startswith("Business Central:"):
        return "refused-by-bc"
    return "refused-by-sales" if row.reason.startswith("Dataverse:") else "other"


def age_of(since: datetime, now: datetime) -> str:
    age: timedelta = now - since
    return next((name for name, most in AGES.items() if age <= most), OLDER)
