"""What a customer owes and has ordered is shown with its account (sales-documents.md S119–S121), while ACCOUNT_STATISTICS is on.

The table comes with Microsoft's solution for Sales. Amounts are in the local currency.
"""

from decimal import Decimal

from shared.core.convert import Number, Text
from shared.core.mapping import (
    Blank,
    Creates,
    Direction,
    EntityMapping,
    Feed,
    FieldMap,
    OnDelete,
    Table,
)
from shared.core.model import Side

MOST = Decimal(100_000_000_000)


def _amount(name: str, bc: str, sales: str) -> FieldMap:
    return FieldMap(
        name=name,
        bc=bc,
        sales=f"nav_{sales}",
        # Nothing owed is 0, not unknown (S119).
        converter=Number(2, least=-MOST, most=MOST, zero=True),
        direction=Direction.TO_SALES,
    )


ACCOUNT_STATISTICS = EntityMapping(
    name="account_statistics",
    title="Customer → Account statistics",
    source="sales-documents.md §6.3",
    bc=Table(name="customerStatistics"),
    sales=Table(name="nav_accountstatisticses", key="nav_accountstatisticsid"),
    direction=Direction.TO_SALES,
    depends_on=("currencies", "customers"),
    creates=Creates.ALWAYS,
    on_delete=OnDelete.RESTORE,
    switch="ACCOUNT_STATISTICS",
    rule="account_statistics",
    # All of it moves with the ledger and with orders, while the customer stands still; overdue with the day.
    volatile=True,
    daily=True,
    also_changed_by=(
        Feed(
            name="ledger",
            side=Side.BC,
            table=Table(name="detailedCustomerLedgerEntries"),
            column="customerId",
        ),
        Feed(
            name="orders_of_customers",
            side=Side.BC,
            table=Table(name="salesOrderLines"),
            column="billToCustomerId",
        ),
    ),
    extra_bc=("invoicedFromShipmentsLcy", "invoicedPrepaymentLcy", "returnsNotInvoicedLcy"),
    label_sales="nav_customerno",
    fields=(
        FieldMap(
            name="name", bc="name", sales="nav_name", converter=Text(100, 160), direction=Direction.TO_SALES
        ),
        FieldMap(
            name="number",
            bc="number",
            sales="nav_customerno",
            converter=Text(20, 20, code=True),
            direction=Direction.TO_SALES,
        ),
        # The account that was last made to lead here; Sales shows it with the account only.
        FieldMap(
            name="account",
            bc="computedAccount",
            sales="computedAccount",
            converter=Text(36, 36),
            direction=Direction.TO_SALES,
            blank=Blank.KEEP,
        ),
        _amount("balance", "balanceLcy", "balancelcy"),
        _amount("outstanding_orders", "outstandingOrdersLcy", "outstandingorderslcy"),
        _amount("shipped_not_invoiced", "shippedNotInvoicedLcy", "shippednotinvoicedlcy"),
        _amount("outstanding_invoices", "outstandingInvoicesLcy", "outstandinginvoiceslcy"),
        _amount("total", "computedTotal", "totallcy"),
        _amount("credit_limit", "creditLimitLcy", "creditlimitlcy"),
        _amount("overdue", "overdueLcy", "overdueamountslcy"),
        _amount("sales_this_year", "salesThisYearLcy", "totalsaleslcy"),
        _amount("invoiced_prepayment", "invoicedPrepaymentLcy", "invoicedprepaymentamountlcy"),
    ),
)
