"""Items in Business Central are products of type Sales Inventory in Sales (P6, P24)."""

from decimal import Decimal

from shared.core.convert import InUse, Number, Reference, Text
from shared.core.mapping import Blank, Direction, EntityMapping, Feed, FieldMap, Match, Table, When, Where
from shared.core.model import Side

TO_SALES = Direction.TO_SALES
MOST = Decimal(1_000_000_000_000)
MOST_QUANTITY = Decimal(1_000_000_000)

ITEMS = EntityMapping(
    name="items",
    title="Item ↔ Product",
    source="mappings.md, ITEM-PRODUCT and §9–§11; sales-documents.md §6.2",
    bc=Table(name="items"),
    sales=Table(name="products", key="productid"),
    direction=Direction.BOTH,
    depends_on=("units_of_measure", "currencies"),
    match=(Match(bc=("number",), sales=("productnumber",)),),
    bc_filter=(Where(column="blocked", op="eq", value=False, reason="the item is blocked"),),
    sales_filter=(
        Where(
            column="producttypecode", op="eq", value=1, reason="the product is not of type Sales Inventory"
        ),
        Where(column="productstructure", op="eq", value=1, reason="the product is a family or a bundle"),
        Where(column="statecode", op="eq", value=0, reason="the product is not active"),
    ),
    # 1 = Sales Inventory; 1 = Product, neither family nor bundle.
    constants_sales=(("producttypecode", 1), ("productstructure", 1)),
    rule="items",
    template_column="templateCode",
    # Inventory is a sum over the item ledger: the item's row stands still (H22, S116, S117).
    volatile=True,
    also_changed_by=(
        Feed(
            name="item_ledger_entries",
            side=Side.BC,
            table=Table(name="itemLedgerEntries"),
            column="itemId",
        ),
    ),
    extra_bc=("unitPrice", "inventory", "baseUnitOfMeasureCode"),
    extra_sales=("_pricelevelid_value", "_defaultuomid_value"),
    label_sales="productnumber",
    fields=(
        FieldMap(
            name="number",
            bc="number",
            sales="productnumber",
            converter=Text(20, 100, code=True),
            direction=TO_SALES,
            required=True,
        ),
        FieldMap(name="description", bc="description", sales="name", converter=Text(100, 100)),
        FieldMap(
            name="price",
            bc="computedPrice",
            sales="price",
            converter=Number(2, least=Decimal(0), most=MOST, zero=True),
            direction=TO_SALES,
        ),
        # The product's line in the default price list, written with the product (P24, H16).
        FieldMap(
            name="list_price",
            bc="computedPrice",
            sales="computedListPrice",
            converter=Number(2, least=Decimal(0), most=MOST),
            direction=TO_SALES,
        ),
        FieldMap(
            name="standard_cost",
            bc="unitCost",
            sales="standardcost",
            converter=Number(2, least=Decimal(0), most=MOST),
            direction=TO_SALES,
        ),
        FieldMap(
            name="current_cost",
            bc="unitCost",
            sales="currentcost",
            converter=Number(2, least=Decimal(0), most=MOST),
            direction=TO_SALES,
        ),
        FieldMap(
            name="volume",
            bc="unitVolume",
            sales="stockvolume",
            converter=Number(2, least=Decimal(0), most=MOST_QUANTITY),
            direction=TO_SALES,
        ),
        FieldMap(
            name="weight",
            bc="grossWeight",
            sales="stockweight",
            converter=Number(2, least=Decimal(0), most=MOST_QUANTITY),
            direction=TO_SALES,
        ),
        FieldMap(
            name="vendor_item_number",
            bc="vendorItemNumber",
            sales="vendorpartnumber",
            converter=Text(50, 100),
            direction=TO_SALES,
        ),
        FieldMap(
            name="vendor",
            bc="vendorNumber",
            sales="vendorid",
            converter=Text(20, 100, code=True),
            direction=TO_SALES,
        ),
        FieldMap(
            name="quantity_on_hand",
            bc="computedQuantity",
            sales="quantityonhand",
            converter=Number(2, least=Decimal(0), most=MOST_QUANTITY, zero=True),
            direction=TO_SALES,
        ),
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
        ),
        # Sales does not let a product change its unit group (dataverse-web-api.md §8, 0x800422FE).
        FieldMap(
            name="base_unit",
            bc="baseUnitOfMeasureId",
            sales="_defaultuomscheduleid_value",
            converter=Reference("units_of_measure", nav="defaultuomscheduleid", entity_set="uomschedules"),
            fixed=True,
        ),
        # Blocked ↔ Retired; both ways, and outside the filter too (mappings.md §10, H24).
        FieldMap(
            name="in_use",
            bc="blocked",
            sales="statecode",
            converter=InUse(used=(False, 0, 1), retired=(True, 1, 2)),
            when=When.UPDATE,
            blank=Blank.KEEP,
            state=True,
        ),
    ),
)
