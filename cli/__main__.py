"""`tandem`: a thin client of the HTTP API."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from cli import doctor
from cli.api import FAILED, OK, WRONG, Api, Failed
from cli.arguments import parser
from cli.naming import find, id_of, show_found
from cli.plan import BLANK, html, show_plan
from cli.record import show_explain, show_history
from cli.show import (
    show_held,
    show_job,
    show_jobs,
    show_mappings,
    show_run,
    show_runs,
    show_status,
    show_wishes,
)

ENDPOINTS = Path(__file__).parents[1] / "sandbox" / ".run" / "endpoints.json"
#: Seconds between two looks at a run, and looks without an answer (it restarts) or without the run
#: (its message waits) before `--wait` gives up.
PAUSE, LOOKS = 1.0, 300
#: Looks for what became of a wish; after that it is still in its queue.
OUTCOME_LOOKS = 60


def endpoints() -> dict[str, Any]:
    """Return the sandbox's addresses when it runs here, else nothing."""
    try:
        found: dict[str, Any] = json.loads(ENDPOINTS.read_text())
    except (OSError, ValueError):
        return {}
    return found


def main(arguments: Sequence[str] | None = None, *, transport: httpx.BaseTransport | None = None) -> int:
    chosen = parser().parse_args(arguments, argparse.Namespace(url="", key="", json=False))
    known = endpoints()
    url = chosen.url or os.environ.get("TANDEM_URL") or known.get("functions", "")
    key = chosen.key or os.environ.get("TANDEM_KEY") or known.get("api_key_admin", "")
    if not url:
        print("tandem: say --url, or set TANDEM_URL, or start the sandbox with `make up`", file=sys.stderr)
        return WRONG
    if not url.startswith(("http://", "https://")):
        print(f"tandem: --url must start with https:// or http://, not '{url}'", file=sys.stderr)
        return WRONG
    chosen.sandbox = known if url == known.get("functions") else {}
    api = Api(url, key, transport)
    try:
        data, show = run(api, chosen)
    except Failed as failed:
        print(f"tandem: {failed}", file=sys.stderr)
        if chosen.command == "doctor":
            refused = failed.code == doctor.PROBLEMS and failed.status is None
            return doctor.PROBLEMS if refused else doctor.UNCHECKED
        return failed.code
    if chosen.json:
        print(json.dumps(data, indent=2))
    else:
        show(data)
    if chosen.command == "doctor":
        return doctor.CODES[data["state"]]
    run_shown = data.get("run") if isinstance(data.get("run"), dict) else data
    waited = chosen.command == "match" or getattr(chosen, "wait", False) or getattr(chosen, "rehearse", False)
    unfinished = waited and run_shown.get("state") != "finished"
    return FAILED if unfinished else OK


def run(api: Api, chosen: argparse.Namespace) -> tuple[Any, Any]:
    """Make the call; return its JSON and how to show it."""
    match chosen.command:
        case "full-sync":
            body = {
                "mappings": chosen.mapping,
                "rehearse": chosen.rehearse,
                "create": chosen.create,
                "force": chosen.force,
            }
            if chosen.rehearse:
                return rehearsal(api, body | {"changes": chosen.changes}, chosen.html)
            if chosen.changes or chosen.html:
                raise Failed(WRONG, "--changes and --html go with --rehearse")
            data = api.post("full-sync", body)
            return (wait(api, data["run"]), show_run) if chosen.wait else (data, lambda d: print(d["run"]))
        case "doctor":
            if chosen.fix is None:
                return doctor.examine(api), doctor.show
            account = doctor.setup_account(os.environ, chosen.sandbox)
            return doctor.fix(api, chosen.fix, account), doctor.show
        case "status":
            return api.get("status"), show_status
        case "runs":
            if (chosen.resume or chosen.cancel) and not chosen.id:
                raise Failed(WRONG, "say which run")
            if chosen.id:
                path = f"runs/{quote(chosen.id, safe='')}"
                if chosen.resume:
                    return api.post(f"{path}/resume", {"force": chosen.force}), lambda d: print(d["run"])
                if chosen.cancel:
                    return api.post(f"{path}/cancel"), lambda d: print(d["run"])
                return api.get(path), show_run
            return api.all("runs"), show_runs
        case "jobs":
            return api.get("jobs", mapping=chosen.mapping, limit=chosen.limit), show_jobs
        case "held":
            return api.all("held", mapping=chosen.mapping or chosen.only), show_held
        case "mappings":
            return api.get("mappings"), lambda d: show_mappings(d, chosen.mapping)
        case "sync":
            path = f"mappings/{quote(chosen.mapping, safe='')}/sync"
            if not chosen.rehearse:
                return api.post(path, {"force": chosen.force}), lambda d: print(d["job"])
            return rehearsal(api, {"mappings": [chosen.mapping], "changes": True}, chosen.html)
        case "find":
            return find(api, chosen.mapping, chosen.side, chosen.text), show_found
        case "explain":
            return api.get(record(api, chosen)), show_explain
        case "history":
            return api.all(f"{record(api, chosen)}/history"), show_history
        case "match":
            how = {"preview": chosen.preview, "exact": chosen.exact, "create": chosen.create}
            if chosen.by:
                how["fields"] = [[name.strip() for name in group.split(",")] for group in chosen.by]
            run = api.post(f"mappings/{quote(chosen.mapping, safe='')}/match", how)["run"]
            if not chosen.preview:
                return wait(api, run), show_run
            return planned(api, run, chosen.html), show_plan
        case "couple":
            body = {
                "mapping": chosen.mapping,
                "bc": id_of(api, chosen.mapping, "bc", chosen.bc_id),
                "sales": id_of(api, chosen.mapping, "sales", chosen.sales_id),
                "from": chosen.first,
            }
            body |= {"move": True} if chosen.move else {}
            return outcome(api, chosen.mapping, api.post("couplings", body)), show_job
        case "uncouple":
            path = record(api, chosen).replace("records/", "couplings/", 1)
            return outcome(api, chosen.mapping, api.delete(path)), show_job
        case "forget":
            names = [chosen.mapping]
            if chosen.all:
                names = [m["mapping"] for m in reversed(api.get("mappings")["value"])]
            return {"jobs": [forgotten(api, name, chosen.company) for name in names]}, show_wishes
        case "create":
            path = f"mappings/{quote(chosen.mapping, safe='')}/sync"
            named = id_of(api, chosen.mapping, chosen.side, chosen.id)
            body = {"side": chosen.side, "ids": [named], "create": True}
            return outcome(api, chosen.mapping, api.post(path, body)), show_job
        case "resolve":
            body = {"use": chosen.use} | ({"field": chosen.field} if chosen.field else {})
            body |= {"overwrite": True} if chosen.overwrite else {}
            seen = {name: value for name, _, value in (s.partition("=") for s in chosen.seen)}
            if seen:
                body["seen"] = {name: None if value == BLANK else value for name, value in seen.items()}
            return outcome(api, chosen.mapping, api.post(f"{record(api, chosen)}/resolve", body)), show_job
        case _:
            told = api.post(f"{record(api, chosen)}/{chosen.command}")
            return outcome(api, chosen.mapping, told), show_job


def forgotten(api: Api, mapping: str, company: str) -> Any:
    path = f"mappings/{quote(mapping, safe='')}/forget"
    return outcome(api, mapping, api.post(path, {"company": company}))


def rehearsal(api: Api, body: dict[str, Any], page: str | None) -> tuple[Any, Any]:
    """Rehearse, wait for the end, and return the plan; written as a page too when one is named."""
    run = api.post("full-sync", body | {"rehearse": True})["run"]
    return planned(api, run, page), show_plan


def planned(api: Api, run: str, page: str | None) -> dict[str, Any]:
    plan = {"run": wait(api, run), "plan": api.all(f"runs/{run}/plan")["value"]}
    if page:
        Path(page).write_text(html(plan), encoding="utf-8")
    return plan


def record(api: Api, chosen: argparse.Namespace) -> str:
    id = id_of(api, chosen.mapping, chosen.side, chosen.id)
    return f"records/{quote(chosen.mapping, safe='')}/{chosen.side}/{quote(id, safe='')}"


def outcome(api: Api, mapping: str, told: Mapping[str, Any]) -> Any:
    """Wait until the job log shows what became of an administrator's wish; it may stand in a queue."""
    for _ in range(OUTCOME_LOOKS):
        for job in api.get("jobs", mapping=mapping)["value"]:
            if job["id"] == told["job"] and job["state"] != "deferred":
                if job["state"] != "finished":
                    raise Failed(WRONG, f"{job['state']}: {job['message']}")
                return job
        time.sleep(PAUSE)
    return told


def wait(api: Api, run_id: str) -> Any:
    """Ask until the run has ended. The app may restart meanwhile; a queued run is not there yet."""
    missed = 0
    while True:
        try:
            data = api.get(f"runs/{run_id}")
        except Failed as failed:
            missed += 1
            if failed.status in (400, 401, 403) or missed >= LOOKS:
                raise
        else:
            missed = 0
            if data["state"] in ("finished", "failed", "cancelled"):
                return data
        time.sleep(PAUSE)


if __name__ == "__main__":
    sys.exit(main())
