"""What every `TableStore` does, in memory and on Azurite."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from shared.ports import Op, OpFailed, Row, TableStore

TABLE = "Contract"
WHEN = datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=UTC)


def row(partition: str, key: str, etag: str | None = None, **properties: Any) -> Row:
    return Row(partition=partition, key=key, properties=properties, etag=etag)


def do(store: TableStore, *ops: tuple[str, Row]) -> list[str | None]:
    return store.transact(TABLE, [Op(action=action, row=changed) for action, changed in ops])


def spent(store: TableStore, act: Callable[[], Any]) -> int:
    before = store.requests()
    act()
    return store.requests() - before


def refusal(store: TableStore, *ops: tuple[str, Row]) -> tuple[int, int]:
    with pytest.raises(OpFailed) as failed:
        do(store, *ops)
    return failed.value.index, failed.value.status


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty text"),
        pytest.param("Ærø 'n' \"Ω\" 😀\n", id="text"),
        pytest.param(True, id="true"),
        pytest.param(False, id="false"),
        pytest.param(0, id="zero"),
        pytest.param(-(2**63), id="smallest int"),
        pytest.param(2**63 - 1, id="largest int"),
        pytest.param(1.5, id="float"),
        pytest.param(b"\x00\xff", id="bytes"),
        pytest.param(WHEN, id="time to the microsecond"),
    ],
)
def test_a_property_comes_back_as_it_was_given(store: TableStore, company: str, value: Any) -> None:
    do(store, ("create", row(company, "a", kept=value)))
    there = store.get(TABLE, company, "a")
    assert there is not None
    assert there.properties == {"kept": value}
    assert type(there.properties["kept"]) is type(value)


def test_a_time_of_another_zone_comes_back_in_utc(store: TableStore, company: str) -> None:
    given = WHEN.astimezone(timezone(timedelta(hours=2)))
    do(store, ("create", row(company, "a", kept=given)))
    there = store.get(TABLE, company, "a")
    assert there is not None
    assert there.properties["kept"].isoformat() == WHEN.isoformat()


@pytest.mark.parametrize("value", [None, 2**63, datetime(2024, 1, 1), ["list"]])
def test_what_a_property_cannot_hold_is_refused_before_anything_is_sent(
    store: TableStore, company: str, value: Any
) -> None:
    with pytest.raises(TypeError, match="kept"):
        do(store, ("create", row(company, "a", kept=value)))
    assert store.get(TABLE, company, "a") is None


@pytest.mark.parametrize(
    "key", ["a/b", "a\\b", "a#b?c", "100%", "~2F", "a+b c", "line\nbreak\x7f", "it's", "Ærø|é:1"]
)
def test_any_character_may_be_in_a_key(store: TableStore, company: str, key: str) -> None:
    partition = f"{company}|{key}"
    do(store, ("create", row(partition, key, kept=1)), ("create", row(partition, "other", kept=2)))
    there = store.get(TABLE, partition, key)
    assert there is not None
    assert (there.partition, there.key, there.properties) == (partition, key, {"kept": 1})
    assert {r.key for r in store.query(TABLE, partition)} == {key, "other"}
    do(store, ("delete", row(partition, key)), ("delete", row(partition, "other")))
    assert list(store.query(TABLE, partition)) == []


def test_what_is_not_there_reads_as_none(store: TableStore, company: str) -> None:
    assert store.get(TABLE, company, "a") is None
    assert store.get_many(TABLE, company, ["a", "b"]) == {}
    assert list(store.query(TABLE, company)) == []


def test_many_rows_are_read_by_key_and_each_costs_one_request(store: TableStore, company: str) -> None:
    do(store, *(("create", row(company, f"{n:02}", n=n)) for n in range(30)))
    found: dict[str, Row] = {}
    cost = spent(store, lambda: found.update(store.get_many(TABLE, company, ["03", "07", "nope", "03"])))
    assert {key: there.properties["n"] for key, there in found.items()} == {"03": 3, "07": 7}
    assert cost == 3


def test_creating_what_is_there_fails_and_keeps_it(store: TableStore, company: str) -> None:
    do(store, ("create", row(company, "a", n=1)))
    assert refusal(store, ("create", row(company, "a", n=2))) == (0, 409)
    there = store.get(TABLE, company, "a")
    assert there is not None and there.properties == {"n": 1}


def test_replacing_drops_the_properties_that_are_not_named(store: TableStore, company: str) -> None:
    [etag] = do(store, ("create", row(company, "a", n=1, gone=True)))
    do(store, ("replace", row(company, "a", etag, n=2)))
    there = store.get(TABLE, company, "a")
    assert there is not None and there.properties == {"n": 2}


def test_upserting_creates_or_replaces_whatever_is_there(store: TableStore, company: str) -> None:
    do(store, ("upsert", row(company, "a", n=1, gone=True)))
    do(store, ("upsert", row(company, "a", n=2)), ("upsert", row(company, "b", n=3)))
    assert {r.key: dict(r.properties) for r in store.query(TABLE, company)} == {"a": {"n": 2}, "b": {"n": 3}}


def test_an_etag_changes_with_every_write_and_an_old_one_is_refused(store: TableStore, company: str) -> None:
    [first] = do(store, ("create", row(company, "a", n=1)))
    [second] = do(store, ("replace", row(company, "a", first, n=2)))
    assert first != second
    assert refusal(store, ("replace", row(company, "a", first, n=3))) == (0, 412)
    assert refusal(store, ("delete", row(company, "a", first))) == (0, 412)
    there = store.get(TABLE, company, "a")
    assert there is not None and (there.etag, there.properties) == (second, {"n": 2})


def test_an_etag_is_the_same_however_the_row_is_read(store: TableStore, company: str) -> None:
    etags = do(store, ("create", row(company, "a", n=1)), ("create", row(company, "b", n=2)))
    assert [r.etag for r in store.query(TABLE, company)] == etags
    assert [r.etag for r in store.query(TABLE, company, select=["n"])] == etags
    assert store.get_many(TABLE, company, ["a", "b"])["b"].etag == etags[1]


def test_a_star_replaces_whatever_version_is_there_but_creates_nothing(
    store: TableStore, company: str
) -> None:
    do(store, ("create", row(company, "a", n=1)))
    do(store, ("replace", row(company, "a", "*", n=2)))
    assert refusal(store, ("replace", row(company, "b", "*", n=2))) == (0, 404)


def test_replacing_without_an_etag_is_a_mistake_of_the_caller(store: TableStore, company: str) -> None:
    with pytest.raises(ValueError, match="etag"):
        do(store, ("replace", row(company, "a", n=1)))


def test_a_single_delete_of_what_is_not_there_does_nothing(store: TableStore, company: str) -> None:
    assert do(store, ("delete", row(company, "a"))) == [None]


def test_a_delete_of_what_is_not_there_fails_its_transaction(store: TableStore, company: str) -> None:
    assert refusal(store, ("create", row(company, "a")), ("delete", row(company, "b"))) == (1, 404)
    assert store.get(TABLE, company, "a") is None


@pytest.mark.parametrize(
    ("action", "status"),
    [("create", 409), ("replace", 412), ("delete", 412)],
)
def test_a_transaction_with_one_bad_operation_does_nothing_and_names_it(
    store: TableStore, company: str, action: str, status: int
) -> None:
    [old] = do(store, ("create", row(company, "d", n=0)))
    do(store, ("replace", row(company, "d", old, n=1)))
    ops = [("create", row(company, key, n=9)) for key in "abc"]
    bad = row(company, "d", None if action == "create" else old, n=9)
    assert refusal(store, *ops, (action, bad), ("create", row(company, "e", n=9))) == (3, status)
    assert [(r.key, r.properties["n"]) for r in store.query(TABLE, company)] == [("d", 1)]


def test_a_transaction_answers_the_etags_in_order_and_costs_one_request(
    store: TableStore, company: str
) -> None:
    do(store, ("create", row(company, "b", n=1)))
    etags: list[str | None] = []
    ops = (
        ("create", row(company, "a", n=2)),
        ("delete", row(company, "b")),
        ("upsert", row(company, "c", n=3)),
    )
    assert spent(store, lambda: etags.extend(do(store, *ops))) == 1
    assert etags[1] is None
    assert [r.etag for r in store.query(TABLE, company)] == [etags[0], etags[2]]


def test_a_transaction_takes_a_hundred_operations_and_no_more(store: TableStore, company: str) -> None:
    do(store, *(("create", row(company, f"{n:03}")) for n in range(100)))
    with pytest.raises(ValueError, match="100"):
        do(store, *(("upsert", row(company, f"{n:03}")) for n in range(101)))
    assert sum(1 for _ in store.query(TABLE, company)) == 100


def test_a_transaction_is_of_one_partition_with_each_row_once(store: TableStore, company: str) -> None:
    with pytest.raises(ValueError, match="partition"):
        do(store, ("create", row(company, "a")), ("create", row(f"{company}|x", "b")))
    with pytest.raises(ValueError, match="once"):
        do(store, ("create", row(company, "a")), ("delete", row(company, "a")))
    with pytest.raises(ValueError, match="at least one"):
        do(store)


def test_a_property_holds_64_kib_and_no_more(store: TableStore, company: str) -> None:
    do(store, ("create", row(company, "text", kept="é" * 32 * 1024)))
    do(store, ("create", row(company, "bytes", kept=b"\xff" * 64 * 1024)))
    assert refusal(store, ("create", row(company, "a", kept="é" * (32 * 1024 + 1)))) == (0, 413)
    assert refusal(
        store, ("create", row(company, "a")), ("create", row(company, "b", kept=b"\xff" * (64 * 1024 + 1)))
    ) == (1, 413)
    assert {r.key for r in store.query(TABLE, company)} == {"text", "bytes"}


def test_a_transaction_over_4_mib_is_refused_whole(store: TableStore, company: str) -> None:
    large = "x" * 30 * 1024
    rows = [row(company, f"{n:02}", **{f"p{p}": large for p in range(10)}) for n in range(15)]
    index, status = refusal(store, *(("create", large_row) for large_row in rows))
    assert status == 413 and index > 0
    do(store, *(("create", large_row) for large_row in rows[:index]))
    assert sum(1 for _ in store.query(TABLE, company, select=[])) == index


def test_a_key_holds_a_kibibyte(store: TableStore, company: str) -> None:
    do(store, ("create", row(company, "k" * 512)))
    assert refusal(store, ("create", row(company, "k" * 513))) == (0, 413)


def test_rows_come_in_order_of_their_keys_within_the_range(store: TableStore, company: str) -> None:
    do(store, *(("create", row(company, key)) for key in ("b:1", "a:2", "b:", "c:1", "b:2", "b;")))
    assert [r.key for r in store.query(TABLE, company)] == ["a:2", "b:", "b:1", "b:2", "b;", "c:1"]
    assert [r.key for r in store.query(TABLE, company, key_from="b:", key_before="b;")] == [
        "b:",
        "b:1",
        "b:2",
    ]
    assert [r.key for r in store.query(TABLE, company, key_from="b:2")] == ["b:2", "b;", "c:1"]


def test_rows_can_be_asked_for_by_their_properties(store: TableStore, company: str) -> None:
    do(
        store,
        ("create", row(company, "a", late=True, name="it's", n=2**40, at=WHEN)),
        ("create", row(company, "b", late=False, name="it's", n=1, at=WHEN + timedelta(seconds=1))),
        ("create", row(company, "c", name="", n=2**40)),
    )
    found = [
        [r.key for r in store.query(TABLE, company, where=where)]
        for where in (
            {"late": True},
            {"late": False},
            {"name": "it's"},
            {"n": 2**40},
            {"n": 1, "late": False},
            {"at": WHEN},
        )
    ]
    assert found == [["a"], ["b"], ["a", "b"], ["a", "c"], ["b"], ["a"]]


def test_only_the_properties_asked_for_come(store: TableStore, company: str) -> None:
    do(store, ("create", row(company, "a", n=1, other="x")), ("create", row(company, "b", other="y")))
    rows = list(store.query(TABLE, company, select=["n"]))
    assert [(r.partition, r.key, dict(r.properties)) for r in rows] == [
        (company, "a", {"n": 1}),
        (company, "b", {}),
    ]


def test_a_query_takes_one_request_for_a_thousand_rows(store: TableStore, company: str) -> None:
    for start in range(0, 1200, 100):
        do(store, *(("create", row(company, f"{n:04}")) for n in range(start, start + 100)))
    rows: list[Row] = []
    assert spent(store, lambda: rows.extend(store.query(TABLE, company))) == 2
    assert [r.key for r in rows] == [f"{n:04}" for n in range(1200)]
    some: list[Row] = []
    assert spent(store, lambda: some.extend(store.query(TABLE, company, limit=7))) == 1
    assert [r.key for r in some] == [f"{n:04}" for n in range(7)]
    assert list(store.query(TABLE, company, limit=0)) == []


def test_a_query_without_a_partition_goes_through_all_of_them_in_order(
    store: TableStore, company: str
) -> None:
    for partition in (f"{company}|b", f"{company}|a"):
        do(store, ("create", row(partition, "2")), ("create", row(partition, "1")))
    mine = [
        (r.partition.removeprefix(company), r.key) for r in store.query(TABLE, None) if company in r.partition
    ]
    assert mine == [("|a", "1"), ("|a", "2"), ("|b", "1"), ("|b", "2")]


def test_changing_what_was_given_or_taken_changes_nothing_kept(store: TableStore, company: str) -> None:
    given = {"n": 1}
    store.transact(TABLE, [Op(action="create", row=Row(partition=company, key="a", properties=given))])
    given["n"] = 2
    taken = store.get(TABLE, company, "a")
    assert taken is not None
    dict(taken.properties)["n"] = 3
    again = store.get(TABLE, company, "a")
    assert again is not None and again.properties == {"n": 1}


def test_of_two_writers_of_one_version_exactly_one_wins(store: TableStore, company: str) -> None:
    [etag] = do(store, ("create", row(company, "a", n=0)))

    def attempt(n: int) -> bool:
        try:
            do(store, ("replace", row(company, "a", etag, n=n)))
        except OpFailed as failed:
            assert failed.status == 412
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(attempt, range(1, 9)))
    there = store.get(TABLE, company, "a")
    assert sum(won) == 1
    assert there is not None and there.properties == {"n": won.index(True) + 1}
