"""Rows of Dataverse's tables as records, found by id, by text, by their first characters (§2, §3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from shared.adapters.dataverse_line import DataverseLine
from shared.adapters.odata import DATAVERSE, chunks, chunks_by_length, escape, is_guid, literal
from shared.core.convert import moment
from shared.core.errors import Misconfigured
from shared.core.mapping import Table
from shared.core.model import Record, Side

#: Ids of one In(…) filter: a GET inside $batch may have a URL of 65,536 characters (§3), one id
#: takes 43.
IDS_IN_FILTER = 1200
FILTER_LENGTH = 50_000
SYSTEM_COLUMNS = ("modifiedon", "_modifiedby_value", "_createdby_value")
_ETAG = re.compile(r'W/"(\d+)"')


class DataverseRows:
    """Args:
    columns: Columns to read, by entity set; system columns are added here.
    """

    def __init__(self, line: DataverseLine, columns: Mapping[str, Sequence[str]]) -> None:
        self._line = line
        self._columns = {name: tuple(wanted) for name, wanted in columns.items()}

    def select(self, table: Table) -> str:
        """Return what is read of a table, as `$select` takes it."""
        wanted = self._columns.get(table.name)
        if wanted is None:
            raise Misconfigured(f"no mapping reads {DATAVERSE}'s {table.name}")
        return ",".join(dict.fromkeys((table.key, *wanted, *SYSTEM_COLUMNS)))

    def record(self, table: Table, row: Mapping[str, Any]) -> Record:
        """Return a row as a record. Raises `Misconfigured` when a column is missing."""
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

    def get(self, table: Table, ids: Sequence[str]) -> dict[str, Record]:
        if not ids:
            return {}
        wanted = list(dict.fromkeys(i.lower() for i in ids if is_guid(i)))
        quoted = [escape(f'"{i}"') for i in wanted]
        records = self._within(table, table.key, list(chunks(quoted, IDS_IN_FILTER)))
        return {record.id: record for record in records}

    def find(self, table: Table, column: str, values: Sequence[str]) -> list[Record]:
        """Search one column; Dataverse compares text without case (§3)."""
        wanted = list(dict.fromkeys(v.strip().lower() for v in values if v.strip()))
        if not wanted:
            return []
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
        paths = [f"{table.name}?$select={self.select(table)}&$filter={f}{sorted_by}" for f in filters]
        answers = self._line.get_all(paths, table.name) if paths else []
        return [self.record(table, row) for rows in answers for row in rows]

    def begins(self, table: Table, column: str, text: str, *, limit: int) -> list[Record]:
        # The text is a pattern to Dataverse: a wildcard is told apart by what comes back.
        condition = escape(f"startswith({column},{literal(text)})")
        options_of = f"$select={self.select(table)}&$filter={condition}&$orderby={column}&$top={limit}"
        [rows] = self._line.get_all([f"{table.name}?{options_of}"], table.name)
        return [r for r in (self.record(table, row) for row in rows) if begins_so(r, column, text)]

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
        select = self.select(table)
        paths = [f"{table.name}?$select={select}&$filter={f}" for f in filters]
        return [self.record(table, row) for rows in self._line.get_all(paths, table.name) for row in rows]


def begins_so(record: Record, column: str, text: str) -> bool:
    return str(record.values[column] or "").lower().startswith(text.lower())
