"""What changes cost: a full synchronization, ten thousand edits, ten thousand touches, and silence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.bench import full_sync
from sandbox.bench.house import House
from sandbox.bench.report import Budget
from shared.core.model import Side

#: Records of which 500 are really different when all are touched.
DIFFERENT = 500
#: Small tables that customers refer to.
OPTIONS = ("payment_terms", "shipment_methods", "shipping_agents", "units_of_measure")
#: Customers of the company in which nothing changes.
QUIET = 200


def budgets(records: int) -> list[Budget]:
    """Return the rows of one company of so many customers."""
    house = House(customers=records, items=40)
    # What items, prices and invoices cost is counted in `catalogue`.
    chosen = ("customers", "contacts", *house.mappings["customers"].depends_on, *OPTIONS)
    run = house.full_sync(*chosen)
    rows = full_sync.budgets(run, bc=house.log("bc"), sales=house.log("sales"), tables=house.tables.counted)
    house.forget()
    house.full_sync(*chosen)
    rows += full_sync.nothing_written(house.log("bc"), house.log("sales"))
    coupled = house.coupled("customers")
    return rows + _changed(house, coupled) + _touched(house, coupled) + _silence()


def _changed(house: House, coupled: Mapping[str, str]) -> list[Budget]:
    number = len(coupled)
    allowed = math.ceil(1.02 * number / full_sync.BULK)
    house.tick("customers")
    for id_ in coupled:
        house.bc_sim.edit("customers", id_, phoneNumber="0042")
    house.forget()
    house.tick("customers")
    rows = [
        Budget(
            what=f"Dataverse write requests for {number:,} customers changed in BC",
            allowed=allowed,
            actual=_writes(house.log("sales")),
        ),
        Budget(
            what="rows written in Sales for them",
            allowed=number,
            actual=_rows(house.log("sales")),
        ),
    ]
    for id_ in coupled.values():
        house.sales_sim.edit("accounts", id_, emailaddress1="x@example.com")
    house.forget()
    house.tick("customers")
    return [
        *rows,
        Budget(
            what=f"BC write requests for {number:,} accounts changed in Sales",
            allowed=allowed,
            actual=_writes(house.log("bc")),
        ),
        Budget(what="rows written in BC for them", allowed=number, actual=_rows(house.log("bc"))),
    ]


def _touched(house: House, coupled: Mapping[str, str]) -> list[Budget]:
    house.tick("customers")
    for n, id_ in enumerate(coupled):
        # The phone number is what it was; saving the record makes a new version all the same.
        differs = {"city": "Elsewhere"} if n < DIFFERENT else {"phoneNumber": "0042"}
        house.bc_sim.edit("customers", id_, **differs)
    house.forget()
    house.tick("customers")
    wanted = min(DIFFERENT, len(coupled))
    written = _rows(house.log("sales"))
    what = f"rows written in Sales for {len(coupled):,} touched, {wanted} really different"
    return [
        Budget(what=what, allowed=wanted, actual=written),
        Budget(what=f"{what}: and no fewer", allowed=wanted, actual=written, at_least=True),
        Budget(what="rows written in BC for them", allowed=0, actual=_rows(house.log("bc"))),
    ]


def _silence() -> list[Budget]:
    house = House(customers=QUIET)
    house.full_sync()
    house.tick_all()
    house.tick_all()
    house.forget()
    house.tick_all()
    bc, sales = house.log("bc"), house.log("sales")
    single = house.tables.counted.single_writes
    mappings = house.app.ports.mappings.values()
    #: Rows of other tables that change a record without touching it are asked for separately (H22).
    read = {
        side: sum(m.reads(side) + sum(f.side is side for f in m.also_changed_by) for m in mappings)
        for side in Side
    }
    what = f"nothing changed, {len(mappings)} timers: requests to"
    return [
        Budget(what=f"{what} BC (one for each table read)", allowed=read[Side.BC], actual=len(bc)),
        Budget(what=f"{what} Sales (one for each table read)", allowed=read[Side.SALES], actual=len(sales)),
        Budget(what="nothing changed: writes to BC and Sales", allowed=0, actual=_writes([*bc, *sales])),
        Budget(
            what="nothing changed: Table writes besides leases and the job log",
            allowed=0,
            actual=single.total() - single["Leases"] - single["Jobs"] + house.tables.counted.transactions,
        ),
    ]


def _writes(log: Iterable[Mapping[str, Any]]) -> int:
    return sum(e["kind"] == "write" for e in log)


def _rows(log: Iterable[Mapping[str, Any]]) -> int:
    return sum(e["rows_written"] for e in log)
