"""The emulator in a thread, for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox.service_bus.config import QueueSettings
from sandbox.service_bus.disk import Disk
from sandbox.service_bus.server import Server

START_SECONDS = STOP_SECONDS = 10


@contextmanager
def running_emulator(
    queues: Sequence[QueueSettings | str], *, port: int = 0, data: Path | None = None
) -> Iterator[Server]:
    """Serve queues; `emulator.connection_string` is for the SDK. Messages stay in `data`, if given."""
    disk = Disk(data) if data else None
    server = Server(
        [QueueSettings(name=q) if isinstance(q, str) else q for q in queues], port=port, disk=disk
    )
    thread = threading.Thread(target=server.run, name="servicebus-emulator", daemon=True)
    thread.start()
    try:
        if not server.listening.wait(START_SECONDS):
            raise RuntimeError(f"the emulator did not start within {START_SECONDS} s")
        yield server
    finally:
        server.stop()
        thread.join(STOP_SECONDS)
        if disk is not None:
            disk.close()
        if thread.is_alive():
            raise RuntimeError(f"the emulator did not stop within {STOP_SECONDS} s")
