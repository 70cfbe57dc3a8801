"""What a compiler of Bicep would refuse of resources: types, names of properties, words, what is read of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.bicep_reader import Bicep, Node, body, of, properties, text, walk

TYPES = Path(__file__).with_name("azure_types.yaml")
#: What may be read of the language's own functions.
FUNCTIONS = {
    "environment()": {"authentication.loginEndpoint"},
    "resourceGroup()": {"id"},
    "subscription()": {"id"},
    "tenant()": {"tenantId"},
    "loadJsonContent('../local.settings.example.json')": {"Values"},
}
#: Of what a lambda goes over: entries of an object, roles of an application.
ITEMS = {"entry": {"key", "value"}, "role": {"id", "value"}}
OF_MODULES = {"name", "scope", "params"}


@cache
def known() -> dict[str, dict[str, Any]]:
    """Return type → `takes` (path → the words it takes, none for any) and `reads`."""
    found: dict[str, dict[str, Any]] = {}
    for type_, facts in yaml.safe_load(TYPES.read_text(encoding="utf-8")).items():
        takes: dict[str, frozenset[str]] = {}
        for line in facts["takes"]:
            path, _, words = line.partition(" = ")
            takes[path] = frozenset(words.split(" | ")) if words else frozenset()
        found[type_] = {"takes": takes, "reads": set(facts.get("reads", ()))}
    return found


def problems(files: Mapping[str, Bicep]) -> Iterator[str]:
    for path, made in files.items():
        types = {name: type_of(node) for name, (_, node) in made.resources.items()}
        for name, (_, node) in made.resources.items():
            yield from (f"{path}: {name}: {said}" for said in _resource(types[name], node))
        yield from (f"{path}: {said}" for said in _reads(made, types))
        for node in of(made.root, "module_declaration"):
            odd = set(properties(body(node))) - OF_MODULES
            yield from (f"{path}: a module has no '{key}'" for key in sorted(odd))


def type_of(node: Node) -> str:
    """Return the whole type of a resource; one inside another is named below it."""
    own, _, version = text(of(node, "string")[0]).partition("@")
    above = node.parent
    while above is not None:
        if above.type == "resource_declaration":
            outer, _, outer_version = type_of(above).partition("@")
            return f"{outer}/{own}@{version or outer_version}"
        above = above.parent
    return f"{own}@{version}"


def _resource(type_: str, node: Node) -> Iterator[str]:
    if type_ not in known():
        yield f"there is no type {type_}"
        return
    takes = known()[type_]["takes"]
    for path, value in leaves(body(node)):
        if path == "properties" and value is None:
            continue  # put together by a function: the settings of the app, which are checked by name
        if path not in takes and (open_ := path.rpartition("[]")[0]) in takes:
            path = open_
        if path not in takes:
            yield f"{type_} has no {path}"
        elif takes[path]:
            yield from (f"{path} is never '{word}'" for word in words(value) if word not in takes[path])


def leaves(node: Node, above: str = "") -> Iterator[tuple[str, Node | None]]:
    """Yield path and value of everything in an object that is no object itself; an empty list by its own path."""
    for pair in of(node, "object_property"):
        key, value = pair.named_children[0], pair.named_children[-1]
        if not text(key).startswith("resource "):  # a resource inside this one, as the grammar reads it
            yield from _leaf(f"{above}{text(key)}", value)


def _leaf(path: str, value: Node) -> Iterator[tuple[str, Node | None]]:
    inside = value.named_children if value.type == "array" else []
    if value.type == "object" and of(value, "object_property"):
        yield from leaves(value, f"{path}.")
    elif inside:
        for item in inside:
            yield from _leaf(f"{path}[]", item)
    elif value.type == "ternary_expression" and path != "properties":
        for branch in value.named_children[1:]:
            yield from _leaf(path, branch)
    else:
        yield path, None if path == "properties" else value


def words(value: Node | None) -> Iterator[str]:
    """Yield the plain texts that a value may be: itself, or either branch of a choice."""
    if value is None:
        return
    if value.type == "string":
        if "${" not in text(value):
            yield text(value)
    elif value.type == "ternary_expression":
        for branch in value.named_children[1:]:
            yield from words(branch)


def _reads(made: Bicep, types: Mapping[str, str]) -> Iterator[str]:
    """Yield what is read that is not there: of resources, the language, and lists of this file."""
    for loop in walk(made.root):
        if loop.type == "for_statement" and (keys := _keys(made, loop)) is not None:
            item = text(loop.named_children[0])
            asked = set(re.findall(rf"\b{item}\.(\w+)", text(loop)))
            yield from (
                f"no item of {text(loop.named_children[1])} has {key}" for key in sorted(asked - keys)
            )
            yield from (
                f"nobody reads {key} of {text(loop.named_children[1])}" for key in sorted(keys - asked)
            )
    source = re.sub(r"(?m)(?<!:)//.*$", "", made.source)
    for root, members in re.findall(
        r"((?<![\w/.])\w+(?:\((?:'[^']*')?\))?)[!]?\.((?:\w+\.)*\w+)\b(?!\()", source
    ):
        if root in types:
            allowed = known().get(types[root], {}).get("reads", set())
        elif root in FUNCTIONS:
            allowed = FUNCTIONS[root]
        elif root in ITEMS:
            allowed = ITEMS[root]
        elif root in made.variables and made.variables[root].type == "object":
            allowed = set(properties(made.variables[root]))
        else:
            continue
        if members not in allowed:
            yield f"{root} has no {members}"


def _keys(made: Bicep, loop: Node) -> set[str] | None:
    """Return the keys that every item of the looped list has; None when it is no list of objects here."""
    name = text(loop.named_children[1])
    items = of(made.variables[name], "object") if name in made.variables else []
    if not items:
        return None
    return set.intersection(*(set(properties(item)) for item in items))
