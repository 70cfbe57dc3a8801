"""Values as text, and text as table properties. Exact both ways.

JSON where JSON has the type; what it has not is an object with one telling key:

    Decimal      {"n": "1.50"}          date   {"d": "2024-02-29"}
    Unresolved   {"?": "raw"}       datetime   {"t": "2024-02-29T12:00:00+00:00"}
    dict         {"o": {…}}

So a dict of data can never be mistaken for one of these. Tuples come back as lists.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import ItemsView, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from shared.core.model import BLANK, Agreed, Baseline, Unresolved, Value

#: Text of a baseline with more UTF-8 bytes than this is kept as its hash (H28).
HASH_OVER_BYTES = 8 * 1024
#: A text of so many characters needs no encoding to be called short: each takes at most four bytes.
SHORT = HASH_OVER_BYTES // 4
#: Packed text of more characters than this is compressed.
COMPRESS_OVER = 4 * 1024
#: A property holds 64 KiB (azure-platform.md 4.1).
CHUNK_BYTES = 60 * 1024


# --- values ------------------------------------------------------------------------------------


def to_json(value: Any) -> Any:
    """Return the JSON form of a canonical value, or of plain data that holds some."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    # By far the most, without asking whether they are sequences.
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    match value:
        case Decimal():
            return {"n": str(value)}
        case datetime():
            return {"t": value.isoformat()}
        case date():
            return {"d": value.isoformat()}
        case Unresolved():
            return {"?": value.raw}
        case Mapping():
            return {"o": {str(name): to_json(item) for name, item in value.items()}}
        case Sequence() if not isinstance(value, (bytes, bytearray)):
            return [to_json(item) for item in value]
    raise TypeError(f"cannot be kept: {type(value).__name__}")


def from_json(data: Any) -> Any:
    """Return the value that `to_json` was given.

    Raises:
        ValueError: an object with a key that nothing here writes.
    """
    if data is None or isinstance(data, str):
        return data
    if isinstance(data, list):
        return [from_json(item) for item in data]
    if not isinstance(data, dict):
        return data
    match data:
        case {"n": str(text)}:
            return Decimal(text)
        case {"t": str(text)}:
            return datetime.fromisoformat(text)
        case {"d": str(text)}:
            return date.fromisoformat(text)
        case {"?": str(text)}:
            return Unresolved(text)
        case {"o": dict(items)}:
            return {name: from_json(item) for name, item in items.items()}
    raise ValueError(f"unknown kind of kept value: {sorted(data)}")


def dumps(value: Any) -> str:
    return _text(to_json(value))


def loads(text: str) -> Any:
    return from_json(json.loads(text))


def dump_rows(rows: Sequence[tuple[Sequence[str | int], Mapping[str, Value]]]) -> str:
    """Write rows of plain keys and of values as baselines remember them: cheaply, as there are thousands."""
    return _text([[*keys, {name: _kept(v) for name, v in values.items()}] for keys, values in rows])


def load_rows(text: str) -> list[tuple[list[Any], dict[str, Value]]]:
    return [(keys, {name: from_json(v) for name, v in values.items()}) for *keys, values in json.loads(text)]


def _text(data: Any) -> str:
    text = _PLAIN.encode(data)
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair, from a text that somebody cut: only the escaped form can travel.
        return json.dumps(data, separators=(",", ":"))
    return text


#: Made once: `json.dumps` with options makes an encoder for every call. What `to_json` returns has no circles.
_PLAIN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)
_PARSER = json.JSONDecoder()


# --- baselines ---------------------------------------------------------------------------------


def stored_form(value: Value) -> Value:
    """Return the value as a baseline remembers it: a very long text as "sha256:…", else itself.

    Compare a fresh value with a remembered one as `stored_form(fresh) == remembered`. Applying it
    twice changes nothing.
    """
    if not isinstance(value, str) or len(value) <= SHORT:
        return value
    data = value.encode("utf-8", "surrogatepass")
    return value if len(data) <= HASH_OVER_BYTES else f"sha256:{hashlib.sha256(data).hexdigest()}"


def _kept(value: Value) -> Any:
    """Return the JSON form of what a baseline remembers. Nearly all are short texts or blank: their own form."""
    if value is None or (type(value) is str and len(value) <= SHORT):
        return value
    return to_json(stored_form(value))


def dump_baseline(baseline: Baseline) -> str:
    """Write a baseline, each field's two values once when they are the same."""
    fields: dict[str, list[Any]] = {}
    for name, agreed in baseline.items():
        if agreed is BLANK:
            fields[name] = BOTH_BLANK
            continue
        bc, sales = _kept(agreed.bc), _kept(agreed.sales)
        # As written, and with their types: True == 1 and Decimal("1.0") == Decimal("1") in Python.
        fields[name] = [bc] if type(bc) is type(sales) and bc == sales else [bc, sales]
    return _text(fields)


def load_baseline(text: str) -> StoredBaseline:
    return StoredBaseline(text)


class StoredBaseline(Mapping[str, Agreed]):
    """A baseline as its row keeps it, read when somebody asks: most couplings are only looked up for their ids."""

    __slots__ = ("_fields", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._fields: dict[str, Agreed] | None = None

    def __getitem__(self, name: str) -> Agreed:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def items(self) -> ItemsView[str, Agreed]:
        return self._read().items()

    def unresolved(self) -> dict[str, Agreed]:
        """Return the fields with a value that has no counterpart, mostly without reading the rest."""
        if '{"?":' not in self._text:
            return {}
        return {
            n: v for n, v in self.items() if isinstance(v.bc, Unresolved) or isinstance(v.sales, Unresolved)
        }

    def _read(self) -> dict[str, Agreed]:
        if self._fields is None:
            self._fields = {
                name: BLANK if pair == BOTH_BLANK else _agreed(pair)
                for name, pair in _PARSER.decode(self._text).items()
            }
        return self._fields


#: How a field that is blank on both sides is written.
BOTH_BLANK = [None]


def _agreed(pair: Sequence[Any]) -> Agreed:
    bc = pair[0]
    if type(bc) is not str:
        bc = from_json(bc)
    return Agreed(bc, bc if len(pair) == 1 else from_json(pair[1]))


# --- properties --------------------------------------------------------------------------------


def pack(name: str, text: str) -> dict[str, str | bytes]:
    """Return properties that hold a text of any length: itself, or compressed in numbered parts."""
    if len(text) <= COMPRESS_OVER:
        return {name: text}
    data = zlib.compress(text.encode())
    parts = range(0, len(data), CHUNK_BYTES)
    return {f"{name}_z{number}": data[at : at + CHUNK_BYTES] for number, at in enumerate(parts)}


def unpack(name: str, properties: Mapping[str, Any], default: str = "") -> str:
    """Return the text that `pack` was given; `default` when there is none."""
    if name in properties:
        return str(properties[name])
    parts: list[bytes] = []
    while (part := properties.get(f"{name}_z{len(parts)}")) is not None:
        parts.append(part)
    return zlib.decompress(b"".join(parts)).decode() if parts else default
