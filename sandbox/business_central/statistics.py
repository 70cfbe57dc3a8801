"""Sums for customers, computed when they are asked for (sales-documents.md §6.3).

Unposted invoices, prepayments and returns are no tables here: those sums are 0. Amounts in a foreign currency
are taken at today's rate (the base application keeps those of the posting).
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.business_central.contract import entity_sets
from sandbox.business_central.store import Company, Row
from sandbox.business_central.totals import exact, plain, rounded
from sandbox.business_central.writes import Values, get

NAME = "customerStatistics"
_CENT = Decimal("0.01")


def refresh_statistics(company: Company) -> None:
    """Bring the rows of the page into line with the customers; only what a customer's own row says moves a row."""
    rows, at = company.tables[NAME], entity_sets()["customers"].at
    customers = company.tables["customers"].rows
    for gone in [i for i in rows.rows if i not in customers]:
        company.remove(NAME, gone, "")
    for row_id, customer in customers.items():
        own: Values = {
            "number": customer[at["number"]],
            "name": customer[at["name"]],
            "creditLimitLcy": customer[at["creditLimit"]],
        }
        if row_id not in rows.rows:
            company.insert(NAME, {"id": row_id, **own}, "", quiet=True)
        else:
            company.change(NAME, row_id, own, "")
        company.show(NAME, row_id, {n: plain(rounded(v, _CENT)) for n, v in _sums(company, row_id).items()})


def _sums(company: Company, customer_id: str) -> dict[str, Decimal]:
    today = company.database.stamp()[:10]
    books = company.tables["customerLedgerEntries"]
    of = books.entity.at
    balance = overdue = sales = Decimal(0)
    for entry in books.related("customerId", customer_id):
        rate = _rate(company, entry[of["currencyCode"]])
        left = exact(entry[of["remainingAmount"]]) * rate
        balance += left
        # Due before today (S.. overdue: due date < today); today's is not overdue yet.
        overdue += left if entry[of["dueDate"]] < today else 0
        if (
            entry[of["documentType"]] in ("Invoice", "Credit_x0020_Memo")
            and entry[of["postingDate"]][:4] == today[:4]
        ):
            sales += exact(entry[of["amount"]]) * rate
    ordered = shipped = Decimal(0)
    lines = company.tables["salesOrderLines"]
    at = lines.entity.at
    for line in lines.related("billToCustomerId", customer_id):
        quantity = exact(line[at["quantity"]])
        if not quantity:
            continue
        each = exact(line[at["amountIncludingVat"]]) / quantity * _rate_of_document(company, line)
        ordered += each * exact(line[at["outstandingQuantity"]])
        shipped += each * (exact(line[at["quantityShipped"]]) - exact(line[at["quantityInvoiced"]]))
    return {
        "balanceLcy": balance,
        "outstandingOrdersLcy": ordered,
        "shippedNotInvoicedLcy": shipped,
        "overdueLcy": overdue,
        "salesThisYearLcy": sales,
    }


def _rate_of_document(company: Company, line: Row) -> Decimal:
    order = company.row("salesOrders", get(company, "salesOrderLines", line, "documentId"))
    return Decimal(1) if order is None else _rate(company, get(company, "salesOrders", order, "currencyCode"))


def _rate(company: Company, code: str) -> Decimal:
    """Return the local currency for one of this."""
    found = company.tables["currencies"].find(code) if code else None
    if found is None:
        return Decimal(1)
    amount, local = (
        exact(get(company, "currencies", found, c))
        for c in ("exchangeRateAmount", "relationalExchangeRateAmount")
    )
    return local / amount if amount else Decimal(1)
