"""Price lists and prices (reference/dataverse-web-api.md sections 6, 8 and 9, mappings.md 11 and 12)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.dataverse import DataverseSim
from tests.simulators.dataverse_client import (
    Catalogue,
    catalogue,
    clock,
    error,
    euro,
    header,
    price,
    product,
    refusal,
    row,
    sales,
    web,
)

__all__ = ["catalogue", "clock", "sales", "web"]


def test_a_price_list_has_a_name_of_its_own_and_one_currency(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    prices = row(sales, "pricelevels", catalogue.prices)
    assert prices["_transactioncurrencyid_value"] == sales.environment.base_currency_id
    assert (prices["statecode"], prices["statuscode"]) == (0, 100001)
    assert refusal(lambda: sales.add("pricelevels", {"name": "default price list"})) == (400, "0x80043b0f")
    assert refusal(lambda: sales.add("pricelevels", {})) == (400, "0x80043b0e")
    bound = euro(sales)
    sales.edit("pricelevels", catalogue.prices, **bound)  # insert-only: ignored
    assert row(sales, "pricelevels", catalogue.prices)["_transactioncurrencyid_value"] == (
        sales.environment.base_currency_id
    )


def test_a_price_has_the_currency_of_its_list_and_follows_its_product_and_unit(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    bound = euro(sales)
    prices = sales.add("pricelevels", {"name": "Price List in EUR", **bound})
    new = sales.add("productpricelevels", price(prices, catalogue.bike, catalogue.box, 12.5))
    found = row(sales, "productpricelevels", new)
    assert found["_transactioncurrencyid_value"] != sales.environment.base_currency_id
    assert (found["amount"], found["amount_base"]) == (Decimal("12.5000"), Decimal("10.0000"))
    assert (found["productnumber"], found["pricingmethodcode"]) == ("1000", 1)
    assert found["_uomscheduleid_value"] == catalogue.group
    pound = {
        "transactioncurrencyid@odata.bind": f"transactioncurrencies({sales.environment.base_currency_id})"
    }
    assert refusal(lambda: sales.edit("productpricelevels", new, **pound))[0] == 400
    sales.edit("productpricelevels", new, **bound, amount=13)


@pytest.mark.peer("rules-pricelist-010")
def test_there_is_one_price_for_list_product_and_unit(sales: DataverseSim, catalogue: Catalogue) -> None:
    again = price(catalogue.prices, catalogue.bike, catalogue.piece, 1)
    assert refusal(lambda: sales.add("productpricelevels", again)) == (400, "0x80043b08")
    box = sales.add("productpricelevels", price(catalogue.prices, catalogue.bike, catalogue.box, 1))
    to_piece = {"uomid@odata.bind": f"uoms({catalogue.piece})"}
    assert refusal(lambda: sales.edit("productpricelevels", box, **to_piece)) == (400, "0x80043b08")
    sales.delete("productpricelevels", box)
    sales.add("productpricelevels", price(catalogue.prices, catalogue.bike, catalogue.box, 2))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"pricelevelid@odata.bind": None}, "0x80043b12", id="no list"),
        pytest.param({"productid@odata.bind": None}, "0x80043b11", id="no product"),
        pytest.param({"uomid@odata.bind": None}, "0x80043b0d", id="no unit"),
        pytest.param({"amount": None}, "0x80040203", id="no amount"),
        pytest.param({"pricingmethodcode": 2}, "0x80043b0c", id="no percentage"),
        pytest.param({"pricingmethodcode": 7}, "0x8004431a", id="unknown method"),
        pytest.param({"transactioncurrencyid": None, "currency": 1}, "0x80048d19", id="unknown property"),
    ],
)
@pytest.mark.peer("rules-pricelist-010")
def test_a_price_needs_list_product_unit_and_amount(
    sales: DataverseSim, catalogue: Catalogue, change: dict[str, Any], code: str
) -> None:
    whole = {**price(catalogue.prices, catalogue.bike, catalogue.box, 9), **change}
    body = {name: value for name, value in whole.items() if value is not None}
    assert refusal(lambda: sales.add("productpricelevels", body)) == (400, code)


def test_a_price_for_a_unit_of_another_group_is_refused(sales: DataverseSim, catalogue: Catalogue) -> None:
    sales.add("uomschedules", {"name": "NAV HOUR", "baseuomname": "HOUR"})
    hour = next(str(unit["uomid"]) for unit in sales.all("uoms") if unit["name"] == "HOUR")
    body = price(catalogue.prices, catalogue.bike, hour, 9)
    assert refusal(lambda: sales.add("productpricelevels", body)) == (400, "0x80043b14")


def test_prices_follow_the_number_of_their_product(sales: DataverseSim, catalogue: Catalogue) -> None:
    sales.edit("products", catalogue.bike, productnumber="1000-A", price=5)
    assert [one["productnumber"] for one in sales.all("productpricelevels")] == ["1000-A"]
    version = sales.all("productpricelevels")[0]["@odata.etag"]
    sales.edit("products", catalogue.bike, price=6)
    assert sales.all("productpricelevels")[0]["@odata.etag"] == version


@pytest.mark.parametrize(
    ("method", "percentage", "amount"),
    [(2, 90, "90"), (3, 25, "100"), (4, 20, "100"), (5, 10, "66"), (6, 40, "100")],
)
def test_a_price_by_percentage_is_worked_out_from_the_product(
    sales: DataverseSim, catalogue: Catalogue, method: int, percentage: int, amount: str
) -> None:
    sales.edit("products", catalogue.bike, price=100, currentcost=80, standardcost=60)
    body = price(catalogue.prices, catalogue.bike, catalogue.box, 1)
    new = sales.add("productpricelevels", {**body, "pricingmethodcode": method, "percentage": percentage})
    assert row(sales, "productpricelevels", new)["amount"] == Decimal(amount)
    sales.edit("products", catalogue.bike, price=200, currentcost=160, standardcost=120)
    assert row(sales, "productpricelevels", new)["amount"] == 2 * Decimal(amount)


def test_a_price_list_goes_with_its_prices_unless_a_document_uses_it(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    spare = sales.add("pricelevels", {"name": "Spare"})
    sales.add("productpricelevels", price(spare, catalogue.bike, catalogue.piece, 1))
    sales.delete("pricelevels", spare)
    assert len(sales.all("productpricelevels")) == 1
    sales.add("invoices", header(catalogue))
    assert refusal(lambda: sales.delete("pricelevels", catalogue.prices))[0] == 405


def test_bulk_messages_are_for_groups_products_and_lists_not_for_units_and_prices(
    web: httpx.Client, catalogue: Catalogue
) -> None:
    unit = {
        "name": "PALLET",
        "quantity": 48,
        "uomscheduleid@odata.bind": f"uomschedules({catalogue.group})",
        "baseuom@odata.bind": f"uoms({catalogue.piece})",
    }
    for table, set_name, one in (
        ("uom", "uoms", unit),
        (
            "productpricelevel",
            "productpricelevels",
            price(catalogue.prices, catalogue.bike, catalogue.box, 1),
        ),
    ):
        target = {"@odata.type": f"Microsoft.Dynamics.CRM.{table}", **one}
        answer = web.post(f"{set_name}/Microsoft.Dynamics.CRM.CreateMultiple", json={"Targets": [target]})
        assert error(answer) == (400, "0x80040203")
    targets = [
        {
            "@odata.type": "Microsoft.Dynamics.CRM.product",
            **product(catalogue.group, catalogue.piece, f"P{number}"),
        }
        for number in (1, 2, 1)
    ]
    create = "products/Microsoft.Dynamics.CRM.CreateMultiple"
    assert error(web.post(create, json={"Targets": targets})) == (400, "0x80043b06")
    assert len(web.post(create, json={"Targets": targets[:2]}).json()["Ids"]) == 2
