"""What items, prices and invoices cost: many rows each, but no request per record or line (design §10, H16, H19)."""

from __future__ import annotations

import math
from collections.abc import Callable

from sandbox.bench.house import House
from sandbox.bench.report import Budget

#: Three prices an item: a price list of about ten thousand lines.
ITEMS = 3_400
PAGE = 1_000
#: Operations to a write request. Items and invoices are change sets of several rows each (H16); a price is one row.
OPERATIONS = {"items": 1_000, "sales_prices": 100, "posted_sales_invoices": 1_000}
#: Requests of any kind, to either side, for a page of records: look-ups are one of a kind each, of a few kinds.
A_PAGE = 40


def budgets(items: int = ITEMS, invoices: int = 300) -> list[Budget]:
    """Return the rows of one company with so many items, three times as many prices, and invoices."""
    house = House(customers=invoices, items=items)
    # Documents are off until a setting switches them on.
    house.full_sync(*(name for name in house.app.ports.mappings if name not in OPERATIONS))
    rows: list[Budget] = []
    for name in OPERATIONS:
        rows += _spent(house, name, "created", lambda name=name: house.full_sync(name))
    for name, table in (("items", "items"), ("sales_prices", "salesPrices")):
        house.tick(name)
        for id_ in house.coupled(name):
            house.bc_sim.edit(table, id_, unitPrice=77)
        rows += _spent(house, name, "changed in BC", lambda name=name: house.tick(name))
    return rows


def _spent(house: House, name: str, how: str, do: Callable[[], object]) -> list[Budget]:
    house.forget()
    do()
    records = len(house.coupled(name))
    bc, sales = house.log("bc"), house.log("sales")
    written = sum(e["rows_written"] for e in sales)
    pages = math.ceil(sum(e["rows_read"] for e in bc) / PAGE)
    what = f"{records:,} {name.replace('_', ' ')} {how}, {written:,} rows of Sales"
    writes = math.ceil(1.02 * written / OPERATIONS[name]) + 1
    return [
        Budget(
            what=f"{what}: write requests (⌈rows/{OPERATIONS[name]:,}⌉ + 2 %, 1 for rows that several need)",
            allowed=writes,
            actual=sum(e["kind"] == "write" for e in sales),
        ),
        Budget(what=f"{what}: at least one each", allowed=records, actual=written, at_least=True),
        Budget(
            what=f"{what}: requests of all kinds, both sides",
            allowed=writes + A_PAGE * pages,
            actual=len(bc) + len(sales),
        ),
    ]
