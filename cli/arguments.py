"""The commands and their arguments."""

from __future__ import annotations

import argparse


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
    doctor = command("doctor", "look whether everything is set up, and say what to do next")
    doctor.add_argument(
        "--fix",
        nargs="*",
        metavar="CHECK",
        help="do what an administrator's account may do: all problems, or the checks named (docs/doctor.md)",
    )
    command("status", "what an administrator looks at first")
    runs = command("runs", "full synchronizations, or one of them")
    runs.add_argument("id", nargs="?")
    change = runs.add_mutually_exclusive_group()
    change.add_argument("--resume", action="store_true", help="go on with what is not finished")
    change.add_argument("--cancel", action="store_true", help="stop it after the pages at work")
    runs.add_argument("--force", action="store_true", help="with --resume: release the brake")
    jobs = command("jobs", "the job log, newest first")
    jobs.add_argument("--mapping")
    jobs.add_argument("--limit", type=int, default=100, help="how many (default: 100; at most 1000)")
    held = command("held", "records out of sync, with their reasons")
    held.add_argument("mapping", nargs="?")
    held.add_argument("--mapping", dest="only", help="the same")
    mappings = command("mappings", "the mappings in force, and what overrides have changed")
    mappings.add_argument("mapping", nargs="?", help="with its fields")
    sync = command("sync", "synchronize what changed in a mapping")
    sync.add_argument("mapping")
    sync.add_argument("--rehearse", action="store_true", help="show the plan and write nothing")
    sync.add_argument("--html", metavar="FILE", help="with --rehearse: write the plan as a page")
    sync.add_argument("--force", action="store_true", help="go on although the brake would stop it")
    match = command("match", "couple the uncoupled records of a mapping that are the same thing")
    match.add_argument("mapping")
    match.add_argument("--preview", action="store_true", help="show the plan and write nothing")
    match.add_argument("--html", metavar="FILE", help="with --preview: write the plan as a page")
    match.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="FIELD[,FIELD…]",
        help="fields that must be equal; may be repeated, in order of priority",
    )
    match.add_argument("--exact", action="store_true", help="upper and lower case matter")
    match.add_argument("--create", action="store_true", help="create what matches nothing")
    find = command("find", "records whose number or name begins so, and what they are coupled with")
    find.add_argument("mapping")
    find.add_argument("side", choices=["bc", "sales"])
    find.add_argument("text")
    for name, text in (
        ("explain", "how one record stands, why, and what would happen to it now"),
        ("history", "what was written to one record and its counterpart, newest first"),
        ("retry", "try one record again; one that was parked comes back"),
        ("skip", "park one record: nothing of it is synchronized until it is retried"),
        ("create", "make the counterpart of one record, again when it was deleted; a match is coupled"),
        ("uncouple", "take two records apart; both stay as they are"),
        ("resolve", "settle a record's conflicts in favour of one side"),
    ):
        chosen = command(name, text)
        chosen.add_argument("mapping")
        chosen.add_argument("side", choices=["bc", "sales"])
        chosen.add_argument("id", help="its id, or a number or name that only it begins with")
        if name == "resolve":
            chosen.add_argument("--use", choices=["bc", "sales"], required=True, help="whose value is right")
            chosen.add_argument("--field", help="only this field")
            chosen.add_argument(
                "--seen",
                action="append",
                default=[],
                metavar="FIELD=VALUE",
                help="what explain showed on the other side: refused when it has changed since; may be repeated",
            )
            chosen.add_argument(
                "--overwrite", action="store_true", help="also what only the other side has changed"
            )
    forget = command("forget", "forget every coupling and held record of mappings; no record is touched")
    which = forget.add_mutually_exclusive_group(required=True)
    which.add_argument("mapping", nargs="?")
    which.add_argument("--all", action="store_true", help="all mappings, the last to depend on others first")
    forget.add_argument("--company", required=True, help="id of the company in BC that this app synchronizes")
    couple = command("couple", "couple two records by hand")
    couple.add_argument("mapping")
    couple.add_argument("bc_id", help="an id, or a number or name that only one record begins with")
    couple.add_argument("sales_id", help="the same")
    couple.add_argument(
        "--from",
        dest="first",
        choices=["bc", "sales", "compare"],
        default="compare",
        help="whose values come first; compare: fields that differ are conflicts",
    )
    couple.add_argument(
        "--move",
        action="store_true",
        help="take a record that is coupled away from its counterpart, which is parked",
    )
    return top
