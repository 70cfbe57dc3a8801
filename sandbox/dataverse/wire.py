"""One operation of the Web API, alone in a request or as a part of a batch."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.dataverse.options import Prefer, parse_prefer
from sandbox.dataverse.refusal import Refused, bad_payload
from sandbox.dataverse.shape import dumps

JSON = "application/json; odata.metadata=minimal"


@dataclass(frozen=True, kw_only=True)
class Call:
    method: str
    path: str  # below the service root, decoded
    query: str = ""  # still encoded
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    base: str = "/"  # service root with a final slash, as the client addresses it

    def prefer(self) -> Prefer:
        return parse_prefer(self.headers.get("prefer", ""))

    def json(self, table: str) -> dict[str, Any]:
        """Return the body as an object, with numbers as decimals. Raises Refused for anything else."""
        try:
            body = json.loads(self.body, parse_float=Decimal)
        except ValueError:
            raise bad_payload(table, "Invalid JSON. A value was expected.") from None
        if not isinstance(body, dict):
            raise bad_payload(table, "Invalid JSON. An object was expected.")
        return body


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    entity: str | None = None  # the row that was written, for `$n` in a change set


def json_answer(body: Any, status: int = 200, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items() if value}
    return Answer(status=status, headers={"Content-Type": JSON, **named}, body=raw)


def error_answer(refused: Refused, prefer: Prefer | None = None) -> Answer:
    """Return the error in the service's shape; more members only on request (reference section 1)."""
    error: dict[str, Any] = {"code": refused.code, "message": refused.message}
    if prefer is not None and prefer.wants("Microsoft.PowerApps.CDS.HelpLink"):
        error["@Microsoft.PowerApps.CDS.HelpLink"] = "http://go.microsoft.com/fwlink/?LinkID=398563"
        error["@Microsoft.PowerApps.CDS.TraceText"] = ""
    return Answer(
        status=refused.status, headers={"Content-Type": JSON, **refused.headers}, body=dumps({"error": error})
    )


@dataclass(kw_only=True)
class Spent:
    """What a request did: for the log, the limits and metered mode."""

    #: Rows by entity set.
    read: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    operations: int = 1
    message: str | None = None
    wrote: bool = False


def applied(prefer: Prefer, *names: str) -> str:
    """Return the value of `Preference-Applied`: the named preferences, and annotations when asked for."""
    found = list(names)
    if prefer.annotations:
        found.append(f'odata.include-annotations="{prefer.annotations_text}"')
    return ",".join(found)
