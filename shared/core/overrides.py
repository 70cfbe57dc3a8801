"""What an administrator changes of the mappings, checked as a whole (P13). Pure.

Given by mapping: `off`, or what differs:

    customers:
      on_conflict: bc_wins            # ask, bc_wins, sales_wins
      on_delete: restore              # hold, restore, uncouple
      create_missing: always          # never, full (in a full synchronization only), always
      direction: to_sales             # a two-way mapping only
      filters: {bc: "blocked = blank", sales: "statecode = 0 and customertypecode = 3"}
      match: [[name, post_code], [name]]
      depends_on: [salespeople, currencies, contacts]
      templates: [{code: EXPORT, when: "address1_country != GB"}, {code: DOMESTIC}]   # customers, items
      fields:
        fax: off
        email: {direction: to_sales, blank: keep, when: create, cut: true, required: true}
        mobile: {bc: mobilePhoneNumber, sales: mobilephone, type: text, length: [30, 50]}
    contacts: off
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from shared.core.errors import InvalidMapping
from shared.core.filters import InvalidFilter, filter_text, parse_filter
from shared.core.mapping import (
    Creates,
    Direction,
    EntityMapping,
    OnConflict,
    OnDelete,
    Template,
    Where,
    in_order,
)
from shared.core.match import matches_of, problems_of
from shared.core.model import Side
from shared.core.override_fields import Columns, FieldChanges, is_off, source

KEYS = (
    *("on_conflict", "on_delete", "create_missing", "direction", "filters", "match", "depends_on", "fields"),
    "templates",
)
#: Characters of a template's code in BC.
CODE_LENGTH = 20


@dataclass(frozen=True, kw_only=True)
class Overridden:
    """The mappings in force, in order of dependencies; what differs from the defaults, in words."""

    mappings: Mapping[str, EntityMapping]
    changed: Mapping[str, tuple[str, ...]]
    off: tuple[str, ...] = ()
    #: The setting that keeps each of those off.
    off_by: Mapping[str, str] = MappingProxyType({})
    #: Fields that the defaults do not have, by mapping: couplings of before know nothing of them.
    added: Mapping[str, frozenset[str]] = MappingProxyType({})


class InvalidOverrides(ValueError):
    """Overrides that are refused as a whole; `problems` has every one."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def override(
    defaults: Mapping[str, EntityMapping],
    data: Any,
    *,
    columns: Columns | None = None,
    switched_off: Collection[str] = (),
) -> Overridden:
    """Return the mappings with these changes. Raises `InvalidOverrides`; then nothing of it counts.

    `switched_off` are mappings that a setting of their own keeps off, whatever the overrides say.
    """
    if data is None:
        data = {}
    if not isinstance(data, Mapping):
        raise InvalidOverrides(["mappings by name are expected, as in 'customers: {on_conflict: bc_wins}'"])
    problems: list[str] = []
    kept: dict[str, EntityMapping] = {}
    changed: dict[str, tuple[str, ...]] = {}
    for name in data:
        if name not in defaults:
            problems.append(f"unknown mapping '{name}'; known: {', '.join(defaults)}")
    off_by = _off_by(defaults, data, switched_off)
    off = tuple(off_by)
    for name, default in defaults.items():
        if name in off:
            changed[name] = ("off",)
            continue
        one = _One(default, data.get(name) or {}, defaults, columns or {})
        made = one.make(off)
        problems += [f"{name}: {problem}" for problem in one.problems]
        kept[name] = made
        if one.changed:
            changed[name] = tuple(one.changed)
    if not kept:
        problems.append("every mapping is off")
    try:
        ordered = in_order(tuple(kept.values()))
    except InvalidMapping as error:
        problems += [p.removeprefix("mapping ") for p in error.problems]
    if problems:
        raise InvalidOverrides(list(dict.fromkeys(problems)))
    added = {
        m.name: frozenset(f.name for f in m.fields) - {f.name for f in defaults[m.name].fields}
        for m in ordered
    }
    return Overridden(
        mappings={m.name: m for m in ordered},
        changed=changed,
        off=off,
        off_by=off_by,
        added={name: fields for name, fields in added.items() if fields},
    )


def _off_by(
    defaults: Mapping[str, EntityMapping], data: Mapping[str, Any], switched_off: Collection[str]
) -> dict[str, str]:
    """Return what is off, and the setting that keeps it off. Notes of quotes go with the quotes they belong to."""
    found: dict[str, str] = {}
    for name, default in defaults.items():  # each after those it depends on
        needed = [d for d in default.references if d in found and defaults[d].switch]
        if name in switched_off:
            found[name] = default.switch.partition("=")[0]
        elif is_off(data.get(name, {})):
            found[name] = "MAPPING_OVERRIDES"
        elif default.switch and needed:
            found[name] = found[needed[0]]
    return found


class _One(FieldChanges):
    """The changes of one mapping."""

    def __init__(
        self, default: EntityMapping, data: Any, defaults: Mapping[str, EntityMapping], columns: Columns
    ) -> None:
        super().__init__(default, columns)
        self._data = data
        self._defaults = defaults

    def make(self, off: tuple[str, ...]) -> EntityMapping:
        default, data = self._default, self._data
        if not isinstance(data, Mapping):
            self.problems.append(f"'off', or what differs, is expected, not '{data}'")
            data = {}
        self._unknown(data, KEYS, "")
        changes: dict[str, Any] = {}
        for key, words, attribute in (
            ("on_conflict", OnConflict, "on_conflict"),
            ("on_delete", OnDelete, "on_delete"),
            ("create_missing", Creates, "creates"),
        ):
            if key in data:
                given = data[key]
                if key == "create_missing" and isinstance(given, bool):
                    given = Creates.ALWAYS if given else Creates.FULL
                word = self._word(key, given, words)
                self._change(changes, attribute, word, getattr(default, attribute), key)
        if "direction" in data:
            self._direction(data["direction"], changes)
        changes["fields"] = self._fields(data.get("fields", {}), changes.get("direction", default.direction))
        self._filters(data.get("filters", {}), changes)
        self._needs(data, changes, off)
        if "match" in data:
            self._match(data["match"], changes)
        if "templates" in data:
            self._templates(data["templates"], changes)
        try:
            return replace(default, **changes)
        except InvalidMapping as error:
            self.problems += [p.partition(": ")[2] for p in error.problems]
            return default

    # --- parts -----------------------------------------------------------------------------

    def _direction(self, given: Any, changes: dict[str, Any]) -> None:
        default = self._default
        word = self._word("direction", given, Direction)
        if word is not None and default.direction is not Direction.BOTH and word is not default.direction:
            self.problems.append(
                f"direction {word.value}: its table is read-only for Tandem in {source(default).value}; "
                f"it is {default.direction.value} and cannot be changed"
            )
            return
        self._change(changes, "direction", word, default.direction, "direction")

    def _filters(self, given: Any, changes: dict[str, Any]) -> None:
        if not isinstance(given, Mapping):
            self.problems.append(
                "filters: a filter is expected by side, as in 'filters: {bc: \"blocked = blank\"}'"
            )
            return
        self._unknown(given, tuple(side.value for side in Side), "filters: ")
        for side in Side:
            if side.value not in given:
                continue
            default = self._default.filter(side)
            try:
                wanted = parse_filter(str(given[side.value] or ""))
            except InvalidFilter as error:
                self.problems.append(f"filter in {side.value}: {error}")
                continue
            for where in wanted:
                self._known_column(side, where.column, f"filter in {side.value}")
            found = tuple(_reason_of(w, default) for w in wanted)
            self._change(changes, f"{side.value}_filter", found, default, f"filter in {side.value}")

    def _needs(self, data: Mapping[str, Any], changes: dict[str, Any], off: tuple[str, ...]) -> None:
        """Check dependencies; those on a mapping that is off go when nothing refers to it any more."""
        default, fields = self._default, changes["fields"]
        needs = default.depends_on
        if "depends_on" in data:
            given = data["depends_on"]
            if not isinstance(given, list) or not all(isinstance(n, str) for n in given):
                self.problems.append("depends_on: a list of mappings is expected")
            else:
                needs = tuple(given)
                self._change(changes, "depends_on", needs, default.depends_on, "depends_on")
        for name in needs:
            if name not in self._defaults:
                self.problems.append(
                    f"depends_on: unknown mapping '{name}'; known: {', '.join(self._defaults)}"
                )
        used = {name: f.name for f in fields for name in f.targets if not f.soft}
        for name in off:
            if name in used:
                self.problems.append(
                    f"field '{used[name]}' refers to '{name}', which is off; switch off the field, or this mapping"
                )
        needs = tuple(n for n in needs if n in self._defaults and (n not in off or n in used))
        changes["depends_on"] = tuple(n for n in needs if n not in off)
        changes["coupled_with"] = tuple(c for c in default.coupled_with if c.mapping not in off)
        # A soft or optional reference to what is off would never be resolved: it goes with it.
        changes["fields"] = tuple(f for f in fields if f.reference_to not in off or f.name in used.values())

    def _match(self, given: Any, changes: dict[str, Any]) -> None:
        groups = given if isinstance(given, list) else None
        if groups is None or not all(
            isinstance(g, list) and all(isinstance(n, str) for n in g) for g in groups
        ):
            self.problems.append(
                "match: a list of lists of fields is expected, as in '[[name, post_code], [name]]'"
            )
            return
        now = replace(self._default, fields=changes["fields"], depends_on=changes["depends_on"])
        found = problems_of(now, groups)
        self.problems += [f"match: {problem}" for problem in found]
        if not found:
            exact = any(m.exact for m in self._default.match)
            self._change(
                changes, "match", matches_of(now, groups, exact=exact), self._default.match, "match", given
            )

    def _templates(self, given: Any, changes: dict[str, Any]) -> None:
        """Read `[CODE, {code: CODE, when: "…"}]`; the first that fits a record counts."""
        if not self._default.template_column:
            self.problems.append("templates: Business Central has none for these records")
            return
        if not isinstance(given, list):
            self.problems.append(
                "templates: a list is expected, as in '[{code: EXPORT, when: \"…\"}, DOMESTIC]'"
            )
            return
        found: list[Template] = []
        for one in given:
            told = one if isinstance(one, Mapping) else {"code": one}
            self._unknown(told, ("code", "when"), "templates: ")
            code = told.get("code")
            if not isinstance(code, str) or not 0 < len(code.strip()) <= CODE_LENGTH:
                self.problems.append(
                    f"templates: 'code' must be a text of 1 to {CODE_LENGTH} characters, not '{code}'"
                )
                continue
            try:
                where = parse_filter(str(told.get("when") or ""))
            except InvalidFilter as error:
                self.problems.append(f"templates: {code}: {error}")
                continue
            for condition in where:
                self._known_column(Side.SALES, condition.column, f"templates: {code}")
            found.append(Template(code=code.strip().upper(), where=where))
        after_all = [t.code for t in found[:-1] if not t.where]
        if after_all:
            self.problems.append(f"templates: nothing comes after {after_all[0]}, which fits every record")
        told_all = [f"{t.code} when {filter_text(t.where)}" if t.where else t.code for t in found]
        self._change(changes, "templates", tuple(found), self._default.templates, "templates", told_all)


def _reason_of(where: Where, defaults: tuple[Where, ...]) -> Where:
    """Return the default condition when it is the same: its reason is said better."""
    same = (d for d in defaults if (d.column, d.op, d.value) == (where.column, where.op, where.value))
    return next(same, where)
