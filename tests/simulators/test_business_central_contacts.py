"""Customers, their company contacts and persons, as Business Central keeps them together."""

from __future__ import annotations

import pytest

from sandbox.business_central.errors import Refused
from tests.simulators.business_central_caller import ZERO, Caller, code_of, make_caller


@pytest.fixture
def bc() -> Caller:
    return make_caller()


def person_of(bc: Caller, customer_id: str, **names: str) -> dict:
    return bc.post("contacts", {"type": "Person", "firstName": "Ann", "customerId": customer_id} | names)


def test_a_new_customer_gets_a_company_contact_and_its_relation(bc):
    customer = bc.post("customers", {"name": "Adatum", "city": "London"})
    [contact] = bc.rows("contacts")
    assert (contact["type"], contact["name"], contact["city"]) == ("Company", "Adatum", "London")
    assert contact["companyNumber"] == contact["number"]
    assert contact["customerId"] == customer["id"]
    [relation] = bc.rows("contactBusinessRelations")
    assert (relation["contactId"], relation["customerId"]) == (contact["id"], customer["id"])
    assert relation["linkToTable"] == "Customer" and relation["number"] == customer["number"]


def test_a_persons_name_is_built_from_its_parts_and_read_only(bc):
    row = bc.post("contacts", {"type": "Person", "firstName": "Ann", "middleName": "B.", "surname": "Lee"})
    assert row["name"] == "Ann B. Lee"
    assert bc.patch(f"contacts({row['id']})", {"middleName": ""})["name"] == "Ann Lee"
    error = bc.patch(f"contacts({row['id']})", {"name": "x"}, status=400)
    assert code_of(error) == "BadRequest_InvalidOperation"


def test_writing_customer_id_puts_a_person_under_the_customers_company_contact(bc):
    customer = bc.post("customers", {"name": "Adatum"})
    [company] = bc.rows("contacts")
    row = person_of(bc, customer["id"])
    assert (row["companyNumber"], row["companyName"]) == (company["number"], "Adatum")
    assert row["customerId"] == customer["id"]
    alone = bc.patch(f"contacts({row['id']})", {"customerId": ZERO})
    assert (alone["companyNumber"], alone["companyName"], alone["customerId"]) == ("", "", ZERO)


def test_a_company_that_becomes_a_customer_shows_on_its_persons_without_changing_them(bc):
    company = bc.sim.add("contacts", {"type": "Company", "name": "Adatum"})
    number = bc.sim.get("contacts", company)["number"]
    person = bc.sim.add("contacts", {"type": "Person", "firstName": "Ann", "companyNumber": number})
    before = bc.sim.get("contacts", person)
    assert before["customerId"] == ZERO
    customer = bc.sim.add("customers", {"name": "Adatum"})
    bc.sim.add(
        "contactBusinessRelations",
        {
            "contactId": company,
            "businessRelationCode": "CUST2",
            "linkToTable": "Customer",
            "customerId": customer,
        },
    )
    after = bc.sim.get("contacts", person)
    assert after == before | {"customerId": customer}


def test_a_primary_contact_must_belong_to_the_customers_company_and_gives_its_name(bc):
    first, second = (bc.post("customers", {"name": name}) for name in ("A", "B"))
    person = person_of(bc, second["id"], surname="Lee")
    error = bc.patch(f"customers({first['id']})", {"primaryContactId": person["id"]}, status=400)
    assert code_of(error) == "Application_DialogException"
    row = bc.patch(f"customers({second['id']})", {"primaryContactId": person["id"]})
    assert (row["primaryContactNumber"], row["contactName"]) == (person["number"], "Ann Lee")
    cleared = bc.patch(f"customers({second['id']})", {"primaryContactId": ZERO})
    assert (cleared["primaryContactNumber"], cleared["contactName"]) == ("", "")


@pytest.mark.peer("mapping-customer-009")
def test_a_customers_new_name_reaches_its_company_contact_and_persons(bc):
    customer = bc.post("customers", {"name": "Adatum"})
    person = person_of(bc, customer["id"])
    bc.patch(f"customers({customer['id']})", {"name": "Contoso", "phoneNumber": "1"})
    company = bc.rows("contacts", filter="type eq 'Company'")[0]
    assert (company["name"], company["phoneNumber"]) == ("Contoso", "1")
    assert bc.get(f"contacts({person['id']})")["companyName"] == "Contoso"
    bc.sim.edit("contacts", company["id"], email="a@b.example")
    assert bc.get(f"customers({customer['id']})")["email"] == "a@b.example"


def test_deleting_a_primary_contact_clears_it_on_the_customer(bc):
    customer = bc.post("customers", {"name": "Adatum"})
    person = person_of(bc, customer["id"])
    bc.patch(f"customers({customer['id']})", {"primaryContactId": person["id"]})
    bc.remove(f"contacts({person['id']})")
    assert bc.get(f"customers({customer['id']})")["primaryContactId"] == ZERO


def test_deleting_a_customer_keeps_its_contacts_but_not_the_relation(bc):
    customer = bc.post("customers", {"name": "Adatum"})
    person = person_of(bc, customer["id"])
    bc.remove(f"customers({customer['id']})")
    assert bc.rows("contactBusinessRelations") == []
    assert bc.get(f"contacts({person['id']})")["customerId"] == ZERO
    assert {grave["entitySet"] for grave in bc.rows("tombstones")} == {
        "customers",
        "contactBusinessRelations",
    }


def test_a_customer_with_an_open_order_cannot_be_deleted(bc):
    customer = bc.post("customers", {"name": "Adatum"})
    bc.post("salesOrders", {"customerId": customer["id"]})
    bc.remove(f"customers({customer['id']})", status=400)
    assert len(bc.rows("customers")) == 1 and bc.rows("tombstones") == []


def test_loading_takes_rows_in_any_order_and_makes_the_references_whole(bc):
    load = bc.sim.load
    load("customers", [{"number": "10", "name": "A", "primaryContactNumber": "P", "salespersonCode": "OF"}])
    load("contacts", [{"number": "P", "type": "Person", "firstName": "Ann", "companyNumber": "C"}])
    load("contactBusinessRelations", [
        {"contactNumber": "C", "businessRelationCode": "CUST", "linkToTable": "Customer", "number": "10"}
    ])  # fmt: skip
    load("contacts", [{"number": "C", "type": "Company", "name": "A"}])
    load("salespeople", [{"code": "OF", "name": "Otto"}])
    [customer], contacts = bc.sim.all("customers"), {row["number"]: row for row in bc.sim.all("contacts")}
    assert customer["primaryContactId"] == contacts["P"]["id"]
    assert customer["salespersonId"] == bc.sim.all("salespeople")[0]["id"]
    assert contacts["P"]["companyId"] == contacts["C"]["id"] and contacts["P"]["companyName"] == "A"
    assert contacts["P"]["customerId"] == customer["id"]


def test_a_loaded_person_of_a_customer_gives_the_customer_a_company_contact(bc):
    bc.sim.load("customers", [{"number": "10", "name": "A"}])
    [customer] = bc.sim.all("customers")
    bc.sim.load(
        "contacts", [{"type": "Person", "firstName": n, "customerId": customer["id"]} for n in ("X", "Y")]
    )
    people = [row for row in bc.sim.all("contacts") if row["type"] == "Person"]
    assert {row["customerId"] for row in people} == {customer["id"]}
    assert len(bc.sim.all("contactBusinessRelations")) == 1


def test_a_currency_shows_the_rate_of_the_day(bc):
    bc.sim.load("currencies", [{"code": "USD"}])
    rates = [("2026-01-01", 50), ("2026-01-23", 60)]
    bc.sim.load("currencyExchangeRates", [
        {"currencyCode": "USD", "startingDate": day, "exchangeRateAmount": 100, "relationalExchangeRateAmount": rate}
        for day, rate in rates
    ])  # fmt: skip
    before = bc.rows("currencies")[0]
    assert (before["exchangeRateAmount"], before["relationalExchangeRateAmount"]) == (100, 50)
    bc.clock.advance(24 * 3600)
    assert bc.rows("currencies")[0] == before | {"relationalExchangeRateAmount": 60}


def test_inventory_moves_with_the_ledger_and_the_items_row_stands_still(bc):
    bc.sim.load("items", [{"number": "1000"}])
    before = bc.rows("items")[0]
    bc.sim.load(
        "itemLedgerEntries",
        [{"entryNumber": n, "itemNumber": "1000", "quantity": q} for n, q in ((1, 5), (2, -2))],
    )
    assert bc.rows("items")[0] == before | {"inventory": 3}


def test_loading_a_setup_table_changes_its_one_row(bc):
    bc.sim.load("generalLedgerSetup", [{"lcyCode": "usd"}])
    assert [row["lcyCode"] for row in bc.rows("generalLedgerSetup")] == ["USD"]
    bc.sim.edit("companyInformation", bc.sim.all("companyInformation")[0]["id"], name="Contoso")
    assert [row["name"] for row in bc.rows("companyInformation")] == ["Contoso"]


def test_nothing_is_loaded_when_one_row_is_wrong(bc):
    with pytest.raises(Refused):
        bc.sim.load("customers", [{"number": "1"}, {"number": "1"}])
    assert bc.sim.all("customers") == []
