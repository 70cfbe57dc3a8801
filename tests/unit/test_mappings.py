"""Mappings check themselves, and name every problem at once (P13, P36)."""

from dataclasses import replace

import pytest

from shared.core.convert import Reference, Text
from shared.core.errors import InvalidMapping
from shared.core.mapping import Direction, FieldMap, Match, Where, in_order
from shared.core.model import Side
from shared.mappings import ALL, BY_NAME

CUSTOMERS = BY_NAME["customers"]
NAME = CUSTOMERS.fields[0]

INVALID = [
    pytest.param({"depends_on": ("customers",)}, "depends on itself", id="itself"),
    pytest.param({"fields": (NAME, NAME)}, "'name' is there twice", id="a field twice"),
    pytest.param({"fields": (replace(NAME, sales=""),)}, "needs a column on both sides", id="no column"),
    pytest.param(
        {"direction": Direction.TO_SALES, "fields": (NAME,)}, "is both, the mapping to_sales", id="direction"
    ),
    pytest.param({"match": (Match(bc=("a", "b"), sales=("c",)),)}, "same number of columns", id="match"),
    pytest.param({"bc_filter": (Where(column="x", op="like"),)}, "unknown operator 'like'", id="operator"),
    pytest.param(
        {
            "fields": (
                FieldMap(name="x", bc="a", sales="b", converter=Reference("items", nav="n", entity_set="s")),
            )
        },
        "refers to 'items', which is not in depends_on",
        id="a hard reference that is no dependency",
    ),
    pytest.param(
        {"fields": (NAME, FieldMap(name="again", bc="name", sales="name", converter=Text(1, 1)))},
        "two fields write bc column 'name'",
        id="two writers",
    ),
]


@pytest.mark.parametrize(("differs", "problem"), INVALID)
def test_a_mapping_that_contradicts_itself_is_refused(differs, problem):
    with pytest.raises(InvalidMapping, match=problem):
        replace(CUSTOMERS, **differs)


def test_every_problem_is_named_at_once():
    with pytest.raises(InvalidMapping) as caught:
        replace(CUSTOMERS, depends_on=("customers",), bc_filter=(Where(column="x", op="like"),))

    assert len(caught.value.problems) >= 2


def test_each_mapping_comes_after_those_it_depends_on_P36():
    seen: set[str] = set()
    for mapping in ALL:
        assert seen.issuperset(mapping.depends_on)
        seen.add(mapping.name)


def test_a_circle_of_dependencies_is_refused():
    with pytest.raises(InvalidMapping, match="circle"):
        in_order(
            (replace(BY_NAME["currencies"], depends_on=("customers",)), *ALL[2:], BY_NAME["salespeople"])
        )


@pytest.mark.parametrize("mapping", ALL, ids=lambda m: m.name)
def test_every_column_is_asked_for_once(mapping):
    for side in Side:
        columns = mapping.columns(side)
        assert len(columns) == len(set(columns)) and columns[0] == mapping.table(side).key


def test_a_soft_reference_stays_out_of_the_dependencies_H20():
    assert "contacts" not in CUSTOMERS.depends_on and "contacts" in CUSTOMERS.references
