"""Price lists of Business Central's extended price calculation are price lists in Sales (P8, P27)."""

from shared.core.convert import Day, Reference, Text
from shared.core.mapping import Direction, EntityMapping, FieldMap, Match, Table, Where

TO_SALES = Direction.TO_SALES

PRICE_LISTS = EntityMapping(
    name="price_lists",
    title="Price List Header → Price list",
    source="mappings.md, PLHEADER-PRICE and §12",
    switch="PRICES=extended",
    bc=Table(name="priceLists"),
    sales=Table(name="pricelevels", key="pricelevelid"),
    direction=TO_SALES,
    depends_on=("currencies", "items"),
    match=(Match(bc=("code",), sales=("name",)),),
    bc_filter=(
        Where(column="priceType", op="eq", value="Sale", reason="the price list is not for sales"),
        Where(column="amountType", op="eq", value="Price", reason="the price list is not of prices alone"),
        Where(
            column="allowUpdatingDefaults",
            op="eq",
            value=False,
            reason="the price list lets its lines have other defaults",
        ),
        Where(column="status", op="ne", value="Draft", reason="the price list is a draft"),
    ),
    rule="price_lists",
    label_bc="code",
    label_sales="name",
    notes=("State, on creation: active when the list is active in BC, else inactive (mappings.md §12).",),
    fields=(
        FieldMap(
            name="code",
            bc="code",
            sales="name",
            converter=Text(20, 100, code=True),
            direction=TO_SALES,
            required=True,
        ),
        FieldMap(
            name="description",
            bc="description",
            sales="description",
            converter=Text(250, 2000),
            direction=TO_SALES,
        ),
        # That of its first line, whatever the header says; a list never changes it (mappings.md §12).
        FieldMap(
            name="currency",
            bc="computedCurrencyId",
            sales="_transactioncurrencyid_value",
            converter=Reference(
                "currencies",
                nav="transactioncurrencyid",
                entity_set="transactioncurrencies",
                local_currency=True,
            ),
            direction=TO_SALES,
            fixed=True,
        ),
        FieldMap(
            name="starting_date", bc="startingDate", sales="begindate", converter=Day(), direction=TO_SALES
        ),
        FieldMap(name="ending_date", bc="endingDate", sales="enddate", converter=Day(), direction=TO_SALES),
    ),
)
