"""Opportunities: states, customer, revenue (reference/dataverse-web-api.md section 9, mappings.md 13)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.dataverse import DataverseSim
from tests.simulators.dataverse_client import (
    Catalogue,
    catalogue,
    clock,
    error,
    euro,
    refusal,
    row,
    sales,
    web,
)

__all__ = ["catalogue", "clock", "sales", "web"]


def _closing(opportunity: str, status: int, **more: Any) -> dict[str, Any]:
    activity = {
        "@odata.type": "Microsoft.Dynamics.CRM.opportunityclose",
        "subject": "Closed",
        "opportunityid@odata.bind": f"/opportunities({opportunity})",
        **more,
    }
    return {"Status": status, "OpportunityClose": activity}


def test_an_opportunity_is_won_by_its_action_and_opened_again_by_patch(
    sales: DataverseSim, web: httpx.Client
) -> None:
    new = sales.add("opportunities", {"name": "Bikes", "estimatedvalue": 900})
    assert row(sales, "opportunities", new)["statecode"] == 0
    move = {"statecode": 1, "statuscode": 3}
    assert error(web.patch(f"opportunities({new})", json=move)) == (400, "0x80100005")
    assert web.post("WinOpportunity", json=_closing(new, 3, actualrevenue=1000)).status_code == 204
    won = row(sales, "opportunities", new)
    assert (won["statecode"], won["statuscode"], won["actualvalue"]) == (1, 3, 1000)
    assert won["actualclosedate"] == "2026-03-02"
    assert error(web.post("LoseOpportunity", json=_closing(new, 4))) == (400, "0x80040515")
    sales.edit("opportunities", new, statecode=0, statuscode=1)
    assert row(sales, "opportunities", new)["actualclosedate"] is None
    sales.act("LoseOpportunity", _closing(new, 5))
    assert row(sales, "opportunities", new)["statuscode"] == 5


@pytest.mark.parametrize(
    ("action", "status", "more", "code"),
    [
        ("WinOpportunity", 4, {}, "0x80048408"),
        ("LoseOpportunity", 3, {}, "0x80048408"),
        ("WinOpportunity", 3, {"colour": "red"}, "0x80048d19"),
    ],
)
def test_a_closing_message_with_a_wrong_status_or_property_is_refused(
    sales: DataverseSim, action: str, status: int, more: dict[str, Any], code: str
) -> None:
    new = sales.add("opportunities", {"name": "Bikes"})
    assert refusal(lambda: sales.act(action, _closing(new, status, **more))) == (400, code)


def test_customer_and_parents_follow_each_other(sales: DataverseSim, catalogue: Catalogue) -> None:
    contact = sales.add("contacts", {"lastname": "Stone"})
    account = {"parentaccountid@odata.bind": f"accounts({catalogue.account})"}
    person = {"parentcontactid@odata.bind": f"contacts({contact})"}
    new = sales.add("opportunities", {"name": "Bikes", **person})
    assert row(sales, "opportunities", new)["_customerid_value"] == contact
    sales.edit("opportunities", new, **account)
    assert row(sales, "opportunities", new)["_customerid_value"] == catalogue.account
    customer = {"customerid_account@odata.bind": f"accounts({catalogue.account})"}
    other = row(sales, "opportunities", sales.add("opportunities", {"name": "More", **customer}))
    assert other["_parentaccountid_value"] == catalogue.account
    assert other["_parentcontactid_value"] is None


def test_a_calculated_revenue_is_the_services_and_an_entered_one_stays(sales: DataverseSim) -> None:
    new = sales.add("opportunities", {"name": "Bikes", "estimatedvalue": 900, "freightamount": 20})
    assert row(sales, "opportunities", new)["estimatedvalue"] == 900
    assert row(sales, "opportunities", new)["totalamount"] == 20
    sales.edit("opportunities", new, isrevenuesystemcalculated=True, estimatedvalue=900, totalamount=1)
    assert row(sales, "opportunities", new)["estimatedvalue"] == 20


def test_the_currency_of_an_opportunity_is_that_of_its_price_list(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    body = {
        "name": "Bikes",
        "pricelevelid@odata.bind": f"pricelevels({catalogue.prices})",
        **euro(sales),
    }
    assert refusal(lambda: sales.add("opportunities", body)) == (400, "0x80048cef")


def test_an_order_is_generated_from_an_opportunity(sales: DataverseSim, catalogue: Catalogue) -> None:
    body = {
        "name": "Bikes",
        "customerid_account@odata.bind": f"accounts({catalogue.account})",
        "pricelevelid@odata.bind": f"pricelevels({catalogue.prices})",
        "freightamount": 20,
    }
    new = sales.add("opportunities", body)
    order = sales.act("GenerateSalesOrderFromOpportunity", {"OpportunityId": new})
    assert order is not None
    assert (order["name"], order["_opportunityid_value"], order["totalamount"]) == ("Bikes", new, 20)
    assert order["_customerid_value"] == catalogue.account
    assert refusal(lambda: sales.delete("opportunities", new))[0] == 405
