"""Everything on one machine: `python -m sandbox.up` starts it, `python -m sandbox.down` stops it.

Five kinds of processes: Azurite (in memory: a sandbox starts empty anyway), the Service Bus emulator, the
three simulators over TLS, and the Functions host with the product. Addresses go to `sandbox/.run/endpoints.json` (design §11).
"""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import ssl
import sys
from pathlib import Path
from typing import Any

import httpx

from sandbox.azurite.start import command as azurite_command
from sandbox.azurite.start import connection_string, free_port
from sandbox.demo_data import CompanyFromFiles, GeneratedCompany, load_company, over_http
from sandbox.demo_data.order_setup import FREIGHT, WRITE_IN, load_order_setup
from sandbox.demo_data.sales_files import sales_rows
from sandbox.processes import Processes, stop_left
from sandbox.simkit.run_dir import RunDir
from shared.core.model import Side
from shared.engine.push import NOTICES, name_of
from shared.mappings import BY_NAME

ROOT = Path(__file__).parents[1]
RUN_DIR = ROOT / "sandbox" / ".run"
MAPPINGS = tuple(BY_NAME)
QUEUES = ("full-sync", "rejected", NOTICES, *(f"sync-{m}" for m in MAPPINGS))
#: The sandbox's timers wait for somebody to ask; housekeeping does not.
#: The name by which BC knows the Functions host; the simulator's setting `webhook_hosts` says where it leads.
HOST = "https://functions.sandbox.test"
#: Tables whose changes the service endpoint tells.
STEPS = {
    name_of(Side.SALES, m.sales): []
    for m in BY_NAME.values()
    if m.sales.kind == "rows" and m.reads(Side.SALES)
}
SLOW, HOUSEKEEPING = "0 0 3 * * *", "*/15 * * * * *"


#: How Business Central keeps its prices; the first is the default.
PRICES = ("classic", "extended")
#: How the integration proves who it is; the first is the default.
SIGN_INS = ("secret", "certificate", "identity")


class Sandbox:
    """One sandbox in one folder: what runs, and where it is to be found.

    Its processes end with the one that started them, unless `keep`: then `down` ends them.
    """

    def __init__(
        self,
        folder: Path = RUN_DIR,
        *,
        keep: bool = False,
        push: bool = False,
        sign_in: str = SIGN_INS[0],
        prices: str = PRICES[0],
    ) -> None:
        """`push`: both systems tell the product of changes, half a second after them (BC really takes 30 s)."""
        self.folder = folder
        self.push = push
        self.sign_in = sign_in
        self.prices = prices
        self.endpoints: dict[str, Any] = {}
        self._processes = Processes(folder, bound=not keep)
        self.host_settings: dict[str, str] = {}

    def _python(self, module: str, *arguments: str) -> list[str]:
        return [sys.executable, "-m", module, *arguments]

    # --- start and stop --------------------------------------------------------------------------

    def start(self, *, company: str, base_currency: str = "GBP") -> None:
        """Start everything but the Functions host, empty. Raises `DidNotStart`.

        A sandbox that was left running in this folder is stopped first.
        """
        stop_left(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        port = free_port()
        run = self._processes
        run.start("azurite", azurite_command(port=port, folder=self.folder / "tables", in_memory=True))
        simulator = self._python("sandbox.simulators", "--run-dir", str(self.folder))
        queues = [a for q in QUEUES for a in ("--queue", q)]
        commands = {
            "entra": [*simulator, "--which", "entra"],
            "bc": [*simulator, "--which", "bc", "--company", company],
            "dataverse": [*simulator, "--which", "dataverse", "--base-currency", base_currency],
            # Short locks: the messages of a killed host come back in seconds instead of a minute.
            "servicebus": self._python("sandbox.service_bus", *queues, "--lock-seconds", "10"),
        }
        files = {name: run.ready_file(name) for name in commands}
        for name, command in commands.items():
            run.start(name, [*command, "--ready-file", str(files[name])])
        ready = {name: run.wait_for_file(name, file) for name, file in files.items()}
        run.wait_for("azurite", lambda: "successfully started" in self.table_log.read_text())
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
        self.host_settings = {
            "BC_URL": self.endpoints["bc"],
            "BC_COMPANY_ID": "",
            "DATAVERSE_URL": self.endpoints["dataverse"],
            "LOGIN_URL": self.endpoints["login"],
            "TENANT_ID": integration["tenant"],
            "CLIENT_ID": integration["client_id"],
            **self._credential(integration["secret"], ready["entra"]["identity_endpoint"]),
            "CA_BUNDLE": self.endpoints["ca"],
            "TABLES_CONNECTION_STRING": self.endpoints["tables"],
            "ServiceBusConnection": self.endpoints["servicebus"],
            "NoticesConnection": self.endpoints["servicebus"],
            "PUSH": "on" if self.push else "off",
            "WEBHOOK_URL": f"{HOST}/api/webhooks/bc",
            "WEBHOOK_SECRETS": secrets.token_urlsafe(48),
            "API_KEY_READ": keys["api_key_read"],
            "API_KEY_ADMIN": keys["api_key_admin"],
            "FUNCTIONS_MASTER_KEY": self.endpoints["functions_master_key"],
            "SALES_ORDERS": "on",
            "PRICES": self.prices,
            "WRITE_IN_TYPE": "item",
            "WRITE_IN_NUMBER": WRITE_IN,
            "FREIGHT_ACCOUNT": FREIGHT,
            # A killed host's mapping is free again in seconds instead of minutes; a thousand operations
            # in one batch are answered before it is.
            "LEASE_SECONDS": "30",
            "REQUEST_SECONDS": "20",
            "SCHEDULE_HOUSEKEEPING": HOUSEKEEPING,
            **{f"SCHEDULE_{m.upper()}": SLOW for m in MAPPINGS},
        }

    def _credential(self, secret: str, identity_endpoint: str) -> dict[str, str]:
        """Return the settings by which the integration proves who it is."""
        run_dir = RunDir(self.folder)
        match self.sign_in:
            case "certificate":
                return {"CLIENT_CERTIFICATE": str(run_dir.integration_certificate)}
            case "identity":
                identity = run_dir.managed_identity()
                return {
                    "FEDERATED_IDENTITY_CLIENT_ID": identity.client_id,
                    # What a function app on Azure finds in its environment (azure-platform.md 6.5).
                    "IDENTITY_ENDPOINT": identity_endpoint,
                    "IDENTITY_HEADER": identity.header,
                }
            case _:
                return {"CLIENT_SECRET": secret}

    def start_functions(self) -> None:
        """Start the Functions host with the product; also after it was killed, then on another port."""
        ready = self._processes.ready_file("functions")
        command = self._python("sandbox.functions_host", "--app", str(ROOT), "--ready-file", str(ready))
        self._processes.start("functions", command, env=self.host_settings)
        self.endpoints["functions"] = self._processes.wait_for_file("functions", ready)["url"]
        if self.push:
            self._let_them_tell()
        (self.folder / "endpoints.json").write_text(json.dumps(self.endpoints, indent=2))
        (self.folder / "endpoints.json").chmod(0o600)

    def _let_them_tell(self) -> None:
        """Register the service endpoint, and say where the host's name leads; it subscribes to BC by itself."""
        hosts = {HOST: self.endpoints["functions"]}
        endpoint = {"connection": self.endpoints["servicebus"], "queue": NOTICES}
        for which, settings in (
            ("bc", {"webhook_hosts": hosts, "webhook_delay_seconds": 0.5}),
            ("dataverse", {"service_endpoint": endpoint, "steps": STEPS}),
        ):
            with self.simulator(which) as client:
                client.post("/_sim/settings", json=settings).raise_for_status()

    def kill_functions(self) -> None:
        """SIGKILL the Functions host, as a power cut would."""
        self._processes.kill("functions")

    def functions_ended(self) -> bool:
        """Say whether the Functions host is gone, whoever ended it; `start_functions` starts it again."""
        return self._processes.has_ended("functions")

    @property
    def table_log(self) -> Path:
        """Azurite's access log."""
        return self.folder / "azurite.log"

    def stop(self) -> None:
        """Stop everything that was started, in the opposite order."""
        self._processes.stop()

    # --- data --------------------------------------------------------------------------------------

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.endpoints["ca"])

    def simulator(self, which: str) -> httpx.Client:
        """Return a client of a simulator's control surface."""
        return httpx.Client(base_url=self.endpoints["simulators"][which], verify=self.trust(), timeout=300)

    def load(
        self, company: GeneratedCompany | CompanyFromFiles, sales_data: Path | None = None
    ) -> dict[str, int]:
        """Fill BC with a company, and Sales with what it has already; return the number of rows by set."""
        with self.simulator("bc") as bc, self.simulator("dataverse") as sales:
            counts: dict[str, int] = load_company(company, bc=over_http(bc), sales=over_http(sales))
            for table, count in load_order_setup(company.name, over_http(bc)).items():
                counts[table] = counts.get(table, 0) + count
            for name, rows in sales_rows(sales_data) if sales_data else ():
                counts[f"{name} in Sales"] = over_http(sales).load(name, rows)
            for client in (bc, sales):
                client.delete("/_sim/log")
            return counts


def company_of(arguments: argparse.Namespace) -> GeneratedCompany | CompanyFromFiles:
    if arguments.data:
        return CompanyFromFiles(arguments.data)
    return GeneratedCompany(
        customers=arguments.customers, items=arguments.items, seed=arguments.seed, prices=arguments.prices
    )


def arguments_of(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--items", type=int, help="default: a fifth of the customers, at least 40")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help="folder of <table>.json files instead of generated data")
    parser.add_argument("--sign-in", choices=SIGN_INS, default=SIGN_INS[0], help="of the integration")
    parser.add_argument("--prices", choices=PRICES, default=PRICES[0], help="how Business Central keeps them")
    parser.add_argument(
        "--sales-data", type=Path, help="folder of account.json and contact.json: Sales is not empty"
    )
    return parser


def main() -> int:
    parser = arguments_of("Start the sandbox and leave it running.")
    parser.add_argument("--push", action="store_true", help="changes are told, not only polled")
    arguments = parser.parse_args()
    company = company_of(arguments)
    sandbox = Sandbox(keep=True, push=arguments.push, sign_in=arguments.sign_in, prices=arguments.prices)
    try:
        sandbox.start(company=company.name, base_currency=company.local_currency)
        sandbox.load(company, arguments.sales_data)
        sandbox.start_functions()
    except BaseException:
        sandbox.stop()
        raise
    for name in ("functions", "bc", "dataverse", "login"):
        print(f"{name:10} {sandbox.endpoints[name]}")
    print(f"addresses and keys: {RUN_DIR.relative_to(ROOT) / 'endpoints.json'}; stop with `make down`")
    return 0


def down() -> int:
    """Stop a sandbox that was left running."""
    for name in stop_left(RUN_DIR):
        print(f"stopped {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
