"""Rows of Sales that carry the company of BC they belong to, where several companies share one Sales.

As Microsoft's integration stamps them: the lookup `bcbi_companyid` of its base solution names the row of
`bcbi_company` with the company's id (mappings.md §3; sync-semantics.md R139).
"""

from __future__ import annotations

from dataclasses import replace

from shared.core.convert import Stamp
from shared.core.mapping import EQ_OR_BLANK, Direction, EntityMapping, FieldMap, When, Where
from shared.core.model import CompanyRow

COLUMN = "bcbi_companyid"
SHOWN = f"_{COLUMN}_value"
#: Entity set → logical name of the tables that get the stamp, and of those that are only told apart by it.
STAMPED = {
    "accounts": "account",
    "contacts": "contact",
    "products": "product",
    "pricelevels": "pricelevel",
    "opportunities": "opportunity",
    "invoices": "invoice",
}
FILTERED = {**STAMPED, "salesorders": "salesorder", "quotes": "quote"}


def stamped(mapping: EntityMapping, row: CompanyRow | None) -> EntityMapping:
    """Return a mapping that stamps what it writes to Sales, and leaves rows of another company alone."""
    table = mapping.sales.name
    if row is None or table not in FILTERED:
        return mapping
    own = Where(column=SHOWN, op=EQ_OR_BLANK, value=row.id, reason="it belongs to another company")
    fields = mapping.fields
    if table in STAMPED:
        # A closed invoice is read-only, so that one is stamped when it is made.
        when = When.CREATE if table == "invoices" else When.ALWAYS
        to_sales = Direction.TO_SALES
        stamp = Stamp(row.id, row.navigations[table], row.entity_set)
        fields += (
            FieldMap(
                name="company_stamp", bc="id", sales=SHOWN, converter=stamp, direction=to_sales, when=when
            ),
        )
    return replace(mapping, fields=fields, sales_filter=(*mapping.sales_filter, own))
