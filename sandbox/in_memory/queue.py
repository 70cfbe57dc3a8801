"""The in-memory twin of Service Bus, as far as the `Queue` port and a pump need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.ports import Clock, OutgoingMessage, PeekedMessage
from shared.signal_names import SEND
from shared.signals import SILENT, Signals
from shared.trace import current_trace, trace_properties

#: The defaults of the product's queues (design §8, azure-platform.md 3.3–3.6).
LOCK, DETECTION, MAX_DELIVERIES = timedelta(minutes=1), timedelta(minutes=10), 10


@dataclass
class ReceivedMessage:
    queue: str
    body: bytes
    message_id: str
    sequence_number: int
    delivery_count: int
    locked_until: datetime
    properties: Mapping[str, str] = field(default_factory=dict)
    correlation_id: str = ""


@dataclass
class _Stored:
    queue: str
    body: bytes
    message_id: str
    sequence_number: int
    enqueued_at: datetime
    due: datetime
    properties: Mapping[str, str] = field(default_factory=dict)
    correlation_id: str = ""
    #: Raised when a lock is taken; tells locks of one message apart.
    deliveries: int = 0
    locked_until: datetime | None = None

    def locked(self, now: datetime) -> bool:
        return self.locked_until is not None and self.locked_until > now


class InMemoryQueue:
    """Peek-lock with expiry, delivery count, duplicate detection, scheduled messages, dead letters.

    Messages come in the order of their sequence numbers, one number for all queues. A scheduled message
    keeps its number (on Service Bus it gets a new one when it is due).
    """

    def __init__(self, clock: Clock, *, signals: Signals = SILENT) -> None:
        self._clock = clock
        self._signals = signals
        self._messages: dict[str, list[_Stored]] = {}
        self._dead: dict[str, list[PeekedMessage]] = {}
        self._seen: dict[tuple[str, str], datetime] = {}
        self._sequence = 0
        self.sent = 0

    def send(self, messages: Sequence[OutgoingMessage]) -> None:
        for queue in dict.fromkeys(m.queue for m in messages):
            group = [m for m in messages if m.queue == queue]
            with self._signals.span(SEND, queue=queue, count=len(group)):
                self._send(group)

    def _send(self, messages: Sequence[OutgoingMessage]) -> None:
        now, here = self._clock.now(), current_trace()
        for message in messages:
            seen = self._seen.get((message.queue, message.message_id))
            if seen is not None and now - seen < DETECTION:
                continue
            self._seen[message.queue, message.message_id] = now
            self._sequence += 1
            self.sent += 1
            self._messages.setdefault(message.queue, []).append(
                _Stored(
                    queue=message.queue,
                    body=message.body,
                    message_id=message.message_id,
                    sequence_number=self._sequence,
                    enqueued_at=now,
                    due=message.scheduled_at or now,
                    properties={**trace_properties(), **message.properties},
                    correlation_id=message.correlation_id or (here.correlation if here else ""),
                )
            )

    def peek(self, queue: str, *, limit: int = 100, dead_letters: bool = False) -> list[PeekedMessage]:
        self._bury(queue)
        if dead_letters:
            return self._dead.get(queue, [])[:limit]
        return [self._peeked(m) for m in self._messages.get(queue, [])[:limit]]

    # --- the pump's side -----------------------------------------------------------------------

    def receive(self, queue: str) -> ReceivedMessage | None:
        """Lock the first message that is due and not locked. `delivery_count` of the first time is 1."""
        self._bury(queue)
        now = self._clock.now()
        for message in self._messages.get(queue, []):
            if message.due > now or message.locked(now):
                continue
            message.deliveries += 1
            message.locked_until = now + LOCK
            return ReceivedMessage(
                queue,
                message.body,
                message.message_id,
                message.sequence_number,
                message.deliveries,
                message.locked_until,
                message.properties,
                message.correlation_id,
            )
        return None

    def complete(self, received: ReceivedMessage) -> bool:
        """Remove it. False when the lock was lost: then nothing changes, and the message comes again."""
        message = self._held(received)
        if message is not None:
            self._messages[received.queue].remove(message)
        return message is not None

    def abandon(self, received: ReceivedMessage) -> bool:
        """Give it back at once, in its old place. False when the lock was lost."""
        message = self._held(received)
        if message is not None:
            message.locked_until = None
            self._bury(received.queue)
        return message is not None

    def _held(self, received: ReceivedMessage) -> _Stored | None:
        """Return the message that this lock holds."""
        now = self._clock.now()
        for message in self._messages.get(received.queue, []):
            if message.sequence_number == received.sequence_number:
                held = message.locked(now) and message.deliveries == received.delivery_count
                return message if held else None
        return None

    def _bury(self, queue: str) -> None:
        """Dead-letter what has been delivered too often and is not being worked on."""
        now = self._clock.now()
        for message in list(self._messages.get(queue, [])):
            if message.deliveries >= MAX_DELIVERIES and not message.locked(now):
                self._messages[queue].remove(message)
                dead = self._peeked(message, reason="MaxDeliveryCountExceeded")
                self._dead.setdefault(queue, []).append(dead)

    def deliver_again(self, queue: str) -> None:
        """Unlock everything, as when locks run out while a worker still works."""
        for message in self._messages.get(queue, []):
            message.locked_until = None

    def next_due(self) -> datetime | None:
        """Return when the next scheduled or locked message can be received; None when all is quiet.

        Nobody receives from the queue of rejected messages, so it is always quiet.
        """
        waiting = [
            max(m.due, m.locked_until or m.due)
            for q, ms in self._messages.items()
            if q != "rejected"
            for m in ms
        ]
        return min(waiting, default=None)

    @staticmethod
    def _peeked(message: _Stored, reason: str | None = None) -> PeekedMessage:
        return PeekedMessage(
            queue=message.queue,
            body=message.body,
            message_id=message.message_id,
            enqueued_at=message.enqueued_at,
            sequence_number=message.sequence_number,
            reason=reason,
            description=f"It was delivered {MAX_DELIVERIES} times without success." if reason else None,
            properties=message.properties,
        )
