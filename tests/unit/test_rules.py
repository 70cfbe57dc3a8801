"""Rules beyond field mapping, cited by section of mappings.md."""

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.core.model import Record, Side
from shared.ports import Facts
from shared.rules import RULES
from shared.rules.currencies import is_iso, rate

FACTS = Facts(
    company_id="c",
    lcy_code="GBP",
    base_currency_code="GBP",
    lcy_currency_id="g",
    currency_precision=3,
    bc_user_id="b",
    sales_user_id="s",
)
CURRENCIES, CUSTOMERS = RULES["currencies"], RULES["customers"]


def a_currency(code="EUR", foreign=100, local=80, **values):
    shown = {"code": code, "exchangeRateAmount": foreign, "relationalExchangeRateAmount": local} | values
    return Record(side=Side.BC, id="1", version="1", values=shown)


@pytest.mark.parametrize(
    ("code", "iso"), [("EUR", True), ("eur", True), ("XBARTER", False), ("", False), ("XYZ", False)]
)
def test_only_standard_iso_codes_are_currencies_of_sales_P22(code, iso):
    assert is_iso(code) is iso
    assert (CURRENCIES.ignores(Side.BC, a_currency(code), FACTS) is None) is iso


@pytest.mark.parametrize(
    ("foreign", "local", "expected"),
    [
        pytest.param(100, 80, "1.25", id="100 EUR are 80 GBP"),
        pytest.param(100, Decimal("23.3753"), "4.2780199612", id="ten decimals"),
        pytest.param(1, 1, "1", id="one to one"),
        pytest.param(0, 80, None, id="no rate"),
        pytest.param(100, 0, None, id="no local amount"),
    ],
)
def test_the_exchange_rate_is_foreign_units_per_unit_of_the_base_currency_mappings_7(
    foreign, local, expected
):
    found = rate(a_currency(foreign=foreign, local=local))

    assert found == (Decimal(expected) if expected else None)


def test_a_currency_without_rate_is_held_R158():
    assert "no exchange rate" in CURRENCIES.holds(Side.BC, a_currency(foreign=0), FACTS)


def test_the_base_currency_has_rate_1_mappings_7():
    assert CURRENCIES.adds(Side.BC, a_currency("GBP", foreign=0), FACTS)["computedExchangeRate"] == 1


def test_rates_are_not_guessed_when_the_base_currency_is_not_the_local_one():
    assert CURRENCIES.holds(Side.BC, a_currency(), replace(FACTS, base_currency_code="USD"))


def test_a_blank_symbol_is_the_iso_code_and_precision_is_set_on_create_only_mappings_7():
    assert CURRENCIES.adds(Side.BC, a_currency(symbol=""), FACTS)["computedSymbol"] == "EUR"
    assert CURRENCIES.adds(Side.BC, a_currency(symbol="€"), FACTS)["computedSymbol"] == "€"
    assert CURRENCIES.on_create(Side.SALES, a_currency(), FACTS) == {"currencyprecision": 3}


@pytest.mark.parametrize(("code", "held"), [("", False), ("GBP", False), ("EUR", False), ("XBARTER", True)])
def test_a_customer_in_a_currency_without_iso_code_is_held_H21(code, held):
    record = Record(side=Side.BC, id="1", version="1", values={"currencyCode": code})

    assert bool(CUSTOMERS.holds(Side.BC, record, FACTS)) is held
