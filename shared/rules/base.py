"""What a rule may say beyond a mapping. Pure: it sees one record and what was gathered for its page."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from types import MappingProxyType
from typing import Any

from shared.core.convert import Resolver
from shared.core.decide import Pair
from shared.core.mapping import EntityMapping, Table
from shared.core.model import Coupling, Decision, Fields, Hold, Record, Side, Wait, Wire
from shared.ports import Facts, Step


@dataclass(frozen=True, kw_only=True)
class Need:
    """Rows of another table to read with a page: those whose `column` is one of the values.

    One request of its kind for the whole page. `name` is how the rule finds the rows again.
    """

    name: str
    side: Side
    table: Table
    column: str
    values: tuple[str, ...]
    #: Only the first row of each value, in the order of these columns, among those that are `where` says.
    first: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Context(Facts):
    """Set-up values, the mapping in force, the day, and the rows that the rule needed for this page."""

    mapping: EntityMapping | None = None
    today: date = date.min
    resolver: Resolver | None = None
    #: Couplings of the page's records, by the id of either side.
    couplings: Mapping[tuple[Side, str], Coupling] = field(default_factory=lambda: MappingProxyType({}))
    #: Nothing is written: what other mappings of the same rehearsal would create is not there to be read.
    rehearsing: bool = False
    #: need name → value of its column, lower case → rows
    related: Mapping[str, Mapping[str, Sequence[Record]]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    _found: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def rows(self, need: str, value: object) -> Sequence[Record]:
        """Return the rows of a need whose column has this value; none when it was not asked."""
        return self.related.get(need, {}).get(str(value or "").lower(), ())

    def row(self, need: str, value: object) -> Record | None:
        return next(iter(self.rows(need, value)), None)

    def once[T](self, what: Hashable, find: Callable[[], T]) -> T:
        """Return what `find` made of the rows the first time it was asked for, so that a page stays linear.

        Not to be used in `needs`, which is asked while the rows are still being read.
        """
        if what not in self._found:
            self._found[what] = find()
        found: T = self._found[what]
        return found

    @classmethod
    def of(
        cls,
        facts: Facts,
        *,
        mapping: EntityMapping | None = None,
        today: date,
        resolver: Resolver,
        related: Mapping[str, Mapping[str, Sequence[Record]]],
        couplings: Mapping[tuple[Side, str], Coupling] = MappingProxyType({}),
        rehearsing: bool = False,
    ) -> Context:
        known = {f.name: getattr(facts, f.name) for f in fields(Facts)}
        return cls(
            **known,
            mapping=mapping,
            today=today,
            resolver=resolver,
            related=related,
            couplings=couplings,
            rehearsing=rehearsing,
        )

    def sales_id(self, mapping: str, bc_id: object) -> str | None:
        """Return the Sales id coupled with a BC id; None when it is blank or not coupled."""
        return self.resolver.sales_id(mapping, str(bc_id or "").lower()) if self.resolver else None


def is_write_in(facts: Facts, kind: str, number: str) -> bool:
    """Say whether this "item" or "resource" stands for write-in products."""
    return bool(number) and (kind, number) == (facts.write_in_type, facts.write_in_number)


@dataclass(frozen=True, kw_only=True)
class Steps:
    """Rows written in the same transaction, before and after the record itself (H16).

    `values` are more columns of the record itself. `shared` are rows that several records may need
    and whose id is ours: made once for a page, before its records; one that is there already is left alone.
    """

    shared: tuple[Step, ...] = ()
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    values: Mapping[str, Wire] = field(default_factory=lambda: MappingProxyType({}))


NO_STEPS = Steps()


class Rule:
    """A rule that adds nothing. Rules of an entity override what they need."""

    #: Tables that `needs` reads besides the mapping's own, with the columns wanted: (side, table, columns).
    reads: tuple[tuple[Side, Table, tuple[str, ...]], ...] = ()
    #: Tables of Sales that its steps write besides the mapping's own.
    writes: tuple[Table, ...] = ()
    #: Several records of a side may stand for one counterpart: `shares` and `elected` tell which (H19).
    elects: bool = False

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        """Return what has to be read for these records of either side before anything is decided.

        Asked again with the answers until nothing new is asked, at most four times in all.
        """
        return ()

    def refers(self, record: Record, facts: Context) -> Iterable[tuple[str, Side, str]]:
        """Return references (mapping, side, id) that are in no field, so that the resolver knows them."""
        return ()

    def ignores(self, side: Side, record: Record, facts: Context) -> str | None:
        """Return why a record is outside the mapping, beyond its declared filter."""
        return None

    def holds(self, side: Side, record: Record, facts: Context) -> str | None:
        """Return why a record needs a person before it can be synchronized."""
        return None

    def decides(self, pair: Pair, facts: Context) -> Decision | None:
        """Return what should happen to this pair; None leaves it to its fields (`shared.core.decide`)."""
        return None

    def known_by(self, pair: Pair, facts: Context) -> int:
        """Return the greatest row version of the BC documents that name this one of Sales already (H9).

        What names it from there on was made because of the coupling that is about to become pending.
        """
        return 0

    def lacks(self, side: Side, record: Record, facts: Context) -> Wait | Hold | None:
        """Return what keeps the counterpart of this record from being made; its update is not concerned."""
        return None

    def adds(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        """Return columns computed from the record; their names begin with `computed`."""
        return {}

    def on_create(self, side: Side, source: Record, facts: Context) -> dict[str, Wire]:
        """Return more wire values for the record that is created on `side` from `source`."""
        return {}

    def stands_alone(self, facts: Context) -> Iterable[Step]:
        """Return rows that Sales needs although no record of BC stands for them, with all their values.

        Looked at by each full synchronization and once a day; what is missing is created, what
        differs is changed.
        """
        return ()

    def identity(self, side: Side, source: Record, facts: Context) -> str:
        """Return what the id of the new record on `side` is derived from; the source's id unless told."""
        return source.id

    def shares(self, record: Record, facts: Context) -> Iterable[str]:
        """Return the ids of the other records of its side that have the same identity (H19)."""
        return ()

    def elected(self, record: Record, facts: Context) -> Record | None:
        """Return the one record of this identity that has the counterpart now, if any (H19)."""
        return None

    def steps(
        self,
        side: Side,
        id: str,
        values: Fields,
        source: Record,
        target: Record | None,
        facts: Context,
    ) -> Steps:
        """Return what else is written with the record `id` of `side`; `target` is None when it is new.

        `values` are the canonical fields that are written, `source` the counterpart they come from.
        """
        return NO_STEPS
