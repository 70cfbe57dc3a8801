"""Everything on one machine: `python -m sandbox.up` starts it, `python -m sandbox.down` stops it.

Five kinds of processes: Azurite (on disk), the Service Bus emulator, the three simulators over TLS,
and the Functions host with the product. Addresses go to `sandbox/.run/endpoints.json` (design §11).
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from sandbox.azurite.start import command as azurite_command
from sandbox.azurite.start import connection_string, free_port
from sandbox.demo_data import CompanyFromFiles, GeneratedCompany, load_company, over_http

ROOT = Path(__file__).parents[1]
RUN_DIR = ROOT / "sandbox" / ".run"
MAPPINGS = (
    "salespeople",
    "currencies",
    "payment_terms",
    "shipment_methods",
    "shipping_agents",
    "customers",
    "contacts",
)
QUEUES = ("full-sync", "rejected", *(f"sync-{m}" for m in MAPPINGS))
#: The sandbox's timers wait for somebody to ask; housekeeping does not.
SLOW, HOUSEKEEPING = "0 0 3 * * *", "*/15 * * * * *"
START_SECONDS = 60


class DidNotStart(RuntimeError):
    """A process ended, or was not ready in time; its log says why."""


class Sandbox:
    """The processes of one sandbox, by name, with their pids on disk."""

    def __init__(self, folder: Path = RUN_DIR) -> None:
        self.folder = folder
        self.endpoints: dict[str, Any] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._host_settings: dict[str, str] = {}

    # --- processes -------------------------------------------------------------------------------

    def _spawn(self, name: str, command: list[str], env: Mapping[str, str] | None = None) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}
        )
        log.close()
        self._processes[name] = process
        (self.folder / f"{name}.pid").write_text(str(process.pid))

    def _await(self, name: str, ready: Callable[[], Any]) -> Any:
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit:
            found = ready()
            if found:
                return found
            if self._processes[name].poll() is not None:
                break
            time.sleep(0.05)
        told = (self.folder / f"{name}.log").read_text(errors="replace")[-2000:]
        raise DidNotStart(f"{name} did not start:\n{told}")

    def _ready(self, name: str) -> Callable[[], dict[str, Any] | None]:
        path = self.folder / f"{name}.ready.json"

        def read() -> dict[str, Any] | None:
            try:
                found: dict[str, Any] = json.loads(path.read_text())
            except (OSError, ValueError):
                return None
            return found

        path.unlink(missing_ok=True)
        return read

    def _python(self, module: str, *arguments: str) -> list[str]:
        return [sys.executable, "-m", module, *arguments]

    # --- start and stop --------------------------------------------------------------------------

    def start(self, *, company: str, base_currency: str = "GBP") -> None:
        """Start everything but the Functions host, empty. Raises `DidNotStart`."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        port = free_port()
        self._spawn("azurite", azurite_command(port=port, folder=self.folder / "tables", in_memory=False))
        waits = {}
        for which in ("entra", "bc", "dataverse"):
            waits[which] = self._ready(which)
            extra = {"bc": ["--company", company], "dataverse": ["--base-currency", base_currency]}.get(
                which, []
            )
            path = str(self.folder / f"{which}.ready.json")
            run = ["--which", which, "--run-dir", str(self.folder), "--port", "0", "--ready-file", path]
            self._spawn(which, self._python("sandbox.simulators", *run, *extra))
        waits["servicebus"] = self._ready("servicebus")
        queues = [a for q in QUEUES for a in ("--queue", q)]
        path = str(self.folder / "servicebus.ready.json")
        # Short locks: the messages of a killed host come back in seconds instead of a minute.
        self._spawn(
            "servicebus",
            self._python("sandbox.service_bus", *queues, "--lock-seconds", "10", "--ready-file", path),
        )
        ready = {name: self._await(name, wait) for name, wait in waits.items()}
        log = self.folder / "azurite.log"
        self._await("azurite", lambda: "successfully started" in log.read_text())
        told = json.loads(Path(ready["entra"]["identities"]).read_text())
        identities = {i["name"]: i for i in (told.values() if isinstance(told, dict) else told)}
        keys = {"api_key_read": secrets.token_urlsafe(24), "api_key_admin": secrets.token_urlsafe(24)}
        self.endpoints = {
            "bc": ready["bc"]["url"],
            "bc_company": ready["bc"]["company_id"],
            "dataverse": ready["dataverse"]["url"],
            "login": ready["entra"]["url"],
            "tables": connection_string(port),
            "servicebus": ready["servicebus"]["connection_string"],
            "ca": ready["entra"]["ca"],
            "clients": identities,
            "simulators": {n: ready[n]["origin"] for n in ("entra", "bc", "dataverse")},
            "functions_master_key": secrets.token_urlsafe(24),
            **keys,
        }
        integration = identities["integration"]
        self._host_settings = {
            "BC_URL": self.endpoints["bc"],
            "BC_COMPANY_ID": "",
            "DATAVERSE_URL": self.endpoints["dataverse"],
            "LOGIN_URL": self.endpoints["login"],
            "TENANT_ID": integration["tenant"],
            "CLIENT_ID": integration["client_id"],
            "CLIENT_SECRET": integration["secret"],
            "CA_BUNDLE": self.endpoints["ca"],
            "TABLES_CONNECTION_STRING": self.endpoints["tables"],
            "ServiceBusConnection": self.endpoints["servicebus"],
            "API_KEY_READ": keys["api_key_read"],
            "API_KEY_ADMIN": keys["api_key_admin"],
            "FUNCTIONS_MASTER_KEY": self.endpoints["functions_master_key"],
            # A killed host's mapping is free again in seconds instead of minutes.
            "LEASE_SECONDS": "12",
            "REQUEST_SECONDS": "8",
            "SCHEDULE_HOUSEKEEPING": HOUSEKEEPING,
            **{f"SCHEDULE_{m.upper()}": SLOW for m in MAPPINGS},
        }

    def start_functions(self) -> None:
        """Start the Functions host with the product; also after it was killed, then on another port."""
        wait = self._ready("functions")
        path = str(self.folder / "functions.ready.json")
        self._spawn(
            "functions",
            self._python("sandbox.functions_host", "--app", str(ROOT), "--ready-file", path),
            self._host_settings,
        )
        self.endpoints["functions"] = self._await("functions", wait)["url"]
        (self.folder / "endpoints.json").write_text(json.dumps(self.endpoints, indent=2))
        (self.folder / "endpoints.json").chmod(0o600)

    def kill_functions(self) -> None:
        """SIGKILL the Functions host, as a power cut would."""
        process = self._processes.pop("functions")
        process.kill()
        process.wait(10)

    def stop(self) -> None:
        """Stop everything that was started, in the opposite order."""
        for name, process in reversed(self._processes.items()):
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
            (self.folder / f"{name}.pid").unlink(missing_ok=True)
        self._processes.clear()

    # --- data --------------------------------------------------------------------------------------

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.endpoints["ca"])

    def simulator(self, which: str) -> httpx.Client:
        """Return a client of a simulator's control surface."""
        return httpx.Client(base_url=self.endpoints["simulators"][which], verify=self.trust(), timeout=300)

    def load(self, company: GeneratedCompany | CompanyFromFiles) -> dict[str, int]:
        with self.simulator("bc") as bc, self.simulator("dataverse") as sales:
            counts: dict[str, int] = load_company(company, bc=over_http(bc), sales=over_http(sales))
            for client in (bc, sales):
                client.delete("/_sim/log")
            return counts


def company_of(arguments: argparse.Namespace) -> GeneratedCompany | CompanyFromFiles:
    if arguments.data:
        return CompanyFromFiles(arguments.data)
    return GeneratedCompany(customers=arguments.customers, seed=arguments.seed)


def arguments_of(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help="folder of <table>.json files instead of generated data")
    return parser


def main() -> int:
    arguments = arguments_of("Start the sandbox and leave it running.").parse_args()
    company = company_of(arguments)
    sandbox = Sandbox()
    try:
        sandbox.start(company=company.name, base_currency=company.local_currency)
        sandbox.load(company)
        sandbox.start_functions()
    except BaseException:
        sandbox.stop()
        raise
    for name in ("functions", "bc", "dataverse", "login"):
        print(f"{name:10} {sandbox.endpoints[name]}")
    print(f"addresses and keys: {RUN_DIR.relative_to(ROOT) / 'endpoints.json'}; stop with `make down`")
    return 0


def down() -> int:
    """Stop a sandbox that was left running, by the process ids it wrote down."""
    for path in sorted(RUN_DIR.glob("*.pid")):
        pid = int(path.read_text())
        try:
            os.kill(pid, signal.SIGTERM)
            limit = time.monotonic() + 15
            while time.monotonic() < limit:
                os.kill(pid, 0)
                time.sleep(0.05)
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        path.unlink()
        print(f"stopped {path.stem}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
