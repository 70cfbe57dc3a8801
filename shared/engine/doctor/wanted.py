"""What the mappings in force need of both systems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.core.convert import Reference, Stamp
from shared.core.doctor import BcFacts, HouseFacts, SalesFacts
from shared.core.mapping import Creates, Direction, EntityMapping, FieldMap, with_children
from shared.core.model import Side
from shared.rules import Rule

#: Entity sets that are read whatever is mapped: base currency, currencies, who is who; and what the environment
#: says of itself, of which a table that is not there as such needs no right.
ALWAYS_READ = (
    "organizations",
    "transactioncurrencies",
    "systemusers",
    "entities",
    "attributes",
    "optionsets",
    "sdkmessages",
    "sdkmessagefilters",
)
#: Writing a row that points to another needs Append on it, and AppendTo on the other.
WRITING = ("Create", "Write", "Append", "AppendTo")
OWNER = "_ownerid_value"
OWNED_BY = "ownerid@odata.bind"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """`columns` by entity set, as the adapters ask for them. `companion` is the least version that will do."""

    mappings: Mapping[str, EntityMapping]
    rules: Mapping[str, Rule]
    bc_columns: Mapping[str, tuple[str, ...]]
    sales_columns: Mapping[str, tuple[str, ...]]
    companion: str
    #: Of the application users, the first one first.
    clients: tuple[str, ...]
    #: Id of the team that owns new rows of Sales; "" for none.
    team: str = ""


@dataclass(frozen=True, kw_only=True)
class Examined:
    """Everything that a check may look at: both systems as one application user sees them, and the house.

    `others`: as the further application users see them, which need the same rights.
    """

    wanted: Wanted
    bc: BcFacts
    sales: SalesFacts
    house: HouseFacts
    now: datetime
    others: tuple[tuple[BcFacts, SalesFacts], ...] = ()


def option_mappings(wanted: Wanted) -> list[EntityMapping]:
    return [m for m in wanted.mappings.values() if m.sales.kind == "option"]


def tracked_sets(wanted: Wanted) -> list[str]:
    """Return the entity sets of Sales whose changes are read."""
    names = [m.sales.name for m in wanted.mappings.values() if m.sales.kind == "rows"]
    feeds = [
        f.table.name for m in wanted.mappings.values() for f in m.also_changed_by if f.side is Side.SALES
    ]
    return list(dict.fromkeys(names + feeds))


def bulk_sets(wanted: Wanted) -> list[str]:
    """Return the entity sets that are written with bulk messages."""
    both = with_children(wanted.mappings.values())
    return list(
        dict.fromkeys(
            m.sales.name
            for m, _ in both
            if m.sales.kind == "rows" and m.sales.bulk and m.direction is not Direction.FROM_SALES
        )
    )


def linked_set(f: FieldMap) -> str:
    """Return the entity set of Sales that a field links to, or ""."""
    return f.converter.entity_set if isinstance(f.converter, (Reference, Stamp)) else ""


def rights(wanted: Wanted) -> dict[str, tuple[str, ...]]:
    """Return entity set → rights, each needed at the depth of the organization: rows have many owners."""
    found: dict[str, dict[str, None]] = {name: {"Read": None} for name in ALWAYS_READ}
    for name in wanted.sales_columns:
        found.setdefault(name, {})["Read"] = None
    for mapping, _ in with_children(wanted.mappings.values()):
        table = mapping.sales
        if table.kind != "rows":
            continue
        needs = found.setdefault(table.name, {"Read": None})
        if mapping.direction is not Direction.FROM_SALES:
            create = () if mapping.creates is Creates.NEVER else ("Create",)
            needs.update(dict.fromkeys((*create, *WRITING[1:])))
        elif any(f.direction.reaches(Side.SALES) and not f.computed(Side.SALES) for f in mapping.fields):
            # An order is told what becomes of it (S57), and takes posts and notes; it is never made there.
            needs.update(dict.fromkeys(WRITING[1:]))
        for f in mapping.fields:
            writes = f.direction is not Direction.FROM_SALES
            if writes and (linked := linked_set(f)):
                found.setdefault(linked, {"Read": None})["AppendTo"] = None
            if writes and f.column(Side.SALES) == OWNER:
                needs["Assign"] = None
        if OWNED_BY in mapping.constants(Side.SALES):
            needs["Assign"] = None
            found.setdefault("teams", {})["Read"] = None
        for written in wanted.rules[mapping.rule].writes if mapping.rule else ():
            found.setdefault(written.name, {"Read": None}).update(dict.fromkeys(WRITING))
    return {name: tuple(needs) for name, needs in found.items()}
