"""Posted sales invoices → invoices with their lines (P11, P12, P30), told with sales-documents.md §5 and §8."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.world import GBP, World
from tests.scenarios.builders import USER, ZERO, add_currency, add_customer, an_id, line
from tests.scenarios.invoices import (
    a_comment,
    a_line,
    a_seller,
    add_invoice,
    invoice_of,
    lines_of,
    pay,
    worked_out,
)
from tests.scenarios.products import add_item

D = Decimal
NAME = "posted_sales_invoices"


def a_synced_invoice(*lines, **differs) -> tuple[World, str]:
    world = a_seller()
    invoice = add_invoice(world, *lines, **differs)
    world.full_sync()
    return world, invoice


def test_an_invoice_comes_over_with_its_lines_in_one_transaction_P11_P12_P30_H16():
    world, invoice = a_synced_invoice(
        a_line(), a_line("Resource", quantity=2, amount=200, amountIncludingVat=240)
    )

    shown, [item, resource] = invoice_of(world, invoice), lines_of(world, invoice)

    assert shown["invoicenumber"] == shown["name"] == "103001"
    assert shown["_customerid_account_value"] == next(iter(world.coupled("customers").values()))
    assert shown["_ownerid_value"] == USER and shown["_transactioncurrencyid_value"] == GBP
    assert shown["billto_city"] == "Ulm" and shown["duedate"] == "2026-02-01"
    assert (D(shown["totalamountlessfreight"]), D(shown["totaltax"]), D(shown["totalamount"])) == (
        1200,
        240,
        1440,
    )
    assert item["_productid_value"] == next(iter(world.coupled("items").values())) and item["_uomid_value"]
    assert resource["_productid_value"] == next(iter(world.coupled("resources").values()))
    assert item["ispriceoverridden"] is True and not item["isproductoverridden"]


# net, VAT and total of each kind of invoice: sales-documents.md §8
KINDS = [
    pytest.param([a_line()], {}, id="plain"),
    pytest.param(
        [
            a_line("G/L Account", quantity=4, unitPrice=250, amount=1000, amountIncludingVat=1050),
        ],
        {},
        id="68 G/L line",
    ),
    pytest.param(
        [a_line(lineDiscountAmount=50, invoiceDiscountAmount=95, amount=855, amountIncludingVat=1026)],
        {},
        id="69 line and invoice discount",
    ),
    pytest.param(
        [a_line(quantity=2, unitPrice=125, amount=200, amountIncludingVat=250)],
        {"pricesIncludeVat": True},
        id="71 prices with VAT",
    ),
    pytest.param(
        [a_line(unitPrice=125, lineDiscountAmount=D("62.5"), amount=950, amountIncludingVat=D("1187.5"))],
        {"pricesIncludeVat": True},
        id="72 prices with VAT, line discount",
    ),
    pytest.param(
        [
            a_line(
                quantity=1,
                unitPrice=125,
                invoiceDiscountAmount=D("12.5"),
                amount=90,
                amountIncludingVat=D("112.5"),
            )
        ],
        {"pricesIncludeVat": True},
        id="73 prices with VAT, invoice discount",
    ),
    pytest.param(
        [a_line(quantity=3, unitPrice=D("9.99"), amount=D("23.98"), amountIncludingVat=D("29.97"))],
        {"pricesIncludeVat": True},
        id="74 prices with VAT, thirds",
    ),
    pytest.param(
        [a_line(quantity=1000, unitPrice=D("0.00333"), amount=D("3.33"), amountIncludingVat=D("4.00"))],
        {},
        id="a price of five decimals",
    ),
    pytest.param(
        [a_line(), a_line(quantity=-1, lineDiscountAmount=-10, amount=-90, amountIncludingVat=-108)],
        {},
        id="a line taken back with its discount",
    ),
    pytest.param(
        [
            a_line(),
            a_comment(),
            a_line(
                "G/L Account",
                number="6710",
                quantity=1,
                amount=D("55.5"),
                unitPrice=D("55.5"),
                amountIncludingVat=D("66.6"),
            ),
        ],
        {},
        id="comment and freight",
    ),
    pytest.param([a_line(amountIncludingVat=1000)], {}, id="without VAT"),
]


@pytest.mark.parametrize(("lines", "header"), KINDS)
def test_the_totals_of_every_kind_of_invoice_agree_to_the_cent_P11_P12(lines, header):
    world, invoice = a_synced_invoice(*lines, **header)
    posted, shown = world.bc.show("postedSalesInvoices", invoice), invoice_of(world, invoice)
    net, total = posted["amount"], posted["amountIncludingVat"]

    assert worked_out(world, invoice) == (net, total - net, total)
    assert D(str(shown["totalamountlessfreight"])) == net and D(str(shown["totalamount"])) == total
    for row in lines_of(world, invoice):
        assert D(row["baseamount"]) - D(row["manualdiscountamount"]) + D(row["tax"]) == D(
            row["extendedamount"]
        )


def test_scenarios_69_70_discounts_are_shown_where_sales_has_them_S105_S106():
    world, invoice = a_synced_invoice(
        a_line(lineDiscountAmount=50, invoiceDiscountAmount=95, amount=855, amountIncludingVat=1026)
    )
    shown, [row] = invoice_of(world, invoice), lines_of(world, invoice)

    assert [
        D(row[c]) for c in ("priceperunit", "manualdiscountamount", "tax", "baseamount", "extendedamount")
    ] == [
        100,
        50,
        171,
        1000,
        1121,
    ]
    assert [
        D(shown[c]) for c in ("discountamount", "totallineitemdiscountamount", "totaldiscountamount")
    ] == [95, 50, 145]
    assert shown["freightamount"] == 0 and shown["discountpercentage"] == 0


def test_what_is_no_product_is_a_write_in_with_number_and_text_S100_S107():
    freight = a_line(
        "G/L Account",
        number="6710",
        description="Freight",
        quantity=1,
        unitPrice=20,
        amount=20,
        amountIncludingVat=24,
    )
    world, invoice = a_synced_invoice(a_line(), a_comment("Thank you"), freight)

    texts = [(r.get("productdescription"), r["isproductoverridden"]) for r in lines_of(world, invoice)]

    assert texts == [(None, False), ("Thank you.", True), ("6710 Freight.", True)]
    assert all(r.get("_productid_value") is None for r in lines_of(world, invoice)[1:])


def test_a_cent_that_sales_would_lose_by_rounding_the_price_is_a_line_of_its_own_S109():
    world, invoice = a_synced_invoice(
        a_line(quantity=1000, unitPrice=D("0.00333"), amount=D("3.33"), amountIncludingVat=D("4.00"))
    )

    [_, rounding] = lines_of(world, invoice)

    assert rounding["productdescription"] == "Rounding" and D(rounding["priceperunit"]) == D("3.33")
    assert rounding["lineitemnumber"] == 20_000


def test_a_second_run_writes_nothing_and_reads_no_lines_again_P11():
    world, invoice = a_synced_invoice()
    written = world.written()

    run = world.full_sync()

    assert world.written() == written
    assert line(run, NAME)["to_sales"]["unchanged"] == 1


@pytest.mark.parametrize(
    ("remaining", "differs", "state"),
    [
        pytest.param(1200, {}, (0, 4), id="unpaid"),
        pytest.param(800, {}, (2, 100_002), id="partly paid"),
        pytest.param(0, {}, (2, 100_001), id="paid"),
        pytest.param(0, {"cancelled": True}, (3, 100_003), id="cancelled"),
    ],
)
@pytest.mark.peer("invoice-005", "invoice-006", "statistics-007", "statistics-008")
def test_scenarios_78_79_payments_and_cancelling_reach_sales_although_the_invoice_did_not_move_H22_S110_S111(
    remaining, differs, state
):
    world, invoice = a_synced_invoice()
    world.tick(NAME)
    assert (invoice_of(world, invoice)["statecode"], invoice_of(world, invoice)["statuscode"]) == (0, 4)

    pay(world, invoice, remaining, **differs)
    world.tick(NAME)

    shown = invoice_of(world, invoice)
    assert (shown["statecode"], shown["statuscode"]) == state


def test_scenario_78_a_paid_invoice_is_opened_before_it_is_closed_anew_and_unpaying_opens_it_S112_H23():
    world, invoice = a_synced_invoice(remainingAmount=800)
    shown = invoice_of(world, invoice)
    assert (shown["statecode"], shown["statuscode"]) == (2, 100_002)
    world.tick(NAME)

    pay(world, invoice, 0)
    world.tick(NAME)
    assert invoice_of(world, invoice)["statuscode"] == 100_001
    pay(world, invoice, 1200)
    world.tick(NAME)

    shown = invoice_of(world, invoice)
    assert (shown["statecode"], shown["statuscode"]) == (0, 4)


@pytest.mark.peer("statistics-011")
def test_scenario_80_one_cancelled_by_hand_in_sales_follows_the_payment_in_bc_S112():
    world, invoice = a_synced_invoice()
    own = world.coupled(NAME)[invoice]
    world.sales.edit("invoices", own, statecode=3, statuscode=100_003)
    world.tick(NAME)

    pay(world, invoice, 0)
    world.tick(NAME)

    shown = invoice_of(world, invoice)
    assert (shown["statecode"], shown["statuscode"]) == (2, 100_001)


def test_scenario_81_a_payment_fetched_by_hand_leaves_the_others_to_the_timer():
    world, first = a_synced_invoice()
    second = add_invoice(world, number="103002")
    world.full_sync()
    for invoice in (first, second):
        pay(world, invoice, 0)
    world.app.api.sync(NAME, {"side": "bc", "ids": [first]})
    world.run()
    assert [invoice_of(world, i)["statecode"] for i in (first, second)] == [2, 0]

    world.tick(NAME)
    assert [invoice_of(world, i)["statecode"] for i in (first, second)] == [2, 2]


def test_a_closed_invoice_takes_no_other_change_S98_H23():
    world, invoice = a_synced_invoice(remainingAmount=0, closed=True)

    world.bc.edit("postedSalesInvoices", invoice, dueDate="2026-12-31")
    world.tick(NAME)

    assert invoice_of(world, invoice)["duedate"] == "2026-02-01"


def test_an_active_one_does_and_sales_cannot_change_what_belongs_to_bc_P11():
    world, invoice = a_synced_invoice()

    world.bc.edit("postedSalesInvoices", invoice, dueDate="2026-12-31")
    world.sales.edit("invoices", world.coupled(NAME)[invoice], billto_city="Bonn")
    world.tick(NAME)

    assert invoice_of(world, invoice)["duedate"] == "2026-12-31"
    assert invoice_of(world, invoice)["billto_city"] == "Ulm"


def test_one_whose_item_comes_later_waits_for_it_and_is_woken_P30():
    world = a_seller()
    world.full_sync()
    invoice = add_invoice(world, a_line(itemId=an_id("item 2000"), number="2000"))
    add_item(world, "2000")
    world.full_sync(NAME)
    [row] = world.held(NAME)
    assert row["kind"] == "waiting" and row["awaits"]["mapping"] == "items"

    world.full_sync("items")

    assert invoice in world.coupled(NAME) and world.held(NAME) == []


def test_one_whose_customer_comes_later_waits_and_is_woken_P30_S102():
    world = a_seller()
    world.full_sync()
    invoice = add_invoice(world, customerId=an_id("customer C2"))
    world.full_sync(NAME)
    [row] = world.held(NAME)
    assert row["kind"] == "waiting" and row["awaits"]["mapping"] == "customers"

    add_customer(world, "C2")
    world.full_sync("customers")

    assert invoice in world.coupled(NAME)


def test_scenario_76_a_blocked_item_on_a_new_invoice_holds_it_until_it_is_not_S99():
    world = a_seller()
    world.full_sync()
    invoice = add_invoice(world)
    world.bc.edit("items", an_id("item 1000"), blocked=True)
    world.full_sync(NAME)
    [row] = world.held(NAME)
    assert "item 1000 on its lines is blocked" in row["reason"] and invoice not in world.coupled(NAME)

    world.bc.edit("items", an_id("item 1000"), blocked=False)
    world.clock.advance(timedelta(minutes=10))
    world.housekeeping()

    assert invoice in world.coupled(NAME) and world.held(NAME) == []


def test_lines_that_do_not_add_up_are_not_there_yet_S99():
    world = a_seller()
    invoice = add_invoice(world, amount=2000)

    world.full_sync()

    [row] = world.held(NAME)
    assert "add up to 1000" in row["reason"] and "2000" in row["reason"]
    assert world.sales.all("invoices") == {} and invoice not in world.coupled(NAME)


def test_the_order_it_names_gives_name_opportunity_price_list_and_owner_S101():
    world = a_seller()
    world.full_sync("salespeople", "customers")
    account = next(iter(world.coupled("customers").values()))
    owner, prices, opportunity = an_id("user B"), an_id("list"), an_id("opportunity")
    order = world.sales.add(
        "salesorders",
        an_id("order"),
        ordernumber="ORD-1",
        name="Spring deal",
        _opportunityid_value=opportunity,
        _pricelevelid_value=prices,
        _customerid_value=account,
        _owninguser_value=owner,
    )
    invoice = add_invoice(world, yourReference="ORD-1")
    world.full_sync()
    written = world.written()
    world.full_sync()

    shown = invoice_of(world, invoice)
    assert shown["name"] == "Spring deal" and shown["_salesorderid_value"] == order
    assert shown["_opportunityid_value"] == opportunity and shown["_pricelevelid_value"] == prices
    assert shown["_ownerid_value"] == owner and world.written() == written


def test_scenario_77_an_order_of_another_customer_holds_it_S102():
    world = a_seller()
    add_customer(world, "C2")
    world.full_sync("salespeople", "customers")
    other = world.coupled("customers")[an_id("customer C2")]
    world.sales.add("salesorders", an_id("order"), ordernumber="ORD-1", _customerid_value=other)
    add_invoice(world, yourReference="ORD-1")

    world.full_sync()

    [row] = world.held(NAME)
    assert "another customer" in row["reason"] and world.sales.all("invoices") == {}


def test_scenario_75_an_invoice_in_dollars_has_the_price_list_of_dollars_with_its_price_S103_S108():
    world = a_seller()
    eur = an_id("currency EUR")
    first = add_invoice(world, currencyId=eur, currencyCode="EUR")
    second = add_invoice(world, number="103002", currencyId=eur, currencyCode="EUR")
    world.full_sync()

    lists = {i: r for i, r in world.sales.all("pricelevels").items() if r["name"] == "Price List in EUR"}
    [own] = lists
    prices = [r for r in world.sales.all("productpricelevels").values() if r["_pricelevelid_value"] == own]
    assert {invoice_of(world, i)["_pricelevelid_value"] for i in (first, second)} == {own}
    assert [D(r["amount"]) for r in prices] == [100], "one price for the product, however many invoices"


def test_a_price_list_is_made_before_its_prices_whatever_invoice_comes_first_S103_S108():
    world = a_seller()
    add_currency(world, "USD")
    eur, usd = ({"currencyId": an_id(f"currency {c}"), "currencyCode": c} for c in ("EUR", "USD"))
    add_invoice(world, a_line(), **eur)
    world.full_sync()
    # The first needs a price in the list that is there, the second a list of its own.
    add_invoice(world, a_line("Resource"), number="103002", **eur)
    add_invoice(world, a_line(), number="103003", **usd)
    made, create = [], world.sales.create

    def noted(table, writes):
        made.append(table.name)
        return create(table, writes)

    world.sales.create = noted
    world.full_sync(NAME)

    assert made == ["pricelevels", "productpricelevels", "invoices"]


def test_options_that_the_invoice_has_not_are_left_empty_and_counted_P18():
    world = a_seller()
    known = add_invoice(world, paymentTermsId=an_id("terms 14 DAYS"))
    unknown = add_invoice(world, number="103002", paymentTermsId=an_id("terms 1M(8D)"))

    run = world.full_sync()

    assert invoice_of(world, known)["paymenttermscode"] == 1
    assert invoice_of(world, unknown).get("paymenttermscode") is None
    assert line(run, NAME)["unresolved"] == {"payment_terms": 1}


def test_an_option_of_the_account_only_does_not_sink_the_invoice_P18():
    world = a_seller()
    world.sales.delete("invoice.paymenttermscode", "1")
    invoice = add_invoice(world, paymentTermsId=an_id("terms 14 DAYS"))

    run = world.full_sync()

    assert invoice_of(world, invoice).get("paymenttermscode") is None
    assert line(run, NAME)["unresolved"] == {"payment_terms": 1}
    # Nor later, when nothing else of the invoice has to be read.
    world.bc.edit("postedSalesInvoices", invoice, dueDate="2026-12-31")
    world.tick(NAME)
    shown = invoice_of(world, invoice)
    assert (shown["duedate"], shown.get("paymenttermscode")) == ("2026-12-31", None)


def test_an_option_of_an_invoice_stays_when_it_is_synchronized_again_P11():
    world = a_seller()
    invoice = add_invoice(world, paymentTermsId=an_id("terms 14 DAYS"))
    world.full_sync()
    assert invoice_of(world, invoice)["paymenttermscode"] == 1

    world.full_sync()
    world.bc.edit("postedSalesInvoices", invoice, dueDate="2026-12-31")
    world.tick(NAME)

    assert invoice_of(world, invoice)["paymenttermscode"] == 1


def test_a_description_too_long_stays_behind_and_the_rest_travels_H3():
    world, invoice = a_synced_invoice(workDescription="x" * 2001)

    [row] = world.held(NAME)

    assert "2001" in row["reason"] and "2000" in row["reason"]
    assert invoice_of(world, invoice)["invoicenumber"] == "103001" and len(lines_of(world, invoice)) == 1


def test_without_work_description_the_shipment_method_is_told_P11():
    world = a_seller()
    method = world.bc.add("shipmentMethods", an_id("EXW"), code="EXW", description="Ex works")
    invoice = add_invoice(world, shipmentMethodId=method)

    world.full_sync()

    assert invoice_of(world, invoice)["description"] == "Ex works"


def test_a_blank_salesperson_leaves_the_owner_to_sales_and_blanks_are_no_change_P30():
    world, invoice = a_synced_invoice(salespersonId=ZERO, shipmentDate="0001-01-01")
    written = world.written()

    world.bc.edit("postedSalesInvoices", invoice, shipToCounty="")
    world.tick(NAME)

    assert "_ownerid_value" not in invoice_of(world, invoice) and world.written() == written


@pytest.mark.parametrize("side", ["bc", "sales"])
def test_one_deleted_on_a_side_is_held_P11(side):
    world, invoice = a_synced_invoice()
    own = world.coupled(NAME)[invoice]
    table, id = ("postedSalesInvoices", invoice) if side == "bc" else ("invoices", own)
    (world.bc if side == "bc" else world.sales).delete(table, id)

    world.full_sync()

    [row] = world.held(NAME)
    assert "deleted" in row["reason"]


def test_an_invoice_that_another_integration_brought_over_is_coupled_by_number_H18():
    world = a_seller()
    there = world.sales.add("invoices", an_id("theirs"), invoicenumber="103001", statecode=0, statuscode=1)
    invoice = add_invoice(world, remainingAmount=0, closed=True)

    world.full_sync()

    assert world.coupled(NAME)[invoice] == there and len(world.sales.all("invoices")) == 1
    assert invoice_of(world, invoice)["statuscode"] == 100_001


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", ["sales.create", "Couplings", "Intents", "Cursors"])
def test_a_crash_at_any_step_makes_no_invoice_and_no_line_twice_H1_H16(moment, call):
    world = a_seller()
    world.full_sync("salespeople", "customers", "units_of_measure", "items", "resources")
    invoice = add_invoice(world, a_line(), a_comment(), a_line("Resource"))

    world.crash_when(lambda m, name: m == moment and call.lower() in name.lower())
    world.full_sync(NAME)
    world.heal()
    world.housekeeping()
    world.full_sync(NAME)

    assert len(world.sales.all("invoices")) == 1 and len(lines_of(world, invoice)) == 3


def test_a_page_of_invoices_costs_no_request_per_line_or_per_invoice_H16():
    costs = []
    for count in (2, 40):
        world = a_seller()
        world.full_sync("salespeople", "customers", "units_of_measure", "items", "resources")
        for n in range(count):
            add_invoice(world, a_line(), a_comment(), number=f"2{n:05}")
        before = world.bc.requests, world.sales.requests
        world.full_sync(NAME)
        costs.append((world.bc.requests - before[0], world.sales.requests - before[1]))

    assert costs[0] == costs[1]


def test_a_new_invoice_waits_for_the_full_synchronization_as_in_bc_S97():
    world, _ = a_synced_invoice()
    late = add_invoice(world, number="103002")

    world.tick(NAME)
    assert late not in world.coupled(NAME)
    world.full_sync()

    assert late in world.coupled(NAME)


@pytest.mark.peer("invoice-001")
def test_lines_are_shown_as_a_mapping_and_have_no_job_of_their_own_P12_P13():
    world, _ = a_synced_invoice()
    shown = {m["mapping"]: m for m in world.app.api.mappings()["value"]}

    assert shown["posted_sales_invoice_lines"]["part_of"] == NAME
    assert "priceperunit" in {f["sales"] for f in shown["posted_sales_invoice_lines"]["fields"]}
    assert "posted_sales_invoice_lines" not in {x["mapping"] for x in world.full_sync()["lines"]}
