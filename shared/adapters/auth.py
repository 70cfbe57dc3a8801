"""Tokens for the two systems, as `httpx.Auth`: client credentials through msal (azure-platform.md §6).

msal keeps the token in memory until shortly before it expires and asks for another by itself; a
401 in between (a revoked token, a clock that is off) is answered with one fresh token.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from shared.adapters.credentials import Credential
from shared.core.errors import Misconfigured, Transient

#: Business Central's resource is the same for every environment (business-central-api.md §2).
BC_SCOPE = "https://api.businesscentral.dynamics.com/.default"
#: Hosts that msal may ask whether an authority is genuine; others it could not know.
MICROSOFT_HOSTS = (
    "microsoftonline.com",
    "microsoftonline.us",
    "microsoftonline.cn",
    "microsoft.com",
    "windows.net",
)
#: OAuth errors that pass by themselves.
PASSING = ("temporarily_unavailable", "server_error")

_CODE = re.compile(r"AADSTS\d+")


def dataverse_scope(organization_root: str) -> str:
    """Return Dataverse's scope: the organization's own address (dataverse-web-api.md §1)."""
    address = urlsplit(organization_root)
    return f"{address.scheme}://{address.netloc}/.default"


class FixedAuth(httpx.Auth):
    """One token that never changes, for simulators in the same process."""

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = self._header
        yield request


class ForMsal:
    """An `httpx.Client` as msal expects one: form values may be bytes, as its signed assertions are.

    httpx would send their Python form, "b'…'", which Entra calls malformed.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def get(self, url: str, **how: Any) -> httpx.Response:
        return self._http.get(url, **how)

    def post(self, url: str, *, data: Any = None, **how: Any) -> httpx.Response:
        if isinstance(data, dict):
            data = {k: v.decode() if isinstance(v, bytes) else v for k, v in data.items()}
        return self._http.post(url, data=data, **how)

    def close(self) -> None:
        """Not ours to close."""


class MsalAuth(httpx.Auth):
    """Args:
    credential: How the application proves who it is.
    login_url: `https://login.microsoftonline.com`, or the sandbox's token host.
    http: Client for the token requests; it carries the trusted certificates and the timeout, so
        that msal needs no client of its own.

    Opens nothing until the first request: msal asks for the authority's addresses when it is made.
    """

    def __init__(
        self,
        *,
        login_url: str,
        tenant_id: str,
        client_id: str,
        credential: Credential,
        scope: str,
        http: httpx.Client,
    ) -> None:
        self._authority = f"{login_url.rstrip('/')}/{tenant_id}"
        self._client_id = client_id
        self._credential = credential
        self._scope = scope
        self._http = http
        self._lock = threading.Lock()
        self._application: Any = None

    def __repr__(self) -> str:
        return f"MsalAuth(client_id={self._client_id!r}, scope={self._scope!r})"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        token = self.token()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == 401:
            request.headers["Authorization"] = f"Bearer {self.token(instead_of=token)}"
            yield request

    def token(self, *, instead_of: str | None = None) -> str:
        """Return a token; `instead_of` is one that was refused.

        msal cannot be told to forget a token, so a new application is made, with an empty cache,
        unless another thread has already got a new token.

        Raises:
            Misconfigured: the token service knows the client, its credential or the tenant not.
            Transient: it does not answer.
        """
        with self._lock:
            token = self._acquire()
            if token == instead_of:
                self._application = None
                token = self._acquire()
            return token

    def _acquire(self) -> str:
        # Imported late: msal takes a while, and nothing may be slow at start-up (design §10).
        import msal

        try:
            if self._application is None:
                host = urlsplit(self._authority).hostname or ""
                known = any(host == h or host.endswith(f".{h}") for h in MICROSOFT_HOSTS)
                self._application = msal.ConfidentialClientApplication(
                    self._client_id,
                    client_credential=self._credential.for_msal(ForMsal(self._http)),
                    authority=self._authority,
                    instance_discovery=None if known else False,
                    http_client=ForMsal(self._http),
                )
            answer = self._application.acquire_token_for_client(scopes=[self._scope])
        except httpx.HTTPError as problem:
            raise Transient(f"the token service cannot be reached ({type(problem).__name__})") from None
        except (msal.exceptions.MsalServiceError, RuntimeError) as problem:
            raise Transient(f"the token service has a problem ({type(problem).__name__})") from None
        except ValueError:
            raise Misconfigured(f"the token service does not know the tenant: {self._authority}") from None
        if token := answer.get("access_token"):
            return str(token)
        raise _refused(answer, self._client_id)


class Several(httpx.Auth):
    """Several application users in turn, each with limits of its own (business-central-api.md §8,
    dataverse-web-api.md §7): the one with the fewest requests under way is next.

    A 429 was not done, so the request goes out once more as a user that was not told to wait.
    `Retry-After` counts from `now`, in seconds.
    """

    def __init__(self, users: Sequence[httpx.Auth], *, now: Callable[[], float] = time.monotonic) -> None:
        self._users = tuple(users)
        self._now = now
        self._busy = [0] * len(self._users)
        self._free_at = [0.0] * len(self._users)
        self._lock = threading.Lock()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        asked: set[int] = set()
        while (chosen := self._choose(asked)) is not None:
            asked.add(chosen)
            try:
                status, wait = yield from self._as(self._users[chosen], request)
            finally:
                with self._lock:
                    self._busy[chosen] -= 1
            if status != 429:
                return
            with self._lock:
                self._free_at[chosen] = self._now() + wait

    def _choose(self, asked: set[int]) -> int | None:
        """Return the user to ask next; all of them told to wait, the one that is free first."""
        with self._lock:
            now = self._now()
            left = [n for n in range(len(self._users)) if n not in asked]
            if asked:
                left = [n for n in left if self._free_at[n] <= now]
            if not left:
                return None
            chosen = min(left, key=lambda n: (max(self._free_at[n], now), self._busy[n]))
            self._busy[chosen] += 1
            return chosen

    @staticmethod
    def _as(
        user: httpx.Auth, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, tuple[int, float]]:
        """Let one user send the request as it would alone; return the last status, and how long to wait."""
        flow = user.auth_flow(request)
        response = yield next(flow)
        while True:
            try:
                response = yield flow.send(response)
            except StopIteration:
                text = response.headers.get("Retry-After", "")
                return response.status_code, float(text) if text.isdigit() else 1.0


def _refused(answer: dict[str, Any], client_id: str) -> Misconfigured | Transient:
    """Translate msal's answer. Its description may quote the request, so only its code is told."""
    error = str(answer.get("error") or "no reason given")
    if error in PASSING:
        return Transient(f"the token service says {error}")
    code = _CODE.search(str(answer.get("error_description") or ""))
    return Misconfigured(f"no token for client {client_id}: {error}{f' ({code[0]})' if code else ''}")
