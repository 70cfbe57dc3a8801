"""Units and products (reference/dataverse-web-api.md sections 8 and 9, mappings.md sections 9 and 10)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.dataverse import DataverseSim
from tests.simulators.dataverse_client import (
    Catalogue,
    catalogue,
    clock,
    header,
    line,
    price,
    product,
    refusal,
    row,
    sales,
    web,
)

__all__ = ["catalogue", "clock", "sales", "web"]


def _unit(known: Catalogue, **more: Any) -> dict[str, Any]:
    return {
        "name": "PALLET",
        "quantity": 48,
        "uomscheduleid@odata.bind": f"uomschedules({known.group})",
        "baseuom@odata.bind": f"uoms({known.piece})",
        **more,
    }


# --- units (mappings.md section 9) ------------------------------------------------------------------


def test_a_unit_group_makes_its_base_unit_by_itself_and_needs_its_name(sales: DataverseSim) -> None:
    group = sales.add("uomschedules", {"name": "NAV PCS", "baseuomname": "PCS"})
    (unit,) = sales.all("uoms")
    assert (unit["name"], unit["quantity"], unit["isschedulebaseuom"]) == ("PCS", 1, True)
    assert unit["_uomscheduleid_value"] == group and unit["_baseuom_value"] is None
    assert refusal(lambda: sales.add("uomschedules", {"name": "NAV BOX"})) == (400, "0x80043810")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"quantity": None}, "0x80040203", id="no quantity"),
        pytest.param({"baseuom@odata.bind": None}, "0x80043b1c", id="no base unit"),
        pytest.param({"uomscheduleid@odata.bind": None}, "0x80043b0a", id="no group"),
    ],
)
def test_a_unit_needs_group_base_unit_and_quantity(
    sales: DataverseSim, catalogue: Catalogue, change: dict[str, Any], code: str
) -> None:
    body = {name: value for name, value in _unit(catalogue, **change).items() if value is not None}
    assert refusal(lambda: sales.add("uoms", body)) == (400, code)
    assert sales.get("uoms", sales.add("uoms", _unit(catalogue))) is not None


def test_a_base_unit_of_another_group_is_refused(sales: DataverseSim, catalogue: Catalogue) -> None:
    other = sales.add("uomschedules", {"name": "NAV HOUR", "baseuomname": "HOUR"})
    body = _unit(catalogue, **{"uomscheduleid@odata.bind": f"uomschedules({other})"})
    assert refusal(lambda: sales.add("uoms", body)) == (400, "0x80043b0b")


def test_the_name_of_a_unit_is_unique_in_its_group_only(sales: DataverseSim, catalogue: Catalogue) -> None:
    assert refusal(lambda: sales.add("uoms", _unit(catalogue, name="pcs"))) == (412, "0x80040237")
    assert refusal(lambda: sales.edit("uoms", catalogue.box, name="PCS")) == (412, "0x80040237")
    sales.add("uomschedules", {"name": "NAV PCS", "baseuomname": "PCS"})
    sales.edit("uoms", catalogue.piece, name="STK")  # a unit with another name is renamed


def test_the_base_unit_keeps_its_quantity_and_goes_only_with_its_group(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    assert refusal(lambda: sales.edit("uoms", catalogue.piece, quantity=2)) == (400, "0x80043b18")
    bound = {"baseuom@odata.bind": f"uoms({catalogue.box})"}
    assert refusal(lambda: sales.edit("uoms", catalogue.piece, **bound)) == (400, "0x80043b17")
    group = sales.add("uomschedules", {"name": "NAV HOUR", "baseuomname": "HOUR"})
    hour = next(unit["uomid"] for unit in sales.all("uoms") if unit["name"] == "HOUR")
    assert refusal(lambda: sales.delete("uoms", hour)) == (400, "0x80043b03")
    sales.delete("uomschedules", group)
    assert sales.get("uoms", hour) is None


def test_units_and_groups_in_use_are_not_deleted(sales: DataverseSim, catalogue: Catalogue) -> None:
    assert refusal(lambda: sales.delete("uomschedules", catalogue.group))[0] == 405
    sales.add("productpricelevels", price(catalogue.prices, catalogue.bike, catalogue.box, 46000))
    assert refusal(lambda: sales.delete("uoms", catalogue.box))[0] == 405


# --- products (reference section 9, "Product") --------------------------------------------------------


def test_a_new_product_is_a_draft_of_type_sales_inventory(sales: DataverseSim, catalogue: Catalogue) -> None:
    new = row(sales, "products", sales.add("products", product(catalogue.group, catalogue.piece, "1001")))
    assert (new["statecode"], new["statuscode"], new["producttypecode"]) == (2, 0, 1)
    active = product(catalogue.group, catalogue.piece, "1002", statecode=0, statuscode=1)
    assert refusal(lambda: sales.add("products", active)) == (400, "0x80048408")


def test_the_organization_can_have_products_created_active(
    sales: DataverseSim, web: httpx.Client, catalogue: Catalogue
) -> None:
    sales.edit("organizations", sales.organization_id, createproductswithoutparentinactivestate=True)
    alone = row(sales, "products", sales.add("products", product(catalogue.group, catalogue.piece, "1001")))
    assert (alone["statecode"], alone["statuscode"]) == (0, 1)
    family = sales.add("products", {"name": "Bikes", "productnumber": "F", "productstructure": 2})
    body = product(catalogue.group, catalogue.piece, "1002")
    child = sales.add("products", {**body, "parentproductid@odata.bind": f"products({family})"})
    assert row(sales, "products", child)["statecode"] == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"defaultuomscheduleid@odata.bind": None}, "0x80043b13", id="no unit group"),
        pytest.param({"defaultuomid@odata.bind": None}, "0x80043b0d", id="no default unit"),
        pytest.param({"productnumber": None}, "0x80043b05", id="no number"),
        pytest.param({"productnumber": "1000"}, "0x80043b06", id="number in use"),
        pytest.param({"producttypecode": 9}, "0x8004431a", id="unknown type"),
        pytest.param({"colour": "red"}, "0x80048d19", id="unknown property"),
    ],
)
def test_a_product_needs_a_number_of_its_own_a_group_and_a_unit(
    sales: DataverseSim, catalogue: Catalogue, change: dict[str, Any], code: str
) -> None:
    whole = {**product(catalogue.group, catalogue.piece, "1001"), **change}
    body = {name: value for name, value in whole.items() if value is not None}
    assert refusal(lambda: sales.add("products", body)) == (400, code)


def test_the_default_unit_is_of_the_group_and_the_group_never_changes(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    other = sales.add("uomschedules", {"name": "NAV HOUR", "baseuomname": "HOUR"})
    hour = next(str(unit["uomid"]) for unit in sales.all("uoms") if unit["name"] == "HOUR")
    assert refusal(lambda: sales.add("products", product(catalogue.group, hour, "1"))) == (400, "0x80043b14")
    moved = {
        "defaultuomscheduleid@odata.bind": f"uomschedules({other})",
        "defaultuomid@odata.bind": f"uoms({hour})",
    }
    assert refusal(lambda: sales.edit("products", catalogue.bike, **moved)) == (400, "0x800422FE")
    sales.edit("products", catalogue.bike, **{"defaultuomid@odata.bind": f"uoms({catalogue.box})"})


_STATUS = {0: 1, 1: 2, 2: 0, 3: 3}
_ROUTES = {0: (0,), 1: (0, 1), 2: (), 3: (0, 3)}


@pytest.mark.parametrize(
    ("was", "now"), [(was, now) for was in _STATUS for now in _STATUS], ids=lambda state: str(state)
)
def test_products_move_between_states_as_the_reference_allows(
    sales: DataverseSim, catalogue: Catalogue, was: int, now: int
) -> None:
    new = sales.add("products", product(catalogue.group, catalogue.piece, "1001"))
    for state in _ROUTES[was]:
        sales.edit("products", new, statecode=state, statuscode=_STATUS[state])
    if (was, now) in {(2, 0), (0, 1), (0, 3), (3, 0), (1, 0)}:
        sales.edit("products", new, statecode=now, statuscode=_STATUS[now])
        assert row(sales, "products", new)["statecode"] == now
    else:
        move = {"statecode": now, "statuscode": _STATUS[now]}
        assert refusal(lambda: sales.edit("products", new, **move)) == (400, "0x8004F912")


def test_a_retired_product_is_not_changed_until_it_is_active_again(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    sales.edit("products", catalogue.bike, statecode=1, statuscode=2, name="last")
    assert refusal(lambda: sales.edit("products", catalogue.bike, name="new")) == (400, "0x8004F975")
    sales.edit("products", catalogue.bike, statecode=0, statuscode=1, name="back")
    assert row(sales, "products", catalogue.bike)["name"] == "back"


def test_whether_an_active_product_takes_changes_is_a_setting(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    sales.edit("products", catalogue.bike, name="new")
    sales.environment.settings.active_products_read_only = True
    assert refusal(lambda: sales.edit("products", catalogue.bike, name="newer")) == (400, "0x8004F975")
    sales.edit("products", catalogue.bike, statecode=3, statuscode=3)
    sales.edit("products", catalogue.bike, name="newer", statecode=0, statuscode=1)


def test_a_family_is_published_with_its_products(
    sales: DataverseSim, web: httpx.Client, catalogue: Catalogue
) -> None:
    family = sales.add("products", {"name": "Bikes", "productnumber": "F", "productstructure": 2})
    body = product(catalogue.group, catalogue.piece, "1001")
    child = sales.add("products", {**body, "parentproductid@odata.bind": f"products({family})"})
    assert refusal(lambda: sales.edit("products", child, statecode=0, statuscode=1)) == (400, "0x8004F913")
    action = "Microsoft.Dynamics.CRM.PublishProductHierarchy"
    assert web.post(f"products({family})/{action}").status_code == 204
    assert [row(sales, "products", one)["statecode"] for one in (family, child)] == [0, 0]
    assert web.post(f"products({catalogue.bike})/{action}").status_code == 400


def test_deleting_a_product_takes_its_prices_but_a_sold_one_stays(
    sales: DataverseSim, catalogue: Catalogue
) -> None:
    sold = sales.add("products", product(catalogue.group, catalogue.piece, "1001"))
    sales.add("productpricelevels", price(catalogue.prices, sold, catalogue.piece, 5))
    sales.delete("products", sold)
    assert [one["productnumber"] for one in sales.all("productpricelevels")] == ["1000"]
    sales.add("salesorders", header(catalogue, order_details=[line(catalogue)]))
    assert refusal(lambda: sales.delete("products", catalogue.bike))[0] == 405


def test_the_price_list_of_a_product_is_set_by_update_only(sales: DataverseSim, catalogue: Catalogue) -> None:
    link = {"pricelevelid@odata.bind": f"pricelevels({catalogue.prices})"}
    new = sales.add("products", {**product(catalogue.group, catalogue.piece, "1001"), **link})
    assert row(sales, "products", new)["_pricelevelid_value"] is None
    sales.edit("products", new, **link)
    assert row(sales, "products", new)["_pricelevelid_value"] == catalogue.prices
    assert refusal(lambda: sales.delete("pricelevels", catalogue.prices))[0] == 405
    inactive = {"statecode": 1, "statuscode": 100002}
    assert refusal(lambda: sales.edit("pricelevels", catalogue.prices, **inactive)) == (400, "0x80043b04")
