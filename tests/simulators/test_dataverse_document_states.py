"""States, locks and actions of quotes, orders and invoices (reference section 9; sales-documents.md S57, S112)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.dataverse import DataverseSim
from tests.simulators.dataverse_client import (
    KINDS,
    Catalogue,
    catalogue,
    clock,
    error,
    header,
    line,
    refusal,
    row,
    sales,
    web,
    write_in,
)

__all__ = ["catalogue", "clock", "sales", "web"]


def _close(parameter: str, table: str, row_id: str, status: int) -> dict[str, Any]:
    sets = {"salesorder": "salesorders", "quote": "quotes"}
    activity = {
        "@odata.type": f"Microsoft.Dynamics.CRM.{parameter.lower()}",
        f"{table}id@odata.bind": f"/{sets[table]}({row_id})",
    }
    return {parameter: activity, "Status": status}


_OPENED = {"quotes": (1, 2), "salesorders": (1, 3), "invoices": (2, 100001)}


@pytest.mark.parametrize(("set_name", "navigation", "lines"), KINDS)
@pytest.mark.peer("invoice-008", "sales-order-053")
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


@pytest.mark.peer("invoice-008")
def test_a_cancelled_invoice_is_not_paid_until_it_is_active_again(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    new = sales.add("invoices", header(catalogue, invoice_details=[line(catalogue)]))
    sales.edit("invoices", new, statecode=3, statuscode=100003)
    paid = {"statecode": 2, "statuscode": 100001}
    assert refusal(lambda: sales.edit("invoices", new, **paid))[0] == 400
    assert refusal(lambda: sales.edit("invoices", new, description="more"))[0] == 400
    sales.edit("invoices", new, statecode=0, statuscode=4)
    sales.edit("invoices", new, **paid)


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


def test_a_post_is_kept_as_it_was_written_and_goes_with_its_record(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    order = sales.add("salesorders", header(catalogue))
    about = {"regardingobjectid_salesorder@odata.bind": f"/salesorders({order})"}
    post = sales.add("posts", {"text": "Shipped", "source": 2, "type": 1, **about})
    assert refusal(lambda: sales.edit("posts", post, text="Sent"))[0] == 405
    assert refusal(lambda: sales.add("posts", {"text": "x" * 251, "source": 2, **about}))[0] == 400
    sales.delete("salesorders", order)
    assert sales.all("posts") == []
