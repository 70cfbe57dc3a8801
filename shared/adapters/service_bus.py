"""The `Queue` port on the unmodified azure-servicebus SDK."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import ClientAuthenticationError
from azure.servicebus import (
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceivedMessage,
    ServiceBusSender,
    ServiceBusSubQueue,
)
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityDisabledError,
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
    ServiceBusError,
)

from shared.core.errors import Misconfigured, Rejected, Transient
from shared.ports import OutgoingMessage, PeekedMessage
from shared.signal_names import SEND
from shared.signals import SILENT, Signals
from shared.trace import current_trace, trace_properties


class ServiceBusQueue:
    """One open sender per queue, shared by threads: opening one costs half a second (azure-platform.md 3.11).

    A send whose answer is lost is safe to repeat: the broker drops a message id it has seen.
    """

    def __init__(
        self,
        *,
        connection_string: str = "",
        namespace: str = "",
        credential: Any = None,
        signals: Signals = SILENT,
        connection: str = "ServiceBusConnection",
    ) -> None:
        """Take a connection string, or a fully-qualified namespace with a token credential. Opens nothing."""
        self._signals = signals
        # A sender is not safe for two threads; a slow queue does not hold up the others.
        self._locks: dict[str, threading.Lock] = {}
        self._senders: dict[str, ServiceBusSender] = {}
        try:
            if connection_string:
                self._client = ServiceBusClient.from_connection_string(connection_string)
            else:
                self._client = ServiceBusClient(namespace, credential)
        except ValueError as error:
            raise Misconfigured(f"{connection}: {error}") from None

    def send(self, messages: Sequence[OutgoingMessage]) -> None:
        by_queue: dict[str, list[OutgoingMessage]] = {}
        for message in messages:
            by_queue.setdefault(message.queue, []).append(message)
        for queue, group in by_queue.items():
            with (
                self._signals.span(SEND, queue=queue, count=len(group)),
                self._lock_of(queue),
                self._told(queue),
            ):
                self._send(queue, [self._message(m) for m in group])

    def _lock_of(self, queue: str) -> threading.Lock:
        return self._locks.setdefault(queue, threading.Lock())

    def _send(self, queue: str, messages: list[ServiceBusMessage]) -> None:
        sender = self._senders.get(queue)
        if sender is None:
            sender = self._senders[queue] = self._client.get_queue_sender(queue)
        try:
            batch = sender.create_message_batch()
            for message in messages:
                try:
                    batch.add_message(message)
                except MessageSizeExceededError:
                    if len(batch) == 0:
                        raise
                    sender.send_messages(batch)
                    batch = sender.create_message_batch()
                    batch.add_message(message)
            if len(batch):
                sender.send_messages(batch)
        except Exception:
            # A link that failed once is opened anew next time.
            self._senders.pop(queue, None)
            sender.close()
            raise

    def peek(self, queue: str, *, limit: int = 100, dead_letters: bool = False) -> list[PeekedMessage]:
        sub_queue = ServiceBusSubQueue.DEAD_LETTER if dead_letters else None
        found: list[PeekedMessage] = []
        with self._told(queue), self._client.get_queue_receiver(queue, sub_queue=sub_queue) as receiver:
            while len(found) < limit:
                # The service may give fewer than asked for, though there are more.
                after = found[-1].sequence_number + 1 if found else 1
                page = receiver.peek_messages(max_message_count=limit - len(found), sequence_number=after)
                if not page:
                    break
                found += [self._peeked(queue, m) for m in page]
        return found

    def close(self) -> None:
        """Close every connection. Waits for sends under way."""
        with ThreadPoolExecutor(thread_name_prefix="close") as pool:
            # Each takes half a second, like opening.
            list(pool.map(self._close, list(self._senders)))
        self._client.close()

    def _close(self, queue: str) -> None:
        with self._lock_of(queue):
            sender = self._senders.pop(queue, None)
            if sender is not None:
                sender.close()

    @staticmethod
    def _message(message: OutgoingMessage) -> ServiceBusMessage:
        """Build a message that says what it follows from: a job, a tick, a person's call (H29)."""
        here = current_trace()
        properties = {**trace_properties(), **message.properties}
        return ServiceBusMessage(
            message.body,
            message_id=message.message_id,
            correlation_id=message.correlation_id or (here.correlation if here else "") or None,
            scheduled_enqueue_time_utc=message.scheduled_at,
            content_type="application/json",
            application_properties={str(k): str(v) for k, v in properties.items()} or None,
        )

    @staticmethod
    def _peeked(queue: str, message: ServiceBusReceivedMessage) -> PeekedMessage:
        raw: Any = message.application_properties or {}
        properties = {_text(k): _text(v) for k, v in raw.items()}
        at = message.enqueued_time_utc
        return PeekedMessage(
            queue=queue,
            body=b"".join(bytes(part) for part in message.body),
            message_id=message.message_id or "",
            enqueued_at=at.replace(tzinfo=UTC) if isinstance(at, datetime) and at.tzinfo is None else at,
            sequence_number=message.sequence_number or 0,
            reason=message.dead_letter_reason,
            description=message.dead_letter_error_description,
            properties=properties,
        )

    @contextmanager
    def _told(self, queue: str) -> Iterator[None]:
        """Translate the SDK's errors; nothing of it passes inward."""
        try:
            yield
        except (MessagingEntityNotFoundError, MessagingEntityDisabledError) as error:
            raise Misconfigured(f"queue {queue}: {type(error).__name__}") from error
        except (ServiceBusAuthenticationError, ServiceBusAuthorizationError) as error:
            raise Misconfigured(f"queue {queue}: the identity has no right to it") from error
        except MessageSizeExceededError as error:
            raise Rejected(f"a message for queue {queue} is larger than the queue takes") from error
        except (ServiceBusError, OSError) as error:
            if isinstance(getattr(error, "inner_exception", None), ClientAuthenticationError):
                raise Misconfigured(f"queue {queue}: no token for the identity") from error
            raise Transient(f"queue {queue}: {type(error).__name__}") from error


def _text(value: Any) -> str:
    """Application properties arrive as bytes (azure-platform.md 3.13)."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
