"""Exact numbers, literals, errors by what to do, batches, waits: without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.dataverse_batch import CONTENT_TYPE, Operation, read_batch, write_batch
from shared.adapters.odata import (
    BC,
    DATAVERSE,
    Answer,
    Lost,
    Taken,
    chunks_by_length,
    decode,
    encode,
    escape,
    is_guid,
    literal,
    read_error,
    retry_after,
    write_error,
)
from shared.adapters.throttle import CALM_BEFORE_GROWING, Channel, Effect, Slots
from shared.adapters.writing import settle_lost_updates
from shared.core.errors import Misconfigured, Missing, Rejected, Stale, Transient
from shared.core.model import Record, Side
from shared.ports import Write

# --- numbers and literals ---


@given(st.decimals(allow_nan=False, allow_infinity=False, places=10))
def test_every_decimal_survives_json_exactly(number):
    assert decode(encode({"n": number}))["n"] == number


def test_the_largest_money_of_dataverse_is_sent_digit_by_digit():
    assert encode({"creditlimit": Decimal("922337203685477.5807")}) == b'{"creditlimit":922337203685477.5807}'


def test_text_that_looks_like_a_number_stays_text():
    assert decode(encode({"a": "12.50", "b": Decimal("0.1234567890123456789")}))["a"] == "12.50"


def test_a_body_that_is_not_json_says_nothing():
    assert decode(b"<html>Bad gateway</html>") is None
    assert decode(b"") is None


def test_quotes_in_a_literal_are_doubled_and_the_rest_escaped():
    assert escape(f"name eq {literal("O'Neil & Sons")}") == "name%20eq%20'O''Neil%20%26%20Sons'"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2e451703-c686-e711-80e5-00155db19e6d", True, id="lower-case"),
        pytest.param("2E451703-C686-E711-80E5-00155DB19E6D", True, id="upper-case"),
        pytest.param("2e451703-c686-e711-80e5-00155db19e6d or 1 eq 1", False, id="something-behind-it"),
        pytest.param("10000", False, id="a-number"),
    ],
)
def test_only_a_guid_goes_into_an_address(text, expected):
    assert is_guid(text) is expected


def test_groups_by_length_lose_nothing_and_stay_within_their_length():
    items = ["aaaa", "bb", "ccc", "dddddddddd"]

    groups = list(chunks_by_length(items, 6))

    assert groups == [["aaaa", "bb"], ["ccc"], ["dddddddddd"]]


# --- errors ---


def an_answer(status: int, code: str, message: str = "No.") -> Answer:
    return Answer(status=status, body={"error": {"code": code, "message": message}})


@pytest.mark.parametrize(
    ("system", "answer", "expected"),
    [
        pytest.param(BC, an_answer(409, "Request_EntityChanged"), Stale, id="bc-changed-by-somebody"),
        pytest.param(BC, an_answer(412, "BadRequest"), Stale, id="bc-wrong-precondition"),
        pytest.param(BC, an_answer(400, "Internal_EntityWithSameKeyExists"), Taken, id="bc-same-key-400"),
        pytest.param(BC, an_answer(409, "Internal_EntityWithSameKeyExists"), Taken, id="bc-same-key-409"),
        pytest.param(BC, an_answer(409, "Internal_ServerError"), Transient, id="bc-database-conflict"),
        pytest.param(BC, an_answer(404, "Internal_RecordNotFound"), Missing, id="bc-no-such-row"),
        pytest.param(BC, an_answer(404, "BadRequest_ResourceNotFound"), Missing, id="bc-no-such-row-either"),
        pytest.param(BC, an_answer(404, "BadRequest_NotFound"), Misconfigured, id="bc-no-such-set"),
        pytest.param(BC, an_answer(400, "Application_StringExceededLength"), Rejected, id="bc-too-long"),
        pytest.param(BC, an_answer(500, "Internal_ServerError"), Transient, id="bc-broken"),
        pytest.param(DATAVERSE, an_answer(412, "0x80060882"), Stale, id="dataverse-changed-by-somebody"),
        pytest.param(DATAVERSE, an_answer(412, "0x80040237"), Taken, id="dataverse-primary-key-exists"),
        pytest.param(DATAVERSE, an_answer(412, "0x80060892"), Rejected, id="dataverse-alternate-key-taken"),
        pytest.param(DATAVERSE, an_answer(404, "0x80040217"), Missing, id="dataverse-no-such-row"),
        pytest.param(DATAVERSE, an_answer(404, "0x8006088A"), Misconfigured, id="dataverse-no-such-set"),
        pytest.param(DATAVERSE, an_answer(400, "0x80044331"), Rejected, id="dataverse-too-long"),
        pytest.param(DATAVERSE, an_answer(403, "0x80040220"), Misconfigured, id="dataverse-no-right"),
        pytest.param(
            DATAVERSE, an_answer(400, "0x80040299"), Misconfigured, id="dataverse-no-right-with-400"
        ),
    ],
)
def test_a_refused_write_means(system, answer, expected):
    assert type(write_error(system, answer)) is expected


def test_a_missing_privilege_is_named():
    text = (
        "Principal user (Id=1, type=8, roleCount=1, privilegeCount=2, accessMode=4), is missing "
        "prvReadAccount privilege (Id=2) on OTC=1 for entity 'account'. context.Caller=1"
    )

    problem = write_error(DATAVERSE, an_answer(403, "0x80040220", text))

    assert "prvReadAccount" in str(problem)


def test_a_rejection_keeps_the_text_and_drops_the_correlation_id():
    text = "The number is wrong.  CorrelationId:  0e3c7a41-0e33-4a2f-a3b1-4a0cf7d7dd10."

    problem = write_error(BC, an_answer(400, "Application_DialogException", text))

    assert str(problem) == "Business Central: The number is wrong. (Application_DialogException)"
    assert isinstance(problem, Rejected) and problem.code == "Application_DialogException"


@pytest.mark.parametrize("system", [BC, DATAVERSE])
@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "Authentication_Denied"), (404, "0x8006088A"), (404, "BadRequest_NotFound"), (400, "0x80060888")],
)
def test_what_stops_a_job_does_not_quote_the_other_system_which_may_quote_a_record(system, status, code):
    answer = an_answer(status, code, "There is no Customer Jane Roe, +44 20 7946 0000.")

    for problem in (write_error(system, answer), read_error(system, answer, "customers")):
        if isinstance(problem, Misconfigured):
            assert code in str(problem) and "Jane" not in str(problem)
    assert isinstance(read_error(system, answer, "customers"), Misconfigured)


def test_a_read_of_an_unknown_column_is_for_a_person_and_a_broken_server_for_later():
    assert isinstance(read_error(DATAVERSE, an_answer(400, "0x80060888"), "accounts"), Misconfigured)
    assert isinstance(read_error(DATAVERSE, an_answer(500, "0x80044151"), "accounts"), Transient)


# --- batches of Dataverse ---


def test_a_batch_keeps_headers_and_body_of_each_part():
    body = write_batch(
        [
            Operation(
                method="PATCH", url="/api/a(1)", headers={"If-Match": 'W/"7"'}, body={"x": Decimal("1.5")}
            ),
            Operation(method="GET", url="/api/b"),
        ]
    ).decode()

    assert (
        'PATCH /api/a(1) HTTP/1.1\r\nIf-Match: W/"7"\r\nContent-Type: application/json\r\n\r\n{"x":1.5}\r\n'
        in body
    )
    assert "GET /api/b HTTP/1.1\r\n\r\n" in body
    assert body.endswith("--batch_tandem--\r\n") and "batch_tandem" in CONTENT_TYPE


@pytest.mark.parametrize("newline", ["\r\n", "\n"], ids=["crlf", "lf"])
def test_answers_of_a_batch_come_in_order_with_and_without_body(newline):
    text = newline.join(
        [
            "--batchresponse_1",
            "Content-Type: application/http",
            "",
            "HTTP/1.1 200 OK",
            "Content-Type: application/json",
            "",
            '{"n": 1.50, "text": "a -- b\\r\\n--c"}',
            "--batchresponse_1",
            "Content-Type: application/http",
            "",
            "HTTP/1.1 204 No Content",
            "OData-EntityId: https://o/accounts(1)",
            "",
            "",
            "--batchresponse_1--",
            "",
        ]
    )

    answers = read_batch("multipart/mixed; boundary=batchresponse_1", text.encode())

    assert answers is not None
    assert [a.status for a in answers] == [200, 204]
    assert answers[0].body == {"n": Decimal("1.50"), "text": "a -- b\r\n--c"}
    assert answers[1].headers["odata-entityid"] == "https://o/accounts(1)"


def test_a_plain_error_is_no_batch_answer():
    assert read_batch("application/json", b'{"error": {}}') is None


# --- waiting and repeating ---


NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("17", timedelta(seconds=17), id="seconds"),
        pytest.param("Thu, 15 Jan 2026 09:00:30 GMT", timedelta(seconds=30), id="a-date"),
        pytest.param("Thu, 15 Jan 2026 08:00:00 GMT", timedelta(0), id="a-date-that-has-passed"),
        pytest.param("soon", None, id="nonsense"),
        pytest.param("", None, id="absent"),
    ],
)
def test_retry_after(raw, expected):
    assert retry_after({"retry-after": raw}, NOW) == expected


class Server:
    """Answers with the given statuses (or exceptions) in turn, then with 200."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.waited: list[float] = []
        http = httpx.Client(transport=httpx.MockTransport(self._answer))
        self.channel = Channel(http, system="Test", parallel=1, sleep=self.waited.append)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers.pop(0) if self.answers else httpx.Response(200, json={})
        if isinstance(answer, Exception):
            raise answer
        return answer

    def send(self, effect: Effect) -> httpx.Response:
        return self.channel.send("POST", "https://test/x", effect=effect, headers={}, content=b"{}")


@pytest.mark.parametrize("effect", list(Effect), ids=[e.value for e in Effect])
def test_a_throttled_request_waits_as_told_and_is_sent_again(effect):
    server = Server(httpx.Response(429, headers={"Retry-After": "2"}))

    assert server.send(effect).status_code == 200
    assert server.waited == [2.0]
    assert server.channel.requests == 2


def test_a_long_wait_is_left_to_the_message_queue():
    server = Server(httpx.Response(429, headers={"Retry-After": "120"}))

    with pytest.raises(Transient) as caught:
        server.send(Effect.READ)

    assert caught.value.retry_after == timedelta(seconds=120)
    assert server.waited == []


def test_patience_with_a_throttled_server_is_bounded():
    server = Server(*[httpx.Response(503, headers={"Retry-After": "1"})] * 50)

    with pytest.raises(Transient):
        server.send(Effect.READ)

    assert server.channel.requests == 5


LOSSES = [httpx.ReadError("gone"), httpx.ReadTimeout("slow"), httpx.Response(502), httpx.Response(500)]


@pytest.mark.parametrize("loss", LOSSES, ids=["connection-lost", "timeout", "502", "500"])
def test_a_conditional_write_is_never_repeated_blindly(loss):
    server = Server(loss)

    with pytest.raises(Lost):
        server.send(Effect.ONCE)

    assert server.channel.requests == 1


@pytest.mark.parametrize("loss", LOSSES, ids=["connection-lost", "timeout", "502", "500"])
def test_a_harmless_write_is_repeated_once_and_not_twice(loss):
    assert Server(loss).send(Effect.HARMLESS).status_code == 200

    with pytest.raises(Lost):
        Server(loss, loss).send(Effect.HARMLESS)


def test_what_was_never_sent_may_be_sent_again_whatever_it_is():
    assert Server(httpx.ConnectError("refused")).send(Effect.ONCE).status_code == 200


def test_reads_and_writes_are_counted_apart():
    server = Server()
    server.send(Effect.READ)
    server.send(Effect.ONCE)
    server.send(Effect.HARMLESS)

    assert (server.channel.reads, server.channel.writes, server.channel.requests) == (1, 2, 3)


def test_slots_halve_when_throttled_and_grow_again_slowly():
    slots = Slots(8)
    slots.throttled()
    assert slots.now == 4
    slots.throttled()
    assert slots.now == 2

    for _ in range(CALM_BEFORE_GROWING):
        slots.passed()

    assert slots.now == 3


def test_slots_follow_the_advised_number_but_stay_small_after_throttling():
    slots = Slots(4)
    slots.resize(10)
    assert slots.now == 10
    slots.throttled()
    slots.resize(20)
    assert slots.now == 5


def test_work_is_done_in_parallel_and_answered_in_order():
    channel = Channel(httpx.Client(), system="Test", parallel=3, sleep=lambda _: None)

    assert channel.each(lambda n: n * n, list(range(20))) == [n * n for n in range(20)]


# --- what became of updates without a reply ---

ME, SOMEBODY = "user-me", "user-other"


def a_record(**differs) -> Record:
    given = {"version": "2", "modified_by": ME, "values": {"code": "ABC", "limit": Decimal("1.50")}} | differs
    return Record(side=Side.BC, id="r1", **given)


@pytest.mark.parametrize(
    ("record", "error"),
    [
        pytest.param(a_record(), None, id="moved-by-us-and-as-sent"),
        pytest.param(a_record(version="1"), Stale, id="not-moved"),
        pytest.param(a_record(modified_by=SOMEBODY), Stale, id="moved-by-somebody-else"),
        pytest.param(
            a_record(values={"code": "XYZ", "limit": Decimal("1.5")}), Stale, id="shows-something-else"
        ),
        pytest.param(None, Missing, id="not-there"),
    ],
)
def test_an_update_whose_reply_was_lost(record, error):
    sent = Write(id="r1", values={"code": " abc ", "limit": Decimal("1.5")}, if_version="1")

    [result] = settle_lost_updates([sent], {"r1": record} if record else {}, ME)

    assert result.record == (record if error is None else None)
    assert type(result.error) is (error or type(None))


def test_error_bodies_may_be_anything():
    for body in (None, [], "text", {"error": "text"}, {"error": {"code": None}}):
        assert isinstance(write_error(DATAVERSE, Answer(status=400, body=body)), Rejected)


def test_json_is_compact_and_keeps_the_order_of_properties():
    assert encode({"b": 1, "a": [True, None]}) == b'{"b":1,"a":[true,null]}'
