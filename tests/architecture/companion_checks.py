"""What must agree: the contract, Business Central's own tables, the AL pages and the mappings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from infra.companion.by_hand import BY_HAND, DOCUMENT, DOCUMENT_FIELD, NOT_BOUND, ONLY_FOR
from infra.companion.contract import MADE_UP, Column, Contract, EntitySet, read
from shared.core.mapping import EntityMapping
from shared.core.model import Side
from shared.mappings import ALL
from tests.architecture import al_calls
from tests.architecture.al_reader import FACTS, AlObject, Names, broken, objects, unknown

#: A text in the contract that is a BLOB in the table: read and written through the table's own procedures.
AS_TEXT = {"Work Description": "BLOB"}
#: What may be said of a column.
COLUMN = {"field", "type", "editable", "computed", "relation", "init"}
#: Fields of the contract's made-up sets are columns of a table of the extension.
MADE_UP_TABLE = "Tandem State"


def problems(folder: Path) -> list[str]:
    """Return everything that does not agree, in words."""
    contract, found = read(folder), objects(folder)
    names = Names(found)
    return [
        *(
            f"{o.file}: cannot be parsed at line {n.start_point.row + 1}"
            for o in found
            for n in broken(o.root)
        ),
        *(p for o in found for p in unknown(o, names)),
        *al_calls.problems(found),
        *_form(folder),
        *_against_tables(contract, names),
        *_enums(contract),
        *_pages(contract, found, names),
        *(p for m in ALL for p in against_mapping(m, contract)),
    ]


def _form(folder: Path) -> Iterator[str]:
    """Whatever the generator and the simulator would pass over in the contract."""
    facts = yaml.safe_load((folder / "contract.yaml").read_text(encoding="utf-8"))
    sets = facts["sets"]
    for name, of in {"system": {"columns": facts["system"]}, **sets}.items():
        for column, said in of["columns"].items():
            where = f"contract {name}.{column}"
            yield from (f"{where}: nobody knows '{key}'" for key in said if key not in COLUMN)
            if said.get("editable") not in (True, False, "create"):
                yield f"{where}: editable is {said.get('editable')}"
            if said.get("computed", True) is not True:
                yield f"{where}: computed is {said['computed']}"
            relation = said.get("relation")
            if relation is None:
                continue
            twin = relation.get("code") or relation.get("id")
            if len(relation) != (2 if twin else 1) or relation.get("set") not in sets:
                yield f"{where}: is related to {relation}"
            elif twin and twin not in of["columns"]:
                yield f"{where}: there is no column '{twin}'"


def against_mapping(mapping: EntityMapping, contract: Contract) -> Iterator[str]:
    """Yield what a mapping names and the contract has not."""
    if mapping.bc.name not in contract.sets:
        yield f"mapping {mapping.name}: the contract has no set '{mapping.bc.name}'"
        return
    known = {c.name for c in (*contract.system, *contract.sets[mapping.bc.name].columns)}
    for column in mapping.columns(Side.BC):
        if column not in known and not column.startswith("computed"):
            yield f"mapping {mapping.name}: {mapping.bc.name} has no column '{column}'"


def _against_tables(contract: Contract, names: Names) -> Iterator[str]:
    for entity in contract.sets.values():
        if not entity.table:
            continue
        table = names.tables.get(entity.table)
        if table is None:
            yield f"contract {entity.name}: there is no table '{entity.table}'"
            continue
        for column in entity.columns:
            if not column.field:
                continue
            theirs = table.get(column.field)
            if theirs is None:
                yield f"contract {entity.name}.{column.name}: '{entity.table}' has no field '{column.field}'"
            elif column.type not in (theirs, "Text" if AS_TEXT.get(column.field) == theirs else theirs):
                yield f"contract {entity.name}.{column.name} is {column.type}, but the field is {theirs}"
        facts = FACTS["tables"].get(entity.table)
        if facts:
            yield from (f"contract {entity.name}.{p}" for p in _changes(entity, facts))
            key = [f for f in facts["key"] if f not in entity.where]
            if list(entity.key_fields) != key:
                yield f"contract {entity.name}: the key of '{entity.table}' is {key}"


def _changes(entity: EntitySet, facts: dict[str, list[str]]) -> Iterator[str]:
    """A FlowField moves without its row and is never written; some fields no page can edit, only code."""
    for column in entity.columns:
        by_code = (entity.name, column.name) in BY_HAND or (entity.name, column.name) in NOT_BOUND
        if column.field in facts["flow"]:
            if not column.computed:
                yield f"{column.name}: '{column.field}' is a FlowField: computed"
            if column.editable != "false":
                yield f"{column.name}: '{column.field}' is a FlowField: nobody writes it"
        elif column.field in facts["fixed"] and column.editable != "false" and not by_code:
            yield f"{column.name}: no page can edit '{column.field}'"


def _enums(contract: Contract) -> Iterator[str]:
    """Members are numbered by their order, so the contract may leave out only the last ones."""
    for name, members in contract.enums.items():
        theirs = FACTS["enums"].get(name)
        if theirs is not None and theirs[: len(members)] != members:
            yield f"contract: the members of the enum '{name}' are {theirs}"


def _pages(contract: Contract, found: list[AlObject], names: Names) -> Iterator[str]:
    pages = {o.properties.get("EntitySetName", o.name): o for o in found if o.kind == "page"}
    for name in pages.keys() - contract.sets.keys():
        yield f"page {pages[name].name} shows '{name}', which the contract has not"
    for name, entity in contract.sets.items():
        if name not in pages:
            yield f"contract {name}: no page shows it"
            continue
        yield from _page(contract, entity, pages, names)


def _page(contract: Contract, entity: EntitySet, pages: dict[str, AlObject], names: Names) -> Iterator[str]:
    page = pages[entity.name]
    says = f"page {page.name}"
    expected = {
        "PageType": "API",
        "APIPublisher": contract.publisher,
        "APIGroup": contract.group,
        "APIVersion": contract.version,
        "EntityName": entity.entity,
        "SourceTable": entity.table or MADE_UP_TABLE,
        "ODataKeyFields": "SystemId",
        "DelayedInsert": "true",
        **{
            f"{v.capitalize()}Allowed": "false"
            for v in ("insert", "modify", "delete")
            if v not in entity.allow
        },
    }
    for name, value in expected.items():
        if page.properties.get(name) != value:
            yield f"{says}: {name} is {page.properties.get(name)}, not {value}"
    for verb in entity.allow:
        if f"{verb.capitalize()}Allowed" in page.properties:
            yield f"{says}: the contract allows {verb}"
    view = "where(" + ", ".join(f'"{f}" = const("{v}")' for f, v in entity.where.items()) + ")"
    if page.properties.get("SourceTableView", "where()") != view:
        yield f"{says}: the view is {page.properties.get('SourceTableView')}, not {view}"
    if page.id != entity.page_id:
        yield f"{says}: its id is {page.id}, page_ids.json says {entity.page_id}"
    columns = {c.name: c for c in (*contract.system, *entity.columns)}
    if [c.name for c in page.controls] != list(columns):
        differ = {c.name for c in page.controls} ^ set(columns)
        yield f"{says}: its columns are not the contract's: {', '.join(sorted(differ)) or 'another order'}"
        return
    for control in page.controls:
        column = columns[control.name]
        yield from (f"{says}.{control.name}: {p}" for p in _control(entity, column, page, names))
    actions = tuple(re.findall(r"\[ServiceEnabled\]\s+procedure (\w+)\(", page.source))
    if actions != entity.actions:
        yield f"{says}: its actions are {actions}, the contract's {entity.actions}"
    if set(page.parts) != set(entity.parts):
        yield f"{says}: its parts are {sorted(page.parts)}, the contract's {sorted(entity.parts)}"
    for part, (page_name, properties) in page.parts.items():
        lines = pages.get(part)
        if (
            lines is None
            or lines.name != page_name
            or properties.get("EntityName") != contract.sets[part].entity
        ):
            yield f"{says}: part {part} is not the page of that set"


def _control(entity: EntitySet, column: Column, page: AlObject, names: Names) -> Iterator[str]:
    control = next(c for c in page.controls if c.name == column.name)
    by_hand = (entity.name, column.name) in BY_HAND or (entity.name, column.name) in NOT_BOUND
    if entity.name in MADE_UP:
        kind = names.tables[MADE_UP_TABLE].get(control.source)
        if kind != column.type:
            yield f"shows {control.source} ({kind}), not a {column.type}"
        return
    if column.name == DOCUMENT:
        if control.source != DOCUMENT_FIELD:
            yield f"shows {control.source or control.variable}, not {DOCUMENT_FIELD}"
    elif by_hand or not column.field:
        kind = page.variables.get(control.variable)
        if kind != column.type:
            yield f"shows the variable {control.variable} ({kind}), not a {column.type}"
    elif control.source != column.field:
        yield f"shows {control.source or control.variable}, not the field {column.field}"
    writes = bool(entity.allow & {"insert", "modify"})
    if control.editable != (writes and column.editable != "false"):
        yield f"can{'' if control.editable else 'not'} be edited; the contract says {column.editable}"
    if control.only_new != (writes and column.editable == "create"):
        yield "is guarded after creation" if control.only_new else "could be changed after creation"


def unused_rules(contract: Contract) -> list[str]:
    """Return what the generator knows of columns that the contract no longer has."""
    there = {(s.name, c.name) for s in contract.sets.values() for c in s.columns}
    return [f"{s}.{c}" for s, c in (*ONLY_FOR, *BY_HAND, *NOT_BOUND) if (s, c) not in there]
