"""Units, items and resources: unit groups and products (P5–P7, P23, P24, P26; mappings.md §9–§11)."""

from decimal import Decimal

import pytest

from sandbox.world import GBP, World
from shared.engine.parts import Limits
from shared.rules.default_price_list import NAME
from tests.scenarios.builders import a_company, an_id, line
from tests.scenarios.products import (
    a_shop,
    a_synced_shop,
    add_item,
    add_product,
    add_resource,
    add_unit,
    lines_of,
    product_of,
    unit_id,
    unit_of,
)

ITEM, RESOURCE = an_id("item 1000"), an_id("resource R1")


def group_of(world: World, code: str = "PCS") -> dict:
    row = world.sales.show("uomschedules", world.coupled("units_of_measure")[unit_id(code)])
    assert row is not None
    return row


def move_stock(world: World, item: str, inventory: int, name: str = "entry") -> None:
    """Posting adds a ledger entry; the item shows the new stock while its row stands still."""
    world.bc.add("itemLedgerEntries", an_id(f"{name} {inventory}"), itemId=item)
    world.bc.compute("items", item, inventory=inventory)


# --- units ---------------------------------------------------------------------------------------


def test_a_unit_of_measure_becomes_a_unit_group_with_exactly_one_unit_P5_P23():
    world = a_synced_shop()

    assert group_of(world)["name"] == "NAV PCS"
    units = [u for u in world.sales.all("uoms").values() if u["name"] == "PCS"]
    assert len(units) == 1 and units[0]["isschedulebaseuom"] and units[0]["quantity"] == 1


def test_a_unit_group_of_that_name_is_coupled_and_its_one_unit_takes_the_code_P5_P14():
    world = a_company()
    add_unit(world)
    world.sales.add("uomschedules", an_id("old group"), name="nav pcs", baseuomname="Pieces")
    world.full_sync()

    assert world.coupled("units_of_measure") == {unit_id("PCS"): an_id("old group")}
    assert [u["name"] for u in world.sales.all("uoms").values()] == ["PCS"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param("inactive", "is inactive", id="inactive"),
        pytest.param("two units", "has 2 units in Sales; it must have exactly one", id="two units"),
    ],
)
def test_a_unit_group_that_cannot_be_used_holds_its_unit_and_its_items_until_it_is_put_right_P23(
    fault, reason
):
    world = a_company()
    add_unit(world)
    item = add_item(world)
    group = world.sales.add("uomschedules", an_id("old"), name="NAV PCS", baseuomname="PCS")
    if fault == "inactive":
        world.sales.edit("uomschedules", group, statecode=1)
    else:
        world.sales.add("uoms", an_id("box"), name="BOX", _uomscheduleid_value=group, quantity=6)
    world.full_sync()

    assert reason in world.held("units_of_measure")[0]["reason"]
    if fault == "two units":
        assert "has 2 units" in world.held("items")[0]["reason"] and not world.coupled("items")

    world.sales.edit("uomschedules", group, statecode=0)
    world.sales.delete("uoms", an_id("box"))
    world.full_sync()

    assert not world.held()
    assert product_of(world, item)["productnumber"] == "1000"


def test_a_renamed_unit_of_measure_renames_group_and_unit_P5():
    world = a_synced_shop()
    world.bc.edit("unitsOfMeasure", unit_id("PCS"), code="PIECE")
    world.tick("units_of_measure")

    assert group_of(world)["name"] == "NAV PIECE"
    assert world.sales.show("uoms", unit_of(world, "PCS"))["name"] == "PIECE"


# --- a new item ----------------------------------------------------------------------------------


@pytest.mark.peer("mapping-item-003", "mapping-pricelist-008")
def test_an_item_becomes_an_active_product_with_a_line_in_a_price_list_made_by_itself_P6_P24():
    world = a_company()
    add_unit(world)
    item = add_item(
        world, unitPrice=Decimal("12.5"), unitCost=7, unitVolume=2, grossWeight=3, vendorNumber="V1"
    )
    world.full_sync()

    product = product_of(world, item)
    assert (product["producttypecode"], product["statecode"], product["statuscode"]) == (1, 0, 1)
    assert (product["productnumber"], product["name"]) == ("1000", "Item 1000")
    assert (product["price"], product["standardcost"], product["currentcost"]) == (Decimal("12.5"), 7, 7)
    assert (product["stockvolume"], product["stockweight"], product["vendorid"]) == (2, 3, "V1")
    assert product["quantitydecimal"] == 2
    assert product["_transactioncurrencyid_value"] == GBP
    assert product["_defaultuomid_value"] == unit_of(world, "PCS")
    assert world.sales.show("pricelevels", product["_pricelevelid_value"])["name"] == NAME
    [priced] = lines_of(world, NAME)
    assert priced["amount"] == Decimal("12.5") and priced["_uomid_value"] == unit_of(world, "PCS")


def test_a_resource_becomes_a_product_of_type_services_P7_P26():
    world = a_synced_shop()
    product = product_of(world, RESOURCE, "resources")

    assert (product["producttypecode"], product["statecode"], product["name"]) == (3, 0, "Resource R1")
    assert product["_defaultuomid_value"] == unit_of(world, "HOUR")
    assert sorted(entry["amount"] for entry in lines_of(world, NAME)) == [90, 100]


@pytest.mark.peer("mapping-pricelist-008")
def test_a_default_price_list_that_is_there_already_is_used_P24():
    world = a_shop()
    world.sales.add("pricelevels", an_id("mine"), name=NAME, _transactioncurrencyid_value=GBP)
    world.full_sync()

    assert product_of(world, ITEM)["_pricelevelid_value"] == an_id("mine")
    assert len(lines_of(world, NAME)) == 2


def test_a_list_of_that_name_in_another_currency_makes_room_for_a_second_one_mappings_11():
    world = a_shop()
    world.sales.add("pricelevels", an_id("euro"), name=NAME, _transactioncurrencyid_value=an_id("EUR"))
    world.full_sync()

    assert len(lines_of(world, "Business Central GBP Default Price List")) == 2


def test_a_second_full_synchronization_writes_nothing_P6_P7():
    world = a_synced_shop()
    written = world.written()
    run = world.full_sync()

    assert world.written() == written
    assert line(run, "items")["to_sales"]["unchanged"] == line(run, "items")["to_sales"]["read"] == 1


def test_product_price_line_and_state_are_one_change_set_all_or_nothing_H16():
    world = a_shop()
    world.sales.refuse = lambda table, values: "no" if table == "productpricelevels" else None
    world.full_sync()

    assert not world.sales.all("products") and not world.coupled("items")
    assert "no" in world.held("items")[0]["reason"]

    world.sales.refuse = lambda table, values: None
    world.full_sync()
    assert len(world.sales.all("products")) == 2 and not world.held()


def test_a_page_of_products_costs_as_many_requests_as_one_product_H16():
    def spent(count: int) -> int:
        world = a_company()
        add_unit(world)
        for number in range(count):
            add_item(world, f"N{number}")
        return line(world.full_sync(), "items")["requests"]["sales"]

    assert spent(300) == spent(1)


@pytest.mark.parametrize(
    "moment", ["before sales.create", "after sales.create", "after tables", "before bc.get"]
)
def test_a_crash_between_the_steps_makes_nothing_twice_H1_H16(moment):
    when, name = moment.split()
    world = a_shop()
    seen = []

    def happens(at: str, port: str) -> bool:
        # Let the price list be made, and die around the write of the products.
        if at == when and port.startswith(name) and world.sales.all("pricelevels"):
            seen.append(port)
        return bool(seen)

    world.crash_when(happens)
    world.full_sync()
    world.heal()
    world.run()
    world.full_sync()

    assert seen
    assert len(world.sales.all("products")) == 2
    assert len(lines_of(world, NAME)) == 2 and not world.held()


@pytest.mark.parametrize("mapping", ["items", "resources"])
def test_an_answer_that_was_lost_makes_no_second_product_H16(mapping):
    world = a_shop()
    world.full_sync("units_of_measure", "currencies")
    world.sales.lost_answers = 2
    world.full_sync()
    world.full_sync()

    assert len(world.sales.all("products")) == 2 and not world.held()


# --- changes -------------------------------------------------------------------------------------


@pytest.mark.peer("mapping-pricelist-011")
def test_a_new_price_reaches_the_product_and_its_line_P24():
    world = a_synced_shop()
    product = world.coupled("items")[ITEM]
    [before] = [r for r in lines_of(world, NAME) if r["_productid_value"] == product]
    world.bc.edit("items", ITEM, unitPrice=120, number="1000-B")
    world.tick("items")

    shown = product_of(world, ITEM)
    assert (shown["price"], shown["productnumber"]) == (120, "1000-B")
    # The same line of the same list and unit, for the product under its new number.
    [after] = [r for r in lines_of(world, NAME) if r["_productid_value"] == product]
    assert after == before | {"amount": 120}


@pytest.mark.peer("mapping-pricelist-011")
def test_the_line_agrees_with_its_product_in_price_unit_currency_list_and_number_P24():
    world = a_synced_shop()
    product = world.coupled("items")[ITEM]
    other = world.sales.add("pricelevels", an_id("other"), name="Other", _transactioncurrencyid_value=GBP)
    world.sales.edit("products", product, _pricelevelid_value=other)
    world.bc.edit("items", ITEM, unitPrice=120, number="1000-B")
    world.tick("items")

    shown = product_of(world, ITEM)
    [row] = [r for r in lines_of(world, NAME) if r["_productid_value"] == product]
    price_list = world.sales.show("pricelevels", row["_pricelevelid_value"])
    assert (shown["price"], shown["productnumber"]) == (120, "1000-B")
    assert row["amount"] == shown["price"]
    assert row["_uomid_value"] == shown["_defaultuomid_value"]
    # A product that was moved to another list is back in the default one, with the change that moved its price.
    assert row["_pricelevelid_value"] == shown["_pricelevelid_value"] != other
    assert price_list is not None
    assert price_list["_transactioncurrencyid_value"] == shown["_transactioncurrencyid_value"] == GBP


@pytest.mark.peer("mapping-pricelist-011")
def test_a_new_base_unit_is_held_and_product_and_line_keep_the_one_they_agree_on_P24():
    """Sales refuses another unit group for a product, and another unit for its line (0x800422FE)."""
    world = a_synced_shop()
    product = world.coupled("items")[ITEM]
    before = [r for r in lines_of(world, NAME) if r["_productid_value"] == product]
    world.bc.edit("items", ITEM, baseUnitOfMeasureId=unit_id("HOUR"), baseUnitOfMeasureCode="HOUR")
    world.tick("items")

    [held] = world.held("items")
    assert held["id"] == ITEM and "cannot change" in held["reason"]
    assert [r for r in lines_of(world, NAME) if r["_productid_value"] == product] == before
    assert before[0]["_uomid_value"] == product_of(world, ITEM)["_defaultuomid_value"]


@pytest.mark.peer("mapping-pricelist-011")
def test_a_line_of_the_default_list_edited_by_hand_is_set_right_with_the_next_look_P24():
    world = a_synced_shop()
    [edited] = [i for i, r in world.sales.all("productpricelevels").items() if r["amount"] == 100]
    world.sales.edit("productpricelevels", edited, amount=1)
    world.full_sync()

    assert world.sales.show("productpricelevels", edited)["amount"] == 100


@pytest.mark.peer("mapping-pricelist-010")
def test_a_deleted_line_of_the_default_list_is_made_again_P24():
    world = a_synced_shop()
    [gone] = [
        i
        for i, r in world.sales.all("productpricelevels").items()
        if r["amount"] == 90 and "_uomscheduleid_value" not in r
    ]
    world.sales.delete("productpricelevels", gone)
    world.full_sync()

    assert len(lines_of(world, NAME)) == 2


@pytest.mark.parametrize("column", ["unitPrice", "inventory"])
def test_a_negative_amount_is_0_in_sales_mappings_10(column):
    world = a_synced_shop()
    world.bc.edit("items", ITEM, **{column: -5})
    world.tick("items")

    product = product_of(world, ITEM)
    assert not (product["price"] if column == "unitPrice" else product.get("quantityonhand"))
    assert not world.held()


def test_names_travel_both_ways_P6_P7():
    world = a_synced_shop()
    world.sales.edit("products", world.coupled("items")[ITEM], name="Bicycle")
    world.sales.edit("products", world.coupled("resources")[RESOURCE], name="Mechanic")
    world.tick_all()

    assert world.bc.show("items", ITEM)["description"] == "Bicycle"
    assert world.bc.show("resources", RESOURCE)["name"] == "Mechanic"


def test_blank_and_null_are_the_same_and_write_nothing_P6():
    world = a_synced_shop()
    written = world.written()
    world.sales.edit("products", world.coupled("items")[ITEM], vendorpartnumber=None, vendorid="")
    world.tick_all()

    assert world.written() == written


@pytest.mark.peer("engine-decision-042")
def test_stock_that_moved_reaches_the_product_although_the_item_did_not_move_H22_S116():
    world = a_synced_shop()
    world.tick("items")
    move_stock(world, ITEM, 7)
    world.tick("items")

    assert product_of(world, ITEM)["quantityonhand"] == 7


def test_ledger_entries_of_an_item_that_is_not_coupled_create_nothing_S117():
    world = a_synced_shop()
    world.tick("items")
    other = add_item(world, "2000")
    move_stock(world, other, 3)
    world.tick("items")

    assert other not in world.coupled("items")


# --- states --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mapping", "table", "id"), [("items", "items", ITEM), ("resources", "resources", RESOURCE)]
)
@pytest.mark.peer("mapping-item-006")
def test_blocked_in_bc_is_retired_in_sales_and_back_H24(mapping, table, id):
    world = a_synced_shop()
    world.bc.edit(table, id, blocked=True)
    world.tick(mapping)
    assert [product_of(world, id, mapping)[c] for c in ("statecode", "statuscode")] == [1, 2]

    world.bc.edit(table, id, blocked=False, unitPrice=77)
    world.tick(mapping)
    assert [product_of(world, id, mapping)[c] for c in ("statecode", "statuscode", "price")] == [0, 1, 77]


def test_a_product_retired_in_sales_blocks_its_item_and_activated_again_frees_it_mappings_10():
    world = a_synced_shop()
    product = world.coupled("items")[ITEM]
    world.sales.edit("products", product, statecode=1, statuscode=2)
    world.tick("items")
    assert world.bc.show("items", ITEM)["blocked"] is True

    world.sales.edit("products", product, statecode=0, statuscode=1)
    world.tick("items")
    assert world.bc.show("items", ITEM)["blocked"] is False


def test_a_product_under_revision_leaves_its_item_as_it_is():
    world = a_synced_shop()
    world.sales.edit("products", world.coupled("items")[ITEM], statecode=3, statuscode=3)
    world.tick("items")

    assert world.bc.show("items", ITEM)["blocked"] is False and not world.held()


# --- products made in Sales ----------------------------------------------------------------------


@pytest.mark.peer("mapping-item-005")
def test_a_published_product_becomes_an_item_with_its_unit_and_takes_the_number_of_bc_P6():
    world = a_synced_shop()
    product = add_product(world, "P1", price=25)
    world.bc.rewrite = lambda table, column, value: value
    world.bc.defaults = {**world.bc.defaults, "items": {"blocked": False, "number": "I0001"}}
    world.full_sync()

    [item] = [b for b, s in world.coupled("items").items() if s == product]
    made = world.bc.show("items", item)
    assert (made["description"], made["baseUnitOfMeasureId"]) == ("Product P1", unit_id("PCS"))
    shown = world.sales.show("products", product)
    assert shown["productnumber"] == "I0001"
    assert shown["price"] == 25, "BC has no price yet, which says nothing"


@pytest.mark.parametrize(
    "differs",
    [
        pytest.param({"statecode": 2}, id="a draft"),
        pytest.param({"productstructure": 2}, id="a family"),
        pytest.param({"producttypecode": 4}, id="flat fees"),
    ],
)
def test_other_products_are_outside_the_filter_P6_P7(differs):
    world = a_synced_shop()
    product = add_product(world, **differs)
    world.full_sync()

    assert product not in {*world.coupled("items").values(), *world.coupled("resources").values()}


def test_items_and_products_of_the_same_number_are_coupled_not_doubled_H18():
    world = a_company()
    add_unit(world)
    world.full_sync()
    item = add_item(world, "1000")
    product = add_product(world, "1000", name="Item 1000")
    world.full_sync()

    assert world.coupled("items") == {item: product}


# --- what cannot go ------------------------------------------------------------------------------


@pytest.mark.peer("rules-item-001")
def test_an_item_without_base_unit_is_held_with_that_reason_mappings_9():
    world = a_company()
    add_item(world, unit="")
    world.full_sync()

    assert "no base unit of measure" in world.held("items")[0]["reason"]


def test_an_item_waits_for_its_unit_and_follows_when_the_unit_comes_P36():
    world = a_company()
    item = add_item(world, unit="BOX")
    world.full_sync()
    assert world.held("items")[0]["kind"] == "waiting"

    add_unit(world, "BOX")
    world.full_sync("units_of_measure")

    assert product_of(world, item)["_defaultuomid_value"] == unit_of(world, "BOX")
    assert not world.held()


def test_another_base_unit_is_held_while_the_rest_travels_0x800422FE():
    world = a_synced_shop()
    world.bc.edit(
        "items", ITEM, baseUnitOfMeasureId=unit_id("HOUR"), baseUnitOfMeasureCode="HOUR", unitPrice=1
    )
    world.tick("items")

    [held] = world.held("items")
    assert [f["field"] for f in held["fields"]] == ["base_unit"]
    assert product_of(world, ITEM)["price"] == 1
    assert product_of(world, ITEM)["_defaultuomid_value"] == unit_of(world, "PCS")


def test_a_name_too_long_for_bc_is_held_and_the_rest_travels_H3():
    world = a_synced_shop()
    product = world.coupled("items")[ITEM]
    world.sales.edit("products", product, name="x" * 101)
    world.bc.edit("items", ITEM, unitPrice=5)
    world.tick_all()

    assert world.sales.show("products", product)["price"] == 5
    assert "100" in world.held("items")[0]["reason"]


@pytest.mark.parametrize("side", ["bc", "sales"])
def test_a_deletion_never_deletes_the_other_H2(side):
    world = a_synced_shop()
    product = world.coupled("items")[ITEM]
    if side == "bc":
        world.bc.delete("items", ITEM)
    else:
        world.sales.delete("products", product)
    world.tick_all()

    assert "was deleted" in world.held("items")[0]["reason"]
    assert (world.bc.show("items", ITEM) or world.sales.show("products", product)) is not None


def test_a_long_list_of_items_goes_on_in_follow_ups_with_one_default_price_list_P24():
    world = a_company(limits=Limits(page=2))
    add_unit(world)
    for number in range(5):
        add_item(world, f"N{number}")
    add_resource(world, unit="PCS")
    world.full_sync()

    assert len(world.sales.all("products")) == len(lines_of(world, NAME)) == 6


def test_a_rehearsal_plans_what_the_run_then_does_H26():
    world = a_shop()
    run, _ = world.rehearse()
    assert not world.sales.all("products") and not world.sales.all("pricelevels")

    done = world.full_sync()
    for name in ("units_of_measure", "items", "resources", "customer_price_groups", "sales_prices"):
        assert line(run, name)["to_sales"] == line(done, name)["to_sales"], name
