"""Lines of quotes, orders and invoices (reference/dataverse-web-api.md sections 8 and 9, "Line rules")."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.dataverse import DataverseSim
from tests.simulators.dataverse_client import (
    KINDS,
    Catalogue,
    catalogue,
    clock,
    header,
    line,
    price,
    product,
    refusal,
    row,
    sales,
    web,
    write_in,
)

__all__ = ["catalogue", "clock", "sales", "web"]


def test_the_price_comes_from_the_list_unless_it_is_overridden(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    order = sales.add("salesorders", header(catalogue))
    parent = f"salesorders({order})"
    listed = sales.add("salesorderdetails", line(catalogue, parent, priceperunit=1))
    own = sales.add("salesorderdetails", line(catalogue, parent, priceperunit=1, ispriceoverridden=True))
    assert row(sales, "salesorderdetails", listed)["priceperunit"] == 4000
    assert row(sales, "salesorderdetails", own)["priceperunit"] == 1
    other = sales.add("pricelevels", {"name": "Summer"})
    sales.add("productpricelevels", price(other, catalogue.bike, catalogue.piece, 3000))
    sales.edit("salesorders", order, **{"pricelevelid@odata.bind": f"pricelevels({other})"})
    assert row(sales, "salesorders", order)["totalamount"] == 3001


@pytest.mark.parametrize(
    ("change", "pricing_error"),
    [
        pytest.param({"unit": "box"}, 11, id="11 product not in price list"),
        pytest.param({"quantity": None}, 4, id="4 missing quantity"),
        pytest.param({"ispriceoverridden": True}, 5, id="5 missing unit price"),
    ],
)
def test_a_line_without_a_price_says_why(
    sales: DataverseSim, catalogue: Catalogue, change: dict[str, Any], pricing_error: int
) -> None:
    if change.pop("unit", None):
        change["uomid@odata.bind"] = f"uoms({catalogue.box})"
    body = {name: value for name, value in line(catalogue, **change).items() if value is not None}
    order = sales.add("salesorders", header(catalogue, order_details=[body]))
    (found,) = sales.all("salesorderdetails")
    assert found["pricingerrorcode"] == pricing_error
    assert row(sales, "salesorders", order)["pricingerrorcode"] == 1
    assert row(sales, "salesorders", order)["totalamount"] == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"uomid@odata.bind": None}, "0x80043b0d", id="product without unit"),
        pytest.param({"productid@odata.bind": None}, "0x80043b11", id="neither product nor write-in"),
        pytest.param({"productdescription": "Bike"}, "0x80043afb", id="product with description"),
        pytest.param(
            {"productid@odata.bind": None, "productdescription": "Bike"},
            "0x80043afa",
            id="unit with description",
        ),
        pytest.param({"isproductoverridden": True}, "0x80040203", id="write-in with product"),
        pytest.param({"amount": 1}, "0x80048d19", id="unknown property"),
        pytest.param({"producttypecode": 6}, "0x8004431a", id="unknown option"),
    ],
)
@pytest.mark.parametrize(("set_name", "navigation", "lines"), KINDS)
def test_a_line_is_a_product_with_its_unit_or_a_write_in(
    sales: DataverseSim,
    catalogue: Catalogue,
    set_name: str,
    navigation: str,
    lines: str,
    body: dict[str, Any],
    code: str,
) -> None:
    whole = {name: value for name, value in line(catalogue, **body).items() if value is not None}
    assert refusal(lambda: sales.add(set_name, header(catalogue, **{navigation: [whole]}))) == (400, code)
    assert sales.all(set_name) == [] == sales.all(lines)


def test_a_write_in_has_its_own_price_and_needs_a_description(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    nested = [
        write_in(priceperunit=55.5),
        write_in(quantity=0, productdescription=" Thank you.", priceperunit=0),
    ]
    new = sales.add("invoices", header(catalogue, invoice_details=nested))
    assert row(sales, "invoices", new)["totalamount"] == Decimal("55.5")
    freight = sales.all("invoicedetails")[0]
    assert (freight["invoicedetailname"], freight["pricingerrorcode"]) == ("6710 Freight.", 0)
    bare = write_in(f"invoices({new})")
    del bare["productdescription"]
    assert refusal(lambda: sales.add("invoicedetails", bare)) == (400, "0x80040203")


def test_a_unit_of_another_group_is_refused_on_a_line(sales: DataverseSim, catalogue: Catalogue) -> None:
    sales.add("uomschedules", {"name": "NAV HOUR", "baseuomname": "HOUR"})
    hour = next(str(unit["uomid"]) for unit in sales.all("uoms") if unit["name"] == "HOUR")
    body = line(catalogue, **{"uomid@odata.bind": f"uoms({hour})"})
    assert refusal(lambda: sales.add("invoices", header(catalogue, invoice_details=[body]))) == (
        400,
        "0x80043b14",
    )


def test_only_active_products_are_put_on_quotes_and_orders(sales: DataverseSim, catalogue: Catalogue) -> None:
    draft = sales.add("products", product(catalogue.group, catalogue.piece, "1001"))
    for product_id in (draft, catalogue.bike):
        if product_id == catalogue.bike:
            sales.edit("products", catalogue.bike, statecode=1, statuscode=2)
        body = line(catalogue, **{"productid@odata.bind": f"products({product_id})"})
        assert (
            refusal(lambda body=body: sales.add("quotes", header(catalogue, quote_details=[body])))[0] == 400
        )  # type: ignore[misc]
        assert (
            refusal(lambda body=body: sales.add("salesorders", header(catalogue, order_details=[body])))[0]
            == 400
        )  # type: ignore[misc]
    sales.add("invoices", header(catalogue, invoice_details=[line(catalogue)]))


def test_products_need_a_price_list_as_long_as_the_organization_says_so(
    sales: DataverseSim, web: httpx.Client, catalogue: Catalogue
) -> None:
    body = header(catalogue, order_details=[line(catalogue, priceperunit=5, ispriceoverridden=True)])
    del body["pricelevelid@odata.bind"]
    assert refusal(lambda: sales.add("salesorders", body)) == (400, "0x80100010")
    sales.edit("organizations", sales.organization_id, ispricelistmandatory=False)
    assert row(sales, "salesorders", sales.add("salesorders", body))["totalamount"] == 5


def test_lines_get_numbers_currency_and_owner_from_their_document(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    order = sales.add(
        "salesorders", header(catalogue, order_details=[line(catalogue), line(catalogue, sequencenumber=9)])
    )
    sales.add("salesorderdetails", line(catalogue, f"salesorders({order})", lineitemnumber=40))
    found = sorted(sales.all("salesorderdetails"), key=lambda one: one["lineitemnumber"])
    assert [(one["lineitemnumber"], one["sequencenumber"]) for one in found] == [(1, 1), (2, 9), (40, 10)]
    whole = row(sales, "salesorders", order)
    assert {one["_ownerid_value"] for one in found} == {whole["_ownerid_value"]}
    assert whole["ordernumber"].startswith("ORD-")
    assert whole["_accountid_value"] == catalogue.account


def test_each_change_of_a_line_writes_the_header_once_and_a_bulk_message_once_for_all(
    sales: DataverseSim, web: httpx.Client, catalogue: Catalogue
) -> None:
    order = sales.add("salesorders", header(catalogue))
    target = {
        "@odata.type": "Microsoft.Dynamics.CRM.salesorderdetail",
        **line(catalogue, f"salesorders({order})"),
    }
    before = sales.environment.store.version
    create = "salesorderdetails/Microsoft.Dynamics.CRM.CreateMultiple"
    ids = web.post(create, json={"Targets": [target] * 20}).json()["Ids"]
    assert sales.environment.store.version == before + 21
    assert row(sales, "salesorders", order)["totalamount"] == 80_000
    sales.delete("salesorderdetails", ids[0])
    assert row(sales, "salesorders", order)["totalamount"] == 76_000
    assert sales.environment.store.version == before + 23
