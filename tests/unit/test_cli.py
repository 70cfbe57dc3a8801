"""`tandem` against a server that answers from memory."""

import json

import httpx
import pytest

from cli.__main__ import main
from cli.api import FAILED, OK, UNREACHED, WRONG
from tests.unit.cli_server import JOB, RUN, STATUS, tandem


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        pytest.param(("full-sync",), "r1", id="full-sync"),
        pytest.param(("status",), "set aside from full-sync: not JSON", id="status"),
        pytest.param(("status",), "no rights", id="the last job of each side"),
        pytest.param(("runs",), "finished", id="runs"),
        pytest.param(("runs", "r1"), "1 created", id="one run"),
        pytest.param(("jobs", "--mapping", "customers"), "timer", id="jobs"),
        pytest.param(("held",), "BC '1', Sales '2'", id="held shows both values of a conflict"),
        pytest.param(("status",), "the last good ones are in force: unknown mapping", id="bad overrides"),
        pytest.param(("mappings",), "bc_wins │ hold", id="mappings"),
        pytest.param(("mappings",), "switched off: contacts", id="mappings that are off"),
        pytest.param(("mappings", "customers"), "text 100/160", id="the fields of a mapping"),
        pytest.param(("mappings", "customers"), "filter in bc: blocked = blank", id="the filter"),
        pytest.param(("mappings", "customers"), "by an override: on_conflict: bc_wins", id="what differs"),
        pytest.param(("mappings", "orders"), "no mapping 'orders' is in force", id="an unknown mapping"),
        pytest.param(("history", "customers", "bc", "i1"), "sales city: 'Ulm' → 'Bonn'", id="history"),
        pytest.param(("explain", "customers", "bc", "i1"), "cause: phone: changed", id="cause"),
        pytest.param(
            ("explain", "customers", "bc", "i1"), "waits for customers bc C2: the customer is b", id="awaits"
        ),
        pytest.param(("explain", "customers", "bc", "i1"), "next try: 2026-01-22T09:05:00", id="next try"),
        pytest.param(("explain", "customers", "bc", "i1"), "[0] | 00", id="agreed values"),
        pytest.param(("explain", "customers", "bc", "i1"), "sales s1 does not exist", id="a missing row"),
        pytest.param(("explain", "customers", "bc", "i1"), "create name: (blank) → [b]A[/b]", id="plan"),
        pytest.param(("sync", "customers"), "j1", id="sync"),
        pytest.param(("explain", "customers", "bc", "i1"), "city: 'Ulm' → 'Bonn'", id="explain"),
        pytest.param(("retry", "customers", "bc", "i1"), "finished: 1 read", id="retry"),
        pytest.param(("skip", "customers", "bc", "i1"), "finished: 1 read", id="skip"),
        pytest.param(("uncouple", "customers", "bc", "i1"), "finished: 1 read", id="uncouple"),
        pytest.param(("couple", "customers", "b1", "s1"), "finished: 1 read", id="couple"),
        pytest.param(("forget", "customers", "--company", "c1"), "finished: 1 read", id="forget"),
        pytest.param(("held", "customers"), "BC '1', Sales '2'", id="held of a mapping"),
        pytest.param(("find", "customers", "sales", "fab"), "Fabrikam Overseas", id="find"),
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


def test_a_record_is_named_by_what_only_it_begins_with_and_never_guessed_P14(server, capsys):
    # Called exactly so, one of several is meant; so is the only one that begins so.
    assert tandem(server, "couple", "customers", "fabrikam", "CONT", "--move") == OK
    [sent] = [json.loads(r.content) for r in server.asked if r.method == "POST"]
    assert sent == {
        "mapping": "customers",
        "bc": "fabrikam",
        "sales": "contoso",
        "from": "compare",
        "move": True,
    }

    assert tandem(server, "retry", "customers", "bc", "Fab") == WRONG
    said = capsys.readouterr().err
    assert "may be several" in said and "Fabrikam (fabrikam)" in said and "Fabrikam Overseas" in said
    assert tandem(server, "retry", "customers", "bc", "Nobody") == WRONG
    assert "nothing begins with 'Nobody'" in capsys.readouterr().err
    assert len([r for r in server.asked if r.method == "POST"]) == 1


def test_a_plan_without_entries_and_a_pair_taken_apart_are_told_in_words(server, capsys):
    run = {**RUN, "rehearse": True}
    server.answers_with("runs/r1", httpx.Response(200, json=run))
    server.answers_with("runs/r1/plan", httpx.Response(200, json={"value": [], "next": None}))
    assert tandem(server, "full-sync", "--rehearse") == OK
    shown = capsys.readouterr().out
    assert "Rehearsal r1: finished" in shown and "nothing would be written" in shown

    job = {**JOB, "tally": {"read": 1, "uncoupled": 1}}
    server.answers_with("jobs", httpx.Response(200, json={"value": [job], "next": None}))
    assert tandem(server, "uncouple", "customers", "bc", "i1") == OK
    assert "finished: 1 read: 1 uncoupled" in capsys.readouterr().out


def test_an_id_is_asked_for_as_it_is_and_so_is_the_number_of_an_option(server):
    id = "ABCDEF00-0000-4000-8000-000000000001"
    tandem(server, "explain", "customers", "bc", id)
    tandem(server, "explain", "customers", "bc", "77")

    asked = [r.url.path for r in server.asked]
    assert asked[0].endswith(f"/records/customers/bc/{id.lower()}")
    assert asked[-1].endswith("/records/customers/bc/77")


def test_couple_and_resolve_send_what_was_asked_for_P14(server):
    tandem(server, "couple", "customers", "B1", "S1", "--from", "sales")
    tandem(server, "resolve", "customers", "bc", "i1", "--use", "sales", "--field", "phone")
    tandem(server, "resolve", "customers", "bc", "i1", "--use", "bc", "--overwrite")
    saw = ["--seen", "phone=0=1", "--seen", "fax=(blank)"]
    tandem(server, "resolve", "customers", "bc", "i1", "--use", "bc", *saw)
    tandem(server, "create", "customers", "sales", "i2")

    sent = [json.loads(r.content) for r in server.asked if r.method == "POST"]
    assert sent == [
        {"mapping": "customers", "bc": "b1", "sales": "s1", "from": "sales"},
        {"use": "sales", "field": "phone"},
        {"use": "bc", "overwrite": True},
        {"use": "bc", "seen": {"phone": "0=1", "fax": None}},
        {"side": "sales", "ids": ["i2"], "create": True},
    ]


def test_all_mappings_are_forgotten_one_after_the_other_those_that_depend_on_others_first(server, capsys):
    mappings = {"value": [{"mapping": name} for name in ("salespeople", "customers")], "next": None}
    server.answers_with("mappings", httpx.Response(200, json=mappings))

    assert tandem(server, "forget", "--all", "--company", "c1") == OK

    sent = [(r.url.path, json.loads(r.content)) for r in server.asked if r.method == "POST"]
    assert sent == [
        ("/api/mappings/customers/forget", {"company": "c1"}),
        ("/api/mappings/salespeople/forget", {"company": "c1"}),
    ]
    assert capsys.readouterr().out.count("finished: 1 read") == 2


@pytest.mark.parametrize("which", [(), ("customers", "--all")])
def test_what_is_to_be_forgotten_is_said_once(which, server):
    with pytest.raises(SystemExit):
        tandem(server, "forget", *which, "--company", "c1")
    assert server.asked == []


def test_a_wish_that_was_refused_says_why(server, capsys):
    refused = JOB | {"state": "refused", "message": "customers bc i1 is not coupled"}
    server.answers_with("jobs", httpx.Response(200, json={"value": [refused], "next": None}))

    assert tandem(server, "uncouple", "customers", "bc", "i1") == WRONG
    assert "is not coupled" in capsys.readouterr().err


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

    [asked] = server.asked
    assert asked.url.path == "/api/records/customers/bc"
    assert asked.url.params["begins"] == "../../runs?x="


def test_options_are_taken_before_the_command_too(server, capsys):
    common = ["--json", "--url", "https://app", "--key", "k"]

    assert main([*common, "status"], transport=httpx.MockTransport(server)) == OK
    assert json.loads(capsys.readouterr().out) == STATUS
