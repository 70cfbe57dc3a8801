"""Runs of a full synchronization: the run, its lines, and an index of runs, newest first.

One partition for all runs of a company, so that a run appears with all its lines and its place in
the index in one transaction, or not at all.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from shared.ports import Clock, Op, OpFailed, Outdated, Row, RunRow, TableStore
from shared.state.batches import delete
from shared.state.codec import dumps, loads, pack, unpack
from shared.state.keys import after_prefix, newest_first, partition

TABLE = "Runs"
#: Sorts before the rows of the runs themselves.
_INDEX = "!"


class TableRuns:
    """`Runs` of one company. A run has at most 98 lines: it is created in one transaction."""

    def __init__(self, store: TableStore, company: str, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._partition = partition(company, "runs")

    def create(self, rows: Sequence[RunRow]) -> None:
        ops = [Op(action="create", row=self._row(row)) for row in rows]
        for run in dict.fromkeys(row.run for row in rows):
            key = f"{_INDEX}{newest_first(self._clock.now())}|{run}"
            index = Row(partition=self._partition, key=key, properties={"run": run})
            ops.append(Op(action="create", row=index))
        try:
            self._store.transact(TABLE, ops)
        except OpFailed as failed:
            if failed.status != 409:
                raise

    def get(self, run: str) -> builtins.list[RunRow]:
        prefix = f"{run}|"
        rows = self._store.query(TABLE, self._partition, key_from=prefix, key_before=after_prefix(prefix))
        return [_run_row(row) for row in rows]

    def save(self, row: RunRow) -> RunRow:
        op = Op(action="replace" if row.etag else "create", row=self._row(row))
        try:
            [etag] = self._store.transact(TABLE, [op])
        except OpFailed as failed:
            raise Outdated(f"run {row.run} {row.name} was changed") from failed
        return replace(row, etag=etag)

    def list(self, *, limit: int = 50) -> builtins.list[RunRow]:
        index = self._store.query(
            TABLE, self._partition, key_from=_INDEX, key_before=after_prefix(_INDEX), limit=limit
        )
        return self._heads(index)

    def _heads(self, index: Iterable[Row]) -> builtins.list[RunRow]:
        keys = [f"{row.properties['run']}|" for row in index]
        rows = self._store.get_many(TABLE, self._partition, keys)
        return [_run_row(rows[key]) for key in keys if key in rows]

    def beyond(self, keep: int, *, limit: int = 100) -> builtins.list[RunRow]:
        index = self._store.query(TABLE, self._partition, key_from=_INDEX, key_before=after_prefix(_INDEX))
        return self._heads(islice(index, keep, keep + limit))

    def forget(self, run: str) -> None:
        """Delete a run, in one transaction with its place in the index."""
        prefix = f"{run}|"
        rows = [*self._store.query(TABLE, self._partition, key_from=prefix, key_before=after_prefix(prefix))]
        index = self._store.query(
            TABLE,
            self._partition,
            key_from=_INDEX,
            key_before=after_prefix(_INDEX),
            where={"run": run},
        )
        delete(self._store, TABLE, [*rows, *index])

    def _row(self, row: RunRow) -> Row:
        properties = {"run": row.run, "name": row.name} | pack("data", dumps(row.data))
        return Row(
            partition=self._partition, key=f"{row.run}|{row.name}", properties=properties, etag=row.etag
        )


def _run_row(row: Row) -> RunRow:
    kept = row.properties
    return RunRow(run=kept["run"], name=kept["name"], data=loads(unpack("data", kept)), etag=row.etag)
