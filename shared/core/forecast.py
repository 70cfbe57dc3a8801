"""How many requests a plan takes, and how long at the services' limits. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

#: Records in one write request (a bulk message, or a $batch).
RECORDS_PER_REQUEST = 100
#: Both services: 6,000 requests in five minutes for one identity (dataverse-web-api.md §7 "Limits",
#: business-central-api.md §8).
REQUESTS_PER_MINUTE = 1200
#: Dataverse: 1,200 s of execution in 300 s (§7), so four seconds of its time a second. What a write
#: costs there depends on the customer's plug-ins; 50 ms a row is a cautious guess, not a fact.
SALES_ROWS_PER_MINUTE = 60 * 4 / 0.05
#: BC: five requests at once (business-central-api.md §8); 100 ms a row as cautious a guess.
BC_ROWS_PER_MINUTE = 60 * 5 / 0.1


def forecast(records: Mapping[str, int], rows: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """Return requests and minutes by side ("bc", "sales") for so many records, written in so many rows.

    A product or an invoice takes several rows, written together. Minutes are the longer of two limits: requests, and the service's own time. They run side by
    side with reading, which takes a request for each page and is not counted here.
    """
    rates = {"bc": BC_ROWS_PER_MINUTE, "sales": SALES_ROWS_PER_MINUTE}
    found = {}
    for side, rate in rates.items():
        count = records.get(side, 0)
        requests = ceil(count / RECORDS_PER_REQUEST)
        written = max(count, rows.get(side, 0))
        minutes = max(requests / REQUESTS_PER_MINUTE, written / rate)
        found[side] = {
            "records": count,
            "rows": written,
            "requests": requests,
            "minutes": round(minutes, 1),
        }
    return found
