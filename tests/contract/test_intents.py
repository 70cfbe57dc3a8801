"""What `Intents` promises, on both table stores."""

from __future__ import annotations

import uuid

import pytest

from shared.core.model import Side
from shared.ports import Intent, TableStore
from shared.state.cursors import TableIntents

INTENT = Intent(
    mapping="customers",
    side=Side.BC,
    job={"id": "job-1", "mode": "full", "page": None, "nested": {"n": ["a", 1, True]}},
    ids=("id-1", "id-2"),
)


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


def test_companies_do_not_see_each_other(store: TableStore, company: str) -> None:
    TableIntents(store, company).put(INTENT)
    assert TableIntents(store, f"{company}-other").get("customers") == []
