"""FlowFields: values that other tables' rows add up to. They change while the row stands still (§11)."""

from __future__ import annotations

from sandbox.business_central.contract import ZERO, EntitySet
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


FLOW_SOURCES = {
    "itemLedgerEntries": ("itemId", refresh_item),
    "opportunityEntries": ("opportunityId", refresh_opportunity),
    "currencyExchangeRates": ("currencyId", refresh_currency),
}
