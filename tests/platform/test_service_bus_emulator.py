"""The emulator, driven by the unmodified azure-servicebus SDK (azure-platform.md §3)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceiver, ServiceBusSubQueue
from azure.servicebus.exceptions import MessageLockLostError, ServiceBusError

from sandbox.service_bus.store import QueueSettings
from sandbox.service_bus.testing import running_emulator

LOCK = 1.0


@pytest.fixture
def connection() -> Iterator[str]:
    queues = [QueueSettings(name="q", lock_seconds=LOCK, max_delivery_count=2), QueueSettings(name="sync-x")]
    with running_emulator(queues) as (connection_string, _):
        yield connection_string


@pytest.fixture
def client(connection: str) -> Iterator[ServiceBusClient]:
    with ServiceBusClient.from_connection_string(connection, retry_total=0) as client:
        yield client


def send(client: ServiceBusClient, *ids: str, **options: object) -> None:
    with client.get_queue_sender("q") as sender:
        for id_ in ids:
            sender.send_messages(ServiceBusMessage(id_.encode(), message_id=id_, **options))


def bodies(receiver: ServiceBusReceiver, *, at_most: float = 2) -> list[str]:
    return [str(m) for m in receiver.receive_messages(10, max_wait_time=at_most)]


def test_messages_come_in_order_and_are_gone_when_completed(client: ServiceBusClient):
    send(client, "a", "b")
    with client.get_queue_receiver("q") as receiver:
        for message in receiver.receive_messages(10, max_wait_time=2):
            receiver.complete_message(message)
        assert receiver.peek_messages(10) == []


def test_a_batch_arrives_as_single_messages_with_their_properties(client: ServiceBusClient):
    with client.get_queue_sender("q") as sender:
        batch = sender.create_message_batch()
        for n in range(3):
            batch.add_message(
                ServiceBusMessage(f"m{n}", message_id=str(n), application_properties={"n": str(n)})
            )
        sender.send_messages(batch)
    with client.get_queue_receiver("q") as receiver:
        found = receiver.receive_messages(10, max_wait_time=2)
        assert [(str(m), m.message_id, m.application_properties) for m in found] == [
            (f"m{n}", str(n), {b"n": str(n).encode()}) for n in range(3)
        ]


def test_an_id_that_was_seen_is_dropped_3_6(client: ServiceBusClient):
    send(client, "a", "a", "b")
    with client.get_queue_receiver("q") as receiver:
        assert [str(m) for m in receiver.peek_messages(10)] == ["a", "b"]


def test_an_abandoned_message_comes_back_at_once_and_is_buried_after_the_maximum_3_4(
    client: ServiceBusClient,
):
    send(client, "a")
    with client.get_queue_receiver("q") as receiver:
        for _ in range(2):
            (message,) = receiver.receive_messages(1, max_wait_time=2)
            receiver.abandon_message(message)
        assert bodies(receiver, at_most=0.3) == []
    with client.get_queue_receiver("q", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as dead:
        (buried,) = dead.receive_messages(1, max_wait_time=2)
        assert buried.dead_letter_reason == "MaxDeliveryCountExceeded"
        dead.complete_message(buried)


def test_a_message_is_dead_lettered_with_its_reason_3_31(client: ServiceBusClient):
    send(client, "a")
    with client.get_queue_receiver("q") as receiver:
        (message,) = receiver.receive_messages(1, max_wait_time=2)
        receiver.dead_letter_message(message, reason="bad", error_description="very")
    with client.get_queue_receiver("q", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as dead:
        (buried,) = dead.peek_messages(1)
        assert (buried.dead_letter_reason, buried.dead_letter_error_description) == ("bad", "very")


def test_a_scheduled_message_waits_until_it_is_due_and_can_be_cancelled_3_8(client: ServiceBusClient):
    with client.get_queue_sender("q") as sender:
        at = datetime.now(UTC)
        sender.send_messages(
            ServiceBusMessage("soon", message_id="1", scheduled_enqueue_time_utc=at + timedelta(seconds=6))
        )
        numbers = sender.schedule_messages(
            ServiceBusMessage("never", message_id="2"), at + timedelta(minutes=5)
        )
        sender.cancel_scheduled_messages(numbers)
    with client.get_queue_receiver("q") as receiver:
        assert bodies(receiver, at_most=2) == []
        assert bodies(receiver, at_most=10) == ["soon"]
        assert [str(m) for m in receiver.peek_messages(10, sequence_number=1)] == ["soon"]


def test_a_lock_runs_out_unless_it_is_renewed_3_3(client: ServiceBusClient):
    send(client, "a")
    with client.get_queue_receiver("q") as receiver, client.get_queue_receiver("q") as other:
        (message,) = receiver.receive_messages(1, max_wait_time=2)
        before = message.locked_until_utc
        assert before is not None and receiver.renew_message_lock(message) > before
        (again,) = other.receive_messages(1, max_wait_time=10)
        assert str(again) == "a"
        with pytest.raises(MessageLockLostError):
            receiver.complete_message(message)


def test_a_deferred_message_is_fetched_by_its_number(client: ServiceBusClient):
    send(client, "a")
    with client.get_queue_receiver("q") as receiver:
        (message,) = receiver.receive_messages(1, max_wait_time=2)
        receiver.defer_message(message)
        assert bodies(receiver, at_most=0.3) == []
        (again,) = receiver.receive_deferred_messages(message.sequence_number)
        receiver.complete_message(again)
        assert receiver.peek_messages(10) == []


def test_a_receiver_that_dies_with_a_lock_held_gives_the_message_back_when_the_lock_runs_out(
    connection: str, client: ServiceBusClient
):
    send(client, "a")
    program = (
        "import os, sys\nfrom azure.servicebus import ServiceBusClient\n"
        "r = ServiceBusClient.from_connection_string(sys.argv[1]).get_queue_receiver('q')\n"
        "assert r.receive_messages(1, max_wait_time=5)\nos.kill(os.getpid(), 9)\n"
    )
    died = subprocess.run([sys.executable, "-c", program, connection], timeout=30)
    assert died.returncode == -9

    with client.get_queue_receiver("q") as receiver:
        (message,) = receiver.receive_messages(1, max_wait_time=10)
        assert str(message) == "a" and message.delivery_count == 1


def test_a_queue_that_does_not_exist_is_refused(client: ServiceBusClient):
    with pytest.raises(ServiceBusError), client.get_queue_sender("nowhere") as sender:
        sender.send_messages(ServiceBusMessage("x"))
