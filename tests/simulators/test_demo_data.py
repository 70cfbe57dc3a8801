"""The companies to try Tandem on: the made-up one and one from files."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.business_central import BusinessCentralSim
from sandbox.business_central.contract import entity_sets
from sandbox.dataverse import DataverseSim
from sandbox.demo_data import CompanyFromFiles, GeneratedCompany, load_company, over_http
from sandbox.demo_data.draw import Draw
from sandbox.simkit import INTEGRATION, PEOPLE, SimClock

ZERO = "00000000-0000-0000-0000-000000000000"
CUSTOMERS = 3000


def rows_of(company: Any, table: str) -> list[dict[str, Any]]:
    return list(dict(company.bc())[table])


def share(rows: list[dict[str, Any]], holds: Any) -> float:
    return sum(1 for row in rows if holds(row)) / len(rows)


def two_sims(name: str) -> tuple[BusinessCentralSim, DataverseSim]:
    clock = SimClock()
    identities = (INTEGRATION, PEOPLE)
    return (
        BusinessCentralSim(clock=clock, issuer=None, identities=identities, company_name=name),
        DataverseSim(clock=clock, issuer=None, identities=identities),
    )


@pytest.fixture(scope="module")
def company() -> GeneratedCompany:
    return GeneratedCompany(customers=CUSTOMERS, seed=7)


@pytest.fixture(scope="module")
def customers(company: GeneratedCompany) -> list[dict[str, Any]]:
    return rows_of(company, "customers")


@pytest.fixture(scope="module")
def contacts(company: GeneratedCompany) -> list[dict[str, Any]]:
    return rows_of(company, "contacts")


# --- generated ---


@pytest.mark.parametrize("table", ["customers", "contacts", "contactBusinessRelations"])
def test_the_first_n_of_twice_as_many_are_the_same(table):
    few, many = (rows_of(GeneratedCompany(customers=n, seed=3), table) for n in (60, 120))

    assert len(many) > len(few)
    assert many[: len(few)] == few


def test_a_record_is_made_without_the_ones_before_it(company, customers):
    assert company.customer(2345) == customers[2344]


def test_another_seed_makes_another_company():
    one, other = (rows_of(GeneratedCompany(customers=50, seed=seed), "customers") for seed in (1, 2))

    assert [row["name"] for row in one] != [row["name"] for row in other]
    assert not {row["id"] for row in one} & {row["id"] for row in other}


def test_rows_stream_without_being_kept():
    rows = dict(GeneratedCompany(customers=9_000_000).bc())["contacts"]

    assert len(list(islice(rows, 5))) == 5


@pytest.mark.parametrize("table", ["customers", "contacts"])
def test_rows_come_in_key_order_with_keys_and_ids_of_their_own(company, table):
    rows = rows_of(company, table)
    numbers = [row["number"] for row in rows]

    assert numbers == sorted(set(numbers))
    assert len({row["id"] for row in rows}) == len(rows)


def test_every_text_fits_its_column_and_some_fill_it(company):
    filled = set()
    for table, rows in company.bc():
        columns = entity_sets()[table].columns
        for row in rows:
            for name, value in row.items():
                length = columns[name].length
                if length and isinstance(value, str):
                    assert len(value) <= length, f"{table}.{name}: {value!r}"
                    if len(value) == length:
                        filled.add(f"{table}.{name}")

    assert {"customers.name", "customers.address2", "contacts.surname"} <= filled


def test_no_text_has_blanks_at_its_ends(company):
    """BC trims Codes and Sales trims everything; data that changes by itself would tell nothing."""
    for table, rows in company.bc():
        for row in rows:
            for name, value in row.items():
                assert not isinstance(value, str) or value == value.strip(), f"{table}.{name}: {value!r}"


def test_home_pages_fit_sales_too(customers):
    longest = max(len(row["homePage"]) for row in customers)

    assert longest == 200  # accounts.websiteurl


def test_the_mix_is_that_of_a_real_company(customers, contacts):
    persons = [row for row in contacts if row["type"] == "Person"]
    companies = {row["companyNumber"] for row in contacts if row.get("contactBusinessRelation") == "Customer"}

    assert share(customers, lambda row: row["blocked"] != "_x0020_") == pytest.approx(0.03, abs=0.012)
    assert share(customers, lambda row: "primaryContactId" in row) == pytest.approx(1 / 3, abs=0.04)
    assert share(customers, lambda row: "currencyCode" in row) == pytest.approx(0.32, abs=0.05)
    assert share(customers, lambda row: not row["name"].isascii()) > 0.2
    assert len(persons) / CUSTOMERS == pytest.approx(1.2, abs=0.1)
    assert share(persons, lambda row: row.get("companyNumber") not in companies) == pytest.approx(
        0.02, abs=0.012
    )
    assert any("companyNumber" not in row for row in persons)
    assert {"", "AH", "GN"} <= {row.get("salespersonCode", "") for row in customers}
    assert any(row["email"] == "" for row in customers) and any(row["creditLimit"] % 1 for row in customers)


def test_a_primary_contact_is_a_person_of_the_customers_own_company(customers, contacts):
    by_id = {row["id"]: row for row in contacts}
    chosen = [(row, by_id[row["primaryContactId"]]) for row in customers if "primaryContactId" in row]

    assert chosen
    for customer, contact in chosen:
        assert contact["type"] == "Person"
        assert customer["contactName"] == contact["name"]
        assert by_id[contact["companyId"]]["name"] == customer["name"]


def test_a_person_is_named_by_its_parts(contacts):
    for row in contacts:
        if row["type"] == "Person":
            parts = (row["firstName"], row["middleName"], row["surname"])
            assert row["name"] == " ".join(part for part in parts if part) != ""


def test_one_currency_has_no_iso_code_and_nobody_uses_it(company, customers):
    without = {row["code"] for row in rows_of(company, "currencies") if not row["isoCode"]}

    assert len(without) == 1
    assert not without & {row.get("currencyCode") for row in customers}
    assert "GBP" not in {row["code"] for row in rows_of(company, "currencies")}


def test_some_codes_have_an_option_in_sales_and_some_have_not(company, customers):
    _, sales = two_sims("X")
    for table, column, code in (
        ("paymentTerms", "paymenttermscode", "paymentTermsCode"),
        ("shipmentMethods", "address1_freighttermscode", "shipmentMethodCode"),
        ("shippingAgents", "address1_shippingmethodcode", "shippingAgentCode"),
    ):
        labels = {label.upper() for label in sales.environment.options["account", column].values()}
        codes = {row["code"] for row in rows_of(company, table)}
        used = [row[code] for row in customers if code in row]

        assert codes & labels and codes - labels, table
        assert sum(1 for one in used if one not in labels) / len(used) == pytest.approx(0.1, abs=0.03), table


def test_too_large_a_company_is_refused():
    with pytest.raises(ValueError, match="customers is between"):
        GeneratedCompany(customers=10**7)


def test_a_draw_is_even_and_never_silently_runs_dry():
    counts = [0] * 10
    for key in range(5000):
        counts[Draw(1, "t", str(key)).below(10)] += 1
    assert min(counts) > 400

    draw = Draw(1, "t", "k")
    with pytest.raises(RuntimeError, match="more chance"):
        for _ in range(100):
            draw.below(1000)


def test_both_simulators_take_the_generated_company(company):
    small = GeneratedCompany(customers=120, seed=7)
    bc, sales = two_sims(small.name)

    counts = load_company(small, bc=bc, sales=sales, chunk=50)

    stored = bc.all("customers")
    assert len(stored) == counts["customers"] == 120
    given = {row["id"]: row for row in rows_of(small, "customers")}
    for row in stored:
        assert {name: row[name] for name in given[row["id"]]} == given[row["id"]]
    loaded = {row["number"]: row for row in bc.all("contacts")}
    for row in rows_of(small, "contacts"):
        assert {name: loaded[row["number"]][name] for name in row} == row
    of_customers = [row for row in loaded.values() if row["customerId"] != ZERO]
    assert {row["customerId"] for row in of_customers} == set(given)
    rates = {row["code"]: row["relationalExchangeRateAmount"] for row in bc.all("currencies")}
    assert rates["EUR"] == 86.52


def test_a_loaded_company_can_be_worked_in():
    small = GeneratedCompany(customers=20, seed=7)
    bc, sales = two_sims(small.name)
    load_company(small, bc=bc, sales=sales)
    customer = rows_of(small, "customers")[4]

    bc.edit("customers", customer["id"], city="Ålesund")
    added = bc.add("customers", {"name": "A new one"})

    assert bc.get("customers", customer["id"])["city"] == "Ålesund"
    assert any(row["customerId"] == added for row in bc.all("contacts"))


def test_loading_over_the_control_surface_gives_the_same(company):
    small = GeneratedCompany(customers=30, seed=7)
    direct, served = two_sims(small.name), two_sims(small.name)
    load_company(small, bc=direct[0], sales=direct[1])

    clients = [
        httpx.Client(transport=httpx.WSGITransport(app=sim), base_url="https://sim.test") for sim in served
    ]
    load_company(small, bc=over_http(clients[0]), sales=over_http(clients[1]))

    for table in ("customers", "contacts", "companyInformation"):
        assert _plain(served[0].all(table)) == _plain(direct[0].all(table))
    assert _plain(served[1].all("systemusers")) == _plain(direct[1].all("systemusers"))
    for client in clients:
        client.close()


def test_a_row_that_the_simulator_refuses_is_named(company):
    bc, _ = two_sims("X")
    with httpx.Client(transport=httpx.WSGITransport(app=bc), base_url="https://sim.test") as client:
        with pytest.raises(ValueError, match="colour"):
            over_http(client).load("customers", [{"number": "1", "colour": "red"}])


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without what differs from one loading to the next."""
    changing = ("At", "DateTime", "etag", "on", "RowVersion", "versionnumber")
    plain = [{name: value for name, value in row.items() if not name.endswith(changing)} for row in rows]
    if plain and "primaryKey" in plain[0]:
        return [{name: value for name, value in row.items() if name != "id"} for row in plain]
    return plain


# --- from files ---

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


def by(column: str, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row[column]: row for row in rows}


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
