"""Sales orders and quotes: what the customer gives, lines, totals, status, posting, payment, archives.

Numbers behind S… are rules and worked scenarios of sales-documents.md.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.business_central.errors import Refused
from tests.simulators.business_central_caller import ZERO, Caller, code_of, make_caller

ITEM, PEOPLE_ONLY = "Item", "Application_DialogException"


@pytest.fixture
def bc() -> Caller:
    made = make_caller()
    made.sim.load("unitsOfMeasure", [{"code": "PCS"}, {"code": "BOX"}])
    made.sim.load(
        "vatPostingSetup", [{"vatBusPostingGroup": "HOME", "vatProdPostingGroup": "FULL", "vatPercent": 25}]
    )
    made.sim.load("glAccounts", [{"number": "6710", "name": "Freight"}])
    return made


def a_customer(bc: Caller, **values: Any) -> str:
    terms = bc.post(
        "paymentTerms",
        {"code": f"T{len(bc.rows('paymentTerms'))}", "discountPercent": 2, "dueDateCalculation": "<1M>"},
    )
    given = {"name": "Adatum", "city": "London", "vatBusPostingGroup": "", "paymentTermsId": terms["id"]}
    return bc.post("customers", given | values)["id"]


def an_item(bc: Caller, **values: Any) -> str:
    [pcs] = bc.rows("unitsOfMeasure", filter="code eq 'PCS'")
    given = {"description": "Bicycle", "unitPrice": 100, "baseUnitOfMeasureId": pcs["id"]}
    return bc.post("items", given | values)["id"]


def an_order(bc: Caller, *lines: dict[str, Any], of: str = "salesOrders", **header: Any) -> dict[str, Any]:
    part = of.replace("ers", "erLines").replace("tes", "teLines")
    header.setdefault("customerId", a_customer(bc))
    return bc.post(f"{of}?$expand={part}", {**header, part: list(lines)})


def lines_of(bc: Caller, order: dict[str, Any]) -> list[dict[str, Any]]:
    return bc.rows(f"salesOrders({order['id']})/salesOrderLines")


# --- header ---


def test_the_customer_gives_addresses_terms_discount_and_due_date_S15(bc):
    bill_to = a_customer(bc, name="Head Office", city="Leeds")
    customer = a_customer(bc, billToCustomerId=bill_to)
    order = an_order(bc, customerId=customer)
    assert order["number"].startswith("S-ORD") and order["status"] == "Open"
    assert (order["sellToName"], order["shipToCity"], order["billToName"]) == (
        "Adatum",
        "London",
        "Head Office",
    )
    assert (order["orderDate"], order["dueDate"], order["paymentDiscountPercent"]) == (
        "2026-01-22",
        "2026-02-22",
        2,
    )


def test_what_stands_before_the_customer_is_overwritten_and_what_stands_after_it_stays(bc):
    customer = a_customer(bc)
    early = bc.post("salesOrders", {"shipToCity": "Paris", "customerId": customer})
    late = bc.post(
        "salesOrders", {"customerId": customer, "shipToCity": "Paris", "paymentDiscountPercent": 0}
    )
    assert (early["shipToCity"], late["shipToCity"]) == ("London", "Paris")
    assert late["paymentDiscountPercent"] == 0


@pytest.mark.parametrize("blocked", ["Ship", "Invoice", "All"])
@pytest.mark.parametrize("of", ["salesOrders", "salesQuotes"])
def test_a_blocked_customer_gets_no_order_and_no_quote_S15(bc, blocked, of):
    customer = a_customer(bc)
    bc.patch(f"customers({customer})", {"blocked": blocked})
    assert code_of(bc.post(of, {"customerId": customer}, status=400)) == PEOPLE_ONLY


def test_a_document_needs_a_customer_and_keeps_its_number(bc):
    assert code_of(bc.post("salesOrders", {}, status=400)) == "Application_FieldValidationException"
    order = an_order(bc)
    bc.patch(f"salesOrders({order['id']})", {"number": "OTHER"}, status=400)


def test_a_foreign_currency_has_a_factor_and_the_local_one_has_none_S18(bc):
    assert an_order(bc)["currencyFactor"] == 0
    eur = bc.post("currencies", {"code": "EUR"})["id"]
    customer = a_customer(bc)
    bc.post("salesOrders", {"customerId": customer, "currencyId": eur}, status=400)
    rate = {"exchangeRateAmount": 100, "relationalExchangeRateAmount": 64.5}
    bc.sim.load("currencyExchangeRates", [{"currencyCode": "EUR", "startingDate": "2024-01-01", **rate}])
    item = an_item(bc)
    order = an_order(bc, {"itemId": item, "quantity": 1}, customerId=customer, currencyId=eur)
    assert order["currencyFactor"] == 1.55039
    assert order["salesOrderLines"][0]["unitPrice"] == 155.039


# --- lines ---


def test_lines_are_numbered_by_10000_and_take_description_unit_and_price_of_the_item_S31(bc):
    item = an_item(bc)
    order = an_order(
        bc,
        {"itemId": item, "quantity": 2},
        {"description": "a comment", "attachedToLineNumber": 10000},
        {"itemId": item, "quantity": 1, "unitPrice": 80},
    )
    got = [(n["lineNumber"], n["type"], n["description"], n["unitPrice"]) for n in order["salesOrderLines"]]
    assert got == [
        (10000, "Item", "Bicycle", 100),
        (20000, "_x0020_", "a comment", 0),
        (30000, "Item", "Bicycle", 80),
    ]
    assert order["salesOrderLines"][0]["unitOfMeasureCode"] == "PCS"
    assert bc.get(f"salesOrders({order['id']})")["amount"] == 280


def test_a_price_before_the_quantity_is_looked_up_again(bc):
    item = an_item(bc)
    order = an_order(bc, {"itemId": item, "unitPrice": 80, "quantity": 2})
    assert order["salesOrderLines"][0]["unitPrice"] == 100


def test_the_lowest_valid_sales_price_of_the_customers_group_counts(bc):
    group = bc.post("customerPriceGroups", {"code": "RETAIL"})["id"]
    item, customer = an_item(bc), a_customer(bc, customerPriceGroupId=group)
    price = {"itemId": item, "salesType": "Customer_x0020_Price_x0020_Group", "customerPriceGroupId": group}
    bc.post("salesPrices", price | {"unitPrice": 90})
    bc.post("salesPrices", price | {"unitPrice": 70, "minimumQuantity": 10})
    bc.post("salesPrices", price | {"unitPrice": 1, "startingDate": "2027-01-01"})
    bc.post("salesPrices", price | {"unitPrice": 2, "startingDate": "2025-01-01", "endingDate": "2025-12-31"})
    lines = [{"itemId": item, "quantity": quantity} for quantity in (1, 10)]
    order = an_order(bc, *lines, customerId=customer)
    assert [line["unitPrice"] for line in order["salesOrderLines"]] == [90, 70]


@pytest.mark.parametrize(
    ("scenario", "quantity", "price", "discount", "percent", "amount"),
    [
        (21, 10, 100, 30, 3, 970),
        (24, 12, 149.95, 22.5, 1.25042, 1776.9),
        (25, 2.5, 19.99, 1.25, 2.501, 48.73),
    ],
)
def test_a_line_discount_amount_becomes_a_percentage_S37(
    bc, scenario, quantity, price, discount, percent, amount
):
    line = {"itemId": an_item(bc), "quantity": quantity, "unitPrice": price, "lineDiscountAmount": discount}
    [stored] = an_order(bc, line)["salesOrderLines"]
    assert (stored["lineDiscountPercent"], stored["lineAmount"], stored["amount"]) == (
        percent,
        amount,
        amount,
    )


@pytest.mark.parametrize(
    "line",
    [
        pytest.param({"quantity": 1, "unitPrice": 100, "lineDiscountAmount": 150}, id="26"),
        pytest.param({"quantity": 0, "unitPrice": 100, "lineDiscountAmount": 5}, id="27"),
    ],
)
def test_a_wrong_discount_rolls_the_whole_order_back_S38(bc, line):
    item, customer = an_item(bc), a_customer(bc)
    good = {"itemId": item, "quantity": 1}
    body = {"customerId": customer, "salesOrderLines": [good, {"itemId": item, **line}]}
    assert code_of(bc.post("salesOrders", body, status=400)) == PEOPLE_ONLY
    assert bc.rows("salesOrders") == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        pytest.param({"type": "Item", "number": "NONE"}, "Internal_InvalidTableRelation", id="unknown-item"),
        pytest.param({"number": "6710"}, "Application_FieldValidationException", id="no-type"),
        pytest.param({"quantity": 1}, "Application_FieldValidationException", id="comment-with-quantity"),
        pytest.param({"type": "Item"}, "Application_FieldValidationException", id="no-number"),
        pytest.param(
            {"type": "G_x002F_L_x0020_Account", "number": "1"},
            "Internal_InvalidTableRelation",
            id="no-account",
        ),
    ],
)
def test_a_line_without_a_proper_product_is_refused(bc, line, code):
    body = {"customerId": a_customer(bc), "salesOrderLines": [line]}
    assert code_of(bc.post("salesOrders", body, status=400)) == code


@pytest.mark.parametrize("column", ["blocked", "salesBlocked"])
def test_a_blocked_item_is_not_sold(bc, column):
    item = an_item(bc, **{column: True})
    body = {"customerId": a_customer(bc), "salesOrderLines": [{"itemId": item}]}
    assert code_of(bc.post("salesOrders", body, status=400)) == "Application_FieldValidationException"


def test_a_unit_of_the_line_is_one_of_the_items_and_multiplies_its_price(bc):
    item = an_item(bc)
    [box] = bc.rows("unitsOfMeasure", filter="code eq 'BOX'")
    line = {"itemId": item, "unitOfMeasureId": box["id"], "quantity": 2}
    body = {"customerId": a_customer(bc), "salesOrderLines": [line]}
    assert code_of(bc.post("salesOrders", body, status=400)) == "Internal_InvalidTableRelation"
    bc.post(
        "itemUnitsOfMeasure", {"itemId": item, "unitOfMeasureId": box["id"], "quantityPerUnitOfMeasure": 12}
    )
    assert an_order(bc, line)["salesOrderLines"][0]["unitPrice"] == 1200


def test_vat_comes_from_the_two_posting_groups_and_must_be_set_up_S39(bc):
    item = an_item(bc, vatProdPostingGroup="FULL")
    home = a_customer(bc, vatBusPostingGroup="HOME")
    order = an_order(bc, {"itemId": item, "quantity": 1, "unitPrice": 50}, customerId=home)
    assert bc.get(f"salesOrders({order['id']})")["amountIncludingVat"] == 62.5
    body = {"customerId": a_customer(bc), "salesOrderLines": [{"itemId": item}]}
    assert code_of(bc.post("salesOrders", body, status=400)) == "Internal_RecordNotFound"


def test_prices_including_vat_have_it_taken_out_71(bc):
    item = an_item(bc, vatProdPostingGroup="FULL")
    customer = a_customer(bc, vatBusPostingGroup="HOME", pricesIncludeVat=True)
    order = an_order(bc, {"itemId": item, "quantity": 2}, customerId=customer)
    [line] = order["salesOrderLines"]
    assert (line["unitPrice"], line["amount"], line["amountIncludingVat"]) == (125, 200, 250)


def test_an_invoice_discount_is_spread_over_items_not_over_freight_S51_S52_29(bc):
    item = an_item(bc)
    freight = {
        "type": "G_x002F_L_x0020_Account",
        "number": "6710",
        "description": "Freight Amount",
        "quantity": 1,
    }
    order = an_order(
        bc,
        {"itemId": item, "quantity": 10, "unitPrice": 4000, "lineDiscountAmount": 3200},
        {"itemId": item, "quantity": 5, "unitPrice": 4000, "lineDiscountAmount": 1650},
        freight | {"unitPrice": 1020},
        invoiceDiscountValue=8463.5,
    )
    assert [line["invoiceDiscountAmount"] for line in order["salesOrderLines"]] == [5647.45, 2816.05, 0]
    stored = bc.get(f"salesOrders({order['id']})")
    assert (stored["invoiceDiscountAmount"], stored["amount"]) == (8463.5, 55150 - 8463.5 + 1020)
    alone = {
        "customerId": a_customer(bc),
        "invoiceDiscountValue": 5,
        "salesOrderLines": [freight | {"unitPrice": 9}],
    }
    assert code_of(bc.post("salesOrders", alone, status=400)) == PEOPLE_ONLY


def test_totals_follow_a_changed_and_a_deleted_line_and_take_its_comments_along(bc):
    item = an_item(bc)
    order = an_order(
        bc, {"itemId": item, "quantity": 1}, {"description": "more", "attachedToLineNumber": 10000}, {"itemId": item, "quantity": 2}
    )  # fmt: skip
    first, _, last = order["salesOrderLines"]
    bc.patch(f"salesOrderLines({last['id']})", {"quantity": 5})
    assert bc.get(f"salesOrders({order['id']})")["amount"] == 600
    bc.remove(f"salesOrderLines({first['id']})")
    assert [line["lineNumber"] for line in lines_of(bc, order)] == [30000]
    assert bc.get(f"salesOrders({order['id']})")["amount"] == 500


# --- status, archives, deletion ---


def act(bc: Caller, path: str, action: str, status: int = 204) -> httpx.Response:
    response = bc.http.post(bc.url(f"{path}/Microsoft.NAV.{action}"))
    assert response.status_code == status, response.text
    return response


def test_a_released_order_is_closed_to_changes_until_it_is_reopened(bc):
    order = an_order(bc, {"itemId": an_item(bc), "quantity": 1})
    path, line = f"salesOrders({order['id']})", f"salesOrderLines({order['salesOrderLines'][0]['id']})"
    act(bc, path, "Release")
    assert bc.get(path)["status"] == "Released"
    for changed, body in ((line, {"quantity": 2}), (path, {"invoiceDiscountValue": 1})):
        assert code_of(bc.patch(changed, body, status=400)) == "Application_FieldValidationException"
    bc.patch(path, {"yourReference": "ORD-1"})
    act(bc, path, "reopen")
    bc.patch(line, {"quantity": 2})


def test_an_empty_order_has_nothing_to_release_and_an_unknown_action_is_not_there(bc):
    order = an_order(bc, {"description": "only a comment"})
    assert act(bc, f"salesOrders({order['id']})", "release", 400)
    assert act(bc, f"salesOrders({order['id']})", "post", 501)
    assert act(bc, f"salesOrders({ZERO})", "release", 404)


def test_a_quote_is_archived_in_versions_and_stays_S66_S76(bc):
    quote = an_order(bc, of="salesQuotes", yourReference="QUO-1")
    for _ in range(2):
        act(bc, f"salesQuotes({quote['id']})", "archive")
    kept = [(r["number"], r["versionNumber"], r["occurrenceNumber"]) for r in bc.rows("salesQuoteArchives")]
    assert kept == [(quote["number"], 1, 1), (quote["number"], 2, 1)]
    assert bc.rows("salesQuotes")[0]["yourReference"] == "QUO-1"


@pytest.mark.parametrize("archiving", [False, True])
def test_a_deleted_order_leaves_tombstones_and_a_version_where_orders_are_archived_S60_S88(bc, archiving):
    [setup] = bc.rows("salesSetup")
    bc.sim.edit("salesSetup", setup["id"], archiveOrders=archiving)
    order = an_order(bc, {"itemId": an_item(bc), "quantity": 1}, yourReference="ORD-1")
    bc.remove(f"salesOrders({order['id']})")
    buried = {(row["entitySet"], row["deletedId"]) for row in bc.rows("tombstones")}
    assert buried == {("salesOrders", order["id"]), ("salesOrderLines", order["salesOrderLines"][0]["id"])}
    assert [row["yourReference"] for row in bc.rows("salesOrderArchives")] == ["ORD-1"] * archiving


# --- posting and payment ---


def posted(bc: Caller, **header: Any) -> dict[str, Any]:
    item = an_item(bc, vatProdPostingGroup="FULL")
    header.setdefault("customerId", a_customer(bc, vatBusPostingGroup="HOME"))
    order = an_order(
        bc,
        {"itemId": item, "quantity": 3, "unitPrice": 33.33, "lineDiscountPercent": 10},
        {"description": "a comment", "attachedToLineNumber": 10000},
        invoiceDiscountValue=5,
        **header,
    )
    invoice = bc.sim.post(order["id"])
    return bc.get(f"postedSalesInvoices({invoice})", expand="postedSalesInvoiceLines")


def test_an_order_posted_in_full_becomes_an_invoice_with_all_lines_and_is_gone_S94_S106(bc):
    invoice = posted(bc, yourReference="ORD-1")
    assert (invoice["yourReference"], invoice["orderNumber"]) == ("ORD-1", "S-ORD000010")
    assert (invoice["amount"], invoice["amountIncludingVat"], invoice["invoiceDiscountAmount"]) == (
        84.99,
        106.24,
        5,
    )
    assert invoice["remainingAmount"] == 106.24 and not invoice["closed"]
    line, comment = invoice["postedSalesInvoiceLines"]
    assert (line["lineDiscountAmount"], line["lineAmount"], line["orderLineNumber"]) == (10, 89.99, 10000)
    assert (comment["type"], comment["description"], comment["attachedToLineNumber"]) == (
        "_x0020_",
        "a comment",
        10000,
    )
    assert bc.rows("salesOrders") == [] == bc.rows("salesOrderLines")
    assert {row["entitySet"] for row in bc.rows("tombstones")} == {"salesOrders", "salesOrderLines"}
    assert bc.rows("items")[0]["inventory"] == -3


def test_shipping_leaves_the_order_and_an_invoice_for_half_leaves_it_too_58_60(bc):
    item = an_item(bc)
    order = an_order(bc, {"itemId": item, "quantity": 4})
    assert bc.sim.post(order["id"], invoice=False) is None
    [line] = lines_of(bc, order)
    assert (line["quantityShipped"], line["outstandingQuantity"], line["quantityInvoiced"]) == (4, 0, 0)
    stored = bc.get(f"salesOrders({order['id']})")
    assert (stored["completelyShipped"], stored["lastShipmentDate"], stored["status"]) == (
        True,
        "2026-01-22",
        "Released",
    )
    with pytest.raises(Refused, match="Shipped Not Invoiced"):
        bc.sim.delete("salesOrders", order["id"])
    half = bc.sim.post(order["id"], ship=False, quantities={10000: 2})
    assert bc.get(f"postedSalesInvoices({half})")["amount"] == 200
    assert lines_of(bc, order)[0]["quantityInvoiced"] == 2
    bc.sim.post(order["id"])
    assert bc.rows("salesOrders") == [] and len(bc.rows("postedSalesInvoices")) == 2


def test_a_posted_invoice_is_read_only_for_everybody(bc):
    invoice = posted(bc)
    bc.patch(f"postedSalesInvoices({invoice['id']})", {"yourReference": "x"}, status=405)
    with pytest.raises(Refused):
        bc.sim.edit("postedSalesInvoices", invoice["id"], dueDate="2026-03-01")
    with pytest.raises(Refused):
        bc.sim.delete("postedSalesInvoices", invoice["id"])
    with pytest.raises(Refused):
        bc.sim.add("customerLedgerEntries", {"entryNumber": 9})
    bc.sim.edit("postedSalesInvoices", invoice["id"], packageTrackingNumber="1Z")


def state(bc: Caller, invoice: dict[str, Any]) -> tuple[Any, ...]:
    row = bc.get(f"postedSalesInvoices({invoice['id']})")
    assert row["systemRowVersion"] == invoice["systemRowVersion"]
    return row["remainingAmount"], row["closed"], row["cancelled"]


def test_payments_show_on_the_invoice_and_in_the_ledger_but_leave_its_row_alone_S110_78(bc):
    invoice = posted(bc)
    seen = [row["entryNumber"] for row in bc.rows("detailedCustomerLedgerEntries")]
    bc.sim.pay(invoice["id"], 35.06)
    assert state(bc, invoice) == (71.18, False, False)
    new = [row for row in bc.rows("detailedCustomerLedgerEntries") if row["entryNumber"] not in seen]
    named = [(row["entryType"], row["amount"]) for row in new if row["invoiceId"] == invoice["id"]]
    assert named == [("Application", -35.06)]
    bc.sim.pay(invoice["id"])
    assert state(bc, invoice) == (0, True, False)
    assert not any(row["open"] for row in bc.rows("customerLedgerEntries"))
    with pytest.raises(Refused, match="closed"):
        bc.sim.pay(invoice["id"])
    bc.sim.unapply(invoice["id"])
    assert state(bc, invoice) == (106.24, False, False)


def test_a_payment_of_more_than_is_left_is_refused(bc):
    invoice = posted(bc)
    for amount in (0, -1, 106.25):
        with pytest.raises(Refused, match="at most"):
            bc.sim.pay(invoice["id"], amount)


def test_a_cancelled_invoice_has_nothing_left_and_its_items_are_back_S111_79(bc):
    invoice = posted(bc)
    bc.sim.cancel(invoice["id"])
    assert state(bc, invoice) == (0, True, True)
    assert bc.rows("items")[0]["inventory"] == 0
    with pytest.raises(Refused, match="already"):
        bc.sim.cancel(invoice["id"])
    other = posted(bc)
    bc.sim.pay(other["id"], 1)
    with pytest.raises(Refused, match="paid"):
        bc.sim.cancel(other["id"])


def test_a_customer_with_open_entries_stays_and_a_blocked_one_is_not_posted_to(bc):
    customer = a_customer(bc, vatBusPostingGroup="HOME")
    posted(bc, customerId=customer)
    bc.remove(f"customers({customer})", status=400)
    order = an_order(
        bc, {"itemId": an_item(bc, vatProdPostingGroup="FULL"), "quantity": 1}, customerId=customer
    )
    bc.patch(f"customers({customer})", {"blocked": "All"})
    with pytest.raises(Refused, match="blocked"):
        bc.sim.post(order["id"])


def test_posting_paying_and_cancelling_are_control_actions(bc):
    order = an_order(bc, {"itemId": an_item(bc), "quantity": 1})
    said = bc.http.post("http://bc.test/_sim/post", json={"id": order["id"]})
    assert said.status_code == 200
    invoice = said.json()["invoice"]
    for verb, body in (("pay", {"amount": 40}), ("unapply", {}), ("cancel", {})):
        assert bc.http.post(f"http://bc.test/_sim/{verb}", json={"id": invoice, **body}).status_code == 200
    assert bc.get(f"postedSalesInvoices({invoice})")["cancelled"] is True
    refused = bc.http.post("http://bc.test/_sim/cancel", json={"id": invoice})
    assert refused.status_code == 400 and "already" in refused.json()["error"]


def test_a_note_is_on_just_one_document_and_goes_with_it_S55(bc):
    order = an_order(bc)["id"]
    note = bc.post("salesNotes", {"orderId": order, "subject": "Stock", "noteText": "two left"})
    assert (note["linkId"], note["orderId"], note["quoteId"]) == (1, order, ZERO)
    bc.post("salesNotes", {"noteText": "on nothing"}, status=400)
    bc.post("salesNotes", {"orderId": ZERO[:-1] + "1", "noteText": "on what is not there"}, status=400)
    bc.patch(f"salesNotes({note['id']})", {"orderId": order}, status=400)
    assert bc.patch(f"salesNotes({note['id']})", {"noteText": "one left"})["noteText"] == "one left"
    bc.sim.delete("salesOrders", order)
    assert bc.rows("salesNotes") == []


# --- assembly to order (S39) ---

TO_ORDER = {"replenishmentSystem": "Assembly", "assemblyPolicy": "Assemble_x002D_to_x002D_Order"}


def test_only_what_is_replenished_by_assembly_and_kept_in_stock_can_be_assembled_to_order(bc):
    for said, values in (
        ("Replenishment System must be equal to 'Assembly'", TO_ORDER | {"replenishmentSystem": "Purchase"}),
        ("Assembly Policy must be equal to 'Assemble-to-Stock'", TO_ORDER | {"type": "Service"}),
    ):
        with pytest.raises(AssertionError, match=said):
            an_item(bc, **values)


def test_scenario_52_the_assembly_order_follows_the_line_that_it_is_made_for_S39(bc):
    made_to_order = {"itemId": an_item(bc, **TO_ORDER), "quantity": 7}
    order = an_order(bc, made_to_order, {"itemId": an_item(bc), "quantity": 3})
    line, other = lines_of(bc, order)
    [assembly] = bc.rows("assemblyOrders")
    assert (line["quantityToAssembleToOrder"], other["quantityToAssembleToOrder"]) == (7, 0)
    assert (assembly["number"], assembly["itemNumber"], assembly["quantity"]) == ("A00010", line["number"], 7)
    assert (assembly["salesOrderNumber"], assembly["salesOrderLineNumber"]) == (order["number"], 10_000)

    bc.patch(f"salesOrderLines({line['id']})", {"description": "Two wheels"})
    bc.patch(f"salesOrderLines({line['id']})", {"quantity": 9})
    assert [(a["id"], a["quantity"]) for a in bc.rows("assemblyOrders")] == [(assembly["id"], 9)]

    bc.patch(f"salesOrderLines({line['id']})", {"quantity": 0})
    assert bc.rows("assemblyOrders") == []

    bc.patch(f"salesOrderLines({line['id']})", {"quantity": 2})
    bc.remove(f"salesOrderLines({line['id']})")
    assert bc.rows("assemblyOrders") == []


def test_an_item_that_is_assembled_to_order_from_now_on_leaves_the_lines_that_are_there_alone_S39(bc):
    item = an_item(bc)
    order = an_order(bc, {"itemId": item, "quantity": 7})
    bc.patch(f"items({item})", TO_ORDER)
    [line] = lines_of(bc, order)
    bc.patch(f"salesOrderLines({line['id']})", {"quantity": 8})
    assert lines_of(bc, order)[0]["quantityToAssembleToOrder"] == 0 and bc.rows("assemblyOrders") == []


@pytest.mark.parametrize("gone", ["deleted", "shipped"])
def test_the_assembly_order_goes_with_its_order_and_when_all_of_it_is_shipped_S39(bc, gone):
    order = an_order(bc, {"itemId": an_item(bc, **TO_ORDER), "quantity": 7})
    if gone == "deleted":
        bc.remove(f"salesOrders({order['id']})")
    else:
        bc.sim.post(order["id"], invoice=False, quantities={10_000: 3})
        assert [a["quantity"] for a in bc.rows("assemblyOrders")] == [7]
        bc.sim.post(order["id"], invoice=False, quantities={10_000: 4})
    assert bc.rows("assemblyOrders") == []


# --- reservations, prepayments and versions ---


def in_stock(bc: Caller, item: str, quantity: float) -> None:
    number = len(bc.rows("itemLedgerEntries")) + 100
    bc.sim.load("itemLedgerEntries", [{"entryNumber": number, "itemId": item, "quantity": quantity}])


@pytest.mark.parametrize(
    ("item", "customer", "reserved"),
    [("Always", "Never", 3), ("Optional", "Always", 3), ("Optional", "Optional", 0), ("Never", "Always", 0)],
)
def test_a_line_is_always_reserved_by_its_item_or_where_that_leaves_it_open_by_the_customer(
    bc, item, customer, reserved
):
    row = an_item(bc, reserve=item)
    in_stock(bc, row, 5)
    order = an_order(bc, {"itemId": row, "quantity": 3}, customerId=a_customer(bc, reserve=customer))
    act(bc, f"salesOrders({order['id']})", "reserve")

    [line] = bc.rows("salesOrderLines")
    assert line["reservedQuantity"] == reserved


def test_no_more_is_reserved_than_is_there_and_what_is_shipped_is_reserved_no_more(bc):
    row = an_item(bc, reserve="Always")
    in_stock(bc, row, 5)
    orders = [an_order(bc, {"itemId": row, "quantity": 4})["id"] for _ in range(2)]
    for order in (*orders, orders[0]):
        act(bc, f"salesOrders({order})", "reserve")
    assert sorted(line["reservedQuantity"] for line in bc.rows("salesOrderLines")) == [1, 4]

    bc.sim.post(orders[0], invoice=False)
    assert sorted(line["reservedQuantity"] for line in bc.rows("salesOrderLines")) == [0, 1]


def test_an_order_that_is_to_be_paid_in_advance_stays_open_or_waits_S85(bc):
    row, paid = an_item(bc), a_customer(bc)
    waiting = an_order(
        bc, {"itemId": row, "quantity": 1, "unitPrice": 10}, customerId=a_customer(bc, prepaymentPercent=50)
    )
    free = an_order(bc, {"itemId": row, "quantity": 1, "unitPrice": 10}, customerId=paid)
    for order in (waiting, free):
        act(bc, f"salesOrders({order['id']})", "releaseUnlessPrepaymentIsDue")
    status = {o["id"]: o["status"] for o in bc.rows("salesOrders")}
    assert (status[waiting["id"]], status[free["id"]]) == ("Open", "Released")

    act(bc, f"salesOrders({waiting['id']})", "release")
    assert bc.get(f"salesOrders({waiting['id']})")["status"] == "Pending_x0020_Prepayment"


def test_an_order_that_is_posted_leaves_two_versions_where_orders_are_archived(bc):
    [setup] = bc.rows("salesSetup")
    bc.sim.edit("salesSetup", setup["id"], archiveOrders=True)
    order = an_order(bc, {"itemId": an_item(bc), "quantity": 3})
    bc.sim.post(order["id"])

    assert [row["versionNumber"] for row in bc.rows("salesOrderArchives")] == [1, 2]
    shipped = {row["versionNumber"]: row["quantityShipped"] for row in bc.rows("salesOrderArchiveLines")}
    assert shipped == {1: 0, 2: 3}
