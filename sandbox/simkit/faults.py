"""Misbehaviour on request: what goes wrong, where, how often."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import httpx

RequestKind = Literal["read", "write"]
FaultKind = Literal["any", "read", "write", "batch"]


class LostReply(httpx.ReadError):
    """The work was done and the answer never arrived.

    Raised out of the WSGI app, so a client in the same process sees what it would see on a broken
    connection; the TLS server closes the connection without a byte.
    """

    def __init__(self, message: str = "the connection broke before the answer arrived") -> None:
        super().__init__(message)


@dataclass(kw_only=True)
class Fault:
    """One way to fail. Everything that is set must match; what happens is the union of what is asked for.

    `times` counts down with each use and None means for ever; `rate` is the share (0-1) of the matching
    requests that are hit. `path` is a regular expression searched in path and query string. Without `status`
    the request is served, late (`latency_seconds`), in part (`half_page`) or without an answer (`lost_reply`).
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    times: int | None = 1
    rate: float = 1.0
    kind: FaultKind = "any"
    method: str | None = None
    path: str | None = None
    lost_reply: bool = False
    latency_seconds: float = 0
    half_page: bool = False
    body: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.kind not in ("any", "read", "write", "batch"):
            raise ValueError(f"kind is any, read, write or batch, not {self.kind!r}")
        if not 0 <= self.rate <= 1:
            raise ValueError(f"rate is a share between 0 and 1, not {self.rate!r}")
        if self.times is not None and self.times < 1:
            raise ValueError(f"times is at least 1, or null for ever; not {self.times!r}")
        if self.path is not None:
            try:
                re.compile(self.path)
            except re.error as wrong:
                raise ValueError(f"path {self.path!r} is not a regular expression: {wrong}") from None

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Fault:
        """Build from `POST /_sim/faults`; an unknown key is a ValueError, never ignored."""
        unknown = set(said) - {known.name for known in fields(cls)}
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        return cls(**said)

    def matches(self, method: str, path: str, kind: RequestKind) -> bool:
        if self.method is not None and self.method.upper() != method.upper():
            return False
        if self.kind == "batch":
            if not path.split("?", 1)[0].endswith("/$batch"):
                return False
        elif self.kind != "any" and self.kind != kind:
            return False
        return self.path is None or re.search(self.path, path) is not None


class Faults:
    """The faults that are waiting, oldest first. The same seed and the same calls give the same failures."""

    def __init__(self, *, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._seed = seed
        self._random = random.Random(seed)  # nosec B311  # faults that a seed repeats
        self._waiting: list[tuple[Fault, int | None]] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append((fault, fault.times))

    def clear(self, *, seed: int | None = None) -> None:
        """Forget every fault and begin the random numbers again."""
        with self._lock:
            self._seed = self._seed if seed is None else seed
            self._random.seed(self._seed)
            self._waiting.clear()

    def waiting(self) -> list[tuple[Fault, int | None]]:
        """Each fault with the times it has left; None is for ever."""
        with self._lock:
            return list(self._waiting)

    def take(self, method: str, path: str, kind: RequestKind) -> Fault | None:
        """Return the fault that this request meets and use it up once, or None.

        A fault with a rate below 1 draws one random number for each request that it matches.
        """
        if not self._waiting:
            return None
        with self._lock:
            for place, (fault, left) in enumerate(self._waiting):
                if not fault.matches(method, path, kind):
                    continue
                if fault.rate < 1 and self._random.random() >= fault.rate:
                    continue
                if left == 1:
                    del self._waiting[place]
                elif left is not None:
                    self._waiting[place] = (fault, left - 1)
                return fault
        return None
