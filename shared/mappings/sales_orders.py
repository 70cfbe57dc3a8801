"""Submitted sales orders of Sales become sales orders in Business Central (P42–P46).

An order goes over whole, with its lines, in one transaction, and once: `shared/rules/sales_orders.py` says
when, `shared/rules/sales_documents` what is in it. The fields here are what the two keep of each other.
"""

from shared.core.convert import Choice, Day, Text
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
    Where,
)
from shared.core.model import Side
from shared.mappings.sales_documents import COLUMNS

SALES_ORDERS = EntityMapping(
    name="sales_orders",
    title="Sales order ← Sales order",
    source="sales-documents.md §1, §4",
    bc=Table(name="salesOrders"),
    sales=Table(name="salesorders", key="salesorderid"),
    direction=Direction.FROM_SALES,
    document=True,
    switch="SALES_ORDERS",
    depends_on=(
        "currencies",
        "payment_terms",
        "shipment_methods",
        "shipping_agents",
        "customers",
        "contacts",
        "items",
        "resources",
        "customer_price_groups",
        "sales_prices",
    ),
    creates=Creates.ALWAYS,
    on_delete=OnDelete.UNCOUPLE,
    sales_filter=(Where(column="statecode", op="eq", value=1, reason="the order is not submitted"),),
    rule="sales_orders",
    # Invoicing moves the lines; the order's row may stand still.
    volatile=True,
    also_changed_by=(
        Feed(
            name="sales_order_lines",
            side=Side.BC,
            table=Table(name="salesOrderLines"),
            column="documentId",
        ),
    ),
    extra_bc=("completelyShipped",),
    extra_sales=(*COLUMNS, "ordernumber", "_quoteid_value"),
    label_sales="ordernumber",
    fields=(
        FieldMap(
            name="number",
            bc="yourReference",
            sales="ordernumber",
            converter=Text(35, 100, cut=True),
            direction=Direction.FROM_SALES,
            when=When.CREATE,
        ),
        # What was sent, so that an edit before the stamp is noticed: nobody is told that it was taken.
        FieldMap(
            name="content",
            bc="computedContent",
            sales="computedContent",
            converter=Text(64, 64),
            direction=Direction.FROM_SALES,
            when=When.CREATE,
        ),
        # Remembered, so that an order that is gone is found among the posted invoices.
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
        # The day on which it went to the back office (S57); taken away when the order is deleted in BC (S60).
        FieldMap(
            name="submitted",
            bc="computedSubmitted",
            sales="lastbackofficesubmit",
            converter=Day(),
            direction=Direction.TO_SALES,
            when=When.UPDATE,
            blank=Blank.KEEP,
            state=True,
        ),
        # Only "invoiced" is ever written (S94).
        FieldMap(
            name="status",
            bc="computedStatus",
            sales="statuscode",
            converter=Choice(
                (
                    ("new", "new", 1),
                    ("pending", "pending", 2),
                    ("in progress", "in progress", 3),
                    ("no money", "no money", 4),
                    ("complete", "complete", 100_001),
                    ("partial", "partial", 100_002),
                    ("invoiced", "invoiced", 100_003),
                )
            ),
            direction=Direction.TO_SALES,
            when=When.UPDATE,
            blank=Blank.KEEP,
            state=True,
        ),
    ),
)
