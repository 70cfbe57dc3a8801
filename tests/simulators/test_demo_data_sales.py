"""The made-up company's products, prices, opportunities and posted invoices, and those that files give."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from sandbox.business_central import BusinessCentralSim
from sandbox.demo_data import CompanyFromFiles, GeneratedCompany, load_company
from tests.simulators.demo_companies import ZERO, by, rows_of, share, two_sims

SIZE = 400


@pytest.fixture(scope="module")
def company() -> GeneratedCompany:
    return GeneratedCompany(customers=SIZE, seed=7)


@pytest.fixture(scope="module")
def bc(company: GeneratedCompany) -> BusinessCentralSim:
    loaded, sales = two_sims(company.name)
    load_company(company, bc=loaded, sales=sales)
    return loaded


@pytest.fixture(scope="module")
def invoices(bc: BusinessCentralSim) -> list[dict[str, Any]]:
    return bc.all("postedSalesInvoices")


@pytest.fixture(scope="module")
def lines(bc: BusinessCentralSim) -> list[dict[str, Any]]:
    return bc.all("postedSalesInvoiceLines")


def test_customers_scale_everything_else():
    for customers, items in ((40, 40), (SIZE, 80)):
        made = GeneratedCompany(customers=customers)
        sizes = {table: len(rows_of(made, table)) for table in ("items", "salesPrices", "opportunities")}
        assert sizes == {"items": items, "salesPrices": 3 * items, "opportunities": customers // 4}
        assert len(rows_of(made, "postedSalesInvoices")) == customers
    assert len(rows_of(GeneratedCompany(customers=1, items=3), "items")) == 3
    with pytest.raises(ValueError, match="items is between"):
        GeneratedCompany(customers=1, items=0)


def test_extended_prices_are_the_sales_prices_in_price_lists_and_the_resources_beside_them():
    classic, extended = (GeneratedCompany(customers=40, seed=3, prices=p) for p in ("classic", "extended"))
    prices, lines = rows_of(classic, "salesPrices"), rows_of(extended, "priceListLines")
    lists = {row["code"]: row for row in rows_of(extended, "priceListHeaders")}

    of_items = [row for row in lines if row["assetType"] == "Item"]
    assert [(p["salesCode"] or "ALL", p["itemNumber"], p["unitPrice"]) for p in prices] == [
        (row["priceListCode"], row["assetNumber"], row["unitPrice"]) for row in of_items
    ]
    resources = {row["number"] for row in rows_of(extended, "resources")}
    assert {row["assetNumber"] for row in lines if row["assetType"] == "Resource"} == resources
    assert {row["status"] for row in lists.values()} == {"Active", "Draft", "Inactive"}
    assert all(row.get("currencyId") == lists[row["priceListCode"]].get("currencyId") for row in lines)
    assert "salesPrices" not in {table for table, _ in extended.bc()}
    loaded, sales = two_sims(extended.name)
    load_company(extended, bc=loaded, sales=sales)
    assert len(loaded.all("priceListLines")) == len(lines)


@pytest.mark.parametrize(
    "table", ["items", "salesPrices", "opportunities", "opportunityEntries", "postedSalesInvoices",
              "postedSalesInvoiceLines", "customerLedgerEntries", "detailedCustomerLedgerEntries"]
)  # fmt: skip
def test_the_first_of_twice_as_many_are_the_same(table):
    few, many = (rows_of(GeneratedCompany(customers=n, seed=3), table) for n in (220, 440))
    assert 0 < len(few) < len(many)
    assert many[: len(few)] == few


def test_every_reference_finds_its_row(bc):
    for table in ("items", "itemUnitsOfMeasure", "salesPrices", "opportunities", "postedSalesInvoices"):
        for row in bc.all(table):
            for name, value in row.items():
                twin = name.removesuffix("Id") + (
                    "Number" if f"{name.removesuffix('Id')}Number" in row else "Code"
                )
                if name.endswith("Id") and row.get(twin):
                    assert value != ZERO, f"{table}.{name} of {row['id']}"


def test_items_have_units_stock_and_traits(bc):
    items = bc.all("items")
    units = defaultdict(dict)
    for row in bc.all("itemUnitsOfMeasure"):
        units[row["itemNumber"]][row["code"]] = row["quantityPerUnitOfMeasure"]
    assert all(units[row["number"]][row["baseUnitOfMeasureCode"]] == 1 for row in items)
    assert any(units[row["number"]].get("CARTON", 0) > 1 for row in items)
    stock = Counter()
    for entry in bc.all("itemLedgerEntries"):
        stock[entry["itemNumber"]] += entry["quantity"]
    assert all(row["inventory"] == stock[row["number"]] for row in items) and any(stock.values())
    assert {row["type"] for row in items} == {"Inventory", "Service", "Non_x002D_Inventory"}
    assert any(row["blocked"] for row in items) and any(row["priceIncludesVat"] for row in items)
    assert any(row["blocked"] for row in bc.all("resources"))


def test_prices_of_a_group_have_one_currency_and_some_are_behind_over_or_from_a_quantity(bc):
    currencies = defaultdict(set)
    for row in bc.all("salesPrices"):
        currencies[row["salesCode"]].add(row["currencyCode"])
    groups = {row["code"] for row in bc.all("customerPriceGroups")}
    assert all(len(found) == 1 for code, found in currencies.items() if code in groups)
    assert len(set().union(*currencies.values())) >= 4 and groups - currencies.keys()
    prices = bc.all("salesPrices")
    assert any(row["minimumQuantity"] for row in prices) and any(row["unitOfMeasureCode"] for row in prices)
    assert any("0001" < row["endingDate"] < "2026" and row["endingDate"] != "0001-01-01" for row in prices)
    assert any(row["startingDate"] > "2029" for row in prices)
    assert "All_x0020_Customers" in {row["salesType"] for row in prices}


def test_an_opportunity_shows_what_its_active_entry_says(bc):
    active = {row["opportunityId"]: row for row in bc.all("opportunityEntries") if row["active"]}
    found = bc.all("opportunities")
    assert {row["status"] for row in found} == {"Not_x0020_Started", "In_x0020_Progress", "Won", "Lost"}
    for row in found:
        assert (row["id"] in active) is (row["status"] != "Not_x0020_Started")
        entry = active.get(row["id"], {"estimatedValue": 0, "estimatedClosingDate": "0001-01-01"})
        for name in ("estimatedValue", "estimatedClosingDate"):
            assert row[name] == entry[name]


def test_an_invoice_is_the_sum_of_its_lines_to_the_cent(invoices, lines):
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        for name in ("amount", "amountIncludingVat", "invoiceDiscountAmount"):
            sums[line["documentId"]][name] += round(line[name] * 100)
        gross = round(line["quantity"] * line["unitPrice"] * 100)
        assert round(line["lineAmount"] * 100) == gross - round(line["lineDiscountAmount"] * 100)
    for row in invoices:
        assert {name: round(row[name] * 100) for name in sums[row["id"]]} == sums[row["id"]]
        factor = 1 if row["pricesIncludeVat"] else 0
        assert factor == 0 or row["currencyCode"] == ""


def test_vat_of_an_invoice_is_that_of_its_sums_per_percentage(invoices, lines):
    of: dict[tuple[str, float], list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        of[line["documentId"], line["vatPercent"]].append(line)
    inclusive = {row["id"]: row["pricesIncludeVat"] for row in invoices}
    for (document, percent), some in of.items():
        net, gross = (sum(line[name] for line in some) for name in ("amount", "amountIncludingVat"))
        expected = gross / (1 + percent / 100) if inclusive[document] else net * (1 + percent / 100)
        assert (net if inclusive[document] else gross) == pytest.approx(expected, abs=0.00501)


def test_there_are_invoices_of_every_kind(invoices, lines):
    assert {line["type"] for line in lines} == {"Item", "Resource", "G_x002F_L_x0020_Account", "_x0020_"}
    assert any(line["lineDiscountAmount"] for line in lines) and any(
        line["invoiceDiscountAmount"] for line in lines
    )
    assert {True, False} == {row["pricesIncludeVat"] for row in invoices}
    assert len({row["currencyCode"] for row in invoices}) > 4
    assert any(row["orderNumber"] for row in invoices) and not all(row["orderNumber"] for row in invoices)
    assert share(invoices, lambda row: row["cancelled"]) == pytest.approx(0.05, abs=0.03)
    assert share(invoices, lambda row: row["closed"] and not row["cancelled"]) == pytest.approx(
        0.55, abs=0.08
    )
    assert any(0 < row["remainingAmount"] < row["amountIncludingVat"] for row in invoices)
    assert any(row["remainingAmount"] == row["amountIncludingVat"] > 0 for row in invoices)


def test_the_ledger_says_what_the_invoices_show_and_can_be_worked_in(bc, invoices):
    left = {
        row["invoiceId"]: row["remainingAmount"]
        for row in bc.all("customerLedgerEntries")
        if row["invoiceId"] != ZERO
    }
    assert left == {row["id"]: row["remainingAmount"] for row in invoices}
    open_one = next(row for row in invoices if row["remainingAmount"])
    bc.pay(open_one["id"])
    assert bc.get("postedSalesInvoices", open_one["id"])["remainingAmount"] == 0


# --- from files ---

FILES: dict[str, list[dict[str, Any]]] = {
    "general_ledger_setup": [{"LCY Code": "GBP"}],
    "unit_of_measure": [{"Code": "PCS"}, {"Code": "HOUR"}],
    "customer": [{"No.": "10000", "Name": "Adatum", "City": "London", "VAT Bus. Posting Group": "DOMESTIC"}],
    "item": [{"No.": "1", "Description": "Lamp", "Type": "Inventory", "Base Unit of Measure": "PCS", "VAT Prod. Posting Group": "STANDARD"}],
    "item_unit_of_measure": [{"Item No.": "1", "Code": "PCS", "Qty. per Unit of Measure": 1}],
    # The same number as the item.
    "resource": [{"No.": "1", "Name": "Lina", "Type": "Person", "Base Unit of Measure": "HOUR"}],
    "sales_price": [
        {"Item No.": "1", "Sales Type": "All Customers", "Sales Code": "", "Starting Date": "2026-01-16", "Unit Price": 9}
    ],
    "opportunity": [{"No.": "OP1", "Description": "Lamps", "Status": "In Progress", "Priority": "Low", "Estimated Value (LCY)": 5}],
    "opportunity_entry": [
        {"Entry No.": 1, "Opportunity No.": "OP1", "Active": False, "Estimated Value (LCY)": 5},
        {"Entry No.": 2, "Opportunity No.": "OP1", "Active": True, "Estimated Value (LCY)": 7, "Estimated Close Date": "2026-11-07", "Action Taken": ""},
    ],
    "sales_invoice_header": [
        {"No.": "103001", "Sell-to Customer No.": "10000", "Bill-to Customer No.": "10000", "Posting Date": "2025-01-13", "Due Date": "2025-02-13", "Currency Code": "", "Amount": 106.8}
    ],
    "sales_invoice_line": [
        {"Document No.": "103001", "Line No.": 10000, "Type": "Item", "No.": "1", "Quantity": 3, "Unit Price": 35.6, "Line Discount Amount": 0},
        {"Document No.": "103001", "Line No.": 20000, "Type": "Resource", "No.": "1", "Quantity": 1, "Unit Price": 10, "Line Discount Amount": 1},
        {"Document No.": "103001", "Line No.": 30000, "Type": "", "No.": "", "Description": "Thank you for ordering"},
    ],
}  # fmt: skip


@pytest.fixture
def filed(tmp_path: Path) -> BusinessCentralSim:
    for name, rows in FILES.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    company = CompanyFromFiles(tmp_path)
    loaded, sales = two_sims(company.name)
    load_company(company, bc=loaded, sales=sales)
    return loaded


def test_products_prices_and_opportunities_come_from_the_files(filed):
    [item], [price], [opportunity] = (filed.all(table) for table in ("items", "salesPrices", "opportunities"))
    assert item["baseUnitOfMeasureId"] == by("code", filed.all("unitsOfMeasure"))["PCS"]["id"]
    assert (price["itemId"], price["customerPriceGroupId"]) == (item["id"], ZERO)
    assert (opportunity["estimatedValue"], opportunity["estimatedClosingDate"]) == (7, "2026-11-07")


def test_an_invoice_of_the_files_gets_vat_totals_addresses_and_a_ledger_entry(filed):
    [invoice] = filed.all("postedSalesInvoices")
    assert (invoice["amount"], invoice["amountIncludingVat"], invoice["remainingAmount"]) == (
        115.8,
        142.5,
        142.5,
    )
    assert (invoice["shipToName"], invoice["billToCity"], invoice["closed"]) == ("Adatum", "London", False)
    lamp, lina, thanks = filed.all("postedSalesInvoiceLines")
    assert (lamp["itemId"], lamp["resourceId"]) == (filed.all("items")[0]["id"], ZERO)
    assert (lina["itemId"], lina["resourceId"]) == (ZERO, filed.all("resources")[0]["id"])
    assert (thanks["type"], thanks["amount"], lamp["vatPercent"]) == ("_x0020_", 0, 25)
    filed.pay(invoice["id"])
    assert filed.all("postedSalesInvoices")[0]["closed"] is True
