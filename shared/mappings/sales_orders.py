"""Submitted sales orders of Sales become sales orders in Business Central (P42–P46).

An order goes over whole, with its lines, in one transaction, and once: `shared/rules/sales_orders.py` says
when, `shared/rules/sales_documents` what is in it. The fields here are what the two keep of each other.
"""

from shared.core.convert import Choice, Converter, Day, Option, Text
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


def _told(name: str, bc: str, sales: str, converter: Converter) -> FieldMap:
    """Return a field that BC tells Sales of an order that was made: never of a new one."""
    return FieldMap(
        name=name,
        bc=bc,
        sales=sales,
        converter=converter,
        direction=Direction.TO_SALES,
        when=When.UPDATE,
        state=True,
    )


def _address(name: str, bc: str, sales: str) -> tuple[FieldMap, ...]:
    return (
        _told(f"{name}_name", f"{bc}Name", f"{sales}_name", Text(100, 200)),
        _told(f"{name}_address", f"{bc}Address", f"{sales}_line1", Text(100, 250)),
        _told(f"{name}_address_2", f"{bc}Address2", f"{sales}_line2", Text(50, 250)),
        _told(f"{name}_city", f"{bc}City", f"{sales}_city", Text(30, 80)),
        _told(f"{name}_country", f"{bc}CountryRegionCode", f"{sales}_country", Text(10, 80, code=True)),
        _told(f"{name}_post_code", f"{bc}PostCode", f"{sales}_postalcode", Text(20, 20, code=True)),
        _told(f"{name}_county", f"{bc}County", f"{sales}_stateorprovince", Text(30, 50)),
    )


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
        "price_lists",
        "price_list_lines",
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
    extra_bc=("completelyShipped", "shipped", "status"),
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
        # What people had written in it, so that an edit after it went over is told.
        FieldMap(
            name="said",
            bc="computedSaid",
            sales="computedSaid",
            converter=Text(64, 64),
            direction=Direction.FROM_SALES,
            when=When.CREATE,
        ),
        # All that was sent, while ORDER_EDITS is on, so that an edit is told column by column from one in BC.
        FieldMap(
            name="sent",
            bc="computedSent",
            sales="computedSent",
            converter=Text(100_000, 100_000),
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
        # What people change in BC of an order that is released there (S95), while ORDER_UPDATES is on.
        *_address("ship_to", "shipTo", "shipto"),
        *_address("bill_to", "billTo", "billto"),
        _told("shipped_on", "lastShipmentDate", "datefulfilled", Day()),
        _told("requested_delivery", "requestedDeliveryDate", "requestdeliveryby", Day()),
        _told("shipping_agent", "shippingAgentId", "shippingmethodcode", Option("shipping_agents")),
        _told("payment_terms", "paymentTermsId", "paymenttermscode", Option("payment_terms")),
        # How far it is, as last told on its timeline (S91), while ORDER_POSTS is on.
        _told("news", "computedNews", "computedNews", Text(200, 200)),
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
