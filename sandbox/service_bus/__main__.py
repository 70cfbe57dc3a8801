"""`python -m sandbox.service_bus (--queue NAME … | --config FILE) …`: serves queues until SIGTERM."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from sandbox.service_bus.config import InvalidConfig, QueueSettings, load
from sandbox.service_bus.disk import Disk
from sandbox.service_bus.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.service_bus")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--queue", action="append", default=[], help="a queue with default settings")
    which.add_argument("--config", type=Path, help="Config.json of Microsoft's emulator, JSON or YAML")
    parser.add_argument("--lock-seconds", type=float, default=60, help="of the queues named by --queue")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--data", type=Path, help="folder that keeps the messages over a restart")
    parser.add_argument("--ready-file", type=Path, help="written as JSON once the port is open")
    chosen = parser.parse_args()
    try:
        queues = (
            load(chosen.config)
            if chosen.config
            else [QueueSettings(name=q, lock_seconds=chosen.lock_seconds) for q in chosen.queue]
        )
    except (InvalidConfig, OSError) as error:
        raise SystemExit(f"configuration: {error}") from None
    disk = Disk(chosen.data) if chosen.data else None
    server = Announcing(queues, port=chosen.port, disk=disk, ready_file=chosen.ready_file)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    try:
        server.run()
    except OSError as error:
        raise SystemExit(f"port {chosen.port}: {error}") from None
    finally:
        if disk is not None:
            disk.close()


class Announcing(Server):
    """Tells where it listens, on standard output and in a file that is there complete or not at all."""

    def __init__(
        self, queues: list[QueueSettings], *, port: int, disk: Disk | None, ready_file: Path | None
    ) -> None:
        super().__init__(queues, port=port, disk=disk)
        self._ready_file = ready_file

    def on_reactor_init(self, event: object) -> None:
        super().on_reactor_init(event)
        ready = {"connection_string": self.connection_string, "port": self.port, "pid": os.getpid()}
        if self._ready_file is not None:
            partly = self._ready_file.with_suffix(".part")
            partly.write_text(json.dumps(ready))
            partly.replace(self._ready_file)
        print(json.dumps(ready), file=sys.stdout, flush=True)


if __name__ == "__main__":
    main()
