"""The peer's scenarios of what the engine decides (docs/peer-scenarios.md)."""

from datetime import timedelta

import pytest

from sandbox.world import World
from shared.core.errors import Transient
from shared.core.mapping import Direction
from shared.core.model import Side
from shared.engine.parts import Limits
from shared.ports import Write
from tests.scenarios.builders import (
    ZERO,
    a_company,
    a_coupled_customer,
    account_of,
    add_account,
    add_contact,
    add_customer,
    add_sales_contact,
    an_id,
    line,
)
from tests.scenarios.peers.common import (
    a_prepared_company,
    add_salesperson,
    add_user,
    counted,
    jobs_of,
    restart_with,
    sync_now,
    tick,
)

ALWAYS = "customers: {create_missing: always}"
QUIET: dict[str, dict[str, int]] = {"bc": {}, "sales": {}}


# --- what is read ----------------------------------------------------------------------------------


@pytest.mark.peer("engine-decision-001")
def test_a_mapping_without_fields_is_refused_and_creates_nothing():
    world = a_company()
    customer = add_customer(world)
    world.full_sync("salespeople", "currencies", "customers")
    add_contact(world, "K1", customer)
    off = ", ".join(f"{f.name}: off" for f in world.mappings["contacts"].fields)
    world.overrides = f"contacts: {{create_missing: always, fields: {{{off}}}}}"
    world.app = world.start_app()
    world.tick("contacts")

    [problem] = world.app.api.mappings()["overrides"]["problems"]
    assert "contacts: has no fields" in problem and world.sales.all("contacts") == {}


@pytest.mark.peer("engine-decision-002")
@pytest.mark.parametrize("mapping", ["customers", "contacts", "items"])
def test_with_nothing_to_read_a_run_succeeds_and_counts_nothing(mapping):
    world = a_company()

    run = world.full_sync(mapping)

    assert run["state"] == line(run, mapping)["state"] == "finished"
    assert not any(
        line(run, mapping)[to][n] for to in ("to_sales", "from_sales") for n in ("read", "created")
    )
    assert tick(world, mapping) == QUIET


@pytest.mark.peer("engine-decision-003")
@pytest.mark.parametrize(
    ("mapping", "sides"),
    [("units_of_measure", {"bc"}), ("salespeople", {"sales"}), ("contacts", {"bc", "sales"})],
)
def test_each_direction_that_a_mapping_has_is_an_entry_of_the_job_log(mapping, sides):
    world = a_company()
    assert not jobs_of(world, mapping)

    world.tick(mapping)

    assert sorted(e["side"] for e in jobs_of(world, mapping)) == sorted(sides)


# --- what is written -------------------------------------------------------------------------------


@pytest.mark.peer("engine-decision-004")
def test_uncoupled_accounts_become_customers():
    world = restart_with(a_prepared_company(), ALWAYS)
    accounts = {add_account(world, f"A{n}") for n in range(3)}

    assert tick(world, "customers")["sales"] == {"read": 3, "created": 3}

    assert set(world.coupled("customers").values()) == accounts and len(world.bc.all("customers")) == 3


@pytest.mark.peer("engine-decision-005")
def test_a_new_customer_becomes_an_account():
    world = restart_with(a_prepared_company(), ALWAYS)
    customer = add_customer(world)

    assert tick(world, "customers")["bc"] == {"read": 1, "created": 1}

    assert account_of(world, customer)["name"] == "Customer C1"


@pytest.mark.peer("engine-decision-006")
def test_an_edited_customer_changes_its_account():
    world, customer, _ = a_coupled_customer()
    world.bc.edit("customers", customer, city="Bergen")

    assert tick(world, "customers")["bc"] == {"read": 1, "updated": 1}
    assert account_of(world, customer)["address1_city"] == "Bergen"


@pytest.mark.peer("engine-decision-007")
def test_an_edited_account_changes_its_own_customer():
    world, customer, account = a_coupled_customer()
    other = add_customer(world, "C2")
    world.full_sync("customers")
    coupled = world.coupled("customers")
    world.sales.edit("accounts", account, address1_city="Bergen")

    assert tick(world, "customers")["sales"]["updated"] == 1
    assert world.bc.show("customers", customer)["city"] == "Bergen"
    assert world.bc.show("customers", other)["city"] == "London" and world.coupled("customers") == coupled


@pytest.mark.peer("engine-decision-008", "engine-decision-041")
def test_equal_records_are_unchanged_and_an_edited_text_is_written():
    world, customer, account = a_coupled_customer()
    written = world.written()

    assert sync_now(world, "customers", "sales", account) == {"read": 1, "unchanged": 1}
    assert world.written() == written
    world.bc.edit("customers", customer, city="Bergen")
    assert sync_now(world, "customers", "bc", customer) == {"read": 1, "updated": 1}
    assert world.written() == written + 1


@pytest.mark.peer("engine-decision-009")
def test_asked_for_against_its_direction_a_mapping_moves_nothing():
    world = a_prepared_company()
    seller, user = world.coupled("salespeople").popitem()
    world.bc.edit("salespeople", seller, name="By BC")
    [(currency, money)] = [(b, s) for b, s in world.coupled("currencies").items()]
    world.sales.edit("transactioncurrencies", money, currencyname="By Sales")

    assert tick(world, "salespeople")["bc"].keys() <= {"read", "updated", "unchanged"}

    assert world.sales.show("systemusers", user)["fullname"] == "John Roberts"
    sync_now(world, "currencies", "sales", money)
    assert world.bc.show("currencies", currency)["description"] == "Money EUR"
    assert world.held() == []


@pytest.mark.peer("engine-decision-010")
@pytest.mark.parametrize(
    ("rule", "value"),
    [("direction: to_sales", "1"), ("direction: from_sales, fields: {owner: off, credit_limit: off}", "2")],
)
def test_in_a_one_way_mapping_the_source_wins_without_a_conflict(rule, value):
    world, customer, account = a_coupled_customer()
    restart_with(world, f"customers: {{{rule}}}")
    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", account, telephone1="2")

    counts = tick(world, "customers")

    assert sum(c.get("updated", 0) for c in counts.values()) == 1 and world.held() == []
    assert world.bc.show("customers", customer)["phoneNumber"] == value
    assert account_of(world, customer)["telephone1"] == value


@pytest.mark.peer("engine-decision-011", "engine-decision-012")
def test_a_record_outside_the_filter_is_not_created_and_travels_when_the_filter_is_gone():
    only_oslo = "customers: {filters: {bc: 'city = Oslo'}}"
    world = restart_with(a_prepared_company(), only_oslo)
    inside = [add_customer(world, f"C{n}", city="Oslo") for n in range(2)]
    outside = add_customer(world, "C9", city="Rome")
    run = world.full_sync("customers")
    assert (
        set(world.coupled("customers")) == set(inside) and line(run, "customers")["to_sales"]["created"] == 2
    )

    restart_with(world, "")
    world.act("customers", "couple", bc=outside, sales=add_account(world, "A9"), **{"from": "bc"})
    restart_with(world, only_oslo)
    world.bc.edit("customers", outside, phoneNumber="42")
    world.tick("customers")
    assert account_of(world, outside).get("telephone1") is None
    restart_with(world, "")
    world.full_sync("customers")

    assert account_of(world, outside)["telephone1"] == "42"


@pytest.mark.peer("engine-decision-013")
def test_only_the_account_inside_the_filter_of_sales_becomes_a_customer():
    world = restart_with(a_prepared_company(), "customers: {filters: {sales: 'address1_city = Oslo'}}")
    inside = add_account(world, "A1", address1_city="Oslo")
    for n in (2, 3):
        add_account(world, f"A{n}", address1_city="Rome")

    assert line(world.full_sync("customers"), "customers")["from_sales"]["created"] == 1
    assert set(world.coupled("customers").values()) == {inside}


@pytest.mark.peer("engine-decision-014")
def test_uncoupled_records_last_changed_by_the_integration_user_are_created_by_a_full_synchronization():
    world = a_prepared_company()
    accounts = [add_account(world, f"A{n}") for n in range(3)]
    stamps_of = [Write(id=a, values={"description": "stamped"}, if_version="*") for a in accounts[:2]]
    world.sales.update(world.mappings["customers"].sales, stamps_of)

    run = world.full_sync("customers")

    assert line(run, "customers")["from_sales"]["created"] == 3


@pytest.mark.peer("engine-decision-016")
def test_between_full_synchronizations_a_coupled_account_travels_and_another_is_not_created():
    world, customer, account = a_coupled_customer()
    world.sales.edit("accounts", account, name="Renamed")
    add_account(world, "New")

    assert tick(world, "customers")["sales"] == {"read": 2, "updated": 1, "ignored": 1}
    assert world.bc.show("customers", customer)["name"] == "Renamed" and len(world.bc.all("customers")) == 1


@pytest.mark.peer("engine-decision-017")
@pytest.mark.parametrize("side", ["bc", "sales"])
def test_a_filter_that_cannot_be_read_is_refused_and_nothing_is_synchronized_by_it(side):
    world = a_company()
    world.overrides = f"customers: {{create_missing: always, filters: {{{side}: 'name is like A'}}}}"
    world.app = world.start_app()
    add_customer(world), add_account(world)
    world.tick("customers")

    [problem] = world.app.api.mappings()["overrides"]["problems"]
    assert "customers" in problem and world.coupled("customers") == {}


@pytest.mark.peer("engine-decision-021")
def test_new_records_of_both_sides_are_created_once_each():
    world = restart_with(a_prepared_company(), ALWAYS)
    for n in range(2):
        add_customer(world, f"C{n}")
        add_account(world, f"A{n}")

    counts = tick(world, "customers")

    assert [counts[s]["created"] for s in ("bc", "sales")] == [2, 2]
    assert len(world.bc.all("customers")) == len(world.sales.all("accounts")) == 4
    assert len([e for e in jobs_of(world, "customers")]) == 2


@pytest.mark.peer("engine-decision-023")
def test_a_look_up_that_fails_puts_the_job_off_and_loses_nothing():
    world = restart_with(a_prepared_company(), ALWAYS)
    world.tick("customers")
    customer = add_customer(world)

    def fail() -> None:
        raise Transient("the service is busy")

    world.once(lambda moment, name: moment == "before" and name == "bc.changes", fail)
    world.tick("customers")

    assert "deferred" in {e["state"] for e in jobs_of(world, "customers")}
    assert account_of(world, customer)["name"] == "Customer C1"
    assert counted(jobs_of(world, "customers"))["created"] == 1 and world.held() == []


@pytest.mark.peer("engine-decision-025")
def test_another_salesperson_is_an_update_of_the_owner():
    world, customer, _ = a_coupled_customer()
    seller, user = add_salesperson(world, "PS"), add_user(world, "PS")
    world.full_sync("salespeople")
    world.bc.edit("customers", customer, salespersonId=seller)

    assert tick(world, "customers")["bc"] == {"read": 1, "updated": 1}
    assert account_of(world, customer)["_ownerid_value"] == user


@pytest.mark.peer("engine-decision-027")
@pytest.mark.parametrize("side", ["bc", "sales"])
def test_a_pair_counts_as_changed_only_when_it_was_edited_since(side):
    world, customer, account = a_coupled_customer()
    id, records, table = (
        (customer, world.bc, "customers") if side == "bc" else (account, world.sales, "accounts")
    )
    assert world.app.api.explain("customers", side, id)["now"]["outcome"] == "unchanged"

    world.clock.advance(timedelta(hours=1))
    assert world.app.api.explain("customers", side, id)["now"]["outcome"] == "unchanged"
    records.edit(table, id, name="Renamed")

    assert world.app.api.explain("customers", side, id)["now"]["outcome"] == "updated"


@pytest.mark.peer("engine-decision-026")
def test_a_pair_that_was_just_coupled_counts_as_changed_on_both_sides():
    world = a_prepared_company()
    customer, account = add_customer(world, phoneNumber="1"), add_account(world, telephone1="2")
    world.act("customers", "couple", bc=customer, sales=account)

    for side, id in (("bc", customer), ("sales", account)):
        now = world.app.api.explain("customers", side, id)["now"]
        assert now["outcome"] == "conflict", "neither side is known to stand still"


# --- clocks that disagree --------------------------------------------------------------------------

SKEWS = pytest.mark.parametrize("minutes", [0, -5, 5])


def a_pair_under(minutes: int, **differs) -> tuple[World, str, str]:
    """A synchronized pair, where Sales' clock is ahead of BC's by so much; the timers have fired once."""
    world = a_company(sales_ahead=timedelta(minutes=minutes))
    customer = add_customer(world, **differs)
    add_contact(world, "K1", customer)
    world.full_sync()
    for mapping in ("customers", "contacts"):
        world.tick(mapping)
    return world, customer, world.coupled("customers")[customer]


def positions(world: World) -> list[str | None]:
    cursors = world.app.ports.cursors
    return [cursors.get(m, side).value for m in ("customers", "contacts") for side in Side]


def stamps(world: World) -> list:
    return [
        (c.mapping, c.bc_version, c.sales_version, dict(c.baseline))
        for m in ("customers", "contacts")
        for c in world.app.ports.couplings.stream(m)
    ]


@pytest.mark.peer("engine-decision-028")
@SKEWS
def test_with_nothing_to_do_nothing_moves(minutes):
    world, _, _ = a_pair_under(minutes)
    before = positions(world), stamps(world), world.written()

    assert [tick(world, m) for m in ("customers", "contacts")] == [QUIET, QUIET]

    assert (positions(world), stamps(world), world.written()) == before


@pytest.mark.peer("engine-decision-029")
@SKEWS
def test_a_conflict_is_counted_stays_and_moves_nothing_back(minutes):
    world, customer, account = a_pair_under(minutes)
    before, at = stamps(world)[0][3]["phone"], positions(world)
    world.bc.edit("customers", customer, phoneNumber="1")
    world.sales.edit("accounts", account, telephone1="2")

    counts = tick(world, "customers")

    assert counts["bc"] == {"read": 1, "conflict": 1} and len(world.held("customers")) == 1
    assert counts["sales"].get("updated", 0) == 0
    assert world.bc.show("customers", customer)["phoneNumber"] == "1"
    assert account_of(world, customer)["telephone1"] == "2"
    assert stamps(world)[0][3]["phone"] == before
    assert all(int(new or 0) >= int(old or 0) for new, old in zip(positions(world), at, strict=True))


@pytest.mark.peer("engine-decision-032")
@SKEWS
def test_a_new_contact_becomes_the_primary_one_and_makes_no_work_for_the_customers(minutes):
    world, customer, _ = a_pair_under(minutes, primaryContactId=an_id("contact K2"))
    restart_with(world, "contacts: {create_missing: always}")
    contact = add_contact(world, "K2", customer)

    assert tick(world, "contacts")["bc"] == {"read": 1, "created": 1}

    assert account_of(world, customer)["_primarycontactid_value"] == world.coupled("contacts")[contact]
    written = world.written()
    world.tick("customers")
    assert world.written() == written


def test_of_several_primary_contacts_named_before_they_exist_the_last_one_is_filled_in_H20():
    world, customer, _ = a_pair_under(0, primaryContactId=an_id("contact K2"))
    world.bc.edit("customers", customer, primaryContactId=an_id("contact K3"))
    world.tick("customers")
    restart_with(world, "contacts: {create_missing: always}")
    second = add_contact(world, "K2", customer)
    world.tick("contacts")
    assert account_of(world, customer).get("_primarycontactid_value") is None

    third = add_contact(world, "K3", customer)
    world.tick("contacts")

    shown = account_of(world, customer)["_primarycontactid_value"]
    assert shown == world.coupled("contacts")[third] != world.coupled("contacts")[second]


@pytest.mark.parametrize(
    "sides",
    [
        pytest.param(("bc", "bc"), marks=pytest.mark.peer("engine-decision-033")),
        pytest.param(("bc", "sales"), marks=pytest.mark.peer("engine-decision-035")),
        pytest.param(("sales", "bc"), marks=pytest.mark.peer("engine-decision-036")),
    ],
)
@SKEWS
def test_edits_one_after_the_other_all_travel(minutes, sides):
    world, customer, account = a_pair_under(minutes)
    for n, side in enumerate(sides):
        if side == "bc":
            world.bc.edit("customers", customer, name=f"Name {n}")
        else:
            world.sales.edit("accounts", account, name=f"Name {n}")

        counts = tick(world, "customers")

        assert counts[side] == {"read": 1, "updated": 1}
        assert counts["sales" if side == "bc" else "bc"].keys() <= {"read", "unchanged", "ignored"}
        assert account_of(world, customer)["name"] == f"Name {n}"
        assert world.bc.show("customers", customer)["name"] == f"Name {n}"
        world.clock.advance(timedelta(seconds=1))


# --- positions -------------------------------------------------------------------------------------


@pytest.mark.peer("engine-decision-018", "engine-decision-038")
def test_each_side_is_read_from_its_own_position_and_nothing_dated_tomorrow_hides_what_comes_today():
    world = a_company(sales_ahead=timedelta(days=1))
    restart_with(world, ALWAYS)
    world.full_sync()
    world.tick("customers")
    accounts = [add_account(world, f"A{n}") for n in range(2)]
    assert tick(world, "customers")["sales"] == {"read": 2, "created": 2}
    before = positions(world)

    customers = [add_customer(world, f"C{n}") for n in range(2)]
    assert tick(world, "customers")["bc"]["created"] == 2
    accounts.append(add_account(world, "A9"))
    assert tick(world, "customers")["sales"]["created"] == 1

    assert positions(world)[0] > before[0] and positions(world)[1] > before[1]
    assert set(customers) < set(world.coupled("customers"))
    assert set(accounts) < set(world.coupled("customers").values())


@pytest.mark.peer("engine-decision-019")
def test_a_change_that_no_mapping_asks_for_does_not_set_the_position_back():
    world, _, account = a_coupled_customer()
    world.tick("customers")
    before = world.app.ports.cursors.get("customers", Side.SALES).value
    world.sales.edit("accounts", account, description="A note")

    assert tick(world, "customers")["sales"] == {"read": 1, "unchanged": 1}

    after = world.app.ports.cursors.get("customers", Side.SALES).value
    assert int(after or 0) >= int(before or 0)
    assert tick(world, "customers")["sales"] == {}


@pytest.mark.peer("engine-decision-039")
def test_only_what_changed_since_is_read():
    world = a_company()
    older = add_account(world, "A1")
    world.full_sync()
    world.tick("customers")
    world.clock.advance(timedelta(seconds=3))
    newer = add_account(world, "A2")
    seen = []
    changes = world.sales.changes
    world.sales.changes = lambda table, **how: seen.append(changes(table, **how)) or seen[-1]

    world.tick("customers")

    read = [r.id for page in seen for r in page.records]
    assert read == [newer] and older not in read


@pytest.mark.peer("engine-decision-045")
@pytest.mark.parametrize(("count", "pages"), [(5, 1), (15, 3)])
def test_what_is_more_than_a_page_is_done_in_as_many_pages_as_needed(count, pages):
    world = restart_with(a_company(limits=Limits(page=5)), ALWAYS)
    world.full_sync("salespeople", "currencies")
    world.tick("customers")
    before = world.bc.requests
    for n in range(count):
        add_customer(world, f"C{n}")
    sent = []
    create = world.sales.create
    world.sales.create = lambda table, writes: sent.append(len(writes)) or create(table, writes)

    world.tick("customers")

    assert sent == [5] * pages and len(world.coupled("customers")) == count
    assert world.bc.requests - before < 4 * (pages + 1)


@pytest.mark.peer("engine-decision-046")
@pytest.mark.parametrize(
    ("direction", "to_sales", "to_bc"),
    [(Direction.BOTH, True, True), (Direction.FROM_SALES, False, True), (Direction.TO_SALES, True, False)],
)
def test_a_mapping_and_a_field_are_active_in_the_directions_they_have(direction, to_sales, to_bc):
    assert (direction.reaches(Side.SALES), direction.reaches(Side.BC)) == (to_sales, to_bc)

    world, customer, account = a_coupled_customer()
    restart_with(world, f"customers: {{fields: {{phone: {{direction: {direction.value}}}}}}}")
    world.bc.edit("customers", customer, phoneNumber="1")
    world.tick("customers")
    assert (account_of(world, customer).get("telephone1") == "1") is to_sales
    world.sales.edit("accounts", account, telephone1="2")
    world.tick("customers")
    assert (world.bc.show("customers", customer)["phoneNumber"] == "2") is to_bc


# --- references and errors -------------------------------------------------------------------------


def a_primary_contact_that_changes(**uncoupled: str) -> tuple[World, str, str, str]:
    """Both sides agree on a primary contact; BC now names another, who is not coupled."""
    said = f"customers: {{fields: {{primary_contact: {uncoupled}}}}}" if uncoupled else ""
    world, customer, _ = a_coupled_customer()
    restart_with(world, said)
    first = add_contact(world, "K1", customer)
    world.full_sync()
    world.bc.edit("customers", customer, primaryContactId=first)
    world.tick("customers")
    shown = account_of(world, customer)["_primarycontactid_value"]
    assert shown == world.coupled("contacts")[first]
    second = add_contact(world, "K2", customer)
    world.bc.edit("customers", customer, primaryContactId=second, phoneNumber="42")
    return world, customer, second, shown


def test_a_primary_contact_that_is_not_coupled_empties_nothing_fails_nothing_and_comes_later():
    world, customer, second, shown = a_primary_contact_that_changes()

    assert tick(world, "customers")["bc"] == {"read": 1, "updated": 1}
    assert account_of(world, customer)["_primarycontactid_value"] == shown and world.held() == []
    assert account_of(world, customer)["telephone1"] == "42"

    world.full_sync("contacts")
    assert account_of(world, customer)["_primarycontactid_value"] == world.coupled("contacts")[second]


@pytest.mark.peer("engine-decision-048")
def test_one_that_shall_be_cleared_meanwhile_is_empty_until_the_contact_is_coupled():
    world, customer, second, _ = a_primary_contact_that_changes(uncoupled="clear")

    assert tick(world, "customers")["bc"] == {"read": 1, "updated": 1}
    assert account_of(world, customer)["_primarycontactid_value"] is None and world.held() == []
    assert account_of(world, customer)["telephone1"] == "42"
    written = world.written()
    world.tick_all()
    world.full_sync("customers")
    assert world.written() == written

    world.full_sync("contacts")
    assert account_of(world, customer)["_primarycontactid_value"] == world.coupled("contacts")[second]
    assert world.bc.show("customers", customer)["primaryContactId"] == second and world.held() == []


def test_the_blank_that_was_written_meanwhile_is_no_edit_of_sales_that_travels_back():
    world, customer, second, first = a_primary_contact_that_changes(uncoupled="clear")
    world.tick("customers")

    account = world.coupled("customers")[customer]
    world.sales.edit("accounts", account, telephone1="43")
    world.tick("customers")
    assert world.bc.show("customers", customer)["primaryContactId"] == second
    assert world.bc.show("customers", customer)["phoneNumber"] == "43"

    # A person who chooses another meanwhile is asked about: both sides have moved.
    world.sales.edit("accounts", account, _primarycontactid_value=first)
    world.tick("customers")
    world.full_sync("contacts")
    assert world.bc.show("customers", customer)["primaryContactId"] == second
    assert account_of(world, customer)["_primarycontactid_value"] == first
    assert [h["kind"] for h in world.held("customers")] == ["conflict"]


@pytest.mark.peer("engine-decision-049")
def test_one_that_shall_be_waited_for_keeps_the_customer_back_with_that_reason():
    world, customer, second, shown = a_primary_contact_that_changes(uncoupled="hold")

    assert tick(world, "customers")["bc"] == {"read": 1, "waiting": 1}
    assert account_of(world, customer)["_primarycontactid_value"] == shown
    [held] = world.held("customers")
    assert held["awaits"]["id"] == second and "is not coupled" in held["reason"]

    world.full_sync("contacts")
    assert account_of(world, customer)["_primarycontactid_value"] == world.coupled("contacts")[second]
    assert account_of(world, customer)["telephone1"] == "42" and world.held() == []


@pytest.mark.peer("engine-decision-051")
@pytest.mark.parametrize("gone", [(), ("bc",), ("sales",), ("bc", "sales")], ids="-".join)
def test_an_error_names_the_records_that_are_there(gone):
    world, customer, account = a_coupled_customer()
    world.sales.refuse = lambda table, values: "a plug-in says no"
    world.bc.edit("customers", customer, phoneNumber="42")
    if "bc" in gone:
        world.bc.delete("customers", customer)
    if "sales" in gone:
        world.sales.delete("accounts", account)
    world.tick("customers")

    if len(gone) == 2:
        assert world.held() == [] and world.coupled("customers") == {}, "there is nobody left to ask"
        return
    [held] = world.held("customers")
    told = world.app.api.explain("customers", "bc", customer)
    assert held["id"] == customer and told["cause"] == held["reason"]
    assert [s for s in ("bc", "sales") if not told["records"][s]["exists"]] == list(gone)


@pytest.mark.peer("engine-decision-052")
@pytest.mark.parametrize("fails", [("bc",), ("sales",), ("bc", "sales")], ids="-".join)
def test_the_error_of_a_record_tells_what_failed_in_each_direction(fails):
    world, customer, account = a_coupled_customer()
    if "sales" in fails:
        restart_with(world, "customers: {fields: {home_page: {direction: to_sales}}}")
        world.bc.edit("customers", customer, homePage="h" * 201)
    if "bc" in fails:
        world.sales.edit("accounts", account, address1_city="c" * 31)
    world.tick("customers")

    [held] = world.held("customers")
    fields = {f["field"] for f in held["fields"]}
    assert fields == {{"sales": "home_page", "bc": "city"}[s] for s in fails}
    told = world.app.api.explain("customers", "bc", customer)
    assert all(word in told["cause"] for word in [{"sales": "200", "bc": "30"}[s] for s in fails])


@pytest.mark.peer("engine-decision-053", "engine-decision-054")
def test_a_parked_record_keeps_its_cause_when_the_job_log_is_forgotten():
    world, customer, _ = a_coupled_customer()
    world.sales.refuse = lambda table, values: "a plug-in says no"
    world.bc.edit("customers", customer, phoneNumber="42")
    world.tick("customers")
    world.act("customers", "skip", side="bc", id=customer)
    assert jobs_of(world, "customers")

    world.app.ports.jobs.forget(world.clock.now() + timedelta(days=1), limit=1000)

    assert jobs_of(world, "customers") == []
    [held] = world.held("customers")
    assert held["kind"] == "skipped" and "a plug-in says no" in held["reason"]
    assert "a plug-in says no" in world.app.api.explain("customers", "bc", customer)["cause"]


@pytest.mark.peer("rules-contact-001", "rules-contact-006")
@pytest.mark.parametrize("born", ["bc", "sales"])
def test_a_contact_of_a_company_that_is_not_coupled_is_left_out_with_that_reason(born):
    world = restart_with(a_prepared_company(), "contacts: {create_missing: always}")
    if born == "bc":
        restart_with(world, "")
        contact = add_contact(world, "K1", add_customer(world))
    else:
        contact = add_sales_contact(world, "Bob", add_account(world))

    assert tick(world, "contacts")[born] == {"read": 1, "ignored": 1}

    assert world.coupled("contacts") == {} and world.held("contacts") == []
    why = world.app.api.explain("contacts", born, contact)["now"]["reason"]
    assert ("company is not coupled" in why) if born == "sales" else ("only coupled records" in why)
    assert ZERO not in why
