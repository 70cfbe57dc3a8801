"""`tandem doctor` from the command line through the HTTP API to the systems (P31–P33)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from cli import doctor
from cli.__main__ import main
from sandbox.simkit import PEOPLE
from shared.adapters.auth import FixedAuth
from shared.adapters.doctor_fix import SetUpAccount
from shared.engine.doctor.checks import CHECKS
from shared.wiring_doctor import beyond_needs
from tests.functions.callers import FakeApp, call
from tests.scenarios.clinic import SALES_ROOT, Clinic
from tests.scenarios.test_doctor import no_user, without_series
from tests.scenarios.test_doctor_fix import nothing_at_all

LAST_RUN: dict[str, Any] = {"id": "r1", "state": "finished", "rehearse": True}


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    """The app's doctor looks at the simulators; the app itself has not run yet."""
    made = Clinic()
    app = FakeApp()
    app.api.status = lambda: {"run": made.last_run}
    made.last_run = None
    monkeypatch.setattr("shared.wiring_doctor.checkup", lambda env, schedules: made.examine())
    monkeypatch.setattr("functions.http_api.app", lambda: app)
    monkeypatch.setenv("API_KEY_READ", "look-key")
    monkeypatch.setenv("API_KEY_ADMIN", "do-key")
    for name in (doctor.TOKEN, doctor.CLIENT, doctor.SECRET, "DATAVERSE_URL"):
        monkeypatch.delenv(name, raising=False)
    return made


def functions(request: httpx.Request) -> httpx.Response:
    """Answer as the Functions host does."""
    name = {"/api/doctor": "api_doctor", "/api/status": "api_status"}[request.url.path]
    answer = call(name, headers=dict(request.headers))
    return httpx.Response(answer.status_code, content=answer.get_body())


def tandem(*arguments: str, key: str = "look-key", answer: Callable[..., Any] = functions) -> int:
    told = ("--url", "https://app.test", "--key", key, *arguments)
    return main(told, transport=httpx.MockTransport(answer))


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_when_all_is_well_the_code_is_0_and_the_next_step_is_told(clinic, capsys):
    assert tandem("doctor") == 0

    said = shown(capsys)
    assert f"{len(CHECKS)} checks: {len(CHECKS) - 2} ok, 2 note" in said
    assert said.endswith(
        "next: look at `tandem mappings`, change them if need be, then `tandem full-sync --rehearse`"
    )


@pytest.mark.parametrize(
    ("run", "next_step"),
    [
        (LAST_RUN, "`tandem full-sync --wait`, when the plan is as you want it"),
        (LAST_RUN | {"rehearse": False}, "nothing; `tandem status` shows how it goes"),
        (LAST_RUN | {"state": "failed"}, "look at `tandem mappings`"),
    ],
)
def test_the_next_step_depends_on_what_was_done_already(run, next_step, clinic, capsys):
    clinic.last_run = run

    assert tandem("doctor") == 0
    assert next_step in shown(capsys)


def test_a_problem_gives_1_and_says_what_to_do(clinic, capsys):
    without_series(clinic)

    assert tandem("doctor") == 1

    said = shown(capsys)
    assert "bc.number-series" in said and "customers: no number series is set up" in said
    assert "→ Name a number series in Sales & Receivables Setup" in said
    assert "next: do what is said above, then `tandem doctor` again" in said


def test_a_pipeline_reads_json(clinic, capsys):
    no_user(clinic)

    assert tandem("doctor", "--json") == 1

    data = json.loads(capsys.readouterr().out)
    states = {c["id"]: c["state"] for c in data["checks"]}
    assert data["state"] == states["sales.user"] == "problem"
    assert states["sales.privileges"] == "unknown" and states["bc.sign-in"] == "ok"
    assert "tandem doctor --fix" in data["next"]


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"answer": unreachable}, "the app cannot be reached"),
        ({"key": "wrong"}, "401 Sign in"),
        ({"answer": lambda r: httpx.Response(500, json={"title": "Broken", "detail": ""})}, "500 Broken"),
    ],
)
def test_what_could_not_be_checked_gives_2(how, said, clinic, capsys):
    assert tandem("doctor", **how) == 2
    assert said in capsys.readouterr().err


def test_something_that_did_not_answer_gives_2_too(clinic):
    clinic.sales_token = clinic.bc_token
    clinic.bc.faults.add(_silent())

    assert tandem("doctor") == 2


def _silent() -> Any:
    from sandbox.simkit import Fault

    return Fault(status=503, times=None)


# --- repairing -------------------------------------------------------------------------------


def test_fix_repairs_a_new_environment_and_looks_again_until_all_is_well(clinic, monkeypatch, capsys):
    nothing_at_all(clinic)
    http = httpx.Client(transport=httpx.WSGITransport(app=clinic.sales), auth=FixedAuth(PEOPLE.client_id))
    account = SetUpAccount(http, root=SALES_ROOT)
    monkeypatch.setattr("cli.doctor.setup_account", lambda env, known: account.fix)

    assert tandem("doctor", "--fix") == 0

    said = shown(capsys)
    assert "done: made the role Tandem" in said
    assert "switched change tracking on for account" in said
    assert "added the option" not in said, "advice is left alone unless it is named"
    assert tandem("doctor", "--fix", "both.options") == 0
    assert "done: added the option CM to account.paymenttermscode" in shown(capsys)


@pytest.mark.parametrize(
    ("env", "arguments", "said"),
    [
        ({}, (), "--fix needs DATAVERSE_URL"),
        ({"DATAVERSE_URL": "https://sales.test"}, (), "--fix needs an administrator: TANDEM_SETUP_TOKEN"),
        ({}, ("sales.colour",), "there is no check sales.colour"),
    ],
)
def test_fix_says_what_it_lacks_and_changes_nothing(env, arguments, said, clinic, monkeypatch, capsys):
    no_user(clinic)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    clinic.sales.log.clear()

    assert tandem("doctor", "--fix", *arguments) == 2

    assert said in capsys.readouterr().err
    assert clinic.sales.log.counts()["rows_written"] == 0


def test_the_address_that_the_token_goes_to_is_never_the_apps(clinic, monkeypatch):
    """An app that is not what it seems must not be told an administrator's token."""
    no_user(clinic)
    asked: list[str] = []
    monkeypatch.setenv("DATAVERSE_URL", "https://mine.test")
    monkeypatch.setenv(doctor.TOKEN, "planted-canary")
    real = httpx.Client

    def client(**how: Any) -> httpx.Client:
        def seen(request: httpx.Request) -> httpx.Response:
            asked.append(request.url.host)
            return httpx.Response(403, json={"error": {"code": "0x80040220", "message": "no"}})

        how.pop("verify", None)
        return real(**how, transport=httpx.MockTransport(seen)) if "auth" in how else real(**how)

    monkeypatch.setattr("cli.doctor.httpx.Client", client)

    assert tandem("doctor", "--fix", answer=lying) == 1
    assert set(asked) == {"mine.test"}


def lying(request: httpx.Request) -> httpx.Response:
    wish = {"kind": "access", "clients": [], "role": "Tandem", "rights": {}, "url": "https://evil.test"}
    check = {"id": "sales.user", "title": "", "state": "problem", "says": [], "do": "", "fix": wish}
    return httpx.Response(200, json={"state": "problem", "checks": [check], "dataverse": "https://evil.test"})


ACCESS = {"kind": "access", "clients": [PEOPLE.client_id], "role": "Tandem", "rights": {}}
TOO_MUCH = [
    ({**ACCESS, "role": "System Administrator"}, "the role System Administrator"),
    ({**ACCESS, "clients": ["x or 1 eq 1"]}, "a user for x or 1 eq 1"),
    ({**ACCESS, "rights": {"accounts": ["Read", "Delete"]}}, "Delete on accounts"),
    ({**ACCESS, "rights": {"systemusers": ["Create"]}}, "Create on systemusers"),
    ({**ACCESS, "rights": {"emails": ["Read"]}}, "Read on emails"),
    ({"kind": "track", "tables": ["account", "x')?y"]}, "change tracking of x')?y"),
    (
        {"kind": "options", "options": [{"table": "account", "column": "statuscode", "labels": ["x"]}]},
        "options of account.statuscode",
    ),
    ({"kind": "queues", "names": ["sync-customers", "theirs"]}, "the queue theirs"),
    ({"kind": "tables", "names": ["Theirs"]}, "the table Theirs"),
    ({"kind": "delete", "tables": ["account"]}, "a repair called delete"),
]


def test_what_only_a_switch_needs_may_be_asked_of_an_administrator_too_P33():
    rights = {"posts": ["Create"], "annotations": ["Write"], "nav_accountstatisticses": ["Create"]}

    assert beyond_needs({**ACCESS, "rights": rights}) == []


@pytest.mark.parametrize(("wish", "said"), TOO_MUCH, ids=[said for _, said in TOO_MUCH])
def test_an_app_gets_no_more_from_an_administrator_than_tandem_needs(wish, said, clinic, monkeypatch, capsys):
    """Whoever has got hold of the app must not become administrator of Sales by `--fix` (P33)."""
    check = {"id": "sales.user", "title": "", "state": "problem", "says": [], "do": "", "fix": wish}
    good = {**check, "fix": {"kind": "track", "tables": ["account"]}}
    done: list[Any] = []
    monkeypatch.setattr("cli.doctor.setup_account", lambda env, known: lambda asked: done.append(asked) or [])
    answer = httpx.Response(200, json={"state": "problem", "checks": [good, check]})

    assert tandem("doctor", "--fix", answer=lambda request: answer) == 2

    assert f"more than this version of Tandem needs ({said})" in " ".join(capsys.readouterr().err.split())
    assert done == []
