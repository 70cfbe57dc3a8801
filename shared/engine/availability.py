"""How much of a product is there: Business Central's inventory, asked while somebody writes an order (P34)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from shared.core.model import CouplingState, Side
from shared.engine.parts import Ports
from shared.engine.problem import ApiProblem

ITEMS = "items"


def availability(ports: Ports, product: str) -> dict[str, Any]:
    """Return the inventory of the item that a product of Sales is coupled with, in its base unit.

    The sum over all locations of what lies there, not what is still to be promised; less than nothing is
    nothing (S116). One request to Business Central.

    Raises:
        ApiProblem: 404 when the product is coupled with no item; services have no inventory.
    """
    mapping = ports.mappings.get(ITEMS)
    coupling = ports.couplings.find(ITEMS, Side.SALES, [product]).get(product) if mapping else None
    if mapping is None or coupling is None or coupling.state is not CouplingState.COUPLED:
        raise ApiProblem(404, "No such item", f"the product {product} is not coupled with an item")
    row = ports.bc.get(mapping.bc, [coupling.bc_id]).get(coupling.bc_id)
    if row is None:
        raise ApiProblem(404, "No such item", f"the item of product {product} was deleted")
    there = max(Decimal(str(row.values.get("inventory") or 0)), Decimal(0))
    return {
        "product": product,
        "item": str(row.values.get("number") or ""),
        "quantity": int(there) if there == there.to_integral_value() else float(there),
        "at": ports.clock.now().isoformat(),
    }
