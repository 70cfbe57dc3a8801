"""Records by what people call them: an id, or a number or name that only one record begins with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from rich.table import Table

from cli.api import WRONG, Api, Failed
from cli.plan import told
from cli.show import console

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: Shown of several that begin the same.
SHOWN = 5


def find(api: Api, mapping: str, side: str, text: str) -> Any:
    return api.get(f"records/{quote(mapping, safe='')}/{side}", begins=text)


def id_of(api: Api, mapping: str, side: str, text: str) -> str:
    """Return the id of the record that a person has named. Never guessed.

    Raises:
        Failed: none is called so, or several are and none exactly so.
    """
    if GUID.fullmatch(text):
        return text.lower()
    try:
        found = find(api, mapping, side, text)["value"]
    except Failed as failed:
        if failed.status == 404 and text.isdecimal() and "No such record" in str(failed):
            return text  # the number of an option
        raise
    exact = [r for r in found if text.casefold() in (str(v or "").casefold() for v in _called(r))]
    chosen = exact or found
    if len(chosen) == 1:
        return str(chosen[0]["id"])
    some = "; ".join(f"{_said(r)} ({r['id']})" for r in chosen[:SHOWN])
    more = f"; and {len(chosen) - SHOWN} more" if len(chosen) > SHOWN else ""
    raise Failed(WRONG, f"'{text}' may be several records of {mapping} in {side}: {some}{more}")


def _called(record: Mapping[str, Any]) -> list[Any]:
    return [record["id"], *record["names"].values()]


def _said(record: Mapping[str, Any]) -> str:
    return ", ".join(str(v) for v in record["names"].values() if v)


def show_found(data: Mapping[str, Any]) -> None:
    columns = list(data["value"][0]["names"])
    table = Table(*columns, "Id", "Coupled with")
    for row in data["value"]:
        names = (told(row["names"][column]) for column in columns)
        table.add_row(*names, row["id"], row["coupled_with"] or "–")
    console.print(table)
