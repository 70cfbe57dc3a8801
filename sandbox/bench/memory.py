"""What a full synchronization holds in memory: peaks of processes of their own, on servers that keep nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.bench.engine import customer
from sandbox.bench.report import Budget
from sandbox.in_memory.records import InMemoryRecords
from sandbox.in_memory.tables import InMemoryTables
from sandbox.world import World
from shared.core.mapping import Table
from shared.core.model import Record, Side
from shared.ports import ChangePage, Op, Write, Written

FEW, MANY = 10_000, 100_000
#: Peak with many records over peak with few, and what a pass may hold of each coupling besides (design §10, H27).
FLAT, BYTES_EACH = 1.2, 200
MIB = 1024 * 1024
AT = datetime(2026, 1, 1, tzinfo=UTC)


class Endless(InMemoryRecords):
    """BC with so many customers, each made when it is asked for."""

    number = 0

    def changes(self, table: Table, *, cursor: str | None, page: str | None, limit: int) -> ChangePage:
        first = int(page or 0)
        last = min(first + limit, self.number)
        records = tuple(_record(Side.BC, _id(n), customer(n)) for n in range(first, last))
        more = last < self.number
        return ChangePage(records=records, next=str(last) if more else None, cursor=None if more else "1")


class Forgetful(InMemoryRecords):
    """Sales that takes everything, keeps nothing, and has whatever it is asked for."""

    def changes(self, table: Table, *, cursor: str | None, page: str | None, limit: int) -> ChangePage:
        return ChangePage(records=(), cursor="1", full=True)

    def find(self, table: Table, column: str, values: Sequence[str]) -> list[Record]:
        return []

    def get(self, table: Table, ids: Sequence[str]) -> dict[str, Record]:
        return {i: _record(Side.SALES, i, {}) for i in ids}

    def create(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        return [Written(id=w.id, record=_record(Side.SALES, w.id, dict(w.values))) for w in writes]


class Sieve(InMemoryTables):
    """Tables that take couplings and history without keeping them."""

    def transact(self, table: str, ops: Sequence[Op]) -> list[str | None]:
        if table in ("Couplings", "History"):
            return ["1"] * len(ops)
        return super().transact(table, ops)


def budgets() -> list[Budget]:
    few, many = (measured(number) for number in (FEW, MANY))
    held = (many - few) * MIB / (MANY - FEW)
    return [
        Budget(
            what=f"peak memory of a full pass of {MANY:,} customers (1.2 × {few:.0f} MiB at {FEW:,}, 200 bytes a coupling)",
            allowed=round(FLAT * few + BYTES_EACH * (MANY - FEW) / MIB),
            actual=round(many),
            unit="MiB",
        ),
        Budget(what="memory held for each coupling", allowed=BYTES_EACH, actual=round(held), unit="bytes"),
    ]


def measured(number: int) -> float:
    done = subprocess.run(  # nosec B603  # a command of our own
        [sys.executable, "-m", "sandbox.bench.memory", str(number)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def _peak(number: int) -> float:
    """Run here, and return the peak in MiB."""
    world = World()
    world.bc, world.sales = Endless(Side.BC, world.clock), Forgetful(Side.SALES, world.clock)
    world.bc.number = number
    world.tables = Sieve()
    world.app = world.start_app()
    run = world.full_sync("customers")
    [line] = [one for one in run["lines"] if one["mapping"] == "customers"]
    if line["to_sales"]["created"] != number:
        raise AssertionError(f"not everything was created: {line}")
    # Not ru_maxrss: a process starts with that of the one that started it.
    status = dict(row.split(":", 1) for row in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def _id(n: int) -> str:
    return f"00000000-0000-4000-8000-{n:012d}"


def _record(side: Side, id: str, values: dict[str, Any]) -> Record:
    return Record(
        side=side,
        id=id,
        version="1",
        row_version=1,
        values=values,
        modified_at=AT,
        modified_by="people",
        created_by="people",
    )


if __name__ == "__main__":
    print(_peak(int(sys.argv[1])))
