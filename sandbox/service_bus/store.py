"""Queues as Service Bus keeps them, without AMQP: peek-lock, dead letters, duplicates, schedules.

No clock and no thread of its own: every call says what time it is, in seconds since 1970.
"""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field

DEAD_LETTERS = "/$deadletterqueue"


@dataclass(frozen=True, kw_only=True)
class QueueSettings:
    """Seconds, and Service Bus's own defaults (azure-platform.md 3.3–3.6).

    The real service takes locks of 5 s to 5 min; the sandbox takes shorter ones, for tests.
    """

    name: str
    lock_seconds: float = 60
    max_delivery_count: int = 10
    duplicate_window_seconds: float = 600
    time_to_live_seconds: float | None = None


@dataclass(kw_only=True)
class Stored:
    """One message. `raw` is the encoded AMQP message as it was sent."""

    sequence_number: int
    raw: bytes
    message_id: str | None
    enqueued_at: float
    due_at: float
    expires_at: float | None
    delivery_count: int = 0
    lock_token: uuid.UUID | None = None
    locked_until: float = 0
    deferred: bool = False
    dead_letter_reason: str | None = None
    dead_letter_description: str | None = None

    def available(self, now: float) -> bool:
        return not self.deferred and self.due_at <= now and not self.locked(now)

    def locked(self, now: float) -> bool:
        return self.lock_token is not None and self.locked_until > now


class LockLost(Exception):
    """The lock has run out, or somebody has settled the message."""


@dataclass(kw_only=True)
class Queue:
    """One queue and its dead-letter queue."""

    settings: QueueSettings
    messages: dict[int, Stored] = field(default_factory=dict)
    dead: dict[int, Stored] = field(default_factory=dict)
    _seen: dict[str, float] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def box(self, dead_letters: bool) -> dict[int, Stored]:
        return self.dead if dead_letters else self.messages

    def send(
        self,
        raw: bytes,
        *,
        message_id: str | None,
        now: float,
        due_at: float | None = None,
        ttl_seconds: float | None = None,
    ) -> int:
        """Keep a message and return its sequence number; 0 when its id was seen in the window (3.6)."""
        window = self.settings.duplicate_window_seconds
        for old in [i for i, at in self._seen.items() if at + window <= now]:
            del self._seen[old]
        if message_id and window > 0:
            if message_id in self._seen:
                return 0
            self._seen[message_id] = now
        limits = [t for t in (ttl_seconds, self.settings.time_to_live_seconds) if t is not None]
        number = next(self._numbers)
        self.messages[number] = Stored(
            sequence_number=number,
            raw=raw,
            message_id=message_id,
            enqueued_at=now,
            due_at=due_at or now,
            expires_at=max(due_at or now, now) + min(limits) if limits else None,
        )
        return number

    def receive(self, *, now: float, dead_letters: bool = False, lock: bool = True) -> Stored | None:
        """Lock and return the next message; without `lock` (receive and delete) it is removed."""
        box = self.box(dead_letters)
        for number in sorted(box):
            message = box[number]
            if not message.available(now):
                continue
            if not dead_letters:
                if message.expires_at is not None and message.expires_at <= now:
                    del box[number]
                    continue
                if message.delivery_count >= self.settings.max_delivery_count:
                    self._bury(
                        message, "MaxDeliveryCountExceeded", "it was delivered too often without success"
                    )
                    continue
            if lock:
                message.lock_token = uuid.uuid4()
                message.locked_until = now + self.settings.lock_seconds
            else:
                del box[number]
            # Raised when the lock is taken; shown to the receiver as the deliveries before this one.
            message.delivery_count += 1
            return message
        return None

    def by_lock(self, token: uuid.UUID, *, now: float) -> tuple[dict[int, Stored], Stored]:
        for box in (self.messages, self.dead):
            for message in box.values():
                if message.lock_token == token and message.locked_until > now:
                    return box, message
        raise LockLost(str(token))

    def complete(self, token: uuid.UUID, *, now: float) -> None:
        box, message = self.by_lock(token, now=now)
        del box[message.sequence_number]

    def abandon(self, token: uuid.UUID, *, now: float) -> None:
        """Give it back at once; it keeps its place, and its count has risen (1.22, 3.4)."""
        _, message = self.by_lock(token, now=now)
        message.lock_token = None

    def release(self, token: uuid.UUID) -> None:
        """The client never saw it: give it back with its count unchanged (3.31)."""
        for box in (self.messages, self.dead):
            for message in box.values():
                if message.lock_token == token:
                    message.lock_token = None
                    message.delivery_count -= 1

    def defer(self, token: uuid.UUID, *, now: float) -> None:
        _, message = self.by_lock(token, now=now)
        message.lock_token, message.deferred = None, True

    def dead_letter(self, token: uuid.UUID, reason: str, description: str, *, now: float) -> None:
        _, message = self.by_lock(token, now=now)
        self._bury(message, reason, description)

    def renew(self, token: uuid.UUID, *, now: float) -> float:
        _, message = self.by_lock(token, now=now)
        message.locked_until = now + self.settings.lock_seconds
        return message.locked_until

    def peek(self, *, first: int, count: int, dead_letters: bool = False) -> list[Stored]:
        box = self.box(dead_letters)
        return [box[n] for n in sorted(box) if n >= first][:count]

    def take_deferred(self, numbers: list[int], *, now: float) -> list[Stored]:
        found = [m for n in numbers if (m := self.messages.get(n)) is not None and m.deferred]
        for message in found:
            message.lock_token = uuid.uuid4()
            message.locked_until = now + self.settings.lock_seconds
        return found

    def cancel(self, numbers: list[int], *, now: float) -> list[int]:
        """Remove scheduled messages; return the numbers that are not scheduled (any more)."""
        missing = [n for n in numbers if n not in self.messages or self.messages[n].due_at <= now]
        for number in numbers:
            if number not in missing:
                del self.messages[number]
        return missing

    def _bury(self, message: Stored, reason: str, description: str) -> None:
        del self.messages[message.sequence_number]
        message.dead_letter_reason, message.dead_letter_description = reason, description
        message.lock_token, message.due_at, message.deferred = None, 0, False
        self.dead[message.sequence_number] = message
