"""Opportunities: states, customer, calculated revenue.

Source: reference/dataverse-web-api.md sections 8 and 9 ("Opportunity"), mappings.md section 13. That customer
and parent account or contact fill each other is how the service is known to work; the reference is silent.
Product lines of opportunities are no table of this environment, so the line total is always 0.

For whoever writes this table:
- Won and Lost come by `WinOpportunity` and `LoseOpportunity` only (0x80100005); PATCH of 0/1 opens again.
- `customerid` left out becomes the parent account, else the parent contact; parent fields left out follow the
  customer of a new opportunity.
- With `isrevenuesystemcalculated` the service works out `estimatedvalue`, and what is sent is lost.
- The currency must be that of the price list (0x80048cef).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.dataverse.behaviour import Behaviour, Change, Service
from sandbox.dataverse.payload import point
from sandbox.dataverse.refusal import refused
from sandbox.dataverse.schema import TABLES
from sandbox.dataverse.store import Row
from sandbox.dataverse.totals import check_price_list, settle_totals
from sandbox.dataverse.values import convert

OPEN, WON, LOST = 0, 1, 2
_PARENTS = (("parentaccountid", "account"), ("parentcontactid", "contact"))


def _check(change: Change) -> None:
    values = change.values
    if not change.by_service and change.before is not None and change.is_new("statecode"):
        if values["statecode"] != OPEN:
            raise refused("0x80100005", "Use the Win or Lose message to set the state of an opportunity.")
        for name in ("actualclosedate", "actualvalue"):
            values.pop(name, None)
    _settle_customer(change)
    check_price_list(change, "0x80048cef")
    settle_totals(values, [])
    if values.get("isrevenuesystemcalculated"):
        values["estimatedvalue"] = values["totalamount"]


def _settle_customer(change: Change) -> None:
    values, column = change.values, change.table.columns["customerid"]
    if change.changed.intersection(("parentaccountid", "parentcontactid")) and (
        "customerid" not in change.changed or "customerid" not in values
    ):
        for name, target in _PARENTS:
            if name in values:
                point(values, column, target, values[name])
                break
    elif change.before is None and "customerid" in values:
        for name, target in _PARENTS:
            if values.get(column.type_key) == target:
                values.setdefault(name, values["customerid"])


def close(service: Service, row: Row, *, won: bool, status: int, sent: dict[str, Any]) -> None:
    """Carry out WinOpportunity or LoseOpportunity. Raises Refused for one that is not open."""
    if row.values["statecode"] != OPEN:
        raise refused("0x80040515", "The opportunity has already been closed.")
    table = TABLES["opportunity"]
    given = {
        "actualclosedate": str(sent.get("actualend", service.environment.now()))[:10],
        "actualvalue": sent.get("actualrevenue", row.values.get("estimatedvalue", Decimal(0))),
    }
    changes = {
        "statecode": WON if won else LOST,
        "statuscode": status,
        **{n: convert(service.environment, table, table.columns[n], value) for n, value in given.items()},
    }
    service.change(table, row, changes, service=True)


BEHAVIOURS = {"opportunity": Behaviour(check=_check)}
