"""The `Signals` port on Python's logging, and on OpenTelemetry.

Nothing of OpenTelemetry is imported before an exporter is set up (`shared.telemetry`): it takes a while.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from shared.signal_names import ACTIONS, COUNTS, GAUGES, REQUEST, SEND
from shared.signals import UNSEEN, Attribute, Span, clean, named
from shared.trace import below, current_trace

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
    from opentelemetry.trace import Tracer, TracerProvider

#: The logger of every line of ours; nothing else is exported.
LOGGER = "tandem"
LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class LogSignals:
    """Events become log lines, `action name=value …`; the rest is not told."""

    @contextmanager
    def span(self, name: str, /, **attributes: Attribute) -> Iterator[Span]:
        yield UNSEEN

    def count(self, name: str, amount: int = 1, /, **attributes: Attribute) -> None: ...

    def gauge(self, name: str, value: float, /, **attributes: Attribute) -> None: ...

    def event(self, action: str, /, **attributes: Attribute) -> None:
        with suppress(Exception):
            told = clean(attributes)
            trace = current_trace()
            told |= clean({"correlation": named(trace.correlation) if trace else None})
            text = " ".join([action, *(f"{name}={value}" for name, value in told.items())])
            logging.getLogger(LOGGER).log(LEVELS[ACTIONS[action]], text, extra={**told, "action": action})


class OpenTelemetrySignals(LogSignals):
    """Spans and metrics of these providers; log lines go where the logger's handlers send them.

    A span's parent is the trace that is followed (`shared.trace`), not OpenTelemetry's own context: the
    worker leaves that of an earlier call on its threads (azure-platform.md 8.3).
    """

    def __init__(self, tracers: TracerProvider, meters: MeterProvider) -> None:
        self._tracer: Tracer = tracers.get_tracer("tandem")
        meter = meters.get_meter("tandem")
        self._counters = {name: meter.create_counter(name) for name in sorted(COUNTS)}
        self._pending: dict[str, list[tuple[float, dict[str, Any]]]] = {name: [] for name in GAUGES}
        self._lock = threading.Lock()
        for name, unit in GAUGES.items():
            # Observed, not set: a worker that measured once must not repeat it for as long as it lives.
            meter.create_observable_gauge(name, [self._taken(name)], unit=unit)

    def _taken(self, name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        from opentelemetry.metrics import Observation

        def take(_: CallbackOptions) -> Iterable[Observation]:
            with self._lock:
                found, self._pending[name] = self._pending[name], []
            return [Observation(value, attributes) for value, attributes in found]

        return take

    @contextmanager
    def span(self, name: str, /, **attributes: Attribute) -> Iterator[Span]:
        try:
            made = _OpenSpan(self._start(name, attributes))
        except Exception:
            made = None
        if made is None:
            yield UNSEEN
            return
        failed = ""
        try:
            with below(made.parent):
                yield made
        except BaseException as error:
            failed = type(error).__name__
            raise
        finally:
            made.end(failed)

    def _start(self, name: str, attributes: dict[str, Attribute]) -> Any:
        from opentelemetry.trace import SpanKind

        kind = {REQUEST: SpanKind.CLIENT, SEND: SpanKind.CLIENT}.get(name, SpanKind.INTERNAL)
        return self._tracer.start_span(name, context=_here(), kind=kind, attributes=clean(attributes))

    def event(self, action: str, /, **attributes: Attribute) -> None:
        with suppress(Exception):
            from opentelemetry import context

            token = context.attach(_here())
            try:
                super().event(action, **attributes)
            finally:
                context.detach(token)

    def count(self, name: str, amount: int = 1, /, **attributes: Attribute) -> None:
        if amount:
            with suppress(Exception):
                self._counters[name].add(amount, clean(attributes))

    def gauge(self, name: str, value: float, /, **attributes: Attribute) -> None:
        with suppress(Exception), self._lock:
            self._pending[name].append((value, clean(attributes)))


def _here() -> Context:
    """Return the trace that is followed as OpenTelemetry's context; an empty one where none was begun."""
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    here = current_trace()
    carrier = {"traceparent": here.parent} if here and not here.begins else {}
    return TraceContextTextMapPropagator().extract(carrier, context=Context())


class _OpenSpan:
    """A span under way."""

    def __init__(self, span: Any) -> None:
        self._span = span
        where = span.get_span_context()
        self.parent = f"00-{where.trace_id:032x}-{where.span_id:016x}-{int(where.trace_flags):02x}"

    def set(self, **attributes: Attribute) -> None:
        with suppress(Exception):
            self._span.set_attributes(clean(attributes))

    def end(self, failed: str) -> None:
        from opentelemetry.trace import StatusCode

        with suppress(Exception):
            if failed:
                # Its class only: a text may quote what was in a record.
                self._span.set_attributes(clean({"error": failed}))
                self._span.set_status(StatusCode.ERROR)
            self._span.end()
