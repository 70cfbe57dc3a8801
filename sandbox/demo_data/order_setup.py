"""What orders of Sales need of a company besides its products, and what exports of companies leave out.

An item that stands for write-in products, and a G/L account for freight (docs/sales-orders.md, switches).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.demo_data.ids import Ids
from sandbox.demo_data.load import Sim

#: Numbers that no demo company has of its own; `FREIGHT` is made only where it is missing.
WRITE_IN, FREIGHT = "TANDEM-WRITE-IN", "6710"


def load_order_setup(company: str, bc: Sim) -> dict[str, int]:
    """Add both to the company that is loaded; return the number of rows by set.

    They have the product group with the most VAT, so that tax is seen on them.
    """
    ids = Ids(company)
    group = _group(bc.all("vatPostingSetup"))
    item = {
        "id": ids.of("items", WRITE_IN),
        "number": WRITE_IN,
        "description": "What is sold once",
        "type": "Service",
        "vatProdPostingGroup": group,
    }
    unit = _unit(bc.all("unitsOfMeasure"))
    rows = [
        (
            "items",
            item
            | ({"baseUnitOfMeasureId": unit["id"], "baseUnitOfMeasureCode": unit["code"]} if unit else {}),
        )
    ]
    if unit:
        own = {
            "id": ids.of("itemUnitsOfMeasure", WRITE_IN, unit["code"]),
            "itemId": item["id"],
            "itemNumber": WRITE_IN,
            "unitOfMeasureId": unit["id"],
            "code": unit["code"],
            "quantityPerUnitOfMeasure": 1,
        }
        rows.append(("itemUnitsOfMeasure", own))
    if all(account["number"] != FREIGHT for account in bc.all("glAccounts")):
        freight = {"number": FREIGHT, "name": "Freight", "vatProdPostingGroup": group}
        rows.append(("glAccounts", freight | {"id": ids.of("glAccounts", FREIGHT)}))
    return {table: bc.load(table, [row]) for table, row in rows}


def _group(setup: Iterable[dict[str, Any]]) -> str:
    most = max(setup, key=lambda row: (row["vatPercent"], row["vatProdPostingGroup"]), default=None)
    return most["vatProdPostingGroup"] if most else ""


def _unit(units: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the unit of pieces, else any."""
    return next((u for u in units if u["code"] == "PCS"), units[0] if units else None)
