"""Every mapping, each after those it depends on."""

from collections.abc import Mapping
from types import MappingProxyType

from shared.core.mapping import EntityMapping, in_order
from shared.mappings.contacts import CONTACTS
from shared.mappings.currencies import CURRENCIES
from shared.mappings.customers import CUSTOMERS
from shared.mappings.opportunities import OPPORTUNITIES
from shared.mappings.payment_terms import PAYMENT_TERMS
from shared.mappings.salespeople import SALESPEOPLE
from shared.mappings.shipment_methods import SHIPMENT_METHODS
from shared.mappings.shipping_agents import SHIPPING_AGENTS

ALL: tuple[EntityMapping, ...] = in_order(
    (
        SALESPEOPLE,
        CURRENCIES,
        PAYMENT_TERMS,
        SHIPMENT_METHODS,
        SHIPPING_AGENTS,
        CUSTOMERS,
        CONTACTS,
        OPPORTUNITIES,
    )
)
BY_NAME: Mapping[str, EntityMapping] = MappingProxyType({m.name: m for m in ALL})
