"""What `Queue` promises: the in-memory twin, and the real SDK on the emulator."""

from __future__ import annotations

import itertools
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.servicebus import ServiceBusClient
from azure.servicebus import exceptions as errors

from sandbox.in_memory.parts import TurnedClock
from sandbox.in_memory.queue import InMemoryQueue
from sandbox.service_bus.config import QueueSettings
from sandbox.service_bus.testing import running_emulator
from shared.adapters.service_bus import ServiceBusQueue
from shared.core.errors import Misconfigured, Rejected, Transient
from shared.ports import OutgoingMessage, Queue

#: Long enough that nothing runs out by accident on a busy machine.
LOCK_SECONDS = 2
NAMES = [f"sync-{n}" for n in range(40)]


class Broker(ABC):
    """A queue port with somebody at the other end."""

    port: Queue

    @abstractmethod
    def now(self) -> datetime: ...

    @abstractmethod
    def receive(self, queue: str, *, wait: bool = True) -> Any:
        """Lock the next message; None when there is none (after a while, if `wait`)."""

    @abstractmethod
    def complete(self, message: Any) -> None: ...

    @abstractmethod
    def abandon(self, message: Any) -> None: ...

    @abstractmethod
    def let_the_lock_run_out(self) -> None: ...

    @abstractmethod
    def come_due(self, at: datetime) -> None: ...

    @staticmethod
    @abstractmethod
    def body(message: Any) -> bytes: ...


class InMemory(Broker):
    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.twin = InMemoryQueue(self.clock)
        self.port = self.twin

    def now(self) -> datetime:
        return self.clock.now()

    def receive(self, queue: str, *, wait: bool = True) -> Any:
        return self.twin.receive(queue)

    def complete(self, message: Any) -> None:
        assert self.twin.complete(message)

    def abandon(self, message: Any) -> None:
        assert self.twin.abandon(message)

    def let_the_lock_run_out(self) -> None:
        due = self.twin.next_due()
        assert due is not None
        self.clock.set(due)

    def come_due(self, at: datetime) -> None:
        self.clock.set(at)

    @staticmethod
    def body(message: Any) -> bytes:
        return bytes(message.body)


class Emulated(Broker):
    def __init__(self, connection_string: str, port: Queue) -> None:
        self.port = port
        self._client = ServiceBusClient.from_connection_string(connection_string)
        self._receivers: dict[str, Any] = {}

    def now(self) -> datetime:
        return datetime.now(UTC)

    def _receiver(self, queue: str) -> Any:
        if queue not in self._receivers:
            self._receivers[queue] = self._client.get_queue_receiver(queue)
        return self._receivers[queue]

    def receive(self, queue: str, *, wait: bool = True) -> Any:
        found = self._receiver(queue).receive_messages(1, max_wait_time=10 if wait else 0.5)
        self._queue = queue
        return found[0] if found else None

    def complete(self, message: Any) -> None:
        self._receiver(self._queue).complete_message(message)

    def abandon(self, message: Any) -> None:
        self._receiver(self._queue).abandon_message(message)

    def let_the_lock_run_out(self) -> None:
        """`receive` waits for it."""

    def come_due(self, at: datetime) -> None:
        """`receive` waits for it."""

    @staticmethod
    def body(message: Any) -> bytes:
        return b"".join(message.body)

    def close(self) -> None:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda receiver: receiver.close(), self._receivers.values()))
        self._client.close()


@pytest.fixture(scope="module")
def servicebus_broker() -> Iterator[Emulated]:
    with running_emulator([QueueSettings(name=n, lock_seconds=LOCK_SECONDS) for n in NAMES]) as emulator:
        port = ServiceBusQueue(connection_string=emulator.connection_string)
        broker = Emulated(emulator.connection_string, port)
        yield broker
        broker.close()
        port.close()


@pytest.fixture(params=["in_memory", "emulator"])
def broker(request: pytest.FixtureRequest) -> Broker:
    if request.param == "in_memory":
        return InMemory()
    emulated: Broker = request.getfixturevalue("servicebus_broker")
    return emulated


_numbers = itertools.count()


@pytest.fixture
def queue() -> str:
    """A queue that no other test uses."""
    return NAMES[next(_numbers) % len(NAMES)]


def a_message(queue: str, id_: str = "1", **differs: Any) -> OutgoingMessage:
    return OutgoingMessage(queue=queue, body=f'{{"id": "{id_}"}}'.encode(), message_id=id_, **differs)


def test_what_is_sent_can_be_seen_and_is_received_as_it_was(broker: Broker, queue: str) -> None:
    before = broker.now()
    broker.port.send([a_message(queue, properties={"traceparent": "00-1", "größe": "ü"})])

    (seen,) = broker.port.peek(queue)
    assert (seen.queue, seen.body, seen.message_id) == (queue, b'{"id": "1"}', "1")
    assert seen.properties == {"traceparent": "00-1", "größe": "ü"}
    assert (seen.reason, seen.description) == (None, None)
    assert seen.enqueued_at is not None
    assert abs(seen.enqueued_at - before) < timedelta(seconds=20)
    received = broker.receive(queue)
    assert broker.body(received) == b'{"id": "1"}' and received.message_id == "1"
    broker.complete(received)
    assert broker.port.peek(queue) == []


def test_messages_keep_their_order_and_go_to_their_own_queues(broker: Broker, queue: str) -> None:
    other = NAMES[next(_numbers) % len(NAMES)]
    broker.port.send([a_message(queue, "a"), a_message(other, "x"), a_message(queue, "b")])

    assert [m.message_id for m in broker.port.peek(queue)] == ["a", "b"]
    assert [m.message_id for m in broker.port.peek(other)] == ["x"]
    first, second = broker.receive(queue), broker.receive(queue)
    assert (first.message_id, second.message_id) == ("a", "b")


def test_sending_nothing_does_nothing(broker: Broker, queue: str) -> None:
    broker.port.send([])
    assert broker.port.peek(queue) == []


def test_a_repeat_is_dropped_also_after_the_first_was_completed(broker: Broker, queue: str) -> None:
    broker.port.send([a_message(queue, "a"), a_message(queue, "a")])
    broker.complete(broker.receive(queue))
    broker.port.send([a_message(queue, "a"), a_message(queue, "b")])

    assert [m.message_id for m in broker.port.peek(queue)] == ["b"]


def test_the_same_id_on_two_queues_is_no_repeat(broker: Broker, queue: str) -> None:
    other = NAMES[next(_numbers) % len(NAMES)]
    broker.port.send([a_message(queue, "a"), a_message(other, "a")])
    assert len(broker.port.peek(queue)) == len(broker.port.peek(other)) == 1


def test_a_scheduled_message_is_seen_at_once_and_received_when_it_is_due(broker: Broker, queue: str) -> None:
    at = broker.now() + timedelta(seconds=6)
    broker.port.send([a_message(queue, "later", scheduled_at=at), a_message(queue, "now")])
    # Scheduled messages take part in duplicate detection.
    broker.port.send([a_message(queue, "later")])

    assert {m.message_id for m in broker.port.peek(queue)} == {"later", "now"}
    first = broker.receive(queue)
    assert first.message_id == "now"
    broker.complete(first)
    assert broker.receive(queue, wait=False) is None
    broker.come_due(at)
    later = broker.receive(queue)
    assert later.message_id == "later" and broker.now() >= at
    broker.complete(later)


def test_a_message_whose_time_has_passed_is_received_at_once(broker: Broker, queue: str) -> None:
    broker.port.send([a_message(queue, scheduled_at=broker.now() - timedelta(hours=1))])
    assert broker.receive(queue).message_id == "1"


def test_a_locked_message_is_seen_but_not_received_again_until_its_lock_runs_out(
    broker: Broker, queue: str
) -> None:
    broker.port.send([a_message(queue)])
    first = broker.receive(queue)
    assert broker.receive(queue, wait=False) is None
    assert [m.message_id for m in broker.port.peek(queue)] == ["1"]

    broker.let_the_lock_run_out()
    again = broker.receive(queue)
    assert again.message_id == "1" and again.delivery_count == first.delivery_count + 1
    broker.complete(again)


def test_an_abandoned_message_comes_back_first_with_a_higher_count(broker: Broker, queue: str) -> None:
    broker.port.send([a_message(queue, "a"), a_message(queue, "b")])
    first = broker.receive(queue)
    broker.abandon(first)
    again = broker.receive(queue)
    assert again.message_id == "a" and again.delivery_count == first.delivery_count + 1


def test_after_ten_deliveries_without_success_it_is_a_dead_letter(broker: Broker, queue: str) -> None:
    broker.port.send([a_message(queue, properties={"k": "v"}), a_message(queue, "next")])
    for _ in range(10):
        message = broker.receive(queue)
        assert message.message_id == "1"
        broker.abandon(message)

    (dead,) = broker.port.peek(queue, dead_letters=True)
    assert (dead.message_id, dead.body, dead.reason) == ("1", b'{"id": "1"}', "MaxDeliveryCountExceeded")
    assert dead.description and dead.properties["k"] == "v"
    assert [m.message_id for m in broker.port.peek(queue)] == ["next"]


def test_at_most_as_many_are_shown_as_were_asked_for(broker: Broker, queue: str) -> None:
    broker.port.send([a_message(queue, str(n)) for n in range(5)])
    assert [m.message_id for m in broker.port.peek(queue, limit=3)] == ["0", "1", "2"]
    assert [m.message_id for m in broker.port.peek(queue, limit=100)] == ["0", "1", "2", "3", "4"]


def test_more_than_fits_in_one_transfer_is_sent_in_several(broker: Broker, queue: str) -> None:
    many = [OutgoingMessage(queue=queue, body=b"x" * 60_000, message_id=str(n)) for n in range(10)]
    broker.port.send(many)
    assert [m.message_id for m in broker.port.peek(queue)] == [str(n) for n in range(10)]


# --- what only the real one can show ---------------------------------------------------------------


def test_a_message_larger_than_the_queue_takes_is_refused(servicebus_broker: Emulated, queue: str) -> None:
    with pytest.raises(Rejected):
        servicebus_broker.port.send([OutgoingMessage(queue=queue, body=b"x" * 300_000, message_id="1")])
    servicebus_broker.port.send([a_message(queue, "2")])
    assert [m.message_id for m in servicebus_broker.port.peek(queue)] == ["2"]


def test_a_queue_that_does_not_exist_is_a_matter_of_configuration(servicebus_broker: Emulated) -> None:
    with pytest.raises(Misconfigured, match="nowhere"):
        servicebus_broker.port.send([a_message("nowhere")])
    with pytest.raises(Misconfigured, match="nowhere"):
        servicebus_broker.port.peek("nowhere")


def test_a_text_that_is_no_connection_string_is_a_matter_of_configuration() -> None:
    with pytest.raises(Misconfigured, match="ServiceBusConnection"):
        ServiceBusQueue(connection_string="Endpoint")


class Failing:
    """A sender that the SDK cannot open."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def create_message_batch(self) -> None:
        raise self._error

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        pytest.param(errors.ServiceBusAuthenticationError(), Misconfigured, id="wrong-key"),
        pytest.param(errors.ServiceBusAuthorizationError(), Misconfigured, id="no-right"),
        pytest.param(errors.MessagingEntityDisabledError(), Misconfigured, id="disabled"),
        pytest.param(
            errors.ServiceBusError("Handler failed", error=ClientAuthenticationError("no identity")),
            Misconfigured,
            id="no-token",
        ),
        pytest.param(errors.ServiceBusServerBusyError(), Transient, id="busy"),
        pytest.param(errors.OperationTimeoutError(), Transient, id="time-out"),
        pytest.param(errors.ServiceBusConnectionError(), Transient, id="connection"),
        pytest.param(errors.ServiceBusQuotaExceededError(), Transient, id="full"),
        pytest.param(ConnectionResetError(), Transient, id="socket"),
    ],
)
def test_an_error_of_the_sdk_is_told_by_what_to_do_about_it(
    said: Exception, becomes: type[Exception], queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ServiceBusClient, "get_queue_sender", lambda self, name: Failing(said))
    port = ServiceBusQueue(namespace="tandem.servicebus.windows.net", credential=object())
    with pytest.raises(becomes, match=queue) as told:
        port.send([a_message(queue)])
    assert type(told.value) is becomes


def test_a_broker_that_went_away_is_transient_and_the_sender_is_opened_anew(queue: str) -> None:
    with running_emulator([queue]) as emulator:
        port = ServiceBusQueue(connection_string=emulator.connection_string)
        port.send([a_message(queue, "1")])
    try:
        with pytest.raises(Transient):
            port.send([a_message(queue, "2")])
        with running_emulator([queue], port=emulator.port):
            port.send([a_message(queue, "2")])
            assert [m.message_id for m in port.peek(queue)] == ["2"]
    finally:
        port.close()


def test_many_threads_may_send_at_once(servicebus_broker: Emulated, queue: str) -> None:
    def send(start: int) -> None:
        for n in range(start, start + 20):
            servicebus_broker.port.send([a_message(queue, str(n))])

    threads = [threading.Thread(target=send, args=(20 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    found = servicebus_broker.port.peek(queue, limit=200)
    assert sorted(int(m.message_id) for m in found) == list(range(80))
