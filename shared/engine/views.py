"""How what Tandem keeps looks in JSON (design §11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.core import runs as rules
from shared.core.model import Tally
from shared.ports import HeldRecord, HistoryEntry, JobEntry, RunRow


def run_head(row: RunRow) -> dict[str, Any]:
    return {
        "id": row.run,
        "state": row.data["state"],
        "started": row.data.get("started"),
        "finished": row.data.get("finished"),
        "rehearse": bool(row.data.get("rehearse")),
    }


def run_line(row: RunRow) -> dict[str, Any]:
    data = row.data
    state = rules.FAILED if data["state"] == rules.CANCELLED else data["state"]
    return {
        "mapping": row.name,
        "state": state,
        "depends_on": data["depends_on"],
        "to_sales": Tally.from_json(data["to_sales"]).as_json(),
        "from_sales": Tally.from_json(data["from_sales"]).as_json(),
        "wake_ups": Tally.from_json(data["wake_ups"]).as_json(),
        "requests": {k: data["requests"].get(k, 0) for k in ("bc", "sales", "tables")},
        "started": data["started"],
        "finished": data["finished"],
        "message": data["message"],
        "reasons": data["reasons"],
        "unresolved": data.get("unresolved", {}),
    }


def held_record(row: HeldRecord) -> dict[str, Any]:
    return {
        "mapping": row.mapping,
        "side": row.side.value,
        "id": row.id,
        "label": row.label,
        "kind": row.kind,
        "reason": row.reason,
        "since": iso(row.since),
        "next_try": iso(row.next_try),
        "tries": row.tries,
        "awaits": {"mapping": row.awaits_mapping, "side": row.awaits_side, "id": row.awaits_id}
        if row.awaits_id
        else None,
        "fields": list(row.fields),
    }


def job_entry(entry: JobEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "mapping": entry.mapping,
        "side": entry.side,
        "started": iso(entry.started),
        "finished": iso(entry.finished),
        "state": entry.state,
        "cause": entry.cause,
        "run": entry.run,
        "tally": dict(entry.tally),
        "requests": dict(entry.requests),
        "message": entry.message,
        "details": dict(entry.details),
    }


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def history_entry(entry: HistoryEntry) -> dict[str, Any]:
    """A create has no entry of its own: its job and its coupling tell it (H28)."""
    return {
        "at": entry.at.isoformat(),
        "side": entry.side.value,
        "id": entry.id,
        "action": entry.action,
        "fields": {k: {"before": v[0], "after": v[1]} for k, v in entry.fields.items()},
    }
