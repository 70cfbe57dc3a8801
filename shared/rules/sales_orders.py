"""Submitted orders of Sales as orders of BC, once each, and what becomes of them (sales-documents.md §1, §4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from shared.core.decide import Pair, birth
from shared.core.mapping import Table
from shared.core.model import (
    Couple,
    CouplingState,
    Create,
    Decision,
    Fields,
    First,
    Hold,
    Ignore,
    Nothing,
    Record,
    Restore,
    Side,
    Update,
    Value,
    Wire,
)
from shared.ports import Facts, Step
from shared.rules.base import NO_STEPS, Context, Need, Rule, Steps
from shared.rules.sales_documents import ORDER, Draft, Setup, Unmet, draft, spoken
from shared.rules.sales_documents.parts import number, text
from shared.rules.sales_documents.reading import LINE_COLUMNS, QUOTES, READS, lines_of, need, needs, refers

ORDERS = Table(name="salesorders", key="salesorderid")
BC_ORDERS, BC_LINES = Table(name="salesOrders"), Table(name="salesOrderLines")
BC_QUOTES = Table(name="salesQuotes")
POSTED, ARCHIVES = Table(name="postedSalesInvoices"), Table(name="salesOrderArchives")
POSTED_LINES = Table(name="postedSalesInvoiceLines")
#: States of an order in Sales (sales-documents.md §7).
ACTIVE, SUBMITTED, FULFILLED, INVOICED = 0, 1, 3, 4
#: What may become invoiced: a person may have marked it as fulfilled meanwhile.
SOLD = (SUBMITTED, FULFILLED)
OPEN: Mapping[str, Wire] = {"statecode": ACTIVE, "statuscode": 2}
CLOSED: Mapping[str, Wire] = {"statecode": SUBMITTED, "statuscode": 3}
#: A date of the back office that says nothing (S5).
NEVER = ("", "1900-01-01")
#: Needs of BC documents that name an order of Sales.
NAMING = ("bc_orders", "posted", "archives")


def setup_of(facts: Facts) -> Setup:
    return Setup(
        write_in_type=facts.write_in_type,
        write_in_number=facts.write_in_number,
        freight_account=facts.freight_account,
    )


def held(unmet: Sequence[Unmet]) -> Hold:
    """Return the hold that names everything at once, and is woken by whatever is coupled of it."""
    awaits = dict.fromkeys(u.awaits for u in unmet if u.awaits is not None)
    return Hold(reason=spoken(unmet), awaits=tuple(awaits))


def stamped(order: Record) -> bool:
    """Say whether an order shows a date on which it went to the back office (S5)."""
    return text(order.values.get("lastbackofficesubmit"))[:10] not in NEVER


class SalesOrders(Rule):
    reads = (
        *READS,
        (Side.SALES, lines_of(ORDER), (ORDER.parent, *LINE_COLUMNS)),
        (Side.SALES, QUOTES, ("quotenumber",)),
        (Side.BC, BC_QUOTES, ("number", "yourReference")),
        (
            Side.BC,
            BC_LINES,
            ("documentId", "type", "outstandingQuantity", "quantityShipped", "quantityInvoiced"),
        ),
        (Side.BC, POSTED, ("yourReference", "orderNumber")),
        (Side.BC, POSTED_LINES, ("orderNumber",)),
        (Side.BC, ARCHIVES, ("yourReference",)),
    )

    # --- what is read with a page --------------------------------------------------------------

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        there = {r.id: r for r in records if r.side is Side.BC}
        orders = [r for r in records if r.side is Side.SALES]
        gone = [o for o in orders if _coupled(o, facts) and _bc_id(o, facts) not in there]
        new = [o for o in orders if _qualifies(o) and (o in gone or not _coupled(o, facts))]
        edited = [o for o in orders if _qualifies(o) and _moved(o, facts)]
        yield from needs(ORDER, list({o.id: o for o in (*new, *edited)}.values()), facts)
        # Made before, perhaps: pending, deleted, or uncoupled.
        asked = [o for o in new if (Side.SALES, o.id) in facts.couplings]
        asked += [o for o in gone if not _bc_number(o, facts)]
        references = [_reference(o) for o in asked]
        for name, table in zip(NAMING, (BC_ORDERS, POSTED, ARCHIVES), strict=True):
            yield need(name, Side.BC, table, "yourReference", references)
        numbers = [_bc_number(o, facts) for o in gone]
        yield need("invoices", Side.BC, POSTED, "orderNumber", numbers)
        # An invoice for several orders, made from their shipments, names them on its lines only.
        yield need("invoice_lines", Side.BC, POSTED_LINES, "orderNumber", numbers)
        shipped = [
            i
            for i, r in there.items()
            if r.values.get("completelyShipped") and (Side.BC, i) in facts.couplings
        ]
        yield need("bc_lines", Side.BC, BC_LINES, "documentId", shipped)

    def refers(self, record: Record, facts: Context) -> Iterable[tuple[str, Side, str]]:
        return refers(ORDER, record, facts) if record.side is Side.SALES else ()

    def ignores(self, side: Side, record: Record, facts: Context) -> str | None:
        if side is Side.SALES and stamped(record):
            return "it went to the back office before"
        return None

    def adds(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.BC or not _qualifies(record):
            return {}
        if _coupled(record, facts) and not _moved(record, facts):
            return {}
        made = _draft(record, facts)
        return {"computedContent": made.content} if isinstance(made, Draft) else {}

    # --- what should happen --------------------------------------------------------------------

    def decides(self, pair: Pair, facts: Context) -> Decision | None:
        """Say what should happen: a submitted order is made once; one that was made is followed."""
        state = pair.coupling.state if pair.coupling is not None else None
        if state is CouplingState.COUPLED:
            return self._follow(pair, facts)
        if state is CouplingState.PENDING and (found := _delivered(pair, facts)) is not None:
            return found
        apart = state is CouplingState.UNCOUPLED and not pair.asked
        if apart or pair.sales is None or Side.SALES in pair.outside:
            return None
        return _lacking(pair.sales, facts)

    def known_by(self, pair: Pair, facts: Context) -> int:
        assert pair.sales is not None
        return max((r.row_version for r in _naming(pair.sales, facts)), default=0)

    def _follow(self, pair: Pair, facts: Context) -> Decision | None:
        order, coupling = pair.sales, pair.coupling
        if order is None or coupling is None:
            return None
        if pair.bc is None:
            return self._gone(pair, order, facts)
        if not stamped(order) and (wrong := _meddled(pair, order)) is not None:
            return wrong
        state = order.values.get("statecode")
        if state == SUBMITTED and not stamped(order):
            return _told(pair, submitted=facts.today)
        if state in SOLD and facts.order_status and _finished(pair.bc, facts):
            return _told(pair, status="invoiced")
        return Nothing()

    def _gone(self, pair: Pair, order: Record, facts: Context) -> Decision:
        """An order that is not in BC any more was invoiced in full, or deleted by a person (S60, S94)."""
        submitted = order.values.get("statecode") == SUBMITTED
        if _invoiced(order, facts):
            if order.values.get("statecode") in SOLD and facts.order_status:
                return _told(pair, status="invoiced")
            return Ignore(reason="it is invoiced")
        if submitted and stamped(order) and facts.order_status:
            return _told(pair, submitted=None)
        if not submitted or stamped(order):
            return Ignore(reason="its order was deleted in Business Central; submit it again for a new one")
        # Submitted again: a new order, of the next generation.
        if (lacking := _lacking(order, facts)) is not None:
            return lacking
        assert facts.mapping is not None
        made = birth(facts.mapping, pair, Side.BC)
        return Restore(side=Side.BC, values=made.values) if isinstance(made, Create) else made

    # --- what is written -----------------------------------------------------------------------

    def on_create(self, side: Side, source: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.SALES:
            return {}
        made = _draft(source, facts)
        assert isinstance(made, Draft), "decides has looked"
        return made.body

    def steps(
        self,
        side: Side,
        id: str,
        values: Fields,
        source: Record,
        target: Record | None,
        facts: Context,
    ) -> Steps:
        if side is Side.BC or target is None:
            return NO_STEPS
        if "submitted" not in values:
            return Steps(values={"statecode": INVOICED} if "status" in values else {})
        # A submitted order is read-only: opened, stamped, and submitted as it was, in one transaction (S57).
        # Opened only as it was gathered, so that nobody's withdrawal is undone.
        opened = Step(action="update", table=ORDERS, id=id, values=OPEN, if_version=target.version)
        again = Step(action="update", table=ORDERS, id=id, values=CLOSED)
        return Steps(before=(opened,), after=(again,) if values["submitted"] is not None else ())


def _draft(order: Record, facts: Context) -> Draft | tuple[Unmet, ...]:
    return facts.once(("draft", order.id), lambda: draft(ORDER, order, facts, setup_of(facts)))


def _meddled(pair: Pair, order: Record) -> Hold | None:
    """Say what a person has done to an order between our reading and its stamp: it is not passed off as taken."""
    coupling = pair.coupling
    assert coupling is not None and pair.bc is not None
    sent = coupling.baseline.get("content")
    settled = pair.resolution is not None and pair.resolution.use is Side.BC
    if sent is None or sent.sales is None or settled or order.row_version <= coupling.sales_row_version:
        return None
    made = f"Business Central was making its order {pair.bc.values.get('number')}"
    if order.values.get("statecode") != SUBMITTED:
        return Hold(reason=f"E-TAKENBACK: it was taken back in Sales while {made}; submit it, or delete that")
    if order.values.get("computedContent") == sent.sales:
        return None
    return Hold(
        reason=f"E-CHANGED: it was edited in Sales while {made}, which has what it said before; delete that "
        "order for a new one, or edit it, too, and resolve with bc"
    )


def _lacking(order: Record, facts: Context) -> Hold | None:
    made = _draft(order, facts)
    return None if isinstance(made, Draft) else held(made)


def _delivered(pair: Pair, facts: Context) -> Decision | None:
    """Say what has become of a pending order: there, posted since, or never made (None) (H9)."""
    coupling, order = pair.coupling, pair.sales
    assert coupling is not None
    done = Couple(bc_id=coupling.bc_id, sales_id=coupling.sales_id, first=First.SALES)
    if pair.bc is not None and order is not None:
        return done
    if order is None:
        return None
    since = [r for r in _naming(order, facts) if r.row_version > coupling.bc_row_version]
    if foreign := next((r for r in since if r in facts.rows("bc_orders", _reference(order))), None):
        known = foreign.values.get("number")
        return Hold(
            reason=f"E-THERE: Business Central has an order {known} with its number as Your Reference; "
            "couple the two by hand"
        )
    return done if since else None


def _naming(order: Record, facts: Context) -> list[Record]:
    return [row for need_ in NAMING for row in facts.rows(need_, _reference(order))]


def _invoiced(order: Record, facts: Context) -> bool:
    if known := _bc_number(order, facts):
        return bool(facts.rows("invoices", known) or facts.rows("invoice_lines", known))
    return bool(facts.rows("posted", _reference(order)))


def _finished(order: Record, facts: Context) -> bool:
    """Say whether an order that still stands is shipped and invoiced in full (S94)."""
    rows = [r.values for r in facts.rows("bc_lines", order.id)]
    if not order.values.get("completelyShipped") or not any(number(r.get("quantityInvoiced")) for r in rows):
        return False
    left = sum(
        (abs(number(r.get("outstandingQuantity"))) + abs(_to_invoice(r)) for r in rows),
        Decimal(0),
    )
    return not left


def _to_invoice(line: Mapping[str, Wire]) -> Decimal:
    return number(line.get("quantityShipped")) - number(line.get("quantityInvoiced"))


def _told(pair: Pair, **values: Value) -> Update:
    assert pair.coupling is not None
    return Update(writes={Side.SALES: values}, baseline=pair.coupling.baseline)


def _qualifies(order: Record) -> bool:
    return order.values.get("statecode") == SUBMITTED and not stamped(order)


def _coupled(order: Record, facts: Context) -> bool:
    coupling = facts.couplings.get((Side.SALES, order.id))
    return coupling is not None and coupling.state is CouplingState.COUPLED


def _moved(order: Record, facts: Context) -> bool:
    """Say whether a coupled order has another version than the one that was sent or stamped."""
    return (
        _coupled(order, facts) and order.row_version > facts.couplings[Side.SALES, order.id].sales_row_version
    )


def _bc_id(order: Record, facts: Context) -> str:
    return facts.couplings[Side.SALES, order.id].bc_id


def _bc_number(order: Record, facts: Context) -> str:
    """Return the number that the order had in BC, as last seen; "" when nobody has seen it."""
    coupling = facts.couplings.get((Side.SALES, order.id))
    agreed = coupling.baseline.get("number_in_bc") if coupling is not None else None
    return text(agreed.bc) if agreed is not None else ""


def _reference(order: Record) -> str:
    """Return what BC has as Your Reference (S17)."""
    return text(order.values.get("ordernumber"))[:35].strip()
