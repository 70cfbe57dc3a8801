"""Every word that Tandem's telemetry says: spans, metrics, actions, attributes. Queries and alerts use these.

The names are stable: whoever has built an alert on one must not lose it. `tests/architecture` holds each
name in `infra/monitoring` against this list, and each name here against the queries.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

# --- spans -------------------------------------------------------------------------------------

#: A mapping's timer, or housekeeping, which has no mapping.
TICK = "tandem.tick"
#: A control message on `full-sync`.
CONTROL = "tandem.control"
JOB = "tandem.job"
PAGE = "tandem.page"
#: One attempt of one request to Business Central or Sales, or one operation on tables.
REQUEST = "tandem.request"
#: Messages sent to one queue; they carry this span on, so that what they cause is below it.
SEND = "tandem.send"
#: A call of the administrators' API.
CALL = "tandem.call"
SPANS = frozenset({TICK, CONTROL, JOB, PAGE, REQUEST, SEND, CALL})

# --- metrics -----------------------------------------------------------------------------------

#: Counted as they happen.
TICKS = "tandem.ticks"
RECORDS = "tandem.records"
TIME_TO_SYNC = "tandem.time_to_sync"
JOBS = "tandem.jobs"
REQUESTS = "tandem.requests"
THROTTLED = "tandem.throttled"
BRAKE = "tandem.brake"
SET_ASIDE = "tandem.set_aside"
FAILURES = "tandem.failures"
#: How often, by attributes; the sum over a time is what happened in it.
COUNTS = frozenset({TICKS, RECORDS, TIME_TO_SYNC, JOBS, REQUESTS, THROTTLED, BRAKE, SET_ASIDE, FAILURES})
#: Measured by housekeeping, each time.
HELD = "tandem.held"
HELD_OLDEST = "tandem.held.oldest"
CURSOR_LAG = "tandem.cursor.lag"
MAPPING_AGE = "tandem.mapping.age"
MAPPING_STOPPED = "tandem.mapping.stopped"
REJECTED = "tandem.rejected"
CERTIFICATE_DAYS = "tandem.certificate.days"
#: How it stands now, and in which unit.
GAUGES: Mapping[str, str] = {
    HELD: "records",
    HELD_OLDEST: "s",
    CURSOR_LAG: "s",
    MAPPING_AGE: "s",
    MAPPING_STOPPED: "1",
    REJECTED: "messages",
    CERTIFICATE_DAYS: "d",
}
METRICS = COUNTS | frozenset(GAUGES)

# --- actions: the first word of each log line ----------------------------------------------------

JOB_FINISHED = "job.finished"
JOB_DEFERRED = "job.deferred"
JOB_REFUSED = "job.refused"
JOB_STOPPED = "job.stopped"
RUN_STARTED = "run.started"
RUN_ENDED = "run.ended"
RECORDS_HELD = "records.held"
BRAKE_PULLED = "brake.pulled"
MESSAGE_SET_ASIDE = "message.set_aside"
CALL_FAILED = "call.failed"
MEASURES_FAILED = "measures.failed"
TELEMETRY_STARTED = "telemetry.started"
TELEMETRY_FAILED = "telemetry.failed"
#: Action → level of its log line.
ACTIONS: Mapping[str, str] = {
    JOB_FINISHED: "info",
    JOB_DEFERRED: "warning",
    JOB_REFUSED: "warning",
    JOB_STOPPED: "error",
    RUN_STARTED: "info",
    RUN_ENDED: "info",
    RECORDS_HELD: "warning",
    BRAKE_PULLED: "error",
    MESSAGE_SET_ASIDE: "error",
    CALL_FAILED: "error",
    MEASURES_FAILED: "warning",
    TELEMETRY_STARTED: "info",
    TELEMETRY_FAILED: "warning",
}

# --- attributes --------------------------------------------------------------------------------

#: A word of ours or an identifier of theirs: a mapping, a table, a method, a class of errors.
WORD = r"\$?[A-Za-z][A-Za-z0-9_.-]{0,79}"
#: Ids of records, at most `IDS`, as both systems make them: GUIDs, or numbers of options.
ID_LIST = r"[0-9a-f-]{36}(,[0-9a-f-]{36}){0,19}|[0-9]{1,10}(,[0-9]{1,10}){0,19}"
IDS = 20
#: As Tandem and the host make them; one that somebody has chosen is told by a digest.
OUR_ID = r"run-[0-9]{14}-[0-9a-f]{8}|[0-9a-f]{16}|[0-9a-f-]{32,36}"
#: Lines of our own code, innermost last.
PLACES = r"[A-Za-z0-9_.:/<> -]{0,400}"
NUMBER = "number"
#: Attribute → what its texts look like. Whatever else would be told is replaced by `UNTOLD`.
ATTRIBUTES: Mapping[str, str] = {
    "mapping": WORD,
    "side": WORD,
    "kind": WORD,
    "cause": WORD,
    "state": WORD,
    "outcome": WORD,
    "reason": WORD,
    "age": WORD,
    "within": NUMBER,
    "system": WORD,
    "method": WORD,
    "table": WORD,
    "effect": WORD,
    "status": NUMBER,
    "attempt": NUMBER,
    "queue": WORD,
    #: Of a log line; set by the adapter.
    "action": WORD,
    #: What a person asked for.
    "wish": WORD,
    "function": WORD,
    "error": WORD,
    "at": PLACES,
    "run": OUR_ID,
    "correlation": OUR_ID,
    "records": ID_LIST,
    "count": NUMBER,
    "step": NUMBER,
    "seconds": NUMBER,
    "tally_read": NUMBER,
    "tally_created": NUMBER,
    "tally_updated": NUMBER,
    "tally_unchanged": NUMBER,
    "tally_coupled": NUMBER,
    "tally_uncoupled": NUMBER,
    "tally_restored": NUMBER,
    "tally_ignored": NUMBER,
    "tally_waiting": NUMBER,
    "tally_held": NUMBER,
    "tally_conflict": NUMBER,
    "requests_bc": NUMBER,
    "requests_sales": NUMBER,
    "requests_tables": NUMBER,
}
UNTOLD = "untold"

# --- classes -----------------------------------------------------------------------------------

#: Why a record is out of step, without a word of it: its kind, or who refused what.
REASONS = ("waiting", "conflict", "orphan", "skipped", "fields", "refused-by-bc", "refused-by-sales", "other")
#: How long it has been: up to this, by name. Older than all is `older`.
AGES: Mapping[str, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}
OLDER = "older"
#: Upper bounds in seconds of the time to sync, each a tenth to a half more than the one before. What took
#: longer counts in the last. Application Insights keeps no buckets of a histogram, so they are counts.
BOUNDS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1200, 1800, 3600, 7200, 14400,
          43200, 86400, 604800)  # fmt: skip
