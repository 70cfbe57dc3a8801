"""Where Business Central keeps the prices of price lists: Sales Price, or Price List Line (mappings.md §12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.core.mapping import Table
from shared.core.model import Record, Side, Wire
from shared.rules.base import Context, Need
from shared.rules.units import blank

ITEMS = Table(name="items")
RESOURCES = Table(name="resources")
#: Sales Type "Customer Price Group", as BC writes it.
OF_GROUP = "Customer_x0020_Price_x0020_Group"
#: The key of Sales Price within one group, in BC's order.
KEY = ("itemNumber", "startingDate", "currencyCode", "variantCode", "unitOfMeasureCode", "minimumQuantity")


@dataclass(frozen=True, kw_only=True)
class Prices:
    """One way to keep prices: the columns of a price, and what it is of.

    `lists` is the mapping of the lists, `list_id` and `list_code` name a price's list; `key` is BC's order within
    a list and `where` tells the prices that count. `number` is the asset's; `assets` are the columns with its id
    and the mapping that makes it a product. A price with a greater minimum quantity than `most` is for bulk.
    """

    table: Table
    lists: str
    list_id: str
    list_code: str
    key: tuple[str, ...]
    where: tuple[tuple[str, str], ...]
    number: str
    assets: Mapping[str, tuple[str, Table]]
    most: int

    def counts(self, price: Record) -> bool:
        return all(price.values.get(column) == value for column, value in self.where)

    def asset(self, price: Record) -> tuple[str, Table, str] | None:
        """Return mapping, table and id of what a price is of; None when it is of nothing that becomes a product."""
        for column, (mapping, table) in self.assets.items():
            if not blank(price.values.get(column)):
                return mapping, table, str(price.values[column]).lower()
        return None

    def first_of(self, name: str, codes: Iterable[str]) -> Need:
        """Ask for the first price of each list: the list has its currency. A list may have any number of prices."""
        return Need(
            name=name,
            side=Side.BC,
            table=self.table,
            column=self.list_code,
            values=tuple(codes),
            first=self.key,
            where=self.where,
        )


CLASSIC = Prices(
    table=Table(name="salesPrices"),
    lists="customer_price_groups",
    list_id="customerPriceGroupId",
    list_code="salesCode",
    key=KEY,
    where=(("salesType", OF_GROUP),),
    number="itemNumber",
    assets={"itemId": ("items", ITEMS)},
    most=1,
)
EXTENDED = Prices(
    table=Table(name="priceListLines"),
    lists="price_lists",
    list_id="priceListId",
    list_code="priceListCode",
    key=("lineNumber",),
    where=(("priceType", "Sale"), ("amountType", "Price")),
    number="assetNumber",
    assets={"itemId": ("items", ITEMS), "resourceId": ("resources", RESOURCES)},
    most=0,
)


def first_price(facts: Context, name: str, code: Wire) -> Record | None:
    found = facts.rows(name, code)
    return found[0] if found else None
