"""Many operations as few transactions, where one that fails does not sink the others (H28)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii
from typing import TypeAlias

from shared.ports import Op, OpFailed, Row, TableStore

MAX_OPS = 100
#: The service takes 4 MiB; the estimate below may be a little off.
MAX_BYTES = 3 * 1024 * 1024
#: Failures in one transaction after which the rest is looked at instead of tried one by one.
PATIENCE = 2


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A unit that was not written, because of the operation at this `position` in it."""

    position: int
    status: int


Unit: TypeAlias = Sequence[Op]
Answer: TypeAlias = Sequence[str | None] | Failed
#: Given units by number, says from what is in the table which of them cannot be written.
Screen: TypeAlias = Callable[[Sequence[int]], Mapping[int, Failed]]


def send(
    store: TableStore, table: str, units: Sequence[Unit], *, screen: Screen | None = None
) -> list[Answer]:
    """Write units of one partition, each unit all or none, and answer in order.

    A transaction closes at 100 operations or 3 MiB. When it fails, the failing unit is taken out
    and the rest sent again; after the second failure `screen` takes out all that will fail, so a
    page that was written before costs no request per row and failure.
    """
    answers: dict[int, Answer] = {}
    for numbers in _transactions(units):
        left, failures = list(numbers), 0
        while left:
            try:
                etags = store.transact(table, [op for number in left for op in units[number]])
            except OpFailed as failed:
                number, position = _place(units, left, failed.index)
                answers[number] = Failed(position=position, status=failed.status)
                left.remove(number)
                failures += 1
                if failures == PATIENCE and screen and left:
                    answers |= screen(left)
                    left = [number for number in left if number not in answers]
                continue
            taken = iter(etags)
            answers |= {number: [next(taken) for _ in units[number]] for number in left}
            left = []
    return [answers[number] for number in range(len(units))]


def upsert(store: TableStore, table: str, rows: Iterable[Row]) -> None:
    """Write rows of any partitions over whatever is there. Raises `OpFailed` for a row too large."""
    for same in by_partition(rows):
        for answer in send(store, table, [[Op(action="upsert", row=row)] for row in same]):
            if isinstance(answer, Failed):
                raise OpFailed(answer.position, answer.status)


def delete(store: TableStore, table: str, rows: Iterable[Row]) -> None:
    """Delete rows of any partitions, whatever their etag; what is not there is no matter."""
    for same in by_partition(rows):
        partition = same[0].partition

        def gone(
            numbers: Sequence[int], same: Sequence[Row] = same, partition: str = partition
        ) -> dict[int, Failed]:
            there = store.get_many(table, partition, [same[number].key for number in numbers])
            return {
                number: Failed(position=0, status=404) for number in numbers if same[number].key not in there
            }

        send(store, table, [[Op(action="delete", row=row)] for row in same], screen=gone)


def by_partition(rows: Iterable[Row]) -> list[list[Row]]:
    """Return rows by partition, each key once: the last wins."""
    groups: dict[str, dict[str, Row]] = {}
    for row in rows:
        groups.setdefault(row.partition, {})[row.key] = row
    return [list(group.values()) for group in groups.values()]


def weight(unit: Unit) -> int:
    """Return about how many bytes a unit takes in the body of a transaction, rather too many."""
    total = 0
    for op in unit:
        total += 1000 + 4 * (len(op.row.partition) + len(op.row.key))
        if op.action == "delete":
            continue
        for name, value in op.row.properties.items():
            total += 80 + 2 * len(name)
            if isinstance(value, str):
                total += len(encode_basestring_ascii(value))
            elif isinstance(value, bytes):
                total += len(value) * 4 // 3 + 4
    return total


def _transactions(units: Sequence[Unit]) -> list[list[int]]:
    """Group units, in order, so that each group fits; a row is in a group only once."""
    groups: list[list[int]] = []
    ops, size, keys = 0, 0, set[str]()
    for number, unit in enumerate(units):
        adds, own = weight(unit), {op.row.key for op in unit}
        if not groups or ops + len(unit) > MAX_OPS or size + adds > MAX_BYTES or keys & own:
            groups.append([])
            ops, size, keys = 0, 0, set()
        groups[-1].append(number)
        ops, size, keys = ops + len(unit), size + adds, keys | own
    return groups


def _place(units: Sequence[Unit], numbers: Sequence[int], index: int) -> tuple[int, int]:
    """Return which unit, and where in it, operation `index` of a transaction is."""
    for number in numbers:
        if index < len(units[number]):
            return number, index
        index -= len(units[number])
    return numbers[-1], len(units[numbers[-1]]) - 1
