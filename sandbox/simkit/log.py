"""What was asked of a simulator, and what it cost."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sandbox.simkit.faults import RequestKind


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One HTTP request. `operations` counts what it carried: 1, or the parts of a `$batch`.

    `rows_written` counts rows that really changed. `read` and `written` are the rows by entity set.
    `status` is 0 when the reply was lost.
    """

    seq: int
    at: datetime
    method: str
    path: str
    kind: RequestKind
    operations: int
    rows_read: int
    rows_written: int
    read: Mapping[str, int]
    written: Mapping[str, int]
    status: int
    identity: str | None
    message: str | None
    duration_ms: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"at": self.at.isoformat().replace("+00:00", "Z")}


class RequestLog:
    """The newest entries (at most `keep`) and exact totals since the last `clear`, also of entries let go."""

    def __init__(self, *, keep: int = 200_000) -> None:
        self._lock = threading.Lock()
        self._entries: deque[LogEntry] = deque(maxlen=keep)
        self._last = 0
        self._totals: Counter[str] = Counter()
        self._by_message: Counter[str] = Counter()
        self._by_status: Counter[int] = Counter()

    def add(
        self,
        *,
        at: datetime,
        method: str,
        path: str,
        kind: RequestKind,
        status: int,
        operations: int = 1,
        read: Mapping[str, int] | None = None,
        written: Mapping[str, int] | None = None,
        identity: str | None = None,
        message: str | None = None,
        duration_ms: float = 0.0,
    ) -> LogEntry:
        read, written = dict(read or {}), dict(written or {})
        rows_read, rows_written = sum(read.values()), sum(written.values())
        with self._lock:
            self._last += 1
            entry = LogEntry(
                seq=self._last,
                at=at,
                method=method,
                path=path,
                kind=kind,
                operations=operations,
                rows_read=rows_read,
                rows_written=rows_written,
                read=read,
                written=written,
                status=status,
                identity=identity,
                message=message,
                duration_ms=duration_ms,
            )
            self._entries.append(entry)
            totals = self._totals
            totals["requests"] += 1
            totals["reads" if kind == "read" else "writes"] += 1
            totals["operations"] += operations
            totals["rows_read"] += rows_read
            totals["rows_written"] += rows_written
            if message is not None:
                self._by_message[message] += 1
            self._by_status[status] += 1
            return entry

    def entries(self, since: int = 0) -> list[LogEntry]:
        """Return the kept entries numbered above `since`, oldest first. Numbers never start again."""
        with self._lock:
            skip = max(0, since - (self._last - len(self._entries)))
            return list(islice(self._entries, skip, None))

    def counts(self) -> dict[str, Any]:
        with self._lock:
            names = ("requests", "reads", "writes", "operations", "rows_read", "rows_written")
            return {name: self._totals[name] for name in names} | {
                "by_message": dict(self._by_message),
                "by_status": {str(status): times for status, times in sorted(self._by_status.items())},
            }

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._totals.clear()
            self._by_message.clear()
            self._by_status.clear()
