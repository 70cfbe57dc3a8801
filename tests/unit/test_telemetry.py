"""Setting telemetry up, and the small rules of what is told."""

from __future__ import annotations

import gzip
import json
import logging
import re
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from sandbox.in_memory.signals import InMemorySignals
from sandbox.world import World
from shared.adapters.odata import DATAVERSE, table_in
from shared.adapters.signals import LogSignals, OpenTelemetrySignals
from shared.adapters.throttle import Channel, Effect
from shared.core.errors import Transient
from shared.core.model import Side
from shared.engine.measures import measure
from shared.engine.messages import Job
from shared.engine.signalling import age_of, bound_of, cause_of, reason_of
from shared.ports import HeldRecord, JobEntry
from shared.signal_names import (
    ACTIONS,
    ATTRIBUTES,
    BOUNDS,
    CERTIFICATE_DAYS,
    CURSOR_LAG,
    HELD,
    HELD_OLDEST,
    JOB_REFUSED,
    MAPPING_AGE,
    MAPPING_STOPPED,
    MEASURES_FAILED,
    METRICS,
    PAGE,
    REASONS,
    REJECTED,
    REQUESTS,
    RUN_ENDED,
    SPANS,
    TELEMETRY_FAILED,
    THROTTLED,
)
from shared.telemetry import CONNECTION, INSTRUMENTED, TALKATIVE, start
from shared.trace import follow

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
CUSTOMER = "7e570000-0000-4000-8000-000000000011"

# --- setting up ----------------------------------------------------------------------------------


def test_without_a_connection_string_nothing_is_exported_and_libraries_keep_addresses_to_themselves():
    made = start({CONNECTION: " "})

    assert type(made) is LogSignals
    for name in TALKATIVE:
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)


def test_a_connection_string_that_is_wrong_is_told_and_the_work_goes_on(caplog):
    made = start({CONNECTION: "InstrumentationKey=s3cret;nonsense"})

    assert type(made) is LogSignals
    assert [r.action for r in caplog.records if r.name == "tandem"] == [TELEMETRY_FAILED]
    assert "s3cret" not in caplog.text


def test_importing_the_app_imports_nothing_of_opentelemetry():
    code = "import sys, function_app; print([m for m in sys.modules if m.startswith('opentelemetry')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_every_instrumentation_of_the_distribution_is_off():
    from azure.monitor.opentelemetry import _constants

    assert set(_constants._ALL_SUPPORTED_INSTRUMENTED_LIBRARIES) <= set(INSTRUMENTED)


EXPORTING = """
import logging, os, sys
import httpx
from shared.telemetry import start
from shared.signal_names import JOB, JOB_FINISHED, RECORDS
from shared.trace import follow
signals = start(os.environ)
with follow("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"), signals.span(JOB, mapping="customers"):
    signals.count(RECORDS, 3, mapping="customers", outcome="created")
    signals.event(JOB_FINISHED, mapping="customers", tally_created=3)
    logging.getLogger("other").warning("Zebulon")
    httpx.get(os.environ["ASK"], params={"$filter": "name eq 'Zebulon'"})
from opentelemetry import _logs, metrics, trace
for provider in (trace.get_tracer_provider(), metrics.get_meter_provider(), _logs.get_logger_provider()):
    provider.force_flush()
print(type(signals).__name__, flush=True)
os._exit(0)
"""


def test_with_a_connection_string_application_insights_gets_spans_metrics_and_our_log_lines_only():
    bodies: list[str] = []

    class Ingestion(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            items = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            bodies.append(items.decode())
            sent = len(json.loads(items))
            answer = json.dumps({"itemsReceived": sent, "itemsAccepted": sent, "errors": []}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Ingestion) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}"
        env = {
            CONNECTION: f"InstrumentationKey={CUSTOMER};IngestionEndpoint={here}",
            "ASK": f"{here}/customers",
            # Nothing of the distribution's own may leave this machine.
            "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
            "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
            "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(
            [sys.executable, "-c", EXPORTING], env=env, capture_output=True, text=True, timeout=60, check=True
        )
        server.shutdown()

    sent = [item for body in bodies for item in json.loads(body)]
    kinds = {item["data"]["baseType"] for item in sent}
    assert done.stdout.strip() == OpenTelemetrySignals.__name__
    assert {"RemoteDependencyData", "MetricData", "MessageData"} <= kinds
    told = "\n".join(bodies)
    assert '"tandem.job"' in told and '"tandem.records"' in told and "job.finished" in told
    assert "Zebulon" not in told and "customers?" not in told
    dependencies = [i for i in sent if i["data"]["baseType"] == "RemoteDependencyData"]
    # Recorded although the host did not sample its own call; below it all the same.
    assert [i["data"]["baseData"]["name"] for i in dependencies] == ["tandem.job"]
    assert dependencies[0]["tags"]["ai.operation.id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    [line] = [i for i in sent if i["data"]["baseType"] == "MessageData" and "job." in str(i)]
    assert line["tags"]["ai.operation.parentId"] == dependencies[0]["data"]["baseData"]["id"]
    assert line["data"]["baseData"]["properties"]["action"] == "job.finished"


def test_no_attribute_has_a_name_that_logging_keeps_for_itself():
    own = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

    assert not own & set(ATTRIBUTES)


def test_the_page_on_monitoring_names_all_that_is_told():
    page = (ROOT / "docs/monitoring.md").read_text()

    assert [name for name in sorted(METRICS | SPANS | set(ACTIONS)) if f"`{name}`" not in page] == []
    assert set(re.findall(r"`(tandem[.][a-z_.]+)`", page)) <= METRICS | SPANS


# --- classes -------------------------------------------------------------------------------------


def held(kind: str = "held", reason: str = "", **differs: object) -> HeldRecord:
    given = {"mapping": "customers", "side": Side.BC, "id": CUSTOMER, "since": NOW, **differs}
    return HeldRecord(kind=kind, reason=reason, **given)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        pytest.param(held("waiting", "waits for Jane"), "waiting", id="waiting"),
        pytest.param(held("conflict", "name: Jane or Joan"), "conflict", id="conflict"),
        pytest.param(held("orphan", "orphan: …"), "orphan", id="orphan"),
        pytest.param(held("skipped", "skipped by Jane"), "skipped", id="parked"),
        pytest.param(held(reason="name: too long", fields=({"field": "name"},)), "fields", id="some fields"),
        pytest.param(held(reason="Business Central: Jane is no name (x)"), "refused-by-bc", id="BC refuses"),
        pytest.param(held(reason="Dataverse: Jane is no name (0x8)"), "refused-by-sales", id="Sales refuses"),
        pytest.param(held(reason="matches several"), "other", id="anything else"),
    ],
)
def test_a_reason_is_told_by_its_class(row, told):
    assert reason_of(row) == told and told in REASONS


@pytest.mark.parametrize(
    ("job", "told"),
    [
        (Job(kind="poll", mapping="customers", cause="timer"), "timer"),
        (Job(kind="targeted", mapping="customers", cause="waited for currencies"), "waited"),
        (Job(kind="late", mapping="customers", cause="coupled currencies"), "coupled"),
        (Job(kind="line", mapping="customers", cause="full sync"), "full-sync"),
        (Job(kind="action", mapping="customers", action="skip", cause="skip"), "action"),
        (Job(kind="feed", mapping="customers", action="rates", cause="rates"), "feed"),
        (Job(kind="poll", mapping="customers", cause="Jane asked for it"), "message"),
    ],
)
def test_a_cause_is_told_by_its_class(job, told):
    assert cause_of(job) == told


@pytest.mark.parametrize(
    ("seconds", "within"), [(-5, 1), (0, 1), (1, 1), (1.1, 2), (59, 60), (60, 60), (10**9, BOUNDS[-1])]
)
def test_a_time_to_sync_counts_under_the_next_bound(seconds, within):
    assert bound_of(seconds) == within


@pytest.mark.parametrize(
    ("age", "told"),
    [
        (timedelta(0), "hour"),
        (timedelta(hours=2), "day"),
        (timedelta(days=3), "week"),
        (timedelta(days=8), "older"),
    ],
)
def test_an_age_is_told_by_its_class(age, told):
    assert age_of(NOW - age, NOW) == told


@pytest.mark.parametrize(
    ("url", "table"),
    [
        ("https://x/companies(7e57)/customers?$filter=name eq 'Jane/Doe'", "customers"),
        (f"https://x/companies(7e57)/customers({CUSTOMER})", "customers"),
        ("https://x/api/data/v9.2/$batch", "$batch"),
        ("https://x/api/data/v9.2/accounts/Microsoft.Dynamics.CRM.CreateMultiple", "Microsoft.Dynamics.CRM.CreateMultiple"),
        ("https://x/api/data/v9.2/accounts(emailaddress1='jane@example.com')", "accounts"),
        ("https://x/api/data/v9.2/jane%40example.com", "other"),
    ],
)  # fmt: skip
def test_of_an_address_only_the_table_is_told(url, table):
    assert table_in(url) == table


# --- requests ------------------------------------------------------------------------------------


def test_requests_on_other_threads_belong_to_the_page_that_asks_for_them_H29():
    signals = InMemorySignals()
    answers = iter([429, *[200] * 9])
    transport = httpx.MockTransport(lambda _: httpx.Response(next(answers)))
    channel = Channel(
        httpx.Client(transport=transport), system=DATAVERSE, sleep=lambda _: None, signals=signals
    )

    def ask(n: int) -> int:
        url = f"https://x/api/data/v9.2/accounts({CUSTOMER})?$filter=name eq 'Jane {n}'"
        return channel.send("GET", url, effect=Effect.READ, headers={}).status_code

    with follow(), signals.span(PAGE):
        assert channel.each(ask, range(6)) == [200] * 6

    *asked, page = signals.spans()
    assert len(asked) == 7 and {(s.parent, s.trace) for s in asked} == {(page.id, page.trace)}
    assert sorted(s.attributes["status"] for s in asked) == [200] * 6 + [429]
    assert {s.attributes["table"] for s in asked} == {"accounts"}
    assert signals.counts() == {
        (REQUESTS, (("effect", "read"), ("system", "sales"))): 7,
        (THROTTLED, (("status", 429), ("system", "sales"))): 1,
    }


# --- measures ------------------------------------------------------------------------------------


def entry(minutes_ago: int, **differs: object) -> JobEntry:
    at = NOW - timedelta(minutes=minutes_ago)
    given = {"id": str(minutes_ago), "mapping": "customers", "side": "bc", "tally": {}, "cause": "timer"}
    return JobEntry(started=at, finished=at + timedelta(minutes=1), **{**given, **differs})


def a_world() -> tuple[World, InMemorySignals]:
    signals = InMemorySignals()
    world = World(signals=signals)
    world.clock.set(NOW)
    return world, signals


def test_housekeeping_tells_how_old_each_mapping_and_each_cursor_is():
    world, signals = a_world()
    jobs = world.app.ports.jobs
    for one in (
        entry(90),
        entry(80, side="sales"),
        entry(30, cause="administrator"),
        entry(20, side="sales", state="deferred"),
        entry(5, state="stopped"),
    ):
        jobs.add(one)

    world.app.housekeeping()

    told = {(name, *(v for _, v in at)): value for (name, at), value in signals.gauges().items()}
    # A job of one minute: finished 29 minutes ago; what was changed 90 minutes ago is read.
    assert told[MAPPING_AGE, "customers"] == 29 * 60
    assert told[MAPPING_STOPPED, "customers"] == 1
    assert told[CURSOR_LAG, "customers", "bc"] == 90 * 60
    assert told[CURSOR_LAG, "customers", "sales"] == 80 * 60
    assert (MAPPING_AGE, "items") not in told, "never ran"
    assert told[(REJECTED,)] == 0 and told[HELD_OLDEST, "customers"] == 0


def test_housekeeping_tells_what_is_held_by_reason_and_age():
    world, signals = a_world()
    ids = (f"7e570000-0000-4000-8000-0000000000{n}" for n in range(10, 20))
    world.app.ports.held.put(
        [
            held("conflict", "name", id=next(ids), since=NOW - timedelta(hours=3)),
            held("conflict", "name", id=next(ids), since=NOW - timedelta(minutes=3)),
            held("conflict", "mail", id=next(ids), since=NOW - timedelta(minutes=5)),
            held("skipped", "by a person", id=next(ids), since=NOW - timedelta(days=40)),
        ]
    )

    measure(world.app.ports)

    told = {tuple(v for _, v in at): n for (name, at), n in signals.gauges().items() if name == HELD}
    assert told == {
        ("day", "customers", "conflict"): 1,
        ("hour", "customers", "conflict"): 2,
        ("older", "customers", "skipped"): 1,
    }


@pytest.mark.parametrize("days", [20.5, -1.0])
def test_housekeeping_tells_how_many_days_the_certificate_has_left(days):
    world, signals = a_world()
    object.__setattr__(world.app.ports, "certificate_ends", lambda: NOW + timedelta(days=days))

    measure(world.app.ports)

    assert signals.gauges()[CERTIFICATE_DAYS, ()] == days


def test_what_cannot_be_measured_now_keeps_nothing_else_from_being_told():
    world, signals = a_world()

    def no_answer(*_: object, **__: object) -> None:
        raise Transient("queue rejected: Jane did not answer")

    world.queue.peek = no_answer
    world.app.housekeeping()

    assert {"action": MEASURES_FAILED, "error": "Transient"} in signals.lines()
    assert (HELD_OLDEST, (("mapping", "customers"),)) in signals.gauges()


def test_a_run_tells_its_end_and_a_refused_wish_is_told_without_its_words():
    world, signals = a_world()
    world.full_sync("currencies")
    world.act("customers", "uncouple", side="bc", id=CUSTOMER)

    lines = {line["action"]: line for line in signals.lines()}
    assert lines[RUN_ENDED]["state"] == "finished" and lines[RUN_ENDED]["kind"] == "full-sync"
    assert lines[JOB_REFUSED]["wish"] == "uncouple" and CUSTOMER not in str(lines[JOB_REFUSED])
