"""Where Business Central keeps the prices that Sales shows: of the classic and of the extended calculation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.core.convert import ZERO_GUID
from shared.core.mapping import Table
from shared.core.model import Record, Side, Wire
from shared.rules.base import Context, Need

#: Sales Type "Customer Price Group", as BC writes it.
OF_GROUP = "Customer_x0020_Price_x0020_Group"
ITEMS = Table(name="items")
RESOURCES = Table(name="resources")
HEADERS = Table(name="priceLists")


@dataclass(frozen=True, kw_only=True)
class Prices:
    """A table of prices by its columns; dates, unit, variant, currency, quantity and price are called alike in all."""

    table: Table
    #: The mapping of the lists, and the columns that name a price's list.
    lists: str
    list_id: str
    list_code: str
    #: The columns that name what is priced, and the tables, each the name of a mapping too, it may be in.
    asset_id: str
    asset_number: str
    assets: tuple[Table, ...]
    #: What holds for every price that counts.
    where: tuple[tuple[str, Wire], ...]
    #: The key within one list, in BC's order.
    key: tuple[str, ...]
    #: A price from more than this on is none for Sales, which has no quantity breaks here.
    least_quantity: int

    def counts(self, price: Record) -> bool:
        return all(price.values.get(column) == value for column, value in self.where)

    def first_of(self, name: str, codes: Iterable[str]) -> Need:
        """Ask for the first price of each list, whose currency the list has. One may have any number of prices."""
        return Need(
            name=name,
            side=Side.BC,
            table=self.table,
            column=self.list_code,
            values=tuple(codes),
            first=self.key,
            where=self.where,
        )

    def asset(self, price: Record, facts: Context) -> Record | None:
        """Return the item or resource of a price, where it was read."""
        id = price.values.get(self.asset_id)
        return next((row for t in self.assets if (row := facts.row(t.name, id)) is not None), None)


CLASSIC = Prices(
    table=Table(name="salesPrices"),
    lists="customer_price_groups",
    list_id="customerPriceGroupId",
    list_code="salesCode",
    asset_id="itemId",
    asset_number="itemNumber",
    assets=(ITEMS,),
    where=(("salesType", OF_GROUP),),
    key=("itemNumber", "startingDate", "currencyCode", "variantCode", "unitOfMeasureCode", "minimumQuantity"),
    least_quantity=1,
)
EXTENDED = Prices(
    table=Table(name="priceListLines"),
    lists="price_lists",
    list_id="priceListId",
    list_code="priceListCode",
    asset_id="assetId",
    asset_number="assetNumber",
    assets=(ITEMS, RESOURCES),
    where=(("priceType", "Sale"), ("amountType", "Price")),
    key=("lineNumber",),
    least_quantity=0,
)


def first_price(facts: Context, name: str, code: Wire) -> Record | None:
    found = facts.rows(name, code)
    return found[0] if found else None


def currency_id(price: Record | None) -> Wire:
    """Return the currency of a list whose first price this is: the local one where it is blank, or there is none."""
    return price.values.get("currencyId") if price is not None else ZERO_GUID
