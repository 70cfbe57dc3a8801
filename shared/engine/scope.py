"""What one job may do, and what it has found out so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from shared.core.mapping import EntityMapping
from shared.core.model import Coupling, CouplingState, Fields, Record, Resolution, Side, Unresolved
from shared.engine.index import Index
from shared.engine.parts import Ports
from shared.engine.references import POINT_READS, References
from shared.ports import Facts
from shared.rules import Context

if TYPE_CHECKING:
    from shared.engine.rehearsal import Rehearsal


@dataclass(kw_only=True)
class Scope:
    """What one job may do, and what it has found out so far. Lives as long as the job."""

    mapping: EntityMapping
    facts: Facts
    references: References
    #: A pass over everything (a run's line), not only over what changed.
    full: bool = False
    #: Named records: whoever modified them (H5).
    targeted: bool = False
    may_create: bool = False
    #: A person asks for the counterparts of named records, whatever became of those they had.
    asked: bool = False
    #: Why nothing is created; the usual reason when empty.
    refusal: str = ""
    #: Coupled records are passed over.
    only_uncoupled: bool = False
    #: Couple by natural key before creating (H18).
    matching: bool = False
    #: Fields that an override has added: whoever has not agreed on them yet is looked at anew.
    added: Set[str] = frozenset()
    forced: bool = False
    run: str = ""
    #: What a person said of conflicts, by BC id.
    resolutions: Mapping[str, Resolution] = field(default_factory=dict)
    #: Records that a person has parked, as held rows name them.
    skipped: Set[tuple[Side, str]] = frozenset()
    #: Called before every send, so that a lost lease stops the job (H11).
    check_lease: Callable[[], None] | None = None
    now: datetime = datetime.min
    #: All couplings by id, for a full pass; `whole` reads those that are wanted with their baselines (H27).
    index: Index | None = None
    #: Couplings by BC id that have just been read, for a job about no others.
    streamed: Mapping[str, Coupling] | None = None
    read: int = 0
    changed: int = 0
    #: Coupled by natural key in this turn; what waited for them is woken with the rest.
    matched: list[Coupling] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    #: Records whose option has no counterpart, by field (P18).
    unresolved: dict[str, int] = field(default_factory=dict)
    #: Notes what would happen instead of letting it happen.
    rehearsal: Rehearsal | None = None
    #: Of the records of the page at hand, by the id of either side.
    known: Mapping[tuple[Side, str], Coupling] = field(default_factory=dict)
    #: What rules see: set-up values, and what was read for the page at hand.
    context: Context = field(init=False)

    def __post_init__(self) -> None:
        self.see({})

    def is_skipped(self, side: Side, id: str, coupling: Coupling | None) -> bool:
        if coupling is not None and coupling.state is CouplingState.COUPLED:
            side, id = Side.BC, coupling.bc_id
        return (side, id) in self.skipped

    def see(self, related: Mapping[str, Mapping[str, Sequence[Record]]]) -> None:
        self.context = Context.of(
            self.facts,
            mapping=self.mapping,
            today=self.now.date(),
            resolver=self.references,
            related=related,
            couplings=self.known,
            rehearsing=self.rehearsal is not None,
        )

    def couplings(
        self, ports: Ports, side: Side, hints: Mapping[str, Record | None]
    ) -> Mapping[str, Coupling]:
        """Return the couplings of a page; from the index, without their baselines."""
        if self.index is not None:
            return self.index.find(side, hints)
        if self.streamed is not None and side is Side.BC:
            return {i: self.streamed[i] for i in hints if i in self.streamed}
        return ports.couplings.find(self.mapping.name, side, list(hints))

    def whole(self, ports: Ports, side: Side, ids: Sequence[str]) -> dict[str, Coupling]:
        """Return couplings with their baselines: few by point reads, many from one more look at the partition."""
        name = self.mapping.name
        if self.index is None:
            return ports.couplings.find(name, side, ids)
        ids = self.index.holds(side, ids)
        # One request for a thousand couplings of the partition costs about as much as so many for one each.
        if len(ids) <= POINT_READS * (1 + len(self.index) // 1000):
            return ports.couplings.find(name, side, ids) if ids else {}
        wanted = set(ids)
        return {i: c for c in ports.couplings.stream(name) if (i := c.id_of(side)) in wanted}

    def coupled_ids(self, ports: Ports, side: Side, ids: Sequence[str]) -> Set[str]:
        """Return those of the ids that have a coupling, or a marker."""
        if self.index is not None:
            return set(self.index.holds(side, ids))
        return ports.couplings.find(self.mapping.name, side, ids).keys()

    def ignore(self, reason: str) -> None:
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def count_unresolved(self, side: Side, fields: Fields) -> None:
        """Count the options of one record of `side` that have no counterpart and so are left empty."""
        for name in self.mapping.options[side]:
            if isinstance(fields.get(name), Unresolved):
                self.unresolved[name] = self.unresolved.get(name, 0) + 1

    def details(self) -> dict[str, dict[str, int]]:
        """Return what the job log says besides the tally."""
        found = {"reasons": self.reasons, "unresolved": self.unresolved}
        return {name: counts for name, counts in found.items() if counts}

    def learn(self, coupling: Coupling) -> None:
        """Keep a coupling that was saved in this pass, so both its records are there."""
        if self.index is not None:
            self.index.learn(coupling, met=True)

    def forget(self, coupling: Coupling) -> None:
        if self.index is not None:
            self.index.forget(coupling)
