"""Every table of sales with the module that knows what it does.

The docstring of each module lists what whoever writes its tables must respect: `units`, `products`, `prices`,
`opportunities`, `documents` (headers), `lines`, `notes` (and posts); `sales_actions` has the actions, `deletions` what stands in the
way of a deletion.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.dataverse import documents, lines, notes, opportunities, prices, products, units
from sandbox.dataverse.behaviour import Behaviour

BEHAVIOURS: Mapping[str, Behaviour] = {
    **units.BEHAVIOURS,
    **products.BEHAVIOURS,
    **prices.BEHAVIOURS,
    **opportunities.BEHAVIOURS,
    **documents.BEHAVIOURS,
    **lines.BEHAVIOURS,
    **notes.BEHAVIOURS,
}
