"""All couplings of a mapping in little memory: what the index and its pairs of ids tell (H27)."""

from __future__ import annotations

import sys
import uuid
from dataclasses import replace

import pytest

from shared.core.model import Agreed, Coupling, CouplingState, First, Record, Side, Unresolved
from shared.engine.index import ANOTHER, Index
from shared.engine.pairs import Pairs
from shared.mappings import ALL

CUSTOMERS = next(m for m in ALL if m.name == "customers")


def guid() -> str:
    return str(uuid.uuid4())


def coupling(**values) -> Coupling:
    ids = {"bc_id": guid(), "sales_id": guid()}
    return Coupling(**ids | {"mapping": "customers", "bc_version": "b1", "sales_version": "s1"} | values)


def shown(side: Side, id: str, version: str) -> Record:
    return Record(side=side, id=id, version=version, values={})


def an_index(*couplings: Coupling, added=frozenset()) -> Index:
    index = Index(CUSTOMERS, added=added)
    for one in couplings:
        index.learn(one)
    return index


ONE = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"


@pytest.mark.parametrize(
    "id", [ONE, ONE.upper(), "", "717350002", "x" * 36, f"{{{ONE}}}", ONE.replace("-", ""), "----" * 9]
)
def test_an_id_of_any_form_comes_back_as_it_was(id):
    pairs, other = Pairs(), guid()
    pairs.add(id, other)

    assert (pairs.other(Side.BC, id), pairs.other(Side.SALES, other)) == (other, id)


def test_pairs_are_found_from_both_sides_however_many_there_are():
    ids = [(guid(), guid()) for _ in range(3000)]
    pairs = Pairs()
    for bc_id, sales_id in ids:
        pairs.add(bc_id, sales_id)

    assert len(pairs) == 3000
    assert all(pairs.other(Side.BC, b) == s and pairs.other(Side.SALES, s) == b for b, s in ids)
    assert pairs.other(Side.BC, guid()) is None


def test_a_pair_that_is_there_keeps_its_number_and_a_new_one_of_the_same_id_is_found():
    pairs, bc_id, first, second = Pairs(), guid(), guid(), guid()

    assert [pairs.add(bc_id, first), pairs.add(bc_id, first)] == [(0, None), (0, 0)]
    assert pairs.add(bc_id, second) == (1, 0)
    assert pairs.other(Side.BC, bc_id) == second


def test_a_pair_takes_less_than_the_two_hundred_bytes_that_a_full_pass_may_hold_H27():
    index = an_index(*(coupling() for _ in range(2000)))
    pairs = index._pairs
    parts = [pairs._ids, *pairs._slots.values(), index._flags]
    parts += [*index._marks.values(), *index._row_versions.values(), *index._unresolved.values()]

    assert sum(map(sys.getsizeof, parts)) / len(index) < 150


@pytest.mark.parametrize("side", Side)
def test_a_version_is_given_back_to_who_shows_it(side):
    one = coupling(bc_row_version=7, sales_row_version=9)
    index, id_ = an_index(one), one.id_of(side)

    def version(record: Record | None) -> str:
        return index.find(side, {id_: record})[id_].version_of(side)

    assert version(shown(side, id_, one.version_of(side))) == one.version_of(side)
    assert version(shown(side, id_, "moved")) == ANOTHER
    assert version(None) == ANOTHER
    assert index.find(side, {id_: None})[id_].row_version_of(side) == one.row_version_of(side)


def test_a_forgotten_version_and_one_without_an_added_field_are_of_no_record():
    unseen, without = coupling(bc_version=""), coupling(baseline={"name": Agreed(bc="A", sales="A")})
    index = an_index(unseen, without, added=frozenset({"new"}))
    found = index.find(Side.BC, {c.bc_id: shown(Side.BC, c.bc_id, c.bc_version) for c in (unseen, without)})

    assert [c.bc_version for c in found.values()] == ["", ""]


def test_states_and_options_without_counterpart_are_kept_P18():
    option = next(name for name in CUSTOMERS.options[Side.BC])
    marker = coupling(state=CouplingState.UNCOUPLED)
    by_hand = coupling(first=First.BC)
    left = Agreed(bc=Unresolved("30 DAYS"), sales=None)
    open_ = coupling(late=(option,), baseline={option: left, "name": Agreed(bc="A", sales="A")})
    index = an_index(marker, by_hand, open_)

    found = index.find(Side.BC, dict.fromkeys((marker.bc_id, by_hand.bc_id, open_.bc_id)))

    assert found[marker.bc_id].state is CouplingState.UNCOUPLED
    assert found[by_hand.bc_id].first is not None
    assert isinstance(found[open_.bc_id].baseline[option].bc, Unresolved)
    index.learn(replace(open_, late=(), baseline={}))
    assert index.find(Side.BC, {open_.bc_id: None})[open_.bc_id].late == ()


def test_what_a_pass_has_not_met_is_listed_and_what_is_gone_or_moved_is_not_H17():
    met, unmet, gone, moved, marker = (coupling() for _ in range(5))
    index = an_index(met, unmet, gone, moved, replace(marker, state=CouplingState.UNCOUPLED))
    again = replace(moved, sales_id=guid())
    index.find(Side.SALES, {met.sales_id: None})
    index.forget(gone)
    index.learn(again)

    assert [(c.bc_id, c.sales_id) for c in index.unmet(Side.BC)] == [
        (c.bc_id, c.sales_id) for c in (unmet, again)
    ]
    assert index.holds(Side.SALES, [gone.sales_id, moved.sales_id, again.sales_id]) == [again.sales_id]
    assert len(index) == 4
    index.begin()
    assert met.bc_id in {c.bc_id for c in index.unmet(Side.SALES)}
