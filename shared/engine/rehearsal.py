"""Rehearsal: the same gathering and deciding, and instead of acting a plan (H26).

Nothing is written to BC or Sales. Would-be couplings are kept in an overlay that reads consult
first, so that later pages and later lines decide as they would in earnest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.core.decide import Pair
from shared.core.mapping import Table
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
from shared.engine.parts import Ports
from shared.engine.scope import Scope
from shared.ports import (
    Couplings,
    Cursors,
    Intent,
    Records,
    SaveResult,
    StoredCursor,
    Write,
    Written,
)

#: What is known of a value only when the other system has given it.
TO_BE_ASSIGNED = "to be assigned"


class OverlaidCouplings:
    """`Couplings` whose writes go to an overlay, which reads consult first.

    Every row of the overlay names the step that made it, so that a step can be repeated after a crash
    as if it had never been.
    """

    def __init__(self, real: Couplings, overlay: Couplings) -> None:
        self._real = real
        self._overlay = overlay
        self.step = 0

    def find(self, mapping: str, side: Side, ids: Sequence[str]) -> dict[str, Coupling]:
        found = self._overlay.find(mapping, side, ids)
        missing = [i for i in ids if i not in found]
        return {**(self._real.find(mapping, side, missing) if missing else {}), **found}

    def stream(self, mapping: str, *, late_only: bool = False) -> Iterator[Coupling]:
        newer = {c.bc_id: c for c in self._overlay.stream(mapping)}
        for coupling in self._real.stream(mapping, late_only=late_only):
            if coupling.bc_id not in newer:
                yield coupling
        yield from (c for c in newer.values() if c.late or not late_only)

    def save(self, couplings: Sequence[Coupling]) -> list[SaveResult]:
        """Save in the overlay over whatever it holds: a rehearsal has one writer.

        A coupling that was read from the overlay has its etag there; another is new to it. Only what
        is refused, after a crash, is looked up first, so that a page costs no request per record.
        """
        if not couplings:
            return []
        rows = [
            replace(
                c,
                etag=c.etag if MADE in c.outcome else None,
                outcome=f"{c.outcome.split(MADE)[0]}{MADE}{self.step}",
            )
            for c in couplings
        ]
        results = self._overlay.save(rows)
        refused = [n for n, result in enumerate(results) if result.coupling is None]
        if refused:
            there = self._overlay.find(rows[0].mapping, Side.BC, [rows[n].bc_id for n in refused])
            known = {bc_id: c.etag for bc_id, c in there.items()}
            again = self._overlay.save([replace(rows[n], etag=known.get(rows[n].bc_id)) for n in refused])
            for n, result in zip(refused, again, strict=True):
                results[n] = result
        return results

    def remove(self, couplings: Sequence[Coupling]) -> None:
        self.save([replace(c, state=CouplingState.UNCOUPLED) for c in couplings])

    def forget(self, mapping: str, step: int = 0) -> None:
        """Drop what this step, or a later one, has made."""
        self._overlay.remove(
            [c for c in self._overlay.stream(mapping) if int(c.outcome.rpartition(MADE)[2]) >= step]
        )


#: Between an outcome and the step that made the row.
MADE = " in step "


class ReadOnlyRecords:
    """One side's records, without a way to write them."""

    def __init__(self, real: Records) -> None:
        self._real = real
        self.side = real.side

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def create(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        raise AssertionError("a rehearsal writes no records")

    update = create


class StandingCursors:
    """Cursors that are read and never moved."""

    def __init__(self, real: Cursors) -> None:
        self.get = real.get

    def put(self, mapping: str, side: Side, value: str | None, *, etag: str | None) -> StoredCursor:
        return StoredCursor(value=value, etag=etag)


class NoIntents:
    """A rehearsal repeats no half-done page, and leaves none."""

    def get(self, mapping: str) -> list[Intent]:
        return []

    def put(self, intent: Intent) -> None:
        raise AssertionError("a rehearsal intends nothing")

    def remove(self, mapping: str, side: Side) -> None:
        raise AssertionError("a rehearsal intends nothing")


def rehearsing(ports: Ports, run: str) -> Ports:
    """Return ports that read as ever and write nothing but would-be couplings, plans and the run."""
    return replace(
        ports,
        bc=ReadOnlyRecords(ports.bc),
        sales=ReadOnlyRecords(ports.sales),
        couplings=OverlaidCouplings(ports.couplings, ports.overlay(run)),
        cursors=StandingCursors(ports.cursors),
        intents=NoIntents(),
        rehearses=run,
    )


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
                self._enter(scope, pair, "wait", reason=reason)
                return Outcome.WAITING
            case Hold(reason=reason):
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
        ids = {target: self._act.new(scope, pair, decision).id, target.other: source.id}
        coupling = Coupling(
            mapping=scope.mapping.name,
            bc_id=ids[Side.BC],
            sales_id=ids[Side.SALES],
            late=decision.late,
            generation=pair.coupling.generation + 1 if pair.coupling is not None else 0,
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
        self._enter(scope, pair, action, target=target, fields=fields, also=own, problems=decision.problems)
        return Outcome.RESTORED if isinstance(decision, Restore) else Outcome.CREATED

    def _update(self, scope: Scope, pair: Pair, decision: Update, couplings: list[Coupling]) -> Outcome:
        assert pair.coupling is not None and pair.bc is not None and pair.sales is not None
        for target, values in decision.writes.items():
            before = pair.fields(target)
            fields = {name: (before.get(name), value) for name, value in values.items()}
            self._enter(scope, pair, "update", target=target, fields=fields)
        kept = replace(
            seen(pair.coupling, pair.bc, pair.sales),
            baseline=decision.baseline,
            late=decision.late,
            first=None,
        )
        if decision.problems:
            kept = left_behind(kept, pair.coupling.first, pair.source, decision.problems)
        couplings.append(kept)
        if not decision.problems:
            return Outcome.UPDATED
        conflict = any(p.conflict for p in decision.problems)
        self._enter(scope, pair, "conflict" if conflict else "hold", problems=decision.problems)
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
            }
        )


def _columns(scope: Scope, side: Side, fields: Mapping[str, Any] | Fields) -> set[str]:
    return {f.column(side) for f in scope.mapping.fields if f.name in fields}
