"""What `Cursors` promises, on both table stores."""

from __future__ import annotations

import pytest

from shared.core.model import Side
from shared.ports import Outdated, StoredCursor, TableStore
from shared.state.cursors import TableCursors
from tests.contract.state_helpers import spent


@pytest.fixture
def cursors(store: TableStore, company: str) -> TableCursors:
    return TableCursors(store, company)


def test_a_cursor_that_was_never_put_is_none(cursors: TableCursors) -> None:
    assert cursors.get("customers", Side.BC) == StoredCursor(value=None, etag=None)


@pytest.mark.parametrize("value", ["4711", "", None, "https://é?$deltatoken=" + "x%3d" * 20_000])
def test_a_cursor_is_got_as_it_was_put(cursors: TableCursors, value: str | None) -> None:
    stored = cursors.put("customers", Side.BC, value, etag=None)
    assert stored.value == value and stored.etag
    assert cursors.get("customers", Side.BC) == stored


def test_a_cursor_moves_from_the_one_that_was_read(cursors: TableCursors) -> None:
    first = cursors.put("customers", Side.BC, "1", etag=None)
    second = cursors.put("customers", Side.BC, "2", etag=first.etag)
    assert cursors.get("customers", Side.BC) == second


@pytest.mark.parametrize("read_first", [True, False])
def test_a_cursor_does_not_move_over_a_newer_one(cursors: TableCursors, read_first: bool) -> None:
    first = cursors.put("customers", Side.BC, "1", etag=None)
    second = cursors.put("customers", Side.BC, "2", etag=first.etag)
    with pytest.raises(Outdated):
        cursors.put("customers", Side.BC, "3", etag=first.etag if read_first else None)
    assert cursors.get("customers", Side.BC) == second


def test_putting_the_same_again_after_a_lost_reply_is_harmless(cursors: TableCursors) -> None:
    first = cursors.put("customers", Side.BC, "1", etag=None)
    assert cursors.put("customers", Side.BC, "1", etag=None) == first
    second = cursors.put("customers", Side.BC, "2", etag=first.etag)
    assert cursors.put("customers", Side.BC, "2", etag=first.etag) == second


def test_sides_mappings_and_companies_have_cursors_of_their_own(store: TableStore, company: str) -> None:
    cursors = TableCursors(store, company)
    cursors.put("customers", Side.BC, "1", etag=None)
    assert cursors.get("customers", Side.SALES).value is None
    assert cursors.get("contacts", Side.BC).value is None
    assert TableCursors(store, f"{company}-other").get("customers", Side.BC).value is None


def test_reading_and_moving_a_cursor_take_one_request_each(cursors: TableCursors, store: TableStore) -> None:
    first = cursors.put("customers", Side.BC, "1", etag=None)
    assert spent(store, lambda: cursors.get("customers", Side.BC)) == 1
    assert spent(store, lambda: cursors.put("customers", Side.BC, "2", etag=first.etag)) == 1
