"""The route that Business Central tells: handshake, secret, and what comes back when it cannot be done.

Any 4xx ends the subscription on BC's side, a 503 does not (business-central-api.md §9).
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from azure.functions.servicebus import ServiceBusMessage

from functions.calls import CallFailed
from functions.push import BODY_LIMIT, TRIES
from shared.core.errors import Misconfigured, Transient
from tests.functions.callers import BY_NAME, FakeApp, Recorder, call
from tests.scenarios.pushing import OLD, SECRET, SETTINGS

MORE = {"subscriptionId": "1", "resource": "x", "changeType": "updated"}
OURS, FORMER = MORE | {"clientState": SECRET}, MORE | {"clientState": OLD}
FORGED = MORE | {"clientState": "x" * 36}


@pytest.fixture
def push(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = FakeApp()
    made.push = Recorder()
    monkeypatch.setattr("functions.push.app", lambda: made)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    return made.push


def told(*notices: dict[str, Any]) -> bytes:
    return json.dumps({"value": notices}).encode()


def test_the_handshake_answers_exactly_the_token_as_text_and_needs_no_application(push, monkeypatch):
    def refuse() -> None:
        raise AssertionError("BC waits for five seconds only")

    monkeypatch.setattr("functions.push.app", refuse)
    answer = call("webhook_bc", params={"validationToken": "<b>a b+c</b>"})

    assert (answer.status_code, answer.get_body()) == (200, b"<b>a b+c</b>")
    assert answer.mimetype == "text/plain" and answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("token", ["", "t" * 2049, "a\r\nb", "a\x00b"])
def test_a_token_that_is_none_is_refused(token, push):
    assert call("webhook_bc", params={"validationToken": token}).status_code == 400


@pytest.mark.parametrize(
    ("notices", "status", "passed"),
    [
        pytest.param([OURS], 202, [OURS], id="ours"),
        pytest.param([FORMER], 202, [FORMER], id="with the secret before"),
        pytest.param([OURS, FORGED], 202, [OURS], id="one of ours among others"),
        pytest.param([FORGED], 401, None, id="forged"),
        pytest.param([MORE], 401, None, id="without a secret"),
        pytest.param([MORE | {"clientState": ["a"]}], 401, None, id="a secret that is no text"),
        pytest.param([MORE | {"clientState": "\ud800"}], 401, None, id="half a character"),
        pytest.param([], 202, None, id="empty"),
    ],
)
def test_only_notices_with_a_secret_of_ours_are_passed_on(notices, status, passed, push):
    assert call("webhook_bc", body=told(*notices)).status_code == status
    assert push.calls == ([] if passed is None else [("from_bc", (passed,), {})])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 60_000, 400),
        (b"[]", 400),
        (b'{"value": 1}', 400),
        (b'{"value": ["x"]}', 400),
        pytest.param(b" " * (BODY_LIMIT + 1), 413, id="too large"),
    ],
)
def test_what_is_no_notice_is_refused(body, status, push):
    answer = call("webhook_bc", body=body)

    assert answer.status_code == status and answer.mimetype == "application/problem+json"
    assert push.calls == []


@pytest.mark.parametrize("raised", [Transient("the bus is slow"), Misconfigured("no right")])
def test_what_passes_is_a_503_so_that_bc_comes_again(raised, push):
    push.raises = raised

    answer = call("webhook_bc", body=told(OURS))
    assert answer.status_code == 503 and str(raised).encode() not in answer.get_body()


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [("PUSH", "off", 404), ("PUSH", "", 404), ("WEBHOOK_SECRETS", "@Microsoft.KeyVault(x)", 503)],
)
def test_while_push_is_off_nobody_listens_and_a_bad_setting_is_not_bcs_fault(
    name, value, status, push, monkeypatch
):
    monkeypatch.setenv(name, value)
    for given in ({"body": told(OURS)}, {"params": {"validationToken": "t"}}):
        assert call("webhook_bc", **given).status_code == status
    assert push.calls == []


def test_a_notice_of_dataverse_that_cannot_be_taken_is_tried_again_and_never_becomes_a_dead_letter(
    monkeypatch,
):
    """It carries what is in a record; a dead letter would keep it for ever, and the timers find the change."""

    def broken(*_: Any, **__: Any) -> None:
        raise Transient("Table Storage does not answer")

    monkeypatch.setattr("functions.messages.app", lambda: SimpleNamespace(run_message=broken))
    context = SimpleNamespace(invocation_id="0" * 32, trace_context=SimpleNamespace(trace_parent=""))
    take = BY_NAME["notices"].get_user_function()

    def message(delivery: int) -> ServiceBusMessage:
        none: dict[str, Any] = {"application_properties": {}, "user_properties": {}, "message_id": "m"}
        return ServiceBusMessage(body=b"{}", delivery_count=delivery, **none)

    for delivery in range(1, TRIES):
        with pytest.raises(CallFailed):
            take(message(delivery), context)
    take(message(TRIES), context)
