"""Money of a row: its currency, its decimals, its value in the base currency.

Source: reference/dataverse-web-api.md sections 3 ("Types on the wire") and 13, 11.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.dataverse.environment import Environment
from sandbox.dataverse.schema import Column, Table
from sandbox.dataverse.store import Row
from sandbox.dataverse.values import money, rounded


def digits(environment: Environment, column: Column, currency: Row | None) -> int:
    """Return how many decimals the column keeps: its own, those of prices, or those of the currency."""
    if column.precision_source == 1:
        return int(environment.organization.values["pricingdecimalprecision"])
    if column.precision_source == 2 and currency is not None:
        return int(currency.values["currencyprecision"])
    return column.precision


def settle_money(environment: Environment, table: Table, values: dict[str, Any]) -> None:
    """Round money; a row with money has a currency, by default the organization's."""
    if not table.has_money:
        return
    amounts = [c for c in table.columns.values() if c.type == "Money" and not c.is_base and c.name in values]
    if amounts and "transactioncurrencyid" not in values:
        values["transactioncurrencyid"] = environment.organization.values["basecurrencyid"]
    currency = environment.currency(values.get("transactioncurrencyid"))
    if "exchangerate" in table.columns:
        if currency is None:
            values.pop("exchangerate", None)
        else:
            values["exchangerate"] = rounded(currency.values["exchangerate"], 12)
    for column in amounts:
        values[column.name] = money(values[column.name], digits(environment, column, currency))
    for column in table.columns.values():
        if column.is_base:
            amount = values.get(column.name.removesuffix("_base"))
            if amount is None or currency is None:
                values.pop(column.name, None)
            else:
                values[column.name] = money(Decimal(amount) / currency.values["exchangerate"], 4)
