"""From a Service Bus message to one call."""

import azure.functions as func

from shared.wiring import app


def handle(queue: str, message: func.ServiceBusMessage) -> None:
    """Do what the message says. An exception abandons it: the broker delivers it again."""
    properties = message.application_properties or {}
    app().run_message(
        queue,
        message.get_body(),
        message_id=message.message_id or "",
        delivery_count=message.delivery_count or 1,
        traceparent=properties.get("traceparent"),
    )
