"""`make demo`: fill both systems, send a full-sync message, watch, compare. Exit code 0 only if they agree."""

from __future__ import annotations

import json
import math
import sys
import time
from typing import Any

import httpx
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from rich.console import Console
from rich.live import Live
from rich.table import Table

from cli.show import reasons, review
from sandbox.compare import Comparison, compare, read_couplings
from sandbox.up import Sandbox, arguments_of, company_of

console = Console(width=None if sys.stdout.isatty() else 160)
LIMIT_SECONDS = 1800


class Demo:
    """One sandbox, used as an administrator would use it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.connect()

    def connect(self) -> None:
        """Open a client of the API where the Functions host is now."""
        self.api = httpx.Client(
            base_url=f"{self.sandbox.endpoints['functions']}/api/",
            headers={"x-api-key": self.sandbox.endpoints["api_key_admin"]},
            timeout=60,
        )

    def power_cut(self) -> None:
        """SIGKILL the Functions host and start it again."""
        self.sandbox.kill_functions()
        self.sandbox.start_functions()
        self.connect()

    def full_sync(self, run: str) -> None:
        """Send the message an administrator would send (P48); its id names the run."""
        with (
            ServiceBusClient.from_connection_string(self.sandbox.endpoints["servicebus"]) as client,
            client.get_queue_sender("full-sync") as sender,
        ):
            sender.send_messages(ServiceBusMessage(json.dumps({"action": "start"}), message_id=run))

    def run(self, run: str) -> dict[str, Any] | None:
        answer = self.api.get(f"runs/{run}")
        return answer.json() if answer.status_code == 200 else None

    def wait(self, run: str, *, at_most: float = LIMIT_SECONDS) -> dict[str, Any]:
        """Show the review while the run works; return it when it has ended."""
        limit = time.monotonic() + at_most
        found: dict[str, Any] | None = None
        with Live(console=console, refresh_per_second=4, transient=True) as live:
            while time.monotonic() < limit:
                found = self.run(run)
                if found is not None:
                    if console.is_terminal:
                        live.update(review(found))
                    if found["state"] in ("finished", "failed", "cancelled"):
                        return found
                time.sleep(0.5)
        raise TimeoutError(f"the run did not end within {at_most} s: {found}")

    def held(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = self.api.get("held", params={"after": after} if after else {}).json()
            rows += page["value"]
            after = page["next"]
            if after is None:
                return rows

    def token(self, identity: str, resource: str) -> str:
        client = self.sandbox.endpoints["clients"][identity]
        answer = httpx.post(
            f"{self.sandbox.endpoints['login']}/{client['tenant']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": client["client_id"],
                "client_secret": client["secret"],
                "scope": f"{resource}/.default",
            },
            verify=self.sandbox.trust(),
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def people(self, which: str) -> httpx.Client:
        """Return a client of one system that acts as somebody else than the integration user."""
        resource = (
            "https://api.businesscentral.dynamics.com"
            if which == "bc"
            else self.sandbox.endpoints["dataverse"]
        )
        headers = {"Authorization": f"Bearer {self.token('people', resource)}", "Accept": "application/json"}
        return httpx.Client(headers=headers, verify=self.sandbox.trust(), timeout=300)

    @property
    def bc_root(self) -> str:
        at = self.sandbox.endpoints
        return f"{at['bc']}/api/tandem/sync/v1.0/companies({at['bc_company']})"

    @property
    def sales_root(self) -> str:
        return f"{self.sandbox.endpoints['dataverse']}/api/data/v9.2"

    def compare(self) -> Comparison:
        couplings = read_couplings(self.sandbox.endpoints["tables"], self.sandbox.endpoints["bc_company"])
        with self.people("bc") as bc, self.people("dataverse") as sales:
            return compare(
                bc,
                sales,
                bc_root=self.bc_root,
                sales_root=self.sales_root,
                couplings=couplings,
                explained=[(h["mapping"], h["side"], h["id"]) for h in self.held()],
            )

    def counts(self, which: str) -> dict[str, Any]:
        with self.sandbox.simulator(which) as client:
            found: dict[str, Any] = client.get("/_sim/counts").json()
            return found


def budget(run: dict[str, Any], bc: dict[str, Any], sales: dict[str, Any]) -> Table:
    """Return the budgets of design §10 for a full sync into an empty Sales, and what was counted."""
    table = Table(title="Budgets (design §10)", title_justify="left")
    for column in ("What", "Budget", "Actual", ""):
        table.add_column(column)
    lines = {line["mapping"]: line for line in run["lines"]}
    created = sum(line["to_sales"].get("created", 0) for line in lines.values())
    late = sum(line["wake_ups"].get("updated", 0) for line in lines.values())
    records = created + late
    back = sum(
        line["from_sales"][part] for line in lines.values() for part in ("created", "updated", "coupled")
    )
    most = math.ceil((created / 100 + late / 100) * 1.02) + len(lines)
    rows = [
        ("Dataverse write requests", most, sales["writes"]),
        ("records written in Sales", records, sales["rows_written"]),
        ("BC write requests", math.ceil(back / 100 * 1.02) + 1, bc["writes"]),
    ]
    for what, allowed, actual in rows:
        table.add_row(what, str(allowed), str(actual), "ok" if actual <= allowed else "OVER")
    return table


def main() -> int:
    arguments = arguments_of("Run a full synchronization of a demo company on this machine.").parse_args()
    company = company_of(arguments)
    sandbox = Sandbox()
    try:
        console.print("starting the sandbox …")
        sandbox.start(company=company.name, base_currency=company.local_currency)
        counts = sandbox.load(company)
        console.print("loaded: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
        sandbox.start_functions()
        demo = Demo(sandbox)
        started = time.monotonic()
        demo.full_sync("demo")
        run = demo.wait("demo")
        took = time.monotonic() - started
        console.print(review(run))
        console.print(reasons(run))
        console.print(f"{took:.0f} s")
        console.print(budget(run, demo.counts("bc"), demo.counts("dataverse")))
        held = demo.held()
        for row in held[:20]:
            console.print(f"{row['kind']}: {row['mapping']} {row['label']} – {row['reason']}")
        result = demo.compare()
        console.print(
            f"compared {sum(result.compared.values())} values of "
            + ", ".join(f"{count} {name}" for name, count in result.coupled.items())
            + f"; {result.empty_options} options stay empty for want of a counterpart; {len(held)} records held"
        )
        for difference in result.differences[:20]:
            console.print(difference, style="red")
        agrees = run["state"] == "finished" and result.agrees
        console.print(
            "both sides agree" if agrees else "the sides do NOT agree", style="green" if agrees else "red"
        )
        return 0 if agrees else 1
    finally:
        sandbox.stop()


if __name__ == "__main__":
    sys.exit(main())
