"""Reading many rows: filter, order, pages, counts.

Source: reference/dataverse-web-api.md section 3. A page holds at most 5,000 rows; `$top` is ignored
together with `odata.maxpagesize`; counts stop at 5,000.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from functools import cmp_to_key
from itertools import islice
from typing import Any
from urllib.parse import quote

import orjson

from sandbox.dataverse.environment import Environment
from sandbox.dataverse.filter import Compiled, compile_filter
from sandbox.dataverse.options import Expand, Options, Prefer
from sandbox.dataverse.refusal import bad_query
from sandbox.dataverse.schema import Table
from sandbox.dataverse.scope import TableScope
from sandbox.dataverse.shape import dumps, rows_json, shape
from sandbox.dataverse.store import Row

COUNT_LIMIT = 5000
#: What a null sorts as, by kind; texts, ids and dates sort as the empty text. Smaller than any value.
_FIRST: Mapping[str, Any] = {"number": Decimal("-Infinity"), "bool": -1}
_COOKIE = re.compile(r'^<cookie pagenumber="(\d+)" pagingcookie="([\w=-]*)" istracking="(True|False)" />$')
_ALL = Compiled(test=lambda row: True)


@dataclass(frozen=True, kw_only=True)
class Page:
    body: bytes
    rows: int  # on this page


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One reading request: where, what, for whom."""

    environment: Environment
    table: Table
    options: Options
    prefer: Prefer
    base: str  # service root with a final slash, as the client addresses it
    path: str  # of the collection, relative to base
    query: str  # as received, still encoded
    user_id: str
    narrowed: tuple[str, str] | None = None  # only rows whose lookup (name on the wire) has this id
    half_page: bool = False  # a fault: cut the page short, with the link to the rest

    def compiled(self) -> Compiled:
        compiled = _ALL if self.options.filter is None else _compile(self, self.table, self.options.filter)
        if self.narrowed is None:
            return compiled
        name, wanted = self.table.by_wire[self.narrowed[0]].name, self.narrowed[1]
        test = compiled.test
        return Compiled(test=lambda row: row.values.get(name) == wanted and test(row), ids=compiled.ids)

    def page_size(self) -> int:
        most = self.environment.settings.max_page_size
        size = min(self.prefer.max_page_size or most, most)
        return max(1, size // 2) if self.half_page else size

    def shape(self) -> Callable[[Row], dict[str, Any]]:
        return shape(
            self.environment,
            self.table,
            self.options.select,
            self.options.expand,
            self.prefer,
            self.base,
            _Rows(self),
        )

    def context(self, suffix: str = "") -> str:
        """Return the `@odata.context` of the answer."""
        names = list(self.options.select)
        for item in self.options.expand:
            names.append(f"{item.navigation}({','.join(item.select)})")
        chosen = f"({','.join(names)})" if names else ""
        return f"{self.base}$metadata#{self.table.entity_set}{chosen}{suffix}"

    def link(self, option: str, value: str) -> str:
        """Return the absolute URL of this request with this token instead of an earlier one."""
        kept = [
            part
            for part in self.query.split("&")
            if part and not re.match(r"(?:\$|%24)(?:skiptoken|deltatoken)=", part)
        ]
        return f"{self.base}{self.path}?{'&'.join([*kept, f'{option}={value}'])}"


class _Rows:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def __call__(self, table: Table, rows: list[Row], item: Expand) -> list[Row]:
        if item.filter is not None:
            test = _compile(self._ask, table, item.filter).test
            rows = [row for row in rows if test(row)]
        rows = sorted(rows, key=_ordering(self._ask.environment, table, item.order_by))
        return rows if item.top is None else rows[: item.top]


def no_rows(table: Table, rows: list[Row], item: Expand) -> list[Row]:
    """For shapes that expand nothing."""
    raise AssertionError(f"{table.name} was not to be expanded")


def _compile(ask: Ask, table: Table, text: str) -> Compiled:
    return compile_filter(
        text,
        TableScope(ask.environment.store, table),
        aliases=ask.options.aliases,
        now=ask.environment.clock.now().astimezone(UTC),
        user_id=ask.user_id,
    )


def read_page(ask: Ask) -> Page:
    """Return the first page, or the one that the skip token asks for."""
    options = ask.options
    compiled = ask.compiled()
    size = ask.page_size()
    limited = options.top is not None and ask.prefer.max_page_size is None
    if limited:
        assert options.top is not None
        size = min(options.top, ask.environment.settings.max_page_size)
    number, after = read_cookie(options.skip_token) if options.skip_token else (1, None)
    if options.order_by:
        rows = _ordered(ask, compiled)
        start = 0
        if after is not None:
            key = _ordering(ask.environment, ask.table, options.order_by)
            start = bisect_right(rows, key(_stand_in(after)), key=key)
        found = rows[start : start + size + 1]
    else:
        found = list(islice(_by_id(ask, compiled, after["id"] if after else None), size + 1))
    more = len(found) > size and not limited
    found = found[:size]
    body: dict[str, Any] = {"@odata.context": ask.context()}
    total = -1
    if options.count:
        total = count(ask, compiled)
        body["@odata.count"] = min(total, COUNT_LIMIT)
    if ask.prefer.wants("Microsoft.Dynamics.CRM.totalrecordcount"):
        body["@Microsoft.Dynamics.CRM.totalrecordcount"] = min(total, COUNT_LIMIT)
        body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] = total > COUNT_LIMIT
    build = ask.shape()
    body["value"] = rows_json(build, found)
    if more:
        last = found[-1]
        names = {path for path, _ in options.order_by}
        cookie = {"id": last.id, "version": last.version, "values": _kept(ask.table, last, names)}
        body["@odata.nextLink"] = ask.link("$skiptoken", write_cookie(number + 1, cookie))
    return Page(body=dumps(body), rows=len(found))


def count(ask: Ask, compiled: Compiled | None = None) -> int:
    """Return how many rows pass, without the limit of the answer."""
    compiled = compiled or ask.compiled()
    if compiled is _ALL:
        return len(ask.environment.store.rows(ask.table.name).rows)
    return sum(1 for _ in _by_id(ask, compiled, None))


def _by_id(ask: Ask, compiled: Compiled, after: str | None) -> Iterable[Row]:
    held = ask.environment.store.rows(ask.table.name)
    test = compiled.test
    if compiled.ids is not None:
        ids = sorted(i for i in compiled.ids if i in held.rows and (after is None or i > after))
    else:
        ids = held.ids_in_order()
        if after is not None:
            ids = ids[bisect_right(ids, after) :]
    rows = held.rows
    return (row for i in ids if test(row := rows[i]))


def _ordered(ask: Ask, compiled: Compiled) -> list[Row]:
    """Return all rows that pass, in order; kept for the next page while the table does not change."""
    held = ask.environment.store.rows(ask.table.name)
    cache = held.results
    name = (
        held.generation,
        ask.options.filter,
        ask.options.order_by,
        ask.narrowed,
        tuple(ask.options.aliases.items()),
    )
    # A path to another table, or a function of the time, can change while this table does not.
    steady = not any("/" in path for path, _ in ask.options.order_by) and not re.search(
        r"/|LastX|UserId", ask.options.filter or ""
    )
    if steady and name in cache:
        return cache[name]
    rows = sorted(
        _by_id(ask, compiled, None), key=_ordering(ask.environment, ask.table, ask.options.order_by)
    )
    if steady:
        while len(cache) >= 4:
            del cache[next(iter(cache))]
        cache[name] = rows
    return rows


def _ordering(
    environment: Environment, table: Table, order_by: tuple[tuple[str, bool], ...]
) -> Callable[[Row], Any]:
    """Return a sort key: the given columns, then the id. Nulls come first, texts ignore case."""
    scope = TableScope(environment.store, table)
    parts = []
    for path, descending in order_by:
        getter, kind = scope.value(tuple(path.split("/")))
        parts.append((getter, kind, descending))

    def values(row: Row) -> list[Any]:
        found = []
        for getter, kind, _ in parts:
            value = getter(row)
            if value is None:
                value = _FIRST.get(kind, "")
            elif kind == "string":
                value = value.casefold()
            found.append(value)
        return found

    if not any(descending for _, _, descending in parts):
        return lambda row: (*values(row), row.id)

    def compare(one: tuple[list[Any], str], two: tuple[list[Any], str]) -> int:
        for a, b, (_, _, descending) in zip(one[0], two[0], parts, strict=True):
            if a != b:
                return -1 if (a < b) != descending else 1
        return (one[1] > two[1]) - (one[1] < two[1])

    comparable = cmp_to_key(compare)
    return lambda row: comparable((values(row), row.id))


def _kept(table: Table, row: Row, paths: set[str]) -> dict[str, Any]:
    """Return the sort values of the last row of a page: the next page starts after them."""
    names = {table.by_wire[path].name for path in paths if path in table.by_wire}
    return {
        name: {"number": str(value)} if not isinstance(value, (str, int, bool)) else value
        for name in names
        if (value := row.values.get(name)) is not None
    }


def _stand_in(after: dict[str, Any]) -> Row:
    values = {
        name: Decimal(value["number"]) if isinstance(value, dict) else value
        for name, value in after["values"].items()
    }
    return Row(after["id"], after["version"], values)


def write_cookie(number: int, state: dict[str, Any], *, tracking: bool = False) -> str:
    """Return the percent-encoded value of `$skiptoken`; clients follow it as it is."""
    inside = base64.urlsafe_b64encode(orjson.dumps(state)).decode()
    text = f'<cookie pagenumber="{number}" pagingcookie="{inside}" istracking="{tracking}" />'
    return quote(text, safe="=/")


def read_cookie(text: str) -> tuple[int, dict[str, Any]]:
    """Return page number and state of a decoded `$skiptoken`. Raises Refused for anything else."""
    match = _COOKIE.match(text)
    try:
        if match is not None:
            return int(match.group(1)), orjson.loads(base64.urlsafe_b64decode(match.group(2)))
    except ValueError:
        pass
    raise bad_query("Malformed XML in the paging cookie.")


def is_tracking(text: str) -> bool:
    match = _COOKIE.match(text)
    return match is not None and match.group(3) == "True"
