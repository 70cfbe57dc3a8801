"""Documents with their steps in one transaction of Business Central (business-central-api.md §7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import httpx

from shared.adapters.business_central_line import BusinessCentralLine
from shared.adapters.odata import Answer
from shared.adapters.throttle import Effect
from shared.ports import Step, Write

#: Operations of one transaction over several documents: they are heavy, and lock (§7).
IN_ONE = 50


def whole(
    line: BusinessCentralLine,
    company: str,
    writes: Sequence[Write],
    own: Callable[[Write], dict[str, Any]],
    *,
    user: httpx.Auth | None = None,
) -> list[Answer]:
    """Send documents with their steps, revised or won quotes, and return what each was answered.

    BC knows no change sets, so one that fails takes the others of its batch along: halved, they are sent
    again, until it is alone. A lost reply (`Transient`) is no reason to send anything again: who sent it looks first.
    """
    parts = [
        (*(_step(company, s) for s in w.before), own(w), *(_step(company, s) for s in w.after))
        for w in writes
    ]
    answers = line.batch(
        [operation for part in parts for operation in part], Effect.ONCE, whole=True, user=user
    )
    failed = next((a for a in answers if a.status >= 400 and a.body is not None), None)
    failed = failed or next((a for a in answers if a.status >= 400), None)
    if failed is None:
        found = iter(answers)
        return [[next(found) for _ in part][len(w.before)] for part, w in zip(parts, writes, strict=True)]
    if len(writes) == 1:
        return [failed]
    half = len(writes) // 2
    return [
        *whole(line, company, writes[:half], own, user=user),
        *whole(line, company, writes[half:], own, user=user),
    ]


def _step(company: str, step: Step) -> dict[str, Any]:
    path, head = f"{company}/{step.table.name}({step.id})", {"If-Match": step.if_version}
    if step.action == "delete":
        return {"method": "DELETE", "url": path, "headers": head}
    if step.action == "update":
        head = {"Content-Type": "application/json", **head}
        return {"method": "PATCH", "url": path, "headers": head, "body": dict(step.values)}
    head = {"Content-Type": "application/json"}
    if step.action == "create":
        body = {"id": step.id, **step.values}
        return {"method": "POST", "url": f"{company}/{step.table.name}", "headers": head, "body": body}
    return {"method": "POST", "url": f"{path}/Microsoft.NAV.{step.action}", "headers": head, "body": {}}
