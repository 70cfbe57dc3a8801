"""The companion's API pages as `infra/business-central/contract.yaml` states them.

The simulator has no schema of its own: a column that is not in the contract does not exist here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

CONTRACT = Path(__file__).parents[2] / "infra" / "business-central" / "contract.yaml"

ZERO = "00000000-0000-0000-0000-000000000000"
BLANK_DATE = "0001-01-01"
BLANK_TIME = "0001-01-01T00:00:00Z"

#: What a blank field looks like on the wire: never null, never absent (§3).
BLANKS: Mapping[str, Any] = {
    "Code": "",
    "Text": "",
    "DateFormula": "",
    "Decimal": 0,
    "Integer": 0,
    "BigInteger": 0,
    "Boolean": False,
    "Date": BLANK_DATE,
    "DateTime": BLANK_TIME,
    "Guid": ZERO,
}


def encode_member(name: str) -> str:
    """Return an enum member as it is sent: `Non-Inventory` is `Non_x002D_Inventory` (§3)."""
    return re.sub(r"[^A-Za-z0-9_]", lambda c: f"_x{ord(c[0]):04X}_", name or " ")


@dataclass(frozen=True, kw_only=True)
class Relation:
    """On an …Id column `twin` is the code column (or empty), on a code column the …Id column."""

    target: str
    twin: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """`editable` is `true`, `create` or `false`; `length` 0 means unbounded."""

    name: str
    field: str
    kind: str
    length: int
    members: tuple[str, ...]
    editable: str
    relation: Relation | None
    computed: bool
    initial: Any

    @property
    def is_reference(self) -> bool:
        return self.kind == "Guid" and self.relation is not None


@dataclass(frozen=True, kw_only=True)
class EntitySet:
    """One API page. A stored row is a tuple: its ETag, then the columns in order."""

    name: str
    entity: str
    table: str
    table_number: int
    key: tuple[str, ...]
    allow: frozenset[str]
    parts: Mapping[str, str]
    actions: tuple[str, ...]
    columns: Mapping[str, Column]

    @cached_property
    def at(self) -> Mapping[str, int]:
        """Where each column stands in a row."""
        return {name: n for n, name in enumerate(self.columns, start=1)}

    @cached_property
    def wire_names(self) -> tuple[str, ...]:
        return ("@odata.etag", *self.columns)

    @cached_property
    def key_at(self) -> tuple[int, ...]:
        return tuple(self.at[name] for name in self.key)

    @cached_property
    def references(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns.values() if column.is_reference)

    @cached_property
    def initial(self) -> tuple[Any, ...]:
        return ("", *(column.initial for column in self.columns.values()))


def _column(name: str, facts: Mapping[str, Any], enums: Mapping[str, list[str]]) -> Column:
    kind, length = str(facts["type"]), 0
    members: tuple[str, ...] = ()
    if kind.startswith("Enum "):
        members = tuple(encode_member(member) for member in enums[kind.removeprefix("Enum ")])
        kind = "Enum"
    elif sized := re.fullmatch(r"(Code|Text)\[(\d+)\]", kind):
        kind, length = sized[1], int(sized[2])
    relation = facts.get("relation")
    blank = members[0] if members else BLANKS[kind]
    return Column(
        name=name,
        field=str(facts.get("field", "")),
        kind=kind,
        length=length,
        members=members,
        editable=str(facts["editable"]).lower(),
        relation=Relation(target=relation["set"], twin=relation.get("code") or relation.get("id") or "")
        if relation
        else None,
        computed=bool(facts.get("computed", False)),
        initial=facts.get("init", blank),
    )


@cache
def entity_sets() -> Mapping[str, EntitySet]:
    """Return every set of the contract by name."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = CONTRACT.read_text(encoding="utf-8")
    contract = yaml.load(text, Loader=loader)  # nosec B506  # a safe loader
    enums = contract["enums"]
    return {
        name: EntitySet(
            name=name,
            entity=facts["entity"],
            table=facts.get("table", ""),
            table_number=int(facts.get("tableNumber", 0)),
            key=tuple(facts["key"]),
            allow=frozenset(facts["allow"]),
            parts=facts.get("parts", {}),
            actions=tuple(facts.get("actions", ())),
            columns={
                column: _column(column, of, enums)
                for column, of in {**contract["system"], **facts["columns"]}.items()
            },
        )
        for name, facts in contract["sets"].items()
    }
