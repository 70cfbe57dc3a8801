"""What goes with a row that is deleted, and what stands in the way (inferred where no source is named)."""

from __future__ import annotations

from sandbox.business_central.contract import ZERO, entity_sets
from sandbox.business_central.errors import dialog
from sandbox.business_central.rules import get, show_customer
from sandbox.business_central.store import Company, Row


def before_deletion(company: Company, set_name: str, row: Row, who: str) -> None:
    """Refuse, or take along what belongs to the row."""
    row_id = get(company, set_name, row, "id")
    for part, column in entity_sets()[set_name].parts.items():
        for line in company.tables[part].related(column, row_id):
            company.remove(part, get(company, part, line, "id"), who)
    if set_name == "customers":
        for documents in ("salesOrders", "salesQuotes"):
            if company.tables[documents].related("customerId", row_id):
                raise dialog(
                    "You cannot delete the customer because there is at least one outstanding document."
                )
        # The contact stays; only the relation goes (inferred).
        for relation in company.tables["contactBusinessRelations"].related("customerId", row_id):
            contact_id = get(company, "contactBusinessRelations", relation, "contactId")
            company.remove(
                "contactBusinessRelations", get(company, "contactBusinessRelations", relation, "id"), who
            )
            show_customer(company, contact_id, who)
    if set_name == "contacts":
        _before_contact_deletion(company, row_id, who)


def _before_contact_deletion(company: Company, contact_id: str, who: str) -> None:
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
