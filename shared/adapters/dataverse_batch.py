"""Dataverse's $batch: multipart/mixed, one plain part for each operation (dataverse-web-api.md §5).

Plain parts are their own transactions and are matched by position. Change sets are not needed for
records that take one write each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.adapters.odata import Answer, decode, encode

#: Never part of JSON, where a line never starts with two hyphens.
BOUNDARY = "batch_tandem"
_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?')
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One request inside a batch. `url` is absolute or begins with a slash."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


def write_batch(operations: Sequence[Operation]) -> bytes:
    """Return the body of a batch; its content type is `CONTENT_TYPE`."""
    parts: list[bytes] = []
    for operation in operations:
        head = [
            f"--{BOUNDARY}",
            "Content-Type: application/http",
            "Content-Transfer-Encoding: binary",
            "",
            f"{operation.method} {operation.url} HTTP/1.1",
            *(f"{name}: {value}" for name, value in operation.headers.items()),
        ]
        content = b""
        if operation.body is not None:
            head.append("Content-Type: application/json")
            content = encode(operation.body)
        parts.append("\r\n".join(head).encode() + b"\r\n\r\n" + content + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


CONTENT_TYPE = f'multipart/mixed; boundary="{BOUNDARY}"'


def read_batch(content_type: str, content: bytes) -> list[Answer] | None:
    """Return the answers in order; None when this is not a batch answer (§5, last bullets)."""
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/mixed") or found is None:
        return None
    answers = []
    pieces = (b"\n" + content).split(b"\n--" + found[1].encode())
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            break
        if status := _STATUS.search(piece):
            head, body = _split(piece[status.end() :])
            answers.append(Answer(status=int(status[1]), body=decode(body.strip()), headers=_headers(head)))
    return answers


def _split(message: bytes) -> tuple[bytes, bytes]:
    """Split a message at its first empty line; services write CRLF, some tools LF only."""
    for gap in (b"\r\n\r\n", b"\n\n"):
        head, found, body = message.partition(gap)
        if found:
            return head, body
    return message, b""


def _headers(head: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in head.decode("latin-1").splitlines())
    return {name.strip().lower(): value.strip() for name, found, value in lines if found}
