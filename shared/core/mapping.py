"""What a mapping is: rules for one BC table ↔ one Sales table, as data that checks itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

from shared.core.convert import Converter, Option, Reference, Resolver
from shared.core.errors import InvalidMapping
from shared.core.model import Side, Value, Wire

#: A converter's `read`.
Read: TypeAlias = Callable[[Side, Wire, Resolver], Value]


class Direction(StrEnum):
    TO_SALES = "to_sales"
    FROM_SALES = "from_sales"
    BOTH = "both"

    def reaches(self, side: Side) -> bool:
        """Say whether values travel to this side."""
        return self is Direction.BOTH or (self is Direction.TO_SALES) == (side is Side.SALES)


class When(StrEnum):
    ALWAYS = "always"
    CREATE = "create"
    UPDATE = "update"


class Blank(StrEnum):
    #: A blank source empties the other side.
    WRITE = "write"
    #: A blank source leaves the other side as it is.
    KEEP = "keep"


class Uncoupled(StrEnum):
    """What a soft reference does to a coupled record while its target is not coupled (H20)."""

    #: The other side keeps what it shows; the field is filled in later.
    KEEP = "keep"
    #: The other side shows nothing until then.
    CLEAR = "clear"
    #: The record waits.
    HOLD = "hold"


class OnConflict(StrEnum):
    ASK = "ask"
    BC_WINS = "bc_wins"
    SALES_WINS = "sales_wins"


class OnDelete(StrEnum):
    HOLD = "hold"
    RESTORE = "restore"
    UNCOUPLE = "uncouple"


class Creates(StrEnum):
    """When an uncoupled record makes its counterpart."""

    #: Only matching couples (salespeople, option codes).
    NEVER = "never"
    #: In a full synchronization only, as BC does ("only coupled records").
    FULL = "full"
    #: In incremental mode too.
    ALWAYS = "always"


@dataclass(frozen=True, kw_only=True)
class Table:
    """One side's table, as its API names it.

    `name` is the entity set; `kind` "option" is the choice column `name` of `entity`, whose options
    are read as records with id = option value and the columns `value` and `label`.
    """

    name: str
    key: str = "id"
    kind: str = "rows"
    entity: str = ""
    #: Dataverse takes CreateMultiple/UpdateMultiple for it (dataverse-web-api.md §6).
    bulk: bool = True


EQ_OR_BLANK = "eq_or_blank"


@dataclass(frozen=True, kw_only=True)
class Where:
    """One condition of a filter, tried in our code on every record (H24).

    `op`: "eq", "ne", "blank", "filled", "eq_or_blank". `reason` completes "ignored: …".
    """

    column: str
    op: str
    value: Wire = None
    reason: str = ""


#: Columns that a rule makes up begin so: they are neither asked for nor sent; a rule's steps write them.
COMPUTED = "computed"


@dataclass(frozen=True, kw_only=True)
class FieldMap:
    """One field: a column of BC ↔ a column of Sales. `sales` of a reference is its `_x_value`."""

    name: str
    bc: str
    sales: str
    converter: Converter
    direction: Direction = Direction.BOTH
    when: When = When.ALWAYS
    blank: Blank = Blank.WRITE
    #: Of soft references only.
    uncoupled: Uncoupled = Uncoupled.KEEP
    #: Travels even when the record is outside the filter (Blocked, statecode; H24).
    state: bool = False
    #: A record without it is not created.
    required: bool = False
    #: Set when the record is created; a difference later on is held, as no write could settle it.
    fixed: bool = False

    @property
    def reference_to(self) -> str | None:
        return self.converter.to if isinstance(self.converter, (Reference, Option)) else None

    @property
    def targets(self) -> tuple[str, ...]:
        """Every mapping that the field may refer to."""
        if isinstance(self.converter, Reference):
            return self.converter.targets
        return (self.converter.to,) if isinstance(self.converter, Option) else ()

    @property
    def option(self) -> bool:
        return isinstance(self.converter, Option)

    @property
    def soft(self) -> bool:
        return isinstance(self.converter, Reference) and self.converter.soft

    def column(self, side: Side) -> str:
        return self.bc if side is Side.BC else self.sales

    def computed(self, side: Side) -> bool:
        return self.column(side).startswith(COMPUTED)


@dataclass(frozen=True, kw_only=True)
class Match:
    """Columns that must all be equal, ignoring case unless `exact`, for two uncoupled records to be the same."""

    bc: tuple[str, ...]
    sales: tuple[str, ...]
    exact: bool = False


@dataclass(frozen=True, kw_only=True)
class CoupledWith:
    """When records of `mapping` become coupled, look at the records of `side` that name them in `column`.

    `by` is the column of the coupled record that they name it by; its id unless told. BC cannot
    filter by an id that its page looks up, so there it is the number.
    """

    mapping: str
    side: Side
    column: str
    by: str = ""
    #: Also in a full synchronization, where otherwise their own line comes later.
    in_full: bool = False


@dataclass(frozen=True, kw_only=True)
class Feed:
    """Rows of another table of `side` whose changes change a record without touching its row (H22).

    `column` of such a row is the id of the record.
    """

    name: str
    side: Side
    table: Table
    column: str


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template of BC for a record born in Sales (H30): for one that meets every condition of `where`."""

    code: str
    where: tuple[Where, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EntityMapping:
    """Everything Tandem knows about one pair of tables. Raises `InvalidMapping` with every problem."""

    name: str
    title: str
    bc: Table
    sales: Table
    direction: Direction
    fields: tuple[FieldMap, ...]
    #: Hard references: these mappings come first (H20).
    depends_on: tuple[str, ...] = ()
    creates: Creates = Creates.FULL
    on_conflict: OnConflict = OnConflict.ASK
    on_delete: OnDelete = OnDelete.HOLD
    #: In order of priority; the first that finds exactly one couples.
    match: tuple[Match, ...] = ()
    #: Natural keys couple in incremental mode too (one-way tables); else in a full sync only (H18).
    match_always: bool = False
    bc_filter: tuple[Where, ...] = ()
    sales_filter: tuple[Where, ...] = ()
    #: Between full synchronizations: whose couplings bring records of this mapping into its filter (H22).
    coupled_with: tuple[CoupledWith, ...] = ()
    also_changed_by: tuple[Feed, ...] = ()
    #: Columns of BC change while the row and its version stand still, so an unmoved version says nothing.
    volatile: bool = False
    #: Values depend on the day: looked at again once a day (H22).
    daily: bool = False
    #: Constants written when a record is created on that side.
    constants_bc: tuple[tuple[str, Wire], ...] = ()
    constants_sales: tuple[tuple[str, Wire], ...] = ()
    #: BC column that takes the code of a template for a new row; "" where BC has no templates for its rows.
    template_column: str = ""
    #: In order; the first whose conditions the record of Sales meets.
    templates: tuple[Template, ...] = ()
    #: Columns read besides those of the fields (for rules and labels).
    extra_bc: tuple[str, ...] = ()
    extra_sales: tuple[str, ...] = ()
    #: Column people know a record by; shown in logs and lists, so never a personal name.
    label_bc: str = "number"
    label_sales: str = ""
    #: Name of the rule in `shared/rules` that adds what is logic, not mapping; "" for none.
    rule: str = ""
    #: Six-field NCRONTAB used when no setting says otherwise.
    schedule: str = "0 */5 * * * *"
    source: str = ""
    notes: tuple[str, ...] = field(default=())
    #: Rows that belong to a record and are only written with it (lines of a document): declared and
    #: shown as mappings, without a timer, a queue or a line of a run of their own.
    children: tuple[EntityMapping, ...] = ()
    #: Orders and quotes: at most one counterpart for each, whatever crashes or is delivered twice (H9);
    #: one that is held is looked at again every half hour at the latest.
    document: bool = False
    #: The setting that switches it on, or "SETTING=word" with the one word that does; "" when it is always on.
    switch: str = ""
    #: Its timer leaves what is new in Sales to a person, who sends it by hand.
    by_hand: bool = False

    def __post_init__(self) -> None:
        if problems := tuple(self._problems()):
            raise InvalidMapping(self.name, problems)

    def table(self, side: Side) -> Table:
        return self.bc if side is Side.BC else self.sales

    def filter(self, side: Side) -> tuple[Where, ...]:
        return self.bc_filter if side is Side.BC else self.sales_filter

    def constants(self, side: Side) -> dict[str, Wire]:
        return dict(self.constants_bc if side is Side.BC else self.constants_sales)

    def extra(self, side: Side) -> tuple[str, ...]:
        return self.extra_bc if side is Side.BC else self.extra_sales

    def label(self, side: Side) -> str:
        return self.label_bc if side is Side.BC else self.label_sales

    def columns(self, side: Side) -> tuple[str, ...]:
        """Return every column to ask for, without repeats, key first."""
        wanted = [self.table(side).key, *(f.column(side) for f in self.fields), *self.extra(side)]
        wanted += [w.column for w in self.filter(side)]
        if side is Side.SALES:
            wanted += [w.column for t in self.templates for w in t.where]
        wanted += [c for m in self.match for c in (m.bc if side is Side.BC else m.sales)]
        if self.label(side):
            wanted.append(self.label(side))
        return tuple(dict.fromkeys(column for column in wanted if column))

    def reads(self, side: Side) -> bool:
        """Say whether changes of this side can cause anything: a new option finds the code of its label (P18)."""
        if self.table(side).kind == "option":
            return True
        return self.direction.reaches(side.other) or any(f.direction.reaches(side.other) for f in self.fields)

    def may_come_later(self, target: str) -> frozenset[str]:
        """Return the fields that are left out while a record of mapping `target` is not coupled (H6, H20)."""
        return frozenset(f.name for f in self.fields if (f.soft or f.option) and f.reference_to == target)

    @cached_property
    def named(self) -> tuple[tuple[str, FieldMap], ...]:
        """The fields, each with its name.

        This and the tables below are worked out once: a record costs no look at what never changes.
        """
        return tuple((f.name, f) for f in self.fields)

    @cached_property
    def readers(self) -> Mapping[Side, tuple[tuple[str, str, Read], ...]]:
        """By side, for each field: its name, its column there, and how that is read."""
        return {side: tuple((f.name, f.column(side), f.converter.read) for f in self.fields) for side in Side}

    @cached_property
    def written(self) -> Mapping[Side, tuple[FieldMap, ...]]:
        """By side, the fields whose column there is sent; a rule's steps write the others."""
        return {side: tuple(f for f in self.fields if not f.computed(side)) for side in Side}

    @cached_property
    def stepped(self) -> Mapping[Side, tuple[str, ...]]:
        """By side, the names of the fields that a rule's steps write there."""
        return {side: tuple(f.name for f in self.fields if f.computed(side)) for side in Side}

    @cached_property
    def born_with(self) -> Mapping[Side, tuple[FieldMap, ...]]:
        """By side, the fields that a record made there begins with."""
        return {
            side: tuple(f for f in self.fields if f.direction.reaches(side) and f.when is not When.UPDATE)
            for side in Side
        }

    @cached_property
    def belonging_to(self) -> Mapping[Side, tuple[FieldMap, ...]]:
        """By side, the one-way fields whose value comes from there, blank or not, whenever it changes."""
        return {
            side: tuple(
                f
                for f in self.fields
                if not f.direction.reaches(side) and f.blank is not Blank.KEEP and f.when is not When.CREATE
            )
            for side in Side
        }

    @cached_property
    def options(self) -> Mapping[Side, tuple[str, ...]]:
        """By side, the names of the fields whose options of that side travel."""
        return {
            side: tuple(f.name for f in self.fields if f.option and f.direction.reaches(side.other))
            for side in Side
        }

    @cached_property
    def only_coupled(self) -> Mapping[Side, tuple[FieldMap, ...]]:
        """By side, the references that put a record outside the filter while their target is not coupled."""
        return {
            side: tuple(
                f
                for f in self.fields
                if isinstance(f.converter, Reference) and f.converter.only_coupled is side
            )
            for side in Side
        }

    @property
    def two_way(self) -> bool:
        return self.direction is Direction.BOTH

    @property
    def references(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for f in self.fields for name in f.targets))

    def _problems(self) -> Iterator[str]:
        for what, given in (
            ("name", self.name),
            ("table of BC", self.bc.name),
            ("table of Sales", self.sales.name),
        ):
            if not given:
                yield f"has no {what}"
        names = [f.name for f in self.fields]
        if not names:
            yield "has no fields, so nothing would travel; switch the mapping off instead"
        for name in sorted({n for n in names if names.count(n) > 1}):
            yield f"field '{name}' is there twice"
        for f in self.fields:
            if not f.bc or not f.sales:
                yield f"field '{f.name}' needs a column on both sides"
            if self.direction is not Direction.BOTH and f.direction is not self.direction and not f.state:
                yield f"field '{f.name}' is {f.direction.value}, the mapping {self.direction.value}"
            if isinstance(f.converter, Reference) and not f.soft:
                for name in f.targets:
                    if name not in (*self.depends_on, self.name):
                        yield f"field '{f.name}' refers to '{name}', which is not in depends_on"
        for side in Side:
            targets = [
                f.column(side) for f in self.fields if f.direction.reaches(side) and f.when is not When.CREATE
            ]
            for column in sorted({c for c in targets if targets.count(c) > 1}):
                yield f"two fields write {side.value} column '{column}'"
            for where in self.filter(side):
                if where.op not in ("eq", "ne", "blank", "filled", EQ_OR_BLANK):
                    yield f"filter on '{where.column}' has the unknown operator '{where.op}'"
        if self.name in self.depends_on:
            yield "depends on itself"
        for child in self.children:
            if child.direction is not self.direction:
                yield f"its rows {child.name} are {child.direction.value}, the mapping {self.direction.value}"
            for name in child.depends_on:
                if name not in self.depends_on:
                    yield f"its rows {child.name} depend on '{name}', the mapping does not"
        for match in self.match:
            if len(match.bc) != len(match.sales) or not match.bc:
                yield "a match needs the same number of columns on both sides, at least one"


def with_children(mappings: Iterable[EntityMapping]) -> Iterator[tuple[EntityMapping, str]]:
    """Yield mappings, each followed by those of its rows with the name of the mapping they belong to."""
    for mapping in mappings:
        yield mapping, ""
        for child in mapping.children:
            yield child, mapping.name


def in_order(mappings: tuple[EntityMapping, ...]) -> tuple[EntityMapping, ...]:
    """Return mappings with each after those it depends on.

    Raises:
        InvalidMapping: a dependency is unknown, or dependencies run in a circle.
    """
    by_name = {m.name: m for m in mappings}
    done: list[EntityMapping] = []
    open_: set[str] = set()

    def visit(mapping: EntityMapping) -> None:
        if mapping in done:
            return
        if mapping.name in open_:
            raise InvalidMapping(mapping.name, [f"dependencies run in a circle: {' → '.join(sorted(open_))}"])
        open_.add(mapping.name)
        for name in mapping.depends_on:
            if name not in by_name:
                raise InvalidMapping(mapping.name, [f"depends on '{name}', which does not exist"])
            visit(by_name[name])
        open_.discard(mapping.name)
        done.append(mapping)

    for mapping in mappings:
        visit(mapping)
    return tuple(done)
