"""The words of Tandem as frozen data. Standard library only; nothing here does I/O."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias


class Side(StrEnum):
    """One of the two systems. A side does not change its name halfway through."""

    BC = "bc"
    SALES = "sales"

    @property
    def other(self) -> Side:
        return Side.SALES if self is Side.BC else Side.BC


@dataclass(frozen=True)
class Unresolved:
    """An option or reference whose counterpart is not coupled (H6). Never a blank.

    `raw` is the id or code as the side shows it.
    """

    raw: str


#: A canonical value. Blank is None whatever the side's own blank is (H30); a reference is the
#: BC id of the coupled record; False is a value.
Value: TypeAlias = None | str | bool | Decimal | date | datetime | Unresolved
Fields: TypeAlias = Mapping[str, Value]
#: A value as the wire shows it: JSON, with numbers as int or Decimal.
Wire: TypeAlias = Any

NO_FIELDS: Fields = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Record:
    """One row of one side, as the wire showed it.

    `version` can be compared for equality only: BC's or Dataverse's ETag. `row_version` is the
    position in the side's own order of writes (BC systemRowVersion, Dataverse versionnumber), 0
    when the side does not tell; a lower one than remembered is a lagging read (H2).
    """

    side: Side
    id: str
    version: str
    values: Mapping[str, Wire]
    row_version: int = 0
    modified_at: datetime | None = None
    modified_by: str = ""
    created_by: str = ""


class CouplingState(StrEnum):
    COUPLED = "coupled"
    #: The id of a document's counterpart is chosen, and perhaps sent: it is never sent again before a
    #: look at what has become of it (H9).
    PENDING = "pending"
    #: Uncoupled on purpose: no automatic coupling until a person lifts it (H8).
    UNCOUPLED = "uncoupled"


class First(StrEnum):
    """Which side is right the first time a coupling without baseline is looked at."""

    BC = "bc"
    SALES = "sales"
    COMPARE = "compare"


class Agreed(NamedTuple):
    """The two values of one field as last seen when the sides agreed (H3): one for each side.

    A tuple, as there is one for each field of each record: the cheapest frozen data there is.
    """

    bc: Value
    sales: Value

    def of(self, side: Side) -> Value:
        return self.bc if side is Side.BC else self.sales


#: Both blank, as many fields of most records are.
BLANK = Agreed(bc=None, sales=None)
Baseline: TypeAlias = Mapping[str, Agreed]


@dataclass(frozen=True, kw_only=True, slots=True)
class Coupling:
    """These two records are the same thing.

    `etag` is the table row's version, None before the first save; saving over a newer row is
    refused. `late` names soft references and options that were left out because their target was
    not coupled (H6, H20). `first` is set until the first baseline exists.
    """

    mapping: str
    bc_id: str
    sales_id: str
    state: CouplingState = CouplingState.COUPLED
    bc_version: str = ""
    sales_version: str = ""
    bc_row_version: int = 0
    sales_row_version: int = 0
    baseline: Baseline = field(default_factory=lambda: MappingProxyType({}))
    first: First | None = None
    late: tuple[str, ...] = ()
    #: How often in a row a write of a field was answered with another value (H3); absent is never.
    rewritten: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    generation: int = 0
    outcome: str = ""
    coupled_at: datetime | None = None
    etag: str | None = None

    def id_of(self, side: Side) -> str:
        return self.bc_id if side is Side.BC else self.sales_id

    def version_of(self, side: Side) -> str:
        return self.bc_version if side is Side.BC else self.sales_version

    def row_version_of(self, side: Side) -> int:
        return self.bc_row_version if side is Side.BC else self.sales_row_version


def derived_id(*, company: str, mapping: str, source: Side, source_id: str, generation: int = 0) -> str:
    """Return the id of the record that mirrors `source_id`: the same every time it is asked.

    So a create whose reply was lost meets itself. A restore after a deletion uses the next
    generation (design §4, "Creating is repeatable").
    """
    return str(uuid.uuid5(_namespace(company, mapping, source), f"{source_id}:{generation}"))


@cache
def _namespace(company: str, mapping: str, source: Side) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"tandem:{company}:{mapping}:{source.value}")


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """A person's word on a conflict: whose value is right, for these fields or for all."""

    use: Side
    fields: frozenset[str] | None = None
    #: Also where only the other side moved: its edit is given up.
    overwrite: bool = False
    #: What the person saw on the other side; a field that shows something else by now is not settled.
    seen: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    def names(self, field: str) -> bool:
        return self.fields is None or field in self.fields

    def settles(self, name: str, bc: Value, sales: Value) -> bool:
        """Say whether it is the word on this field, as both sides show it now."""
        given_up = sales if self.use is Side.BC else bc
        return self.names(name) and self.seen.get(name, given_up) == given_up


# --- decisions: what should happen to one pair -------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class FieldProblem:
    """One field that stays behind while the rest of the record travels (H3, H25)."""

    field: str
    reason: str
    bc: Value = None
    sales: Value = None
    #: True when both sides moved and a person must say which is right.
    conflict: bool = False


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """Both sides agree. `baseline` differs from the coupling's when there is something to remember."""

    reason: str = "unchanged"
    baseline: Baseline | None = None
    unresolved: tuple[str, ...] = ()
    late: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ignore:
    """Not for this mapping: outside the filter, only coupled records, no counterpart to match."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Couple:
    """These two were the same thing before Tandem met them (natural key)."""

    bc_id: str
    sales_id: str
    first: First


@dataclass(frozen=True, kw_only=True)
class Create:
    """Make the counterpart on `side` with these values."""

    side: Side
    values: Fields
    unresolved: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    problems: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Restore:
    """Make the deleted counterpart on `side` again, with the next generation of its id."""

    side: Side
    values: Fields
    unresolved: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    problems: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Update:
    """Write these fields; `baseline` holds once every write was answered as sent.

    `problems` are fields that stay behind. `writes` may be empty when there are only problems.
    """

    writes: Mapping[Side, Fields]
    baseline: Baseline
    problems: tuple[FieldProblem, ...] = ()
    unresolved: tuple[str, ...] = ()
    late: tuple[str, ...] = ()


#: What sends something, and of that what makes a record. Tuples: a union would be built anew for every record.
MAKES = (Create, Restore)
WRITES = (Create, Restore, Update)


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Cannot be written before the named other record is coupled."""

    mapping: str
    side: Side
    id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Needs time or a person. `awaits` are records whose coupling, each on its own, is worth a new look."""

    reason: str
    awaits: tuple[tuple[str, Side, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Uncouple:
    """Forget the coupling; leave both records as they are (H8)."""

    reason: str


Decision: TypeAlias = Nothing | Ignore | Couple | Create | Restore | Update | Wait | Hold | Uncouple


# --- counting ----------------------------------------------------------------------------------


class Outcome(StrEnum):
    """What became of one record that was read: exactly one each (design §11, TALLY)."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    COUPLED = "coupled"
    UNCOUPLED = "uncoupled"
    RESTORED = "restored"
    IGNORED = "ignored"
    WAITING = "waiting"
    HELD = "held"
    CONFLICT = "conflict"


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Counts by outcome. The parts add up to `read`."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    coupled: int = 0
    uncoupled: int = 0
    restored: int = 0
    ignored: int = 0
    waiting: int = 0
    held: int = 0
    conflict: int = 0

    @property
    def read(self) -> int:
        return sum(getattr(self, part.name) for part in fields(self))

    def plus(self, outcome: Outcome, count: int = 1) -> Tally:
        return replace(self, **{outcome.value: getattr(self, outcome.value) + count})

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def as_json(self) -> dict[str, int]:
        return {"read": self.read} | {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, int]) -> Tally:
        return cls(**{f.name: int(data.get(f.name, 0)) for f in fields(cls)})


@dataclass(frozen=True, kw_only=True)
class CompanyRow:
    """The row of Sales that stands for the company: its id and entity set, and by entity set of a table that may
    carry it the navigation property that links to it."""

    id: str
    entity_set: str
    navigations: Mapping[str, str]
