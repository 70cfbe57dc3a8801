"""The emulator, driven by the unmodified azure-servicebus SDK (azure-platform.md §3)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.servicebus import (
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceiveMode,
    ServiceBusReceiver,
    ServiceBusSubQueue,
)
from azure.servicebus.amqp import AmqpAnnotatedMessage
from azure.servicebus.exceptions import (
    MessageLockLostError,
    MessageNotFoundError,
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusError,
)

from sandbox.service_bus.config import QueueSettings
from sandbox.service_bus.testing import running_emulator

ROOT = Path(__file__).parents[2]
#: Shorter than the real service takes (3.3), so that a test need not wait.
LOCK = 1.0


@pytest.fixture
def connection() -> Iterator[str]:
    queues = [
        QueueSettings(name="q", lock_seconds=LOCK, max_delivery_count=2),
        QueueSettings(name="slow"),
        QueueSettings(name="keeps-expired", dead_letter_on_expiry=True),
    ]
    with running_emulator(queues) as emulator:
        yield emulator.connection_string


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


def die_with_a_lock(connection: str, queue: str) -> None:
    """A process receives one message and is killed before it settles it."""
    program = (
        "import os, sys\nfrom azure.servicebus import ServiceBusClient\n"
        "r = ServiceBusClient.from_connection_string(sys.argv[1]).get_queue_receiver(sys.argv[2])\n"
        "assert r.receive_messages(1, max_wait_time=5)\nos.kill(os.getpid(), 9)\n"
    )
    died = subprocess.run([sys.executable, "-c", program, connection, queue], timeout=30)
    assert died.returncode == -9


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
    die_with_a_lock(connection, "q")

    with client.get_queue_receiver("q") as receiver:
        (message,) = receiver.receive_messages(1, max_wait_time=10)
        assert str(message) == "a" and message.delivery_count == 1


# --- what the SDK is told ------------------------------------------------------------------------


def test_a_queue_that_does_not_exist_is_refused_by_its_name_3_33(client: ServiceBusClient):
    with pytest.raises(MessagingEntityNotFoundError), client.get_queue_sender("nowhere") as sender:
        sender.send_messages(ServiceBusMessage("x"))
    with pytest.raises(MessagingEntityNotFoundError), client.get_queue_receiver("nowhere") as receiver:
        receiver.receive_messages(1, max_wait_time=1)


def test_a_wrong_key_is_refused(connection: str):
    wrong = connection.replace("SAS_KEY_VALUE", "SOMETHING_ELSE")
    with (
        ServiceBusClient.from_connection_string(wrong, retry_total=0) as client,
        pytest.raises(ServiceBusAuthenticationError),
        client.get_queue_sender("q") as sender,
    ):
        sender.send_messages(ServiceBusMessage("x"))


def test_nothing_can_be_sent_to_a_dead_letter_queue_3_5(client: ServiceBusClient):
    with pytest.raises(ServiceBusError), client.get_queue_sender("q/$deadletterqueue") as sender:
        sender.send_messages(ServiceBusMessage("x"))


def test_a_message_has_at_most_256_kb_3_1(client: ServiceBusClient):
    with client.get_queue_sender("q") as sender:
        with pytest.raises(MessageSizeExceededError):
            sender.send_messages(ServiceBusMessage(b"x" * 262_144))
        sender.send_messages(ServiceBusMessage(b"x" * 262_000))


def test_the_first_delivery_has_the_count_0_and_what_was_sent_arrives_as_it_was_3_30(
    client: ServiceBusClient,
):
    properties = {"text": "grün", "number": 7, "yes": True, "raw": b"\x00\x01"}
    sent = ServiceBusMessage(
        b"whole",
        message_id="1",
        subject="s",
        correlation_id="c",
        content_type="application/json",
        reply_to="r",
        to="t",
        time_to_live=timedelta(minutes=5),
        application_properties=properties,
    )
    with client.get_queue_sender("q") as sender:
        sender.send_messages(sent)
    with client.get_queue_receiver("q") as receiver:
        (message,) = receiver.receive_messages(1, max_wait_time=5)
        assert message.delivery_count == 0
        assert list(message.body) == [b"whole"]
        assert message.application_properties == {
            b"text": "grün".encode(),
            b"number": 7,
            b"yes": True,
            b"raw": b"\x00\x01",
        }
        assert (message.subject, message.correlation_id, message.content_type) == (
            "s",
            "c",
            "application/json",
        )
        assert (message.reply_to, message.to, message.time_to_live) == ("r", "t", timedelta(minutes=5))
        assert message.locked_until_utc is not None and message.enqueued_time_utc is not None
        assert message.locked_until_utc - message.enqueued_time_utc >= timedelta(seconds=LOCK - 0.1)


def test_a_body_of_several_parts_or_values_stays_as_it_is_3_35(client: ServiceBusClient):
    parts: dict[str, dict[str, object]] = {
        "parts": {"data_body": [b"in ", b"two parts"]},
        "value": {"value_body": {"a": 1}},
        "empty": {"data_body": [b""]},
    }
    with client.get_queue_sender("q") as sender:
        for name, body in parts.items():
            sender.send_messages(AmqpAnnotatedMessage(properties={"message_id": name}, **body))
    with client.get_queue_receiver("q") as receiver:
        found = {m.message_id: m.body for m in receiver.receive_messages(3, max_wait_time=5)}
    assert list(found["parts"]) == [b"in ", b"two parts"]
    assert found["value"] == {b"a": 1} and list(found["empty"]) == [b""]


def test_a_batch_keeps_each_message_s_own_id_schedule_and_repeats_out_3_16(client: ServiceBusClient):
    later = datetime.now(UTC) + timedelta(minutes=5)
    with client.get_queue_sender("q") as sender:
        sender.send_messages(
            [
                ServiceBusMessage("1", message_id="1", scheduled_enqueue_time_utc=later),
                ServiceBusMessage("2", message_id="2"),
                ServiceBusMessage("again", message_id="2"),
            ]
        )
    with client.get_queue_receiver("q") as receiver:
        assert bodies(receiver, at_most=5) == ["2"]
        states = [(str(m), m.state.name) for m in receiver.peek_messages(10, sequence_number=1)]
        assert states == [("1", "SCHEDULED"), ("2", "ACTIVE")]


def test_receive_and_delete_leaves_nothing(client: ServiceBusClient):
    send(client, "a")
    with client.get_queue_receiver("q", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE) as receiver:
        assert bodies(receiver, at_most=5) == ["a"]
        assert receiver.peek_messages(10) == []


def test_an_expired_message_becomes_a_dead_letter_where_the_queue_says_so_3_5(client: ServiceBusClient):
    with client.get_queue_sender("keeps-expired") as sender:
        sender.send_messages(ServiceBusMessage("old", time_to_live=timedelta(seconds=1)))
    with client.get_queue_receiver("keeps-expired", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as dead:
        (buried,) = dead.receive_messages(1, max_wait_time=10)
        assert buried.dead_letter_reason == "TTLExpiredException"
        assert buried.dead_letter_source == "keeps-expired"
        with pytest.raises(ServiceBusError):
            dead.dead_letter_message(buried)


def test_what_the_client_buffered_and_never_showed_comes_back_at_once_when_it_closes_3_12(
    client: ServiceBusClient,
):
    with client.get_queue_sender("slow") as sender:
        sender.send_messages([ServiceBusMessage(str(n), message_id=str(n)) for n in range(5)])
    with client.get_queue_receiver("slow", prefetch_count=5) as receiver:
        (first,) = receiver.receive_messages(1, max_wait_time=5)
        receiver.complete_message(first)
    with client.get_queue_receiver("slow") as receiver:
        # Far sooner than the lock of a minute; and no delivery was counted.
        found = receiver.receive_messages(4, max_wait_time=10)
        assert [(str(m), m.delivery_count) for m in found] == [(str(n), 0) for n in range(1, 5)]


def test_a_cut_connection_does_not_unlock_what_it_had_received(connection: str, client: ServiceBusClient):
    with client.get_queue_sender("slow") as sender:
        sender.send_messages(ServiceBusMessage("a"))
    die_with_a_lock(connection, "slow")
    with client.get_queue_receiver("slow") as receiver:
        assert receiver.receive_messages(1, max_wait_time=2) == []
        (held,) = receiver.peek_messages(1)
        assert str(held) == "a"


def test_two_receivers_share_the_messages_and_none_gets_the_other_s(client: ServiceBusClient):
    with client.get_queue_receiver("slow") as one, client.get_queue_receiver("slow") as two:
        with client.get_queue_sender("slow") as sender:
            sender.send_messages([ServiceBusMessage(str(n), message_id=str(n)) for n in range(20)])
        found = [str(m) for r in (one, two) for m in r.receive_messages(10, max_wait_time=5)]
        assert sorted(found, key=int) == [str(n) for n in range(20)]


def test_what_was_deferred_or_dead_lettered_can_be_settled_through_management_3_38(
    client: ServiceBusClient,
):
    with client.get_queue_sender("slow") as sender:
        sender.send_messages([ServiceBusMessage(i, message_id=i) for i in "abc"])
    with client.get_queue_receiver("slow") as receiver:
        numbers = []
        for message in receiver.receive_messages(3, max_wait_time=5):
            receiver.defer_message(message)
            numbers.append(message.sequence_number)
        a, b, c = receiver.receive_deferred_messages(numbers)
        assert [str(m) for m in (a, b, c)] == ["a", "b", "c"]
        receiver.renew_message_lock(a)
        receiver.complete_message(a)
        receiver.dead_letter_message(b, reason="why", error_description="because")
        receiver.abandon_message(c)
        assert [(str(m), m.state.name) for m in receiver.peek_messages(9, sequence_number=1)] == [
            ("c", "DEFERRED")
        ]
        with pytest.raises(MessageNotFoundError):
            receiver.receive_deferred_messages(numbers)
    with client.get_queue_receiver("slow", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as dead:
        (buried,) = dead.peek_messages(1)
        assert (buried.dead_letter_reason, buried.dead_letter_error_description) == ("why", "because")


# --- the process ---------------------------------------------------------------------------------


class Process:
    """`python -m sandbox.service_bus` on a folder."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        ready = folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "sandbox.service_bus", "--ready-file", str(ready), *arguments]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert self._process.stdout is not None
            # One line, as soon as the port is open and the file is there.
            self.told = json.loads(self._process.stdout.readline())
            assert json.loads(ready.read_text()) == self.told
        except BaseException:
            self.end(signal.SIGKILL)
            raise
        self.pid: int = self.told["pid"]

    def end(self, number: int) -> int:
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(15)

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(*arguments: str) -> Process:
        started.append(Process(tmp_path, *arguments))
        return started[-1]

    yield start
    for process in started:
        process.end(signal.SIGKILL)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_messages_locks_and_ids_outlive_the_process(
    start: Callable[..., Process], tmp_path: Path, how: signal.Signals
):
    arguments = ("--queue", "q", "--lock-seconds", "4", "--data", str(tmp_path / "data"))
    process = start(*arguments)
    with (
        ServiceBusClient.from_connection_string(process.told["connection_string"]) as client,
        client.get_queue_receiver("q") as receiver,
    ):
        send(client, "done", "locked", "waiting")
        done, _ = receiver.receive_messages(2, max_wait_time=5)
        receiver.complete_message(done)
        assert process.end(how) == (0 if how == signal.SIGTERM else -9)

    again = start("--port", str(process.told["port"]), *arguments)
    assert again.told["connection_string"] == process.told["connection_string"]
    with (
        ServiceBusClient.from_connection_string(again.told["connection_string"]) as client,
        client.get_queue_receiver("q") as receiver,
    ):
        send(client, "done", "new")
        found = {}
        while len(found) < 3:
            (message,) = receiver.receive_messages(1, max_wait_time=10)
            found[str(message)] = message.delivery_count
            receiver.complete_message(message)
        assert found == {"waiting": 0, "new": 0, "locked": 1}
        assert receiver.peek_messages(9) == []


def test_it_stops_at_once_on_sigterm_with_clients_connected_and_costs_nothing_while_idle(
    start: Callable[..., Process],
):
    process = start("--queue", "q")
    with (
        ServiceBusClient.from_connection_string(process.told["connection_string"], retry_total=0) as client,
        client.get_queue_receiver("q") as receiver,
    ):
        assert receiver.receive_messages(1, max_wait_time=0.1) == []
        before = process.cpu_seconds()
        assert receiver.receive_messages(1, max_wait_time=3) == []
        assert process.cpu_seconds() - before <= 0.05
        began = time.monotonic()
        assert process.end(signal.SIGTERM) == 0
        assert time.monotonic() - began < 5


def test_a_configuration_that_is_wrong_ends_it_with_what_is_wrong(tmp_path: Path):
    config = tmp_path / "queues.yaml"
    config.write_text("UserConfig: {Namespaces: [{Queues: [{Name: q, Properties: {LockDuration: soon}}]}]}")
    command = [sys.executable, "-m", "sandbox.service_bus", "--config", str(config)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1 and "q: LockDuration: 'soon' is no duration" in ended.stderr


def test_hundreds_of_messages_a_second_and_a_cycle_in_a_few_milliseconds(client: ServiceBusClient):
    with client.get_queue_sender("slow") as sender, client.get_queue_receiver("slow") as receiver:
        sender.send_messages(ServiceBusMessage("warm"))
        for message in receiver.receive_messages(1, max_wait_time=5):
            receiver.complete_message(message)
        began = time.monotonic()
        for n in range(100):
            sender.send_messages(ServiceBusMessage("x", message_id=str(n)))
            (message,) = receiver.receive_messages(1, max_wait_time=5)
            receiver.complete_message(message)
        # 1.5 ms here; ten times that on a busy machine.
        assert (time.monotonic() - began) / 100 < 0.015
