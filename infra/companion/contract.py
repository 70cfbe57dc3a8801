"""`contract.yaml` as the generator reads it, and the names that AL needs besides."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[1] / "business-central"
#: Sets whose page is written by hand: they have no table.
MADE_UP = ("syncState", "whoAmI")
#: Longest name of an AL object.
NAME_LIMIT = 30
#: Where `Tandem <Words Of The Set>` would be longer.
SHORT = {
    "contactBusinessRelations": "Contact Bus. Relations",
    "detailedCustomerLedgerEntries": "Detailed Cust. Entries",
    "postedSalesInvoiceLines": "Posted Sales Inv. Lines",
    "resourceUnitsOfMeasure": "Resource Units",
    "salesOrderArchiveLines": "Sales Order Arch. Lines",
}


class Unclear(Exception):
    """The contract asks for something that the generator cannot do by itself."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """`field` "" when the page computes the value or looks it up. `editable`: true, create or false."""

    name: str
    field: str
    type: str
    editable: str
    #: It may change while the row stands still.
    computed: bool = False
    #: An …Id column's set, and the field with the readable code, "" when there is none.
    target: str = ""
    code_field: str = ""

    @property
    def al_type(self) -> str:
        return f'Enum "{self.type.removeprefix("Enum ")}"' if self.type.startswith("Enum ") else self.type

    @property
    def variable(self) -> str:
        return self.name[0].upper() + self.name[1:]


@dataclass(frozen=True, kw_only=True)
class EntitySet:
    name: str
    entity: str
    table: str
    key: tuple[str, ...]
    allow: frozenset[str]
    where: Mapping[str, str]
    parts: Mapping[str, str]
    actions: tuple[str, ...]
    columns: tuple[Column, ...]
    page_id: int

    @property
    def page_name(self) -> str:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name)
        name = f"Tandem {SHORT.get(self.name, words[0].upper() + words[1:])}"
        if len(name) > NAME_LIMIT:
            raise Unclear(
                f"the page of {self.name} needs a shorter name than '{name}' ({NAME_LIMIT} characters)"
            )
        return name

    @property
    def key_fields(self) -> tuple[str, ...]:
        by_name = {c.name: c.field for c in self.columns}
        return tuple(by_name[name] for name in self.key)

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


@dataclass(frozen=True, kw_only=True)
class Contract:
    publisher: str
    group: str
    version: str
    system: tuple[Column, ...]
    sets: Mapping[str, EntitySet]
    enums: Mapping[str, list[str]]


def quoted(name: str) -> str:
    """Return a name as AL writes it; system fields are words of the language's own."""
    return name if re.fullmatch(r"System[A-Za-z]+", name) else f'"{name}"'


def _column(name: str, facts: Mapping[str, Any], all_columns: Mapping[str, Any]) -> Column:
    relation = facts.get("relation") or {}
    is_id = facts["type"] == "Guid" and bool(relation)
    code = all_columns.get(relation.get("code", ""), {}) if is_id else {}
    return Column(
        name=name,
        field=facts.get("field", ""),
        type=facts["type"],
        editable=str(facts["editable"]).lower(),
        computed=bool(facts.get("computed")),
        target=relation.get("set", "") if is_id else "",
        code_field=code.get("field", ""),
    )


def read(folder: Path = FOLDER) -> Contract:
    """Read the contract and the pages' ids. A new set gets the next free id; no id is given twice."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster
    text = (folder / "contract.yaml").read_text(encoding="utf-8")
    facts = yaml.load(text, Loader=loader)  # nosec B506  # a safe loader
    ids: dict[str, int] = json.loads((folder / "page_ids.json").read_text())
    for name in facts["sets"]:
        ids.setdefault(name, max(ids.values()) + 1)
    system = tuple(_column(n, f, facts["system"]) for n, f in facts["system"].items())
    return Contract(
        **facts["route"],
        system=system,
        enums=facts["enums"],
        sets={
            name: EntitySet(
                name=name,
                entity=of["entity"],
                table=of.get("table", ""),
                key=tuple(of["key"]),
                allow=frozenset(of["allow"]),
                where=of.get("where", {}),
                parts=of.get("parts", {}),
                actions=tuple(of.get("actions", ())),
                columns=tuple(_column(c, f, of["columns"]) for c, f in of["columns"].items()),
                page_id=ids[name],
            )
            for name, of in facts["sets"].items()
        },
    )
