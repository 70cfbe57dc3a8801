"""Lines of extended price lists are price list lines in Sales, instead of sales prices (P9, P28, H19)."""

from decimal import Decimal

from shared.core.convert import Number, Reference
from shared.core.mapping import Creates, Direction, EntityMapping, FieldMap, Match, Table, When, Where

TO_SALES = Direction.TO_SALES

PRICE_LIST_LINES = EntityMapping(
    name="price_list_lines",
    title="Price List Line → Price list line",
    source="mappings.md, PLLINE-PRODPRICE and §12; H19",
    bc=Table(name="priceListLines"),
    sales=Table(name="productpricelevels", key="productpricelevelid", bulk=False),
    direction=TO_SALES,
    depends_on=("price_lists", "items", "resources", "units_of_measure"),
    creates=Creates.ALWAYS,
    match=(
        Match(
            bc=("computedAssetId", "priceListId", "computedUnitId"),
            sales=("_productid_value", "_pricelevelid_value", "_uomscheduleid_value"),
        ),
    ),
    match_always=True,
    bc_filter=(
        Where(column="priceType", op="eq", value="Sale", reason="the price is not for sales"),
        Where(column="amountType", op="eq", value="Price", reason="the line has no price"),
        # While somebody works at a list, what was agreed last stays in Sales.
        Where(column="status", op="ne", value="Draft", reason="the price list is a draft"),
    ),
    # 1 = Currency Amount.
    constants_sales=(("pricingmethodcode", 1),),
    switch="PRICES=extended",
    rule="price_list_lines",
    # Which price is valid depends on the day; no row moves (H19, H22).
    volatile=True,
    daily=True,
    extra_bc=(
        "assetNumber",
        "itemId",
        "resourceId",
        "priceListCode",
        "lineNumber",
        "currencyId",
        "currencyCode",
        "startingDate",
        "endingDate",
        "unitOfMeasureId",
        "unitOfMeasureCode",
        "variantCode",
        "minimumQuantity",
    ),
    label_bc="assetNumber",
    fields=(
        FieldMap(
            name="price_list",
            bc="priceListId",
            sales="_pricelevelid_value",
            converter=Reference("price_lists", nav="pricelevelid", entity_set="pricelevels"),
            direction=TO_SALES,
            when=When.CREATE,
        ),
        FieldMap(
            name="product",
            bc="computedAssetId",
            sales="_productid_value",
            converter=Reference("items", nav="productid", entity_set="products", also="resources"),
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
