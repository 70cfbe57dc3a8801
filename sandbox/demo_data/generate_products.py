"""What the made-up company sells: units, items, resources, price groups or price lists, and prices.

Item i is `I` and six digits; it depends on the seed and its own number alone. Prices come three to an item: most in
force, some from a minimum quantity on, some behind a newer one, some over, and a few for one customer or for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from sandbox.demo_data import tables, words
from sandbox.demo_data.draw import Draw
from sandbox.demo_data.ids import Ids

Row = dict[str, Any]

GROUP = "Customer_x0020_Price_x0020_Group"
ALL_CUSTOMERS = "All_x0020_Customers"
RESOURCES = 8
#: The price list of prices for all customers, which has no price group.
ALL_LIST = "ALL"
#: Lists without lines: code, text, currency, status.
_IDLE_LISTS = (("NEXTYEAR", "Being worked at", "", "Draft"), ("OLD", "Out of use", "", "Inactive"))


class Products:
    """Items 1 to `items`, and what all companies have of the rest."""

    def __init__(self, *, items: int, seed: int, ids: Ids) -> None:
        self.items = items
        self.seed = seed
        self.ids = ids
        self._numbers = range(1, items + 1)
        # An item stands on many lines; its row is never changed by who asks for it.
        self.item = lru_cache(maxsize=10_000)(self._item)
        self.resource = lru_cache(maxsize=RESOURCES)(self._resource)

    def units(self) -> list[Row]:
        return [
            {
                "id": self.ids.of("unitsOfMeasure", code),
                "code": code,
                "description": text,
                "internationalStandardCode": iso,
            }
            for code, text, iso, _ in sorted(tables.UNITS)
        ]

    def _item(self, i: int) -> Row:
        draw = Draw(self.seed, "items", str(i))
        unit = draw.one_of(("PCS", "PCS", "PCS", "PCS", "BOX", "KG", "SET"))
        kind = "Inventory" if draw.per_mille(850) else draw.one_of(("Non_x002D_Inventory", "Service"))
        price = 0 if draw.per_mille(30) else round((50 + draw.below(200_000)) / 100, 2)
        name = f"{draw.one_of(words.ITEM_HEADS)} {draw.one_of(words.ITEM_TAILS)}"
        if draw.per_mille(10):
            name = f"{name}, {_LONG}"[:100]
        inclusive = draw.per_mille(40)
        row: Row = {
            "id": self.item_id(i),
            "number": item_number(i),
            "description": name,
            "type": kind,
            "baseUnitOfMeasureId": self.ids.of("unitsOfMeasure", unit),
            "baseUnitOfMeasureCode": unit,
            "salesUnitOfMeasureId": self.ids.of("unitsOfMeasure", unit),
            "salesUnitOfMeasureCode": unit,
            "unitPrice": price,
            "unitCost": round(price * (40 + draw.below(50)) / 100, 2),
            "unitVolume": round(draw.below(3000) / 1000, 3),
            "grossWeight": round(draw.below(90_000) / 1000, 3),
            "vendorNumber": "" if draw.per_mille(500) else f"V{1 + draw.below(90):05d}",
            "vendorItemNumber": "" if draw.per_mille(700) else draw.digits("##-####/A"),
            "blocked": draw.per_mille(30),
            "priceIncludesVat": inclusive,
            "vatBusPostingGroupPrice": "DOMESTIC" if inclusive else "",
            "vatProdPostingGroup": draw.one_of(("STANDARD", "STANDARD", "STANDARD", "REDUCED", "ZERO")),
        }
        return row

    def all_items(self) -> Iterator[Row]:
        return (self.item(i) for i in self._numbers)

    def item_units(self) -> Iterator[Row]:
        """The base unit of each item, and for every third a carton of 6, 12 or 24."""
        for i in self._numbers:
            item = self.item(i)
            yield self._unit_of("itemUnitsOfMeasure", "item", item, item["baseUnitOfMeasureCode"], 1)
            per = self._carton(i)
            if per:
                yield self._unit_of("itemUnitsOfMeasure", "item", item, "CARTON", per)

    def _carton(self, i: int) -> int:
        draw = Draw(self.seed, "cartons", str(i))
        return draw.one_of((6, 12, 24)) if draw.per_mille(330) else 0

    def _unit_of(self, table: str, of: str, owner: Row, code: str, per: int) -> Row:
        return {
            "id": self.ids.of(table, owner["number"], code),
            f"{of}Id": owner["id"],
            f"{of}Number": owner["number"],
            "unitOfMeasureId": self.ids.of("unitsOfMeasure", code),
            "code": code,
            "quantityPerUnitOfMeasure": per,
        }

    def variants(self) -> Iterator[Row]:
        for i in self._numbers:
            if Draw(self.seed, "variants", str(i)).per_mille(50):
                for code, text in (("BLACK", "Black"), ("WHITE", "White")):
                    yield {
                        "id": self.ids.of("itemVariants", item_number(i), code),
                        "itemId": self.item_id(i),
                        "itemNumber": item_number(i),
                        "code": code,
                        "description": text,
                    }

    def ledger(self) -> Iterator[Row]:
        """What was bought and sold; two in a hundred items are below zero."""
        for i in self._numbers:
            if self.item(i)["type"] != "Inventory":
                continue
            draw = Draw(self.seed, "ledger", str(i))
            bought = 10 + draw.below(500)
            sold = bought + 3 if draw.per_mille(20) else draw.below(bought)
            for place, (kind, quantity) in enumerate((("Purchase", bought), ("Sale", -sold))):
                if quantity:
                    yield {
                        "id": self.ids.of("itemLedgerEntries", str(2 * i - 1 + place)),
                        "entryNumber": 2 * i - 1 + place,
                        "itemId": self.item_id(i),
                        "itemNumber": item_number(i),
                        "postingDate": f"2025-{1 + draw.below(12):02d}-15",
                        "entryType": kind,
                        "quantity": quantity,
                        "remainingQuantity": max(bought - sold, 0)
                        if kind == "Purchase"
                        else min(bought - sold, 0),
                        "open": (kind == "Purchase") == (bought > sold) and bought != sold,
                    }

    def _resource(self, i: int) -> Row:
        draw = Draw(self.seed, "resources", str(i))
        number = f"R{i:04d}"
        person = i % 4 != 0
        name = (
            f"{draw.one_of(words.FIRST_NAMES)} {draw.one_of(words.SURNAMES)}" if person else f"Lift no. {i}"
        )
        price = 40 + draw.below(90)
        return {
            "id": self.ids.of("resources", number),
            "number": number,
            "name": name,
            "type": "Person" if person else "Machine",
            "baseUnitOfMeasureId": self.ids.of("unitsOfMeasure", "HOUR"),
            "baseUnitOfMeasureCode": "HOUR",
            "unitPrice": price,
            "unitCost": round(price * 0.6, 2),
            "blocked": i == RESOURCES,
            "vatProdPostingGroup": "REDUCED",
        }

    def resources(self) -> list[Row]:
        return [self.resource(i) for i in range(1, RESOURCES + 1)]

    def resource_units(self) -> list[Row]:
        return [
            self._unit_of("resourceUnitsOfMeasure", "resource", row, code, per)
            for row in self.resources()
            for code, per in (("DAY", 8), ("HOUR", 1))
        ]

    def price_groups(self) -> list[Row]:
        return [
            {"id": self.ids.of("customerPriceGroups", code), "code": code, "description": text}
            for code, text, _ in sorted(tables.PRICE_GROUPS)
        ]

    def prices(self) -> Iterator[Row]:
        with_prices = [row for row in tables.PRICE_GROUPS if row[0] not in tables.WITHOUT_PRICES]
        for i in self._numbers:
            draw = Draw(self.seed, "prices", str(i))
            item, per, first = self.item(i), self._carton(i), draw.below(len(with_prices))
            group, _, currency = with_prices[first]
            base = max(item["unitPrice"], 1) / (tables.LCY_PER_UNIT[currency] if currency else 1)
            offer = {"startingDate": "2025-01-01", "unitPrice": _money(base * 0.9, currency)}
            kind = draw.below(100)
            if kind < 10:
                # Over: this item has no valid price in the group.
                offer |= {"endingDate": "2025-06-30"}
            elif kind < 14:
                offer |= {"startingDate": "2030-01-01"}
            elif kind < 24 and per:
                offer |= {"unit": "CARTON", "unitPrice": _money(base * per * 0.85, currency)}
            elif kind < 50:
                offer |= {"unit": item["baseUnitOfMeasureCode"]}
            yield self._price(item, group, currency, **offer)
            # The same group again: from a quantity on, or the price before that one.
            if draw.per_mille(500):
                yield self._price(
                    item, group, currency, minimumQuantity=10, startingDate="2025-01-01",
                    unitPrice=_money(base * 0.8, currency),
                )  # fmt: skip
            else:
                yield self._price(
                    item, group, currency, startingDate="2024-01-01", unitPrice=_money(base * 0.95, currency)
                )
            other, _, other_currency = with_prices[
                (first + 1 + draw.below(len(with_prices) - 1)) % len(with_prices)
            ]
            if draw.per_mille(80):
                yield self._price(item, "", "", salesType=ALL_CUSTOMERS, unitPrice=_money(base, ""))
            else:
                rate = tables.LCY_PER_UNIT[other_currency] if other_currency else 1
                price = _money(max(item["unitPrice"], 1) / rate * 0.92, other_currency)
                yield self._price(item, other, other_currency, unitPrice=price)

    def _price(self, item: Row, group: str, currency: str, *, unit: str = "", **values: Any) -> Row:
        row: Row = {
            "itemId": item["id"],
            "itemNumber": item["number"],
            "salesType": GROUP,
            "salesCode": group,
            "currencyCode": currency,
            "unitOfMeasureCode": unit,
            **values,
        }
        if group:
            row["customerPriceGroupId"] = self.ids.of("customerPriceGroups", group)
        if currency:
            row["currencyId"] = self.ids.of("currencies", currency)
        if unit:
            row["unitOfMeasureId"] = self.ids.of("unitsOfMeasure", unit)
        parts = (
            "salesType",
            "salesCode",
            "startingDate",
            "currencyCode",
            "unitOfMeasureCode",
            "minimumQuantity",
        )
        row["id"] = self.ids.of("salesPrices", item["number"], *(str(row.get(part, "")) for part in parts))
        return row

    def price_lists(self) -> list[Row]:
        """The same prices as a company with extended price calculation keeps them: a list for each price group.

        One more for all customers, one that is out of use, and one that is a draft.
        """
        kinds = {ALL_LIST: ALL_CUSTOMERS}
        lists = [*tables.PRICE_GROUPS, (ALL_LIST, "For all customers", ""), *(row[:3] for row in _IDLE_LISTS)]
        status = {code: status for code, _, _, status in _IDLE_LISTS}
        return [
            {
                "id": self.ids.of("priceListHeaders", code),
                "code": code,
                "description": text,
                "sourceType": kinds.get(code, ALL_CUSTOMERS if code in status else GROUP),
                "sourceNumber": "" if code in kinds or code in status else code,
                "priceType": "Sale",
                "amountType": "Price",
                **self._currency(currency),
                "status": status.get(code, "Active"),
            }
            for code, text, currency in sorted(lists)
        ]

    def price_list_lines(self) -> Iterator[Row]:
        """A line for each sales price, and one in RETAIL for each resource."""
        lists, lines = {row["code"]: row for row in self.price_lists()}, dict[str, int]()
        for price in self.prices():
            kept = ("unitOfMeasureId", "unitOfMeasureCode", "startingDate", "endingDate", "minimumQuantity")
            row = {name: price[name] for name in (*kept, "unitPrice") if name in price}
            asset = {"assetType": "Item", "itemId": price["itemId"], "assetNumber": price["itemNumber"]}
            yield self._line(lists[price["salesCode"] or ALL_LIST], lines, row | asset)
        for resource in self.resources():
            asset = {
                "assetType": "Resource",
                "resourceId": resource["id"],
                "assetNumber": resource["number"],
                "unitPrice": resource["unitPrice"],
            }
            yield self._line(lists["RETAIL"], lines, asset)

    def _line(self, head: Row, lines: dict[str, int], row: Row) -> Row:
        code = head["code"]
        lines[code] = number = lines.get(code, 0) + 10_000
        shared = (
            "sourceType",
            "sourceNumber",
            "priceType",
            "amountType",
            "currencyId",
            "currencyCode",
            "status",
        )
        return {
            "id": self.ids.of("priceListLines", code, str(number)),
            "priceListId": head["id"],
            "priceListCode": code,
            "lineNumber": number,
            **{name: head[name] for name in shared if name in head},
            **row,
        }

    def _currency(self, code: str) -> Row:
        return {"currencyCode": code, "currencyId": self.ids.of("currencies", code)} if code else {}

    def item_id(self, i: int) -> str:
        return self.ids.of("items", item_number(i))


def item_number(i: int) -> str:
    return f"I{i:06d}"


def _money(amount: float, currency: str) -> float:
    return max(round(amount, 0 if currency == "JPY" else 2), 0.01)


#: Long enough to fill a description.
_LONG = (
    "with all its drawers, keys, screws, an instruction in eleven languages and a place for everything in it"
)
