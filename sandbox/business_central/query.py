"""Reading a set: the query options of §4, server-driven paging, `$expand` of line sets."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any
from urllib.parse import parse_qsl, quote

from sandbox.business_central.contract import EntitySet, entity_sets
from sandbox.business_central.errors import Refused, bad_request
from sandbox.business_central.fields import sortable
from sandbox.business_central.filter import Filter, parse_filter
from sandbox.business_central.store import Row, View

#: The server's page and the most that Prefer may ask for.
PAGE = 20_000

_KNOWN = frozenset(
    "$filter $select $expand $orderby $top $skip $count $skiptoken $schemaversion company tenant".split()
)
_TOKEN = re.compile(r"'((?:[^']|'')*)'|(true|false)|(-?\d+\.\d+)|(-?\d+)")

#: Gives the view of another set of the same company, at the same moment.
Views = Callable[[str], View]


@dataclass(frozen=True, kw_only=True)
class Query:
    """The options of one read. `order`: column and whether descending."""

    select: tuple[str, ...] = ()
    filter: Filter = field(default_factory=Filter)
    order: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    skiptoken: str | None = None
    expand: Mapping[str, Query] = field(default_factory=dict)


def parse_options(text: str) -> dict[str, str]:
    """Split a query string. An unknown or repeated option fails loudly."""
    options: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name not in _KNOWN:
            raise bad_request(f"The query parameter '{name}' is not supported.")
        if name in options:
            raise bad_request(f"Query option '{name}' was specified more than once.")
        options[name] = value
    return options


def parse_query(entity: EntitySet, options: Mapping[str, str]) -> Query:
    """Raises `Refused` for unknown properties and options that are no numbers."""
    version = options.get("$schemaversion", "2.0")
    if version not in ("1.0", "2.0", "2.1"):
        raise bad_request(f"Schema version '{version}' does not exist.")
    return Query(
        select=_select(entity, options.get("$select", "")),
        filter=parse_filter(entity, options["$filter"], schema_version=version)
        if "$filter" in options
        else Filter(),
        order=_order(entity, options.get("$orderby", "")),
        top=_whole(options, "$top"),
        skip=_whole(options, "$skip") or 0,
        count=options.get("$count", "false").lower() == "true",
        skiptoken=options.get("$skiptoken"),
        expand=_expand(entity, options.get("$expand", ""), version),
    )


def _select(entity: EntitySet, text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in entity.columns and name not in entity.parts:
            raise bad_request(f"Could not find a property named '{name}' on type '{entity.entity}'.")
    return names


def _order(entity: EntitySet, text: str) -> tuple[tuple[str, bool], ...]:
    order = []
    for term in filter(None, (part.strip() for part in text.split(","))):
        name, _, direction = term.partition(" ")
        if direction.strip() not in ("", "asc", "desc"):
            raise bad_request(f"Invalid $orderby '{text}'.", "BadRequest_NotFound")
        column = entity.columns.get(name)
        if column is None:
            raise bad_request(f"Could not find a property named '{name}' on type '{entity.entity}'.")
        if not column.field and entity.table:
            raise bad_request(f"The property '{name}' is computed by the page and cannot be sorted.")
        order.append((name, direction.strip() == "desc"))
    return tuple(order)


def _whole(options: Mapping[str, str], name: str) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise bad_request(f"Invalid value '{text}' for {name}.", "BadRequest_NotFound")
    return int(text)


def _expand(entity: EntitySet, text: str, version: str) -> dict[str, Query]:
    found = {}
    for part in _outside_brackets(text, ","):
        name, _, inner = part.partition("(")
        if name not in entity.parts:
            raise bad_request(
                f"Could not find a navigation property named '{name}' on type '{entity.entity}'."
            )
        options = {"$schemaversion": version}
        for option in _outside_brackets(inner.removesuffix(")"), ";"):
            key, _, value = option.partition("=")
            if key not in ("$select", "$filter", "$orderby", "$top", "$expand"):
                raise bad_request(f"'{key}' is not supported inside $expand.")
            options[key] = value
        found[name] = parse_query(entity_sets()[name], options)
    return found


def _outside_brackets(text: str, separator: str) -> list[str]:
    parts, depth, quoted, current = [], 0, False, ""
    for character in text:
        quoted ^= character == "'"
        if not quoted:
            depth += (character == "(") - (character == ")")
            if character == separator and depth == 0:
                parts.append(current.strip())
                current = ""
                continue
        current += character
    return [part for part in [*parts, current.strip()] if part]


def _token_of(entity: EntitySet, row: Row, columns: Sequence[str]) -> str:
    """Return `$skiptoken`: the values by which the answer is sorted, of the last row sent."""
    words = []
    for name in columns:
        value = row[entity.at[name]]
        if isinstance(value, str):
            value = "'" + value.replace("'", "''") + "'"
        words.append(str(value).lower() if isinstance(value, bool) else str(value))
    return ",".join(words)


def _read_token(entity: EntitySet, token: str, columns: Sequence[str]) -> list[Any]:
    values: list[Any] = []
    for text, flag, decimal, whole in _TOKEN.findall(token):
        if whole or decimal:
            values.append(float(decimal) if decimal else int(whole))
        else:
            values.append(flag == "true" if flag else text.replace("''", "'"))
    if len(values) != len(columns):
        raise bad_request("The skip token is no longer valid.", "SkipTokenIsNoLongerValid")
    return [sortable(entity.columns[n].kind, v) for n, v in zip(columns, values, strict=True)]


def _sorted_after(view: View, query: Query) -> tuple[list[Row], list[str]]:
    """Return the rows in the order asked for, from the skip token on, and the columns of that order."""
    entity = view.entity
    order = dict(query.order)
    columns = [*order, *(name for name in entity.key if name not in order)] or ["id"]
    if order and next(iter(order)) in ("id", "systemRowVersion"):
        # Unique by itself.
        columns = columns[:1]
    positions = tuple(entity.at[name] for name in columns)
    version_first = columns[0] == "systemRowVersion" and not order[columns[0]]
    if version_first and query.filter.from_version is not None:
        rows = view.since_version(query.filter.from_version)
    elif not any(order.values()) and not any(entity.columns[n].kind == "DateTime" for n in columns):
        rows = view.ordered(positions)
    else:
        rows = list(view.rows.values())
        for name in reversed(columns):
            rows.sort(key=_sort_key(entity, name), reverse=order.get(name, False))
    if query.skiptoken is None:
        return rows, columns
    after = _read_token(entity, query.skiptoken, columns)
    if not any(order.values()):
        kinds = [entity.columns[name].kind for name in columns]
        key = lambda row: [sortable(k, row[p]) for k, p in zip(kinds, positions, strict=True)]  # noqa: E731
        return rows[bisect_right(rows, after, key=key) :], columns
    return [row for row in rows if _is_after(entity, row, columns, order, after)], columns


def _sort_key(entity: EntitySet, name: str) -> Callable[[Row], Any]:
    at, kind = entity.at[name], entity.columns[name].kind
    return lambda row: sortable(kind, row[at])


def _is_after(
    entity: EntitySet, row: Row, columns: Sequence[str], order: Mapping[str, bool], after: Sequence[Any]
) -> bool:
    for name, value in zip(columns, after, strict=True):
        mine = sortable(entity.columns[name].kind, row[entity.at[name]])
        if mine != value:
            return bool((mine < value) if order.get(name) else (mine > value))
    return False


def read_set(
    view: View,
    query: Query,
    *,
    views: Views,
    page_size: int,
    link: str,
    options: Mapping[str, str],
    only: Callable[[Row], bool] | None = None,
    half: bool = False,
) -> tuple[list[dict[str, Any]], int | None, str | None]:
    """Return a page of answers, the count if asked for, and the nextLink if rows remain.

    Args:
        link: Address of the set without its query.
        only: Restricts the rows to those of one document.
        half: Cut the page short and link to the rest, as a server may at any time.

    With `$top` at or below the page size there is no nextLink (§4).
    """
    if query.filter.ids is not None:
        view = view.narrowed(query.filter.ids)
    rows, columns = _sorted_after(view, query)
    tests = [test for test in (only, query.filter.test) if test is not None]
    skip = query.skip if query.skiptoken is None else 0
    limit = page_size if query.top is None else min(page_size, query.top)
    found: list[Row] = []
    if not tests:
        found = rows[skip : skip + limit + 1]
    else:
        for row in rows:
            if all(test(row) for test in tests):
                if skip:
                    skip -= 1
                    continue
                found.append(row)
                if len(found) > limit:
                    break
    count = count_rows(view, query, only) if query.count else None
    page, more = found[:limit], len(found) > limit
    if half and len(page) > 1:
        page, more = page[: len(page) // 2], True
    next_link = None
    if more and page and (query.top is None or query.top > len(page)) and (half or limit == page_size):
        following = {k: v for k, v in options.items() if k not in ("$skiptoken", "$skip", "$top")}
        if query.top is not None:
            following["$top"] = str(query.top - len(page))
        following["$skiptoken"] = _token_of(view.entity, page[-1], columns)
        next_link = (
            link + "?" + "&".join(f"{k}={quote(v, safe=chr(39) + '$,()')}" for k, v in following.items())
        )
    return shape(view.entity, page, query, views), count, next_link


def count_rows(view: View, query: Query, only: Callable[[Row], bool] | None = None) -> int:
    tests = [test for test in (only, query.filter.test) if test is not None]
    return sum(all(test(row) for test in tests) for row in view.rows.values()) if tests else len(view.rows)


def shape(entity: EntitySet, rows: Sequence[Row], query: Query, views: Views) -> list[dict[str, Any]]:
    """Return rows as sent: selected properties and, with them always, the ETag."""
    names = entity.wire_names
    if query.select:
        chosen = tuple(name for name in query.select if name in entity.columns)
        names = ("@odata.etag", *chosen)
        pick = itemgetter(0, *(entity.at[name] for name in chosen)) if chosen else lambda row: (row[0],)
        answers = [dict(zip(names, pick(row), strict=True)) for row in rows]
    else:
        answers = [dict(zip(names, row, strict=True)) for row in rows]
    for part, inner in query.expand.items():
        _attach(entity, part, inner, rows, answers, views)
    return answers


def _attach(
    entity: EntitySet,
    part: str,
    query: Query,
    rows: Sequence[Row],
    answers: Sequence[dict[str, Any]],
    views: Views,
) -> None:
    """Put the lines of each document into its answer; expanded children carry their own ETag."""
    view = views(part)
    parent_at, id_at = view.entity.at[entity.parts[part]], entity.at["id"]
    wanted: dict[str, list[Row]] = {row[id_at]: [] for row in rows}
    lines, _ = _sorted_after(view, query)
    for line in lines:
        if line[parent_at] in wanted and (query.filter.test is None or query.filter.test(line)):
            wanted[line[parent_at]].append(line)
    for row, answer in zip(rows, answers, strict=True):
        found = wanted[row[id_at]]
        answer[part] = shape(view.entity, found[: query.top], query, views)


def page_size_of(prefer: str, most: int) -> int:
    """Return the page that Prefer asks for; more than the server's page is capped (§4, §8)."""
    match = re.search(r"(?:odata\.)?maxpagesize\s*=\s*(\d+)", prefer)
    if match is None:
        return most
    if int(match[1]) < 1:
        raise Refused(400, "BadRequest", "odata.maxpagesize must be at least 1.")
    return min(int(match[1]), most)
