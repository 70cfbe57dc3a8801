"""Units of measure: a unit group with exactly one unit for each (mappings.md §9, P5, P23)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.core.convert import ZERO_GUID
from shared.core.mapping import Table
from shared.core.model import Fields, Record, Side, Wire
from shared.ports import Step
from shared.rules.base import NO_STEPS, Context, Need, Rule, Steps

GROUPS = Table(name="uomschedules", key="uomscheduleid")
UNITS = Table(name="uoms", key="uomid", bulk=False)
#: What other rules read to check a unit.
READS = (
    (Side.SALES, GROUPS, ("name", "statecode")),
    (Side.SALES, UNITS, ("name", "_uomscheduleid_value", "isschedulebaseuom", "quantity")),
)


def group_name(code: object) -> str:
    """Return the name of a unit's group in Sales: "NAV <code>"."""
    return f"NAV {str(code or '').strip().upper()}"


def unit_needs(groups: Iterable[str | None]) -> list[Need]:
    """Return what to read for `unit_in` of these unit groups of Sales."""
    ids = tuple(sorted({g for g in groups if g}))
    if not ids:
        return []
    return [
        Need(name="groups", side=Side.SALES, table=GROUPS, column=GROUPS.key, values=ids),
        Need(name="units", side=Side.SALES, table=UNITS, column="_uomscheduleid_value", values=ids),
    ]


def unit_in(facts: Context, group: str, code: str) -> tuple[str | None, str | None]:
    """Return the unit of a group, or why the group cannot be used (mappings.md §9, strict check)."""
    row, units = facts.row("groups", group), facts.rows("units", group)
    name = group_name(code)
    if row is None:
        return None, None if facts.rehearsing else f"the unit group of {code} is not in Sales"
    if str(row.values.get("name") or "").strip().upper() != name:
        return None, f"the unit group of {code} is not named {name} in Sales"
    if len(units) != 1:
        return None, f"unit group {name} has {len(units)} units in Sales; it must have exactly one"
    unit = units[0]
    if str(unit.values.get("name") or "").strip().upper() != code.strip().upper():
        return None, f"the unit of unit group {name} is not named {code} in Sales"
    if not unit.values.get("isschedulebaseuom") or unit.values.get("quantity") != 1:
        return None, f"the unit of unit group {name} is not its base unit with quantity 1 in Sales"
    return unit.id, None


def blank(id: object) -> bool:
    return str(id or "").lower() in ("", ZERO_GUID)


class UnitsOfMeasure(Rule):
    reads = READS
    writes = (UNITS,)

    def needs(self, records: Sequence[Record], facts: Context) -> Iterable[Need]:
        return [n for n in unit_needs(r.id for r in records if r.side is Side.SALES) if n.name == "units"]

    def holds(self, side: Side, record: Record, facts: Context) -> str | None:
        if side is Side.BC:
            return None
        name = record.values.get("name")
        if record.values.get("statecode") == 1:
            return f"unit group {name} is inactive in Sales"
        if (count := len(facts.rows("units", record.id))) > 1:
            return f"unit group {name} has {count} units in Sales; it must have exactly one"
        return None

    def adds(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.BC:
            return {"computedGroupName": group_name(record.values.get("code"))}
        unit = facts.row("units", record.id)
        return {"computedUnitName": unit.values.get("name") if unit is not None else None}

    def on_create(self, side: Side, source: Record, facts: Context) -> dict[str, Wire]:
        # Dataverse makes the group's base unit itself, with this name (dataverse-web-api.md §9).
        return {"baseuomname": source.values.get("code")} if side is Side.SALES else {}

    def steps(
        self,
        side: Side,
        id: str,
        values: Fields,
        source: Record,
        target: Record | None,
        facts: Context,
    ) -> Steps:
        unit = facts.row("units", id)
        if target is None or unit is None or "unit" not in values:
            return NO_STEPS
        # The one unit of the group has another name: it is renamed to the code (mappings.md §9).
        return Steps(after=(Step(action="update", table=UNITS, id=unit.id, values={"name": values["unit"]}),))
