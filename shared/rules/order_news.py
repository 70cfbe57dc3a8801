"""What BC tells Sales of an order that stands: its fields (S95), and posts on its timeline (S91)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from shared.core.decide import Pair
from shared.core.mapping import EntityMapping, FieldMap, Table
from shared.core.merge import equal
from shared.core.model import Agreed, Record, Side, Unresolved, Value, derived_id
from shared.ports import Step
from shared.rules.base import Context
from shared.rules.sales_documents.parts import number

POSTS = Table(name="posts", key="postid", bulk=False)
#: post.source and post.type: written by hand, a check-in (sales-documents.md §7).
BY_HAND, CHECK_IN = 2, 1
#: Fields of the mapping that BC tells once the order is released. An address is told whole or not at all.
BLOCKS = ("ship_to", "bill_to")
SINGLE = ("shipped_on", "requested_delivery", "shipping_agent", "payment_terms")
SENTENCES: Mapping[str, str] = {
    "released": "This order was released in Business Central.",
    "shipped": "A shipment of this order was posted in Business Central; {} shipped in all.",
    "invoiced": "An invoice of this order was posted in Business Central.",
}
IN_FULL = "in full"


def changed(mapping: EntityMapping, pair: Pair) -> dict[str, Value]:
    """Return the fields in which Sales shows something else than the released order in BC (S95).

    What the two differed in when they were last looked at is left as it is, so nothing is written twice;
    a blank of BC alone says nothing.
    """
    assert pair.bc is not None
    if pair.bc.values.get("status") != "Released":
        return {}
    fields = {f.name: f for f in mapping.fields}
    found: dict[str, Value] = {}
    for block in BLOCKS:
        names = [n for n in fields if n.startswith(block)]
        if any(pair.bc_fields.get(n) is not None for n in names) and any(
            _new(fields[n], pair) for n in names
        ):
            found |= {n: pair.bc_fields.get(n) for n in names if _differs(fields[n], pair)}
    return found | {
        n: pair.bc_fields[n] for n in SINGLE if pair.bc_fields.get(n) is not None and _new(fields[n], pair)
    }


def _differs(f: FieldMap, pair: Pair) -> bool:
    bc, sales = pair.bc_fields.get(f.name), pair.sales_fields.get(f.name)
    return not isinstance(bc, Unresolved) and not equal(f, bc, sales)


def _new(f: FieldMap, pair: Pair) -> bool:
    known = pair.coupling.baseline.get(f.name) if pair.coupling is not None else None
    return _differs(f, pair) and known != Agreed(pair.bc_fields.get(f.name), pair.sales_fields.get(f.name))


# --- posts -------------------------------------------------------------------------------------------


def state_of(order: Record, lines: Iterable[Record]) -> str:
    """Return how far an order of BC is, in words: "released", "released;shipped 4", "…;invoiced 4"."""
    shipped, invoiced = (_sum(lines, column) for column in ("quantityShipped", "quantityInvoiced"))
    # Posting releases, and opens again only what a person opens.
    released = order.values.get("status") == "Released" or bool(shipped or invoiced)
    words = ["released"] * released
    words += [f"shipped {shipped:f}"] if shipped else []
    words += [f"invoiced {invoiced:f}"] if invoiced else []
    return ";".join(words)


def _sum(lines: Iterable[Record], column: str) -> Decimal:
    return sum((abs(number(row.values.get(column))) for row in lines), Decimal(0)).normalize()


def new_words(before: Value, now: Value) -> list[str]:
    """Return the words that are not told yet; an order that was opened and released again is no news.

    Nor is a quantity that became less: a shipment was taken back, and none was posted.
    """
    told = str(before or "").split(";")
    return [
        word
        for word in str(now or "").split(";")
        if word and word not in told and not any(_more(old, word) for old in told)
    ]


def _more(told: str, word: str) -> bool:
    (kind, _, most), (other, _, amount) = told.partition(" "), word.partition(" ")
    return kind == other and IN_FULL not in (most, amount) and Decimal(most) > Decimal(amount)


def ended(before: Value) -> str:
    """Return the words of an order that is gone because all of it was invoiced."""
    return f"{before};invoiced {IN_FULL}" if before else f"invoiced {IN_FULL}"


def posts(order_id: str, words: Iterable[str], facts: Context) -> tuple[Step, ...]:
    """Return a post for each word. Their ids follow from the words, so that a repeat meets its own (H1)."""
    made = []
    for word in words:
        kind, _, amount = word.partition(" ")
        id_ = derived_id(
            company=facts.company_id, mapping="order_posts", source=Side.SALES, source_id=f"{order_id} {word}"
        )
        values = {
            "text": SENTENCES[kind].format(amount),
            "regardingobjectid_salesorder@odata.bind": f"/salesorders({order_id})",
            "source": BY_HAND,
            "type": CHECK_IN,
        }
        made.append(Step(action="create", table=POSTS, id=id_, values=values))
    return tuple(made)
