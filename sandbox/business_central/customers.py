"""Customers, contacts and the relation between them, as the two tables keep each other in step.

Sources: mappings.md sections 5 and 6; bc_schema.json notes of Contact Business Relation. What is inferred from the
base application says so.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sandbox.business_central.contract import ZERO, entity_sets
from sandbox.business_central.errors import dialog
from sandbox.business_central.store import Company, Row
from sandbox.business_central.writes import Values, Write, draw_number, get

#: Marketing Setup: the relation that links a customer to its company contact.
CUSTOMER_RELATION = "CUST"

#: Fields with the same number in Customer and Contact: what one takes over from the other.
SHARED = (
    "name", "address", "address2", "city", "phoneNumber", "currencyId", "currencyCode",
    "salespersonId", "salespersonCode", "countryRegionCode", "faxNumber", "postCode", "county",
    "email", "homePage", "mobilePhoneNumber",
)  # fmt: skip


def company_contact(company: Company, customer_id: str) -> Row | None:
    """Return the company contact of a customer, through Contact Business Relation."""
    for relation in company.tables["contactBusinessRelations"].related("customerId", customer_id):
        contact = company.row("contacts", get(company, "contactBusinessRelations", relation, "contactId"))
        if contact is not None:
            return contact
    return None


def customer_of(company: Company, company_contact_id: str) -> str:
    """Return the customer whose company contact this is; the zero GUID when there is none."""
    if company_contact_id == ZERO:
        return ZERO
    relations = company.tables["contactBusinessRelations"]
    for relation in relations.related("contactId", company_contact_id):
        found = str(get(company, "contactBusinessRelations", relation, "customerId"))
        if found != ZERO:
            return found
    return ZERO


def create_company_contact(company: Company, customer: Row, who: str, *, quiet: bool = False) -> Row:
    """Create the contact of type Company for a customer and the relation between them."""
    at = entity_sets()["customers"].at
    contact_id, number = str(uuid.uuid4()), draw_number(company, "contacts")
    contact = company.insert(
        "contacts",
        {
            **{name: customer[at[name]] for name in SHARED},
            "id": contact_id,
            "number": number,
            "type": "Company",
            "companyId": contact_id,
            "companyNumber": number,
            "companyName": customer[at["name"]],
            "customerId": customer[at["id"]],
            "contactBusinessRelation": "Customer",
        },
        who,
        quiet=quiet,
    )
    company.insert(
        "contactBusinessRelations",
        {
            "contactId": contact_id,
            "contactNumber": number,
            "businessRelationCode": CUSTOMER_RELATION,
            "linkToTable": "Customer",
            "customerId": customer[at["id"]],
            "number": customer[at["number"]],
        },
        who,
        quiet=quiet,
    )
    return contact


def check_customer(write: Write) -> None:
    """Validate Primary Contact No.: it must be a contact of this customer's company.

    A person's name goes to the field Contact; clearing the primary contact blanks it (inferred
    from the base application's field trigger).
    """
    if "primaryContactId" not in write.values:
        return
    chosen = write.values["primaryContactId"]
    before = write.before
    if before is not None and get(write.company, "customers", before, "primaryContactId") == chosen:
        return
    if chosen == ZERO:
        if before is not None:
            write.values.setdefault("contactName", "")
        return
    contact = write.company.row("contacts", chosen)
    own = None
    if before is not None:
        own = company_contact(write.company, get(write.company, "customers", before, "id"))
    if (
        contact is None
        or own is None
        or get(write.company, "contacts", contact, "companyId") != get(write.company, "contacts", own, "id")
    ):
        raise dialog("The primary contact is related to a different company than the customer.")
    if get(write.company, "contacts", contact, "type") == "Person":
        write.values["contactName"] = get(write.company, "contacts", contact, "name")


def after_customer(write: Write, row: Row) -> None:
    """Keep the company contact in step with its customer; a new customer gets one."""
    if write.before is None:
        create_company_contact(write.company, row, write.who)
        return
    at = entity_sets()["customers"].at
    moved = {n: row[at[n]] for n in SHARED if row[at[n]] != write.before[at[n]]}
    contact = company_contact(write.company, row[at["id"]]) if moved else None
    if contact is not None:
        _change_contact(write.company, contact, moved, write.who)


# --- contacts ---------------------------------------------------------------------------------


def check_contact(write: Write) -> None:
    """Build the name from its parts, and settle which company the contact belongs to."""
    company, values, at = write.company, write.values, entity_sets()["contacts"].at

    def now(column: str) -> Any:
        """The value as it will be."""
        if column in values:
            return values[column]
        before = write.before if write.before is not None else entity_sets()["contacts"].initial
        return before[at[column]]

    if write.before is None and not values.get("number"):
        values["number"] = draw_number(company, "contacts")
    if now("type") == "Company":
        own = write.before[at["customerId"]] if write.before is not None else ZERO
        if values.get("customerId", own) not in (ZERO, own):
            raise dialog("A contact of type Company cannot be put under another company.")
        values.update(companyId=now("id"), companyNumber=now("number"), companyName=now("name"))
        values["customerId"] = customer_of(company, now("id"))
        return
    if {"firstName", "middleName", "surname"} & values.keys():
        parts = (str(now(part)).strip() for part in ("firstName", "middleName", "surname"))
        values["name"] = " ".join(part for part in parts if part)
    asked = values.pop("customerId", None)
    if asked is not None:
        if asked == ZERO:
            # Only a contact that is under a customer's company leaves it by this.
            if write.before is not None and write.before[at["customerId"]] != ZERO:
                values["companyId"] = ZERO
        else:
            own = company_contact(company, asked)
            if own is None:
                raise dialog("The customer has no company contact.")
            values["companyId"] = get(company, "contacts", own, "id")
    if "companyId" in values:
        _enter_company(company, values)


def _enter_company(company: Company, values: Values) -> None:
    if values["companyId"] == ZERO:
        values.update(companyNumber="", companyName="", customerId=ZERO)
        return
    parent = company.row("contacts", values["companyId"])
    if parent is None or get(company, "contacts", parent, "type") != "Company":
        raise dialog("The company of a contact must be a contact of type Company.")
    values.update(
        companyId=get(company, "contacts", parent, "id"),
        companyNumber=get(company, "contacts", parent, "number"),
        companyName=get(company, "contacts", parent, "name"),
        customerId=customer_of(company, values["companyId"]),
    )


def after_contact(write: Write, row: Row) -> None:
    """A company contact tells its customer; its persons learn its new name."""
    at = entity_sets()["contacts"].at
    if write.before is None or row[at["type"]] != "Company":
        return
    moved = {n: row[at[n]] for n in SHARED if row[at[n]] != write.before[at[n]]}
    _tell_persons(write.company, row, moved, write.who)
    if moved and row[at["customerId"]] != ZERO:
        write.company.change("customers", row[at["customerId"]], moved, write.who)


def _change_contact(company: Company, contact: Row, moved: Values, who: str) -> None:
    if "name" in moved:
        moved = {**moved, "companyName": moved["name"]}
    company.change("contacts", get(company, "contacts", contact, "id"), moved, who)
    _tell_persons(company, contact, moved, who)


def _tell_persons(company: Company, company_row: Row, moved: Mapping[str, Any], who: str) -> None:
    """Persons show their company's name; it is stored with each of them."""
    if "name" not in moved:
        return
    at = entity_sets()["contacts"].at
    for person in company.tables["contacts"].related("companyId", company_row[at["id"]]):
        if person[at["id"]] != company_row[at["id"]]:
            company.change("contacts", person[at["id"]], {"companyName": moved["name"]}, who)


def after_relation(write: Write, row: Row) -> None:
    """The contacts of a company that becomes a customer show it, without having changed (H22)."""
    show_customer(write.company, get(write.company, "contactBusinessRelations", row, "contactId"), write.who)


def show_customer(company: Company, company_contact_id: str, who: str) -> None:
    """Bring `customerId` of a company's contacts up to date, and the relation kind of the company itself."""
    at = entity_sets()["contacts"].at
    customer = customer_of(company, company_contact_id)
    for contact in company.tables["contacts"].related("companyId", company_contact_id):
        company.show("contacts", contact[at["id"]], {"customerId": customer})
    if company.row("contacts", company_contact_id) is not None:
        relations = company.tables["contactBusinessRelations"].related("contactId", company_contact_id)
        kinds = {get(company, "contactBusinessRelations", relation, "linkToTable") for relation in relations}
        kind = "Multiple" if len(relations) > 1 else kinds.pop() if kinds else "None"
        kind = "Other" if kind == "_x0020_" else kind
        company.change("contacts", company_contact_id, {"contactBusinessRelation": kind}, who)
