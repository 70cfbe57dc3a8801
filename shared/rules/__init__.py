"""Rules that are logic, not mapping: by the name that a mapping gives."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.rules.base import Context, Need, Rule, Steps
from shared.rules.currencies import Currencies
from shared.rules.customers import WithCurrency
from shared.rules.opportunities import Opportunities
from shared.rules.posted_sales_invoices import PostedSalesInvoices

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "currencies": Currencies(),
        "customers": WithCurrency(),
        "contacts": WithCurrency(),
        "opportunities": Opportunities(),
        "posted_sales_invoices": PostedSalesInvoices(),
    }
)

__all__ = ["RULES", "Context", "Need", "Rule", "Steps"]
