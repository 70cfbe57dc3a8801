"""What Azurite was asked, from its access log: the request log of Table Storage."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

#: `"PUT /devstoreaccount1/Runs(PartitionKey='…',RowKey='…') HTTP/1.1" 204`
_LINE = re.compile(r'"(?P<method>[A-Z]+) /\w+/(?P<table>\$?\w+)(?P<row>\(PartitionKey=)?')
#: What makes or lists tables is not a row.
_NO_ROWS = {"Tables", "$batch"}


@dataclass(kw_only=True)
class TableRequests:
    """Requests by kind. Transactions do not name their table in the log."""

    transactions: int = 0
    single_writes: Counter[str] = field(default_factory=Counter)
    point_reads: Counter[str] = field(default_factory=Counter)
    queries: Counter[str] = field(default_factory=Counter)

    @property
    def writes(self) -> int:
        return self.transactions + self.single_writes.total()


def position(log: Path) -> int:
    """Return where the log ends now."""
    return log.stat().st_size


def requests(log: Path, *, since: int = 0) -> TableRequests:
    """Count the requests logged from a position on."""
    found = TableRequests()
    with log.open("rb") as lines:
        lines.seek(since)
        for raw in lines:
            line = _LINE.search(raw.decode(errors="replace"))
            if line is None:
                continue
            table = line["table"]
            if table == "$batch":
                found.transactions += 1
            elif table in _NO_ROWS:
                continue
            elif line["method"] != "GET":
                found.single_writes[table] += 1
            elif line["row"]:
                found.point_reads[table] += 1
            else:
                found.queries[table] += 1
    return found
