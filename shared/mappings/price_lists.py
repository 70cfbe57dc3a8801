"""Price lists of extended price calculation are price lists in Sales, instead of customer price groups (P8, P27)."""

from shared.core.convert import Day, InUse, Reference, Text
from shared.core.mapping import Blank, Direction, EntityMapping, FieldMap, Match, Table, When, Where

TO_SALES = Direction.TO_SALES

PRICE_LISTS = EntityMapping(
    name="price_lists",
    title="Price List Header → Price list",
    source="mappings.md, PLHEADER-PRICE and §12",
    bc=Table(name="priceListHeaders"),
    sales=Table(name="pricelevels", key="pricelevelid"),
    direction=TO_SALES,
    depends_on=("currencies", "items"),
    match=(Match(bc=("code",), sales=("name",)),),
    bc_filter=(
        Where(column="priceType", op="eq", value="Sale", reason="the price list is not for sales"),
        Where(column="amountType", op="eq", value="Price", reason="the price list is not of prices"),
        Where(
            column="allowUpdatingDefaults",
            op="eq",
            value=False,
            reason="the price list lets its lines have defaults of their own",
        ),
        Where(column="status", op="ne", value="Draft", reason="the price list is a draft"),
    ),
    switch="PRICES=extended",
    rule="price_lists",
    label_bc="code",
    label_sales="name",
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
        # A list never changes its currency (mappings.md §12).
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
        # 100001 = Active, 100002 = Inactive.
        FieldMap(
            name="active",
            bc="status",
            sales="statecode",
            converter=InUse(used=("Active", 0, 100_001), retired=("Inactive", 1, 100_002)),
            direction=TO_SALES,
            when=When.UPDATE,
            blank=Blank.KEEP,
            state=True,
        ),
    ),
)
