"""What an administrator looks at first: the state of everything, and the mappings in force."""

from __future__ import annotations

import json
from typing import Any

from shared.core.convert import Converter, Text
from shared.core.filters import filter_text
from shared.core.mapping import EntityMapping, FieldMap, Match, with_children
from shared.core.model import Side
from shared.engine.messages import FULL_SYNC, REJECTED, queue_of
from shared.engine.parts import Ports
from shared.engine.views import iso, job_entry, run_head

#: Jobs of a mapping among which the last one of each side is looked for.
RECENT = 20


def status(ports: Ports) -> dict[str, Any]:
    """Return the last run, held records by kind, set-aside messages, dead letters, last jobs, overrides."""
    kinds: dict[str, int] = {}
    after: str | None = None
    while True:
        rows, after = ports.held.list(None, limit=1000, after=after)
        for row in rows:
            kinds[row.kind] = kinds.get(row.kind, 0) + 1
        if after is None:
            break
    rejected = []
    for message in ports.queue.peek(REJECTED):
        data = json.loads(message.body)
        rejected.append(
            {
                "queue": data["queue"],
                "reason": data["reason"],
                "message_id": data["message_id"],
                "at": iso(message.enqueued_at),
            }
        )
    dead = {}
    for queue in (FULL_SYNC, *(queue_of(m) for m in ports.mappings)):
        if count := len(ports.queue.peek(queue, dead_letters=True)):
            dead[queue] = count
    last: dict[str, Any] = {}
    by_side: dict[str, dict[str, Any]] = {}
    for name in ports.mappings:
        entries, _ = ports.jobs.list(name, limit=RECENT)
        last[name] = job_entry(entries[0]) if entries else None
        # Of each side: a job that was stopped does not hide behind the one that read the other side.
        newest = {e.side: job_entry(e) for e in reversed(entries)}
        by_side[name] = {side.value: newest.get(side.value) for side in Side}
    runs = ports.runs.list(limit=1)
    return {
        "run": run_head(runs[0]) if runs else None,
        "held": kinds,
        "rejected": rejected,
        "dead_letters": dead,
        "last_jobs": last,
        "last_by_side": by_side,
        "overrides": overrides(ports),
    }


def overrides(ports: Ports) -> dict[str, Any]:
    """Return where the mappings in force come from, and why the setting is refused when it is (P13)."""
    if ports.in_force is None:
        return {"in_force": "defaults", "problems": [], "changed": {}, "off": []}
    return ports.in_force.as_json()


def mappings(ports: Ports) -> dict[str, Any]:
    """Return the mappings in force, in order of dependencies, and what differs from their defaults (P13).

    Rows that belong to a record (lines of invoices) follow the mapping that they are part of.
    """
    told = overrides(ports)
    value = [
        _mapping(m, part_of) | {"changed": told["changed"].get(m.name, [])}
        for m, part_of in with_children(ports.mappings.values())
    ]
    return {"value": value, "next": None, "overrides": told}


def _mapping(m: EntityMapping, part_of: str) -> dict[str, Any]:
    return {
        "mapping": m.name,
        "title": m.title,
        "part_of": part_of or None,
        "bc": m.bc.name,
        "sales": m.sales.name,
        "direction": m.direction.value,
        "depends_on": list(m.depends_on),
        "create_missing": m.creates.value,
        "on_conflict": m.on_conflict.value,
        "on_delete": m.on_delete.value,
        "schedule": None if part_of else m.schedule,
        "filters": {side.value: filter_text(m.filter(side)) for side in Side},
        "match": [_match(m, match) for match in m.match],
        "fields": [_field(f) for f in m.fields],
    }


def _match(m: EntityMapping, match: Match) -> list[str]:
    """Return the fields to match by; a column that belongs to no field by its own name."""
    names = {f.bc: f.name for f in m.fields}
    return [names.get(column, column) for column in match.bc]


def _field(f: FieldMap) -> dict[str, Any]:
    return {
        "field": f.name,
        "bc": f.bc,
        "sales": f.sales,
        "direction": f.direction.value,
        "type": _type(f.converter),
        "length": [f.converter.bc, f.converter.sales] if isinstance(f.converter, Text) else None,
        "reference_to": f.reference_to,
        "when": f.when.value,
        "blank": f.blank.value,
        "uncoupled": f.uncoupled.value if f.soft else None,
        "required": f.required,
    }


def _type(converter: Converter) -> str:
    if isinstance(converter, Text):
        return "code" if converter.code else "text"
    return type(converter).__name__.lower()
