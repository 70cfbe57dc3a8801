"""The `Signals` port: one suite for OpenTelemetry and for the twin in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.in_memory.signals import Captured, InMemorySignals
from shared.signal_names import (
    BRAKE_PULLED,
    HELD_OLDEST,
    JOB,
    PAGE,
    RECORDS,
    RECORDS_HELD,
    REQUEST,
    SEND,
    TICK,
    UNTOLD,
)
from shared.signals import Signals
from shared.trace import current_trace, follow, trace_properties

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CAUSE = f"00-{TRACE}-00f067aa0ba902b7-01"
GUID = "7e570000-0000-4000-8000-000000000011"


class Both:
    """What tells, and what shows what was told."""

    def __init__(self, signals: Signals, seen: Captured | InMemorySignals) -> None:
        self.signals, self.seen = signals, seen


@pytest.fixture(params=["in memory", "OpenTelemetry"])
def both(request: pytest.FixtureRequest) -> Iterator[Both]:
    if request.param == "in memory":
        twin = InMemorySignals()
        yield Both(twin, twin)
    else:
        captured = Captured()
        yield Both(captured.signals, captured)
        captured.close()


def test_spans_lie_below_the_trace_that_is_followed_and_below_each_other_H29(both):
    with follow(CAUSE), both.signals.span(JOB, mapping="customers"):
        with both.signals.span(PAGE, count=3):
            pass
        with both.signals.span(PAGE):
            pass

    first, second, job = both.seen.spans()
    assert (job.name, job.trace, job.parent) == (JOB, TRACE, "00f067aa0ba902b7")
    assert first.parent == second.parent == job.id
    assert job.attributes == {"mapping": "customers"} and first.attributes == {"count": 3}


def test_a_span_that_nobody_caused_is_the_first_of_its_trace(both):
    with follow(), both.signals.span(TICK), both.signals.span(SEND):
        pass
    with both.signals.span(TICK):
        pass

    send, tick, other = both.seen.spans()
    assert tick.parent is None and other.parent is None
    assert send.parent == tick.id and send.trace == tick.trace != other.trace


def test_a_message_sent_inside_a_span_belongs_below_it_and_after_it_no_more_H29(both):
    with follow(CAUSE, correlation="tick-1"):
        with both.signals.span(SEND):
            inside = trace_properties()["traceparent"]
            assert current_trace().correlation == "tick-1"
        assert trace_properties()["traceparent"] == CAUSE

    [send] = both.seen.spans()
    assert inside == f"00-{TRACE}-{send.id}-01"


def test_what_is_found_out_meanwhile_is_added(both):
    with both.signals.span(REQUEST, system="bc", attempt=1) as span:
        span.set(status=429)

    assert both.seen.spans()[0].attributes == {"system": "bc", "attempt": 1, "status": 429}


def test_an_exception_marks_its_span_by_its_class_and_goes_on(both):
    with pytest.raises(ValueError, match="Jane Doe"), both.signals.span(REQUEST, system="bc"):
        raise ValueError("Jane Doe")

    [span] = both.seen.spans()
    assert span.failed and span.attributes == {"system": "bc", "error": "ValueError"}


def test_counts_add_up_by_their_attributes(both):
    for n in (2, 3):
        both.signals.count(RECORDS, n, mapping="customers", outcome="created")
    both.signals.count(RECORDS, mapping="items", outcome="created")
    both.signals.count(RECORDS, 0, mapping="contacts", outcome="created")

    assert both.seen.counts() == {
        (RECORDS, (("mapping", "customers"), ("outcome", "created"))): 5,
        (RECORDS, (("mapping", "items"), ("outcome", "created"))): 1,
    }


def test_a_gauge_is_exported_once_and_not_for_as_long_as_the_worker_lives(both):
    both.signals.gauge(HELD_OLDEST, 60.5, mapping="customers")
    both.signals.gauge(HELD_OLDEST, 0, mapping="items")

    customers, items = ((HELD_OLDEST, (("mapping", m),)) for m in ("customers", "items"))
    assert both.seen.gauges() == {customers: 60.5, items: 0}
    both.signals.gauge(HELD_OLDEST, 7, mapping="items")
    assert both.seen.gauges() == {items: 7}


def test_a_log_line_has_its_action_and_what_started_the_work(both):
    with follow(CAUSE, correlation=GUID):
        both.signals.event(BRAKE_PULLED, mapping="customers", side="bc")
    with follow(CAUSE, correlation="Jane Doe's wish"):
        both.signals.event(BRAKE_PULLED, mapping="items")

    first, second = both.seen.lines()
    assert first == {"action": BRAKE_PULLED, "mapping": "customers", "side": "bc", "correlation": GUID}
    assert len(second["correlation"]) == 16 and "Jane" not in str(second)


TEXTS = [
    pytest.param({"mapping": "Jane Doe"}, {"mapping": UNTOLD}, id="a word has no spaces"),
    pytest.param({"table": "jane@example.com"}, {"table": UNTOLD}, id="nor is it an address"),
    pytest.param({"records": f"{GUID},{GUID}"}, {"records": f"{GUID},{GUID}"}, id="ids of records"),
    pytest.param({"records": "Jane"}, {"records": UNTOLD}, id="a name is no id"),
    pytest.param({"run": "run-of-Jane"}, {"run": UNTOLD}, id="a run that a person has named"),
    pytest.param({"count": "7"}, {"count": UNTOLD}, id="a number is no text"),
    pytest.param({"mapping": None, "count": 0}, {"count": 0}, id="nothing is left out, zero is not"),
]


@pytest.mark.parametrize(("given", "told"), TEXTS)
def test_a_text_that_does_not_fit_its_attribute_is_not_told(both, given, told):
    both.signals.event(RECORDS_HELD, **given)
    both.signals.count(RECORDS, **given)
    with both.signals.span(JOB, **given):
        pass

    assert both.seen.lines() == [{"action": RECORDS_HELD} | told]
    assert both.seen.counts() == {(RECORDS, tuple(sorted(told.items()))): 1}
    assert both.seen.spans()[0].attributes == told


def test_telemetry_that_fails_makes_nothing_fail(monkeypatch):
    captured = Captured()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no exporter")

    monkeypatch.setattr("shared.adapters.signals.clean", broken)
    with captured.signals.span(JOB) as span:
        span.set(count=1)
    captured.signals.count(RECORDS)
    captured.signals.gauge(HELD_OLDEST, 1)
    captured.signals.event(BRAKE_PULLED)
    captured.close()

    assert captured.counts() == captured.gauges() == {} and captured.lines() == []


def test_the_twin_refuses_names_that_no_query_can_know():
    twin = InMemorySignals()

    for tell in (
        lambda: twin.count("tandem.recrods"),
        lambda: twin.event("job.fnished"),
        lambda: twin.gauge("tandem.hled", 1),
        lambda: twin.count(RECORDS, mappping="customers"),
        lambda: twin.span("tandem.jbo").__enter__(),
    ):
        with pytest.raises(AssertionError, match=r"not in shared/signal_names.py"):
            tell()
