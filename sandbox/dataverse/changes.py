"""Change tracking: all rows once, then what changed, then what was deleted.

Source: reference/dataverse-web-api.md section 4. Assumed there or here: it pages with
`odata.maxpagesize`; a pass shows the table as of its first page, and what changes meanwhile is in the
next delta.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import orjson

from sandbox.dataverse.query import Ask, Page, read_cookie, write_cookie
from sandbox.dataverse.refusal import EXPIRED_TOKEN, NO_CHANGE_TRACKING, Refused, bad_query
from sandbox.dataverse.shape import dumps
from sandbox.dataverse.store import Row

_FORBIDDEN = ("$filter", "$orderby", "$top", "$expand")
_MOMENT = "%m/%d/%Y %H:%M:%S"


def read_changes(ask: Ask) -> Page:
    """Return one page of a first pass, or of a delta."""
    environment, table = ask.environment, ask.table
    _check(ask)
    store = environment.store
    held = store.rows(table.name)
    number = 1
    if ask.options.skip_token is not None:
        number, state = read_cookie(ask.options.skip_token)
    else:
        since = _read_token(ask) if ask.options.delta_token is not None else None
        state = {
            "since": since if since is not None else 0,
            "until": store.version,
            "delta": since is not None,
            "gone": 0,
            "at": environment.clock.now().astimezone(UTC).strftime(_MOMENT),
        }
        state["row"] = state["since"]
    size = ask.page_size()
    rows: list[Row] = []
    more = False
    if not state["gone"]:
        for row in held.changed_between(state["row"], state["until"]):
            if len(rows) == size:
                more = True
                break
            rows.append(row)
    build = ask.shape()
    value: list[Any] = [orjson.Fragment(dumps(build(row))) for row in rows]
    if rows:
        state["row"] = rows[-1].version
    if state["delta"] and not more:
        for row_id, version in _deleted(ask, max(state["gone"], state["since"]), state["until"]):
            if len(value) == size:
                more = True
                break
            state["gone"] = version
            context = f"{ask.base}$metadata#{table.entity_set}/$deletedEntity"
            value.append({"@odata.context": context, "id": row_id, "reason": "deleted"})
    body: dict[str, Any] = {"@odata.context": ask.context("/$delta")}
    if more:
        body["@odata.nextLink"] = ask.link("$skiptoken", write_cookie(number + 1, state, tracking=True))
    else:
        body["@odata.deltaLink"] = ask.link("$deltatoken", _write_token(state["until"], state["at"]))
    body["value"] = value
    return Page(body=dumps(body), rows=len(value))


def count_changes(ask: Ask) -> int:
    """Return how many changes there are since the token (`/accounts/$count?$deltatoken=...`)."""
    _check(ask)
    since = _read_token(ask)
    store = ask.environment.store
    changed = sum(1 for _ in store.rows(ask.table.name).changed_between(since, store.version))
    return changed + len(_deleted(ask, since, store.version))


def _check(ask: Ask) -> None:
    for name in _FORBIDDEN:
        if name in ask.options.names:
            raise bad_query(f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.')
    if not ask.environment.tracks(ask.table.name):
        raise Refused(400, NO_CHANGE_TRACKING, f"Entity {ask.table.name} isn't enabled for change tracking.")


def _deleted(ask: Ask, since: int, until: int) -> list[tuple[str, int]]:
    """Return the deletions in (since, until], also of rows that the caller never saw.

    A row that came back under its old id is a changed row, not a deleted one.
    """
    held = ask.environment.store.rows(ask.table.name)
    start = bisect_right(held.deletions, (since, "~"))
    last: dict[str, int] = {}
    for version, row_id in held.deletions[start:]:
        if version > until:
            break
        if row_id not in held.rows:
            last.pop(row_id, None)
            last[row_id] = version
    return list(last.items())


def _write_token(version: int, at: str) -> str:
    """Percent-encode with lower-case hexadecimal digits, as seen in the documentation's example."""
    return "".join(c if c.isalnum() else f"%{ord(c):02x}" for c in f"{version}!{at}")


def _read_token(ask: Ask) -> int:
    """Return the version of the token. Raises Refused when it is malformed or too old."""
    version, mark, at = unquote(ask.options.delta_token or "").partition("!")
    try:
        moment = datetime.strptime(at, _MOMENT).replace(tzinfo=UTC)
        since = int(version)
    except ValueError:
        raise bad_query("The delta token is malformed.") from None
    days = ask.environment.organization.values["expirechangetrackingindays"]
    if ask.environment.clock.now() - moment > timedelta(days=days):
        # Status 400 is this simulator's choice (section 4: unverified, clients also accept 410).
        raise Refused(
            400,
            EXPIRED_TOKEN,
            "Version stamp associated with the client has expired. Please perform a full sync.",
        )
    return since
