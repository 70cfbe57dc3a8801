"""Calls between the extension's own objects: who calls a procedure that is not there, and which nobody calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tests.architecture.al_reader import AlObject

#: Is generated with two procedures for each set, whether or not a page needs both.
IN_STOCK = "Tandem References"
_VARIABLE = re.compile(r"(\w+): Codeunit (\"[^\"]+\"|\w+)")
_PROCEDURE = re.compile(r"(?m)^(?: *\[[^\]]*\]\s*)*\s*((?:local |internal )?)procedure (\w+)\(")
_TEXT = re.compile(r"'(?:[^']|'')*'")
_COMMENT = re.compile(r"//.*")
#: What a page or table shows to its caller, and what the platform calls: nobody of ours needs to.
_CALLED_BY_OTHERS = re.compile(
    r"\[(?:ServiceEnabled|EventSubscriber\([^\n]*)\]\s*(?:local )?procedure (\w+)\("
)


def problems(found: Sequence[AlObject]) -> Iterator[str]:
    bare = {o.file: _TEXT.sub("''", _COMMENT.sub("", o.source)) for o in found}
    own = {o.name: o for o in found if o.kind == "codeunit"}
    open_to_others = {
        name: {p for how, p in _PROCEDURE.findall(bare[o.file]) if not how.startswith("local")}
        for name, o in own.items()
    }
    called: dict[str, set[str]] = {name: set() for name in own}
    for o in found:
        for variable, quoted in _VARIABLE.findall(bare[o.file]):
            unit = quoted.strip('"')
            if unit not in own:
                if unit.startswith("Tandem"):
                    yield f"{o.file}: there is no codeunit '{unit}'"
                continue
            for procedure in set(re.findall(rf"\b{variable}\.(\w+)\(", bare[o.file])):
                called[unit].add(procedure)
                if procedure not in open_to_others[unit]:
                    yield f"{o.file}: '{unit}' has no procedure {procedure} for others"
    for o in found:
        if o.name == IN_STOCK:
            continue
        inside = bare[o.file]
        spared = set(_CALLED_BY_OTHERS.findall(o.source))
        for how, procedure in _PROCEDURE.findall(inside):
            uses = len(re.findall(rf"\b{procedure}\b", inside))
            if uses > 1 or procedure in spared or procedure in called.get(o.name, ()):
                continue
            yield f"{o.file}: nobody calls {how}procedure {procedure}"
