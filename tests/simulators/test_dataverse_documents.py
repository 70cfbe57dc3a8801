"""Quotes, orders and invoices: arithmetic, states, locks (sales-documents.md S54, S57, S112 and section 7)."""

from __future__ import annotations

import json
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

#: Set, lines, navigation of the lines, lines' set.
_KINDS = [
    ("quotes", "quote_details", "quotedetails"),
    ("salesorders", "order_details", "salesorderdetails"),
    ("invoices", "invoice_details", "invoicedetails"),
]
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


# --- arithmetic (S54) -------------------------------------------------------------------------------


@pytest.mark.parametrize(("set_name", "navigation", "lines"), _KINDS)
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
    euro = _euro(sales)
    prices = sales.add("pricelevels", {"name": "Price List in EUR", **euro})
    body = header(catalogue, **euro, **{"pricelevelid@odata.bind": f"pricelevels({prices})"})
    own = line(catalogue, priceperunit=100, ispriceoverridden=True, quantity=2)
    new = row(sales, "invoices", sales.add("invoices", {**body, "invoice_details": [own]}))
    assert (new["totalamount"], new["totalamount_base"], new["exchangerate"]) == (200, 160, Decimal("1.25"))
    (detail,) = sales.all("invoicedetails")
    assert (detail["priceperunit"], detail["extendedamount"]) == (100, 200)
    assert detail["_transactioncurrencyid_value"] == new["_transactioncurrencyid_value"]


def _euro(sales: DataverseSim) -> dict[str, str]:
    euro = sales.add(
        "transactioncurrencies",
        {
            "currencyname": "Euro",
            "isocurrencycode": "EUR",
            "currencysymbol": "€",
            "exchangerate": 1.25,
            "currencyprecision": 2,
        },
    )
    return {"transactioncurrencyid@odata.bind": f"transactioncurrencies({euro})"}


@pytest.mark.parametrize(
    ("set_name", "code"),
    [("quotes", "0x80048cee"), ("salesorders", "0x80048ced"), ("invoices", "0x80048ced")],
)
def test_the_currency_of_a_document_is_that_of_its_price_list(
    sales: DataverseSim, catalogue: Catalogue, set_name: str, code: str
) -> None:
    body = header(catalogue, **_euro(sales))
    assert refusal(lambda: sales.add(set_name, body)) == (400, code)


def test_a_quote_with_lines_keeps_its_currency(sales: DataverseSim, catalogue: Catalogue) -> None:
    euro = _euro(sales)
    prices = sales.add("pricelevels", {"name": "Price List in EUR", **euro})
    both = {**euro, "pricelevelid@odata.bind": f"pricelevels({prices})"}
    quote = sales.add("quotes", header(catalogue, quote_details=[line(catalogue)]))
    assert refusal(lambda: sales.edit("quotes", quote, **both)) == (400, "0x8004480e")
    sales.edit("quotes", sales.add("quotes", header(catalogue)), **both)


# --- lines (reference section 9, "Line rules") --------------------------------------------------------


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
@pytest.mark.parametrize(("set_name", "navigation", "lines"), _KINDS)
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
    web.patch(f"organizations({sales.organization_id})", json={"ispricelistmandatory": False})
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


# --- states and locks (reference section 9, S57, S112) --------------------------------------------------

_OPENED = {"quotes": (1, 2), "salesorders": (1, 3), "invoices": (2, 100001)}


@pytest.mark.parametrize(("set_name", "navigation", "lines"), _KINDS)
def test_a_document_that_has_left_its_first_state_is_read_only_with_its_lines(
    sales: DataverseSim, catalogue: Catalogue, set_name: str, navigation: str, lines: str
) -> None:
    new = sales.add(set_name, header(catalogue, **{navigation: [line(catalogue)]}))
    (held,) = sales.all(lines)
    line_id = held[f"{lines[:-1]}id"]
    state, status = _OPENED[set_name]
    sales.edit(set_name, new, description="last word", statecode=state, statuscode=status)
    assert refusal(lambda: sales.edit(set_name, new, description="more")) == (400, "0x8004022e")
    assert refusal(lambda: sales.edit(lines, line_id, quantity=2)) == (400, "0x80043b09")
    assert refusal(lambda: sales.delete(lines, line_id)) == (400, "0x80043b09")
    assert refusal(lambda: sales.add(lines, line(catalogue, f"{set_name}({new})"))) == (400, "0x80043b09")
    sales.delete(set_name, new)
    assert sales.all(lines) == []


def test_the_back_office_stamp_needs_the_state_switched_and_restored(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    """S57: state 0, write, state 1."""
    order = sales.add("salesorders", header(catalogue))
    sales.edit("salesorders", order, statecode=1)
    assert row(sales, "salesorders", order)["statuscode"] == 3
    stamp = {"lastbackofficesubmit": "2026-03-02"}
    assert refusal(lambda: sales.edit("salesorders", order, **stamp)) == (400, "0x8004022e")
    both = {"statecode": 0, "statuscode": 2, **stamp}
    assert refusal(lambda: sales.edit("salesorders", order, **both)) == (400, "0x8004022e")
    sales.edit("salesorders", order, statecode=0, statuscode=2)
    sales.edit("salesorders", order, **stamp)
    sales.edit("salesorders", order, statecode=1, statuscode=3)
    found = row(sales, "salesorders", order)
    assert (found["statecode"], found["statuscode"]) == (1, 3)
    assert found["lastbackofficesubmit"] == "2026-03-02T00:00:00Z"


_ORDER_MOVES = {(0, 1), (0, 4), (1, 4), (3, 4), (1, 0), (2, 0), (3, 0), (4, 0)}
_ORDER_STATUS = {0: 1, 1: 3, 2: 4, 3: 100001, 4: 100003}


@pytest.mark.parametrize(("was", "now"), [(a, b) for a in range(5) for b in range(5) if a != b])
def test_orders_move_between_states_by_patch_or_by_their_actions(
    sales: DataverseSim, catalogue: Catalogue, was: int, now: int
) -> None:
    order = sales.add("salesorders", header(catalogue))
    if was in (2, 3):
        action = "CancelSalesOrder" if was == 2 else "FulfillSalesOrder"
        sales.act(action, _close("OrderClose", "salesorder", order, _ORDER_STATUS[was]))
    elif was:
        sales.edit("salesorders", order, statecode=was, statuscode=_ORDER_STATUS[was])
    move = {"statecode": now, "statuscode": _ORDER_STATUS[now]}
    if (was, now) in _ORDER_MOVES:
        sales.edit("salesorders", order, **move)
        assert row(sales, "salesorders", order)["statecode"] == now
    else:
        assert refusal(lambda: sales.edit("salesorders", order, **move)) == (400, "0x80048408")


@pytest.mark.parametrize(("state", "status"), [(0, 3), (1, 1), (4, 100001), (0, 9)])
def test_a_status_of_another_state_is_refused(
    sales: DataverseSim, catalogue: Catalogue, state: int, status: int
) -> None:
    order = sales.add("salesorders", header(catalogue))
    move = {"statecode": state, "statuscode": status}
    assert refusal(lambda: sales.edit("salesorders", order, **move)) == (400, "0x80048408")


def test_an_invoice_is_billed_paid_and_cancelled_through_active(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    """S110 to S112, scenarios 78 to 80."""
    new = sales.add("invoices", header(catalogue, invoice_details=[line(catalogue)]))
    sales.edit("invoices", new, statuscode=4)  # billed: within the state
    sales.edit("invoices", new, statecode=2, statuscode=100002)
    paid = {"statecode": 2, "statuscode": 100001}
    assert refusal(lambda: sales.edit("invoices", new, **paid)) == (400, "0x8004022e")
    cancelled = {"statecode": 3, "statuscode": 100003}
    assert refusal(lambda: sales.edit("invoices", new, **cancelled)) == (400, "0x80048408")
    for move in (paid, cancelled, paid):
        sales.edit("invoices", new, statecode=0, statuscode=4)
        sales.edit("invoices", new, **move)
    found = row(sales, "invoices", new)
    assert (found["statecode"], found["statuscode"]) == (2, 100001)


# --- actions --------------------------------------------------------------------------------------------


def _close(parameter: str, table: str, row_id: str, status: int) -> dict[str, Any]:
    sets = {"salesorder": "salesorders", "quote": "quotes"}
    activity = {
        "@odata.type": f"Microsoft.Dynamics.CRM.{parameter.lower()}",
        f"{table}id@odata.bind": f"/{sets[table]}({row_id})",
    }
    return {parameter: activity, "Status": status}


def test_a_won_quote_becomes_an_order_with_its_lines_and_prices(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    body = header(
        catalogue,
        shipto_city="Lyon",
        freightamount=20,
        quote_details=[line(catalogue, quantity=2, manualdiscountamount=5), write_in(priceperunit=10)],
    )
    quote = sales.add("quotes", body)
    won = _close("QuoteClose", "quote", quote, 4)
    assert refusal(lambda: sales.act("WinQuote", won)) == (400, "0x80048408")  # still a draft
    sales.edit("quotes", quote, statecode=1, statuscode=2)
    assert refusal(lambda: sales.act("ConvertQuoteToSalesOrder", {"QuoteId": quote})) == (400, "0x80048408")
    sales.act("WinQuote", won)
    assert row(sales, "quotes", quote)["statuscode"] == 4
    for price_line in sales.all("productpricelevels"):
        sales.edit("productpricelevels", price_line["productpricelevelid"], amount=1)
    order = sales.act("ConvertQuoteToSalesOrder", {"QuoteId": quote, "ColumnSet": {"AllColumns": True}})
    assert order is not None
    assert order["_quoteid_value"] == quote and order["shipto_city"] == "Lyon"
    assert (order["statecode"], order["totalamount"], order["ispricelocked"]) == (0, 8025, True)
    assert len(sales.all("salesorderdetails")) == 2
    assert refusal(lambda: sales.delete("quotes", quote))[0] == 405  # its order forbids it
    invoice = sales.act("ConvertSalesOrderToInvoice", {"SalesOrderId": order["salesorderid"]})
    assert invoice is not None and invoice["totalamount"] == 8025


def test_a_revised_quote_is_closed_and_its_next_revision_is_a_draft(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    quote = sales.add("quotes", header(catalogue, quote_details=[line(catalogue)]))
    sales.edit("quotes", quote, statecode=1, statuscode=2)
    new = sales.act("ReviseQuote", {"QuoteId": quote})
    old = row(sales, "quotes", quote)
    assert new is not None
    assert (old["statecode"], old["statuscode"]) == (3, 7)
    assert (new["statecode"], new["revisionnumber"], new["totalamount"]) == (0, 1, 4000)
    assert new["quotenumber"] == old["quotenumber"]
    move = {"statecode": 2, "statuscode": 4}
    assert refusal(lambda: sales.edit("quotes", new["quoteid"], **move)) == (400, "0x80048408")
    sales.act("CloseQuote", _close("QuoteClose", "quote", str(new["quoteid"]), 5))


def test_locked_prices_do_not_follow_the_price_list(sales: DataverseSim, catalogue: Catalogue) -> None:
    order = sales.add("salesorders", header(catalogue, order_details=[line(catalogue)]))
    sales.act("LockSalesOrderPricing", {"SalesOrderId": order})
    (listed,) = sales.all("productpricelevels")
    sales.edit("productpricelevels", listed["productpricelevelid"], amount=1)
    (held,) = sales.all("salesorderdetails")
    sales.edit("salesorderdetails", held["salesorderdetailid"], quantity=2)
    assert row(sales, "salesorders", order)["totalamount"] == 8000


def test_actions_refuse_unknown_parameters_statuses_and_rows(web: httpx.Client, catalogue: Catalogue) -> None:
    order = web.post("salesorders", json=header(catalogue)).headers["OData-EntityId"][-37:-1]
    good = _close("OrderClose", "salesorder", order, 4)
    assert error(web.post("CancelSalesOrder", json={**good, "Reason": 1})) == (400, "0x80048d19")
    assert error(web.post("CancelSalesOrder", json={"Status": 4})) == (400, "0x80040203")
    assert error(web.post("CancelSalesOrder", json={**good, "Status": 3})) == (400, "0x80048408")
    assert error(web.post("LockInvoicePricing", json={"InvoiceId": order})) == (404, "0x80040217")
    assert web.get("CancelSalesOrder").status_code == 405
    assert web.post("CancelSalesOrder", json=good).status_code == 204
    assert web.get(f"salesorders({order})?$select=statecode").json()["statecode"] == 2


# --- one request for a whole document -------------------------------------------------------------------


def _batch(parts: list[tuple[str, str, dict[str, Any]]]) -> dict[str, Any]:
    chunks = []
    for number, (method, url, body) in enumerate(parts, start=1):
        chunks.append(
            f"--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {number}"
            f"\r\n\r\n{method} {url} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{json.dumps(body)}\r\n"
        )
    text = "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" + "".join(chunks) + "--c--\r\n--b--\r\n"
    return {"content": text.encode(), "headers": {"Content-Type": "multipart/mixed; boundary=b"}}


def test_a_change_set_writes_header_and_lines_by_reference_or_by_own_ids(
    sales: DataverseSim, web: httpx.Client, catalogue: Catalogue
) -> None:
    own = "5d9e6c1a-0b7f-4f3c-9a51-3f1d2c4b5a60"
    parts = [
        ("POST", "/api/data/v9.2/invoices", header(catalogue)),
        ("POST", "/api/data/v9.2/invoicedetails", {**write_in(priceperunit=5), "invoiceid@odata.bind": "$1"}),
        ("POST", "/api/data/v9.2/invoices", header(catalogue, invoiceid=own)),
        ("POST", "/api/data/v9.2/invoicedetails", write_in(f"invoices({own})", priceperunit=7)),
        ("POST", "/api/data/v9.2/invoicedetails", line(catalogue, f"invoices({own})")),
        ("PATCH", f"/api/data/v9.2/invoices({own})", {"statecode": 2, "statuscode": 100001}),
    ]
    assert web.post("$batch", **_batch(parts)).status_code == 200
    assert sorted(one["totalamount"] for one in sales.all("invoices")) == [5, 4007]
    assert row(sales, "invoices", own)["statecode"] == 2


def test_a_change_set_with_one_bad_line_leaves_nothing(
    sales: DataverseSim, web: httpx.Client, catalogue: Catalogue
) -> None:
    parts = [
        ("POST", "/api/data/v9.2/salesorders", header(catalogue)),
        ("POST", "/api/data/v9.2/salesorderdetails", {**line(catalogue), "salesorderid@odata.bind": "$1"}),
        ("POST", "/api/data/v9.2/salesorderdetails", {**write_in(wrong=1), "salesorderid@odata.bind": "$1"}),
    ]
    assert web.post("$batch", **_batch(parts)).status_code == 400
    assert sales.all("salesorders") == [] == sales.all("salesorderdetails")


def test_a_deep_insert_answers_with_totals_and_lines(web: httpx.Client, catalogue: Catalogue) -> None:
    body = header(catalogue, order_details=[line(catalogue), write_in(priceperunit=5)])
    answer = web.post(
        "salesorders?$select=totalamount&$expand=order_details($select=extendedamount)",
        json=body,
        headers={"Prefer": "return=representation"},
    )
    assert answer.status_code == 201 and answer.json()["totalamount"] == 4005
    assert sorted(one["extendedamount"] for one in answer.json()["order_details"]) == [5, 4000]


def test_bulk_creation_of_documents_takes_nested_lines(
    sales: DataverseSim, web: httpx.Client, catalogue: Catalogue
) -> None:
    target = {
        "@odata.type": "Microsoft.Dynamics.CRM.invoice",
        **header(catalogue, invoice_details=[line(catalogue), line(catalogue)]),
    }
    create = "invoices/Microsoft.Dynamics.CRM.CreateMultiple"
    assert len(web.post(create, json={"Targets": [target] * 3}).json()["Ids"]) == 3
    assert [one["totalamount"] for one in sales.all("invoices")] == [8000] * 3
