"""`tandem`: a thin client of the HTTP API."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from cli.show import show_explain, show_held, show_jobs, show_run, show_runs, show_status

ENDPOINTS = Path("sandbox/.run/endpoints.json")
#: Exit codes: 0 done, 1 the run failed, 2 the call was wrong, 3 the app could not be reached.
OK, FAILED, WRONG, UNREACHED = 0, 1, 2, 3


class Api:
    """The HTTP API. Raises `SystemExit` with a sentence for what went wrong."""

    def __init__(self, url: str, key: str, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=url.rstrip("/") + "/api/", headers={"x-api-key": key}, timeout=60, transport=transport
        )

    def get(self, path: str, **params: Any) -> Any:
        return self._answer("GET", path, params={k: v for k, v in params.items() if v is not None})

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._answer("POST", path, json=body or {})

    def all(self, path: str, **params: Any) -> dict[str, Any]:
        """Follow `next` to the end."""
        page = self.get(path, **params)
        rows = list(page["value"])
        while page.get("next"):
            page = self.get(path, **params, after=page["next"])
            rows += page["value"]
        return {"value": rows}

    def _answer(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            print(f"tandem: the app cannot be reached: {error}", file=sys.stderr)
            raise SystemExit(UNREACHED) from None
        if response.is_success:
            return response.json()
        try:
            told = response.json()
            text = f"{told.get('title')}: {told.get('detail')}"
        except ValueError:
            text = response.text[:200]
        print(f"tandem: {response.status_code} {text}", file=sys.stderr)
        raise SystemExit(WRONG)


def parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--url", help="address of the Functions app (default: TANDEM_URL, or the sandbox)")
    common.add_argument("--key", help="API key (default: TANDEM_KEY, or the sandbox)")
    common.add_argument("--json", action="store_true", help="print the API's JSON")
    top = argparse.ArgumentParser(prog="tandem", description="Two-way sync of Business Central and Sales.")
    commands = top.add_subparsers(dest="command", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, parents=[common])

    full = command("full-sync", "synchronize all records of all mappings, in the background")
    full.add_argument("--mapping", action="append", default=[], help="only this mapping (may be repeated)")
    full.add_argument("--rehearse", action="store_true", help="show the plan and write nothing")
    full.add_argument("--create", action="store_true", help="create without matching first")
    full.add_argument("--wait", action="store_true", help="wait for the end and show the review")
    command("status", "what an administrator looks at first")
    runs = command("runs", "full synchronizations, or one of them")
    runs.add_argument("id", nargs="?")
    for name, text in (("jobs", "the job log"), ("held", "records out of sync, with their reasons")):
        command(name, text).add_argument("--mapping")
    command("mappings", "the mappings in force")
    command("sync", "synchronize what changed in a mapping").add_argument("mapping")
    for name, text in (
        ("explain", "how one record stands, and why"),
        ("retry", "try one record again"),
    ):
        chosen = command(name, text)
        chosen.add_argument("mapping")
        chosen.add_argument("side", choices=["bc", "sales"])
        chosen.add_argument("id")
    return top


def endpoints() -> dict[str, Any]:
    """Return the sandbox's addresses when it runs here, else nothing."""
    try:
        found: dict[str, Any] = json.loads(ENDPOINTS.read_text())
    except (OSError, ValueError):
        return {}
    return found


def main(arguments: Sequence[str] | None = None, *, transport: httpx.BaseTransport | None = None) -> int:
    chosen = parser().parse_args(arguments)
    known = endpoints()
    url = chosen.url or os.environ.get("TANDEM_URL") or known.get("functions", "")
    key = chosen.key or os.environ.get("TANDEM_KEY") or known.get("api_key_admin", "")
    if not url:
        print("tandem: say --url, or set TANDEM_URL, or start the sandbox with `make up`", file=sys.stderr)
        return WRONG
    api = Api(url, key, transport)
    data, show = run(api, chosen)
    if chosen.json:
        print(json.dumps(data, indent=2))
    else:
        show(data)
    failed = chosen.command == "full-sync" and chosen.wait and data.get("state") != "finished"
    return FAILED if failed else OK


def run(api: Api, chosen: argparse.Namespace) -> tuple[Any, Any]:
    """Make the call; return its JSON and how to show it."""
    match chosen.command:
        case "full-sync":
            body = {"mappings": chosen.mapping, "rehearse": chosen.rehearse, "create": chosen.create}
            data = api.post("full-sync", body)
            return (wait(api, data["run"]), show_run) if chosen.wait else (data, lambda d: print(d["run"]))
        case "status":
            return api.get("status"), show_status
        case "runs":
            return (api.get(f"runs/{chosen.id}"), show_run) if chosen.id else (api.get("runs"), show_runs)
        case "jobs":
            return api.get("jobs", mapping=chosen.mapping), show_jobs
        case "held":
            return api.all("held", mapping=chosen.mapping), show_held
        case "mappings":
            return api.get("mappings"), lambda d: print(
                "\n".join(f"{m['mapping']}: {m['title']}" for m in d["value"])
            )
        case "sync":
            return api.post(f"mappings/{chosen.mapping}/sync"), lambda d: print(d["job"])
        case "explain":
            return api.get(f"records/{chosen.mapping}/{chosen.side}/{chosen.id}"), show_explain
        case _:
            path = f"records/{chosen.mapping}/{chosen.side}/{chosen.id}/{chosen.command}"
            return api.post(path), lambda d: print(d["job"])


def wait(api: Api, run_id: str) -> Any:
    """Ask until the run has ended. A run that was only queued is not there yet for a moment."""
    while True:
        heads = {r["id"]: r["state"] for r in api.get("runs")["value"]}
        if heads.get(run_id) in ("finished", "failed", "cancelled"):
            return api.get(f"runs/{run_id}")
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
