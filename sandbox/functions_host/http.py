"""HTTP routes on loopback: route parameters, function keys, `/admin`, Easy Auth's headers (1.27–1.32)."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from azure_functions_runtime.bindings.datumdef import Datum
from werkzeug.wrappers import Request, Response

from sandbox.functions_host.worker import Function, Result, text

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def pattern(route: str) -> re.Pattern[str]:
    """Return a route with `{name}`, `{name?}`, `{name:int}` and `{*rest}` as a regular expression."""
    parts: list[str] = []
    for part in route.strip("/").split("/"):
        found = re.fullmatch(r"\{(\*?)(\w+)(?::(\w+))?(\??)\}", part)
        if not found:
            parts.append("/" + re.escape(part))
            continue
        rest, name, kind, optional = found.groups()
        inner = ".*" if rest else (r"\d+" if kind == "int" else "[^/]+")
        parts.append(f"(?:/(?P<{name}>{inner}))?" if optional or rest else f"/(?P<{name}>{inner})")
    return re.compile("".join(parts) + "/?$")


class Http:
    """A WSGI app over the HTTP functions of an app."""

    def __init__(
        self,
        functions: Iterable[Function],
        call: Callable[[Function, Datum], Result],
        *,
        prefix: str,
        key: str,
        master_key: str,
        admin: Callable[[str, str], bool],
        easy_auth: bool,
    ) -> None:
        self._routes = [
            (pattern(f"{prefix}/{f.trigger.get('route') or f.name}"), f)
            for f in functions
            if f.trigger["type"] == "httpTrigger"
        ]
        self._call = call
        self._key, self._master_key = key, master_key
        self._admin = admin
        self._easy_auth = easy_auth

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        request = Request(environ)
        return self._serve(request)(environ, start)

    def _serve(self, request: Request) -> Response:
        if request.path.startswith("/admin/"):
            return self._serve_admin(request)
        fitting = [(m, f) for p, f in self._routes if (m := p.match(request.path))]
        if not fitting:
            return Response(status=404)
        for found, function in fitting:
            if request.method not in (function.trigger.get("methods") or METHODS):
                continue
            level = str(function.trigger.get("authLevel") or "function").lower()
            if not self._allowed(request, level):
                return Response(status=401)
            result = self._call(function, self._datum(request, found.groupdict()))
            return self._response(result)
        return Response(status=405)

    def _serve_admin(self, request: Request) -> Response:
        if not self._allowed(request, "admin"):
            return Response(status=401)
        if request.path == "/admin/host/status":
            return Response(json.dumps({"state": "Running"}), mimetype="application/json")
        found = re.fullmatch(r"/admin/functions/(\w+)", request.path)
        if found and request.method == "POST":
            given = json.loads(request.get_data() or b"{}").get("input") or ""
            known = self._admin(found.group(1), given if isinstance(given, str) else json.dumps(given))
            return Response(status=202 if known else 404)
        return Response(status=404)

    def _allowed(self, request: Request, level: str) -> bool:
        if level == "anonymous":
            return True
        given = request.headers.get("x-functions-key") or request.args.get("code") or ""
        keys = [self._master_key] if level == "admin" else [self._key, self._master_key]
        return any(k and hmac.compare_digest(k.encode(), given.encode()) for k in keys)

    def _datum(self, request: Request, params: Mapping[str, str | None]) -> Datum:
        headers = {
            k.lower(): text(v)
            for k, v in request.headers.items()
            # With Easy Auth on, the platform removes what callers write into these (7.3).
            if not (self._easy_auth and k.lower().startswith("x-ms-client-principal"))
        }
        value = {
            "method": text(request.method),
            "url": text(request.url),
            "headers": headers,
            "body": Datum(request.get_data(), "bytes"),
            "params": {k: text(v) for k, v in params.items() if v is not None},
            "query": {k: text(v) for k, v in request.args.items()},
        }
        return Datum(value, "http")

    @staticmethod
    def _response(result: Result) -> Response:
        if not result.ok or result.value is None:
            return Response(status=500)
        if result.value.type == "string":
            return Response(result.value.value)
        value = result.value.value
        headers = {k: v.value for k, v in value["headers"].items()}
        return Response(value["body"].value, status=int(value["status_code"].value), headers=headers)
