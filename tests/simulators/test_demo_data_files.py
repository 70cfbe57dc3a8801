"""A company from files: what an export of Business Central's tables looks like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.business_central import BusinessCentralSim
from sandbox.dataverse import DataverseSim
from sandbox.demo_data import CompanyFromFiles, load_company
from sandbox.demo_data.order_setup import FREIGHT, WRITE_IN, load_order_setup
from sandbox.simkit import INTEGRATION, PEOPLE
from tests.simulators.demo_companies import ZERO, by, two_sims

FILES: dict[str, list[dict[str, Any]]] = {
    "company_information": [{"Name": "Café Ltd.", "City": "London", "Bank Name": "not a column"}],
    "general_ledger_setup": [{"LCY Code": "GBP"}],
    "salesperson_purchaser": [
        {"Code": "OF", "Name": "Otis Falls", "E-Mail": "OF@contoso.com", "Job Title": ""},
        {"Code": "KH", "Name": "KATHERINE HULL", "E-Mail": ""},
    ],
    "currency": [{"Code": "EUR", "ISO Code": "EUR", "Description": "Euro"}],
    "currency_exchange_rate": [
        {
            "Currency Code": "EUR",
            "Starting Date": "2024-01-01",
            "Exchange Rate Amount": 100,
            "Relational Exch. Rate Amount": 64.5,
        }
    ],
    "payment_terms": [{"Code": "1M(8D)", "Description": "1 Month/2% 8 days", "Discount %": 2}],
    "shipment_method": [{"Code": "EXW", "Description": "Ex Warehouse"}],
    "shipping_agent": [{"Code": "OWN LOG.", "Name": "Own Logistics"}],
    "customer": [
        {
            "No.": "20000",
            "Name": "Selangorian Ltd.",
            "Currency Code": "EUR",
            "Salesperson Code": "OF",
            "Payment Terms Code": "1M(8D)",
            "Shipment Method Code": "EXW",
            "Shipping Agent Code": "OWN LOG.",
            "Primary Contact No.": "CT2",
            "Contact": "Mr. Mark McArthur",
            "Blocked": "",
            "Credit Limit (LCY)": 0,
            "GLN": "1234567890128",
        },
        {"No.": "10000", "Name": "The Cannon Group PLC", "Salesperson Code": "GONE", "Blocked": "All"},
    ],
    "contact": [
        {"No.": "CT1", "Type": "Company", "Name": "Selangorian Ltd.", "Company No.": "CT1"},
        {
            "No.": "CT2",
            "Type": "Person",
            "Name": "Mr. Mark McArthur",
            "First Name": "Mr.",
            "Middle Name": "Mark",
            "Surname": "McArthur",
            "Company No.": "CT1",
            "Contact Business Relation": "Customer",
        },
        {"No.": "CT3", "Type": "Person", "Name": "Hans Visser", "First Name": "Hans", "Surname": "Visser"},
        {
            "No.": "CT4",
            "Type": "Company",
            "Name": "New Bank",
            "Company No.": "CT4",
            "Contact Business Relation": "Bank Account",
        },
    ],
    "contact_business_relation": [
        {"Contact No.": "CT1", "Business Relation Code": "CUST", "Link to Table": "Customer", "No.": "20000"},
        # The same number in another table.
        {
            "Contact No.": "CT4",
            "Business Relation Code": "BANK",
            "Link to Table": "Bank Account",
            "No.": "20000",
        },
        {"Contact No.": "CT4", "Business Relation Code": "LAW", "Link to Table": "", "No.": ""},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, rows in FILES.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    return tmp_path


@pytest.fixture
def loaded(folder: Path) -> tuple[BusinessCentralSim, DataverseSim]:
    company = CompanyFromFiles(folder)
    bc, sales = two_sims(company.name)
    load_company(company, bc=bc, sales=sales)
    return bc, sales


def test_numbers_and_codes_of_the_files_are_kept_and_resolved(loaded):
    bc, _ = loaded
    customer = by("number", bc.all("customers"))["20000"]

    for name, table, code in (
        ("currency", "currencies", "EUR"),
        ("salesperson", "salespeople", "OF"),
        ("paymentTerms", "paymentTerms", "1M(8D)"),
        ("shipmentMethod", "shipmentMethods", "EXW"),
        ("shippingAgent", "shippingAgents", "OWN LOG."),
    ):
        assert customer[f"{name}Code"] == code
        assert customer[f"{name}Id"] == by("code", bc.all(table))[code]["id"]
    assert customer["primaryContactId"] == by("number", bc.all("contacts"))["CT2"]["id"]


def test_a_code_that_stands_nowhere_stays_a_code(loaded):
    customer = by("number", loaded[0].all("customers"))["10000"]

    assert (customer["salespersonCode"], customer["salespersonId"]) == ("GONE", ZERO)
    assert customer["blocked"] == "All"


def test_only_the_company_of_a_customer_leads_to_it(loaded):
    bc, _ = loaded
    contacts, customer = by("number", bc.all("contacts")), by("number", bc.all("customers"))["20000"]

    leads = {number: row["customerId"] for number, row in contacts.items()}
    assert leads == {"CT1": customer["id"], "CT2": customer["id"], "CT3": ZERO, "CT4": ZERO}
    assert contacts["CT2"]["companyName"] == "Selangorian Ltd."
    relations = {
        (row["contactNumber"], row["linkToTable"], row["customerId"])
        for row in bc.all("contactBusinessRelations")
    }
    assert relations == {
        ("CT1", "Customer", customer["id"]),
        ("CT4", "Bank_x0020_Account", ZERO),
        ("CT4", "_x0020_", ZERO),
    }


def test_rates_company_and_local_currency_come_from_the_files(loaded):
    bc, _ = loaded

    (currency,) = bc.all("currencies")
    assert (currency["exchangeRateAmount"], currency["relationalExchangeRateAmount"]) == (100, 64.5)
    (information,) = bc.all("companyInformation")
    assert (information["name"], information["city"]) == ("Café Ltd.", "London")
    (setup,) = bc.all("generalLedgerSetup")
    assert setup["lcyCode"] == "GBP"


def test_sales_starts_with_a_user_for_each_salesperson_with_an_email(loaded):
    _, sales = loaded
    users = {
        row["internalemailaddress"]: (
            row["isdisabled"],
            row["islicensed"],
            row["isintegrationuser"],
            row["accessmode"],
        )
        for row in sales.all("systemusers")
        if row["applicationid"] is None
    }

    assert users == {
        "OF@contoso.com": (False, True, False, 0),
        "former.colleague@example.com": (True, True, False, 0),
        "connector@example.com": (False, True, True, 4),
    }
    assert {row["applicationid"] for row in sales.all("systemusers")} >= {
        INTEGRATION.client_id,
        PEOPLE.client_id,
    }
    assert [row["isocurrencycode"] for row in sales.all("transactioncurrencies")] == ["GBP"]


def test_a_company_does_not_load_beside_a_sales_with_another_base_currency(folder):
    (folder / "general_ledger_setup.json").write_text('[{"LCY Code": "USD"}]')
    company = CompanyFromFiles(folder)
    bc, sales = two_sims(company.name)

    with pytest.raises(ValueError, match="counts in USD, Sales in GBP"):
        load_company(company, bc=bc, sales=sales)
    based_on_usd = DataverseSim(
        clock=bc.clock, issuer=None, identities=(INTEGRATION, PEOPLE), base_currency="USD"
    )
    load_company(company, bc=bc, sales=based_on_usd)

    assert bc.all("generalLedgerSetup")[0]["lcyCode"] == "USD"


def test_the_same_files_give_the_same_ids(folder):
    one, other = (dict(CompanyFromFiles(folder).bc()) for _ in range(2))

    assert {table: list(rows) for table, rows in one.items()} == {
        table: list(rows) for table, rows in other.items()
    }


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        pytest.param(
            "customer", '[{"No.": "1"}, {"No.": "1"}]', "row 2 of customer.json repeats", id="key-twice"
        ),
        pytest.param("customer", '[{"Name": "x"}]', "row 1 of customer.json has no No.", id="no-key"),
        pytest.param("contact", "{}", "contact.json is not a list", id="not-a-list"),
        pytest.param("contact", "[", "contact.json is not JSON", id="not-json"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(folder, file, content, says):
    (folder / f"{file}.json").write_text(content)

    with pytest.raises(ValueError, match=says):
        CompanyFromFiles(folder)


def test_a_folder_without_any_table_is_refused(tmp_path):
    with pytest.raises(ValueError, match="none of the files"):
        CompanyFromFiles(tmp_path)


def test_a_company_gets_what_orders_need_and_its_files_leave_out_S40_S50(loaded):
    bc, _ = loaded
    made = load_order_setup("Café Ltd.", bc)

    item = by("number", bc.all("items"))[WRITE_IN]
    assert item["type"] == "Service" and not item["blocked"]
    assert made["glAccounts"] == 1 and by("number", bc.all("glAccounts"))[FREIGHT]["name"] == "Freight"
