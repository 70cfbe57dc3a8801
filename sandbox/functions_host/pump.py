"""Service Bus messages: received with the real SDK, completed on success, abandoned on failure (1.22)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from azure.servicebus import AutoLockRenewer, ServiceBusClient, ServiceBusReceivedMessage
from azure.servicebus.exceptions import ServiceBusError
from azure_functions_runtime.bindings.datumdef import Datum

from sandbox.functions_host.worker import Function, Result, data, text

log = logging.getLogger("functions_host")


def _plain(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value


def metadata_of(message: ServiceBusReceivedMessage) -> dict[str, Datum]:
    """Return trigger metadata in the shapes that the decoder takes (5.7); `UserProperties` is required."""
    raw = message.application_properties or {}
    properties = {str(_plain(k)): _plain(v) for k, v in raw.items()}
    found = {
        "MessageId": text(message.message_id or ""),
        "DeliveryCount": data((message.delivery_count or 0) + 1),
        "SequenceNumber": data(message.sequence_number),
        "LockToken": text(str(message.lock_token)),
        "ApplicationProperties": data(properties),
        "UserProperties": data(properties),
    }
    if message.enqueued_time_utc is not None:
        found["EnqueuedTimeUtc"] = data(message.enqueued_time_utc.isoformat())
    if message.correlation_id:
        found["CorrelationId"] = text(message.correlation_id)
    return found


class Pump(threading.Thread):
    """One listener of one queue. `call` runs the function; a lost connection is opened again."""

    def __init__(
        self,
        function: Function,
        queue: str,
        connection: str,
        call: Callable[[Function, Datum, dict[str, Datum], str], Result],
        *,
        renew_seconds: float,
    ) -> None:
        super().__init__(name=f"pump-{queue}", daemon=True)
        self._function = function
        self._queue = queue
        self._connection = connection
        self._call = call
        self._renew_seconds = renew_seconds
        self._stop_asked = threading.Event()

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                with (
                    ServiceBusClient.from_connection_string(self._connection) as client,
                    client.get_queue_receiver(self._queue) as receiver,
                    AutoLockRenewer(max_lock_renewal_duration=self._renew_seconds) as renewer,
                ):
                    while not self._stop_asked.is_set():
                        for message in receiver.receive_messages(max_message_count=1, max_wait_time=5):
                            renewer.register(receiver, message)
                            self._one(receiver, message)
            except (ServiceBusError, OSError) as error:
                log.warning("queue %s: %s; connecting again", self._queue, type(error).__name__)
                self._stop_asked.wait(1)

    def _one(self, receiver: object, message: ServiceBusReceivedMessage) -> None:
        metadata = metadata_of(message)
        raw = message.application_properties or {}
        parent = _plain(raw.get(b"traceparent") or raw.get(b"Diagnostic-Id") or "")
        body = b"".join(bytes(part) for part in message.body)
        result = self._call(self._function, Datum(body, "bytes"), metadata, str(parent))
        if result.ok:
            receiver.complete_message(message)  # type: ignore[attr-defined]
        else:
            receiver.abandon_message(message)  # type: ignore[attr-defined]

    def stop(self) -> None:
        self._stop_asked.set()
