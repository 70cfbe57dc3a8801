"""What a queue keeps, whom it tells, and what it refuses."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class LockLost(Exception):
    """The lock has run out, or somebody has settled the message."""


class NotFound(Exception):
    """No message with one of these numbers, in the state that the operation needs. Nothing was done."""


class NotAllowed(Exception):
    """Service Bus does not do this. Nothing was done."""


class Sent(NamedTuple):
    """The sequence number of a kept message; of the first one when this is a repeat and was dropped."""

    number: int
    repeated: bool = False


@dataclass(kw_only=True, slots=True)
class Stored:
    """One message. `raw` is what was sent and is never looked into here; times are seconds since 1970."""

    number: int
    raw: bytes
    message_id: str | None
    enqueued_at: float
    #: None once it is (or always was) active.
    due_at: float | None = None
    expires_at: float | None = None
    #: Deliveries that ended without success: by abandon, or because the lock ran out (3.4).
    failures: int = 0
    lock_token: uuid.UUID | None = None
    locked_until: float = 0
    deferred: bool = False
    #: In the dead-letter queue; `reason` and `description` say why.
    dead: bool = False
    reason: str | None = None
    description: str | None = None


class Journal(Protocol):
    """What a queue tells to whoever keeps it on disk."""

    def together(self) -> AbstractContextManager[None]:
        """Keep all that is told inside, or nothing of it. May be nested."""

    def put(self, queue: str, message: Stored) -> None: ...

    def remove(self, queue: str, number: int) -> None: ...

    def seen(self, queue: str, message_id: str, at: float, number: int) -> None: ...

    def forget(self, queue: str, message_ids: Iterable[str]) -> None: ...


class NoJournal:
    """Keeps nothing."""

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def put(self, queue: str, message: Stored) -> None: ...

    def remove(self, queue: str, number: int) -> None: ...

    def seen(self, queue: str, message_id: str, at: float, number: int) -> None: ...

    def forget(self, queue: str, message_ids: Iterable[str]) -> None: ...
