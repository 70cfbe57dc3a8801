"""The emulator in a thread, for tests."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sandbox.service_bus.server import Server, container
from sandbox.service_bus.store import QueueSettings


def connection_string(port: int) -> str:
    """Return the SDK's connection string; the key is the literal text (azure-platform.md 3.22)."""
    return (
        f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=RootManageSharedAccessKey;"
        "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
    )


@contextmanager
def running_emulator(queues: Sequence[QueueSettings]) -> Iterator[tuple[str, Server]]:
    """Serve queues on a free port; yield the connection string and the server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(list(queues), port)
    thread = threading.Thread(target=container(server).run, daemon=True)
    thread.start()
    if not server.listening.wait(10):
        raise RuntimeError("the emulator did not start within 10 s")
    try:
        yield connection_string(port), server
    finally:
        server.stop()
        thread.join(5)
