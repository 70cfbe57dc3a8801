"""Judging Sales: the application user, its privileges, what its tables can do and hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.core.doctor import CannotTell, Finding, SalesTable
from shared.engine.doctor.wanted import Examined, bulk_sets, rights, tracked_sets

#: Messages that writing in bulk uses.
BULK = ("CreateMultiple", "UpdateMultiple")
#: The depth of the organization.
GLOBAL = "Global"
#: Name of the role that `doctor --fix` makes and gives.
ROLE = "Tandem"


def signed_in(x: Examined) -> Finding:
    if x.sales.sign_in.silent:
        raise CannotTell(x.sales.sign_in.silent)
    return Finding(problems=(x.sales.sign_in.refused,) if x.sales.sign_in.refused else ())


def user(x: Examined) -> Finding:
    if x.sales.no_user:
        return Finding(problems=(x.sales.no_user,), fix=access(x))
    if x.sales.reason():
        raise x.sales.untold("user")
    return Finding()


def access(x: Examined) -> dict[str, Any]:
    """Return what every application user needs, for the setup account to give: user, role, privileges."""
    return {
        "kind": "access",
        "clients": list(x.wanted.clients),
        "role": ROLE,
        "rights": {name: list(wanted) for name, wanted in rights(x.wanted).items()},
    }


def privileges(x: Examined) -> Finding:
    missing = [
        f"{name} ({entity}: {right})" for entity, right, name, depth in _privileges(x) if depth is None
    ]
    return Finding(problems=tuple(missing), fix=access(x) if missing else None)


def organization_read(x: Examined) -> Finding:
    """Change tracking needs it, and so does whoever must see the rows of every owner."""
    narrow = [
        f"{name} ({entity}: {right}) is given at the depth {depth}"
        for entity, right, name, depth in _privileges(x)
        if depth not in (None, GLOBAL)
    ]
    return Finding(problems=tuple(narrow), fix=access(x) if narrow else None)


def _privileges(x: Examined) -> Iterator[tuple[str, str, str, str | None]]:
    """Yield each needed privilege once: entity set, right, its name, the depth at which it is held."""
    tables, held = _tables(x), x.sales.held
    if held is None:
        raise x.sales.untold("privileges")
    seen = set()
    for entity, wanted in rights(x.wanted).items():
        for right in wanted:
            # A right that the definition does not list, the table does not have.
            id, name = tables[entity].rights.get(right, ("", "")) if entity in tables else ("", "")
            if id and id not in seen:
                seen.add(id)
                yield entity, right, name, held.get(id)


def change_tracking(x: Examined) -> Finding:
    tables = _tables(x)
    off = [
        tables[name].name for name in tracked_sets(x.wanted) if name in tables and not tables[name].tracked
    ]
    return Finding(
        problems=tuple(f"{name}: change tracking is off" for name in off),
        fix={"kind": "track", "tables": off} if off else None,
    )


def bulk_messages(x: Examined) -> Finding:
    tables = _tables(x)
    offered = {(str(r["message"]), str(r["table"])) for r in x.sales.need("bulk")}
    return Finding(
        problems=tuple(
            f"{tables[name].name} does not take {message}"
            for name in bulk_sets(x.wanted)
            for message in BULK
            if name in tables and (message, tables[name].name) not in offered
        )
    )


def columns(x: Examined) -> Finding:
    """Overrides may name columns of Sales that are not there; solutions may have removed others."""
    tables = _tables(x)
    found = []
    for entity, wanted in x.wanted.sales_columns.items():
        if entity not in tables:
            found.append(f"there is no table with the entity set {entity}")
            continue
        there = tables[entity].columns
        if there is None:
            raise x.sales.untold("columns")
        found += [f"{tables[entity].name} has no column {name}" for name in wanted if name not in there]
    return Finding(problems=tuple(found))


def order_integration(x: Examined) -> Finding:
    """The organization's flag follows the setting, in both directions (S2)."""
    on = "sales_orders" not in x.house.off
    if any(row["on"] for row in x.sales.need("switch")) == on:
        return Finding()
    said = (
        "orders go to Business Central, and Sales says that they do not"
        if on
        else "orders stay in Sales (SALES_ORDERS=off), and Sales says that they go to Business Central"
    )
    return Finding(advice=(said,), fix={"kind": "orders", "on": on})


def owning_team(x: Examined) -> Finding:
    """A team for access to single rows owns none (general knowledge: teamtype 1, Access)."""
    if not x.wanted.team:
        return Finding()
    found = x.sales.need("team")
    if not found:
        return Finding(problems=(f"there is no team {x.wanted.team}",))
    access = [f"{row['name']} is an access team, which owns no rows" for row in found if row["type"] == 1]
    return Finding(problems=tuple(access))


def _tables(x: Examined) -> Mapping[str, SalesTable]:
    if x.sales.tables is None:
        raise x.sales.untold("tables")
    return x.sales.tables
