"""What Azure Table Storage takes, checked before anything is sent.

Emulators and the service refuse the same things in different words, or not at all (a transaction
of 101 operations gives Azurite 3.35.0 a broken answer). So the store and its in-memory twin ask
here. Source: azure-platform.md 4.1, 4.2, 4.16.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.ports import Op, OpFailed, Row

MAX_OPS = 100
#: 4 MiB is the service's limit on the request body.
MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_PROPERTY_BYTES = 64 * 1024
MAX_ENTITY_BYTES = 1024 * 1024
#: PartitionKey, RowKey and Timestamp count among the 255.
MAX_PROPERTIES = 252
MAX_KEY_BYTES = 1024
PAGE = 1000

#: Not allowed in keys: / \ # ? and control characters. `%` and `+` are spared the trouble that
#: URLs make of them, `~` is the escape character itself.
_UNSAFE = re.compile(r"[/\\#?%+~\x00-\x1f\x7f-\x9f]")
_ESCAPED = re.compile(r"~([0-9A-F]{2})")


def escape_key(key: str) -> str:
    """Return the key as stored: each unsafe character as `~` and its code in two hex digits.

    Character by character, so a prefix stays a prefix.
    """
    return _UNSAFE.sub(lambda match: f"~{ord(match[0]):02X}", key)


def unescape_key(stored: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), stored)


def check_transaction(ops: Sequence[Op]) -> None:
    """Raise what no service would do: `ValueError` for a caller's mistake, else `OpFailed` 413."""
    if not ops:
        raise ValueError("a transaction needs at least one operation")
    if len(ops) > MAX_OPS:
        raise ValueError(f"a transaction holds at most {MAX_OPS} operations, not {len(ops)}")
    if len({op.row.partition for op in ops}) > 1:
        raise ValueError("a transaction stays within one partition")
    if len({op.row.key for op in ops}) < len(ops):
        raise ValueError("a row may be in a transaction only once")
    body = 0
    for index, op in enumerate(ops):
        if op.action not in ("create", "replace", "upsert", "delete"):
            raise ValueError(f"unknown action '{op.action}'")
        if op.action == "replace" and not op.row.etag:
            raise ValueError("replacing needs the row's etag, or '*'")
        if not _fits(op.row):
            raise OpFailed(index, 413)
        body += _body_bytes(op)
        if body > MAX_BODY_BYTES:
            raise OpFailed(index, 413)


def _fits(row: Row) -> bool:
    if any(len(escape_key(key).encode("utf-16-le")) > MAX_KEY_BYTES for key in (row.partition, row.key)):
        return False
    if len(row.properties) > MAX_PROPERTIES:
        return False
    sizes = [_value_bytes(name, value) for name, value in row.properties.items()]
    names = sum(8 + 2 * len(name) for name in row.properties)
    keys = 4 + 2 * len(row.partition) + 2 * len(row.key)
    return max(sizes, default=0) <= MAX_PROPERTY_BYTES and names + keys + sum(sizes) <= MAX_ENTITY_BYTES


def _value_bytes(name: str, value: Any) -> int:
    """Return the bytes that the service counts for a value: UTF-16 for text."""
    match value:
        case str():
            return len(value.encode("utf-16-le", "surrogatepass"))
        case bytes():
            return len(value)
        case bool():
            return 1
        case int() if -(2**63) <= value < 2**63:
            return 8
        case float():
            return 8
        case datetime() if value.tzinfo is not None:
            return 8
    raise TypeError(
        f"property '{name}' must be str, int of 64 bits, bool, float, bytes or aware datetime, not {value!r}"
    )


def _body_bytes(op: Op) -> int:
    """Return about what one operation takes in the body of a transaction, headers included."""
    total = 800
    if op.action == "delete":
        return total
    for name, value in op.row.properties.items():
        total += 60 + 2 * len(name)
        if isinstance(value, str):
            total += len(json.dumps(value))
        elif isinstance(value, bytes):
            total += len(value) * 4 // 3
    return total
