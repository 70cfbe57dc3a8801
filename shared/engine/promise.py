"""A document's coupling is pending before its counterpart is sent (H9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.core.decide import Pair, generation_of
from shared.core.model import MAKES, Agreed, Coupling, CouplingState, Decision, Side
from shared.engine.act import Act
from shared.engine.gather import pending
from shared.engine.kept import hint_of
from shared.engine.parts import Ports
from shared.engine.scope import Scope


def promise(
    ports: Ports, act: Act, scope: Scope, plan: Sequence[tuple[Pair, Decision]]
) -> tuple[list[tuple[Pair, Decision]], set[str]]:
    """Save the chosen ids of the documents that are about to be made, a hundred to a transaction.

    Whoever repeats the work finds them, and looks what has become of them before anything is sent again.
    Returns the plan with the saved couplings, and the records that somebody else was faster with.
    """
    due = [n for n, (pair, d) in enumerate(plan) if isinstance(d, MAKES) and pending(pair) is None]
    rows = [_row(act, scope, *plan[n]) for n in due]
    results = ports.couplings.save(rows) if rows else []
    promised, overtaken = dict(enumerate(plan)), set[str]()
    for n, result in zip(due, results, strict=True):
        pair, decision = plan[n]
        if result.coupling is None:
            overtaken.add(hint_of(pair))
            del promised[n]
            continue
        scope.learn(result.coupling)
        promised[n] = (replace(pair, coupling=result.coupling), decision)
    return list(promised.values()), overtaken


def _row(act: Act, scope: Scope, pair: Pair, decision: Decision) -> Coupling:
    assert isinstance(decision, MAKES)
    source = pair.record(decision.side.other)
    assert source is not None
    ids = {decision.side: act.new_id(scope, pair, decision), decision.side.other: source.id}
    # What is sent and what it was made from: a crash must not hide that somebody edits it meanwhile.
    told = [n for n in scope.mapping.stepped[decision.side] if n in decision.values]
    old = pair.coupling
    return Coupling(
        mapping=scope.mapping.name,
        bc_id=ids[Side.BC],
        sales_id=ids[Side.SALES],
        state=CouplingState.PENDING,
        generation=generation_of(pair),
        bc_row_version=act.known_by(scope, pair),
        sales_row_version=source.row_version,
        baseline={n: Agreed(bc=decision.values[n], sales=decision.values[n]) for n in told},
        outcome="pending",
        etag=old.etag if old is not None else None,
    )
