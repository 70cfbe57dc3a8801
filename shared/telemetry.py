"""Sets telemetry up, once for each worker, when the first call comes (design §10: nothing slow at start-up).

With `APPLICATIONINSIGHTS_CONNECTION_STRING` spans, metrics and log lines go to Application Insights. Without
it log lines go wherever Python's logging goes, and nothing else is told.
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping

from shared.adapters.signals import LOGGER, LogSignals, OpenTelemetrySignals
from shared.signal_names import TELEMETRY_FAILED, TELEMETRY_STARTED
from shared.signals import Signals

CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"
#: Libraries that write addresses of requests, with ids and filters in them, at the level of information.
TALKATIVE = ("azure", "httpx", "httpcore", "msal", "urllib3", "opentelemetry")
#: What the distribution would instrument (azure-platform.md 8.9). Our own spans say what matters; theirs
#: would tell whole addresses, and an OData filter may name a person.
INSTRUMENTED = (
    "azure_sdk",
    "django",
    "fastapi",
    "flask",
    "httpx",
    "httpx2",
    "logging",
    "psycopg2",
    "requests",
    "urllib",
    "urllib3",
)
#: Whole traces or none of them: by default all. `trace_id_ratio` with an argument keeps a share.
SAMPLER = "OTEL_TRACES_SAMPLER"


def start(env: MutableMapping[str, str]) -> Signals:
    """Return how this worker tells what it does. Never fails: without telemetry the work goes on."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger(LOGGER).setLevel(logging.INFO)
    if not env.get(CONNECTION, "").strip():
        return LogSignals()
    try:
        signals = _application_insights(env)
    except Exception as error:
        # Whatever it is: a wrong connection string, a package that is missing.
        LogSignals().event(TELEMETRY_FAILED, error=type(error).__name__)
        return LogSignals()
    signals.event(TELEMETRY_STARTED)
    return signals


def _application_insights(env: MutableMapping[str, str]) -> Signals:
    # The worker could do this by itself (azure-platform.md 8.1), before it is ready, and with every
    # instrumentation and every library's log lines. So PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY is not set.
    from azure.monitor.opentelemetry import configure_azure_monitor
    from opentelemetry import metrics, trace

    env.setdefault(SAMPLER, "always_on")
    env.setdefault("OTEL_EXPERIMENTAL_RESOURCE_DETECTORS", "azure_functions")
    configure_azure_monitor(
        connection_string=env[CONNECTION].strip(),
        logger_name=LOGGER,
        enable_live_metrics=False,
        enable_performance_counters=False,
        instrumentation_options={name: {"enabled": False} for name in INSTRUMENTED},
    )
    return OpenTelemetrySignals(trace.get_tracer_provider(), metrics.get_meter_provider())
