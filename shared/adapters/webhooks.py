"""Webhook subscriptions of Business Central (business-central-api.md §9)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from shared.adapters.business_central_line import BusinessCentralLine
from shared.adapters.odata import BC, Answer, encode, escape, literal, read_error, told, write_error
from shared.adapters.share import Share
from shared.adapters.throttle import Effect, answer_of
from shared.core.convert import moment
from shared.core.errors import Missing, Rejected
from shared.ports import Subscription

#: The companion's route, as subscriptions and `webhookSupportedResources` name it.
ROUTE = "tandem/sync/v1.0"
RUNTIME = "microsoft/runtime/beta"
_RESOURCE = re.compile(r"(?:.*/)?companies\(([^()]+)\)/(\w+)")


def path_of_possible(company_id: str) -> str:
    """Return path and query, below `/api`, of the pages of ours that can be subscribed to."""
    wanted = escape(f"resource eq {literal(ROUTE + '*')}")
    return f"{RUNTIME}/companies({company_id})/webhookSupportedResources?$filter={wanted}"


def possible_in(body: Mapping[str, Any]) -> set[str]:
    return {str(row["resource"]).rpartition("/")[2] for row in body["value"]}


def subscription_of(row: Mapping[str, Any], *, company_id: str, secret: str) -> Subscription | None:
    """Return a row of `subscriptions` without its secret; None when it is about another company."""
    said = _RESOURCE.fullmatch(str(row["resource"]))
    if said is None or said[1].lower() != company_id.lower():
        return None
    return Subscription(
        id=str(row["subscriptionId"]),
        table=said[2],
        # Without a date it is renewed at once.
        expires_at=moment(str(row["expirationDateTime"])) or datetime.min.replace(tzinfo=UTC),
        current=hmac.compare_digest(str(row.get("clientState") or "").encode(), secret.encode()),
        etag=str(row["@odata.etag"]),
    )


class BusinessCentralSubscriptions:
    """Args:
    api: Root of the BC API, up to and including `/api`.
    url: Where notices go: our `webhooks/bc`.
    secret: Sent back in every notice.
    """

    def __init__(
        self,
        http: httpx.Client,
        *,
        api: str,
        company_id: str,
        url: str,
        secret: str,
        permits: Share | None = None,
        sleep: Callable[[float], None],
    ) -> None:
        self._api = api.rstrip("/")
        self._company_id = company_id
        self._url = url
        self._secret = secret
        line = BusinessCentralLine(http, api_root=self._api, parallel=1, permits=permits, sleep=sleep)
        self._channel = line.channel

    @property
    def requests(self) -> int:
        return self._channel.requests

    def possible(self) -> set[str]:
        answer = self._send("GET", path_of_possible(self._company_id), Effect.READ)
        if answer.status != 200:
            raise read_error(BC, answer, "webhookSupportedResources")
        return possible_in(answer.body)

    def list(self) -> list[Subscription]:
        answer = self._send("GET", f"{ROUTE}/subscriptions", Effect.READ)
        if answer.status != 200:
            raise read_error(BC, answer, "subscriptions")
        return [one for row in answer.body["value"] if (one := self._ours(row))]

    def create(self, table: str) -> None:
        # Never sent twice: a second one would only send twice, and housekeeping ends it.
        answer = self._send("POST", f"{ROUTE}/subscriptions", Effect.ONCE, self._body(table))
        if answer.status != 201:
            raise self._refused(answer, table)

    def renew(self, subscription: Subscription) -> None:
        answer = self._send(
            "PATCH",
            self._one(subscription),
            Effect.HARMLESS,
            self._body(subscription.table),
            {"If-Match": subscription.etag},
        )
        if answer.status != 200:
            raise self._refused(answer, subscription.table)

    def remove(self, subscription: Subscription) -> None:
        answer = self._send(
            "DELETE", self._one(subscription), Effect.HARMLESS, None, {"If-Match": subscription.etag}
        )
        if answer.status not in (204, 404):
            raise self._refused(answer, subscription.table)

    def _ours(self, row: Mapping[str, Any]) -> Subscription | None:
        if row["notificationUrl"] != self._url:
            return None
        return subscription_of(row, company_id=self._company_id, secret=self._secret)

    def _one(self, subscription: Subscription) -> str:
        # The key is a quoted string.
        return f"{ROUTE}/subscriptions({literal(subscription.id)})"

    def _body(self, table: str) -> dict[str, str]:
        resource = f"/api/{ROUTE}/companies({self._company_id})/{table}"
        return {"notificationUrl": self._url, "resource": resource, "clientState": self._secret}

    def _refused(self, answer: Answer, table: str) -> Exception:
        if answer.status == 400:
            # BC asks our address before it answers.
            return Rejected(
                f"{BC} refuses the subscription to {table}: {told(answer)}; WEBHOOK_URL must be reachable "
                f"from the internet and answer within 5 s",
                code=answer.code,
            )
        error = write_error(BC, answer)
        return Missing(str(error)) if answer.status == 404 else error

    def _send(
        self,
        method: str,
        path: str,
        effect: Effect,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        response = self._channel.send(
            method,
            f"{self._api}/{path}",
            effect=effect,
            headers={"Accept": "application/json", "Content-Type": "application/json", **(headers or {})},
            content=None if body is None else encode(body),
        )
        return answer_of(response)
