"""Generated pages are current."""

import re
from pathlib import Path

from shared.mappings.docs import document

ROOT = Path(__file__).parents[2]
DEPLOYMENT = ("deploy", "connect-business-central", "security", "limits-and-cost")


def test_the_mappings_page_shows_the_mappings_as_they_are_P13():
    page = Path(__file__).parents[2] / "docs" / "mappings.md"
    assert page.read_text() == document(), "run `make docs`"


def test_the_security_page_names_every_table_that_is_stored():
    page = (ROOT / "docs/security.md").read_text()
    source = "".join(p.read_text() for p in (ROOT / "shared/state").glob("*.py"))
    tables = set(re.findall(r'(?m)^\s*(?:TABLE|HELD|WAITS) = "(\w+)"$', source))

    assert len(tables) > 8
    assert [t for t in tables if not re.search(rf"\b{t}\b", page)] == []


def test_pages_and_parameters_of_a_deployment_name_the_same_settings():
    parameters = set(re.findall(r"\$\{(TANDEM_\w+)", (ROOT / "infra/main.parameters.json").read_text()))
    outputs = set(re.findall(r"(?m)^output (TANDEM_\w+)", (ROOT / "infra/main.bicep").read_text()))
    pages = "".join((ROOT / "docs" / f"{n}.md").read_text() for n in DEPLOYMENT)
    named = set(re.findall(r"\bTANDEM_[A-Z_]+\b", pages))

    assert named <= parameters | outputs
    assert parameters <= named


def test_the_pages_of_a_deployment_link_to_files_that_exist():
    for name in DEPLOYMENT:
        for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / "docs" / f"{name}.md").read_text()):
            assert (ROOT / "docs" / link).exists(), (name, link)
