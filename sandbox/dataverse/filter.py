"""`$filter`: parse, and compile to a test of one row.

Source: reference/dataverse-web-api.md section 3, "$filter". Strings compare without regard to case;
SQL wildcards work inside the string functions; `in` is refused, `Microsoft.Dynamics.CRM.In` is the form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from sandbox.dataverse.refusal import bad_query
from sandbox.dataverse.tokens import Token, tokens

Getter = Callable[[Any], Any]
Test = Callable[[Any], bool]


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
            return Compiled(test=_compare_two(left.getter, right.getter, operator, left.kind))
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
                return Compiled(test=_among(getter, values, kind), ids=ids)
            case "NotIn", _:
                inside = _among(getter, values, kind)
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
                return Compiled(test=compare(getter, "lt", _next_day(str(day)), kind))
            case "On", [day]:
                after = compare(getter, "ge", str(day)[:10], kind)
                before = compare(getter, "lt", _next_day(str(day)), kind)
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


def _next_day(day: str) -> str:
    try:
        return (datetime.fromisoformat(day[:10]) + timedelta(days=1)).strftime("%Y-%m-%d")
    except ValueError:
        raise bad_query(f"'{day}' is not a date.") from None


def like(pattern: str) -> Callable[[str], bool]:
    """Return a test for SQL `LIKE pattern`, without regard to case."""
    middle = pattern.strip("%")
    if not re.search(r"[%_\[\]]", middle):
        wanted = middle.casefold()
        match pattern.startswith("%"), pattern.endswith("%"):
            case True, True:
                return lambda value: wanted in value.casefold()
            case False, True:
                return lambda value: value.casefold().startswith(wanted)
            case True, False:
                return lambda value: value.casefold().endswith(wanted)
        return lambda value: value.casefold() == wanted
    parts = re.findall(r"\[\^?[^\]]+\]|.", pattern, re.DOTALL)
    plain = {"%": ".*", "_": "."}
    regex = "".join(plain.get(part) or (part if len(part) > 1 else re.escape(part)) for part in parts)
    compiled = re.compile(regex, re.IGNORECASE | re.DOTALL)
    return lambda value: compiled.fullmatch(value) is not None


def _converted(literal: Any, kind: str) -> Any:
    """Return the literal as rows hold it. Raises Refused for a literal of another type."""
    if literal is None or kind == "any":
        return literal
    match kind:
        case "string" if isinstance(literal, str):
            return literal.casefold()
        case "guid" if isinstance(literal, str):
            return literal.lower()
        case "bool" if isinstance(literal, bool):
            return literal
        case "bool" if literal in ("true", "false", "1", "0"):
            return literal in ("true", "1")
        case "number" if isinstance(literal, (Decimal, int)) and not isinstance(literal, bool):
            return literal
        case "number" if isinstance(literal, str):
            try:
                return Decimal(literal)
            except ArithmeticError:
                pass
        case "date" if isinstance(literal, str):
            return utc_text(literal)
    raise bad_query(f"The value '{literal}' cannot be compared with a property of kind {kind}.")


def utc_text(literal: str) -> str:
    """Return the moment as rows hold it, in UTC; a fraction of a second stays after the `Z`-less text."""
    try:
        moment = datetime.fromisoformat(literal)
    except ValueError:
        raise bad_query(f"'{literal}' is not a date.") from None
    if len(literal) == 10:
        return literal
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    whole = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{moment.microsecond:06d}" if moment.microsecond else whole


def compare(getter: Getter, operator: str, literal: Any, kind: str) -> Test:
    wanted = _converted(literal, kind)
    if wanted is None:
        if operator == "eq":
            return lambda row: getter(row) is None
        if operator == "ne":
            return lambda row: getter(row) is not None
        return lambda row: False
    read = _comparable(getter, kind)
    match operator:
        case "eq":
            return lambda row: read(row) == wanted
        case "ne":  # a null row is not equal too (assumed: QueryExpression's NotEqual adds "or is null")
            return lambda row: read(row) != wanted
        case "gt":
            return lambda row: (value := read(row)) is not None and value > wanted
        case "ge":
            return lambda row: (value := read(row)) is not None and value >= wanted
        case "lt":
            return lambda row: (value := read(row)) is not None and value < wanted
    return lambda row: (value := read(row)) is not None and value <= wanted


def _compare_two(left: Getter, right: Getter, operator: str, kind: str) -> Test:
    one, two = _comparable(left, kind), _comparable(right, kind)
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "eq": lambda a, b: a == b,
        "ne": lambda a, b: a != b,
        "gt": lambda a, b: a > b,
        "ge": lambda a, b: a >= b,
        "lt": lambda a, b: a < b,
        "le": lambda a, b: a <= b,
    }
    test = tests[operator]

    def decide(row: Any) -> bool:
        a, b = one(row), two(row)
        if a is None or b is None:
            return operator == "ne" and (a is not None or b is not None)
        return test(a, b)

    return decide


def _comparable(getter: Getter, kind: str) -> Getter:
    if kind == "string":
        return lambda row: value.casefold() if (value := getter(row)) is not None else None
    if kind == "date":  # "…05Z" must sort after "…04.5": compare without the Z
        return lambda row: value.rstrip("Z") if (value := getter(row)) is not None else None
    return getter


def _among(getter: Getter, values: list[Any], kind: str) -> Test:
    wanted = frozenset(_converted(value, kind) for value in values)
    read = _comparable(getter, kind)
    return lambda row: read(row) in wanted
