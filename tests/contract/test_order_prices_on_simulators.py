"""Prices and VAT of orders on the real adapters against both simulators, to the cent.

Scenario numbers are those of sales-documents.md §8.
"""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from tests.contract.test_orders_on_simulators import ORDERS, Shop, exact


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop()


@pytest.mark.parametrize(
    ("inclusive", "percent", "price", "quantity", "unit_price", "amount", "with_vat"),
    [
        pytest.param(True, 25, 125, 1, "100", "100", "125", id="35"),
        pytest.param(True, 20, D("119.99"), 3, "99.99167", "299.98", "359.98", id="36"),
        pytest.param(
            False, 25, 50, 1, "50", "50", "62.50", id="37", marks=pytest.mark.peer("sales-order-025")
        ),
    ],
)
def test_bc_puts_on_a_line_the_vat_that_was_taken_out_of_its_price_S36(
    shop, inclusive, percent, price, quantity, unit_price, amount, with_vat
):
    group = shop.row("customers", shop.customer)["vatBusPostingGroup"]
    [vat] = [
        r
        for r in shop.bc_sim.all("vatPostingSetup")
        if (r["vatBusPostingGroup"], r["vatProdPostingGroup"]) == (group, "STANDARD")
    ]
    shop.bc_sim.edit("vatPostingSetup", vat["id"], vatPercent=percent)
    of_price = group if inclusive else ""
    shop.bc_sim.edit("items", shop.bike, priceIncludesVat=inclusive, vatBusPostingGroupPrice=of_price)
    order = shop.order(shop.bicycle(priceperunit=price, quantity=quantity))
    shop.tick(ORDERS)

    [line] = shop.lines(shop.made(order)["id"])
    found = [exact(line[c]) for c in ("unitPrice", "amount", "amountIncludingVat")]
    assert found == [D(unit_price), D(amount), D(with_vat)]


@pytest.mark.peer("sales-order-004")
def test_scenario_28_volume_and_manual_discounts_are_bc_line_discounts_to_the_cent_S37(shop):
    shop.bc_sim.edit("items", shop.bike, priceIncludesVat=False, vatBusPostingGroupPrice="")
    order = shop.order(
        shop.bicycle(priceperunit=4000, manualdiscountamount=400),
        shop.bicycle(priceperunit=4000, quantity=5, manualdiscountamount=250),
    )
    for held in shop.sales_sim.all("salesorderdetails"):  # a discount list's, read-only: so it is loaded
        if held["_salesorderid_value"] == order:
            shop.sales_sim.load("salesorderdetails", [{**held, "volumediscountamount": 280}])
    shop.tick(ORDERS)

    lines = shop.lines(shop.made(order)["id"])
    columns = ("lineDiscountAmount", "lineDiscountPercent", "amount")
    assert [[exact(line[c]) for c in columns] for line in lines] == [
        [3200, 8, 36800],
        [1650, D("8.25"), 18350],
    ]
