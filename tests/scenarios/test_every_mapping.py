"""Every mapping, the same questions (issue 3): rows of data say how a mapping answers them (`every_mapping.py`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandbox.world import World
from shared.core.convert import Day, Option, Reference, Text
from shared.core.mapping import EntityMapping, When, with_children
from shared.core.model import Side
from shared.mappings import ALL
from shared.settings import as_switched, unless_set
from tests.scenarios.builders import a_company
from tests.scenarios.every_mapping import BC, CASES, POSTED, SALES, Edit, Late, Values
from tests.scenarios.products import UNIT_GROUPS, with_extended_prices, with_unit_groups

#: Mapping → (it, the mapping whose timer and run write it).
MAPPINGS = {
    m.name: (m, parent or m.name)
    for m, parent in with_children(ALL)
    if as_switched(m.switch, unless_set) == "on" or "=" in m.switch
}
#: Where a side of a mapping may show it, an entry of `CASES` has one, and else the reason why not.
KINDS = ("edits", "late", "too_long", "unknown_options", "blanks")


def a_world_for(name: str) -> World:
    """A company whose settings have the mapping on."""
    if name in UNIT_GROUPS:
        return with_unit_groups(a_company())
    off = as_switched(MAPPINGS[name][0].switch, unless_set) == "off"
    return with_extended_prices(a_company()) if off else a_company()


class Coupled:
    """A world with one pair of the mapping that agrees."""

    def __init__(self, name: str) -> None:
        self.case, self.world = CASES[name], a_world_for(name)
        self.mapping, self.timer = MAPPINGS[name]
        self.bc_id = self.case.add(self.world)
        self.world.full_sync()
        self.sales_id = self.twin()
        self.written = self.world.written()

    def twin(self) -> str:
        """Return the record of Sales; a line of a document has no coupling of its own."""
        if self.timer == self.mapping.name:
            return self.world.coupled(self.timer)[self.bc_id]
        [only] = self.world.sales.all(self.mapping.sales.name)
        return only

    def table(self, side: Side) -> str:
        table = self.mapping.table(side)
        return f"{table.entity}.{table.name}" if table.kind == "option" else table.name

    def id(self, side: Side) -> str:
        return self.bc_id if side is BC else self.sales_id

    def records(self, side: Side) -> Any:
        return self.world.bc if side is BC else self.world.sales

    def make(self, edit: Edit) -> None:
        self.records(edit.side).edit(self.table(edit.side), self.id(edit.side), **edit.change)
        self.world.tick(self.timer)

    def shows(self, side: Side, columns: Values) -> dict[str, Any]:
        row = self.records(side).show(self.table(side), self.id(side))
        assert row is not None
        return {column: row.get(column) for column in columns}

    def held(self) -> list[dict[str, Any]]:
        return self.world.held(self.timer)

    def is_quiet(self) -> None:
        """Nothing is held, and nothing more is written by any timer or full synchronization."""
        assert self.held() == []
        written = self.world.written()
        self.world.tick(self.timer)
        self.world.full_sync(self.timer)
        assert self.world.written() == written


def named(what: str) -> list[Any]:
    """Return (mapping, item) for each item that the cases name under `what`."""
    found = []
    for name, case in CASES.items():
        for n, item in enumerate(getattr(case, what)):
            of = "/".join(item.change) if isinstance(item, Edit) else n
            found.append(pytest.param(name, item, id=f"{name} of {item.side.value} {of}"))
    return found


def may_show(mapping: EntityMapping, kind: str, side: Side) -> bool:
    """Say whether the fields of a mapping can show a kind of case that begins on this side."""
    fields = [f for f in mapping.fields if f.direction.reaches(side.other) and not f.state]
    moving = [f for f in fields if f.when is not When.CREATE]
    hard = [f for f in fields if isinstance(f.converter, Reference) and not f.soft]
    match kind:
        case "edits":
            return bool(moving)
        case "late":
            return bool(hard)
        case "too_long":
            texts = [f.converter for f in moving if isinstance(f.converter, Text) and not f.converter.cut]
            return any((t.sales < t.bc) if side is BC else (t.bc < t.sales) for t in texts)
        case "unknown_options":
            return any(isinstance(f.converter, Option) for f in moving)
        case _:
            # The code of a table of BC is its key.
            keys = ("code", mapping.label_bc)
            kept = [f for f in moving if isinstance(f.converter, Text | Day) and f.bc not in keys]
            return any(not f.required for f in kept)


def test_every_mapping_has_a_case():
    missing = set(MAPPINGS) ^ set(CASES)
    assert not missing, f"CASES needs a row of data for each mapping and no other: {missing}"


@pytest.mark.parametrize("side", list(Side), ids=["BC", "Sales"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASES)
def test_each_row_and_side_has_each_case_or_the_reason_why_it_cannot_happen(name, kind, side):
    case, mapping = CASES[name], MAPPINGS[name][0]
    there = any(item.side is side for item in getattr(case, kind))
    reason = case.cannot.get(f"{kind} in {side.value}")

    assert there == (reason is None), "one of the two: a case, or why there can be none"
    if reason is not None and reason is not POSTED:
        assert not may_show(mapping, kind, side), f"its fields show it; '{reason}' is not true"
    assert set(case.gone) == set(Side)
    assert set(case.cannot) <= {f"{k} in {s.value}" for k in KINDS for s in Side}


@pytest.mark.parametrize("name", CASES)
def test_a_second_run_writes_nothing(name):
    pair = Coupled(name)

    pair.world.full_sync()
    pair.world.tick_all()

    assert pair.world.written() == pair.written
    pair.is_quiet()


@pytest.mark.parametrize(("name", "edit"), named("edits"))
def test_a_change_reaches_the_other_side_and_does_not_come_back(name, edit):
    pair = Coupled(name)

    pair.make(edit)

    assert pair.shows(edit.side.other, edit.shown) == edit.shown
    assert pair.shows(edit.side, edit.change) == edit.change
    assert pair.world.written() == pair.written + edit.writes
    pair.is_quiet()


@pytest.mark.parametrize(("name", "edit"), named("own"))
@pytest.mark.peer("engine-decision-043")
def test_a_change_that_is_a_sides_own_stays_there(name, edit):
    pair = Coupled(name)

    pair.make(edit)

    assert pair.shows(edit.side.other, edit.shown) == edit.shown
    assert pair.shows(edit.side, edit.change) == edit.change
    assert pair.world.written() == pair.written
    pair.is_quiet()


@pytest.mark.parametrize("side", list(Side), ids=["in BC", "in Sales"])
@pytest.mark.parametrize("name", CASES)
def test_a_deletion_deletes_nothing_on_the_other_side_and_is_told_R60(name, side):
    pair = Coupled(name)
    before = pair.records(side.other).all(pair.table(side.other))

    pair.records(side).delete(pair.table(side), pair.id(side))
    pair.world.tick(pair.timer)
    pair.world.full_sync(pair.timer)

    assert pair.records(side.other).all(pair.table(side.other)) == before
    assert pair.world.written() == pair.written
    said = pair.case.gone[side]
    assert [said in h["reason"] for h in pair.held()] == ([True] if said else [])


@pytest.mark.parametrize(("name", "late"), named("late"))
def test_a_new_record_whose_dependency_is_missing_follows_when_it_appears_H14(name: str, late: Late):
    world, (mapping, timer) = a_world_for(name), MAPPINGS[name]
    world.full_sync()
    id = late.add(world)

    world.full_sync(timer)
    assert not is_there(world, mapping, late.side, id)
    held = [(h["kind"], (h["awaits"] or {}).get("mapping")) for h in world.held(timer)]
    assert held == ([("waiting", late.awaits)] if late.awaits else [])
    late.appears(world)

    assert is_there(world, mapping, late.side, id)
    assert world.held(timer) == []
    world.full_sync()
    written = world.written()
    world.full_sync()
    world.tick_all()
    assert world.written() == written


def is_there(world: World, mapping: EntityMapping, side: Side, id: str) -> bool:
    """Say whether a record has its counterpart; the line of a document has the one with its number."""
    if MAPPINGS[mapping.name][1] == mapping.name:
        pairs = world.coupled(mapping.name)
        return id in (pairs if side is BC else pairs.values())
    line = world.bc.show(mapping.bc.name, id)
    assert line is not None
    invoice = world.coupled(MAPPINGS[mapping.name][1]).get(line["documentId"])
    shown = world.sales.all(mapping.sales.name).values()
    return any((r["_invoiceid_value"], r["lineitemnumber"]) == (invoice, line["lineNumber"]) for r in shown)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.waits])
def test_a_missing_dependency_is_waited_for_and_the_record_goes_when_it_appears_H14(name):
    pair = Coupled(name)
    assert pair.case.waits is not None
    change, awaited, appears, shown = pair.case.waits

    pair.make(Edit(side=BC, change=change, shown={}))
    (held,) = pair.held()
    assert held["kind"] == "waiting" and held["awaits"]["mapping"] == awaited
    appears(pair.world)
    pair.world.run()

    expected = shown(pair.world)
    assert pair.shows(SALES, expected) == expected
    pair.is_quiet()


@pytest.mark.parametrize(("name", "edit"), named("too_long"))
def test_a_value_too_long_for_the_other_side_is_held_with_the_limit_and_heals_H3(name, edit):
    pair = Coupled(name)
    before = pair.shows(edit.side, edit.change)

    pair.make(edit)
    assert pair.shows(edit.side.other, edit.shown) == edit.shown
    (held,) = pair.held()
    assert "characters" in held["reason"] and "takes" in held["reason"]
    pair.make(replace_change(edit, before))

    pair.is_quiet()


@pytest.mark.parametrize(("name", "edit"), named("unknown_options"))
def test_an_option_without_counterpart_holds_nothing_it_empties_sales_and_leaves_bc_P18_H6(name, edit):
    pair = Coupled(name)

    pair.make(edit)

    assert pair.shows(edit.side.other, edit.shown) == edit.shown
    assert pair.shows(edit.side, edit.change) == edit.change
    pair.is_quiet()


@pytest.mark.parametrize(("name", "edit"), named("blanks"))
def test_blank_and_null_are_the_same_and_empty_the_other_side_H30(name, edit):
    pair = Coupled(name)

    pair.make(edit)

    assert pair.shows(edit.side.other, edit.shown) == edit.shown
    pair.is_quiet()


def replace_change(edit: Edit, change: Values) -> Edit:
    return replace(edit, change=change)
