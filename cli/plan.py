"""A rehearsal's plan: a table, and a page of its own that needs nothing from anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from rich.table import Table

from cli.show import console, reasons, review

SIDES = {"bc": "Business Central", "sales": "Sales", None: ""}
#: Rows of the table on the screen; `--json` and `--html` have them all.
SHOWN = 200


#: How a field without a value is shown.
BLANK = "(blank)"


def told(value: Any) -> str:
    return BLANK if value is None else str(value)


def lines_of(entry: Mapping[str, Any]) -> list[str]:
    """Return what would happen to one record, field by field."""
    lines = [entry["reason"]] if entry["reason"] else []
    lines += [f"{name}: {told(old)} → {told(new)}" for name, (old, new) in entry["fields"].items()]
    for p in entry["problems"]:
        lines.append(f"{p['field']} {p['reason']}: BC {told(p['bc'])}, Sales {told(p['sales'])}")
    return lines


def summary(entries: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, int]]:
    """Return (mapping, action, target, records), in the order of the plan."""
    counts = Counter((e["mapping"], e["action"], SIDES[e["target"]]) for e in entries)
    return [(*key, count) for key, count in counts.items()]


def forecast_of(run: Mapping[str, Any]) -> list[str]:
    return [
        f"{SIDES[side]}: {found['records']} records ({found['rows']} rows) to write "
        f"in about {found['requests']} requests, "
        f"{found['minutes']} minutes at the service's limits"
        for side, found in run.get("forecast", {}).items()
    ]


def show_plan(data: Mapping[str, Any]) -> None:
    run, entries = data["run"], data["plan"]
    console.print(review(run))
    if any(line["reasons"] or line["unresolved"] for line in run["lines"]):
        console.print(reasons(run))
    table = Table("Mapping", "Record", "Action", "Where", "What", title="Plan", title_justify="left")
    for entry in entries[:SHOWN]:
        what = "\n".join(lines_of(entry))
        table.add_row(
            entry["mapping"], entry["label"] or entry["id"], entry["action"], SIDES[entry["target"]], what
        )
    console.print(table if entries else "nothing would be written, and nothing is in the way")
    if len(entries) > SHOWN:
        console.print(f"… and {len(entries) - SHOWN} more; --html FILE or --json has them all")
    for line in forecast_of(run):
        console.print(line)


STYLE = (
    "body{font:14px system-ui,sans-serif;margin:2rem}table{border-collapse:collapse;margin:1rem 0}"
    "td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    "th{background:#f3f3f3}.create,.restore{color:#060}.conflict,.hold{color:#a00}.wait{color:#960}"
)


def html(data: Mapping[str, Any]) -> str:
    """Return the plan as one self-contained page: no script, no address."""
    run, entries = data["run"], data["plan"]
    counts = "".join(
        f"<tr><td>{escape(m)}</td><td class={a}>{escape(a)}</td><td>{escape(t)}</td><td>{n}</td></tr>"
        for m, a, t, n in summary(entries)
    )
    rows = "".join(
        f"<tr><td>{escape(e['mapping'])}</td><td>{escape(e['label'] or e['id'])}</td>"
        f"<td class={escape(e['action'])}>{escape(e['action'])}</td><td>{escape(SIDES[e['target']])}</td>"
        f"<td>{'<br>'.join(escape(line) for line in lines_of(e))}</td></tr>"
        for e in entries
    )
    expected = "".join(f"<p>{escape(line)}</p>" for line in forecast_of(run))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Plan of {escape(run['id'])}</title><style>{STYLE}</style></head><body>"
        f"<h1>Plan of {escape(run['id'])}</h1><p>Nothing was written. State: {escape(run['state'])}.</p>"
        f"{expected}<table><tr><th>Mapping<th>Action<th>Where<th>Records</tr>{counts}</table>"
        f"<table><tr><th>Mapping<th>Record<th>Action<th>Where<th>What</tr>{rows}</table></body></html>\n"
    )
