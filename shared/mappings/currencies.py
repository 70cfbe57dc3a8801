"""Currencies in Business Central are transaction currencies in Sales, by ISO code (P4, P22)."""

from shared.core.convert import Number, Text
from shared.core.mapping import Direction, EntityMapping, Feed, FieldMap, Match, Table, When
from shared.core.model import Side

TO_SALES = Direction.TO_SALES

CURRENCIES = EntityMapping(
    name="currencies",
    title="Currency → Transaction currency",
    source="mappings.md, CURRENCY and §7",
    bc=Table(name="currencies"),
    sales=Table(name="transactioncurrencies", key="transactioncurrencyid", bulk=False),
    direction=TO_SALES,
    match=(Match(bc=("code",), sales=("isocurrencycode",)),),
    match_always=True,
    rule="currencies",
    # The rate of today is computed: neither a new rate nor a new day touches the currency's row.
    volatile=True,
    daily=True,
    also_changed_by=(
        Feed(
            name="exchange_rates",
            side=Side.BC,
            table=Table(name="currencyExchangeRates"),
            column="currencyId",
        ),
    ),
    extra_bc=("isoCode", "symbol", "description", "exchangeRateAmount", "relationalExchangeRateAmount"),
    label_bc="code",
    label_sales="isocurrencycode",
    fields=(
        FieldMap(
            name="code",
            bc="code",
            sales="isocurrencycode",
            converter=Text(10, 5, code=True),
            direction=TO_SALES,
            when=When.CREATE,
            required=True,
        ),
        FieldMap(
            name="symbol",
            bc="computedSymbol",
            sales="currencysymbol",
            converter=Text(10, 10),
            direction=TO_SALES,
        ),
        FieldMap(
            name="description",
            bc="computedName",
            sales="currencyname",
            converter=Text(30, 100),
            direction=TO_SALES,
        ),
        FieldMap(
            name="exchange_rate",
            bc="computedExchangeRate",
            sales="exchangerate",
            converter=Number(10),
            direction=TO_SALES,
        ),
    ),
)
