"""Notes of the documents that are in both systems (sales-documents.md S55, S69, S114, S115)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.core.convert import ZERO_GUID
from shared.core.decide import Pair, birth
from shared.core.mapping import Table
from shared.core.model import CouplingState, Create, Decision, Ignore, Record, Restore, Side, Uncouple, Wire
from shared.rules.base import Context, Need, Rule
from shared.rules.sales_documents.parts import text
from shared.rules.sales_documents.reading import need


class Notes(Rule):
    """`what` is "order" or "quote"; its mapping couples the documents."""

    def __init__(self, what: str, mapping: str, table: str, nav: str, entity_set: str) -> None:
        self._what, self._mapping = what, mapping
        self._documents = Table(name=table)
        self._nav, self._set = nav, entity_set
        self.reads = ((Side.BC, self._documents, ("number",)),)

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        ids = (self._in_bc(r, facts) for r in records if r.side is Side.SALES)
        yield need("documents", Side.BC, self._documents, "id", (i for i in ids if i))

    def refers(self, record: Record, facts: Context) -> Iterable[tuple[str, Side, str]]:
        if about := self._about(record):
            yield self._mapping, record.side, about

    def adds(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        return {"computedAbout": self._about(record) or None} if side is Side.SALES else {}

    def ignores(self, side: Side, record: Record, facts: Context) -> str | None:
        about = self._about(record)
        if not about:
            return (
                f"it is no note of an {self._what}" if self._what == "order" else "it is no note of a quote"
            )
        resolver = facts.resolver
        known = resolver and (resolver.sales_id if side is Side.BC else resolver.bc_id)(self._mapping, about)
        return None if known else f"its {self._what} is not coupled"

    def decides(self, pair: Pair, facts: Context) -> Decision | None:
        """A document that is posted or deleted in BC takes no more notes; one made anew gets them all."""
        note, coupling = pair.sales, pair.coupling
        if note is None or pair.bc is not None or Side.SALES in pair.outside:
            return None
        now = self._in_bc(note, facts)
        there = facts.row("documents", now) is not None
        if coupling is None or coupling.state is not CouplingState.COUPLED:
            return None if there else Ignore(reason=f"its {self._what} is not in Business Central any more")
        agreed = coupling.baseline.get(self._what)
        if there and agreed is not None and agreed.bc != now and facts.mapping is not None:
            made = birth(facts.mapping, pair, Side.BC)
            return Restore(side=Side.BC, values=made.values) if isinstance(made, Create) else made
        return Uncouple(reason="the note, or what it belongs to, was deleted in Business Central")

    def on_create(self, side: Side, source: Record, facts: Context) -> dict[str, Wire]:
        """Name the document in Sales, which shows it in a column that every kind of record shares."""
        if side is Side.BC:
            return {}
        about = facts.sales_id(self._mapping, source.values.get(f"{self._what}Id"))
        return {f"{self._nav}@odata.bind": f"/{self._set}({about})", "isdocument": False}

    def _about(self, record: Record) -> str:
        if record.side is Side.BC:
            id_ = text(record.values.get(f"{self._what}Id"))
            return "" if id_ == ZERO_GUID else id_.lower()
        kind = "salesorder" if self._what == "order" else "quote"
        return (
            text(record.values.get("_objectid_value")) if record.values.get("objecttypecode") == kind else ""
        )

    def _in_bc(self, record: Record, facts: Context) -> str:
        about = self._about(record)
        return (facts.resolver.bc_id(self._mapping, about) if about and facts.resolver else None) or ""
