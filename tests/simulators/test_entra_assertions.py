"""Sign-in without a secret, by the product's own code against the simulated Entra over TLS (P32)."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    load_pem_private_key,
    pkcs12,
)

from sandbox.entra import BUSINESS_CENTRAL, MSI, EntraSim
from sandbox.entra.assertions import EXCHANGE, TYPE
from sandbox.simkit import (
    INTEGRATION,
    MANAGED_IDENTITY,
    PEOPLE,
    TENANT,
    TokenIssuer,
    TokenVerifier,
    Unauthorized,
)
from sandbox.simkit.certificate import self_signed
from sandbox.simkit.run_dir import RunDir
from sandbox.simkit.server import serve_in_thread
from shared.adapters.auth import MsalAuth, dataverse_scope
from shared.adapters.credentials import Certificate, Credential, FederatedIdentity
from shared.core.errors import Misconfigured

SALES = "https://sales.sandbox.test"


@dataclass(frozen=True, kw_only=True)
class Served:
    sim: EntraSim
    origin: str
    http: httpx.Client
    pem: str

    def auth(self, credential: Credential) -> MsalAuth:
        return MsalAuth(
            login_url=self.origin,
            tenant_id=TENANT,
            client_id=INTEGRATION.client_id,
            credential=credential,
            scope=dataverse_scope(SALES),
            http=self.http,
        )

    def accepted(self, token: str) -> str:
        verifier = TokenVerifier(self.sim.issuer, SALES, self.sim.clock)
        return str(verifier.verify(f"Bearer {token}")["oid"])

    def ask(self, assertion: str, *, kind: str = TYPE) -> httpx.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": INTEGRATION.client_id,
            "scope": f"{SALES}/.default",
            "client_assertion": assertion,
            "client_assertion_type": kind,
        }
        return self.http.post(f"{self.origin}/{TENANT}/oauth2/v2.0/token", data=form)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    key, certificate = self_signed("integration")
    run_dir, issuer = RunDir(tmp_path_factory.mktemp("run")), TokenIssuer(tenant=TENANT)
    sim = EntraSim(
        clock=issuer.clock,
        issuer=issuer,
        identities=(replace(INTEGRATION, certificate=certificate), PEOPLE),
        resources=(BUSINESS_CENTRAL, SALES),
    )
    with serve_in_thread(sim, run_dir) as server, httpx.Client(verify=run_dir.ssl_context()) as http:
        yield Served(sim=sim, origin=server.origin, http=http, pem=key + certificate)


@pytest.fixture
def in_function_app(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{served.origin}{MSI}")
    monkeypatch.setenv("IDENTITY_HEADER", MANAGED_IDENTITY.header)


def pfx(pem: str, password: str = "") -> bytes:
    lock: Any = BestAvailableEncryption(password.encode()) if password else None
    from cryptography.hazmat.primitives.serialization import NoEncryption

    return pkcs12.serialize_key_and_certificates(
        b"integration",
        load_pem_private_key(pem.encode(), None),  # type: ignore[arg-type]
        x509.load_pem_x509_certificate(pem.encode()),
        None,
        lock or NoEncryption(),
    )


def test_a_certificate_signs_in_from_pem_from_a_file_and_as_key_vault_gives_it_P32(served, tmp_path):
    file = tmp_path / "integration.pfx"
    file.write_bytes(pfx(served.pem, "hush"))
    forms = [
        Certificate(source=served.pem),
        Certificate(source=served.pem.replace("\n", "\\n")),
        Certificate(source=base64.b64encode(pfx(served.pem)).decode()),
        Certificate(source=str(file), password="hush"),
    ]

    for credential in forms:
        assert served.accepted(served.auth(credential).token()) == INTEGRATION.object_id


def test_a_managed_identity_vouches_and_there_is_no_secret_P32(served, in_function_app):
    token = served.auth(FederatedIdentity(identity_client_id=MANAGED_IDENTITY.client_id)).token()

    assert served.accepted(token) == INTEGRATION.object_id


@pytest.mark.parametrize(
    ("source", "password", "problem"),
    [
        pytest.param("/no/such/file.pem", "", "nor a file: No such file", id="no-such-file"),
        pytest.param(base64.b64encode(b"rubbish").decode(), "", "cannot be read", id="rubbish"),
        pytest.param("pfx", "wrong", "cannot be read", id="wrong-password"),
        pytest.param("certificate", "", "cannot be read", id="certificate-without-key"),
        pytest.param("ended", "", "ended on", id="certificate-that-is-over"),
    ],
)
def test_a_certificate_that_cannot_sign_in_says_why_without_showing_it(served, source, password, problem):
    made = {
        "pfx": lambda: base64.b64encode(pfx(served.pem, "hush")).decode(),
        "certificate": lambda: served.pem[served.pem.index("-----BEGIN CERTIFICATE") :],
        "ended": lambda: "".join(self_signed("old", days=1, from_day=-3)),
    }
    text = made[source]() if source in made else source

    with pytest.raises(Misconfigured, match=problem) as caught:
        served.auth(Certificate(source=text, password=password)).token()

    assert "BEGIN" not in str(caught.value) and "hush" not in str(caught.value)


def test_a_certificate_that_is_not_registered_is_refused_by_name(served):
    stranger = Certificate(source="".join(self_signed("stranger")))

    with pytest.raises(Misconfigured, match="AADSTS700027"):
        served.auth(stranger).token()


def test_an_identity_that_is_not_assigned_is_named(served, in_function_app):
    other = FederatedIdentity(identity_client_id="7e570000-0000-4000-8000-0000000000ff")

    with pytest.raises(Misconfigured, match="0000000000ff gives no token"):
        served.auth(other).token()


def test_a_wrong_identity_header_gets_no_token(served, in_function_app, monkeypatch):
    monkeypatch.setenv("IDENTITY_HEADER", "guessed")

    with pytest.raises(Misconfigured, match="gives no token"):
        served.auth(FederatedIdentity(identity_client_id=MANAGED_IDENTITY.client_id)).token()


def by_certificate(served: Served, **differs: Any) -> str:
    certificate = x509.load_pem_x509_certificate(served.pem.encode())
    from cryptography.hazmat.primitives import hashes

    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode().rstrip("=")
    now = int(time.time())
    claims = {
        "aud": f"{served.origin}/{TENANT}/oauth2/v2.0/token",
        "iss": INTEGRATION.client_id,
        "sub": INTEGRATION.client_id,
        "nbf": now,
        "exp": now + 600,
        "jti": str(uuid.uuid4()),
    } | differs
    return jwt.encode(
        claims, load_pem_private_key(served.pem.encode(), None), "PS256", {"x5t#S256": thumbprint}
    )


@pytest.mark.parametrize(
    ("differs", "number"),
    [
        pytest.param({"exp": int(time.time()) - 1}, 700024, id="expired"),
        pytest.param({"nbf": int(time.time()) + 3600}, 700024, id="not-yet-valid"),
        pytest.param({"aud": "https://elsewhere/token"}, 700023, id="wrong-audience"),
        pytest.param({"aud": "https://login.test/other-tenant/oauth2/v2.0/token"}, 700023, id="wrong-tenant"),
        pytest.param({"sub": PEOPLE.client_id}, 50027, id="another-subject"),
    ],
)
def test_an_assertion_that_entra_refuses(served, differs, number):
    assert "access_token" in served.ask(by_certificate(served)).json()

    answer = served.ask(by_certificate(served, **differs))

    assert (answer.status_code, answer.json()["error_codes"]) == (401, [number])


def test_an_assertion_of_another_type_or_none_at_all_is_refused(served):
    assert served.ask(by_certificate(served), kind="saml").json()["error_codes"] == [900023]
    assert served.ask("not.a.token").json()["error_codes"] == [50027]


def vouched(served: Served, *, audience: str = EXCHANGE, resource_owner: str = "") -> str:
    identity = replace(MANAGED_IDENTITY, principal_id=resource_owner or MANAGED_IDENTITY.principal_id)
    from datetime import timedelta

    return served.sim.issuer.issue_for_identity(
        identity, audience, timedelta(minutes=5), iss=f"{served.origin}/{TENANT}/v2.0"
    )


def test_a_federated_identity_must_match_subject_audience_issuer_and_signature(served):
    assert "access_token" in served.ask(vouched(served)).json()
    assert served.ask(vouched(served, audience=SALES)).json()["error_codes"] == [700212]
    assert served.ask(vouched(served, resource_owner="somebody")).json()["error_codes"] == [700213]
    elsewhere = jwt.encode({"iss": "https://elsewhere", "sub": "x", "aud": EXCHANGE}, "k" * 32, "HS256")
    assert served.ask(elsewhere).json()["error_codes"] == [700211]
    assert served.ask(vouched(served)[:-4] + "AAAA").json()["error_codes"] == [700027]


def test_an_identitys_own_token_opens_neither_system(served):
    """A token for the exchange is not one for a service."""
    with pytest.raises(Unauthorized):
        served.accepted(vouched(served))
