"""Requests on `<entity>/$management` (azure-platform.md 3.36–3.38)."""

from __future__ import annotations

from typing import Any

from proton import UNDESCRIBED, Array, Data, Message, ProtonException, int32, symbol, timestamp

from sandbox.service_bus.queue import Queue
from sandbox.service_bus.sections import NotAMessage
from sandbox.service_bus.stored import Journal, LockLost, NotAllowed, NotFound, Stored
from sandbox.service_bus.wire import Refused, delivered, what_was_sent

PREFIX = "com.microsoft:"


def answer_to(request: Message, queue: Queue, journal: Journal, dead_letters: bool, *, now: float) -> Message:
    """Do one operation, all or nothing, and return the response."""
    operation = str((request.properties or {}).get("operation", ""))
    body = request.body if isinstance(request.body, dict) else {}
    try:
        with journal.together():
            status, answer = _do(operation.removeprefix(PREFIX), body, queue, dead_letters, now)
    except LockLost:
        return _failed(request, 410, PREFIX + "message-lock-lost", "The lock supplied is invalid.")
    except NotFound:
        return _failed(request, 404, PREFIX + "message-not-found", "There is no such message in that state.")
    except NotAllowed as error:
        return _failed(request, 400, "amqp:not-allowed", str(error))
    except Refused as error:
        return _failed(request, 400, error.condition, str(error))
    except (KeyError, ValueError, TypeError, NotAMessage, ProtonException) as error:
        return _failed(request, 400, PREFIX + "argument-error", f"{operation}: {type(error).__name__}")
    return Message(
        body=answer,
        properties={"statusCode": int32(status), "statusDescription": "OK"},
        correlation_id=request.id,
    )


def _failed(request: Message, status: int, condition: str, said: str) -> Message:
    properties = {
        "statusCode": int32(status),
        "statusDescription": said,
        "errorCondition": symbol(condition),
    }
    return Message(body=None, properties=properties, correlation_id=request.id)


def _do(
    operation: str, body: dict[str, Any], queue: Queue, dead_letters: bool, now: float
) -> tuple[int, dict[str, Any]]:
    """Return status and body of a success (3.37)."""
    match operation:
        case "peek-message":
            found = queue.peek(
                first=int(body["from-sequence-number"]),
                count=int(body["message-count"]),
                now=now,
                dead_letters=dead_letters,
            )
            return (200, {"messages": [_shown(queue, m) for m in found]}) if found else (204, {})
        case "renew-lock":
            until = [timestamp(int(at * 1000)) for at in queue.renew(_items(body["lock-tokens"]), now=now)]
            return 200, {"expirations": Array(UNDESCRIBED, Data.TIMESTAMP, *until)}
        case "schedule-message":
            sent = [what_was_sent(bytes(m["message"])) for m in body["messages"]]
            numbers = [queue.send(**message, now=now).number for message in sent]
            return 200, {"sequence-numbers": Array(UNDESCRIBED, Data.LONG, *numbers)}
        case "cancel-scheduled-message":
            queue.cancel([int(n) for n in _items(body["sequence-numbers"])], now=now)
            return 200, {}
        case "receive-by-sequence-number":
            taken = queue.take_deferred(
                [int(n) for n in _items(body["sequence-numbers"])],
                now=now,
                dead_letters=dead_letters,
                lock=int(body.get("receiver-settle-mode", 1)) == 1,
            )
            return 200, {"messages": [{"lock-token": m.lock_token} | _shown(queue, m) for m in taken]}
        case "update-disposition":
            for token in _items(body["lock-tokens"]):
                _dispose(queue, token, body, now)
            return 200, {}
        case _:
            raise Refused("amqp:not-implemented", f"{operation} is not emulated")


def _dispose(queue: Queue, token: Any, body: dict[str, Any], now: float) -> None:
    match str(body["disposition-status"]):
        case "completed":
            queue.complete(token, now=now)
        case "abandoned":
            queue.abandon(token, now=now)
        case "defered":  # sic (3.38)
            queue.defer(token, now=now)
        case "suspended":
            reason, description = body.get("deadletter-reason"), body.get("deadletter-description")
            queue.dead_letter(token, str(reason or ""), str(description or ""), now=now)
        case other:
            raise Refused(PREFIX + "argument-error", f"no disposition {other}")


def _shown(queue: Queue, stored: Stored) -> dict[str, Any]:
    return {"message": delivered(stored, queue.name)}


def _items(value: Any) -> list[Any]:
    """Return the items of an AMQP array or list."""
    return list(value.elements) if isinstance(value, Array) else list(value)
