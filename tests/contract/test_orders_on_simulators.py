"""Orders on the real adapters against both simulators: arithmetic, posting, payment, to the cent.

Scenario numbers are those of sales-documents.md §8.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.simkit import PEOPLE
from sandbox.simkit.faults import Fault
from shared.adapters.auth import FixedAuth
from tests.scenarios.services import WiredWorld

ORDERS, QUOTES, INVOICES = "sales_orders", "sales_quotes", "posted_sales_invoices"
LONG = "The quick brown fox jumps over the lazy dog, again and again, until the page is full of it. " * 3


class Shop(WiredWorld):
    """A generated company with its products in Sales, a write-in item, and freight."""

    def __init__(self, **differs: Any) -> None:
        super().__init__(customers=5, **differs)
        self.switched_on = ("sales_orders", "sales_quotes")
        [unit] = [u for u in self.bc_sim.all("unitsOfMeasure") if u["code"] == "PCS"]
        item = {
            "number": "W-IN",
            "description": "Sundry",
            "type": "Service",
            "baseUnitOfMeasureId": unit["id"],
        }
        self.write_in = self.bc_sim.add("items", item | {"vatProdPostingGroup": "STANDARD"})
        self.bike = self.bc_sim.add(
            "items",
            {
                "number": "BIKE",
                "description": "Bicycle",
                "baseUnitOfMeasureId": unit["id"],
                "unitPrice": 4000,
                "vatProdPostingGroup": "STANDARD",
            },
        )
        accounts = [a["number"] for a in self.bc_sim.all("glAccounts")]
        self.facts = replace(
            self.facts, write_in_type="item", write_in_number="W-IN", freight_account=accounts[0]
        )
        self.app = self.start_app()
        self.full_sync(create=True)
        for name in (ORDERS, QUOTES, INVOICES):
            self.tick(name)
        self.customer, self.account = next(
            (bc, own)
            for bc, own in self.coupled("customers").items()
            if not self.row("customers", bc)["currencyCode"]
            and self.row("customers", bc)["blocked"] == "_x0020_"
            and not self.row("customers", bc)["pricesIncludeVat"]
        )

    def row(self, table: str, id: str) -> dict[str, Any]:
        row = self.bc_sim.get(table, id)
        assert row is not None
        return row

    def sold(self, table: str, id: str) -> dict[str, Any]:
        row = self.sales_sim.get(table, id)
        assert row is not None
        return row

    def order(self, *lines: dict[str, Any], **header: Any) -> str:
        """Write an order as a salesperson does, and submit it."""
        row = {
            "name": "Spring deal",
            "customerid_account@odata.bind": f"/accounts({self.account})",
            "pricelevelid@odata.bind": f"/pricelevels({self.price_list()})",
        }
        order = self.sales_sim.add("salesorders", row | header)
        for line in lines:
            self.sales_sim.add(
                "salesorderdetails", {"salesorderid@odata.bind": f"/salesorders({order})"} | line
            )
        self.sales_sim.edit("salesorders", order, statecode=1, statuscode=3)
        return order

    def price_list(self) -> str:
        [found] = [
            p for p in self.sales_sim.all("pricelevels") if p["name"] == "Business Central Default Price List"
        ]
        return str(found["pricelevelid"])

    def bicycle(self, **differs: Any) -> dict[str, Any]:
        product = self.sold("products", self.coupled("items")[self.bike])
        return {
            "productid@odata.bind": f"/products({product['productid']})",
            "uomid@odata.bind": f"/uoms({product['_defaultuomid_value']})",
            "quantity": 10,
            "ispriceoverridden": True,
            "priceperunit": 100,
        } | differs

    def act_in_sales(self, action: str, body: dict[str, Any]) -> dict[str, Any]:
        """Carry out an action as a salesperson."""
        client = httpx.Client(
            transport=httpx.WSGITransport(app=self.sales_sim), auth=FixedAuth(PEOPLE.client_id)
        )
        answer = client.post(f"https://sales.test/api/data/v9.2/{action}", json=body)
        assert answer.status_code in (200, 204), answer.text
        return dict(answer.json()) if answer.content else {}

    def made(self, order: str) -> dict[str, Any]:
        [found] = [b for b, s in self.coupled(ORDERS).items() if s == order]
        return self.row("salesOrders", found)

    def lines(self, order: str, part: str = "salesOrderLines") -> list[dict[str, Any]]:
        rows = [r for r in self.bc_sim.all(part) if r["documentId"] == order]
        return sorted(rows, key=lambda r: r["lineNumber"])


def exact(shown: Any) -> Decimal:
    return Decimal(str(shown))


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop()


@pytest.mark.peer("sales-order-004")
def test_an_order_is_taken_by_bc_with_the_same_totals_and_stamped_P42_P43_P44_P45_H16(shop):
    gift = {
        "isproductoverridden": True,
        "productdescription": "Gift wrapping",
        "quantity": 1,
        "priceperunit": 25,
    }
    order = shop.order(
        shop.bicycle(description=LONG),
        shop.bicycle(quantity=5, priceperunit=Decimal("149.95"), manualdiscountamount=Decimal("7.50")),
        gift,
        discountpercentage=5,
        freightamount=Decimal("55.50"),
        billto_city="Lyon",
    )
    shop.tick(ORDERS)
    assert shop.held(ORDERS) == []

    theirs, made = shop.sold("salesorders", order), shop.made(order)
    assert (theirs["statecode"], theirs["statuscode"]) == (1, 3)
    assert str(theirs["lastbackofficesubmit"])[:10] == shop.clock.now().date().isoformat()
    assert made["yourReference"] == theirs["ordernumber"] and made["externalDocumentNumber"] == "SPRING DEAL"
    assert made["billToCity"] == "Lyon" and made["paymentDiscountPercent"] == 5
    rows = shop.lines(made["id"])
    assert [r["lineNumber"] for r in rows] == [10_000 * n for n in range(1, len(rows) + 1)]
    comments = [r["description"] for r in rows if r["attachedToLineNumber"] == 10_000]
    assert "".join(comments) == LONG
    assert [r["description"] for r in rows if r["number"] == "W-IN"] == ["Gift wrapping"]
    assert exact(made["amount"]) == theirs["totalamountlessfreight"] + theirs["freightamount"]
    assert theirs["_modifiedby_value"] in shop.facts.sales_user_ids


@pytest.mark.peer("sales-order-023")
def test_scenario_52_a_line_of_an_item_assembled_to_order_gets_one_assembly_order_however_often_it_is_sent_S39(
    shop,
):
    shop.bc_sim.edit(
        "items",
        shop.bike,
        replenishmentSystem="Assembly",
        assemblyPolicy="Assemble_x002D_to_x002D_Order",
    )
    order = shop.order(shop.bicycle(quantity=7))
    shop.bc_sim.faults.add(Fault(kind="write", lost_reply=True))
    shop.tick(ORDERS)
    shop.act(ORDERS, "retry", side="sales", id=order)
    shop.tick(ORDERS)

    once = shop.made(order)
    assert shop.held(ORDERS) == []
    assert (
        len([o for o in shop.bc_sim.all("salesOrders") if o["yourReference"] == once["yourReference"]]) == 1
    )
    [line] = shop.lines(once["id"])
    assert (line["quantity"], line["quantityToAssembleToOrder"]) == (7, 7)
    [assembly] = shop.bc_sim.all("assemblyOrders")
    assert (assembly["itemNumber"], assembly["quantity"]) == ("BIKE", 7) and assembly["number"]
    assert (assembly["salesOrderNumber"], assembly["salesOrderLineNumber"]) == (once["number"], 10_000)


@pytest.mark.parametrize("edited", [False, True])
def test_an_order_that_is_opened_and_submitted_again_is_told_when_it_was_edited_meanwhile(edited):
    shop = Shop()
    order = shop.order(shop.bicycle(), discountpercentage=5, freightamount=20)
    shop.tick(ORDERS)
    shop.clock.advance(timedelta(hours=1))
    shop.sales_sim.edit("salesorders", order, statecode=0, statuscode=2)
    [line] = [d for d in shop.sales_sim.all("salesorderdetails") if d["_salesorderid_value"] == order]
    if edited:
        shop.sales_sim.edit("salesorderdetails", line["salesorderdetailid"], quantity=12)
    shop.sales_sim.edit("salesorders", order, statecode=1, statuscode=3)
    shop.tick(ORDERS)

    assert [h["reason"][:8] for h in shop.held(ORDERS)] == (["E-EDITED"] if edited else [])
    assert shop.lines(shop.made(order)["id"])[0]["quantity"] == 10


def test_a_line_takes_the_price_that_bc_has_put_into_the_list_P46(shop):
    line = {n: v for n, v in shop.bicycle().items() if n not in ("priceperunit", "ispriceoverridden")}
    order = shop.order(line)
    shop.tick(ORDERS)

    [row] = shop.lines(shop.made(order)["id"])
    assert (row["unitPrice"], row["quantity"], row["amount"]) == (4000, 10, 40_000)


@pytest.mark.peer("sales-order-004", "sales-order-006", "sales-order-007", "sales-order-010")
def test_scenario_29_discounts_of_lines_and_header_and_freight_agree_to_the_cent(shop):
    order = shop.order(
        shop.bicycle(priceperunit=4000, manualdiscountamount=3200),
        shop.bicycle(quantity=5, priceperunit=4000, manualdiscountamount=1650),
        discountamount=3500,
        discountpercentage=9,
        freightamount=1020,
    )
    shop.tick(ORDERS)

    theirs, made = shop.sold("salesorders", order), shop.made(order)
    first, second, freight = shop.lines(made["id"])
    assert theirs["totalamountlessfreight"] == Decimal("46686.50")
    assert made["invoiceDiscountAmount"] == Decimal("8463.50")
    split = [exact(line["invoiceDiscountAmount"]) for line in (first, second)]
    assert split == [Decimal("5647.45"), Decimal("2816.05")]
    assert made["paymentDiscountPercent"] == 9
    assert (freight["unitPrice"], freight["quantity"], freight["invoiceDiscountAmount"]) == (1020, 1, 0)


def test_scenarios_59_78_from_order_to_invoice_to_payment_S94_S110(shop):
    gift = {"isproductoverridden": True, "productdescription": "Gift", "quantity": 1, "priceperunit": 25}
    order = shop.order(shop.bicycle(), gift, freightamount=20, discountamount=10)
    shop.tick(ORDERS)
    invoice = shop.bc_sim.post(shop.made(order)["id"])
    shop.tick(ORDERS)
    theirs = shop.sold("salesorders", order)
    assert (theirs["statecode"], theirs["statuscode"]) == (4, 100_003)

    shop.full_sync(INVOICES)
    assert shop.held(INVOICES) == []
    shown = shop.sold("invoices", shop.coupled(INVOICES)[invoice])
    posted = shop.row("postedSalesInvoices", invoice)
    assert (shown["statecode"], shown["statuscode"]) == (0, 4)
    assert shown["_salesorderid_value"] == order and shown["totalamount"] == posted["amountIncludingVat"]
    assert exact(posted["amount"]) == theirs["totalamountlessfreight"] + theirs["freightamount"]

    shop.bc_sim.pay(invoice, 100)
    shop.tick(INVOICES)
    assert shop.sold("invoices", shown["invoiceid"])["statuscode"] == 100_002
    shop.bc_sim.pay(invoice)
    shop.tick(INVOICES)
    assert shop.sold("invoices", shown["invoiceid"])["statuscode"] == 100_001


@pytest.mark.peer("sales-order-030", "sales-order-032")
def test_scenarios_58_59_an_order_that_is_shipped_first_and_invoiced_later_is_invoiced_then(shop):
    order = shop.order(shop.bicycle())
    shop.tick(ORDERS)
    made = shop.made(order)
    shop.bc_sim.post(made["id"], invoice=False)
    shop.tick(ORDERS)
    assert shop.sold("salesorders", order)["statecode"] == 1

    shop.bc_sim.post(made["id"], ship=False)
    shop.tick(ORDERS)
    assert shop.sold("salesorders", order)["statuscode"] == 100_003


def test_scenario_54_an_order_deleted_in_bc_is_opened_in_sales_S60(shop):
    order = shop.order(shop.bicycle())
    shop.tick(ORDERS)
    shop.bc_sim.delete("salesOrders", shop.made(order)["id"])
    shop.tick(ORDERS)
    theirs = shop.sold("salesorders", order)
    assert (theirs["statecode"], theirs["statuscode"], theirs["lastbackofficesubmit"]) == (0, 2, None)

    shop.sales_sim.edit("salesorders", order, statecode=1, statuscode=3)
    shop.tick(ORDERS)
    assert shop.made(order)["yourReference"] == theirs["ordernumber"]


def test_what_is_missing_is_named_at_once_and_bc_was_not_asked_to_write_P37(shop):
    order = shop.order(shop.bicycle(), freightamount=5)
    shop.bc_sim.edit("items", shop.bike, blocked=True)
    shop.bc_sim.edit("customers", shop.customer, blocked="All")
    before = len(shop.bc_sim.all("salesOrders"))
    shop.tick(ORDERS)
    [held] = shop.held(ORDERS)
    assert [part.partition(":")[0] for part in held["reason"].split("; ")] == ["E-BLOCKED", "E-ITEMBLOCKED"]
    assert len(shop.bc_sim.all("salesOrders")) == before

    shop.bc_sim.edit("items", shop.bike, blocked=False)
    shop.bc_sim.edit("customers", shop.customer, blocked="_x0020_")
    shop.act(ORDERS, "retry", side="sales", id=order)
    assert shop.held(ORDERS) == [] and shop.made(order)


def test_a_withdrawal_between_the_order_and_its_stamp_is_not_undone_S57(shop):
    order = shop.order(shop.bicycle())
    number = shop.sold("salesorders", order)["ordernumber"]

    def withdrawn(method: str, path: str, status: int) -> None:
        there = any(o["yourReference"] == number for o in shop.bc_sim.all("salesOrders"))
        if there and shop.sold("salesorders", order)["lastbackofficesubmit"] is None and not done:
            done.append(path)
            shop.sales_sim.edit("salesorders", order, statecode=0, statuscode=1)

    done: list[str] = []
    shop.after_request = withdrawn
    shop.tick(ORDERS)
    shop.after_request = lambda method, path, status: None

    assert done and shop.sold("salesorders", order)["statecode"] == 0
    assert shop.made(order)["yourReference"] == number
    assert [h["reason"].partition(":")[0] for h in shop.held(ORDERS)] == ["E-TAKENBACK"]

    shop.sales_sim.edit("salesorders", order, statecode=1, statuscode=3)
    shop.tick(ORDERS)
    assert shop.held(ORDERS) == [] and shop.sold("salesorders", order)["lastbackofficesubmit"] is not None


def test_fifty_orders_of_ten_lines_cost_no_request_each_H16(shop):
    for _ in range(50):
        shop.order(*[shop.bicycle() for _ in range(10)])
    for sim in (shop.bc_sim, shop.sales_sim):
        sim.log.clear()
    shop.tick(ORDERS)

    assert shop.held(ORDERS) == []
    counts = [sim.log.counts() for sim in (shop.bc_sim, shop.sales_sim)]
    assert all(c["reads"] + c["writes"] <= 30 for c in counts), counts


def test_scenarios_63_64_66_a_quote_its_revision_and_its_order_are_taken_by_bc_S66_S73(shop):
    sales = shop.sales_sim
    header = {
        "name": "Spring quote",
        "customerid_account@odata.bind": f"/accounts({shop.account})",
        "pricelevelid@odata.bind": f"/pricelevels({shop.price_list()})",
    }
    quote = sales.add("quotes", header)
    sales.add("quotedetails", {"quoteid@odata.bind": f"/quotes({quote})"} | shop.bicycle(quantity=2))
    sales.edit("quotes", quote, statecode=1, statuscode=2)
    shop.tick(QUOTES)
    assert shop.held(QUOTES) == []
    [first] = [b for b, own in shop.coupled(QUOTES).items() if own == quote]
    number = shop.row("salesQuotes", first)["number"]

    answer = shop.act_in_sales("ReviseQuote", {"QuoteId": quote, "ColumnSet": {"AllColumns": True}})
    revision = answer["quoteid"]
    [line] = [d for d in sales.all("quotedetails") if d["_quoteid_value"] == revision]
    sales.edit("quotedetails", line["quotedetailid"], quantity=3)
    sales.edit("quotes", revision, statecode=1, statuscode=2)
    shop.tick(QUOTES)
    assert shop.held(QUOTES) == []
    [second] = [b for b, own in shop.coupled(QUOTES).items() if own == revision]
    assert (
        shop.row("salesQuotes", second)["number"] == number and shop.bc_sim.get("salesQuotes", first) is None
    )
    assert [r["quantity"] for r in shop.lines(second, "salesQuoteLines")] == [3]
    assert [a["number"] for a in shop.bc_sim.all("salesQuoteArchives")] == [number]

    close = {"quoteid@odata.bind": f"/quotes({revision})", "subject": "won"}
    shop.act_in_sales("WinQuote", {"Status": 4, "QuoteClose": close})
    made = shop.act_in_sales(
        "ConvertQuoteToSalesOrder", {"QuoteId": revision, "ColumnSet": {"AllColumns": True}}
    )
    shop.tick(QUOTES)
    assert shop.held(QUOTES) == []
    assert shop.row("salesQuotes", second)["status"] == "Released"

    sales.edit("salesorders", made["salesorderid"], statecode=1, statuscode=3)
    shop.tick(ORDERS)
    shop.tick(QUOTES)
    assert shop.made(made["salesorderid"])["quoteNumber"] == number
    assert len(shop.bc_sim.all("salesQuoteArchives")) == 2
    assert shop.held(QUOTES) == [] and shop.held(ORDERS) == []
