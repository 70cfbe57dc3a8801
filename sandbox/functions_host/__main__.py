"""Run an app: `python -m sandbox.functions_host --app DIR --port 0 --settings F --ready-file F`.

Settings are the environment over the file's `Values`, as with Azure Functions Core Tools. Of the host itself:
`FUNCTIONS_MASTER_KEY` and `FUNCTIONS_KEY` are its keys; without them it makes some. The ready file then holds
`{"url", "pid", "functions", "master_key", "function_key"}` and only its owner may read it.

Ends with 0 after SIGTERM or SIGINT, within 10 s; with 3 when the app cannot start, after one message on stderr
that lists every reason; with 70 when a function outlasts `functionTimeout`. SIGKILL loses nothing: messages come
back when their locks have run out.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import sys
import threading
from pathlib import Path

from sandbox.functions_host.config import CannotStart, app_settings
from sandbox.functions_host.host import Host
from sandbox.functions_host.http import Keys
from sandbox.functions_host.log import HostLog

CANNOT_START = 3


def main(argv: list[str] | None = None) -> int:
    said = _arguments(argv)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    log = HostLog(said.log.open("a") if said.log else sys.stdout)
    try:
        os.environ.update(app_settings(os.environ, said.settings))
        # Keys of the host are not settings of the app.
        keys = Keys(
            function=os.environ.pop("FUNCTIONS_KEY", "") or secrets.token_urlsafe(32),
            master=os.environ.pop("FUNCTIONS_MASTER_KEY", "") or secrets.token_urlsafe(32),
        )
        principals = json.loads(said.principals.read_text()) if said.principals else {}
        host = Host(
            said.app.resolve(),
            os.environ,
            log,
            keys=keys,
            port=said.port,
            principals=principals,
            timers_file=said.timers_file,
        )
    except CannotStart as error:
        print("The app cannot start:\n- " + "\n- ".join(error.problems), file=sys.stderr)
        return CANNOT_START
    host.start()
    if said.ready_file:
        ready = {
            "url": host.url,
            "pid": os.getpid(),
            "functions": host.functions,
            "master_key": keys.master,
            "function_key": keys.function,
        }
        _write_whole(said.ready_file, json.dumps(ready, indent=2))
    stopping.wait()
    host.stop()
    return 0


def _write_whole(path: Path, text: str) -> None:
    """Write so that a reader finds nothing or everything."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.touch(mode=0o600)
    beside.write_text(text)
    beside.replace(path)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.functions_host", description="Run a function app."
    )
    parser.add_argument(
        "--app", type=Path, default=Path.cwd(), help="folder of function_app.py and host.json"
    )
    parser.add_argument("--port", type=int, default=0, help="0: chosen by the system")
    parser.add_argument("--settings", type=Path, help="a local.settings.json")
    parser.add_argument("--ready-file", type=Path, help="written when the app is running")
    parser.add_argument("--log", type=Path, help="JSON lines; without it, standard output")
    parser.add_argument(
        "--timers-file", type=Path, help="remembers timers, so that a missed one runs at the start"
    )
    parser.add_argument("--principals", type=Path, help="Easy Auth: a JSON object, token to principal")
    return parser.parse_args(argv)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # A function that would not end keeps a thread of the worker's pool; it shall not keep the process.
    os._exit(code)
