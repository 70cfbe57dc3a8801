"""Messages on disk, in one SQLite file: they survive a restart and a SIGKILL of the emulator."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.service_bus.queue import Queue
from sandbox.service_bus.stored import Stored

_TABLES = """
CREATE TABLE IF NOT EXISTS messages (
    queue TEXT, number INTEGER, raw BLOB, message_id TEXT, enqueued_at REAL, due_at REAL, expires_at REAL,
    failures INTEGER, lock_token TEXT, locked_until REAL, deferred INTEGER, dead INTEGER,
    reason TEXT, description TEXT, PRIMARY KEY (queue, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
    queue TEXT, message_id TEXT, at REAL, number INTEGER, PRIMARY KEY (queue, message_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers (queue TEXT PRIMARY KEY, last INTEGER) WITHOUT ROWID;
"""


class Disk:
    """A `Journal` in a folder. What was committed survives the process, not a power cut of the machine."""

    def __init__(self, folder: Path, *, patience_seconds: float = 5) -> None:
        """Open or create the file. Raises `sqlite3.OperationalError` while another process has it."""
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            folder / "messages.sqlite",
            isolation_level=None,
            check_same_thread=False,
            timeout=patience_seconds,
        )
        # Another emulator on the same folder would give out the same messages.
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        # The page cache of the operating system outlives a SIGKILL; waiting for the disk would cost
        # milliseconds per message.
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(_TABLES)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keep all of what happens inside, or nothing."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def restore(self, queue: Queue) -> None:
        """Give a new queue what was kept under its name."""
        rows = self._db.execute(
            "SELECT number, raw, message_id, enqueued_at, due_at, expires_at, failures, lock_token,"
            " locked_until, deferred, dead, reason, description FROM messages WHERE queue = ?",
            (queue.name,),
        )
        messages = [
            Stored(
                number=number,
                raw=raw,
                message_id=message_id,
                enqueued_at=enqueued_at,
                due_at=due_at,
                expires_at=expires_at,
                failures=failures,
                lock_token=uuid.UUID(lock_token) if lock_token else None,
                locked_until=locked_until,
                deferred=bool(deferred),
                dead=bool(dead),
                reason=reason,
                description=description,
            )
            for number, raw, message_id, enqueued_at, due_at, expires_at, failures, lock_token, locked_until, deferred, dead, reason, description in rows
        ]
        seen = self._db.execute("SELECT message_id, at, number FROM seen WHERE queue = ?", (queue.name,))
        last = self._db.execute("SELECT last FROM numbers WHERE queue = ?", (queue.name,)).fetchone()
        queue.restore(messages, seen.fetchall(), last=last[0] if last else 0)

    def put(self, queue: str, message: Stored) -> None:
        m = message
        with self.together():
            self._db.execute(
                "INSERT OR REPLACE INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(
                        queue,
                        m.number,
                        m.raw,
                        m.message_id,
                        m.enqueued_at,
                        m.due_at,
                        m.expires_at,
                        m.failures,
                    ),
                    *(str(m.lock_token) if m.lock_token else None, m.locked_until, m.deferred, m.dead),
                    *(m.reason, m.description),
                ),
            )
            self._db.execute(
                "INSERT INTO numbers VALUES (?, ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last)",
                (queue, m.number),
            )

    def remove(self, queue: str, number: int) -> None:
        self._db.execute("DELETE FROM messages WHERE queue = ? AND number = ?", (queue, number))

    def seen(self, queue: str, message_id: str, at: float, number: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", (queue, message_id, at, number))

    def forget(self, queue: str, message_ids: Iterable[str]) -> None:
        self._db.executemany(
            "DELETE FROM seen WHERE queue = ? AND message_id = ?", [(queue, i) for i in message_ids]
        )

    def close(self) -> None:
        self._db.close()
