"""The budgets of a full synchronization into an empty Sales, from request logs only (design §10).

Nothing here asks the product what it did: requests are counted where they arrive, in the logs of the two
simulators and of Azurite. Only how many records there were comes from the run's tallies.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.bench.report import Budget
from sandbox.bench.table_log import TableRequests

PAGE = 1000
#: Records in a bulk message, operations in a transaction.
BULK = 100
#: `…/accounts(guid)`: a request for one record.
_ONE_RECORD = re.compile(r"\([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\)$", re.IGNORECASE)

Entry = Mapping[str, Any]


def budgets(
    run: Mapping[str, Any], *, bc: Sequence[Entry], sales: Sequence[Entry], tables: TableRequests
) -> list[Budget]:
    """Return the budgets of one undisturbed run; `bc` and `sales` are the entries of `/_sim/log`."""
    lines = {line["mapping"]: line for line in run["lines"]}
    bc, sales = ([e for e in log if e["identity"] == "integration"] for log in (bc, sales))
    created = _sum(lines, "to_sales", "created", "restored")
    late = _sum(lines, "wake_ups", "updated")
    back = _sum(lines, "from_sales", "created", "updated", "coupled")
    coupled = created + _sum(lines, "to_sales", "coupled") + _sum(lines, "from_sales", "created", "coupled")
    held = sum(_sum(lines, way, "held", "waiting", "conflict") for way in ("to_sales", "from_sales"))
    # The last message of each mapping carries less than a hundred.
    writers = sum(bool(_sum({n: line}, "to_sales", "created")) for n, line in lines.items()) + bool(late)
    customers = lines["customers"]["to_sales"]["read"] if "customers" in lines else 0
    pages = sum(
        max(1, math.ceil(line[way]["read"] / PAGE))
        for line in lines.values()
        for way in ("to_sales", "from_sales")
    ) + math.ceil(late / PAGE)
    listed = {
        "customers": _rows_of_pages(bc, "/customers"),
        "contacts": _rows_of_pages(bc, "/contacts"),
    }
    # Several pages: all but the last are full. One page: whatever there is.
    smallest = min((min(rows[:-1]) for rows in listed.values() if len(rows) > 1), default=PAGE)
    everything = len(bc) + len(sales) + tables.writes
    records = sum(line[way]["read"] for line in lines.values() for way in ("to_sales", "from_sales"))
    return [
        Budget(
            what=f"Dataverse write requests (N/100 + 2 %, N = {created:,} created + {late:,} late references)",
            allowed=math.ceil(1.02 * (created + late) / BULK) + writers,
            actual=sum(e["kind"] == "write" for e in sales),
        ),
        Budget(
            what="accounts and contacts written in bulk (each record once, each late reference once)",
            allowed=created + late,
            actual=sum(
                e["rows_written"] for e in sales if "/accounts" in e["path"] or "/contacts" in e["path"]
            ),
        ),
        Budget(
            what="BC write requests (N/100 + 2 %)",
            allowed=math.ceil(1.02 * back / BULK) + bool(back),
            actual=sum(e["kind"] == "write" for e in bc),
        ),
        Budget(
            what=f"BC reads of the list of customers (⌈N/{PAGE}⌉ + 2)",
            allowed=math.ceil(customers / PAGE) + 2,
            actual=len(listed["customers"]),
        ),
        Budget(
            what="BC reads of all mappings (their pages + 2 each, 1 look-up a page)",
            allowed=sum(math.ceil(line["to_sales"]["read"] / PAGE) + 2 for line in lines.values()) + pages,
            actual=sum(e["kind"] == "read" for e in bc),
        ),
        Budget(what="records in a full page of BC", allowed=PAGE, actual=smallest, at_least=True),
        Budget(
            what="rows read in Sales per record (a page costs no more the more is there)",
            allowed=6,
            actual=round(sum(e["rows_read"] for e in sales) / max(1, created + late), 2),
        ),
        Budget(
            what="Table transactions (2N/100 couplings, N/100 late ones and their history; + 10 %; 2 a page for held)",
            # Held records have a row in each of two tables, and every page that has some writes its own. The last
            # transaction of each mapping and kind is not full.
            allowed=math.ceil(1.1 * (2 * coupled + 2 * late + 2 * held) / BULK)
            + 2 * min(pages, held)
            + 2 * len(lines)
            + 1,
            actual=tables.transactions,
        ),
        Budget(
            what=f"single-row Table writes (6 for each of {pages} pages, 6 to start and end each line)",
            allowed=6 * (pages + len(lines)),
            actual=tables.single_writes.total(),
        ),
        Budget(
            what="Table point reads of couplings a page",
            allowed=60,
            actual=round(tables.point_reads["Couplings"] / pages, 2),
        ),
        Budget(
            what="requests for a single record, in BC or Sales",
            allowed=0,
            actual=sum(bool(_ONE_RECORD.search(e["path"].split("?")[0])) for e in (*bc, *sales)),
        ),
        Budget(
            what=f"requests per 100 records read, all three systems ({records:,} records)",
            allowed=round(10 + 100 * 60 * len(lines) / max(1, records)),
            actual=round(100 * everything / max(1, records), 2),
        ),
    ]


def nothing_written(bc: Sequence[Entry], sales: Sequence[Entry]) -> list[Budget]:
    """Return the budgets of a synchronization that finds both sides agreeing."""
    return [
        Budget(what=f"a second full synchronization: {side} {what}", allowed=0, actual=actual)
        for side, log in (("BC", bc), ("Sales", sales))
        for what, actual in (
            ("write requests", sum(e["kind"] == "write" for e in log)),
            ("rows written", sum(e["rows_written"] for e in log)),
        )
    ]


def _sum(lines: Mapping[str, Mapping[str, Any]], way: str, *parts: str) -> int:
    return sum(line[way].get(part, 0) for line in lines.values() for part in parts)


def _rows_of_pages(log: Sequence[Entry], path: str) -> list[int]:
    return [e["rows_read"] for e in log if e["method"] == "GET" and e["path"].split("?")[0].endswith(path)]
