"""What an administrator changes of a mapping's fields, checked; and the checks that all changes share. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

from shared.core.convert import Boolean, Converter, Day, Number, Text
from shared.core.filters import filter_text
from shared.core.mapping import Blank, Direction, EntityMapping, FieldMap, Uncoupled, When, Where
from shared.core.model import Side

CHANGES = ("direction", "when", "blank", "required", "cut", "uncoupled")
NEW = ("bc", "sales", "type", "length", "decimals", *CHANGES)
TYPES = ("text", "code", "number", "boolean", "date")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
#: Sides' columns by table and whether they can be written; a table that is not there is not checked.
Columns = Mapping[Side, Mapping[str, Mapping[str, bool]]]
Word = TypeVar("Word", bound=StrEnum)


class FieldChanges:
    """The changes of one mapping's fields. Collects what is wrong in `problems`, what differs in `changed`."""

    def __init__(self, default: EntityMapping, columns: Columns) -> None:
        self._default = default
        self._columns = columns
        self.problems: list[str] = []
        self.changed: list[str] = []

    def _fields(self, given: Any, direction: Direction) -> tuple[FieldMap, ...]:
        default = self._default
        if not isinstance(given, Mapping):
            self.problems.append("fields: what differs is expected by field, as in 'fields: {fax: off}'")
            given = {}
        known = {f.name: f for f in default.fields}
        made: list[FieldMap] = []
        for f in default.fields:
            change = given.get(f.name, {})
            if is_off(change):
                if f.required:
                    self.problems.append(f"field '{f.name}' is needed and cannot be off")
                    made.append(f)
                    continue
                self.changed.append(f"field {f.name}: off")
                continue
            made.append(self._narrowed(self._field(f, change), direction))
        for name, change in given.items():
            if name not in known and (added := self._added(name, change, known)):
                made.append(self._narrowed(added, direction))
        return tuple(made)

    def _narrowed(self, f: FieldMap, direction: Direction) -> FieldMap:
        """A two-way mapping that was made one-way takes its two-way fields along; others are refused."""
        if direction is not self._default.direction and f.direction is Direction.BOTH:
            return replace(f, direction=direction)
        return f

    def _field(self, f: FieldMap, change: Any) -> FieldMap:
        where = f"field {f.name}"
        if not isinstance(change, Mapping):
            self.problems.append(f"{where}: 'off', or what differs, is expected, not '{change}'")
            return f
        self._unknown(change, CHANGES, f"{where}: ")
        made = f
        if "direction" in change:
            word = self._word(f"{where}: direction", change["direction"], Direction)
            if word is not None and self._may_travel(f, word, where):
                made = replace(made, direction=word)
        if "when" in change and (when := self._word(f"{where}: when", change["when"], When)):
            made = replace(made, when=when)
        if "blank" in change and (blank := self._word(f"{where}: blank", change["blank"], Blank)):
            made = replace(made, blank=blank)
        if "required" in change and self._flag(f"{where}: required", change["required"]):
            made = replace(made, required=change["required"])
        if "cut" in change and self._flag(f"{where}: cut", change["cut"]):
            if isinstance(made.converter, Text):
                made = replace(made, converter=replace(made.converter, cut=change["cut"]))
            else:
                self.problems.append(f"{where}: only a text can be cut")
        if "uncoupled" in change:
            meanwhile = self._word(f"{where}: uncoupled", change["uncoupled"], Uncoupled)
            if meanwhile is not None and not f.soft:
                self.problems.append(
                    f"{where}: uncoupled: only a reference that may come later has the choice; without this "
                    "one the record waits"
                )
            elif meanwhile is not None:
                made = replace(made, uncoupled=meanwhile)
        if made.required and made.uncoupled is Uncoupled.CLEAR:
            self.problems.append(f"{where}: required and 'uncoupled: clear' exclude each other")
        if made != f:
            told = ", ".join(f"{k} {_plain(change[k])}" for k in CHANGES if k in change)
            self.changed.append(f"{where}: {told}")
        return made

    def _may_travel(self, f: FieldMap, direction: Direction, where: str) -> bool:
        default = self._default
        if direction is f.direction:
            return True
        if default.direction is not Direction.BOTH and direction is not default.direction:
            self.problems.append(
                f"{where}: {direction.value} is not possible: its table is read-only for Tandem in "
                f"{source(default).value}"
            )
            return False
        for side in Side:
            if direction.reaches(side) and not self._writable(side, f.column(side)):
                self.problems.append(
                    f"{where}: {direction.value} is not possible: '{f.column(side)}' is read-only in {side.value}"
                )
                return False
        return True

    def _added(self, name: Any, change: Any, known: Mapping[str, FieldMap]) -> FieldMap | None:
        where = f"field {name}"
        if not isinstance(change, Mapping) or not ({"bc", "sales"} & set(change)):
            self.problems.append(
                f"unknown field '{name}'; known: {', '.join(known)}. A new field needs 'bc', 'sales' and 'type'"
            )
            return None
        before = len(self.problems)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            self.problems.append(f"{where}: a name has small letters, digits and '_', at most 40")
        self._unknown(change, NEW, f"{where}: ")
        for side in Side:
            self._known_column(side, change.get(side.value), where)
        converter = self._converter(change, where)
        if len(self.problems) > before or converter is None:
            return None
        one_way = self._default.direction
        f = FieldMap(
            name=name,
            bc=change["bc"],
            sales=change["sales"],
            converter=converter,
            direction=Direction.TO_SALES,
        )
        if "direction" not in change:
            change = {**change, "direction": one_way.value}
        told = len(self.changed)
        made = self._field(f, {k: v for k, v in change.items() if k in CHANGES})
        self.changed[told:] = [f"{where}: added, {f.bc} ↔ {f.sales}, {made.direction.value}"]
        return made

    def _converter(self, change: Mapping[str, Any], where: str) -> Converter | None:
        kind = change.get("type")
        if kind not in TYPES:
            self.problems.append(f"{where}: type must be one of {', '.join(TYPES)}, not '{kind}'")
            return None
        if kind in ("text", "code"):
            length = change.get("length")
            good = isinstance(length, list) and len(length) == 2
            if not good or not all(_whole(n) and 1 <= n <= 4000 for n in length or ()):
                self.problems.append(f"{where}: length must be [in BC, in Sales], each from 1 to 4000")
                return None
            assert isinstance(length, list)
            return Text(length[0], length[1], code=kind == "code")
        if kind == "number":
            decimals = change.get("decimals", 2)
            if not _whole(decimals) or not 0 <= decimals <= 10:
                self.problems.append(f"{where}: decimals must be from 0 to 10")
                return None
            return Number(decimals)
        return Boolean() if kind == "boolean" else Day()

    # --- checks ----------------------------------------------------------------------------

    def _known_column(self, side: Side, column: Any, where: str) -> None:
        if not isinstance(column, str) or not _COLUMN.fullmatch(column):
            self.problems.append(f"{where}: a column of {side.value} is expected, not '{column}'")
            return
        table = self._default.table(side)
        there = self._columns.get(side, {}).get(table.name)
        if there is not None and column not in (*there, *self._default.columns(side)):
            self.problems.append(
                f"{where}: {table.name} has no column '{column}' in {side.value}; known: {', '.join(there)}"
            )

    def _writable(self, side: Side, column: str) -> bool:
        if column.startswith("computed") or self._default.table(side).kind == "option":
            return False
        there = self._columns.get(side, {}).get(self._default.table(side).name, {})
        return there.get(column, True)

    def _unknown(self, given: Mapping[Any, Any], known: tuple[str, ...], where: str) -> None:
        self.problems += [
            f"{where}unknown '{key}'; known: {', '.join(known)}" for key in given if key not in known
        ]
        if "schedule" in given:
            self.problems.append(f"the schedule is the setting SCHEDULE_{self._default.name.upper()}")

    def _word(self, key: str, given: Any, words: Callable[[str], Word]) -> Word | None:
        try:
            return words(given)
        except ValueError:
            known = ", ".join(w.value for w in words)  # type: ignore[attr-defined]
            self.problems.append(f"{key}: '{given}' is unknown; known: {known}")
            return None

    def _flag(self, key: str, given: Any) -> bool:
        if not isinstance(given, bool):
            self.problems.append(f"{key}: true or false is expected, not '{given}'")
        return isinstance(given, bool)

    def _change(
        self, changes: dict[str, Any], attribute: str, value: Any, default: Any, key: str, told: Any = None
    ) -> None:
        if value is not None and value != default:
            changes[attribute] = value
            self.changed.append(
                f"{key}: {_plain(told if told is not None else value)} (default: {_plain(default)})"
            )


def is_off(data: Any) -> bool:
    """YAML reads `off` as false."""
    return data is False or data == "off"


def source(mapping: EntityMapping) -> Side:
    return Side.BC if mapping.direction is Direction.TO_SALES else Side.SALES


def _whole(given: Any) -> bool:
    return isinstance(given, int) and not isinstance(given, bool)


def _plain(value: Any) -> str:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple) and all(isinstance(v, Where) for v in value):
        return filter_text(value) or "none"
    if isinstance(value, tuple | list):
        return ", ".join(
            "+".join(v.bc) if hasattr(v, "bc") else "+".join(v) if isinstance(v, list) else str(v)
            for v in value
        )
    return str(value).lower() if isinstance(value, bool) else str(value)
