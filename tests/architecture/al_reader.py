"""AL files as facts: what objects they declare, and every table, field and enum member they name.

The AL compiler is not to be had here. `tree-sitter-al` gives the syntax; names are looked up in
`bc_fields.json` (its source is named there) and in the extension's own tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import tree_sitter
import tree_sitter_al

FACTS = json.loads(Path(__file__).with_name("bc_fields.json").read_text())
SYSTEM_FIELDS = {
    "SystemId": "Guid",
    "SystemRowVersion": "BigInteger",
    "SystemCreatedAt": "DateTime",
    "SystemCreatedBy": "Guid",
    "SystemModifiedAt": "DateTime",
    "SystemModifiedBy": "Guid",
}
#: Methods of every record; the first argument of the second group is one of its fields.
METHODS = {
    "Init",
    "Insert",
    "Modify",
    "Rename",
    "Get",
    "GetBySystemId",
    "FindFirst",
    "FindLast",
    "FindSet",
    "Next",
    "IsTemporary",
}
METHODS |= {"TransferFields", "ReadIsolation", "FieldNo", "RecordId", "FilterGroup"}
FIELD_METHODS = {"SetRange", "SetFilter", "Validate", "TestField", "CalcFields", "CalcSums"}
#: Procedures of Microsoft's own tables that the pages call.
TABLE_METHODS = {
    "Sales Header": {"SetHideValidationDialog", "GetWorkDescription", "SetWorkDescription"},
    "Sales Invoice Header": {"GetWorkDescription"},
    "Sales Line": {"SetHideValidationDialog", "AutoAsmToOrder", "AutoReserve"},
    "Contact": {"SetHideValidationDialog"},
    "Customer": {
        "CalcOverdueBalance",
        "GetInvoicedPrepmtAmountLCY",
        "GetReturnRcdNotInvAmountLCY",
        "GetSalesLCY",
    },
}
_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_al.language()))

Node = tree_sitter.Node


@dataclass(frozen=True, kw_only=True)
class Control:
    """A field of a page: `source` is the table field, "" when it shows a variable of type `type`."""

    name: str
    source: str
    variable: str
    editable: bool
    only_new: bool


@dataclass(kw_only=True, eq=False)
class AlObject:
    kind: str
    id: int
    name: str
    file: str
    source: str
    root: Node
    properties: dict[str, str] = field(default_factory=dict)
    controls: list[Control] = field(default_factory=list)
    parts: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    extends: str = ""


def text(node: Node | None) -> str:
    found = node.text.decode() if node is not None and node.text else ""
    bare = node is not None and node.type in ("quoted_identifier", "string_literal")
    return found[1:-1] if bare else found


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.named_children:
        yield from walk(child)


def children(node: Node, *types: str) -> list[Node]:
    return [c for c in node.named_children if c.type in types]


def inside(node: Node, kind: str) -> Iterator[Node]:
    return (n for n in walk(node) if n.type == kind)


def broken(node: Node) -> Iterator[Node]:
    """Yield what the parser could not read."""
    if not node.has_error and not node.is_missing:
        return
    if node.is_error or node.is_missing:
        yield node
    for child in node.children:
        yield from broken(child)


def read(path: Path) -> AlObject:
    """Read one object. A file that does not parse is read as far as it goes; see `broken`."""
    return _read(path.name, path.read_bytes())


@cache
def _read(name: str, source: bytes) -> AlObject:
    root = _PARSER.parse(source).root_node
    declaration = next(n for n in root.named_children if n.type.endswith("_declaration"))
    names = children(declaration, "quoted_identifier", "identifier")
    made = AlObject(
        kind=declaration.type.removesuffix("_declaration"),
        id=int(text(children(declaration, "integer")[0])),
        name=text(names[0]),
        file=name,
        source=source.decode(),
        root=root,
        extends=text(names[1]) if len(names) > 1 else "",
    )
    body = children(declaration, "declaration_body")[0]
    made.properties = _properties(body)
    made.variables = {n: t for v in children(body, "var_section") for n, t in _variables(v)}
    made.fields = {text(f.named_children[2]): _type(f) for f in inside(body, "field_declaration")}
    made.controls = [_control(f) for f in inside(body, "page_field")]
    for part in inside(body, "part_section"):
        names = children(part, "identifier", "quoted_identifier")
        made.parts[text(names[0])] = (
            text(names[1]),
            _properties(children(part, "declaration_body")[0]),
        )
    return made


def _properties(body: Node) -> dict[str, str]:
    found = {}
    for node in children(body, "property"):
        name, *values = node.named_children
        found[text(name)] = text(values[0]) if len(values) == 1 else " ".join(text(v) for v in values)
    return found


def _type(node: Node) -> str:
    """Return a declared type as the contract writes it: `Code[20]`, `Enum Item Type`, `Record Customer`."""
    spec = children(node, "type_specification")
    return " ".join(text(spec[0]).replace('"', "").split()) if spec else ""


def _variables(section: Node) -> Iterator[tuple[str, str]]:
    for declaration in inside(section, "variable_declaration"):
        for name in children(declaration, "identifier", "quoted_identifier"):
            yield text(name), _type(declaration)


def _control(node: Node) -> Control:
    name, source, *_ = [c for c in node.named_children if c.type != "field_keyword"]
    body = children(node, "declaration_body")
    bound = source.type == "member_expression" and text(source.named_children[0]) == "Rec"
    return Control(
        name=text(name),
        source=text(source.named_children[1]) if bound else "",
        variable="" if bound else text(source),
        editable=not body or _properties(body[0]).get("Editable", "true") == "true",
        only_new=bool(body) and f"OnlyForNew('{text(name)}')" in (node.text or b"").decode(),
    )


def objects(folder: Path) -> list[AlObject]:
    return [read(path) for path in sorted((folder / "src").rglob("*.al"))]


class Names:
    """Every table with its fields, Microsoft's and the extension's own."""

    def __init__(self, found: list[AlObject]) -> None:
        self.tables: dict[str, dict[str, str]] = {
            name: {**facts["fields"], **SYSTEM_FIELDS} for name, facts in FACTS["tables"].items()
        }
        self.enums: Mapping[str, list[str]] = FACTS["enums"]
        for made in found:
            if made.kind == "table":
                self.tables[made.name] = {**made.fields, **SYSTEM_FIELDS}
        for made in found:
            if made.kind == "tableextension" and made.extends in self.tables:
                self.tables[made.extends] = {**self.tables[made.extends], **made.fields}
        own = [o for o in found if o.kind in ("table", "tableextension")]
        self._key = repr([(o.name, o.extends, o.fields) for o in own])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Names) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


def unknown(made: AlObject, names: Names) -> tuple[str, ...]:
    """Return every table, field, method and enum member that does not exist."""
    return _unknown(made, names)


@cache
def _unknown(made: AlObject, names: Names) -> tuple[str, ...]:
    # Objects are read once for each content, so a copy with one other file costs one file.
    return tuple(_look_up(made, names))


def _look_up(made: AlObject, names: Names) -> Iterator[str]:
    records = {n: t.removeprefix("Record ") for n, t in made.variables.items() if t.startswith("Record ")}
    source = made.properties.get("SourceTable") or made.extends
    if source:
        records["Rec"] = source
    for table in (*records.values(), *_tables_named(made.root)):
        if table not in names.tables:
            yield f"{made.file}: there is no table '{table}'"
    body = children(made.root.named_children[-1], "declaration_body")
    for node in body[0].named_children if body else ():
        local = dict(records)
        for part in children(node, "var_section", "parameter_list"):
            found = _variables(part) if part.type == "var_section" else _parameters(part)
            local |= {n: t.removeprefix("Record ") for n, t in found if t.startswith("Record ")}
        for table in set(local.values()) - set(names.tables):
            yield f"{made.file}: there is no table '{table}'"
        yield from _members(made, node, local, names)
    yield from _formulas(made, names)


def _parameters(node: Node) -> Iterator[tuple[str, str]]:
    for parameter in children(node, "parameter"):
        yield text(children(parameter, "identifier", "quoted_identifier")[0]), _type(parameter)


def _tables_named(root: Node) -> Iterator[str]:
    for node in walk(root):
        if node.type == "database_reference" and text(node.named_children[0]) == "Database":
            yield text(node.named_children[-1])
        elif node.type == "tabledata_permission" and children(node, "tabledata_keyword"):
            yield text(children(node, "quoted_identifier", "identifier")[0])


def _members(made: AlObject, root: Node, records: Mapping[str, str], names: Names) -> Iterator[str]:
    for node in inside(root, "member_expression"):
        owner, member = node.named_children[0], text(node.named_children[-1])
        table = records.get(text(owner), "") if owner.type == "identifier" else ""
        if table not in names.tables:
            continue
        fields = names.tables[table]
        called = (
            node.parent is not None and node.parent.type == "call_expression" and not _is_field(node, fields)
        )
        allowed = METHODS | FIELD_METHODS | TABLE_METHODS.get(table, set())
        if member not in fields and member not in allowed:
            yield f"{made.file}: '{table}' has no field '{member}'"
        if called and member in FIELD_METHODS and node.parent is not None:
            first = children(node.parent, "argument_list")[0].named_children[0]
            if text(first) not in fields:
                yield f"{made.file}: '{table}' has no field '{text(first)}'"
    for node in inside(root, "qualified_enum_value"):
        owner, member = node.named_children[0], text(node.named_children[-1])
        if owner.type != "member_expression":
            continue
        table = records.get(text(owner.named_children[0]), "")
        column = text(owner.named_children[-1])
        kind = names.tables.get(table, {}).get(column, "").removeprefix("Enum ")
        if member not in names.enums.get(f"{table}.{column}" if kind == "Option" else kind, []):
            yield f"{made.file}: '{table}.{column}' has no member '{member}'"


def _is_field(node: Node, fields: Mapping[str, Any]) -> bool:
    return text(node.named_children[-1]) in fields


def _formulas(made: AlObject, names: Names) -> Iterator[str]:
    """Names in FlowFields and in page views and links."""
    here = names.tables.get(made.properties.get("SourceTable") or made.extends, {})
    for node in inside(made.root, "lookup_formula"):
        [reference] = children(node, "calc_field_reference")
        table, column = (text(n) for n in reference.named_children)
        if column not in names.tables.get(table, {}):
            yield f"{made.file}: '{table}' has no field '{column}'"
        for condition in inside(node, "where_condition"):
            theirs, _, ours = (text(n) for n in condition.named_children)
            if theirs not in names.tables.get(table, {}) or ours not in here:
                yield f"{made.file}: '{theirs}' or '{ours}' is no field"
    for node in inside(made.root, "link_value"):
        theirs, _, ours = (text(n) for n in node.named_children)
        if ours not in here:
            yield f"{made.file}: '{ours}' is no field of its table"
    for node in inside(made.root, "property"):
        if text(node.named_children[0]) == "SourceTableView":
            for condition in inside(node, "where_condition"):
                column, _, member = (text(n) for n in condition.named_children)
                kind = here.get(column, "")
                of = f"{made.properties['SourceTable']}.{column}" if kind == "Option" else kind
                if member not in names.enums.get(of.removeprefix("Enum "), []):
                    yield f"{made.file}: the view's {column} has no member '{member}'"
