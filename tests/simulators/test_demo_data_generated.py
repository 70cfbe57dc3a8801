"""The made-up company: its people and customers, and how it is loaded."""

from __future__ import annotations

from itertools import islice
from typing import Any

import httpx
import pytest

from sandbox.business_central.contract import entity_sets
from sandbox.demo_data import GeneratedCompany, load_company, over_http
from sandbox.demo_data.draw import Draw
from tests.simulators.demo_companies import ZERO, rows_of, share, two_sims

CUSTOMERS = 3000


@pytest.fixture(scope="module")
def company() -> GeneratedCompany:
    return GeneratedCompany(customers=CUSTOMERS, seed=7)


@pytest.fixture(scope="module")
def customers(company: GeneratedCompany) -> list[dict[str, Any]]:
    return rows_of(company, "customers")


@pytest.fixture(scope="module")
def contacts(company: GeneratedCompany) -> list[dict[str, Any]]:
    return rows_of(company, "contacts")


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
    rows = next(rows for name, rows in GeneratedCompany(customers=9_000_000).bc() if name == "contacts")

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
