"""Tokens: asked for late, kept, renewed once after a 401, and never shown."""

from __future__ import annotations

from urllib.parse import parse_qs

import httpx
import pytest

from shared.adapters.auth import BC_SCOPE, FixedAuth, MsalAuth, Several, dataverse_scope
from shared.adapters.credentials import Secret
from shared.adapters.throttle import Channel, Effect
from shared.core.errors import Misconfigured, Transient

SECRET = "not-a-real-secret"


class Login:
    """A token service: discovery document and tokens numbered as they are given out."""

    def __init__(self) -> None:
        self.issued = 0
        self.forms: list[dict[str, list[str]]] = []
        self.refusal: httpx.Response | Exception | None = None
        self.http = httpx.Client(transport=httpx.MockTransport(self._answer))

    def auth(self, scope: str = BC_SCOPE) -> MsalAuth:
        return MsalAuth(
            login_url="https://login.test:8443",
            tenant_id="tenant-1",
            client_id="client-1",
            credential=Secret(SECRET),
            scope=scope,
            http=self.http,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self.refusal, Exception):
            raise self.refusal
        if request.url.path.endswith("openid-configuration"):
            root = "https://login.test:8443/tenant-1"
            return httpx.Response(
                200,
                json={
                    "issuer": f"{root}/v2.0",
                    "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{root}/oauth2/v2.0/token",
                },
            )
        self.forms.append(parse_qs(request.content.decode()))
        if self.refusal is not None:
            return self.refusal
        self.issued += 1
        token = f"token-{self.issued}"
        return httpx.Response(200, json={"access_token": token, "expires_in": 3600, "token_type": "Bearer"})


class Api:
    """Accepts only the tokens it is told to."""

    def __init__(self, *accepted: str) -> None:
        self.accepted = accepted
        self.seen: list[str] = []

    def channel(self, auth: httpx.Auth) -> Channel:
        http = httpx.Client(transport=httpx.MockTransport(self._answer), auth=auth)
        return Channel(http, system="Test", parallel=1, sleep=lambda _: None)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request.headers["Authorization"].removeprefix("Bearer "))
        return httpx.Response(200 if self.seen[-1] in self.accepted else 401)


def ask(channel: Channel) -> httpx.Response:
    return channel.send("GET", "https://api.test/x", effect=Effect.READ, headers={})


def test_nothing_is_asked_for_before_the_first_request():
    login = Login()
    login.refusal = httpx.ConnectError("no network")

    assert "client-1" in repr(login.auth())


def test_one_token_serves_many_requests():
    login, api = Login(), Api("token-1")
    channel = api.channel(login.auth())

    assert [ask(channel).status_code for _ in range(3)] == [200, 200, 200]
    assert api.seen == ["token-1"] * 3
    assert login.issued == 1


def test_the_scope_and_the_grant_are_those_of_a_service():
    login = Login()
    login.auth(dataverse_scope("https://org.crm4.dynamics.com/")).token()

    [form] = login.forms
    assert form["grant_type"] == ["client_credentials"]
    assert form["scope"] == ["https://org.crm4.dynamics.com/.default"]


def test_a_refused_token_is_replaced_once():
    login, api = Login(), Api("token-2")

    assert ask(api.channel(login.auth())).status_code == 200
    assert api.seen == ["token-1", "token-2"]


def test_a_second_refusal_is_for_a_person():
    login, api = Login(), Api()

    with pytest.raises(Misconfigured, match="token"):
        ask(api.channel(login.auth()))
    assert api.seen == ["token-1", "token-2"]


def test_a_token_that_another_thread_renewed_is_used_as_it_is():
    login = Login()
    auth = login.auth()
    old = auth.token()
    new = auth.token(instead_of=old)

    assert auth.token(instead_of=old) == new
    assert login.issued == 2


def test_a_wrong_secret_is_named_by_its_code_and_never_shown():
    login = Login()
    login.refusal = httpx.Response(
        401,
        json={
            "error": "invalid_client",
            "error_description": f"AADSTS7000215: Invalid client secret provided: {SECRET}. Trace ID: 1",
        },
    )

    with pytest.raises(Misconfigured) as caught:
        login.auth().token()

    assert str(caught.value) == "no token for client client-1: invalid_client (AADSTS7000215)"
    assert SECRET not in repr(login.auth())


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(httpx.ConnectError("no network"), id="unreachable"),
        pytest.param(httpx.ReadTimeout("slow"), id="slow"),
    ],
)
def test_a_token_service_that_does_not_answer_passes(refusal):
    login = Login()
    login.refusal = refusal

    with pytest.raises(Transient):
        login.auth().token()


def test_a_broken_token_service_passes():
    login = Login()
    login.refusal = httpx.Response(503, json={})

    with pytest.raises(Transient):
        login.auth().token()


def test_a_fixed_token_is_sent_as_it_is():
    api = Api("fixed")

    assert ask(api.channel(FixedAuth("fixed"))).status_code == 200


class User(httpx.Auth):
    def __init__(self, name: str) -> None:
        self.name = name

    def auth_flow(self, request):
        request.headers["Authorization"] = self.name
        yield request


class Service:
    """Answers each user as told, and remembers who asked."""

    def __init__(self, **told: tuple[int, str]) -> None:
        self.told = told
        self.asked: list[str] = []

    def client(self, now=lambda: 0.0) -> httpx.Client:
        auth = Several([User("one"), User("two")], now=now)
        return httpx.Client(transport=httpx.MockTransport(self._answer), auth=auth)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.headers["Authorization"])
        status, wait = self.told.get(self.asked[-1], (200, ""))
        return httpx.Response(status, headers={"Retry-After": wait} if wait else {})


def test_a_user_that_is_told_to_wait_leaves_the_request_to_another():
    time = [0.0]
    service = Service(one=(429, "30"))
    http = service.client(lambda: time[0])

    assert [http.get("https://api.test").status_code for _ in range(3)] == [200, 200, 200]
    assert service.asked == ["one", "two", "two", "two"]

    service.told, time[0] = {}, 31.0
    http.get("https://api.test")
    assert service.asked[-1] == "one"


def test_when_all_users_must_wait_the_caller_hears_it():
    service = Service(one=(429, "30"), two=(429, "10"))

    answer = service.client().get("https://api.test")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
    assert service.asked == ["one", "two"]


def test_requests_that_are_under_way_at_once_are_shared_among_the_users():
    several = Several([User("one"), User("two")])
    first, second = httpx.Request("GET", "https://api.test"), httpx.Request("GET", "https://api.test")
    flows = [several.auth_flow(first), several.auth_flow(second)]
    for flow in flows:
        next(flow)

    assert [r.headers["Authorization"] for r in (first, second)] == ["one", "two"]
