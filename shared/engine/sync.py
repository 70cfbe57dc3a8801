"""One page of one mapping: gather → decide → act → remember (design §4).

Only *decide* is clever, and it lives in `shared.core`. What happens when this runs twice, or dies
between two lines, is said where it matters.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shared.core import match
from shared.core.brake import brake
from shared.core.decide import Pair, decide
from shared.core.errors import Exists, Misconfigured, Missing, Stale, SyncError, Transient
from shared.core.mapping import EntityMapping
from shared.core.model import (
    Couple,
    Coupling,
    CouplingState,
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
    derived_id,
)
from shared.core.project import ignored, project, render
from shared.engine.messages import IDS_PER_JOB, Job, queue_of, random_token
from shared.engine.parts import Ports
from shared.engine.references import References
from shared.engine.remember import Kept, Memory
from shared.ports import Facts, Intent, OutgoingMessage, Write, Written

#: How often a record that keeps changing is read and decided again before it is queued anew (H25).
ROUNDS = 4


@dataclass(kw_only=True)
class Scope:
    """What one job may do, and what it has found out so far. Lives as long as the job."""

    mapping: EntityMapping
    facts: Facts
    references: References
    #: A pass over everything (a run's line), not only over what changed.
    full: bool = False
    #: Named records: whoever modified them (H5).
    targeted: bool = False
    may_create: bool = False
    #: Couple by natural key before creating (H18).
    matching: bool = False
    forced: bool = False
    run: str = ""
    fence: int = 0
    #: Called before every send, so that a lost lease stops the job (H11).
    check_lease: Any = None
    now: datetime = datetime.min
    #: All couplings by id, for a full pass (H27).
    index: dict[tuple[Side, str], Coupling] | None = None
    met: set[str] = field(default_factory=set)
    read: int = 0
    changed: int = 0
    coupled: int = 0
    #: Coupled by natural key in this turn; what waited for them is woken with the rest.
    matched: list[Coupling] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)

    def couplings(self, ports: Ports, side: Side, ids: Sequence[str]) -> dict[str, Coupling]:
        if self.index is None:
            return ports.couplings.find(self.mapping.name, side, ids)
        return {i: self.index[side, i] for i in ids if (side, i) in self.index}

    def learn(self, coupling: Coupling, *, gone: bool = False) -> None:
        if self.index is not None:
            for side in Side:
                if gone:
                    self.index.pop((side, coupling.id_of(side)), None)
                else:
                    self.index[side, coupling.id_of(side)] = coupling


class PageSync:
    """Brings one page of hints of one side into agreement with the other side."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._memory = Memory(ports)

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
        outcomes: dict[str, Outcome] = {}
        for turn in range(ROUNDS):
            if not hints:
                break
            again = self._turn(scope, side, hints, outcomes, job=job, turn=turn)
            hints = {}
            if again and turn < ROUNDS - 1:
                found = self._ports.records(side).get(scope.mapping.table(side), sorted(again))
                hints = {i: found.get(i) for i in sorted(again)}
            elif again:
                # It kept changing while we tried: later, as a job of its own (H25).
                self._queue_ids(scope.mapping.name, side, sorted(again), cause="kept changing")
                for i in again:
                    outcomes.setdefault(i, Outcome.WAITING)
        tally = Tally()
        for outcome in outcomes.values():
            tally = tally.plus(outcome)
        return tally

    # --- one turn --------------------------------------------------------------------------

    def _turn(
        self,
        scope: Scope,
        side: Side,
        hints: Mapping[str, Record | None],
        outcomes: dict[str, Outcome],
        *,
        job: Job,
        turn: int,
    ) -> set[str]:
        pairs = self._gather(scope, side, hints, outcomes, turn=turn)
        plan = [(pair, decide(scope.mapping, pair)) for pair in pairs]
        couples = [(p, d) for p, d in plan if isinstance(d, Couple)]
        if couples:
            # Coupled first, then compared: two jobs that match the same record cannot both win.
            plan = [(p, d) for p, d in plan if not isinstance(d, Couple)]
            plan += self._couple(scope, side, couples, outcomes)
        writing = [(p, d) for p, d in plan if isinstance(d, Create | Restore | Update)]
        stop = None
        if not scope.forced:
            stop = brake(
                [d for p, d in plan if not (p.coupling and p.coupling.first)],
                share=self._ports.limits.brake_share,
                floor=self._ports.limits.brake_floor,
                changed_before=scope.changed,
                read_before=scope.read,
            )
        if stop is not None:
            raise Misconfigured(
                f"brake: {scope.mapping.name} {stop}; start it with force if this is what you want"
            )
        scope.changed += sum(isinstance(d, Update) and bool(d.writes) for _, d in plan)
        scope.read += len(hints) if turn == 0 else 0
        if writing:
            ids = tuple(_hint_id(p, side) for p, _ in writing)
            # Before the first send: a crash from here on makes the next job repeat these (H1).
            self._ports.intents.put(
                Intent(mapping=scope.mapping.name, side=side, job=json.loads(job.to_json()), ids=ids)
            )
        answers = self._act(scope, writing)
        kept = self._keep(scope, side, plan, answers, outcomes)
        self._memory.save(scope, side, kept)
        if writing and kept.unknown is None:
            self._ports.intents.remove(scope.mapping.name, side)
        if kept.unknown is not None:
            raise kept.unknown
        return kept.again

    # --- gather ----------------------------------------------------------------------------

    def _gather(
        self,
        scope: Scope,
        side: Side,
        hints: Mapping[str, Record | None],
        outcomes: dict[str, Outcome],
        *,
        turn: int,
    ) -> list[Pair]:
        ports, mapping = self._ports, scope.mapping
        here, there = ports.records(side), ports.records(side.other)
        couplings = (
            scope.couplings(ports, side, list(hints))
            if turn == 0
            else ports.couplings.find(mapping.name, side, list(hints))
        )
        for coupling in couplings.values():
            scope.met.add(coupling.bc_id)
        # A deletion is a hint, and so is a row older than the one remembered (H2): ask by id.
        doubtful = [
            i
            for i, record in hints.items()
            if (record is None and i in couplings)
            or (
                record is not None
                and i in couplings
                and record.row_version < couplings[i].row_version_of(side)
            )
        ]
        present: dict[str, Record] = {i: r for i, r in hints.items() if r is not None}
        if doubtful:
            current = here.get(mapping.table(side), doubtful)
            for i in doubtful:
                present.pop(i, None)
                if i in current:
                    present[i] = current[i]
        gone = [i for i in hints if i not in present and i in couplings]
        open_: dict[str, Record] = {}
        for i, record in present.items():
            known = couplings.get(i)
            if known is not None and known.state is CouplingState.COUPLED and not scope.targeted:
                if record.version == known.version_of(side) and known.first is None:
                    # Not moved since both sides agreed. A change of the other side is a hint of its own.
                    outcomes.setdefault(i, Outcome.UNCHANGED)
                    continue
                if side is Side.SALES and turn == 0 and record.modified_by == scope.facts.sales_user_id:
                    # Changes in Sales made by the integration user are not synchronized (P19, H5).
                    outcomes[i] = Outcome.IGNORED
                    scope.reasons["last changed by the integration user"] = (
                        scope.reasons.get("last changed by the integration user", 0) + 1
                    )
                    continue
            open_[i] = record
        partners = {
            i: couplings[i].id_of(side.other)
            for i in [*open_, *gone]
            if i in couplings and couplings[i].state is CouplingState.COUPLED
        }
        others = there.get(mapping.table(side.other), sorted(set(partners.values()))) if partners else {}
        rule = ports.rule(mapping)
        open_ = {i: self._with_rule(rule, r, scope.facts) for i, r in open_.items()}
        others = {i: self._with_rule(rule, r, scope.facts) for i, r in others.items()}
        scope.references.gather(mapping, [*open_.values(), *others.values()])
        matched = self._match(scope, side, [r for i, r in open_.items() if i not in couplings])
        pairs: list[Pair] = []
        for i in [*open_, *gone]:
            partner = others.get(partners[i]) if i in partners else None
            pairs.append(self._pair(scope, side, open_.get(i), partner, couplings.get(i), matched.get(i)))
        return pairs

    @staticmethod
    def _with_rule(rule: Any, record: Record, facts: Facts) -> Record:
        added = rule.adds(record.side, record, facts)
        return replace(record, values={**record.values, **added}) if added else record

    def _pair(
        self,
        scope: Scope,
        side: Side,
        record: Record | None,
        partner: Record | None,
        coupling: Coupling | None,
        matched: list[str] | None,
    ) -> Pair:
        mapping, rule = scope.mapping, self._ports.rule(scope.mapping)
        both = {side: record, side.other: partner}
        outside: dict[Side, str] = {}
        unconvertible: dict[str, str] = {}
        shown: dict[Side, Any] = {Side.BC: {}, Side.SALES: {}}
        hold: str | None = None
        for which, row in both.items():
            if row is None:
                continue
            reason = ignored(mapping.filter(which), row) or rule.ignores(which, row, scope.facts)
            if reason:
                outside[which] = reason
            hold = hold or rule.holds(which, row, scope.facts)
            projection = project(mapping, row, scope.references)
            shown[which] = projection.fields
            unconvertible |= projection.unconvertible
        creator = {Side.BC: scope.facts.bc_user_id, Side.SALES: scope.facts.sales_user_id}[side]
        taken = matched is not None and "" in matched
        return Pair(
            source=side,
            bc=both[Side.BC],
            sales=both[Side.SALES],
            bc_fields=shown[Side.BC],
            sales_fields=shown[Side.SALES],
            coupling=coupling,
            outside=outside,
            unconvertible=unconvertible,
            hold="several records match the same counterpart; couple one by hand" if taken else hold,
            matches=None if taken else matched,
            may_create=scope.may_create,
            orphan=coupling is None and record is not None and record.created_by == creator and bool(creator),
        )

    def _match(self, scope: Scope, side: Side, sources: list[Record]) -> dict[str, list[str]]:
        """Find uncoupled records on the other side with the same natural key; an id "" means contested."""
        mapping, ports = scope.mapping, self._ports
        owner = mapping.two_way or mapping.direction.reaches(side.other)
        if not mapping.match or not owner or not (mapping.match_always or scope.matching):
            return {}
        rule = ports.rule(mapping)
        sources = [
            r
            for r in sources
            if not ignored(mapping.filter(side), r) and not rule.ignores(side, r, scope.facts)
        ]
        if not sources:
            return {}
        there, table = ports.records(side.other), mapping.table(side.other)
        candidates: dict[str, Record] = {}
        for column in match.columns_to_find(mapping, side.other):
            values = match.values_to_find(mapping, column, side.other, sources)
            if values:
                candidates |= {r.id: r for r in there.find(table, column, values)}
        coupled = scope.couplings(ports, side.other, list(candidates))
        free = [
            r
            for i, r in candidates.items()
            if i not in coupled
            and not ignored(mapping.filter(side.other), r)
            and not rule.ignores(side.other, r, scope.facts)
        ]
        found = {r.id: match.matches(mapping, r, free) for r in sources}
        claims: dict[str, int] = {}
        for ids in found.values():
            if len(ids) == 1:
                claims[ids[0]] = claims.get(ids[0], 0) + 1
        return {i: ([""] if len(ids) == 1 and claims[ids[0]] > 1 else ids) for i, ids in found.items()}

    def _couple(
        self,
        scope: Scope,
        side: Side,
        couples: Sequence[tuple[Pair, Couple]],
        outcomes: dict[str, Outcome],
    ) -> list[tuple[Pair, Decision]]:
        """Save couplings found by natural key, then decide those pairs as coupled ones."""
        ports, mapping = self._ports, scope.mapping
        now = ports.clock.now()
        new = [
            Coupling(mapping=mapping.name, bc_id=d.bc_id, sales_id=d.sales_id, first=d.first, coupled_at=now)
            for _, d in couples
        ]
        results = ports.couplings.save(new)
        ids = [d.sales_id if side is Side.BC else d.bc_id for _, d in couples]
        others = ports.records(side.other).get(mapping.table(side.other), ids)
        others = {i: self._with_rule(ports.rule(mapping), r, scope.facts) for i, r in others.items()}
        scope.references.gather(mapping, others.values())
        plan: list[tuple[Pair, Decision]] = []
        for (pair, _), other_id, result in zip(couples, ids, results, strict=True):
            record = pair.record(side)
            assert record is not None
            if result.coupling is None:
                plan.append((pair, Hold(reason="its counterpart was coupled to another record meanwhile")))
                continue
            scope.learn(result.coupling)
            scope.coupled += 1
            scope.matched.append(result.coupling)
            outcomes[record.id] = Outcome.COUPLED
            again = self._pair(scope, side, record, others.get(other_id), result.coupling, None)
            plan.append((again, decide(mapping, again)))
        return plan

    # --- act -------------------------------------------------------------------------------

    def _act(self, scope: Scope, writing: Sequence[tuple[Pair, Decision]]) -> dict[tuple[int, Side], Written]:
        """Send creates, then updates, each side's in one call. Answers by position in the plan and side."""
        answers: dict[tuple[int, Side], Written] = {}
        for target in (Side.SALES, Side.BC):
            creates: list[tuple[int, Write]] = []
            updates: list[tuple[int, Write]] = []
            for pair, decision in writing:
                if isinstance(decision, Create | Restore) and decision.side is target:
                    creates.append((id(pair), self._new(scope, pair, decision)))
                elif isinstance(decision, Update) and decision.writes.get(target):
                    record = pair.record(target)
                    assert record is not None
                    updates.append(
                        (
                            id(pair),
                            Write(
                                id=record.id,
                                values=render(
                                    scope.mapping, target, decision.writes[target], scope.references
                                ),
                                if_version=record.version if scope.mapping.two_way else "*",
                            ),
                        )
                    )
            records, table = self._ports.records(target), scope.mapping.table(target)
            for work, send in ((creates, records.create), (updates, records.update)):
                if not work:
                    continue
                if scope.check_lease is not None:
                    scope.check_lease()
                for (key, _), written in zip(work, send(table, [w for _, w in work]), strict=True):
                    answers[key, target] = written
        return answers

    def _new(self, scope: Scope, pair: Pair, decision: Create | Restore) -> Write:
        target, mapping = decision.side, scope.mapping
        source = pair.record(target.other)
        assert source is not None
        generation = pair.coupling.generation + 1 if pair.coupling is not None else 0
        values = {
            **mapping.constants(target),
            **self._ports.rule(mapping).on_create(target, source, scope.facts),
            **render(mapping, target, decision.values, scope.references),
        }
        return Write(
            # The same id every time (design §4): a create whose reply was lost meets itself.
            id=derived_id(
                company=scope.facts.company_id,
                mapping=mapping.name,
                source=target.other,
                source_id=source.id,
                generation=generation,
            ),
            values=values,
        )

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
            hint = _hint_id(pair, side)
            outcome = self._one(scope, side, pair, decision, answers, kept)
            if outcome is None:
                continue
            if outcome is Outcome.UNCHANGED and hint in outcomes:
                continue
            if outcome is Outcome.UPDATED and outcomes.get(hint) in (Outcome.COUPLED, Outcome.CREATED):
                continue
            outcomes[hint] = outcome
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
        hint = _hint_id(pair, side)
        match decision:
            case Ignore(reason=reason):
                scope.reasons[reason] = scope.reasons.get(reason, 0) + 1
                kept.clear(side, hint)
                return Outcome.IGNORED
            case Nothing():
                kept.agreed(scope, pair, decision)
                kept.clear(side, hint, pair)
                return Outcome.UNCHANGED
            case Uncouple():
                assert pair.coupling is not None
                gone = pair.bc is None and pair.sales is None
                kept.uncoupled.append(replace(pair.coupling, outcome="both gone" if gone else "uncoupled"))
                kept.clear(side, hint, pair)
                return Outcome.UNCOUPLED
            case Wait():
                kept.waiting(side, hint, decision, scope.mapping, pair)
                return Outcome.WAITING
            case Hold(reason=reason):
                kind = "orphan" if reason.startswith("orphan") else "held"
                kept.hold(side, hint, kind, reason, scope.mapping, pair)
                return Outcome.HELD
            case Create() | Restore():
                return self._created(scope, side, pair, decision, answers[id(pair), decision.side], kept)
            case Update():
                return self._updated(scope, side, pair, decision, answers, kept)
        raise AssertionError(f"no way to keep {decision}")

    def _created(
        self, scope: Scope, side: Side, pair: Pair, decision: Create | Restore, written: Written, kept: Kept
    ) -> Outcome | None:
        hint = _hint_id(pair, side)
        if written.record is not None:
            answer = self._with_rule(self._ports.rule(scope.mapping), written.record, scope.facts)
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
        hint = _hint_id(pair, side)
        shown: dict[Side, Record] = {}
        for target in decision.writes:
            written = answers[id(pair), target]
            if written.record is None:
                return self._failed(scope, side, pair, written.error, kept)
            shown[target] = self._with_rule(self._ports.rule(scope.mapping), written.record, scope.facts)
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
        hint = _hint_id(pair, side)
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

    def _queue_ids(self, mapping: str, side: Side, ids: Sequence[str], *, cause: str) -> None:
        send_targeted(self._ports, mapping, side, ids, cause=cause, after=timedelta(seconds=5))


def spoken(problems: Sequence[FieldProblem]) -> str:
    return "; ".join(f"{p.field}: {p.reason}" for p in problems)


def _hint_id(pair: Pair, side: Side) -> str:
    record = pair.record(side)
    if record is not None:
        return record.id
    assert pair.coupling is not None
    return pair.coupling.id_of(side)


def send_targeted(
    ports: Ports,
    mapping: str,
    side: Side,
    ids: Sequence[str],
    *,
    cause: str,
    after: timedelta | None = None,
    token: str = "",
    create: bool = False,
) -> None:
    """Queue a job for named records; a random id where nothing makes the work new (H12)."""
    at: datetime | None = ports.clock.now() + after if after else None
    jobs = [
        Job(
            kind="targeted",
            mapping=mapping,
            side=side,
            ids=tuple(ids[n : n + IDS_PER_JOB]),
            cause=cause,
            token=f"{token or random_token()}.{n}",
            create=create,
        )
        for n in range(0, len(ids), IDS_PER_JOB)
    ]
    ports.queue.send(
        [
            OutgoingMessage(
                queue=queue_of(mapping), body=j.to_json(), message_id=j.message_id, scheduled_at=at
            )
            for j in jobs
        ]
    )
