"""Hard cases of design §12 that no other story tells: H4, H6, H7, H11, H14, H20, H21, H23, H27, H28."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.world import COMPANY, World
from shared.core.convert import Text
from shared.core.mapping import Blank, Creates, Direction, When
from shared.engine.parts import Limits
from shared.mappings import BY_NAME
from shared.ports import local_currency_id
from tests.scenarios.builders import (
    USER,
    ZERO,
    a_company,
    a_coupled_customer,
    account_of,
    add_contact,
    add_currency,
    add_customer,
    an_id,
)
from tests.scenarios.services import WiredWorld

# --- answers, cursors ------------------------------------------------------------------------------


def test_an_edit_between_our_bulk_write_and_our_reading_of_its_answer_is_not_taken_for_ours_H4():
    world = WiredWorld()
    edited: list[str] = []

    def somebody_is_fast(method: str, path: str, status: int) -> None:
        if path.endswith("accounts/Microsoft.Dynamics.CRM.CreateMultiple") and not edited:
            edited.append(world.sales_sim.all("accounts")[0]["accountid"])
            world.sales_sim.edit("accounts", edited[0], telephone1="0123")

    world.after_request = somebody_is_fast
    world.full_sync()

    (customer,) = [bc for bc, sales in world.coupled("customers").items() if sales == edited[0]]
    assert world.bc_sim.get("customers", customer)["phoneNumber"] == "0123"
    assert world.sales_sim.get("accounts", edited[0])["telephone1"] == "0123"
    assert world.held("customers") == []


def test_a_bulk_write_is_answered_by_one_read_whatever_the_number_of_records_H4():
    asked = []
    for customers in (5, 60):
        world, paths = WiredWorld(customers=customers), Counter()
        world.after_request = lambda method, path, status, paths=paths: paths.update([path.split("/")[-1]])
        world.full_sync()
        asked.append(paths["accounts"])

    assert asked == [1, 1], "one read of accounts' changes; the answers come in a batch"


@pytest.mark.parametrize("lag", [0, 30])
def test_what_is_edited_while_a_pass_reads_is_seen_by_the_next_also_from_a_lagging_replica_H7(lag):
    world = WiredWorld(customers=6, limits=Limits(page=2))
    world.full_sync()
    world.bc_sim.settings["replica_lag_seconds"] = lag
    world.bc_sim.settings_changed()
    customers = sorted(world.coupled("customers"))
    for customer in customers:
        world.bc_sim.edit("customers", customer, contactName="first")
    pages: list[str] = []

    def somebody_edits_what_was_read(method: str, path: str, status: int) -> None:
        if "tandem/sync" in path:
            pages.append(path)
            if len(pages) == 2:
                for customer in customers:
                    world.bc_sim.edit("customers", customer, contactName="second")

    world.after_request = somebody_edits_what_was_read
    world.tick("customers")
    assert len(pages) > 2
    world.time.advance(60)
    world.tick("customers")

    names = {
        world.sales_sim.get("accounts", a)["address1_primarycontactname"]
        for a in world.coupled("customers").values()
    }
    assert names == {"second"}


def test_the_cursor_of_bc_is_the_least_active_row_version_and_an_idle_poll_is_one_request_H7():
    world = WiredWorld(customers=6)
    world.full_sync()
    world.tick("customers")
    before = (world.bc.requests, world.sales.requests)

    world.tick("customers")

    assert (world.bc.requests - before[0], world.sales.requests - before[1]) == (1, 1)
    told = world.bc.query(["syncState?$select=minimumActiveRowVersion"])[0][0]["minimumActiveRowVersion"]
    stored = world.app.ports.cursors.get("customers", BY_NAME["customers"].bc and world.bc.side).value
    assert str(int(told)) in str(stored)


# --- unresolved, late ------------------------------------------------------------------------------


def test_an_option_that_appears_later_wakes_the_records_that_had_it_left_empty_H6():
    world = a_company()
    several = [add_customer(world, f"C{n}", paymentTermsId=an_id("terms 1M(8D)")) for n in range(3)]
    other = add_customer(world, "C9")
    world.full_sync()
    assert [account_of(world, c).get("paymenttermscode") for c in several] == [None] * 3

    world.sales.add("account.paymenttermscode", "9", value=9, label="1M(8D)")
    world.tick("payment_terms")

    assert [account_of(world, c)["paymenttermscode"] for c in several] == [9] * 3
    assert account_of(world, other).get("paymenttermscode") is None


def test_an_option_of_sales_that_bc_does_not_know_writes_nothing_to_bc_until_it_does_H6():
    world, customer, account = a_coupled_customer(paymentTermsId=an_id("terms 14 DAYS"))
    world.sales.add("account.paymenttermscode", "9", value=9, label="30 DAYS")

    world.sales.edit("accounts", account, paymenttermscode=9, telephone1="7")
    world.tick("customers")
    row = world.bc.show("customers", customer)
    assert (row["paymentTermsId"], row["phoneNumber"]) == (an_id("terms 14 DAYS"), "7")
    assert account_of(world, customer)["paymenttermscode"] == 9

    world.bc.add("paymentTerms", an_id("terms 30 DAYS"), code="30 DAYS", description="")
    world.tick("payment_terms")

    assert world.bc.show("customers", customer)["paymentTermsId"] == an_id("terms 30 DAYS")


def test_thousands_with_an_option_left_empty_are_not_read_again_for_another_option_H6_P18():
    world = a_company(limits=Limits(page=50))
    for n in range(200):
        add_customer(world, f"C{n}", paymentTermsId=an_id("terms 1M(8D)"))
    world.full_sync()
    world.bc.add("paymentTerms", an_id("terms COD"), code="COD", description="")
    world.sales.add("account.paymenttermscode", "5", value=5, label="COD")
    before = world.bc.requests

    world.tick("payment_terms")

    assert an_id("terms COD") in world.coupled("payment_terms")
    assert world.bc.requests - before <= 3


def test_a_primary_contact_is_filled_between_full_synchronizations_too_H20():
    world = a_company(contacts={"creates": Creates.ALWAYS})
    customer = add_customer(world)
    world.full_sync()
    contact = add_contact(world, "K1", customer)
    world.bc.edit("customers", customer, primaryContactId=contact)

    world.tick("customers")
    assert account_of(world, customer).get("_primarycontactid_value") is None
    assert world.held("customers") == [], "a soft reference holds nothing"
    world.tick("contacts")

    assert account_of(world, customer)["_primarycontactid_value"] == world.coupled("contacts")[contact]
    written = world.written()
    world.tick_all()
    assert world.written() == written


def test_a_run_finishes_after_its_wake_ups_H20():
    world = a_company()
    customer = add_customer(world, primaryContactId=an_id("contact K1"))
    add_contact(world, "K1", customer)
    run = world.app.api.start_full_sync({})["run"]
    world.step()

    while world.app.api.run(run)["state"] == "running":
        assert world.step()

    assert (
        account_of(world, customer)["_primarycontactid_value"]
        == world.coupled("contacts")[an_id("contact K1")]
    )


# --- two workers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("overtaking", [False, True], ids=["at the same time", "after the lease was lost"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", ["sales.create", "sales.update", "sales.get", "tables.transact:Couplings"])
def test_two_workers_create_nothing_twice_and_lose_no_edit_H11(call, moment, overtaking):
    world = a_company(customers={"creates": Creates.ALWAYS})
    old = add_customer(world, "OLD")
    world.full_sync()
    new = [add_customer(world, f"C{n}") for n in range(3)]
    world.bc.edit("customers", old, phoneNumber="1")
    world.sales.edit("accounts", world.coupled("customers")[old], emailaddress1="x@y.com")
    world.app.poll("customers", occurrence="a")
    world.app.poll("customers", occurrence="b")
    reached = []

    def happens(when: str, name: str) -> bool:
        if when == moment and name.startswith(call):
            reached.append(name)
            return True
        return False

    world.a_second_worker_steps_in(happens, overtaking=overtaking)
    world.run()
    world.tick("customers")

    assert reached
    assert len(world.sales.all("accounts")) == 4 and set(world.coupled("customers")) == {old, *new}
    assert account_of(world, old)["telephone1"] == "1"
    assert world.bc.show("customers", old)["email"] == "x@y.com"
    assert world.held() == []


def test_a_waiter_finds_what_was_coupled_while_it_was_writing_its_row_H14():
    world = a_company()
    newcomer = an_id("salesperson NEW")
    world.bc.add("salespeople", newcomer, code="NEW", name="New", email="new@contoso.com")
    customer = add_customer(world, "C9", salespersonId=newcomer)
    world.full_sync("salespeople", "currencies", "payment_terms")

    def couple() -> None:
        world.sales.add("systemusers", an_id("user NEW"), internalemailaddress="new@contoso.com", isdisabled=False, islicensed=True, isintegrationuser=False)  # fmt: skip
        other = world.start_app()
        other.poll("salespeople", occurrence="now")
        world.step(worker=other)
        world.step(worker=other)

    # The wake-up looks before the waiter's row is there, and finds nobody.
    world.once(lambda when, name: when == "before" and name.startswith("tables.transact:Held"), couple)
    world.full_sync("customers")

    assert account_of(world, customer)["_ownerid_value"] == an_id("user NEW")
    assert world.held() == []


# --- currencies ------------------------------------------------------------------------------------


def a_company_with_dollars(*, rate: float = 50) -> tuple[World, str]:
    """BC counts in pounds, Sales in dollars and without pounds: 100 USD are 50 GBP."""
    world = a_company()
    dollar = add_currency(world, "USD", rate=rate)
    world.sales.delete("transactioncurrencies", next(iter(world.sales.all("transactioncurrencies"))))
    world.sales.add("transactioncurrencies", an_id("usd"), isocurrencycode="USD", exchangerate=1)
    world.facts = replace(
        world.facts, base_currency_code="USD", lcy_currency_id=local_currency_id(world.facts)
    )
    world.app = world.start_app()
    return world, dollar


def test_a_missing_local_currency_is_made_in_sales_with_its_rate_and_customers_have_it_H21():
    world, _ = a_company_with_dollars()
    customer = add_customer(world)

    world.full_sync()

    row = world.sales.show("transactioncurrencies", world.facts.lcy_currency_id)
    assert (row["isocurrencycode"], row["currencyname"], row["exchangerate"]) == ("GBP", "GBP", 0.5)
    assert account_of(world, customer)["_transactioncurrencyid_value"] == world.facts.lcy_currency_id
    written = world.written()
    world.full_sync()
    assert world.written() == written


def test_rates_are_cross_rates_and_follow_the_base_currency_within_a_day_H21_H22():
    world, dollar = a_company_with_dollars()
    world.full_sync()

    def rates() -> dict[str, float]:
        return {
            r["isocurrencycode"]: float(r["exchangerate"])
            for r in world.sales.all("transactioncurrencies").values()
        }

    assert rates() == {"USD": 1, "EUR": 0.625, "GBP": 0.5}

    world.bc.compute("currencies", dollar, relationalExchangeRateAmount=40)
    world.clock.advance(timedelta(days=1))
    world.housekeeping()

    assert rates() == {"USD": 1, "EUR": 0.5, "GBP": 0.4}


def test_null_in_sales_is_the_local_currency_too_H21():
    world, customer, account = a_coupled_customer()

    world.sales.edit("accounts", account, _transactioncurrencyid_value=None, telephone1="1")
    world.tick("customers")

    assert world.bc.show("customers", customer)["currencyId"] == ZERO
    assert world.held() == []


# --- fields ----------------------------------------------------------------------------------------


def with_fields(**differs: dict) -> dict:
    """Return the customers' fields, some of them different."""
    return {"fields": tuple(replace(f, **differs.get(f.name, {})) for f in BY_NAME["customers"].fields)}


def test_a_field_taken_on_create_only_is_never_written_again_H23():
    world = a_company(customers=with_fields(city={"when": When.CREATE, "direction": Direction.TO_SALES}))
    customer = add_customer(world, city="Rome")
    world.full_sync()
    assert account_of(world, customer)["address1_city"] == "Rome"

    world.bc.edit("customers", customer, city="Oslo")
    world.tick("customers")

    assert account_of(world, customer)["address1_city"] == "Rome"


def test_a_field_taken_on_update_only_is_left_out_of_the_create_H23():
    world = a_company(customers=with_fields(city={"when": When.UPDATE}))
    customer = add_customer(world, city="Rome")
    world.full_sync("salespeople", "currencies")
    sent = []
    world.sales.refuse = lambda table, values: sent.append(dict(values)) or None

    world.full_sync("customers")
    assert "address1_city" not in sent[0]
    world.bc.edit("customers", customer, city="Oslo")
    world.tick("customers")

    assert account_of(world, customer)["address1_city"] == "Oslo"


@pytest.mark.parametrize(("blank", "left"), [(Blank.KEEP, "London"), (Blank.WRITE, None)])
def test_a_blank_source_empties_the_other_side_only_where_the_field_says_so_H23(blank, left):
    world = a_company(customers=with_fields(city={"blank": blank}))
    customer = add_customer(world, city="London")
    world.full_sync()

    world.bc.edit("customers", customer, city="")
    world.tick("customers")

    assert account_of(world, customer)["address1_city"] == left


def test_a_customer_that_loses_its_salesperson_keeps_its_owner_H23():
    world, customer, _ = a_coupled_customer()

    world.bc.edit("customers", customer, salespersonId=ZERO, phoneNumber="1")
    world.tick("customers")

    account = account_of(world, customer)
    assert (account["_ownerid_value"], account["telephone1"]) == (USER, "1")


def test_a_one_way_field_that_somebody_changed_in_the_target_is_written_again_H23():
    world, customer, account = a_coupled_customer(creditLimit=500)

    world.sales.edit("accounts", account, creditlimit=9)
    world.tick("customers")

    assert account_of(world, customer)["creditlimit"] == 500
    assert world.bc.show("customers", customer)["creditLimit"] == 500


# --- tables ----------------------------------------------------------------------------------------


def counted(world: World) -> Counter:
    """Count table requests by name from here on."""
    names: Counter = Counter()
    world.tables.before_request = lambda name: names.update([name.removeprefix("tables.")])
    return names


def test_a_full_pass_streams_couplings_and_a_small_page_reads_only_its_own_H27():
    world = a_company(limits=Limits(page=1000))
    customers = [add_customer(world, f"C{n}") for n in range(1200)]
    world.full_sync()

    names = counted(world)
    world.full_sync("customers")
    streamed = sum(n for name, n in names.items() if name.endswith(":Couplings"))
    # 1,200 couplings at a thousand to a request, for the line and for its references.
    assert streamed <= 12

    world.bc.edit("customers", customers[7], phoneNumber="1")
    names = counted(world)
    world.tick("customers")
    read = {name: n for name, n in names.items() if name.endswith(":Couplings")}
    assert account_of(world, customers[7])["telephone1"] == "1"
    assert not any(name.startswith("query") for name in read), read
    assert sum(read.values()) <= 12


def test_history_takes_a_transaction_for_a_hundred_updates_and_none_for_creates_H28():
    world = a_company()
    world.full_sync()
    names = counted(world)
    customers = [add_customer(world, f"C{n}") for n in range(250)]
    world.full_sync("customers")
    assert names["transact:History"] == 0
    # 250 new couplings, two rows each, a hundred operations to a transaction.
    assert names["transact:Couplings"] <= 8

    for customer in customers:
        world.bc.edit("customers", customer, phoneNumber="1")
    names = counted(world)
    world.app.api.sync("customers", {"force": True})
    world.run()

    # Three for 250 updates, and one that notes the month's partition.
    assert names["transact:History"] == 4 and names["transact:Couplings"] == 3


def test_every_row_that_tandem_keeps_begins_with_the_company_H28():
    world, customer, _ = a_coupled_customer()
    add_customer(world, "C2", salespersonId=an_id("nobody"))
    world.bc.edit("customers", customer, phoneNumber="1")
    world.tick("customers")
    world.full_sync()

    partitions = {(table, name) for table, kept in world.tables._tables.items() for name in kept}
    assert {table for table, _ in partitions} >= {"Couplings", "Held", "Waits", "History", "Runs", "Cursors"}
    assert [p for p in partitions if not p[1].startswith(COMPANY)] == []


def test_a_text_too_long_to_be_remembered_whole_is_still_compared_rightly_H28():
    world = a_company(customers=with_fields(contact_name={"converter": Text(20_000, 20_000)}))
    long = "ä" * 9000
    customer = add_customer(world, contactName=long)
    world.full_sync()
    kept = next(iter(world.app.ports.couplings.find("customers", world.bc.side, [customer]).values()))
    assert len(str(kept.baseline["contact_name"].bc)) < 100, "a hash"
    written = world.written()

    world.bc.edit("customers", customer, phoneNumber="1")
    world.tick("customers")
    assert world.written() == written + 1 and world.held() == []
    world.sales.edit("accounts", world.coupled("customers")[customer], address1_primarycontactname=long + "!")
    world.tick("customers")

    assert world.bc.show("customers", customer)["contactName"] == long + "!"


def test_one_coupling_that_cannot_be_saved_does_not_sink_the_other_ninety_nine_H28():
    world = a_company()
    customers = [add_customer(world, f"C{n}") for n in range(150)]
    world.full_sync()
    for customer in customers:
        world.bc.edit("customers", customer, phoneNumber="1")

    def somebody_saves_one() -> None:
        couplings = world.app.ports.couplings
        (one,) = couplings.find("customers", world.bc.side, [customers[70]]).values()
        couplings.save([replace(one, outcome="somebody else")])

    world.once(lambda when, name: when == "after" and name == "sales.update", somebody_saves_one)
    world.app.api.sync("customers", {"force": True})
    world.run()

    assert {a["telephone1"] for a in world.sales.all("accounts").values()} == {"1"}
    written = world.written()
    world.full_sync("customers")
    assert world.written() == written and world.held() == []
