"""What `Intents` promises, on both table stores."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

import pytest

from shared.core.model import Side, Value
from shared.ports import Intent, Made, TableStore
from shared.state.cursors import TableIntents

INTENT = Intent(
    mapping="customers",
    side=Side.BC,
    job={"id": "job-1", "mode": "full", "page": None, "nested": {"n": ["a", 1, True]}},
    ids=("id-1", "id-2"),
)

#: One of each kind of value.
VALUES = {
    "phone": "+47 55 12 34 56",
    "fax": None,
    "inactive": False,
    "credit_limit": Decimal("1250.50"),
    "since": date(2024, 2, 29),
}


def a_made(n: int, *, values: Mapping[str, Value]) -> Made:
    id_, twin = (str(uuid.uuid5(uuid.NAMESPACE_OID, f"{what} {n}")) for what in ("source", "twin"))
    return Made(source=Side.BC, source_id=id_, id=twin, generation=n % 3, values=values)


@pytest.fixture
def intents(store: TableStore, company: str) -> TableIntents:
    return TableIntents(store, company)


def test_an_intent_is_got_as_it_was_put_until_it_is_removed(intents: TableIntents) -> None:
    assert intents.get("customers") == []
    intents.put(INTENT)
    assert intents.get("customers") == [INTENT]
    assert intents.get("contacts") == []
    intents.remove("customers", Side.BC)
    intents.remove("customers", Side.BC)
    assert intents.get("customers") == []


def test_intents_of_both_sides_are_got_together(intents: TableIntents) -> None:
    other = Intent(mapping="customers", side=Side.SALES, job={}, ids=())
    intents.put(INTENT)
    intents.put(other)
    assert intents.get("customers") == [INTENT, other]
    intents.remove("customers", Side.BC)
    assert intents.get("customers") == [other]


def test_a_new_intent_of_a_side_replaces_the_one_before(intents: TableIntents) -> None:
    intents.put(INTENT)
    page = Intent(
        mapping="customers",
        side=Side.BC,
        job={"id": "job-2"},
        ids=tuple(str(uuid.uuid4()) for _ in range(5000)),
    )
    intents.put(page)
    assert intents.get("customers") == [page]
    intents.put(INTENT)
    assert intents.get("customers") == [INTENT]


def test_what_a_page_makes_comes_back_with_the_values_that_were_sent(intents: TableIntents) -> None:
    made = tuple(a_made(n, values={**VALUES, "name": f"Customer {n}"}) for n in range(1000))
    intents.put(replace(INTENT, made=made))
    assert intents.get("customers") == [replace(INTENT, made=made)]


def test_values_that_fit_no_row_are_left_out_and_the_page_is_noted_all_the_same(
    intents: TableIntents,
) -> None:
    noise = Random(1)
    made = tuple(a_made(n, values={"name": noise.randbytes(2000).hex()}) for n in range(500))
    intents.put(replace(INTENT, made=made))
    [kept] = intents.get("customers")
    assert kept.ids == INTENT.ids and kept.made == tuple(replace(m, values={}) for m in made)


def test_companies_do_not_see_each_other(store: TableStore, company: str) -> None:
    TableIntents(store, company).put(INTENT)
    assert TableIntents(store, f"{company}-other").get("customers") == []
