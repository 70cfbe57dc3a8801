"""The part of a simulator that is the same for all: who calls, what goes wrong, what it cost, the control surface."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from sandbox.simkit import control
from sandbox.simkit.answers import json_response
from sandbox.simkit.clock import SimClock
from sandbox.simkit.faults import Fault, Faults, LostReply, RequestKind
from sandbox.simkit.log import RequestLog
from sandbox.simkit.tokens import Identity, TokenVerifier, Unauthorized

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@dataclass(kw_only=True)
class Current:
    """The request that this thread is serving."""

    fault: Fault | None = None
    identity: Identity | None = None
    kind: RequestKind | None = None
    operations: int = 1
    read: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    message: str | None = None


class SimApp(ABC):
    """Base of the simulators: a WSGI app that knows its callers, its faults and its log.

    A subclass says how to `serve` a request and what its refusals look like. Served by several threads at
    once; the subclass guards its own rows (`self.lock` is there for it).

    Without a verifier the app trusts `Authorization: Bearer <client id>`, which is meant for tests that call
    it in their own process and never for a server.
    """

    def __init__(
        self,
        *,
        name: str,
        clock: SimClock,
        verifier: TokenVerifier | None,
        identities: Sequence[Identity],
        log: RequestLog | None = None,
        seed: int = 0,
    ) -> None:
        self.name = name
        self.clock = clock
        self.verifier = verifier
        self.identities = list(identities)
        self.faults = Faults(seed=seed)
        self.log = log or RequestLog()
        #: Limits and switches, read and changed by `/_sim/settings`. The subclass fills it; an unknown name is refused.
        self.settings: dict[str, Any] = {}
        #: What people do that a service alone knows: `POST /_sim/<verb>` calls it with the JSON as arguments.
        self.actions: dict[str, Callable[..., Any]] = {}
        self.lock = threading.RLock()
        self.sleep: Callable[[float], None] = time.sleep
        self._thread = threading.local()

    # --- what a subclass says ---

    @abstractmethod
    def serve(self, request: Request, identity: Identity) -> Response:
        """Answer one authorized request."""

    def classify(self, request: Request) -> RequestKind:
        """Say whether the request reads or writes. `note(kind=...)` may correct it while serving (`$batch`)."""
        return "read" if request.method in ("GET", "HEAD", "OPTIONS") else "write"

    def unauthorized(self, reason: str) -> Response:
        """Return the 401 of this service."""
        return json_response(
            {"error": {"code": "Unauthorized", "message": reason}}, 401, {"WWW-Authenticate": "Bearer"}
        )

    def unknown_user(self, claims: Mapping[str, Any]) -> Response:
        """Return the answer to a good token whose app is no user of this service."""
        return self.unauthorized(f"{claims.get('appid')} is no user of {self.name}")

    def throttle(self, request: Request, identity: Identity) -> Response | None:
        """Return a 429 when the caller has used up its allowance, else None. Asked before the faults."""
        return None

    def fault_response(self, fault: Fault) -> Response:
        """Return the body of an injected error whose fault names none, in the shape of this service."""
        said = {"error": {"code": str(fault.status), "message": f"{self.name} was told to fail"}}
        return json_response(said, fault.status or 500)

    def reset(self) -> None:  # noqa: B027  # Entra has no rows
        """Drop all rows and begin as new. Clears neither faults nor log; `/_sim/reset` does that too."""

    def load(self, table: str, rows: Sequence[Mapping[str, Any]]) -> int:
        """Store rows as they are, with their ids, without the service's rules. Return how many."""
        raise control.Unknown

    def settings_changed(self) -> None:  # noqa: B027  # nor does it keep what follows from them
        """Hear that `self.settings` were changed through `/_sim/settings`."""

    # --- what a subclass may ask and tell while serving ---

    @property
    def current(self) -> Current:
        """The request that this thread is serving (an empty one outside of a request)."""
        held: Current | None = getattr(self._thread, "current", None)
        if held is None:
            held = self._thread.current = Current()
        return held

    @property
    def half_page(self) -> bool:
        """True when a fault wants this page cut short, with the link to the rest."""
        return self.current.fault is not None and self.current.fault.half_page

    def note(
        self,
        *,
        read: Mapping[str, int] | None = None,
        written: Mapping[str, int] | None = None,
        operations: int | None = None,
        message: str | None = None,
        kind: RequestKind | None = None,
    ) -> None:
        """Add rows by entity set to the current request's log entry; set its operations, message and kind."""
        current = self.current
        current.read.update(read or {})
        current.written.update(written or {})
        if operations is not None:
            current.operations = operations
        if message is not None:
            current.message = message
        if kind is not None:
            current.kind = kind

    def find_identity(self, client_id: str) -> Identity | None:
        return next((one for one in self.identities if one.client_id == client_id), None)

    def named(self, name: str) -> Identity:
        """Return the identity called `name`; KeyError when there is none."""
        for one in self.identities:
            if one.name == name:
                return one
        raise KeyError(name)

    # --- WSGI ---

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        # Read the body in any case: on a kept-alive connection an unread body would become the next request.
        request.get_data(cache=True)
        if request.path.startswith("/_sim/"):
            return control.answer(self, request)(environ, start_response)
        return self._logged(request)(environ, start_response)

    def _logged(self, request: Request) -> Response:
        current = self._thread.current = Current()
        at, started = self.clock.now(), time.perf_counter()
        status = 500  # if serving raises, which is a bug of the simulator and shows in the caller's test
        try:
            response = self._answer(request, current)
            # The service's own time, which is not the caller's (RFC 9110, 6.6.1).
            response.headers.setdefault("Date", http_date(self.clock.now()))
            status = response.status_code
            return response
        except LostReply:
            status = 0
            raise
        finally:
            self.log.add(
                at=at,
                method=request.method,
                path=_path(request),
                kind=current.kind or "write",
                status=status,
                operations=current.operations,
                read=current.read,
                written=current.written,
                identity=current.identity.name if current.identity else None,
                message=current.message,
                duration_ms=(time.perf_counter() - started) * 1000,
            )
            self._thread.current = None

    def _answer(self, request: Request, current: Current) -> Response:
        kind = current.kind = self.classify(request)
        identity = self.caller(request)
        if isinstance(identity, Response):
            return identity
        current.identity = identity
        if (refusal := self.throttle(request, identity)) is not None:
            return refusal
        fault = current.fault = self.faults.take(request.method, _path(request), kind)
        if fault is None:
            return self.serve(request, identity)
        self._wait(fault.latency_seconds)
        if fault.status is not None:
            response = (
                json_response(fault.body, fault.status)
                if fault.body is not None
                else self.fault_response(fault)
            )
            response.headers.update(fault.headers)
        else:
            response = self.serve(request, identity)
        if fault.lost_reply:
            raise LostReply()
        return response

    def caller(self, request: Request) -> Identity | Response:
        """Return who calls, or the refusal."""
        header = request.headers.get("Authorization")
        try:
            if self.verifier is None:
                claims: Mapping[str, Any] = {"appid": _bare_client_id(header)}
            else:
                claims = self.verifier.verify(header)
        except Unauthorized as refused:
            return self.unauthorized(refused.reason)
        identity = self.find_identity(claims["appid"])
        return identity if identity is not None else self.unknown_user(claims)

    def _wait(self, seconds: float) -> None:
        """Let time pass: on a frozen clock by moving it, so that no test has to wait."""
        if seconds <= 0:
            return
        if self.clock.frozen:
            self.clock.advance(seconds)
        else:
            self.sleep(seconds)


def _bare_client_id(header: str | None) -> str:
    scheme, _, client_id = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not client_id.strip():
        raise Unauthorized("no bearer token")
    return client_id.strip()


def _path(request: Request) -> str:
    query = request.query_string.decode("latin-1")
    return f"{request.path}?{query}" if query else request.path
