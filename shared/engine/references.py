"""Counterparts of referenced records, gathered set-based before anything is decided."""

from __future__ import annotations

from collections.abc import Iterable

from shared.core.convert import ZERO_GUID
from shared.core.mapping import EntityMapping
from shared.core.model import CouplingState, Record, Side
from shared.engine.pairs import Pairs
from shared.ports import Couplings

#: More unknown ids than this, and the whole partition is streamed once instead (H27).
POINT_READS = 60
#: So many look-ups are remembered as text, for each mapping and side.
RECENT = 5000


class References:
    """A `Resolver` over the couplings that `gather` looked up. Lives as long as one job."""

    def __init__(self, couplings: Couplings, *, local_currency_id: str) -> None:
        self._couplings = couplings
        self.local_currency_id = local_currency_id
        self._pairs: dict[str, Pairs] = {}
        #: Mappings of which all was read: whatever is unknown of them is not coupled (or too late, H14, H20).
        self._whole: set[str] = set()
        #: Looked up and not coupled.
        self._missing: dict[tuple[str, Side], set[str]] = {}
        self._recent: dict[tuple[str, Side], dict[str, str | None]] = {}

    def bc_id(self, mapping: str, sales_id: str) -> str | None:
        return self.other(mapping, Side.SALES, sales_id)

    def sales_id(self, mapping: str, bc_id: str) -> str | None:
        return self.other(mapping, Side.BC, bc_id)

    def other(self, mapping: str, side: Side, id: str) -> str | None:
        """Return the id that belongs to this one, if it is coupled and was looked up."""
        recent = self._recent.setdefault((mapping, side), {})
        if id in recent:
            return recent[id]
        if len(recent) == RECENT:
            recent.clear()
        pairs = self._pairs.get(mapping)
        other = recent[id] = pairs.other(side, id) if pairs is not None else None
        return other

    def gather(self, mapping: EntityMapping, records: Iterable[Record]) -> None:
        """Look up the couplings of everything these records refer to, at most twice per referenced mapping."""
        wanted: dict[tuple[str, Side], set[str]] = {}
        fields = [(f, target) for f in mapping.fields for target in f.targets]
        for record in records:
            for f, target in fields:
                raw = str(record.values.get(f.column(record.side)) or "").lower()
                if raw and raw != ZERO_GUID:
                    wanted.setdefault((target, record.side), set()).add(raw)
        self.look_up((target, side, i) for (target, side), ids in wanted.items() for i in sorted(ids))

    def look_up(self, references: Iterable[tuple[str, Side, str]]) -> None:
        """Look up the couplings of (mapping, side, id), at most twice per mapping."""
        wanted: dict[tuple[str, Side], set[str]] = {}
        for target, side, i in references:
            wanted.setdefault((target, side), set()).add(i.lower())
        for (target, side), ids in wanted.items():
            if target in self._whole:
                continue
            missing = self._missing.get((target, side), ())
            unknown = sorted(i for i in ids if i not in missing and self.other(target, side, i) is None)
            if unknown:
                self._look_up(target, side, unknown)

    def forget(self, mapping: str) -> None:
        """Drop what is known about a mapping, because its couplings have just changed."""
        self._pairs.pop(mapping, None)
        self._whole.discard(mapping)
        for side in Side:
            self._missing.pop((mapping, side), None)
            self._recent.pop((mapping, side), None)

    def _look_up(self, target: str, side: Side, ids: list[str]) -> None:
        pairs = self._pairs.setdefault(target, Pairs())
        if len(ids) > POINT_READS:
            self._whole.add(target)
        found = (
            self._couplings.stream(target)
            if len(ids) > POINT_READS
            else self._couplings.find(target, side, ids).values()
        )
        for coupling in found:
            if coupling.state is CouplingState.COUPLED:
                pairs.add(coupling.bc_id, coupling.sales_id)
        for which in Side:
            self._recent.pop((target, which), None)
        self._missing.setdefault((target, side), set()).update(
            i for i in ids if pairs.number(side, i) is None
        )
