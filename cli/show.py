"""Tables for people. `--json` bypasses all of this."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

#: Wide when the output goes to a file or a pipe, so that nothing is broken in the middle.
console = Console(width=None if sys.stdout.isatty() else 200)
ARROWS = {"to_sales": "→", "from_sales": "←", "both": "↔"}
UNCOUPLED = {
    "keep": "left alone until what it names is coupled",
    "clear": "empty until what it names is coupled",
    "hold": "the record waits until what it names is coupled",
}
PARTS = (
    *("created", "updated", "unchanged", "coupled", "uncoupled", "restored"),
    *("ignored", "waiting", "held", "conflict"),
)


def tally(counts: Mapping[str, int]) -> str:
    """Return "12 read: 10 created, 2 ignored"; a dash when nothing was read."""
    parts = [f"{counts[name]} {name}" for name in PARTS if counts.get(name)]
    return f"{counts['read']} read: {', '.join(parts)}" if counts.get("read") else "–"


def review(run: Mapping[str, Any]) -> Table:
    """Return the review table of a full synchronization (P41)."""
    kind = "Rehearsal" if run.get("rehearse") else "Full synchronization"
    table = Table(title=f"{kind} {run['id']}: {run['state']}", title_justify="left")
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


def show_wishes(data: Mapping[str, Any]) -> None:
    for job in data["jobs"]:
        show_job(job)


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
    show_overrides(data["overrides"])
    for message in data["rejected"]:
        console.print(f"set aside from {message['queue']}: {message['reason']}", style="yellow")
    table = Table("Mapping", "Read", "Last job", "State", "Records")
    for name, sides in data["last_by_side"].items():
        for side, job in sides.items():
            if job is not None:
                state = job["state"] + (f"\n{job['message']}" if job["message"] else "")
                table.add_row(name, side, job["finished"][:19], state, tally(job["tally"]))
    console.print(table)


def show_mappings(data: Mapping[str, Any], chosen: str | None = None) -> None:
    """Show all mappings with their policies, or one with its fields."""
    if chosen is None:
        table = Table("Mapping", "BC", "", "Sales", "Creates", "Conflict", "Deletion", "Schedule", "Changed")
        for m in data["value"]:
            policies = (m["create_missing"], m["on_conflict"], m["on_delete"], m["schedule"])
            changed = "\n".join(m["changed"])
            table.add_row(m["mapping"], m["bc"], ARROWS[m["direction"]], m["sales"], *policies, changed)
        console.print(table)
    for m in data["value"]:
        if m["mapping"] == chosen:
            _show_mapping(m)
    if chosen is not None and chosen not in [m["mapping"] for m in data["value"]]:
        known = ", ".join(m["mapping"] for m in data["value"])
        console.print(f"no mapping '{chosen}' is in force; known: {known}", style="yellow")
    show_overrides(data["overrides"])


def _show_mapping(m: Mapping[str, Any]) -> None:
    console.print(f"{m['mapping']}: {m['title']} (BC {m['bc']} {ARROWS[m['direction']]} Sales {m['sales']})")
    console.print(f"after: {', '.join(m['depends_on']) or 'nothing'}; schedule: {m['schedule']}")
    console.print(
        f"create_missing: {m['create_missing']}; on_conflict: {m['on_conflict']}; on_delete: {m['on_delete']}"
    )
    for side, words in m["filters"].items():
        console.print(f"filter in {side}: {words or 'none'}", markup=False)
    console.print("match: " + ("; ".join(" + ".join(g) for g in m["match"]) or "none"), markup=False)
    table = Table("Field", "BC", "", "Sales", "Type", "Remarks")
    for f in m["fields"]:
        remarks = [f"on {f['when']} only"] if f["when"] != "always" else []
        remarks += ["needed"] if f["required"] else []
        remarks += ["a blank leaves the other side as it is"] if f["blank"] == "keep" else []
        remarks += [UNCOUPLED[f["uncoupled"]]] if f.get("uncoupled") in UNCOUPLED else []
        kind = f["type"] + (f" of {f['reference_to']}" if f["reference_to"] else "")
        kind += f" {f['length'][0]}/{f['length'][1]}" if f["length"] else ""
        table.add_row(f["field"], f["bc"], ARROWS[f["direction"]], f["sales"], kind, ", ".join(remarks))
    console.print(table)
    for told in m["changed"]:
        console.print(f"changed by an override: {told}", markup=False)


def show_overrides(overrides: Mapping[str, Any]) -> None:
    """Say when the setting is refused, with every problem, and what is off."""
    if overrides["problems"]:
        in_force = {"last good": "the last good ones are in force", "defaults": "the defaults are in force"}
        said = in_force.get(overrides["in_force"], overrides["in_force"])
        console.print(f"MAPPING_OVERRIDES is refused; {said}:", style="yellow")
        for problem in overrides["problems"]:
            console.print(f"  {problem}", style="yellow", markup=False)
    if overrides["off"]:
        console.print(f"switched off: {', '.join(overrides['off'])}")
