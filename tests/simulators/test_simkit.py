"""The kit of the simulators: callers, faults, log, clock and control surface, in process and over TLS."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from werkzeug.wrappers import Request, Response

from sandbox.business_central import BusinessCentralSim
from sandbox.simkit import (
    INTEGRATION,
    PEOPLE,
    TENANT,
    Fault,
    Faults,
    Identity,
    LostReply,
    RequestLog,
    SimApp,
    SimClock,
    TokenIssuer,
    TokenVerifier,
    json_response,
)
from sandbox.simkit.run_dir import RunDir
from sandbox.simkit.server import serve_in_thread

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Shelf(SimApp):
    """The smallest simulator: GET lists what POST has put."""

    def __init__(self, **given: Any) -> None:
        super().__init__(name="shelf", identities=(INTEGRATION, PEOPLE), **given)
        self.settings = {"page_size": 2}
        self.rows: list[Any] = []
        self.heard: list[dict[str, Any]] = []

    def serve(self, request: Request, identity: Identity) -> Response:
        if request.path.endswith("/$batch"):
            self.note(operations=3, read={"things": 3}, message="$batch", kind="read")
            return json_response({})
        if request.method == "POST":
            with self.lock:
                self.rows.append(request.get_json())
            self.note(written={"things": 1}, message="Create")
            return json_response(self.rows[-1], 201)
        page = self.rows[: 1 if self.half_page else None]
        self.note(read={"things": len(page)})
        return json_response({"by": identity.name, "value": page})

    def reset(self) -> None:
        self.rows.clear()

    def load(self, table: str, rows: Sequence[Mapping[str, Any]]) -> int:
        self.rows.extend(rows)
        return len(rows)

    def settings_changed(self) -> None:
        self.heard.append(dict(self.settings))


def a_client(app: SimApp, *, caller: Identity = INTEGRATION) -> httpx.Client:
    return httpx.Client(
        transport=httpx.WSGITransport(app=app),
        base_url="https://shelf.test",
        headers={"Authorization": f"Bearer {caller.client_id}"},
    )


@pytest.fixture
def shelf() -> Shelf:
    clock = SimClock()
    clock.freeze(NOON)
    return Shelf(clock=clock, verifier=None)


@pytest.fixture
def http(shelf: Shelf) -> Iterator[httpx.Client]:
    with a_client(shelf) as client:
        yield client


# --- clock ---


def test_a_running_clock_goes_on_from_where_it_was_set():
    clock = SimClock()
    clock.set(NOON)

    assert timedelta() <= clock.now() - NOON < timedelta(seconds=5)


def test_a_frozen_clock_moves_only_when_told_and_then_runs_on():
    clock = SimClock(NOON, frozen=True)
    clock.freeze(NOON)
    assert clock.now() == clock.now() == NOON

    clock.advance(90)
    assert clock.now() == NOON + timedelta(seconds=90)

    clock.run()
    assert NOON + timedelta(seconds=90) <= clock.now() < NOON + timedelta(seconds=95)


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        SimClock().set(datetime(2026, 1, 15))


# --- callers ---


def test_without_verifier_the_client_id_is_the_token(shelf):
    with a_client(shelf, caller=PEOPLE) as http:
        assert http.get("/things").json()["by"] == "people"


@pytest.mark.parametrize("header", [None, "Bearer ", "Basic abc", "Bearer nobody"])
def test_a_caller_without_a_known_token_is_refused_and_logged(shelf, header):
    with httpx.Client(transport=httpx.WSGITransport(app=shelf), base_url="https://shelf.test") as http:
        answer = http.post("/things", json={}, headers={"Authorization": header} if header else {})

    assert (answer.status_code, shelf.rows) == (401, [])
    assert [(entry.status, entry.identity) for entry in shelf.log.entries()] == [(401, None)]


def test_a_verifier_wants_a_signed_token_for_this_service():
    clock = SimClock()
    issuer = TokenIssuer(tenant=TENANT, clock=clock)
    shelf = Shelf(clock=clock, verifier=TokenVerifier(issuer, "https://shelf.test", clock))
    with a_client(shelf) as http:
        signed = {"Authorization": f"Bearer {issuer.issue(PEOPLE, 'https://shelf.test')}"}

        assert http.get("/things").status_code == 401
        assert http.get("/things", headers=signed).json()["by"] == "people"


# --- faults ---


def test_a_fault_is_used_up_and_the_request_was_not_served(shelf, http):
    shelf.faults.add(Fault(status=429, headers={"Retry-After": "7"}, times=2, kind="write"))

    answers = [http.post("/things", json={"n": n}) for n in range(3)]

    assert [answer.status_code for answer in answers] == [429, 429, 201]
    assert answers[0].headers["Retry-After"] == "7"
    assert shelf.rows == [{"n": 2}]


def test_a_lost_reply_has_done_the_work(shelf, http):
    shelf.faults.add(Fault(lost_reply=True))

    with pytest.raises(httpx.ReadError):
        http.post("/things", json={"n": 1})

    assert shelf.rows == [{"n": 1}]
    (entry,) = shelf.log.entries()
    assert (entry.status, entry.rows_written) == (0, 1)


def test_a_lost_refusal_has_done_nothing(shelf, http):
    shelf.faults.add(Fault(lost_reply=True, status=503))

    with pytest.raises(LostReply):
        http.post("/things", json={"n": 1})

    assert shelf.rows == []


def test_latency_moves_a_frozen_clock_and_waits_on_a_running_one(shelf, http):
    waited: list[float] = []
    shelf.sleep = waited.append
    shelf.faults.add(Fault(latency_seconds=3, times=2))

    http.get("/things")
    assert (shelf.clock.now(), waited) == (NOON + timedelta(seconds=3), [])

    shelf.clock.run()
    http.get("/things")
    assert waited == [3]


def test_a_fault_can_halve_a_page_and_bring_its_own_body(shelf, http):
    http.post("/_sim/load", json={"table": "things", "rows": [1, 2]})
    http.post("/_sim/faults", json=[{"half_page": True}, {"status": 400, "body": {"error": {"code": "0x8"}}}])

    assert http.get("/things").json()["value"] == [1]
    assert http.get("/things").json() == {"error": {"code": "0x8"}}
    assert http.get("/things").json()["value"] == [1, 2]


@pytest.mark.parametrize(
    ("fault", "hits"),
    [
        pytest.param({}, "gpb", id="any"),
        pytest.param({"kind": "read"}, "g", id="reads"),
        pytest.param({"kind": "write"}, "pb", id="writes"),
        pytest.param({"kind": "batch"}, "b", id="batches"),
        pytest.param({"method": "post"}, "pb", id="by-method"),
        pytest.param({"path": r"^/accounts\?.*name"}, "g", id="by-path-and-query"),
    ],
)
def test_which_requests_a_fault_meets(fault, hits):
    requests = {
        "g": ("GET", "/accounts?$select=name", "read"),
        "p": ("POST", "/accounts", "write"),
        "b": ("POST", "/$batch", "write"),
    }

    faults = Faults()
    faults.add(Fault(status=500, times=None, **fault))

    assert "".join(name for name, request in requests.items() if faults.take(*request)) == hits


def _pattern(seed: int, times: int) -> list[bool]:
    faults = Faults(seed=seed)
    faults.add(Fault(status=429, rate=0.05, times=None))
    return [faults.take("GET", "/x", "read") is not None for _ in range(times)]


def test_a_rate_gives_the_same_failures_for_the_same_seed():
    assert _pattern(1, 4000) == _pattern(1, 4000) != _pattern(2, 4000)
    assert 140 <= sum(_pattern(1, 4000)) <= 260


def test_the_next_fault_has_its_turn_when_the_first_does_not_hit():
    faults = Faults()
    never, always = Fault(status=500, rate=0.0, times=None), Fault(status=503, times=None)
    faults.add(never)
    faults.add(always)

    assert faults.take("GET", "/x", "read") is always


@pytest.mark.parametrize(
    "wrong",
    [{"statuss": 429}, {"rate": 5}, {"times": 0}, {"kind": "delete"}, {"path": "("}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_fault_that_makes_no_sense_is_refused(shelf, http, wrong):
    assert http.post("/_sim/faults", json=wrong).status_code == 400
    assert shelf.faults.waiting() == []


# --- log ---


def test_the_log_says_what_each_request_cost(shelf, http):
    http.post("/things", json={})
    http.get("/things?$top=1")
    http.post("/$batch", json={})

    entries = shelf.log.entries()

    assert [
        (e.method, e.path, e.kind, e.operations, e.rows_read, e.rows_written, e.message) for e in entries
    ] == [
        ("POST", "/things", "write", 1, 0, 1, "Create"),
        ("GET", "/things?$top=1", "read", 1, 1, 0, None),
        ("POST", "/$batch", "read", 3, 3, 0, "$batch"),
    ]
    assert shelf.log.counts() == {
        "requests": 3,
        "reads": 2,
        "writes": 1,
        "operations": 5,
        "rows_read": 4,
        "rows_written": 1,
        "by_message": {"Create": 1, "$batch": 1},
        "by_status": {"200": 2, "201": 1},
    }


def test_counts_stay_exact_when_old_entries_are_let_go():
    log = RequestLog(keep=3)
    for _ in range(10):
        log.add(at=NOON, method="GET", path="/x", kind="read", status=200, read={"x": 2})

    assert [entry.seq for entry in log.entries()] == [8, 9, 10]
    assert [entry.seq for entry in log.entries(since=9)] == [10]
    assert log.entries(since=10) == []
    assert (log.counts()["requests"], log.counts()["rows_read"]) == (10, 20)


def test_numbers_go_on_after_the_log_was_cleared(shelf, http):
    http.get("/things")
    http.delete("/_sim/log")
    http.get("/things")

    (entry,) = http.get("/_sim/log", params={"since": 1}).json()["entries"]
    assert (entry["seq"], entry["at"]) == (2, "2026-01-15T12:00:00Z")
    assert http.get("/_sim/counts").json()["requests"] == 1


# --- control surface ---


def test_reset_begins_anew(shelf, http):
    http.post("/things", json={})
    http.post("/_sim/faults", json={"status": 500, "times": None})

    http.post("/_sim/reset")

    assert http.get("/things").json()["value"] == []
    assert shelf.log.counts()["requests"] == 1


def test_the_clock_is_read_and_moved_from_outside(shelf, http):
    assert http.get("/_sim/clock").json() == {"now": "2026-01-15T12:00:00Z", "frozen": True}
    http.post("/_sim/clock", json={"advance": 60})
    assert (
        http.post("/_sim/clock", json={"set": "2026-02-01T00:00:00Z"}).json()["now"] == "2026-02-01T00:00:00Z"
    )
    assert http.post("/_sim/clock", json={"stop": 1}).status_code == 400


def test_settings_are_changed_by_name_and_unknown_ones_refused(shelf, http):
    assert http.post("/_sim/settings", json={"page_size": 50}).json() == {"page_size": 50}
    assert shelf.heard == [{"page_size": 50}]
    assert http.post("/_sim/settings", json={"pagesize": 1}).status_code == 400
    assert http.get("/_sim/settings").json() == {"page_size": 50}


def test_an_unknown_control_route_is_not_found(http):
    assert http.post("/_sim/nothing").status_code == 404


def test_people_work_through_the_controls_of_a_simulator_that_has_people():
    bc = BusinessCentralSim(clock=SimClock(), issuer=None, identities=(INTEGRATION, PEOPLE), company_name="X")
    with a_client(bc) as http:
        made = http.post("/_sim/add", json={"set": "customers", "values": {"name": "Adatum"}}).json()["id"]
        http.post(
            "/_sim/edit",
            json={"set": "customers", "id": made, "values": {"city": "Bath"}, "as": "integration"},
        )
        row = http.get("/_sim/rows", params={"set": "customers", "id": made}).json()
        assert (row["name"], row["city"]) == ("Adatum", "Bath")
        assert (row["createdBy"], row["lastModifiedBy"]) == (PEOPLE.user_id, INTEGRATION.user_id)

        http.post("/_sim/delete", json={"set": "customers", "id": made})
        assert http.get("/_sim/rows", params={"set": "customers"}).json() == []
        refused = http.post("/_sim/add", json={"set": "customers", "values": {"colour": "red"}})
        assert refused.status_code == 400 and "colour" in refused.json()["error"]


def test_a_simulator_without_people_says_so(http):
    assert http.post("/_sim/add", json={"set": "things", "values": {}}).status_code == 404
    assert http.get("/_sim/rows", params={"set": "things"}).status_code == 404


def test_another_machine_may_not_touch_the_controls(shelf):
    transport = httpx.WSGITransport(app=shelf, remote_addr="192.0.2.1")
    with httpx.Client(transport=transport, base_url="https://shelf.test") as http:
        assert http.post("/_sim/reset").status_code == 403


def test_the_kit_costs_far_less_than_a_millisecond(shelf):
    """Best of several rounds, so that a busy machine does not fail it."""
    environ = httpx.Request("GET", "https://shelf.test/things")
    transport = httpx.WSGITransport(app=shelf)
    environ.headers["Authorization"] = f"Bearer {INTEGRATION.client_id}"
    rounds = []
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(50):
            transport.handle_request(environ).close()
        rounds.append((time.perf_counter() - started) / 50)

    assert min(rounds) < 0.001


# --- TLS ---


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    return RunDir(tmp_path_factory.mktemp("run")).prepare()


@pytest.fixture
def served(shelf: Shelf, run_dir: RunDir) -> Iterator[httpx.Client]:
    with serve_in_thread(shelf, run_dir) as server:
        headers = {"Authorization": f"Bearer {INTEGRATION.client_id}"}
        with httpx.Client(base_url=server.origin, verify=run_dir.ssl_context(), headers=headers) as http:
            yield http


def test_one_connection_serves_many_requests(shelf, served):
    sockets = set()
    for n in range(5):
        answer = served.post("/things", json={"n": n})
        sockets.add(answer.extensions["network_stream"].get_extra_info("client_addr"))

    assert (len(shelf.rows), len(sockets)) == (5, 1)


def test_a_lost_reply_closes_the_connection_without_an_answer(shelf, served):
    shelf.faults.add(Fault(lost_reply=True))

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        served.post("/things", json={"n": 1})

    assert shelf.rows == [{"n": 1}]
    assert served.get("/things").status_code == 200


def test_an_unread_body_does_not_become_the_next_request(served):
    refused = {"Authorization": "Bearer nobody"}

    assert served.post("/things", json={"n": "x" * 100_000}, headers=refused).status_code == 401
    assert served.get("/things").json()["value"] == []


def test_many_threads_are_counted_exactly(shelf, served):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: served.post("/things", json={"n": n}).raise_for_status(), range(64)))

    assert sorted(row["n"] for row in shelf.rows) == list(range(64))
    assert shelf.log.counts()["rows_written"] == 64


def test_a_client_that_does_not_trust_the_run_is_turned_away(served):
    with httpx.Client(verify=ssl.create_default_context()) as stranger:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            stranger.get(served.base_url)


def test_the_port_is_closed_afterwards(shelf, run_dir):
    with serve_in_thread(shelf, run_dir) as server:
        port = server.port

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_run_dir_prepared_by_many_at_once_has_one_of_everything(tmp_path):
    barrier = threading.Barrier(6)

    def prepare(_: int) -> tuple[bytes, str, tuple[Identity, ...]]:
        barrier.wait(timeout=10)
        made = RunDir(tmp_path / "shared").prepare()
        return made.ca.read_bytes(), made.issuer().key_id, tuple(made.identities())

    with ThreadPoolExecutor(6) as pool:
        seen = list(pool.map(prepare, range(6)))

    assert len(set(seen)) == 1
    assert {one.name for one in seen[0][2]} == {"integration", "integration-2", "people"}
