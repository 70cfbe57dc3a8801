"""Serve one simulator over TLS: `python -m sandbox.simulators --which bc --run-dir D --port 0 --ready-file F`.

One process each for entra, bc and dataverse, in any order; what they share lives in the run directory (see
`sandbox.simkit.run_dir`). When the port is open, the ready file appears with everything a client needs:

    {"which", "pid", "port", "origin", "url", "tenant", "ca", "identities", "resource", ...}

`url` is the endpoint as the product's settings want it (entra: the login host; bc: up to the environment;
dataverse: the organization), `resource` the token audience of the service, `company_id` and `company` the
company of BC, `organization_id` the organization of Dataverse.

SIGTERM and SIGINT stop it; it then ends with code 0.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

from sandbox.entra import BUSINESS_CENTRAL, MSI, EntraSim
from sandbox.simkit import TENANT, SimApp, SimClock, TokenVerifier
from sandbox.simkit.run_dir import RunDir, write_whole
from sandbox.simkit.server import TlsServer

THREADS = 16


def build(
    which: str, run_dir: RunDir, origin: str, *, company: str, base_currency: str
) -> tuple[SimApp, dict[str, Any]]:
    """Return the app to be served at `origin`, and what its clients need to know.

    Tokens are checked by the machine's clock, not by the simulator's: moving a service a week ahead shall not
    make the tokens of its callers expire, whose libraries go by the machine's clock too. Short-lived tokens come
    from Entra's `lifetime_seconds`.
    """
    clock, identities = SimClock(), run_dir.identities()
    match which:
        case "entra":
            # Tokens of a moved Entra would be of another time than the services'; its clock is the machine's too.
            issuer = run_dir.issuer(clock)
            return EntraSim(
                clock=clock,
                issuer=issuer,
                identities=identities,
                resources=lambda: run_dir.resources() | {BUSINESS_CENTRAL},
                managed_identity=run_dir.managed_identity(),
            ), {"url": origin, "authority": f"{origin}/{TENANT}", "identity_endpoint": f"{origin}{MSI}"}
        case "bc":
            from sandbox import sending
            from sandbox.business_central import BusinessCentralSim

            issuer = run_dir.issuer()
            bc = BusinessCentralSim(
                clock=clock, issuer=issuer, identities=tuple(identities), company_name=company
            )
            bc.verifier = TokenVerifier(issuer, BUSINESS_CENTRAL, SimClock())
            bc.webhooks.send = sending.HttpReceivers(bc)
            sending.in_the_background(bc.webhooks.deliver)
            return bc, {
                "url": f"{origin}/v2.0/{TENANT}/sandbox",
                "resource": BUSINESS_CENTRAL,
                "company": company,
                "company_id": str(bc.company_id),
            }
        case "dataverse":
            from sandbox import sending
            from sandbox.dataverse import DataverseSim

            issuer = run_dir.issuer()
            sales = DataverseSim(
                clock=clock, issuer=issuer, identities=tuple(identities), base_currency=base_currency
            )
            # The audience is the organization's own address (azure-platform.md rule 6.6).
            sales.verifier = TokenVerifier(issuer, origin, SimClock())
            run_dir.register_resource("dataverse", origin)
            sending.in_the_background(sending.ServiceEndpoint(sales).deliver)
            return sales, {"url": origin, "resource": origin, "organization_id": str(sales.organization_id)}
    raise ValueError(f"there is no simulator called {which}")


def main(argv: list[str] | None = None) -> int:
    said = _arguments(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run_dir = RunDir(said.run_dir.resolve()).prepare()
    server = TlsServer(None, run_dir, port=said.port, threads=said.threads)
    server.wsgi_app, facts = build(
        said.which, run_dir, server.origin, company=said.company, base_currency=said.base_currency
    )
    with server.running():
        _announce(said.ready_file, said.which, run_dir, server, facts)
        stop.wait()
    if said.ready_file is not None:
        said.ready_file.unlink(missing_ok=True)
    return 0


def _announce(
    ready_file: Path | None, which: str, run_dir: RunDir, server: TlsServer, facts: dict[str, Any]
) -> None:
    ready = {
        "which": which,
        "pid": os.getpid(),
        "port": server.port,
        "origin": server.origin,
        "tenant": TENANT,
        "ca": str(run_dir.ca),
        "identities": str(run_dir.path / "identities.json"),
    } | facts
    if ready_file is None:
        print(json.dumps(ready), flush=True)
    else:
        ready_file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(ready_file, json.dumps(ready, indent=2).encode())


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.simulators", description="Serve one simulator over TLS."
    )
    parser.add_argument("--which", required=True, choices=("entra", "bc", "dataverse"))
    parser.add_argument("--run-dir", required=True, type=Path, help="shared by the processes of one run")
    parser.add_argument("--port", type=int, default=0, help="0: chosen by the system")
    parser.add_argument("--ready-file", type=Path, help="written when the port is open; without it, printed")
    parser.add_argument("--company", default="CRONUS International Ltd.", help="name of the BC company")
    parser.add_argument(
        "--base-currency", default="GBP", help="of the Dataverse organization: the company's own"
    )
    parser.add_argument("--threads", type=int, default=THREADS)
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
