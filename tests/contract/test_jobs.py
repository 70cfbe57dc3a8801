"""What `JobLog` promises, on both table stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.ports import JobEntry, TableStore
from shared.state.jobs import TableJobLog
from tests.contract.state_helpers import NOW, spent


@pytest.fixture
def jobs(store: TableStore, company: str) -> TableJobLog:
    return TableJobLog(store, company)


def job(n: int, **changes: Any) -> JobEntry:
    started = NOW + timedelta(seconds=n)
    base = JobEntry(
        id=f"job-{n}",
        mapping="customers",
        side="bc",
        started=started,
        finished=started + timedelta(milliseconds=1500),
        tally={"read": n, "created": 0},
    )
    return replace(base, **changes)


FULL = job(
    1,
    requests={"bc": 3, "sales": 2**40},
    run="run-1",
    cause="timer",
    state="failed",
    message="a long story " * 10_000,
    details={"pages": [1, 2], "nested": {"x": None, "y": True}},
)


def test_a_job_is_listed_as_it_was_added(jobs: TableJobLog) -> None:
    assert jobs.list() == ([], None)
    jobs.add(FULL)
    assert jobs.list("customers") == jobs.list() == ([FULL], None)
    assert jobs.list("contacts") == ([], None)


def test_a_job_added_again_replaces_itself(jobs: TableJobLog) -> None:
    jobs.add(replace(FULL, state="running"))
    jobs.add(FULL)
    assert jobs.list() == ([FULL], None)


def test_jobs_come_newest_first_of_one_mapping_or_of_all(jobs: TableJobLog) -> None:
    for n, mapping in (
        (2, "customers"),
        (1, "contacts"),
        (4, "contacts"),
        (3, "salespeople"),
        (5, "customers"),
    ):
        jobs.add(job(n, mapping=mapping))
    assert [entry.id for entry in jobs.list()[0]] == ["job-5", "job-4", "job-3", "job-2", "job-1"]
    assert [entry.id for entry in jobs.list("customers")[0]] == ["job-5", "job-2"]


def test_jobs_of_one_moment_are_all_kept(jobs: TableJobLog) -> None:
    same = [
        job(1, id=f"job-{n}", mapping=mapping)
        for n, mapping in enumerate(("customers", "customers", "contacts"))
    ]
    for entry in same:
        jobs.add(entry)
    assert sorted(entry.id for entry in jobs.list()[0]) == ["job-0", "job-1", "job-2"]


def test_a_list_goes_on_where_it_stopped(jobs: TableJobLog) -> None:
    for n in range(7):
        jobs.add(job(n, mapping=("customers", "contacts")[n % 2]))
    for mapping, wanted in ((None, [6, 5, 4, 3, 2, 1, 0]), ("customers", [6, 4, 2, 0])):
        seen: list[str] = []
        after = None
        while True:
            page, after = jobs.list(mapping, limit=2, after=after)
            assert 0 < len(page) <= 2
            seen += [entry.id for entry in page]
            if after is None:
                break
        assert seen == [f"job-{n}" for n in wanted]


def test_companies_do_not_see_each_other(store: TableStore, company: str) -> None:
    TableJobLog(store, company).add(job(1))
    assert TableJobLog(store, f"{company}-other").list() == ([], None)


def test_a_job_costs_one_request_to_add_and_a_page_one_to_list(jobs: TableJobLog, store: TableStore) -> None:
    jobs.add(job(1))
    assert spent(store, lambda: jobs.add(job(2))) == 1
    assert spent(store, lambda: jobs.list("customers")) == 1


def test_jobs_before_a_moment_are_forgotten_of_every_mapping(jobs: TableJobLog) -> None:
    kept = [job(100), job(100, mapping="contacts")]
    for entry in [job(n) for n in range(3)] + [job(1, mapping="contacts"), *kept]:
        jobs.add(entry)

    assert not jobs.forget(kept[0].started, limit=2)
    assert jobs.forget(kept[0].started, limit=5)
    assert jobs.forget(kept[0].started)

    assert {(e.id, e.mapping) for e in jobs.list()[0]} == {(e.id, e.mapping) for e in kept}
