"""Webhook subscriptions and their notices (business-central-api.md §9).

Not modelled: the delegated admin's late notices, and the log of the runtime API.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson

from sandbox.business_central.contract import EntitySet, entity_sets
from sandbox.business_central.errors import Refused, bad_request, not_found
from sandbox.business_central.service import Answer
from sandbox.business_central.store import Company, Database, etag_of, wire_time

#: POST to a receiver: address, headers, body, seconds → status and text; None when nobody answered.
Send = Callable[[str, Mapping[str, str], bytes, float], tuple[int, str] | None]

LIFE = timedelta(days=3)
HANDSHAKE_SECONDS, NOTICE_SECONDS = 5.0, 30.0
#: Subscriptions of an environment (§8).
MOST = 200
#: Minutes until the next try, by the number of tries made; after the last the subscription is deleted.
RETRIES = (1, 1, 10, 100, 1000)
TRY_AGAIN = (408, 429)
FIELDS = {"notificationUrl", "resource", "clientState"}
_RESOURCE = re.compile(
    r"(?:https://[^/]+)?(?:/.*)?/?api/(?P<route>.+)/companies\((?P<company>[^()]+)\)/(?P<set>\w+)"
)
_SUPPORTED = re.compile(
    r"api/microsoft/runtime/beta/companies\((?P<company>[^()]+)\)/webhookSupportedResources"
)
_KEY = re.compile(r"subscriptions(?:\((?P<key>.*)\))?")
_WANTED = re.compile(r"resource eq '([^'*]*)(\*?)'")


@dataclass(kw_only=True)
class Subscription:
    id: str
    company: str
    entity: str
    url: str
    resource: str
    state: str
    user_id: str
    modified: datetime
    expires: datetime
    version: int
    #: What is to be told: (row, change) → when it last changed; the first change starts the delay.
    changes: dict[tuple[str, str], datetime] = field(default_factory=dict)
    first: datetime | None = None
    tries: int = 0
    not_before: datetime | None = None

    def wire(self) -> dict[str, Any]:
        return {
            "@odata.etag": etag_of(self.version),
            "subscriptionId": self.id,
            "notificationUrl": self.url,
            "resource": self.resource,
            "userId": self.user_id,
            "lastModifiedDateTime": wire_time(self.modified),
            "clientState": self.state,
            "expirationDateTime": wire_time(self.expires),
        }


def can_be_subscribed(entity: EntitySet) -> bool:
    """Say whether BC tells of a page: a stored table whose key is one field; lines go by their header."""
    parts = {part for one in entity_sets().values() for part in one.parts}
    return bool(entity.table_number) and len(entity.key) == 1 and entity.name not in parts


class Webhooks:
    """Args:
    rows: The lock under which rows are written.
    send: How a receiver is reached.
    route: Of the pages that can be subscribed to.
    """

    def __init__(
        self,
        database: Database,
        companies: Mapping[str, Company],
        *,
        rows: threading.RLock,
        send: Send,
        route: str,
    ) -> None:
        self._database = database
        self._rows = rows
        self._companies = companies
        self.send = send
        self._route = route
        #: Seconds from the first change to its notice, and rows above which one notice stands for all.
        self.delay_seconds = 30.0
        self.most_notices = 1000
        self._lock = threading.RLock()
        self._all: dict[str, Subscription] = {}

    def list(self) -> list[dict[str, Any]]:
        with self._lock:
            return [one.wire() for one in self._all.values()]

    def forget(self) -> None:
        with self._lock:
            self._all.clear()

    # --- the API ---------------------------------------------------------------------------------

    def serve(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
        user_id: str,
    ) -> Answer | None:
        """Answer what is about subscriptions; None: it is about something else."""
        if method == "GET" and (found := _SUPPORTED.fullmatch(path)):
            if found["company"].lower() not in self._companies:
                raise not_found("The company does not exist.", "Internal_CompanyNotFound")
            return Answer(status=200, body={"value": self.supported(query.get("$filter", ""))})
        if found := re.fullmatch(rf"{re.escape(self._route)}/(subscriptions.*)", path):
            said = _KEY.fullmatch(found[1])
            if said is None:
                raise not_found(f"Resource not found for the segment '{found[1]}'.")
            if said["key"] is None:
                return self._collection(method, body, user_id)
            return self._one(method, said["key"], headers, body)
        return None

    def supported(self, text: str) -> list[dict[str, str]]:
        """Return `webhookSupportedResources`; of `$filter` only `resource eq '…*'` is understood here."""
        base = self._route.removeprefix("api/")
        names = [f"{base}/{e.name}" for e in entity_sets().values() if can_be_subscribed(e)]
        if text:
            wanted = _WANTED.fullmatch(text)
            if wanted is None:
                raise bad_request(f"The filter '{text}' is not understood here.")
            names = [n for n in names if (n.startswith(wanted[1]) if wanted[2] else n == wanted[1])]
        return [{"resource": name} for name in names]

    def _collection(self, method: str, body: bytes, user_id: str) -> Answer:
        if method == "GET":
            with self._lock:
                self._expire()
                return Answer(status=200, body={"value": self.list()})
        if method != "POST":
            raise Refused(
                405, "BadRequest_MethodNotAllowed", f"Entity 'subscription' does not allow {method}."
            )
        said = _fields(body)
        company, entity = self._target(said["resource"])
        with self._lock:
            self._expire()
            if len(self._all) >= MOST:
                raise bad_request(f"An environment has at most {MOST} subscriptions.")
        self._ask(said["notificationUrl"])
        now = self._database.now()
        made = Subscription(
            id=uuid.uuid4().hex,
            company=company,
            entity=entity,
            url=said["notificationUrl"],
            resource=said["resource"],
            state=said.get("clientState", ""),
            user_id=user_id,
            modified=now,
            expires=now + LIFE,
            version=1,
        )
        self._take_changes()  # what was before is not told
        with self._lock:
            self._all[made.id] = made
        return _shown(201, made)

    def _one(self, method: str, key: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if not re.fullmatch(r"'[^']*'", key):
            raise bad_request(
                f"The key '{key}' is a text and must be quoted.", "BadRequest_InvalidRequestUrl"
            )
        with self._lock:
            self._expire()
            one = self._all.get(key.strip("'"))
        if one is None:
            raise not_found(f"The subscription {key} does not exist.", "Internal_RecordNotFound")
        if method == "GET":
            return _shown(200, one)
        if method not in ("PATCH", "DELETE"):
            raise Refused(
                405, "BadRequest_MethodNotAllowed", f"Entity 'subscription' does not allow {method}."
            )
        tag = headers.get("if-match", "")
        if not tag:
            raise bad_request("The If-Match header is missing or malformed.", "BadRequest_InvalidToken")
        if tag not in ("*", etag_of(one.version)):
            raise Refused(409, "Request_EntityChanged", "Another user has already changed the record.")
        if method == "DELETE":
            with self._lock:
                self._all.pop(one.id, None)
            return Answer(status=204)
        said = _fields(body)
        if self._target(said["resource"]) != (one.company, one.entity):
            raise bad_request("The resource of a subscription cannot be changed.")
        self._ask(said["notificationUrl"])
        with self._lock:
            now = self._database.now()
            one.url, one.state = said["notificationUrl"], said.get("clientState", "")
            one.modified, one.expires, one.version = now, now + LIFE, one.version + 1
        return _shown(200, one)

    def _target(self, resource: str) -> tuple[str, str]:
        said = _RESOURCE.fullmatch(resource)
        if said is None or f"api/{said['route']}" != self._route:
            raise bad_request(f"The resource '{resource}' is not of this API route.")
        company, entity = said["company"].lower(), entity_sets().get(said["set"])
        if company not in self._companies:
            raise not_found(f"The company '{company}' does not exist.", "Internal_CompanyNotFound")
        if entity is None or not can_be_subscribed(entity):
            raise bad_request(f"The resource '{resource}' does not support webhooks.")
        return company, entity.name

    def _ask(self, url: str) -> None:
        """The handshake, on POST and on PATCH: the token must come back, and nothing else."""
        if not url.startswith("https://"):
            raise bad_request("The notificationUrl must be an https address.")
        token = uuid.uuid4().hex
        address = f"{url}{'&' if '?' in url else '?'}validationToken={quote(token)}"
        if self.send(address, {}, b"", HANDSHAKE_SECONDS) != (200, token):
            raise bad_request(f"The notificationUrl '{url}' did not answer the validation token.")

    # --- notices ---------------------------------------------------------------------------------

    def deliver(self) -> int:
        """Send what is due; return how many POSTs were made. Called again and again by whoever runs the clock."""
        self._take_changes()
        with self._lock:
            self._expire()
            now = self._database.now()
            due: dict[str, list[Subscription]] = {}
            for one in self._all.values():
                if one.first is None or now < one.first + timedelta(seconds=self.delay_seconds):
                    continue
                if one.not_before is None or now >= one.not_before:
                    due.setdefault(one.url, []).append(one)
            posts: list[Any] = [
                (url, some, [dict(one.changes) for one in some], self._body(some))
                for url, some in due.items()
            ]
        for url, some, told, body in posts:
            headers = {
                "Content-Type": "application/json; charset=utf-8",
                "clientRequestId": str(uuid.uuid4()),
                "x-ms-correlation-id": str(uuid.uuid4()),
            }
            answer = self.send(url, headers, body, NOTICE_SECONDS)
            with self._lock:
                for one, changes in zip(some, told, strict=True):
                    self._answered(one, changes, None if answer is None else answer[0])
        return len(posts)

    def _answered(
        self, one: Subscription, told: Mapping[tuple[str, str], datetime], status: int | None
    ) -> None:
        if status is not None and 200 <= status < 300:
            one.changes = {k: at for k, at in one.changes.items() if told.get(k) != at}
            one.first = min(one.changes.values(), default=None)
            one.tries, one.not_before = 0, None
            return
        one.tries += 1
        again = status is None or status >= 500 or status in TRY_AGAIN
        if not again or one.tries > len(RETRIES):
            self._all.pop(one.id, None)
            return
        one.not_before = self._database.now() + timedelta(minutes=RETRIES[one.tries - 1])

    def _take_changes(self) -> None:
        """Give each subscription what was committed since. Not called with the subscriptions' lock held."""
        taken = []
        with self._rows:  # a transaction under way may yet be undone
            for company in self._companies.values():
                taken += [(company.id, *change) for change in company.noticed]
                company.noticed.clear()
        with self._lock:
            for company_id, set_name, row_id, change, at in taken:
                for one in self._all.values():
                    if one.company == company_id and one.entity == set_name:
                        one.changes[row_id, change] = at
                        one.first = one.first or at

    def _body(self, subscriptions: list[Subscription]) -> bytes:
        value = [notice for one in subscriptions for notice in self._notices(one)]
        return orjson.dumps({"value": value})

    def _notices(self, one: Subscription) -> Iterator[dict[str, Any]]:
        common = {
            "subscriptionId": one.id,
            "clientState": one.state,
            "expirationDateTime": wire_time(one.expires),
        }
        if len({row for row, _ in one.changes}) > self.most_notices:
            resource = one.resource
            if not any(change == "deleted" for _, change in one.changes):
                since = wire_time((one.first or one.modified) - timedelta(milliseconds=50))
                resource += f"?$filter=lastModifiedDateTime%20gt%20{since}"
            last = wire_time(max(one.changes.values()))
            yield common | {"resource": resource, "changeType": "collection", "lastModifiedDateTime": last}
            return
        for (row, change), at in sorted(one.changes.items(), key=lambda item: item[1]):
            resource = f"{one.resource}({row})"
            yield common | {"resource": resource, "changeType": change, "lastModifiedDateTime": wire_time(at)}

    def _expire(self) -> None:
        now = self._database.now()
        for one in [s for s in self._all.values() if s.expires <= now]:
            del self._all[one.id]


def _shown(status: int, one: Subscription) -> Answer:
    return Answer(status=status, body=one.wire(), headers={"ETag": etag_of(one.version)})


def _fields(body: bytes) -> dict[str, str]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad_request("The request body is not valid JSON.") from None
    if not isinstance(said, dict) or set(said) - FIELDS or not all(isinstance(v, str) for v in said.values()):
        raise bad_request(f"A subscription has {', '.join(sorted(FIELDS))}, all texts.")
    if missing := {"notificationUrl", "resource"} - set(said):
        raise bad_request(f"{', '.join(sorted(missing))} is missing.")
    if len(said.get("clientState", "")) > 2048:
        raise bad_request("The clientState takes at most 2048 characters.")
    return said
