"""Which table does what when somebody writes: AL field and table triggers, by set.

A check sees the values before they are stored and may add to them; an after sees the stored row. They follow the
reference where it tells them (business-central-api.md §5, §14; mappings.md; sales-documents.md) and otherwise the base
application as it is known to behave; those places say "inferred".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.business_central.assembly import after_order_line
from sandbox.business_central.customers import (
    after_contact,
    after_customer,
    after_relation,
    check_contact,
    check_customer,
)
from sandbox.business_central.documents import check_document
from sandbox.business_central.errors import dialog
from sandbox.business_central.lines import check_line, settle
from sandbox.business_central.notes import check_note
from sandbox.business_central.opportunities import after_entry, check_entry, check_opportunity
from sandbox.business_central.price_lists import after_header, check_header, check_price_line
from sandbox.business_central.products import (
    after_asset,
    check_item,
    check_price,
    check_resource,
    check_unit,
    check_variant,
)
from sandbox.business_central.store import Company, Row
from sandbox.business_central.writes import Write

#: What may still be changed of a posted invoice in the client ("Posted Sales Inv. - Update"; inferred).
_AFTER_POSTING = frozenset(
    {"yourReference", "packageTrackingNumber", "shippingAgentId", "shippingAgentCode", "workDescription"}
)

#: What only posting writes.
POSTED = frozenset(
    {
        "postedSalesInvoices",
        "postedSalesInvoiceLines",
        "customerLedgerEntries",
        "detailedCustomerLedgerEntries",
        "salesOrderArchives",
        "salesOrderArchiveLines",
        "salesQuoteArchives",
    }
)


def check_posted(write: Write) -> None:
    """Posted documents and ledgers are read-only for people too: they are made by posting (S98)."""
    changed = {name for name in write.values if write.moves(name)}
    if write.before is None or write.table != "postedSalesInvoices" or changed - _AFTER_POSTING:
        raise dialog(f"You cannot change {write.table}: it is written by posting only.")


CHECKS: Mapping[str, Callable[[Write], None]] = {
    "customers": check_customer,
    "contacts": check_contact,
    "items": check_item,
    "resources": check_resource,
    "itemUnitsOfMeasure": check_unit,
    "resourceUnitsOfMeasure": check_unit,
    "itemVariants": check_variant,
    "salesPrices": check_price,
    "priceListHeaders": check_header,
    "priceListLines": check_price_line,
    "opportunities": check_opportunity,
    "opportunityEntries": check_entry,
    "salesOrders": check_document,
    "salesQuotes": check_document,
    "salesOrderLines": check_line,
    "salesQuoteLines": check_line,
    "salesNotes": check_note,
    **dict.fromkeys(POSTED, check_posted),
}
AFTER: Mapping[str, Callable[[Write, Row], None]] = {
    "customers": after_customer,
    "contacts": after_contact,
    "contactBusinessRelations": after_relation,
    "items": after_asset,
    "salesOrderLines": after_order_line,
    "resources": after_asset,
    "opportunityEntries": after_entry,
    "priceListHeaders": after_header,
}


def _settle(lines: str, column: str) -> Callable[[Company, Row, str], None]:
    def after(company: Company, row: Row, who: str) -> None:
        table = lines if column == "documentId" else lines.replace("Lines", "s")
        settle(company, lines, company.value(table, row, column), who)

    return after


#: Brings a document up to date once a line or its header was written; with a deep insert once, after the last line.
SETTLE: Mapping[str, Callable[[Company, Row, str], None]] = {
    **{lines: _settle(lines, "documentId") for lines in ("salesOrderLines", "salesQuoteLines")},
    **{f"{one}s": _settle(f"{one}Lines", "id") for one in ("salesOrder", "salesQuote")},
}
