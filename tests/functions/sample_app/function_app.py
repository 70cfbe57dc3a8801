"""An app that shows what the host gives it. What its functions see goes to the file of setting SEEN."""

import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
_lock = threading.Lock()


def validate_settings() -> None:
    problems = [f"{name} is missing" for name in ("SEEN", "GREETING") if not os.environ.get(name)]
    if problems:
        raise Unset(problems)


class Unset(Exception):
    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def saw(**facts: Any) -> None:
    with _lock, Path(os.environ["SEEN"]).open("a") as file:
        file.write(json.dumps(facts, default=str) + "\n")


def wait_for_gate() -> None:
    """Hold the call until the test makes the file of setting GATE."""
    while not Path(os.environ["GATE"]).exists():
        time.sleep(0.02)


@app.timer_trigger(arg_name="timer", schedule="%FAST%")
def every_second(timer: func.TimerRequest) -> None:
    saw(function="every_second", past_due=timer.past_due, status=timer.schedule_status)


@app.timer_trigger(arg_name="timer", schedule="%SLOW%")
def now_and_then(timer: func.TimerRequest) -> None:
    saw(function="now_and_then", at="start", past_due=timer.past_due, status=timer.schedule_status)
    if os.environ.get("GATE"):
        wait_for_gate()
    saw(function="now_and_then", at="end")


@app.service_bus_queue_trigger(
    arg_name="message", queue_name="%WORK_QUEUE%", connection="ServiceBusConnection"
)
def work(message: func.ServiceBusMessage, context: func.Context) -> None:
    logging.info("working on %s", message.message_id)
    body = message.get_body().decode()
    saw(
        function="work",
        at="start",
        body=body,
        message_id=message.message_id,
        delivery_count=message.delivery_count,
        sequence_number=message.sequence_number,
        enqueued=message.enqueued_time_utc,
        correlation_id=message.correlation_id,
        properties=message.application_properties,
        user_properties=message.user_properties,
        parent=context.trace_context.trace_parent,
    )
    if body == "fail" or (body == "fail once" and message.delivery_count == 1):
        raise ValueError("this one fails")
    if body == "gate":
        wait_for_gate()
    saw(function="work", at="end", message_id=message.message_id)


@app.route(route="echo/{id:int}/{word?}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    answer = {
        "method": req.method,
        "params": dict(req.route_params),
        "query": dict(req.params),
        "body": req.get_body().decode(),
        "headers": dict(req.headers),
        "parent": context.trace_context.trace_parent,
        "host_keys": [k for k in os.environ if k.startswith("FUNCTIONS_") and k.endswith("KEY")],
    }
    return func.HttpResponse(
        json.dumps(answer), status_code=201, mimetype="application/json", headers={"x-sample": "yes"}
    )


@app.route(route="echo/{id:int}/exact", auth_level=func.AuthLevel.ANONYMOUS)
def exact(req: func.HttpRequest) -> str:
    return "exact"


@app.route(route="files/{*rest}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def files(req: func.HttpRequest) -> str:
    return str(req.route_params["rest"])


@app.route(methods=["GET"])
def keyed(req: func.HttpRequest) -> str:
    return "open"


@app.route(methods=["GET"], auth_level=func.AuthLevel.ADMIN)
def masters(req: func.HttpRequest) -> str:
    return "open"


@app.route(methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def broken(req: func.HttpRequest) -> str:
    raise RuntimeError("secret inside")
