"""Generated pages are current."""

from pathlib import Path

from shared.mappings.docs import document


def test_the_mappings_page_shows_the_mappings_as_they_are_P13():
    page = Path(__file__).parents[2] / "docs" / "mappings.md"
    assert page.read_text() == document(), "run `make docs`"
