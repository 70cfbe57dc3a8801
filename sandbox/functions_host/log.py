"""The host's log: one JSON object a line, for its own events and for what the app logs."""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from typing import IO, Any

from azure_functions_runtime import invocation_id_cv

#: Libraries that tell every frame and every request at the level of information.
NOISY = ("azure", "httpx", "httpcore", "msal", "cheroot")


class HostLog:
    """Writes lines; safe from any thread."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._lock = threading.Lock()

    def event(self, event: str, **facts: Any) -> None:
        """Write one line. Facts that are None are left out."""
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event}
        line.update({k: v for k, v in facts.items() if v is not None})
        text = json.dumps(line, default=str)
        with self._lock:
            self._out.write(text + "\n")
            self._out.flush()

    def take_over(self, level: int) -> None:
        """Make Python's root logger write here, from `level` up."""
        logging.basicConfig(level=level, handlers=[_Handler(self)], force=True)
        for name in NOISY:
            logging.getLogger(name).setLevel(max(level, logging.WARNING))


class _Handler(logging.Handler):
    def __init__(self, log: HostLog) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._log.event(
                "log",
                level=record.levelname,
                logger=record.name,
                message=record.getMessage(),
                invocation_id=invocation_id_cv.get(),
                stack=logging.Formatter().formatException(record.exc_info) if record.exc_info else None,
            )
        except Exception:  # as logging does: a line that cannot be written never fails the app
            print(f"a log line of {record.name} could not be written", file=sys.stderr)
