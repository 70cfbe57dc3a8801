"""Requests to Business Central: batches and pages, without knowing what they are for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from shared.adapters.odata import BC, Answer, Lost, chunks, decode, encode, read_error
from shared.adapters.share import Share
from shared.adapters.throttle import Channel, Effect, answer_of
from shared.core.errors import Misconfigured, Transient
from shared.signals import SILENT, Signals

#: Operations of one $batch (business-central-api.md §7).
BATCH = 100
COMPANIES = "companies?$select=id,name,displayName"
#: A read that decides must not come from a replica (§3, H2).
FRESH = {"Data-Access-Intent": "ReadWrite"}


class BusinessCentralLine:
    """Args: as for `BusinessCentralRecords`."""

    def __init__(
        self,
        http: httpx.Client,
        *,
        api_root: str,
        parallel: int,
        permits: Share | None = None,
        sleep: Callable[[float], None],
        signals: Signals = SILENT,
    ) -> None:
        self.root = api_root.rstrip("/")
        self.channel = Channel(
            http, system=BC, parallel=parallel, permits=permits, sleep=sleep, signals=signals
        )

    def get_all(
        self,
        paths: Sequence[str],
        names: Sequence[str],
        *,
        page_size: int | None = None,
        user: httpx.Auth | None = None,
    ) -> list[dict[str, Any]]:
        """GET several paths fresh, in one $batch for each hundred. `page_size` is for the last one."""
        headers: list[dict[str, str]] = [dict(FRESH) for _ in paths]
        if page_size is not None:
            headers[-1]["Prefer"] = f"odata.maxpagesize={page_size}"
        operations = [
            {"method": "GET", "url": path, "headers": head} for path, head in zip(paths, headers, strict=True)
        ]
        answers = self.channel.each(
            lambda part: self.batch(part, Effect.READ, user=user), list(chunks(operations, BATCH))
        )
        bodies = []
        for name, answer in zip(names, (a for part in answers for a in part), strict=True):
            if answer.status != 200:
                raise read_error(BC, answer, name)
            bodies.append(answer.body)
        return bodies

    def batch(
        self,
        operations: Sequence[dict[str, Any]],
        effect: Effect,
        *,
        user: httpx.Auth | None = None,
        whole: bool = False,
    ) -> list[Answer]:
        """Send one $batch and return its answers in order; a missing one counts as not done.

        `whole` makes it one transaction; the answers before one that failed mean nothing then (§7).
        """
        requests = [{"id": str(n), **operation} for n, operation in enumerate(operations)]
        response = self.channel.send(
            "POST",
            f"{self.root}/$batch",
            effect=effect,
            headers={
                # Without Accept the answer is multipart (business-central-api.md §3).
                "Accept": "application/json",
                "Content-Type": "application/json",
                **({"Isolation": "snapshot"} if whole else {"Prefer": "odata.continue-on-error"}),
            },
            content=encode({"requests": requests}),
            user=user,
        )
        if response.status_code != 200:
            raise read_error(BC, answer_of(response), "$batch")
        body = decode(response.content)
        if body is None:
            raise Lost(f"{BC} answered a $batch with something else")
        found = {
            str(part.get("id")): Answer(status=int(part["status"]), body=part.get("body"))
            for part in body["responses"]
        }
        return [found.get(str(n), Answer(status=503)) for n in range(len(operations))]

    def follow(
        self, link: str, *, page_size: int | None = None, what: str = "a further page"
    ) -> dict[str, Any]:
        """GET a nextLink as it is, with the same preferences (business-central-api.md §4)."""
        if not link.startswith(self.root + "/"):
            raise Misconfigured(f"{BC} links to another address than the one in the settings")
        headers = {"Accept": "application/json", **FRESH}
        if page_size is not None:
            headers["Prefer"] = f"odata.maxpagesize={page_size}"
        response = self.channel.send("GET", link, effect=Effect.READ, headers=headers)
        answer = answer_of(response)
        if answer.status != 200:
            raise read_error(BC, answer, what)
        if answer.body is None:
            raise Transient(f"{BC} answered {what} with something else")
        return dict(answer.body)

    def drain(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = list(body["value"])
        while link := body.get("@odata.nextLink"):
            body = self.follow(str(link))
            rows += body["value"]
        return rows


def find_company(
    http: httpx.Client, *, api_root: str, wanted: str, sleep: Callable[[float], None] = time.sleep
) -> str:
    """Return the id of the company with this id or name; the only one when `wanted` is empty.

    `api_root` is any API route; `companies` is on each (business-central-api.md §1).

    Raises:
        Misconfigured: there is none, or several and none was named; lists their names.
    """
    line = BusinessCentralLine(http, api_root=api_root, parallel=1, sleep=sleep)
    companies = line.drain(line.follow(f"{line.root}/{COMPANIES}", what="companies"))
    return choose_company(companies, wanted)


def choose_company(companies: Sequence[Mapping[str, Any]], wanted: str) -> str:
    """Return the id of the company with this id or name. Raises as `find_company`."""
    name = wanted.strip().casefold()
    found = [
        c
        for c in companies
        if not name or name in (str(c[k]).casefold() for k in ("id", "name", "displayName"))
    ]
    if len(found) == 1:
        return str(found[0]["id"]).lower()
    names = ", ".join(sorted(str(c["name"]) for c in companies)) or "none"
    asked = f"no company '{wanted}'" if wanted.strip() else "no single company to choose"
    raise Misconfigured(f"{BC} has {asked}; it has: {names}")
