"""Filters in words (P13)."""

from decimal import Decimal

import pytest

from shared.core.filters import InvalidFilter, filter_text, parse_filter
from shared.core.mapping import Where
from shared.core.model import Record, Side
from shared.core.project import ignored
from shared.mappings import ALL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  ", []),
        ("blocked = blank", [("blocked", "blank", None)]),
        ("blocked is not blank", [("blocked", "filled", None)]),
        ("blocked != blank", [("blocked", "filled", None)]),
        ("email is filled", [("email", "filled", None)]),
        ("customertypecode = 3", [("customertypecode", "eq", 3)]),
        ("customertypecode<>3", [("customertypecode", "ne", 3)]),
        ("creditLimit = -2.50", [("creditLimit", "eq", Decimal("-2.50"))]),
        ("isdisabled = false AND islicensed=true", [("isdisabled", "eq", False), ("islicensed", "eq", True)]),
        ("type = Service", [("type", "eq", "Service")]),
        ("name = 'and or = blank'", [("name", "eq", "and or = blank")]),
        ('name != "O\'Brien"', [("name", "ne", "O'Brien")]),
        ("code = '3' and x = y", [("code", "eq", "3"), ("x", "eq", "y")]),
    ],
)
def test_a_filter_in_words_is_a_list_of_conditions_P13(text, expected):
    found = parse_filter(text)
    assert [(w.column, w.op, w.value) for w in found] == expected
    assert parse_filter(filter_text(found)) == found
    assert all(w.reason for w in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("blocked", "expected after 'blocked'"),
        ("blocked =", "a value is expected at the end"),
        ("blocked blank", "instead of 'blank' at character 9"),
        ("= 3", "a column is expected instead of '=' at character 1"),
        ("3 = blocked", "a column is expected instead of '3'"),
        ("a = 1 or b = 2", "joined by 'and' only"),
        ("(a = 1)", "a column is expected instead of '('"),
        ("a = 1 and", "expected after the last 'and'"),
        ("a = 1 b = 2", "'and' expected instead of 'b' at character 7"),
        ("a > 1", "instead of '>'"),
        ("a = 'open", "instead of '''"),
        ("a = =", "a value is expected instead of '='"),
        ("a is", "a value is expected at the end"),
    ],
)
def test_a_filter_that_does_not_parse_says_what_was_expected_and_where_P13(text, said):
    with pytest.raises(InvalidFilter) as problem:
        parse_filter(text)
    assert said in str(problem.value)


@pytest.mark.parametrize("mapping", ALL, ids=lambda m: m.name)
@pytest.mark.parametrize("side", Side)
def test_every_filter_of_the_defaults_can_be_written_in_words_P13(mapping, side):
    there = mapping.filter(side)
    found = parse_filter(filter_text(there))
    assert [(w.column, w.op, w.value) for w in found] == [(w.column, w.op, w.value) for w in there]


@pytest.mark.parametrize(
    ("text", "values", "reason"),
    [
        ("blocked = blank", {"blocked": "_x0020_"}, None),
        ("blocked = blank", {"blocked": "All"}, "blocked is not blank"),
        ("type != Service", {"type": "Service"}, "type is Service"),
        ("name = filled", {}, "name is blank"),
        ("statecode = 0", {"statecode": 1}, "statecode is not 0"),
    ],
)
def test_a_record_outside_is_told_the_condition_that_it_does_not_meet(text, values, reason):
    record = Record(side=Side.BC, id="i", version="v", values=values)
    assert ignored(parse_filter(text), record) == reason


def test_a_condition_is_data():
    assert parse_filter("a = 1") == (Where(column="a", op="eq", value=1, reason="a is not 1"),)
