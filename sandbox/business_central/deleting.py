"""What goes with a row that is deleted, and what stands in the way (inferred where no source is named)."""

from __future__ import annotations

from sandbox.business_central.contract import ZERO
from sandbox.business_central.customers import show_customer
from sandbox.business_central.documents import before_document
from sandbox.business_central.errors import dialog
from sandbox.business_central.lines import before_line
from sandbox.business_central.opportunities import before_opportunity
from sandbox.business_central.price_lists import before_header
from sandbox.business_central.products import before_item, before_price_group, before_resource, before_unit
from sandbox.business_central.rules import POSTED
from sandbox.business_central.store import Company, Row
from sandbox.business_central.writes import get


def before_deletion(company: Company, set_name: str, row: Row, who: str) -> None:
    """Refuse, or take along what belongs to the row."""
    row_id = get(company, set_name, row, "id")
    match set_name:
        case "salesOrders" | "salesQuotes":
            before_document(company, set_name, row, who)
        case "salesOrderLines" | "salesQuoteLines":
            before_line(company, set_name, row, who)
        case "items":
            before_item(company, row, who)
        case "resources":
            before_resource(company, row, who)
        case "itemUnitsOfMeasure" | "resourceUnitsOfMeasure":
            before_unit(company, set_name, row)
        case "customerPriceGroups":
            before_price_group(company, row, who)
        case "priceListHeaders":
            before_header(company, row, who)
        case "opportunities":
            before_opportunity(company, row, who)
        case "customers":
            _before_customer_deletion(company, row_id, who)
        case "contacts":
            _before_contact_deletion(company, row_id, who)
        case _ if set_name in POSTED:
            raise dialog(f"A row of {set_name} cannot be deleted: posted documents and entries stay.")


def _before_customer_deletion(company: Company, customer_id: str, who: str) -> None:
    for documents in ("salesOrders", "salesQuotes"):
        if company.tables[documents].related("customerId", customer_id):
            raise dialog("You cannot delete the customer because there is at least one outstanding document.")
    entries = company.tables["customerLedgerEntries"]
    if any(row[entries.entity.at["open"]] for row in entries.related("customerId", customer_id)):
        raise dialog("You cannot delete the customer because there are one or more open ledger entries.")
    # The contact stays; only the relation goes (inferred).
    for relation in company.tables["contactBusinessRelations"].related("customerId", customer_id):
        contact_id = get(company, "contactBusinessRelations", relation, "contactId")
        company.remove(
            "contactBusinessRelations", get(company, "contactBusinessRelations", relation, "id"), who
        )
        show_customer(company, contact_id, who)


def _before_contact_deletion(company: Company, contact_id: str, who: str) -> None:
    opportunities = company.tables["opportunities"]
    for opportunity in opportunities.related("contactId", contact_id):
        if not opportunity[opportunities.entity.at["closed"]]:
            raise dialog("You cannot delete the contact because there is an opportunity not closed for it.")
    for relation in company.tables["contactBusinessRelations"].related("contactId", contact_id):
        company.remove(
            "contactBusinessRelations", get(company, "contactBusinessRelations", relation, "id"), who
        )
    for person in company.tables["contacts"].related("companyId", contact_id):
        person_id = get(company, "contacts", person, "id")
        if person_id != contact_id:
            company.change(
                "contacts",
                person_id,
                {"companyId": ZERO, "companyNumber": "", "companyName": "", "customerId": ZERO},
                who,
            )
    # The reference does not say what becomes of a customer whose primary contact is deleted. Clearing
    # the field is chosen here: it is what a careful partner extension does, and a dangling number helps nobody.
    for customer in company.tables["customers"].related("primaryContactId", contact_id):
        company.change(
            "customers",
            get(company, "customers", customer, "id"),
            {"primaryContactId": ZERO, "primaryContactNumber": ""},
            who,
        )
