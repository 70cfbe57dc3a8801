"""What is kept comes back exactly: same value, same type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.core.model import Agreed, Unresolved, Value
from shared.state.codec import (
    CHUNK_BYTES,
    HASH_OVER_BYTES,
    dump_baseline,
    dumps,
    load_baseline,
    loads,
    pack,
    stored_form,
    to_json,
    unpack,
)

#: Half surrogate pairs too: a text that somebody cut in the middle of a character.
texts = st.text(st.characters(exclude_categories=()))
zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
values: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    texts,
    st.decimals(allow_nan=False),
    st.dates(),
    st.datetimes(timezones=st.none() | st.just(UTC) | zones),
    texts.map(Unresolved),
)
names = st.text(min_size=1, max_size=20)
baselines = st.dictionaries(names, st.builds(Agreed, bc=values, sales=values), max_size=8)
data = st.recursive(
    values | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def exactly(value: Any) -> Any:
    """Tell apart what Python calls equal: True and 1, 1.0 and 1.00, date and datetime."""
    match value:
        case dict():
            return {name: exactly(item) for name, item in value.items()}
        case list():
            return [exactly(item) for item in value]
        case Decimal():
            return (Decimal, str(value))
        case datetime():
            return (datetime, value.isoformat())
    return (type(value), value)


@given(values)
@example(Decimal("-0.00"))
@example(Decimal("1E+3"))
@example("\ud83d")
@example('{"n":"1"}')
def test_a_canonical_value_comes_back_exactly(value: Value) -> None:
    assert exactly(loads(dumps(value))) == exactly(value)


@given(data)
@example({"n": "1"})
@example({"o": {"d": "2024-01-01"}})
def test_data_that_holds_values_comes_back_exactly_and_is_never_taken_for_one(value: Any) -> None:
    assert exactly(loads(dumps(value))) == exactly(value)


@given(values, values)
def test_two_values_are_kept_alike_only_if_they_are_the_same(one: Value, other: Value) -> None:
    assert (dumps(one) == dumps(other)) == (exactly(one) == exactly(other))


@given(baselines)
@example({"f": Agreed(bc=True, sales=Decimal(1))})
@example({"f": Agreed(bc=Decimal("1.0"), sales=Decimal("1.00"))})
def test_a_baseline_comes_back_exactly(baseline: dict[str, Agreed]) -> None:
    again = load_baseline(dump_baseline(baseline))
    assert {n: (exactly(a.bc), exactly(a.sales)) for n, a in again.items()} == {
        n: (exactly(a.bc), exactly(a.sales)) for n, a in baseline.items()
    }


def test_a_field_that_is_the_same_on_both_sides_is_kept_once() -> None:
    assert dump_baseline({"name": Agreed(bc="Ærø", sales="Ærø")}) == '{"name":["Ærø"]}'


@given(st.text("aé€😀", min_size=1).map(lambda text: text * (12_000 // len(text))))
def test_a_very_long_text_is_remembered_by_its_hash_and_compared_by_it(text: str) -> None:
    remembered = load_baseline(dump_baseline({"notes": Agreed(bc=text, sales=None)}))["notes"]
    assert remembered.sales is None
    assert remembered.bc == stored_form(text) == stored_form(remembered.bc)
    assert remembered.bc != stored_form(text + "!")
    assert isinstance(remembered.bc, str) and (remembered.bc == text) == (
        len(text.encode()) <= HASH_OVER_BYTES
    )


@pytest.mark.parametrize(
    ("text", "hashed"), [("x" * 8192, False), ("x" * 8193, True), ("é" * 4096, False), ("é" * 4097, True)]
)
def test_eight_kibibytes_are_kept_and_one_byte_more_is_hashed(text: str, hashed: bool) -> None:
    assert (stored_form(text) != text) is hashed


@pytest.mark.parametrize("length", [0, 1, 4096, 4097, 70_000, 300_000])
def test_a_packed_text_of_any_length_comes_back_and_each_part_fits(length: int) -> None:
    noise = Random(length)
    text = "".join(chr(noise.randrange(32, 0xD7FF)) for _ in range(length))
    parts = pack("data", text)
    assert unpack("data", parts) == text
    assert all(len(part) <= CHUNK_BYTES for part in parts.values())


def test_what_was_never_packed_is_the_default() -> None:
    assert unpack("data", {"other": "x"}, "{}") == "{}"


@pytest.mark.parametrize("value", [b"bytes", object(), {1, 2}])
def test_what_has_no_exact_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be kept"):
        to_json(value)


def test_an_unknown_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown"):
        loads('{"x":"1"}')
