"""Every mapping, each after those it depends on."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.core.mapping import EntityMapping, in_order
from shared.mappings.account_statistics import ACCOUNT_STATISTICS
from shared.mappings.contacts import CONTACTS
from shared.mappings.currencies import CURRENCIES
from shared.mappings.customer_price_groups import CUSTOMER_PRICE_GROUPS
from shared.mappings.customers import CUSTOMERS
from shared.mappings.items import ITEMS
from shared.mappings.notes import ORDER_NOTES, QUOTE_NOTES
from shared.mappings.opportunities import OPPORTUNITIES
from shared.mappings.payment_terms import PAYMENT_TERMS
from shared.mappings.posted_sales_invoices import POSTED_SALES_INVOICES
from shared.mappings.price_list_lines import PRICE_LIST_LINES
from shared.mappings.price_lists import PRICE_LISTS
from shared.mappings.resources import RESOURCES
from shared.mappings.sales_orders import SALES_ORDERS
from shared.mappings.sales_prices import SALES_PRICES
from shared.mappings.sales_quotes import SALES_QUOTES
from shared.mappings.salespeople import SALESPEOPLE
from shared.mappings.shipment_methods import SHIPMENT_METHODS
from shared.mappings.shipping_agents import SHIPPING_AGENTS
from shared.mappings.unit_groups import (
    ITEM_UNIT_GROUPS,
    ITEM_UNITS,
    RESOURCE_UNIT_GROUPS,
    RESOURCE_UNITS,
)
from shared.mappings.units_of_measure import UNITS_OF_MEASURE

ALL: tuple[EntityMapping, ...] = in_order(
    (
        SALESPEOPLE,
        CURRENCIES,
        PAYMENT_TERMS,
        SHIPMENT_METHODS,
        SHIPPING_AGENTS,
        UNITS_OF_MEASURE,
        ITEM_UNIT_GROUPS,
        RESOURCE_UNIT_GROUPS,
        ITEM_UNITS,
        RESOURCE_UNITS,
        CUSTOMERS,
        CONTACTS,
        ITEMS,
        RESOURCES,
        CUSTOMER_PRICE_GROUPS,
        SALES_PRICES,
        PRICE_LISTS,
        PRICE_LIST_LINES,
        OPPORTUNITIES,
        POSTED_SALES_INVOICES,
        SALES_ORDERS,
        SALES_QUOTES,
        ACCOUNT_STATISTICS,
        ORDER_NOTES,
        QUOTE_NOTES,
    )
)
BY_NAME: Mapping[str, EntityMapping] = MappingProxyType({m.name: m for m in ALL})
