"""Why one record stands as it does: what is known of it, and what would happen to it now.

Nothing is written: the look at the record is that of a rehearsal, whose would-be couplings go nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.core.errors import SyncError
from shared.core.mapping import Creates, EntityMapping
from shared.core.model import Coupling, CouplingState, Record, Side, Tally
from shared.engine.gather import Gather
from shared.engine.kept import readable
from shared.engine.messages import Job
from shared.engine.overlay import rehearsing
from shared.engine.parts import Ports
from shared.engine.problem import ApiProblem
from shared.engine.references import References
from shared.engine.rehearsal import Rehearsal
from shared.engine.scope import Scope
from shared.engine.sync import PageSync
from shared.engine.views import held_record, history_entry, iso
from shared.ports import HeldRecord, HistoryEntry, SaveResult

#: Decisions shown with a record; `GET …/history` has them all.
DECISIONS = 20


class Forgetful:
    """Couplings that keep nothing: what one look would couple is of no use to the next."""

    def find(self, mapping: str, side: Side, ids: Sequence[str]) -> dict[str, Coupling]:
        return {}

    def stream(self, mapping: str, *, late_only: bool = False) -> Iterator[Coupling]:
        return iter(())

    def save(self, couplings: Sequence[Coupling]) -> list[SaveResult]:
        return [SaveResult(bc_id=c.bc_id, coupling=c) for c in couplings]

    def remove(self, couplings: Sequence[Coupling]) -> None:
        pass


class Explain:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._looking = rehearsing(replace(ports, overlay=lambda run: Forgetful()), "explain")

    def record(self, mapping: EntityMapping, side: Side, id: str) -> dict[str, Any]:
        """Return how one record stands and why. Raises `ApiProblem` 404 for what exists nowhere."""
        ports, name = self._ports, mapping.name
        coupling = ports.couplings.find(name, side, [id]).get(id)
        ids = {side: id}
        if coupling is not None:
            ids[side.other] = coupling.id_of(side.other)
        held = list(ports.held.find(name, list(ids.items())).values())
        rows = {
            which: row
            for which, i in ids.items()
            if (row := ports.records(which).get(mapping.table(which), [i]).get(i)) is not None
        }
        if coupling is None and not held and not rows:
            raise ApiProblem(404, "No such record", f"{name} has no record '{id}' in {side.value}")
        coupled = coupling is not None and coupling.state is CouplingState.COUPLED
        looks = self._looks(mapping, side, id, rows.get(side), coupled)
        fields = self._fields(mapping, side, id, rows.get(side), coupling)
        states = {CouplingState.COUPLED: "coupled", CouplingState.PENDING: "pending"}
        state = states.get(coupling.state, "uncoupled by a person") if coupling else "not coupled"
        first = held[0] if held else None
        history = self.history(mapping, side, id, limit=DECISIONS)["value"]
        return {
            "mapping": name,
            "side": side.value,
            "id": id,
            "state": first.kind if first else state,
            "cause": first.reason if first else looks["now"]["reason"],
            "since": iso(first.since) if first else iso(coupling.coupled_at) if coupling else None,
            "next_try": iso(first.next_try) if first else None,
            "records": {which.value: _row(mapping, which, rows.get(which), i) for which, i in ids.items()},
            "coupling": _coupling(coupling),
            "held": [held_record(h) for h in held],
            "awaits": [told for h in held if (told := self._awaited(h)) is not None],
            "fields": fields,
            **looks,
            "history": history,
        }

    def history(
        self, mapping: EntityMapping, side: Side, id: str, *, limit: int, before: datetime | None = None
    ) -> dict[str, Any]:
        """Return the writes to a record and to its counterpart, newest first.

        A page may be a little longer than `limit`: writes of one moment are not torn apart.
        """
        ports, name = self._ports, mapping.name
        coupling = ports.couplings.find(name, side, [id]).get(id)
        ids = {side: id} if coupling is None else {which: coupling.id_of(which) for which in Side}
        found: list[HistoryEntry] = []
        for which, i in ids.items():
            found += ports.history.list(name, which, i, limit=limit + len(Side), before=before)
        found.sort(key=lambda entry: (entry.at, entry.side, entry.action), reverse=True)
        page = [e for e in found if len(found) <= limit or e.at >= found[limit - 1].at]
        more = len(page) < len(found)
        return {"value": [history_entry(e) for e in page], "next": page[-1].at.isoformat() if more else None}

    def _awaited(self, held: HeldRecord) -> dict[str, Any] | None:
        """Say which record a held one waits for, by the name that people know, and why that is not coupled."""
        mapping = self._ports.mappings.get(held.awaits_mapping)
        if mapping is None:
            return None
        side, id = Side(held.awaits_side), held.awaits_id
        row = self._ports.records(side).get(mapping.table(side), [id]).get(id)
        known = self._ports.couplings.find(mapping.name, side, [id]).get(id)
        own = self._ports.held.find(mapping.name, [(side, id)]).get((side, id))
        if row is None:
            cause = "it does not exist"
        elif known is not None and known.state is CouplingState.COUPLED:
            cause = "it is coupled by now"
        elif own is not None:
            cause = own.reason
        else:
            look = self._looks(mapping, side, id, row, False)["in_full_sync"]
            cause = (
                look["reason"] or f"a full synchronization would leave it: {look['outcome']}" if look else ""
            )
        return {"mapping": mapping.name, "side": side.value, **_row(mapping, side, row, id), "cause": cause}

    # --- what would happen -----------------------------------------------------------------

    def _looks(
        self, mapping: EntityMapping, side: Side, id: str, record: Record | None, coupled: bool
    ) -> dict[str, Any]:
        try:
            now = self._look(mapping, side, id, record, full=False)
            full = None if coupled else self._look(mapping, side, id, record, full=True)
        except SyncError as error:
            # What is known already is worth telling although a system does not answer.
            now, full = {"outcome": "unknown", "reason": str(error), "plan": []}, None
        return {"now": now, "in_full_sync": full}

    def _look(
        self, mapping: EntityMapping, side: Side, id: str, record: Record | None, *, full: bool
    ) -> dict[str, Any]:
        """Decide the record as a timer's job would, or a full synchronization's line."""
        ports = self._looking
        scope = self._scope(mapping)
        scope.may_create = full or mapping.creates is Creates.ALWAYS
        scope.matching = full and bool(mapping.match)
        job = Job(kind="targeted", mapping=mapping.name, side=side, ids=(id,))
        records, gone = ([record], []) if record is not None else ([], [id])
        tally = PageSync(ports).run(scope, side, records, gone, job=job)
        assert scope.rehearsal is not None
        plan = scope.rehearsal.take()
        reasons = [*scope.reasons, *(e["reason"] for e in plan if e["reason"])]
        reasons += [f"{p['field']}: {p['reason']}" for e in plan for p in e["problems"]]
        return {"outcome": _outcome(tally), "reason": "; ".join(reasons), "plan": plan}

    def _scope(self, mapping: EntityMapping) -> Scope:
        ports = self._looking
        facts = ports.setup.facts()
        return Scope(
            mapping=mapping,
            facts=facts,
            references=References(ports.couplings, local_currency_id=facts.lcy_currency_id),
            targeted=True,
            now=ports.clock.now(),
            skipped=ports.held.skipped(mapping.name),
            # Whatever looks is a rehearsal, so that nothing on the way writes.
            rehearsal=Rehearsal(ports),
        )

    # --- what is there ---------------------------------------------------------------------

    def _fields(
        self,
        mapping: EntityMapping,
        side: Side,
        id: str,
        record: Record | None,
        coupling: Coupling | None,
    ) -> list[dict[str, Any]]:
        """Return each field as both sides show it now, and as they last agreed on it."""
        shown: dict[Side, Mapping[str, Any]] = {Side.BC: {}, Side.SALES: {}}
        try:
            scope = self._scope(mapping)
            scope.skipped = frozenset()
            for pair in Gather(self._looking).pairs(scope, side, {id: record}, {}, turn=0):
                shown = {which: pair.fields(which) for which in Side}
        except SyncError:
            pass  # told with what would happen now
        baseline = coupling.baseline if coupling is not None else {}
        return [
            {
                "field": f.name,
                "direction": f.direction.value,
                **{side.value: readable(shown[side].get(f.name)) for side in Side},
                "agreed": {side.value: readable(baseline[f.name].of(side)) for side in Side}
                if f.name in baseline
                else None,
                "late": coupling is not None and f.name in coupling.late,
            }
            for f in mapping.fields
        ]


def _outcome(tally: Tally) -> str:
    return next((part for part, count in tally.as_json().items() if count and part != "read"), "nothing")


def _row(mapping: EntityMapping, side: Side, record: Record | None, id: str) -> dict[str, Any]:
    column = mapping.label(side)
    return {
        "id": id,
        "exists": record is not None,
        "label": str(record.values.get(column) or "") if record is not None and column else "",
        "modified": iso(record.modified_at) if record is not None else None,
    }


def _coupling(coupling: Coupling | None) -> dict[str, Any] | None:
    if coupling is None:
        return None
    return {
        "bc": coupling.bc_id,
        "sales": coupling.sales_id,
        "outcome": coupling.outcome,
        "coupled_at": iso(coupling.coupled_at),
        "late": list(coupling.late),
        "baseline": {
            k: {"bc": readable(v.bc), "sales": readable(v.sales)} for k, v in coupling.baseline.items()
        },
    }
