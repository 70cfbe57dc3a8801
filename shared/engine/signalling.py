"""What the engine tells of its work: classes and counts, so that no word of a record leaves it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from shared.core.decide import Pair
from shared.core.model import Outcome, Side, Tally
from shared.engine.messages import Job
from shared.ports import HeldRecord, JobEntry, RunRow
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

#: What a record that was written has become when both sides agree.
AGREED = (Outcome.CREATED, Outcome.UPDATED, Outcome.RESTORED, Outcome.COUPLED)
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


def tell_job(signals: Signals, span: Span, job: Job, entry: JobEntry) -> None:
    """Tell how a job ended: on its span, as a count and as a log line."""
    found = tally_of(entry.tally)
    found |= {f"requests_{system}": n for system, n in entry.requests.items()}
    span.set(state=entry.state, **found)
    signals.count(JOBS, mapping=job.mapping, kind=job.kind, state=entry.state)
    action = f"job.{entry.state}"
    if action in ACTIONS:
        seconds = round((entry.finished - entry.started).total_seconds(), 3)
        signals.event(action, **of_job(job), seconds=seconds, **found)


def tally_of(counts: Mapping[str, int]) -> dict[str, Attribute]:
    return {f"tally_{name}": n for name, n in counts.items() if n}


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
    span.set(**tally_of(tally.as_json()))
    about = {"mapping": mapping, "side": side.value}
    for name, n in tally.as_json().items():
        if name != "read":
            signals.count(RECORDS, n, **about, outcome=name)
    for within, n in sorted(Counter(map(bound_of, waits)).items()):
        signals.count(TIME_TO_SYNC, n, **about, within=within)


def waits_of(
    side: Side, written: Sequence[Pair], outcomes: Mapping[str, Outcome], now: datetime
) -> list[float]:
    """Return the seconds from the last edit of each record written until now, when both sides agree on it."""
    records = [pair.record(side) for pair in written]
    return [
        (now - r.modified_at).total_seconds()
        for r in records
        if r is not None and r.modified_at is not None and outcomes.get(r.id) in AGREED
    ]


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
