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
    "customer_price_groups": ("customerPriceGroups", "pricelevels", "pricelevelid"),
    "sales_prices": ("salesPrices", "productpricelevels", "productpricelevelid"),
}


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

    def coupled(self, mapping: str, bc_id: object) -> str | None:
        return self.couplings.get(mapping, {}).get(str(bc_id or "").lower())

    @cached_property
    def _lines(self) -> Mapping[tuple[object, object], list[Mapping[str, Any]]]:
        found: dict[tuple[object, object], list[Mapping[str, Any]]] = {}
        for row in self.sales["sales_prices"].values():
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
        for row in found.sales["sales_prices"].values()
    )
    result.differences += [
        f"sales_prices: {count} prices of product {product} in list {of}"
        for (of, product, _), count in prices.items()
        if count > 1
    ]
    for name in TABLES:
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
            label = bc.get("number") or bc.get("code") or f"price of {bc.get('itemNumber')}"
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
    return [
        ("amount", cents(bc["unitPrice"]), cents(sales["amount"])),
        (
            "price list",
            found.coupled("customer_price_groups", bc["customerPriceGroupId"]),
            sales["_pricelevelid_value"],
        ),
        ("product", found.coupled("items", bc["itemId"]), sales["_productid_value"]),
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
    if name != "sales_prices":
        return list(rows)
    best: dict[tuple[str, str, str], tuple[str, str]] = {}
    for i, row in rows.items():
        if not _applies(found, row):
            continue
        key = (row["customerPriceGroupId"].lower(), row["itemId"].lower(), _unit(found, row))
        # The latest start wins; prices that start together are one line too.
        if key not in best or row["startingDate"] > best[key][0]:
            best[key] = (row["startingDate"], i)
    coupled = {
        (r["customerPriceGroupId"].lower(), r["itemId"].lower(), _unit(found, r)): r["startingDate"]
        for i in found.couplings.get(name, {})
        if (r := rows.get(i)) is not None
    }
    return [i for key, (start, i) in best.items() if coupled.get(key) != start]


def _applies(found: Catalogue, row: Mapping[str, Any]) -> bool:
    """Say whether a price shows in Sales today: of a group, no variant, from one piece on, in its days."""
    today, start, end = found.today.isoformat(), row["startingDate"], row["endingDate"]
    in_time = start <= today and (end.startswith("0001") or end >= today)
    plain = not row["variantCode"] and row["minimumQuantity"] <= 1
    return bool(row["salesType"] == OF_GROUP and row["salesCode"] and plain and in_time)


def _unit(found: Catalogue, price: Mapping[str, Any]) -> str:
    own = str(price["unitOfMeasureId"]).lower()
    item = found.bc["items"].get(str(price["itemId"]).lower(), {})
    return own if own != ZERO else str(item.get("baseUnitOfMeasureId") or ZERO).lower()


def cents(value: Any) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def today() -> date:
    return datetime.now(UTC).date()
