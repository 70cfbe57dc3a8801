"""What Tandem tells of its work: connected traces, every metric, and not a word of a record or a secret (issue 5)."""

from __future__ import annotations

import logging
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from azure.functions.servicebus import ServiceBusMessage
from azure.functions.timer import TimerRequest

from functions.calls import CallFailed
from sandbox.in_memory.queue import ReceivedMessage
from sandbox.in_memory.signals import Captured, SpanTold
from sandbox.simkit.faults import Fault
from shared.adapters.auth import MsalAuth
from shared.adapters.credentials import Secret
from shared.engine.messages import FULL_SYNC, queue_of
from shared.engine.parts import Limits
from shared.engine.tandem import Tandem
from shared.signal_names import (
    ACTIONS,
    CALL_FAILED,
    CONTROL,
    GAUGES,
    JOB,
    MEASURES_FAILED,
    METRICS,
    PAGE,
    RECORDS,
    REQUEST,
    SEND,
    TELEMETRY_FAILED,
    TELEMETRY_STARTED,
    THROTTLED,
    TICK,
    TIME_TO_SYNC,
    UNTOLD,
)
from shared.telemetry import start
from tests.functions.callers import BY_NAME
from tests.scenarios.services import WiredWorld

#: In every field of a record that holds a person's or a company's data, and in every secret.
CANARY = "Zebulon"
SECRET = "Qxv-Zebulon-s3cret"


class Triggered(WiredWorld):
    """A `WiredWorld` that is reached as the host reaches the app: through the functions' own triggers."""

    def _call(self) -> Any:
        trace = SimpleNamespace(trace_parent="")
        return SimpleNamespace(invocation_id=f"{len(self.ends):032x}", trace_context=trace)

    def _function(self, name: str, value: Any) -> None:
        """Call a function and keep the text that the host would log when it fails."""
        try:
            BY_NAME[name].get_user_function()(value, self._call())
            self.ends.append("")
        except CallFailed as failed:
            self.ends.append("".join(traceback.format_exception(failed)))

    def tick(self, mapping: str) -> None:
        self._function(f"poll_{mapping}", TimerRequest(schedule_status={}))
        self.run()

    def deliver(self, worker: Tandem, message: ReceivedMessage) -> None:
        self._function(
            message.queue.replace("-", "_"),
            ServiceBusMessage(
                body=message.body,
                message_id=message.message_id,
                correlation_id=message.correlation_id or None,
                delivery_count=message.delivery_count,
                user_properties=dict(message.properties),
                application_properties=dict(message.properties),
            ),
        )

    def housekeeping(self) -> None:
        self._function("housekeeping", TimerRequest(schedule_status={}))
        self.run()


class Demo:
    """A demo company full of canaries, and everything that can happen to it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.told = Captured()
        self.world = Triggered(customers=12, limits=Limits(brake_floor=5), signals=self.told.signals)
        self.world.ends = []
        self.told.forget()  # what was asked while the parts were put together
        for module in ("timers", "messages"):
            patch.setattr(f"functions.{module}.app", lambda: self.world.app)
        patch.setattr("functions.calls.signals", lambda: self.told.signals)
        self.gauges: dict[Any, float] = {}
        self.reasons: list[str] = []
        self.live()

    def live(self) -> None:
        world, bc, sales = self.world, self.world.bc_sim, self.world.sales_sim
        customers = sorted(row["id"] for row in bc.all("customers"))
        for id in customers:
            bc.edit(
                "customers",
                id,
                name=f"{CANARY} Ltd",
                email=f"{CANARY}@example.com",
                phoneNumber="0555-ZEBULON",
            )
        world.send(FULL_SYNC, b"{}", message_id=f"run for {CANARY}")
        world.run()
        self.pairs = world.coupled("customers")
        one, two, three, *_ = sorted(self.pairs)
        # Edits on both sides, seven seconds before they are seen; fields of one record; a conflict.
        bc.edit("customers", one, address=f"{CANARY} Street")
        sales.edit("accounts", self.pairs[two], telephone1="0555-ZEBULON-2")
        bc.edit("customers", three, contactName=f"{CANARY} Smith")
        sales.edit("accounts", self.pairs[three], address1_primarycontactname=f"{CANARY} Jones")
        self.tick("customers", after=7)
        # A value that the other side has no room for is held; a waiting contact; a parked record.
        sales.edit("accounts", self.pairs[two], name=f"{CANARY} " + "x" * 140)
        world.act("customers", "skip", side="bc", id=one)
        self.tick("customers")
        # Messages that nobody can understand, and one that names what it should not.
        world.send(queue_of("customers"), f'{{"kind": "{CANARY}"}}'.encode())
        world.send(queue_of("customers"), b'{"cause": "Zebulon asked", "run": "Zebulon", "kind": "line"}')
        world.send("full-sync", b"\xff Zebulon")
        world.run()
        # Sales refuses a page and quotes a value; it is busy, it is gone.
        quoting = {"error": {"code": "0x80040203", "message": f"'{CANARY}' is not a valid name"}}
        for fault in (
            Fault(status=429, headers={"Retry-After": "1"}, times=2),
            Fault(status=400, body=quoting, times=1),
            Fault(status=503, headers={"Retry-After": "30"}, times=1),
        ):
            bc.edit("customers", two, phoneNumber=f"{fault.status}-ZEBULON")
            sales.faults.add(fault)
            self.tick("customers")
        sales.faults.clear()
        # Half of the table would change: the brake.
        for id in customers:
            bc.edit("customers", id, address=f"{CANARY} Road")
        self.tick("customers")
        world.housekeeping()
        self.gauges |= self.told.gauges()
        self.a_token_is_refused()
        self.a_bug()
        entries = world.app.ports.jobs.list("customers", limit=1000)[0]
        self.reasons = [e.message for e in entries if e.message]
        self.reasons += [f"{row['reason']} {row['fields']}" for row in world.held()]

    def tick(self, mapping: str, *, after: int = 1) -> None:
        self.world.clock.advance(timedelta(seconds=after))
        self.world.time.set(self.world.clock.now())
        self.world.tick(mapping)

    def a_token_is_refused(self) -> None:
        def login(request: httpx.Request) -> httpx.Response:
            if request.method == "GET":
                root = "https://login.test/tenant"
                return httpx.Response(
                    200, json={n: root for n in ("issuer", "authorization_endpoint", "token_endpoint")}
                )
            said = f"AADSTS7000215: Invalid client secret {SECRET} of {CANARY}."
            return httpx.Response(401, json={"error": "invalid_client", "error_description": said})

        channel = self.world.bc._line.channel
        before = channel._http.auth
        channel._http.auth = MsalAuth(
            login_url="https://login.test",
            tenant_id="tenant",
            client_id="client",
            credential=Secret(SECRET),
            scope="x/.default",
            http=httpx.Client(transport=httpx.MockTransport(login)),
        )
        self.tick("customers")
        channel._http.auth = before

    def a_bug(self) -> None:
        before = self.world.bc.changes

        def broken(*_: Any, **__: Any) -> Any:
            raise ValueError(f"cannot read '{CANARY}' with {SECRET}")

        self.world.bc.changes = broken
        self.tick("customers")
        self.world.bc.changes = before


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    lines: list[str] = []

    class Everything(logging.Handler):
        """What any library logs, at any level that gets through, as the host would see it."""

        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record) + repr(vars(record)))

    handler, root = Everything(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    start({})
    with pytest.MonkeyPatch.context() as patch:
        made = Demo(patch)
        made.lines = lines
        yield made
    root.removeHandler(handler)
    root.setLevel(level)
    made.told.close()


def below(spans: list[SpanTold]) -> dict[str | None, list[SpanTold]]:
    found: dict[str | None, list[SpanTold]] = defaultdict(list)
    for span in spans:
        found[span.parent].append(span)
    return found


def test_every_span_hangs_below_the_tick_or_the_message_that_caused_it_H29(demo):
    spans = {span.id: span for span in demo.told.spans()}

    loose = [s for s in spans.values() if s.parent is not None and s.parent not in spans]
    roots = Counter(s.name for s in spans.values() if s.parent is None)
    assert loose == []
    assert set(roots) == {TICK, SEND}, "a timer's tick, or a message that a person sent"
    for span in spans.values():
        if span.parent:
            assert spans[span.parent].trace == span.trace
    assert {s.name for s in spans.values()} == {TICK, CONTROL, JOB, PAGE, REQUEST, SEND}


def test_one_trace_goes_from_a_tick_to_the_counterpart_that_was_written_H29(demo):
    spans = demo.told.spans()
    by_id, children = {s.id: s for s in spans}, below(spans)
    written = [s for s in spans if s.attributes.get("effect") in ("harmless", "once")]
    paths = set()
    for span in written:
        path = [f"{span.name} {span.attributes['system']}"]
        while span.parent is not None:
            span = by_id[span.parent]
            path.append(span.name)
        paths.add(tuple(reversed(path)))

    assert {(TICK, SEND, JOB, PAGE, f"{REQUEST} {side}") for side in ("bc", "sales")} <= paths
    job = next(s for s in spans if s.name == JOB and s.attributes.get("tally_updated"))
    assert job.attributes["mapping"] == "customers" and job.attributes["kind"] == "poll"
    assert job.attributes["state"] == "finished" and job.attributes["cause"] == "timer"
    assert job.attributes["requests_sales"] >= 1 and job.attributes["tally_read"] >= 1
    assert [s.name for s in children[job.id]].count(PAGE) >= 1


def test_every_metric_is_there(demo):
    counted = {name for name, _ in demo.told.counts()}
    measured = {name for name, _ in demo.gauges}

    assert counted | measured | {"tandem.certificate.days"} == METRICS
    assert set(GAUGES) - {"tandem.certificate.days"} == measured


def test_records_are_counted_by_what_became_of_them_and_the_time_it_took(demo):
    counts = demo.told.counts()

    def sum_of(name: str, **wanted: Any) -> int:
        return sum(
            n for (at, told), n in counts.items() if at == name and wanted.items() <= dict(told).items()
        )

    assert sum_of(RECORDS, mapping="customers", side="bc", outcome="created") == len(demo.pairs)
    assert sum_of(RECORDS, mapping="customers", outcome="conflict") >= 1
    assert sum_of(RECORDS, mapping="customers", outcome="held") >= 1
    assert sum_of(TIME_TO_SYNC, mapping="customers", side="bc", within=7) == 1
    assert sum_of(TIME_TO_SYNC, mapping="customers", side="sales", within=7) == 1
    assert sum_of(THROTTLED, system="sales", status=429) == 2
    assert sum_of(THROTTLED, system="sales", status=503) >= 1


def test_each_kind_of_log_line_is_written_with_its_action(demo):
    actions = Counter(line["action"] for line in demo.told.lines())
    #: Of the worker's own start, or of tables that do not answer: `test_telemetry` in tests/unit.
    elsewhere = {TELEMETRY_STARTED, TELEMETRY_FAILED, MEASURES_FAILED, "job.refused", "run.ended"}

    assert set(ACTIONS) - set(actions) <= elsewhere
    states = Counter(f"job.{s.attributes.get('state')}" for s in demo.told.spans() if s.name == JOB)
    assert {a: n for a, n in actions.items() if a.startswith("job.")} == {
        a: n for a, n in states.items() if a in ACTIONS
    }, "a line for each job"
    failed = next(line for line in demo.told.lines() if line["action"] == CALL_FAILED)
    assert failed["error"] == "ValueError" and "shared/engine/jobs.py" in failed["at"]


def test_no_canary_is_in_anything_that_is_told(demo):
    told = {
        "exported": demo.told.everything(),
        "logged by whatever library": "\n".join(demo.lines),
        "what leaves a function": "\n".join(demo.world.ends),
    }

    for where, text in told.items():
        assert len(text) > 100, where
        for line in text.splitlines():
            assert CANARY.lower() not in line.lower(), f"{where}: {line[:400]}"
            assert "s3cret" not in line and "@example.com" not in line, f"{where}: {line[:400]}"


def test_the_canaries_were_there_to_be_told(demo):
    accounts = demo.world.sales_sim.all("accounts")

    assert any(CANARY in row["name"] for row in accounts)
    assert any(CANARY in reason for reason in demo.reasons), (
        "a conflict shows both values, to the administrator"
    )
    assert any(CANARY in m.body.decode() for m in demo.world.queue.peek("rejected"))
    assert any("ValueError at functions/messages.py" in end for end in demo.world.ends)


def test_next_to_nothing_is_withheld_because_it_does_not_fit(demo):
    assert UNTOLD not in demo.told.everything()
