"""Which mappings are in force: the defaults, the administrator's overrides, or the last good ones (P13)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from shared.core.mapping import EntityMapping
from shared.core.override_fields import Columns
from shared.core.overrides import InvalidOverrides, Overridden, override
from shared.ports import LastGood


@dataclass(frozen=True, kw_only=True)
class InForce:
    """`source` is "defaults", "setting", or "last good" while the setting is refused with `problems`."""

    overridden: Overridden
    source: str = "defaults"
    problems: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "in_force": self.source,
            "problems": list(self.problems),
            "changed": {name: list(told) for name, told in self.overridden.changed.items()},
            "off": list(self.overridden.off),
        }


def in_force(
    defaults: Mapping[str, EntityMapping],
    read: Callable[[], str],
    parse: Callable[[str], Any],
    last_good: LastGood,
    *,
    columns: Columns | None = None,
    switched_off: Collection[str] = (),
) -> InForce:
    """Return the mappings as the setting wants them; a wrong setting is refused as a whole.

    `read` gives the setting's text and `parse` its data; both raise `ValueError` with what is wrong.
    Good ones are remembered, so that a bad one after them leaves them in force, and none leaves
    the defaults. Two processes that start at once remember the same.
    """

    def made(text: str) -> Overridden:
        return override(defaults, parse(text), columns=columns, switched_off=switched_off)

    try:
        text = read()
        if not text.strip():
            return InForce(overridden=override(defaults, None, switched_off=switched_off))
        overridden = made(text)
    except ValueError as error:
        problems = error.problems if isinstance(error, InvalidOverrides) else (str(error),)
        kept = last_good.get()
        if kept is not None:
            try:
                return InForce(overridden=made(kept), source="last good", problems=problems)
            except ValueError:
                problems += ("the last good ones no longer fit the mappings of this version",)
        return InForce(overridden=override(defaults, None, switched_off=switched_off), problems=problems)
    if last_good.get() != text:
        last_good.put(text)
    return InForce(overridden=overridden, source="setting")
