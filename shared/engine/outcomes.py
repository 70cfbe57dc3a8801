"""What became of each decision of a turn, and what of it is to be remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.core.decide import Pair
from shared.core.errors import Exists, Misconfigured, Missing, Stale, SyncError, Transient
from shared.core.mapping import Creates
from shared.core.model import (
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
    Uncouple,
    Update,
    Wait,
)
from shared.engine.act import without
from shared.engine.gather import Gather
from shared.engine.kept import Kept, hint_of
from shared.engine.parts import Ports
from shared.engine.scope import Scope
from shared.ports import Written


class Outcomes:
    def __init__(self, ports: Ports, gather: Gather) -> None:
        self._ports = ports
        self._gather = gather

    def keep(
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
                settle(outcomes, hint, outcome)
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
            answer = self._gather.with_rule(scope, written.record)
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
                shown[target] = self._gather.with_rule(scope, written.record)
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


def settle(outcomes: dict[str, Outcome], hint: str, outcome: Outcome) -> None:
    """Count a record once, by the most telling thing that became of it in any turn."""
    if outcome is Outcome.UNCHANGED and hint in outcomes:
        return
    if outcome is Outcome.UPDATED and outcomes.get(hint) in (Outcome.COUPLED, Outcome.CREATED):
        return
    outcomes[hint] = outcome


def spoken(problems: Sequence[FieldProblem]) -> str:
    return "; ".join(f"{p.field}: {p.reason}" for p in problems)
