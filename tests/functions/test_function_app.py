"""The functions as the host sees them, without any setting (P47)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import azure.functions as func
import pytest
from azure.functions.servicebus import ServiceBusMessage
from azure.functions.timer import TimerRequest

import function_app
from functions.calls import CallFailed
from functions.timers import SCHEDULES, occurrence, schedule_problems
from shared.core.errors import Misconfigured
from shared.mappings import ALL
from shared.settings import REQUIRED
from tests.functions.callers import BY_NAME, FakeApp

ROOT = Path(__file__).parents[2]
MAPPINGS = [m.name for m in ALL]
GOOD = {name: "x" for name in REQUIRED} | {"BC_URL": "https://bc", "DATAVERSE_URL": "https://sales"}
GOOD["CLIENT_SECRET"] = "x"
GOOD |= {name: "0 */5 * * * *" for name in SCHEDULES}


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> FakeApp:
    made = FakeApp()
    monkeypatch.setattr("functions.timers.app", lambda: made)
    monkeypatch.setattr("functions.messages.app", lambda: made)
    return made


def bindings(name: str) -> list[dict[str, object]]:
    return [json.loads(str(b)) for b in BY_NAME[name].get_raw_bindings()]


# --- the index -------------------------------------------------------------------------------


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_each_mapping_has_a_timer_and_a_queue_of_its_own(mapping):
    [timer] = bindings(f"poll_{mapping}")
    [queue] = bindings(f"sync_{mapping}")

    assert (timer["type"], timer["schedule"]) == ("timerTrigger", f"%SCHEDULE_{mapping.upper()}%")
    assert (queue["type"], queue["queueName"]) == ("serviceBusTrigger", f"sync-{mapping}")
    assert queue["connection"] == "ServiceBusConnection"


def test_full_sync_has_a_control_queue_and_housekeeping_a_timer_P38():
    [control] = bindings("full_sync")
    [timer] = bindings("housekeeping")

    assert (control["queueName"], control["connection"]) == ("full-sync", "ServiceBusConnection")
    assert timer["schedule"] == "%SCHEDULE_HOUSEKEEPING%"


ROUTES = {
    ("POST", "full-sync"),
    ("GET", "runs"),
    ("GET", "runs/{id}"),
    ("GET", "mappings"),
    ("POST", "mappings/{m}/sync"),
    ("GET", "jobs"),
    ("GET", "held"),
    ("GET", "records/{m}/{side}/{id}"),
    ("POST", "records/{m}/{side}/{id}/retry"),
    ("GET", "status"),
    ("GET", "health"),
}


def test_the_public_routes_are_all_there_design_11():
    found = {
        (methods[0], b["route"])
        for name in BY_NAME
        for b in bindings(name)
        if b["type"] == "httpTrigger" and isinstance(methods := b["methods"], list) and len(methods) == 1
    }

    assert found >= ROUTES


def test_every_route_is_anonymous_to_the_host_because_tandem_decides():
    levels = {
        str(b["authLevel"]).lower() for name in BY_NAME for b in bindings(name) if b["type"] == "httpTrigger"
    }

    assert levels == {"anonymous"}


def test_nothing_else_is_a_function():
    expected = {f"{kind}_{m}" for kind in ("poll", "sync") for m in MAPPINGS}
    expected |= {"full_sync", "housekeeping", "notices", "webhook_bc"}

    assert {name for name in BY_NAME if not name.startswith("api_")} == expected


def test_indexing_needs_no_setting_and_no_neighbour():
    """In a process of its own, with an empty environment: nothing is read, opened or sent."""
    index = "import function_app; print(len(function_app.app.get_functions()))"
    done = subprocess.run(
        [sys.executable, "-c", index],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(BY_NAME)


def test_local_settings_example_has_a_schedule_for_every_timer():
    values = json.loads((ROOT / "local.settings.example.json").read_text())["Values"]

    assert list(schedule_problems(values)) == []


# --- settings --------------------------------------------------------------------------------


@pytest.mark.peer("setup-001")
def test_validate_settings_names_every_problem_at_once(monkeypatch):
    for name in GOOD:
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(Misconfigured) as caught:
        function_app.validate_settings()

    named = {problem.split()[0] for problem in caught.value.problems}
    assert named >= {*REQUIRED, *SCHEDULES}


@pytest.mark.peer("setup-001")
def test_good_settings_are_accepted(monkeypatch):
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)

    function_app.validate_settings()


@pytest.mark.parametrize(
    ("schedule", "good"),
    [
        ("0 */5 * * * *", True),
        ("30 0-59/10 8-18 * JAN-NOV MON-FRI", True),
        ("*/5 * * * *", False),
        ("00:05:00", False),
        ("0 */5 * * * ?;", False),
        ("", False),
    ],
)
def test_a_schedule_has_six_fields(schedule, good):
    assert (list(schedule_problems(GOOD | {"SCHEDULE_CUSTOMERS": schedule})) == []) is good


# --- timers ----------------------------------------------------------------------------------

NOW = datetime(2026, 1, 22, 9, 5, 0, 200_000, tzinfo=UTC)


def tick(planned: str | None) -> TimerRequest:
    return TimerRequest(schedule_status={"Last": "2026-01-22T09:00:00+00:00", "Next": planned})


@pytest.mark.parametrize(
    "planned",
    [
        pytest.param("2026-01-22T09:05:00+00:00", id="now"),
        pytest.param("2026-01-22T09:05:00.9+00:00", id="fired a little early"),
        pytest.param("2026-01-22T08:00:00Z", id="past due after a restart"),
        pytest.param("2026-01-22T09:05:00", id="without an offset"),
    ],
)
def test_a_tick_is_named_by_its_planned_time_so_a_second_delivery_is_the_same_H12(planned):
    later = NOW + timedelta(seconds=40)

    assert occurrence(tick(planned), NOW) == occurrence(tick(planned), later) == planned


@pytest.mark.parametrize(
    "planned",
    [
        pytest.param("2026-01-22T09:10:00+00:00", id="between two ticks"),
        pytest.param(None, id="without a status"),
        pytest.param("", id="with an empty one"),
        pytest.param("0001-01-01T00:00:00+00:00", id="never stored"),
        pytest.param("soon", id="not a time"),
    ],
)
def test_a_start_by_hand_is_always_new_H12(planned):
    assert occurrence(tick(planned), NOW) != occurrence(tick(planned), NOW)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_a_tick_polls_its_mapping_only(mapping, app):
    BY_NAME[f"poll_{mapping}"].get_user_function()(tick("2020-01-01T00:00:00+00:00"), HOST)

    assert app.calls == [("poll", (mapping,), {"occurrence": "2020-01-01T00:00:00+00:00"})]


def test_the_housekeeping_timer_does_housekeeping(app):
    BY_NAME["housekeeping"].get_user_function()(tick(None), HOST)

    assert app.calls == [("housekeeping", (), {})]


# --- messages --------------------------------------------------------------------------------


def a_message(**properties: str) -> func.ServiceBusMessage:
    message: func.ServiceBusMessage = ServiceBusMessage(
        body=b'{"side": "bc"}',
        message_id="m1",
        delivery_count=3,
        user_properties={},
        application_properties=properties,
    )
    return message


HOST = SimpleNamespace(invocation_id="call-1", trace_context=SimpleNamespace(trace_parent=""))


@pytest.mark.parametrize(
    ("name", "queue"),
    [("full_sync", "full-sync"), ("notices", "notices"), *((f"sync_{m}", f"sync-{m}") for m in MAPPINGS)],
)
def test_a_message_is_handed_on_with_its_queue(name, queue, app):
    BY_NAME[name].get_user_function()(a_message(), HOST)

    [(called, arguments, named)] = app.calls
    assert (called, arguments) == ("run_message", (queue, b'{"side": "bc"}'))
    assert (named["message_id"], named["delivery_count"]) == ("m1", 3)


def test_an_exception_abandons_the_message_and_is_told_by_its_class_and_place(app):
    app.raises = RuntimeError("Jane Doe")

    with pytest.raises(CallFailed, match="^RuntimeError at functions/messages.py:") as told:
        BY_NAME["full_sync"].get_user_function()(a_message(), HOST)

    assert told.value.__cause__ is told.value.__context__ is None
