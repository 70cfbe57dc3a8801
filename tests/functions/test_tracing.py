"""What causes what: trace parent and correlation id, from a trigger to the messages that it sends (H29)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest
from azure.functions.servicebus import ServiceBusMessage as TriggerMessage
from azure.functions.timer import TimerRequest
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from sandbox.in_memory.signals import InMemorySignals
from sandbox.service_bus.testing import running_emulator
from shared.adapters.service_bus import ServiceBusQueue
from shared.mappings import ALL
from shared.ports import OutgoingMessage
from shared.signal_names import SEND
from shared.trace import PROPERTIES, Trace, current_trace, follow, new_parent, trace_of, trace_properties
from tests.functions.callers import BY_NAME
from tests.functions.host_process import running_broker, running_host

TRACE, OTHER = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"
SENDER, HOST = f"00-{TRACE}-00f067aa0ba902b7-01", f"00-{TRACE}-b7ad6b7169203331-01"
STRANGER = f"00-{OTHER}-b7ad6b7169203331-01"
MAPPINGS = [m.name for m in ALL]
TRACING_APP = Path(__file__).parent / "tracing_app"


@pytest.mark.parametrize(
    ("sender", "host", "expected"),
    [
        pytest.param(SENDER, HOST, HOST, id="the host's own call is nearer to the work"),
        pytest.param(SENDER, STRANGER, SENDER, id="a host that knows nothing of the sender"),
        pytest.param(SENDER, "", SENDER, id="a host without tracing"),
        pytest.param(None, HOST, HOST, id="a message without a trace"),
        pytest.param("not a trace", HOST, HOST, id="nonsense is no trace"),
        pytest.param(7, HOST, HOST, id="nor is a number"),
    ],
)
def test_a_call_belongs_to_the_trace_of_whoever_caused_it_H29(sender, host, expected):
    with follow(sender, host) as trace:
        assert trace.parent == expected


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("", id="empty"),
        pytest.param(f"00-{'0' * 32}-00f067aa0ba902b7-01", id="no trace id"),
        pytest.param(f"00-{TRACE}-{'0' * 16}-01", id="no span id"),
        pytest.param(f"ff-{TRACE}-00f067aa0ba902b7-01", id="a version that cannot be"),
        pytest.param(f"{SENDER}\r\nx: y", id="more behind it"),
        pytest.param(SENDER.upper(), id="capitals"),
    ],
)
def test_a_malformed_trace_parent_starts_a_new_trace_H29(bad):
    with follow(bad, bad) as one, follow(bad, bad) as two:
        assert trace_of({"traceparent": one.parent}) == one.parent
        assert len({one.id, two.id, TRACE}) == 3


def test_the_trace_ends_with_the_call_even_when_it_fails_H29():
    with follow(SENDER):
        with pytest.raises(RuntimeError), follow(STRANGER, correlation="inner"):
            raise RuntimeError
        assert current_trace() == Trace(parent=SENDER)
    assert current_trace() is None and trace_properties() == {}


def test_both_names_of_the_trace_parent_are_read_and_written_alike_H29():
    assert trace_of({"Diagnostic-Id": SENDER}) == trace_of({"traceparent": SENDER}) == SENDER
    assert trace_of({"traceparent": "nonsense", "Diagnostic-Id": SENDER}) == SENDER
    assert trace_of({"attempt": 3}) is None
    with follow(SENDER):
        assert trace_properties() == {"traceparent": SENDER, "Diagnostic-Id": SENDER}


# --- from the triggers to the queue --------------------------------------------------------------


class Sending:
    """An application that sends one message whatever it is asked to do."""

    def __init__(self, queue: ServiceBusQueue, **message: Any) -> None:
        self.traces: list[Trace | None] = []
        self._send = lambda: queue.send(
            [OutgoingMessage(queue="out", body=b"{}", message_id=new_parent(), **message)]
        )

    def poll(self, *_: Any, **__: Any) -> None:
        self.traces.append(current_trace())
        self._send()

    run_message = housekeeping = poll


class Broker:
    """Takes what is sent to the queue `out`."""

    def __init__(self, connection_string: str) -> None:
        self.connection_string = connection_string
        self.queue = ServiceBusQueue(connection_string=connection_string)
        self._client = ServiceBusClient.from_connection_string(connection_string)
        self._receiver = self._client.get_queue_receiver("out")

    def next(self) -> tuple[str | None, dict[str, str]]:
        """Return correlation id and application properties of the next message."""
        [message] = self._receiver.receive_messages(1, max_wait_time=10)
        self._receiver.complete_message(message)
        raw: Any = message.application_properties or {}
        return message.correlation_id, {k.decode(): v.decode() for k, v in raw.items()}

    def close(self) -> None:
        self._receiver.close()
        self._client.close()
        self.queue.close()


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with running_emulator(["out"]) as emulator:
        made = Broker(emulator.connection_string)
        yield made
        made.close()


@pytest.fixture
def app(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Sending:
    made = Sending(broker.queue)
    monkeypatch.setattr("functions.timers.app", lambda: made)
    monkeypatch.setattr("functions.messages.app", lambda: made)
    return made


def a_call(parent: str) -> Any:
    return SimpleNamespace(invocation_id="call-1", trace_context=SimpleNamespace(trace_parent=parent))


def a_message(correlation: str | None, **properties: Any) -> func.ServiceBusMessage:
    message: func.ServiceBusMessage = TriggerMessage(
        body=b"{}",
        message_id="m1",
        correlation_id=correlation,
        user_properties=properties,
        application_properties=properties,
    )
    return message


@pytest.mark.parametrize("name", ["full_sync", *(f"sync_{m}" for m in MAPPINGS)])
def test_what_a_message_causes_carries_its_trace_and_correlation_id_H29(name, app, broker):
    BY_NAME[name].get_user_function()(a_message("run-1", traceparent=SENDER), a_call(HOST))

    assert broker.next() == ("run-1", {"traceparent": HOST, "Diagnostic-Id": HOST})


def test_a_message_without_correlation_id_is_itself_what_started_the_work_H29(app, broker):
    BY_NAME["full_sync"].get_user_function()(a_message(None), a_call(""))

    correlation, properties = broker.next()
    assert correlation == "m1"
    assert properties["traceparent"] == properties["Diagnostic-Id"] == app.traces[0].parent


@pytest.mark.parametrize("name", ["housekeeping", *(f"poll_{m}" for m in MAPPINGS)])
def test_a_tick_starts_the_trace_of_all_that_follows_H29(name, app, broker):
    BY_NAME[name].get_user_function()(TimerRequest(schedule_status={}), a_call(HOST))

    assert broker.next() == ("call-1", {"traceparent": HOST, "Diagnostic-Id": HOST})


def test_what_a_message_says_itself_is_not_replaced_H29(broker):
    with follow(SENDER, correlation="tick"):
        Sending(broker.queue, correlation_id="own", properties={"reason": "r", "traceparent": "t"}).poll()

    assert broker.next() == ("own", {"traceparent": "t", "Diagnostic-Id": SENDER, "reason": "r"})


def test_a_correlation_id_is_as_long_as_service_bus_takes_H29(broker):
    with follow(SENDER, correlation="c" * 300):
        Sending(broker.queue).poll()

    assert broker.next()[0] == "c" * 128


def test_outside_of_a_trace_a_message_is_sent_as_it_is_H29(broker):
    Sending(broker.queue).poll()

    correlation, properties = broker.next()
    assert not correlation and not set(PROPERTIES) & set(properties)


def test_a_message_belongs_below_the_span_that_sent_it_H29(broker):
    signals = InMemorySignals()
    queue = ServiceBusQueue(connection_string=broker.connection_string, signals=signals)
    with follow(SENDER, correlation="tick"):
        Sending(queue).poll()
    queue.close()

    [send] = signals.spans()
    correlation, properties = broker.next()
    assert (send.name, send.trace, send.attributes) == (SEND, TRACE, {"queue": "out", "count": 1})
    assert correlation == "tick" and properties["traceparent"] == f"00-{TRACE}-{send.id}-01"


def test_through_the_real_worker_library_a_trace_goes_from_message_to_message_H29(tmp_path: Path):
    with running_broker(tmp_path, "full-sync", "out", lock_seconds=10) as connection_string:
        broker = Broker(connection_string)
        with running_host(tmp_path, app=TRACING_APP, ServiceBusConnection=connection_string):
            with ServiceBusClient.from_connection_string(connection_string) as client:
                with client.get_queue_sender("full-sync") as sender:
                    sender.send_messages(
                        ServiceBusMessage(
                            b"{}",
                            message_id="m1",
                            correlation_id="run-1",
                            application_properties={"traceparent": SENDER},
                        )
                    )
            answered = broker.next()
        broker.close()

    assert answered == ("run-1", {"traceparent": SENDER, "Diagnostic-Id": SENDER})
