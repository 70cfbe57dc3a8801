"""The Functions host, with a small app that shows what it is given; each host is a process of its own."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusSubQueue

from tests.functions.host_process import (
    ROOT,
    SAMPLE_APP,
    HostProcess,
    clean_environment,
    eventually,
    host_command,
    running_broker,
    running_host,
    settings_of,
)

EVERY_SECOND = "* * * * * *"
#: So soon that a test can wait for it, so slow that it fires once.
NEXT_SECONDS = "*/2 * * * * *"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    with running_host(tmp_path_factory.mktemp("host")) as running:
        yield running


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker whose locks run out after two seconds, with one queue for each test."""
    queues = [f"work-{n}" for n in range(8)]
    with running_broker(tmp_path_factory.mktemp("broker"), *queues, lock_seconds=2) as connection:
        yield connection


def get(host: HostProcess, path: str, **headers: str) -> httpx.Response:
    return httpx.get(host.url + path, headers=headers)


def send(broker: str, queue: str, body: str, **facts: Any) -> None:
    with ServiceBusClient.from_connection_string(broker) as client, client.get_queue_sender(queue) as sender:
        sender.send_messages(ServiceBusMessage(body, **facts))


def left(broker: str, queue: str, sub_queue: ServiceBusSubQueue | None = None) -> list[Any]:
    with (
        ServiceBusClient.from_connection_string(broker) as client,
        client.get_queue_receiver(queue, sub_queue=sub_queue) as receiver,
    ):
        return list(receiver.peek_messages(max_message_count=10))


# --- start ---------------------------------------------------------------------------------------------


def start_and_fail(tmp_path: Path, app: Path = SAMPLE_APP, **settings: str) -> tuple[int, str]:
    done = subprocess.run(
        host_command(app, tmp_path, settings_of(tmp_path, **settings)),
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert not (tmp_path / "ready.json").exists()
    return done.returncode, done.stderr


def test_one_message_lists_every_setting_that_is_missing(tmp_path: Path) -> None:
    code, message = start_and_fail(
        tmp_path, GREETING="", FAST="", SLOW="", WORK_QUEUE="", ServiceBusConnection=""
    )

    assert code == 3
    lines = message.splitlines()
    assert lines[0] == "The app cannot start:"
    assert lines[1:] == [
        "- GREETING is missing",
        "- FAST is missing (function every_second)",
        "- SLOW is missing (function now_and_then)",
        "- WORK_QUEUE is missing (function work)",
        "- ServiceBusConnection is missing",
    ]


def test_a_schedule_that_is_none_stops_the_start(tmp_path: Path) -> None:
    code, message = start_and_fail(tmp_path, FAST="*/5 * * * *")

    assert code == 3
    assert "%FAST% (function every_second): '*/5 * * * *' has 5 fields" in message


APPS = [
    pytest.param("import no_such_module", "no_such_module", id="exception-at-import"),
    pytest.param("x = 1", "Could not find top level function app", id="no-app"),
    pytest.param(
        "import azure.functions as func\napp = func.FunctionApp()\n"
        "@app.timer_trigger(arg_name='timer', schedule='0 * * * * *')\ndef tick(clock): ...\n",
        "tick",
        id="binding-that-is-no-parameter",
    ),
    pytest.param(
        "import azure.functions as func\napp = func.FunctionApp()\n"
        "@app.blob_trigger(arg_name='b', path='c/{name}', connection='C')\ndef seen(b: func.InputStream): ...\n",
        "does not serve the trigger blobTrigger",
        id="trigger-that-this-host-does-not-serve",
    ),
    pytest.param(
        "import azure.functions as func\nfrom typing import List\napp = func.FunctionApp()\n"
        "@app.service_bus_queue_trigger(arg_name='m', queue_name='q', connection='C', cardinality='many')\n"
        "def many(m: List[func.ServiceBusMessage]): ...\n",
        "one message at a time",
        id="batches",
    ),
]


@pytest.mark.parametrize(("source", "reason"), APPS)
def test_an_app_that_cannot_be_indexed_does_not_start(tmp_path: Path, source: str, reason: str) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "function_app.py").write_text(source)
    shutil.copy(SAMPLE_APP / "host.json", app)

    code, message = start_and_fail(tmp_path, app)

    assert code == 3
    assert reason in message


def test_the_environment_wins_over_the_settings_file_and_a_setting_turns_a_function_off(
    tmp_path: Path,
) -> None:
    settings = {"AzureWebJobs.broken.Disabled": "true", "AzureWebJobs__keyed__Disabled": "1"}
    with running_host(tmp_path, **settings) as host:
        assert get(host, "/api/broken").status_code == 404
        assert "keyed" not in host.ready["functions"]
        assert get(host, "/api/files/a").status_code == 200
        # The connection of nobody does not keep the app from running: the host connects again and again.
        eventually(lambda: host.log(event="queue lost", queue="work"), what="a lost queue")
        assert host.stop() == 0


def test_host_json_is_overridden_by_app_settings(tmp_path: Path) -> None:
    with running_host(tmp_path, AzureFunctionsJobHost__extensions__http__routePrefix="v9") as host:
        assert get(host, "/v9/files/a").text == "a"
        assert get(host, "/api/files/a").status_code == 404


def test_a_call_that_outlasts_the_timeout_ends_the_process(tmp_path: Path) -> None:
    with running_host(tmp_path, SLOW=NEXT_SECONDS, AzureFunctionsJobHost__functionTimeout="00:00:02") as host:
        assert host.process.wait(20) == 70
    assert host.log(event="timeout", function="now_and_then")


# --- HTTP ----------------------------------------------------------------------------------------------


def test_a_route_gets_its_parameters_query_body_headers_and_trace(host: HostProcess) -> None:
    answer = httpx.post(
        f"{host.url}/api/echo/7/word?a=1&b=%C3%A4",
        content="körper",
        headers={"X-Mine": "m", "traceparent": PARENT},
    )

    assert answer.status_code == 201
    assert answer.headers["x-sample"] == "yes"
    assert answer.headers["content-type"].startswith("application/json")
    said = answer.json()
    assert said["method"] == "POST"
    assert said["params"] == {"id": "7", "word": "word"}
    assert said["query"] == {"a": "1", "b": "ä"}
    assert said["body"] == "körper"
    assert {k.lower(): v for k, v in said["headers"].items()}["x-mine"] == "m"
    assert said["parent"] == PARENT


def test_an_app_does_not_see_the_keys_of_its_host(host: HostProcess) -> None:
    assert get(host, "/api/echo/1").json()["host_keys"] == []


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        pytest.param("/api/echo/1", 201, None, id="optional-part-absent"),
        pytest.param("/api/echo/one", 404, None, id="not-an-integer"),
        pytest.param("/api/echo/1/exact", 200, "exact", id="the-more-exact-route-wins"),
        pytest.param("/api/ECHO/1/exact", 200, "exact", id="paths-ignore-case"),
        pytest.param("/api/files/a/b/c.txt", 200, "a/b/c.txt", id="the-rest-of-the-path"),
        pytest.param("/api/nothing", 404, None, id="no-such-route"),
        pytest.param("/files/a", 404, None, id="without-the-prefix"),
    ],
)
def test_routes(host: HostProcess, path: str, status: int, text: str | None) -> None:
    answer = get(host, path)

    assert answer.status_code == status
    assert text is None or answer.text == text


def test_a_method_that_a_route_does_not_name_is_not_found(host: HostProcess) -> None:
    assert httpx.delete(f"{host.url}/api/echo/1").status_code == 404


def test_an_exception_in_a_route_answers_500_and_says_nothing_but_to_the_log(host: HostProcess) -> None:
    answer = get(host, "/api/broken")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    (line,) = eventually(lambda: host.log(event="call", function="broken"), what="the log line")
    assert line["outcome"] == "failed"
    assert line["error"] == "RuntimeError: secret inside"
    assert line["trigger"] == "http"


LEVELS = [
    pytest.param("/api/keyed", "none", 401, id="function-without-key"),
    pytest.param("/api/keyed", "wrong", 401, id="function-with-a-wrong-key"),
    pytest.param("/api/keyed", "function_key", 200, id="function-with-its-key"),
    pytest.param("/api/keyed", "master_key", 200, id="function-with-the-master-key"),
    pytest.param("/api/masters", "function_key", 401, id="admin-with-a-function-key"),
    pytest.param("/api/masters", "master_key", 200, id="admin-with-the-master-key"),
    pytest.param("/admin/host/status", "none", 401, id="status-without-key"),
    pytest.param("/admin/host/status", "function_key", 401, id="status-with-a-function-key"),
    pytest.param("/admin/host/status", "master_key", 200, id="status-with-the-master-key"),
]


@pytest.mark.parametrize(("path", "which", "status"), LEVELS)
def test_keys_open_what_they_are_for(host: HostProcess, path: str, which: str, status: int) -> None:
    key = str(host.ready.get(which, which))
    headers = {} if which == "none" else {"x-functions-key": key}

    assert get(host, path, **headers).status_code == status
    assert httpx.get(host.url + path, params={"code": key}).status_code == status


def principal_in(answer: httpx.Response) -> Any:
    headers = {k.lower(): v for k, v in answer.json()["headers"].items()}
    text = headers.get("x-ms-client-principal")
    return None if text is None else json.loads(base64.b64decode(text))


FORGED = base64.b64encode(b'{"auth_typ": "forged"}').decode()


def test_without_easy_auth_anybody_can_write_a_principal(host: HostProcess) -> None:
    answer = get(host, "/api/echo/1", **{"X-MS-CLIENT-PRINCIPAL": FORGED})

    assert principal_in(answer) == {"auth_typ": "forged"}


def test_easy_auth_removes_forged_principals_and_adds_true_ones(tmp_path: Path) -> None:
    ada = {"auth_typ": "aad", "claims": [{"typ": "roles", "val": "Sync.Read"}], "role_typ": "roles"}
    (tmp_path / "principals.json").write_text(json.dumps({"token-of-ada": ada}))
    arguments = ("--principals", str(tmp_path / "principals.json"))
    with running_host(tmp_path, *arguments, WEBSITE_AUTH_ENABLED="True") as host:
        forged = {"X-MS-CLIENT-PRINCIPAL": FORGED}
        assert principal_in(get(host, "/api/echo/1", **forged)) is None
        signed_in = get(host, "/api/echo/1", Authorization="Bearer token-of-ada", **forged)
        assert principal_in(signed_in) == ada
        assert get(host, "/api/echo/1", Authorization="Bearer unknown").status_code == 401


# --- by hand -------------------------------------------------------------------------------------------


def by_hand(host: HostProcess, name: str, body: Any, key: str | None = None) -> int:
    headers = {"x-functions-key": key or host.ready["master_key"]}
    return httpx.post(f"{host.url}/admin/functions/{name}", json=body, headers=headers).status_code


def test_a_queue_function_is_run_by_hand_with_an_input(host: HostProcess) -> None:
    assert by_hand(host, "work", {"input": "from hand"}) == 202

    seen = eventually(lambda: host.seen(function="work", at="start", body="from hand"), what="the call")
    assert seen[0]["user_properties"] == {}


@pytest.mark.parametrize(
    ("name", "body", "key", "status"),
    [
        pytest.param("work", {"input": ""}, "wrong", 401, id="wrong-key"),
        pytest.param("nothing", {}, None, 404, id="no-such-function"),
        pytest.param("echo", {}, None, 400, id="http-function"),
        pytest.param("work", ["no object"], None, 400, id="body-that-is-no-object"),
    ],
)
def test_what_cannot_be_run_by_hand(
    host: HostProcess, name: str, body: Any, key: str | None, status: int
) -> None:
    assert by_hand(host, name, body, key) == status


# --- timers --------------------------------------------------------------------------------------------


def test_a_timer_fires_on_its_schedule_and_stops_with_the_host(tmp_path: Path) -> None:
    with running_host(tmp_path, FAST=EVERY_SECOND) as host:
        first = eventually(lambda: host.seen(function="every_second")[1:], what="the second tick")
        # A schedule under a minute is not monitored, so it has no status (1.15).
        assert first[0]["status"] == {}
        assert first[0]["past_due"] is False
        assert host.stop() == 0
    calls = host.log(event="call", function="every_second")
    assert len(calls) == len(host.seen(function="every_second"))
    assert {c["outcome"] for c in calls} == {"succeeded"}


def test_a_timer_run_by_hand_waits_for_the_run_before_it(tmp_path: Path) -> None:
    with running_host(tmp_path) as host:
        assert by_hand(host, "now_and_then", {}) == 202
        eventually(lambda: host.seen(function="now_and_then", at="start"), what="the first run")
        assert by_hand(host, "now_and_then", {}) == 202
        status = get(host, "/admin/host/status", **{"x-functions-key": host.ready["master_key"]}).json()
        assert status["running"] == 1
        host.open_gate()
        eventually(lambda: len(host.seen(function="now_and_then", at="end")) == 2, what="the second run")
    order = [s["at"] for s in host.seen(function="now_and_then")]
    assert order == ["start", "end", "start", "end"]


def test_a_timer_missed_while_no_host_ran_is_past_due_at_the_next_start(tmp_path: Path) -> None:
    remembered = tmp_path / "timers.json"
    last, missed = "2026-01-01T00:00:00+00:00", "2026-01-02T03:00:00+00:00"
    remembered.write_text(json.dumps({"now_and_then": {"Last": last, "Next": missed, "LastUpdated": last}}))
    (tmp_path / "gate").touch()
    with running_host(tmp_path, "--timers-file", str(remembered), SLOW="0 0 3 * * *") as host:
        (seen,) = eventually(lambda: host.seen(function="now_and_then", at="start"), what="the missed run")
        assert seen["past_due"] is True
        assert seen["status"]["Last"] == last
        eventually(
            lambda: json.loads(remembered.read_text())["now_and_then"]["Last"] != last, what="the memory"
        )
        assert host.stop() == 0
    with running_host(tmp_path, "--timers-file", str(remembered), SLOW="0 0 3 * * *") as host:
        assert by_hand(host, "now_and_then", {}) == 202
        runs = eventually(lambda: host.seen(function="now_and_then", at="start")[1:], what="the run by hand")
        assert [r["past_due"] for r in runs] == [False]


# --- queues --------------------------------------------------------------------------------------------


def test_a_message_arrives_with_its_metadata_and_is_completed(tmp_path: Path, broker: str) -> None:
    with running_host(tmp_path, ServiceBusConnection=broker, WORK_QUEUE="work-0") as host:
        properties = {"traceparent": PARENT, "attempt": 3}
        send(
            broker,
            "work-0",
            "grüße",
            message_id="m-1",
            correlation_id="c-1",
            application_properties=properties,
        )
        (seen,) = eventually(lambda: host.seen(function="work", at="start"), what="the message")
        (call,) = eventually(lambda: host.log(event="call", function="work"), what="its end")
        eventually(lambda: left(broker, "work-0") == [], what="its completion")
        assert host.stop() == 0
    assert seen["body"] == "grüße"
    assert (seen["message_id"], seen["correlation_id"], seen["delivery_count"]) == ("m-1", "c-1", 1)
    assert seen["sequence_number"] >= 1
    assert seen["enqueued"].startswith("20")
    assert seen["properties"] == seen["user_properties"] == properties
    assert seen["parent"] == PARENT
    assert (call["trigger"], call["outcome"], call["message_id"]) == ("serviceBus", "succeeded", "m-1")
    assert call["duration_ms"] >= 0
    # What the app logs carries the id of its call.
    (line,) = host.log(event="log", message="working on m-1")
    assert line["invocation_id"] == call["invocation_id"]


def test_a_message_whose_function_fails_comes_again_at_once(tmp_path: Path, broker: str) -> None:
    with running_host(tmp_path, ServiceBusConnection=broker, WORK_QUEUE="work-1") as host:
        send(broker, "work-1", "fail once", message_id="m-2")
        eventually(lambda: host.seen(function="work", at="end", message_id="m-2"), what="the success")
        eventually(lambda: left(broker, "work-1") == [], what="the completion")
    starts = host.seen(function="work", at="start", message_id="m-2")
    assert [s["delivery_count"] for s in starts] == [1, 2]
    outcomes = [c["outcome"] for c in host.log(event="call", message_id="m-2")]
    assert outcomes == ["failed", "succeeded"]


def test_the_broker_sets_a_message_aside_that_fails_ten_times(tmp_path: Path, broker: str) -> None:
    with running_host(tmp_path, ServiceBusConnection=broker, WORK_QUEUE="work-2") as host:
        send(broker, "work-2", "fail", message_id="m-3")
        dead = eventually(
            lambda: left(broker, "work-2", ServiceBusSubQueue.DEAD_LETTER), what="the dead letter"
        )
        assert left(broker, "work-2") == []
    assert dead[0].dead_letter_reason == "MaxDeliveryCountExceeded"
    counts = [s["delivery_count"] for s in host.seen(function="work", at="start")]
    assert counts == list(range(1, 11))


def test_a_lock_is_renewed_while_the_function_runs(tmp_path: Path, broker: str) -> None:
    with running_host(tmp_path, ServiceBusConnection=broker, WORK_QUEUE="work-3") as host:
        send(broker, "work-3", "gate", message_id="m-4")
        eventually(lambda: host.seen(function="work", at="start"), what="the start")
        began = time.monotonic()
        # Three times the lock's own time.
        eventually(lambda: time.monotonic() - began > 6, what="six seconds")
        host.open_gate()
        eventually(lambda: left(broker, "work-3") == [], what="the completion")
        assert host.stop() == 0
    assert [s["delivery_count"] for s in host.seen(function="work", at="start")] == [1]
    assert host.log(event="not settled") == []


def test_as_many_messages_run_at_once_as_host_json_says(tmp_path: Path, broker: str) -> None:
    with running_host(tmp_path, ServiceBusConnection=broker, WORK_QUEUE="work-4") as host:
        for number in range(3):
            send(broker, "work-4", "gate", message_id=f"at-once-{number}")
        eventually(lambda: len(host.seen(function="work", at="start")) == 2, what="two calls")
        began = time.monotonic()
        eventually(lambda: time.monotonic() - began > 1, what="a second")
        assert len(host.seen(function="work", at="start")) == 2
        host.open_gate()
        eventually(lambda: len(host.seen(function="work", at="end")) == 3, what="the third")
        eventually(lambda: left(broker, "work-4") == [], what="the completions")


def test_a_host_that_is_asked_to_stop_lets_a_function_end(tmp_path: Path, broker: str) -> None:
    with running_host(tmp_path, ServiceBusConnection=broker, WORK_QUEUE="work-5") as host:
        send(broker, "work-5", "gate", message_id="m-6")
        eventually(lambda: host.seen(function="work", at="start"), what="the start")
        host.process.terminate()
        eventually(lambda: host.log(event="stopping"), what="the stop")
        host.open_gate()
        assert host.process.wait(10) == 0
    assert host.seen(function="work", at="end", message_id="m-6")
    assert left(broker, "work-5") == []


def test_a_host_that_is_asked_to_stop_gives_back_what_does_not_end(tmp_path: Path, broker: str) -> None:
    with running_host(tmp_path, ServiceBusConnection=broker, WORK_QUEUE="work-6") as host:
        send(broker, "work-6", "gate", message_id="m-7")
        eventually(lambda: host.seen(function="work", at="start"), what="the start")
        began = time.monotonic()
        host.process.terminate()
        assert host.process.wait(15) == 0
        assert time.monotonic() - began < 10
    assert host.log(event="given back", message_id="m-7")
    (message,) = left(broker, "work-6")
    assert message.message_id == "m-7"


def test_a_killed_host_loses_nothing(tmp_path: Path, broker: str) -> None:
    queue = {"ServiceBusConnection": broker, "WORK_QUEUE": "work-7"}
    with running_host(tmp_path, **queue) as host:
        send(broker, "work-7", "gate", message_id="m-8")
        eventually(lambda: host.seen(function="work", at="start"), what="the start")
        host.kill()
    (tmp_path / "gate").touch()
    with running_host(tmp_path, **queue) as host:
        # The lock of the killed host runs out, then the message comes again.
        eventually(lambda: host.seen(function="work", at="end", message_id="m-8"), what="the second delivery")
        eventually(lambda: left(broker, "work-7") == [], what="the completion")
    assert [s["delivery_count"] for s in host.seen(function="work", at="start")] == [1, 2]
