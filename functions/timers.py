"""One timer per mapping, and the housekeeping timer. Schedules: `%SCHEDULE_<MAPPING>%`, six fields, UTC."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import azure.functions as func

from functions.calls import guarded
from shared.engine.tandem import Tandem
from shared.mappings import ALL
from shared.wiring import app

bp = func.Blueprint()

#: App settings that hold a schedule; the host refuses a timer whose setting is missing.
SCHEDULES = tuple(f"SCHEDULE_{m.name.upper()}" for m in ALL) + ("SCHEDULE_HOUSEKEEPING",)
_FIELD = re.compile(r"[0-9A-Za-z*,/-]+")
#: A timer may fire this much before its planned time.
EARLY = timedelta(seconds=1)


def schedule_problems(env: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the settings that hold schedules: six-field NCRONTAB (azure-platform.md 1)."""
    for name in SCHEDULES:
        text = env.get(name, "").strip()
        if not text:
            yield f"{name} is missing"
        elif len(fields := text.split()) != 6 or not all(_FIELD.fullmatch(f) for f in fields):
            yield f"{name} must be six fields (second minute hour day month weekday), not '{text}'"


def occurrence(timer: func.TimerRequest, now: datetime) -> str:
    """Return what makes this tick new (H12): the time it was planned for.

    A `Next` that has come is the tick's own time, as a host stores its status after the run. While
    it is still to come, a person started the function, or the host stored it before: a name of its
    own then, as a job too many changes nothing but a job too few would be missed.
    """
    status = getattr(timer, "schedule_status", None) or {}
    planned = str(status.get("Next") or "")
    try:
        due = datetime.fromisoformat(planned)
    except ValueError:
        due = datetime.max
    due = due if due.tzinfo else due.replace(tzinfo=UTC)
    # A status that was never stored holds the first moment of all.
    if due.year > 1 and due <= now + EARLY:
        return planned
    return f"{now.isoformat(timespec='milliseconds')}-{uuid4().hex[:8]}"


def tick(name: str, context: func.Context, do: Callable[[Tandem], None]) -> None:
    """Follow the host's trace; the messages of one tick have one correlation id (H29)."""
    host, correlation = context.trace_context.trace_parent, context.invocation_id
    guarded(name, lambda _: do(app()), host=host, correlation=correlation)


def poll(mapping: str) -> Callable[[func.TimerRequest, func.Context], None]:
    def run(timer: func.TimerRequest, context: func.Context) -> None:
        planned = occurrence(timer, datetime.now(UTC))
        tick(f"poll_{mapping}", context, lambda tandem: tandem.poll(mapping, occurrence=planned))

    return run


for _mapping in ALL:
    bp.function_name(f"poll_{_mapping.name}")(
        bp.timer_trigger(arg_name="timer", schedule=f"%SCHEDULE_{_mapping.name.upper()}%")(
            poll(_mapping.name)
        )
    )


@bp.function_name("housekeeping")
@bp.timer_trigger(arg_name="timer", schedule="%SCHEDULE_HOUSEKEEPING%")
def housekeeping(timer: func.TimerRequest, context: func.Context) -> None:
    tick("housekeeping", context, lambda tandem: tandem.housekeeping())
