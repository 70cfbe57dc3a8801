"""Several records of one side that stand for one counterpart: the elected one has the coupling (H19)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shared.core.errors import Transient
from shared.core.model import Coupling, CouplingState, Record, Side, derived_id
from shared.engine.parts import Ports
from shared.engine.scope import Scope
from shared.ports import Outdated

#: Generations of a counterpart's id that are looked for: it may have been restored (design §4).
GENERATIONS = range(3)
#: How often couplings that were changed meanwhile are looked at again, before the job is put off.
LOOKS = 3
#: The old coupling of a counterpart and the new one.
Move = tuple[Coupling, Coupling]


def inherited(
    ports: Ports,
    scope: Scope,
    side: Side,
    open_: dict[str, Record],
    couplings: Mapping[str, Coupling],
) -> dict[str, Coupling]:
    """Hand the counterparts over to the records elected now; return the couplings of the page.

    Adds to `open_` the elected records that were not on the page. Dying between the two writes
    leaves a counterpart without coupling, which the elected record adopts by its derived id (H1).
    """
    rule, mapping = ports.rule(scope.mapping), scope.mapping
    elected = {
        winner.id: winner
        for record in open_.values()
        if (winner := rule.elected(record, scope.context)) is not None and winner.id not in open_
    }
    known = {**couplings, **scope.whole(ports, side, list(elected))}
    # One that has its counterpart already is no concern of this page.
    open_ |= {i: r for i, r in elected.items() if i not in known}
    heirs = {
        i: r
        for i, r in open_.items()
        if i not in known and (winner := rule.elected(r, scope.context)) is not None and winner.id == i
    }
    if not heirs:
        return known
    others = {i: list(rule.shares(r, scope.context)) for i, r in heirs.items()}
    mirrors = {
        i: [
            derived_id(
                company=scope.facts.company_id,
                mapping=mapping.name,
                source=side,
                source_id=rule.identity(side.other, r, scope.context),
                generation=n,
            )
            for n in GENERATIONS
        ]
        for i, r in heirs.items()
    }
    by_source = scope.whole(ports, side, sorted({i for ids in others.values() for i in ids}))
    by_mirror = scope.whole(ports, side.other, sorted({i for ids in mirrors.values() for i in ids}))
    moves: list[Move] = []
    for i in heirs:
        old = next(
            (c for c in (*map(by_mirror.get, mirrors[i]), *map(by_source.get, others[i])) if c is not None),
            None,
        )
        if old is None:
            continue
        if old.state is not CouplingState.COUPLED:
            known[i] = old  # a person took its counterpart away: nobody inherits it (H8)
            continue
        moves.append((old, _handed_over(old, side, i)))
    if not moves:
        return known
    moves, left = _taken(ports, side, moves, known)
    for old, _ in moves:
        known.pop(old.id_of(side), None)
        scope.forget(old)
    for result in ports.couplings.save([new for _, new in moves]):
        if result.coupling is not None:
            known[result.coupling.id_of(side)] = result.coupling
            scope.learn(result.coupling)
    if scope.rehearsal is None:
        ports.held.remove(mapping.name, [(side, old.id_of(side)) for old, _ in moves])
    if left:
        raise Transient(f"{len(left)} couplings of {mapping.name} keep changing while they change hands")
    return known


def _taken(
    ports: Ports, side: Side, moves: list[Move], known: dict[str, Coupling]
) -> tuple[list[Move], list[Move]]:
    """Remove the old couplings; return the moves they are free for, and those they are not.

    One that was changed since it was read (H11) is looked at again: its heir gets what it is now.
    """
    free: list[Move] = []
    for _ in range(LOOKS):
        try:
            ports.couplings.remove([old for old, _ in moves])
            return [*free, *moves], []
        except Outdated:
            name = moves[0][0].mapping
            there = ports.couplings.find(name, Side.BC, [old.bc_id for old, _ in moves])
            free += [move for move in moves if move[0].bc_id not in there]
            again = [(there[old.bc_id], new.id_of(side)) for old, new in moves if old.bc_id in there]
            known |= {heir: old for old, heir in again if old.state is not CouplingState.COUPLED}
            moves = [(old, _handed_over(old, side, heir)) for old, heir in again if heir not in known]
    return free, moves


def _handed_over(old: Coupling, side: Side, heir: str) -> Coupling:
    """Return the coupling of the elected record: what the counterpart showed is kept, its own version is not."""
    fresh = replace(old, etag=None, outcome="elected")
    if side is Side.BC:
        return replace(fresh, bc_id=heir, bc_version="", bc_row_version=0)
    return replace(fresh, sales_id=heir, sales_version="", sales_row_version=0)
