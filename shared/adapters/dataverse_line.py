"""Requests to Dataverse: headers, batches and links, without knowing what they are for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from shared.adapters.dataverse_batch import CONTENT_TYPE, ChangeSet, Operation, read_batch, write_batch
from shared.adapters.odata import DATAVERSE, Answer, Lost, chunks, encode, read_error
from shared.adapters.portion import Portion
from shared.adapters.share import Share
from shared.adapters.throttle import Channel, Effect, answer_of
from shared.core.errors import Misconfigured, Transient
from shared.signals import SILENT, Signals

#: Most operations of one $batch, members of change sets counted singly (dataverse-web-api.md §5).
OPERATIONS = 1000
#: Reads of one $batch. Up to 1,000 are allowed (dataverse-web-api.md §5); each may answer 5,000 rows.
READS_IN_BATCH = 20

COMMON = {"Accept": "application/json", "OData-Version": "4.0", "OData-MaxVersion": "4.0"}
#: The literal word; defeats caching (§1).
UNCACHED = {"If-None-Match": "null"}


class DataverseLine:
    """Args: as for `DataverseRecords`."""

    def __init__(
        self,
        http: httpx.Client,
        *,
        api_root: str,
        parallel: int,
        users: int = 1,
        share: Share | None = None,
        sleep: Callable[[float], None] = time.sleep,
        signals: Signals = SILENT,
    ) -> None:
        self.root = api_root.rstrip("/")
        self._inner_root = urlsplit(self.root).path
        self.channel = Channel(
            http,
            system=DATAVERSE,
            parallel=parallel,
            follow_hint=True,
            users=users,
            share=share,
            sleep=sleep,
            signals=signals,
        )
        # One after another in a fixed order: a seed reproduces it exactly, whatever the time it takes.
        self.portion = Portion(OPERATIONS, limit=http.timeout.read if parallel > 1 else None)

    def get(
        self, path_or_link: str, what: str, *, prefer: str = "", user: httpx.Auth | None = None
    ) -> Answer:
        """GET a path below the root, or a link that Dataverse gave, which is followed as it is."""
        if "://" in path_or_link:
            url = path_or_link
            if not url.startswith(self.root + "/"):
                raise Misconfigured(f"{DATAVERSE} links to another address than the one in the settings")
        else:
            url = f"{self.root}/{path_or_link}"
        headers = {**COMMON, **UNCACHED, **({"Prefer": prefer} if prefer else {})}
        answer = answer_of(self.channel.send("GET", url, effect=Effect.READ, headers=headers, user=user))
        if answer.status == 200 and not isinstance(answer.body, Mapping):
            raise Transient(f"{DATAVERSE} answered {what} with something else")
        return answer

    def post(self, path: str, body: Any, effect: Effect, *, user: httpx.Auth | None = None) -> Answer:
        headers = {**COMMON, "Content-Type": "application/json"}
        url, content = f"{self.root}/{path}", encode(body)
        return answer_of(
            self.channel.send("POST", url, effect=effect, headers=headers, content=content, user=user)
        )

    def operation(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: Any = None
    ) -> Operation:
        return Operation(
            method=method, url=f"{self._inner_root}/{path}", headers={**COMMON, **(headers or {})}, body=body
        )

    def batch(
        self, operations: Sequence[Operation], effect: Effect, *, user: httpx.Auth | None = None
    ) -> list[Answer]:
        """Send one $batch that goes on after failures; a missing answer counts as not done."""
        return [a for a in self._batch(operations, effect, user=user) if isinstance(a, Answer)]

    def change_sets(
        self, sets: Sequence[ChangeSet], effect: Effect, *, user: httpx.Auth | None = None
    ) -> list[tuple[Answer, ...]]:
        """Send change sets in one $batch: each is all or nothing, and goes on after one that failed."""
        size = sum(map(len, sets))
        try:
            answers = self._batch(sets, effect, weighed=size, user=user)
        except Lost:
            self.portion.lost(size)
            raise
        return [a if isinstance(a, tuple) else (a,) for a in answers]

    def _batch(
        self,
        operations: Sequence[Operation | ChangeSet],
        effect: Effect,
        *,
        weighed: int = 0,
        user: httpx.Auth | None = None,
    ) -> list[Answer | tuple[Answer, ...]]:
        response = self.channel.send(
            "POST",
            f"{self.root}/$batch",
            effect=effect,
            headers={**COMMON, "Content-Type": CONTENT_TYPE, "Prefer": "odata.continue-on-error"},
            content=write_batch(operations),
            user=user,
        )
        if weighed:
            self.portion.answered(weighed, response.elapsed.total_seconds())
        answers = read_batch(response.headers.get("content-type", ""), response.content)
        if answers is None:
            if response.status_code >= 400:
                raise read_error(DATAVERSE, answer_of(response), "$batch")
            raise Lost(f"{DATAVERSE} answered a $batch with something else")
        return [*answers, *[Answer(status=503)] * (len(operations) - len(answers))]

    def get_all(self, paths: Sequence[str], what: str) -> list[list[dict[str, Any]]]:
        """GET several paths in as few requests as possible and return the rows of each, all pages."""
        operations = [self.operation("GET", path, headers=UNCACHED) for path in paths]
        answers = self.channel.each(
            lambda part: self.batch(part, Effect.READ), list(chunks(operations, READS_IN_BATCH))
        )
        results = []
        for answer in (a for part in answers for a in part):
            rows: list[dict[str, Any]] = []
            while True:
                if answer.status != 200:
                    raise read_error(DATAVERSE, answer, what)
                rows += answer.body["value"]
                link = answer.body.get("@odata.nextLink")
                if not link:
                    break
                answer = self.get(str(link), what)
            results.append(rows)
        return results
