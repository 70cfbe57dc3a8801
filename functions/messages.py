"""From a Service Bus message to one call."""

from __future__ import annotations

import azure.functions as func

from functions.calls import guarded
from shared.trace import Trace, trace_of
from shared.wiring import app


def handle(queue: str, message: func.ServiceBusMessage, context: func.Context) -> None:
    """Do what the message says. An exception abandons it: the broker delivers it again.

    The sender's trace goes on; a message from elsewhere starts with the host's own (H29).
    """
    properties = message.application_properties or {}
    sender, host = trace_of(properties), context.trace_context.trace_parent
    correlation = message.correlation_id or message.message_id or context.invocation_id

    def work(trace: Trace) -> None:
        app().run_message(
            queue,
            message.get_body(),
            message_id=message.message_id or "",
            delivery_count=message.delivery_count or 1,
            traceparent=trace.parent,
        )

    guarded(queue.replace("-", "_"), work, sender=sender, host=host, correlation=str(correlation))
