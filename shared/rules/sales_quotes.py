"""Active and won quotes of Sales as quotes of BC (sales-documents.md §2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.core.decide import Pair
from shared.core.mapping import Table
from shared.core.model import (
    Couple,
    Coupling,
    CouplingState,
    Decision,
    Fields,
    First,
    Hold,
    Ignore,
    Nothing,
    Record,
    Side,
    Uncouple,
    Update,
    Value,
    Wait,
    Wire,
)
from shared.ports import Step
from shared.rules.base import NO_STEPS, Context, Need, Rule, Steps
from shared.rules.order_state import SUBMITTED
from shared.rules.sales_documents import QUOTE, Draft, draft
from shared.rules.sales_documents.parts import text
from shared.rules.sales_documents.reading import (
    BC_QUOTES,
    LINE_COLUMNS,
    QUOTES,
    READS,
    lines_of,
    need,
    needs,
    refers,
)
from shared.rules.sales_orders import BC_ORDERS, ORDERS, held, setup_of

ARCHIVES = Table(name="salesQuoteArchives")
#: States of a quote in Sales, and the status of one that a newer revision has replaced.
ACTIVE, WON, CLOSED, REVISED = 1, 2, 3, 7
NAME, ORDERS_MAPPING = "sales_quotes", "sales_orders"


class SalesQuotes(Rule):
    reads = (
        *READS,
        (Side.SALES, lines_of(QUOTE), (QUOTE.parent, *LINE_COLUMNS)),
        (Side.SALES, QUOTES, ("quotenumber", "revisionnumber", "statecode", "statuscode")),
        (Side.SALES, ORDERS, ("_quoteid_value", "statecode")),
        (Side.BC, BC_QUOTES, ("number", "yourReference")),
        (Side.BC, BC_ORDERS, ("number",)),
        (Side.BC, ARCHIVES, ("yourReference",)),
    )

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        quotes = [r for r in records if r.side is Side.SALES]
        new = [q for q in quotes if _qualifies(q) and not _coupled(q, facts)]
        yield from needs(QUOTE, new, facts)
        revised = [text(q.values.get("quotenumber")) for q in new if q.values.get("revisionnumber")]
        yield need("revisions", Side.SALES, QUOTES, "quotenumber", revised)
        yield need("before", Side.BC, BC_QUOTES, "id", (_before_id(q, facts) for q in new))
        references = [_reference(q) for q in new]
        yield need("bc_quotes", Side.BC, BC_QUOTES, "yourReference", references)
        yield need("archives", Side.BC, ARCHIVES, "yourReference", references)
        won = [q for q in quotes if q.values.get("statecode") == WON]
        yield need("orders", Side.SALES, ORDERS, "_quoteid_value", (q.id for q in won))
        accepting = [
            q for q in won if _coupled(q, facts) and _stage(facts.couplings[Side.SALES, q.id]) != "ordered"
        ]
        yield need("ordered", Side.BC, BC_ORDERS, "id", (o for q in accepting for o in _bc_orders(q, facts)))
        yield need("kept", Side.BC, ARCHIVES, "yourReference", (_reference(q) for q in accepting))

    def refers(self, record: Record, facts: Context) -> Iterable[tuple[str, Side, str]]:
        if record.side is Side.BC:
            return
        yield from refers(QUOTE, record, facts)
        for row in facts.rows("revisions", record.values.get("quotenumber")):
            yield NAME, Side.SALES, row.id
        for row in facts.rows("orders", record.id):
            yield ORDERS_MAPPING, Side.SALES, row.id

    def ignores(self, side: Side, record: Record, facts: Context) -> str | None:
        if side is Side.SALES and not _qualifies(record):
            return "the quote is neither active nor won"
        return None

    # --- what should happen --------------------------------------------------------------------

    def decides(self, pair: Pair, facts: Context) -> Decision | None:
        quote, state = pair.sales, pair.coupling.state if pair.coupling is not None else None
        if state is CouplingState.COUPLED:
            return _follow(pair, facts)
        if state is CouplingState.PENDING and quote is not None and (found := _delivered(pair, quote, facts)):
            return found
        apart = state is CouplingState.UNCOUPLED and not pair.asked
        if apart or quote is None or Side.SALES in pair.outside:
            return None
        made = draft(QUOTE, quote, facts, setup_of(facts))
        return None if isinstance(made, Draft) else held(made)

    def known_by(self, pair: Pair, facts: Context) -> int:
        assert pair.sales is not None
        return max((r.row_version for r in _naming(pair.sales, facts)), default=0)

    # --- what is written -----------------------------------------------------------------------

    def on_create(self, side: Side, source: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.SALES:
            return {}
        made = draft(QUOTE, source, facts, setup_of(facts))
        assert isinstance(made, Draft), "decides has looked"
        old = _before(source, facts)
        return {"number": old.values.get("number"), **made.body} if old is not None else made.body

    def steps(
        self,
        side: Side,
        id: str,
        values: Fields,
        source: Record,
        target: Record | None,
        facts: Context,
    ) -> Steps:
        if side is Side.SALES:
            return NO_STEPS
        if target is None:
            # A revision takes the place and the number of the one before, of which a version is kept (S66).
            old = _before(source, facts)
            kept = (_step("archive", old.id), _step("delete", old.id)) if old is not None else ()
            return Steps(before=kept)
        if values.get("stage") == "released":
            return Steps(after=(_step("release", id),) if target.values.get("status") == "Open" else ())
        # An order that is posted already is gone, and needs no link.
        there = [o for o in _bc_orders(source, facts) if facts.row("ordered", o) is not None]
        number: dict[str, Wire] = {"quoteNumber": target.values.get("number")}
        linked = [Step(action="update", table=BC_ORDERS, id=o, values=number) for o in there]
        # A version of since we last looked is of our own, whose answer was lost, or a person's: it is kept (H1).
        seen = facts.couplings[Side.SALES, source.id].bc_row_version
        there_is = any(row.row_version > seen for row in facts.rows("kept", _reference(source)))
        return Steps(after=(*linked, *(() if there_is else (_step("archive", id),))))


def _step(action: str, id: str) -> Step:
    return Step(action=action, table=BC_QUOTES, id=id, values={})


def _follow(pair: Pair, facts: Context) -> Decision | None:
    quote, coupling = pair.sales, pair.coupling
    if quote is None or coupling is None:
        return None
    if pair.bc is None:
        if _qualifies(quote):
            return Ignore(reason="its quote was deleted in Business Central, or made an order there")
        return Uncouple(reason="a newer revision took its place, or it was deleted in Business Central")
    if quote.values.get("statecode") != WON:
        return Nothing()  # edits to an active quote do not travel (S65)
    stage = _stage(coupling)
    orders = facts.rows("orders", quote.id)
    if not orders:
        return Hold(reason="the quote is won, and Sales has no order of it (S72)")
    submitted = [o for o in orders if o.values.get("statecode") == SUBMITTED or _ordered(o, facts)]
    if not submitted:
        return Nothing() if stage else _staged(pair, "released")
    if stage == "ordered":
        return Nothing()
    waits = next((o for o in submitted if not _ordered(o, facts)), None)
    if waits is not None:
        reason = "its order is not in Business Central yet"
        return Wait(mapping=ORDERS_MAPPING, side=Side.SALES, id=waits.id, reason=reason)
    return _staged(pair, "ordered")


def _staged(pair: Pair, stage: str) -> Update:
    assert pair.coupling is not None
    return Update(writes={Side.BC: {"accepted": True, "stage": stage}}, baseline=pair.coupling.baseline)


def _delivered(pair: Pair, quote: Record, facts: Context) -> Decision | None:
    """Say what has become of a pending quote (H9): there, or never made (None)."""
    coupling = pair.coupling
    assert coupling is not None
    if pair.bc is not None:
        return Couple(bc_id=coupling.bc_id, sales_id=coupling.sales_id, first=First.SALES)
    old = _before_id(quote, facts)
    since = [r for r in _naming(quote, facts) if r.row_version > coupling.bc_row_version and r.id != old]
    if since:
        return Hold(
            reason="E-THERE: Business Central has a quote with its number as Your Reference, or an archived "
            "one; couple the two by hand"
        )
    return None


def _naming(quote: Record, facts: Context) -> list[Record]:
    return [row for name in ("bc_quotes", "archives") for row in facts.rows(name, _reference(quote))]


def _before_id(quote: Record, facts: Context) -> str:
    """Return the BC quote of an earlier revision; "" when there is none (S66)."""
    if facts.resolver is None or not quote.values.get("revisionnumber"):
        return ""
    for row in facts.rows("revisions", quote.values.get("quotenumber")):
        closed = (row.values.get("statecode"), row.values.get("statuscode")) == (CLOSED, REVISED)
        if closed and row.id != quote.id and (found := facts.resolver.bc_id(NAME, row.id)):
            return found
    return ""


def _before(quote: Record, facts: Context) -> Record | None:
    return facts.row("before", _before_id(quote, facts))


def _stage(coupling: Coupling) -> Value:
    return coupling.baseline["stage"].bc if "stage" in coupling.baseline else None


def _bc_orders(quote: Record, facts: Context) -> list[str]:
    return [o for row in facts.rows("orders", quote.id) if (o := _ordered(row, facts))]


def _ordered(order: Record, facts: Context) -> str | None:
    return facts.resolver.bc_id(ORDERS_MAPPING, order.id) if facts.resolver else None


def _qualifies(quote: Record) -> bool:
    return quote.values.get("statecode") in (ACTIVE, WON)


def _coupled(quote: Record, facts: Context) -> bool:
    coupling = facts.couplings.get((Side.SALES, quote.id))
    return coupling is not None and coupling.state is CouplingState.COUPLED


def _reference(quote: Record) -> str:
    return text(quote.values.get("quotenumber"))[:35].strip()
