"""Gather: everything that may matter about the records of a page, set-based (design §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.core import match
from shared.core.decide import Pair, decide
from shared.core.model import (
    Couple,
    Coupling,
    CouplingState,
    Decision,
    Hold,
    Outcome,
    Record,
    Side,
    Unresolved,
)
from shared.core.project import ignored, project
from shared.engine.index import WOULD_BE
from shared.engine.inherit import inherited
from shared.engine.parts import Ports
from shared.engine.scope import Scope

#: How often a rule may ask for more rows, each time knowing what it was told before.
ASKED = 4


class Gather:
    """Turns hints into pairs. A page costs a fixed number of requests of each kind, whatever its size."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def pairs(
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
            scope.couplings(ports, side, hints)
            if turn == 0
            else ports.couplings.find(mapping.name, side, list(hints))
        )
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
        left: set[str] = set()

        def leave(i: str) -> None:
            left.add(i)
            outcomes[i] = Outcome.IGNORED
            if turn == 0:
                scope.ignore("skipped by a person")

        for i in present:
            if scope.is_skipped(side, i, couplings.get(i)):
                leave(i)
        for i, record in present.items():
            known = couplings.get(i)
            if scope.is_skipped(side, i, known):
                continue
            if scope.only_uncoupled and known is not None:
                outcomes.setdefault(i, Outcome.UNCHANGED)
                continue
            if known is not None and known.state is CouplingState.COUPLED and not scope.targeted:
                # What a rehearsal has created is not there to be compared; in earnest it would agree.
                made_up = known.outcome.startswith(WOULD_BE)
                still = made_up or (record.version == known.version_of(side) and known.first is None)
                if still and scope.added and scope.index is None:
                    still = known.baseline.keys() >= scope.added
                if still and (made_up or not (mapping.volatile and side is Side.BC)):
                    # Not moved since both sides agreed. A change of the other side is a hint of its own.
                    outcomes.setdefault(i, Outcome.UNCHANGED)
                    if turn == 0:
                        seen = known.baseline
                        scope.count_unresolved(side, {n: seen[n].of(side) for n in known.late if n in seen})
                    continue
                if side is Side.SALES and turn == 0 and record.modified_by in scope.facts.sales_user_ids:
                    # Changes in Sales made by the integration user are not synchronized (P19, H5).
                    outcomes[i] = Outcome.IGNORED
                    scope.ignore("last changed by the integration user")
                    continue
            open_[i] = record
        if scope.index is not None and turn == 0:
            couplings = scope.whole(ports, side, [*open_, *gone])
            gone = [i for i in gone if i in couplings]
        scope.known = {(which, c.id_of(which)): c for c in couplings.values() for which in Side}
        if open_ and ports.rule(mapping).elects:
            self.relate(scope, list(open_.values()))
            couplings = inherited(ports, scope, side, open_, couplings)
        partners = {
            i: couplings[i].id_of(side.other)
            for i in [*open_, *gone]
            if i in couplings and couplings[i].state is not CouplingState.UNCOUPLED
        }
        others = there.get(mapping.table(side.other), sorted(set(partners.values()))) if partners else {}
        for i in gone:
            # A parked pair of which both are gone is no longer anybody's question.
            if scope.is_skipped(side, i, couplings.get(i)) and partners.get(i, "") in others:
                leave(i)
        gone = [i for i in gone if i not in left]
        self.relate(scope, [*open_.values(), *others.values()])
        open_ = {i: self.with_rule(scope, r) for i, r in open_.items()}
        others = {i: self.with_rule(scope, r) for i, r in others.items()}
        scope.references.gather(mapping, [*open_.values(), *others.values()])
        matched = self._match(scope, side, [r for i, r in open_.items() if i not in couplings])
        pairs: list[Pair] = []
        for i in [*open_, *gone]:
            partner = others.get(partners[i]) if i in partners else None
            pairs.append(self.pair(scope, side, open_.get(i), partner, couplings.get(i), matched.get(i)))
        return pairs

    def relate(self, scope: Scope, records: Sequence[Record], *, more: bool = False) -> None:
        """Read the rows of other tables that the mapping's rule needs for these records.

        `more` keeps what was read for other records of the same page.
        """
        rule = self._ports.rule(scope.mapping)
        before = scope.context.related if more else {}
        related = {name: {key: [*rows] for key, rows in found.items()} for name, found in before.items()}
        asked = {name: set(found) for name, found in related.items()}
        scope.see(related)
        self._refer(scope, records)
        for _ in range(ASKED):
            new = False
            for need in rule.needs(records, scope.context):
                known = asked.setdefault(need.name, set())
                wanted = sorted({v.lower() for v in need.values if v} - known)
                if not wanted:
                    continue
                new = True
                known.update(wanted)
                rows = related.setdefault(need.name, {})
                there = self._ports.records(need.side)
                if need.first:
                    found = there.first(need.table, need.column, wanted, order=need.first, where=need.where)
                elif need.column == need.table.key:
                    found = list(there.get(need.table, wanted).values())
                else:
                    found = there.find(need.table, need.column, wanted)
                for row in found:
                    key = row.id if need.column == need.table.key else str(row.values.get(need.column) or "")
                    rows.setdefault(key.lower(), []).append(row)
            # A fresh one whenever it can see more: what it found once is found again.
            scope.see(related)
            if not new:
                break
            self._refer(scope, records)
        scope.see(related)

    def _refer(self, scope: Scope, records: Sequence[Record]) -> None:
        """Look up what the rule's references are coupled with: what it needs may follow from that alone."""
        rule = self._ports.rule(scope.mapping)
        scope.references.look_up(
            reference for record in records for reference in rule.refers(record, scope.context)
        )

    def decide(self, scope: Scope, pair: Pair) -> Decision:
        """Say what should happen to one pair: the mapping's rule first, else its fields."""
        chosen = self._ports.rule(scope.mapping).decides(pair, scope.context)
        return chosen if chosen is not None else decide(scope.mapping, pair)

    def with_rule(self, scope: Scope, record: Record) -> Record:
        added = self._ports.rule(scope.mapping).adds(record.side, record, scope.context)
        return replace(record, values={**record.values, **added}) if added else record

    def pair(
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
            if reason := self._outside(scope, row):
                outside[which] = reason
            hold = hold or rule.holds(which, row, scope.context)
            projection = project(mapping, row, scope.references)
            shown[which] = projection.fields
            unconvertible |= projection.unconvertible
        source = both[side]
        lacking = rule.lacks(side, source, scope.context) if source is not None and partner is None else None
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
            asked=scope.asked,
            refusal=scope.refusal or Pair.refusal,
            resolution=scope.resolutions.get(coupling.bc_id) if coupling is not None else None,
            lacking=lacking,
            orphan=coupling is None and record is not None and record.created_by in scope.facts.users(side),
        )

    def outside(self, scope: Scope, records: Sequence[Record]) -> list[str]:
        """Return, for each record that is outside the mapping, which and why."""
        self.relate(scope, records)
        shown = [self.with_rule(scope, record) for record in records]
        scope.references.gather(scope.mapping, shown)
        told = ((r, self._outside(scope, r)) for r in shown)
        return [f"{r.side.value} {r.id}: {reason}" for r, reason in told if reason]

    def _outside(self, scope: Scope, record: Record) -> str | None:
        """Return why a record is outside the mapping, or None (H24, H30)."""
        mapping, side = scope.mapping, record.side
        reason = ignored(mapping.filter(side), record)
        reason = reason or self._ports.rule(mapping).ignores(side, record, scope.context)
        for f in mapping.only_coupled[side]:
            if reason is None:
                value = f.converter.read(side, record.values.get(f.column(side)), scope.references)
                if isinstance(value, Unresolved):
                    reason = f"its {f.name} is not coupled"
        return reason

    def _match(self, scope: Scope, side: Side, sources: list[Record]) -> dict[str, list[str]]:
        """Find uncoupled records on the other side with the same natural key; an id "" means contested."""
        mapping, ports = scope.mapping, self._ports
        owner = (
            mapping.two_way or mapping.direction.reaches(side.other) or mapping.table(side).kind == "option"
        )
        if not mapping.match or not owner or not (mapping.match_always or scope.matching):
            return {}
        sources = [r for r in sources if not self._outside(scope, r)]
        if not sources:
            return {}
        there, table = ports.records(side.other), mapping.table(side.other)
        candidates: dict[str, Record] = {}
        for column in match.columns_to_find(mapping, side.other):
            values = match.values_to_find(mapping, column, side.other, sources, scope.references)
            if values:
                candidates |= {r.id: r for r in there.find(table, column, values)}
        coupled = scope.coupled_ids(ports, side.other, list(candidates))
        scope.references.gather(mapping, candidates.values())
        free = [r for i, r in candidates.items() if i not in coupled and not self._outside(scope, r)]
        there_by_key = match.Candidates(mapping, free, scope.references)
        found = {r.id: there_by_key.matches(r) for r in sources}
        claims: dict[str, int] = {}
        for ids in found.values():
            if len(ids) == 1:
                claims[ids[0]] = claims.get(ids[0], 0) + 1
        return {i: ([""] if len(ids) == 1 and claims[ids[0]] > 1 else ids) for i, ids in found.items()}

    def couple(
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
            replace(
                pending(pair) or Coupling(mapping=mapping.name, bc_id=d.bc_id, sales_id=d.sales_id),
                state=CouplingState.COUPLED,
                first=d.first,
                coupled_at=now,
            )
            for pair, d in couples
        ]
        results = ports.couplings.save(new)
        ids = [d.sales_id if side is Side.BC else d.bc_id for _, d in couples]
        others = ports.records(side.other).get(mapping.table(side.other), ids)
        matched = [*[r for p, _ in couples if (r := p.record(side))], *others.values()]
        self.relate(scope, matched, more=True)
        others = {i: self.with_rule(scope, r) for i, r in others.items()}
        scope.references.gather(mapping, others.values())
        plan: list[tuple[Pair, Decision]] = []
        for (pair, _), other_id, result in zip(couples, ids, results, strict=True):
            record = pair.record(side)
            assert record is not None
            if result.coupling is None:
                plan.append((pair, Hold(reason="its counterpart was coupled to another record meanwhile")))
                continue
            scope.learn(result.coupling)
            scope.matched.append(result.coupling)
            outcomes[record.id] = Outcome.COUPLED
            again = self.pair(scope, side, record, others.get(other_id), result.coupling, None)
            plan.append((again, self.decide(scope, again)))
        return plan


def pending(pair: Pair) -> Coupling | None:
    """Return the coupling of a pair whose document has its id and is not known to be there (H9)."""
    coupling = pair.coupling
    return coupling if coupling is not None and coupling.state is CouplingState.PENDING else None
