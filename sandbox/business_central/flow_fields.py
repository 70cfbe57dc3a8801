"""FlowFields: values that other tables' rows add up to. They change while the row stands still (§11)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.business_central.contract import ZERO, EntitySet, entity_sets
from sandbox.business_central.store import Company, Row


def refresh_after(company: Company, entity: EntitySet, row: Row, before: Row | None = None) -> None:
    """FlowFields: values that other tables' rows add up to."""
    if entity.name in FLOW_SOURCES:
        column, refresh = FLOW_SOURCES[entity.name]
        for source in (row, before):
            if source is not None and source[entity.at[column]] != ZERO:
                refresh(company, source[entity.at[column]])


def refresh_item(company: Company, item_id: str) -> None:
    """Inventory is the sum over Item Ledger Entry."""
    if company.row("items", item_id) is None:
        return
    ledger = company.tables["itemLedgerEntries"]
    at = ledger.entity.at["quantity"]
    total = round(sum(entry[at] for entry in ledger.related("itemId", item_id)), 5)
    company.show("items", item_id, {"inventory": int(total) if total == int(total) else total})


def refresh_opportunity(company: Company, opportunity_id: str) -> None:
    """Estimates are those of the active Opportunity Entry."""
    if company.row("opportunities", opportunity_id) is None:
        return
    entries = company.tables["opportunityEntries"]
    at = entries.entity.at
    active = [e for e in entries.related("opportunityId", opportunity_id) if e[at["active"]]]
    if not active:
        return
    last = max(active, key=lambda entry: entry[at["entryNumber"]])
    shown = (
        "estimatedValue",
        "calculatedCurrentValue",
        "estimatedClosingDate",
        "probabilityPercent",
        "chancesOfSuccessPercent",
        "completedPercent",
    )
    values = {name: last[at[name]] for name in shown}
    company.show(
        "opportunities", opportunity_id, {**values, "currentSalesCycleStage": last[at["salesCycleStage"]]}
    )


def refresh_currency(company: Company, currency_id: str) -> None:
    """The rate valid today against the local currency."""
    if company.row("currencies", currency_id) is None:
        return
    rates = company.tables["currencyExchangeRates"]
    at, today = rates.entity.at, company.database.stamp()[:10]
    valid = [rate for rate in rates.related("currencyId", currency_id) if rate[at["startingDate"]] <= today]
    names = ("exchangeRateAmount", "relationalExchangeRateAmount")
    newest = max(valid, key=lambda rate: rate[at["startingDate"]], default=None)
    company.show("currencies", currency_id, {n: newest[at[n]] if newest is not None else 0 for n in names})


def refresh_document(company: Company, header_set: str, document_id: str) -> None:
    """Amounts of a document are sums over its lines."""
    if company.row(header_set, document_id) is None:
        return
    lines = company.tables[next(iter(entity_sets()[header_set].parts))]
    at = lines.entity.at
    rows = lines.related("documentId", document_id)
    sums = {name: round(sum(row[at[name]] for row in rows), 5) for name in ("amount", "amountIncludingVat")}
    sums["invoiceDiscountAmount"] = round(sum(row[at["invoiceDiscountAmount"]] for row in rows), 5)
    values = {name: int(value) if value == int(value) else value for name, value in sums.items()}
    company.show(header_set, document_id, values)


def refresh_paid(company: Company, entry_number: int) -> None:
    """What is left of a ledger entry, and of the posted invoice that it stands for (S110)."""
    entries, details = (
        company.tables["customerLedgerEntries"],
        company.tables["detailedCustomerLedgerEntries"],
    )
    entry = entries.find(entry_number)
    if entry is None:
        return
    at = details.entity.at
    rows = details.related("customerLedgerEntryNumber", entry_number)
    left = round(sum(row[at["amount"]] for row in rows), 5)
    first = round(sum(row[at["amount"]] for row in rows if row[at["entryType"]] == "Initial_x0020_Entry"), 5)
    left, first = (int(value) if value == int(value) else value for value in (left, first))
    of = entries.entity.at
    company.show("customerLedgerEntries", entry[of["id"]], {"amount": first, "remainingAmount": left})
    if company.row("postedSalesInvoices", entry[of["invoiceId"]]) is not None:
        company.show(
            "postedSalesInvoices", entry[of["invoiceId"]], {"remainingAmount": left, "closed": left == 0}
        )


def _document(header_set: str, company: Company, document_id: str) -> None:
    refresh_document(company, header_set, document_id)


FLOW_SOURCES: dict[str, tuple[str, Callable[[Company, Any], None]]] = {
    "itemLedgerEntries": ("itemId", refresh_item),
    "opportunityEntries": ("opportunityId", refresh_opportunity),
    "currencyExchangeRates": ("currencyId", refresh_currency),
    "salesOrderLines": ("documentId", partial(_document, "salesOrders")),
    "salesQuoteLines": ("documentId", partial(_document, "salesQuotes")),
    "postedSalesInvoiceLines": ("documentId", partial(_document, "postedSalesInvoices")),
    "detailedCustomerLedgerEntries": ("customerLedgerEntryNumber", refresh_paid),
}
