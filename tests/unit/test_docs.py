"""Generated pages are current, and pages that must tell of everything do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import doctor
from shared.engine.doctor.checks import CHECKS
from shared.engine.doctor.docs import document as doctors
from shared.mappings.docs import document
from tests.peers import page as peers

ROOT = Path(__file__).parents[2]
DEPLOYMENT = ("deploy", "push", "connect-business-central", "security", "limits-and-cost")
LINKED = (*DEPLOYMENT, "first-run", "doctor", "errors")


def test_the_mappings_page_shows_the_mappings_as_they_are_P13():
    page = Path(__file__).parents[2] / "docs" / "mappings.md"
    assert page.read_text() == document(), "run `make docs`"


def test_the_doctors_page_shows_every_check_as_it_is():
    assert (ROOT / "docs/doctor.md").read_text() == doctors(), "run `make docs`"


def test_the_page_of_the_first_run_names_what_fix_does_and_how_it_signs_in_P31_P33():
    page = (ROOT / "docs/first-run.md").read_text()

    assert [c.id for c in CHECKS if c.fixable and f"`{c.id}`" not in page] == []
    assert all(f"`{name}`" in page for name in (doctor.TOKEN, doctor.CLIENT, doctor.SECRET, "DATAVERSE_URL"))


#: The table of statistics comes with Microsoft's solution; what of it concerns invoices is theirs.
ELSEWHERE = ("statistics",)


def test_the_page_of_peer_scenarios_is_current_and_each_scenario_has_one_answer():
    assert peers.all_problems() == []
    assert (ROOT / "docs/peer-scenarios.md").read_text() == peers.document(), "run `make docs`"


def test_nine_of_ten_scenarios_that_concern_what_is_built_are_proven():
    rows = peers.rows(peers.read("scenarios.yaml"), peers.read("answers.yaml"), peers.marked())
    concern = [r for r in rows if r.area not in ELSEWHERE and r.answer in (peers.PROVEN, peers.DEVIATION)]
    proven = [r for r in concern if r.answer == peers.PROVEN]

    assert len(rows) == 299 and len(proven) >= 0.9 * len(concern)
    assert [r.id for r in rows if r.answer != peers.PROVEN and not r.reason] == []


@pytest.mark.parametrize(
    ("answers", "tests", "problem"),
    [
        ({}, {}, "a-001: no test is marked with it and answers.yaml says nothing"),
        ({"deviations": {"a-001": "why"}, "not_yet": {"a-001": "why"}}, {}, "a-001: several answers"),
        ({"not_yet": {"b-001": "why"}}, {"a-001": ("t",)}, "b-001: unknown in answers.yaml"),
        ({}, {"a-001": ("t",), "b-001": ("t",)}, "b-001: unknown, marked by t"),
        (
            {"remarks": {"a-001": "but"}, "not_yet": {"a-001": "why"}},
            {},
            "a-001: a remark is for what is proven",
        ),
    ],
)
def test_what_does_not_fit_together_is_said(answers, tests, problem):
    empty = {name: {} for name in (*peers.ANSWERS, "remarks")}
    assert peers.problems({"a": {"a-001": "Something."}}, {**empty, **answers}, tests) == [problem]


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
    for name in LINKED:
        for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / "docs" / f"{name}.md").read_text()):
            assert (ROOT / "docs" / link).exists(), (name, link)


#: Where a message to people begins: what is raised or decided with a text.
TELLING = {
    "Hold",
    "Wait",
    "Ignore",
    "Uncouple",
    "Misconfigured",
    "Rejected",
    "Refused",
    "Unconvertible",
    "Missing",
    "InvalidMessage",
}
TITLED = {"ApiProblem": 1, "problem": 1}
#: What a person sees only who repairs with `doctor --fix`, and says itself what to do.
REPAIRS = ("doctor_fix.py", "doctor_fix_azure.py")


def literal(node: ast.expr) -> str | None:
    """Return a text with `…` for what is put into it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
    return None


def literals(node: ast.expr) -> list[str]:
    """Return the texts that an expression may be."""
    branches = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    return [text for branch in branches if (text := literal(branch))]


def messages() -> Iterator[tuple[str, str]]:
    """Yield file and text of each message; of the API's problems the title."""
    for path in [*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in TELLING:
                    given = [*args[:1], *(k.value for k in keywords if k.arg == "reason")]
                case ast.Call(func=ast.Name(id=name), args=args) if name in TITLED:
                    given = args[TITLED[name] : TITLED[name] + 1]
                # Rules that are asked why not answer with a text.
                case ast.FunctionDef(name="ignores" | "holds") if "rules" in path.parts:
                    given = [
                        n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value is not None
                    ]
                case _:
                    continue
            yield from ((path.name, text) for one in given for text in literals(one))


def phrases() -> set[str]:
    page = (ROOT / "docs/errors.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("|")]
    rows = [re.sub(r"see \*A job or a mapping stopped\*", "", row) for row in rows]
    return {phrase for row in rows for phrase in re.findall(r"\*([^*]+)\*", row)}


def pieces(text: str) -> list[str]:
    return [piece for part in re.split("…", text) if len(piece := part.strip(" :;,.'()")) >= 6]


def test_each_error_that_a_person_may_read_is_explained_with_what_to_do():
    known = [piece for phrase in phrases() for piece in pieces(phrase)]
    untold = [
        (file, text)
        for file, text in messages()
        if file not in REPAIRS
        and not re.match(r"E-[A-Z]+", text)
        and pieces(text)
        and not any(k in text for k in known)
    ]

    assert untold == []


def test_the_page_of_errors_names_no_message_that_is_gone():
    source = " ".join(
        text
        for path in [*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").glob("*.py")]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.expr) and (text := literal(node))
    )

    assert [p for phrase in phrases() for p in pieces(phrase) if p not in source] == []


def test_each_code_of_orders_and_quotes_is_explained_and_none_is_gone():
    page = (ROOT / "docs/sales-orders.md").read_text()
    source = "".join(p.read_text() for p in (ROOT / "shared/rules").rglob("*.py"))
    given = set(re.findall(r"\bE-([A-Z]+)\b", source))
    told = set(re.findall(r"\bE-([A-Z]+)\b", page))
    ends = set(re.findall(r"E-\{[^}]+\}([A-Z]+)", source))

    assert given <= told
    assert {code for code in told - given if not any(code.endswith(end) for end in ends)} == set()
