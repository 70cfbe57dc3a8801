"""Act: what was decided, sent in bulk (design §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.core.decide import Pair, generation_of
from shared.core.errors import Exists, Rejected, SyncError
from shared.core.mapping import EntityMapping
from shared.core.model import (
    MAKES,
    Create,
    Decision,
    FieldProblem,
    Fields,
    Record,
    Restore,
    Side,
    Update,
    Wire,
    derived_id,
)
from shared.core.project import ignored, render
from shared.engine.parts import Ports
from shared.engine.scope import Scope
from shared.ports import Step, Write, Written

#: Documents to a call: what is sent within one look at the lease, so that nobody else makes them meanwhile (H9, H11).
DOCUMENTS = 500


class Act:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def send(self, scope: Scope, writing: Sequence[tuple[Pair, Decision]]) -> dict[tuple[int, Side], Written]:
        """Send creates, then updates, each side's in one call. Answers by position in the plan and side."""
        answers: dict[tuple[int, Side], Written] = {}
        for target in (Side.SALES, Side.BC):
            creates: list[tuple[int, Write]] = []
            updates: list[tuple[int, Write]] = []
            as_it_is: dict[str, Written] = {}
            for pair, decision in writing:
                if isinstance(decision, MAKES) and decision.side is target:
                    creates.append((id(pair), self.new(scope, pair, decision)))
                elif isinstance(decision, Update) and decision.writes.get(target):
                    write = self.changed(scope, pair, target, decision.writes[target])
                    updates.append((id(pair), write))
                    if not (write.values or write.before or write.after):
                        # Only rows beside it are made.
                        as_it_is[write.id] = Written(id=write.id, record=pair.record(target))
            records, table = self._ports.records(target), scope.mapping.table(target)
            for work, send in ((creates, records.create), (updates, records.update)):
                failed = self._share(scope, target, [w for _, w in work])
                for key, write in work:
                    if write.id in failed:
                        answers[key, target] = Written(id=write.id, error=failed[write.id])
                    elif write.id in as_it_is:
                        answers[key, target] = as_it_is[write.id]
                work = [(key, write) for key, write in work if write.id not in {*failed, *as_it_is}]
                if not work:
                    continue
                size = DOCUMENTS if scope.mapping.document else len(work)
                for part in (work[n : n + size] for n in range(0, len(work), size)):
                    if scope.check_lease is not None:
                        scope.check_lease()
                    for (key, _), written in zip(part, send(table, [w for _, w in part]), strict=True):
                        answers[key, target] = written
        return answers

    def _share(self, scope: Scope, target: Side, writes: Sequence[Write]) -> dict[str, SyncError]:
        """Make the rows that several of these records need, and return the records that must do without.

        Their ids are ours, so that a repeat, or a page that needs the same row, finds it there.
        """
        wanted: dict[str, dict[str, Step]] = {}
        users: dict[str, set[str]] = {}
        place: dict[str, int] = {}
        for write in writes:
            for step in write.shared:
                wanted.setdefault(step.table.name, {}).setdefault(step.id, step)
                users.setdefault(step.id, set()).add(write.id)
            # A price needs its list: one record's order of tables holds for all of them.
            for n, name in enumerate(dict.fromkeys(step.table.name for step in write.shared)):
                place[name] = max(place.get(name, 0), n)
        failed: dict[str, SyncError] = {}
        for name in sorted(wanted, key=place.__getitem__):
            steps = wanted[name]
            due = [s for s in steps.values() if not users[s.id] <= set(failed)]
            if not due:
                continue
            if scope.check_lease is not None:
                scope.check_lease()
            rows = [Write(id=s.id, values=s.values) for s in due]
            for step, made in zip(due, self._ports.records(target).create(due[0].table, rows), strict=True):
                if made.error is not None and not isinstance(made.error, Exists):
                    failed |= {user: _named(step, made.error) for user in users[step.id]}
        return failed

    def changed(self, scope: Scope, pair: Pair, target: Side, fields: Fields) -> Write:
        mapping, record, source = scope.mapping, pair.record(target), pair.record(target.other)
        assert record is not None
        # Without a counterpart: the document is gone, and its record is told so.
        steps = self._ports.rule(mapping).steps(
            target, record.id, fields, source or record, record, scope.context
        )
        return Write(
            id=record.id,
            values={**render(mapping, target, fields, scope.references), **steps.values},
            # Within a transaction the steps before it move the version; the first of them has it.
            if_version=record.version if mapping.two_way or (mapping.document and not steps.before) else "*",
            shared=steps.shared,
            before=steps.before,
            after=steps.after,
        )

    def new(self, scope: Scope, pair: Pair, decision: Create | Restore) -> Write:
        """Return the write that makes a record's counterpart."""
        target, mapping = decision.side, scope.mapping
        source = pair.record(target.other)
        assert source is not None
        new_id = self.new_id(scope, pair, decision)
        rule = self._ports.rule(mapping)
        steps = rule.steps(target, new_id, decision.values, source, None, scope.context)
        values = {
            **mapping.constants(target),
            **template_for(mapping, target, source),
            **rule.on_create(target, source, scope.context),
            **render(mapping, target, decision.values, scope.references),
            **steps.values,
        }
        return Write(
            id=new_id,
            values=values,
            shared=steps.shared,
            before=steps.before,
            after=steps.after,
            once=mapping.document,
        )

    def new_id(self, scope: Scope, pair: Pair, decision: Create | Restore) -> str:
        """Return the id of a record's counterpart, the same every time (design §4).

        So a create whose reply was lost meets itself.
        """
        source = pair.record(decision.side.other)
        assert source is not None
        return derived_id(
            company=scope.facts.company_id,
            mapping=scope.mapping.name,
            source=decision.side.other,
            source_id=self._ports.rule(scope.mapping).identity(decision.side, source, scope.context),
            generation=generation_of(pair),
        )

    def known_by(self, scope: Scope, pair: Pair) -> int:
        return self._ports.rule(scope.mapping).known_by(pair, scope.context)


def template_for(mapping: EntityMapping, target: Side, source: Record) -> dict[str, Wire]:
    """Return the first template that is meant for a record born in Sales, as BC's page takes it (H30)."""
    if target is not Side.BC:
        return {}
    codes = (t.code for t in mapping.templates if ignored(t.where, source) is None)
    code = next(codes, None)
    return {mapping.template_column: code} if code is not None else {}


def _named(step: Step, error: SyncError) -> SyncError:
    return Rejected(f"{step.table.name}: {error}") if isinstance(error, Rejected) else error


def without(decision: Update, failed: Mapping[Side, Written], pair: Pair) -> Update:
    """Return what was done of an update when one side took its part and the other did not (H25)."""
    behind = [
        FieldProblem(
            field=name,
            reason=str(written.error),
            bc=pair.bc_fields.get(name),
            sales=pair.sales_fields.get(name),
        )
        for side, written in failed.items()
        for name in decision.writes[side]
    ]
    return replace(
        decision,
        writes={side: values for side, values in decision.writes.items() if side not in failed},
        problems=(*decision.problems, *behind),
    )
