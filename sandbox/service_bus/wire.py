"""Between stored messages and AMQP: addresses, identity, annotations (azure-platform.md 3.27–3.41)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from proton import Data, Message, symbol, timestamp, uint, ulong

from sandbox.service_bus import sections
from sandbox.service_bus.stored import Stored

DEAD_LETTERS = "/$deadletterqueue"
MANAGEMENT = "/$management"
SCHEDULED = symbol("x-opt-scheduled-enqueue-time")
#: On Standard (3.1); the SDK takes it as its batch limit (3.27).
MAX_MESSAGE_SIZE = 262_144
#: Message ids (3.1).
MAX_ID_LENGTH = 128


class Refused(ValueError):
    """The service would not take this message; `condition` is the AMQP error that it answers."""

    def __init__(self, condition: str, said: str) -> None:
        super().__init__(said)
        self.condition = condition


def path_of(address: str | None) -> str:
    """Return the entity path of an address such as `amqps://host:port/queue/$DeadLetterQueue`."""
    text = address or ""
    return (urlsplit(text).path if "://" in text else text).strip("/")


def entity_of(path: str) -> tuple[str, bool]:
    """Return queue name and whether its dead letters are meant; compared case-insensitively (3.5)."""
    low = path.lower().removesuffix(MANAGEMENT)
    return low.removesuffix(DEAD_LETTERS), low.endswith(DEAD_LETTERS)


def decoded(raw: bytes) -> Message:
    message = Message()
    message.decode(raw)
    return message


def what_was_sent(raw: bytes) -> dict[str, Any]:
    """Return the arguments of `Queue.send` for one encoded message. Raises `Refused`."""
    if len(raw) > MAX_MESSAGE_SIZE:
        raise Refused("amqp:link:message-size-exceeded", f"the limit is {MAX_MESSAGE_SIZE} bytes")
    message = decoded(raw)
    message_id = str(message.id) if message.id is not None else None
    if message_id is not None and len(message_id) > MAX_ID_LENGTH:
        raise Refused("com.microsoft:argument-error", f"a message id has at most {MAX_ID_LENGTH} characters")
    due = (message.annotations or {}).get(SCHEDULED)
    return {
        "raw": raw,
        "message_id": message_id,
        "due_at": int(due) / 1000 if due else None,
        # Seconds in proton, milliseconds on the wire.
        "ttl_seconds": message.ttl or None,
    }


def delivered(stored: Stored, queue: str) -> bytes:
    """Return the encoded message as a receiver gets it (3.30). Properties and body stay as they came."""
    came = sections.split(stored.raw)
    message = decoded(stored.raw)
    annotations = dict(message.annotations or {})
    annotations[symbol("x-opt-sequence-number")] = stored.number
    annotations[symbol("x-opt-enqueued-time")] = _milliseconds(stored.enqueued_at)
    if stored.lock_token is not None:
        annotations[symbol("x-opt-locked-until")] = _milliseconds(stored.locked_until)
    state = 1 if stored.deferred else 2 if stored.due_at is not None else 0
    annotations[symbol("x-opt-message-state")] = state
    application = b"".join(s.raw for s in came if s.kind == sections.APPLICATION)
    if stored.dead:
        annotations[symbol("x-opt-deadletter-source")] = queue
        properties = dict(message.properties or {})
        properties["DeadLetterReason"] = stored.reason or ""
        properties["DeadLetterErrorDescription"] = stored.description or ""
        application = _section(sections.APPLICATION, properties)
    return b"".join(
        (
            _header(message, stored),
            _section(sections.ANNOTATIONS, annotations),
            *(s.raw for s in came if s.kind == sections.PROPERTIES),
            application,
            *(s.raw for s in came if s.kind > sections.APPLICATION),
        )
    )


def _header(message: Message, stored: Stored) -> bytes:
    """proton leaves out a delivery count of 0, which the SDK then shows as None."""
    ttl = None
    if stored.expires_at is not None:
        lives = stored.expires_at - (stored.due_at or stored.enqueued_at)
        ttl = uint(min(max(round(lives * 1000), 0), 0xFFFFFFFF))
    elif message.ttl:
        ttl = uint(int(message.ttl * 1000))
    # durable, priority, ttl, first-acquirer, delivery-count
    return _section(sections.HEADER, [message.durable, None, ttl, None, uint(stored.failures)])


def _section(kind: int, value: Any) -> bytes:
    data = Data()
    data.put_described()
    data.enter()
    data.put_ulong(ulong(kind))
    data.put_object(value)
    data.exit()
    encoded: bytes = data.encode()
    return encoded


def _milliseconds(at: float) -> timestamp:
    return timestamp(int(at * 1000))
