"""Service Bus messages, with the real SDK: peek-lock, complete on success, abandon on an exception (1.22).

One `Slot` is one of a queue's `maxConcurrentCalls`: a thread with a receiver of its own, which it alone uses.
The SDK's receivers are not made for several threads, so the slot renews the lock itself while the function runs.
"""

from __future__ import annotations

import concurrent.futures
import json
import threading
import time
from datetime import UTC, datetime
from typing import Any

from azure.servicebus import ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver
from azure.servicebus.exceptions import ServiceBusError

from sandbox.functions_host.calls import Calls
from sandbox.functions_host.log import HostLog
from sandbox.functions_host.protocol import protos
from sandbox.functions_host.triggers import QueueTrigger
from sandbox.functions_host.worker import Invocation, Result

#: Seconds that a receive waits: the longest time until an idle slot sees that it shall stop.
RECEIVE_WAIT = 2.0
#: Seconds between looks at a running call: is it to be renewed, is the host stopping?
LOOK = 0.1
#: Seconds until a lost connection is opened again; doubled up to the most.
RECONNECT, RECONNECT_MOST = 0.5, 8.0
#: Application properties that carry a trace parent, in the order of preference (H29).
TRACE_PROPERTIES = ("traceparent", "Diagnostic-Id")


class Slot(threading.Thread):
    """Receives one message at a time from one queue and runs the function for it."""

    def __init__(self, trigger: QueueTrigger, calls: Calls, log: HostLog, *, max_lock_renewal: float) -> None:
        super().__init__(name=f"queue-{trigger.queue}", daemon=True)
        self._trigger = trigger
        self._calls = calls
        self._log = log
        self._max_lock_renewal = max_lock_renewal
        self._stop_by: float | None = None
        self._stopping = threading.Event()

    def stop(self, grace: float) -> None:
        """Take no further message; a running one has `grace` seconds to end before it is given back."""
        self._stop_by = time.monotonic() + grace
        self._stopping.set()

    def run(self) -> None:
        wait = RECONNECT
        while not self._stopping.is_set():
            try:
                with (
                    # The SDK's own repeats would outlast a stop; this loop repeats.
                    ServiceBusClient.from_connection_string(
                        self._trigger.connection, retry_total=0
                    ) as client,
                    client.get_queue_receiver(self._trigger.queue) as receiver,
                ):
                    while not self._stopping.is_set():
                        self._receive(receiver)
                        wait = RECONNECT
            except Exception as error:  # whatever it is, this slot must go on
                self._log.event(
                    "queue lost", queue=self._trigger.queue, error=f"{type(error).__name__}: {error}"
                )
                self._stopping.wait(wait)
                wait = min(wait * 2, RECONNECT_MOST)

    def _receive(self, receiver: ServiceBusReceiver) -> None:
        for message in receiver.receive_messages(max_message_count=1, max_wait_time=RECEIVE_WAIT):
            if self._stopping.is_set():
                receiver.abandon_message(message)
                return
            self._work(receiver, message)

    def _work(self, receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage) -> None:
        future = self._calls.start(
            invocation_of(self._trigger, message),
            "serviceBus",
            queue=self._trigger.queue,
            message_id=message.message_id,
            delivery_count=(message.delivery_count or 0) + 1,
        )
        result = self._wait(receiver, message, future)
        try:
            if result is not None and result.ok:
                receiver.complete_message(message)
            else:
                receiver.abandon_message(message)
        except ServiceBusError as error:
            # Somebody else has it, or will: it comes again when its lock has run out.
            self._event("not settled", message, error=f"{type(error).__name__}: {error}")
            raise
        if result is None:
            self._event("given back", message, reason="the host stops")

    def _wait(
        self,
        receiver: ServiceBusReceiver,
        message: ServiceBusReceivedMessage,
        future: concurrent.futures.Future[Result],
    ) -> Result | None:
        """Wait for the call, renewing the lock at half of its time; None when the host's grace is over."""
        renew_until = time.monotonic() + self._max_lock_renewal
        renew_at = time.monotonic() + _lock_seconds(message) / 2
        while True:
            try:
                return future.result(timeout=LOOK)
            except concurrent.futures.TimeoutError:
                now = time.monotonic()
            if self._stop_by is not None and now >= self._stop_by:
                return None
            if renew_at <= now < renew_until:
                try:
                    receiver.renew_message_lock(message)
                    renew_at = now + _lock_seconds(message) / 2
                except ServiceBusError as error:
                    self._event("lock not renewed", message, error=f"{type(error).__name__}: {error}")
                    renew_at = renew_until

    def _event(self, event: str, message: ServiceBusReceivedMessage, **facts: Any) -> None:
        self._log.event(event, queue=self._trigger.queue, message_id=message.message_id, **facts)


def _lock_seconds(message: ServiceBusReceivedMessage) -> float:
    until = message.locked_until_utc
    return max((until - datetime.now(UTC)).total_seconds(), 0.2) if until else 30.0


def invocation_of(trigger: QueueTrigger, message: ServiceBusReceivedMessage) -> Invocation:
    """Return the call for a message: body as bytes, metadata in the shapes that the worker decodes (5.7)."""
    properties = {_plain(k): _plain(v) for k, v in (message.application_properties or {}).items()}
    parent = next((str(properties[n]) for n in TRACE_PROPERTIES if properties.get(n)), "")
    return Invocation(
        function=trigger.function,
        argument=trigger.argument,
        value=protos.TypedData(bytes=body_of(message)),
        metadata=metadata(
            # The SDK shows AMQP's count of earlier deliveries; .NET, and so the trigger, counts this one too.
            DeliveryCount=(message.delivery_count or 0) + 1,
            SequenceNumber=message.sequence_number,
            EnqueuedSequenceNumber=message.enqueued_sequence_number,
            EnqueuedTimeUtc=message.enqueued_time_utc,
            ScheduledEnqueueTimeUtc=message.scheduled_enqueue_time_utc,
            ExpiresAtUtc=message.expires_at_utc,
            LockedUntil=message.locked_until_utc,
            LockToken=str(message.lock_token),
            MessageId=message.message_id,
            CorrelationId=message.correlation_id,
            ContentType=message.content_type,
            Subject=message.subject,
            Label=message.subject,
            SessionId=message.session_id,
            PartitionKey=message.partition_key,
            To=message.to,
            ReplyTo=message.reply_to,
            ApplicationProperties=properties,
            UserProperties=properties,
        ),
        trace_parent=parent,
    )


def by_hand(trigger: QueueTrigger, text: str) -> Invocation:
    """Return the call for `POST /admin/functions/{name}`: a body and no message."""
    return Invocation(
        function=trigger.function,
        argument=trigger.argument,
        value=protos.TypedData(string=text),
        metadata=metadata(ApplicationProperties={}, UserProperties={}),
    )


def body_of(message: ServiceBusReceivedMessage) -> bytes:
    body = message.body
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else b"".join(bytes(part) for part in body)


def metadata(**values: Any) -> dict[str, Any]:
    """Return trigger metadata: texts as they are, everything else as JSON (5.6); None is left out."""
    found = {}
    for name, value in values.items():
        if isinstance(value, str):
            found[name] = protos.TypedData(string=value)
        elif value is not None:
            found[name] = protos.TypedData(json=json.dumps(value, default=_iso))
    return found


def _iso(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _plain(value: Any) -> Any:
    """Return a property as JSON takes it; the SDK gives keys and texts as bytes (3.13)."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value
