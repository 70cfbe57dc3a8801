"""Customer price groups in Business Central are price lists in Sales (P8, P27)."""

from shared.core.convert import Reference, Text
from shared.core.mapping import Direction, EntityMapping, FieldMap, Match, Table, When

TO_SALES = Direction.TO_SALES

CUSTOMER_PRICE_GROUPS = EntityMapping(
    name="customer_price_groups",
    title="Customer Price Group → Price list",
    source="mappings.md, CUSTPRCGRP-PRICE and §12",
    bc=Table(name="customerPriceGroups"),
    sales=Table(name="pricelevels", key="pricelevelid"),
    direction=TO_SALES,
    depends_on=("currencies", "items"),
    match=(Match(bc=("code",), sales=("name",)),),
    switch="PRICES=classic",
    rule="customer_price_groups",
    label_bc="code",
    label_sales="name",
    fields=(
        FieldMap(
            name="code",
            bc="code",
            sales="name",
            converter=Text(10, 100, code=True),
            direction=TO_SALES,
            required=True,
        ),
        FieldMap(
            name="description",
            bc="description",
            sales="description",
            converter=Text(100, 2000),
            direction=TO_SALES,
            when=When.CREATE,
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
    ),
)
