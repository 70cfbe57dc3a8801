"""What a note says is the same on both sides (S113). Scenario numbers are those of sales-documents.md §8."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.model import Side
from shared.core.note_text import NoteText, plain

NOTE = NoteText(100_000)


@pytest.mark.parametrize(
    ("rich", "expected"),
    [
        pytest.param("<p>a</p><p>b &amp; c</p>", "a\nb & c", id="55"),
        pytest.param('<div data-wrapper="true">Call <b>Ann</b><br></div>', "Call Ann", id="tags go"),
        pytest.param("2 < 3 and 5 > 4", "2 < 3 and 5 > 4", id="no tag"),
        pytest.param("&lt;b&gt;", "<b>", id="entities last"),
        pytest.param("", "", id="blank"),
    ],
)
def test_scenario_55_rich_text_becomes_plain_text_S113(rich, expected):
    assert plain(rich) == expected


def test_a_note_that_is_too_long_for_sales_is_told():
    assert NOTE.misfit(Side.SALES, "x" * 100_001) == "is 100001 characters; Sales takes 100000"
    assert NOTE.misfit(Side.BC, "x" * 100_001) is None


@given(
    st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=60)
    | st.sampled_from(["a <b> c", "&amp;", "x\ny"])
)
def test_no_note_of_bc_loses_anything_on_its_way_to_sales_and_back_H3(text):
    sent = NOTE.read(Side.BC, text, None)
    shown = NOTE.write(Side.SALES, sent, "notetext", None)["notetext"]

    assert NOTE.read(Side.SALES, shown, None) == sent
