"""What `tandem doctor --fix` may be asked to do.

The wish comes from the app, the rights from an administrator who runs the command: whoever has got hold of the
app must not get more from that account than Tandem ever needs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from shared.core.mapping import with_children
from shared.core.model import Side
from shared.engine.doctor.sales import ROLE
from shared.engine.doctor.wanted import WRITING, Wanted, option_mappings, rights
from shared.engine.push import name_of

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def beyond(
    wish: Mapping[str, Any], wanted: Wanted, *, queues: Collection[str], tables: Collection[str]
) -> list[str]:
    """Return what of a wish no check of this version could want; `wanted` are the mappings as they are shipped."""
    match wish.get("kind"):
        case "access":
            return list(_access(wish, wanted))
        case "track":
            known = {name_of(Side.SALES, m.sales) for m, _ in with_children(wanted.mappings.values())}
            known |= {
                name_of(Side.SALES, f.table) for m in wanted.mappings.values() for f in m.also_changed_by
            }
            return [f"change tracking of {name}" for name in _named(wish, "tables") if name not in known]
        case "options":
            columns = {(m.sales.entity, m.sales.name) for m in option_mappings(wanted)}
            return [
                f"options of {c.get('table')}.{c.get('column')}"
                for c in wish.get("options", ())
                if (c.get("table"), c.get("column")) not in columns
            ]
        case "orders" if isinstance(wish.get("on"), bool):
            return []
        case "queues":
            return [f"the queue {name}" for name in _named(wish, "names") if name not in queues]
        case "tables":
            return [f"the table {name}" for name in _named(wish, "names") if name not in tables]
        case kind:
            return [f"a repair called {kind}"]


def _access(wish: Mapping[str, Any], wanted: Wanted) -> Iterator[str]:
    if wish.get("role") != ROLE:
        yield f"the role {wish.get('role')}"
    yield from (f"a user for {client}" for client in _named(wish, "clients") if not GUID.fullmatch(client))
    needed = rights(wanted)
    for name, asked in wish.get("rights", {}).items():
        most = set(needed.get(name, ()))
        if "Write" in most:
            # Overrides may let a mapping create that only updates as it is shipped.
            most |= {*WRITING, "Assign"}
        yield from (f"{right} on {name}" for right in asked if right not in most)


def _named(wish: Mapping[str, Any], key: str) -> list[str]:
    return [str(name) for name in wish.get(key, ())]
