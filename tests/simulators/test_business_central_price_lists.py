"""Price lists of extended price calculation in the simulator (bc_schema.json, tables 7000 and 7001)."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.business_central.errors import Refused
from tests.simulators.business_central_caller import ZERO, Caller, make_caller
from tests.simulators.test_business_central_products import an_item, unit


@pytest.fixture
def bc() -> Caller:
    made = make_caller()
    made.sim.load("unitsOfMeasure", [{"code": "PCS"}, {"code": "BOX"}])
    return made


def a_list(bc: Caller, code: str = "SUMMER", **values: Any) -> str:
    return bc.sim.add(
        "priceListHeaders", {"code": code, "priceType": "Sale", "amountType": "Price", **values}
    )


def line(bc: Caller, id: str) -> dict[str, Any]:
    return next(row for row in bc.sim.all("priceListLines") if row["id"] == id)


def test_a_line_takes_over_what_its_list_says_and_a_number_of_its_own(bc):
    eur = bc.post("currencies", {"code": "EUR"})["id"]
    prices = a_list(bc, currencyId=eur, startingDate="2026-05-01", status="Active")
    item = an_item(bc)
    first = bc.sim.add("priceListLines", {"priceListId": prices, "itemId": item["id"], "unitPrice": 5})
    second = bc.sim.add("priceListLines", {"priceListId": prices, "assetNumber": item["number"]})

    shown = line(bc, first)
    assert (shown["currencyCode"], shown["startingDate"], shown["status"]) == ("EUR", "2026-05-01", "Active")
    assert (shown["priceType"], shown["amountType"], shown["assetType"]) == ("Sale", "Price", "Item")
    assert (shown["lineNumber"], line(bc, second)["lineNumber"]) == (10_000, 20_000)
    assert line(bc, second)["itemId"] == item["id"] and line(bc, second)["resourceId"] == ZERO


def test_lines_follow_the_status_and_the_dates_of_their_list(bc):
    prices, free = a_list(bc), a_list(bc, "FREE", allowUpdatingDefaults=True)
    item = an_item(bc)["id"]
    ids = [bc.sim.add("priceListLines", {"priceListId": p, "itemId": item}) for p in (prices, free)]
    for p in (prices, free):
        bc.sim.edit("priceListHeaders", p, status="Inactive", endingDate="2026-12-31")

    assert [line(bc, i)["status"] for i in ids] == ["Inactive", "Inactive"]
    assert [line(bc, i)["endingDate"] for i in ids] == ["2026-12-31", "0001-01-01"], "it may have its own"


@pytest.mark.parametrize(
    "differs",
    [
        {"assetNumber": "NONE"},
        {"assetType": "Resource"},
        {"minimumQuantity": -1},
        {"priceListId": ZERO},
    ],
)
def test_a_line_that_does_not_hold_together_is_refused(bc, differs):
    good = {"priceListId": a_list(bc), "assetNumber": an_item(bc)["number"]}
    bc.sim.add("priceListLines", good)
    with pytest.raises(Refused):
        bc.sim.add("priceListLines", good | differs)


def test_a_line_in_another_unit_than_its_item_has_is_refused(bc):
    row = {"priceListId": a_list(bc), "itemId": an_item(bc)["id"], "unitOfMeasureId": unit(bc, "BOX")}
    with pytest.raises(Refused):
        bc.sim.add("priceListLines", row)


def test_dates_run_forward(bc):
    with pytest.raises(Refused):
        a_list(bc, startingDate="2026-02-01", endingDate="2026-01-01")


def test_the_lines_go_with_their_list_and_with_their_item_and_an_active_list_stays(bc):
    prices, item = a_list(bc, status="Active"), an_item(bc)["id"]
    bc.sim.add("priceListLines", {"priceListId": prices, "itemId": item})
    with pytest.raises(Refused):
        bc.sim.delete("priceListHeaders", prices)
    bc.sim.delete("items", item)
    assert bc.sim.all("priceListLines") == []
    bc.sim.edit("priceListHeaders", prices, status="Inactive")
    bc.sim.add("priceListLines", {"priceListId": prices, "itemId": an_item(bc)["id"]})
    bc.sim.delete("priceListHeaders", prices)
    assert bc.sim.all("priceListLines") == []


def test_the_api_only_reads_them(bc):
    prices = a_list(bc)
    bc.patch(f"priceListHeaders({prices})", {"description": "x"}, status=405)
    assert [row["code"] for row in bc.rows("priceListHeaders")] == ["SUMMER"]
