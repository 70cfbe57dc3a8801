"""The Sales side: `Records` over the Dataverse Web API (dataverse-web-api.md §1–§8, §10)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import httpx

from shared.adapters.dataverse_batch import Operation
from shared.adapters.dataverse_changes import ChangeReader
from shared.adapters.dataverse_line import DataverseLine
from shared.adapters.dataverse_options import Options
from shared.adapters.odata import (
    DATAVERSE,
    Answer,
    Lost,
    Taken,
    chunks,
    chunks_by_length,
    escape,
    evenly,
    is_guid,
    literal,
    read_error,
    write_error,
)
from shared.adapters.share import Share
from shared.adapters.throttle import Effect
from shared.adapters.writing import (
    all_failed,
    by_operations,
    read_back,
    settle_lost_updates,
    taken_ids,
    tell_exists_from_taken,
)
from shared.core.convert import moment
from shared.core.errors import Misconfigured, Rejected, Stale, SyncError, Transient
from shared.core.mapping import Table
from shared.core.model import Record, Side, Wire
from shared.ports import ChangePage, Clock, Step, Write, Written
from shared.signals import SILENT, Signals

#: Records of one bulk message or $batch of writes, about. More are allowed (§5, §6); a hundred keeps
#: one refused record from sinking many, and keeps a request short.
WRITES = 100
#: Ids of one In(…) filter: a GET inside $batch may have a URL of 65,536 characters (§3), one id
#: takes 43.
IDS_IN_FILTER = 1200
FILTER_LENGTH = 50_000

SYSTEM_COLUMNS = ("modifiedon", "_modifiedby_value", "_createdby_value")
REPRESENTATION = {"Prefer": "return=representation"}
_ETAG = re.compile(r'W/"(\d+)"')


class DataverseRecords:
    """Args:
    api_root: `<organization>/api/data/v9.2`.
    columns: Columns to read, by entity set; system columns are added here.
    users: Each application user, when there are several behind `http`.
    handlers: Who writes a table instead of any of them, by entity set (P35).
    parallel: Requests under way at once until `x-ms-dop-hint` tells; 1 means one after another.
    share: How much of the hint falls to this process (H29).
    sleep: As for `Channel`.
    """

    side = Side.SALES

    def __init__(
        self,
        http: httpx.Client,
        *,
        api_root: str,
        columns: Mapping[str, Sequence[str]],
        clock: Clock,
        users: Sequence[httpx.Auth] = (),
        handlers: Mapping[str, httpx.Auth] = MappingProxyType({}),
        parallel: int = 4,
        share: Share | None = None,
        sleep: Callable[[float], None] = time.sleep,
        signals: Signals = SILENT,
    ) -> None:
        self._columns = {name: tuple(wanted) for name, wanted in columns.items()}
        self._line = DataverseLine(
            http,
            api_root=api_root,
            parallel=parallel,
            users=max(1, len(users)),
            share=share,
            sleep=sleep,
            signals=signals,
        )
        self._options = Options(self._line)
        self._changes = ChangeReader(self._line, clock, self._record)
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
        if table.kind == "option":
            return self._options.changes(table, cursor)
        return self._changes.read(table, self._select(table), cursor=cursor, page=page, limit=limit)

    def position(self, table: Table) -> str:
        if table.kind == "option":
            return self._options.position(table)
        return self._changes.position(self._select(table))

    def get(self, table: Table, ids: Sequence[str]) -> dict[str, Record]:
        if not ids:
            return {}
        if table.kind == "option":
            wanted_options = set(ids)
            return {r.id: r for r in self._options.all(table) if r.id in wanted_options}
        wanted = list(dict.fromkeys(i.lower() for i in ids if is_guid(i)))
        quoted = [escape(f'"{i}"') for i in wanted]
        records = self._within(table, table.key, list(chunks(quoted, IDS_IN_FILTER)))
        return {record.id: record for record in records}

    def find(self, table: Table, column: str, values: Sequence[str]) -> list[Record]:
        """Search one column; Dataverse compares text without case (§3)."""
        wanted = list(dict.fromkeys(v.strip().lower() for v in values if v.strip()))
        if not wanted:
            return []
        if table.kind == "option":
            return [r for r in self._options.all(table) if str(r.values[column]).strip().lower() in wanted]
        # In(…) takes its texts as JSON strings; a text with a quote or a backslash is compared
        # with eq, whose escaping is documented (§3).
        if column.startswith("_"):
            # A lookup is compared by id, without quotes (§3).
            equals = [f"{column} eq {v}" for v in wanted if is_guid(v)]
            return self._filtered(table, [escape(" or ".join(part)) for part in chunks(equals, 100)])
        plain = [escape(f'"{v}"') for v in wanted if '"' not in v and "\\" not in v and "'" not in v]
        records = self._within(table, column, list(chunks_by_length(plain, FILTER_LENGTH)))
        odd = [f"{column} eq {literal(v)}" for v in wanted if '"' in v or "\\" in v or "'" in v]
        filters = [escape(" or ".join(part)) for part in chunks(odd, 100)]
        records += self._filtered(table, filters)
        return list({record.id: record for record in records}.values())

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
        filters = [escape(f"{column} eq {literal(v)}{also}") for v in dict.fromkeys(values) if v]
        sorted_by = f"&$orderby={','.join(order)}&$top=1"
        paths = [f"{table.name}?$select={self._select(table)}&$filter={f}{sorted_by}" for f in filters]
        answers = self._line.get_all(paths, table.name) if paths else []
        return [self._record(table, row) for rows in answers for row in rows]

    def begins(self, table: Table, column: str, text: str, *, limit: int) -> list[Record]:
        def so(record: Record) -> bool:
            return str(record.values[column] or "").lower().startswith(text.lower())

        if table.kind == "option":
            options = sorted(self._options.all(table), key=lambda r: str(r.values[column]).lower())
            return [r for r in options if so(r)][:limit]
        # The text is a pattern to Dataverse: a wildcard is told apart by what comes back.
        condition = escape(f"startswith({column},{literal(text)})")
        options_of = f"$select={self._select(table)}&$filter={condition}&$orderby={column}&$top={limit}"
        [rows] = self._line.get_all([f"{table.name}?{options_of}"], table.name)
        return [r for r in (self._record(table, row) for row in rows) if so(r)]

    def query(self, paths: Sequence[str]) -> list[list[dict[str, Wire]]]:
        """Read several sets whole, by their path and query, in one request."""
        return self._line.get_all(paths, "set-up tables")

    def user_ids(self) -> frozenset[str]:
        """Ask once, as each of them."""
        if not self._user_ids:
            answers = [self._line.get("WhoAmI", "WhoAmI", user=user) for user in self._users or (None,)]
            for answer in answers:
                if answer.status != 200:
                    raise read_error(DATAVERSE, answer, "WhoAmI")
            self._user_ids = frozenset(str(answer.body["UserId"]).lower() for answer in answers)
        return self._user_ids

    # --- writing ---

    def create(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        """Create under our ids: CreateMultiple where the table takes it, then one read (H4)."""
        if not writes:
            return []
        if table.kind == "option":
            return self._options.create(table, writes)
        stepped = [w for w in writes if w.before or w.after]
        plain = [w for w in writes if not (w.before or w.after)]
        results = self._in_sets(table, stepped, self._post, Effect.HARMLESS) if stepped else []
        if plain and table.bulk:
            results += self._in_bulk(table, plain, "CreateMultiple", self._post)
        elif plain:
            results += self._one_by_one(table, plain, self._post, Effect.HARMLESS)
        results = _in_order(writes, results)
        if taken := taken_ids(results):
            try:
                results = tell_exists_from_taken(results, self.get(table, taken))
            except Transient as problem:
                results = [
                    Written(id=r.id, error=problem) if isinstance(r.error, Taken) else r for r in results
                ]
        return results

    def update(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        """PATCH under If-Match; what may be changed in any version goes by UpdateMultiple.

        Without If-Match a PATCH would make a deleted row again (§2 "Concurrency").
        """
        if not writes:
            return []
        if table.kind == "option":
            return all_failed(writes, Rejected("an option of a choice column is never changed"))
        if any(not write.if_version for write in writes):
            raise ValueError("an update needs the version that was gathered, or *")
        stepped = [w for w in writes if w.before or w.after]
        plain = [w for w in writes if not (w.before or w.after)]
        anyway = [w for w in plain if w.if_version == "*" and table.bulk]
        checked = [w for w in plain if w.if_version != "*" or not table.bulk]
        results = self._in_bulk(table, anyway, "UpdateMultiple", self._patch) if anyway else []
        if checked:
            results += self._one_by_one(table, checked, self._patch, Effect.ONCE)
        if stepped:
            results += self._in_sets(table, stepped, self._patch, Effect.ONCE)
        return _in_order(writes, results)

    def _in_sets(
        self,
        table: Table,
        writes: Sequence[Write],
        single: Callable[[Table, Write], Operation],
        effect: Effect,
    ) -> list[Written]:
        """Send each record with its steps as one change set, many to a $batch (H16), then read them once (H4)."""

        def send(part: Sequence[Write]) -> list[Written | None]:
            sets = [
                (*map(self._step, write.before), single(table, write), *map(self._step, write.after))
                for write in part
            ]
            try:
                answers = self._line.change_sets(sets, effect, user=self._handlers.get(table.name))
            except Lost as problem:
                if effect is Effect.ONCE:
                    return [*self._look_again(table, part, problem)]
                return [*all_failed(part, problem)]
            except Transient as problem:
                return [*all_failed(part, problem)]
            return [_of_set(write, answer) for write, answer in zip(part, answers, strict=True)]

        parts: list[list[Written | None]] = []
        rest = list(writes)
        while rest:
            cut = list(by_operations(rest, self._line.portion.now))
            # Found out how much is answered in time with one request, not with all of them at once.
            now = cut[:1] if self._line.portion.unsure else cut
            parts += self._line.channel.each(send, now)
            rest = rest[sum(map(len, now)) :]
        answered = dict(zip([w.id for w in writes], [r for part in parts for r in part], strict=True))
        unread = [w for w in writes if answered[w.id] is None]
        try:
            read = read_back(unread, self.get(table, [w.id for w in unread])) if unread else []
        except Transient as problem:
            read = all_failed(unread, problem)
        return _unless_misconfigured([*[r for r in answered.values() if r is not None], *read])

    def _step(self, step: Step) -> Operation:
        if step.action == "create":
            body = {step.table.key: step.id, **step.values}
            return self._line.operation("POST", step.table.name, body=body)
        # Without If-Match a PATCH creates a row that is not there (§2).
        headers = {"If-Match": step.if_version} if step.action == "update" else {}
        path = f"{step.table.name}({step.id})"
        return self._line.operation("PATCH", path, headers=headers, body=dict(step.values))

    def _in_bulk(
        self, table: Table, writes: Sequence[Write], message: str, single: Callable[[Table, Write], Operation]
    ) -> list[Written]:
        """Send a bulk message for each hundred; it is all or nothing (§6).

        A refused hundred does not say who was to blame, so it is sent once more as $batch, where
        each is answered on its own.
        """
        kind = f"Microsoft.Dynamics.CRM.{_logical_name(table)}"

        def send(part: Sequence[Write]) -> list[Written] | None:
            targets = [{"@odata.type": kind, table.key: write.id, **write.values} for write in part]
            path = f"{table.name}/Microsoft.Dynamics.CRM.{message}"
            try:
                user = self._handlers.get(table.name)
                answer = self._line.post(path, {"Targets": targets}, Effect.HARMLESS, user=user)
            except Transient as problem:
                return all_failed(part, problem)
            if answer.status in (200, 204):
                return None
            return self._send_each(table, part, single, Effect.HARMLESS)

        parts = evenly(writes, WRITES)
        answered = self._line.channel.each(send, parts)
        unread = [w for part, results in zip(parts, answered, strict=True) if results is None for w in part]
        read: dict[str, Written] = {}
        if unread:
            try:
                read = {r.id: r for r in read_back(unread, self.get(table, [w.id for w in unread]))}
            except Transient as problem:
                read = {w.id: Written(id=w.id, error=problem) for w in unread}
        results = [
            result
            for part, given in zip(parts, answered, strict=True)
            for result in (given if given is not None else [read[w.id] for w in part])
        ]
        return _unless_misconfigured(results)

    def _one_by_one(
        self,
        table: Table,
        writes: Sequence[Write],
        single: Callable[[Table, Write], Operation],
        effect: Effect,
    ) -> list[Written]:
        parts = self._line.channel.each(
            lambda part: self._send_each(table, part, single, effect), evenly(writes, WRITES)
        )
        return _unless_misconfigured([result for part in parts for result in part])

    def _send_each(
        self,
        table: Table,
        writes: Sequence[Write],
        single: Callable[[Table, Write], Operation],
        effect: Effect,
    ) -> list[Written]:
        """Send one $batch in which each record succeeds or fails on its own."""
        try:
            operations = [single(table, write) for write in writes]
            answers = self._line.batch(operations, effect, user=self._handlers.get(table.name))
        except Lost as problem:
            return (
                self._look_again(table, writes, problem)
                if effect is Effect.ONCE
                else all_failed(writes, problem)
            )
        except Transient as problem:
            return all_failed(writes, problem)
        return [self._written(table, write, answer) for write, answer in zip(writes, answers, strict=True)]

    def _look_again(self, table: Table, writes: Sequence[Write], problem: SyncError) -> list[Written]:
        try:
            return settle_lost_updates(writes, self.get(table, [w.id for w in writes]), self.user_ids())
        except Transient:
            return all_failed(writes, problem)

    def _post(self, table: Table, write: Write) -> Operation:
        path = f"{table.name}?$select={self._select(table)}"
        return self._line.operation(
            "POST", path, headers=REPRESENTATION, body={table.key: write.id, **write.values}
        )

    def _patch(self, table: Table, write: Write) -> Operation:
        path = f"{table.name}({write.id})?$select={self._select(table)}"
        headers = {**REPRESENTATION, "If-Match": write.if_version or "*"}
        return self._line.operation("PATCH", path, headers=headers, body=dict(write.values))

    def _written(self, table: Table, write: Write, answer: Answer) -> Written:
        if answer.status in (200, 201) and answer.body:
            return Written(id=write.id, record=self._record(table, answer.body))
        return Written(id=write.id, error=write_error(DATAVERSE, answer))

    # --- rows ---

    def _select(self, table: Table) -> str:
        wanted = self._columns.get(table.name)
        if wanted is None:
            raise Misconfigured(f"no mapping reads {DATAVERSE}'s {table.name}")
        return ",".join(dict.fromkeys((table.key, *wanted, *SYSTEM_COLUMNS)))

    def _within(self, table: Table, column: str, parts: Sequence[Sequence[str]]) -> list[Record]:
        return self._filtered(
            table,
            [
                f"Microsoft.Dynamics.CRM.In(PropertyName='{column}',PropertyValues=[{','.join(part)}])"
                for part in parts
            ],
        )

    def _filtered(self, table: Table, filters: Sequence[str]) -> list[Record]:
        if not filters:
            return []
        select = self._select(table)
        paths = [f"{table.name}?$select={select}&$filter={f}" for f in filters]
        return [self._record(table, row) for rows in self._line.get_all(paths, table.name) for row in rows]

    def _record(self, table: Table, row: Mapping[str, Any]) -> Record:
        try:
            version = str(row["@odata.etag"])
            number = _ETAG.match(version)
            return Record(
                side=Side.SALES,
                id=str(row[table.key]).lower(),
                version=version,
                values={column: row[column] for column in self._columns[table.name]},
                # The number in the tag is the row's versionnumber (§2 "Concurrency").
                row_version=int(number[1]) if number else 0,
                modified_at=moment(row["modifiedon"]),
                modified_by=str(row["_modifiedby_value"] or "").lower(),
                created_by=str(row["_createdby_value"] or "").lower(),
            )
        except KeyError as missing:
            # A column that is not there must never be taken for a blank one.
            raise Misconfigured(f"{DATAVERSE}'s {table.name} was answered without {missing}") from None


def _logical_name(table: Table) -> str:
    """Return the table's own name: its primary key is that name and `id` (dataverse_schema)."""
    return table.entity or table.key.removesuffix("id")


def _in_order(writes: Sequence[Write], results: Sequence[Written]) -> list[Written]:
    by_id = {result.id: result for result in results}
    return [by_id[write.id] for write in writes]


def _of_set(write: Write, answers: tuple[Answer, ...]) -> Written | None:
    """Return why a change set failed; None when it was done and its record has to be read."""
    failed = next((a for a in answers if a.status not in (200, 201, 204)), None)
    if failed is None and len(answers) == 1 + len(write.before) + len(write.after):
        return None
    error = write_error(DATAVERSE, failed or Answer(status=503))
    own = str(len(write.before) + 1)
    if failed is not None and failed.headers.get("content-id", own) != own:
        steps = {str(n): s for n, s in enumerate((*write.before, None, *write.after), start=1) if s}
        step = steps.get(failed.headers["content-id"])
        own_row = step is not None and step.id == write.id and isinstance(error, Stale)
        if isinstance(error, Stale | Rejected) and step is not None and not own_row:
            # It is not the record that is missing, taken or newer.
            error = Rejected(f"{step.table.name}: {error}", code=failed.code)
    return Written(id=write.id, error=error)


def _unless_misconfigured(results: list[Written]) -> list[Written]:
    for result in results:
        if isinstance(result.error, Misconfigured):
            raise result.error
    return results
