"""`tandem doctor`: what is set up and what is not; `--fix` does what the setup account may do (P31–P33).

The checks are the app's (`GET /api/doctor`). Repairs are not: they are done from here, with the account of
whoever runs the command, so that neither the app nor anything of it ever holds an administrator's rights.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
from rich.table import Table

import shared.adapters.doctor_fix as fixing
from cli.api import WRONG, Api, Failed
from cli.record import say
from cli.show import console
from shared.core.errors import SyncError

#: Exit codes of `doctor`: all fine; something is wrong; something, or everything, could not be checked.
FINE, PROBLEMS, UNCHECKED = 0, 1, 2
CODES = {"ok": FINE, "problem": PROBLEMS, "unknown": UNCHECKED}
MARKS = {"ok": "ok", "advice": "note", "problem": "WRONG", "unknown": "?"}
STYLES = {"ok": "green", "advice": "cyan", "problem": "red", "unknown": "yellow"}
#: Looks until nothing more can be repaired: a user that is made can be looked at for privileges then.
ROUNDS = 3
#: Who repairs, from the environment of whoever runs the command.
TOKEN, CLIENT, SECRET = "TANDEM_SETUP_TOKEN", "TANDEM_SETUP_CLIENT_ID", "TANDEM_SETUP_CLIENT_SECRET"

Do = Callable[[Mapping[str, Any]], list[str]]


def examine(api: Api) -> dict[str, Any]:
    """Ask the app, and add what comes next."""
    data: dict[str, Any] = api.slow("doctor")
    data["next"] = _next(api, data)
    return data


def _next(api: Api, data: Mapping[str, Any]) -> str:
    """Return the next step of setting up: doctor, mappings, rehearsal, full synchronization (P31)."""
    wrong = [c for c in data["checks"] if c["state"] == "problem"]
    if any(c["fix"] for c in wrong):
        return "`tandem doctor --fix` with an administrator's account, or what is said above by hand"
    if wrong:
        return "do what is said above, then `tandem doctor` again"
    if data["state"] == "unknown":
        return "find out why something did not answer, then `tandem doctor` again"
    try:
        last = api.get("status")["run"]
    except Failed:
        return "`tandem status`"
    if last is None or (last["rehearse"] and last["state"] != "finished"):
        return "look at `tandem mappings`, change them if need be, then `tandem full-sync --rehearse`"
    if last["rehearse"]:
        return "`tandem full-sync --wait`, when the plan is as you want it"
    return "nothing; `tandem status` shows how it goes"


def fix(api: Api, only: Sequence[str], do: Do) -> dict[str, Any]:
    """Repair what was found, look again, and return what is left with what was `done`.

    Without names only problems are repaired; named checks also when they only advise.
    """
    data = examine(api)
    if unknown := set(only) - {c["id"] for c in data["checks"]}:
        raise Failed(WRONG, f"there is no check {', '.join(sorted(unknown))}")
    done: list[str] = []
    tried: list[Any] = []
    for _ in range(ROUNDS):
        wishes = [
            c["fix"]
            for c in data["checks"]
            if c["fix"] and (c["id"] in only if only else c["state"] == "problem") and c["fix"] not in tried
        ]
        # Several checks may want the same thing.
        wishes = [w for n, w in enumerate(wishes) if w not in wishes[:n]]
        if not wishes:
            break
        _refuse(wishes)
        for wish in wishes:
            try:
                done += do(wish)
            except SyncError as problem:
                raise Failed(PROBLEMS, f"{'; '.join([*done, str(problem)])}") from None
        tried += wishes
        data = examine(api)
    return {**data, "done": done}


def _refuse(wishes: Sequence[Mapping[str, Any]]) -> None:
    """Carry out none of an app's wishes when one is more than Tandem needs. Raises `Failed`."""
    # Imported late: only who repairs needs it.
    from shared.wiring_doctor import beyond_needs

    if odd := [said for wish in wishes for said in beyond_needs(wish)]:
        raise Failed(
            WRONG,
            f"nothing was repaired: the app asks for more than this version of Tandem needs ({', '.join(odd)}). "
            "Is it the right app, and of the same version as this command?",
        )


def setup_account(env: Mapping[str, str], known: Mapping[str, Any]) -> Do:
    """Return who repairs, as the environment of this command says; in a sandbox its `people`.

    The addresses come from here too, never from the app's answer: an administrator's token goes nowhere else.
    """
    given = dict(env)
    if known and not (env.get(TOKEN) or env.get(CLIENT)):
        people = known["clients"]["people"]
        given |= {CLIENT: people["client_id"], SECRET: people["secret"], "TENANT_ID": people["tenant"]}
        given |= {"LOGIN_URL": known["login"], "CA_BUNDLE": known["ca"], "DATAVERSE_URL": known["dataverse"]}
        given |= {"TABLES_CONNECTION_STRING": known["tables"]}

    def do(wish: Mapping[str, Any]) -> list[str]:
        if wish["kind"] in ("queues", "tables"):
            return _in_azure(wish, given)
        return _in_sales(wish, given)

    return do


def _in_sales(wish: Mapping[str, Any], env: Mapping[str, str]) -> list[str]:
    root = env.get("DATAVERSE_URL", "").rstrip("/")
    if not root.startswith("https://"):
        raise Failed(WRONG, "--fix needs DATAVERSE_URL, the https:// address of the organization")
    trust = ssl.create_default_context(cafile=env.get("CA_BUNDLE") or None)
    with httpx.Client(verify=trust, timeout=30) as login:
        if token := env.get(TOKEN, ""):
            auth = fixing.by_token(token)
        elif env.get(CLIENT) and env.get(SECRET) and env.get("TENANT_ID"):
            auth = fixing.by_secret(
                login_url=env.get("LOGIN_URL") or fixing.LOGIN,
                tenant=env["TENANT_ID"],
                client_id=env[CLIENT],
                secret=env[SECRET],
                root=root,
                http=login,
            )
        else:
            raise Failed(
                WRONG,
                f"--fix needs an administrator: {TOKEN}, or {CLIENT} with {SECRET} and TENANT_ID",
            )
        with httpx.Client(verify=trust, timeout=120, auth=auth) as http:
            return fixing.SetUpAccount(http, root=root).fix(wish)


def _in_azure(wish: Mapping[str, Any], env: Mapping[str, str]) -> list[str]:
    # Imported late: only who makes queues or tables needs it.
    import shared.adapters.doctor_fix_azure as azure

    if wish["kind"] == "tables":
        text, address = env.get("TABLES_CONNECTION_STRING", ""), env.get("TABLES_ENDPOINT", "")
        if not text and not address:
            raise Failed(WRONG, "--fix needs TABLES_ENDPOINT, or TABLES_CONNECTION_STRING")
        return azure.make_tables(wish["names"], connection_string=text, endpoint=address)
    text = env.get("ServiceBusConnection", "")
    address = env.get("ServiceBusConnection__fullyQualifiedNamespace", "")
    if not text and not address:
        raise Failed(
            WRONG, "--fix needs ServiceBusConnection__fullyQualifiedNamespace, or ServiceBusConnection"
        )
    return azure.make_queues(wish["names"], connection_string=text, namespace=address)


def show(data: Mapping[str, Any]) -> None:
    for done in data.get("done", ()):
        say(f"done: {done}")
    table = Table("", "Check", "What it found, and what to do", show_lines=False)
    for check in data["checks"]:
        found = [check["title"]] if check["state"] == "ok" else [*check["says"]]
        if check["do"]:
            found.append(f"→ {check['do']}")
        mark = f"[{STYLES[check['state']]}]{MARKS[check['state']]}[/]"
        table.add_row(mark, check["id"], "\n".join(found).replace("[", "\\["))
    console.print(table)
    counts = {state: sum(c["state"] == state for c in data["checks"]) for state in MARKS}
    said = ", ".join(f"{count} {MARKS[state]}" for state, count in counts.items() if count)
    say(f"{len(data['checks'])} checks: {said}")
    say(f"next: {data['next']}")
