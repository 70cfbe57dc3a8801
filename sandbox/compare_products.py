"""The product half of the independent comparison: unit groups, products, price lists and their lines.

Written from mappings.md §9–§12 and the hard case of price lines, not from the product.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any, Protocol

from sandbox.demo_data.order_setup import WRITE_IN

ZERO = "00000000-0000-0000-0000-000000000000"
OF_GROUP = "Customer_x0020_Price_x0020_Group"
Rows = Mapping[str, Mapping[str, Any]]
#: mapping → (BC set, Sales set, Sales key)
TABLES = {
    "units_of_measure": ("unitsOfMeasure", "uomschedules", "uomscheduleid"),
    "items": ("items", "products", "productid"),
    "resources": ("resources", "products", "productid"),
}
CLASSIC = {
    "customer_price_groups": ("customerPriceGroups", "pricelevels", "pricelevelid"),
    "sales_prices": ("salesPrices", "productpricelevels", "productpricelevelid"),
}
EXTENDED = {
    "price_lists": ("priceListHeaders", "pricelevels", "pricelevelid"),
    "price_list_lines": ("priceListLines", "productpricelevels", "productpricelevelid"),
}


def tables(extended: bool) -> dict[str, tuple[str, str, str]]:
    """Return the tables to compare: prices are kept in one of two ways."""
    return TABLES | (EXTENDED if extended else CLASSIC)


class Result(Protocol):
    compared: Counter[str]
    coupled: Counter[str]
    differences: list[str]


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Both sides' rows of the tables above, the units, and what is coupled or held with a reason."""

    bc: Mapping[str, Rows]
    sales: Mapping[str, Rows]
    units: Rows
    couplings: Mapping[str, Mapping[str, str]]
    held: set[tuple[str, str, str]]
    #: Sales id of the local currency.
    local: str | None
    today: date
    #: Prices are lines of price lists, not sales prices of price groups.
    extended: bool = False

    @property
    def lists(self) -> str:
        return "price_lists" if self.extended else "customer_price_groups"

    @property
    def prices(self) -> str:
        return "price_list_lines" if self.extended else "sales_prices"

    def coupled(self, mapping: str, bc_id: object) -> str | None:
        return self.couplings.get(mapping, {}).get(str(bc_id or "").lower())

    @cached_property
    def _lines(self) -> Mapping[tuple[object, object], list[Mapping[str, Any]]]:
        found: dict[tuple[object, object], list[Mapping[str, Any]]] = {}
        for row in self.sales[self.prices].values():
            found.setdefault((row["_productid_value"], row["_pricelevelid_value"]), []).append(row)
        return found

    def lines(self, product: str, price_list: object) -> list[Mapping[str, Any]]:
        return self._lines.get((product, price_list), [])

    @cached_property
    def _units(self) -> Mapping[object, list[Mapping[str, Any]]]:
        found: dict[object, list[Mapping[str, Any]]] = {}
        for row in self.units.values():
            found.setdefault(row["_uomscheduleid_value"], []).append(row)
        return found

    def units_of(self, group: str) -> list[Mapping[str, Any]]:
        return self._units.get(group, [])


def compare_products(found: Catalogue, result: Result) -> None:
    """Compare every coupled pair and see that what is in scope is coupled or held with a reason."""
    prices = Counter(
        tuple(row[c] for c in ("_pricelevelid_value", "_productid_value", "_uomid_value"))
        for row in found.sales[found.prices].values()
    )
    result.differences += [
        f"{found.prices}: {count} prices of product {product} in list {of}"
        for (of, product, _), count in prices.items()
        if count > 1
    ]
    for name in tables(found.extended):
        pairs = found.couplings.get(name, {})
        result.coupled[name] = len(pairs)
        twice = [i for i, count in Counter(pairs.values()).items() if count > 1]
        result.differences += [f"{name}: Sales record {i} is coupled several times" for i in twice]
        for bc_id, sales_id in pairs.items():
            if (name, "bc", bc_id) in found.held:
                continue
            bc, sales = found.bc[name].get(bc_id), found.sales[name].get(sales_id)
            if bc is None or sales is None:
                result.differences.append(f"{name}: coupling {bc_id} points to a record that is gone")
                continue
            label = bc.get("number") or bc.get("code") or f"price of {_number(bc)}"
            for column, one, other in _values(name, found, bc, sales_id, sales):
                result.compared[name] += 1
                if one != other:
                    result.differences.append(f"{name} {label}: {column} differs: {one} and {other}")
        result.differences += [
            f"{name}: BC record {found.bc[name][i].get('number') or found.bc[name][i].get('code') or i} "
            "is neither coupled nor held"
            for i in _in_scope(name, found)
            if i not in pairs and (name, "bc", i) not in found.held
        ]


def _values(
    name: str, found: Catalogue, bc: Mapping[str, Any], sales_id: str, sales: Mapping[str, Any]
) -> list[tuple[str, object, object]]:
    """Return (what, value of BC, value of Sales) of one pair."""
    match name:
        case "units_of_measure":
            units = found.units_of(sales_id)
            return [
                ("name", f"NAV {bc['code']}", sales["name"]),
                ("its units", [(bc["code"], 1)], [(u["name"], cents(u["quantity"])) for u in units]),
            ]
        case "items" | "resources":
            return _product(name, found, bc, sales_id, sales)
        case "customer_price_groups":
            return [("name", bc["code"], sales["name"].upper())]
        case "price_lists":
            return [
                ("name", bc["code"], sales["name"].upper()),
                ("description", bc["description"].strip() or None, sales["description"]),
                ("state", 0 if bc["status"] == "Active" else 1, sales["statecode"]),
            ]
    kind, asset = _asset(bc)
    return [
        ("amount", cents(bc["unitPrice"]), cents(sales["amount"])),
        ("price list", found.coupled(found.lists, _list(bc)), sales["_pricelevelid_value"]),
        ("product", found.coupled(kind, asset), sales["_productid_value"]),
        ("unit", found.coupled("units_of_measure", _unit(found, bc)), sales["_uomscheduleid_value"]),
        ("method", 1, sales["pricingmethodcode"]),
    ]


def _product(
    name: str, found: Catalogue, bc: Mapping[str, Any], sales_id: str, sales: Mapping[str, Any]
) -> list[tuple[str, object, object]]:
    values: list[tuple[str, object, object]] = [
        ("state", 1 if bc["blocked"] else 0, sales["statecode"]),
    ]
    if bc["blocked"]:
        return values
    price, lines = cents(max(bc["unitPrice"], 0)), found.lines(sales_id, sales["_pricelevelid_value"])
    quantity = bc["inventory" if name == "items" else "capacity"]
    return [
        *values,
        ("number", bc["number"], sales["productnumber"]),
        ("name", bc["description" if name == "items" else "name"].strip() or None, sales["name"]),
        ("type", 1 if name == "items" else 3, sales["producttypecode"]),
        ("price", price, cents(sales["price"])),
        ("line of the default price list", [price], [cents(row["amount"]) for row in lines]),
        ("standard cost", cents(bc["unitCost"]), cents(sales["standardcost"])),
        ("current cost", cents(bc["unitCost"]), cents(sales["currentcost"])),
        ("quantity on hand", cents(max(quantity, 0)), cents(sales["quantityonhand"])),
        ("vendor", bc["vendorNumber"] or None, sales["vendorid"]),
        ("currency", found.local, sales["_transactioncurrencyid_value"]),
        (
            "unit group",
            found.coupled("units_of_measure", bc["baseUnitOfMeasureId"]),
            sales["_defaultuomscheduleid_value"],
        ),
    ]


def _in_scope(name: str, found: Catalogue) -> list[str]:
    rows = found.bc[name]
    if name in ("items", "resources"):
        return [i for i, r in rows.items() if not r["blocked"] and r["number"] != WRITE_IN]
    if name == "price_lists":
        wanted = {"priceType": "Sale", "amountType": "Price", "allowUpdatingDefaults": False}
        return [i for i, r in rows.items() if r["status"] != "Draft" and wanted.items() <= r.items()]
    if name != found.prices:
        return list(rows)
    best: dict[tuple[str, str, str], tuple[str, str]] = {}
    for i, row in rows.items():
        if not _applies(found, row):
            continue
        key = _identity(found, row)
        # The latest start wins; prices that start together are one line too.
        if key not in best or row["startingDate"] > best[key][0]:
            best[key] = (row["startingDate"], i)
    coupled = {
        _identity(found, r): r["startingDate"]
        for i in found.couplings.get(name, {})
        if (r := rows.get(i)) is not None
    }
    return [i for key, (start, i) in best.items() if coupled.get(key) != start]


def _applies(found: Catalogue, row: Mapping[str, Any]) -> bool:
    """Say whether a price shows in Sales today: of a list, no variant, not for bulk alone, in its days."""
    today, start, end = found.today.isoformat(), row["startingDate"], row["endingDate"]
    if not (start <= today and (end.startswith("0001") or end >= today)) or row["variantCode"]:
        return False
    if found.extended:
        of_list = (row["priceType"], row["amountType"]) == ("Sale", "Price") and row["status"] != "Draft"
        return bool(of_list and _asset(row)[0] and row["minimumQuantity"] == 0)
    return bool(row["salesType"] == OF_GROUP and row["salesCode"] and row["minimumQuantity"] <= 1)


def _identity(found: Catalogue, price: Mapping[str, Any]) -> tuple[str, str, str]:
    return _list(price), _asset(price)[1], _unit(found, price)


def _list(price: Mapping[str, Any]) -> str:
    return str(price.get("priceListId") or price.get("customerPriceGroupId")).lower()


def _asset(price: Mapping[str, Any]) -> tuple[str, str]:
    """Return the mapping of what is priced, and its id; both are blank for what is neither item nor resource."""
    for kind, column in (("items", "itemId"), ("resources", "resourceId")):
        if (id := str(price.get(column) or ZERO).lower()) != ZERO:
            return kind, id
    return "", ""


def _number(price: Mapping[str, Any]) -> object:
    return price.get("itemNumber") or price.get("assetNumber")


def _unit(found: Catalogue, price: Mapping[str, Any]) -> str:
    own, (kind, id) = str(price["unitOfMeasureId"]).lower(), _asset(price)
    asset = found.bc[kind].get(id, {}) if kind else {}
    return own if own != ZERO else str(asset.get("baseUnitOfMeasureId") or ZERO).lower()


def cents(value: Any) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def today() -> date:
    return datetime.now(UTC).date()
