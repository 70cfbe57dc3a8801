"""`tandem` waits: for runs, rehearsals and their plans; and finds the app."""

import json

import httpx
import pytest

from cli import __main__ as cli
from cli.__main__ import main
from cli.api import FAILED, OK, WRONG
from tests.unit.cli_server import RUN, tandem

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
            "rows": {"accounts": 1},
            "shared": [],
        }
    ],
    "next": None,
}


def test_a_rehearsal_shows_the_plan_and_writes_it_as_a_page_of_its_own(server, capsys, tmp_path):
    forecast = {"sales": {"records": 1, "rows": 1, "requests": 1, "minutes": 0.0}}
    server.answers_with("runs/r1", httpx.Response(200, json=RUN | {"rehearse": True, "forecast": forecast}))
    server.answers_with("runs/r1/plan", httpx.Response(200, json=PLAN))
    page = tmp_path / "plan.html"

    assert tandem(server, "full-sync", "--rehearse", "--html", str(page)) == OK

    shown = " ".join(capsys.readouterr().out.split())
    assert "phone: 1 → <b>2</b>" in shown and "1 records (1 rows) to write in about 1 requests" in shown
    written = page.read_text()
    assert "phone: 1 → &lt;b&gt;2&lt;/b&gt;" in written and "Nothing was written" in written
    assert "http" not in written and "<script" not in written

    assert tandem(server, "full-sync", "--rehearse", "--json") == OK
    assert json.loads(capsys.readouterr().out)["plan"] == PLAN["value"]


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


@pytest.mark.parametrize(
    ("arguments", "path", "body"),
    [
        (
            ("sync", "customers", "--rehearse"),
            "full-sync",
            {"mappings": ["customers"], "changes": True, "rehearse": True},
        ),
        (
            ("match", "customers", "--preview", "--by", "name,city", "--by", "email"),
            "mappings/customers/match",
            {"preview": True, "exact": False, "create": False, "fields": [["name", "city"], ["email"]]},
        ),
    ],
)
def test_a_job_and_a_match_show_their_plan_and_write_it_as_a_page_too_H26(
    server, arguments, path, body, tmp_path
):
    server.answers_with("runs/r1", httpx.Response(200, json=RUN | {"rehearse": True}))
    server.answers_with("runs/r1/plan", httpx.Response(200, json=PLAN))
    server.answers_with(path, httpx.Response(202, json={"run": "r1"}))
    page = tmp_path / "plan.html"

    assert tandem(server, *arguments, "--html", str(page)) == OK

    assert server.asked[0].url.path == f"/api/{path}" and json.loads(server.asked[0].content) == body
    assert "Nothing was written" in page.read_text()


def test_a_page_without_a_rehearsal_is_a_wrong_call(server, capsys):
    assert tandem(server, "full-sync", "--html", "plan.html") == WRONG
    assert "--rehearse" in capsys.readouterr().err and not server.asked
