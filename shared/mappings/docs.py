"""Writes docs/mappings.md from the mappings: `make docs`."""

from __future__ import annotations

from collections.abc import Iterable

from shared.core.convert import Converter, Text
from shared.core.filters import filter_text
from shared.core.mapping import Direction, EntityMapping, with_children
from shared.core.model import Side
from shared.mappings import ALL

ARROWS = {Direction.TO_SALES: "→", Direction.FROM_SALES: "←", Direction.BOTH: "↔"}


def kind(converter: Converter) -> str:
    """Return what sort of value travels, with the length on each side."""
    if not isinstance(converter, Text):
        return type(converter).__name__.lower()
    return f"{'code' if converter.code else 'text'} of {converter.bc} and {converter.sales}"


def render(mapping: EntityMapping, part_of: str = "") -> str:
    """Return one mapping as Markdown; `part_of` names the mapping that its rows are written with."""
    lines = [
        f"## {mapping.name}: {mapping.title}",
        "",
        f"BC `{mapping.bc.name}` {ARROWS[mapping.direction]} Sales `{mapping.sales.name}`"
        + (f" (options of `{mapping.sales.entity}`)" if mapping.sales.kind == "option" else ""),
        "",
        f"- After: {', '.join(mapping.depends_on) or 'nothing'}",
        *(
            [f"- Part of: {part_of}, in whose transaction it is written; it has no job of its own"]
            if part_of
            else []
        ),
        f"- `create_missing: {mapping.creates.value}`, `on_conflict: {mapping.on_conflict.value}`, "
        f"`on_delete: {mapping.on_delete.value}`",
    ]
    for side in Side:
        words = filter_text(mapping.filter(side))
        lines.append(f"- Filter in {side.value}: {f'`{words}`' if words else 'none'}" + _else(mapping, side))
        if constants := mapping.constants(side):
            given = ", ".join(f"`{column}` = `{value}`" for column, value in constants.items())
            lines.append(f"- A new record in {side.value} gets {given}")
    for match in mapping.match:
        lines.append(f"- Matches: {' + '.join(match.bc)} = {' + '.join(match.sales)}")
    lines += [
        f"- Source: {mapping.source}",
        "",
        "| Field | BC | | Sales | Remarks |",
        "|---|---|---|---|---|",
    ]
    for f in mapping.fields:
        remarks = [kind(f.converter)]
        if f.targets:
            remarks.append(f"of {' or '.join(f.targets)}")
        if f.soft:
            remarks.append("filled in later when its target is not coupled")
        if f.required:
            remarks.append("needed")
        if f.fixed:
            remarks.append("set once; a later difference is held")
        if f.when.value != "always":
            remarks.append(f"on {f.when.value} only")
        if f.blank.value == "keep":
            remarks.append("a blank leaves the other side as it is")
        if f.state:
            remarks.append("travels outside the filter too")
        lines.append(f"| {f.name} | `{f.bc}` | {ARROWS[f.direction]} | `{f.sales}` | {', '.join(remarks)} |")
    return "\n".join([*lines, ""])


def _else(mapping: EntityMapping, side: Side) -> str:
    """Return what is said of the records outside, one reason for each condition."""
    reasons = [where.reason for where in mapping.filter(side) if where.reason]
    return f" (else: {', or '.join(reasons)})" if reasons else ""


def document(mappings: Iterable[EntityMapping] = ALL) -> str:
    head = (
        "# Mappings\n\nThe defaults, generated from `shared/mappings` by `make docs`; a test keeps it current. "
        "`tandem mappings`\nshows what is in force. Policies, filters, matching and fields are changed by the "
        "setting\n`MAPPING_OVERRIDES`, without code, under the names that are shown here: see "
        "[Administration](administration.md#changing-mappings).\n"
    )
    return "\n".join([head, *(render(m, of) for m, of in with_children(mappings))])


if __name__ == "__main__":
    print(document(), end="")
