"""Arithmetic and currency of quotes, orders and invoices (sales-documents.md S54 and section 8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.dataverse import DataverseSim
from tests.simulators.dataverse_client import (
    KINDS,
    Catalogue,
    catalogue,
    clock,
    euro,
    header,
    line,
    refusal,
    row,
    sales,
    web,
)

__all__ = ["catalogue", "clock", "sales", "web"]


_TOTALS = (
    "totallineitemamount",
    "totallineitemdiscountamount",
    "totalamountlessfreight",
    "totaldiscountamount",
    "totaltax",
    "totalamount",
)


def _totals(sales: DataverseSim, set_name: str, row_id: str) -> list[Decimal]:
    found = row(sales, set_name, row_id)
    return [found[name] for name in _TOTALS]


def _amounts(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(("set_name", "navigation", "lines"), KINDS)
@pytest.mark.peer("sales-order-054")
def test_the_totals_of_scenarios_28_and_29_are_worked_out_for_every_kind(
    sales: DataverseSim, catalogue: Catalogue, set_name: str, navigation: str, lines: str
) -> None:
    nested = [
        line(catalogue, quantity=10, manualdiscountamount=400, tax=5000),
        line(catalogue, quantity=5, manualdiscountamount=250, tax=3000),
    ]
    new = sales.add(set_name, header(catalogue, **{navigation: nested}))
    for held in sales.all(lines):  # a discount list gave 280 a piece (S37): read-only, so it is loaded
        sales.load(lines, [{**held, "volumediscountamount": 280}])
        sales.edit(lines, held[f"{lines[:-1]}id"], quantity=held["quantity"])
    found = sorted(sales.all(lines), key=lambda one: one["lineitemnumber"])
    assert [(one["baseamount"], one["extendedamount"]) for one in found] == [(37200, 41800), (18600, 21350)]
    assert _totals(sales, set_name, new) == _amounts("55150", "650", "55150", "650", "8000", "63150")
    sales.edit(set_name, new, discountamount=3500, discountpercentage=9, freightamount=1020)
    assert _totals(sales, set_name, new) == _amounts(
        "55150", "650", "46686.50", "9113.50", "8000", "55706.50"
    )


@pytest.mark.parametrize(
    ("own", "base", "extended"),
    [
        pytest.param({"quantity": 10, "priceperunit": 100}, "1000", "1000", id="20"),
        pytest.param(
            {"quantity": 10, "priceperunit": 100, "manualdiscountamount": 30}, "1000", "970", id="21"
        ),
        pytest.param({"quantity": 2.5, "priceperunit": 19.99}, "49.98", "49.98", id="25 without discount"),
        pytest.param({"quantity": 0, "priceperunit": 100}, "0", "0", id="27"),
        pytest.param({"quantity": 4, "priceperunit": 250, "tax": 50}, "1000", "1050", id="68"),
        pytest.param(
            {"quantity": 10, "priceperunit": 100, "manualdiscountamount": 50, "tax": 171},
            "1000",
            "1121",
            id="69",
        ),
        pytest.param({"quantity": 1, "priceperunit": -12.5}, "-12.5", "-12.5", id="73, rounding line"),
        pytest.param(
            {"quantity": 3, "priceperunit": 7.99333}, "23.97", "23.97", id="74: prices have 2 decimals"
        ),
    ],
)
@pytest.mark.peer("sales-order-054")
def test_a_line_is_worked_out_from_price_quantity_discount_and_tax(
    sales: DataverseSim, catalogue: Catalogue, own: dict[str, Any], base: str, extended: str
) -> None:
    invoice = sales.add("invoices", header(catalogue))
    sales.add("invoicedetails", line(catalogue, f"invoices({invoice})", ispriceoverridden=True, **own))
    (found,) = sales.all("invoicedetails")
    assert (found["baseamount"], found["extendedamount"]) == (Decimal(base), Decimal(extended))


def test_the_header_of_scenario_69_has_the_services_totals_whatever_is_sent(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    details = [
        line(
            catalogue, quantity=10, priceperunit=100, ispriceoverridden=True, manualdiscountamount=50, tax=171
        )
    ]
    new = sales.add("invoices", header(catalogue, discountamount=95, invoice_details=details))
    sales.edit("invoices", new, totalamount=1, totaltax=1, totaldiscountamount=95, totallineitemamount=1)
    assert _totals(sales, "invoices", new) == _amounts("950", "50", "855", "145", "171", "1026")


@pytest.mark.peer("invoice-008")
def test_amounts_sent_with_a_new_line_are_not_taken(sales: DataverseSim, catalogue: Catalogue) -> None:
    invoice = sales.add("invoices", header(catalogue))
    sent = {
        "baseamount": 7,
        "extendedamount": 8,
        "ispriceoverridden": True,
        "priceperunit": 100,
        "quantity": 2,
    }
    sales.add("invoicedetails", line(catalogue, f"invoices({invoice})", **sent))
    (found,) = sales.all("invoicedetails")
    assert (found["baseamount"], found["extendedamount"]) == (200, 200)


def test_skipping_the_price_calculation_keeps_the_amounts_that_are_sent(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    order = sales.add("salesorders", header(catalogue, skippricecalculation=2))
    new = sales.add("salesorderdetails", line(catalogue, f"salesorders({order})", skippricecalculation=3))
    sales.edit("salesorderdetails", new, baseamount=7, extendedamount=8)
    sales.edit("salesorders", order, totalamount=9)
    found = row(sales, "salesorderdetails", new)
    assert (found["baseamount"], found["extendedamount"]) == (7, 8)
    assert row(sales, "salesorders", order)["totalamount"] == 9


def test_money_is_kept_in_the_base_currency_too(sales: DataverseSim, catalogue: Catalogue) -> None:
    euros = euro(sales)
    prices = sales.add("pricelevels", {"name": "Price List in EUR", **euros})
    body = header(catalogue, **euros, **{"pricelevelid@odata.bind": f"pricelevels({prices})"})
    own = line(catalogue, priceperunit=100, ispriceoverridden=True, quantity=2)
    new = row(sales, "invoices", sales.add("invoices", {**body, "invoice_details": [own]}))
    assert (new["totalamount"], new["totalamount_base"], new["exchangerate"]) == (200, 160, Decimal("1.25"))
    (detail,) = sales.all("invoicedetails")
    assert (detail["priceperunit"], detail["extendedamount"]) == (100, 200)
    assert detail["_transactioncurrencyid_value"] == new["_transactioncurrencyid_value"]


@pytest.mark.parametrize(
    ("set_name", "code"),
    [("quotes", "0x80048cee"), ("salesorders", "0x80048ced"), ("invoices", "0x80048ced")],
)
def test_the_currency_of_a_document_is_that_of_its_price_list(
    sales: DataverseSim, catalogue: Catalogue, set_name: str, code: str
) -> None:
    body = header(catalogue, **euro(sales))
    assert refusal(lambda: sales.add(set_name, body)) == (400, code)


def test_a_quote_with_lines_keeps_its_currency(sales: DataverseSim, catalogue: Catalogue) -> None:
    euros = euro(sales)
    prices = sales.add("pricelevels", {"name": "Price List in EUR", **euros})
    both = {**euros, "pricelevelid@odata.bind": f"pricelevels({prices})"}
    quote = sales.add("quotes", header(catalogue, quote_details=[line(catalogue)]))
    assert refusal(lambda: sales.edit("quotes", quote, **both)) == (400, "0x8004480e")
    sales.edit("quotes", sales.add("quotes", header(catalogue)), **both)
