"""Reading what changed in one Dataverse table: by delta link, else by `modifiedon`.

dataverse-web-api.md §4. A cursor is JSON: `{"delta": link, "at": time, "select": columns}` or
`{"modified": time, "select": columns}`. When the columns to read are no longer those of the cursor,
the pass is full: a delta link answers the columns that it was made with, and a missing column must
not be taken for a blank one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from shared.adapters.dataverse_line import DataverseLine
from shared.adapters.odata import DATAVERSE, Answer, read_error
from shared.core.errors import Misconfigured
from shared.core.mapping import Table
from shared.core.model import Record
from shared.ports import ChangePage, Clock

#: `modifiedon` is set before the row becomes visible, and ties: read a little twice, once a pass.
OVERLAP = timedelta(minutes=2)

#: Each answer has a new delta link, even when nothing changed. The old one goes on being used for so long,
#: so that a poll which finds nothing writes nothing; a link lasts seven days (§4).
RENEW_AFTER = timedelta(hours=12)
NEVER = "0001-01-01T00:00:00+00:00"

TRACKING_OFF = ("0x80072491", "0x80072492")
EXPIRED = "0x80044352"


@dataclass(frozen=True, kw_only=True)
class _Pass:
    """One pass over the changes: where it is and, by `modifiedon`, where the next one starts."""

    select: str
    full: bool
    tracked: bool
    link: str
    to: str = ""

    def __str__(self) -> str:
        return json.dumps(vars(self))


class ChangeReader:
    """Args:
    clock: Tells the time when a reply has no Date.
    """

    def __init__(
        self, line: DataverseLine, clock: Clock, record: Callable[[Table, Mapping[str, Any]], Record]
    ) -> None:
        self._line = line
        self._clock = clock
        self._record = record
        self._untracked: set[str] = set()

    def read(
        self, table: Table, select: str, *, cursor: str | None, page: str | None, limit: int
    ) -> ChangePage:
        if page is not None:
            resumed = _Pass(**json.loads(page))
            if resumed.select == select:
                answer = self._ask(resumed, limit)
                # A link may expire between two pages; then its pass begins again, as a full one.
                return (
                    self._full(table, select, limit)
                    if _expired(answer)
                    else self._page(table, resumed, answer)
                )
        position = json.loads(cursor) if cursor else {}
        if position.get("select") != select:
            return self._full(table, select, limit)
        if since := position.get("modified"):
            return self._by_time(table, select, since, limit)
        delta = _Pass(select=select, full=False, tracked=True, link=str(position["delta"]))
        answer = self._ask(delta, limit)
        if _expired(answer):
            return self._full(table, select, limit)
        found = self._page(table, delta, answer)
        made = datetime.fromisoformat(position.get("at", NEVER))
        idle = not (found.records or found.deleted or found.next)
        if idle and self._server_time(answer) - made < RENEW_AFTER:
            return replace(found, cursor=cursor)
        return found

    def position(self, select: str) -> str:
        """Return a cursor by time: the tracked read gives its own only after listing everything."""
        to = self._server_time(self._line.get("WhoAmI", "WhoAmI")) - OVERLAP
        return json.dumps({"modified": to.strftime("%Y-%m-%dT%H:%M:%SZ"), "select": select})

    def _full(self, table: Table, select: str, limit: int) -> ChangePage:
        """List everything. The listing is the tracked read, so its own last link goes on from it (H17)."""
        if table.name not in self._untracked:
            start = _Pass(select=select, full=True, tracked=True, link=f"{table.name}?$select={select}")
            answer = self._ask(start, limit, start=True)
            if answer.code.lower() not in TRACKING_OFF:
                return self._page(table, start, answer)
            self._untracked.add(table.name)
        return self._by_time(table, select, None, limit)

    def _by_time(self, table: Table, select: str, since: str | None, limit: int) -> ChangePage:
        """Read by `modifiedon`. Deletions stay unseen until a full pass does not list them."""
        narrowed = f"&$filter=modifiedon%20ge%20{since}" if since else ""
        link = f"{table.name}?$select={select}{narrowed}&$orderby=modifiedon,{table.key}"
        # Before the first read, so that nothing falls between two passes.
        answer = self._ask(_Pass(select=select, full=not since, tracked=False, link=link), limit)
        to = (self._server_time(answer) - OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
        started = _Pass(select=select, full=not since, tracked=False, link=link, to=max(to, since or ""))
        return self._page(table, started, answer)

    def _ask(self, reading: _Pass, limit: int, *, start: bool = False) -> Answer:
        prefer = f"odata.maxpagesize={limit}"
        if start:
            prefer = f"odata.track-changes,{prefer}"
        return self._line.get(reading.link, "changes", prefer=prefer)

    def _page(self, table: Table, reading: _Pass, answer: Answer) -> ChangePage:
        if answer.status != 200:
            raise read_error(DATAVERSE, answer, f"changes of {table.name}")
        body = answer.body
        records, deleted = [], []
        for row in body["value"]:
            if str(row.get("@odata.context", "")).endswith("/$deletedEntity"):
                deleted.append(str(row["id"]).lower())
            else:
                records.append(self._record(table, row))
        following, cursor = body.get("@odata.nextLink"), None
        if not following:
            cursor = self._cursor(table, reading, answer)
        step = _Pass(**{**vars(reading), "link": following}) if following else None
        return ChangePage(
            records=tuple(records),
            deleted=tuple(deleted),
            next=str(step) if step else None,
            cursor=cursor,
            full=reading.full,
        )

    def _cursor(self, table: Table, reading: _Pass, answer: Answer) -> str:
        if not reading.tracked:
            return json.dumps({"modified": reading.to, "select": reading.select})
        link = answer.body.get("@odata.deltaLink")
        if not link:
            # Reported of annotations mixed in (§4): going on without it would miss changes.
            raise Misconfigured(f"{DATAVERSE} ended the changes of {table.name} without a delta link")
        at = self._server_time(answer).isoformat()
        return json.dumps({"delta": link, "at": at, "select": reading.select})

    def _server_time(self, answer: Answer) -> datetime:
        if said := answer.headers.get("date"):
            return parsedate_to_datetime(said).astimezone(UTC)
        return self._clock.now()


def _expired(answer: Answer) -> bool:
    """Say whether the token is too old: 0x80044352, with 400 or 410 (§4)."""
    return answer.status == 410 or answer.code.lower() == EXPIRED
