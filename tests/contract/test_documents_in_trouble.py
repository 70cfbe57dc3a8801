"""Orders and quotes on the real adapters against both simulators: lost replies, refusals in a batch, other decimals."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.simkit import INTEGRATION, INTEGRATION_2
from sandbox.simkit.faults import Fault
from shared.core.errors import Rejected
from shared.core.mapping import Table
from shared.ports import Step, Write
from tests.contract.test_orders_on_simulators import ORDERS, QUOTES, Shop, exact

BC_QUOTES = Table(name="salesQuotes")


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_an_order_whose_answer_was_lost_is_not_sent_again_but_looked_for_H9(shop):
    """Posted meanwhile it would be gone, so its id would be free, and a repeat would make a second order."""
    order = shop.order(shop.bicycle())
    shop.bc_sim.log.clear()
    shop.bc_sim.faults.add(Fault(kind="write", lost_reply=True))
    shop.tick(ORDERS)

    assert shop.bc_sim.log.counts()["writes"] == 1
    assert shop.made(order)["yourReference"] == shop.sold("salesorders", order)["ordernumber"]
    assert shop.sold("salesorders", order)["lastbackofficesubmit"] is not None and shop.held(ORDERS) == []


def won(shop: Shop, count: int) -> list[str]:
    """Activate quotes, let BC have them, win them, and submit their orders."""
    sales, quotes = shop.sales_sim, []
    for _ in range(count):
        header = {
            "name": "Quote",
            "customerid_account@odata.bind": f"/accounts({shop.account})",
            "pricelevelid@odata.bind": f"/pricelevels({shop.price_list()})",
        }
        quotes.append(sales.add("quotes", header))
        sales.add("quotedetails", {"quoteid@odata.bind": f"/quotes({quotes[-1]})"} | shop.bicycle(quantity=2))
        sales.edit("quotes", quotes[-1], statecode=1, statuscode=2)
    shop.tick(QUOTES)
    for quote in quotes:
        close = {"quoteid@odata.bind": f"/quotes({quote})", "subject": "won"}
        shop.act_in_sales("WinQuote", {"Status": 4, "QuoteClose": close})
        converted = {"QuoteId": quote, "ColumnSet": {"AllColumns": True}}
        made = shop.act_in_sales("ConvertQuoteToSalesOrder", converted)
        sales.edit("salesorders", made["salesorderid"], statecode=1, statuscode=3)
    shop.tick(ORDERS)
    return quotes


def test_forty_won_quotes_cost_no_request_each_H16(shop):
    won(shop, 40)
    shop.bc_sim.log.clear()
    shop.tick(QUOTES)

    assert shop.held(QUOTES) == [] and len(shop.bc_sim.all("salesQuoteArchives")) == 40
    assert shop.bc_sim.log.counts()["writes"] <= 4


def test_one_document_that_bc_refuses_does_not_keep_the_others_of_its_transaction_back_S59(shop):
    quotes = won(shop, 5)
    in_bc = {own: b for b, own in shop.coupled(QUOTES).items()}
    ids = [in_bc[q] for q in quotes]
    archive = [Step(action="archive", table=BC_QUOTES, id=i, values={}) for i in ids]
    nowhere = Step(action="update", table=BC_QUOTES, id=str(uuid.uuid4()), values={"quoteAccepted": True})
    writes = [
        Write(id=i, values={"quoteAccepted": True}, if_version="*", after=(step,))
        for i, step in zip(ids, [*archive[:2], nowhere, *archive[3:]], strict=True)
    ]
    results = shop.bc.update(BC_QUOTES, writes)

    assert [type(r.error) for r in results] == [type(None), type(None), Rejected, type(None), type(None)]
    assert [shop.row("salesQuotes", i)["quoteAccepted"] for i in ids] == [True, True, False, True, True]
    assert len(shop.bc_sim.all("salesQuoteArchives")) == 4


def test_a_discount_is_rounded_once_and_by_the_currency_of_its_order_S37(shop):
    """0.99 off half a piece is 0.495: no yen, but one if it were made 50 sen first."""
    [yen] = [c for c in shop.sales_sim.all("transactioncurrencies") if c["isocurrencycode"] == "JPY"]
    bind = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({yen['transactioncurrencyid']})"}
    prices = shop.sales_sim.add("pricelevels", {"name": "Yen", **bind})
    bind |= {"pricelevelid@odata.bind": f"/pricelevels({prices})"}
    order = shop.order(shop.bicycle(quantity=Decimal("0.5")), **bind)
    for line in shop.sales_sim.all("salesorderdetails"):  # a discount list's, read-only: so it is loaded
        if line["_salesorderid_value"] == order:
            shop.sales_sim.load("salesorderdetails", [{**line, "volumediscountamount": 0.99}])
    shop.tick(ORDERS)

    assert shop.held(ORDERS) == []
    [row] = shop.lines(shop.made(order)["id"])
    assert (shop.made(order)["currencyCode"], row["lineDiscountAmount"], row["lineAmount"]) == ("JPY", 0, 50)


def test_news_of_a_released_order_are_posted_and_its_new_address_is_shown_S91_S95():
    shop = Shop(sales_orders={"rule": "sales_orders_with_posts"})
    shop.facts = replace(shop.facts, order_updates=True)
    shop.app = shop.start_app()
    order = shop.order(shop.bicycle(), shipto_line1="Quay 1", shipto_city="Lyon")
    shop.tick(ORDERS)
    made = shop.made(order)["id"]
    shop.bc_sim.edit("salesOrders", made, shipToAddress="Quay 9", requestedDeliveryDate="2026-02-01")
    shop.bc_sim.post(made, invoice=False)
    shop.tick(ORDERS)

    theirs = shop.sold("salesorders", order)
    assert (theirs["statecode"], theirs["statuscode"]) == (1, 3)
    assert (theirs["shipto_line1"], theirs["shipto_city"]) == ("Quay 9", "Lyon")
    assert theirs["requestdeliveryby"] == "2026-02-01" and theirs["datefulfilled"] is not None
    posts = [p for p in shop.sales_sim.all("posts") if p["_regardingobjectid_value"] == order]
    assert len(posts) == 2 and {(p["source"], p["type"]) for p in posts} == {(2, 1)}

    shop.bc_sim.post(made, ship=False)
    shop.tick(ORDERS)
    assert shop.sold("salesorders", order)["statuscode"] == 100_003
    assert len(shop.sales_sim.all("posts")) == 3 and shop.held(ORDERS) == []


def test_notes_travel_both_ways_between_the_systems_S55_S69_S113_S114():
    shop = Shop()
    shop.switched_on = (ORDERS, QUOTES, "order_notes", "quote_notes")
    shop.app = shop.start_app()
    shop.tick("order_notes")
    order = shop.order(shop.bicycle())
    about = {"objectid_salesorder@odata.bind": f"/salesorders({order})"}
    text = "<p>a</p><p>b &amp; c</p>"
    note = shop.sales_sim.add("annotations", {"subject": "Delivery", "notetext": text, **about})
    shop.sales_sim.add("annotations", {"subject": "File", "isdocument": True, "filename": "a.txt", **about})
    shop.tick(ORDERS)
    made = shop.made(order)["id"]
    [row] = shop.bc_sim.all("salesNotes")
    assert (row["orderId"], row["subject"], row["noteText"]) == (made, "Delivery", "a\nb & c")

    shop.bc_sim.add("salesNotes", {"orderId": made, "subject": "Stock", "noteText": "a <b> c"})
    shop.sales_sim.edit("annotations", note, notetext="<p>new</p>")
    shop.tick("order_notes")
    assert shop.held("order_notes") == []
    assert sorted(r["noteText"] for r in shop.bc_sim.all("salesNotes")) == ["a <b> c", "new"]
    [new] = [a for a in shop.sales_sim.all("annotations") if a["subject"] == "Stock"]
    assert (new["_objectid_value"], new["objecttypecode"]) == (order, "salesorder")
    assert new["notetext"] == "a &lt;b&gt; c"

    shop.bc_sim.post(made)
    shop.tick(ORDERS)
    shop.tick("order_notes")
    assert shop.bc_sim.all("salesNotes") == [] and len(shop.sales_sim.all("annotations")) == 3


def test_statistics_of_a_customer_are_those_that_bc_adds_up_S119_S120():
    shop = Shop()
    shop.switched_on = (ORDERS, "account_statistics")
    shop.app = shop.start_app()
    shop.full_sync()
    rows = {r["nav_customerno"]: r for r in shop.sales_sim.all("nav_accountstatisticses")}
    customer = shop.row("customers", shop.customer)
    before = rows[customer["number"]]
    assert (
        len(rows) == len(shop.coupled("customers"))
        and before["nav_creditlimitlcy"] == customer["creditLimit"]
    )
    linked = shop.sold("accounts", shop.account)["_nav_accountstatisticsid_value"]
    assert linked == before["nav_accountstatisticsid"]

    order = shop.order(shop.bicycle())
    shop.tick(ORDERS)
    made = shop.made(order)
    shop.tick("account_statistics")
    ordered = exact(shop.row("salesOrders", made["id"])["amountIncludingVat"])
    told = shop.sold("nav_accountstatisticses", linked)
    assert told["nav_outstandingorderslcy"] - before["nav_outstandingorderslcy"] == ordered

    shop.bc_sim.post(made["id"])
    shop.tick("account_statistics")
    told = shop.sold("nav_accountstatisticses", linked)
    assert told["nav_outstandingorderslcy"] == before["nav_outstandingorderslcy"]
    assert told["nav_balancelcy"] - before["nav_balancelcy"] == ordered
    assert told["nav_totallcy"] - before["nav_totallcy"] == ordered

    shop.sales_sim.log.clear()
    shop.tick("account_statistics")
    assert shop.sales_sim.log.counts()["writes"] == 0 and shop.held("account_statistics") == []


def test_scenario_85_what_was_due_yesterday_is_overdue_and_what_is_due_today_is_not():
    shop = Shop()
    today = shop.clock.now().date()
    number = 1 + max((r["entryNumber"] for r in shop.bc_sim.all("customerLedgerEntries")), default=0)
    for more, (due, amount) in enumerate(((today - timedelta(days=1), 70), (today, 30))):
        entry = {"customerId": shop.customer, "postingDate": "2026-01-01", "documentType": "Invoice"}
        due_on = {"entryNumber": number + more, "dueDate": due.isoformat(), "open": True}
        shop.bc_sim.load("customerLedgerEntries", [entry | due_on])
        of = {"entryNumber": 90_000 + more, "customerLedgerEntryNumber": number + more, "amount": amount}
        shop.bc_sim.load("detailedCustomerLedgerEntries", [entry | of | {"entryType": "Initial_x0020_Entry"}])
    shop.switched_on = ("account_statistics",)
    shop.app = shop.start_app()
    shop.full_sync("account_statistics")

    [linked] = [s for b, s in shop.coupled("account_statistics").items() if b == shop.customer]
    told = shop.sold("nav_accountstatisticses", linked)
    assert (told["nav_overdueamountslcy"], told["nav_overdueamountsasof"]) == (70, today.isoformat())


def test_the_user_that_is_named_for_orders_writes_them_in_both_systems_P35():
    shop = Shop(users=(INTEGRATION, INTEGRATION_2), orders_user=INTEGRATION_2)
    orders = [shop.order(shop.bicycle()) for _ in range(3)]
    for order in orders:  # each a write of its own
        shop.act(ORDERS, "retry", side="sales", id=order)

    handler = INTEGRATION_2.user_id
    assert {shop.made(o)["createdBy"] for o in orders} == {handler}
    assert {shop.sold("salesorders", o)["_modifiedby_value"] for o in orders} == {handler}
    assert INTEGRATION.user_id in {r["createdBy"] for r in shop.bc_sim.all("items")} | {
        r["_createdby_value"] for r in shop.sales_sim.all("products")
    }


@pytest.mark.peer("sales-order-022")
def test_an_order_has_the_e_mail_and_the_phone_of_the_customers_contact_S16():
    """Tandem sends neither, nor a contact: what BC takes from the customer stays."""
    shop = Shop()
    person = {"type": "Person", "name": "Ann", "email": "ann@contoso.com", "phoneNumber": "020 1"}
    company = next(c for c in shop.bc_sim.all("contacts") if c["customerId"] == shop.customer)
    contact = {"id": shop.bc_sim.add("contacts", person | {"companyId": company["companyId"]})}
    shop.bc_sim.edit("customers", shop.customer, primaryContactId=contact["id"])
    order = shop.order(shop.bicycle())
    shop.tick(ORDERS)

    made = shop.made(order)
    assert (made["sellToContactId"], made["sellToEmail"], made["sellToPhoneNumber"]) == (
        contact["id"],
        "ann@contoso.com",
        "020 1",
    )
