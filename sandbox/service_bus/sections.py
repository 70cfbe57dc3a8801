"""The sections of an encoded AMQP message, as bytes.

qpid-proton's `Message` keeps only one Data section and hides the message format (3.35), so bodies and
batches are handled here, unopened. Source: OASIS AMQP 1.0, part 1 §1.2 (type encodings), part 3 §3.2.
"""

from __future__ import annotations

from typing import NamedTuple

HEADER, DELIVERY_ANNOTATIONS, ANNOTATIONS, PROPERTIES, APPLICATION, DATA, SEQUENCE, VALUE, FOOTER = range(
    0x70, 0x79
)


class NotAMessage(ValueError):
    """These bytes are no sequence of message sections."""


class Section(NamedTuple):
    #: 0x70 to 0x78
    kind: int
    #: With its descriptor.
    raw: bytes
    #: Without it.
    value: bytes


def split(raw: bytes) -> list[Section]:
    """Return the sections of an encoded message, in order. Raises `NotAMessage`."""
    found: list[Section] = []
    position = 0
    while position < len(raw):
        start = position
        # Descriptors are a small unsigned long (0x53) or a full one (0x80).
        if raw[start : start + 2] == b"\x00\x53":
            kind, position = raw[start + 2] if start + 2 < len(raw) else 0, start + 3
        elif raw[start : start + 2] == b"\x00\x80":
            kind, position = int.from_bytes(raw[start + 2 : start + 10], "big"), start + 10
        else:
            raise NotAMessage(f"no section at byte {start}")
        if not HEADER <= kind <= FOOTER or (found and kind < found[-1].kind):
            raise NotAMessage(f"no section of a message at byte {start}")
        end = _end(raw, position)
        if end > len(raw):
            raise NotAMessage("cut off")
        found.append(Section(kind, raw[start:end], raw[position:end]))
        position = end
    if not found:
        raise NotAMessage("empty")
    return found


def _end(raw: bytes, at: int) -> int:
    """Return where the value that starts at `at` ends."""
    if at >= len(raw):
        raise NotAMessage("cut off")
    code = raw[at]
    if code == 0:
        return _end(raw, _end(raw, at + 1))
    width = code >> 4
    if width in (0x4, 0x5, 0x6, 0x7, 0x8, 0x9):
        return at + 1 + (0, 1, 2, 4, 8, 16)[width - 4]
    if width in (0xA, 0xC, 0xE):
        return at + 2 + int.from_bytes(raw[at + 1 : at + 2], "big")
    if width in (0xB, 0xD, 0xF):
        return at + 5 + int.from_bytes(raw[at + 1 : at + 5], "big")
    raise NotAMessage(f"no type has the code {code:#x}")


def content(data: Section) -> bytes:
    """Return what is in a Data section. Raises `NotAMessage` when it holds no binary."""
    if data.value[0] == 0xA0:
        return data.value[2:]
    if data.value[0] == 0xB0:
        return data.value[5:]
    raise NotAMessage("a data section without binary")


def unbatch(raw: bytes) -> list[bytes]:
    """Return the encoded messages of one transfer: of a batch, those inside; else the one.

    A batch is told from its content, as proton does not show its format 0x80013700: every Data
    section is itself a whole message. The envelope repeats properties of the first one (3.16).
    A message whose body happens to be an encoded AMQP message would be taken apart: accepted.
    """
    bodies = [s for s in split(raw) if s.kind in (DATA, SEQUENCE, VALUE)]
    inner = []
    for section in bodies:
        try:
            message = content(section) if section.kind == DATA else b""
            split(message)
        except NotAMessage:
            return [raw]
        inner.append(message)
    return inner or [raw]
