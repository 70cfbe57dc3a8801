"""The API itself: addresses, verbs, ETags, answers. No HTTP server and no identities here.

Two routes: the companion's with every set of the contract, and the standard one, of which Tandem
uses `companies` only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from threading import RLock
from typing import Any

import orjson

from sandbox.business_central import statistics
from sandbox.business_central.contract import ZERO, EntitySet, entity_sets
from sandbox.business_central.documents import ACTIONS
from sandbox.business_central.errors import Refused, bad_request, not_found
from sandbox.business_central.flow_fields import refresh_currency
from sandbox.business_central.metadata import edmx
from sandbox.business_central.query import (
    PAGE,
    Query,
    count_rows,
    page_size_of,
    parse_options,
    parse_query,
    read_set,
    shape,
)
from sandbox.business_central.store import ETAG, Company, Database, Row, View, etag_of
from sandbox.business_central.writing import Pages, create, delete, missing_row, update

COMPANION = "api/tandem/sync/v1.0"
STANDARD = "api/v2.0"
COMPANION_VERSION = "1.0.0.0"

_SEGMENT = re.compile(r"(?P<name>[A-Za-z$]+)(?:\((?P<key>[^()]*)\))?")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TAG = re.compile(r'\*|W/"[A-Za-z0-9+/=]+"')


@dataclass(kw_only=True)
class Tally:
    """What one request did, for the request log. Rows that triggers changed on the side are not counted."""

    operations: int = 0
    #: Rows by entity set.
    read: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    message: str | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request. `root` is the address of the environment, `path` is relative to it."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any
    root: str
    user_id: str
    user_name: str
    half_page: bool = False
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`body` is JSON data, or text, or None."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Behaviour:
    """Switches where the reference knows two answers, and limits (§6, §8)."""

    page_size: int = PAGE
    batch_limit: int = 100
    strict_delete: bool = False
    pages: Pages = field(default_factory=Pages)
    #: "" when the companion is not installed: then its route is none (§15).
    companion: str = COMPANION_VERSION
    #: Sets whose page or table the application's permission sets leave out (§2: "must cover the tables").
    denied: tuple[str, ...] = ()


class Service:
    """All companies of one environment."""

    def __init__(self, database: Database, lock: RLock) -> None:
        self.database = database
        self.lock = lock
        self.companies: dict[str, Company] = {}
        self.behaviour = Behaviour()
        self._rates_of: dict[str, str] = {}

    def handle(self, call: Call) -> Answer:
        """Answer one request; a refusal is an answer too."""
        call.tally.operations += 1
        try:
            with self.lock:
                return self._route(call)
        except Refused as refused:
            return Answer(status=refused.status, body=refused.body(), headers=refused.headers)

    # --- addresses ---

    def _route(self, call: Call) -> Answer:
        if call.method != "GET" and call.headers.get("data-access-intent", "").lower() == "readonly":
            raise bad_request("Data-Access-Intent ReadOnly is allowed on GET only.")
        self.must_have_route(call.path)
        for route in (COMPANION, STANDARD):
            if call.path == route or call.path.startswith(route + "/"):
                segments = call.path[len(route) :].strip("/")
                return self._within(call, route, segments.split("/") if segments else [])
        raise not_found(f"No HTTP resource was found that matches the request URI '{call.path}'.")

    def must_have_route(self, path: str) -> None:
        """Raises Refused: the companion's route, where no companion is installed."""
        if path.startswith(COMPANION) and not self.behaviour.companion:
            raise not_found(f"No HTTP resource was found that matches the request URI '{path}'.")

    def _within(self, call: Call, route: str, segments: list[str]) -> Answer:
        if not segments:
            return self._service_document(call, route)
        name, key = _segment(segments[0])
        if name == "$metadata" and call.method == "GET":
            return Answer(status=200, body=edmx(), headers={"Content-Type": "application/xml"})
        if name == "subscriptions":
            raise Refused(501, "BadRequest_MethodNotImplemented", f"'{name}' is not implemented here.")
        if name == "companies":
            if len(segments) == 1:
                return self._companies(call, route, key)
            company, segments = self._company(key or ""), segments[1:]
        else:
            company = self._implied_company(call)
        if route == STANDARD:
            raise not_found("The standard API's sets are not part of this simulator; use the companion's.")
        return self._set(call, company, segments)

    def _service_document(self, call: Call, route: str) -> Answer:
        names = ["companies", *(entity_sets() if route == COMPANION else ())]
        body = {
            "@odata.context": f"{call.root}/{route}/$metadata",
            "value": [{"name": name, "kind": "EntitySet", "url": name} for name in names],
        }
        return Answer(status=200, body=body)

    def _companies(self, call: Call, route: str, key: str | None) -> Answer:
        if call.method != "GET":
            raise Refused(
                405, "BadRequest_MethodNotAllowed", "Entity 'company' does not allow this operation."
            )
        chosen = [self._company(key)] if key is not None else list(self.companies.values())
        rows = [_company_row(company) for company in chosen]
        options = parse_options(call.query)
        if unknown := options.keys() - {"$select", "$top", "$count"}:
            raise bad_request(f"'{unknown.pop()}' is not supported on companies here.")
        wanted = [name for name in options.get("$select", "").split(",") if name]
        if missing := [name for name in wanted if name not in rows[0]]:
            raise bad_request(f"Could not find a property named '{missing[0]}' on type 'company'.")
        rows = [{n: row[n] for n in wanted} if wanted else row for row in rows]
        context = f"{call.root}/{route}/$metadata#companies"
        if key is not None:
            return Answer(status=200, body={"@odata.context": f"{context}/$entity", **rows[0]})
        rows = rows[: int(options.get("$top", len(rows)))]
        return Answer(status=200, body={"@odata.context": context, "value": rows})

    def _company(self, key: str) -> Company:
        company = self.companies.get(key.strip("'").lower())
        if company is None:
            raise not_found(f"The company '{key}' does not exist.", "Internal_CompanyNotFound")
        return company

    def _implied_company(self, call: Call) -> Company:
        """Return the company named by `?company=` or the only one (§1)."""
        named = parse_options(call.query).get("company")
        found = [
            c for c in self.companies.values() if named is None or named.lower() in (c.id, c.name.lower())
        ]
        if len(found) == 1:
            return found[0]
        if named is not None:
            raise bad_request(f"The company '{named}' does not exist.", "Unknown")
        raise bad_request("Specify a company.", "Internal_CompanyNotFound")

    # --- sets ---

    def _set(self, call: Call, company: Company, segments: list[str]) -> Answer:
        name, key = _segment(segments[0])
        entity = entity_sets().get(name)
        if entity is None:
            raise not_found(f"Resource not found for the segment '{name}'.")
        if name in self.behaviour.denied:
            # The status is one of two that the reference leaves open (§6), the code is of its family.
            raise Refused(403, "Internal_ReadPermissionDenied", f"You have no permission to read {name}.")
        self._keep_rates(company)
        rest = segments[1:]
        if key is None:
            if rest == ["$count"]:
                return self._count(call, company, entity)
            if rest:
                raise not_found(f"Resource not found for the segment '{rest[0]}'.")
            return self._collection(call, company, entity, None)
        if not _GUID.fullmatch(key):
            raise bad_request(f"'{key}' is not a valid id.", "Application_InvalidGUID")
        if rest:
            return self._part(call, company, entity, key.lower(), rest)
        return self._single(call, company, entity, key.lower())

    def _part(self, call: Call, company: Company, entity: EntitySet, key: str, rest: list[str]) -> Answer:
        name, line_key = _segment(rest[0])
        if name.startswith("Microsoft"):
            return self._action(call, company, entity, key, name.rpartition(".")[2])
        if len(rest) > 1 or name not in entity.parts:
            raise not_found(f"Resource not found for the segment '{rest[0]}'.")
        if key not in self._view(call, company, entity).rows:
            raise missing_row(entity, key)
        if line_key is not None:
            return self._single(call, company, entity_sets()[name], line_key.lower())
        return self._collection(call, company, entity_sets()[name], (entity.parts[name], key))

    def _action(self, call: Call, company: Company, entity: EntitySet, key: str, name: str) -> Answer:
        """A bound action; its name is not case-sensitive (§10)."""
        found = next((one for one in entity.actions if one.lower() == name.lower()), None)
        if found is None:
            raise Refused(501, "BadRequest_MethodNotImplemented", f"The action '{name}' is not implemented.")
        if call.method != "POST":
            raise _verb(call, entity)
        row = company.row(entity.name, key)
        if row is None:
            raise missing_row(entity, key)
        _check_tag(call, row, required=False)
        with company.transaction():
            ACTIONS[found](company, entity.name, row, call.user_id)
        call.tally.written[entity.name] += 1
        return Answer(status=204)

    def _collection(
        self, call: Call, company: Company, entity: EntitySet, parent: tuple[str, str] | None
    ) -> Answer:
        options = parse_options(call.query)
        query = parse_query(entity, options)
        match call.method:
            case "GET":
                return self._read(call, company, entity, query, options, parent)
            case "POST":
                body = _json(call)
                if parent is not None:
                    body = {**body, parent[0]: parent[1]}
                row = create(company, entity, body, call.user_id, pages=self.behaviour.pages)
                call.tally.written[entity.name] += 1
                call.tally.written.update({part: len(body[part]) for part in entity.parts if part in body})
                return self._one(call, company, entity, row, query, status=201)
        raise _verb(call, entity)

    def _read(
        self,
        call: Call,
        company: Company,
        entity: EntitySet,
        query: Query,
        options: Mapping[str, str],
        parent: tuple[str, str] | None,
    ) -> Answer:
        only = None
        if parent is not None:
            at, document = entity.at[parent[0]], parent[1]
            only = lambda row: row[at] == document  # noqa: E731
        rows, count, link = read_set(
            self._view(call, company, entity),
            query,
            views=lambda name: self._view(call, company, entity_sets()[name]),
            page_size=page_size_of(call.headers.get("prefer", ""), self.behaviour.page_size),
            link=f"{call.root}/{call.path}",
            options=options,
            only=only,
            half=call.half_page,
        )
        call.tally.read[entity.name] += len(rows)
        body: dict[str, Any] = {"@odata.context": self._context(call, company, entity)}
        if count is not None:
            body["@odata.count"] = count
        body["value"] = rows
        if link is not None:
            body["@odata.nextLink"] = link
        return Answer(status=200, body=body)

    def _count(self, call: Call, company: Company, entity: EntitySet) -> Answer:
        if call.method != "GET":
            raise _verb(call, entity)
        query = parse_query(entity, parse_options(call.query))
        return Answer(status=200, body=str(count_rows(self._view(call, company, entity), query)))

    def _single(self, call: Call, company: Company, entity: EntitySet, key: str) -> Answer:
        query = parse_query(entity, parse_options(call.query))
        if call.method == "GET":
            row = self._view(call, company, entity).rows.get(key)
            if row is None:
                raise missing_row(entity, key)
            call.tally.read[entity.name] += 1
            return self._one(call, company, entity, row, query, status=200)
        row = self._view(call, company, entity).rows.get(key)
        if row is None:
            # PATCH does not create (inferred).
            raise missing_row(entity, key)
        match call.method:
            case "PATCH":
                body = _json(call)
                _check_tag(call, row, required=True)
                row, changed = update(company, entity, row, body, call.user_id, pages=self.behaviour.pages)
                call.tally.written[entity.name] += changed
                return self._one(call, company, entity, row, query, status=200)
            case "DELETE":
                _check_tag(call, row, required=self.behaviour.strict_delete)
                delete(company, entity, row, call.user_id)
                call.tally.written[entity.name] += 1
                return Answer(status=204)
        raise _verb(call, entity)

    def _one(
        self, call: Call, company: Company, entity: EntitySet, row: Row, query: Query, *, status: int
    ) -> Answer:
        headers = {"ETag": row[ETAG]}
        if status == 201:
            path = f"{COMPANION}/companies({company.id})/{entity.name}({row[entity.at['id']]})"
            headers["Location"] = f"{call.root}/{path}"
            if "return-no-content" in call.headers.get("prefer", ""):
                return Answer(status=204, headers=headers)
        [answer] = shape(entity, [row], query, lambda name: self._view(call, company, entity_sets()[name]))
        context = f"{self._context(call, company, entity)}/$entity"
        return Answer(status=status, body={"@odata.context": context, **answer}, headers=headers)

    def _context(self, call: Call, company: Company, entity: EntitySet) -> str:
        return f"{call.root}/{COMPANION}/$metadata#companies({company.id})/{entity.name}"

    # --- what is seen ---

    def _view(self, call: Call, company: Company, entity: EntitySet) -> View:
        """Return the rows as this request sees them: GETs may come from a replica that lags (§3)."""
        intent = call.headers.get("data-access-intent", "").lower()
        lag = self.database.lag_seconds if call.method == "GET" and intent != "readwrite" else 0.0
        moment = self.database.now() - timedelta(seconds=lag)
        if entity.name == "syncState":
            unseen = company.oldest_unseen_version(moment) if lag else self.database.last_version + 1
            return _made_up(
                entity,
                {
                    "id": company.id,
                    "minimumActiveRowVersion": unseen,
                    "lastUsedRowVersion": unseen - 1,
                    "companionVersion": self.behaviour.companion,
                },
            )
        if entity.name == "whoAmI":
            return _made_up(
                entity, {"id": call.user_id, "userSecurityId": call.user_id, "userName": call.user_name}
            )
        if entity.name == statistics.NAME:
            statistics.refresh_statistics(company)
        rows = company.tables[entity.name]
        return rows.view_at(moment) if lag else rows.view()

    def _keep_rates(self, company: Company) -> None:
        """Another day may have another exchange rate."""
        today = self.database.stamp()[:10]
        if self._rates_of.get(company.id) != today:
            self._rates_of[company.id] = today
            for currency_id in list(company.tables["currencies"].rows):
                refresh_currency(company, currency_id)


def _segment(text: str) -> tuple[str, str | None]:
    match = _SEGMENT.fullmatch(text) or re.fullmatch(r"(?P<name>Microsoft\.NAV\.\w+)(?P<key>)", text)
    if match is None:
        raise bad_request(f"The request URI segment '{text}' is not valid.", "BadRequest_InvalidRequestUrl")
    return match["name"], match["key"]


def _made_up(entity: EntitySet, values: Mapping[str, Any]) -> View:
    row = list(entity.initial)
    row[ETAG] = etag_of(1)
    for name, value in values.items():
        row[entity.at[name]] = value
    return View(entity, {row[entity.at["id"]]: tuple(row)})


def _company_row(company: Company) -> dict[str, Any]:
    return {
        "id": company.id,
        "systemVersion": "29.0.0.0",
        "timestamp": 1,
        "name": company.name,
        "displayName": company.name,
        "businessProfileId": "",
        "systemCreatedAt": company.created_at,
        "systemCreatedBy": company.created_by,
        "systemModifiedAt": company.created_at,
        "systemModifiedBy": company.created_by or ZERO,
    }


def _json(call: Call) -> Mapping[str, Any]:
    body = call.body
    if isinstance(body, bytes):
        if not call.headers.get("content-type", "").startswith("application/json"):
            raise Refused(415, "BadRequest", "The content type must be application/json.")
        try:
            body = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise bad_request("The request body is not valid JSON.") from None
    if not isinstance(body, Mapping):
        raise bad_request("The request body must be a JSON object.")
    return body


def _check_tag(call: Call, row: Row, *, required: bool) -> None:
    """Missing or malformed is 400, stale is 409; a star passes (§5, check 1)."""
    tag = call.headers.get("if-match", "").strip()
    if not tag and not required:
        return
    if not _TAG.fullmatch(tag):
        raise bad_request("The If-Match header is missing or malformed.", "BadRequest_InvalidToken")
    if tag not in ("*", row[ETAG]):
        raise Refused(409, "Request_EntityChanged", "Another user has already changed the record.")


def _verb(call: Call, entity: EntitySet) -> Refused:
    return Refused(
        405, "BadRequest_MethodNotAllowed", f"Entity '{entity.entity}' does not allow {call.method}."
    )
