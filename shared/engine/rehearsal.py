"""Rehearsal: the same gathering and deciding, and instead of acting a plan (H26).

Nothing is written to BC or Sales. Would-be couplings are kept in an overlay that reads consult
first, so that later pages and later lines decide as they would in earnest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.core.decide import Pair, generation_of
from shared.core.model import (
    Couple,
    Coupling,
    CouplingState,
    Create,
    Decision,
    FieldProblem,
    Fields,
    Hold,
    Ignore,
    Nothing,
    Outcome,
    Restore,
    Side,
    Uncouple,
    Unresolved,
    Update,
    Wait,
)
from shared.core.project import project
from shared.engine.act import Act
from shared.engine.index import WOULD_BE
from shared.engine.kept import hint_of, left_behind, readable, seen
from shared.engine.overlay import MADE
from shared.engine.parts import Ports
from shared.engine.scope import Scope
from shared.ports import Step, Write

#: What is known of a value only when the other system has given it.
TO_BE_ASSIGNED = "to be assigned"
#: Begins the outcome of a would-be coupling whose problem is in the plan.
TOLD = "told"


class Rehearsal:
    """Collects what would happen to the records of a page."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._act = Act(ports)
        self._entries: list[dict[str, Any]] = []

    def take(self) -> list[dict[str, Any]]:
        """Return the entries so far, and begin anew."""
        entries, self._entries = self._entries, []
        return entries

    def couple(self, scope: Scope, couples: Sequence[tuple[Pair, Couple]]) -> None:
        for pair, decision in couples:
            reason = f"the same by its natural key: BC {decision.bc_id}, Sales {decision.sales_id}"
            self._enter(scope, pair, "couple", reason=reason)

    def note(self, scope: Scope, plan: Sequence[tuple[Pair, Decision]]) -> dict[str, Outcome]:
        """Return the outcomes as they would be, by the id of the hint."""
        outcomes: dict[str, Outcome] = {}
        couplings: list[Coupling] = []
        for pair, decision in plan:
            outcome = self._one(scope, pair, decision, couplings)
            outcomes[hint_of(pair)] = outcome
        for result in self._ports.couplings.save(couplings):
            if result.coupling is not None:
                scope.learn(result.coupling)
        return outcomes

    def _one(self, scope: Scope, pair: Pair, decision: Decision, couplings: list[Coupling]) -> Outcome:
        match decision:
            case Ignore(reason=reason):
                scope.ignore(reason)
                return Outcome.IGNORED
            case Nothing():
                return Outcome.UNCHANGED
            case Uncouple(reason=reason):
                assert pair.coupling is not None
                couplings.append(replace(pair.coupling, state=CouplingState.UNCOUPLED))
                self._enter(scope, pair, "uncouple", reason=reason)
                return Outcome.UNCOUPLED
            case Wait(reason=reason):
                if not _told(pair, "wait", reason, couplings):
                    self._enter(scope, pair, "wait", reason=reason)
                return Outcome.WAITING
            case Hold(reason=reason):
                if not _told(pair, "hold", reason, couplings):
                    self._enter(scope, pair, "hold", reason=reason)
                return Outcome.HELD
            case Create() | Restore():
                return self._create(scope, pair, decision, couplings)
            case Update():
                return self._update(scope, pair, decision, couplings)
        raise AssertionError(f"no way to rehearse {decision}")

    def _create(
        self, scope: Scope, pair: Pair, decision: Create | Restore, couplings: list[Coupling]
    ) -> Outcome:
        target, source = decision.side, pair.record(decision.side.other)
        assert source is not None
        write = self._act.new(scope, pair, decision)
        ids = {target: write.id, target.other: source.id}
        coupling = Coupling(
            mapping=scope.mapping.name,
            bc_id=ids[Side.BC],
            sales_id=ids[Side.SALES],
            late=decision.late,
            generation=generation_of(pair),
            outcome=WOULD_BE,
        )
        couplings.append(
            replace(coupling, bc_version=source.version)
            if target is Side.SALES
            else replace(coupling, sales_version=source.version)
        )
        fields = {name: (None, value) for name, value in decision.values.items()}
        label = scope.mapping.label(target)
        own = (
            {label: [None, TO_BE_ASSIGNED]} if label and label not in _columns(scope, target, fields) else {}
        )
        action = "restore" if isinstance(decision, Restore) else "create"
        self._enter(
            scope,
            pair,
            action,
            target=target,
            fields=fields,
            also=own,
            problems=decision.problems,
            write=write,
        )
        return Outcome.RESTORED if isinstance(decision, Restore) else Outcome.CREATED

    def _update(self, scope: Scope, pair: Pair, decision: Update, couplings: list[Coupling]) -> Outcome:
        assert pair.coupling is not None
        for target, values in decision.writes.items():
            before = pair.fields(target)
            fields = {name: (before.get(name), value) for name, value in values.items()}
            write = self._act.changed(scope, pair, target, values)
            self._enter(scope, pair, "update", target=target, fields=fields, write=write)
        kept = replace(
            seen(pair.coupling, pair.bc, pair.sales),
            baseline=decision.baseline,
            late=decision.late,
            first=None,
        )
        if not decision.problems:
            couplings.append(kept)
            return Outcome.UPDATED
        kept = left_behind(kept, pair.coupling.first, pair.source, decision.problems)
        conflict = any(p.conflict for p in decision.problems)
        action = "conflict" if conflict else "hold"
        reasons = ", ".join(f"{p.field} {p.reason}" for p in decision.problems)
        if not _told(replace(pair, coupling=kept), action, reasons, couplings):
            self._enter(scope, pair, action, problems=decision.problems)
        return Outcome.CONFLICT if conflict else Outcome.HELD

    def late(self, scope: Scope, couplings: Sequence[Coupling]) -> int:
        """Note the soft references that would be filled in records that would have been created (H20)."""
        mapping, count = scope.mapping, 0
        rows = self._ports.bc.get(mapping.bc, [c.bc_id for c in couplings])
        scope.references.gather(mapping, rows.values())
        for coupling in couplings:
            row = rows.get(coupling.bc_id)
            if row is None:
                continue
            shown = project(mapping, row, scope.references).fields
            fields = {
                name: (None, shown[name])
                for name in coupling.late
                if shown.get(name) is not None and not isinstance(shown[name], Unresolved)
            }
            if fields:
                count += 1
                pair = Pair(source=Side.BC, bc=row, bc_fields=shown, coupling=coupling)
                self._enter(scope, pair, "update", target=Side.SALES, fields=fields)
        return count

    def stands(self, scope: Scope, step: Step, action: str, before: Mapping[str, Any]) -> None:
        """Note a row of Sales that no record of BC stands for; `before` is what it shows of the values now."""
        column = scope.mapping.label(Side.SALES)
        self._entries.append(
            {
                "mapping": scope.mapping.name,
                "side": Side.SALES.value,
                "id": step.id,
                "label": str(step.values.get(column) or ""),
                "action": action,
                "target": Side.SALES.value,
                "reason": "Sales needs it, and no record of Business Central stands for it",
                "fields": {n: [readable(before.get(n)), readable(v)] for n, v in step.values.items()},
                "problems": [],
                "rows": {step.table.name: 1},
                "shared": [],
            }
        )

    def _enter(
        self,
        scope: Scope,
        pair: Pair,
        action: str,
        *,
        target: Side | None = None,
        reason: str = "",
        fields: Mapping[str, tuple[Any, Any]] | None = None,
        also: Mapping[str, list[Any]] | None = None,
        problems: Sequence[FieldProblem] = (),
        write: Write | None = None,
    ) -> None:
        record = pair.record(pair.source)
        column = scope.mapping.label(pair.source)
        self._entries.append(
            {
                "mapping": scope.mapping.name,
                "side": pair.source.value,
                "id": hint_of(pair),
                "label": str(record.values.get(column) or "") if record is not None and column else "",
                "action": action,
                "target": target.value if target else None,
                "reason": reason,
                "fields": {
                    **{n: [readable(old), readable(new)] for n, (old, new) in (fields or {}).items()},
                    **(also or {}),
                },
                "problems": [
                    {
                        "field": p.field,
                        "reason": p.reason,
                        "bc": readable(p.bc),
                        "sales": readable(p.sales),
                        "conflict": p.conflict,
                    }
                    for p in problems
                ],
                **_rows(scope, target, write),
            }
        )


def _told(pair: Pair, action: str, reason: str, couplings: list[Coupling]) -> bool:
    """Say whether the plan has this of the pair already: the line looks at it from both sides."""
    coupling = pair.coupling
    if coupling is None or coupling.state is not CouplingState.COUPLED:
        return False
    said = f"{TOLD} {action}: {reason}"
    known, made, step = coupling.outcome.partition(MADE)
    if known == said:
        return True
    # What a rehearsal has made up stays marked so; and which step made the row stays with it.
    outcome = coupling.outcome if known.startswith(WOULD_BE) else f"{said}{made}{step}"
    couplings.append(replace(coupling, outcome=outcome))
    return False


def rows_of(entries: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Return how many rows these entries write, by side; shared ones once."""
    found = Counter[str]()
    shared: dict[str, str] = {}
    for entry in entries:
        if entry["target"]:
            found[entry["target"]] += sum(entry["rows"].values())
            shared |= dict.fromkeys(entry["shared"], entry["target"])
    found.update(shared.values())
    return found


def _rows(scope: Scope, target: Side | None, write: Write | None) -> dict[str, Any]:
    """Return the rows that an entry writes by table, its own and those of its steps (H16).

    `shared` names those that several entries may need: the run makes each once.
    """
    if target is None:
        return {"rows": {}, "shared": []}
    steps = (*write.before, *write.after) if write is not None else ()
    rows = Counter([scope.mapping.table(target).name, *(step.table.name for step in steps)])
    shared = write.shared if write is not None else ()
    return {"rows": dict(rows), "shared": [f"{step.table.name}({step.id})" for step in shared]}


def _columns(scope: Scope, side: Side, fields: Mapping[str, Any] | Fields) -> set[str]:
    return {f.column(side) for f in scope.mapping.fields if f.name in fields}
