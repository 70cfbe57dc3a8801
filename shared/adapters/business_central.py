"""The BC side: `Records` over the companion API pages (infra/business-central/contract.yaml).

Facts: business-central-api.md §3–§8, §11, §12 and the companion's own promises (brief in
contract.yaml): a client may choose `id`, every row shows `systemRowVersion`, who created and who
changed it, `syncState` shows the least row version that may still be under way, and `tombstones`
list deletions.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import httpx

from shared.adapters.business_central_line import BATCH, BusinessCentralLine
from shared.adapters.business_central_whole import IN_ONE, whole
from shared.adapters.odata import (
    BC,
    Answer,
    Lost,
    chunks,
    chunks_by_length,
    escape,
    is_guid,
    literal,
    write_error,
)
from shared.adapters.share import Share
from shared.adapters.throttle import Effect
from shared.adapters.writing import (
    all_failed,
    by_operations,
    settle_lost_updates,
    taken_ids,
    tell_exists_from_taken,
)
from shared.core.convert import moment
from shared.core.errors import Misconfigured, Missing, Rejected, SyncError, Transient
from shared.core.mapping import Table
from shared.core.model import Record, Side, Wire
from shared.ports import ChangePage, Write, Written
from shared.signals import SILENT, Signals

#: Characters of a filter: keeps the URL below 8 KB (§12 "By id").
FILTER_LENGTH = 7000
#: Ids of one `id eq … or id eq …` filter; escaped, one takes 54 characters.
IDS_IN_FILTER = 120
#: Requests that BC processes at once for one identity (§8).
PARALLEL = 5

SYSTEM_COLUMNS = ("id", "systemRowVersion", "lastModifiedDateTime", "lastModifiedBy", "createdBy")


class BusinessCentralRecords:
    """Args:
    company_id: The company's SystemId (`find_company`).
    api_root: Address of the companion route, up to its version.
    columns: Columns to read, by entity set; system columns are added here.
    users: Each application user, when there are several behind `http`.
    handlers: Who writes a table instead of any of them, by entity set (P35).
    parallel, permits, sleep: As for `Channel`.
    """

    side = Side.BC

    def __init__(
        self,
        http: httpx.Client,
        *,
        company_id: str,
        api_root: str,
        columns: Mapping[str, Sequence[str]],
        users: Sequence[httpx.Auth] = (),
        handlers: Mapping[str, httpx.Auth] = MappingProxyType({}),
        parallel: int = PARALLEL,
        permits: Share | None = None,
        sleep: Callable[[float], None] = time.sleep,
        signals: Signals = SILENT,
    ) -> None:
        self.company_id = company_id
        self._company = f"companies({company_id})"
        self._columns = {name: tuple(wanted) for name, wanted in columns.items()}
        self._line = BusinessCentralLine(
            http, api_root=api_root, parallel=parallel, permits=permits, sleep=sleep, signals=signals
        )
        self._users = tuple(users)
        self._handlers = handlers
        self._user_ids: frozenset[str] = frozenset()

    # --- what was spent ---

    @property
    def requests(self) -> int:
        """Every HTTP request so far."""
        return self._line.channel.requests

    @property
    def reads(self) -> int:
        return self._line.channel.reads

    @property
    def writes(self) -> int:
        return self._line.channel.writes

    # --- reading ---

    def changes(self, table: Table, *, cursor: str | None, page: str | None, limit: int) -> ChangePage:
        """Return a page of changes; an idle poll is one request (H7).

        A cursor is a row version. The first request of a pass is a $batch of three reads: the least
        active row version comes before the rows, as everything below it was committed and thus is
        listed, so the next pass starts there. It travels inside `next` and becomes the cursor on
        the last page only.
        """
        if page is not None:
            resumed = json.loads(page)
            if resumed["select"] == self._select(table):
                return self._next_page(table, resumed, limit)
            # The columns of the mapping changed in the middle: its first page again.
        since = int(cursor) if cursor else None
        paths = {
            "syncState": f"{self._company}/syncState?$select=minimumActiveRowVersion",
            "tombstones": self._tombstones(table, since),
            table.name: self._listing(table, since),
        }
        if since is None:
            # A full pass tells deletions by what it does not list.
            del paths["tombstones"]
        state, *deletions, rows = self._line.get_all(list(paths.values()), list(paths), page_size=limit)
        if not state["value"]:
            raise Misconfigured(f"{BC} answers no syncState; is the companion extension installed?")
        deleted = [row for body in deletions for row in self._line.drain(body)]
        return self._page(
            table,
            rows,
            to=str(int(state["value"][0]["minimumActiveRowVersion"])),
            full=since is None,
            deleted=tuple(str(row["deletedId"]).lower() for row in deleted),
        )

    def position(self, table: Table) -> str:
        [state] = self.query(["syncState?$select=minimumActiveRowVersion"])
        if not state:
            raise Misconfigured(f"{BC} answers no syncState; is the companion extension installed?")
        return str(int(state[0]["minimumActiveRowVersion"]))

    def get(self, table: Table, ids: Sequence[str]) -> dict[str, Record]:
        wanted = list(dict.fromkeys(i.lower() for i in ids if is_guid(i)))
        filters = [" or ".join(f"id eq {i}" for i in part) for part in chunks(wanted, IDS_IN_FILTER)]
        return {record.id: record for record in self._filtered(table, filters)}

    def find(self, table: Table, column: str, values: Sequence[str]) -> list[Record]:
        wanted = list(dict.fromkeys(v.strip().lower() for v in values if v.strip()))
        if column.endswith("Id"):
            equals = [f"{column} eq {v}" for v in wanted if is_guid(v)]
            return self._filtered(table, [" or ".join(part) for part in chunks(equals, IDS_IN_FILTER)])
        # tolower only switches to matching without case (business-central-api.md §4).
        terms = [f"tolower({column}) eq {literal(value)}" for value in wanted]
        by_escaped = {escape(f" or {term}"): term for term in terms}
        filters = [
            " or ".join(by_escaped[piece] for piece in part)
            for part in chunks_by_length(list(by_escaped), FILTER_LENGTH)
        ]
        return list({record.id: record for record in self._filtered(table, filters)}.values())

    def first(
        self,
        table: Table,
        column: str,
        values: Sequence[str],
        *,
        order: Sequence[str],
        where: Sequence[tuple[str, str]],
    ) -> list[Record]:
        also = "".join(f" and {name} eq {literal(value)}" for name, value in where)
        filters = [f"tolower({column}) eq {literal(v.lower())}{also}" for v in dict.fromkeys(values) if v]
        sorted_by = f"&$orderby={','.join(order)}&$top=1"
        path = f"{self._company}/{table.name}?$select={self._select(table)}&$filter="
        paths = [f"{path}{escape(condition)}{sorted_by}" for condition in filters]
        answers = self._line.get_all(paths, [table.name] * len(paths)) if paths else []
        return [self._record(table, row) for answer in answers for row in answer["value"]]

    def begins(self, table: Table, column: str, text: str, *, limit: int) -> list[Record]:
        # A function within another needs the newer schema (business-central-api.md §4).
        condition = f"startswith(tolower({column}),{literal(text.lower())})"
        options = f"$select={self._select(table)}&$filter={escape(condition)}&$schemaversion=2.1"
        path = f"{self._company}/{table.name}?{options}&$orderby={column}&$top={limit}"
        [answer] = self._line.get_all([path], [table.name])
        return [self._record(table, row) for row in answer["value"]]

    def query(self, paths: Sequence[str]) -> list[list[dict[str, Wire]]]:
        """Read several sets of the company whole, by their path and query, in one request."""
        answers = self._line.get_all([f"{self._company}/{path}" for path in paths], list(paths))
        return [list(answer["value"]) for answer in answers]

    def user_ids(self) -> frozenset[str]:
        """Ask once, as each of them."""
        if not self._user_ids:
            path = f"{self._company}/whoAmI?$select=userSecurityId"
            answers = [self._line.get_all([path], ["whoAmI"], user=user) for user in self._users or (None,)]
            rows = [row for [answer] in answers for row in answer["value"]]
            if len(rows) < len(answers):
                raise Misconfigured(f"{BC} does not say who the integration user is")
            self._user_ids = frozenset(str(row["userSecurityId"]).lower() for row in rows)
        return self._user_ids

    # --- writing ---

    def create(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        """POST under our ids. A lost reply is followed by one repeat, which meets its own id; not of a document."""

        def operation(write: Write) -> dict[str, Any]:
            return {
                "method": "POST",
                "url": f"{self._company}/{table.name}?$select={self._select(table)}",
                "headers": {"Content-Type": "application/json"},
                "body": {"id": write.id, **write.values},
            }

        results = self._write(table, writes, operation, Effect.HARMLESS)
        if taken := taken_ids(results):
            try:
                results = tell_exists_from_taken(results, self.get(table, taken))
            except Transient as problem:
                results = [Written(id=r.id, error=problem) if r.id in taken else r for r in results]
        return results

    def update(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        """PATCH with If-Match: BC refuses it without (business-central-api.md §5)."""

        def operation(write: Write) -> dict[str, Any]:
            if not write.if_version:
                raise ValueError("an update needs the version that was gathered, or *")
            return {
                "method": "PATCH",
                "url": f"{self._company}/{table.name}({write.id})?$select={self._select(table)}",
                "headers": {"Content-Type": "application/json", "If-Match": write.if_version},
                "body": dict(write.values),
            }

        return self._write(table, writes, operation, Effect.ONCE)

    def _write(
        self,
        table: Table,
        writes: Sequence[Write],
        operation: Callable[[Write], dict[str, Any]],
        effect: Effect,
    ) -> list[Written]:
        def send(part: Sequence[Write]) -> list[Written]:
            once = Effect.ONCE if part[0].once else effect
            try:
                operations = [operation(write) for write in part]
                answers = self._line.batch(operations, once, user=self._handlers.get(table.name))
            except Lost as problem:
                return (
                    self._look_again(table, part, problem)
                    if effect is Effect.ONCE
                    else all_failed(part, problem)
                )
            except Transient as problem:
                return all_failed(part, problem)
            return [self._written(table, write, answer) for write, answer in zip(part, answers, strict=True)]

        plain = [w for w in writes if not (w.before or w.after)]
        stepped = [w for w in writes if w.before or w.after]
        parts = self._line.channel.each(send, list(chunks(plain, BATCH)))
        parts += self._line.channel.each(
            lambda part: self._in_one(table, part, operation), list(by_operations(stepped, IN_ONE))
        )
        answered = {r.id: r for part in parts for r in part}
        results = [answered[w.id] for w in writes]
        for result in results:
            if isinstance(result.error, Misconfigured):
                raise result.error
        return results

    def _in_one(
        self, table: Table, writes: Sequence[Write], operation: Callable[[Write], dict[str, Any]]
    ) -> list[Written]:
        """Write documents with their steps. A row that a step misses is not the record itself."""
        try:
            user = self._handlers.get(table.name)
            answers = whole(self._line, self._company, writes, operation, user=user)
        except Transient as problem:
            return all_failed(writes, problem)
        results = [self._written(table, write, answer) for write, answer in zip(writes, answers, strict=True)]
        return [
            Written(id=r.id, error=Rejected(str(r.error))) if isinstance(r.error, Missing) else r
            for r in results
        ]

    def _look_again(self, table: Table, writes: Sequence[Write], problem: SyncError) -> list[Written]:
        try:
            return settle_lost_updates(writes, self.get(table, [w.id for w in writes]), self.user_ids())
        except Transient:
            return all_failed(writes, problem)

    def _written(self, table: Table, write: Write, answer: Answer) -> Written:
        if answer.status in (200, 201):
            return Written(id=write.id, record=self._record(table, answer.body))
        return Written(id=write.id, error=write_error(BC, answer))

    # --- requests ---

    def _select(self, table: Table) -> str:
        wanted = self._columns.get(table.name)
        if wanted is None:
            raise Misconfigured(f"no mapping reads {BC}'s {table.name}")
        return ",".join(dict.fromkeys((*SYSTEM_COLUMNS, *wanted)))

    def _listing(self, table: Table, since: int | None) -> str:
        narrowed = "" if since is None else f"&$filter={escape(f'systemRowVersion ge {since}')}"
        return (
            f"{self._company}/{table.name}?$select={self._select(table)}{narrowed}&$orderby=systemRowVersion"
        )

    def _tombstones(self, table: Table, since: int | None) -> str:
        """Tombstones by row version as well: their entry numbers need not become visible in order."""
        of_this = f"entitySet eq {literal(table.name)} and systemRowVersion ge {since}"
        return f"{self._company}/tombstones?$select=deletedId&$filter={escape(of_this)}&$orderby=systemRowVersion"

    def _filtered(self, table: Table, filters: Sequence[str]) -> list[Record]:
        if not filters:
            return []
        select = self._select(table)
        paths = [f"{self._company}/{table.name}?$select={select}&$filter={escape(f)}" for f in filters]
        answers = self._line.get_all(paths, [table.name] * len(paths))
        return [self._record(table, row) for answer in answers for row in self._line.drain(answer)]

    def _next_page(self, table: Table, resumed: Mapping[str, Any], limit: int) -> ChangePage:
        body = self._line.follow(str(resumed["link"]), page_size=limit)
        return self._page(table, body, to=str(resumed["to"]), full=bool(resumed["full"]), deleted=())

    def _page(
        self, table: Table, body: Mapping[str, Any], *, to: str, full: bool, deleted: tuple[str, ...]
    ) -> ChangePage:
        link = body.get("@odata.nextLink")
        following = {"link": link, "to": to, "full": full, "select": self._select(table)}
        return ChangePage(
            records=tuple(self._record(table, row) for row in body["value"]),
            deleted=deleted,
            next=json.dumps(following) if link else None,
            cursor=None if link else to,
            full=full,
        )

    def _record(self, table: Table, row: Mapping[str, Any]) -> Record:
        try:
            return Record(
                side=Side.BC,
                id=str(row["id"]).lower(),
                version=str(row["@odata.etag"]),
                values={column: row[column] for column in self._columns[table.name]},
                row_version=int(row["systemRowVersion"]),
                modified_at=moment(row["lastModifiedDateTime"]),
                modified_by=str(row["lastModifiedBy"]).lower(),
                created_by=str(row["createdBy"]).lower(),
            )
        except KeyError as missing:
            # A column that is not there must never be taken for a blank one.
            raise Misconfigured(f"{BC}'s {table.name} was answered without {missing}") from None
