"""Opportunities: whose contact and account they are (mappings.md, OPPORTUNITY and §13)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.core.convert import ZERO_GUID
from shared.core.mapping import Table
from shared.core.model import Record, Side, Wire
from shared.ports import Facts
from shared.rules.base import Context, Need, Rule

CONTACTS = Table(name="contacts")


class Opportunities(Rule):
    reads = ((Side.BC, CONTACTS, ("type", "customerId")),)

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        wanted = [
            str(r.values.get(column) or ZERO_GUID)
            for r in records
            if r.side is Side.BC
            for column in ("contactId", "contactCompanyId")
        ]
        ids = tuple(i for i in dict.fromkeys(wanted) if i != ZERO_GUID)
        return (Need(name="contacts", side=Side.BC, table=CONTACTS, column="id", values=ids),)

    def refers(self, record: Record, facts: Context) -> Iterable[tuple[str, Side, str]]:
        if record.side is Side.BC and (customer := _customer(record, facts)) != ZERO_GUID:
            yield "customers", Side.BC, customer

    def ignores(self, side: Side, record: Record, facts: Facts) -> str | None:
        """Ignore what could only wait for ever: a contact of no customer never comes to Sales (§13)."""
        if side is Side.SALES or not isinstance(facts, Context):
            return None
        contact = facts.row("contacts", record.values.get("contactId")) or facts.row(
            "contacts", record.values.get("contactCompanyId")
        )
        if contact is not None and _customer(record, facts) == ZERO_GUID:
            return "its contact belongs to no customer"
        return None

    def adds(self, side: Side, record: Record, facts: Facts) -> dict[str, Wire]:
        if side is Side.SALES or not isinstance(facts, Context):
            return {}
        contact = facts.row("contacts", record.values.get("contactId"))
        person = contact is not None and contact.values.get("type") == "Person"
        return {
            # Only persons are contacts in Sales; a company's contact is its account.
            "contactId": record.values.get("contactId") if person else ZERO_GUID,
            "computedCustomerId": _customer(record, facts),
        }


def _customer(record: Record, facts: Context) -> str:
    """Return the customer of the contact's company, else of the contact; the zero GUID when there is none."""
    for column in ("contactCompanyId", "contactId"):
        contact = facts.row("contacts", record.values.get(column))
        customer = str(contact.values.get("customerId") or ZERO_GUID) if contact is not None else ZERO_GUID
        if customer != ZERO_GUID:
            return customer.lower()
    return ZERO_GUID
