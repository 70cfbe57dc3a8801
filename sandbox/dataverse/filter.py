"""`$filter`: parse, and compile to a test of one row.

Source: reference/dataverse-web-api.md section 3, "$filter". Strings compare without regard to case;
SQL wildcards work inside the string functions; `in` is refused, `Microsoft.Dynamics.CRM.In` is the form.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from sandbox.dataverse.comparing import Getter, Test, among, compare, compare_two, like, next_day
from sandbox.dataverse.refusal import bad_query
from sandbox.dataverse.tokens import Token, tokens


class Scope(Protocol):
    """What names mean for the rows that are tested."""

    def value(self, path: tuple[str, ...]) -> tuple[Getter, str]:
        """Return how to read the property, and its kind: string, number, guid, bool or date."""

    def collection(self, path: tuple[str, ...]) -> tuple[Callable[[Any], Iterable[Any]], Scope]:
        """Return how to read the related rows, and their scope."""

    def is_key(self, path: tuple[str, ...]) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """`test` decides; `ids`, when not None, are the only rows that can pass."""

    test: Test
    ids: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Operand:
    """A literal, or a property of the row."""

    literal: Any = None
    path: tuple[str, ...] | None = None
    getter: Getter | None = None
    kind: str = "any"


_REVERSED = {"eq": "eq", "ne": "ne", "gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}
_NAMESPACE = "Microsoft.Dynamics.CRM."


def compile_filter(
    text: str, scope: Scope, *, aliases: Mapping[str, str], now: datetime, user_id: str
) -> Compiled:
    parser = _Parser(tokens(text), text, aliases, now, user_id)
    compiled = parser.either(scope)
    parser.end()
    return compiled


class _Parser:
    def __init__(
        self, found: list[Token], text: str, aliases: Mapping[str, str], now: datetime, user_id: str
    ) -> None:
        self._tokens = found
        self._text = text
        self._at = 0
        self._aliases = aliases
        self._now = now
        self._user_id = user_id
        self._variables: dict[str, Scope] = {}

    # --- words ---------------------------------------------------------------------------------

    def _peek(self, ahead: int = 0) -> Token:
        index = self._at + ahead
        return self._tokens[index] if index < len(self._tokens) else Token("end", "", len(self._text))

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _is(self, text: str, ahead: int = 0) -> bool:
        token = self._peek(ahead)
        return token.kind in ("mark", "name") and token.text == text

    def _expect(self, text: str) -> None:
        if not self._is(text):
            raise self._wrong(f"'{text}' expected")
        self._at += 1

    def _wrong(self, why: str) -> Exception:
        return bad_query(f"{why} at position {self._peek().at} in '{self._text}'.")

    def end(self) -> None:
        if self._peek().kind != "end":
            raise self._wrong("Syntax error")

    # --- logic ---------------------------------------------------------------------------------

    def either(self, scope: Scope) -> Compiled:
        parts = [self._both(scope)]
        while self._is("or"):
            self._at += 1
            parts.append(self._both(scope))
        if len(parts) == 1:
            return parts[0]
        tests = [part.test for part in parts]
        known = [part.ids for part in parts if part.ids is not None]
        ids = frozenset().union(*known) if len(known) == len(parts) else None
        return Compiled(test=lambda row: any(test(row) for test in tests), ids=ids)

    def _both(self, scope: Scope) -> Compiled:
        parts = [self._one(scope)]
        while self._is("and"):
            self._at += 1
            parts.append(self._one(scope))
        if len(parts) == 1:
            return parts[0]
        tests = [part.test for part in parts]
        known = [part.ids for part in parts if part.ids is not None]
        ids = frozenset.intersection(*known) if known else None
        return Compiled(test=lambda row: all(test(row) for test in tests), ids=ids)

    def _one(self, scope: Scope) -> Compiled:
        if self._is("not"):
            self._at += 1
            test = self._one(scope).test
            return Compiled(test=lambda row: not test(row))
        if self._is("("):
            self._at += 1
            inside = self.either(scope)
            self._expect(")")
            return inside
        token = self._peek()
        if token.kind == "name" and self._is("(", 1):
            if token.text in ("contains", "startswith", "endswith"):
                return Compiled(test=self._string_function(scope))
            if token.text.startswith(_NAMESPACE):
                return self._crm_function(scope)
            raise self._wrong(f"Function '{token.text}' is not supported")
        return self._comparison(scope)

    # --- comparisons ---------------------------------------------------------------------------

    def _comparison(self, scope: Scope) -> Compiled:
        left = self._operand(scope)
        if isinstance(left, Compiled):  # a lambda
            return left
        word = self._peek()
        if word.kind != "name" or word.text not in _REVERSED:
            if left.kind == "bool" and left.getter is not None:
                getter = left.getter
                return Compiled(test=lambda row: getter(row) is True)
            raise self._wrong("A comparison (eq, ne, gt, ge, lt, le) was expected")
        self._at += 1
        right = self._operand(scope)
        if isinstance(right, Compiled):
            raise self._wrong("A value was expected")
        operator = word.text
        if left.getter is None:
            left, right, operator = right, left, _REVERSED[operator]
        if left.getter is None:
            raise self._wrong("A property was expected")
        if right.getter is not None:
            return Compiled(test=compare_two(left.getter, right.getter, operator, left.kind))
        ids = None
        if operator == "eq" and left.path is not None and scope.is_key(left.path) and right.literal:
            ids = frozenset({str(right.literal).lower()})
        return Compiled(test=compare(left.getter, operator, right.literal, left.kind), ids=ids)

    def _operand(self, scope: Scope) -> Operand | Compiled:
        token = self._next()
        match token.kind:
            case "name":
                if token.text in ("true", "false"):
                    return Operand(literal=token.text == "true", kind="bool")
                if token.text == "null":
                    return Operand()
                path = [token.text]
                while self._is("/"):
                    self._at += 1
                    step = self._next().text
                    if step in ("any", "all") and self._is("("):
                        return self._lambda(scope, tuple(path), step)
                    path.append(step)
                if path[0] in self._variables:
                    scope, path = self._variables[path[0]], path[1:]
                getter, kind = scope.value(tuple(path))
                return Operand(path=tuple(path), getter=getter, kind=kind)
            case "end" | "mark" | "quoted":
                self._at -= 1
                raise self._wrong("A value was expected")
            case _:
                return Operand(literal=self._literal(token))

    def _literal(self, token: Token) -> Any:
        match token.kind:
            case "string":
                return token.text[1:-1].replace("''", "'")
            case "number":
                return Decimal(token.text)
            case "alias":
                if token.text not in self._aliases:
                    raise bad_query(f"Parameter alias '{token.text}' has no value.")
                (value,) = tokens(self._aliases[token.text])
                return self._literal(value)
            case "name" if token.text in ("true", "false"):
                return token.text == "true"
            case "name" if token.text == "null":
                return None
            case _:
                return token.text

    def _lambda(self, scope: Scope, path: tuple[str, ...], word: str) -> Compiled:
        related, inner = scope.collection(path)
        self._expect("(")
        if self._is(")"):
            self._at += 1
            return Compiled(test=lambda row: any(True for _ in related(row)))
        variable = self._next().text
        self._expect(":")
        self._variables[variable] = inner
        test = self.either(inner).test
        del self._variables[variable]
        self._expect(")")
        if word == "any":
            return Compiled(test=lambda row: any(test(r) for r in related(row)))
        return Compiled(test=lambda row: all(test(r) for r in related(row)))

    # --- functions -----------------------------------------------------------------------------

    def _string_function(self, scope: Scope) -> Test:
        function = self._next().text
        self._expect("(")
        left = self._operand(scope)
        self._expect(",")
        literal = self._literal(self._next())
        self._expect(")")
        if isinstance(left, Compiled) or left.getter is None or not isinstance(literal, str):
            raise self._wrong(f"{function}(property,'text') expected")
        if left.kind != "string":
            raise self._wrong(f"{function} needs a text property")
        pattern = {"contains": f"%{literal}%", "startswith": f"{literal}%", "endswith": f"%{literal}"}[
            function
        ]
        getter, matches = left.getter, like(pattern)
        return lambda row: (value := getter(row)) is not None and matches(value)

    def _crm_function(self, scope: Scope) -> Compiled:
        name = self._next().text.removeprefix(_NAMESPACE)
        arguments = self._arguments()
        path = tuple(str(arguments.get("PropertyName", "")).split("/"))
        getter, kind = scope.value(path)
        values = arguments.get("PropertyValues", [])
        if "PropertyValue" in arguments:
            values = [arguments["PropertyValue"]]
        if not isinstance(values, list):
            raise bad_query("PropertyValues must be a list.")
        match name, values:
            case "In", _:
                ids = frozenset(str(v).lower() for v in values) if scope.is_key(path) else None
                return Compiled(test=among(getter, values, kind), ids=ids)
            case "NotIn", _:
                inside = among(getter, values, kind)
                return Compiled(test=lambda row: not inside(row))
            case "Between", [low, high]:
                above, below = compare(getter, "ge", low, kind), compare(getter, "le", high, kind)
                return Compiled(test=lambda row: above(row) and below(row))
            case "NotBetween", [low, high]:
                under, over = compare(getter, "lt", low, kind), compare(getter, "gt", high, kind)
                return Compiled(test=lambda row: under(row) or over(row))
            case "OnOrAfter", [day]:
                return Compiled(test=compare(getter, "ge", str(day)[:10], kind))
            case "OnOrBefore", [day]:
                return Compiled(test=compare(getter, "lt", next_day(str(day)), kind))
            case "On", [day]:
                after = compare(getter, "ge", str(day)[:10], kind)
                before = compare(getter, "lt", next_day(str(day)), kind)
                return Compiled(test=lambda row: after(row) and before(row))
            case (("LastXHours" | "LastXDays"), [count]):
                span = timedelta(**{name[5:].lower(): int(count)})
                since = (self._now - span).strftime("%Y-%m-%dT%H:%M:%SZ")
                return Compiled(test=compare(getter, "ge", since, kind))
            case "EqualUserId", []:
                return Compiled(test=compare(getter, "eq", self._user_id, kind))
            case "NotEqualUserId", []:
                return Compiled(test=compare(getter, "ne", self._user_id, kind))
        raise bad_query(f"The query function '{name}' with {len(values)} values is not simulated.")

    def _arguments(self) -> dict[str, Any]:
        self._expect("(")
        found: dict[str, Any] = {}
        while not self._is(")"):
            name = self._next().text
            self._expect("=")
            found[name] = self._list() if self._is("[") else self._argument(self._next())
            if self._is(","):
                self._at += 1
        self._expect(")")
        return found

    def _argument(self, token: Token) -> Any:
        if token.kind == "quoted":
            return json.loads(token.text)
        if token.kind == "alias" and self._aliases.get(token.text, "").startswith("["):
            return json.loads(self._aliases[token.text])
        return self._literal(token)

    def _list(self) -> list[Any]:
        self._expect("[")
        values = []
        while not self._is("]"):
            values.append(self._argument(self._next()))
            if self._is(","):
                self._at += 1
            elif not self._is("]"):
                raise self._wrong("',' or ']' expected")
        self._expect("]")
        return values
