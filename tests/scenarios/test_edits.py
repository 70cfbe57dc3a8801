"""What people do to coupled records, and what becomes of it (P19; H3, H5, H8, H24, H25; R52, R60)."""

from datetime import datetime, timedelta

import pytest

from shared.core.mapping import OnConflict, OnDelete
from shared.engine.parts import Limits
from tests.scenarios.builders import a_company, a_coupled_customer, account_of, add_account, add_customer


def test_edits_to_different_fields_on_both_sides_both_survive():
    world, customer, account = a_coupled_customer(city="Atlanta")

    world.bc.edit("customers", customer, phoneNumber="42")
    world.sales.edit("accounts", account, emailaddress1="new@contoso.com")
    world.tick("customers")

    assert account_of(world, customer)["telephone1"] == "42"
    assert world.bc.show("customers", customer)["email"] == "new@contoso.com"


def test_the_same_field_changed_differently_is_held_with_both_values_and_nothing_is_overwritten():
    world, customer, account = a_coupled_customer()

    world.bc.edit("customers", customer, phoneNumber="1", city="Bergen")
    world.sales.edit("accounts", account, telephone1="2")
    world.tick("customers")

    assert world.bc.show("customers", customer)["phoneNumber"] == "1"
    assert account_of(world, customer)["telephone1"] == "2"
    assert account_of(world, customer)["address1_city"] == "Bergen"
    (held,) = world.held("customers")
    assert held["kind"] == "conflict"
    assert [(f["bc"], f["sales"]) for f in held["fields"]] == [("1", "2")]


def test_a_conflict_heals_when_somebody_makes_the_values_equal():
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", account, telephone1="2")
    world.tick("customers")

    world.sales.edit("accounts", account, telephone1="1")
    world.tick("customers")

    assert world.held("customers") == []


@pytest.mark.parametrize(("policy", "value"), [(OnConflict.BC_WINS, "1"), (OnConflict.SALES_WINS, "2")])
def test_a_conflict_is_settled_by_policy_R53(policy, value):
    world = a_company(customers={"on_conflict": policy})
    customer = add_customer(world)
    world.full_sync()
    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", world.coupled("customers")[customer], telephone1="2")

    world.tick("customers")

    assert world.bc.show("customers", customer)["phoneNumber"] == value
    assert account_of(world, customer)["telephone1"] == value


def test_changes_in_sales_by_the_integration_user_are_not_synchronized_P19_H5():
    world, customer, account = a_coupled_customer()
    world.sales._put("accounts", account, {"telephone1": "robot"}, "integration")

    world.tick("customers")

    assert world.bc.show("customers", customer)["phoneNumber"] == ""


def test_our_own_write_is_not_mistaken_for_a_change():
    world, customer, _ = a_coupled_customer()
    world.bc.edit("customers", customer, phoneNumber="42")
    world.tick("customers")
    written = world.written()

    world.tick("customers")
    world.tick("customers")

    assert world.written() == written


def test_an_idle_poll_costs_one_request_a_side():
    world, _, _ = a_coupled_customer()
    world.tick("customers")
    before = (world.bc.requests, world.sales.requests)

    world.tick("customers")

    assert (world.bc.requests - before[0], world.sales.requests - before[1]) == (1, 1)


def test_between_full_synchronizations_only_coupled_records_are_touched():
    world, _, _ = a_coupled_customer()
    add_customer(world, "NEW")

    world.tick("customers")

    assert len(world.sales.all("accounts")) == 1


@pytest.mark.parametrize("gone_in", ["bc", "sales"])
def test_a_deleted_record_is_held_and_its_survivor_stays_R60(gone_in):
    world, customer, account = a_coupled_customer()

    if gone_in == "sales":
        world.sales.delete("accounts", account)
    else:
        world.bc.delete("customers", customer)
    world.tick("customers")

    assert "deleted" in world.held("customers")[0]["reason"]
    assert len(world.bc.all("customers")) + len(world.sales.all("accounts")) == 1


def test_a_deleted_account_is_restored_where_the_policy_says_so_R60():
    world = a_company(customers={"on_delete": OnDelete.RESTORE})
    customer = add_customer(world, name="Adatum")
    world.full_sync()
    old = world.coupled("customers")[customer]

    world.sales.delete("accounts", old)
    world.tick("customers")

    assert account_of(world, customer)["name"] == "Adatum"
    assert world.coupled("customers")[customer] != old


def test_an_uncoupled_pair_stays_apart_until_a_person_brings_it_together_H8():
    world = a_company(customers={"on_delete": OnDelete.UNCOUPLE})
    customer = add_customer(world)
    world.full_sync()
    world.sales.delete("accounts", world.coupled("customers")[customer])
    world.tick("customers")

    world.full_sync()

    assert world.coupled("customers") == {} and world.sales.all("accounts") == {}


@pytest.mark.peer("deletion-017")
def test_a_deletion_that_no_poll_saw_is_found_by_the_full_pass_H17():
    world, customer, account = a_coupled_customer()
    world.sales.delete("accounts", account)
    world.sales._gone.clear()

    world.full_sync()

    assert "deleted" in world.held("customers")[0]["reason"]


def test_what_the_full_pass_finds_gone_is_looked_at_page_by_page_H17_H27():
    world = a_company(limits=Limits(page=2))
    for n in range(7):
        add_customer(world, f"C{n}")
    world.full_sync()
    for account in world.coupled("customers").values():
        world.sales.delete("accounts", account)
    world.sales._gone.clear()
    asked: list[int] = []
    get = world.sales.get
    world.sales.get = lambda table, ids: asked.append(len(ids)) or get(table, ids)

    world.full_sync("customers")

    assert len(world.held("customers")) == 7
    assert max(asked) == 2, "no request names more records than a page holds"


def test_a_blocked_customer_is_outside_the_filter_and_its_baseline_is_kept_H24():
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, blocked="All", phoneNumber="1")
    world.tick("customers")
    assert account_of(world, customer).get("telephone1") in (None, "")

    world.bc.edit("customers", customer, blocked="_x0020_")
    world.tick("customers")

    assert account_of(world, customer)["telephone1"] == "1"


def test_what_is_written_twice_in_one_job_is_in_the_history_twice_H25():
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, city="Oslo")
    world.sales.edit("accounts", account, telephone1="1")
    world.once(
        lambda moment, name: (moment, name) == ("before", "bc.update"),
        lambda: world.bc.edit("customers", customer, faxNumber="9"),
    )

    world.tick("customers")

    assert (account_of(world, customer)["address1_city"], account_of(world, customer)["fax"]) == ("Oslo", "9")
    entries = world.app.api.history("customers", "sales", account)["value"]
    assert [list(e["fields"]) for e in entries if e["side"] == "sales"] == [["fax"], ["city"]]


def test_an_account_set_inactive_blocks_its_customer_H24():
    world, customer, account = a_coupled_customer()

    world.sales.edit("accounts", account, statecode=1)
    world.tick("customers")

    assert world.bc.show("customers", customer)["blocked"] == "All"


def test_a_text_too_long_for_bc_is_held_and_the_rest_travels_H3():
    world, customer, account = a_coupled_customer()

    world.sales.edit("accounts", account, address1_city="x" * 60, telephone1="9")
    world.tick("customers")

    assert world.bc.show("customers", customer)["phoneNumber"] == "9"
    assert world.bc.show("customers", customer)["city"] == "London"
    assert "30" in world.held("customers")[0]["reason"]


def test_a_code_that_bc_writes_in_capitals_does_not_travel_back_and_forth_H3():
    world, customer, account = a_coupled_customer()
    world.bc.rewrite = lambda table, column, value: value.upper() if column == "postCode" else value

    world.sales.edit("accounts", account, address1_postalcode="gb-n1")
    world.tick("customers")
    written = world.written()
    world.tick("customers")

    assert world.bc.show("customers", customer)["postCode"] == "GB-N1"
    assert account_of(world, customer)["address1_postalcode"] == "gb-n1"
    assert world.written() == written


def test_a_record_that_the_other_side_refuses_is_held_and_the_others_go_on():
    world = a_company()
    add_customer(world, "BAD", name="Refused Ltd")
    good = add_customer(world, "GOOD")
    world.sales.refuse = lambda table, values: (
        "plug-in says no" if values.get("name") == "Refused Ltd" else None
    )

    run = world.full_sync()

    assert list(world.coupled("customers")) == [good] and run["state"] == "finished"
    (held,) = world.held("customers")
    assert held["reason"] == "plug-in says no" and held["label"] == "BAD" and held["next_try"]


def test_a_held_record_heals_by_itself_when_its_cause_is_gone():
    world = a_company()
    customer = add_customer(world, "BAD")
    world.sales.refuse = lambda table, values: "no"
    world.full_sync()

    world.sales.refuse = lambda table, values: None
    world.clock.advance(timedelta(minutes=6))
    world.housekeeping()

    assert customer in world.coupled("customers") and world.held("customers") == []


def test_an_edit_between_our_read_and_our_write_is_not_overwritten_H25():
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, phoneNumber="1")
    armed = [True]

    def somebody_is_faster(name: str) -> None:
        if name == "update" and armed[0]:
            armed[0] = False
            world.sales.edit("accounts", account, telephone1="2")

    world.sales.before = somebody_is_faster
    world.tick("customers")

    assert account_of(world, customer)["telephone1"] == "2"
    assert world.held("customers")[0]["kind"] == "conflict"


def test_a_deleted_pair_is_forgotten():
    world, customer, account = a_coupled_customer()
    world.bc.delete("customers", customer)
    world.sales.delete("accounts", account)

    world.tick("customers")

    assert world.coupled("customers") == {} and world.held("customers") == []


def test_explain_says_how_a_record_stands():
    world, customer, account = a_coupled_customer()
    world.bc.edit("customers", customer, phoneNumber="42")
    world.tick("customers")

    told = world.app.api.explain("customers", "bc", customer)

    assert told["state"] == "coupled" and told["coupling"]["sales"] == account
    assert told["history"][0]["fields"]["phone"]["after"] == "42" or "42" in str(told["history"][0]["fields"])


def test_an_account_created_by_us_that_no_coupling_knows_is_held_as_an_orphan_H1():
    world = a_company()
    account = add_account(world, "Orphan")
    world.sales._rows["accounts"][account]["created_by"] = "integration"

    world.full_sync()

    assert world.held("customers")[0]["kind"] == "orphan" and world.bc.all("customers") == {}


def test_a_held_record_keeps_its_age_and_is_tried_at_growing_intervals_H14():
    world = a_company()
    add_customer(world, "BAD")
    world.sales.refuse = lambda table, values: "no"
    world.full_sync()
    (first,) = world.held("customers")
    world.clock.set(datetime.fromisoformat(first["next_try"]))
    world.sales.refuse = lambda table, values: "still no"

    world.housekeeping()
    world.run()

    (second,) = world.held("customers")
    assert (first["tries"], second["tries"]) == (0, 1) and second["since"] == first["since"]
    waits = [datetime.fromisoformat(h["next_try"]) - world.clock.now() for h in (first, second)]
    assert waits == [timedelta(0), timedelta(minutes=10)]
