"""The customer ledger: what posting owes, what payments settle, and cancelled invoices (sales-documents.md S110–S112).

A payment never touches the posted invoice's row: it is two detailed entries, and the invoice shows what is left.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.business_central.contract import ZERO
from sandbox.business_central.errors import dialog
from sandbox.business_central.flow_fields import refresh_paid
from sandbox.business_central.store import Company, Row
from sandbox.business_central.totals import exact, plain
from sandbox.business_central.writes import Values, get, next_entry

INITIAL, APPLICATION = "Initial_x0020_Entry", "Application"
INVOICE, PAYMENT, CREDIT_MEMO = "Invoice", "Payment", "Credit_x0020_Memo"
BOOKS, DETAILS = "customerLedgerEntries", "detailedCustomerLedgerEntries"


def owe(company: Company, invoice: Row, who: str) -> int:
    """Enter a posted invoice with its amount including VAT; returns the entry number."""
    amount = get(company, "postedSalesInvoices", invoice, "amountIncludingVat")
    return _enter(
        company,
        invoice,
        INVOICE,
        get(company, "postedSalesInvoices", invoice, "number"),
        exact(amount),
        who,
        invoice_id=get(company, "postedSalesInvoices", invoice, "id"),
        due=get(company, "postedSalesInvoices", invoice, "dueDate"),
    )


def pay(company: Company, invoice: Row, amount: float | None, who: str) -> None:
    """Post a payment applied to the invoice; None pays what is left.

    Raises:
        Refused: nothing is left, or the amount is not between 0 and what is left.
    """
    entry, left = _open_entry(company, invoice)
    paid = left if amount is None else exact(amount)
    if not 0 < paid <= left:
        raise dialog(f"The payment must be more than 0 and at most the remaining amount {plain(left)}.")
    _settle(company, invoice, entry, PAYMENT, paid, who)


def unapply(company: Company, invoice: Row, who: str) -> None:
    """Take back every payment that is applied to the invoice; it is open again in full."""
    number = get(company, BOOKS, _entry_of(company, invoice), "entryNumber")
    details = company.tables[DETAILS]
    at = details.entity.at
    for row in details.related("customerLedgerEntryNumber", number):
        if row[at["entryType"]] != APPLICATION or row[at["unapplied"]] or row[at["documentType"]] != PAYMENT:
            continue
        for other in list(details.rows.values()):
            same = other[at["documentType"]], other[at["documentNumber"]], other[at["entryType"]]
            if same != (PAYMENT, row[at["documentNumber"]], APPLICATION) or other[at["unapplied"]]:
                continue
            company.change(DETAILS, other[at["id"]], {"unapplied": True}, who)
            back = {name: other[at[name]] for name in _OF_DETAIL}
            _detail(company, {**back, "amount": -other[at["amount"]], "unapplied": True}, who)
            _close_or_open(company, other[at["customerLedgerEntryNumber"]], who)


def cancel(company: Company, invoice: Row, who: str) -> str:
    """Post a corrective credit memo for an invoice; returns its number (S111).

    Raises:
        Refused: it is cancelled already, or something has been paid.
    """
    if get(company, "postedSalesInvoices", invoice, "cancelled"):
        raise dialog("You cannot cancel this posted sales invoice because it has already been cancelled.")
    entry, left = _open_entry(company, invoice)
    if left != exact(get(company, "postedSalesInvoices", invoice, "amountIncludingVat")):
        raise dialog("You cannot cancel this posted sales invoice because it is fully or partially paid.")
    number = _settle(company, invoice, entry, CREDIT_MEMO, left, who)
    company.show(
        "postedSalesInvoices", get(company, "postedSalesInvoices", invoice, "id"), {"cancelled": True}
    )
    return number


def _entry_of(company: Company, invoice: Row) -> Row:
    number = get(company, "postedSalesInvoices", invoice, "number")
    entries = company.tables[BOOKS]
    at = entries.entity.at
    for row in entries.related("invoiceId", get(company, "postedSalesInvoices", invoice, "id")):
        if row[at["documentType"]] == INVOICE:
            return row
    raise dialog(f"There is no customer ledger entry for invoice {number}.")


def _open_entry(company: Company, invoice: Row) -> tuple[Row, Decimal]:
    entry = _entry_of(company, invoice)
    left = exact(get(company, BOOKS, entry, "remainingAmount"))
    if not left:
        raise dialog("The invoice is closed: nothing remains to be paid.")
    return entry, left


def _settle(company: Company, invoice: Row, entry: Row, kind: str, amount: Decimal, who: str) -> str:
    """Enter a payment or credit memo and apply it to the invoice's entry, one detailed entry on each side."""
    series = {PAYMENT: ("payments", "PAY", 6), CREDIT_MEMO: ("creditMemos", "PS-CR", 6)}[kind]
    number = company.next_number(*series, lambda _: False)
    other = _enter(company, invoice, kind, number, -amount, who)
    invoice_id = get(company, "postedSalesInvoices", invoice, "id")
    for entry_number, sign, of in (
        (get(company, BOOKS, entry, "entryNumber"), -1, invoice_id),
        (other, 1, ZERO),
    ):
        _detail(
            company,
            {
                **_about(company, invoice),
                "customerLedgerEntryNumber": entry_number,
                "invoiceId": of,
                "entryType": APPLICATION,
                "documentType": kind,
                "documentNumber": number,
                "amount": plain(sign * amount),
            },
            who,
        )
        _close_or_open(company, entry_number, who)
    return number


def _about(company: Company, invoice: Row) -> Values:
    of = {n: get(company, "postedSalesInvoices", invoice, n) for n in ("billToCustomerId", "currencyCode")}
    return {
        "customerId": of["billToCustomerId"],
        "customerNumber": get(company, "postedSalesInvoices", invoice, "billToCustomerNumber"),
        "currencyCode": of["currencyCode"],
        "postingDate": company.database.stamp()[:10],
    }


_OF_DETAIL = (
    "customerLedgerEntryNumber", "customerId", "customerNumber", "invoiceId", "entryType", "postingDate",
    "documentType", "documentNumber", "currencyCode",
)  # fmt: skip


def _enter(
    company: Company,
    invoice: Row,
    kind: str,
    number: str,
    amount: Decimal,
    who: str,
    *,
    invoice_id: str = ZERO,
    due: str = "",
) -> int:
    entry = next_entry(company, BOOKS)
    about = _about(company, invoice) | {
        "documentType": kind,
        "documentNumber": number,
        "invoiceId": invoice_id,
    }
    company.insert(
        BOOKS,
        {
            **about,
            "entryNumber": entry,
            "dueDate": due or about["postingDate"],
            "open": amount != 0,
        },
        who,
    )
    _detail(
        company,
        {**about, "customerLedgerEntryNumber": entry, "entryType": INITIAL, "amount": plain(amount)},
        who,
    )
    refresh_paid(company, entry)
    return entry


def _detail(company: Company, values: dict[str, Any], who: str) -> None:
    company.insert(DETAILS, {**values, "entryNumber": next_entry(company, DETAILS)}, who)


def _close_or_open(company: Company, entry_number: int, who: str) -> None:
    refresh_paid(company, entry_number)
    entry = company.tables[BOOKS].find(entry_number)
    if entry is not None:
        left = get(company, BOOKS, entry, "remainingAmount")
        company.change(BOOKS, get(company, BOOKS, entry, "id"), {"open": left != 0}, who)
