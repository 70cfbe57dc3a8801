"""How the served simulators send of their own accord: BC by HTTP, Dataverse over AMQP."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from sandbox.business_central import BusinessCentralSim
    from sandbox.dataverse import DataverseSim
    from sandbox.dataverse.notices import Message

#: Seconds between two looks at what is to be sent.
EVERY = 0.1


def in_the_background(deliver: Callable[[], object]) -> None:
    """Call `deliver` again and again as long as the process lives; what fails is tried the next time."""
    pause = threading.Event()

    def run() -> None:
        failed = False
        while not pause.wait(EVERY if not failed else 1.0):
            try:
                deliver()
                failed = False
            except Exception:
                failed = True
                logging.exception("a delivery failed")

    threading.Thread(target=run, name="deliver", daemon=True).start()


class HttpReceivers:
    """POSTs to receivers. Their names lead where the setting `webhook_hosts` says, as DNS and a front end would."""

    def __init__(self, sim: BusinessCentralSim) -> None:
        self._sim = sim
        self._http = httpx.Client()

    def __call__(
        self, url: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> tuple[int, str] | None:
        for name, address in self._sim.settings["webhook_hosts"].items():
            if url.startswith(f"{name}/"):
                url = address + url.removeprefix(name)
        try:
            answer = self._http.post(url, headers=dict(headers), content=body, timeout=seconds)
        except httpx.HTTPError:
            return None
        return answer.status_code, answer.text


class ServiceEndpoint:
    """Publishes to the queue of the setting `service_endpoint`; nothing leaves while it is empty."""

    def __init__(self, sim: DataverseSim) -> None:
        self._sim = sim
        self._sender: Any = None
        self._connection = ""

    def deliver(self) -> None:
        said = self._sim.settings["service_endpoint"]
        if said.get("connection"):
            self._sim.deliver(lambda messages: self._publish(said["connection"], said["queue"], messages))

    def _publish(self, connection: str, queue: str, messages: Sequence[Message]) -> None:
        # Imported late: only a sandbox with push pays for it.
        from azure.servicebus import ServiceBusClient, ServiceBusMessage

        if self._sender is None or connection != self._connection:
            self._connection = connection
            self._sender = ServiceBusClient.from_connection_string(connection).get_queue_sender(queue)
        batch = self._sender.create_message_batch()
        for message in messages:
            one = ServiceBusMessage(message.body, application_properties=dict(message.properties))
            try:
                batch.add_message(one)
            except ValueError:  # full
                self._sender.send_messages(batch)
                batch = self._sender.create_message_batch()
                batch.add_message(one)
        self._sender.send_messages(batch)
