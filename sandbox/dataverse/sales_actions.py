"""Actions of sales: closing opportunities, quotes and orders, revising, converting, locking prices.

Source: reference/dataverse-web-api.md section 9; it gives bodies for Win/LoseOpportunity and CancelSalesOrder,
the others follow them. ConvertQuoteToSalesOrder is Microsoft's message for what a person does with a won
quote. An unknown parameter is refused. Activities that the service would keep (`orderclose`, `quoteclose`,
`opportunityclose`) are no tables here: they are checked and forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sandbox.dataverse import opportunities
from sandbox.dataverse.address import as_guid, must_find, reference
from sandbox.dataverse.documents import KINDS
from sandbox.dataverse.payload import resolve
from sandbox.dataverse.reading import shape_one
from sandbox.dataverse.refusal import (
    INVALID_ARGUMENT,
    STATUS_INVALID,
    Refused,
    bad_payload,
    missing_row,
    refused,
)
from sandbox.dataverse.schema import TABLES
from sandbox.dataverse.store import Row
from sandbox.dataverse.wire import Answer, json_answer
from sandbox.dataverse.writes import Writes

Run = Callable[[Writes, Mapping[str, Any], str], Answer]

#: What a close activity may say besides its type and the row that it closes.
_CLOSE_MEMBERS = frozenset({"@odata.type", "subject", "description", "actualend", "actualrevenue"})


def _arguments(name: str, body: Mapping[str, Any], required: set[str], optional: set[str]) -> None:
    if unknown := sorted(set(body) - required - optional):
        raise bad_payload(name, f"The parameter '{unknown[0]}' is not known.")
    if missing := sorted(required - set(body)):
        raise Refused(400, INVALID_ARGUMENT, f"Required field '{missing[0]}' is missing for {name}.")


def _target(name: str, writes: Writes, body: Mapping[str, Any], parameter: str, table: str) -> Row:
    row_id = as_guid(str(body[parameter]))
    if row_id is None:
        raise bad_payload(name, f"'{parameter}' must be an id.")
    row = writes.store.get(table, row_id)
    if row is None:
        raise missing_row(table, row_id)
    return row


def _closing(
    name: str, writes: Writes, body: Mapping[str, Any], table: str, parameter: str, states: set[int]
) -> tuple[Row, int, Mapping[str, Any]]:
    """Return row, status and activity of a closing message, all of it checked."""
    _arguments(name, body, {parameter, "Status"}, set())
    activity, bind = body[parameter], f"{TABLES[table].key}@odata.bind"
    if not isinstance(activity, dict) or not isinstance(activity.get(bind), str):
        raise bad_payload(name, f"'{parameter}' needs '{bind}'.")
    if unknown := sorted(set(activity) - _CLOSE_MEMBERS - {bind}):
        raise bad_payload(name, f"The property '{unknown[0]}' does not exist on '{parameter}'.")
    where = reference(writes.store, resolve(activity[bind], writes.references))
    if where.table.name != table:
        raise bad_payload(name, f"'{bind}' must name a row of {TABLES[table].entity_set}.")
    status = body["Status"]
    if status == -1:  # documented: the first status of the state
        status = min(states)
    if status not in states:
        raise refused(STATUS_INVALID, f"{status} is not a valid status code for {name} on {table}.")
    return must_find(writes.store, where), status, activity


def _close_opportunity(
    name: str, won: bool, statuses: set[int], writes: Writes, body: Mapping[str, Any], base: str
) -> Answer:
    row, status, activity = _closing(name, writes, body, "opportunity", "OpportunityClose", statuses)
    opportunities.close(writes, row, won=won, status=status, sent=dict(activity))
    return Answer(status=204)


def _close(
    name: str,
    table: str,
    parameter: str,
    new: tuple[int, set[int]],
    from_states: set[int],
    writes: Writes,
    body: Mapping[str, Any],
    base: str,
) -> Answer:
    row, status, _ = _closing(name, writes, body, table, parameter, new[1])
    if row.values["statecode"] not in from_states:
        state = writes.environment.options[table, "statecode"][row.values["statecode"]]
        raise refused(STATUS_INVALID, f"{name} is not possible for a {table} that is {state}.")
    writes.change(TABLES[table], row, {"statecode": new[0], "statuscode": status}, service=True)
    return Answer(status=204)


def _lock_pricing(
    name: str, table: str, locked: bool, writes: Writes, body: Mapping[str, Any], base: str
) -> Answer:
    parameter = "SalesOrderId" if table == "salesorder" else "InvoiceId"
    _arguments(name, body, {parameter}, set())
    row = _target(name, writes, body, parameter, table)
    writes.change(TABLES[table], row, {"ispricelocked": locked}, service=True)
    return Answer(status=204)


def _revise_quote(name: str, writes: Writes, body: Mapping[str, Any], base: str) -> Answer:
    """Close the quote as Revised and make the next revision, a draft with the same number and lines."""
    _arguments(name, body, {"QuoteId"}, {"ColumnSet"})
    row = _target(name, writes, body, "QuoteId", "quote")
    if row.values["statecode"] not in (1, 3) or row.values["statuscode"] == 7:
        raise refused(STATUS_INVALID, "Only an active or closed quote can be revised.")
    if row.values["statecode"] == 1:
        writes.change(TABLES["quote"], row, {"statecode": 3, "statuscode": 7}, service=True)
    number = {"revisionnumber": row.values.get("revisionnumber", 0) + 1}
    return _answer(writes, "quote", _copy(writes, "quote", row, "quote", number), base)


def _convert_quote(name: str, writes: Writes, body: Mapping[str, Any], base: str) -> Answer:
    _arguments(name, body, {"QuoteId"}, {"ColumnSet"})
    row = _target(name, writes, body, "QuoteId", "quote")
    if row.values["statecode"] != 2:
        raise refused(STATUS_INVALID, "Only a won quote can be converted to an order.")
    more = {"quoteid": row.id, "ispricelocked": True}
    return _answer(writes, "salesorder", _copy(writes, "quote", row, "salesorder", more), base)


def _convert_order(name: str, writes: Writes, body: Mapping[str, Any], base: str) -> Answer:
    _arguments(name, body, {"SalesOrderId"}, {"ColumnSet"})
    row = _target(name, writes, body, "SalesOrderId", "salesorder")
    more = {"salesorderid": row.id, "ispricelocked": True}
    return _answer(writes, "invoice", _copy(writes, "salesorder", row, "invoice", more), base)


def _order_from_opportunity(name: str, writes: Writes, body: Mapping[str, Any], base: str) -> Answer:
    _arguments(name, body, {"OpportunityId"}, {"ColumnSet"})
    row = _target(name, writes, body, "OpportunityId", "opportunity")
    values = {**_common(row, "salesorder", set()), "opportunityid": row.id}
    return _answer(writes, "salesorder", writes.insert(TABLES["salesorder"], values), base)


def _copy(writes: Writes, source: str, row: Row, target: str, more: Mapping[str, Any]) -> Row:
    """Copy header and lines, with their prices, to a new document of the target's kind."""
    old, new = KINDS[source], KINDS[target]
    numbers = {"quotenumber"} if source != target else set()
    with writes.together():
        header = writes.insert(TABLES[target], {**_common(row, target, numbers), **more})
        for line in writes.store.rows(old.lines).pointing(old.link, row.id):
            values = {**_common(line, new.lines, {old.link}), new.link: header.id}
            if new.lines == "salesorderdetail":
                values["quotedetailid"] = line.id
            elif new.lines == "invoicedetail":
                values["salesorderdetailid"] = line.id
            writes.insert(TABLES[new.lines], values)
    return header


def _common(row: Row, target: str, leave: set[str]) -> dict[str, Any]:
    """Return the values of the row that a new row of the target table takes."""
    columns = TABLES[target].columns
    left = {*leave, "statecode", "statuscode", "overriddencreatedon", "importsequencenumber"}
    return {
        name: value
        for name, value in row.values.items()
        if (column := columns.get(name.partition("@")[0])) is not None and column.create and name not in left
    }


def _answer(writes: Writes, table: str, row: Row, base: str) -> Answer:
    held = TABLES[table]
    current = writes.store.rows(table).rows[row.id]
    body = {
        "@odata.context": f"{base}$metadata#{held.entity_set}/$entity",
        "@odata.type": f"#Microsoft.Dynamics.CRM.{table}",
        **shape_one(writes.environment, held, current),
    }
    return json_answer(body)


def _named(name: str, run: Callable[..., Answer], *arguments: Any) -> tuple[str, Run]:
    return name, partial(run, name, *arguments)


_ACTIONS: Mapping[str, Run] = dict(
    (
        _named("WinOpportunity", _close_opportunity, True, {3}),
        _named("LoseOpportunity", _close_opportunity, False, {4, 5}),
        _named("WinQuote", _close, "quote", "QuoteClose", (2, {4}), {1}),
        _named("CloseQuote", _close, "quote", "QuoteClose", (3, {5, 6, 7}), {0, 1}),
        _named("FulfillSalesOrder", _close, "salesorder", "OrderClose", (3, {100001, 100002}), {0, 1}),
        _named("CancelSalesOrder", _close, "salesorder", "OrderClose", (2, {4}), {0, 1}),
        _named("LockSalesOrderPricing", _lock_pricing, "salesorder", True),
        _named("UnlockSalesOrderPricing", _lock_pricing, "salesorder", False),
        _named("LockInvoicePricing", _lock_pricing, "invoice", True),
        _named("UnlockInvoicePricing", _lock_pricing, "invoice", False),
        _named("ReviseQuote", _revise_quote),
        _named("ConvertQuoteToSalesOrder", _convert_quote),
        _named("ConvertSalesOrderToInvoice", _convert_order),
        _named("GenerateSalesOrderFromOpportunity", _order_from_opportunity),
    )
)

NAMES = frozenset(_ACTIONS)


def run(name: str, writes: Writes, body: Mapping[str, Any], base: str) -> Answer:
    """Carry out an action. Raises Refused; the caller's transaction undoes what was written."""
    return _ACTIONS[name](writes, body, base)
