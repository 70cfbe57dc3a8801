"""Headers of quotes, orders and invoices: states, locks, totals.

Source: reference/dataverse-web-api.md sections 8 and 9, sales-documents.md S54, S57, S112 and section 7. For
orders the web reference calls Active and Submitted open, S57 calls Submitted read-only: S57 is simulated.

For whoever writes these tables:
- Totals, and base and extended amount of lines, are the service's: what is sent for them is overwritten,
  unless `skippricecalculation` (orders, order lines; inferred for quotes and invoices) says otherwise.
- Currency: on creation only (quotes: until there are lines, 0x8004480e); it must be that of the price list
  (quote 0x80048cee, order and invoice 0x80048ced). The exchange rate is the currency's.
- Read-only: orders not Active, invoices not Active, quotes not Draft. A PATCH of such a row may hold
  `statecode` and `statuscode` only; so: state, fields, state, in three writes. Its lines: 0x80043b09.
- Orders: PATCH goes between Active, Submitted and Invoiced, and back to Active from anywhere. Fulfilled and
  Canceled come by `FulfillSalesOrder` and `CancelSalesOrder`.
- Invoices: from Active to Closed, Paid or Canceled; from those back to Active only (S112).
- Quotes: PATCH activates a draft; the rest by `WinQuote`, `CloseQuote` and `ReviseQuote`.
- State without status takes the first status of the state (order: Active 1, Submitted 3, Invoiced 100003).
- `ordernumber`, `invoicenumber` and `quotenumber` are given by the system unless sent on creation.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.dataverse.behaviour import Behaviour, Change
from sandbox.dataverse.refusal import READ_ONLY, STATUS_INVALID, refused
from sandbox.dataverse.schema import TABLES
from sandbox.dataverse.store import Row
from sandbox.dataverse.totals import check_price_list, settle_totals, skips_calculation


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of document."""

    header: str
    lines: str
    link: str  # lookup of a line to its header
    currency_code: str
    moves: frozenset[tuple[int, int]]  # what a PATCH of the state may do
    hint: str


KINDS = {
    kind.header: kind
    for kind in (
        Kind(
            header="quote",
            lines="quotedetail",
            link="quoteid",
            currency_code="0x80048cee",
            moves=frozenset({(0, 1)}),
            hint="Use WinQuote, CloseQuote or ReviseQuote.",
        ),
        Kind(
            header="salesorder",
            lines="salesorderdetail",
            link="salesorderid",
            currency_code="0x80048ced",
            moves=frozenset({(0, 1), (0, 4), (1, 4), (3, 4), (1, 0), (2, 0), (3, 0), (4, 0)}),
            hint="Use FulfillSalesOrder or CancelSalesOrder, or activate the order first.",
        ),
        Kind(
            header="invoice",
            lines="invoicedetail",
            link="invoiceid",
            currency_code="0x80048ced",
            moves=frozenset({(0, 1), (0, 2), (0, 3), (1, 0), (2, 0), (3, 0)}),
            hint="Activate the invoice first.",
        ),
    )
}
OF_LINES = {kind.lines: kind for kind in KINDS.values()}

_STATE = frozenset({"statecode", "statuscode"})


def locked(header: Row) -> bool:
    """Tell whether the document takes no changes: it has left its first state, 0 for every kind."""
    return bool(header.values.get("statecode"))


def _check(change: Change) -> None:
    kind, values, before = KINDS[change.table.name], change.values, change.before
    if before is not None and not change.by_service:
        _check_update(change, kind, before)
    customer = values.get("customerid")
    kept = values.get(change.table.columns["customerid"].type_key, "account")
    for name, target in (("accountid", "account"), ("contactid", "contact")):
        if customer is not None and kept == target:
            values[name] = customer
        else:
            values.pop(name, None)
    if kind.header == "quote":
        values.setdefault("revisionnumber", 0)
    else:
        values.setdefault("ispricelocked", False)
    check_price_list(change, kind.currency_code)
    if not skips_calculation(change):
        lines = change.service.store.rows(kind.lines).pointing(kind.link, change.row_id) if before else []
        settle_totals(values, [line.values for line in lines])
        values["pricingerrorcode"] = int(any(line.values.get("pricingerrorcode") for line in lines))


def _check_update(change: Change, kind: Kind, before: Row) -> None:
    was, now = before.values["statecode"], change.values["statecode"]
    if was != now and (was, now) not in kind.moves:
        names = change.service.environment.options[kind.header, "statecode"]
        raise refused(
            STATUS_INVALID, f"The {kind.header} cannot go from {names[was]} to {names[now]}. {kind.hint}"
        )
    if locked(before):
        other = change.changed - _STATE
        if other or (was == now and "statuscode" in change.changed and kind.header == "invoice"):
            raise refused(
                READ_ONLY,
                f"The {kind.header} is read-only in its state; {', '.join(sorted(other or _STATE))} cannot be "
                "written. Activate it first.",
            )
    if kind.header == "quote" and change.is_new("transactioncurrencyid"):
        if change.service.store.rows(kind.lines).pointing(kind.link, before.id):
            raise refused("0x8004480e", "The currency of a quote with products cannot be changed.")


def _stored(change: Change, row: Row) -> None:
    """Price the lines anew when the price list is another one."""
    if change.before is None or not change.is_new("pricelevelid"):
        return
    kind = KINDS[change.table.name]
    for line in change.service.store.rows(kind.lines).pointing(kind.link, row.id):
        change.service.change(TABLES[kind.lines], line, {}, service=True)


BEHAVIOURS = {name: Behaviour(check=_check, stored=_stored) for name in KINDS}
