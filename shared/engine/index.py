"""All couplings of a mapping, in little memory, for a pass over everything (H27)."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence, Set
from types import MappingProxyType

from shared.core.mapping import EntityMapping
from shared.core.model import Agreed, Baseline, Coupling, CouplingState, First, Record, Side, Unresolved
from shared.engine.pairs import Pairs

#: The outcome of a coupling that a rehearsal has made up.
WOULD_BE = "would be created"
#: What is kept of a coupling besides ids and versions, a bit each.
COUPLED, FIRST, MADE_UP, MET, GONE = 1, 2, 4, 8, 16
#: Stands for a version that is no longer shown.
ANOTHER = "?"
NOTHING_AGREED: Baseline = MappingProxyType({})
UNRESOLVED = Agreed(bc=Unresolved(""), sales=Unresolved(""))


class Index:
    """Couplings by either id, without what they agreed on: about 100 bytes for each.

    Versions are kept as marks of 64 bits, and given back to who shows the same version.
    """

    def __init__(self, mapping: EntityMapping, *, added: Set[str] = frozenset()) -> None:
        #: `added` are the fields that an override has added: who has not agreed on them has not been seen.
        self._mapping, self._added = mapping, added
        self._pairs = Pairs()
        self._flags = bytearray()
        self._marks = {side: array("q") for side in Side}
        self._row_versions = {side: array("Q") for side in Side}
        #: Which of the mapping's options had no counterpart (P18), a bit each.
        self._unresolved = {side: array("I") for side in Side}
        self._gone = 0

    def __len__(self) -> int:
        return len(self._flags) - self._gone

    def learn(self, coupling: Coupling, *, met: bool = False) -> None:
        """Keep a coupling as it is now; `met` when its records were seen in this pass."""
        number, before = self._pairs.add(coupling.bc_id, coupling.sales_id)
        if before is not None and before != number:
            self._drop(before)
        if number == len(self._flags):
            self._flags.append(0)
            for columns in (self._marks, self._row_versions, self._unresolved):
                for side in Side:
                    columns[side].append(0)
        self._gone -= bool(self._flags[number] & GONE)
        seen = not self._added or coupling.baseline.keys() >= self._added
        for side in Side:
            version = coupling.version_of(side)
            self._marks[side][number] = hash(version) if seen and version else 0
            self._row_versions[side][number] = coupling.row_version_of(side)
            if coupling.late or self._unresolved[side][number]:
                self._unresolved[side][number] = self._without_counterpart(side, coupling)
        self._flags[number] = (
            (COUPLED if coupling.state is CouplingState.COUPLED else 0)
            | (FIRST if coupling.first is not None else 0)
            | (MADE_UP if coupling.outcome.startswith(WOULD_BE) else 0)
            | (MET if met else self._flags[number] & MET)
        )

    def forget(self, coupling: Coupling) -> None:
        """Drop a coupling that is there no more. Twice is harmless."""
        number = self._pairs.number(Side.BC, coupling.bc_id)
        if number is not None and self._pairs.id_of(Side.SALES, number) == coupling.sales_id:
            self._drop(number)

    def holds(self, side: Side, ids: Sequence[str]) -> list[str]:
        """Return those of the ids that have a coupling, or a marker."""
        return [i for i in ids if self._number(side, i) is not None]

    def find(self, side: Side, hints: Mapping[str, Record | None]) -> dict[str, Coupling]:
        """Return couplings, without what they agreed on, and count them as met.

        A version is there when the record still shows it, `ANOTHER` when it does not, "" when there was none.
        """
        found: dict[str, Coupling] = {}
        for id_, record in hints.items():
            number = self._number(side, id_)
            if number is not None:
                self._flags[number] |= MET
                found[id_] = self._coupling(number, side, id_, record)
        return found

    def begin(self) -> None:
        """Begin a pass: nothing has been met."""
        for number in range(len(self._flags)):
            self._flags[number] &= ~MET

    def unmet(self, side: Side) -> Iterator[Coupling]:
        """Yield the couplings that this pass of a side has not met; those learnt meanwhile are not among them."""
        for number in range(len(self._flags)):
            if self._flags[number] & (COUPLED | MET | GONE) == COUPLED:
                yield self._coupling(number, side, self._pairs.id_of(side, number), None)

    def _number(self, side: Side, id: str) -> int | None:
        number = self._pairs.number(side, id)
        return None if number is None or self._flags[number] & GONE else number

    def _drop(self, number: int) -> None:
        self._gone += not self._flags[number] & GONE
        self._flags[number] = GONE

    def _coupling(self, number: int, side: Side, id: str, record: Record | None) -> Coupling:
        flags, mark = self._flags[number], self._marks[side][number]
        version = ANOTHER if mark else ""
        if record is not None and hash(record.version) == mark:
            version = record.version
        other = self._pairs.id_of(side.other, number)
        names: list[str] = []
        if unresolved := self._unresolved[side][number]:
            names = [n for bit, n in enumerate(self._mapping.options[side]) if unresolved >> bit & 1]
        return Coupling(
            mapping=self._mapping.name,
            bc_id=id if side is Side.BC else other,
            sales_id=other if side is Side.BC else id,
            state=CouplingState.COUPLED if flags & COUPLED else CouplingState.UNCOUPLED,
            bc_version=version if side is Side.BC else "",
            sales_version=version if side is Side.SALES else "",
            bc_row_version=self._row_versions[Side.BC][number],
            sales_row_version=self._row_versions[Side.SALES][number],
            baseline=dict.fromkeys(names, UNRESOLVED) if names else NOTHING_AGREED,
            first=First.COMPARE if flags & FIRST else None,
            late=tuple(names),
            outcome=WOULD_BE if flags & MADE_UP else "",
        )

    def _without_counterpart(self, side: Side, coupling: Coupling) -> int:
        bits = 0
        for bit, name in enumerate(self._mapping.options[side]):
            agreed = coupling.baseline.get(name) if name in coupling.late else None
            if agreed is not None and isinstance(agreed.of(side), Unresolved):
                bits |= 1 << bit
        return bits
