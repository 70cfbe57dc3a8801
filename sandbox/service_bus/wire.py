"""Between stored messages and AMQP: batches, annotations, addresses (azure-platform.md 3.27–3.36)."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from proton import Message, symbol, timestamp

from sandbox.service_bus.store import DEAD_LETTERS, Stored

SCHEDULED = symbol("x-opt-scheduled-enqueue-time")
MANAGEMENT = "/$management"


def path_of(address: str | None) -> str:
    """Return the entity path of an address such as `amqps://host:port/queue/$DeadLetterQueue`."""
    text = address or ""
    return (urlsplit(text).path if "://" in text else text).strip("/")


def entity_of(path: str) -> tuple[str, bool]:
    """Return queue name and whether its dead letters are meant; compared case-insensitively (3.5)."""
    low = path.lower().removesuffix(MANAGEMENT)
    dead = low.endswith(DEAD_LETTERS)
    return (low[: -len(DEAD_LETTERS)] if dead else low), dead


def unbatch(raw: bytes) -> list[bytes]:
    """Return the encoded messages in a transfer (3.35).

    A batch is a message whose body consists of Data sections that are whole messages themselves;
    proton does not show the message format, so the sections tell.
    """
    sections: list[bytes] = []
    position = 0
    while position < len(raw):
        if raw[position : position + 3] != b"\x00\x53\x75":
            # Another section (header, annotations, properties) precedes the body: no bare batch.
            return _batch_after_head(raw)
        kind = raw[position + 3]
        if kind == 0xA0:
            size, start = raw[position + 4], position + 5
        elif kind == 0xB0:
            size, start = int.from_bytes(raw[position + 4 : position + 8], "big"), position + 8
        else:
            return [raw]
        sections.append(raw[start : start + size])
        position = start + size
    return sections if sections and all(_is_message(s) for s in sections) else [raw]


def _batch_after_head(raw: bytes) -> list[bytes]:
    """The envelope repeats id and annotations of its first message (3.16): look behind them."""
    found = raw.find(b"\x00\x53\x75")
    while found >= 0:
        inner = unbatch(raw[found:]) if found else [raw]
        if inner != [raw[found:]] and all(_is_message(m) for m in inner):
            return inner
        found = raw.find(b"\x00\x53\x75", found + 1)
        break
    return [raw]


def _is_message(section: bytes) -> bool:
    return section[:2] in (b"\x00\x53", b"\x00\x80")


def decoded(raw: bytes) -> Message:
    message = Message()
    message.decode(raw)
    return message


def due_of(message: Message) -> float | None:
    """Return when a scheduled message is due, in seconds; None when it is not scheduled (3.41)."""
    at = (message.annotations or {}).get(SCHEDULED)
    return int(at) / 1000 if at else None


def delivered(stored: Stored, queue: str, *, now: float) -> bytes:
    """Return the encoded message as a receiver gets it (3.30)."""
    message = decoded(stored.raw)
    annotations = dict(message.annotations or {})
    annotations[symbol("x-opt-sequence-number")] = stored.sequence_number
    annotations[symbol("x-opt-enqueued-time")] = timestamp(int(stored.enqueued_at * 1000))
    if stored.lock_token is not None:
        annotations[symbol("x-opt-locked-until")] = timestamp(int(stored.locked_until * 1000))
    state = 1 if stored.deferred else 2 if stored.due_at > now else 0
    annotations[symbol("x-opt-message-state")] = state
    if stored.dead_letter_reason is not None:
        annotations[symbol("x-opt-deadletter-source")] = queue
        properties = dict(message.properties or {})
        properties["DeadLetterReason"] = stored.dead_letter_reason
        properties["DeadLetterErrorDescription"] = stored.dead_letter_description or ""
        message.properties = properties
    message.annotations = annotations
    message.delivery_count = max(stored.delivery_count - 1, 0)
    encoded: bytes = message.encode()
    return encoded


def clock() -> float:
    return time.time()
