"""One page of one mapping: gather → decide → act → remember (design §4).

Only *decide* is clever, and it lives in `shared.core`. What happens when this runs twice, or dies
between two lines, is said where it matters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from shared.core.brake import brake
from shared.core.decide import Pair
from shared.core.errors import Misconfigured
from shared.core.model import (
    WRITES,
    Couple,
    Decision,
    Nothing,
    Outcome,
    Record,
    Side,
    Tally,
    Update,
)
from shared.engine.act import Act
from shared.engine.adopting import to_make
from shared.engine.gather import Gather
from shared.engine.kept import Kept, hint_of
from shared.engine.messages import Job
from shared.engine.outcomes import Outcomes, settle
from shared.engine.parts import Ports
from shared.engine.promise import promise
from shared.engine.remember import Memory
from shared.engine.scope import Scope
from shared.engine.signalling import tell_page, waits_of
from shared.engine.targeted import send_targeted
from shared.signal_names import BRAKE, BRAKE_PULLED, PAGE

#: Decisions after which a record is, or stays, in step with its counterpart.
AGREEING = (*WRITES, Nothing)
#: How often a record that keeps changing is read and decided again before it is queued anew (H25).
ROUNDS = 4


class PageSync:
    """Brings one page of hints of one side into agreement with the other side."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self.gather = Gather(ports)
        self._act = Act(ports)
        self.memory = Memory(ports)
        self._outcomes = Outcomes(ports, self.gather)

    def run(
        self, scope: Scope, side: Side, records: Iterable[Record], deleted: Sequence[str] = (), *, job: Job
    ) -> Tally:
        """Synchronize these records and return what became of each.

        Running it twice is harmless: what the first run did decides to `Nothing` in the second.

        Raises:
            Transient: a system could not answer. What was answered before is remembered; the
                intent row makes the next job repeat the rest.
            Misconfigured: a person must put something right, or the brake was pulled.
        """
        hints: dict[str, Record | None] = {r.id: r for r in records}
        for gone in deleted:
            hints.setdefault(gone, None)
        signals, name = self._ports.signals, scope.mapping.name
        waits: list[float] = []
        with signals.span(PAGE, mapping=name, side=side.value, count=len(hints)) as span:
            tally = self._agree(scope, side, hints, waits, job=job)
            if scope.rehearsal is None:
                tell_page(signals, span, name, side, tally, waits)
        return tally

    def _agree(
        self, scope: Scope, side: Side, hints: dict[str, Record | None], waits: list[float], *, job: Job
    ) -> Tally:
        outcomes: dict[str, Outcome] = {}
        for turn in range(ROUNDS):
            if not hints:
                break
            again = self._turn(scope, side, hints, outcomes, waits, job=job, turn=turn)
            hints = {}
            if again and turn < ROUNDS - 1:
                found = self._ports.records(side).get(scope.mapping.table(side), sorted(again))
                hints = {i: found.get(i) for i in sorted(again)}
            elif again:
                # It kept changing while we tried: later, as a job of its own (H25).
                send_targeted(
                    self._ports,
                    scope.mapping.name,
                    side,
                    sorted(again),
                    cause="kept changing",
                    after=timedelta(seconds=5),
                    create=scope.may_create,
                    force=scope.forced,
                )
                for i in again:
                    outcomes.setdefault(i, Outcome.WAITING)
        return Tally(**Counter(outcome.value for outcome in outcomes.values()))

    # --- one turn --------------------------------------------------------------------------

    def _turn(
        self,
        scope: Scope,
        side: Side,
        hints: Mapping[str, Record | None],
        outcomes: dict[str, Outcome],
        waits: list[float],
        *,
        job: Job,
        turn: int,
    ) -> set[str]:
        pairs = self.gather.pairs(scope, side, hints, outcomes, turn=turn)
        plan = [(pair, self.gather.decide(scope, pair)) for pair in pairs]
        couples = [(p, d) for p, d in plan if isinstance(d, Couple)]
        matched = {hint_of(p) for p, _ in couples} if scope.rehearsal is None else set()
        if couples:
            if matched:
                # Once they are coupled, nothing else tells the next job whom that concerns (H14, H20).
                self.memory.intend(scope, side, matched, job=job)
            # Coupled first, then compared: two jobs that match the same record cannot both win.
            plan = [(p, d) for p, d in plan if not isinstance(d, Couple)]
            plan += self.gather.couple(scope, side, couples, outcomes)
        if scope.rehearsal is not None:
            scope.rehearsal.couple(scope, couples)
        writing = [(p, d) for p, d in plan if isinstance(d, WRITES)]
        counted = [d for p, d in plan if not _first_write(scope, p, d)]
        stop = None
        if not scope.forced:
            stop = brake(
                counted,
                share=self._ports.limits.brake_share,
                floor=self._ports.limits.brake_floor,
                changed_before=scope.changed,
                read_before=scope.read,
                known=len(scope.index) if scope.full and scope.index is not None else 0,
            )
        if stop is not None:
            if matched:
                # What was coupled is told now: a repeat would write what the brake has stopped.
                self.memory.save(scope, side, Kept())
                self.memory.done(scope, side)
            self._ports.signals.count(BRAKE, mapping=scope.mapping.name, side=side.value)
            self._ports.signals.event(BRAKE_PULLED, mapping=scope.mapping.name, side=side.value)
            raise Misconfigured(
                f"brake: {scope.mapping.name} {stop}; start it with force if this is what you want"
            )
        scope.changed += sum(isinstance(d, Update) and bool(d.writes) for d in counted)
        if turn == 0:
            scope.read += len(hints)
            for pair, decision in plan:
                if isinstance(decision, AGREEING):
                    scope.count_unresolved(side, pair.fields(side))
        if scope.rehearsal is not None:
            for hint, outcome in scope.rehearsal.note(scope, plan).items():
                settle(outcomes, hint, outcome)
            return set()
        wrote = {hint_of(p) for p, _ in writing}
        if not wrote <= matched:
            # Before the first send: a crash from here on makes the next job repeat these (H1).
            made = to_make(self._act, scope, writing)
            self.memory.intend(scope, side, wrote | matched, job=job, made=made)
        overtaken: set[str] = set()
        if scope.mapping.document and writing:
            plan, overtaken = promise(self._ports, self._act, scope, plan)
            writing = [(p, d) for p, d in plan if isinstance(d, WRITES)]
        answers = self._act.send(scope, writing)
        kept = self._outcomes.keep(scope, side, plan, answers, outcomes)
        kept.again |= overtaken
        for hint in hints.keys() - {hint_of(p) for p, _ in plan} - outcomes.keys():
            if hints[hint] is None and not scope.is_skipped(side, hint, None):
                # It is gone and was never coupled: nobody needs to know any more why it was held (H14).
                kept.clear(side, hint)
        self.memory.save(scope, side, kept)
        if (wrote or matched) and kept.unknown is None:
            self.memory.done(scope, side)
        if not scope.full:
            # A full synchronization couples what was there for years: that is no time to sync.
            waits += waits_of(side, [p for p, _ in writing], outcomes, self._ports.clock.now())
        if kept.unknown is not None:
            raise kept.unknown
        return kept.again


def _first_write(scope: Scope, pair: Pair, decision: Decision) -> bool:
    """Say whether there is no remembered value to lose: just coupled, or only late references (H20).

    Of a document only taking its stamp away loses something.
    """
    coupling = pair.coupling
    if coupling is None or not isinstance(decision, Update):
        return False
    if scope.mapping.document:
        return all(value is not None for values in decision.writes.values() for value in values.values())
    written = {name for values in decision.writes.values() for name in values}
    return coupling.first is not None or written <= set(coupling.late)
