"""What both systems' APIs have in common: JSON with exact numbers, literals, ids, errors by what to do.

Two error shapes that differ only in their codes: `{"error": {"code", "message"}}`
(business-central-api.md §6, dataverse-web-api.md §1 "Error body"). Texts are localised, so decisions
are made on status and code; the text, which may quote a record, is only shown to people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote as percent

from shared.core.errors import Misconfigured, Missing, Rejected, Stale, SyncError, Transient

T = TypeVar("T")

BC = "Business Central"
DATAVERSE = "Dataverse"

#: Statuses after which nobody knows whether a write was done (business-central-api.md §8;
#: dataverse-web-api.md §1 "transient").
UNKNOWN_OUTCOME = frozenset({408, 500, 502, 504})
#: Statuses that promise that nothing was done.
NOT_DONE = frozenset({429, 503})

#: Dataverse's codes for a missing right; one of them comes with 400 (dataverse-web-api.md §8).
NO_RIGHT = frozenset({"0x80040220", "0x80040231", "0x80048405", "0x80040299", "0x80072560"})

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_LONG_NUMBER = re.compile(r'"\\ue000([-+0-9.E]+)\\ue000"')
_PRIVILEGE = re.compile(r"missing (prv\w+) privilege")
_TABLE = re.compile(r"\$?[A-Za-z][A-Za-z0-9_.]*")
_CORRELATION = re.compile(r"\s*CorrelationId:\s*[0-9a-fA-F-]+\.?\s*$")


class Taken(Rejected):
    """A unique value is taken: our own id, or a number. Which, tells a look at the record."""


class Lost(Transient):
    """The request was sent and no reply came: it may have been done."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One reply, of a request of its own or of one part of a batch."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self._error("code")

    @property
    def message(self) -> str:
        return self._error("message")

    def _error(self, name: str) -> str:
        error = self.body.get("error") if isinstance(self.body, Mapping) else None
        return str(error.get(name) or "") if isinstance(error, Mapping) else ""


def encode(data: Any) -> bytes:
    """Return JSON in which every Decimal is a number with exactly its digits."""
    text = json.dumps(data, default=_number, separators=(",", ":"))
    if "\\ue000" in text:
        text = _LONG_NUMBER.sub(r"\1", text)
    return text.encode()


def _number(value: Any) -> Any:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise TypeError(f"{type(value).__name__} has no form in JSON")
    if value == value.to_integral_value():
        return int(value)
    short = float(value)
    # A float says up to 15 digits exactly; money may have 19 (dataverse-web-api.md §3 "Types").
    return short if Decimal(repr(short)) == value else f"\ue000{value}\ue000"


def decode(content: bytes) -> Any:
    """Return JSON with decimals as Decimal (never float); None for an empty or foreign body.

    Gateways answer HTML (business-central-api.md §6), which says no more than its status.
    """
    if not content:
        return None
    try:
        return json.loads(content, parse_float=Decimal)
    except ValueError:
        return None


def is_guid(text: str) -> bool:
    return _GUID.match(text) is not None


def table_in(url: str) -> str:
    """Return the entity set, action or `$batch` that an address ends with: no id, no filter, no host."""
    last = url.partition("?")[0].rstrip("/").rpartition("/")[2].partition("(")[0]
    return last if _TABLE.fullmatch(last) else "other"


def literal(text: str) -> str:
    """Return an OData string literal; a quote inside is doubled."""
    return "'" + text.replace("'", "''") + "'"


def escape(expression: str) -> str:
    """Percent-encode an expression for the query of a URL."""
    return percent(expression, safe="'(),:$*")


def evenly(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """Cut into parts of about `size`, none of more than one and a half times that.

    The parts of many pages that are not full are thus, on the whole, as many as if all were.
    """
    if not items:
        return []
    parts = max(1, (len(items) + size // 2) // size)
    ends = [len(items) * n // parts for n in range(parts + 1)]
    return [items[start:end] for start, end in zip(ends, ends[1:], strict=False)]


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def chunks_by_length(items: Sequence[str], most: int) -> Iterator[list[str]]:
    """Group texts so that each group's total length stays within `most` characters."""
    group: list[str] = []
    length = 0
    for item in items:
        if group and length + len(item) > most:
            yield group
            group, length = [], 0
        group.append(item)
        length += len(item)
    if group:
        yield group


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return the wait that a reply asks for: whole seconds or an HTTP date."""
    raw = headers.get("retry-after", "").strip()
    if not raw:
        return None
    try:
        return timedelta(seconds=max(0.0, float(raw)))
    except ValueError:
        pass
    try:
        return max(timedelta(0), parsedate_to_datetime(raw).astimezone(UTC) - now)
    except ValueError:
        return None


def coded(answer: Answer) -> str:
    """Return what the other system answered without its text, for job messages, logs and what is set aside."""
    return f"{answer.code}, status {answer.status}" if answer.code else f"status {answer.status}"


def told(answer: Answer) -> str:
    """Return what the other system said, for people: its text without the correlation id.

    The text may quote a record's values. So it is for the reason that holds that record, and for the
    doctor, which reads set-up only.
    """
    text = _CORRELATION.sub("", answer.message).strip()[:500]
    return (
        f"{text} ({answer.code})"
        if text and answer.code
        else text or answer.code or f"status {answer.status}"
    )


def write_error(system: str, answer: Answer) -> SyncError:
    """Return what a refused write means for its record."""
    code = answer.code.lower()
    if answer.status in (401, 403) or code in NO_RIGHT:
        return forbidden(system, answer)
    if code in ("request_entitychanged", "0x80060882"):
        return Stale(f"{system}: the record was changed by somebody else")
    # 0x80040237 is a taken primary key, or another unique index (dataverse-web-api.md §8);
    # BC uses one code for a taken id and for a taken number, with 400 or 409 (§6).
    if code in ("internal_entitywithsamekeyexists", "0x80040237"):
        return Taken(f"{system}: {told(answer)}", code=answer.code)
    if code == "0x8006088a" or (code == "badrequest_notfound" and answer.status == 404):
        return Misconfigured(f"{system} does not know this table: {coded(answer)}")
    if answer.status == 404:
        return Missing(f"{system}: the record does not exist", code=answer.code)
    if answer.status == 412 and system == BC:
        # A precondition header was wrong: to be treated like stale (business-central-api.md §5).
        return Stale(f"{system}: the record was changed by somebody else")
    if answer.status >= 500 or answer.status in (408, 429):
        return Transient(f"{system} answered {answer.status} {answer.code}".rstrip())
    if answer.status == 409 and system == BC:
        # Not staleness and not a duplicate: a database conflict that passes (§5).
        return Transient(f"{system} answered 409 {answer.code}".rstrip())
    return Rejected(f"{system}: {told(answer)}", code=answer.code)


def read_error(system: str, answer: Answer, what: str) -> SyncError:
    """Return what a refused read means: nothing is wrong with a record, so wait or tell a person."""
    if answer.status in (401, 403) or answer.code.lower() in NO_RIGHT:
        return forbidden(system, answer)
    if answer.status >= 500 and answer.status != 501 or answer.status in (408, 409, 429):
        return Transient(f"{system} answered {answer.status} {answer.code} to {what}")
    return Misconfigured(f"{system} refuses to read {what}: {coded(answer)}")


def forbidden(system: str, answer: Answer) -> Misconfigured:
    """Return which right is missing, as far as the reply tells (dataverse-web-api.md §8, 0x80040220)."""
    if answer.status == 401:
        return Misconfigured(f"{system} does not accept the integration's token ({answer.code or 401})")
    if found := _PRIVILEGE.search(answer.message):
        return Misconfigured(f"the integration user lacks the privilege {found[1]} in {system}")
    return Misconfigured(f"the integration user lacks a right in {system}: {coded(answer)}")
