"""Submitted orders of Sales as orders of BC, once each, and what becomes of them (sales-documents.md §1, §4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shared.core.decide import Pair, birth
from shared.core.mapping import Table
from shared.core.model import (
    Agreed,
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
from shared.rules import order_edits, order_news
from shared.rules.base import NO_STEPS, Context, Need, Rule, Steps
from shared.rules.order_state import (
    ACTIVE,
    INVOICED,
    NAMING,
    SOLD,
    SUBMITTED,
    bc_id,
    bc_number,
    coupled,
    finished,
    invoiced,
    moved,
    naming,
    qualifies,
    reference,
    said,
    stamped,
)
from shared.rules.sales_documents import ORDER, Draft, Setup, Unmet, draft, spoken
from shared.rules.sales_documents.reading import LINE_COLUMNS, QUOTES, READS, lines_of, need, needs, refers

ORDERS = Table(name="salesorders", key="salesorderid")
BC_ORDERS, BC_LINES = Table(name="salesOrders"), Table(name="salesOrderLines")
BC_QUOTES = Table(name="salesQuotes")
POSTED, ARCHIVES = Table(name="postedSalesInvoices"), Table(name="salesOrderArchives")
POSTED_LINES = Table(name="postedSalesInvoiceLines")
OPEN: Mapping[str, Wire] = {"statecode": ACTIVE, "statuscode": 2}
CLOSED: Mapping[str, Wire] = {"statecode": SUBMITTED, "statuscode": 3}


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


def released(order: str) -> Steps:
    """Reserve what is always reserved, and release the order; one to be paid in advance stays open (S85)."""
    actions = ("reserve", "releaseUnlessPrepaymentIsDue")
    return Steps(after=tuple(Step(action=a, table=BC_ORDERS, id=order, values={}) for a in actions))


class SalesOrders(Rule):
    #: Whether what becomes of an order is told on its timeline.
    posts = False
    reads: tuple[tuple[Side, Table, tuple[str, ...]], ...] = (
        *READS,
        (Side.SALES, lines_of(ORDER), (ORDER.parent, *LINE_COLUMNS)),
        (Side.SALES, QUOTES, ("quotenumber",)),
        (Side.BC, BC_QUOTES, ("number", "yourReference")),
        (
            Side.BC,
            BC_LINES,
            (*order_edits.LINE, "outstandingQuantity", "quantityShipped", "quantityInvoiced"),
        ),
        (Side.BC, BC_ORDERS, order_edits.HEADER),
        (Side.BC, POSTED, ("yourReference", "orderNumber")),
        (Side.BC, POSTED_LINES, ("orderNumber",)),
        (Side.BC, ARCHIVES, ("yourReference",)),
    )

    # --- what is read with a page --------------------------------------------------------------

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        there = {r.id: r for r in records if r.side is Side.BC}
        orders = [r for r in records if r.side is Side.SALES]
        gone = [o for o in orders if coupled(o, facts) and bc_id(o, facts) not in there]
        new = [o for o in orders if qualifies(o) and (o in gone or not coupled(o, facts))]
        edited = [o for o in orders if o.values.get("statecode") == SUBMITTED and moved(o, facts)]
        yield from needs(ORDER, list({o.id: o for o in (*new, *edited)}.values()), facts)
        # Made before, perhaps: pending, deleted, or uncoupled.
        asked = [o for o in new if (Side.SALES, o.id) in facts.couplings]
        asked += [o for o in gone if not bc_number(o, facts)]
        references = [reference(o) for o in asked]
        for name, table in zip(NAMING, (BC_ORDERS, POSTED, ARCHIVES), strict=True):
            yield need(name, Side.BC, table, "yourReference", references)
        numbers = [bc_number(o, facts) for o in gone]
        yield need("invoices", Side.BC, POSTED, "orderNumber", numbers)
        # An invoice for several orders, made from their shipments, names them on its lines only.
        yield need("invoice_lines", Side.BC, POSTED_LINES, "orderNumber", numbers)
        shipped = [
            i
            for i, r in there.items()
            if (r.values.get("completelyShipped") or (self.posts and r.values.get("shipped")))
            and (Side.BC, i) in facts.couplings
        ]
        behind = [bc_id(o, facts) for o in edited] if facts.orders_edited else []
        yield need("bc_lines", Side.BC, BC_LINES, "documentId", (*shipped, *behind))

    def refers(self, record: Record, facts: Context) -> Iterable[tuple[str, Side, str]]:
        return refers(ORDER, record, facts) if record.side is Side.SALES else ()

    def ignores(self, side: Side, record: Record, facts: Context) -> str | None:
        if side is Side.SALES and stamped(record):
            return "it went to the back office before"
        return None

    def adds(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        return {
            **self._content(side, record, facts),
            **self._said(side, record, facts),
            **self._sent(side, record, facts),
            **self._news(side, record, facts),
        }

    def _news(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        """Return how far the order is in BC, and of Sales how far it was told to be."""
        known = facts.couplings.get((side, record.id))
        if not self.posts or known is None:
            return {}
        if side is Side.BC:
            return {"computedNews": order_news.state_of(record, facts.rows("bc_lines", record.id))}
        agreed = known.baseline.get("news")
        return {"computedNews": agreed.sales if agreed is not None else None}

    def _content(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.BC or not qualifies(record):
            return {}
        if coupled(record, facts) and not moved(record, facts):
            return {}
        made = _draft(record, facts)
        return {"computedContent": made.content} if isinstance(made, Draft) else {}

    @staticmethod
    def _said(side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        """Return what a person has written in an order, where its lines were read, else as remembered."""
        if side is Side.BC:
            return {}
        if lines := facts.rows("lines", record.id):
            return {"computedSaid": said(record, lines)}
        known = facts.couplings.get((Side.SALES, record.id))
        before = known.baseline.get("said") if known is not None else None
        return {"computedSaid": before.sales} if before is not None and isinstance(before.sales, str) else {}

    @staticmethod
    def _sent(side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        """Return what goes over, or went, column by column."""
        if side is Side.BC or not facts.orders_edited:
            return {}
        if qualifies(record) and (moved(record, facts) or not coupled(record, facts)):
            made = _draft(record, facts)
            return (
                {"computedSent": order_edits.said(_body(made, record, facts))}
                if isinstance(made, Draft)
                else {}
            )
        known = facts.couplings.get((Side.SALES, record.id))
        before = known.baseline.get("sent") if known is not None else None
        return {"computedSent": before.sales} if before is not None and isinstance(before.sales, str) else {}

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
        return max((r.row_version for r in naming(pair.sales, facts)), default=0)

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
        if not facts.order_updates and (edited := _edited(pair, order, facts)) is not None:
            return edited
        due: dict[str, Value] = {}
        if state in SOLD and facts.order_status and finished(pair.bc, facts):
            due["status"] = "invoiced"
        if state == SUBMITTED and facts.order_updates and facts.mapping is not None:
            due |= order_news.changed(facts.mapping, pair)
        shown, told = pair.bc_fields.get("news"), pair.sales_fields.get("news")
        if order_news.new_words(told, shown):
            due["news"] = shown
        return _told(pair, **due) if due else Nothing()

    def _gone(self, pair: Pair, order: Record, facts: Context) -> Decision:
        """An order that is not in BC any more was invoiced in full, or deleted by a person (S60, S94)."""
        submitted = order.values.get("statecode") == SUBMITTED
        if invoiced(order, facts):
            if order.values.get("statecode") not in SOLD or not facts.order_status:
                return Ignore(reason="it is invoiced")
            last = {"news": order_news.ended(pair.sales_fields.get("news"))} if self.posts else {}
            return _told(pair, status="invoiced", **last)
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
        return _body(made, source, facts)

    def steps(
        self,
        side: Side,
        id: str,
        values: Fields,
        source: Record,
        target: Record | None,
        facts: Context,
    ) -> Steps:
        if side is Side.BC and target is not None:
            # In one transaction, and with what BC shows already left out: a repeat changes nothing (S85).
            known = facts.couplings[Side.SALES, source.id].baseline.get("sent")
            revised = _revised(known, source, target, facts, force=True)
            return Steps(after=revised.steps) if revised is not None else NO_STEPS
        if side is Side.BC:
            # In the transaction that makes it: released twice it stays released (S85).
            return released(id) if facts.orders_released else NO_STEPS
        if target is None:
            return NO_STEPS
        shared: tuple[Step, ...] = ()
        if "news" in values:
            told = facts.couplings[Side.SALES, id].baseline.get("news")
            words = order_news.new_words(told.sales if told is not None else None, values["news"])
            shared = order_news.posts(id, words, facts)
        rest = values.keys() - {"news", "status"}
        state: dict[str, Wire] = {"statecode": INVOICED} if "status" in values else {}
        if not rest:
            return Steps(values=state, shared=shared)
        # A submitted order is read-only: opened, written, and submitted as it was, in one transaction (S57, S95).
        # Opened only as it was gathered, so that nobody's withdrawal is undone.
        opened = Step(action="update", table=ORDERS, id=id, values=OPEN, if_version=target.version)
        again = Step(action="update", table=ORDERS, id=id, values=CLOSED)
        closed = () if state or values.get("submitted", True) is None else (again,)
        return Steps(before=(opened,), values=state, after=closed, shared=shared)


class SalesOrdersWithPosts(SalesOrders):
    """The same, and what becomes of an order in BC is told on its timeline in Sales (S91)."""

    posts = True
    writes = (order_news.POSTS,)
    reads = (*SalesOrders.reads, (Side.SALES, order_news.POSTS, ("text",)))


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
        "order for a new one, or edit it, too, and resolve it with --use bc"
    )


def _edited(pair: Pair, order: Record, facts: Context) -> Decision | None:
    """Say that an order was opened, edited and submitted again after it had gone over: BC is not told of that.

    While BC's own changes are shown in the order (ORDER_UPDATES), nobody can tell them from a person's.
    """
    coupling = pair.coupling
    assert coupling is not None and pair.bc is not None
    before = coupling.baseline.get("said")
    if before is None or before.sales is None or not moved(order, facts):
        return None
    now = said(order, facts.rows("lines", order.id))
    if order.values.get("statecode") != SUBMITTED or now == before.sales:
        return None
    made = _draft(order, facts)
    agreed = {**dict(coupling.baseline.items()), "said": Agreed(bc=before.bc, sales=now)}
    if facts.orders_edited and isinstance(made, Draft):
        agreed["sent"] = Agreed(bc=None, sales=order_edits.said(_body(made, order, facts)))
    if pair.resolution is not None and pair.resolution.use is Side.BC:
        return Update(writes={}, baseline=agreed)
    theirs = f"Business Central's order {pair.bc.values.get('number')}"
    if not facts.orders_edited:
        return Hold(
            reason=f"E-EDITED: it was edited in Sales after it went over, and {theirs} has what it said before; "
            "edit that, too, and resolve it with --use bc"
        )
    if not isinstance(made, Draft):
        return held(made)
    force = pair.resolution is not None and pair.resolution.use is Side.SALES
    revised = _revised(coupling.baseline.get("sent"), order, pair.bc, facts, force=force)
    if revised is None:
        return Hold(
            reason=f"E-EDITED: it was edited in Sales after it went over, and {theirs} was made before ORDER_EDITS "
            "was on, or is too long to be followed; edit that, too, and resolve it with --use bc"
        )
    if revised.apart:
        both = "; ".join(revised.apart)
        return Hold(
            reason=f"E-EDITED: both sides were edited, it and {theirs}: {both}; resolve it with --use"
        )
    if len(revised.steps) > order_edits.MOST:
        return Hold(
            reason=f"E-EDITED: it was edited in Sales after it went over, and {theirs} differs in too many lines; "
            "edit that, too, and resolve it with --use bc"
        )
    # Its number is what it was: written with the version that was read, so that nobody's edit is passed over.
    return Update(writes={Side.BC: {"number": pair.sales_fields.get("number")}}, baseline=agreed)


def _body(made: Draft, order: Record, facts: Context) -> dict[str, Wire]:
    return order_edits.with_ids(order.id, made.body, facts) if facts.orders_edited else made.body


def _revised(
    sent: Agreed | None, order: Record, target: Record, facts: Context, *, force: bool
) -> order_edits.Edit | None:
    made = _draft(order, facts)
    if sent is None or not isinstance(sent.sales, str) or not isinstance(made, Draft):
        return None
    rows = facts.rows("bc_lines", target.id)
    users = facts.users(Side.BC)
    return order_edits.edit(sent.sales, _body(made, order, facts), target, rows, users=users, force=force)


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
    since = [r for r in naming(order, facts) if r.row_version > coupling.bc_row_version]
    if foreign := next((r for r in since if r in facts.rows("bc_orders", reference(order))), None):
        known = foreign.values.get("number")
        return Hold(
            reason=f"E-THERE: Business Central has an order {known} with its number as Your Reference; "
            "couple the two by hand"
        )
    return done if since else None


def _told(pair: Pair, **values: Value) -> Update:
    assert pair.coupling is not None
    return Update(writes={Side.SALES: values}, baseline=pair.coupling.baseline)
