"""One page of one mapping: gather → decide → act → remember (design §4).

Only *decide* is clever, and it lives in `shared.core`. What happens when this runs twice, or dies
between two lines, is said where it matters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from shared.core.brake import brake
from shared.core.decide import Pair
from shared.core.errors import Exists, Misconfigured, Missing, Stale, SyncError, Transient
from shared.core.mapping import Creates
from shared.core.model import (
    WRITES,
    Couple,
    Create,
    Decision,
    FieldProblem,
    Hold,
    Ignore,
    Nothing,
    Outcome,
    Record,
    Restore,
    Side,
    Tally,
    Uncouple,
    Update,
    Wait,
)
from shared.engine.act import Act, without
from shared.engine.adopting import to_make
from shared.engine.gather import Gather
from shared.engine.kept import Kept, hint_of
from shared.engine.messages import Job
from shared.engine.parts import Ports
from shared.engine.promise import promise
from shared.engine.remember import Memory
from shared.engine.scope import Scope
from shared.engine.signalling import tell_page, waits_of
from shared.engine.targeted import send_targeted
from shared.ports import Written
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
                _settle(outcomes, hint, outcome)
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
        kept = self._keep(scope, side, plan, answers, outcomes)
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

    # --- what to keep ----------------------------------------------------------------------

    def _keep(
        self,
        scope: Scope,
        side: Side,
        plan: Sequence[tuple[Pair, Decision]],
        answers: Mapping[tuple[int, Side], Written],
        outcomes: dict[str, Outcome],
    ) -> Kept:
        kept = Kept()
        for pair, decision in plan:
            hint = hint_of(pair)
            outcome = self._one(scope, side, pair, decision, answers, kept)
            if outcome is not None:
                _settle(outcomes, hint, outcome)
        return kept

    def _one(
        self,
        scope: Scope,
        side: Side,
        pair: Pair,
        decision: Decision,
        answers: Mapping[tuple[int, Side], Written],
        kept: Kept,
    ) -> Outcome | None:
        hint = hint_of(pair)
        match decision:
            case Ignore(reason=reason):
                scope.ignore(reason)
                kept.clear(side, hint)
                return Outcome.IGNORED
            case Nothing():
                kept.agreed(scope, pair, decision)
                kept.clear(side, hint, pair)
                return Outcome.UNCHANGED
            case Uncouple():
                assert pair.coupling is not None
                gone = pair.bc is None and pair.sales is None
                outcome = "both gone" if gone else "uncoupled"
                kept.uncoupled.append((replace(pair.coupling, outcome=outcome), hint))
                kept.clear(side, hint, pair)
                return Outcome.UNCOUPLED
            case Wait():
                kept.waiting(side, hint, decision, scope.mapping, pair, reason=self._why(scope, decision))
                return Outcome.WAITING
            case Hold(reason=reason, awaits=awaits):
                kind = "orphan" if reason.startswith("orphan") else "held"
                kept.hold(side, hint, kind, reason, scope.mapping, pair, awaits=awaits)
                return Outcome.HELD
            case Create() | Restore():
                return self._created(scope, side, pair, decision, answers[id(pair), decision.side], kept)
            case Update():
                return self._updated(scope, side, pair, decision, answers, kept)
        raise AssertionError(f"no way to keep {decision}")

    def _why(self, scope: Scope, decision: Wait) -> str:
        """Say what a record waits for, and when only a full synchronization would bring it (H30)."""
        awaited = self._ports.mappings.get(decision.mapping)
        if scope.full or awaited is None or awaited.creates is not Creates.FULL:
            return decision.reason
        return f"{decision.reason}; only a full synchronization of {decision.mapping} would create it"

    def _created(
        self, scope: Scope, side: Side, pair: Pair, decision: Create | Restore, written: Written, kept: Kept
    ) -> Outcome | None:
        hint = hint_of(pair)
        if written.record is not None:
            answer = self.gather.with_rule(scope, written.record)
            kept.created(scope, pair, decision, answer)
            if decision.problems:
                kept.hold(
                    side,
                    hint,
                    "held",
                    spoken(decision.problems),
                    scope.mapping,
                    pair,
                    problems=decision.problems,
                )
            else:
                kept.clear(side, hint, pair)
            return Outcome.RESTORED if isinstance(decision, Restore) else Outcome.CREATED
        if isinstance(written.error, Exists):
            # Our own create of before, whose reply or whose page was lost: adopt it (H1, H8).
            kept.adopt.append((pair, decision, written.id))
            kept.again.add(hint)
            return Outcome.RESTORED if isinstance(decision, Restore) else Outcome.CREATED
        return self._failed(scope, side, pair, written.error, kept)

    def _updated(
        self,
        scope: Scope,
        side: Side,
        pair: Pair,
        decision: Update,
        answers: Mapping[tuple[int, Side], Written],
        kept: Kept,
    ) -> Outcome | None:
        hint = hint_of(pair)
        shown: dict[Side, Record] = {}
        failed: dict[Side, Written] = {}
        for target in decision.writes:
            written = answers[id(pair), target]
            if written.record is None:
                failed[target] = written
            else:
                shown[target] = self.gather.with_rule(scope, written.record)
        if failed:
            if shown:
                kept.updated(scope, pair, without(decision, failed, pair), shown)
            return self._failed(scope, side, pair, next(iter(failed.values())).error, kept)
        kept.updated(scope, pair, decision, shown)
        if decision.problems:
            conflict = any(p.conflict for p in decision.problems)
            kept.hold(
                side,
                hint,
                "conflict" if conflict else "held",
                spoken(decision.problems),
                scope.mapping,
                pair,
                problems=decision.problems,
            )
            return Outcome.CONFLICT if conflict else Outcome.HELD
        kept.clear(side, hint, pair)
        return Outcome.UPDATED

    def _failed(
        self, scope: Scope, side: Side, pair: Pair, error: SyncError | None, kept: Kept
    ) -> Outcome | None:
        hint = hint_of(pair)
        match error:
            case Stale() | Missing():
                # Somebody wrote or deleted it between our read and our write: look again (design §4).
                kept.again.add(hint)
                return None
            case Misconfigured():
                raise error
            case Transient():
                kept.unknown = error
                return None
            case _:
                kept.hold(side, hint, "held", str(error), scope.mapping, pair)
                return Outcome.HELD


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


def _settle(outcomes: dict[str, Outcome], hint: str, outcome: Outcome) -> None:
    """Count a record once, by the most telling thing that became of it in any turn."""
    if outcome is Outcome.UNCHANGED and hint in outcomes:
        return
    if outcome is Outcome.UPDATED and outcomes.get(hint) in (Outcome.COUPLED, Outcome.CREATED):
        return
    outcomes[hint] = outcome


def spoken(problems: Sequence[FieldProblem]) -> str:
    return "; ".join(f"{p.field}: {p.reason}" for p in problems)
