"""Every mapping, the same questions (issue 2): rows of data say how a mapping answers them.

A mapping that is added later gets an entry in `CASES`; a test fails for one without. An entry names one
coupled pair and says what people may do to it:

- `edits`: a change on one side, and what the other side then shows;
- `own`: changes of a side that stay where they are (the other side owns the field, or nobody asks);
- `gone`: what becomes of the pair when its record of this side is deleted;
- `waits`: a reference whose target is missing, and how the target appears later;
- `too_long`, `unknown_option`, `blanks`: values that have no place on the other side.

What a mapping has no field for is left out of its entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.world import World
from shared.core.convert import Option, Reference, Text
from shared.core.mapping import Direction
from shared.core.model import Side
from shared.mappings import ALL, BY_NAME
from tests.scenarios.builders import (
    SALESPERSON,
    ZERO,
    a_company,
    add_contact,
    add_currency,
    add_customer,
    an_id,
)
from tests.scenarios.invoices import add_invoice
from tests.scenarios.products import add_group, add_item, add_price, add_resource, add_unit
from tests.scenarios.test_opportunities import add_company_contact, add_opportunity

Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Edit:
    side: Side
    change: Values
    #: What the record of the other side shows afterwards.
    shown: Values
    #: Rows that this takes: the record, and what its rule writes with it (H16).
    writes: int = 1


@dataclass(frozen=True, kw_only=True)
class Case:
    """How one mapping answers. `add` puts a record into BC (or the pair into both) and returns its BC id."""

    add: Callable[[World], str]
    edits: tuple[Edit, ...] = ()
    own: tuple[Edit, ...] = ()
    #: Side whose record is deleted → a word of the reason it is held with; "" when nobody has to look.
    gone: Mapping[Side, str] = field(default_factory=dict)
    #: The change of the BC record, the mapping it then waits for, how that appears, and what Sales shows.
    waits: tuple[Values, str, Callable[[World], object], Callable[[World], Values]] | None = None
    too_long: Edit | None = None
    unknown_option: Edit | None = None
    blanks: tuple[Edit, ...] = ()


BC, SALES = Side.BC, Side.SALES
HELD = {BC: "deleted", SALES: "deleted"}


def an_option(column: str, table: str, code: str) -> Callable[[World], str]:
    """Return how to add a code of BC with the option of the account that has the same label."""

    def add(world: World) -> str:
        world.sales.add(f"account.{column}", "77", value=77, label=code.lower())
        return world.bc.add(table, an_id(f"{table} {code}"), code=code, description="", name="")

    return add


def option_case(column: str, table: str) -> Case:
    # Labels belong to Sales and codes to BC: matched by name once, then neither writes the other.
    return Case(
        add=an_option(column, table, "COURIER"),
        own=(
            Edit(side=BC, change={"code": "RENAMED"}, shown={"label": "courier"}),
            Edit(side=SALES, change={"label": "By courier"}, shown={"code": "COURIER"}),
        ),
        gone={BC: "deleted", SALES: "deleted"},
    )


def the_user_comes(world: World) -> None:
    world.sales.add(
        "systemusers",
        an_id("user NEW"),
        fullname="New",
        internalemailaddress="new@contoso.com",
        isdisabled=False,
        islicensed=True,
        isintegrationuser=False,
        applicationid=None,
    )
    world.tick("salespeople")


def with_a_newcomer(add: Callable[[World], str]) -> Callable[[World], str]:
    """Let there be a salesperson without user besides."""

    def both(world: World) -> str:
        world.bc.add("salespeople", an_id("NEW"), code="NEW", name="New", email="new@contoso.com")
        return add(world)

    return both


def a_person(world: World) -> str:
    return add_contact(world, "K1", add_customer(world), city="Rome")


def an_item(world: World) -> str:
    add_unit(world)
    return add_item(world, vendorItemNumber="V-1")


def a_deal(world: World) -> str:
    customer = add_customer(world)
    person = add_contact(world, "K1", customer)
    company = add_company_contact(world, customer)
    return add_opportunity(world, contact=person, contactCompanyId=company)


def an_invoice(world: World) -> str:
    add_customer(world)
    an_item(world)
    return add_invoice(world)


def a_resource(world: World) -> str:
    add_unit(world, "HOUR")
    return add_resource(world, vendorNumber="V1")


def a_price(world: World) -> str:
    an_item(world)
    add_group(world)
    return add_price(world, "P1")


WAITS_FOR_SALESPERSON = (
    {"salespersonId": an_id("NEW")},
    "salespeople",
    the_user_comes,
    lambda world: {"_ownerid_value": an_id("user NEW")},
)
CASES: dict[str, Case] = {
    "salespeople": Case(
        add=lambda world: SALESPERSON,
        edits=(Edit(side=SALES, change={"mobilephone": "7"}, shown={"phoneNumber": "7"}),),
        own=(Edit(side=BC, change={"jobTitle": "Boss"}, shown={"mobilephone": ""}),),
        gone=HELD,
        too_long=Edit(side=SALES, change={"fullname": "x" * 60}, shown={"name": "John Roberts"}),
        blanks=(
            Edit(side=SALES, change={"mobilephone": None}, shown={"phoneNumber": ""}),
            Edit(side=SALES, change={"mobilephone": ""}, shown={"phoneNumber": ""}),
        ),
    ),
    "currencies": Case(
        add=lambda world: add_currency(world, "USD"),
        edits=(Edit(side=BC, change={"description": "Dollar"}, shown={"currencyname": "Dollar"}),),
        own=(Edit(side=SALES, change={"currencyprecision": 4}, shown={"description": "Money USD"}),),
        gone=HELD,
        # Sales needs a symbol and a name: a blank one is the code (mappings.md, CURRENCY).
        blanks=(
            Edit(side=BC, change={"symbol": ""}, shown={"currencysymbol": "USD"}),
            Edit(side=BC, change={"description": ""}, shown={"currencyname": "USD"}),
        ),
    ),
    "payment_terms": option_case("paymenttermscode", "paymentTerms"),
    "shipment_methods": option_case("address1_freighttermscode", "shipmentMethods"),
    "shipping_agents": option_case("address1_shippingmethodcode", "shippingAgents"),
    # The group and its one unit have the code in their names (P23).
    "units_of_measure": Case(
        add=add_unit,
        edits=(Edit(side=BC, change={"code": "BOX"}, shown={"name": "NAV BOX"}, writes=2),),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"code": "PCS"}),),
        gone=HELD,
    ),
    "items": Case(
        add=an_item,
        edits=(
            Edit(side=BC, change={"description": "Lamp"}, shown={"name": "Lamp"}),
            Edit(side=BC, change={"unitPrice": 7}, shown={"price": 7}, writes=2),
            Edit(side=SALES, change={"name": "Table"}, shown={"description": "Table"}),
        ),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"description": "Item 1000"}),),
        gone=HELD,
        blanks=(
            Edit(side=BC, change={"vendorItemNumber": ""}, shown={"vendorpartnumber": None}),
            Edit(side=SALES, change={"name": None}, shown={"description": ""}),
        ),
    ),
    "resources": Case(
        add=a_resource,
        edits=(
            Edit(side=BC, change={"name": "Fitter"}, shown={"name": "Fitter"}),
            Edit(side=SALES, change={"name": "Driver"}, shown={"name": "Driver"}),
        ),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"name": "Resource R1"}),),
        gone=HELD,
        blanks=(Edit(side=BC, change={"vendorNumber": ""}, shown={"vendorid": None}),),
    ),
    "customer_price_groups": Case(
        add=add_group,
        edits=(Edit(side=BC, change={"code": "TRADE"}, shown={"name": "TRADE"}),),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"description": "Group RETAIL"}),),
        gone=HELD,
    ),
    "sales_prices": Case(
        add=a_price,
        edits=(Edit(side=BC, change={"unitPrice": 80}, shown={"amount": 80}),),
        own=(Edit(side=SALES, change={"quantitysellingcode": 2}, shown={"unitPrice": 90}),),
        gone=HELD,
    ),
    "customers": Case(
        add=with_a_newcomer(lambda world: add_customer(world, city="Rome")),
        edits=(
            Edit(side=BC, change={"phoneNumber": "7"}, shown={"telephone1": "7"}),
            Edit(side=SALES, change={"telephone1": "8"}, shown={"phoneNumber": "8"}),
        ),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"city": "Rome"}),),
        gone=HELD,
        waits=WAITS_FOR_SALESPERSON,
        too_long=Edit(side=SALES, change={"address1_city": "x" * 31}, shown={"city": "Rome"}),
        unknown_option=Edit(side=SALES, change={"paymenttermscode": 99}, shown={"paymentTermsId": ZERO}),
        blanks=(
            Edit(side=BC, change={"city": ""}, shown={"address1_city": None}),
            Edit(side=SALES, change={"address1_city": None}, shown={"city": ""}),
            Edit(side=SALES, change={"address1_city": ""}, shown={"city": ""}),
        ),
    ),
    "contacts": Case(
        add=with_a_newcomer(a_person),
        edits=(
            Edit(side=BC, change={"phoneNumber": "7"}, shown={"telephone1": "7"}),
            Edit(side=SALES, change={"emailaddress1": "a@b.com"}, shown={"email": "a@b.com"}),
        ),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"city": "Rome"}),),
        gone=HELD,
        waits=WAITS_FOR_SALESPERSON,
        too_long=Edit(side=SALES, change={"address1_city": "x" * 31}, shown={"city": "Rome"}),
        blanks=(
            Edit(side=BC, change={"city": ""}, shown={"address1_city": None}),
            Edit(side=SALES, change={"address1_city": None}, shown={"city": ""}),
        ),
    ),
    "opportunities": Case(
        add=with_a_newcomer(a_deal),
        edits=(
            Edit(side=BC, change={"description": "20 chairs"}, shown={"name": "20 chairs"}),
            Edit(side=SALES, change={"name": "20 desks"}, shown={"description": "20 desks"}),
        ),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"description": "Deal OP1"}),),
        gone=HELD,
        waits=WAITS_FOR_SALESPERSON,
        too_long=Edit(side=SALES, change={"name": "x" * 101}, shown={"description": "Deal OP1"}),
    ),
    "posted_sales_invoices": Case(
        add=with_a_newcomer(an_invoice),
        edits=(Edit(side=BC, change={"billToCity": "Rome"}, shown={"billto_city": "Rome"}),),
        own=(Edit(side=SALES, change={"emailaddress": "a@b.com"}, shown={"number": "103001"}),),
        gone=HELD,
        waits=WAITS_FOR_SALESPERSON,
    ),
}


class Coupled:
    """A world with one pair of the mapping that agrees."""

    def __init__(self, name: str) -> None:
        self.case, self.mapping, self.world = CASES[name], BY_NAME[name], a_company()
        self.bc_id = self.case.add(self.world)
        self.world.full_sync()
        self.sales_id = self.world.coupled(name)[self.bc_id]
        self.written = self.world.written()

    def table(self, side: Side) -> str:
        table = self.mapping.table(side)
        return f"{table.entity}.{table.name}" if table.kind == "option" else table.name

    def id(self, side: Side) -> str:
        return self.bc_id if side is BC else self.sales_id

    def records(self, side: Side) -> Any:
        return self.world.bc if side is BC else self.world.sales

    def make(self, edit: Edit) -> None:
        self.records(edit.side).edit(self.table(edit.side), self.id(edit.side), **edit.change)
        self.world.tick(self.mapping.name)

    def shows(self, side: Side, columns: Values) -> dict[str, Any]:
        row = self.records(side).show(self.table(side), self.id(side))
        assert row is not None
        return {column: row.get(column) for column in columns}

    def held(self) -> list[dict[str, Any]]:
        return self.world.held(self.mapping.name)

    def is_quiet(self) -> None:
        """Nothing is held, and nothing more is written by any timer or full synchronization."""
        assert self.held() == []
        written = self.world.written()
        self.world.tick(self.mapping.name)
        self.world.full_sync(self.mapping.name)
        assert self.world.written() == written


def named(what: str) -> list[Any]:
    """Return (mapping, item) for each item that the cases name under `what`."""
    found = []
    for name, case in CASES.items():
        items = getattr(case, what)
        several = items if isinstance(items, tuple) and what != "waits" else (items,) if items else ()
        for item in several:
            of = f" of {item.side.value} {'/'.join(item.change)}" if isinstance(item, Edit) else ""
            found.append(pytest.param(name, item, id=name + of))
    return found


def test_every_mapping_has_a_case():
    missing = {m.name for m in ALL if not m.switch} ^ set(CASES)
    assert not missing, f"CASES needs a row of data for each mapping and no other: {missing}"


@pytest.mark.parametrize("name", CASES)
def test_a_case_asks_for_all_that_its_mapping_can_show(name):
    """Each side that values come from is edited; a reference, an option and a short text are tried."""
    mapping, case = BY_NAME[name], CASES[name]
    travelling = [f for f in mapping.fields if f.when.value != "create"]
    for side in Side:
        owned = [f for f in travelling if f.direction.reaches(side.other) and not f.state]
        assert bool(owned) == any(e.side is side for e in case.edits)
    assert set(case.gone) == set(Side)
    hard = [f for f in travelling if isinstance(f.converter, Reference) and not (f.soft or f.fixed)]
    hard = [f for f in hard if not f.computed(BC)]
    assert bool(hard) == (case.waits is not None)
    options = [f for f in travelling if isinstance(f.converter, Option) and f.direction is Direction.BOTH]
    assert bool(options) == (case.unknown_option is not None)
    short = [
        f
        for f in travelling
        if isinstance(f.converter, Text)
        and not f.converter.cut
        and (
            (f.direction.reaches(BC) and f.converter.bc < f.converter.sales)
            or (f.direction.reaches(SALES) and f.converter.sales < f.converter.bc)
        )
    ]
    assert bool(short) == (case.too_long is not None)


@pytest.mark.parametrize("name", CASES)
def test_a_second_run_writes_nothing(name):
    pair = Coupled(name)

    pair.world.full_sync()
    pair.world.tick_all()

    assert pair.world.written() == pair.written
    pair.is_quiet()


@pytest.mark.parametrize(("name", "edit"), named("edits"))
def test_a_change_reaches_the_other_side_and_does_not_come_back(name, edit):
    pair = Coupled(name)

    pair.make(edit)

    assert pair.shows(edit.side.other, edit.shown) == edit.shown
    assert pair.shows(edit.side, edit.change) == edit.change
    assert pair.world.written() == pair.written + edit.writes
    pair.is_quiet()


@pytest.mark.parametrize(("name", "edit"), named("own"))
@pytest.mark.peer("engine-decision-043")
def test_a_change_that_is_a_sides_own_stays_there(name, edit):
    pair = Coupled(name)

    pair.make(edit)

    assert pair.shows(edit.side.other, edit.shown) == edit.shown
    assert pair.shows(edit.side, edit.change) == edit.change
    assert pair.world.written() == pair.written
    pair.is_quiet()


@pytest.mark.parametrize("side", list(Side), ids=["in BC", "in Sales"])
@pytest.mark.parametrize("name", CASES)
def test_a_deletion_deletes_nothing_on_the_other_side_and_is_told_R60(name, side):
    pair = Coupled(name)
    before = pair.records(side.other).all(pair.table(side.other))

    pair.records(side).delete(pair.table(side), pair.id(side))
    pair.world.tick(name)
    pair.world.full_sync(name)

    assert pair.records(side.other).all(pair.table(side.other)) == before
    assert pair.world.written() == pair.written
    assert [pair.case.gone[side] in h["reason"] for h in pair.held()] == [True]


@pytest.mark.parametrize(("name", "waits"), named("waits"))
def test_a_missing_dependency_is_waited_for_and_the_record_goes_when_it_appears_H14(name, waits):
    pair = Coupled(name)
    change, awaited, appears, shown = waits

    pair.make(Edit(side=BC, change=change, shown={}))
    (held,) = pair.held()
    assert held["kind"] == "waiting" and held["awaits"]["mapping"] == awaited
    appears(pair.world)
    pair.world.run()

    expected = shown(pair.world)
    assert pair.shows(SALES, expected) == expected
    pair.is_quiet()


@pytest.mark.parametrize(("name", "edit"), named("too_long"))
def test_a_value_too_long_for_the_other_side_is_held_with_the_limit_and_heals_H3(name, edit):
    pair = Coupled(name)
    before = pair.shows(edit.side, edit.change)

    pair.make(edit)
    assert pair.shows(edit.side.other, edit.shown) == edit.shown
    (held,) = pair.held()
    assert "characters" in held["reason"] and "takes" in held["reason"]
    pair.make(replace_change(edit, before))

    pair.is_quiet()


@pytest.mark.parametrize(("name", "edit"), named("unknown_option"))
def test_an_option_that_bc_does_not_know_writes_nothing_and_holds_nothing_H6(name, edit):
    pair = Coupled(name)

    pair.make(edit)

    assert pair.shows(edit.side.other, edit.shown) == edit.shown
    assert pair.shows(edit.side, edit.change) == edit.change
    pair.is_quiet()


@pytest.mark.parametrize(("name", "edit"), named("blanks"))
def test_blank_and_null_are_the_same_and_empty_the_other_side_H30(name, edit):
    pair = Coupled(name)

    pair.make(edit)

    assert pair.shows(edit.side.other, edit.shown) == edit.shown
    pair.is_quiet()


def replace_change(edit: Edit, change: Values) -> Edit:
    return Edit(side=edit.side, change=change, shown=edit.shown)
