"""Adopt: couple what Tandem has made and not remembered, because a reply was lost or a worker died (H1, H8).

Saving is repeatable: a record that has a coupling by now is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from shared.core.decide import Pair, generation_of
from shared.core.model import (
    MAKES,
    Agreed,
    Baseline,
    Coupling,
    CouplingState,
    Decision,
    First,
    Record,
    Side,
    Unresolved,
    Value,
)
from shared.engine.act import Act
from shared.engine.kept import Kept, hint_of
from shared.engine.parts import Ports
from shared.engine.scope import Scope
from shared.ports import Intent, Made


def to_make(act: Act, scope: Scope, writing: Iterable[tuple[Pair, Decision]]) -> tuple[Made, ...]:
    """Return what a page is about to make, for its intent. Documents are promised by their couplings (H9)."""
    mapping = scope.mapping
    if mapping.document:
        return ()
    made: list[Made] = []
    for pair, decision in writing:
        if not isinstance(decision, MAKES):
            continue
        source = pair.record(decision.side.other)
        assert source is not None
        shown = pair.fields(source.side)
        sent = {
            f.name: value
            if isinstance(value := shown.get(f.name), Unresolved)
            else decision.values.get(f.name)
            for f in mapping.born_with[decision.side]
        }
        made.append(
            Made(
                source=source.side,
                source_id=source.id,
                id=act.new_id(scope, pair, decision),
                generation=generation_of(pair),
                values=sent,
            )
        )
    return tuple(made)


def adopt_made(ports: Ports, scope: Scope, intent: Intent) -> list[Coupling]:
    """Couple what a half-done page had made, whatever became of its sources since. Returns the couplings.

    After this the page is repeated: a source that was deleted is a deletion like any other, and what
    people have entered meanwhile is told from what was sent.
    """
    saved: list[Coupling] = []
    for side in Side:
        mine = {m.source_id: m for m in intent.made if m.source is side}
        if not mine:
            continue
        known = ports.couplings.find(scope.mapping.name, side, list(mine))
        due = [m for m in mine.values() if _is_next(known.get(m.source_id), m)]
        if not due:
            continue
        found = ports.records(side.other).get(scope.mapping.table(side.other), [m.id for m in due])
        rows = [
            _coupling(scope, record, m.source_id, m.generation, known.get(m.source_id), made=m)
            for m in due
            if (record := found.get(m.id)) is not None and is_ours(scope, record)
        ]
        # One that is coupled to something else by now is refused, and stays with that.
        saved += [r.coupling for r in ports.couplings.save(rows) if r.coupling is not None]
    return saved


def adopt(ports: Ports, scope: Scope, side: Side, kept: Kept) -> None:
    """Couple records that are there already under the id that this turn chose for them."""
    mapping = scope.mapping
    for target in Side:
        mine = [(p, d, i) for p, d, i in kept.adopt if d.side is target]
        if not mine:
            continue
        found = ports.records(target).get(mapping.table(target), [i for _, _, i in mine])
        for pair, decision, there in mine:
            record, source = found.get(there), pair.record(target.other)
            assert source is not None
            if record is None:
                continue  # deleted in between: decided anew
            if not is_ours(scope, record):
                kept.again.discard(hint_of(pair))
                kept.hold(side, hint_of(pair), "held", FOREIGN, mapping, pair)
                continue
            coupling = _coupling(
                scope, record, source.id, generation_of(pair), pair.coupling, late=decision.late
            )
            if mapping.document:
                kept.born.add(coupling.bc_id)
                if (old := pair.coupling) is not None:
                    # What was promised, so that an edit meanwhile is noticed.
                    coupling = replace(
                        coupling, baseline=old.baseline, sales_row_version=old.sales_row_version
                    )
            kept.saves.append((coupling, (pair.source, hint_of(pair))))


FOREIGN = "the id chosen for its counterpart is taken by a record that Tandem did not create"


def is_ours(scope: Scope, record: Record) -> bool:
    return record.created_by in scope.facts.users(record.side)


def _is_next(coupling: Coupling | None, made: Made) -> bool:
    """Say whether nothing else has become of the source since its counterpart was to be made."""
    if coupling is None:
        return True
    return coupling.state is not CouplingState.PENDING and coupling.generation + 1 == made.generation


def _coupling(
    scope: Scope,
    record: Record,
    source_id: str,
    generation: int,
    old: Coupling | None,
    *,
    late: tuple[str, ...] = (),
    made: Made | None = None,
) -> Coupling:
    target = record.side
    baseline: Baseline = {}
    if record.modified_by in scope.facts.users(target):
        # Nobody has touched it since: whatever its source shows by now is right.
        first = First.BC if target is Side.SALES else First.SALES
    else:
        first = First.COMPARE
        if made is not None:
            baseline = {n: _sent(target, v) for n, v in made.values.items()}
            late = tuple(
                f.name
                for f in scope.mapping.born_with[target]
                if isinstance(made.values.get(f.name), Unresolved) and (f.soft or f.option)
            )
    ids = {target: record.id, target.other: source_id}
    return Coupling(
        mapping=scope.mapping.name,
        bc_id=ids[Side.BC],
        sales_id=ids[Side.SALES],
        baseline=baseline,
        first=first,
        generation=generation,
        late=late,
        outcome="adopted",
        etag=old.etag if old is not None else None,
    )


def _sent(target: Side, value: Value) -> Agreed:
    """Return what both sides showed of a field when the record was made: what has no counterpart was not sent."""
    if not isinstance(value, Unresolved):
        return Agreed(value, value)
    return Agreed(value, None) if target is Side.SALES else Agreed(None, value)
