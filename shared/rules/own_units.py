"""Units of items and resources as units of a group of their own (UNIT_GROUPS=on; mappings.md §9, multi-unit mode)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.core.mapping import Table
from shared.core.model import Fields, Record, Side, Wire
from shared.rules import default_price_list as lists
from shared.rules.base import NO_STEPS, Context, Need, Rule, Steps, is_write_in
from shared.rules.units import UNITS, blank

BASE = ("number", "blocked", "unitPrice", "baseUnitOfMeasureId", "baseUnitOfMeasureCode")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Items or resources: their table, that of their units, and the mappings of both and of the groups."""

    word: str
    mapping: str
    table: Table
    own: Table
    id: str
    number: str

    @property
    def groups(self) -> str:
        return f"{self.word}_unit_groups"

    @property
    def units(self) -> str:
        return f"{self.word}_units"

    @property
    def need(self) -> str:
        return f"own units of {self.mapping}"

    def group_name(self, number: object) -> str:
        return f"{self.word.upper()} {str(number or '').strip().upper()} UOM GR"


KINDS: Mapping[str, Kind] = {
    f"{word}s": Kind(
        word=word,
        mapping=f"{word}s",
        table=Table(name=f"{word}s"),
        own=Table(name=f"{word}UnitsOfMeasure"),
        id=f"{word}Id",
        number=f"{word}Number",
    )
    for word in ("item", "resource")
}
READS = tuple(
    (Side.BC, k.own, (k.id, k.number, "unitOfMeasureId", "code", "quantityPerUnitOfMeasure"))
    for k in KINDS.values()
)


def own_needs(kind: Kind, numbers: Iterable[object]) -> list[Need]:
    """Return what to read for the units of these items or resources: BC cannot filter them by id."""
    wanted = tuple(sorted({str(n) for n in numbers if n}))
    return (
        [Need(name=kind.need, side=Side.BC, table=kind.own, column=kind.number, values=wanted)]
        if wanted
        else []
    )


def own_refers(kind: Kind, number: object, facts: Context) -> Iterator[tuple[str, Side, str]]:
    for row in facts.rows(kind.need, number):
        yield kind.units, Side.BC, row.id


def own_unit(kind: Kind, number: object, code: object, facts: Context) -> Record | None:
    """Return the item's or resource's own unit with this code."""
    wanted = str(code or "").strip().upper()
    for row in facts.rows(kind.need, number):
        if str(row.values.get("code") or "").strip().upper() == wanted:
            return row
    return None


def coupled_units(kind: Kind, number: object, facts: Context) -> list[tuple[str, Decimal]]:
    """Return the units of Sales of an item or resource, each with how many base units it is."""
    found = [
        (facts.sales_id(kind.units, row.id), Decimal(str(row.values.get("quantityPerUnitOfMeasure") or 1)))
        for row in facts.rows(kind.need, number)
    ]
    return [(id, factor) for id, factor in found if id]


def priced(amount: Wire, factor: object) -> Decimal:
    """Return the price of a unit that is so many base units."""
    return round(Decimal(str(amount or 0)) * Decimal(str(factor or 1)), 2)


class UnitGroups(Rule):
    """The group of each item or resource, made with its base unit."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def ignores(self, side: Side, record: Record, facts: Context) -> str | None:
        if side is Side.BC and is_write_in(
            facts, self._kind.word, str(record.values.get("number") or "").upper()
        ):
            return "it stands for write-in products (WRITE_IN_NUMBER)"
        return None

    def holds(self, side: Side, record: Record, facts: Context) -> str | None:
        if side is Side.SALES and record.values.get("statecode") == 1:
            return f"unit group {record.values.get('name')} is inactive in Sales"
        if side is Side.BC and blank(record.values.get("baseUnitOfMeasureId")):
            return "it has no base unit of measure, and a unit group needs one"
        return None

    def adds(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.SALES:
            return {}
        return {"computedGroupName": self._kind.group_name(record.values.get("number"))}


class OwnUnits(Rule):
    """One unit of an item or resource; with a coupled product it has its line in the default price list (§11)."""

    writes = (lists.PRICE_LISTS, lists.LINES)

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.reads = (
            (Side.BC, kind.table, BASE),
            (Side.SALES, UNITS, ("name", "_uomscheduleid_value", "isschedulebaseuom", "quantity")),
            *lists.READS,
        )

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        units = [r for r in records if r.side is Side.BC]
        if not units:
            return []
        kind = self._kind
        numbers = tuple(sorted({str(r.values.get(kind.number) or "") for r in units} - {""}))
        groups = tuple(
            sorted({g for r in units if (g := facts.sales_id(kind.groups, r.values.get(kind.id)))})
        )
        products = sorted({p for r in units if (p := facts.sales_id(kind.mapping, r.values.get(kind.id)))})
        found = [Need(name="assets", side=Side.BC, table=kind.table, column="number", values=numbers)]
        if groups:
            found.append(
                Need(name="units", side=Side.SALES, table=UNITS, column="_uomscheduleid_value", values=groups)
            )
        if products:
            found += [*lists.list_needs(facts), *lists.line_needs(products)]
        return found

    def refers(self, record: Record, facts: Context) -> Iterable[tuple[str, Side, str]]:
        if record.side is Side.SALES or blank(record.values.get(self._kind.id)):
            return []
        asset = str(record.values[self._kind.id])
        return [(self._kind.groups, Side.BC, asset), (self._kind.mapping, Side.BC, asset)]

    def ignores(self, side: Side, record: Record, facts: Context) -> str | None:
        if side is Side.SALES:
            return None
        number = str(record.values.get(self._kind.number) or "")
        if is_write_in(facts, self._kind.word, number.upper()):
            return "it is of what stands for write-in products (WRITE_IN_NUMBER)"
        asset = facts.row("assets", number)
        if asset is not None and asset.values.get("blocked"):
            return f"the {self._kind.word} is blocked"
        return None

    def on_create(self, side: Side, source: Record, facts: Context) -> dict[str, Wire]:
        group = facts.sales_id(self._kind.groups, source.values.get(self._kind.id))
        for unit in facts.rows("units", group):
            if unit.values.get("isschedulebaseuom"):
                return {"baseuom@odata.bind": f"/uoms({unit.id})"}
        return {}

    def steps(
        self,
        side: Side,
        id: str,
        values: Fields,
        source: Record,
        target: Record | None,
        facts: Context,
    ) -> Steps:
        product = facts.sales_id(self._kind.mapping, source.values.get(self._kind.id))
        asset = facts.row("assets", source.values.get(self._kind.number))
        if product is None or asset is None or "quantity" not in values:
            return NO_STEPS
        amount = priced(asset.values.get("unitPrice"), source.values.get("quantityPerUnitOfMeasure"))
        return Steps(
            shared=lists.list_to_create(facts), after=(lists.priced_line(product, id, amount, facts),)
        )
