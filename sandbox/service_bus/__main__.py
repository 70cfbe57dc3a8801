"""`python -m sandbox.service_bus --queue NAME … --ready-file F`: serves queues until SIGTERM."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import threading
from pathlib import Path

from sandbox.service_bus.server import Server, container
from sandbox.service_bus.store import QueueSettings
from sandbox.service_bus.testing import connection_string


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--queue", action="append", default=[], required=True)
    parser.add_argument("--lock-seconds", type=float, default=60)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ready-file", type=Path)
    chosen = parser.parse_args()
    port = chosen.port
    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    server = Server([QueueSettings(name=q, lock_seconds=chosen.lock_seconds) for q in chosen.queue], port)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    threading.Thread(target=container(server).run, daemon=True).start()
    if not server.listening.wait(10):
        raise SystemExit("the emulator did not start within 10 s")
    if chosen.ready_file:
        ready = {"connection_string": connection_string(port), "port": port, "pid": os.getpid()}
        chosen.ready_file.write_text(json.dumps(ready))
    stopping.wait()
    os._exit(0)


if __name__ == "__main__":
    main()
