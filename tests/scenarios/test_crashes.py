"""Crashes, lost replies, throttling, two workers: nothing twice, nothing lost (H1, H2, H10–H15, H25)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.world import Crash
from shared.core.errors import Transient
from shared.engine.messages import queue_of
from shared.engine.parts import Limits
from shared.ports import OutgoingMessage
from tests.scenarios.builders import (
    a_company,
    a_coupled_customer,
    account_of,
    add_account,
    add_contact,
    add_currency,
    add_customer,
    add_sales_contact,
    an_id,
    line,
)

PORT_CALLS = [
    "sales.create",
    "sales.update",
    "bc.create",
    "bc.changes",
    "sales.changes",
    "sales.get",
    "tables.transact:Couplings",
    "tables.transact:Runs",
    "tables.transact:Intents",
    "tables.transact:Cursors",
    "tables.transact:Jobs",
    "tables.transact:Leases",
]


def a_filled_company(**options):
    world = a_company(**options)
    for n in range(5):
        customer = add_customer(world, f"C{n}", primaryContactId=an_id(f"contact K{n}"))
        add_contact(world, f"K{n}", customer)
    account = add_account(world, "FromSales")
    add_sales_contact(world, "Bob", account)
    return world


def assert_whole(world):
    """Every record is there once on both sides, coupled once, and there is nothing left to do."""
    customers, contacts = world.coupled("customers"), world.coupled("contacts")
    assert len(customers) == len(set(customers.values())) == 6
    assert len(contacts) == len(set(contacts.values())) == 6
    assert set(customers) == set(world.bc.all("customers"))
    assert set(customers.values()) == set(world.sales.all("accounts"))
    assert set(contacts.values()) == set(world.sales.all("contacts"))
    for customer, account in customers.items():
        row = world.sales.show("accounts", account)
        assert row["name"] == world.bc.show("customers", customer)["name"]
        primary = world.bc.show("customers", customer).get("primaryContactId")
        if primary in contacts:
            assert row["_primarycontactid_value"] == contacts[primary]
    assert world.held() == []
    written = world.written()
    world.full_sync()
    assert world.written() == written


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", PORT_CALLS)
def test_a_process_that_dies_at_any_port_call_repeats_work_and_creates_nothing_twice_H1_H15(
    call, moment, nth
):
    world = a_filled_company(limits=Limits(page=2))
    count = [0]

    def happens(when, name):
        if when == moment and name.startswith(call):
            count[0] += 1
            return count[0] == nth
        return False

    world.crash_when(happens)
    run = world.app.api.start_full_sync({})["run"]
    world.run()
    world.heal()
    for _ in range(3):
        world.clock.advance(timedelta(minutes=10))
        world.housekeeping()

    assert world.app.api.run(run)["state"] == "finished"
    assert_whole(world)


@pytest.mark.parametrize("lost", [1, 2, 4])
def test_lost_replies_create_nothing_twice(lost):
    world = a_filled_company()
    world.sales.lost_answers = lost
    world.bc.lost_answers = lost

    run = world.full_sync()

    assert run["state"] == "finished"
    assert_whole(world)


def test_throttling_defers_the_job_by_what_the_service_asks_H13():
    world = a_filled_company()
    refusals = [3]

    def throttled(name):
        if name == "create" and refusals[0]:
            refusals[0] -= 1
            raise Transient("429", retry_after=timedelta(seconds=30))

    world.sales.before = throttled
    started = world.clock.now()

    run = world.full_sync()

    assert run["state"] == "finished" and world.clock.now() - started >= timedelta(seconds=90)
    assert_whole(world)


def test_a_message_delivered_twice_does_its_work_once_H12_H15():
    world = a_filled_company(limits=Limits(page=2))
    run = world.app.api.start_full_sync({})["run"]
    seen = []
    for queue in ("full-sync", *(queue_of(m) for m in world.mappings)):
        seen += [(queue, m.body) for m in world.queue.peek(queue)]
    world.run()
    for queue, body in seen:
        world.queue.send([OutgoingMessage(queue=queue, body=body, message_id="again-" + queue)])
    for name in world.mappings:
        world.send(queue_of(name), f'{{"kind":"line","mapping":"{name}","run":"{run}","step":0}}'.encode())
    world.run()

    assert world.app.api.run(run)["state"] == "finished"
    assert_whole(world)


def test_a_second_worker_finds_the_lease_taken_and_comes_back_later_H11_H13():
    world, customer, account = a_coupled_customer()
    lease = world.app.ports.leases.acquire("customers", "another worker", timedelta(minutes=2))
    world.bc.edit("customers", customer, phoneNumber="1")
    written = world.written()

    world.app.api.sync("customers", {"side": "bc", "ids": [customer]})
    world.step()
    assert world.written() == written
    world.run()

    assert account_of(world, customer)["telephone1"] == "1"
    assert world.clock.now() >= lease.expires_at


def test_a_poll_that_finds_the_lease_taken_leaves_it_to_the_next_tick_H13():
    world, customer, _ = a_coupled_customer()
    lease = world.app.ports.leases.acquire("customers", "another worker", timedelta(minutes=2))
    world.bc.edit("customers", customer, phoneNumber="1")

    world.tick("customers")
    assert account_of(world, customer).get("telephone1") in (None, "")
    world.app.ports.leases.release(lease)
    world.tick("customers")

    assert account_of(world, customer)["telephone1"] == "1"


def test_a_row_from_a_lagging_replica_is_read_again_and_never_written_back_H2():
    world, customer, account = a_coupled_customer()
    old = world.bc.changes(world.mappings["customers"].bc, cursor=None, page=None, limit=10)
    world.sales.edit("accounts", account, telephone1="9")
    world.tick("customers")
    world.bc.edit("customers", customer, city="Rome")
    world.tick("customers")
    real = world.bc.changes
    world.bc.changes = lambda *a, **k: old

    world.full_sync("customers")
    world.bc.changes = real

    assert account_of(world, customer)["address1_city"] == "Rome"
    assert world.bc.show("customers", customer)["phoneNumber"] == "9"


def test_a_deletion_that_is_only_a_rumour_is_not_believed_H2():
    world, customer, account = a_coupled_customer()
    world.sales._gone.append((world.sales._version + 1, "accounts", account))
    world.sales._version += 1

    world.tick("customers")

    assert world.held("customers") == [] and customer in world.coupled("customers")


def test_a_line_that_stopped_without_a_word_is_sent_again_by_the_watchdog_H15():
    world = a_filled_company()
    run = world.app.api.start_full_sync({})["run"]
    while not world.coupled("customers"):
        world.step()
    for name in world.mappings:
        world.queue._messages[queue_of(name)] = []

    for _ in range(4):
        world.clock.advance(timedelta(minutes=10))
        world.housekeeping()

    assert world.app.api.run(run)["state"] == "finished"
    assert_whole(world)


def test_a_cancelled_run_stops_and_can_be_resumed():
    world = a_filled_company(limits=Limits(page=2))
    run = world.app.api.start_full_sync({})["run"]
    for _ in range(4):
        world.step()
    world.app.api.cancel(run)
    world.run()
    assert world.app.api.run(run)["state"] == "cancelled"

    world.app.api.resume(run)
    world.run()

    assert world.app.api.run(run)["state"] == "finished"
    assert_whole(world)


def test_a_full_pass_leaves_cursors_from_which_polls_go_on_H17():
    world = a_filled_company()
    world.full_sync()
    customer = an_id("customer C1")
    world.bc.edit("customers", customer, phoneNumber="77")
    requests = world.bc.requests

    world.tick("customers")

    assert account_of(world, customer)["telephone1"] == "77"
    assert world.bc.requests - requests <= 2


def test_the_brake_stops_a_job_that_would_blank_a_field_everywhere():
    world = a_company(limits=Limits(brake_floor=3))
    customers = [add_customer(world, f"C{n}", city="Rome") for n in range(10)]
    world.full_sync()
    for customer in customers:
        world.bc.edit("customers", customer, city="")

    world.tick("customers")

    assert account_of(world, customers[0])["address1_city"] == "Rome"
    assert "brake" in world.app.api.status()["rejected"][0]["reason"]

    world.tick("customers")
    assert len(world.app.api.status()["rejected"]) == 1, "the same stop is told once, not at every tick"

    world.app.api.sync("customers", {"force": True})
    world.run()
    assert [account_of(world, c)["address1_city"] for c in customers] == [None] * 10


def test_a_line_stopped_by_the_brake_goes_on_when_resumed_with_force():
    world = a_company(limits=Limits(brake_floor=3))
    customers = [add_customer(world, f"C{n}", city="Rome") for n in range(10)]
    world.full_sync()
    for customer in customers:
        world.bc.edit("customers", customer, city="")
    run = world.full_sync("customers")
    assert run["state"] == "failed" and "brake" in line(run, "customers")["message"]

    world.app.api.resume(run["id"], {"force": True})
    world.run()

    assert world.app.api.run(run["id"])["state"] == "finished"
    assert [account_of(world, c)["address1_city"] for c in customers] == [None] * 10


def test_what_was_coupled_before_the_brake_stopped_is_no_half_done_page_H1_H18():
    world = a_company(limits=Limits(brake_floor=3))
    customers = [add_customer(world, f"C{n}", city="Rome") for n in range(10)]
    world.full_sync()
    for customer in customers:
        world.bc.edit("customers", customer, city="")
    twin = add_customer(world, "C99", name="Twin", phoneNumber="1")
    account = add_account(world, "Twin")
    written = world.written()

    run = world.full_sync("customers")
    world.tick("customers")

    assert "brake" in line(run, "customers")["message"]
    assert world.coupled("customers")[twin] == account
    assert world.written() == written, "the next job repeats nothing that the brake has stopped"


def test_a_crash_is_no_exception_that_somebody_could_catch():
    assert not issubclass(Crash, Exception)


def test_counts_of_a_run_survive_a_crash_H15():
    world = a_filled_company(limits=Limits(page=2))
    count = [0]

    def third_page(when, name):
        count[0] += when == "before" and name == "sales.create"
        return count[0] == 3 and name == "sales.create"

    world.crash_when(third_page)
    run = world.full_sync()

    tally = line(run, "customers")["to_sales"]
    assert tally["read"] == sum(v for k, v in tally.items() if k != "read")
    assert tally["read"] >= 5


def add_dollars(world):
    add_currency(world, "USD", rate=80)
    world.sales.add(
        "transactioncurrencies",
        an_id("dollars"),
        isocurrencycode="USD",
        currencyname="Money USD",
        currencysymbol="USD",
        exchangerate=Decimal("1.25"),
    )


def test_a_crash_after_coupling_by_matching_leaves_nobody_waiting_H14_H20():
    world = a_company()
    waiter = add_customer(world, "C1", currencyId=an_id("currency USD"), currencyCode="USD")
    late = add_customer(world, "C2", paymentTermsId=an_id("terms 1M(8D)"))
    world.full_sync()
    assert world.held("customers")[0]["kind"] == "waiting"
    assert not account_of(world, late).get("paymenttermscode")
    world.sales.add("account.paymenttermscode", "2", value=2, label="1M(8D)")
    world.bc.edit("paymentTerms", an_id("terms 1M(8D)"), description="one month")
    add_dollars(world)

    written = world.written()
    for mapping in ("payment_terms", "currencies"):
        world.crash_when(lambda moment, name: (moment, name) == ("after", "tables.transact:Couplings"))
        world.app.api.sync(mapping, {})
        world.step()
        assert world.written() == written, "there is nothing to write but the coupling"
    world.heal()
    world.run()

    assert world.held("customers") == []
    assert account_of(world, waiter) and account_of(world, late)["paymenttermscode"] == 2


def test_late_references_do_not_pull_the_brake_and_cost_no_read_each_H20_H27():
    world = a_company(limits=Limits(brake_floor=3, page=100))
    for n in range(300):
        customer = add_customer(world, f"C{n}", primaryContactId=an_id(f"contact K{n}"))
        add_contact(world, f"K{n}", customer)

    run = world.full_sync()

    assert run["state"] == "finished"
    assert line(run, "contacts")["wake_ups"]["updated"] == 300
    assert all(a["_primarycontactid_value"] for a in world.sales.all("accounts").values())
    # Nine pages and what they remember; a point read for each customer would be 300 more.
    assert line(run, "contacts")["requests"]["tables"] < 150
