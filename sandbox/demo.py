"""`make demo`: fill both systems, send a full-sync message, watch, compare, and walk from orders to cash.

Exit code 0 only if both sides agree, every budget holds and every amount of the cash loop is the same.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from rich.console import Console
from rich.live import Live

from cli.show import reasons, review
from sandbox.bench import full_sync as counted
from sandbox.bench import table_log
from sandbox.bench.report import Budget, missed, table_of
from sandbox.cash_loop import show_cash_loop
from sandbox.compare import Comparison, compare, read_couplings
from sandbox.trouble import Faults, Kills
from sandbox.up import Sandbox, arguments_of, company_of

console = Console(width=None if sys.stdout.isatty() else 160)
LIMIT_SECONDS = 3600
#: Seconds in which a host that does not answer must be back.
PATIENCE = 90.0
ENDED = ("finished", "failed", "cancelled")


class Demo:
    """One sandbox, used as an administrator would use it.

    When the Functions host is killed, by whomever, it is started again, as Azure would: nothing else may be lost.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        #: How often the host was started again.
        self.revived = 0
        self.connect()

    def connect(self) -> None:
        """Open a client of the API where the Functions host is now."""
        self.api = httpx.Client(
            base_url=f"{self.sandbox.endpoints['functions']}/api/",
            headers={"x-api-key": self.sandbox.endpoints["api_key_admin"]},
            timeout=60,
        )

    def get(self, path: str, **params: str) -> httpx.Response:
        """Ask the API; when its host is gone, start it again and ask again.

        Raises:
            httpx.TransportError: the host is there but does not answer for `PATIENCE`.
        """
        limit = time.monotonic() + PATIENCE
        while True:
            try:
                return self.api.get(path, params=params)
            except httpx.TransportError:
                if self.sandbox.functions_ended():
                    self.revive()
                    limit = time.monotonic() + PATIENCE
                elif time.monotonic() > limit:
                    raise
                time.sleep(0.2)

    def revive(self) -> None:
        console.print("the Functions host is gone; starting it again", style="yellow")
        self.sandbox.start_functions()
        self.revived += 1
        self.connect()

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

    def fire(self, function: str) -> None:
        """Fire a timer by hand, as an administrator may on Azure."""
        answer = self.api.post(
            f"{self.sandbox.endpoints['functions']}/admin/functions/{function}",
            headers={"x-functions-key": self.sandbox.endpoints["functions_master_key"]},
            json={},
        )
        answer.raise_for_status()

    def run(self, run: str) -> dict[str, Any] | None:
        answer = self.get(f"runs/{run}")
        return answer.json() if answer.status_code == 200 else None

    def wait(
        self,
        run: str,
        *,
        at_most: float = LIMIT_SECONDS,
        meanwhile: Callable[[dict[str, Any]], None] = lambda run: None,
    ) -> dict[str, Any]:
        """Show the review while the run works; return it when it has ended. `meanwhile` gets each look at it."""
        limit = time.monotonic() + at_most
        found: dict[str, Any] | None = None
        with Live(console=console, refresh_per_second=4, transient=True) as live:
            while time.monotonic() < limit:
                found = self.run(run)
                if found is not None:
                    if console.is_terminal:
                        live.update(review(found))
                    if found["state"] in ENDED:
                        return found
                    meanwhile(found)
                time.sleep(0.5)
        raise TimeoutError(f"the run did not end within {at_most} s: {found}")

    def held(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = self.get("held", **({"after": after} if after else {})).json()
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
                extended=self.sandbox.prices == "extended",
            )

    def counts(self, which: str) -> dict[str, Any]:
        with self.sandbox.simulator(which) as client:
            found: dict[str, Any] = client.get("/_sim/counts").json()
            return found

    def log(self, which: str) -> list[dict[str, Any]]:
        """Return the request log of a simulator."""
        with self.sandbox.simulator(which) as client:
            found: list[dict[str, Any]] = client.get("/_sim/log").json()["entries"]
            return found

    def forget_log(self) -> None:
        for which in ("bc", "dataverse"):
            with self.sandbox.simulator(which) as client:
                client.delete("/_sim/log")


def main() -> int:
    parser = arguments_of("Run a full synchronization of a demo company on this machine.")
    parser.add_argument("--kills", type=int, default=0, help="SIGKILL the Functions host so many times")
    parser.add_argument(
        "--faults", action="store_true", help="lose 5 %% of the replies to writes, send bursts of 429"
    )
    parser.add_argument(
        "--again", action="store_true", help="synchronize a second time: nothing may be written"
    )
    arguments = parser.parse_args()
    company = company_of(arguments)
    sandbox = Sandbox(sign_in=arguments.sign_in, prices=arguments.prices)
    try:
        console.print("starting the sandbox …")
        sandbox.start(company=company.name, base_currency=company.local_currency)
        counts = sandbox.load(company, arguments.sales_data)
        console.print("loaded: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
        sandbox.start_functions()
        return _play(Demo(sandbox), arguments, records=counts.get("customers", 0) + counts.get("contacts", 0))
    finally:
        sandbox.stop()


def _play(demo: Demo, arguments: argparse.Namespace, *, records: int) -> int:
    """One full synchronization with what was asked for in its way; 0 when all is as it should be."""
    sandbox = demo.sandbox
    kills = Kills(sandbox.kill_functions, times=arguments.kills, records=records)
    faults = Faults(sandbox.simulator, wanted=arguments.faults)

    def trouble(run: dict[str, Any]) -> None:
        faults.again()
        if (said := kills.look(run)) is not None:
            console.print(said, style="yellow")

    tables_from = table_log.position(sandbox.table_log)
    started = time.monotonic()
    faults.start()
    demo.full_sync("demo")
    run = demo.wait("demo", meanwhile=trouble)
    took = time.monotonic() - started
    for said in faults.stop():
        console.print(said, style="yellow")
    console.print(review(run))
    console.print(reasons(run))
    console.print(f"{took:.0f} s")
    over: list[Budget] = []
    if demo.revived or arguments.faults:
        console.print(
            f"no budgets: the Functions host was started again {demo.revived} times, or replies failed"
        )
    else:
        tables = table_log.requests(sandbox.table_log, since=tables_from)
        over += _show(
            "Budgets of a full synchronization (design §10), from request logs",
            counted.budgets(run, bc=demo.log("bc"), sales=demo.log("dataverse"), tables=tables),
        )
    good = _agree(demo) and run["state"] == "finished" and kills.left == 0
    if kills.left:
        console.print(f"{kills.left} kills found no moment: the run was over", style="red")
    if arguments.again:
        demo.forget_log()
        demo.full_sync("again")
        again = demo.wait("again")
        good = good and again["state"] == "finished"
        over += _show(
            "A second full synchronization (request logs)",
            counted.nothing_written(demo.log("bc"), demo.log("dataverse")),
        )
    if arguments.kills or arguments.faults:
        console.print("no cash loop after kills and faults: see it without them")
    else:
        good = show_cash_loop(demo, console) and good
    for budget in over:
        console.print(f"over budget: {budget.what}", style="red")
    return 0 if good and not over else 1


def _show(title: str, budgets: list[Budget]) -> list[Budget]:
    console.print(table_of(title, budgets))
    return missed(budgets)


def _agree(demo: Demo) -> bool:
    """Compare both sides and say what differs."""
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
    console.print(
        "both sides agree" if result.agrees else "the sides do NOT agree",
        style="green" if result.agrees else "red",
    )
    return result.agrees


if __name__ == "__main__":
    sys.exit(main())
