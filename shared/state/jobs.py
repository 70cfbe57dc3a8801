"""The job log, newest first."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice

from shared.ports import JobEntry, Op, Row, TableStore
from shared.state.batches import delete
from shared.state.codec import dumps, loads, pack, unpack
from shared.state.keys import Names, newest_first, partition

TABLE = "Jobs"


class TableJobLog:
    """`JobLog` of one company: a partition for each mapping.

    A job is known by its start and id: adding it again (running, then finished) replaces it. A
    list over all mappings costs a request for each mapping.
    """

    def __init__(self, store: TableStore, company: str) -> None:
        self._store = store
        self._company = company
        self._names = Names(store, TABLE, company)

    def add(self, entry: JobEntry) -> None:
        self._names.note({entry.mapping})
        row = Row(
            partition=partition(self._company, entry.mapping),
            key=f"{newest_first(entry.started)}|{entry.id}|{entry.mapping}",
            properties={
                "id": entry.id,
                "mapping": entry.mapping,
                "side": entry.side,
                "started": entry.started,
                "finished": entry.finished,
                "run": entry.run,
                "cause": entry.cause,
                "state": entry.state,
            }
            | pack("message", entry.message)
            | pack("tally", dumps(entry.tally))
            | pack("requests", dumps(entry.requests))
            | pack("details", dumps(entry.details)),
        )
        self._store.transact(TABLE, [Op(action="upsert", row=row)])

    def list(
        self, mapping: str | None = None, *, limit: int = 100, after: str | None = None
    ) -> tuple[builtins.list[JobEntry], str | None]:
        """`after` is the key that comes next."""
        names = [mapping] if mapping is not None else self._names.all()
        rows = merge(*(self._rows(name, limit + 1, after) for name in names), key=lambda row: row.key)
        # One more than wanted says whether, and where, it goes on.
        page = builtins.list(islice(rows, limit + 1))
        return [_entry(row) for row in page[:limit]], page[limit].key if len(page) > limit else None

    def forget(self, before: datetime, *, limit: int = 20_000) -> bool:
        """Delete the jobs that started before: a request for 1,000 rows read, and for 100 deleted."""
        done = True
        for name in self._names.all():
            # Newest first: what sorts after this moment is older.
            rows = [*self._rows(name, limit, newest_first(before - timedelta(microseconds=1)))]
            delete(self._store, TABLE, rows)
            done = done and len(rows) < limit
        return done

    def _rows(self, mapping: str, limit: int, key_from: str | None) -> Iterator[Row]:
        return self._store.query(TABLE, partition(self._company, mapping), key_from=key_from, limit=limit)


def _entry(row: Row) -> JobEntry:
    kept = row.properties
    return JobEntry(
        id=kept["id"],
        mapping=kept["mapping"],
        side=kept["side"],
        started=kept["started"],
        finished=kept["finished"],
        tally=loads(unpack("tally", kept)),
        requests=loads(unpack("requests", kept)),
        run=kept["run"],
        cause=kept["cause"],
        state=kept["state"],
        message=unpack("message", kept),
        details=loads(unpack("details", kept)),
    )
