"""`$batch`: multipart, sequential, with change sets.

Source: reference/dataverse-web-api.md section 5. A change set without Content-IDs is refused, as the
community reports; the SDK always sends them. Lines may end in CRLF or LF.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import unquote

from sandbox.dataverse.address import strip_root
from sandbox.dataverse.payload import resolve
from sandbox.dataverse.refusal import Refused, bad_query
from sandbox.dataverse.store import Store
from sandbox.dataverse.wire import Answer, Call, error_answer
from sandbox.dataverse.writes import Writes

_BOUNDARY = re.compile(r'boundary="?([^";,\s]+)"?')
_REQUEST = re.compile(r"^(GET|POST|PATCH|PUT|DELETE) (\S.*?)(?: HTTP/\d\.\d)?$")
_BLANK = re.compile(rb"\r?\n\r?\n")

#: Longest URL of an operation inside a batch (reference section 3); alone it may have half of that.
URL_LIMIT = 65_536

#: Runs one operation. Raises nothing for a refusal: the answer is the error.
Run = Callable[[Call, Writes], Answer]


@dataclass(frozen=True, kw_only=True)
class Operation:
    call: Call
    content_id: str | None


@dataclass(frozen=True, kw_only=True)
class ChangeSet:
    operations: tuple[Operation, ...]


Item = Operation | ChangeSet


def parse(call: Call, *, at_most: int) -> list[Item]:
    """Read the parts. Raises Refused when the batch is malformed or too big: then nothing runs."""
    boundary = _boundary(call.headers.get("content-type", ""))
    items: list[Item] = []
    for headers, body in _parts(call.body, boundary):
        kind = headers.get("content-type", "").lower()
        if kind.startswith("multipart/mixed"):
            inner = _boundary(headers["content-type"])
            if inner == boundary:
                raise bad_query("The boundary of a change set must differ from that of the batch.")
            items.append(ChangeSet(operations=tuple(_operation(h, b, call) for h, b in _parts(body, inner))))
        else:
            items.append(_operation(headers, body, call))
    count = sum(len(item.operations) if isinstance(item, ChangeSet) else 1 for item in items)
    if count > at_most:
        raise bad_query(f"The number of operations in the batch, {count}, exceeds the maximum of {at_most}.")
    for item in items:
        if isinstance(item, ChangeSet):
            _check(item)
    return items


def operations(items: list[Item]) -> list[Operation]:
    return [
        operation
        for item in items
        for operation in (item.operations if isinstance(item, ChangeSet) else (item,))
    ]


def run(
    items: list[Item],
    *,
    store: Store,
    run_one: Run,
    new_writes: Callable[[], Writes],
    continue_on_error: bool,
) -> tuple[Answer, Counter[str]]:
    """Run the items in order; return the answer and how many rows were really changed."""
    outer = f"batchresponse_{uuid.uuid4()}"
    status, written = 200, Counter[str]()
    parts: list[bytes] = []
    for item in items:
        writes = new_writes()
        if isinstance(item, ChangeSet):
            part, failed, rows = _run_change_set(item, store, run_one, writes)
            written += rows
        else:
            answer = run_one(item.call, writes)
            failed = answer.status if answer.status >= 400 else 0
            written += Counter() if failed else writes.rows
            part = _http_part(answer, None)
        parts.append(part)
        if failed and not continue_on_error:
            status = failed
            break
    return _multipart(outer, parts, status), written


def _run_change_set(
    change_set: ChangeSet, store: Store, run_one: Run, writes: Writes
) -> tuple[bytes, int, Counter[str]]:
    """Run a change set as one transaction. Failing, its answer is the one error, with its Content-ID."""
    inner = f"changesetresponse_{uuid.uuid4()}"
    parts: list[bytes] = []
    try:
        with store.transaction():
            for operation in change_set.operations:
                answer = _run_member(operation, run_one, writes)
                if answer.status >= 400:
                    raise _Failed(operation, answer)
                part = _http_part(answer, operation.content_id)
                parts.append(part)
                if operation.content_id and answer.entity:
                    writes.references[operation.content_id] = answer.entity
    except _Failed as failure:
        part = _http_part(failure.answer, failure.operation.content_id)
        return _nested(inner, [part]), failure.answer.status, Counter()
    return _nested(inner, parts), 0, writes.rows


def _run_member(operation: Operation, run_one: Run, writes: Writes) -> Answer:
    call = operation.call
    try:
        call = replace(call, path=resolve(call.path, writes.references))
    except Refused as refused:
        return error_answer(refused)
    return run_one(call, writes)


class _Failed(Exception):
    def __init__(self, operation: Operation, answer: Answer) -> None:
        super().__init__(answer.status)
        self.operation = operation
        self.answer = answer


def _check(change_set: ChangeSet) -> None:
    seen: set[str] = set()
    for operation in change_set.operations:
        if operation.call.method == "GET":
            raise bad_query("A change set must not contain a GET request.")
        if operation.content_id is None:
            raise bad_query("Content-ID is missing from an operation of a change set.")
        if operation.content_id in seen:
            raise bad_query(f"The Content-ID '{operation.content_id}' is used twice in a change set.")
        seen.add(operation.content_id)


def _boundary(content_type: str) -> str:
    match = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/mixed") or match is None:
        # Only multipart: the service speaks OData 4.0, which has no JSON batch (section 5).
        raise Refused(400, "", "The batch needs 'Content-Type: multipart/mixed' with a boundary.")
    return match.group(1)


def _parts(body: bytes, boundary: str) -> Iterator[tuple[dict[str, str], bytes]]:
    mark = re.escape(boundary.encode())
    pieces = re.split(rb"(?:^|\r?\n)--" + mark + rb"(?=--|[ \t]*\r?\n)", body)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise bad_query("The batch has no closing boundary.")
    for piece in pieces[1:-1]:
        text = re.sub(rb"^[ \t]*\r?\n", b"", piece, count=1)
        head, content = _halves(text)
        yield _headers(head), content


def _operation(headers: Mapping[str, str], body: bytes, outer: Call) -> Operation:
    if not headers.get("content-type", "").lower().startswith("application/http"):
        raise bad_query("A part of the batch is not 'application/http'.")
    head, content = _halves(body)
    first, _, rest = head.lstrip().partition(b"\n")
    match = _REQUEST.match(first.decode("utf-8", "replace").strip())
    if match is None:
        raise bad_query("A part of the batch has no valid request line.")
    url = match.group(2)
    if len(url) > URL_LIMIT:
        raise Refused(414, "", "The URL of an operation is too long.")
    path, _, query = url.partition("?")
    path = unquote(strip_root(path))
    if path.startswith("$batch"):
        raise bad_query("A batch must not contain another batch.")
    return Operation(
        call=Call(
            method=match.group(1),
            path=path,
            query=query,
            headers=_headers(rest),
            body=content.strip(),
            base=outer.base,
        ),
        content_id=headers.get("content-id"),
    )


def _halves(text: bytes) -> tuple[bytes, bytes]:
    found = _BLANK.split(text, maxsplit=1)
    return found[0], found[1] if len(found) > 1 else b""


def _headers(text: bytes) -> dict[str, str]:
    """Repeated headers are joined with a comma, names in lower case."""
    found: dict[str, str] = {}
    for line in text.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            found[name] = f"{found[name]},{value.strip()}" if name in found else value.strip()
    return found


def _http_part(answer: Answer, content_id: str | None) -> bytes:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    lines += ["", f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", "OData-Version: 4.0"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if "OData-EntityId" in answer.headers:
        lines.append(f"Location: {answer.headers['OData-EntityId']}")
    if answer.status >= 400:
        lines.append(f"REQ_ID: {uuid.uuid4()}")
    return "\r\n".join([*lines, "", ""]).encode() + answer.body + b"\r\n"


def _nested(boundary: str, parts: list[bytes]) -> bytes:
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    return head + _joined(boundary, parts)


def _multipart(boundary: str, parts: list[bytes], status: int) -> Answer:
    headers = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
    return Answer(status=status, headers=headers, body=_joined(boundary, parts))


def _joined(boundary: str, parts: list[bytes]) -> bytes:
    mark = f"--{boundary}".encode()
    return b"".join(mark + b"\r\n" + part for part in parts) + mark + b"--\r\n"
