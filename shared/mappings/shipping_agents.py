"""Shipping Agent → Shipping method of the account: a code is coupled to the option with the same label (P17, P18)."""

from shared.core.convert import Text
from shared.core.mapping import Creates, Direction, EntityMapping, FieldMap, Match, Table, When

SHIPPING_AGENTS = EntityMapping(
    name="shipping_agents",
    title="Shipping Agent → Shipping method of the account",
    source="mappings.md §8; R50, R96",
    bc=Table(name="shippingAgents"),
    sales=Table(name="address1_shippingmethodcode", key="value", kind="option", entity="account", bulk=False),
    direction=Direction.TO_SALES,
    # A code that has no option is not created in Sales (P18).
    creates=Creates.NEVER,
    match=(Match(bc=("code",), sales=("label",)),),
    match_always=True,
    label_bc="code",
    label_sales="label",
    fields=(
        # Labels belong to Sales: they are matched, never rewritten.
        FieldMap(
            name="code",
            bc="code",
            sales="label",
            converter=Text(10, 200, code=True),
            direction=Direction.TO_SALES,
            when=When.CREATE,
        ),
    ),
)
