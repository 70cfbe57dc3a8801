"""Dataverse's $batch: multipart/mixed, one plain part for each operation (dataverse-web-api.md §5).

Plain parts are their own transactions and are matched by position. A change set is one transaction
of several operations: all of them are answered, or one error for all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

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


#: All or nothing.
ChangeSet: TypeAlias = tuple[Operation, ...]


def write_batch(operations: Sequence[Operation | ChangeSet]) -> bytes:
    """Return the body of a batch; its content type is `CONTENT_TYPE`."""
    parts: list[bytes] = []
    for number, operation in enumerate(operations):
        if isinstance(operation, Operation):
            parts.append(_part(BOUNDARY, operation))
            continue
        inner = f"changeset_{number}"
        head = f'--{BOUNDARY}\r\nContent-Type: multipart/mixed; boundary="{inner}"\r\n\r\n'
        members = [_part(inner, member, content_id=n) for n, member in enumerate(operation, start=1)]
        parts += [head.encode(), *members, f"--{inner}--\r\n".encode()]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def _part(boundary: str, operation: Operation, *, content_id: int | None = None) -> bytes:
    head = [
        f"--{boundary}",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        *([] if content_id is None else [f"Content-ID: {content_id}"]),
        "",
        f"{operation.method} {operation.url} HTTP/1.1",
        *(f"{name}: {value}" for name, value in operation.headers.items()),
    ]
    content = b""
    if operation.body is not None:
        head.append("Content-Type: application/json")
        content = encode(operation.body)
    return "\r\n".join(head).encode() + b"\r\n\r\n" + content + b"\r\n"


CONTENT_TYPE = f'multipart/mixed; boundary="{BOUNDARY}"'


def read_batch(content_type: str, content: bytes) -> list[Answer | tuple[Answer, ...]] | None:
    """Return the answers in order; None when this is not a batch answer (§5, last bullets).

    A change set is answered by a tuple: one answer for each member, or the error of the member that
    failed, with its `content-id` among the headers.
    """
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/mixed") or found is None:
        return None
    answers: list[Answer | tuple[Answer, ...]] = []
    for piece in _pieces(found[1], content):
        outer, inner = _split(piece.lstrip(b"\r\n"))
        headers = _headers(outer)
        if headers.get("content-type", "").lower().startswith("multipart/mixed"):
            boundary = _BOUNDARY.search(headers["content-type"])
            members = _pieces(boundary[1], inner) if boundary else []
            answers.append(tuple(a for member in members if (a := _answer(member)) is not None))
        elif (answer := _answer(piece)) is not None:
            answers.append(answer)
    return answers


def _pieces(boundary: str, content: bytes) -> list[bytes]:
    pieces = (b"\n" + content).split(b"\n--" + boundary.encode())[1:]
    end = next((n for n, piece in enumerate(pieces) if piece.startswith(b"--")), len(pieces))
    return pieces[:end]


def _answer(piece: bytes) -> Answer | None:
    status = _STATUS.search(piece)
    if status is None:
        return None
    outer = _headers(piece[: status.start()])
    head, body = _split(piece[status.end() :])
    return Answer(status=int(status[1]), body=decode(body.strip()), headers={**outer, **_headers(head)})


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
