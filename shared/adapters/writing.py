"""What becomes of writes that were not answered with a record: shared by both systems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from shared.adapters.odata import Taken
from shared.core.errors import Exists, Missing, Rejected, Stale, SyncError
from shared.core.model import Record, Wire
from shared.ports import Write, Written


def all_failed(writes: Sequence[Write], problem: SyncError) -> list[Written]:
    return [Written(id=write.id, error=problem) for write in writes]


def by_operations(writes: Sequence[Write], most: int) -> Iterator[list[Write]]:
    """Cut into parts of at most so many operations; one record's stay together."""
    part: list[Write] = []
    size = 0
    for write in writes:
        takes = 1 + len(write.before) + len(write.after)
        if part and size + takes > most:
            yield part
            part, size = [], 0
        part.append(write)
        size += takes
    if part:
        yield part


def taken_ids(results: Sequence[Written]) -> list[str]:
    return [result.id for result in results if isinstance(result.error, Taken)]


def tell_exists_from_taken(results: Sequence[Written], present: Mapping[str, Record]) -> list[Written]:
    """Tell a taken id (`Exists`: adopt it) from another taken unique value (`Rejected`).

    Both systems answer the two with one code, so the record itself has to be looked for.
    """
    settled = []
    for result in results:
        problem = result.error
        if isinstance(problem, Taken):
            final: Rejected = (
                Exists("a record with this id is there already", code=problem.code)
                if result.id in present
                else Rejected(str(problem), code=problem.code)
            )
            result = Written(id=result.id, error=final)
        settled.append(result)
    return settled


def settle_lost_updates(
    writes: Sequence[Write], present: Mapping[str, Record], us: frozenset[str]
) -> list[Written]:
    """Find out what became of conditional updates whose reply was lost, from what is there now.

    The version moved, we moved it, and it shows what was sent: done. Otherwise `Stale`, which is
    always safe: whoever hears it reads again and decides again, and a write of ours that was
    rewritten on the way is then met as a change of that side (H3).
    """
    settled = []
    for write in writes:
        record = present.get(write.id)
        if record is None:
            settled.append(Written(id=write.id, error=Missing("the record does not exist")))
        elif record.version != write.if_version and record.modified_by in us and _shows(record, write.values):
            settled.append(Written(id=write.id, record=record))
        else:
            settled.append(Written(id=write.id, error=Stale("the reply to the update was lost")))
    return settled


def read_back(writes: Sequence[Write], present: Mapping[str, Record]) -> list[Written]:
    """Answer writes that were done without a record by what a read found afterwards (H4)."""
    return [
        Written(id=write.id, record=present[write.id])
        if write.id in present
        else Written(id=write.id, error=Missing("the record was deleted after it was written"))
        for write in writes
    ]


def _shows(record: Record, sent: Mapping[str, Wire]) -> bool:
    for column, value in sent.items():
        if column.endswith("@odata.bind"):
            # The column that shows it may have another name (parentcustomerid_account).
            continue
        if column in record.values and _plain(record.values[column]) != _plain(value):
            return False
    return True


def _plain(value: Wire) -> Wire:
    """Reduce to what survives trimming, upper-casing and number formats; blank is one thing."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return Decimal(value) or None
    if isinstance(value, str):
        return value.strip().casefold() or None
    return value
