"""Values that change while no row of the mapping changes (H22), told with exchange rates."""

from datetime import timedelta
from decimal import Decimal

from sandbox.world import World
from shared.engine.parts import Limits
from tests.scenarios.builders import a_company, add_currency, an_id


def rate_in_sales(world: World, code: str) -> Decimal:
    rows = world.sales.all("transactioncurrencies").values()
    return next(Decimal(str(r["exchangerate"])) for r in rows if r["isocurrencycode"] == code)


def a_new_rate(world: World, currency: str, local: int, name: str = "rate") -> None:
    """A rate is a row of its own; the currency shows it without moving."""
    world.bc.add("currencyExchangeRates", an_id(f"{name} {local} of {currency}"), currencyId=currency)
    world.bc.compute("currencies", currency, relationalExchangeRateAmount=local)


def a_synced_company(**options) -> tuple[World, str]:
    world = a_company(**options)
    usd = add_currency(world, "USD", rate=80)
    world.full_sync()
    return world, usd


def test_a_new_exchange_rate_reaches_sales_by_the_timer_although_the_currency_did_not_move_H22_P22():
    world, usd = a_synced_company()
    before = rate_in_sales(world, "USD")

    a_new_rate(world, usd, 50)
    world.tick("currencies")

    assert rate_in_sales(world, "USD") == 2 != before


def test_a_rate_entered_during_the_full_synchronization_is_not_missed_H17_H22():
    world = a_company()
    usd = add_currency(world, "USD", rate=80)
    entered = []

    def enter(name: str) -> None:
        if name == "changes" and not entered:
            entered.append(name)
            a_new_rate(world, usd, 50)

    world.bc.after = enter
    world.full_sync()
    assert entered
    world.tick("currencies")

    assert rate_in_sales(world, "USD") == 2


def test_a_rate_that_becomes_valid_by_the_calendar_alone_reaches_sales_within_a_day_H22():
    world, usd = a_synced_company()
    world.housekeeping()

    world.bc.compute("currencies", usd, relationalExchangeRateAmount=40)
    world.clock.advance(timedelta(days=1))
    world.housekeeping()

    assert rate_in_sales(world, "USD") == Decimal("2.5")


def test_the_daily_look_is_taken_once_a_day_and_writes_nothing_when_nothing_moved_H22():
    world, _ = a_synced_company()
    world.housekeeping()
    written, reads = world.written(), world.bc.requests
    world.housekeeping()

    assert world.written() == written
    assert world.bc.requests == reads


def test_a_long_feed_goes_on_in_a_follow_up_and_looks_at_each_record_H22():
    world = a_company(limits=Limits(page=2, job=timedelta(0)))
    codes = ["USD", "JPY", "CHF", "SEK", "NOK"]
    currencies = {code: add_currency(world, code, rate=80) for code in codes}
    world.full_sync()
    for currency in currencies.values():
        a_new_rate(world, currency, 50)

    world.tick("currencies")

    assert {rate_in_sales(world, code) for code in codes} == {Decimal(2)}


def test_an_idle_feed_costs_one_request_and_no_write_H22():
    world, _ = a_synced_company()
    world.tick("currencies")
    reads, written = world.bc.requests, world.written()

    world.tick("currencies")

    assert world.bc.requests - reads == 2, "one for the currencies, one for their rates"
    assert world.written() == written
