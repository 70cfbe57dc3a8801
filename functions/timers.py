"""One timer per mapping, and the housekeeping timer. Schedules: `%SCHEDULE_<MAPPING>%`, six fields, UTC."""

from collections.abc import Callable
from datetime import UTC, datetime

import azure.functions as func

from shared.mappings import ALL
from shared.wiring import app

bp = func.Blueprint()


def occurrence(timer: func.TimerRequest) -> str:
    """Return what makes this tick new (H12): its planned time, or the time now when nobody planned it."""
    status = getattr(timer, "schedule_status", None) or {}
    return str(status.get("Last") or "") or datetime.now(UTC).isoformat(timespec="milliseconds")


def poll(mapping: str) -> Callable[[func.TimerRequest], None]:
    def run(timer: func.TimerRequest) -> None:
        app().poll(mapping, occurrence=occurrence(timer))

    return run


for _mapping in ALL:
    bp.function_name(f"poll_{_mapping.name}")(
        bp.timer_trigger(arg_name="timer", schedule=f"%SCHEDULE_{_mapping.name.upper()}%")(
            poll(_mapping.name)
        )
    )


@bp.function_name("housekeeping")
@bp.timer_trigger(arg_name="timer", schedule="%SCHEDULE_HOUSEKEEPING%")
def housekeeping(timer: func.TimerRequest) -> None:
    app().housekeeping()
