"""The administrators' API (design §11): parse, one call, translate."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import azure.functions as func

from functions.access import Access, access_of, availability_access
from functions.calls import guarded
from functions.openapi import ABOUT, JSON, KEY_OF_ITS_OWN, document
from functions.timers import schedule_problems
from shared.core.errors import Misconfigured, SyncError, Transient
from shared.engine.admin import AdminApi, ApiProblem
from shared.engine.messages import RECORD_ID
from shared.signal_names import CALL
from shared.trace import Trace
from shared.wiring import app, signals

bp = func.Blueprint()
#: Bytes of a request body; the longest one names 1,000 records.
BODY_LIMIT = 65_536
#: Ids of runs are ours. Whatever else is in a path never reaches an address or a key.
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
RUN_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
#: What `after` may be; ours are shorter.
AFTER = re.compile(r"[!-~]{1,512}")

Call = Callable[[AdminApi, func.HttpRequest], Any]


@dataclass(frozen=True)
class Alone:
    """A call that answers while the app cannot be put together."""

    call: Callable[[], Any]


def problem(status: int, title: str, detail: str = "") -> func.HttpResponse:
    """Return an RFC 9457 problem."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return func.HttpResponse(
        json.dumps(body),
        status_code=status,
        mimetype="application/problem+json",
        headers={"WWW-Authenticate": 'Bearer realm="Tandem"'} if status == 401 else None,
    )


def answer(
    name: str, request: func.HttpRequest, needs: Access, call: Call | Alone, status: int
) -> func.HttpResponse:
    """Check access, call, and turn what comes back into a response. Nothing secret leaves here."""
    access, known = access_of(dict(request.headers), os.environ)
    if access < needs:
        if not known:
            return problem(401, "Sign in", "send x-api-key, or sign in with a role of this app")
        return problem(
            403, "Not allowed", f"this needs {'Sync.Admin' if needs is Access.ADMIN else 'Sync.Read'}"
        )
    if len(request.get_body() or b"") > BODY_LIMIT:
        return problem(413, "Too large", f"a body takes at most {BODY_LIMIT} bytes")
    known_ones = ABOUT[name][3]
    if unknown := sorted(set(request.params) - set(known_ones)):
        said = f"unknown {', '.join(unknown)}; known: {', '.join(known_ones) or 'none'}"
        return problem(400, "Bad query", said[:1000])
    return told(request, call, status)


def told(request: func.HttpRequest, call: Call | Alone, status: int) -> func.HttpResponse:
    """Return what the call answers, or why it cannot."""
    try:
        data = call.call() if isinstance(call, Alone) else call(app().api, request)
        return func.HttpResponse(json.dumps(data), status_code=status, mimetype="application/json")
    except ApiProblem as error:
        return problem(error.status, error.title, error.detail)
    except Misconfigured as error:
        return problem(503, "Misconfigured", "; ".join(error.problems))
    except Transient as error:
        return problem(503, "Try again", str(error))
    except SyncError as error:
        return problem(502, "Refused", str(error))


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def body_of(request: func.HttpRequest) -> dict[str, Any]:
    """Return the JSON object in the body; an absent body is an empty one."""
    raw = request.get_body()
    if not raw:
        return {}
    kind = str(request.headers.get("content-type") or JSON).partition(";")[0].strip().lower()
    if kind != JSON:
        raise ApiProblem(415, "Not JSON", f"the body must be {JSON}, not {kind}")
    try:
        data = json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ApiProblem(400, "Not JSON", "the body must be a JSON object") from None
    if not isinstance(data, dict):
        raise ApiProblem(400, "Not an object", "the body must be a JSON object")
    return data


def number(request: func.HttpRequest, name: str, default: int, most: int) -> int:
    text = request.params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= most:
        raise ApiProblem(400, "Bad number", f"'{name}' must be from 1 to {most}")
    return int(text)


def after(request: func.HttpRequest) -> str | None:
    """Return where a list goes on: the `next` of the page before."""
    text: str | None = request.params.get("after")
    if text is not None and not AFTER.fullmatch(text):
        raise ApiProblem(400, "Bad 'after'", "'after' must be the 'next' of the page before")
    return text


def part(request: func.HttpRequest, name: str) -> str:
    return str(request.route_params.get(name, ""))


def run_id(request: func.HttpRequest) -> str:
    text = part(request, "id")
    if not RUN_ID.fullmatch(text):
        raise ApiProblem(404, "No such run", "a run's id has letters, digits and hyphens, at most 64")
    return text


def record(request: func.HttpRequest) -> tuple[str, str, str]:
    """Return mapping, side and id of the record in the path; ids are lower case on both sides."""
    text = part(request, "id")
    if not RECORD_ID.fullmatch(text):
        raise ApiProblem(400, "Bad id", "a record's id is a GUID, an option's id its number")
    return part(request, "m"), part(request, "side"), text.lower()


def acting(action: str) -> Call:
    return lambda api, r: api.on_record(*record(r), action, body_of(r))


READ, ADMIN = Access.READ, Access.ADMIN
#: function name, route, method, access, status, call
ROUTES: tuple[tuple[str, str, str, Access, int, Call | Alone], ...] = (
    ("api_full_sync", "full-sync", "POST", ADMIN, 202, lambda api, r: api.start_full_sync(body_of(r))),
    (
        "api_runs",
        "runs",
        "GET",
        READ,
        200,
        lambda api, r: api.runs(limit=number(r, "limit", 50, 200), after=after(r)),
    ),
    ("api_run", "runs/{id}", "GET", READ, 200, lambda api, r: api.run(run_id(r))),
    (
        "api_plan",
        "runs/{id}/plan",
        "GET",
        READ,
        200,
        lambda api, r: api.plan(run_id(r), r.params.get("mapping"), after=after(r)),
    ),
    ("api_resume", "runs/{id}/resume", "POST", ADMIN, 202, lambda api, r: api.resume(run_id(r), body_of(r))),
    ("api_cancel", "runs/{id}/cancel", "POST", ADMIN, 202, lambda api, r: api.cancel(run_id(r))),
    ("api_mappings", "mappings", "GET", READ, 200, lambda api, r: api.mappings()),
    ("api_sync", "mappings/{m}/sync", "POST", ADMIN, 202, lambda api, r: api.sync(part(r, "m"), body_of(r))),
    (
        "api_match",
        "mappings/{m}/match",
        "POST",
        ADMIN,
        202,
        lambda api, r: api.match(part(r, "m"), body_of(r)),
    ),
    (
        "api_forget",
        "mappings/{m}/forget",
        "POST",
        ADMIN,
        202,
        lambda api, r: api.forget(part(r, "m"), body_of(r)),
    ),
    (
        "api_jobs",
        "jobs",
        "GET",
        READ,
        200,
        lambda api, r: api.jobs(r.params.get("mapping"), limit=number(r, "limit", 100, 1000), after=after(r)),
    ),
    (
        "api_held",
        "held",
        "GET",
        READ,
        200,
        lambda api, r: api.held(
            r.params.get("mapping"), limit=number(r, "limit", 1000, 1000), after=after(r)
        ),
    ),
    (
        "api_find",
        "records/{m}/{side}",
        "GET",
        READ,
        200,
        lambda api, r: api.find(
            part(r, "m"), part(r, "side"), r.params.get("begins"), limit=number(r, "limit", 20, 100)
        ),
    ),
    (
        "api_explain",
        "records/{m}/{side}/{id}",
        "GET",
        READ,
        200,
        lambda api, r: api.explain(*record(r)),
    ),
    (
        "api_history",
        "records/{m}/{side}/{id}/history",
        "GET",
        READ,
        200,
        lambda api, r: api.history(*record(r), limit=number(r, "limit", 100, 1000), after=after(r)),
    ),
    *(
        (
            f"api_{action}",
            f"records/{{m}}/{{side}}/{{id}}/{action}",
            "POST",
            ADMIN,
            202,
            acting(action),
        )
        for action in ("retry", "skip", "resolve")
    ),
    ("api_couple", "couplings", "POST", ADMIN, 202, lambda api, r: api.couple(body_of(r))),
    ("api_uncouple", "couplings/{m}/{side}/{id}", "DELETE", ADMIN, 202, acting("uncouple")),
    ("api_status", "status", "GET", READ, 200, lambda api, r: api.status()),
    ("api_doctor", "doctor", "GET", READ, 200, Alone(lambda: examined())),
    ("api_openapi", "openapi.json", "GET", READ, 200, Alone(lambda: described())),
)


def described() -> dict[str, Any]:
    """Return the OpenAPI document of all routes."""
    roles = {READ: "Sync.Read", ADMIN: "Sync.Admin"}
    routes = [(name, path, method, roles[needs], status) for name, path, method, needs, status, _ in ROUTES]
    routes.append(("api_availability", "availability", "GET", KEY_OF_ITS_OWN, 200))
    return document([*routes, ("api_health", "health", "GET", "", 200)])


def examined() -> dict[str, Any]:
    """Return what is set up and what is not (P31–P33); also while settings are wrong."""
    # Imported late: a cold start is not for a doctor that few calls ask for.
    from shared.wiring_doctor import checkup

    return checkup(os.environ, schedules=list(schedule_problems(os.environ)))


def route(
    name: str, needs: Access, status: int, call: Call | Alone
) -> Callable[[func.HttpRequest], func.HttpResponse]:
    def run(req: func.HttpRequest) -> func.HttpResponse:
        return traced(name, req, lambda: answer(name, req, needs, call, status))

    return run


def traced(name: str, req: func.HttpRequest, respond: Callable[[], func.HttpResponse]) -> func.HttpResponse:
    """Respond within the caller's trace."""

    def work(_: Trace) -> func.HttpResponse:
        with signals().span(CALL, function=name) as span:
            response = respond()
            span.set(status=response.status_code)
        return response

    return guarded(name, work, sender=req.headers.get("traceparent"), correlation=str(uuid4()))


for _name, _path, _method, _needs, _status, _call in ROUTES:
    bp.function_name(_name)(
        bp.route(route=_path, methods=[_method], auth_level=func.AuthLevel.ANONYMOUS)(
            route(_name, _needs, _status, _call)
        )
    )


@bp.function_name("api_availability")
@bp.route(route="availability", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def availability(req: func.HttpRequest) -> func.HttpResponse:
    """Inventory of a product, under a switch and a key of its own (P34)."""
    allowed = availability_access(dict(req.headers), os.environ)
    if allowed is None:
        return problem(404, "Switched off", "set AVAILABILITY=on and AVAILABILITY_KEY")
    if not allowed:
        return problem(401, "Sign in", "send AVAILABILITY_KEY as x-api-key")
    product = req.params.get("product", "")
    if not GUID.fullmatch(product):
        return problem(400, "Bad product", "'product' must be the GUID of a product in Sales")
    return traced(
        "api_availability", req, lambda: told(req, lambda api, r: api.availability(product.lower()), 200)
    )


@bp.function_name("api_health")
@bp.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """Anonymous, and says nothing secret: the process answers, even while a setting is wrong."""
    return func.HttpResponse(json.dumps({"status": "ok"}), mimetype="application/json")
