"""JSON `$batch` with its order, its stop and its misleading answers (business-central-api.md §7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import orjson

from sandbox.business_central.errors import Refused, bad_request
from sandbox.business_central.service import COMPANION, STANDARD, Answer, Call, Service

_METHODS = ("GET", "POST", "PATCH", "DELETE")


class _RolledBack(Exception):
    """Leaves a snapshot's transactions so that every row is put back."""


def is_batch(path: str) -> bool:
    return path in (f"{COMPANION}/$batch", f"{STANDARD}/$batch")


def only_reads(body: bytes) -> bool:
    """Tell whether a batch holds nothing but GETs. A body that cannot be read counts as a write."""
    try:
        return all(part["method"].upper() == "GET" for part in orjson.loads(body)["requests"])
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return False


def run_batch(service: Service, call: Call) -> Answer:
    """Run the parts one after the other. The outer 200 says nothing about them."""
    call.tally.message = "$batch"
    try:
        service.must_have_route(call.path)
        if call.method != "POST":
            raise Refused(405, "BadRequest_MethodNotAllowed", "$batch takes POST.")
        parts = [_part(call, part) for part in _requests(service, call)]
    except Refused as refused:
        return Answer(status=refused.status, body=refused.body())
    with service.lock:
        if "snapshot" in (call.headers.get("isolation", ""), call.headers.get("odata-isolation", "")):
            responses = _snapshot(service, call, parts)
        else:
            going_on = "continue-on-error" in call.headers.get("prefer", "")
            responses = _one_by_one(service, parts, going_on)
    return Answer(status=200, body={"responses": responses})


def _requests(service: Service, call: Call) -> list[Any]:
    if not call.headers.get("content-type", "").startswith("application/json"):
        raise Refused(415, "BadRequest", "The content type must be application/json.")
    try:
        requests = orjson.loads(call.body)["requests"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise bad_request("The batch must be a JSON object with 'requests'.") from None
    if not isinstance(requests, list):
        raise bad_request("'requests' must be a list.")
    most = service.behaviour.batch_limit
    if len(requests) > most:
        raise bad_request(f"The batch has {len(requests)} parts; at most {most} are allowed.", "Unknown")
    return requests


def _part(outer: Call, part: Any) -> tuple[Any, Call]:
    if (
        not isinstance(part, Mapping)
        or str(part.get("method", "")).upper() not in _METHODS
        or "url" not in part
    ):
        raise bad_request("Each part of a batch needs a method and a url.")
    route = outer.path.removesuffix("/$batch")
    url = str(part["url"])
    # Relative to the route; a batch cannot cross routes (inferred).
    url = url.removeprefix(f"{outer.root}/{route}").lstrip("/")
    if "://" in url:
        raise bad_request(f"The url '{url}' is outside this batch's route.", "BadRequest_InvalidRequestUrl")
    path, _, query = url.partition("?")
    headers = {str(name).lower(): str(value) for name, value in (part.get("headers") or {}).items()}
    body = part.get("body")
    call = replace(
        outer,
        method=str(part["method"]).upper(),
        path=f"{route}/{path}",
        query=query,
        headers=headers,
        body=b"" if body is None else body,
    )
    return part.get("id"), call


def _one_by_one(service: Service, parts: list[tuple[Any, Call]], going_on: bool) -> list[dict[str, Any]]:
    """Each its own transaction; the first failure ends the answers unless told to go on."""
    responses = []
    for part_id, call in parts:
        answer = service.handle(call)
        responses.append(_response(part_id, answer))
        if answer.status >= 400 and not going_on:
            break
    return responses


def _snapshot(service: Service, outer: Call, parts: list[tuple[Any, Call]]) -> list[dict[str, Any]]:
    """One transaction. After a failure everything is rolled back, yet earlier parts still say 201.

    A failure in the first part gives its answer only; a later one gives all answers (live report).
    """
    responses: list[dict[str, Any]] = []
    failed = False
    written = Counter(outer.tally.written)
    try:
        with _all_companies(service, list(service.companies)):
            for part_id, call in parts:
                answer = service.handle(call)
                responses.append(_response(part_id, answer))
                if answer.status >= 400:
                    failed = True
                    if len(responses) == 1:
                        break
            if failed:
                raise _RolledBack
    except _RolledBack:
        outer.tally.written.clear()
        outer.tally.written.update(written)
    return responses


def _all_companies(service: Service, ids: list[str]) -> Any:
    stack = ExitStack()
    for company_id in ids:
        stack.enter_context(service.companies[company_id].transaction())
    return stack


def _response(part_id: Any, answer: Answer) -> dict[str, Any]:
    headers = {"content-type": "application/json; odata.metadata=minimal", "odata-version": "4.0"}
    response: dict[str, Any] = {
        "id": part_id,
        "status": answer.status,
        "headers": headers | dict(answer.headers),
    }
    if answer.body is not None:
        response["body"] = answer.body
    return response


def as_multipart(answer: Answer) -> tuple[str, bytes]:
    """Return content type and body of the same answers for a caller that did not ask for JSON (§3)."""
    boundary = "batchresponse"
    lines: list[bytes] = []
    for response in answer.body["responses"]:
        body = orjson.dumps(response["body"]) if "body" in response else b""
        head = f"HTTP/1.1 {response['status']} \r\nContent-Type: application/json; odata.metadata=minimal\r\n\r\n"
        part = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        lines += [f"--{boundary}\r\n{part}{head}".encode(), body, b"\r\n"]
    lines.append(f"--{boundary}--\r\n".encode())
    return f"multipart/mixed; boundary={boundary}", b"".join(lines)
