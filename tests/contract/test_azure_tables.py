"""What only the store on the service can do: fail on the way, and make its tables."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from sandbox.in_memory.signals import InMemorySignals
from shared.adapters.tables import AzureTables
from shared.core.errors import Misconfigured, Transient
from shared.ports import Op, Row
from shared.signal_names import REQUEST, REQUESTS

ROW = Row(partition="p", key="k", properties={"n": 1})


@contextmanager
def opened(connection_string: str) -> Iterator[AzureTables]:
    store = AzureTables(connection_string=connection_string)
    try:
        yield store
    finally:
        store.close()


def connection(port: int, key: str = "a2V5") -> str:
    return f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey={key};TableEndpoint=http://127.0.0.1:{port}/a;"


@contextmanager
def service_that_answers(status: int, headers: dict[str, str]) -> Iterator[int]:
    """A service that makes any table and refuses everything else; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(status)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.answer(409 if self.path.split("?")[0].endswith("/Tables") else status)

        do_PUT = do_POST

        def answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            there = {"x-ms-error-code": "TableAlreadyExists"}
            for name, value in (there if status == 409 else headers).items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *said: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("status", [503, 429])
def test_a_service_that_cannot_answer_now_is_transient_after_a_few_tries_all_counted(status: int) -> None:
    with service_that_answers(status, {"Retry-After": "0"}) as port, opened(connection(port)) as store:
        with pytest.raises(Transient, match=f"answered {status}"):
            store.get("Things", "p", "k")
        # The table, the read, three retries.
        assert store.requests() == 5
        with pytest.raises(Transient, match="writing 2 rows of Things"):
            store.transact(
                "Things",
                [
                    Op(action="create", row=ROW),
                    Op(action="create", row=Row(partition="p", key="l", properties={})),
                ],
            )


@pytest.mark.parametrize("status", [401, 403])
def test_a_service_that_does_not_know_us_is_misconfigured(status: int) -> None:
    with service_that_answers(status, {}) as port, opened(connection(port)) as store:
        for act in (
            lambda: store.get("Things", "p", "k"),
            lambda: list(store.query("Things", "p")),
            lambda: store.transact("Things", [Op(action="upsert", row=ROW)]),
        ):
            with pytest.raises(Misconfigured):
                act()


def test_a_service_that_is_not_there_is_transient() -> None:
    with service_that_answers(500, {}) as port:
        free = port  # When it is closed, nobody listens there.
    with opened(connection(free)) as store, pytest.raises(Transient, match="no answer"):
        store.get("Things", "p", "k")


# The SDK's own, in reading the error.
@pytest.mark.filterwarnings("ignore:Testing an element's truth value:DeprecationWarning")
def test_the_wrong_key_is_misconfigured(azurite: str) -> None:
    wrong = ";".join(
        "AccountKey=d3Jvbmc=" if part.startswith("AccountKey=") else part for part in azurite.split(";")
    )
    with opened(wrong) as store, pytest.raises(Misconfigured):
        store.get("Things", "p", "k")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"endpoint": "https://127.0.0.1:1"},
        {"connection_string": "nonsense"},
        {"connection_string": "AccountName=a"},
    ],
)
def test_what_cannot_be_a_connection_is_misconfigured_at_once(arguments: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured):
        AzureTables(**arguments)


class NoCredential:
    """A credential that gets no token."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        raise ClientAuthenticationError("no token")


def test_an_identity_that_gets_no_token_is_misconfigured() -> None:
    store = AzureTables(endpoint="https://127.0.0.1:1", credential=NoCredential())
    try:
        with pytest.raises(Misconfigured, match="identity"):
            store.get("Things", "p", "k")
    finally:
        store.close()


def test_a_name_that_no_table_can_have_is_misconfigured(azurite: str) -> None:
    with opened(azurite) as store, pytest.raises(Misconfigured):
        store.get("no-table", "p", "k")


def test_a_table_is_made_once_however_many_want_it_first(azurite: str) -> None:
    table = f"T{uuid.uuid4().hex}"
    with opened(azurite) as one, opened(azurite) as other, ThreadPoolExecutor(8) as pool:
        stores = [one, other] * 8
        rows = [Row(partition="p", key=str(n), properties={}) for n in range(16)]
        list(pool.map(lambda n: stores[n].transact(table, [Op(action="create", row=rows[n])]), range(16)))
        assert sum(1 for _ in one.query(table, "p")) == 16
        before = one.requests()
        one.get(table, "p", "0")
        assert one.requests() == before + 1


def test_each_operation_is_a_span_and_each_request_is_counted_without_a_key_of_a_row(azurite):
    signals = InMemorySignals()
    store = AzureTables(connection_string=azurite, signals=signals)
    table, jane = f"T{uuid.uuid4().hex}", f"Jane {uuid.uuid4()}"
    store.transact(
        table, [Op(action="create", row=Row(partition=jane, key=str(n), properties={})) for n in (1, 2)]
    )
    store.get(table, jane, "1")
    store.get_many(table, jane, ["1", "2"])
    assert len(list(store.query(table, jane))) == 2
    store.close()

    told = [(s.name, s.attributes["method"], s.attributes["count"]) for s in signals.spans()]
    assert told == [(REQUEST, "transact", 2), (REQUEST, "get", 1), (REQUEST, "get", 2), (REQUEST, "query", 1)]
    assert {s.attributes["table"] for s in signals.spans()} == {table}
    assert sum(n for (name, _), n in signals.counts().items() if name == REQUESTS) == store.requests() == 6
    assert "Jane" not in repr([s.attributes for s in signals.spans()])
