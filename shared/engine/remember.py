"""What a page leaves behind: couplings, history, held records, wake-ups. In that order.

A crash between two of these repeats the page (its intent row is still there); nothing is lost and
nothing is done twice, because what was saved decides to `Nothing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shared.core.decide import Pair, settled
from shared.core.errors import SyncError
from shared.core.mapping import EntityMapping
from shared.core.model import (
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
from shared.ports import HeldRecord, HistoryEntry, Outdated

if TYPE_CHECKING:
    from shared.engine.parts import Ports
    from shared.engine.sync import Scope

#: A held record is tried again after this, then after twice as long, and so on up to a day.
FIRST_RETRY = timedelta(minutes=5)
LAST_RETRY = timedelta(days=1)


@dataclass(kw_only=True)
class Kept:
    """What one turn of a page wants remembered."""

    saves: list[tuple[Coupling, tuple[Side, str]]] = field(default_factory=list)
    uncoupled: list[Coupling] = field(default_factory=list)
    history: list[HistoryEntry] = field(default_factory=list)
    held: list[HeldRecord] = field(default_factory=list)
    cleared: set[tuple[Side, str]] = field(default_factory=set)
    adopt: list[tuple[Pair, Create | Restore, str]] = field(default_factory=list)
    #: Records of the page's side to read and decide again.
    again: set[str] = field(default_factory=set)
    unknown: SyncError | None = None
    unresolved: int = 0

    def agreed(self, scope: Scope, pair: Pair, decision: Nothing) -> None:
        coupling = pair.coupling
        assert coupling is not None and pair.bc is not None and pair.sales is not None
        self.unresolved += len(decision.unresolved)
        same_versions = (
            coupling.bc_version == pair.bc.version and coupling.sales_version == pair.sales.version
        )
        if decision.baseline is None and same_versions:
            return
        self.saves.append(
            (
                replace(
                    _seen(coupling, pair.bc, pair.sales),
                    baseline=decision.baseline if decision.baseline is not None else coupling.baseline,
                    late=decision.late,
                    first=None,
                    outcome="unchanged",
                ),
                (pair.source, _id(pair)),
            )
        )

    def created(self, scope: Scope, pair: Pair, decision: Create | Restore, answer: Record) -> None:
        target = decision.side
        source = pair.record(target.other)
        assert source is not None
        self.unresolved += len(decision.unresolved)
        rows = {target: answer, target.other: source}
        shown = project(scope.mapping, answer, scope.references).fields
        foreign = _foreign(scope, answer)
        behind = frozenset(p.field for p in decision.problems)
        fields = {
            target: {**shown, **decision.values} if foreign else shown,
            target.other: pair.fields(target.other),
        }
        baseline = settled(
            scope.mapping,
            bc=fields[Side.BC],
            sales=fields[Side.SALES],
            sent={target: decision.values},
            old={},
            behind=behind,
        )
        old = pair.coupling
        coupling = Coupling(
            mapping=scope.mapping.name,
            bc_id=rows[Side.BC].id,
            sales_id=rows[Side.SALES].id,
            baseline=baseline,
            late=decision.late,
            generation=old.generation + 1 if old is not None else 0,
            outcome="restored" if isinstance(decision, Restore) else "created",
            coupled_at=old.coupled_at if old is not None else None,
            etag=old.etag if old is not None else None,
        )
        coupling = _seen(coupling, rows[Side.BC], rows[Side.SALES])
        if foreign:
            # Somebody wrote it between our create and our read of it: look at it again (H4).
            coupling = _unseen(coupling, target)
            self.again.add(_id(pair))
        if decision.problems:
            coupling = _unseen(coupling, target.other)
        self.saves.append((coupling, (pair.source, _id(pair))))

    def updated(self, scope: Scope, pair: Pair, decision: Update, shown: Mapping[Side, Record]) -> None:
        coupling = pair.coupling
        assert coupling is not None and pair.bc is not None and pair.sales is not None
        self.unresolved += len(decision.unresolved)
        rows = {Side.BC: shown.get(Side.BC, pair.bc), Side.SALES: shown.get(Side.SALES, pair.sales)}
        fields: dict[Side, Fields] = {Side.BC: pair.bc_fields, Side.SALES: pair.sales_fields}
        behind = frozenset(p.field for p in decision.problems)
        foreign = [side for side, row in shown.items() if _foreign(scope, row)]
        for side, row in shown.items():
            now = project(scope.mapping, row, scope.references).fields
            fields[side] = {**now, **decision.writes[side]} if side in foreign else now
        baseline = settled(
            scope.mapping,
            bc=fields[Side.BC],
            sales=fields[Side.SALES],
            sent=decision.writes,
            old=coupling.baseline,
            behind=behind | _stand_still(scope.mapping, pair),
        )
        saved = replace(
            _seen(coupling, rows[Side.BC], rows[Side.SALES]),
            baseline=baseline,
            late=decision.late,
            first=None,
            outcome="updated",
        )
        for side in foreign:
            saved = _unseen(saved, side)
            self.again.add(_id(pair))
        if decision.problems:
            saved = _unseen(saved, pair.source)
            if (
                saved.first is None
                and coupling.first is not None
                and any(p.conflict for p in decision.problems)
            ):
                saved = replace(saved, first=coupling.first if coupling.first is First.COMPARE else None)
        self.saves.append((saved, (pair.source, _id(pair))))
        now_at = scope.now
        for side, values in decision.writes.items():
            before = pair.fields(side)
            self.history.append(
                HistoryEntry(
                    mapping=scope.mapping.name,
                    side=side,
                    id=rows[side].id,
                    at=now_at,
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

    def waiting(self, side: Side, hint: str, decision: Wait, mapping: EntityMapping, pair: Pair) -> None:
        self.hold(side, hint, "waiting", decision.reason, mapping, pair, awaits=decision)

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
        awaits: Wait | None = None,
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
                awaits_mapping=awaits.mapping if awaits else "",
                awaits_side=awaits.side.value if awaits else "",
                awaits_id=awaits.id if awaits else "",
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
#: Why a coupling could not be saved, for good.
REFUSED = {
    "taken": "its counterpart is coupled to another record",
    "too large": "its values take more than the 1 MiB that a table row holds",
}


class Memory:
    """Saves what a turn wants remembered, set-based."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def save(self, scope: Scope, side: Side, kept: Kept) -> None:
        """Couplings, then history, then held records, then wake-ups."""
        ports, name = self._ports, scope.mapping.name
        if kept.adopt:
            self._adopt(scope, side, kept)
        born: list[Coupling] = []
        if kept.saves:
            results = ports.couplings.save([c for c, _ in kept.saves])
            for (coupling, hint), result in zip(kept.saves, results, strict=True):
                if result.coupling is not None:
                    scope.learn(result.coupling)
                    if coupling.etag is None:
                        born.append(result.coupling)
                elif result.refused in REFUSED:
                    self._refused(kept, scope, hint, REFUSED[result.refused])
                else:
                    # A worker whose lease we took over, or a person, was faster (H11): look again.
                    kept.again.add(hint[1])
        scope.coupled += len(born)
        born += scope.matched
        scope.matched = []
        both_gone = [c for c in kept.uncoupled if c.outcome == "both gone"]
        marked = [
            replace(c, state=CouplingState.UNCOUPLED) for c in kept.uncoupled if c.outcome != "both gone"
        ]
        if marked:
            ports.couplings.save(marked)
        if both_gone:
            with suppress(Outdated):  # somebody has changed it meanwhile: the next look decides anew
                ports.couplings.remove(both_gone)
        for coupling in both_gone:
            scope.learn(coupling, gone=True)
        if kept.history:
            ports.history.add(kept.history)
        self._hold(scope, kept)
        self._wake(name, born, scope)

    @staticmethod
    def _refused(kept: Kept, scope: Scope, hint: tuple[Side, str], reason: str) -> None:
        kept.held.append(
            HeldRecord(
                mapping=scope.mapping.name,
                side=hint[0],
                id=hint[1],
                kind="held",
                reason=reason,
                since=NEVER,
            )
        )
        kept.cleared.discard(hint)

    def _adopt(self, scope: Scope, side: Side, kept: Kept) -> None:
        """Couple records that are there already under the id we chose for them (H1, H8)."""
        ports, mapping = self._ports, scope.mapping
        for target in Side:
            mine = [(p, d, i) for p, d, i in kept.adopt if d.side is target]
            if not mine:
                continue
            found = ports.records(target).get(mapping.table(target), [i for _, _, i in mine])
            user = scope.facts.bc_user_id if target is Side.BC else scope.facts.sales_user_id
            for pair, decision, there in mine:
                record, source = found.get(there), pair.record(target.other)
                assert source is not None
                if record is None:
                    continue  # deleted in between: decided anew
                if record.created_by != user:
                    kept.again.discard(_id(pair))
                    kept.hold(
                        side,
                        _id(pair),
                        "held",
                        "the id chosen for its counterpart is taken by a record that Tandem did not create",
                        mapping,
                        pair,
                    )
                    continue
                first = First.COMPARE
                if record.modified_by == user:
                    first = First.BC if target is Side.SALES else First.SALES
                ids = {target: there, target.other: source.id}
                old = pair.coupling
                kept.saves.append(
                    (
                        Coupling(
                            mapping=mapping.name,
                            bc_id=ids[Side.BC],
                            sales_id=ids[Side.SALES],
                            first=first,
                            generation=old.generation + 1 if old is not None else 0,
                            late=decision.late,
                            outcome="adopted",
                            etag=old.etag if old is not None else None,
                        ),
                        (pair.source, _id(pair)),
                    )
                )

    def _hold(self, scope: Scope, kept: Kept) -> None:
        ports, name, now = self._ports, scope.mapping.name, scope.now
        keys = {(h.side, h.id) for h in kept.held}
        cleared = sorted(kept.cleared - keys)
        if kept.held:
            known = ports.held.find(name, sorted(keys))
            rows = []
            for h in kept.held:
                before = known.get((h.side, h.id))
                if before is not None and before.kind == "skipped":
                    continue  # parked by a person; only a person brings it back
                tries = before.tries + 1 if before is not None else 0
                wait = min(FIRST_RETRY * 2 ** min(tries, 12), LAST_RETRY)
                rows.append(
                    replace(
                        h, since=before.since if before is not None else now, next_try=now + wait, tries=tries
                    )
                )
            ports.held.put(rows)
            self._recheck(scope, rows)
        if cleared:
            ports.held.remove(name, cleared)

    def _recheck(self, scope: Scope, rows: Sequence[HeldRecord]) -> None:
        """A waiter writes its row, then looks once more, so that no wake-up falls between (H14)."""
        from shared.engine.sync import send_targeted

        awaited: dict[tuple[str, Side], dict[str, list[HeldRecord]]] = {}
        for row in rows:
            if row.awaits_id:
                group = awaited.setdefault((row.awaits_mapping, Side(row.awaits_side)), {})
                group.setdefault(row.awaits_id, []).append(row)
        for (mapping, side), waiters in awaited.items():
            found = self._ports.couplings.find(mapping, side, sorted(waiters))
            ready = [r for i, c in found.items() if c.state is CouplingState.COUPLED for r in waiters[i]]
            for which in Side:
                ids = [r.id for r in ready if r.side is which]
                if ids:
                    send_targeted(
                        self._ports, scope.mapping.name, which, ids, cause="waited for", create=True
                    )

    def _wake(self, name: str, born: Sequence[Coupling], scope: Scope) -> None:
        """Send the records that waited for these a job of their own (design §4, Waking)."""
        from shared.engine.sync import send_targeted

        if not born:
            return
        woken: dict[tuple[str, Side], list[str]] = {}
        keys = [(s, c.id_of(s)) for c in born for s in Side]
        for mapping, side, id_ in self._ports.held.waiting_for(name, keys):
            woken.setdefault((mapping, side), []).append(id_)
        for (mapping, side), ids in woken.items():
            send_targeted(self._ports, mapping, side, sorted(ids), cause=f"waited for {name}", create=True)


def _stand_still(mapping: EntityMapping, pair: Pair) -> frozenset[str]:
    """Outside the filter only state fields travel; the rest of the baseline is kept (H24)."""
    if not pair.outside:
        return frozenset()
    return frozenset(f.name for f in mapping.fields if not f.state)


def _foreign(scope: Scope, record: Record) -> bool:
    user = scope.facts.bc_user_id if record.side is Side.BC else scope.facts.sales_user_id
    return bool(user) and bool(record.modified_by) and record.modified_by != user


def _seen(coupling: Coupling, bc: Record, sales: Record) -> Coupling:
    return replace(
        coupling,
        bc_version=bc.version,
        sales_version=sales.version,
        bc_row_version=max(bc.row_version, coupling.bc_row_version),
        sales_row_version=max(sales.row_version, coupling.sales_row_version),
    )


def _unseen(coupling: Coupling, side: Side) -> Coupling:
    """Forget a side's version, so that the next look at the record decides anew."""
    return replace(coupling, bc_version="") if side is Side.BC else replace(coupling, sales_version="")


def _id(pair: Pair) -> str:
    record = pair.record(pair.source)
    if record is not None:
        return record.id
    assert pair.coupling is not None
    return pair.coupling.id_of(pair.source)


def readable(value: Value) -> Any:
    """Return a canonical value as JSON that a person can read."""
    if isinstance(value, Unresolved):
        return f"{value.raw} (no counterpart)"
    if isinstance(value, Decimal):
        return str(value)
    if value is None or isinstance(value, str | bool):
        return value
    return value.isoformat()
