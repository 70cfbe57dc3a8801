"""Budgets are counted from request logs, and a missed one is seen (design §10)."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.bench import full_sync, table_log
from sandbox.bench.report import Budget, missed
from sandbox.bench.table_log import TableRequests
from sandbox.trouble import Kills

ONE = "/x/accounts(aaaaaaaa-0000-4000-8000-000000000001)"
LOG = """Azurite Table service is starting on 127.0.0.1:1
127.0.0.1 - - [27/Nov/2026:04:33:51 +0000] "POST /devstoreaccount1/Tables HTTP/1.1" 201 -
127.0.0.1 - - [27/Nov/2026:04:33:51 +0000] "POST /devstoreaccount1/$batch HTTP/1.1" 202 -
127.0.0.1 - - [27/Nov/2026:04:33:51 +0000] "PUT /devstoreaccount1/Runs(PartitionKey='r',RowKey='c') HTTP/1.1" 204 -
127.0.0.1 - - [27/Nov/2026:04:33:51 +0000] "GET /devstoreaccount1/Couplings(PartitionKey='c',RowKey='b') HTTP/1.1" 404 -
127.0.0.1 - - [27/Nov/2026:04:33:51 +0000] "GET /devstoreaccount1/Couplings()?$filter=x HTTP/1.1" 200 -
"""


def entry(kind: str, path: str, *, written: int = 0, read: int = 0, identity: str = "integration") -> Any:
    method = "GET" if kind == "read" else "POST"
    table = path.split("/")[2].partition("(")[0] if path.count("/") > 1 else ""
    counts = {"rows_written": written, "rows_read": read}
    counts |= {"written": {table: written} if written else {}, "read": {table: read} if read else {}}
    return {"kind": kind, "path": path, "method": method, "identity": identity, **counts}


def a_run(created: int, *, read: int | None = None) -> dict[str, Any]:
    tally = {"read": created if read is None else read, "created": created}
    line = {"mapping": "customers", "to_sales": tally, "from_sales": {"read": created}, "wake_ups": {}}
    return {"lines": [line]}


def over(run: dict[str, Any], *, bc: Any = (), sales: Any = (), tables: TableRequests | None = None) -> str:
    rows = full_sync.budgets(run, bc=bc, sales=sales, tables=tables or TableRequests())
    return "; ".join(b.what for b in missed(rows))


def test_the_log_of_tables_tells_transactions_from_single_rows(tmp_path):
    file = tmp_path / "azurite.log"
    file.write_text(LOG)

    found = table_log.requests(file)

    assert (found.transactions, dict(found.single_writes)) == (1, {"Runs": 1})
    assert (dict(found.point_reads), dict(found.queries)) == ({"Couplings": 1}, {"Couplings": 1})
    assert table_log.requests(file, since=table_log.position(file)).writes == 0


def test_a_full_synchronization_within_its_budgets_misses_none():
    bulk = [entry("write", "/x/accounts/CreateMultiple", written=100)] * 20
    pages = [entry("read", "/x/customers", read=1000)] * 2

    assert over(a_run(2000), bc=pages, sales=bulk, tables=TableRequests(transactions=40)) == ""


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        ({"sales": [entry("write", "/x/accounts", written=1)] * 40}, "Dataverse write requests"),
        ({"sales": [entry("write", "/x/accounts", written=4000)]}, "rows written in Sales: accounts"),
        ({"sales": [entry("read", ONE)]}, "requests for a single record"),
        ({"bc": [entry("write", "/x/$batch")]}, "BC write requests"),
        ({"bc": [entry("read", "/x/customers", read=1000)] * 9}, "BC reads of customers"),
        ({"bc": [entry("read", "/x/customers", read=500)] * 4}, "records in a full page"),
        ({"tables": TableRequests(transactions=90)}, "Table transactions"),
    ],
)
def test_what_is_spent_too_much_is_named(spent, said):
    assert said in over(a_run(2000), **spent)


def test_what_other_people_ask_meanwhile_does_not_count():
    assert over(a_run(2000), sales=[entry("write", ONE, written=9, identity="people")] * 99) == ""


def test_a_second_run_that_writes_is_named():
    rows = full_sync.nothing_written([entry("read", "/x")], [entry("write", "/x", written=1)])

    assert [b.what.rsplit(": ")[1] for b in missed(rows)] == ["Sales write requests", "Sales rows written"]


def test_a_budget_to_be_reached_is_missed_from_below():
    assert Budget(what="x", allowed=1000, actual=999, at_least=True).ok is False


def test_kills_come_at_spread_moments_and_each_once_P47():
    killed: list[int] = []
    kills = Kills(lambda: killed.append(1), times=3, records=400)
    said = []
    for read in (0, 99, 100, 150, 390, 391):
        line = {"mapping": "customers", "state": "running", "to_sales": {"read": read}}
        said.append(kills.look({"lines": [line]}) is not None)

    assert said == [False, False, True, False, True, True]
    assert (len(killed), kills.left) == (3, 0)
