"""One record for people: how it stands, why, and what was written to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from cli.plan import lines_of, told
from cli.show import console


def show_explain(data: Mapping[str, Any]) -> None:
    say(f"{data['mapping']} {data['side']} {data['id']}: {data['state']}")
    if data["cause"]:
        since = f" (since {data['since'][:19]})" if data["since"] else ""
        say(f"cause: {data['cause']}{since}")
    for awaited in data.get("awaits", ()):
        name = f"{awaited['mapping']} {awaited['side']} {awaited['label'] or awaited['id']}"
        say(f"it waits for {name}: {awaited['cause']}")
    if data["next_try"]:
        say(f"next try: {data['next_try'][:19]}; fixing the cause in either system needs no try")
    coupling = data["coupling"]
    if coupling:
        say(f"coupled: BC {coupling['bc']} ↔ Sales {coupling['sales']} ({coupling['outcome']})")
    for side, row in data["records"].items():
        if not row["exists"]:
            say(f"{side} {row['id']} does not exist any more")
    table = Table("Field", "BC", "Sales", "Agreed")
    for f in data["fields"]:
        agreed = f["agreed"] or {"bc": None, "sales": None}
        if (f["bc"], f["sales"], agreed["bc"], agreed["sales"]) != (None, None, None, None):
            both = told(agreed["bc"])
            both += "" if agreed["sales"] == agreed["bc"] else f" | {told(agreed['sales'])}"
            table.add_row(f["field"], told(f["bc"]), told(f["sales"]), both if f["agreed"] else "–")
    console.print(table)
    _show_look("a synchronization would leave it", data["now"])
    if data["in_full_sync"]:
        _show_look("a full synchronization would leave it", data["in_full_sync"])
    for held in data["held"]:
        for field in held["fields"]:
            say(f"{field['field']}: {field['reason']}: BC {told(field['bc'])}, Sales {told(field['sales'])}")
    show_history({"value": data["history"]})


def _show_look(head: str, look: Mapping[str, Any]) -> None:
    say(f"{head}: {look['outcome']}" + (f" ({look['reason']})" if look["reason"] else ""))
    for entry in look["plan"]:
        for line in lines_of({**entry, "reason": ""}):
            say(f"  {entry['action']} {line}")


def show_history(data: Mapping[str, Any]) -> None:
    for entry in data["value"]:
        for name, values in entry["fields"].items():
            say(
                f"{entry['at'][:19]} {entry['action']} {entry['side']} {name}: "
                f"{values['before']!r} → {values['after']!r}"
            )


def say(text: str) -> None:
    """Print a line as it is: texts of records may look like markup."""
    console.print(text, markup=False)
