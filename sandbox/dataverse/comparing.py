"""How values compare in a filter: without regard to case, nulls as in SQL, wildcards as in `LIKE`.

Source: reference/dataverse-web-api.md section 3, "$filter".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.dataverse.refusal import bad_query

Getter = Callable[[Any], Any]
Test = Callable[[Any], bool]


def next_day(day: str) -> str:
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


def converted(literal: Any, kind: str) -> Any:
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
    wanted = converted(literal, kind)
    if wanted is None:
        if operator == "eq":
            return lambda row: getter(row) is None
        if operator == "ne":
            return lambda row: getter(row) is not None
        return lambda row: False
    read = comparable(getter, kind)
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


def compare_two(left: Getter, right: Getter, operator: str, kind: str) -> Test:
    one, two = comparable(left, kind), comparable(right, kind)
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


def comparable(getter: Getter, kind: str) -> Getter:
    if kind == "string":
        return lambda row: value.casefold() if (value := getter(row)) is not None else None
    if kind == "date":  # "…05Z" must sort after "…04.5": compare without the Z
        return lambda row: value.rstrip("Z") if (value := getter(row)) is not None else None
    return getter


def among(getter: Getter, values: list[Any], kind: str) -> Test:
    wanted = frozenset(converted(value, kind) for value in values)
    read = comparable(getter, kind)
    return lambda row: read(row) in wanted
