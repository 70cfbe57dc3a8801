"""Queues as Service Bus keeps them, without AMQP: peek-lock, dead letters, duplicates, schedules.

No clock, no thread and no file of its own: every call says what time it is, in seconds since 1970,
and everything that must survive goes through a `Journal`.
"""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.service_bus.config import QueueSettings
from sandbox.service_bus.stored import Journal, LockLost, NoJournal, NotAllowed, NotFound, Sent, Stored

TOO_OFTEN = "MaxDeliveryCountExceeded"
EXPIRED = "TTLExpiredException"


@dataclass(kw_only=True)
class Queue:
    """One queue and its dead-letter queue.

    `receive` gives the lowest number that is free. A heap may hold entries that no longer hold true;
    they are dropped when they come up.
    """

    settings: QueueSettings
    journal: Journal = field(default_factory=NoJournal)
    _live: dict[int, Stored] = field(default_factory=dict)
    _dead: dict[int, Stored] = field(default_factory=dict)
    _free_live: list[int] = field(default_factory=list)
    _free_dead: list[int] = field(default_factory=list)
    _scheduled: list[tuple[float, int]] = field(default_factory=list)
    _expiring: list[tuple[float, int]] = field(default_factory=list)
    _locks: dict[uuid.UUID, Stored] = field(default_factory=dict)
    _ending: list[tuple[float, uuid.UUID]] = field(default_factory=list)
    #: message id → when it was seen, number of that message; in the order of seeing
    _seen: dict[str, tuple[float, int]] = field(default_factory=dict)
    _last: int = 0

    @property
    def name(self) -> str:
        return self.settings.name

    # --- in ------------------------------------------------------------------------------------

    def send(
        self,
        raw: bytes,
        *,
        message_id: str | None,
        now: float,
        due_at: float | None = None,
        ttl_seconds: float | None = None,
    ) -> Sent:
        """Keep a message, unless its id was seen in the window: scheduled ones take part (3.6)."""
        self.tick(now)
        with self.journal.together():
            return self._send(raw, message_id, now, due_at, ttl_seconds)

    def _send(
        self, raw: bytes, message_id: str | None, now: float, due_at: float | None, ttl_seconds: float | None
    ) -> Sent:
        number = self._last + 1
        if message_id is not None and self.settings.duplicate_window_seconds > 0:
            self._forget_seen(now)
            if message_id in self._seen:
                return Sent(self._seen[message_id][1], repeated=True)
            self._seen[message_id] = (now, number)
            self.journal.seen(self.name, message_id, now, number)
        limits = [t for t in (ttl_seconds, self.settings.time_to_live_seconds) if t is not None]
        scheduled = due_at is not None and due_at > now
        self._add(
            Stored(
                number=number,
                raw=raw,
                message_id=message_id,
                enqueued_at=now,
                due_at=due_at if scheduled else None,
                # The time to live of a scheduled message starts when it is due (a guess: no source).
                expires_at=(due_at if scheduled and due_at else now) + min(limits) if limits else None,
            )
        )
        self.journal.put(self.name, self._live[number])
        return Sent(number)

    def restore(
        self, messages: Iterable[Stored], seen: Iterable[tuple[str, float, int]], *, last: int
    ) -> None:
        """Take back what a journal kept; locks hold until they run out, also over a restart.

        `last` is the highest number ever given out: none is given out twice.
        """
        self._last = last
        for message in sorted(messages, key=lambda m: m.number):
            self._add(message)
        for message_id, at, number in sorted(seen, key=lambda s: s[1]):
            self._seen[message_id] = (at, number)

    def _add(self, message: Stored) -> None:
        self._last = max(self._last, message.number)
        (self._dead if message.dead else self._live)[message.number] = message
        if message.expires_at is not None and not message.dead:
            heapq.heappush(self._expiring, (message.expires_at, message.number))
        if message.lock_token is not None:
            self._locks[message.lock_token] = message
            heapq.heappush(self._ending, (message.locked_until, message.lock_token))
        elif message.due_at is not None:
            heapq.heappush(self._scheduled, (message.due_at, message.number))
        else:
            self._free(message)

    def _free(self, message: Stored) -> None:
        if not message.deferred:
            heapq.heappush(self._free_dead if message.dead else self._free_live, message.number)

    def _forget_seen(self, now: float) -> None:
        over: list[str] = []
        for message_id, (at, _) in self._seen.items():
            if at + self.settings.duplicate_window_seconds > now:
                break
            over.append(message_id)
        for message_id in over:
            del self._seen[message_id]
        if over:
            self.journal.forget(self.name, over)

    # --- time ----------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Let happen what time brings: schedules come due, locks run out, messages expire."""
        while self._scheduled and self._scheduled[0][0] <= now:
            _, number = heapq.heappop(self._scheduled)
            message = self._live.get(number)
            if message is not None and message.due_at is not None:
                self._activate(message, now)
        while self._ending and self._ending[0][0] <= now:
            _, token = heapq.heappop(self._ending)
            locked = self._locks.get(token)
            # A renewed lock has a later entry.
            if locked is not None and locked.locked_until <= now:
                self._failed(locked)
        while self._expiring and self._expiring[0][0] <= now:
            _, number = heapq.heappop(self._expiring)
            message = self._live.get(number)
            if message is not None and message.expires_at is not None and message.expires_at <= now:
                self._expire(message)

    def next_event(self) -> float | None:
        """Return when `tick` will next have something to do; None when nothing waits for time."""
        while self._ending and self._ending[0][1] not in self._locks:
            heapq.heappop(self._ending)
        while self._scheduled and self._scheduled[0][1] not in self._live:
            heapq.heappop(self._scheduled)
        while self._expiring and not self._can_expire(self._expiring[0][1]):
            heapq.heappop(self._expiring)
        heaps = (self._ending, self._scheduled, self._expiring)
        return min((heap[0][0] for heap in heaps if heap), default=None)

    def _activate(self, message: Stored, now: float) -> None:
        """A scheduled message joins the queue as if it were sent now, under a new number.

        Source: Service Bus documentation, “Message sequencing and timestamps”, scheduled messages.
        """
        with self.journal.together():
            del self._live[message.number]
            self.journal.remove(self.name, message.number)
            message.number, message.due_at, message.enqueued_at = self._last + 1, None, now
            self._add(message)
            self.journal.put(self.name, message)

    def _can_expire(self, number: int) -> bool:
        """Locked ones expire when the lock is over; deferred ones are not moved on expiry (3.5)."""
        message = self._live.get(number)
        return message is not None and message.lock_token is None and not message.deferred

    def _expire(self, message: Stored) -> None:
        if not self._can_expire(message.number):
            return
        if self.settings.dead_letter_on_expiry:
            self._bury(message, EXPIRED, "The message expired and was dead lettered.")
        else:
            self._remove(message)

    # --- out -----------------------------------------------------------------------------------

    def receive(self, *, now: float, dead_letters: bool = False, lock: bool = True) -> Stored | None:
        """Lock and return the next message; without `lock` (receive and delete) it is removed."""
        self.tick(now)
        box, free = (self._dead, self._free_dead) if dead_letters else (self._live, self._free_live)
        while free:
            message = box.get(heapq.heappop(free))
            if message is None or message.lock_token is not None or message.deferred:
                continue
            if lock:
                self._lock(message, now)
            else:
                self._remove(message)
            return message
        return None

    def take_deferred(
        self, numbers: Iterable[int], *, now: float, dead_letters: bool = False, lock: bool = True
    ) -> list[Stored]:
        """Lock (or, without `lock`, remove) deferred messages by number: all of them, or `NotFound`."""
        self.tick(now)
        box = self._dead if dead_letters else self._live
        found = [box.get(n) for n in numbers]
        taken = [m for m in found if m is not None and m.deferred and m.lock_token is None]
        if not taken or len(taken) < len(found):
            raise NotFound
        for message in taken:
            if lock:
                self._lock(message, now)
            else:
                self._remove(message)
        return taken

    def peek(self, *, first: int, count: int, now: float, dead_letters: bool = False) -> list[Stored]:
        """Look at messages in any state, in order of number, from number `first` on."""
        self.tick(now)
        box = self._dead if dead_letters else self._live
        return [box[n] for n in sorted(box) if n >= first][:count]

    def _lock(self, message: Stored, now: float) -> None:
        message.lock_token = uuid.uuid4()
        message.locked_until = now + self.settings.lock_seconds
        self._locks[message.lock_token] = message
        heapq.heappush(self._ending, (message.locked_until, message.lock_token))
        self.journal.put(self.name, message)

    # --- settlement ----------------------------------------------------------------------------

    def _held(self, token: uuid.UUID, now: float) -> Stored:
        self.tick(now)
        message = self._locks.get(token)
        if message is None:
            raise LockLost(str(token))
        return message

    def complete(self, token: uuid.UUID, *, now: float) -> None:
        self._remove(self._held(token, now))

    def abandon(self, token: uuid.UUID, *, now: float) -> None:
        """Give it back at once, in its old place, with a higher count (1.22, 3.4); deferred stays deferred."""
        self._failed(self._held(token, now))
        self.tick(now)

    def release(self, token: uuid.UUID, *, now: float) -> None:
        """The client never saw it: give it back with its count unchanged (3.31)."""
        message = self._held(token, now)
        self._unlock(message)
        self._free(message)
        self.journal.put(self.name, message)

    def defer(self, token: uuid.UUID, *, now: float) -> None:
        message = self._held(token, now)
        self._unlock(message)
        message.deferred = True
        self.journal.put(self.name, message)

    def dead_letter(self, token: uuid.UUID, reason: str, description: str, *, now: float) -> None:
        message = self._held(token, now)
        if message.dead:
            raise NotAllowed("a message cannot be dead-lettered from the dead-letter queue")  # 3.5
        self._bury(message, reason, description)

    def renew(self, tokens: Iterable[uuid.UUID], *, now: float) -> list[float]:
        """Prolong locks from now on; return until when. All of them, or `LockLost`."""
        messages = [self._held(t, now) for t in tokens]
        for message in messages:
            assert message.lock_token is not None
            message.locked_until = now + self.settings.lock_seconds
            heapq.heappush(self._ending, (message.locked_until, message.lock_token))
            self.journal.put(self.name, message)
        return [m.locked_until for m in messages]

    def cancel(self, numbers: Iterable[int], *, now: float) -> None:
        """Remove scheduled messages: all of them, or `NotFound` (a due one has another number)."""
        self.tick(now)
        found = [self._live.get(n) for n in numbers]
        scheduled = [m for m in found if m is not None and m.due_at is not None]
        if not scheduled or len(scheduled) < len(found):
            raise NotFound
        for message in scheduled:
            self._remove(message)

    def _unlock(self, message: Stored) -> None:
        if message.lock_token is not None:
            del self._locks[message.lock_token]
            message.lock_token = None
            if message.expires_at is not None and not message.dead:
                # It could not expire while it was locked.
                heapq.heappush(self._expiring, (message.expires_at, message.number))

    def _failed(self, message: Stored) -> None:
        self._unlock(message)
        message.failures += 1
        if not message.dead and message.failures >= self.settings.max_delivery_count:
            self._bury(message, TOO_OFTEN, "Message could not be consumed after the maximum of deliveries.")
            return
        self._free(message)
        self.journal.put(self.name, message)

    def _remove(self, message: Stored) -> None:
        self._unlock(message)
        del (self._dead if message.dead else self._live)[message.number]
        self.journal.remove(self.name, message.number)

    def _bury(self, message: Stored, reason: str, description: str) -> None:
        """Move it to the dead-letter queue, where nothing expires (3.5)."""
        self._unlock(message)
        del self._live[message.number]
        message.reason, message.description = reason, description
        message.dead, message.deferred, message.expires_at = True, False, None
        self._dead[message.number] = message
        self._free(message)
        self.journal.put(self.name, message)
