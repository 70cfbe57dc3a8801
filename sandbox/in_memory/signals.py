"""The in-memory twin of telemetry, and OpenTelemetry with exporters in memory. Both show what was told alike."""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from shared.adapters.signals import LOGGER, OpenTelemetrySignals
from shared.signal_names import ACTIONS, ATTRIBUTES, COUNTS, GAUGES, SPANS
from shared.signals import Attribute, Signals, Span, clean, named
from shared.trace import below, current_trace, new_parent

#: Attributes in an order of their own, so that they can be keys.
Told = tuple[tuple[str, Any], ...]


@dataclass
class SpanTold:
    name: str
    trace: str
    id: str
    parent: str | None
    attributes: dict[str, Any] = field(default_factory=dict)
    failed: bool = False

    def set(self, **attributes: Attribute) -> None:
        must_be_known(ATTRIBUTES, *attributes)
        self.attributes |= clean(attributes)


def must_be_known(names: Any, *told: str) -> None:
    """A name that no query can know is a mistake, and tests shall fail for it."""
    if unknown := [name for name in told if name not in names]:
        raise AssertionError(f"not in shared/signal_names.py: {', '.join(unknown)}")


class InMemorySignals:
    """Remembers what it is told, and refuses names that `shared.signal_names` does not list."""

    def __init__(self) -> None:
        self._spans: list[SpanTold] = []
        self._counts: Counter[tuple[str, Told]] = Counter()
        self._gauges: dict[tuple[str, Told], float] = {}
        self._lines: list[dict[str, Any]] = []

    @contextmanager
    def span(self, name: str, /, **attributes: Attribute) -> Iterator[Span]:
        must_be_known(SPANS, name)
        here = current_trace()
        parent = here.parent if here and not here.begins else None
        trace = (parent or new_parent()).split("-")[1]
        made = SpanTold(name, trace, secrets.token_hex(8), parent.split("-")[2] if parent else None)
        made.set(**attributes)
        try:
            with below(f"00-{trace}-{made.id}-01"):
                yield made
        except BaseException as error:
            made.failed = True
            made.set(error=type(error).__name__)
            raise
        finally:
            self._spans.append(made)

    def count(self, name: str, amount: int = 1, /, **attributes: Attribute) -> None:
        must_be_known(COUNTS, name)
        must_be_known(ATTRIBUTES, *attributes)
        if amount:
            self._counts[name, told(clean(attributes))] += amount

    def gauge(self, name: str, value: float, /, **attributes: Attribute) -> None:
        must_be_known(GAUGES, name)
        must_be_known(ATTRIBUTES, *attributes)
        self._gauges[name, told(clean(attributes))] = value

    def event(self, action: str, /, **attributes: Attribute) -> None:
        must_be_known(ACTIONS, action)
        must_be_known(ATTRIBUTES, *attributes)
        trace = current_trace()
        correlation = named(trace.correlation) if trace else None
        self._lines.append(clean({**attributes, "correlation": correlation}) | {"action": action})

    # --- what was told -----------------------------------------------------------------------

    def spans(self) -> list[SpanTold]:
        """Return the spans that ended, in that order."""
        return list(self._spans)

    def counts(self) -> dict[tuple[str, Told], int]:
        return dict(self._counts)

    def gauges(self) -> dict[tuple[str, Told], float]:
        """Return what was measured since the last look."""
        found, self._gauges = self._gauges, {}
        return found

    def lines(self) -> list[dict[str, Any]]:
        return list(self._lines)


class Captured:
    """OpenTelemetry as it is set up for Application Insights, but with exporters in memory."""

    def __init__(self) -> None:
        from opentelemetry.instrumentation.logging.handler import LoggingHandler
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self._exported, self._logged = InMemorySpanExporter(), InMemoryLogRecordExporter()
        self._reader = InMemoryMetricReader()
        tracers, loggers = TracerProvider(), LoggerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(self._exported))
        loggers.add_log_record_processor(SimpleLogRecordProcessor(self._logged))
        self.signals: Signals = OpenTelemetrySignals(tracers, MeterProvider([self._reader]))
        self._handler = LoggingHandler(logger_provider=loggers)
        logging.getLogger(LOGGER).addHandler(self._handler)
        logging.getLogger(LOGGER).setLevel(logging.INFO)

    def forget(self) -> None:
        """Drop the spans and lines exported so far."""
        self._exported.clear()
        self._logged.clear()

    def close(self) -> None:
        logging.getLogger(LOGGER).removeHandler(self._handler)

    def spans(self) -> list[SpanTold]:
        return [
            SpanTold(
                span.name,
                f"{span.context.trace_id:032x}",
                f"{span.context.span_id:016x}",
                f"{span.parent.span_id:016x}" if span.parent else None,
                dict(span.attributes or {}),
                not span.status.is_ok and span.status.status_code.name == "ERROR",
            )
            for span in self._exported.get_finished_spans()
        ]

    def counts(self) -> dict[tuple[str, Told], int]:
        return {key: int(value) for key, value in self._points(COUNTS)}

    def gauges(self) -> dict[tuple[str, Told], float]:
        return dict(self._points(GAUGES))

    def lines(self) -> list[dict[str, Any]]:
        return [dict(log.log_record.attributes or {}) for log in self._logged.get_finished_logs()]

    def everything(self) -> str:
        """Return all that was exported, as one text."""
        spans = [span.to_json() for span in self._exported.get_finished_spans()]
        logs = [log.log_record.to_json() if hasattr(log.log_record, "to_json") else f"{log.log_record!r}"
                for log in self._logged.get_finished_logs()]  # fmt: skip
        data = self._reader.get_metrics_data()
        return "\n".join([*spans, *logs, data.to_json() if data else ""])

    def _points(self, names: Any) -> Iterator[tuple[tuple[str, Told], float]]:
        data = self._reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    if metric.name in names:
                        for point in metric.data.data_points:
                            yield (metric.name, told(dict(point.attributes or {}))), point.value  # type: ignore[union-attr]


def told(attributes: Mapping[str, Any]) -> Told:
    return tuple(sorted(attributes.items()))
