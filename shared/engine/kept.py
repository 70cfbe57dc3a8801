"""What one turn of a page wants remembered. Only collects; `remember` saves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from shared.core.decide import Pair, generation_of
from shared.core.errors import SyncError
from shared.core.mapping import EntityMapping
from shared.core.merge import equal
from shared.core.model import (
    Agreed,
    Coupling,
    CouplingState,
    Create,
    FieldProblem,
    Fields,
    First,
    Nothing,
    Record,
    Restore,
    Side,
    Unresolved,
    Update,
    Value,
    Wait,
)
from shared.core.project import project
from shared.core.settle import settled
from shared.engine.scope import Scope
from shared.ports import HeldRecord, HistoryEntry


@dataclass(kw_only=True)
class Kept:
    """What one turn of a page wants remembered."""

    saves: list[tuple[Coupling, tuple[Side, str]]] = field(default_factory=list)
    uncoupled: list[tuple[Coupling, str]] = field(default_factory=list)
    history: list[HistoryEntry] = field(default_factory=list)
    held: list[HeldRecord] = field(default_factory=list)
    cleared: set[tuple[Side, str]] = field(default_factory=set)
    adopt: list[tuple[Pair, Create | Restore, str]] = field(default_factory=list)
    #: BC ids of documents that were pending until now.
    born: set[str] = field(default_factory=set)
    #: Records of the page's side to read and decide again.
    again: set[str] = field(default_factory=set)
    unknown: SyncError | None = None

    def agreed(self, scope: Scope, pair: Pair, decision: Nothing) -> None:
        coupling = pair.coupling
        assert coupling is not None and pair.bc is not None and pair.sales is not None
        same_versions = (
            coupling.bc_version == pair.bc.version and coupling.sales_version == pair.sales.version
        )
        if decision.baseline is None and same_versions:
            return
        self.saves.append(
            (
                seen(
                    coupling,
                    pair.bc,
                    pair.sales,
                    baseline=decision.baseline if decision.baseline is not None else coupling.baseline,
                    late=decision.late,
                    first=None,
                    outcome="unchanged",
                ),
                (pair.source, hint_of(pair)),
            )
        )

    def created(self, scope: Scope, pair: Pair, decision: Create | Restore, answer: Record) -> None:
        target = decision.side
        source = pair.record(target.other)
        assert source is not None
        rows = {target: answer, target.other: source}
        shown = _with_steps(
            scope.mapping, target, project(scope.mapping, answer, scope.references).fields, decision.values
        )
        foreign = _foreign(scope, answer)
        behind = frozenset(p.field for p in decision.problems)
        fields = {
            target: {**shown, **decision.values} if foreign else shown,
            target.other: pair.fields(target.other),
        }
        baseline, rewritten = settled(
            scope.mapping,
            bc=fields[Side.BC],
            sales=fields[Side.SALES],
            sent={target: decision.values},
            old={},
            behind=behind,
        )
        old = pair.coupling
        bc, sales = rows[Side.BC], rows[Side.SALES]
        coupling = Coupling(
            mapping=scope.mapping.name,
            bc_id=bc.id,
            sales_id=sales.id,
            bc_version=bc.version,
            sales_version=sales.version,
            bc_row_version=bc.row_version,
            sales_row_version=sales.row_version,
            baseline=baseline,
            rewritten=rewritten,
            late=decision.late,
            generation=generation_of(pair),
            outcome="restored" if isinstance(decision, Restore) else "created",
            coupled_at=old.coupled_at if old is not None else None,
            etag=old.etag if old is not None else None,
        )
        if foreign:
            # Somebody wrote it between our create and our read of it: look at it again (H4).
            coupling = _unseen(coupling, target)
            self.again.add(hint_of(pair))
        if rewritten:
            # The target stored another value than it was sent: that is its edit, and travels back (H3).
            coupling = _unseen(coupling, target.other)
            self.again.add(hint_of(pair))
        if decision.problems:
            coupling = _unseen(coupling, target.other)
        if scope.mapping.document:
            # Its stamp is due, in this turn.
            self.born.add(coupling.bc_id)
            coupling = _unseen(coupling, target.other)
            self.again.add(hint_of(pair))
        if owned := _owned(scope.mapping, target, fields):
            # What belongs to the new record's side (its number) travels back at once; a blank there
            # says nothing, and leaves the other side as it is until somebody fills it in.
            told = {n for n in owned if fields[target].get(n) is not None}
            blank = {
                n: Agreed(bc=fields[Side.BC].get(n), sales=fields[Side.SALES].get(n)) for n in owned - told
            }
            coupling = replace(coupling, baseline={**coupling.baseline, **blank})
            if told:
                coupling = _unseen(coupling, target.other)
                self.again.add(hint_of(pair))
        self.saves.append((coupling, (pair.source, hint_of(pair))))

    def updated(self, scope: Scope, pair: Pair, decision: Update, shown: Mapping[Side, Record]) -> None:
        coupling = pair.coupling
        assert coupling is not None
        rows = {Side.BC: shown.get(Side.BC, pair.bc), Side.SALES: shown.get(Side.SALES, pair.sales)}
        fields: dict[Side, Fields] = {Side.BC: pair.bc_fields, Side.SALES: pair.sales_fields}
        behind = frozenset(p.field for p in decision.problems)
        foreign = [side for side, row in shown.items() if _foreign(scope, row)]
        for side, row in shown.items():
            now = project(scope.mapping, row, scope.references).fields
            now = _with_steps(scope.mapping, side, now, decision.writes[side])
            fields[side] = {**now, **decision.writes[side]} if side in foreign else now
        baseline, rewritten = settled(
            scope.mapping,
            bc=fields[Side.BC],
            sales=fields[Side.SALES],
            sent=decision.writes,
            old=coupling.baseline,
            behind=behind | _stand_still(scope.mapping, pair),
            rewritten=coupling.rewritten,
        )
        saved = seen(
            coupling,
            rows[Side.BC],
            rows[Side.SALES],
            baseline=baseline,
            rewritten=rewritten,
            late=decision.late,
            first=None,
            outcome="updated",
        )
        for side in foreign:
            saved = _unseen(saved, side)
            self.again.add(hint_of(pair))
        if sum(rewritten.values()) > sum(coupling.rewritten.values()):
            saved = _unseen(saved, pair.source)
            self.again.add(hint_of(pair))
        if pair.outside and decision.writes:
            # A state that travelled may bring the record back into the filter, and the rest with it (H24).
            saved = _unseen(saved, pair.source)
            self.again.add(hint_of(pair))
        if decision.problems:
            saved = left_behind(saved, coupling.first, pair.source, decision.problems)
        self.saves.append((saved, (pair.source, hint_of(pair))))
        for side, values in decision.writes.items():
            before = pair.fields(side)
            self.history.append(
                HistoryEntry(
                    mapping=scope.mapping.name,
                    side=side,
                    id=coupling.id_of(side),
                    at=NEVER,
                    action="update",
                    fields={
                        name: (readable(before.get(name)), readable(value)) for name, value in values.items()
                    },
                )
            )

    def clear(self, side: Side, hint: str, pair: Pair | None = None) -> None:
        """Nothing holds this record any more, whichever side it was held on."""
        self.cleared.add((side, hint))
        if pair is not None:
            for which in Side:
                record = pair.record(which)
                if record is not None:
                    self.cleared.add((which, record.id))
            if pair.coupling is not None and pair.coupling.state is not CouplingState.UNCOUPLED:
                # Under which a coupled pair is held, also when that record is gone.
                self.cleared.add((Side.BC, pair.coupling.bc_id))

    def waiting(
        self,
        side: Side,
        hint: str,
        decision: Wait,
        mapping: EntityMapping,
        pair: Pair,
        *,
        reason: str = "",
    ) -> None:
        self.hold(side, hint, "waiting", reason or decision.reason, mapping, pair, waits=decision)

    def hold(
        self,
        side: Side,
        hint: str,
        kind: str,
        reason: str,
        mapping: EntityMapping,
        pair: Pair,
        *,
        problems: Sequence[FieldProblem] = (),
        waits: Wait | None = None,
        awaits: tuple[tuple[str, Side, str], ...] = (),
    ) -> None:
        # A coupled pair is held once, under its BC id, whichever side's hint found it.
        if pair.coupling is not None and pair.coupling.state is CouplingState.COUPLED:
            side, hint = Side.BC, pair.coupling.bc_id
        record = pair.record(side)
        label = str(record.values.get(mapping.label(side)) or "") if record and mapping.label(side) else ""
        self.held.append(
            HeldRecord(
                mapping=mapping.name,
                side=side,
                id=hint,
                kind=kind,
                reason=reason,
                since=NEVER,
                awaits_mapping=waits.mapping if waits else "",
                awaits_side=waits.side.value if waits else "",
                awaits_id=waits.id if waits else "",
                awaits=awaits,
                fields=tuple(
                    {
                        "field": p.field,
                        "reason": p.reason,
                        "bc": readable(p.bc),
                        "sales": readable(p.sales),
                        "conflict": p.conflict,
                    }
                    for p in problems
                ),
                label=label,
            )
        )


NEVER = datetime.min


def _stand_still(mapping: EntityMapping, pair: Pair) -> frozenset[str]:
    """Outside the filter only state fields travel; the rest of the baseline is kept (H24)."""
    if not pair.outside:
        return frozenset()
    return frozenset(f.name for f in mapping.fields if not f.state)


def _with_steps(mapping: EntityMapping, side: Side, shown: Fields, sent: Fields) -> Fields:
    """Return the fields as shown, with those that only the rule's steps have written (H16)."""
    stepped = {name: sent[name] for name in mapping.stepped[side] if name in sent}
    return {**shown, **stepped} if stepped else shown


def _owned(mapping: EntityMapping, owner: Side, fields: Mapping[Side, Fields]) -> set[str]:
    """Return the one-way fields from `owner` whose value the other side does not show yet."""
    return {
        f.name
        for f in mapping.belonging_to[owner]
        if not equal(f, fields[Side.BC].get(f.name), fields[Side.SALES].get(f.name))
        if not isinstance(fields[owner].get(f.name), Unresolved)
    }


def _foreign(scope: Scope, record: Record) -> bool:
    users = scope.facts.users(record.side)
    return bool(users) and bool(record.modified_by) and record.modified_by not in users


def seen(coupling: Coupling, bc: Record | None, sales: Record | None, **changes: Any) -> Coupling:
    """Return the coupling with the versions of these two records, and with these changes; one that is gone has none."""
    return replace(
        coupling,
        **changes,
        bc_version=bc.version if bc else coupling.bc_version,
        sales_version=sales.version if sales else coupling.sales_version,
        bc_row_version=max(bc.row_version if bc else 0, coupling.bc_row_version),
        sales_row_version=max(sales.row_version if sales else 0, coupling.sales_row_version),
    )


def left_behind(
    coupling: Coupling, first: First | None, source: Side, problems: Sequence[FieldProblem]
) -> Coupling:
    """Return the coupling so that the fields that stayed behind are looked at again."""
    conflict = any(p.conflict for p in problems)
    return replace(
        _unseen(coupling, source), first=first if conflict and first is First.COMPARE else coupling.first
    )


def _unseen(coupling: Coupling, side: Side) -> Coupling:
    """Forget a side's version, so that the next look at the record decides anew."""
    return replace(coupling, bc_version="") if side is Side.BC else replace(coupling, sales_version="")


def readable(value: Value) -> Any:
    """Return a canonical value as JSON that a person can read."""
    if isinstance(value, Unresolved):
        return f"{value.raw} (no counterpart)"
    if isinstance(value, Decimal):
        # Not str: an amount of 80 is normalized, and would be "8E+1".
        return f"{value:f}"
    if value is None or isinstance(value, (str, bool)):
        return value
    return value.isoformat()


def hint_of(pair: Pair) -> str:
    """Return the id of the record whose hint led to this pair; of its coupling when it is gone."""
    record = pair.record(pair.source)
    if record is not None:
        return record.id
    assert pair.coupling is not None
    return pair.coupling.id_of(pair.source)
