"""The rows of data of `test_every_mapping.py`: one coupled pair of each mapping, and what may be done to it.

A mapping that is added later gets an entry in `CASES`; a test fails for one without. What cannot happen to
a mapping is in `cannot` with the reason, and a test fails for a reason that its fields contradict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.world import World
from shared.core.model import Side
from tests.scenarios.builders import (
    SALESPERSON,
    ZERO,
    add_account,
    add_contact,
    add_currency,
    add_customer,
    add_sales_contact,
    an_id,
)
from tests.scenarios.invoices import a_line, add_invoice
from tests.scenarios.products import (
    add_group,
    add_item,
    add_list_line,
    add_own,
    add_price,
    add_price_list,
    add_resource,
    add_unit,
)
from tests.scenarios.test_opportunities import add_company_contact, add_opportunity

Values = Mapping[str, Any]
BC, SALES = Side.BC, Side.SALES
HELD = {BC: "deleted", SALES: "deleted"}


@dataclass(frozen=True, kw_only=True)
class Edit:
    side: Side
    change: Values
    #: What the record of the other side shows afterwards.
    shown: Values
    #: Rows that this takes: the record, and what its rule writes with it (H16).
    writes: int = 1


@dataclass(frozen=True, kw_only=True)
class Late:
    """A new record whose dependency is not there yet."""

    side: Side
    add: Callable[[World], str]
    #: The mapping it waits for; "" when it is not listed: it is ignored until it has a counterpart.
    awaits: str
    appears: Callable[[World], object]


@dataclass(frozen=True, kw_only=True)
class Case:
    """How one mapping answers. `add` puts a record into BC (or the pair into both) and returns its BC id."""

    add: Callable[[World], str]
    #: A change on one side, and what the other side then shows.
    edits: tuple[Edit, ...] = ()
    #: Changes of a side that stay where they are: the other side owns the field, or nobody asks.
    own: tuple[Edit, ...] = ()
    #: Side whose record is deleted → a word of the reason it is held with; "" when nobody has to look.
    gone: Mapping[Side, str] = field(default_factory=dict)
    #: Dependencies that appear later, for a new record …
    late: tuple[Late, ...] = ()
    #: … and for a change of the coupled one: the change in BC, the mapping it then waits for, how that
    #: appears, and what Sales shows.
    waits: tuple[Values, str, Callable[[World], object], Callable[[World], Values]] | None = None
    too_long: tuple[Edit, ...] = ()
    unknown_options: tuple[Edit, ...] = ()
    blanks: tuple[Edit, ...] = ()
    #: "<kind> in <side>" → why it cannot happen.
    cannot: Mapping[str, str] = field(default_factory=dict)


# --- records -------------------------------------------------------------------------------------


def an_option(column: str, table: str, code: str) -> Callable[[World], str]:
    """Return how to add a code of BC with the option of the account that has the same label."""

    def add(world: World) -> str:
        offer(world, column, code)
        return add_code(world, table, code)

    return add


def offer(world: World, column: str, code: str) -> None:
    world.sales.add(f"account.{column}", "77", value=77, label=code.lower())


def add_code(world: World, table: str, code: str) -> str:
    return world.bc.add(table, an_id(f"{table} {code}"), code=code, description="", name="")


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
        mobilephone="",
    )
    world.tick("salespeople")


def a_newcomer(world: World) -> str:
    """A salesperson without user."""
    return world.bc.add(
        "salespeople", an_id("NEW"), code="NEW", name="New", email="new@contoso.com", phoneNumber=""
    )


def with_a_newcomer(add: Callable[[World], str]) -> Callable[[World], str]:
    """Let there be a salesperson without user besides."""

    def both(world: World) -> str:
        a_newcomer(world)
        return add(world)

    return both


def a_person(world: World) -> str:
    return add_contact(world, "K1", add_customer(world), city="Rome")


def an_item(world: World) -> str:
    add_unit(world)
    return add_item(world, vendorItemNumber="V-1")


def own_unit_of(asset: str, *, code: str = "PCS", quantity: float = 1) -> Callable[[World], str]:
    """Add an item or resource and one of its units, of which it has the base unit as well."""

    def add(world: World) -> str:
        for unit in ("PCS", code):
            add_unit(world, unit)
        make = add_item if asset == "items" else add_resource
        number = {"items": "1000", "resources": "R1"}[asset]
        make(world, number, unit="PCS")
        first = add_own(world, asset, number, "PCS")
        return add_own(world, asset, number, code, quantity) if code != "PCS" else first

    return add


def asset_of(asset: str) -> Callable[[World], str]:
    def add(world: World) -> str:
        own_unit_of(asset)(world)
        return an_id({"items": "item 1000", "resources": "resource R1"}[asset])

    return add


def a_unit_without_group(asset: str) -> Callable[[World], str]:
    """BC has the unit of another item or resource, which Sales has no group of yet."""

    def add(world: World) -> str:
        add_own(world, asset, "2000", "PCS")
        made = an_id(f"{asset.removesuffix('s')} 2000 in PCS")
        (add_item if asset == "items" else add_resource)(world, "2000", unit="PCS")
        return made

    return add


def unit_case(asset: str) -> Case:
    word = asset.removesuffix("s")
    return Case(
        add=own_unit_of(asset, code="BOX", quantity=12),
        edits=(Edit(side=BC, change={"quantityPerUnitOfMeasure": 10}, shown={"quantity": 10}, writes=2),),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"code": "BOX"}),),
        gone=HELD,
        late=(
            Late(
                side=BC,
                add=a_unit_without_group(asset),
                awaits=f"{word}_unit_groups",
                appears=then(run=f"{word}_unit_groups"),
            ),
        ),
        cannot=cannot(
            edits=(SALES, NOTHING_FROM),
            late=(SALES, NO_REFERENCE),
            too_long=ROOM,
            unknown_options=NO_OPTION,
            blanks=NO_BLANK,
        ),
    )


def unit_group_case(asset: str) -> Case:
    word = asset.removesuffix("s")
    return Case(
        add=asset_of(asset),
        edits=(Edit(side=BC, change={"number": "3000"}, shown={"name": f"{word.upper()} 3000 UOM GR"}),),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"blocked": False}),),
        gone=HELD,
        cannot=cannot(
            edits=(SALES, NOTHING_FROM),
            late=NO_REFERENCE,
            too_long=ROOM,
            unknown_options=NO_OPTION,
            blanks=NO_BLANK,
        ),
    )


def a_deal(world: World) -> str:
    customer = add_customer(world)
    person = add_contact(world, "K1", customer)
    company = add_company_contact(world, customer)
    return add_opportunity(world, contact=person, contactCompanyId=company, estimatedClosingDate="2026-05-01")


def an_invoice(world: World) -> str:
    add_customer(world)
    an_item(world)
    world.sales.add("invoice.paymenttermscode", "1", value=1, label="14 days")
    return add_invoice(world, paymentTermsId=an_id("terms 14 DAYS"))


def a_line_of_an_invoice(world: World) -> str:
    an_invoice(world)
    return an_id("line 103001 1")


def a_resource(world: World) -> str:
    add_unit(world, "HOUR")
    return add_resource(world, vendorNumber="V1")


def a_price(world: World) -> str:
    an_item(world)
    add_group(world)
    return add_price(world, "P1")


def a_list_line(world: World) -> str:
    an_item(world)
    add_price_list(world)
    return add_list_line(world, "L1")


# --- what comes later ----------------------------------------------------------------------------


def then(*actions: Callable[[World], object], run: str) -> Callable[[World], None]:
    """Let the records appear, and a full synchronization of their mapping run."""

    def appears(world: World) -> None:
        for act in actions:
            act(world)
        world.full_sync(run)

    return appears


def an_account_in_francs(world: World) -> str:
    """Sales has the currency; BC, where currencies belong, has not yet."""
    francs = world.sales.add(
        "transactioncurrencies",
        an_id("francs"),
        isocurrencycode="CHF",
        currencyname="Francs",
        currencysymbol="CHF",
        exchangerate=1,
    )
    return add_account(world, _transactioncurrencyid_value=francs)


def a_product_in_boxes(world: World, **differs: Any) -> str:
    """Sales has a unit group of that name; BC, where units belong, has not yet."""
    group = world.sales.add("uomschedules", an_id("boxes"), name="NAV BOX", baseuomname="BOX", statecode=0)
    unit = world.sales.add(
        "uoms",
        an_id("a box"),
        name="BOX",
        _uomscheduleid_value=group,
        isschedulebaseuom=True,
        quantity=1,
    )
    row = {
        "name": "From Sales",
        "productnumber": "S-1",
        "producttypecode": 1,
        "productstructure": 1,
        "_defaultuomscheduleid_value": group,
        "_defaultuomid_value": unit,
        "statecode": 0,
        "statuscode": 1,
    } | differs
    return world.sales.add("products", an_id("product S-1"), **row)


def a_group_in_francs(world: World) -> str:
    """The currency of a group is that of its first price."""
    an_item(world)
    world.full_sync("units_of_measure", "items")
    add_price(world, "P1", currencyId=an_id("currency CHF"), currencyCode="CHF")
    return add_group(world)


def a_list_in_francs(world: World) -> str:
    """The currency of a list is that of its first line, whatever its header says."""
    an_item(world)
    world.full_sync("units_of_measure", "items")
    add_list_line(world, "L1", currencyId=an_id("currency CHF"), currencyCode="CHF")
    return add_price_list(world)


def a_list_line_of_item_2000(world: World) -> str:
    a_list_line(world)
    world.full_sync()
    return add_list_line(world, "L2", "2000", lineNumber=20_000)


def an_invoice_of_item_2000(world: World) -> str:
    an_invoice(world)
    world.full_sync()
    return add_invoice(world, a_line(itemId=an_id("item 2000"), number="2000"), number="103002")


def a_line_of_item_2000(world: World) -> str:
    an_invoice_of_item_2000(world)
    return an_id("line 103002 1")


def item_2000_is_there(add: Callable[[World], str]) -> Callable[[World], str]:
    """BC has the item, but Sales not yet: it is not coupled."""

    def both(world: World) -> str:
        made = add(world)
        add_item(world, "2000")
        return made

    return both


def a_price_of_item_2000(world: World) -> str:
    a_price(world)
    world.full_sync()
    return add_price(world, "P2", "2000")


def a_deal_of_a_newcomer(world: World) -> str:
    a_deal(world)
    world.full_sync()
    person = add_contact(world, "K2", an_id("customer C1"))
    return add_opportunity(world, "OP2", contact=person)


def items_run(world: World) -> None:
    world.full_sync("items")


WAITS_FOR_SALESPERSON = (
    {"salespersonId": an_id("NEW")},
    "salespeople",
    the_user_comes,
    lambda world: {"_ownerid_value": an_id("user NEW")},
)
A_BOX = then(lambda world: add_unit(world, "BOX"), run="units_of_measure")

# --- why something cannot happen -----------------------------------------------------------------

NOTHING_FROM = "nothing of this side travels"
NO_REFERENCE = "it refers to nothing of this side that has to be there first"
ROOM = "whatever this side can hold has room on the other"
NO_OPTION = "it has no option field that travels from this side"
NO_BLANK = "no field that travels from this side may be blank"
POSTED = "a posted line never changes, and is written once, with its invoice"


def cannot(**reasons: tuple[Side, str] | str) -> dict[str, str]:
    """Return kind and side → reason; a bare reason is one for both sides."""
    found = {}
    for kind, given in reasons.items():
        sides = Side if isinstance(given, str) else (given[0],)
        reason = given if isinstance(given, str) else given[1]
        found.update({f"{kind} in {side.value}": reason for side in sides})
    return found


def option_case(column: str, table: str) -> Case:
    # Labels belong to Sales and codes to BC: matched by name once, then neither writes the other.
    return Case(
        add=an_option(column, table, "COURIER"),
        own=(
            Edit(side=BC, change={"code": "RENAMED"}, shown={"label": "courier"}),
            Edit(side=SALES, change={"label": "By courier"}, shown={"code": "COURIER"}),
        ),
        gone=HELD,
        late=(
            Late(
                side=BC,
                add=lambda world: add_code(world, table, "COURIER"),
                awaits="",
                appears=then(
                    lambda world: offer(world, column, "COURIER"),
                    run={
                        "paymentTerms": "payment_terms",
                        "shipmentMethods": "shipment_methods",
                        "shippingAgents": "shipping_agents",
                    }[table],
                ),
            ),
        ),
        cannot=cannot(
            edits=NOTHING_FROM,
            late=(SALES, NO_REFERENCE),
            too_long=ROOM,
            unknown_options=NO_OPTION,
            blanks=NO_BLANK,
        ),
    )


CASES: dict[str, Case] = {
    "salespeople": Case(
        add=lambda world: SALESPERSON,
        edits=(Edit(side=SALES, change={"mobilephone": "7"}, shown={"phoneNumber": "7"}),),
        own=(Edit(side=BC, change={"jobTitle": "Boss"}, shown={"mobilephone": ""}),),
        gone=HELD,
        late=(Late(side=BC, add=a_newcomer, awaits="", appears=the_user_comes),),
        too_long=(Edit(side=SALES, change={"fullname": "x" * 60}, shown={"name": "John Roberts"}),),
        blanks=(
            Edit(side=SALES, change={"mobilephone": None}, shown={"phoneNumber": ""}),
            Edit(side=SALES, change={"mobilephone": ""}, shown={"phoneNumber": ""}),
        ),
        cannot=cannot(
            edits=(BC, NOTHING_FROM),
            late=(SALES, NO_REFERENCE),
            too_long=(BC, NOTHING_FROM),
            unknown_options=NO_OPTION,
            blanks=(BC, NOTHING_FROM),
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
        cannot=cannot(
            edits=(SALES, NOTHING_FROM),
            late=NO_REFERENCE,
            too_long=ROOM,
            unknown_options=NO_OPTION,
            blanks=(SALES, NOTHING_FROM),
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
        cannot=cannot(
            edits=(SALES, NOTHING_FROM),
            late=NO_REFERENCE,
            too_long=ROOM,
            unknown_options=NO_OPTION,
            blanks=NO_BLANK,
        ),
    ),
    **{f"{a.removesuffix('s')}_unit_groups": unit_group_case(a) for a in ("items", "resources")},
    **{f"{a.removesuffix('s')}_units": unit_case(a) for a in ("items", "resources")},
    "items": Case(
        add=an_item,
        edits=(
            Edit(side=BC, change={"description": "Lamp"}, shown={"name": "Lamp"}),
            Edit(side=BC, change={"unitPrice": 7}, shown={"price": 7}, writes=2),
            Edit(side=SALES, change={"name": "Table"}, shown={"description": "Table"}),
        ),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"description": "Item 1000"}),),
        gone=HELD,
        late=(
            Late(
                side=BC,
                add=lambda world: add_item(world, unit="BOX"),
                awaits="units_of_measure",
                appears=A_BOX,
            ),
            Late(side=SALES, add=a_product_in_boxes, awaits="units_of_measure", appears=A_BOX),
        ),
        blanks=(
            Edit(side=BC, change={"vendorItemNumber": ""}, shown={"vendorpartnumber": None}),
            Edit(side=SALES, change={"name": None}, shown={"description": ""}),
            Edit(side=SALES, change={"name": ""}, shown={"description": ""}),
        ),
        cannot=cannot(too_long=ROOM, unknown_options=NO_OPTION),
    ),
    "resources": Case(
        add=a_resource,
        edits=(
            Edit(side=BC, change={"name": "Fitter"}, shown={"name": "Fitter"}),
            Edit(side=SALES, change={"name": "Driver"}, shown={"name": "Driver"}),
        ),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"name": "Resource R1"}),),
        gone=HELD,
        late=(
            Late(
                side=BC,
                add=lambda world: add_resource(world, unit="BOX"),
                awaits="units_of_measure",
                appears=A_BOX,
            ),
            Late(
                side=SALES,
                add=lambda world: a_product_in_boxes(world, producttypecode=3),
                awaits="units_of_measure",
                appears=A_BOX,
            ),
        ),
        blanks=(
            Edit(side=BC, change={"vendorNumber": ""}, shown={"vendorid": None}),
            Edit(side=SALES, change={"name": None}, shown={"name": ""}),
            Edit(side=SALES, change={"name": ""}, shown={"name": ""}),
        ),
        cannot=cannot(too_long=ROOM, unknown_options=NO_OPTION),
    ),
    "customer_price_groups": Case(
        add=add_group,
        edits=(Edit(side=BC, change={"code": "TRADE"}, shown={"name": "TRADE"}),),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"description": "Group RETAIL"}),),
        gone=HELD,
        late=(
            Late(
                side=BC,
                add=a_group_in_francs,
                awaits="currencies",
                appears=then(lambda world: add_currency(world, "CHF"), run="currencies"),
            ),
        ),
        cannot=cannot(
            edits=(SALES, NOTHING_FROM),
            late=(SALES, NO_REFERENCE),
            too_long=ROOM,
            unknown_options=NO_OPTION,
            blanks=NO_BLANK,
        ),
    ),
    "sales_prices": Case(
        add=a_price,
        edits=(Edit(side=BC, change={"unitPrice": 80}, shown={"amount": 80}),),
        own=(Edit(side=SALES, change={"quantitysellingcode": 2}, shown={"unitPrice": 90}),),
        gone=HELD,
        late=(
            Late(
                side=BC,
                add=item_2000_is_there(a_price_of_item_2000),
                awaits="items",
                appears=items_run,
            ),
        ),
        cannot=cannot(
            edits=(SALES, NOTHING_FROM),
            late=(SALES, NO_REFERENCE),
            too_long=ROOM,
            unknown_options=NO_OPTION,
            blanks=NO_BLANK,
        ),
    ),
    "price_lists": Case(
        add=add_price_list,
        edits=(
            Edit(side=BC, change={"code": "TRADE"}, shown={"name": "TRADE"}),
            Edit(side=BC, change={"endingDate": "2026-12-31"}, shown={"enddate": "2026-12-31"}),
            Edit(side=BC, change={"status": "Inactive"}, shown={"statecode": 1}),
        ),
        own=(Edit(side=SALES, change={"statuscode": 100_001}, shown={"description": "List RETAIL"}),),
        gone=HELD,
        late=(
            Late(
                side=BC,
                add=a_list_in_francs,
                awaits="currencies",
                appears=then(lambda world: add_currency(world, "CHF"), run="currencies"),
            ),
        ),
        blanks=(
            Edit(side=BC, change={"description": ""}, shown={"description": None}),
            Edit(side=BC, change={"endingDate": "0001-01-01"}, shown={"enddate": None}, writes=0),
        ),
        cannot=cannot(
            edits=(SALES, NOTHING_FROM),
            late=(SALES, NO_REFERENCE),
            too_long=ROOM,
            unknown_options=NO_OPTION,
            blanks=(SALES, NOTHING_FROM),
        ),
    ),
    "price_list_lines": Case(
        add=a_list_line,
        edits=(Edit(side=BC, change={"unitPrice": 80}, shown={"amount": 80}),),
        own=(Edit(side=SALES, change={"quantitysellingcode": 2}, shown={"unitPrice": 90}),),
        gone=HELD,
        late=(
            Late(
                side=BC,
                add=item_2000_is_there(a_list_line_of_item_2000),
                awaits="items",
                appears=items_run,
            ),
        ),
        cannot=cannot(
            edits=(SALES, NOTHING_FROM),
            late=(SALES, NO_REFERENCE),
            too_long=ROOM,
            unknown_options=NO_OPTION,
            blanks=NO_BLANK,
        ),
    ),
    "customers": Case(
        add=with_a_newcomer(
            lambda world: add_customer(world, city="Rome", paymentTermsId=an_id("terms 14 DAYS"))
        ),
        edits=(
            Edit(side=BC, change={"phoneNumber": "7"}, shown={"telephone1": "7"}),
            Edit(side=SALES, change={"telephone1": "8"}, shown={"phoneNumber": "8"}),
        ),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"city": "Rome"}),),
        gone=HELD,
        late=(
            Late(
                side=BC,
                add=with_a_newcomer(lambda world: add_customer(world, salespersonId=an_id("NEW"))),
                awaits="salespeople",
                appears=the_user_comes,
            ),
            Late(
                side=SALES,
                add=an_account_in_francs,
                awaits="currencies",
                appears=then(lambda world: add_currency(world, "CHF"), run="currencies"),
            ),
        ),
        waits=WAITS_FOR_SALESPERSON,
        too_long=(
            Edit(side=BC, change={"homePage": "x" * 201}, shown={"websiteurl": None}),
            Edit(side=SALES, change={"address1_city": "x" * 31}, shown={"city": "Rome"}),
        ),
        # A code of BC empties the option (P18); an option of Sales writes nothing (H6).
        unknown_options=(
            Edit(
                side=BC,
                change={"paymentTermsId": an_id("terms 1M(8D)")},
                shown={"paymenttermscode": None},
            ),
            Edit(
                side=SALES,
                change={"paymenttermscode": 99},
                shown={"paymentTermsId": an_id("terms 14 DAYS")},
            ),
        ),
        blanks=(
            Edit(side=BC, change={"city": ""}, shown={"address1_city": None}),
            Edit(side=SALES, change={"address1_city": None}, shown={"city": ""}),
            Edit(side=SALES, change={"address1_city": ""}, shown={"city": ""}),
            Edit(side=BC, change={"paymentTermsId": ZERO}, shown={"paymenttermscode": None}),
            Edit(side=SALES, change={"paymenttermscode": None}, shown={"paymentTermsId": ZERO}),
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
        late=(
            Late(
                side=BC,
                add=lambda world: add_contact(world, "K1", an_id("customer C1")),
                awaits="customers",
                appears=then(add_customer, run="customers"),
            ),
            # One whose account is not coupled is outside the filter (P21): not listed, and found again.
            Late(
                side=SALES,
                add=lambda world: add_sales_contact(world, account=an_id("account A1")),
                awaits="",
                appears=lambda world: (
                    add_account(world),
                    world.full_sync("customers"),
                    world.full_sync("contacts"),
                ),
            ),
        ),
        waits=WAITS_FOR_SALESPERSON,
        too_long=(
            Edit(side=BC, change={"homePage": "x" * 201}, shown={"websiteurl": None}),
            Edit(side=SALES, change={"address1_city": "x" * 31}, shown={"city": "Rome"}),
        ),
        blanks=(
            Edit(side=BC, change={"city": ""}, shown={"address1_city": None}),
            Edit(side=SALES, change={"address1_city": None}, shown={"city": ""}),
            Edit(side=SALES, change={"address1_city": ""}, shown={"city": ""}),
        ),
        cannot=cannot(unknown_options=NO_OPTION),
    ),
    "opportunities": Case(
        add=with_a_newcomer(a_deal),
        edits=(
            Edit(side=BC, change={"description": "20 chairs"}, shown={"name": "20 chairs"}),
            Edit(side=SALES, change={"name": "20 desks"}, shown={"description": "20 desks"}),
        ),
        own=(Edit(side=SALES, change={"description": "A note"}, shown={"description": "Deal OP1"}),),
        gone=HELD,
        late=(
            Late(
                side=BC,
                add=a_deal_of_a_newcomer,
                awaits="contacts",
                appears=lambda world: world.full_sync("contacts"),
            ),
        ),
        waits=WAITS_FOR_SALESPERSON,
        too_long=(Edit(side=SALES, change={"name": "x" * 101}, shown={"description": "Deal OP1"}),),
        blanks=(
            Edit(side=BC, change={"estimatedClosingDate": "0001-01-01"}, shown={"estimatedclosedate": None}),
        ),
        cannot=cannot(
            late=(SALES, NO_REFERENCE),
            too_long=(BC, ROOM),
            unknown_options=NO_OPTION,
            blanks=(SALES, NO_BLANK),
        ),
    ),
    "posted_sales_invoices": Case(
        add=with_a_newcomer(an_invoice),
        edits=(Edit(side=BC, change={"billToCity": "Rome"}, shown={"billto_city": "Rome"}),),
        own=(Edit(side=SALES, change={"emailaddress": "a@b.com"}, shown={"number": "103001"}),),
        gone=HELD,
        late=(
            Late(
                side=BC,
                add=item_2000_is_there(an_invoice_of_item_2000),
                awaits="items",
                appears=items_run,
            ),
        ),
        waits=WAITS_FOR_SALESPERSON,
        too_long=(Edit(side=BC, change={"workDescription": "x" * 2001}, shown={"description": None}),),
        unknown_options=(
            Edit(
                side=BC,
                change={"paymentTermsId": an_id("terms 1M(8D)")},
                shown={"paymenttermscode": None},
            ),
        ),
        blanks=(
            Edit(side=BC, change={"billToCity": ""}, shown={"billto_city": None}),
            Edit(side=BC, change={"dueDate": "0001-01-01"}, shown={"duedate": None}),
        ),
        cannot=cannot(
            edits=(SALES, NOTHING_FROM),
            late=(SALES, NO_REFERENCE),
            too_long=(SALES, NOTHING_FROM),
            unknown_options=(SALES, NOTHING_FROM),
            blanks=(SALES, NOTHING_FROM),
        ),
    ),
    # Rows of an invoice: they come and stay with it (P12).
    "posted_sales_invoice_lines": Case(
        add=a_line_of_an_invoice,
        own=(
            Edit(side=BC, change={"description": "Changed"}, shown={"quantity": 10}),
            Edit(side=SALES, change={"description": "A note"}, shown={"description": "Item sold"}),
        ),
        gone={BC: "", SALES: ""},
        late=(
            Late(
                side=BC,
                add=item_2000_is_there(a_line_of_item_2000),
                awaits="items",
                appears=items_run,
            ),
        ),
        cannot=cannot(
            edits=POSTED,
            late=(SALES, NO_REFERENCE),
            too_long=ROOM,
            unknown_options=NO_OPTION,
            blanks=NO_BLANK,
        ),
    ),
}
