"""By which columns each service lets records be looked up; the in-memory twins refuse the others too.

So every scenario guards what the mappings and their rules look up, not only those that run over the
simulators.
"""

from __future__ import annotations

from shared.core.mapping import Table
from shared.core.model import Side


def why_not_findable(side: Side, table: Table, column: str) -> str | None:
    """Return why the service of `side` would refuse, or mistake, a search of `table` by `column`."""
    return _in_bc(table, column) if side is Side.BC else _in_sales(table, column)


# The schemas are read when first asked for: a process whose memory is measured (`make bench`) does without.


def _in_sales(table: Table, column: str) -> str | None:
    from sandbox.dataverse.schema import BY_SET

    if table.kind == "option":
        return None if column in ("value", "label") else "an option has a value and a label"
    if (rows := BY_SET.get(table.name)) is None:
        return "Sales has no such table"
    if (found := rows.by_wire.get(column)) is None:
        return "Sales has no such column"
    # An id begins with "_" or is the key; everything else is searched as text (dataverse-web-api.md §3).
    if found.is_lookup or column == table.key or found.edm == "Edm.String":
        return None
    return f"it is no text in Sales but {found.edm}"


def _in_bc(table: Table, column: str) -> str | None:
    from sandbox.business_central.contract import entity_sets

    if (page := entity_sets().get(table.name)) is None:
        return "BC has no such page"
    if (found := page.columns.get(column)) is None:
        return "its page has no such column"
    line_of_document = column == "documentId"
    if not found.field and page.table and not line_of_document:
        return "its page looks it up or works it out, and BC refuses to filter by such a column (§4)"
    # An id is compared as it is, everything else with tolower() (business-central-api.md §4).
    if found.kind in (("Guid",) if column.endswith("Id") or column == table.key else ("Code", "Text")):
        return None
    return f"it is no text in BC but {found.kind}"
