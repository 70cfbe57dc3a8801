"""The peer's scenarios of products, price lists, opportunities and invoices (docs/peer-scenarios.md)."""

import pytest

from sandbox.world import GBP, World
from tests.scenarios.builders import add_contact, add_customer, an_id, line
from tests.scenarios.invoices import add_invoice
from tests.scenarios.peers.common import restart_with, tick
from tests.scenarios.products import (
    a_shop,
    a_synced_shop,
    add_group,
    add_item,
    add_price,
    add_product,
    lines_of,
    product_of,
)
from tests.scenarios.test_opportunities import add_opportunity

ITEM = an_id("item 1000")


@pytest.mark.peer("mapping-item-002")
def test_a_coupled_product_takes_the_number_and_keeps_its_own_description():
    world = a_synced_shop()
    item = add_item(world, "2000", description2="Second line")
    product = add_product(world, "OTHER", description=None)

    world.act("items", "couple", bc=item, sales=product, **{"from": "bc"})

    found = product_of(world, item)
    assert (found["productnumber"], found["name"], found["description"]) == ("2000", "Item 2000", None)


def two_prices() -> World:
    world = a_shop()
    add_item(world, "2000")
    add_price(world, "P2", "2000", unitPrice=70)
    world.full_sync()
    return world


@pytest.mark.peer("mapping-pricelist-004")
def test_a_price_group_with_two_prices_becomes_a_list_with_two_lines():
    world = two_prices()

    found = {r["_productid_value"]: r["amount"] for r in lines_of(world, "RETAIL")}

    products = world.coupled("items")
    assert found == {products[ITEM]: 90, products[an_id("item 2000")]: 70}
    [run] = [r["id"] for r in world.app.api.runs()["value"]]
    assert line(world.app.api.run(run), "sales_prices")["to_sales"]["created"] == 2


@pytest.mark.peer("mapping-pricelist-003")
def test_a_coupled_price_list_takes_the_code_of_the_group():
    world = a_synced_shop()
    group = add_group(world, "TRADE")
    found = world.sales.add("pricelevels", an_id("other"), name="Other", _transactioncurrencyid_value=GBP)

    world.act("customer_price_groups", "couple", bc=group, sales=found, **{"from": "bc"})

    assert world.sales.show("pricelevels", found)["name"] == "TRADE"
    assert world.bc.show("customerPriceGroups", group)["code"] == "TRADE" and world.held() == []


@pytest.mark.peer("rules-pricelist-001")
def test_a_new_price_of_a_group_that_is_not_coupled_waits_for_the_group():
    world = two_prices()
    world.act("customer_price_groups", "uncouple", side="bc", id=an_id("group RETAIL"))
    add_item(world, "3000")
    world.full_sync("items")
    add_price(world, "P3", "3000")

    assert tick(world, "sales_prices")["bc"] == {"read": 1, "waiting": 1}

    [held] = world.held("sales_prices")
    assert held["awaits"] == {"mapping": "customer_price_groups", "side": "bc", "id": an_id("group RETAIL")}


@pytest.mark.peer("rules-pricelist-005")
def test_a_price_whose_item_is_no_longer_coupled_waits_for_the_item():
    world = two_prices()
    world.act("items", "uncouple", side="bc", id=an_id("item 2000"))
    for name in ("P1", "P2"):
        world.bc.edit("salesPrices", an_id(f"price {name}"), unitPrice=55)

    tick(world, "sales_prices")

    [held] = world.held("sales_prices")
    assert held["id"] == an_id("price P2") and held["awaits"]["mapping"] == "items"
    assert sorted(r["amount"] for r in lines_of(world, "RETAIL")) == [55, 70]


@pytest.mark.peer("rules-pricelist-007")
def test_the_items_own_price_does_not_touch_its_lines_in_other_lists():
    world = a_synced_shop()
    world.bc.edit("items", ITEM, unitPrice=123)
    world.tick("items")

    assert product_of(world, ITEM)["price"] == 123
    assert [r["amount"] for r in lines_of(world, "RETAIL")] == [90]


@pytest.mark.peer("mapping-opportunity-002")
def test_a_coupled_opportunity_takes_name_owner_and_contact_of_bc():
    world = a_synced_shop()
    customer = add_customer(world)
    contact = add_contact(world, "K1", customer)
    world.full_sync()
    deal = add_opportunity(world, "OP1", contact)
    other = world.sales.add("opportunities", an_id("other"), name="Other", statecode=0)

    world.act("opportunities", "couple", bc=deal, sales=other, **{"from": "bc"})

    found = world.sales.show("opportunities", other)
    assert (
        found["name"] == "Deal OP1" and found["_parentcontactid_value"] == world.coupled("contacts")[contact]
    )
    assert found["_ownerid_value"] == next(iter(world.coupled("salespeople").values()))


@pytest.mark.peer("invoice-002")
def test_an_invoice_has_the_options_of_its_agent_and_terms():
    world = a_shop()
    world.bc.add("shippingAgents", an_id("DHL"), code="DHL", name="DHL")
    for table, value in (("account.address1_shippingmethodcode", 2), ("invoice.shippingmethodcode", 2)):
        world.sales.add(table, str(value), value=value, label="DHL")
    world.sales.add("invoice.paymenttermscode", "1", value=1, label="14 days")
    add_customer(world)
    invoice = add_invoice(world, shippingAgentId=an_id("DHL"), paymentTermsId=an_id("terms 14 DAYS"))

    run = world.full_sync()

    assert line(run, "posted_sales_invoices")["to_sales"]["created"] == 1
    found = world.sales.show("invoices", world.coupled("posted_sales_invoices")[invoice])
    assert (found["shippingmethodcode"], found["paymenttermscode"]) == (2, 1)


@pytest.mark.peer("invoice-004")
def test_an_invoice_of_a_customer_that_the_filter_keeps_out_waits_and_creates_no_account():
    world = restart_with(a_shop(), "customers: {create_missing: always}")
    customer = add_customer(world, blocked="Invoice")
    invoice = add_invoice(world)

    run = world.full_sync()

    assert line(run, "posted_sales_invoices")["to_sales"]["waiting"] == 1
    assert customer not in world.coupled("customers") and world.sales.all("accounts") == {}
    assert invoice not in world.coupled("posted_sales_invoices")
    assert world.held("posted_sales_invoices")[0]["awaits"]["mapping"] == "customers"
