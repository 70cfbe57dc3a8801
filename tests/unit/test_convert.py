"""Converters: there and back, blanks, lengths (H3, H6, H21, H30)."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.convert import (
    LOCAL_CURRENCY,
    ZERO_GUID,
    Boolean,
    Choice,
    Day,
    Is,
    Number,
    Option,
    Reference,
    Text,
)
from shared.core.errors import Unconvertible
from shared.core.model import Side, Unresolved

BC_ID, SALES_ID = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
LOCAL = "33333333-3333-4333-8333-333333333333"


class OnePair:
    """A resolver that knows one coupling in every mapping."""

    local_currency_id = LOCAL

    def bc_id(self, mapping, sales_id):
        return BC_ID if sales_id in (SALES_ID, "7") else None

    def sales_id(self, mapping, bc_id):
        return ("7" if mapping == "terms" else SALES_ID) if bc_id == BC_ID else None


KNOWN = OnePair()
CURRENCY = Reference(
    "currencies", nav="transactioncurrencyid", entity_set="transactioncurrencies", local_currency=True
)
OWNER = Reference("salespeople", nav="ownerid", entity_set="systemusers")
TERMS = Option("terms")
BLOCKED = Choice(words=(("ship", "Ship", 1), ("all", "All", 3)))


@pytest.mark.parametrize(
    ("converter", "side", "raw"),
    [
        (Text(10, 10), Side.BC, ""),
        (Text(10, 10), Side.SALES, None),
        (Text(10, 10), Side.BC, "  "),
        (Number(2), Side.BC, 0),
        (Number(2), Side.SALES, None),
        (Day(), Side.BC, "0001-01-01"),
        (Day(), Side.SALES, None),
        (OWNER, Side.BC, ZERO_GUID),
        (OWNER, Side.SALES, None),
        (TERMS, Side.BC, ZERO_GUID),
        (TERMS, Side.SALES, None),
        (BLOCKED, Side.BC, "_x0020_"),
    ],
)
def test_every_blank_is_one_thing_H30(converter, side, raw):
    assert converter.read(side, raw, KNOWN) is None


def test_false_is_a_value_H30():
    assert Boolean().read(Side.BC, False, KNOWN) is False


@given(st.text(max_size=30))
@pytest.mark.peer("engine-decision-040")
def test_a_text_that_fits_comes_back_as_it_went(text):
    converter = Text(30, 30)
    for side in Side:
        value = converter.read(side, text, KNOWN)
        sent = converter.write(side, value, "x", KNOWN)["x"]
        assert converter.read(side, sent, KNOWN) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9))
@pytest.mark.peer("engine-decision-040")
def test_a_number_comes_back_as_it_went(number):
    converter = Number(2)
    for side in Side:
        value = converter.read(side, number, KNOWN)
        assert converter.read(side, converter.write(side, value, "x", KNOWN)["x"], KNOWN) == value


@given(st.dates(min_value=date(1753, 1, 1)))
@pytest.mark.peer("engine-decision-040")
def test_a_date_comes_back_as_it_went(day):
    for side in Side:
        assert Day().read(side, Day().write(side, day, "x", KNOWN)["x"], KNOWN) == day


def test_equality_is_tested_in_the_narrower_domain_H3():
    code = Text(5, 10, code=True)
    assert code.narrow("abcdefgh") == "ABCDE"
    assert Number(2).narrow(Decimal("1.005")) == Decimal("1.01")
    assert Number(2).narrow(Decimal("0.001")) is None


def test_a_text_too_long_says_how_long_and_the_limit_H3():
    assert Text(5, 10).misfit(Side.BC, "abcdef") == "is 6 characters; Business Central takes 5"
    assert Text(5, 10).misfit(Side.SALES, "abcdef") is None
    assert Text(5, 10, cut=True).write(Side.BC, "abcdef", "x", KNOWN) == {"x": "abcde"}


def test_a_reference_is_the_bc_id_on_both_sides_and_bound_by_its_navigation():
    assert OWNER.read(Side.BC, BC_ID.upper(), KNOWN) == BC_ID == OWNER.read(Side.SALES, SALES_ID, KNOWN)
    assert OWNER.write(Side.SALES, BC_ID, "_ownerid_value", KNOWN) == {
        "ownerid@odata.bind": f"/systemusers({SALES_ID})"
    }
    assert OWNER.write(Side.BC, None, "salespersonId", KNOWN) == {"salespersonId": ZERO_GUID}


@pytest.mark.parametrize("converter", [OWNER, TERMS])
def test_what_is_not_coupled_is_unresolved_and_never_blank_H6(converter):
    assert converter.read(Side.BC, SALES_ID, KNOWN) == Unresolved(SALES_ID)
    assert converter.read(Side.SALES, BC_ID, KNOWN) == Unresolved(BC_ID)


def test_the_local_currency_is_a_value_of_its_own_H21():
    for side, raw in ((Side.BC, ZERO_GUID), (Side.SALES, LOCAL), (Side.SALES, None)):
        assert CURRENCY.read(side, raw, KNOWN) == LOCAL_CURRENCY
    assert CURRENCY.write(Side.BC, LOCAL_CURRENCY, "currencyId", KNOWN) == {"currencyId": ZERO_GUID}
    assert CURRENCY.write(Side.SALES, LOCAL_CURRENCY, "x", KNOWN) == {
        "transactioncurrencyid@odata.bind": f"/transactioncurrencies({LOCAL})"
    }


def test_an_option_is_a_number_in_sales_P15():
    assert TERMS.read(Side.SALES, 7, KNOWN) == BC_ID
    assert TERMS.write(Side.SALES, BC_ID, "paymenttermscode", KNOWN) == {"paymenttermscode": 7}
    assert TERMS.write(Side.SALES, Unresolved("x"), "paymenttermscode", KNOWN) == {"paymenttermscode": None}


def test_a_choice_knows_both_sides_words():
    assert BLOCKED.read(Side.BC, "All", KNOWN) == "all" == BLOCKED.read(Side.SALES, 3, KNOWN)
    assert BLOCKED.write(Side.SALES, "ship", "x", KNOWN) == {"x": 1}
    assert BLOCKED.read(Side.SALES, 9, KNOWN) == Unresolved("9")


def test_a_state_is_only_ever_set():
    state = Is(bc=("All", "Ship"), sales=(1,))
    assert state.read(Side.BC, "Ship", KNOWN) is True and state.read(Side.SALES, 0, KNOWN) is None
    assert state.write(Side.BC, True, "blocked", KNOWN) == {"blocked": "All"}
    with pytest.raises(Unconvertible):
        state.write(Side.BC, None, "blocked", KNOWN)


def test_what_is_no_number_is_no_silent_blank():
    with pytest.raises(Unconvertible):
        Number(2).read(Side.SALES, "a lot", KNOWN)
