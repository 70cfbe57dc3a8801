"""Every table of sales with the module that knows what it does."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.dataverse import documents, lines, opportunities, prices, products, units
from sandbox.dataverse.behaviour import Behaviour

BEHAVIOURS: Mapping[str, Behaviour] = {
    **units.BEHAVIOURS,
    **products.BEHAVIOURS,
    **prices.BEHAVIOURS,
    **opportunities.BEHAVIOURS,
    **documents.BEHAVIOURS,
    **lines.BEHAVIOURS,
}
