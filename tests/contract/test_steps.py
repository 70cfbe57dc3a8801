"""A record and its further rows are one transaction in Sales (H16): change sets, and the twin."""

import pytest

from shared.core.errors import Exists, Missing, Rejected, Stale, Transient
from shared.core.mapping import Table
from shared.ports import Step, Write
from tests.contract.test_records import (
    ACCOUNT_COLUMNS,
    ACCOUNTS,
    Side,
    a_side,
    clock,  # noqa: F401 (a fixture)
    new_id,
)

CONTACTS = Table(name="contacts", key="contactid")


@pytest.fixture(params=["in-memory", "sales"])
def side(request, clock) -> Side:  # noqa: F811
    return a_side(request.param, clock)


def contacts(side: Side) -> dict[str, dict]:
    rows = side.sim.all("contacts")
    return rows if isinstance(rows, dict) else {r["contactid"]: r for r in rows}


def a_step(action: str = "create", id: str = "", **values) -> Step:
    return Step(action=action, table=CONTACTS, id=id or new_id(), values={"lastname": "Doe"} | values)


def blank(**values) -> dict:
    return {c: None for c in ACCOUNT_COLUMNS if c != "accountid" and not c.startswith("_")} | values


def a_write(*after: Step, before: tuple[Step, ...] = (), **values) -> Write:
    return Write(id=new_id(), values=blank(name="Adatum") | values, before=before, after=after)


def test_a_record_is_written_with_its_steps_and_answered_as_it_is_afterwards_H16(side):
    step = a_step()

    [written] = side.records.create(ACCOUNTS, [a_write(step, before=(a_step(),))])

    assert written.record.values["name"] == "Adatum"
    assert side.stored(written.id) and step.id in contacts(side) and len(contacts(side)) == 2


def test_when_a_step_fails_nothing_of_its_record_is_written_and_the_others_are_H16(side):
    taken = a_step()
    side.records.create(ACCOUNTS, [a_write(taken)])
    good, bad = a_write(a_step()), a_write(a_step(id=taken.id))

    results = side.records.create(ACCOUNTS, [bad, good])

    assert isinstance(results[0].error, Rejected) and not isinstance(results[0].error, Exists)
    assert "contacts" in str(results[0].error), "the message names the table of the step"
    assert results[1].record is not None
    assert side.stored(bad.id) is None and side.stored(good.id) is not None


def test_a_missing_row_of_a_step_is_not_taken_for_a_missing_record_H16(side):
    [made] = side.records.create(ACCOUNTS, [a_write(a_step())])
    change = Write(
        id=made.id,
        values={"address1_city": "Ulm"},
        if_version=made.record.version,
        after=(a_step("update"),),
    )

    [written] = side.records.update(ACCOUNTS, [change])

    assert isinstance(written.error, Rejected) and not isinstance(written.error, Missing)
    assert side.one(made.id).values["address1_city"] is None


def test_an_upserted_step_may_be_sent_again_H16(side):
    step = a_step("upsert")
    [made] = side.records.create(ACCOUNTS, [a_write(step)])
    again = Write(
        id=made.id,
        values={"address1_city": "Ulm"},
        if_version=made.record.version,
        after=(a_step("upsert", step.id, lastname="Roe"),),
    )

    [written] = side.records.update(ACCOUNTS, [again])

    assert written.record.values["address1_city"] == "Ulm"
    assert [row["lastname"] for row in contacts(side).values()] == ["Roe"]


def test_a_record_that_moved_takes_neither_the_change_nor_its_steps_H16(side):
    [made] = side.records.create(ACCOUNTS, [a_write()])
    side.edit(made.id, address1_city="Bonn")
    change = Write(
        id=made.id, values={"address1_city": "Ulm"}, if_version=made.record.version, after=(a_step(),)
    )

    [written] = side.records.update(ACCOUNTS, [change])

    assert isinstance(written.error, Stale)
    assert contacts(side) == {} and side.one(made.id).values["address1_city"] == "Bonn"


def test_a_record_that_is_there_already_is_adopted_and_its_steps_are_not_written_twice_H1_H16(side):
    write = a_write(a_step())
    side.records.create(ACCOUNTS, [write])

    [again] = side.records.create(ACCOUNTS, [write])

    assert isinstance(again.error, Exists)
    assert len(contacts(side)) == 1


def test_records_with_and_without_steps_are_answered_in_order_H16(side):
    writes = [a_write(a_step()), a_write(), a_write(a_step()), a_write()]

    results = side.records.create(ACCOUNTS, writes)

    assert [r.id for r in results] == [w.id for w in writes]
    assert all(r.record is not None for r in results)


def test_many_change_sets_go_in_few_requests_H16(clock):  # noqa: F811
    side = a_side("sales", clock)
    writes = [a_write(*[a_step() for _ in range(9)]) for _ in range(150)]
    side.spent()

    results = side.records.create(ACCOUNTS, writes)

    assert all(r.record is not None for r in results) and len(contacts(side)) == 1350
    # 1,500 operations in batches of at most 1,000, and one read of what was written.
    assert side.spent() == (1, 2)


def test_a_lost_answer_is_asked_again_and_meets_its_own_rows_H1_H16(clock):  # noqa: F811
    side = a_side("sales", clock)
    write = a_write(a_step())
    side.fault(kind="write", lost_reply=True, times=1)

    [written] = side.records.create(ACCOUNTS, [write])

    assert isinstance(written.error, Exists | Transient)
    assert side.stored(write.id) is not None and len(contacts(side)) == 1


def test_the_twin_and_the_service_both_start_from_a_position_that_lists_only_what_comes_later_H22(side):
    old = side.add()
    side.clock.advance(600)
    start = side.records.position(ACCOUNTS)
    side.clock.advance(60)
    new = side.add()

    found = [r.id for page in side.all_changes(start) for r in page.records]

    assert new in found and old not in found
