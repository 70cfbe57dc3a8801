"""Rules beyond field mapping, cited by section of mappings.md."""

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.core.mapping import COMPUTED
from shared.core.model import Record, Side
from shared.mappings import ALL, BY_NAME
from shared.ports import local_currency_id
from shared.rules import RULES, Context
from shared.rules.currencies import BASE, LOCAL, factor, is_iso, rate
from shared.rules.iso_4217 import CODES, CURRENT, WITHDRAWN
from shared.wiring import WITH_POSTS

FACTS = Context(
    company_id="c",
    lcy_code="GBP",
    base_currency_code="GBP",
    lcy_currency_id="g",
    currency_precision=3,
    bc_user_ids=frozenset({"b"}),
    sales_user_ids=frozenset({"s"}),
)
CURRENCIES, CUSTOMERS = RULES["currencies"], RULES["customers"]


def a_currency(code="EUR", foreign=100, local=80, **values):
    shown = {"code": code, "exchangeRateAmount": foreign, "relationalExchangeRateAmount": local} | values
    return Record(side=Side.BC, id="1", version="1", values=shown)


@pytest.mark.parametrize(
    ("code", "iso"),
    [
        pytest.param("EUR", True, id="current"),
        pytest.param("eur", True, id="lower case"),
        pytest.param(" CHF ", True, id="with spaces"),
        pytest.param("XCG", True, id="new in 2025"),
        pytest.param("XDR", True, id="drawing rights"),
        pytest.param("BGN", True, id="withdrawn in 2026, still in the books"),
        pytest.param("XXX", False, id="no currency"),
        pytest.param("XTS", False, id="for tests"),
        pytest.param("XYZ", False, id="three letters"),
        pytest.param("XBARTER", False, id="a company's own"),
        pytest.param("EURO", False, id="nearly"),
        pytest.param("", False, id="blank"),
    ],
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
        pytest.param(-1, 80, None, id="negative"),
        pytest.param(1, 10**11, None, id="0 in ten decimals"),
        pytest.param(1, 2 * 10**10, "0.0000000001", id="rounded half up"),
        pytest.param("100", "23.3753", "4.2780199612", id="decimals as text"),
        pytest.param(10**18, Decimal("0.00001"), "1e23", id="far too much"),
    ],
)
def test_the_exchange_rate_is_foreign_units_per_unit_of_the_base_currency_mappings_7(
    foreign, local, expected
):
    found = rate(factor(a_currency(foreign=foreign, local=local)), LOCAL)

    assert found == (Decimal(expected) if expected else None)


def test_a_currency_without_rate_is_held_R158():
    assert "no exchange rate" in CURRENCIES.holds(Side.BC, a_currency(foreign=0), FACTS)


def test_a_rate_that_sales_cannot_take_is_held():
    assert "the most Sales takes" in CURRENCIES.holds(Side.BC, a_currency(foreign=10**18, local=1), FACTS)


@pytest.mark.parametrize("code", ["GBP", "gbp"])
def test_the_base_currency_needs_no_rate_of_its_own_mappings_7(code):
    assert CURRENCIES.holds(Side.BC, a_currency(code, foreign=0), FACTS) is None


def test_the_base_currency_has_rate_1_mappings_7():
    assert CURRENCIES.adds(Side.BC, a_currency("GBP", foreign=0), FACTS)["computedExchangeRate"] == 1


def with_base(code, *rows, **differs):
    """Sales counts in `code`; BC's rates, against GBP, are those of the rows."""
    return replace(
        FACTS, base_currency_code=code, related={BASE: {code.lower(): rows}} if rows else {}, **differs
    )


DOLLAR = a_currency("USD", foreign=100, local=Decimal("64.8824"))


@pytest.mark.parametrize(
    ("currency", "expected"),
    [
        # 100 EUR = 80 GBP and 100 USD = 64.8824 GBP: a dollar is 64.8824/80 euros.
        pytest.param(a_currency("EUR"), "0.81103", id="cross rate"),
        pytest.param(
            a_currency("DKK", 100, Decimal("10.8026")), "6.0061836965", id="rounded to ten decimals"
        ),
        pytest.param(DOLLAR, "1", id="the base itself"),
        pytest.param(a_currency("GBP", 0, 0), "0.648824", id="the local one, as a row of BC"),
    ],
)
def test_with_another_base_currency_rates_are_cross_rates_mappings_7(currency, expected):
    facts = with_base("USD", DOLLAR)

    assert CURRENCIES.holds(Side.BC, currency, facts) is None
    assert CURRENCIES.adds(Side.BC, currency, facts)["computedExchangeRate"] == Decimal(expected)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(with_base("USD"), id="not a currency of BC"),
        pytest.param(with_base("USD", a_currency("USD", foreign=0)), id="without rate"),
        pytest.param(with_base(""), id="base without code"),
    ],
)
def test_rates_are_not_guessed_when_bc_does_not_know_the_base_currency_mappings_7(facts):
    assert "base currency of Sales" in CURRENCIES.holds(Side.BC, a_currency(), facts)
    assert CURRENCIES.adds(Side.BC, a_currency(), facts)["computedExchangeRate"] is None
    assert not list(CURRENCIES.stands_alone(facts))


def test_the_base_currency_is_asked_for_only_when_it_is_not_the_local_one():
    assert not CURRENCIES.needs([], FACTS)
    assert [n.values for n in CURRENCIES.needs([], with_base("USD"))] == [("USD",)]


def test_the_local_currency_is_made_in_sales_when_it_is_missing_there_H21_mappings_7():
    facts = with_base("USD", DOLLAR, lcy_currency_id=local_currency_id(FACTS))

    (step,) = CURRENCIES.stands_alone(facts)

    assert step.id == local_currency_id(FACTS)
    assert step.values == {
        "isocurrencycode": "GBP",
        "currencyname": "GBP",
        "currencysymbol": "GBP",
        "currencyprecision": 3,
        "exchangerate": Decimal("0.648824"),
    }
    assert not list(CURRENCIES.stands_alone(FACTS)), "Sales has it already"


def test_a_blank_symbol_is_the_iso_code_and_precision_is_set_on_create_only_mappings_7():
    assert CURRENCIES.adds(Side.BC, a_currency(symbol=""), FACTS)["computedSymbol"] == "EUR"
    assert CURRENCIES.adds(Side.BC, a_currency(symbol="€"), FACTS)["computedSymbol"] == "€"
    assert CURRENCIES.on_create(Side.SALES, a_currency(), FACTS) == {"currencyprecision": 3}


@pytest.mark.parametrize(("code", "held"), [("", False), ("GBP", False), ("EUR", False), ("XBARTER", True)])
def test_a_customer_in_a_currency_without_iso_code_is_held_H21(code, held):
    record = Record(side=Side.BC, id="1", version="1", values={"currencyCode": code})

    assert bool(CUSTOMERS.holds(Side.BC, record, FACTS)) is held


@pytest.mark.parametrize("name", ["customers", "contacts"])
def test_a_record_merged_away_in_sales_is_held_with_what_to_do_H30(name):
    for merged, said in ((True, True), (False, False), (None, False)):
        record = Record(side=Side.SALES, id="1", version="1", values={"merged": merged})
        held = RULES[name].holds(Side.SALES, record, FACTS)
        assert bool(held) is said and (not said or "uncouple" in held)


@pytest.mark.parametrize("name", ["currencies", "customers", "contacts", "customer_price_groups"])
def test_a_rule_says_nothing_of_records_of_sales(name):
    record = Record(side=Side.SALES, id="1", version="1", values={"isocurrencycode": "XBARTER"})
    rule = RULES[name]

    assert rule.ignores(Side.SALES, record, FACTS) is None
    assert rule.holds(Side.SALES, record, FACTS) is None
    assert rule.adds(Side.SALES, record, FACTS) == {}
    assert rule.on_create(Side.BC, record, FACTS) == {}


class Noted(dict):
    """Values that note which columns were asked for."""

    def __init__(self) -> None:
        super().__init__(
            {
                "code": "EUR",
                "exchangeRateAmount": 1,
                "relationalExchangeRateAmount": 1,
                "salesType": "Customer_x0020_Price_x0020_Group",
                "baseUnitOfMeasureId": "1",
            }
        )
        self.asked: set[str] = set()

    def get(self, key, default=None):
        self.asked.add(key)
        return super().get(key, default)


@pytest.mark.parametrize("mapping", [m for m in ALL if m.rule and not m.document], ids=lambda m: m.name)
def test_a_rule_sees_only_columns_that_its_mapping_reads(mapping):
    values = Noted()
    record, rule = Record(side=Side.BC, id="1", version="1", values=values), RULES[mapping.rule]
    for said in (rule.ignores, rule.holds, rule.adds):
        said(Side.BC, record, FACTS)
    rule.on_create(Side.SALES, record, FACTS)
    values.asked -= {c for c in values.asked if c.startswith(COMPUTED)}

    assert values.asked and values.asked <= set(mapping.columns(Side.BC))


def test_the_columns_that_a_rule_computes_are_those_the_mapping_names():
    named = {f.bc for f in BY_NAME["currencies"].fields if f.bc.startswith("computed")}

    assert set(CURRENCIES.adds(Side.BC, a_currency(), FACTS)) == named


def test_every_rule_that_a_mapping_names_exists_and_none_is_idle():
    assert {m.rule for m in ALL if m.rule} | set(WITH_POSTS.values()) == set(RULES)


def test_iso_codes_are_three_capitals_and_in_one_list_only():
    assert all(len(c) == 3 and c.isascii() and c.isupper() for c in CODES)
    assert not CURRENT & WITHDRAWN
    assert len(CODES) > 170
