"""`tandem` against a server that answers from memory."""

import json

import httpx
import pytest

from cli import __main__ as cli
from cli.__main__ import FAILED, OK, UNREACHED, WRONG, main

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
            "unresolved": {"payment_terms": 3},
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
JOB = {
    "id": "j1",
    "mapping": "customers",
    "side": "bc",
    "started": "2026-01-22T09:00:00",
    "finished": "2026-01-22T09:00:01",
    "state": "finished",
    "cause": "timer",
    "tally": TALLY,
    "requests": {"bc": 1, "sales": 2, "tables": 3},
    "message": "",
}
STATUS = {
    "run": None,
    "held": {"conflict": 1},
    "rejected": [{"queue": "full-sync", "reason": "not JSON", "message_id": "m", "at": None}],
    "dead_letters": {},
    "last_jobs": {"customers": JOB, "contacts": None},
}
EXPLAINED = {
    "mapping": "customers",
    "side": "bc",
    "id": "i1",
    "state": "conflict",
    "coupling": {"bc": "i1", "sales": "s1", "baseline": {"phone": {"bc": "0", "sales": "0"}}},
    "held": [HELD],
    "history": [
        {
            "at": "2026-01-22T09:00:00",
            "side": "sales",
            "action": "updated",
            "fields": {"city": {"before": "Ulm", "after": "Bonn"}},
        }
    ],
}


class Server:
    """Answers one path after another; a list answers in turn and stays at its last."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answers: dict[str, list[httpx.Response | httpx.HTTPError]] = {}

    def answers_with(self, path: str, *answers: httpx.Response | httpx.HTTPError) -> None:
        self.answers[path] = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.headers.get("x-api-key") != "k":
            return httpx.Response(401, json={"title": "Sign in", "detail": "send x-api-key"})
        path = request.url.raw_path.decode().split("?")[0].removeprefix("/api/")
        if turns := self.answers.get(path):
            answer = turns.pop(0) if len(turns) > 1 else turns[0]
            if isinstance(answer, httpx.HTTPError):
                raise answer
            return answer
        match request.method, path:
            case "POST", "full-sync":
                return httpx.Response(202, json={"run": "r1"})
            case "GET", "runs":
                return httpx.Response(200, json={"value": [RUN], "next": None})
            case "GET", "runs/r1":
                return httpx.Response(200, json=RUN)
            case "GET", "held":
                more = None if request.url.params.get("after") else "more"
                return httpx.Response(200, json={"value": [HELD], "next": more})
            case "GET", "jobs":
                return httpx.Response(200, json={"value": [JOB], "next": None})
            case "GET", "status":
                return httpx.Response(200, json=STATUS)
            case "GET", "mappings":
                return httpx.Response(200, json={"value": [{"mapping": "customers", "title": "Customer"}]})
            case "GET", "records/customers/bc/i1":
                return httpx.Response(200, json=EXPLAINED)
            case "POST", "mappings/customers/sync" | "couplings":
                return httpx.Response(202, json={"job": "j1"})
            case "POST", "records/customers/bc/i1/retry" | "records/customers/bc/i1/skip":
                return httpx.Response(202, json={"job": "j1"})
            case ("POST", "records/customers/bc/i1/resolve") | ("DELETE", "couplings/customers/bc/i1"):
                return httpx.Response(202, json={"job": "j1"})
        return httpx.Response(404, json={"title": "No such thing", "detail": path})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setattr(cli.time, "sleep", lambda seconds: None)
    return Server()


def tandem(server: Server, *arguments: str, key: str = "k") -> int:
    transport = httpx.MockTransport(server)
    return main([*arguments, "--url", "https://app", "--key", key], transport=transport)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        pytest.param(("full-sync",), "r1", id="full-sync"),
        pytest.param(("status",), "set aside from full-sync: not JSON", id="status"),
        pytest.param(("runs",), "finished", id="runs"),
        pytest.param(("runs", "r1"), "1 created", id="one run"),
        pytest.param(("jobs", "--mapping", "customers"), "timer", id="jobs"),
        pytest.param(("held",), "BC '1', Sales '2'", id="held shows both values of a conflict"),
        pytest.param(("mappings",), "customers: Customer", id="mappings"),
        pytest.param(("sync", "customers"), "j1", id="sync"),
        pytest.param(("explain", "customers", "bc", "i1"), "city: 'Ulm' → 'Bonn'", id="explain"),
        pytest.param(("retry", "customers", "bc", "i1"), "finished: 1 read", id="retry"),
        pytest.param(("skip", "customers", "bc", "i1"), "finished: 1 read", id="skip"),
        pytest.param(("uncouple", "customers", "bc", "i1"), "finished: 1 read", id="uncouple"),
        pytest.param(("couple", "customers", "b1", "s1"), "finished: 1 read", id="couple"),
        pytest.param(("resolve", "customers", "bc", "i1", "--use", "bc"), "finished: 1 read", id="resolve"),
    ],
)
def test_each_command_shows_what_people_ask_for(server, arguments, shown, capsys):
    assert tandem(server, *arguments) == OK
    assert shown in " ".join(capsys.readouterr().out.split())

    assert tandem(server, *arguments, "--json") == OK
    assert isinstance(json.loads(capsys.readouterr().out), dict)


def test_full_sync_sends_what_was_asked_for(server):
    tandem(server, "full-sync", "--mapping", "customers", "--mapping", "contacts", "--create")

    assert json.loads(server.asked[0].content) == {
        "mappings": ["customers", "contacts"],
        "rehearse": False,
        "create": True,
        "force": False,
    }


def test_couple_and_resolve_send_what_was_asked_for_P14(server):
    tandem(server, "couple", "customers", "B1", "S1", "--from", "sales")
    tandem(server, "resolve", "customers", "bc", "i1", "--use", "sales", "--field", "phone")

    sent = [json.loads(r.content) for r in server.asked if r.method == "POST"]
    assert sent == [
        {"mapping": "customers", "bc": "b1", "sales": "s1", "from": "sales"},
        {"use": "sales", "field": "phone"},
    ]


PLAN = {
    "value": [
        {
            "mapping": "customers",
            "side": "bc",
            "id": "i1",
            "label": "C1",
            "action": "update",
            "target": "sales",
            "reason": "",
            "fields": {"phone": ["1", "<b>2</b>"]},
            "problems": [],
        }
    ],
    "next": None,
}


def test_a_rehearsal_shows_the_plan_and_writes_it_as_a_page_of_its_own(server, capsys, tmp_path):
    forecast = {"sales": {"records": 1, "requests": 1, "minutes": 0.0}}
    server.answers_with("runs/r1", httpx.Response(200, json=RUN | {"rehearse": True, "forecast": forecast}))
    server.answers_with("runs/r1/plan", httpx.Response(200, json=PLAN))
    page = tmp_path / "plan.html"

    assert tandem(server, "full-sync", "--rehearse", "--html", str(page)) == OK

    shown = " ".join(capsys.readouterr().out.split())
    assert "phone: 1 → <b>2</b>" in shown and "1 records to write in about 1 requests" in shown
    written = page.read_text()
    assert "phone: 1 → &lt;b&gt;2&lt;/b&gt;" in written and "Nothing was written" in written
    assert "http" not in written and "<script" not in written

    assert tandem(server, "full-sync", "--rehearse", "--json") == OK
    assert json.loads(capsys.readouterr().out)["plan"] == PLAN["value"]


def test_a_wish_that_was_refused_says_why(server, capsys):
    refused = JOB | {"state": "refused", "message": "customers bc i1 is not coupled"}
    server.answers_with("jobs", httpx.Response(200, json={"value": [refused], "next": None}))

    assert tandem(server, "uncouple", "customers", "bc", "i1") == WRONG
    assert "is not coupled" in capsys.readouterr().err


def test_full_sync_waits_and_shows_the_review_P41(server, capsys):
    assert tandem(server, "full-sync", "--wait") == OK
    shown = capsys.readouterr().out
    assert "customers" in shown and "1 created" in shown and "the customer is blocked" in shown


def test_waiting_outlives_a_queued_start_a_restart_and_a_busy_app(server, capsys):
    server.answers_with(
        "runs/r1",
        httpx.Response(404, json={"title": "No such run", "detail": "r1"}),
        httpx.ConnectError("refused"),
        httpx.Response(503, text="starting"),
        httpx.Response(200, json=RUN | {"state": "running"}),
        httpx.Response(200, json=RUN),
    )

    assert tandem(server, "full-sync", "--wait") == OK
    assert "1 created" in capsys.readouterr().out


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_run_that_did_not_finish_is_exit_code_1(server, state):
    server.answers_with("runs/r1", httpx.Response(200, json=RUN | {"state": state}))

    assert tandem(server, "full-sync", "--wait") == FAILED


def test_waiting_gives_up_on_a_run_that_never_appears(server, monkeypatch):
    monkeypatch.setattr(cli, "LOOKS", 3)
    server.answers_with("runs/r1", httpx.Response(404, json={"title": "No such run", "detail": "r1"}))

    assert tandem(server, "full-sync", "--wait") == WRONG
    assert len(server.asked) == 1 + 3


def test_held_follows_pages_to_the_end(server, capsys):
    assert tandem(server, "held", "--json") == OK

    assert len(json.loads(capsys.readouterr().out)["value"]) == 2


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        pytest.param(
            httpx.Response(403, json={"title": "Not allowed", "detail": "x"}), WRONG, "Not allowed", id="4xx"
        ),
        pytest.param(
            httpx.Response(503, json={"title": "Misconfigured", "detail": "BC_URL is missing"}),
            FAILED,
            "BC_URL is missing",
            id="5xx",
        ),
        pytest.param(httpx.Response(502, text="<html>"), FAILED, "502 <html>", id="not JSON"),
        pytest.param(httpx.Response(200, text="<html>"), FAILED, "no answer of Tandem", id="another server"),
        pytest.param(httpx.ConnectError("refused"), UNREACHED, "cannot be reached", id="nobody there"),
    ],
)
def test_what_goes_wrong_is_said_in_one_line_and_by_the_exit_code(server, answer, code, said, capsys):
    server.answers_with("status", answer)

    assert tandem(server, "status") == code
    told = capsys.readouterr()
    assert said in told.err and told.err.count("\n") == 1 and not told.out


def test_a_wrong_key_is_said(server, capsys):
    assert tandem(server, "held", key="wrong") == WRONG
    assert "Sign in" in capsys.readouterr().err


def test_an_id_never_changes_the_address(server):
    tandem(server, "explain", "customers", "bc", "../../runs?x=")

    assert server.asked[0].url.raw_path == b"/api/records/customers/bc/..%2F..%2Fruns%3Fx%3D"


def test_options_are_taken_before_the_command_too(server, capsys):
    common = ["--json", "--url", "https://app", "--key", "k"]

    assert main([*common, "status"], transport=httpx.MockTransport(server)) == OK
    assert json.loads(capsys.readouterr().out) == STATUS


@pytest.mark.parametrize(
    ("env", "file", "host", "key"),
    [
        pytest.param({"TANDEM_URL": "https://env", "TANDEM_KEY": "e"}, "{}", "env", "e", id="environment"),
        pytest.param({}, '{"functions": "http://box", "api_key_admin": "b"}', "box", "b", id="sandbox"),
        pytest.param(
            {"TANDEM_URL": "https://env", "TANDEM_KEY": "e"},
            '{"functions": "http://box", "api_key_admin": "b"}',
            "env",
            "e",
            id="environment before sandbox",
        ),
    ],
)
def test_address_and_key_come_from_the_environment_or_the_sandbox(
    server, monkeypatch, tmp_path, env, file, host, key
):
    for name in ("TANDEM_URL", "TANDEM_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "endpoints.json").write_text(file)
    monkeypatch.setattr(cli, "ENDPOINTS", tmp_path / "endpoints.json")

    main(["status"], transport=httpx.MockTransport(server))

    assert (server.asked[0].url.host, server.asked[0].headers["x-api-key"]) == (host, key)


@pytest.mark.parametrize("url", ["", "app.example"])
def test_without_an_address_it_says_how_to_give_one(server, monkeypatch, tmp_path, url, capsys):
    monkeypatch.delenv("TANDEM_URL", raising=False)
    monkeypatch.setattr(cli, "ENDPOINTS", tmp_path / "none.json")

    assert main(["status", "--url", url], transport=httpx.MockTransport(server)) == WRONG
    assert "--url" in capsys.readouterr().err and not server.asked
