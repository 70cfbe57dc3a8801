"""What a rule of a table is told about a write, and the number series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.business_central.contract import entity_sets
from sandbox.business_central.errors import Refused
from sandbox.business_central.store import Company, Row

#: Number series by set: prefix and digits.
SERIES: Mapping[str, tuple[str, int]] = {
    "customers": ("C", 5),
    "contacts": ("CT", 6),
    "items": ("", 4),
    "resources": ("R", 4),
    "opportunities": ("OP", 6),
    "salesOrders": ("S-ORD", 6),
    "salesQuotes": ("S-QUO", 6),
    "postedSalesInvoices": ("PS-INV", 6),
    "assemblyOrders": ("A", 5),
}

Values = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Write:
    """Who writes what. `values` may be added to by the rule; `before` is None on insert.

    `table` is the set written. `values` are in the order of the body, which is the order of validation.
    """

    company: Company
    who: str
    table: str
    values: Values
    before: Row | None = None

    def now(self, column: str) -> Any:
        """Return the value as it will be."""
        if column in self.values:
            return self.values[column]
        entity = entity_sets()[self.table]
        return (self.before if self.before is not None else entity.initial)[entity.at[column]]

    def moves(self, column: str) -> bool:
        """Tell whether the write gives this column another value; on insert, whether it gives it any."""
        if column not in self.values:
            return False
        if self.before is None:
            return True
        return bool(self.values[column] != self.before[entity_sets()[self.table].at[column]])


#: Sets of one row, which is there from the beginning and has a blank key.
SETUPS = frozenset({"generalLedgerSetup", "companyInformation", "salesSetup", "marketingSetup"})
#: The setup's field that names the series, where a page shows it: set → (set of the setup, its table, column, field).
SETUP: Mapping[str, tuple[str, str, str, str]] = {
    "customers": ("salesSetup", "Sales & Receivables Setup", "customerNumbers", "Customer Nos."),
    "contacts": ("marketingSetup", "Marketing Setup", "contactNumbers", "Contact Nos."),
    "opportunities": ("marketingSetup", "Marketing Setup", "opportunityNumbers", "Opportunity Nos."),
    "salesQuotes": ("salesSetup", "Sales & Receivables Setup", "quoteNumbers", "Quote Nos."),
    "salesOrders": ("salesSetup", "Sales & Receivables Setup", "orderNumbers", "Order Nos."),
}


def draw_number(company: Company, set_name: str) -> str:
    """Return the next number of the series. Raises `Refused` where the setup names none (a TestField)."""
    if set_name in SETUP:
        page, table, column, field = SETUP[set_name]
        [setup] = company.tables[page].rows.values()
        if not get(company, page, setup, column):
            raise must_be(field, "", table, "Primary Key=''")
    prefix, digits = SERIES[set_name]
    rows = company.tables[set_name]
    return company.next_number(set_name, prefix, digits, lambda number: rows.find(number) is not None)


def next_entry(company: Company, set_name: str) -> int:
    """Return the next Entry No. of a ledger, also after entries that were loaded."""
    column = entity_sets()[set_name].at["entryNumber"]
    if set_name not in company.series:
        rows = company.tables[set_name].rows.values()
        company.series[set_name] = max((row[column] for row in rows), default=0)
    company.series[set_name] += 1
    return company.series[set_name]


def get(company: Company, set_name: str, row: Row, column: str) -> Any:
    return row[entity_sets()[set_name].at[column]]


def must_be(field: str, value: str, table: str, key: str) -> Refused:
    """A TestField that failed (§6)."""
    said = (
        f"{field} must have a value in {table}"
        if not value
        else f"{field} must be equal to '{value}' in {table}"
    )
    return Refused(400, "Application_FieldValidationException", f"{said}: {key}. It cannot be zero or empty.")


def no_relation(field: str, value: Any, table: str, related: str) -> Refused:
    return Refused(
        400,
        "Internal_InvalidTableRelation",
        f"The field {field} of table {table} contains a value ({value}) that cannot be found in the related "
        f"table ({related}).",
    )
