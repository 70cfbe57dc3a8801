"""Judging who is told of changes in Business Central: us while push is on, nobody while it is off (docs/push.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from shared.core.doctor import CannotTell, Finding
from shared.core.model import Side
from shared.engine.doctor.wanted import Examined
from shared.engine.push import hinted

#: Housekeeping renews when a day and a half is left: with less than this it has not come for a day.
OVERDUE = timedelta(hours=12)

Rows = Sequence[Mapping[str, Any]]


def subscriptions(x: Examined) -> Finding:
    """One subscription that lives, sends our secret and points to us, for each table that BC can tell of."""
    url = x.house.webhook_url
    try:
        found = x.bc.need("subscriptions")
    except CannotTell as reason:
        # Who never uses push need not have the right to see.
        if x.house.push or "subscriptions" not in x.bc.troubles:
            raise
        return Finding(advice=(f"whether Business Central still tells of changes is not known: {reason}",))
    ours = [row for row in found if row["url"] == url]
    if not x.house.push:
        return Finding(advice=tuple(_left(ours)))
    wanted = hinted(x.wanted.mappings.values(), Side.BC).keys() & {
        str(row["table"]) for row in x.bc.need("possible")
    }
    return Finding(
        problems=tuple(p for table in sorted(wanted) for p in _problems(x, table, ours)),
        advice=(*_elsewhere(found, url), *_more_than_wanted(ours, wanted)),
    )


def _problems(x: Examined, table: str, ours: Rows) -> list[str]:
    mine = [row for row in ours if row["table"] == table]
    if not mine:
        return [f"{table}: no subscription tells this app"]
    ends = max(row["ends"] for row in mine)
    if ends <= x.now:
        return [f"{table}: the subscription ended on {ends:%Y-%m-%d %H:%M} UTC"]
    told = []
    if ends - x.now < OVERDUE:
        told.append(f"{table}: the subscription ends on {ends:%Y-%m-%d %H:%M} UTC and was not renewed")
    if not any(row["current"] for row in mine):
        told.append(f"{table}: the subscription does not send the first secret of WEBHOOK_SECRETS")
    return told


def _left(ours: Rows) -> list[str]:
    tables = sorted({str(row["table"]) for row in ours})
    return [f"push is off, and Business Central still tells of: {', '.join(tables)}"] if tables else []


def _elsewhere(found: Rows, url: str) -> list[str]:
    others: dict[str, set[str]] = {}
    for row in found:
        if row["url"] != url:
            # What follows the address may be a key.
            others.setdefault(str(row["url"]).partition("?")[0], set()).add(str(row["table"]))
    return [
        f"another address is told of {', '.join(sorted(tables))}: {where}" for where, tables in others.items()
    ]


def _more_than_wanted(ours: Rows, wanted: set[str]) -> list[str]:
    count = Counter(str(row["table"]) for row in ours)
    told = [f"{table}: {n} subscriptions tell this app" for table, n in count.items() if n > 1]
    return told + [f"{table}: told of, although no mapping needs it" for table in sorted(set(count) - wanted)]
