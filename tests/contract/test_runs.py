"""What `Runs` promises, on both table stores."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.ports import Outdated, RunRow, TableStore
from shared.state.runs import TableRuns
from tests.contract.state_helpers import TestClock, spent


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def runs(store: TableStore, company: str, clock: TestClock) -> TableRuns:
    return TableRuns(store, company, clock)


def rows(run: str = "run-1", lines: int = 2) -> list[RunRow]:
    head = RunRow(run=run, name="", data={"state": "running", "mode": "full"})
    return [head, *(RunRow(run=run, name=f"mapping-{n:02}", data={"state": "waiting"}) for n in range(lines))]


def bare(found: list[RunRow]) -> list[RunRow]:
    assert all(row.etag for row in found)
    return [replace(row, etag=None) for row in found]


def test_a_run_is_got_with_its_lines_as_it_was_created(runs: TableRuns) -> None:
    assert runs.get("run-1") == []
    runs.create(rows())
    runs.create(rows("run-11"))
    assert bare(runs.get("run-1")) == rows()


def test_a_run_is_created_in_one_transaction(runs: TableRuns, store: TableStore) -> None:
    runs.get("warm up")
    assert spent(store, lambda: runs.create(rows(lines=40))) == 1
    assert len(runs.get("run-1")) == 41


def test_creating_a_run_again_changes_nothing(runs: TableRuns, clock: TestClock) -> None:
    runs.create(rows())
    head = runs.save(replace(runs.get("run-1")[0], data={"state": "finished"}))
    clock.advance(minutes=1)
    runs.create(rows())
    assert runs.get("run-1")[0] == head
    assert runs.list() == [head]


def test_a_row_is_replaced_as_it_was_read(runs: TableRuns) -> None:
    runs.create(rows())
    line = runs.get("run-1")[1]
    data = {"state": "finished", "tally": {"created": 3}, "list": [1, None, "x"], "long": "é" * 100_000}
    saved = runs.save(replace(line, data=data))
    assert saved.etag != line.etag
    assert runs.get("run-1")[1] == saved == replace(line, data=data, etag=saved.etag)


def test_a_row_is_not_saved_over_a_newer_one(runs: TableRuns) -> None:
    runs.create(rows())
    line = runs.get("run-1")[1]
    newer = runs.save(replace(line, data={"state": "running"}))
    for etag in (line.etag, None):
        with pytest.raises(Outdated):
            runs.save(replace(line, data={"state": "lost"}, etag=etag))
    assert runs.get("run-1")[1] == newer


def test_a_row_of_a_run_that_is_not_there_is_not_saved_over_nothing(runs: TableRuns) -> None:
    runs.create(rows())
    line = runs.get("run-1")[1]
    with pytest.raises(Outdated):
        runs.save(replace(line, run="run-2"))


def test_runs_are_listed_newest_first_without_their_lines(runs: TableRuns, clock: TestClock) -> None:
    assert runs.list() == []
    for run in ("run-b", "run-c", "run-a"):
        runs.create(rows(run))
        clock.advance(seconds=1)
    assert [(row.run, row.name) for row in runs.list()] == [("run-a", ""), ("run-c", ""), ("run-b", "")]
    assert [row.run for row in runs.list(limit=2)] == ["run-a", "run-c"]


def test_companies_do_not_see_each_other(store: TableStore, company: str, clock: TestClock) -> None:
    TableRuns(store, company, clock).create(rows())
    other = TableRuns(store, f"{company}-other", clock)
    assert other.list() == other.get("run-1") == []


def test_runs_beyond_the_newest_are_listed_and_forgotten_with_their_lines(
    runs: TableRuns, clock: TestClock
) -> None:
    for n in range(5):
        runs.create(rows(f"run-{n}"))
        clock.advance(minutes=1)

    assert [r.run for r in runs.beyond(2)] == ["run-2", "run-1", "run-0"]
    assert [r.run for r in runs.beyond(2, limit=1)] == ["run-2"]
    for _ in range(2):
        runs.forget("run-1")

    assert runs.get("run-1") == [] and len(runs.get("run-2")) == 3
    assert [r.run for r in runs.list()] == ["run-4", "run-3", "run-2", "run-0"]
