"""The administrators' API: who may call what, and what comes back when it cannot be done."""

from __future__ import annotations

import base64
import json

import pytest
from werkzeug.test import Client

from functions.http_api import BODY_LIMIT
from sandbox.functions_host.http import EasyAuth
from shared.core.errors import Misconfigured, Rejected, Transient
from shared.engine.admin import ApiProblem
from tests.functions.callers import BY_NAME, FakeApp, call
from tests.functions.served import served

LOOK, DO = {"x-api-key": "look-key"}, {"x-api-key": "do-key"}
ID = "0A1B2C3D-0000-4000-8000-00000000000f"
RECORD = {"m": "customers", "side": "bc", "id": ID}

READS = {
    "api_runs": {},
    "api_run": {"id": "run-1"},
    "api_plan": {"id": "run-1"},
    "api_mappings": {},
    "api_jobs": {},
    "api_held": {},
    "api_find": {"m": "customers", "side": "bc"},
    "api_explain": RECORD,
    "api_history": RECORD,
    "api_status": {},
    "api_doctor": {},
    "api_openapi": {},
}
WRITES = {
    "api_full_sync": {},
    "api_sync": {"m": "customers"},
    "api_match": {"m": "customers"},
    "api_forget": {"m": "customers"},
    "api_resume": {"id": "run-1"},
    "api_cancel": {"id": "run-1"},
    "api_retry": RECORD,
    "api_skip": RECORD,
    "api_resolve": RECORD,
    "api_couple": {},
    "api_uncouple": RECORD,
}


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> FakeApp:
    made = FakeApp()
    monkeypatch.setattr("functions.http_api.app", lambda: made)
    monkeypatch.setattr("shared.wiring_doctor.checkup", lambda env, schedules: {"state": "ok", "checks": []})
    monkeypatch.setenv("API_KEY_READ", "look-key")
    monkeypatch.setenv("API_KEY_ADMIN", "do-key")
    monkeypatch.delenv("WEBSITE_AUTH_ENABLED", raising=False)
    return made


def problem(response) -> dict[str, object]:
    assert response.mimetype == "application/problem+json"
    told = json.loads(response.get_body())
    assert told["status"] == response.status_code and told["title"]
    return told


# --- access (design §11) ---------------------------------------------------------------------


def test_every_route_is_in_this_table():
    assert {n for n in BY_NAME if n.startswith("api_")} == {
        *READS,
        *WRITES,
        "api_health",
        "api_availability",
    }


@pytest.mark.parametrize(("name", "route"), [*READS.items(), *WRITES.items()])
def test_without_a_key_nothing_is_done(name, route, app):
    response = call(name, **route)

    assert response.status_code == 401 and problem(response)
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="Tandem"'
    assert app.api.calls == []


@pytest.mark.parametrize(("name", "route"), READS.items())
def test_the_read_key_reads(name, route, app):
    assert call(name, headers=LOOK, **route).status_code == 200
    assert len(app.api.calls) == (name not in ("api_openapi", "api_doctor"))


@pytest.mark.parametrize(("name", "route"), WRITES.items())
def test_the_read_key_changes_nothing(name, route, app):
    response = call(name, headers=LOOK, **route)

    assert response.status_code == 403 and "Sync.Admin" in str(problem(response)["detail"])
    assert app.api.calls == []


@pytest.mark.parametrize(("name", "route"), WRITES.items())
def test_the_admin_key_starts_work_that_goes_on_in_the_background(name, route, app):
    assert call(name, headers=DO, **route).status_code == 202
    assert len(app.api.calls) == 1


@pytest.mark.parametrize(("name", "route"), [*READS.items(), *WRITES.items()])
@pytest.mark.parametrize("sent", [{}, {"x-api-key": ""}, {"x-api-key": "look-key"}], ids=str)
def test_with_no_key_set_up_everything_but_health_is_refused(name, route, sent, app, monkeypatch):
    monkeypatch.delenv("API_KEY_READ")
    monkeypatch.delenv("API_KEY_ADMIN")

    assert call(name, headers=sent, **route).status_code == 401
    assert call("api_health").status_code == 200


def test_a_role_of_easy_auth_is_trusted_only_where_easy_auth_is_on(app, monkeypatch):
    raw = json.dumps({"role_typ": "roles", "claims": [{"typ": "roles", "val": "Sync.Admin"}]}).encode()
    signed_in = {"x-ms-client-principal": base64.b64encode(raw).decode()}

    assert call("api_full_sync", headers=signed_in).status_code == 401
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    assert call("api_full_sync", headers=signed_in).status_code == 202


def test_health_answers_while_settings_are_wrong_and_says_nothing_secret(monkeypatch):
    def refuse() -> None:
        raise Misconfigured("BC_URL is missing")

    monkeypatch.setattr("functions.http_api.app", refuse)
    response = call("api_health")

    assert response.status_code == 200 and json.loads(response.get_body()) == {"status": "ok"}


def test_the_doctor_answers_while_settings_are_wrong_and_names_them(monkeypatch):
    for name in ("BC_URL", "DATAVERSE_URL", "SCHEDULE_ITEMS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("API_KEY_READ", "look-key")
    response = call("api_doctor", headers=LOOK)

    told = json.loads(response.get_body())
    said = {c["id"]: c for c in told["checks"]}
    assert (response.status_code, told["state"]) == (200, "problem")
    assert "BC_URL is missing" in said["house.settings"]["says"]
    assert "SCHEDULE_ITEMS is missing" in said["house.schedules"]["says"]
    assert said["sales.privileges"]["says"] == ["the settings are not complete"]


# --- what is handed on -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "route", "params", "expected"),
    [
        ("api_run", {"id": "run-1"}, {}, ("run", ("run-1",), {})),
        ("api_runs", {}, {"limit": "7"}, ("runs", (), {"limit": 7, "after": None})),
        ("api_jobs", {}, {}, ("jobs", (None,), {"limit": 100, "after": None})),
        (
            "api_jobs",
            {},
            {"mapping": "contacts", "limit": "5", "after": "k"},
            ("jobs", ("contacts",), {"limit": 5, "after": "k"}),
        ),
        ("api_held", {}, {}, ("held", (None,), {"limit": 1000, "after": None})),
        ("api_explain", RECORD, {}, ("explain", ("customers", "bc", ID.lower()), {})),
        (
            "api_explain",
            {"m": "payment_terms", "side": "sales", "id": "4"},
            {},
            ("explain", ("payment_terms", "sales", "4"), {}),
        ),
        (
            "api_history",
            RECORD,
            {"limit": "5", "after": "2026-01-22T09:00:00+00:00"},
            ("history", ("customers", "bc", ID.lower()), {"limit": 5, "after": "2026-01-22T09:00:00+00:00"}),
        ),
        ("api_retry", RECORD, {}, ("on_record", ("customers", "bc", ID.lower(), "retry", {}), {})),
        ("api_skip", RECORD, {}, ("on_record", ("customers", "bc", ID.lower(), "skip", {}), {})),
        ("api_uncouple", RECORD, {}, ("on_record", ("customers", "bc", ID.lower(), "uncouple", {}), {})),
        ("api_sync", {"m": "customers"}, {}, ("sync", ("customers", {}), {})),
    ],
)
def test_a_call_is_parsed_and_handed_on(name, route, params, expected, app):
    call(name, headers=DO, params=params, **route)

    assert app.api.calls == [expected]


def test_a_body_is_handed_on_as_it_is(app):
    call("api_full_sync", headers=DO, body=b'{"mappings": ["customers"]}')

    assert app.api.calls == [("start_full_sync", ({"mappings": ["customers"]},), {})]


# --- what cannot be done ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given", "status"),
    [
        pytest.param("api_full_sync", {"body": b"{"}, 400, id="not JSON"),
        pytest.param("api_full_sync", {"body": b"\xff\xfe"}, 400, id="not text"),
        pytest.param("api_full_sync", {"body": b"[" * 60_000}, 400, id="nested without end"),
        pytest.param("api_full_sync", {"body": b'{"force": NaN}'}, 400, id="not a number"),
        pytest.param("api_full_sync", {"body": b'{"force": ' + b"9" * 9000 + b"}"}, 400, id="huge integer"),
        pytest.param("api_status", {"params": {"mapping": "items"}}, 400, id="a query that it does not take"),
        pytest.param("api_full_sync", {"body": b"[]"}, 400, id="not an object"),
        pytest.param("api_full_sync", {"body": b"x" * (BODY_LIMIT + 1)}, 413, id="too large"),
        pytest.param("api_runs", {"params": {"limit": "0"}}, 400, id="none"),
        pytest.param("api_runs", {"params": {"limit": "201"}}, 400, id="too many"),
        pytest.param("api_runs", {"params": {"limit": "-1"}}, 400, id="negative"),
        pytest.param("api_runs", {"params": {"limit": "9" * 5000}}, 400, id="a number without end"),
        pytest.param("api_runs", {"params": {"limit": "١"}}, 400, id="another script's digit"),
        pytest.param("api_jobs", {"params": {"after": "k" * 600}}, 400, id="long after"),
        pytest.param("api_held", {"params": {"after": "a\x00b"}}, 400, id="control character"),
        pytest.param("api_run", {"id": "a/b"}, 404, id="run with a slash"),
        pytest.param("api_cancel", {"id": "r" * 65}, 404, id="run too long"),
        pytest.param("api_explain", RECORD | {"id": "C00010"}, 400, id="number instead of id"),
        pytest.param("api_explain", RECORD | {"id": "1' or '1' eq '1"}, 400, id="a filter"),
        pytest.param("api_retry", RECORD | {"id": ID + "\n"}, 400, id="line feed"),
    ],
)
def test_a_wrong_call_is_a_problem_and_reaches_nothing(name, given, status, app):
    response = call(name, headers=DO, **given)

    assert response.status_code == status and problem(response)
    assert app.api.calls == []


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (ApiProblem(404, "No such mapping", "'x'"), 404, "'x'"),
        (Misconfigured(["BC_URL is missing", "TENANT_ID is missing"]), 503, "TENANT_ID is missing"),
        (Transient("Dataverse asks to wait"), 503, "asks to wait"),
        (Rejected("Business Central refuses"), 502, "refuses"),
    ],
)
def test_what_goes_wrong_inside_is_told_as_a_problem(raised, status, said, app):
    app.api.raises = raised
    response = call("api_status", headers=LOOK)

    assert response.status_code == status and said in str(problem(response)["detail"])


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 202),
        ("Application/JSON; charset=utf-8", 202),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
    ],
)
def test_a_body_is_json_and_says_so(kind, status, app):
    """A form of a strange page is refused before its text is looked at."""
    response = call("api_full_sync", headers=DO | {"Content-Type": kind}, body=b"{}")

    assert response.status_code == status
    assert len(app.api.calls) == (status == 202)


# --- over HTTP, through the host's router and sign-in -----------------------------------------

ADMIN = {"auth_typ": "aad", "role_typ": "roles", "claims": [{"typ": "roles", "val": "Sync.Admin"}]}
READER = ADMIN | {"claims": [{"typ": "roles", "val": "Sync.Read"}]}
NOBODY = ADMIN | {"claims": []}
FORGED = base64.b64encode(json.dumps(ADMIN).encode()).decode()


@pytest.mark.parametrize(
    ("easy_auth", "sent", "status"),
    [
        pytest.param(False, {}, 401, id="nobody"),
        pytest.param(False, {"X-MS-CLIENT-PRINCIPAL": FORGED}, 401, id="forged, Easy Auth off"),
        pytest.param(True, {"X-MS-CLIENT-PRINCIPAL": FORGED}, 401, id="forged, Easy Auth on"),
        pytest.param(True, {"Authorization": "Bearer none"}, 403, id="signed in without a role"),
        pytest.param(True, {"Authorization": "Bearer reader"}, 403, id="signed in with the wrong role"),
        pytest.param(True, {"Authorization": "Bearer admin"}, 202, id="signed in with the role"),
        pytest.param(False, {"x-api-key": "look-key"}, 403, id="the other key"),
    ],
)
def test_who_may_start_a_full_sync(easy_auth, sent, status, app, monkeypatch):
    people = {"none": NOBODY, "reader": READER, "admin": ADMIN}
    if easy_auth:
        monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    client = Client(served(easy_auth=EasyAuth(on=easy_auth, principals=people)))

    response = client.post("/api/full-sync", headers=sent)

    assert response.status_code == status
    if status != 202:
        assert response.mimetype == "application/problem+json" and app.api.calls == []
    if status == 403:
        assert "Sync.Admin" in response.get_json()["detail"]
