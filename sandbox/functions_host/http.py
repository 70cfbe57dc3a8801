"""HTTP on loopback: routes, keys, Easy Auth, and the host's own `/admin` (azure-platform.md 1.27–1.32, §7)."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sandbox.functions_host.calls import Calls
from sandbox.functions_host.protocol import protos
from sandbox.functions_host.triggers import HttpTrigger
from sandbox.functions_host.worker import Invocation, Result

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: Headers that only the platform may write when Easy Auth is on (7.1, 7.3).
PLATFORM_HEADERS = ("x-ms-client-principal", "x-ms-token-")
PARAMETER = re.compile(r"\{(?P<rest>\*?)(?P<name>\w+)(?::(?P<kind>\w+))?(?P<optional>\??)\}")
KINDS = {
    "int": r"-?\d+",
    "guid": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "alpha": r"[A-Za-z]+",
}


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The app's keys: `function` opens routes of that level, `master` every route and `/admin`."""

    function: str = field(repr=False)
    master: str = field(repr=False)

    def open(self, level: str, given: str) -> bool:
        keys = {"anonymous": (), "function": (self.function, self.master), "admin": (self.master,)}[level]
        if level == "anonymous":
            return True
        # Every key is compared: how long it takes says nothing about which one fits.
        return any([hmac.compare_digest(key.encode(), given.encode()) for key in keys if key])


@dataclass(frozen=True, kw_only=True)
class EasyAuth:
    """The platform's sign-in. Off: callers' headers pass unchanged, so anybody can forge a principal (7.3).

    On: callers' principal headers are removed, and a known `Authorization: Bearer` token becomes a principal.
    """

    on: bool
    #: Token → principal as the platform writes it (7.1).
    principals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def headers(self, given: Mapping[str, str]) -> dict[str, str] | None:
        """Return the headers that the app sees; None when the caller's token is not known."""
        if not self.on:
            return dict(given)
        kept = {k: v for k, v in given.items() if not k.lower().startswith(PLATFORM_HEADERS)}
        scheme, _, token = given.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return kept
        principal = self.principals.get(token)
        if principal is None:
            return None
        text = base64.b64encode(json.dumps(principal).encode()).decode()
        return kept | {
            "X-MS-CLIENT-PRINCIPAL": text,
            "X-MS-CLIENT-PRINCIPAL-IDP": str(principal.get("auth_typ", "")),
        }


@dataclass(frozen=True)
class Route:
    """A route as a pattern; `order` puts the more exact one first."""

    trigger: HttpTrigger
    pattern: re.Pattern[str]
    order: tuple[int, ...]

    @classmethod
    def of(cls, trigger: HttpTrigger, prefix: str) -> Route:
        parts, order = [], []
        for part in f"{prefix}/{trigger.route}".strip("/").split("/"):
            said = PARAMETER.fullmatch(part)
            if said is None:
                parts.append("/" + re.escape(part))
                order.append(0)
                continue
            inner = ".*" if said["rest"] else KINDS.get(said["kind"] or "", "[^/]+")
            one = f"/(?P<{said['name']}>{inner})"
            parts.append(f"(?:{one})?" if said["optional"] or said["rest"] else one)
            order.append(3 if said["rest"] else 1 if said["kind"] else 2)
        return cls(trigger, re.compile("".join(parts) + "/?", re.IGNORECASE), tuple(order))


class Http:
    """The WSGI app of a host."""

    def __init__(
        self,
        triggers: Iterable[HttpTrigger],
        calls: Calls,
        *,
        prefix: str,
        keys: Keys,
        easy_auth: EasyAuth,
        functions: Mapping[str, str],
        by_hand: Callable[[str, str], bool],
    ) -> None:
        """`functions`: trigger type by function name; `by_hand` starts one and says whether it could."""
        self._routes = sorted((Route.of(t, prefix) for t in triggers), key=lambda r: r.order)
        self._calls = calls
        self._keys = keys
        self._easy_auth = easy_auth
        self._functions = functions
        self._by_hand = by_hand

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        answer = self._admin(request) if request.path.startswith("/admin/") else self._serve(request)
        return answer(environ, start)

    # --- the app's routes ------------------------------------------------------------------------

    def _serve(self, request: Request) -> Response:
        for route in self._routes:
            found = route.pattern.fullmatch(request.path)
            trigger = route.trigger
            # A method that no route takes is not found, not "not allowed" (inferred).
            if found is None or (trigger.methods and request.method not in trigger.methods):
                continue
            headers = self._easy_auth.headers(dict(request.headers))
            if headers is None or not self._keys.open(trigger.level, _key(request)):
                return Response(status=401)
            params = {k: v for k, v in found.groupdict().items() if v is not None}
            return _response(self._calls.run(_invocation(trigger, request, headers, params), "http"))
        return Response(status=404)

    # --- the host's own --------------------------------------------------------------------------

    def _admin(self, request: Request) -> Response:
        if request.path == "/admin/host/ping":
            return Response(status=200)
        if not self._keys.open("admin", _key(request)):
            return Response(status=401)
        match request.method, request.path:
            case "GET", "/admin/host/status":
                return _json({"state": "Running", "running": self._calls.running})
            case "GET", "/admin/functions":
                return _json([{"name": n, "trigger": t} for n, t in self._functions.items()])
            case "POST", path if found := re.fullmatch(r"/admin/functions/(\w+)", path):
                return self._start(found[1], request)
        return Response(status=404)

    def _start(self, name: str, request: Request) -> Response:
        """Start a function and answer at once, whatever becomes of it."""
        if name not in self._functions:
            return Response(status=404)
        try:
            said = json.loads(request.get_data() or b"{}")
            given = said.get("input") or ""
        except (ValueError, AttributeError):
            return Response('the body must be a JSON object like {"input": "..."}', status=400)
        if not self._by_hand(name, given if isinstance(given, str) else json.dumps(given)):
            return Response(f"{name} is an HTTP function: call its route", status=400)
        return Response(status=202)


def _key(request: Request) -> str:
    return request.headers.get("x-functions-key") or request.args.get("code") or ""


def _invocation(
    trigger: HttpTrigger, request: Request, headers: Mapping[str, str], params: Mapping[str, str]
) -> Invocation:
    http = protos.RpcHttp(
        method=request.method,
        url=request.url,
        headers=headers,
        query=dict(request.args.items()),
        params=params,
        body=protos.TypedData(bytes=request.get_data()),
    )
    return Invocation(
        function=trigger.function,
        argument=trigger.argument,
        value=protos.TypedData(http=http),
        trace_parent=request.headers.get("traceparent", ""),
    )


def _response(result: Result) -> Response:
    if not result.ok:
        return Response(status=500)
    if result.value is None:
        return Response(status=204)
    kind = result.value.WhichOneof("data")
    if kind != "http":
        return Response(_bytes(result.value), mimetype="text/plain")
    said = result.value.http
    answer = Response(_bytes(said.body), status=int(said.status_code or 200), headers=dict(said.headers))
    for cookie in said.cookies:
        answer.set_cookie(
            cookie.name,
            cookie.value,
            path=cookie.path.value or "/",
            domain=cookie.domain.value or None,
            secure=cookie.secure.value,
            httponly=cookie.http_only.value,
        )
    return answer


def _bytes(value: Any) -> bytes:
    match value.WhichOneof("data"):
        case "bytes":
            found: bytes = value.bytes
            return found
        case "string":
            return str(value.string).encode()
        case "json":
            return str(value.json).encode()
    return b""


def _json(value: object) -> Response:
    return Response(json.dumps(value), mimetype="application/json")
