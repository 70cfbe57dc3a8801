"""Bicep files as facts: parameters, variables, resources, modules, outputs, and each name that is used.

The Bicep compiler is not to be had here; `tree-sitter-bicep` gives the syntax. Its grammar does not know the
statement `extension <name>`, which is read as a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import tree_sitter
import tree_sitter_bicep

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))
#: Functions of the language that are used here.
FUNCTIONS = {
    "concat",
    "contains",
    "empty",
    "environment",
    "filter",
    "first",
    "guid",
    "items",
    "loadJsonContent",
}
FUNCTIONS |= {
    "loadTextContent",
    "map",
    "resourceGroup",
    "startsWith",
    "subscription",
    "subscriptionResourceId",
}
FUNCTIONS |= {"take", "tenant", "toLower", "toObject", "union", "uniqueString", "utcNow"}

Node = tree_sitter.Node


@dataclass(kw_only=True)
class Bicep:
    """`params` says whether a parameter has a default; `modules` names each module's file and parameters."""

    file: str
    source: str
    root: Node
    params: dict[str, bool] = field(default_factory=dict)
    variables: dict[str, Node] = field(default_factory=dict)
    resources: dict[str, tuple[str, Node]] = field(default_factory=dict)
    modules: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    outputs: set[str] = field(default_factory=set)


def text(node: Node) -> str:
    found = (node.text or b"").decode()
    return found[1:-1] if node.type == "string" else found


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.named_children:
        yield from walk(child)


def of(node: Node, *types: str) -> list[Node]:
    return [c for c in node.named_children if c.type in types]


def properties(node: Node) -> dict[str, Node]:
    """Return an object's values by key."""
    found = {}
    for pair in of(node, "object_property"):
        key, value = pair.named_children[0], pair.named_children[-1]
        found[text(key)] = value
    return found


def find(node: Node, *path: str) -> Node:
    """Return the value below these keys. Raises `KeyError` with the first one that is missing."""
    for key in path:
        node = properties(node)[key]
    return node


def strings(node: Node) -> list[str]:
    """Return the texts of an array of plain strings."""
    return [text(child) for child in of(node, "string")]


def body(declaration: Node) -> Node:
    """Return the object of a resource or module, whether it is repeated, conditional or plain."""
    for node in walk(declaration):
        if node.type == "object":
            return node
    raise KeyError("no object")


def read(path: Path) -> Bicep:
    source = path.read_text(encoding="utf-8")
    root = _PARSER.parse(re.sub(r"(?m)^extension ", "// ext ", source).encode()).root_node
    made = Bicep(file=path.name, source=source, root=root)
    for node in root.named_children:
        names = of(node, "identifier")
        if node.type == "parameter_declaration":
            made.params[text(names[0])] = len(node.named_children) > 2
        elif node.type == "variable_declaration":
            made.variables[text(names[0])] = node.named_children[-1]
        elif node.type == "output_declaration":
            made.outputs.add(text(names[0]))
        elif node.type == "module_declaration":
            given = properties(properties(body(node))["params"])
            made.modules[text(names[0])] = (text(of(node, "string")[0]), set(given))
    for node in walk(root):
        if node.type == "resource_declaration":
            made.resources[text(of(node, "identifier")[0])] = (text(of(node, "string")[0]), node)
    return made


def problems(files: dict[str, Bicep]) -> Iterator[str]:
    """Yield what a compiler would refuse: syntax, names that nobody declares, parameters of modules."""
    for path, made in files.items():
        yield from (f"{path}: cannot be parsed at line {line}" for line in _errors(made.root))
        yield from (f"{path}: nobody declares '{name}'" for name in sorted(_undeclared(made)))
        yield from (
            f"{path}: nobody uses '{n}'" for n in (*made.params, *made.variables) if _uses(made, n) < 2
        )
        for name, (file, given) in made.modules.items():
            module = files.get(file)
            if module is None:
                yield f"{path}: there is no {file}"
                continue
            for parameter in given - set(module.params):
                yield f"{path}: {file} has no parameter '{parameter}'"
            for parameter in {p for p, default in module.params.items() if not default} - given:
                yield f"{path}: {file} needs '{parameter}'"
            asked = set(re.findall(rf"\b{name}!?\.outputs\.(\w+)", made.source))
            yield from (f"{path}: {file} has no output '{o}'" for o in asked - module.outputs)


def _errors(node: Node) -> Iterator[int]:
    if node.is_error or node.is_missing:
        yield node.start_point.row + 1
    elif node.has_error:
        for child in node.children:
            yield from _errors(child)


def _uses(made: Bicep, name: str) -> int:
    return len(re.findall(rf"\b{name}\b", made.source))


def _undeclared(made: Bicep) -> set[str]:
    known = {*made.params, *made.variables, *made.resources, *made.modules, *FUNCTIONS}
    used: set[str] = set()
    for node in walk(made.root):
        if node.type == "for_statement":
            known.add(text(node.named_children[0]))
        elif node.type == "lambda_expression":
            known.add(text(node.named_children[0]))
    for node in walk(made.root):
        parent = node.parent
        if node.type != "identifier" or parent is None or parent.type.endswith("_declaration"):
            continue
        if parent.type == "object_property" and parent.named_children[0] == node:
            continue
        if any(p.type in ("decorators", "type") for p in _above(node)):
            continue
        used.add(text(node))
    # The value of a variable or an output is a direct child of its declaration.
    for node in walk(made.root):
        if node.type in ("variable_declaration", "output_declaration", "parameter_declaration"):
            value = node.named_children[-1]
            if value.type == "identifier" and value != of(node, "identifier")[0]:
                used.add(text(value))
    return used - known


def _above(node: Node) -> Iterator[Node]:
    while node.parent is not None:
        node = node.parent
        yield node
