"""`tandem` against a server that answers from memory."""

import json

import httpx
import pytest

from cli.__main__ import main

TALLY = {"read": 1, "created": 1}
RUN = {
    "id": "r1",
    "state": "finished",
    "started": "2026-01-22T09:00:00",
    "finished": "2026-01-22T09:01:00",
    "lines": [
        {
            "mapping": "customers",
            "state": "finished",
            "depends_on": [],
            "to_sales": TALLY,
            "from_sales": {"read": 0},
            "wake_ups": {"read": 0},
            "requests": {"bc": 1, "sales": 2, "tables": 3},
            "message": "",
            "reasons": {"the customer is blocked": 2},
        }
    ],
}
HELD = {
    "mapping": "customers",
    "side": "bc",
    "id": "i1",
    "label": "C1",
    "kind": "conflict",
    "reason": "phone: differs",
    "since": "2026-01-22T09:00:00",
    "next_try": None,
    "fields": [{"field": "phone", "reason": "", "bc": "1", "sales": "2", "conflict": True}],
}


def serve(request: httpx.Request) -> httpx.Response:
    if request.headers.get("x-api-key") != "k":
        return httpx.Response(401, json={"title": "Sign in", "detail": "send x-api-key"})
    match request.method, request.url.path:
        case "POST", "/api/full-sync":
            return httpx.Response(202, json={"run": "r1"})
        case "GET", "/api/runs":
            return httpx.Response(200, json={"value": [RUN], "next": None})
        case "GET", "/api/runs/r1":
            return httpx.Response(200, json=RUN)
        case "GET", "/api/held":
            after = request.url.params.get("after")
            return httpx.Response(200, json={"value": [HELD], "next": None if after else "more"})
    return httpx.Response(404, json={"title": "No such thing", "detail": request.url.path})


def tandem(*arguments: str, key: str = "k") -> int:
    return main([*arguments, "--url", "https://app", "--key", key], transport=httpx.MockTransport(serve))


def test_full_sync_waits_and_shows_the_review_P41(capsys):
    assert tandem("full-sync", "--wait") == 0
    shown = capsys.readouterr().out
    assert "customers" in shown and "1 created" in shown and "the customer is blocked" in shown


def test_held_shows_both_values_of_a_conflict_and_follows_pages(capsys):
    assert tandem("held", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["value"]) == 2
    tandem("held")
    assert "BC '1', Sales '2'" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "key", "said"), [(("held",), "wrong", "Sign in"), (("runs", "x"), "k", "No such")]
)
def test_what_goes_wrong_is_said_in_one_line(arguments, key, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        tandem(*arguments, key=key)

    assert stopped.value.code == 2 and said in capsys.readouterr().err
