"""The API in OpenAPI 3.1, made from the routes: served at `GET /api/openapi.json`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from shared.mappings import ALL

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
MOMENT: Schema = {"type": "string", "format": "date-time"}
ANY: Schema = {}
JSON = "application/json"
#: As `shared.engine.messages.RECORD_ID` and `functions.http_api.RUN_ID` have them.
RECORD_ID: Schema = {
    "type": "string",
    "pattern": "^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9]{1,10})$",
}
RUN_ID: Schema = {"type": "string", "pattern": "^[0-9A-Za-z-]{1,64}$"}


def many(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def by_name(of: Schema) -> Schema:
    return {"type": "object", "additionalProperties": of}


def maybe(of: Schema) -> Schema:
    return {"anyOf": [of, {"type": "null"}]}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def word(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


def thing(optional: Mapping[str, Schema] | None = None, /, **needed: Schema) -> Schema:
    """Return an object with these properties; whatever else is there may be ignored by a client."""
    return {"type": "object", "properties": {**needed, **(optional or {})}, "required": list(needed)}


def body(*needed: str, **properties: Schema) -> Schema:
    found: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": list(needed)} if needed else {})


def page(of: Schema, **also: Schema) -> Schema:
    return thing(value=many(of), next=maybe(TEXT), **also)


PARTS = ("created", "updated", "unchanged", "coupled", "uncoupled", "restored", "ignored", "waiting", "held")
SIDE = word("bc", "sales")
MAPPING = word(*(m.name for m in ALL))
PROBLEM = thing(field=TEXT, reason=TEXT, bc=ANY, sales=ANY, conflict=FLAG)
HEAD = {"id": TEXT, "state": word("running", "finished", "failed", "cancelled"), "started": maybe(MOMENT)}
RUN_HEAD = HEAD | {"finished": maybe(MOMENT), "rehearse": FLAG}
LOOK = thing(outcome=TEXT, reason=TEXT, plan=many(ref("PlanEntry")))
SCHEMAS: Mapping[str, Schema] = {
    "Problem": thing(type=TEXT, title=TEXT, status={"type": "integer"}, detail=TEXT),
    "Tally": thing(read=COUNT, conflict=COUNT, **dict.fromkeys(PARTS, COUNT)),
    "Requests": thing(bc=COUNT, sales=COUNT, tables=COUNT),
    "RunHead": thing(**RUN_HEAD),
    "Line": thing(
        mapping=TEXT,
        state=word("pending", "running", "finished", "failed"),
        depends_on=many(TEXT),
        to_sales=ref("Tally"),
        from_sales=ref("Tally"),
        wake_ups=ref("Tally"),
        requests=ref("Requests"),
        message=TEXT,
        reasons=by_name(COUNT),
        unresolved=by_name(COUNT),
    ),
    "Run": thing({"forecast": by_name(ref("Forecast"))}, **RUN_HEAD, lines=many(ref("Line"))),
    "Forecast": thing(records=COUNT, rows=COUNT, requests=COUNT, minutes={"type": "number"}),
    "PlanEntry": thing(
        mapping=TEXT,
        side=SIDE,
        id=TEXT,
        label=TEXT,
        action=word("create", "update", "couple", "restore", "uncouple", "wait", "hold", "conflict"),
        target=maybe(SIDE),
        reason=TEXT,
        fields=by_name({"type": "array", "minItems": 2, "maxItems": 2}),
        problems=many(PROBLEM),
        rows=by_name(COUNT),
        shared=many(TEXT),
    ),
    "Job": thing(
        id=TEXT,
        mapping=TEXT,
        side=TEXT,
        started=MOMENT,
        finished=MOMENT,
        state=word("finished", "deferred", "refused", "stopped"),
        cause=TEXT,
        run=TEXT,
        tally=ref("Tally"),
        requests=ref("Requests"),
        message=TEXT,
        details=by_name(ANY),
    ),
    "Held": thing(
        mapping=TEXT,
        side=SIDE,
        id=TEXT,
        label=TEXT,
        kind=word("held", "waiting", "conflict", "orphan", "skipped"),
        reason=TEXT,
        since=MOMENT,
        next_try=maybe(MOMENT),
        tries=COUNT,
        awaits=maybe(thing(mapping=TEXT, side=SIDE, id=TEXT)),
        fields=many(PROBLEM),
    ),
    "Named": thing(mapping=TEXT, side=SIDE, id=TEXT, names=by_name(ANY), coupled_with=maybe(TEXT)),
    "Written": thing(
        at=MOMENT, side=SIDE, id=TEXT, action=TEXT, fields=by_name(thing(before=ANY, after=ANY))
    ),
    "Explained": thing(
        mapping=TEXT,
        side=SIDE,
        id=TEXT,
        state=TEXT,
        cause=TEXT,
        since=maybe(MOMENT),
        next_try=maybe(MOMENT),
        records=by_name(thing(id=TEXT, exists=FLAG, label=TEXT, modified=maybe(MOMENT))),
        coupling=maybe(thing(bc=TEXT, sales=TEXT, outcome=TEXT, late=many(TEXT), baseline=by_name(ANY))),
        held=many(ref("Held")),
        awaits=many(thing(mapping=TEXT, side=SIDE, id=TEXT, exists=FLAG, label=TEXT, cause=TEXT)),
        fields=many(thing(field=TEXT, direction=TEXT, bc=ANY, sales=ANY, agreed=ANY, late=FLAG)),
        now=LOOK,
        in_full_sync=maybe(LOOK),
        history=many(ref("Written")),
    ),
    "Overrides": thing(
        in_force=word("defaults", "setting", "last good"),
        problems=many(TEXT),
        changed=by_name(many(TEXT)),
        off=many(TEXT),
    ),
    "Mapping": thing(
        mapping=TEXT,
        title=TEXT,
        bc=TEXT,
        sales=TEXT,
        direction=word("to_sales", "from_sales", "both"),
        depends_on=many(TEXT),
        create_missing=word("never", "full", "always"),
        on_conflict=word("ask", "bc_wins", "sales_wins"),
        on_delete=word("hold", "restore", "uncouple"),
        schedule=maybe(TEXT),
        filters=thing(bc=TEXT, sales=TEXT),
        match=many(many(TEXT)),
        fields=many(thing(field=TEXT, bc=TEXT, sales=TEXT, direction=TEXT, type=TEXT)),
        changed=many(TEXT),
    ),
    "Status": thing(
        run=maybe(ref("RunHead")),
        held=by_name(COUNT),
        rejected=many(thing(queue=TEXT, reason=TEXT, message_id=TEXT, at=maybe(MOMENT))),
        dead_letters=by_name(COUNT),
        last_jobs=by_name(maybe(ref("Job"))),
        last_by_side=by_name(thing(bc=maybe(ref("Job")), sales=maybe(ref("Job")))),
        overrides=ref("Overrides"),
    ),
    "Check": thing(
        id=TEXT,
        title=TEXT,
        state=word("ok", "advice", "problem", "unknown"),
        says=many(TEXT),
        do=TEXT,
        fix=maybe(thing(kind=word("access", "track", "options", "queues", "tables"))),
    ),
    "StartedRun": thing(run=TEXT),
    "StartedJob": thing(job=TEXT),
}
FORCE = body(force=FLAG)
GROUPS = many({"type": "array", "items": TEXT, "minItems": 1})
IDS = {"type": "array", "items": RECORD_ID, "minItems": 1, "maxItems": 1000}
#: `changes` goes with `rehearse`.
FULL = {
    **body(mappings=many(MAPPING), rehearse=FLAG, changes=FLAG, create=FLAG, force=FLAG),
    "if": {"properties": {"changes": {"const": True}}, "required": ["changes"]},
    "then": {"properties": {"rehearse": {"const": True}}, "required": ["rehearse"]},
}
#: `side` and `create` go with `ids`.
SYNC = {
    **body(side=SIDE, ids=IDS, create=FLAG, force=FLAG),
    "dependentRequired": {"side": ["ids"], "create": ["ids"]},
}
COUPLE = body(
    "mapping",
    "bc",
    "sales",
    mapping=MAPPING,
    bc=RECORD_ID,
    sales=RECORD_ID,
    move=FLAG,
    **{"from": word("bc", "sales", "compare")},
)
#: function → what it does, what it answers, what its body may have, its query
ABOUT: Mapping[str, tuple[str, Schema, Schema | None, tuple[str, ...]]] = {
    "api_full_sync": ("Start a full synchronization, or rehearse one", ref("StartedRun"), FULL, ()),
    "api_runs": ("Full synchronizations, newest first", page(ref("RunHead")), None, ("limit", "after")),
    "api_run": ("One full synchronization with its lines", ref("Run"), None, ()),
    "api_plan": ("What a rehearsal would do", page(ref("PlanEntry")), None, ("mapping", "after")),
    "api_resume": ("Go on with what is not finished", ref("StartedRun"), FORCE, ()),
    "api_cancel": ("Stop after the pages at work", ref("StartedRun"), None, ()),
    "api_mappings": (
        "The mappings in force",
        page(ref("Mapping"), overrides=ref("Overrides")),
        None,
        (),
    ),
    "api_sync": (
        "Synchronize what changed, or named records",
        ref("StartedJob"),
        SYNC,
        (),
    ),
    "api_match": (
        "Couple uncoupled records that are the same thing",
        ref("StartedRun"),
        body(fields=GROUPS, exact=FLAG, create=FLAG, preview=FLAG),
        (),
    ),
    "api_forget": (
        "Forget the couplings of a mapping, and what it holds",
        ref("StartedJob"),
        body("company", company=TEXT),
        (),
    ),
    "api_jobs": ("The job log, newest first", page(ref("Job")), None, ("mapping", "limit", "after")),
    "api_held": ("Records out of sync", page(ref("Held")), None, ("mapping", "limit", "after")),
    "api_find": (
        "Records whose number or name begins so",
        thing(value=many(ref("Named"))),
        None,
        ("begins", "limit"),
    ),
    "api_explain": ("How one record stands, and why", ref("Explained"), None, ()),
    "api_history": ("What was written to one record", page(ref("Written")), None, ("limit", "after")),
    "api_retry": ("Try one record again", ref("StartedJob"), None, ()),
    "api_skip": ("Park one record", ref("StartedJob"), None, ()),
    "api_resolve": (
        "Settle conflicts",
        ref("StartedJob"),
        body("use", use=SIDE, field=TEXT, overwrite=FLAG, seen=by_name(ANY)),
        (),
    ),
    "api_couple": ("Couple two records", ref("StartedJob"), COUPLE, ()),
    "api_uncouple": ("Take two records apart", ref("StartedJob"), None, ()),
    "api_status": ("What an administrator looks at first", ref("Status"), None, ()),
    "api_availability": (
        "Inventory of a product",
        thing(product=TEXT, item=TEXT, quantity={"type": "number"}, at=MOMENT),
        None,
        ("product",),
    ),
    "api_doctor": (
        "What is set up, and what is not",
        thing(state=word("ok", "problem", "unknown"), checks=many(ref("Check"))),
        None,
        (),
    ),
    "api_health": ("The process answers", thing(status=word("ok")), None, ()),
    "api_openapi": ("This document", {"type": "object"}, None, ()),
}
#: Instead of a role: what is asked with AVAILABILITY_KEY.
KEY_OF_ITS_OWN = "its own key"
#: (function, or "" for the others; parameter) → schema.
QUERY: Mapping[tuple[str, str], Schema] = {
    ("", "mapping"): MAPPING,
    ("", "limit"): {"type": "integer", "minimum": 1, "maximum": 1000},
    ("", "after"): {"type": "string", "pattern": "^[!-~]{1,512}$"},
    ("api_runs", "limit"): {"type": "integer", "minimum": 1, "maximum": 200},
    ("api_runs", "after"): {"type": "string", "pattern": "^[0-9]{1,6}$"},
    ("api_history", "after"): MOMENT,
    ("api_find", "begins"): {"type": "string", "pattern": "^[^\\x00-\\x1f\\x7f]{1,100}$"},
    ("api_find", "limit"): {"type": "integer", "minimum": 1, "maximum": 100},
    ("api_availability", "product"): {"type": "string", "format": "uuid"},
}
NEEDED = (("api_find", "begins"),)
ERRORS = {
    "400": "The call is wrong",
    "401": "Nobody is recognized",
    "403": "The role does not suffice",
    "404": "There is no such thing",
    "409": "It does not go with the mapping",
    "413": "The body is too large",
    "415": "The body is not JSON",
    "502": "A system refused",
    "503": "Misconfigured, or to be tried again",
}


def document(routes: Iterable[tuple[str, str, str, str, int]]) -> dict[str, Any]:
    """Return the document of these routes: function, path, method, role ("" for anybody), status."""
    paths: dict[str, dict[str, Any]] = {}
    for name, path, method, role, status in routes:
        paths.setdefault(f"/{path}", {})[method.lower()] = _operation(name, path, role, status)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tandem", "version": "1", "description": "The administrators' API."},
        "servers": [{"url": "/api"}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
        },
    }


def _operation(name: str, path: str, role: str, status: int) -> dict[str, Any]:
    summary, answer, given, query = ABOUT[name]
    found: dict[str, Any] = {
        "operationId": name.removeprefix("api_"),
        "summary": summary
        + (f" (role {role})" if role.startswith("Sync.") else f" ({role})" if role else ""),
        "security": [{"key": []}] if role else [],
        "parameters": [
            {"name": p, "in": "path", "required": True, "schema": _in_path(p, path)}
            for p in re.findall(r"\{(\w+)\}", path)
        ]
        + [
            {"name": q, "in": "query", "schema": QUERY.get((name, q)) or QUERY["", q]}
            | ({"required": True} if (name, q) in NEEDED else {})
            for q in query
        ],
        "responses": {str(status): _content("Done" if status == 200 else "Accepted", JSON, answer)},
    }
    if given is not None:
        needed = bool(given.get("required"))
        found["requestBody"] = {"required": needed, "content": {JSON: {"schema": given}}}
    if role:
        found["responses"] |= {
            code: _content(said, "application/problem+json", ref("Problem")) for code, said in ERRORS.items()
        }
        found["responses"]["401"]["headers"] = {"WWW-Authenticate": {"required": True, "schema": TEXT}}
    return found


def _in_path(parameter: str, path: str) -> Schema:
    if parameter == "id":
        return RUN_ID if path.startswith("runs/") else RECORD_ID
    return {"side": SIDE, "m": MAPPING}[parameter]


def _content(description: str, kind: str, schema: Schema) -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema}}}
