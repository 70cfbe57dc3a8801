"""Chance that needs no memory: what is drawn for a record depends on seed, table and key alone."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A stream of small numbers from SHA-256 of (seed, table, key).

    512 bits, of which each draw uses up the logarithm of its range; more than a row of this data needs, and
    running out is an error, not a silent row of zeros.
    """

    __slots__ = ("_range", "_value")

    def __init__(self, seed: int, table: str, key: str) -> None:
        first = sha256(f"{seed}\x1f{table}\x1f{key}".encode()).digest()
        self._value = int.from_bytes(first + sha256(first).digest())
        self._range = 1 << 512

    def below(self, limit: int) -> int:
        """Return a number from 0 up to, not including, `limit`."""
        # While the range left is much larger than the limit, the remainder is as good as even.
        if self._range < limit << 32:
            raise RuntimeError("a row draws more chance than its hash holds")
        self._value, drawn = divmod(self._value, limit)
        self._range //= limit
        return drawn

    def per_mille(self, share: int) -> bool:
        """Return True in `share` of 1000 cases."""
        return self.below(1000) < share

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def digits(self, pattern: str) -> str:
        """Replace each `#` by a digit."""
        marks = pattern.count("#")
        drawn = iter(f"{self.below(10**marks):0{marks}}") if marks else iter("")
        return "".join(next(drawn) if mark == "#" else mark for mark in pattern)
