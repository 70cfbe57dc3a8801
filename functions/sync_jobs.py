"""One Service Bus function per mapping, on its own queue `sync-<mapping>`."""

from collections.abc import Callable

import azure.functions as func

from functions.messages import handle
from shared.engine.messages import queue_of
from shared.mappings import ALL

bp = func.Blueprint()


def sync(queue: str) -> Callable[[func.ServiceBusMessage, func.Context], None]:
    def run(message: func.ServiceBusMessage, context: func.Context) -> None:
        handle(queue, message, context)

    return run


for _mapping in ALL:
    bp.function_name(f"sync_{_mapping.name}")(
        bp.service_bus_queue_trigger(
            arg_name="message", queue_name=queue_of(_mapping.name), connection="ServiceBusConnection"
        )(sync(queue_of(_mapping.name)))
    )
