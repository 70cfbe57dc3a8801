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

from cli.plan import html, show_plan
from cli.show import show_explain, show_held, show_job, show_jobs, show_run, show_runs, show_status

ENDPOINTS = Path(__file__).parents[1] / "sandbox" / ".run" / "endpoints.json"
#: Exit codes: 0 done; 1 the run, or the app, failed; 2 the call was wrong; 3 the app could not be reached.
OK, FAILED, WRONG, UNREACHED = 0, 1, 2, 3
#: Seconds between two looks at a run, and looks without an answer (it restarts) or without the run
#: (its message waits) before `--wait` gives up.
PAUSE, LOOKS = 1.0, 300
#: Looks for what became of a wish; after that it is still in its queue.
OUTCOME_LOOKS = 60


class Failed(Exception):
    """The call did not succeed; `code` is the exit code, `status` the HTTP status when there was one."""

    def __init__(self, code: int, said: str, *, status: int | None = None) -> None:
        super().__init__(said)
        self.code, self.status = code, status


class Api:
    """The HTTP API. Raises `Failed` with a sentence for what went wrong."""

    def __init__(self, url: str, key: str, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=url.rstrip("/") + "/api/", headers={"x-api-key": key}, timeout=60, transport=transport
        )

    def get(self, path: str, **params: Any) -> Any:
        return self._answer("GET", path, params={k: v for k, v in params.items() if v is not None})

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._answer("POST", path, json=body or {})

    def delete(self, path: str) -> Any:
        return self._answer("DELETE", path)

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
            raise Failed(UNREACHED, f"the app cannot be reached: {error}") from None
        status = response.status_code
        try:
            told = response.json()
        except ValueError:
            told = None
        if response.is_success and isinstance(told, dict):
            return told
        text = f"{told.get('title')}: {told.get('detail')}" if isinstance(told, dict) else response.text[:200]
        if response.is_success:
            text = f"this is no answer of Tandem's API: {text}"
        raise Failed(WRONG if 400 <= status < 500 else FAILED, f"{status} {text}", status=status)


def parser() -> argparse.ArgumentParser:
    # Taken before and after the command; one that is not given there leaves the other alone.
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--url", help="address of the Functions app (default: TANDEM_URL, or the sandbox)")
    common.add_argument("--key", help="API key (default: TANDEM_KEY, or the sandbox)")
    common.add_argument("--json", action="store_true", help="print the API's JSON")
    top = argparse.ArgumentParser(
        prog="tandem", description="Two-way sync of Business Central and Sales.", parents=[common]
    )
    commands = top.add_subparsers(dest="command", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, parents=[common])

    full = command("full-sync", "synchronize all records of all mappings, in the background")
    full.add_argument("--mapping", action="append", default=[], help="only this mapping (may be repeated)")
    full.add_argument("--rehearse", action="store_true", help="show the plan and write nothing")
    full.add_argument(
        "--changes", action="store_true", help="with --rehearse: only what changed since the last time"
    )
    full.add_argument("--html", metavar="FILE", help="with --rehearse: write the plan as a page")
    full.add_argument("--create", action="store_true", help="create without matching first")
    full.add_argument("--force", action="store_true", help="go on although the brake would stop it")
    full.add_argument("--wait", action="store_true", help="wait for the end and show the review")
    command("status", "what an administrator looks at first")
    runs = command("runs", "full synchronizations, or one of them")
    runs.add_argument("id", nargs="?")
    change = runs.add_mutually_exclusive_group()
    change.add_argument("--resume", action="store_true", help="go on with what is not finished")
    change.add_argument("--cancel", action="store_true", help="stop it after the pages at work")
    runs.add_argument("--force", action="store_true", help="with --resume: release the brake")
    for name, text in (("jobs", "the job log"), ("held", "records out of sync, with their reasons")):
        command(name, text).add_argument("--mapping")
    command("mappings", "the mappings in force")
    sync = command("sync", "synchronize what changed in a mapping")
    sync.add_argument("mapping")
    sync.add_argument("--force", action="store_true", help="go on although the brake would stop it")
    match = command("match", "couple the uncoupled records of a mapping that are the same thing")
    match.add_argument("mapping")
    match.add_argument("--preview", action="store_true", help="show the plan and write nothing")
    match.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="FIELD[,FIELD…]",
        help="fields that must be equal; may be repeated, in order of priority",
    )
    match.add_argument("--exact", action="store_true", help="upper and lower case matter")
    match.add_argument("--create", action="store_true", help="create what matches nothing")
    for name, text in (
        ("explain", "how one record stands, and why"),
        ("retry", "try one record again; one that was parked comes back"),
        ("skip", "park one record: nothing of it is synchronized until it is retried"),
        ("uncouple", "take two records apart; both stay as they are"),
        ("resolve", "settle a record's conflicts in favour of one side"),
    ):
        chosen = command(name, text)
        chosen.add_argument("mapping")
        chosen.add_argument("side", choices=["bc", "sales"])
        chosen.add_argument("id")
        if name == "resolve":
            chosen.add_argument("--use", choices=["bc", "sales"], required=True, help="whose value is right")
            chosen.add_argument("--field", help="only this field")
    couple = command("couple", "couple two records by hand")
    couple.add_argument("mapping")
    couple.add_argument("bc_id")
    couple.add_argument("sales_id")
    couple.add_argument(
        "--from",
        dest="first",
        choices=["bc", "sales", "compare"],
        default="compare",
        help="whose values come first; compare: fields that differ are conflicts",
    )
    return top


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
    api = Api(url, key, transport)
    try:
        data, show = run(api, chosen)
    except Failed as failed:
        print(f"tandem: {failed}", file=sys.stderr)
        return failed.code
    if chosen.json:
        print(json.dumps(data, indent=2))
    else:
        show(data)
    run_shown = data.get("run") if isinstance(data.get("run"), dict) else data
    waited = chosen.command == "match" or (chosen.command == "full-sync" and (chosen.wait or chosen.rehearse))
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
                run = api.post("full-sync", body | {"changes": chosen.changes})["run"]
                plan = {"run": wait(api, run), "plan": api.all(f"runs/{run}/plan")["value"]}
                if chosen.html:
                    Path(chosen.html).write_text(html(plan))
                return plan, show_plan
            data = api.post("full-sync", body)
            return (wait(api, data["run"]), show_run) if chosen.wait else (data, lambda d: print(d["run"]))
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
            return api.get("runs"), show_runs
        case "jobs":
            return api.get("jobs", mapping=chosen.mapping), show_jobs
        case "held":
            return api.all("held", mapping=chosen.mapping), show_held
        case "mappings":
            return api.get("mappings"), lambda d: print(
                "\n".join(f"{m['mapping']}: {m['title']}" for m in d["value"])
            )
        case "sync":
            path = f"mappings/{quote(chosen.mapping, safe='')}/sync"
            return api.post(path, {"force": chosen.force}), lambda d: print(d["job"])
        case "explain":
            return api.get(record(chosen)), show_explain
        case "match":
            how = {"preview": chosen.preview, "exact": chosen.exact, "create": chosen.create}
            if chosen.by:
                how["fields"] = [[name.strip() for name in group.split(",")] for group in chosen.by]
            run = api.post(f"mappings/{quote(chosen.mapping, safe='')}/match", how)["run"]
            done = wait(api, run)
            if not chosen.preview:
                return done, show_run
            return {"run": done, "plan": api.all(f"runs/{run}/plan")["value"]}, show_plan
        case "couple":
            body = {
                "mapping": chosen.mapping,
                "bc": chosen.bc_id.lower(),
                "sales": chosen.sales_id.lower(),
                "from": chosen.first,
            }
            return outcome(api, chosen.mapping, api.post("couplings", body)), show_job
        case "uncouple":
            path = record(chosen).replace("records/", "couplings/", 1)
            return outcome(api, chosen.mapping, api.delete(path)), show_job
        case "resolve":
            body = {"use": chosen.use} | ({"field": chosen.field} if chosen.field else {})
            return outcome(api, chosen.mapping, api.post(f"{record(chosen)}/resolve", body)), show_job
        case _:
            told = api.post(f"{record(chosen)}/{chosen.command}")
            return outcome(api, chosen.mapping, told), show_job


def record(chosen: argparse.Namespace) -> str:
    return f"records/{quote(chosen.mapping, safe='')}/{chosen.side}/{quote(chosen.id, safe='')}"


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
