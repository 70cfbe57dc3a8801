"""The Sales side: `Records` over the Dataverse Web API (dataverse-web-api.md §1–§8, §10)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import httpx

from shared.adapters.dataverse_changes import ChangeReader
from shared.adapters.dataverse_line import DataverseLine
from shared.adapters.dataverse_options import Options
from shared.adapters.dataverse_rows import DataverseRows, begins_so
from shared.adapters.dataverse_writing import DataverseWriting
from shared.adapters.odata import DATAVERSE, read_error
from shared.adapters.share import Share
from shared.adapters.writing import all_failed
from shared.core.errors import Rejected
from shared.core.mapping import Table
from shared.core.model import Record, Side, Wire
from shared.ports import ChangePage, Clock, Write, Written
from shared.signals import SILENT, Signals


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
        self._rows = DataverseRows(self._line, columns)
        self._changes = ChangeReader(self._line, clock, self._rows.record)
        self._writing = DataverseWriting(self._line, self._rows, handlers=handlers, user_ids=self.user_ids)
        self._users = tuple(users)
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
        return self._changes.read(table, self._rows.select(table), cursor=cursor, page=page, limit=limit)

    def position(self, table: Table) -> str:
        if table.kind == "option":
            return self._options.position(table)
        return self._changes.position(self._rows.select(table))

    def get(self, table: Table, ids: Sequence[str]) -> dict[str, Record]:
        if table.kind != "option":
            return self._rows.get(table, ids)
        wanted = set(ids)
        return {r.id: r for r in self._options.all(table) if r.id in wanted} if wanted else {}

    def find(self, table: Table, column: str, values: Sequence[str]) -> list[Record]:
        if table.kind != "option":
            return self._rows.find(table, column, values)
        wanted = {v.strip().lower() for v in values} - {""}
        options = self._options.all(table) if wanted else []
        return [r for r in options if str(r.values[column]).strip().lower() in wanted]

    def first(
        self,
        table: Table,
        column: str,
        values: Sequence[str],
        *,
        order: Sequence[str],
        where: Sequence[tuple[str, str]],
    ) -> list[Record]:
        return self._rows.first(table, column, values, order=order, where=where)

    def begins(self, table: Table, column: str, text: str, *, limit: int) -> list[Record]:
        if table.kind != "option":
            return self._rows.begins(table, column, text, limit=limit)
        options = sorted(self._options.all(table), key=lambda r: str(r.values[column]).lower())
        return [r for r in options if begins_so(r, column, text)][:limit]

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
        if table.kind == "option":
            return self._options.create(table, writes) if writes else []
        return self._writing.create(table, writes)

    def update(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        if table.kind == "option":
            return all_failed(writes, Rejected("an option of a choice column is never changed"))
        return self._writing.update(table, writes)
