"""The tables of the environment, read once from `schema.json`.

Source: reference/dataverse_schema.json; names of navigation properties: its `navigation_rule`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

#: Types whose value is the id of a row elsewhere.
LOOKUPS = frozenset({"Lookup", "Owner", "Customer"})


@dataclass(frozen=True, kw_only=True)
class Option:
    value: int
    label: str
    state: int | None = None  # of a status: the state it belongs to


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. `wire` is its name in `$select`, filters and results."""

    name: str
    type: str
    edm: str
    wire: str
    required: str
    create: bool
    update: bool
    max_length: int | None = None
    min: float | None = None
    max: float | None = None
    precision: int = 0
    precision_source: int = 0
    is_base: bool = False
    targets: tuple[str, ...] = ()
    navigation: Mapping[str, str] = field(default_factory=dict)  # target table → navigation property
    writable_navigation: bool = False
    options: tuple[Option, ...] = ()

    @cached_property
    def is_lookup(self) -> bool:
        return self.type in LOOKUPS

    @cached_property
    def type_key(self) -> str:
        """Name under which a row keeps which table a lookup with several targets points to."""
        return f"{self.name}@table"


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A collection-valued navigation property: the rows of `table` whose `column` is this row."""

    table: str
    column: str


@dataclass(frozen=True, kw_only=True)
class Table:
    name: str
    entity_set: str
    key: str
    primary_name: str
    ownership: str
    bulk: bool
    default_state: int | None
    default_status: int | None
    columns: Mapping[str, Column]
    collections: Mapping[str, Collection]

    @cached_property
    def by_wire(self) -> dict[str, Column]:
        return {column.wire: column for column in self.columns.values()}

    @cached_property
    def navigations(self) -> dict[str, tuple[Column, tuple[str, ...]]]:
        """Navigation property → its column and the tables it may point to (owner: two)."""
        found: dict[str, tuple[Column, tuple[str, ...]]] = {}
        for column in self.columns.values():
            for target, name in column.navigation.items():
                found[name] = (column, (*found.get(name, (column, ()))[1], target))
        return found

    @cached_property
    def state(self) -> Column | None:
        return self.columns.get("statecode")

    @cached_property
    def has_money(self) -> bool:
        return "transactioncurrencyid" in self.columns and any(
            column.type == "Money" for column in self.columns.values()
        )


def _column(name: str, raw: dict[str, Any]) -> Column:
    lookup = raw["type"] in LOOKUPS
    targets = tuple(raw.get("targets", ()))
    bind = dict(raw.get("bind", {}))
    read_only = {target: raw["nav"] for target in targets} if "nav" in raw else {}
    return Column(
        name=name,
        type=raw["type"],
        edm=raw["edm"],
        wire=raw.get("read_property", f"_{name}_value") if lookup else name,
        required=raw["required"],
        create=raw["create"],
        update=raw["update"],
        max_length=raw.get("max_length"),
        min=raw.get("min"),
        max=raw.get("max"),
        precision=raw.get("precision", 0),
        precision_source=raw.get("precision_source", 0),
        is_base=raw.get("is_base_currency", False),
        targets=targets,
        navigation=bind or read_only,
        writable_navigation=bool(bind),
        options=tuple(Option(**option) for option in raw.get("options", ())),
    )


def _table(name: str, raw: dict[str, Any]) -> Table:
    columns = {c: _column(c, attribute) for c, attribute in raw["attributes"].items()}
    default = raw.get("default_state", {})
    return Table(
        name=name,
        entity_set=raw["entity_set"],
        key=raw["primary_id"],
        primary_name=raw["primary_name"],
        ownership=raw["ownership"],
        bulk=raw["bulk_messages"],
        default_state=default.get("statecode"),
        default_status=default.get("statuscode"),
        columns=columns,
        collections={
            nav: Collection(table=c["target"], column=c["referencing_attribute"])
            for nav, c in raw.get("collections", {}).items()
        },
    )


def load() -> dict[str, Table]:
    raw = json.loads(Path(__file__).with_name("schema.json").read_text())["tables"]
    return {name: _table(name, table) for name, table in raw.items()}


TABLES: Mapping[str, Table] = load()
BY_SET: Mapping[str, Table] = {table.entity_set: table for table in TABLES.values()}
