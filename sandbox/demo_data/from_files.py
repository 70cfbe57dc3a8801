"""A company from a folder of `<table>.json` files: lists of Business Central rows keyed by field names.

The files are what an export of the tables looks like: options as member names, blank text "", blank dates null.
Which field goes to which column of the companion is said by its contract; fields that it does not have are left
out, numbers and codes are kept as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sandbox.business_central.contract import ZERO, Column, EntitySet, encode_member, entity_sets
from sandbox.demo_data.complete_files import complete_invoices, vat_setup
from sandbox.demo_data.ids import Ids
from sandbox.demo_data.sales_users import users_of

Row = dict[str, Any]

#: Set and file, in the order of loading: what is referred to comes first.
FILES = {
    "companyInformation": "company_information",
    "generalLedgerSetup": "general_ledger_setup",
    "salespeople": "salesperson_purchaser",
    "currencies": "currency",
    "currencyExchangeRates": "currency_exchange_rate",
    "paymentTerms": "payment_terms",
    "shipmentMethods": "shipment_method",
    "shippingAgents": "shipping_agent",
    "vatPostingSetup": "vat_posting_setup",
    "glAccounts": "gl_account",
    "unitsOfMeasure": "unit_of_measure",
    "customerPriceGroups": "customer_price_group",
    "items": "item",
    "itemUnitsOfMeasure": "item_unit_of_measure",
    "itemVariants": "item_variant",
    "itemLedgerEntries": "item_ledger_entry",
    "resources": "resource",
    "resourceUnitsOfMeasure": "resource_unit_of_measure",
    "customers": "customer",
    "contacts": "contact",
    "contactBusinessRelations": "contact_business_relation",
    "salesPrices": "sales_price",
    "opportunities": "opportunity",
    "opportunityEntries": "opportunity_entry",
    "postedSalesInvoices": "sales_invoice_header",
    "postedSalesInvoiceLines": "sales_invoice_line",
}

#: The reference of a row that its code means only if another column says so.
_ONLY_IF = {
    ("contactBusinessRelations", "customerId"): ("linkToTable", "Customer"),
    ("salesPrices", "customerPriceGroupId"): ("salesType", "Customer_x0020_Price_x0020_Group"),
    ("postedSalesInvoiceLines", "itemId"): ("type", "Item"),
    ("postedSalesInvoiceLines", "resourceId"): ("type", "Resource"),
}

#: Columns that BC makes itself but that an export shows as they are.
_SYSTEM = frozenset(
    {"id", "systemRowVersion", "createdAt", "createdBy", "lastModifiedDateTime", "lastModifiedBy"}
)


class CompanyFromFiles:
    """The company in `folder`. A missing file is an empty table; a folder without any is refused.

    Raises:
        ValueError: The folder has none of the files, or a file is not a list of rows with a key; says which.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        if not any(self._path(table).is_file() for table in FILES):
            raise ValueError(
                f"{self.folder} has none of the files {', '.join(f'{name}.json' for name in FILES.values())}"
            )
        self._tables = {table: self._read(table) for table in FILES}
        information = self._tables["companyInformation"]
        setup = self._tables["generalLedgerSetup"]
        self.name: str = (information[0].get("Name") if information else "") or self.folder.name
        self.local_currency: str = (setup[0].get("LCY Code") if setup else "") or "GBP"
        self._ids = Ids(self.name)
        self._known = {
            table: {self._key(table, row)[0].upper() for row in rows} for table, rows in self._tables.items()
        }

    def bc(self) -> Iterator[tuple[str, Iterable[Row]]]:
        made: dict[str, list[Row]] = {
            table: [self._row(table, row) for row in self._in_key_order(table, rows)]
            for table, rows in self._tables.items()
        }
        if not made["vatPostingSetup"]:
            made["vatPostingSetup"] = vat_setup(made, self._ids)
        made |= complete_invoices(made, self._ids)
        for table, rows in made.items():
            if rows:
                yield table, rows

    def sales(self) -> Iterator[tuple[str, Iterable[Row]]]:
        salespeople = [self._row("salespeople", row) for row in self._tables["salespeople"]]
        yield "systemusers", list(users_of(salespeople, self._ids))

    def id_of(self, table: str, *key: str) -> str:
        """Return the id that the row with this key is loaded with."""
        return self._ids.of(table, *(part.upper() for part in key))

    def _row(self, table: str, given: Row) -> Row:
        entity = entity_sets()[table]
        row: Row = {
            column.name: _value(column, given[column.field])
            for column in entity.columns.values()
            if column.field in given and column.name not in _SYSTEM and not column.computed
        }
        row["id"] = self.id_of(table, *self._key(table, given))
        for column in entity.references:
            target = self._target(entity, column, row)
            if target is not None:
                row[column.name] = target
        return row

    def _target(self, entity: EntitySet, column: Column, row: Row) -> str | None:
        """Return the id of the row that is meant by the code beside `column`, if there is such a row."""
        relation = column.relation
        if relation is None or not relation.twin or relation.target not in FILES:
            return None
        # "No." is a customer's only where the relation links to one; a vendor may have the same number.
        said = _ONLY_IF.get((entity.name, column.name))
        if said is not None and row.get(said[0]) != said[1]:
            return ZERO
        code = str(row.get(relation.twin, ""))
        if not code or code.upper() not in self._known[relation.target]:
            return None
        return self.id_of(relation.target, code)

    def _key(self, table: str, given: Row) -> tuple[str, ...]:
        columns = entity_sets()[table].columns
        return tuple(str(given.get(columns[name].field, "")) for name in entity_sets()[table].key)

    def _in_key_order(self, table: str, rows: list[Row]) -> list[Row]:
        return sorted(rows, key=lambda row: self._key(table, row))

    def _path(self, table: str) -> Path:
        return self.folder / f"{FILES[table]}.json"

    def _read(self, table: str) -> list[Row]:
        path = self._path(table)
        if not path.is_file():
            return []
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError as wrong:
            raise ValueError(f"{path.name} is not JSON: {wrong}") from None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError(f"{path.name} is not a list of rows")
        seen: set[tuple[str, ...]] = set()
        for place, row in enumerate(rows, start=1):
            key = self._key(table, row)
            if table not in ("companyInformation", "generalLedgerSetup") and not key[0]:
                raise ValueError(
                    f"row {place} of {path.name} has no {entity_sets()[table].columns[entity_sets()[table].key[0]].field}"
                )
            if key in seen:
                raise ValueError(f"row {place} of {path.name} repeats the key {', '.join(key)}")
            seen.add(key)
        return rows


def _value(column: Column, value: Any) -> Any:
    """Return what the wire has for a field's value: encoded members, blank dates, true numbers."""
    if column.kind == "Enum":
        return encode_member(value or " ")
    if value is None:
        return column.initial
    if column.kind in ("Code", "Text"):
        return str(value)
    return value
