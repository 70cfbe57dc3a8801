"""What the engine looks records up by, the services can be searched by: else a job fails there, not here.

Every scenario guards it too, with what rules need: the in-memory twins refuse other columns.
"""

from __future__ import annotations

import pytest

from sandbox.in_memory.findable import why_not_findable
from shared.core import match
from shared.core.convert import Text
from shared.core.mapping import EntityMapping, Table
from shared.core.model import Side
from shared.mappings import ALL, BY_NAME


def looked_up(mapping: EntityMapping) -> list[tuple[Side, Table, str]]:
    """Return the columns by which the engine looks records of a mapping up: natural keys, whom to wake."""
    keys = [
        (side, mapping.table(side), column)
        for side in Side
        if mapping.two_way or mapping.direction.reaches(side)
        for column in match.columns_to_find(mapping, side)
    ]
    return keys + [(c.side, mapping.table(c.side), c.column) for c in mapping.coupled_with]


CASES = [pytest.param(*case, id=f"{m.name}-{case[0].value}-{case[2]}") for m in ALL for case in looked_up(m)]


@pytest.mark.parametrize(("side", "table", "column"), CASES)
def test_what_the_engine_looks_up_by_can_be_searched_by_H18_H22(side, table, column):
    assert why_not_findable(side, table, column) is None


@pytest.mark.parametrize("mapping", [m for m in ALL if m.coupled_with], ids=lambda m: m.name)
def test_whom_a_coupling_wakes_is_named_by_a_column_that_is_read_of_the_coupled_record_H22(mapping):
    for theirs in mapping.coupled_with:
        read = BY_NAME[theirs.mapping].columns(theirs.side)

        assert not theirs.by or theirs.by in read


@pytest.mark.parametrize(
    ("side", "table", "column", "why"),
    [
        (Side.BC, Table(name="opportunities"), "contactId", "looks it up"),
        (Side.BC, Table(name="opportunities"), "contactNumber", None),
        (Side.BC, Table(name="opportunities"), "estimatedValue", "no text"),
        (Side.BC, Table(name="postedSalesInvoiceLines"), "documentId", None),
        (Side.BC, Table(name="customers"), "currencyId", None),
        (Side.BC, Table(name="customers"), "salespersonId", "looks it up"),
        (Side.BC, Table(name="customers"), "nosuch", "no such column"),
        (Side.SALES, Table(name="accounts", key="accountid"), "name", None),
        (Side.SALES, Table(name="accounts", key="accountid"), "_ownerid_value", None),
        (Side.SALES, Table(name="accounts", key="accountid"), "ownerid", "no such column"),
        (Side.SALES, Table(name="accounts", key="accountid"), "creditlimit", "no text"),
    ],
)
def test_the_guard_knows_what_each_service_refuses(side, table, column, why):
    found = why_not_findable(side, table, column)

    assert (why in found) if why else found is None


@pytest.mark.parametrize("mapping", ALL, ids=lambda m: m.name)
def test_a_person_matches_by_texts_only_what_else_would_be_refused_is_refused_at_once_P14(mapping):
    for f in mapping.fields:
        text = isinstance(f.converter, Text) and not any(f.computed(side) for side in Side)

        assert bool(match.problems_of(mapping, [[f.name]])) is not text, f.name
        if text:
            for side in Side:
                assert why_not_findable(side, mapping.table(side), f.column(side)) is None, f.name
