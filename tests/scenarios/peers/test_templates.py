"""Templates of Business Central for records born in Sales (H30), against both simulators."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.peers.common import restart_with
from tests.scenarios.services import WiredWorld

L1, L2 = "BLUE", "RED"
BY_FAX = """
customers:
  templates:
    - {code: domestic, when: "fax = 123"}
    - {code: EXPORT, when: "fax = 456"}
"""


def a_world(overrides: str) -> WiredWorld:
    """A company with two templates for customers, whose location no field maps."""
    world = WiredWorld(customers=1)
    for code, location in (("DOMESTIC", L1), ("EXPORT", L2)):
        row = {"code": code, "locationCode": location, "vatBusPostingGroup": code, "numberSeries": code[0]}
        world.bc_sim.load("customerTemplates", [row])
    world.full_sync("salespeople", "currencies", "payment_terms", "shipment_methods", "shipping_agents")
    restart_with(world, overrides)
    return world


def an_account(world: WiredWorld, name: str, **differs: Any) -> str:
    user = next(iter(world.coupled("salespeople").values()))
    row = {"name": name, "customertypecode": 3, "ownerid@odata.bind": f"/systemusers({user})", **differs}
    return world.sales_sim.add("accounts", row)


def born(world: WiredWorld, account: str) -> dict[str, Any]:
    """Return the customer that a full synchronization made of an account."""
    world.full_sync("customers")
    twins = {sales: bc for bc, sales in world.coupled("customers").items()}
    row = world.bc_sim.get("customers", twins[account])
    assert row is not None
    return row


@pytest.mark.peer("mapping-customer-010")
def test_a_customer_born_in_sales_takes_from_its_template_what_no_field_maps_H30():
    world = a_world("customers: {templates: [DOMESTIC]}")

    made = born(world, an_account(world, "Fabrikam"))

    assert (made["locationCode"], made["vatBusPostingGroup"]) == (L1, "DOMESTIC")
    assert made["number"].startswith("D") and made["templateCode"] == ""
    written = world.written()
    world.full_sync("customers")
    world.tick("customers")
    assert world.written() == written and world.held("customers") == []


@pytest.mark.parametrize(("fax", "location"), [("123", L1), ("456", L2), ("789", "")])
@pytest.mark.peer("mapping-customer-012")
def test_the_first_template_whose_condition_the_account_meets_is_taken_H30(fax, location):
    world = a_world(BY_FAX)

    assert born(world, an_account(world, "Fabrikam", fax=fax))["locationCode"] == location


def test_a_template_fills_what_is_blank_and_overwrites_nothing_H30():
    world = a_world("customers: {templates: [DOMESTIC]}")
    terms = world.bc_sim.all("paymentTerms")[0]["code"]
    template = next(r for r in world.bc_sim.all("customerTemplates") if r["code"] == "DOMESTIC")
    world.bc_sim.edit("customerTemplates", template["id"], countryRegionCode="DE", paymentTermsCode=terms)

    made = born(world, an_account(world, "Fabrikam", address1_country="GB"))

    assert (made["countryRegionCode"], made["paymentTermsCode"]) == ("GB", terms)


def test_a_template_that_is_not_there_holds_the_record_with_bcs_words_and_heals_H30():
    world = a_world("customers: {templates: [GONE]}")
    account = an_account(world, "Fabrikam")

    world.full_sync("customers")
    [held] = world.held("customers")
    assert "Customer Template does not exist" in held["reason"] and "GONE" in held["reason"]

    world.bc_sim.load("customerTemplates", [{"code": "GONE", "locationCode": L2}])
    world.act("customers", "retry", side="sales", id=account)
    assert born(world, account)["locationCode"] == L2 and world.held("customers") == []


def test_a_customer_of_business_central_takes_no_template_H30():
    world = a_world("customers: {templates: [DOMESTIC]}")

    world.full_sync("customers")

    assert {r["locationCode"] for r in world.bc_sim.all("customers")} == {""}


def test_a_product_born_in_sales_takes_the_template_of_items_H30():
    world = a_world("items: {templates: [GOODS]}")
    world.bc_sim.load("itemTemplates", [{"code": "GOODS", "inventoryPostingGroup": "RESALE"}])
    world.full_sync("units_of_measure", "items")
    product = next(p for p in world.sales_sim.all("products") if p["producttypecode"] == 1)
    keep = ("_defaultuomscheduleid_value", "_defaultuomid_value")
    group, unit = (product[column] for column in keep)
    made = world.sales_sim.add(
        "products",
        {
            "name": "Hammock",
            "productnumber": "HAM-1",
            "producttypecode": 1,
            "defaultuomscheduleid@odata.bind": f"/uomschedules({group})",
            "defaultuomid@odata.bind": f"/uoms({unit})",
        },
    )
    world.sales_sim.edit("products", made, statecode=0, statuscode=1)

    world.full_sync("items")

    twins = {sales: bc for bc, sales in world.coupled("items").items()}
    item = world.bc_sim.get("items", twins[made])
    assert item is not None and item["inventoryPostingGroup"] == "RESALE"
