"""Quotes of Sales become quotes in Business Central, and are archived there once they are orders (S63–S76)."""

from shared.core.convert import Boolean, Choice, Text
from shared.core.mapping import (
    Blank,
    Creates,
    Direction,
    EntityMapping,
    Feed,
    FieldMap,
    OnDelete,
    Table,
    When,
)
from shared.core.model import Side
from shared.mappings.sales_documents import COLUMNS
from shared.mappings.sales_orders import SALES_ORDERS

SALES_QUOTES = EntityMapping(
    name="sales_quotes",
    title="Sales quote ← Quote",
    source="sales-documents.md §2",
    bc=Table(name="salesQuotes"),
    sales=Table(name="quotes", key="quoteid"),
    direction=Direction.FROM_SALES,
    document=True,
    switch="SALES_QUOTES",
    depends_on=SALES_ORDERS.depends_on,
    creates=Creates.ALWAYS,
    on_delete=OnDelete.UNCOUPLE,
    rule="sales_quotes",
    also_changed_by=(
        Feed(
            name="orders_of_quotes",
            side=Side.SALES,
            table=Table(name="salesorders", key="salesorderid"),
            column="_quoteid_value",
        ),
    ),
    extra_bc=("status",),
    extra_sales=(*COLUMNS, "quotenumber", "revisionnumber", "effectiveto"),
    label_sales="quotenumber",
    fields=(
        FieldMap(
            name="number",
            bc="yourReference",
            sales="quotenumber",
            converter=Text(35, 100, cut=True),
            direction=Direction.FROM_SALES,
            when=When.CREATE,
        ),
        FieldMap(
            name="number_in_bc",
            bc="number",
            sales="computedNumberInBc",
            converter=Text(20, 20, code=True),
            direction=Direction.TO_SALES,
            when=When.CREATE,
            blank=Blank.KEEP,
            state=True,
        ),
        FieldMap(
            name="accepted",
            bc="quoteAccepted",
            sales="computedWon",
            converter=Boolean(),
            direction=Direction.FROM_SALES,
            when=When.UPDATE,
        ),
        # How far a won quote is, as last written: released, or archived because its order is in BC.
        FieldMap(
            name="stage",
            bc="computedStage",
            sales="computedStage",
            converter=Choice((("released", "released", 1), ("ordered", "ordered", 2))),
            direction=Direction.FROM_SALES,
            when=When.UPDATE,
        ),
    ),
)
