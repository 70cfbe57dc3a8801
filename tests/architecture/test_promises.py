"""Promises and hard cases keep their tests: each number below is in the name of a test.

A number joins its list when what it promises is built. Scenarios that cite a hard case run the whole
product, so unit tests do not count for those.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
#: Promises of mappings and of full synchronization: a scenario each.
PROMISES = (*range(1, 31), *range(36, 42), 47)
PROMISES_SINCE = (31, 32, 33, 34, 35, 37, 42, 43, 44, 45, 46, 48)
HARD_CASES = tuple(range(1, 31))


@cache
def names(folder: str) -> list[str]:
    """Return the names of all test functions under a folder of tests."""
    found = []
    for path in sorted((TESTS / folder).rglob("test_*.py")):
        tree = ast.parse(path.read_text(), str(path))
        found += [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    return [name for name in found if name.startswith("test_")]


def cited(letter: str, all_names: list[str]) -> set[int]:
    """Return the numbers cited as whole words: `…_P4_P22` cites 4 and 22, never 2."""
    return {int(n) for name in all_names for n in re.findall(rf"(?<=_){letter}(\d+)(?=_|$)", name)}


@pytest.mark.parametrize("promise", [*PROMISES, *PROMISES_SINCE], ids=lambda n: f"P{n}")
def test_a_promise_has_a_test_that_cites_it(promise):
    assert promise in cited("P", names("")), f"no test cites P{promise}"


@pytest.mark.parametrize("promise", PROMISES, ids=lambda n: f"P{n}")
def test_a_promise_of_the_mappings_has_a_scenario(promise):
    assert promise in cited("P", names("scenarios")), f"no scenario cites P{promise}"


@pytest.mark.parametrize("case", HARD_CASES, ids=lambda n: f"H{n}")
def test_a_hard_case_has_a_scenario_that_cites_it(case):
    assert case in cited("H", names("scenarios")), f"no scenario cites H{case}"


def test_numbers_are_read_as_whole_words():
    assert cited("P", ["test_x_P4_P22", "test_P1x_", "test_y_XP7"]) == {4, 22}
