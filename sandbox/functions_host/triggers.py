"""What starts a function: its trigger, read from the bindings that the worker reports (1.11, 1.20, 1.27)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.functions_host.config import CannotStart
from sandbox.functions_host.schedule import Schedule
from sandbox.functions_host.worker import Function

#: Output bindings that this host serves; another one stops the start, it is not left out.
OUTPUTS = {"http"}


@dataclass(frozen=True, kw_only=True)
class TimerTrigger:
    function: Function
    argument: str
    schedule: Schedule
    run_on_startup: bool = False
    use_monitor: bool = True


@dataclass(frozen=True, kw_only=True)
class QueueTrigger:
    function: Function
    argument: str
    queue: str
    connection: str


@dataclass(frozen=True, kw_only=True)
class HttpTrigger:
    function: Function
    argument: str
    route: str
    #: Upper case; empty: every method.
    methods: frozenset[str]
    #: anonymous, function or admin.
    level: str


Trigger = TimerTrigger | QueueTrigger | HttpTrigger


def read_triggers(functions: Iterable[Function], settings: Mapping[str, str]) -> list[Trigger]:
    """Return the triggers of all functions that are not disabled. Raises `CannotStart` with every problem."""
    found: list[Trigger] = []
    problems: list[str] = []
    for function in functions:
        if _disabled(function.name, settings):
            continue
        try:
            found.append(_read(function, settings))
        except CannotStart as error:
            problems += error.problems
    if problems:
        raise CannotStart(*dict.fromkeys(problems))
    return found


def _disabled(name: str, settings: Mapping[str, str]) -> bool:
    """Say whether a setting turns the function off, in either spelling (1.14)."""
    names = (f"AzureWebJobs.{name}.Disabled", f"AzureWebJobs__{name}__Disabled")
    return any(settings.get(n, "").lower() in ("true", "1") for n in names)


def _read(function: Function, settings: Mapping[str, str]) -> Trigger:
    bindings = [json.loads(raw) for raw in function.bindings]
    others = [b["type"] for b in bindings if not _is_trigger(b) and b["type"] not in OUTPUTS]
    if others:
        raise CannotStart(f"{function.name}: this host does not serve the binding {', '.join(others)}")
    said = next(b for b in bindings if _is_trigger(b))
    match said["type"]:
        case "timerTrigger":
            text = substitute(said["schedule"], settings, function.name)
            try:
                schedule = Schedule.parse(text)
            except ValueError as error:
                raise CannotStart(f"{said['schedule']} (function {function.name}): {error}") from None
            return TimerTrigger(
                function=function,
                argument=said["name"],
                schedule=schedule,
                run_on_startup=bool(said.get("runOnStartup")),
                use_monitor=said.get("useMonitor") is not False,
            )
        case "serviceBusTrigger":
            return _queue(function, said, settings)
        case "httpTrigger":
            return HttpTrigger(
                function=function,
                argument=said["name"],
                route=(said.get("route") or function.name).strip("/"),
                methods=frozenset(str(m).upper() for m in said.get("methods") or ()),
                level=str(said.get("authLevel") or "function").lower(),
            )
        case other:
            raise CannotStart(f"{function.name}: this host does not serve the trigger {other}")


def _queue(function: Function, said: Mapping[str, Any], settings: Mapping[str, str]) -> QueueTrigger:
    if said.get("cardinality", "ONE").upper() == "MANY" or said.get("isSessionsEnabled"):
        raise CannotStart(f"{function.name}: this host delivers one message at a time, without sessions")
    if said.get("autoCompleteMessages") is False:
        raise CannotStart(f"{function.name}: nothing would settle its messages (1.24)")
    problems: list[str] = []
    queue, connection = "", settings.get(said["connection"], "").strip()
    try:
        queue = substitute(said["queueName"], settings, function.name)
    except CannotStart as error:
        problems += error.problems
    if not connection:
        problems.append(f"{said['connection']} is missing")
    if problems:
        raise CannotStart(*problems)
    return QueueTrigger(function=function, argument=said["name"], queue=queue, connection=connection)


def _is_trigger(binding: Mapping[str, Any]) -> bool:
    return str(binding["type"]).lower().endswith("trigger")


def substitute(text: str, settings: Mapping[str, str], function: str) -> str:
    """Replace every `%NAME%` by the setting of that name (1.13). Raises `CannotStart`."""
    missing = [n for n in re.findall(r"%([^%]+)%", text) if not settings.get(n, "").strip()]
    if missing:
        raise CannotStart(*(f"{name} is missing (function {function})" for name in missing))
    return re.sub(r"%([^%]+)%", lambda found: settings[found[1]], text)
