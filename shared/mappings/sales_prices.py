"""Sales prices of customer price groups are price list lines in Sales (P9, P28, H19)."""

from decimal import Decimal

from shared.core.convert import Number, Reference
from shared.core.mapping import Creates, Direction, EntityMapping, FieldMap, Match, Table, When, Where

TO_SALES = Direction.TO_SALES

SALES_PRICES = EntityMapping(
    name="sales_prices",
    title="Sales Price → Price list line",
    source="mappings.md, SALESPRC-PRODPRICE and §12; H19",
    bc=Table(name="salesPrices"),
    sales=Table(name="productpricelevels", key="productpricelevelid", bulk=False),
    direction=TO_SALES,
    depends_on=("customer_price_groups", "items", "resources", "units_of_measure"),
    creates=Creates.ALWAYS,
    match=(
        Match(
            bc=("itemId", "customerPriceGroupId", "computedUnitId"),
            sales=("_productid_value", "_pricelevelid_value", "_uomscheduleid_value"),
        ),
    ),
    match_always=True,
    bc_filter=(
        Where(
            column="salesType",
            op="eq",
            value="Customer_x0020_Price_x0020_Group",
            reason="the price is not of a customer price group",
        ),
        Where(column="salesCode", op="filled", reason="the price names no price group"),
    ),
    # 1 = Currency Amount.
    constants_sales=(("pricingmethodcode", 1),),
    switch="PRICES=classic",
    rule="sales_prices",
    # Which price is valid depends on the day; no row moves (H19, H22).
    volatile=True,
    daily=True,
    extra_bc=(
        "itemNumber",
        "currencyId",
        "currencyCode",
        "startingDate",
        "endingDate",
        "unitOfMeasureId",
        "unitOfMeasureCode",
        "variantCode",
        "minimumQuantity",
    ),
    label_bc="itemNumber",
    fields=(
        FieldMap(
            name="price_list",
            bc="customerPriceGroupId",
            sales="_pricelevelid_value",
            converter=Reference("customer_price_groups", nav="pricelevelid", entity_set="pricelevels"),
            direction=TO_SALES,
            when=When.CREATE,
        ),
        FieldMap(
            name="product",
            bc="itemId",
            sales="_productid_value",
            converter=Reference("items", nav="productid", entity_set="products"),
            direction=TO_SALES,
            fixed=True,
        ),
        FieldMap(
            name="unit",
            bc="computedUnitId",
            sales="_uomscheduleid_value",
            converter=Reference("units_of_measure", nav="uomscheduleid", entity_set="uomschedules"),
            direction=TO_SALES,
            fixed=True,
        ),
        FieldMap(
            name="amount",
            bc="unitPrice",
            sales="amount",
            converter=Number(2, least=Decimal(0), most=Decimal(100_000_000_000_000), zero=True),
            direction=TO_SALES,
        ),
    ),
)
