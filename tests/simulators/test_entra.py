"""Entra as MSAL and a plain client meet it, over TLS."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import msal
import pytest

from sandbox.entra import BUSINESS_CENTRAL, EntraSim
from sandbox.simkit import INTEGRATION, PEOPLE, TENANT, SimClock, TokenIssuer, TokenVerifier, Unauthorized
from sandbox.simkit.run_dir import RunDir
from sandbox.simkit.server import TlsServer, serve_in_thread

SALES = "https://sales.sandbox.test"


@dataclass(frozen=True, kw_only=True)
class Served:
    """Entra on a port of this machine, and a client that trusts its certificate."""

    sim: EntraSim
    server: TlsServer
    http: httpx.Client

    def ask(self, *, tenant: str = TENANT, **form: str) -> httpx.Response:
        """Send a good token request, but for what differs; an empty value is left out."""
        good = {
            "grant_type": "client_credentials",
            "client_id": INTEGRATION.client_id,
            "client_secret": INTEGRATION.secret,
            "scope": f"{SALES}/.default",
        } | form
        sent = {name: value for name, value in good.items() if value}
        return self.http.post(f"/{tenant}/oauth2/v2.0/token", data=sent)

    def msal_app(
        self, *, secret: str = INTEGRATION.secret, tenant: str = TENANT
    ) -> msal.ConfidentialClientApplication:
        return msal.ConfidentialClientApplication(
            INTEGRATION.client_id,
            client_credential=secret,
            authority=f"{self.server.origin}/{tenant}",
            http_client=self.http,
            instance_discovery=False,
        )


@pytest.fixture(scope="module")
def issuer() -> TokenIssuer:
    return TokenIssuer(tenant=TENANT)


@pytest.fixture(scope="module")
def served(issuer: TokenIssuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    run_dir = RunDir(tmp_path_factory.mktemp("run"))
    sim = EntraSim(
        clock=issuer.clock,
        issuer=issuer,
        identities=(INTEGRATION, PEOPLE),
        resources=(BUSINESS_CENTRAL, SALES),
    )
    with serve_in_thread(sim, run_dir) as server:
        with httpx.Client(base_url=server.origin, verify=run_dir.ssl_context()) as http:
            yield Served(sim=sim, server=server, http=http)


@pytest.fixture(autouse=True)
def the_usual_lifetime(served: Served) -> None:
    served.sim.settings["lifetime_seconds"] = 3599


@pytest.mark.parametrize("resource", [BUSINESS_CENTRAL, SALES])
def test_an_unmodified_msal_gets_a_token_that_the_service_accepts(served, issuer, resource):
    answer = served.msal_app().acquire_token_for_client(scopes=[f"{resource}/.default"])

    assert answer.get("token_source") == "identity_provider", answer
    claims = TokenVerifier(issuer, resource, issuer.clock).verify(f"Bearer {answer['access_token']}")
    assert (claims["aud"], claims["appid"]) == (resource, INTEGRATION.client_id)
    assert (claims["oid"], claims["tid"]) == (INTEGRATION.object_id, TENANT)
    assert answer["expires_in"] == 3599


def test_msal_takes_the_second_token_from_its_cache(served):
    app = served.msal_app()
    app.acquire_token_for_client(scopes=[f"{SALES}/.default"])

    assert app.acquire_token_for_client(scopes=[f"{SALES}/.default"])["token_source"] == "cache"


def test_msal_is_told_that_the_secret_is_wrong(served):
    answer = served.msal_app(secret="stale").acquire_token_for_client(scopes=[f"{SALES}/.default"])

    assert answer["error"] == "invalid_client"
    assert answer["error_codes"] == [7000215]


def test_msal_cannot_begin_with_an_unknown_tenant(served):
    with pytest.raises(ValueError, match="AADSTS90002|Unable to get authority configuration"):
        served.msal_app(tenant="00000000-0000-4000-8000-00000000dead").acquire_token_for_client(
            scopes=[f"{SALES}/.default"]
        )


@pytest.mark.parametrize(
    ("differs", "status", "error", "number"),
    [
        pytest.param({"client_secret": "stale"}, 401, "invalid_client", 7000215, id="wrong-secret"),
        pytest.param({"client_secret": ""}, 401, "invalid_client", 7000216, id="no-secret"),
        pytest.param(
            {"client_secret": PEOPLE.secret}, 401, "invalid_client", 7000215, id="secret-of-another-app"
        ),
        pytest.param({"client_id": "nobody"}, 400, "unauthorized_client", 700016, id="unknown-app"),
        pytest.param({"client_id": ""}, 400, "invalid_request", 900144, id="no-app"),
        pytest.param({"tenant": "elsewhere"}, 400, "invalid_request", 90002, id="unknown-tenant"),
        pytest.param({"grant_type": "password"}, 400, "unsupported_grant_type", 70003, id="other-grant"),
        pytest.param({"grant_type": ""}, 400, "invalid_request", 900144, id="no-grant"),
        pytest.param({"scope": ""}, 400, "invalid_request", 900144, id="no-scope"),
        pytest.param({"scope": SALES}, 400, "invalid_scope", 1002012, id="scope-without-default"),
        pytest.param(
            {"scope": f"{SALES}/user_impersonation"}, 400, "invalid_scope", 1002012, id="delegated-scope"
        ),
        pytest.param(
            {"scope": f"{SALES}/.default {BUSINESS_CENTRAL}/.default"},
            400,
            "invalid_scope",
            28000,
            id="two-resources",
        ),
        pytest.param(
            {"scope": "https://other.crm4.dynamics.com/.default"},
            400,
            "invalid_resource",
            500011,
            id="wrong-region",
        ),
    ],
)
def test_a_request_that_entra_refuses(served, differs, status, error, number):
    answer = served.ask(**differs)

    assert answer.status_code == status
    said = answer.json()
    assert (said["error"], said["error_codes"]) == (error, [number])
    assert said["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id", "error_uri"} <= said.keys()
    assert "access_token" not in said


def test_the_secret_may_come_as_http_basic(served):
    sent = {"grant_type": "client_credentials", "scope": f"{SALES}/.default"}

    answer = served.http.post(
        f"/{TENANT}/oauth2/v2.0/token", data=sent, auth=(INTEGRATION.client_id, INTEGRATION.secret)
    )

    assert answer.json()["token_type"] == "Bearer"


def test_the_key_set_verifies_the_token_without_knowing_the_simulator(served):
    token = served.ask().json()["access_token"]
    discovery = served.http.get(f"/{TENANT}/v2.0/.well-known/openid-configuration").json()
    keys = jwt.PyJWKSet.from_dict(served.http.get(discovery["jwks_uri"]).json())

    claims = jwt.decode(
        token, keys[jwt.get_unverified_header(token)["kid"]], algorithms=["RS256"], audience=SALES
    )

    assert claims["iss"] == f"https://sts.windows.net/{TENANT}/"


def test_the_lifetime_is_a_setting(served):
    served.http.post("/_sim/settings", json={"lifetime_seconds": 60})

    answer = served.ask().json()

    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert answer["expires_in"] == 60 == claims["exp"] - claims["iat"]


def test_the_log_names_who_asked_but_never_the_secret(served):
    served.sim.log.clear()
    served.ask()
    served.ask(client_secret="stale")

    entries = served.http.get("/_sim/log").json()["entries"]

    assert [(one["identity"], one["message"], one["status"]) for one in entries] == [
        ("integration", "token", 200),
        ("anyone", "AADSTS7000215", 401),
    ]
    assert INTEGRATION.secret not in json.dumps(entries)


def test_a_service_refuses_tokens_that_are_not_for_it_now():
    clock = SimClock(frozen=True)
    issuer, stranger = TokenIssuer(tenant=TENANT, clock=clock), TokenIssuer(tenant=TENANT, clock=clock)
    verifier = TokenVerifier(issuer, SALES, clock)
    good = issuer.issue(INTEGRATION, SALES, timedelta(minutes=1))

    def refusal(header: str | None) -> str:
        with pytest.raises(Unauthorized) as refused:
            verifier.verify(header)
        return refused.value.reason

    assert verifier.verify(f"Bearer {good}")["appid"] == INTEGRATION.client_id
    assert verifier.verify(f"Bearer {issuer.issue(INTEGRATION, SALES + '/')}")["aud"] == SALES + "/"
    assert "audience" in refusal(f"Bearer {issuer.issue(INTEGRATION, BUSINESS_CENTRAL)}")
    assert "tenant" in refusal(f"Bearer {issuer.issue(INTEGRATION, SALES, tenant='elsewhere')}")
    assert "not valid" in refusal(f"Bearer {stranger.issue(INTEGRATION, SALES)}")
    assert "not valid" in refusal(f"Bearer {good[:-4]}AAAA")
    assert "no bearer token" in refusal(f"Basic {good}")
    assert "no Authorization" in refusal(None)
    clock.advance(60)
    assert "expired" in refusal(f"Bearer {good}")


def _wait_for(path: Path, process: subprocess.Popen[Any], seconds: float = 20) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while not path.exists():
        try:
            code = process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            assert time.monotonic() < end, f"{path.name} did not appear in {seconds} seconds"
        else:
            raise AssertionError(f"the simulator ended with {code}")
    said: dict[str, Any] = json.loads(path.read_text())
    return said


def test_two_processes_started_together_share_certificate_key_and_secrets(tmp_path):
    command = [
        sys.executable,
        "-m",
        "sandbox.simulators",
        "--which",
        "entra",
        "--run-dir",
        str(tmp_path / "run"),
    ]
    files = [tmp_path / "first.json", tmp_path / "second.json"]
    root = Path(__file__).parents[2]
    processes = [subprocess.Popen([*command, "--ready-file", str(file)], cwd=root) for file in files]
    try:
        facts = [_wait_for(file, process) for file, process in zip(files, processes, strict=True)]
        run_dir = RunDir(tmp_path / "run")
        caller = next(one for one in run_dir.identities() if one.name == "integration")
        for fact in facts:
            form = {
                "grant_type": "client_credentials",
                "client_id": caller.client_id,
                "client_secret": caller.secret,
                "scope": f"{BUSINESS_CENTRAL}/.default",
            }
            answer = httpx.post(
                f"{fact['authority']}/oauth2/v2.0/token", data=form, verify=run_dir.ssl_context()
            ).json()
            verifier = TokenVerifier(run_dir.issuer(), BUSINESS_CENTRAL, SimClock())
            assert verifier.verify(f"Bearer {answer['access_token']}")["oid"] == caller.object_id
    finally:
        for process in processes:
            process.terminate()
        codes = [process.wait(timeout=15) for process in processes]
    assert codes == [0, 0]
    assert not any(file.exists() for file in files)


def test_each_served_simulator_takes_only_the_tokens_made_for_it(tmp_path):
    names, run_dir, root = ("entra", "bc", "dataverse"), RunDir(tmp_path / "run"), Path(__file__).parents[2]
    command = [
        sys.executable,
        "-m",
        "sandbox.simulators",
        "--run-dir",
        str(run_dir.path),
        "--company",
        "Café",
    ]
    files = {name: tmp_path / f"{name}.json" for name in names}
    processes = {
        name: subprocess.Popen([*command, "--which", name, "--ready-file", str(files[name])], cwd=root)
        for name in names
    }
    try:
        facts = {name: _wait_for(files[name], processes[name]) for name in names}
        with httpx.Client(verify=run_dir.ssl_context()) as http:
            caller = next(one for one in run_dir.identities() if one.name == "integration")
            app = msal.ConfidentialClientApplication(
                caller.client_id,
                client_credential=caller.secret,
                authority=facts["entra"]["authority"],
                http_client=http,
                instance_discovery=False,
            )
            urls = {
                "bc": f"{facts['bc']['url']}/api/v2.0/companies",
                "dataverse": f"{facts['dataverse']['url']}/api/data/v9.2/WhoAmI",
            }

            def ask(service: str, token_for: str) -> httpx.Response:
                token = app.acquire_token_for_client(scopes=[f"{facts[token_for]['resource']}/.default"])
                return http.get(urls[service], headers={"Authorization": f"Bearer {token['access_token']}"})

            assert [(row["id"], row["name"]) for row in ask("bc", "bc").json()["value"]] == [
                (facts["bc"]["company_id"], "Café")
            ]
            assert ask("dataverse", "dataverse").json()["UserId"] == caller.user_id
            assert ask("bc", "dataverse").status_code == ask("dataverse", "bc").status_code == 401
            # A service a week ahead does not make the tokens of its callers old.
            http.post(f"{facts['dataverse']['origin']}/_sim/clock", json={"advance": 7 * 86400})
            assert ask("dataverse", "dataverse").status_code == 200
    finally:
        for process in processes.values():
            process.terminate()
        codes = [process.wait(timeout=15) for process in processes.values()]
    assert codes == [0, 0, 0]
