"""From an order written in Sales to money that is shown there: the last act of `make demo`.

People write orders in Sales and submit them; Tandem brings them to BC, where they are posted and paid; Tandem
brings invoices and payments back. Every amount is compared to the cent, through the two systems' own APIs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
from rich.console import Console
from rich.table import Table

from sandbox.cash_orders import Order, Salesperson
from sandbox.compare import read_all
from sandbox.demo_data.order_setup import WRITE_IN

if TYPE_CHECKING:
    from sandbox.demo import Demo

#: Seconds for each step until all of it is seen on the other side.
PATIENCE = 90.0
#: (statecode, statuscode) in Sales: sales-documents.md S94, S110.
INVOICED = (4, 100_003)
STATES = {"in full": (2, 100_001), "in part": (2, 100_002), "": (0, 4)}
SHOWN = {(2, 100_001): "Paid/Complete", (2, 100_002): "Paid/Partial", (0, 4): "Billed", INVOICED: "Invoiced"}


@dataclass
class Sold:
    """An order on its way, and what is wrong with it."""

    order: Order
    #: What the customer pays of its invoice: a key of `STATES`.
    paid: str
    header: dict[str, Any] = field(default_factory=dict)
    in_bc: dict[str, Any] = field(default_factory=dict)
    posted: dict[str, Any] = field(default_factory=dict)
    invoice: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def must(self, what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            self.wrong.append(f"{what}: {_shown(ours)} and {_shown(theirs)}")


class CashLoop:
    """One walk through the loop. Each step waits until the next system shows it; what never comes is said."""

    def __init__(self, demo: Demo, bc: httpx.Client, sales: httpx.Client) -> None:
        self._demo = demo
        self._bc, self._sales = bc, sales
        self.sold: list[Sold] = []
        self.skipped: list[str] = []
        self._limit = 0.0

    def run(self) -> None:
        person = Salesperson(self._demo, self._bc, self._sales)
        payments = ("in full", "in part", "in full", "", "in full")
        for place, order in enumerate(person.orders()):
            self.sold.append(Sold(order=order, paid=payments[place % len(payments)]))
        self.skipped = person.skipped
        self._to_bc()
        self._post()
        self._back()
        self._pay()

    def _to_bc(self) -> None:
        self._fire("poll_sales_orders")
        for one in self.sold:
            found = self._until(lambda one=one: self._stamped(one.order.id))
            one.header = found or self._order(one.order.id)
            number = one.header["ordernumber"]
            there = self._in_bc("salesOrders", f"yourReference eq '{number}'")
            one.must("orders in BC", len(there), 1)
            if not found:
                one.wrong.append(f"did not arrive: {self._reason(one.order.id)}")
            if len(there) == 1:
                one.in_bc = there[0]
                self._compare_order(one)

    def _compare_order(self, one: Sold) -> None:
        sales, bc = one.header, one.in_bc
        one.must("total", _net(sales), bc["amount"])
        off = sales["totallineitemamount"] - sales["totalamountlessfreight"]
        one.must("invoice discount", off, bc["invoiceDiscountAmount"])
        one.must("currency", one.order.currency, bc["currencyCode"])
        lines = self._in_bc("salesOrderLines", f"documentId eq {bc['id']}")
        lines.sort(key=lambda line: line["lineNumber"])
        for text in one.order.texts:
            # The line itself has a beginning of it; the comments have all.
            kept = "".join(r["description"] for r in lines if r["attachedToLineNumber"])
            one.must("long text", text, kept)
        for text in one.order.write_ins:
            one.must("write-in", [text], [r["description"] for r in lines if r["number"] == WRITE_IN])

    def _post(self) -> None:
        with self._demo.sandbox.simulator("bc") as people:
            for one in self._going_on("in_bc"):
                answer = people.post("/_sim/post", json={"id": one.in_bc["id"]})
                if answer.is_error:
                    one.wrong.append(f"not posted: {answer.text}")
                    continue
                [one.posted] = self._in_bc("postedSalesInvoices", f"id eq {answer.json()['invoice']}")
                one.must("posted amount", one.in_bc["amount"], one.posted["amount"])

    def _back(self) -> None:
        """Invoices go over by hand, as new ones do only in a full synchronization (S97); orders by their timer."""
        posted = list(self._going_on("posted"))
        if not posted:
            return
        self._fire("poll_sales_orders")
        body = {"side": "bc", "ids": [one.posted["id"] for one in posted], "create": True}
        self._demo.api.post("mappings/posted_sales_invoices/sync", json=body).raise_for_status()
        for one in posted:
            invoices = self._until(lambda one=one: self._invoices(one.order.id)) or []
            one.must("invoices in Sales", 1, len(invoices))
            if not invoices:
                continue
            found = one.invoice = invoices[0]
            one.must("invoice", one.posted["amountIncludingVat"], found["totalamount"])
            one.must("without tax", one.posted["amount"], found["totalamountlessfreight"])
            one.must("due", one.posted["remainingAmount"], found["totalamount"])
            ended = self._until(lambda one=one: _state(self._order(one.order.id)) == INVOICED)
            one.header = self._order(one.order.id)
            if not ended:
                one.wrong.append("the order is not Invoiced")

    def _pay(self) -> None:
        invoiced = list(self._going_on("invoice"))
        with self._demo.sandbox.simulator("bc") as people:
            for one in invoiced:
                if one.paid:
                    part = {"amount": float(_half(one.posted))} if one.paid == "in part" else {}
                    people.post("/_sim/pay", json={"id": one.posted["id"]} | part).raise_for_status()
        self._fire("poll_posted_sales_invoices")
        for one in invoiced:
            self._until(lambda one=one: _state(self._invoices(one.order.id)[0]) == STATES[one.paid])
            [one.invoice] = self._invoices(one.order.id)
            [one.posted] = self._in_bc("postedSalesInvoices", f"id eq {one.posted['id']}")
            total = one.posted["amountIncludingVat"]
            left = {"in full": Decimal(0), "in part": total - _half(one.posted), "": total}[one.paid]
            one.must("left to pay", left, one.posted["remainingAmount"])
            one.must("status", SHOWN[STATES[one.paid]], status(one.invoice))

    # --- what the two systems show -----------------------------------------------------------------

    def _going_on(self, name: str) -> Iterator[Sold]:
        return (one for one in self.sold if getattr(one, name))

    def _order(self, id: str) -> dict[str, Any]:
        return _json(self._sales.get(f"{self._demo.sales_root}/salesorders({id})"))

    def _stamped(self, id: str) -> dict[str, Any] | None:
        order = self._order(id)
        return order if order["lastbackofficesubmit"] and order["statecode"] == 1 else None

    def _invoices(self, order: str) -> list[dict[str, Any]]:
        url = f"{self._demo.sales_root}/invoices?$filter=_salesorderid_value eq {order}"
        return read_all(self._sales, url)

    def _in_bc(self, set_name: str, which: str) -> list[dict[str, Any]]:
        return read_all(self._bc, f"{self._demo.bc_root}/{set_name}?$filter={which}")

    def _reason(self, order: str) -> str:
        rows = self._demo.get("held", mapping="sales_orders").json()["value"]
        return next((str(r["reason"]) for r in rows if r["id"] == order), "no reason is given")

    def _fire(self, timer: str) -> None:
        self._demo.fire(timer)
        self._limit = time.monotonic() + PATIENCE

    def _until(self, true: Callable[[], Any]) -> Any:
        """Ask until something is true; return it, or None when the step's time is over."""
        while not (found := true()) and time.monotonic() < self._limit:
            time.sleep(0.2)
        return found or None


def cash_loop(demo: Demo) -> CashLoop:
    """Walk the loop once on a synchronized sandbox."""
    with demo.people("bc") as bc, demo.people("dataverse") as sales:
        loop = CashLoop(demo, bc, sales)
        loop.run()
        return loop


def show_cash_loop(demo: Demo, console: Console) -> bool:
    """Walk the loop, print it, and say whether every amount and status agrees."""
    loop = cash_loop(demo)
    console.print(table_of(loop))
    for said in loop.skipped:
        console.print(f"skipped – {said}", style="yellow")
    good = not any(one.wrong for one in loop.sold)
    console.print(
        "the cash loop agrees to the cent" if good else "the cash loop does NOT agree",
        style="green" if good else "red",
    )
    return good


def table_of(loop: CashLoop) -> Table:
    table = Table(
        title="From order to cash: the same amounts in Sales and in Business Central", title_justify="left"
    )
    for column in ("Order in Sales", "Written with", "Currency"):
        table.add_column(column)
    for column in ("Order, net", "in BC", "Posted with VAT", "in Sales", "Left to pay"):
        table.add_column(column, justify="right")
    for column in ("Order", "Invoice", ""):
        table.add_column(column)
    for one in loop.sold:
        table.add_row(
            one.header.get("ordernumber", ""),
            one.order.kind,
            one.order.currency or "local",
            *(
                _shown(amount)
                for amount in (
                    _net(one.header),
                    one.in_bc.get("amount"),
                    one.posted.get("amountIncludingVat"),
                    one.invoice.get("totalamount"),
                    one.posted.get("remainingAmount"),
                )
            ),
            status(one.header),
            status(one.invoice),
            "; ".join(one.wrong) or "ok",
            style="red" if one.wrong else None,
        )
    return table


def status(row: dict[str, Any]) -> str:
    return SHOWN.get(_state(row), "/".join(str(part) for part in _state(row))) if row else "–"


def _state(row: dict[str, Any]) -> tuple[Any, Any]:
    return row.get("statecode"), row.get("statuscode")


def _half(invoice: dict[str, Any]) -> Decimal:
    return round(Decimal(invoice["amountIncludingVat"]) / 2, 2)


def _net(order: dict[str, Any]) -> Decimal:
    """Return what BC has as Amount: without tax, with freight."""
    return Decimal(order["totalamountlessfreight"]) + Decimal(order["freightamount"] or 0)


def _json(answer: httpx.Response) -> dict[str, Any]:
    answer.raise_for_status()
    found: dict[str, Any] = answer.json(parse_float=Decimal)
    return found


def _shown(value: object) -> str:
    if isinstance(value, (Decimal, int)):
        return f"{value:,.2f}"
    return "–" if value is None else str(value)
