"""Long descriptions: what goes on the line and what into comment lines (S44–S49)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.core.model import Wire
from shared.rules.sales_documents.parts import text

#: Characters of a line's Description in BC (S45; the tests of the peer say 50, the field has 100).
LENGTH = 100


@dataclass(frozen=True, kw_only=True)
class Described:
    """`own` is the main line's description, None to leave BC's; `comments` are lines attached to it."""

    own: str | None
    comments: tuple[str, ...]


def described(line: Mapping[str, Wire], *, write_in: bool, shown: str, stops: bool) -> Described:
    """Return how the whole text of a line is kept (P45).

    Args:
        shown: The description that BC gives the line: the item's or the resource's.
        stops: A text that only repeats it is dropped, and all after it (S48; orders only).
    """
    first, *rest = text(line.get("description")).splitlines() or [""]
    head = first or text(line.get("productdescription"))
    own = head[:LENGTH] if write_in else None
    left = head[LENGTH:] if write_in else head
    if stops and left and left == (own if write_in else shown):
        return Described(own=own, comments=())
    return Described(own=own, comments=tuple(piece for part in (left, *rest) for piece in _pieces(part)))


def _pieces(part: str) -> Iterator[str]:
    for start in range(0, len(part), LENGTH):
        yield part[start : start + LENGTH]
