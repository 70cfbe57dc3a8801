"""Queues and tables that the setup account makes (P33); `azd provision` makes the same queues.

Making one that is there already is no error, so all of it may be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError
from azure.data.tables import TableServiceClient
from azure.servicebus.management import ServiceBusAdministrationClient

from shared.core.errors import Misconfigured

#: As in infra/modules/data.bicep.
QUEUE: dict[str, Any] = {
    "lock_duration": timedelta(minutes=1),
    "max_delivery_count": 10,
    "requires_duplicate_detection": True,
    "duplicate_detection_history_time_window": timedelta(hours=1),
    "default_message_time_to_live": timedelta(days=14),
    "dead_lettering_on_message_expiration": True,
    "max_size_in_megabytes": 1024,
}


def _whoever() -> Any:
    """Return who is signed in here, by `az login` or otherwise."""
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()


def make_queues(
    names: Sequence[str],
    *,
    connection_string: str = "",
    namespace: str = "",
    credential: Any = None,
    **how: Any,
) -> list[str]:
    """Make queues; needs the right to manage the namespace. Raises `Misconfigured`."""
    try:
        if connection_string:
            client = ServiceBusAdministrationClient.from_connection_string(connection_string, **how)
        else:
            client = ServiceBusAdministrationClient(namespace, credential or _whoever(), **how)
        with client:
            for name in names:
                try:
                    client.create_queue(name, **QUEUE)
                except ResourceExistsError:
                    pass
    except (AzureError, ValueError) as error:
        raise Misconfigured(f"the queues cannot be made: {type(error).__name__}") from None
    return [f"made the queue {name}" for name in names]


def make_tables(
    names: Sequence[str], *, connection_string: str = "", endpoint: str = "", credential: Any = None
) -> list[str]:
    """Make tables. Raises `Misconfigured`."""
    try:
        if connection_string:
            client = TableServiceClient.from_connection_string(connection_string)
        else:
            client = TableServiceClient(endpoint, credential=credential or _whoever())
        with client:
            for name in names:
                client.create_table_if_not_exists(name)
    except (AzureError, ValueError) as error:
        raise Misconfigured(f"the tables cannot be made: {type(error).__name__}") from None
    return [f"made the table {name}" for name in names]
