"""Messages and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class OutgoingMessage:
    queue: str
    body: bytes
    message_id: str
    scheduled_at: datetime | None = None
    correlation_id: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PeekedMessage:
    queue: str
    body: bytes
    message_id: str
    enqueued_at: datetime | None
    sequence_number: int
    reason: str | None = None
    description: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


class Queue(Protocol):
    def send(self, messages: Sequence[OutgoingMessage]) -> None:
        """Send. A repeat with the same id within the detection window is dropped by the broker."""

    def peek(self, queue: str, *, limit: int = 100, dead_letters: bool = False) -> list[PeekedMessage]:
        """Look at messages without taking them."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the time, in UTC and aware."""
