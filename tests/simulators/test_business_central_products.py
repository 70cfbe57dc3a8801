"""Items, resources, their units, price groups and prices: what the tables take and refuse."""

from __future__ import annotations

import pytest

from sandbox.business_central.errors import Refused
from tests.simulators.business_central_caller import ZERO, Caller, code_of, make_caller


@pytest.fixture
def bc() -> Caller:
    made = make_caller()
    made.sim.load("unitsOfMeasure", [{"code": "PCS"}, {"code": "BOX"}, {"code": "SET"}])
    return made


def unit(bc: Caller, code: str) -> str:
    return next(row["id"] for row in bc.rows("unitsOfMeasure") if row["code"] == code)


def an_item(bc: Caller, **values: object) -> dict:
    return bc.post("items", {"description": "Bicycle", "baseUnitOfMeasureId": unit(bc, "PCS")} | values)


@pytest.mark.parametrize("name", ["items", "resources", "contacts", "customers", "opportunities"])
def test_a_row_without_a_number_gets_the_next_of_its_series_and_a_given_one_stays(bc, name):
    first, second = (bc.post(name, {})["number"] for _ in range(2))
    assert first and second > first
    assert bc.post(name, {"number": "own-1"})["number"] == "OWN-1"
    bc.settings(manual_numbers=False)
    assert code_of(bc.post(name, {"number": "own-2"}, status=400)) == "Application_DialogException"


def test_the_base_unit_becomes_a_unit_of_the_item_and_its_sales_unit_section_9(bc):
    row = an_item(bc)
    [own] = bc.rows("itemUnitsOfMeasure")
    assert (own["itemNumber"], own["code"], own["quantityPerUnitOfMeasure"]) == (row["number"], "PCS", 1)
    assert row["salesUnitOfMeasureCode"] == "PCS"
    worker = bc.post("resources", {"name": "Ann", "baseUnitOfMeasureId": unit(bc, "SET")})
    [own] = bc.rows("resourceUnitsOfMeasure")
    assert (own["resourceNumber"], own["code"]) == (worker["number"], "SET")


def test_a_base_unit_holds_exactly_one(bc):
    row = an_item(bc)
    box = bc.post(
        "itemUnitsOfMeasure",
        {"itemId": row["id"], "unitOfMeasureId": unit(bc, "BOX"), "quantityPerUnitOfMeasure": 12},
    )
    error = bc.patch(f"items({row['id']})", {"baseUnitOfMeasureId": unit(bc, "BOX")}, status=400)
    assert code_of(error) == "Application_FieldValidationException"
    [base] = bc.rows("itemUnitsOfMeasure", filter="code eq 'PCS'")
    bc.patch(f"itemUnitsOfMeasure({base['id']})", {"quantityPerUnitOfMeasure": 2}, status=400)
    bc.remove(f"itemUnitsOfMeasure({base['id']})", status=400)
    bc.patch(f"itemUnitsOfMeasure({box['id']})", {"quantityPerUnitOfMeasure": 0}, status=400)
    bc.remove(f"itemUnitsOfMeasure({box['id']})")


def test_a_sales_unit_must_be_one_of_the_items_units(bc):
    row = an_item(bc)
    error = bc.patch(f"items({row['id']})", {"salesUnitOfMeasureId": unit(bc, "BOX")}, status=400)
    assert code_of(error) == "Internal_InvalidTableRelation"
    bc.post("itemUnitsOfMeasure", {"itemId": row["id"], "unitOfMeasureId": unit(bc, "BOX")})
    bc.patch(f"items({row['id']})", {"salesUnitOfMeasureId": unit(bc, "BOX")})


def test_inventory_moves_with_its_entries_while_the_item_stands_still_S116(bc):
    row = an_item(bc)
    entries = [
        {"entryNumber": n, "itemId": row["id"], "quantity": q, "open": True} for n, q in ((1, 5), (2, -2))
    ]
    bc.sim.load("itemLedgerEntries", entries)
    assert bc.get(f"items({row['id']})") == {
        "@odata.context": bc.get(f"items({row['id']})")["@odata.context"],
        **{name: value for name, value in row.items() if name != "@odata.context"},
        "inventory": 3,
    }
    bc.patch(f"items({row['id']})", {"baseUnitOfMeasureId": unit(bc, "SET")}, status=400)
    bc.patch(f"items({row['id']})", {"type": "Service"}, status=400)
    bc.remove(f"items({row['id']})", status=400)


def test_an_items_deletion_takes_its_units_variants_and_prices(bc):
    row = an_item(bc)
    bc.post("itemVariants", {"itemId": row["id"], "code": "RED"})
    bc.post("salesPrices", {"itemId": row["id"], "salesType": "All_x0020_Customers", "unitPrice": 5})
    bc.remove(f"items({row['id']})")
    for name in ("itemUnitsOfMeasure", "itemVariants", "salesPrices"):
        assert bc.rows(name) == []
    sets = [row["entitySet"] for row in bc.rows("tombstones")]
    assert sorted(sets) == ["itemUnitsOfMeasure", "itemVariants", "items", "salesPrices"]


def a_price(bc: Caller, **values: object) -> dict:
    return {"itemId": an_item(bc)["id"], "unitPrice": 5, **values}


def a_group(bc: Caller, code: str = "RETAIL", **values: object) -> str:
    return bc.post("customerPriceGroups", {"code": code, **values})["id"]


GROUP = {"salesType": "Customer_x0020_Price_x0020_Group"}


def test_prices_differ_by_every_part_of_their_key(bc):
    group, eur = a_group(bc), bc.post("currencies", {"code": "EUR"})["id"]
    price = a_price(bc, customerPriceGroupId=group, **GROUP)
    bc.post("itemUnitsOfMeasure", {"itemId": price["itemId"], "unitOfMeasureId": unit(bc, "BOX")})
    bc.post("itemVariants", {"itemId": price["itemId"], "code": "RED"})
    bc.post("salesPrices", price)
    for part in (
        {"startingDate": "2026-01-01"},
        {"currencyId": eur},
        {"variantCode": "RED"},
        {"unitOfMeasureId": unit(bc, "BOX")},
        {"minimumQuantity": 10},
        {"salesType": "All_x0020_Customers", "customerPriceGroupId": ZERO},
    ):
        bc.post("salesPrices", price | part)
        error = bc.post("salesPrices", price | part, status=400)
        assert code_of(error) == "Internal_EntityWithSameKeyExists"
    assert len(bc.rows("salesPrices")) == 7


@pytest.mark.parametrize(
    ("values", "code"),
    [
        pytest.param(GROUP, "Application_FieldValidationException", id="group-without-code"),
        pytest.param(
            {"salesType": "Customer"}, "Application_FieldValidationException", id="customer-without-code"
        ),
        pytest.param({"variantCode": "NONE"}, "Internal_InvalidTableRelation", id="unknown-variant"),
        pytest.param({"minimumQuantity": -1}, "Application_DialogException", id="negative-quantity"),
        pytest.param(
            {"startingDate": "2026-02-01", "endingDate": "2026-01-01"},
            "Application_DialogException",
            id="dates",
        ),
        pytest.param(
            {"customerPriceGroupId": "11111111-1111-4111-8111-111111111111"},
            "Internal_RecordNotFound",
            id="gone",
        ),
    ],
)
def test_a_price_that_does_not_hold_together_is_refused(bc, values, code):
    price = a_price(bc, **({"salesType": "All_x0020_Customers"} | values))
    assert code_of(bc.post("salesPrices", price, status=400)) == code


def test_a_price_for_another_units_item_is_refused(bc):
    price = a_price(bc, salesType="All_x0020_Customers", unitOfMeasureId=unit(bc, "BOX"))
    assert code_of(bc.post("salesPrices", price, status=400)) == "Internal_InvalidTableRelation"


def test_a_groups_price_takes_its_flags_goes_with_its_code_and_goes_with_the_group(bc):
    group = a_group(bc, priceIncludesVat=True, allowInvoiceDiscount=False)
    price = bc.post("salesPrices", a_price(bc, customerPriceGroupId=group, **GROUP))
    assert (price["salesCode"], price["priceIncludesVat"], price["allowInvoiceDiscount"]) == (
        "RETAIL",
        True,
        False,
    )
    bc.patch(f"customerPriceGroups({group})", {"code": "SHOPS"})
    assert bc.get(f"salesPrices({price['id']})")["salesCode"] == "SHOPS"
    bc.remove(f"customerPriceGroups({group})")
    assert bc.rows("salesPrices") == []


# --- opportunities -----------------------------------------------------------------------------


def an_opportunity(bc: Caller) -> str:
    return bc.post("opportunities", {"description": "New tables"})["id"]


def test_an_opportunity_from_outside_has_a_number_the_date_and_no_contact_section_13(bc):
    row = bc.get(f"opportunities({an_opportunity(bc)})")
    assert row["number"] and row["creationDate"] == "2026-01-22"
    assert (row["status"], row["contactId"], row["priority"]) == ("Not_x0020_Started", ZERO, "Normal")
    error = bc.patch(f"opportunities({row['id']})", {"status": "Won"}, status=400)
    assert code_of(error) == "BadRequest_InvalidOperation"


def test_an_entry_shows_on_the_opportunity_and_only_another_status_moves_its_row(bc):
    opportunity = an_opportunity(bc)
    entry = {
        "opportunityId": opportunity,
        "estimatedValue": 900,
        "chancesOfSuccessPercent": 50,
        "completedPercent": 40,
    }
    bc.sim.add("opportunityEntries", entry)
    started = bc.sim.get("opportunities", opportunity)
    assert (started["status"], started["estimatedValue"]) == ("In_x0020_Progress", 900)
    assert (started["probabilityPercent"], started["calculatedCurrentValue"]) == (20, 180)
    bc.sim.add(
        "opportunityEntries", {"opportunityId": opportunity, "actionTaken": "Updated", "estimatedValue": 1000}
    )
    updated = bc.sim.get("opportunities", opportunity)
    assert updated == started | {"estimatedValue": 1000, "calculatedCurrentValue": 200}
    assert [row["active"] for row in bc.rows("opportunityEntries")] == [False, True]


def test_a_won_opportunity_is_closed_and_takes_no_more_entries(bc):
    opportunity = an_opportunity(bc)
    bc.sim.add(
        "opportunityEntries", {"opportunityId": opportunity, "actionTaken": "Next", "estimatedValue": 9}
    )
    with pytest.raises(Refused, match="active"):
        bc.sim.delete("opportunities", opportunity)
    bc.sim.add("opportunityEntries", {"opportunityId": opportunity, "actionTaken": "Won"})
    row = bc.sim.get("opportunities", opportunity)
    assert (row["status"], row["closed"], row["dateClosed"]) == ("Won", True, "2026-01-22")
    assert (row["probabilityPercent"], row["calculatedCurrentValue"]) == (100, 9)
    with pytest.raises(Refused, match="closed"):
        bc.sim.add("opportunityEntries", {"opportunityId": opportunity})
    bc.remove(f"opportunities({opportunity})")
    assert bc.rows("opportunityEntries") == []


def test_the_contact_of_an_opportunity_brings_its_company_and_salesperson_and_stays(bc):
    seller = bc.post("salespeople", {"code": "AH"})["id"]
    customer = bc.post("customers", {"name": "Adatum"})["id"]
    person = bc.post(
        "contacts", {"type": "Person", "surname": "Lee", "customerId": customer, "salespersonId": seller}
    )
    row = bc.post("opportunities", {"contactId": person["id"]})
    assert (row["contactCompanyId"], row["salespersonCode"]) == (person["companyId"], "AH")
    assert (
        code_of(bc.get(f"contacts({person['id']})") and _refused(bc, person["id"]))
        == "Application_DialogException"
    )


def _refused(bc: Caller, contact: str) -> dict:
    response = bc.http.delete(bc.url(f"contacts({contact})"), headers={"If-Match": "*"})
    assert response.status_code == 400
    return response.json()
