"""What should happen to one pair of records. Pure: same input, same answer; it touches nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from shared.core.convert import Option
from shared.core.mapping import Creates, Direction, EntityMapping, FieldMap, OnDelete, Uncoupled
from shared.core.merge import CLASH, equal, mover
from shared.core.model import (
    NO_FIELDS,
    Agreed,
    Couple,
    Coupling,
    CouplingState,
    Create,
    Decision,
    FieldProblem,
    Fields,
    First,
    Hold,
    Ignore,
    Nothing,
    Record,
    Resolution,
    Restore,
    Side,
    Uncouple,
    Unresolved,
    Update,
    Value,
    Wait,
)
from shared.core.settle import REWRITES, awaited

NOTHING_WRONG: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Everything that may matter about one record and its counterpart.

    `source` is the side whose hint led here. A missing record was read by id and is not there.
    `outside` gives the reason why a side's record is outside its filter. `matches` are the ids of
    uncoupled records on the other side with the same natural key; None when nobody looked.
    """

    source: Side
    bc: Record | None = None
    sales: Record | None = None
    bc_fields: Fields = NO_FIELDS
    sales_fields: Fields = NO_FIELDS
    coupling: Coupling | None = None
    outside: Mapping[Side, str] = field(default_factory=lambda: MappingProxyType({}))
    unconvertible: Mapping[str, str] = NOTHING_WRONG
    hold: str | None = None
    matches: Sequence[str] | None = None
    may_create: bool = False
    #: A person asks for the counterpart of just this record: one that was deleted is made again, and a
    #: record that was taken apart gets another.
    asked: bool = False
    #: Created by the integration user, but no coupling knows it (H1).
    orphan: bool = False
    #: Why nothing is created when `may_create` is not set.
    refusal: str = "only coupled records are synchronized between full synchronizations"
    #: A person has said which side is right where both moved.
    resolution: Resolution | None = None
    #: Why its counterpart cannot be made yet, beyond its fields.
    lacking: Wait | Hold | None = None

    def record(self, side: Side) -> Record | None:
        return self.bc if side is Side.BC else self.sales

    def fields(self, side: Side) -> Fields:
        return self.bc_fields if side is Side.BC else self.sales_fields


def generation_of(pair: Pair) -> int:
    """Return the generation of the counterpart that is to be made: the next one, unless it is pending."""
    if pair.coupling is None:
        return 0
    return pair.coupling.generation + (pair.coupling.state is not CouplingState.PENDING)


def decide(mapping: EntityMapping, pair: Pair) -> Decision:
    """Say what should happen to one pair of records."""
    coupling = pair.coupling
    if coupling is None or coupling.state is not CouplingState.COUPLED:
        return introduce(mapping, pair)
    if pair.bc is None and pair.sales is None:
        return Uncouple(reason="both records are gone")
    if pair.bc is None or pair.sales is None:
        return deletion(mapping, pair)
    if pair.hold is not None:
        return Hold(reason=pair.hold)
    return reconcile(mapping, pair)


def introduce(mapping: EntityMapping, pair: Pair) -> Decision:
    """A record that is not coupled: couple it, create its counterpart, or say why not."""
    source, target = pair.source, pair.source.other
    record = pair.record(source)
    if record is None:
        return Ignore(reason="it is gone and was never coupled")
    if source in pair.outside:
        return Ignore(reason=pair.outside[source])
    if pair.coupling is not None and pair.coupling.state is CouplingState.UNCOUPLED and not pair.asked:
        # A person took the two apart; only a person brings them together again (H8).
        return Ignore(reason="uncoupled by a person")
    if pair.hold is not None:
        return Hold(reason=pair.hold)
    if pair.matches is not None and len(pair.matches) == 1:
        bc_id, sales_id = (record.id, pair.matches[0]) if source is Side.BC else (pair.matches[0], record.id)
        first = First.COMPARE
        if not mapping.two_way:
            first = First.BC if mapping.direction is Direction.TO_SALES else First.SALES
        return Couple(bc_id=bc_id, sales_id=sales_id, first=first)
    if pair.matches is not None and len(pair.matches) > 1:
        return Hold(reason=f"{len(pair.matches)} records match it; couple one by hand")
    if not mapping.direction.reaches(target) or mapping.creates is Creates.NEVER:
        return Ignore(reason="no counterpart to couple with, and this mapping creates none")
    if pair.orphan:
        return Hold(reason="orphan: created by the integration user, but no coupling knows it")
    if not (pair.may_create or mapping.creates is Creates.ALWAYS):
        return Ignore(reason=pair.refusal)
    return birth(mapping, pair, target)


def birth(mapping: EntityMapping, pair: Pair, target: Side) -> Create | Wait | Hold:
    """Collect the values of a record that is to be made on `target`."""
    if pair.lacking is not None:
        return pair.lacking
    values: dict[str, Value] = {}
    unresolved: list[str] = []
    late: list[str] = []
    problems: list[FieldProblem] = []
    shown = pair.fields(target.other)
    for f in mapping.born_with[target]:
        value = shown.get(f.name)
        if isinstance(value, Unresolved):
            if isinstance(f.converter, Option) or f.reference_to is None:
                unresolved.append(f.name)
                if f.option:
                    late.append(f.name)
            elif f.soft:
                late.append(f.name)
            else:
                return waits(f, target.other, value)
            continue
        reason = pair.unconvertible.get(f.name)
        if reason is None and value is not None:
            reason = f.converter.misfit(target, value)
        if reason is None and f.required and value is None:
            reason = "is blank, and the other side needs it"
        if reason is not None:
            if f.required:
                return Hold(reason=f"{f.column(target.other)} {reason}")
            problems.append(problem(f, reason, pair))
        elif value is not None:
            values[f.name] = value
    return Create(
        side=target, values=values, unresolved=tuple(unresolved), late=tuple(late), problems=tuple(problems)
    )


def deletion(mapping: EntityMapping, pair: Pair) -> Decision:
    """One of the two is gone. The survivor is never deleted (design §4)."""
    survivor = Side.BC if pair.bc is not None else Side.SALES
    # Whoever asks for the counterpart of a record that is gone does not ask for the record itself.
    asked = pair.asked and pair.source is survivor
    if mapping.on_delete is OnDelete.UNCOUPLE and not asked:
        return Uncouple(reason=f"its counterpart in {NAMES[survivor.other]} was deleted")
    restorable = mapping.direction.reaches(survivor.other) and mapping.creates is not Creates.NEVER
    if (mapping.on_delete is OnDelete.RESTORE or asked) and restorable:
        if survivor in pair.outside:
            return Ignore(reason=pair.outside[survivor])
        made = birth(mapping, pair, survivor.other)
        if not isinstance(made, Create):
            return made
        return Restore(
            side=made.side,
            values=made.values,
            unresolved=made.unresolved,
            late=made.late,
            problems=made.problems,
        )
    return Hold(reason=f"its counterpart in {NAMES[survivor.other]} was deleted")


NAMES = {Side.BC: "Business Central", Side.SALES: "Sales"}


def reconcile(mapping: EntityMapping, pair: Pair) -> Decision:
    """Merge two versions of one record, field by field, against what they last agreed on."""
    coupling = pair.coupling
    assert coupling is not None
    outside = pair.outside.get(Side.BC) or pair.outside.get(Side.SALES)
    writes: dict[Side, dict[str, Value]] = {Side.BC: {}, Side.SALES: {}}
    baseline: dict[str, Agreed] = dict(coupling.baseline.items())
    problems: list[FieldProblem] = []
    unresolved: list[str] = []
    late: list[str] = []
    #: Most fields of most records stand still: for them nothing below has anything to say.
    calm = coupling.first is None and not coupling.rewritten
    bc_fields, sales_fields, unconvertible = pair.bc_fields, pair.sales_fields, pair.unconvertible

    for name, f in mapping.named:
        if outside and not f.state:
            continue
        if name in unconvertible:
            problems.append(problem(f, unconvertible[name], pair))
            continue
        bc, sales, base = bc_fields.get(name), sales_fields.get(name), baseline.get(name)
        if calm and bc == sales and base == (bc, sales) and not isinstance(bc, Unresolved):
            continue
        source = mover(f, bc, sales, base, coupling.first, mapping.on_conflict)
        if pair.resolution is not None and pair.resolution.settles(f.name, bc, sales):
            given_up = pair.resolution.overwrite and source is not None and f.direction is Direction.BOTH
            if source == CLASH or given_up:
                source = pair.resolution.use
        if (
            f.soft
            and (isinstance(bc, Unresolved) or isinstance(sales, Unresolved))
            and (source is not None or f.name in coupling.late)
        ):
            # The referenced record is not coupled yet; the wake-up fills this in, however often it was
            # looked at before (H20).
            late.append(f.name)
            baseline[f.name] = awaited(bc, sales, base)
            lost = bc if source is Side.BC else sales
            if (
                f.uncoupled is not Uncoupled.KEEP
                and isinstance(source, Side)
                and isinstance(lost, Unresolved)
            ):
                if f.uncoupled is Uncoupled.HOLD:
                    return waits(f, source, lost)
                writes[source.other][f.name] = None
                baseline[f.name] = Agreed(bc, None) if source is Side.BC else Agreed(None, sales)
            continue
        if (isinstance(bc, Unresolved) and f.direction.reaches(Side.SALES)) or (
            isinstance(sales, Unresolved) and f.direction.reaches(Side.BC)
        ):
            unresolved.append(f.name)
            if f.option:
                # When the option gets its counterpart, the wake-up fills it in (H6).
                late.append(f.name)
        if source is None and coupling.rewritten.get(f.name, 0) >= REWRITES and not equal(f, bc, sales):
            problems.append(problem(f, "each side stores another value than it is sent", pair))
            continue
        if source is None:
            # Nobody moved, or both to the same value: only remember.
            if equal(f, bc, sales) or base is None:
                baseline[f.name] = Agreed(bc=bc, sales=sales)
            continue
        if source == CLASH:
            problems.append(problem(f, "changed differently on both sides", pair, conflict=True))
            continue
        assert isinstance(source, Side)
        value = bc if source is Side.BC else sales
        if isinstance(value, Unresolved) and f.reference_to is not None and not f.option:
            return waits(f, source, value)
        if f.fixed:
            problems.append(
                problem(f, f"{f.column(source)} cannot change once the other side has the record", pair)
            )
            continue
        if isinstance(value, Unresolved):
            if source is Side.SALES:
                # An option that BC does not know writes nothing to BC (H6).
                baseline[f.name] = Agreed(bc=bc, sales=sales)
                continue
            if sales is None:
                baseline[f.name] = Agreed(bc=bc, sales=sales)
                continue
            value = None
        reason = f.converter.misfit(source.other, value)
        if reason is not None:
            problems.append(problem(f, f"{f.column(source)} {reason}", pair))
            continue
        writes[source.other][f.name] = value
        shown = (bc, value) if source is Side.BC else (value, sales)
        baseline[f.name] = Agreed(bc=shown[0], sales=shown[1])

    needed = {side: values for side, values in writes.items() if values}
    if outside and not needed and not problems:
        return Ignore(reason=f"outside filter: {outside}")
    if not needed and not problems:
        changed = baseline != dict(coupling.baseline.items()) or coupling.first is not None
        return Nothing(
            baseline=baseline if changed or tuple(late) != coupling.late else None,
            unresolved=tuple(unresolved),
            late=tuple(late),
        )
    return Update(
        writes=needed,
        baseline=baseline,
        problems=tuple(problems),
        unresolved=tuple(unresolved),
        late=tuple(late),
    )


def waits(f: FieldMap, side: Side, value: Unresolved) -> Wait:
    assert f.reference_to is not None
    return Wait(
        mapping=f.reference_to,
        side=side,
        id=value.raw,
        reason=f"{f.column(side)}: the {' or '.join(f.targets)} record {value.raw} is not coupled",
    )


def problem(f: FieldMap, reason: str, pair: Pair, *, conflict: bool = False) -> FieldProblem:
    return FieldProblem(
        field=f.name,
        reason=reason,
        bc=pair.bc_fields.get(f.name),
        sales=pair.sales_fields.get(f.name),
        conflict=conflict,
    )
