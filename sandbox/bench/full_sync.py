"""The budgets of a full synchronization into an empty Sales, from request logs only (design §10).

Nothing here asks the product what it did: requests are counted where they arrive, in the logs of the two
simulators and of Azurite. Only how many records there were comes from the run's tallies.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.bench.report import Budget
from sandbox.bench.table_log import TableRequests

PAGE = 1000
#: Records in a bulk message, operations in a transaction.
BULK = 100
#: `…/accounts(guid)`: a request for one record.
_ONE_RECORD = re.compile(r"\([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\)$", re.IGNORECASE)

#: mapping → rows of each entity set for one new record, its own first. A product is born as a draft and
#: put into use with its price, an invoice closed with its totals (H16).
ROWS: Mapping[str, Mapping[str, int]] = {
    "currencies": {"transactioncurrencies": 1},
    "units_of_measure": {"uomschedules": 1, "uoms": 1},
    "customers": {"accounts": 1},
    "contacts": {"contacts": 1},
    "items": {"products": 2, "productpricelevels": 1},
    "resources": {"products": 2, "productpricelevels": 1},
    "customer_price_groups": {"pricelevels": 1},
    "sales_prices": {"productpricelevels": 1},
    # One that is inactive in BC is made, then put out of use.
    "price_lists": {"pricelevels": 2},
    "price_list_lines": {"productpricelevels": 1},
    "opportunities": {"opportunities": 1},
    "posted_sales_invoices": {"invoices": 2},
}
#: Operations of one record's change set, without an invoice's lines; other mappings write in bulk.
OPERATIONS = {"items": 3, "resources": 3, "posted_sales_invoices": 2}

Entry = Mapping[str, Any]


def budgets(
    run: Mapping[str, Any], *, bc: Sequence[Entry], sales: Sequence[Entry], tables: TableRequests
) -> list[Budget]:
    """Return the budgets of one undisturbed run; `bc` and `sales` are the entries of `/_sim/log`."""
    lines = {line["mapping"]: line for line in run["lines"]}
    bc, sales = ([e for e in log if e["identity"] == "integration"] for log in (bc, sales))
    made = {name: _sum({name: line}, "to_sales", "created", "restored") for name, line in lines.items()}
    created, late = sum(made.values()), _sum(lines, "wake_ups", "updated")
    updated = {name: _sum({name: line}, "to_sales", "updated") for name, line in lines.items()}
    back = _sum(lines, "from_sales", "created", "updated", "coupled")
    coupled = created + _sum(lines, "to_sales", "coupled") + _sum(lines, "from_sales", "created", "coupled")
    customers = lines["customers"]["to_sales"]["read"] if "customers" in lines else 0
    pages_of = {
        name: sum(max(1, math.ceil(line[way]["read"] / PAGE)) for way in ("to_sales", "from_sales"))
        for name, line in lines.items()
    }
    pages = sum(pages_of.values()) + math.ceil(late / PAGE)
    invoice_lines = sum(e["read"].get("postedSalesInvoiceLines", 0) for e in bc)
    allowed_rows = _rows(made, updated, late=late, invoice_lines=invoice_lines)
    written = sum((Counter(e["written"]) for e in sales), Counter[str]())
    listed = [_rows_of_pages(bc, path) for path in ("/customers", "/contacts", "/items")]
    # Several pages: all but the last are full. One page: whatever there is.
    smallest = min((min(rows[:-1]) for rows in listed if len(rows) > 1), default=PAGE)
    everything = len(bc) + len(sales) + tables.writes
    records = sum(line[way]["read"] for line in lines.values() for way in ("to_sales", "from_sales"))
    return [
        Budget(
            what=f"Dataverse write requests (N/100, or operations/1000; N = {created:,} created, {late:,} late)",
            allowed=_write_requests(made, updated, pages_of, late=late, invoice_lines=invoice_lines),
            actual=sum(e["kind"] == "write" for e in sales),
        ),
        *(
            Budget(
                what=f"rows written in Sales: {name}", allowed=allowed_rows.get(name, 0), actual=written[name]
            )
            for name in sorted(written)
        ),
        Budget(
            what="BC write requests (N/100 + 2 %)",
            allowed=math.ceil(1.02 * back / BULK) + bool(back),
            actual=sum(e["kind"] == "write" for e in bc),
        ),
        Budget(
            what="rows written in BC",
            allowed=back,
            actual=sum(e["rows_written"] for e in bc),
        ),
        Budget(
            what=f"BC reads of customers (⌈N/{PAGE}⌉ + 2, and one for each page of late references)",
            allowed=math.ceil(customers / PAGE) + 2 + (math.ceil(late / PAGE) + 1 if late else 0),
            actual=sum("customers" in e["read"] for e in bc),
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
            what="Table transactions (2N/100 couplings, N/100 history; + 10 %)",
            # Created records have no history, held ones two rows instead. The last transaction of each mapping
            # and kind is not full.
            allowed=math.ceil(1.1 * 3 * (coupled + late) / BULK) + 2 * len(lines) + 1,
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


def _rows(
    made: Mapping[str, int], updated: Mapping[str, int], *, late: int, invoice_lines: int
) -> Counter[str]:
    """Return how many rows of each entity set the records take: each its own, none twice."""
    rows = Counter[str]()
    for name, count in made.items():
        for table, each in ROWS.get(name, {}).items():
            rows[table] += each * count
    for name, count in updated.items():
        rows[next(iter(ROWS.get(name, {"": 0})))] += count
    # A customer's primary contact.
    rows["accounts"] += late
    # The local currency, where it is missing; the default price list, and one for each currency of invoices.
    rows["transactioncurrencies"] += 1
    rows["pricelevels"] += 2 + made.get("currencies", 0)
    invoices = made.get("posted_sales_invoices", 0)
    # Each line and perhaps one of rounding, twice (S107); each time the service adds up its invoice.
    details = 2 * (invoice_lines + invoices)
    rows["invoicedetails"] += details
    rows["invoices"] += details
    # What is on a line has a price in the list of its currency (S108).
    rows["productpricelevels"] += invoice_lines
    return rows


def _write_requests(
    made: Mapping[str, int],
    updated: Mapping[str, int],
    pages_of: Mapping[str, int],
    *,
    late: int,
    invoice_lines: int,
) -> int:
    """Return the write requests that Dataverse may get: a hundred records, or a thousand operations (H16)."""
    requests = math.ceil(1.02 * late / BULK)
    for name, count in made.items():
        operations = OPERATIONS.get(name)
        if operations is None:
            requests += math.ceil(1.02 * (count + updated[name]) / BULK)
        elif count:
            lines = 2 * (invoice_lines + count) if name == "posted_sales_invoices" else 0
            # The last of each page is not full; rows that several records share go first, two kinds of them.
            requests += math.ceil(1.02 * (operations * count + lines) / 1000) + 3 * pages_of[name]
    # How much is answered in time is found out with two smaller ones; the price lines of invoices by the hundred.
    return requests + 2 + math.ceil(1.02 * invoice_lines / BULK) + 1


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
