"""The product's own queue functions, before an application that answers each message with another."""

import os
from typing import Any

import azure.functions as func

from functions import full_sync, messages
from shared.adapters.service_bus import ServiceBusQueue
from shared.ports import OutgoingMessage

_queue = ServiceBusQueue(connection_string=os.environ["ServiceBusConnection"])


class Answering:
    def run_message(self, queue: str, body: bytes, *, message_id: str, **_: Any) -> None:
        _queue.send([OutgoingMessage(queue="out", body=body, message_id=f"answer to {message_id}")])


messages.app = Answering  # type: ignore[assignment]
app = func.FunctionApp()
app.register_functions(full_sync.bp)
