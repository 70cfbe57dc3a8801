"""The control queue `full-sync`: start, resume and cancel a run."""

import azure.functions as func

from functions.messages import handle
from shared.engine.messages import FULL_SYNC

bp = func.Blueprint()


@bp.function_name("full_sync")
@bp.service_bus_queue_trigger(arg_name="message", queue_name=FULL_SYNC, connection="ServiceBusConnection")
def full_sync(message: func.ServiceBusMessage, context: func.Context) -> None:
    handle(FULL_SYNC, message, context)
