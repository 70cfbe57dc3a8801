"""Notes on orders and quotes: record links of type Note (sales-documents.md S55, S113; S115 for what goes with a document).

Deleting a document deletes its links; posting an order in full copies them to the invoice, which no page shows.
"""

from __future__ import annotations

from sandbox.business_central.contract import ZERO, entity_sets
from sandbox.business_central.errors import dialog
from sandbox.business_central.store import Company
from sandbox.business_central.writes import Write

COLUMN = {"salesOrders": "orderId", "salesQuotes": "quoteId"}


def check_note(write: Write) -> None:
    """A link belongs to just one record and stays with it; BC counts links through."""
    if sum(write.now(column) != ZERO for column in COLUMN.values()) != 1:
        raise dialog("A note must be given just one of orderId and quoteId.")
    if write.before is None:
        at = entity_sets()["salesNotes"].at["linkId"]
        rows = write.company.tables["salesNotes"].rows.values()
        write.company.series.setdefault("salesNotes", max((row[at] for row in rows), default=0))
        write.company.series["salesNotes"] += 1
        write.values["linkId"] = write.company.series["salesNotes"]


def remove_notes(company: Company, set_name: str, document_id: str, who: str) -> None:
    notes = company.tables["salesNotes"]
    for row in list(notes.related(COLUMN[set_name], document_id)):
        company.remove("salesNotes", row[notes.entity.at["id"]], who)
