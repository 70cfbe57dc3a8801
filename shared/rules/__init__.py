"""Rules that are logic, not mapping: by the name that a mapping gives."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.rules.account_statistics import AccountStatistics
from shared.rules.base import Context, Need, Rule, Steps
from shared.rules.currencies import Currencies
from shared.rules.customers import WithCurrency
from shared.rules.notes import Notes
from shared.rules.opportunities import Opportunities
from shared.rules.own_units import KINDS, OwnUnits, UnitGroups
from shared.rules.posted_sales_invoices import PostedSalesInvoices
from shared.rules.price_groups import PriceGroups, PriceLists
from shared.rules.prices import CLASSIC, EXTENDED
from shared.rules.products import Products
from shared.rules.sales_orders import SalesOrders, SalesOrdersWithPosts
from shared.rules.sales_prices import SalesPrices
from shared.rules.sales_quotes import SalesQuotes
from shared.rules.units import UnitsOfMeasure

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "currencies": Currencies(),
        "customers": WithCurrency(),
        "contacts": WithCurrency(),
        "opportunities": Opportunities(),
        "posted_sales_invoices": PostedSalesInvoices(),
        "units_of_measure": UnitsOfMeasure(),
        **{kind.groups: UnitGroups(kind) for kind in KINDS.values()},
        **{kind.units: OwnUnits(kind) for kind in KINDS.values()},
        "items": Products("inventory"),
        "resources": Products("capacity"),
        "customer_price_groups": PriceGroups(CLASSIC),
        "sales_prices": SalesPrices(CLASSIC),
        "price_lists": PriceLists(EXTENDED),
        "price_list_lines": SalesPrices(EXTENDED),
        "sales_orders": SalesOrders(),
        "sales_orders_with_posts": SalesOrdersWithPosts(),
        "sales_quotes": SalesQuotes(),
        "account_statistics": AccountStatistics(),
        "order_notes": Notes("order", "sales_orders", "salesOrders", "objectid_salesorder", "salesorders"),
        "quote_notes": Notes("quote", "sales_quotes", "salesQuotes", "objectid_quote", "quotes"),
    }
)

__all__ = ["RULES", "Context", "Need", "Rule", "Steps"]
