"""For whom a document is: the coupled customer, from its account or its contact's account (S10–S13)."""

from __future__ import annotations

from collections.abc import Mapping

from shared.core.model import Side, Wire
from shared.rules.base import Context
from shared.rules.sales_documents.parts import Kind, Unmet, text

#: customertypecode of an account that is a customer.
CUSTOMER = 3


def customer(kind: Kind, document: Mapping[str, Wire], context: Context) -> tuple[str | None, list[Unmet]]:
    """Return the BC id of the customer, or why there is none."""
    id_, by_contact = text(document.get("_customerid_value")), is_contact(document)
    if not id_:
        return None, [Unmet(code="E-NOCUST", text=f"the {kind.name} has no customer")]
    if by_contact:
        contact = context.row("contacts", id_)
        account_id = text(contact.values.get("_parentcustomerid_value")) if contact else ""
    else:
        account_id = id_
    account = context.row("accounts", account_id) if account_id else None
    if account is None:
        what = "the account of its contact" if by_contact else "its account"
        return None, [Unmet(code="E-NOACCOUNT", text=f"{what} ({account_id or id_}) does not exist in Sales")]
    name = text(account.values.get("accountnumber")) or account_id
    if not by_contact and account.values.get("customertypecode") != CUSTOMER:
        return None, [Unmet(code="E-NOTCUSTTYPE", text=f"the account {name} is not of type Customer")]
    coupled = context.resolver.bc_id("customers", account_id) if context.resolver else None
    if coupled is None:
        return None, [
            Unmet(
                code="E-NOTCOUPLEDCUST",
                text=f"the account {name} is not coupled to a customer",
                awaits=("customers", Side.SALES, account_id),
            )
        ]
    row = context.row("customers", coupled)
    if row is None:
        return None, [Unmet(code="E-STALE", text=f"the customer of account {name} was deleted")]
    blocked = row.values.get("blocked")
    if blocked not in (None, "", "_x0020_"):
        known = row.values.get("number")
        return None, [Unmet(code="E-BLOCKED", text=f"the customer {known} is blocked ({blocked})")]
    return coupled, []


def is_contact(document: Mapping[str, Wire]) -> bool:
    """Say whether the customer of a document is a contact: Sales shows it in a column of contacts, too."""
    return bool(document.get("_contactid_value")) and not document.get("_accountid_value")
