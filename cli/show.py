"""Tables for people. `--json` bypasses all of this."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

#: Wide when the output goes to a file or a pipe, so that nothing is broken in the middle.
console = Console(width=None if sys.stdout.isatty() else 200)
PARTS = ("created", "updated", "unchanged", "coupled", "restored", "ignored", "waiting", "held", "conflict")


def tally(counts: Mapping[str, int]) -> str:
    """Return "12 read: 10 created, 2 ignored"; a dash when nothing was read."""
    parts = [f"{counts[name]} {name}" for name in PARTS if counts.get(name)]
    return f"{counts['read']} read: {', '.join(parts)}" if counts.get("read") else "–"


def review(run: Mapping[str, Any]) -> Table:
    """Return the review table of a full synchronization (P41)."""
    table = Table(title=f"Full synchronization {run['id']}: {run['state']}", title_justify="left")
    for column in ("Mapping", "Status", "To Sales", "From Sales", "Wake-ups", "Requests bc/sales/tables"):
        table.add_column(column, overflow="fold")
    for line in run["lines"]:
        spent = line["requests"]
        table.add_row(
            line["mapping"],
            line["state"] + (f"\n{line['message']}" if line["message"] else ""),
            tally(line["to_sales"]),
            tally(line["from_sales"]),
            tally(line["wake_ups"]),
            f"{spent['bc']}/{spent['sales']}/{spent['tables']}",
        )
    return table


def reasons(run: Mapping[str, Any]) -> Table:
    """Return why records were ignored and which fields were left empty, counted (P18)."""
    table = Table(title="Ignored, and left empty, by reason", title_justify="left")
    for column in ("Mapping", "Reason", "Records"):
        table.add_column(column)
    for line in run["lines"]:
        for reason, count in sorted(line["reasons"].items()):
            table.add_row(line["mapping"], reason, str(count))
        for field, count in sorted(line["unresolved"].items()):
            table.add_row(line["mapping"], f"{field} left empty: no option for its code", str(count))
    return table


def show_run(run: Mapping[str, Any]) -> None:
    console.print(review(run))
    if any(line["reasons"] or line["unresolved"] for line in run["lines"]):
        console.print(reasons(run))


def show_runs(data: Mapping[str, Any]) -> None:
    table = Table("Run", "State", "Started", "Finished")
    for run in data["value"]:
        table.add_row(run["id"], run["state"], run["started"] or "", run["finished"] or "")
    console.print(table)


def show_jobs(data: Mapping[str, Any]) -> None:
    table = Table("Started", "Mapping", "Side", "Cause", "State", "Records", "Requests")
    for job in data["value"]:
        spent = "/".join(str(job["requests"].get(k, 0)) for k in ("bc", "sales", "tables"))
        state = job["state"] + (f"\n{job['message']}" if job["message"] else "")
        table.add_row(
            job["started"][:19], job["mapping"], job["side"], job["cause"], state, tally(job["tally"]), spent
        )
    console.print(table)


def show_job(job: Mapping[str, Any]) -> None:
    """Show what became of an administrator's wish, or its id while it is still to come."""
    if "tally" in job:
        console.print(f"{job['state']}: {tally(job['tally'])}")
    else:
        console.print(f"queued as {job['job']}")


def show_held(data: Mapping[str, Any]) -> None:
    table = Table("Mapping", "Record", "Kind", "Reason", "Since", "Next try")
    for held in data["value"]:
        reason = held["reason"]
        for field in held["fields"]:
            if field["conflict"]:
                reason += f"\n  {field['field']}: BC {field['bc']!r}, Sales {field['sales']!r}"
        record = f"{held['label'] or held['id']}\n{held['side']} {held['id']}"
        table.add_row(
            held["mapping"], record, held["kind"], reason, held["since"][:19], (held["next_try"] or "")[:19]
        )
    console.print(table)


def show_status(data: Mapping[str, Any]) -> None:
    run = data["run"]
    console.print(
        f"last full synchronization: {run['id']} {run['state']}" if run else "no full synchronization yet"
    )
    held = ", ".join(f"{count} {kind}" for kind, count in sorted(data["held"].items()))
    console.print(f"held: {held or 'nothing'}")
    dead = ", ".join(f"{queue}: {count}" for queue, count in data["dead_letters"].items())
    console.print(f"dead letters: {dead or 'none'}")
    for message in data["rejected"]:
        console.print(f"set aside from {message['queue']}: {message['reason']}", style="yellow")
    table = Table("Mapping", "Last job", "State", "Records")
    for name, job in data["last_jobs"].items():
        if job is not None:
            table.add_row(name, job["finished"][:19], job["state"], tally(job["tally"]))
    console.print(table)


def show_explain(data: Mapping[str, Any]) -> None:
    console.print(f"{data['mapping']} {data['side']} {data['id']}: {data['state']}")
    if data["coupling"]:
        console.print(f"coupled: BC {data['coupling']['bc']} ↔ Sales {data['coupling']['sales']}")
        table = Table("Field", "BC, as agreed", "Sales, as agreed")
        for name, values in data["coupling"]["baseline"].items():
            if values["bc"] is not None or values["sales"] is not None:
                table.add_row(name, str(values["bc"] or ""), str(values["sales"] or ""))
        console.print(table)
    for held in data["held"]:
        console.print(f"{held['kind']} since {held['since'][:19]}: {held['reason']}", style="yellow")
    for entry in data["history"]:
        for name, values in entry["fields"].items():
            console.print(
                f"{entry['at'][:19]} {entry['action']} {entry['side']} {name}: "
                f"{values['before']!r} → {values['after']!r}"
            )
