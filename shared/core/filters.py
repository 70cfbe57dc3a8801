"""Filters in words: `blocked = blank and customertypecode = 3` ↔ the conditions of a mapping. Pure.

    filter     := condition ("and" condition)*
    condition  := column ("=" | "!=" | "<>" | "=?" | "is" | "is not") value
    value      := blank | filled | true | false | number | word | 'text' | "text"

A word is letters, digits and `_ - . /`; anything else needs quotes. There is no `or`, and there are no
brackets: a record is inside when every condition holds (H24). Texts are compared exactly. `=?` also takes a blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from shared.core.mapping import EQ_OR_BLANK, Where
from shared.core.model import Wire

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'[^']*'|\"[^\"]*\")|(?P<op>=\?|!=|<>|=)|(?P<word>[\w./-]+)|(?P<else>\S))"
)
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,10})?")
_COLUMN = re.compile(r"[A-Za-z_]\w*")
_NEGATED = {"eq": "ne", "blank": "filled", "filled": "blank"}
_SIGNS = {"eq": "=", "ne": "!=", EQ_OR_BLANK: "=?"}
_CONSTANTS: dict[str, Wire] = {"true": True, "false": False}


class InvalidFilter(ValueError):
    """A filter that does not parse; says what was expected, and where."""


def parse_filter(text: str) -> tuple[Where, ...]:
    """Return the conditions; an empty text has none. Raises `InvalidFilter`."""
    tokens = [
        (m.lastgroup or "", m.group(m.lastgroup or 0), m.start(m.lastgroup or 0)) for m in _tokens(text)
    ]
    found: list[Where] = []
    while tokens:
        found.append(_condition(tokens))
        if not tokens:
            break
        kind, word, at = tokens.pop(0)
        if kind != "word" or word.lower() != "and":
            hint = "; conditions are joined by 'and' only" if word.lower() in ("or", "(", ")") else ""
            raise InvalidFilter(f"'and' expected instead of '{word}' at character {at + 1}{hint}")
        if not tokens:
            raise InvalidFilter("a condition is expected after the last 'and'")
    return tuple(found)


def filter_text(conditions: Iterable[Where]) -> str:
    """Return conditions in words; `parse_filter` reads them back."""
    return " and ".join(_told(w) for w in conditions)


def _tokens(text: str) -> Iterable[re.Match[str]]:
    stripped = text.rstrip()
    at = 0
    while at < len(stripped):
        token = _TOKEN.match(stripped, at)
        assert token is not None
        at = token.end()
        yield token


def _condition(tokens: list[tuple[str, str, int]]) -> Where:
    kind, column, at = tokens.pop(0)
    if kind != "word" or not _COLUMN.fullmatch(column):
        raise InvalidFilter(f"a column is expected instead of '{column}' at character {at + 1}")
    if not tokens:
        raise InvalidFilter(f"'=' or '!=' is expected after '{column}'")
    kind, word, at = tokens.pop(0)
    negated, or_blank = word in ("!=", "<>"), word == "=?"
    if kind == "word" and word.lower() == "is":
        if tokens and tokens[0][1].lower() == "not":
            tokens.pop(0)
            negated = True
    elif kind != "op":
        raise InvalidFilter(
            f"'=' or '!=' is expected after '{column}' instead of '{word}' at character {at + 1}"
        )
    if not tokens:
        raise InvalidFilter(f"a value is expected at the end, after '{column}'")
    kind, word, at = tokens.pop(0)
    if kind not in ("text", "word"):
        raise InvalidFilter(f"a value is expected instead of '{word}' at character {at + 1}")
    op, value = _value(kind, word)
    if or_blank:
        if op != "eq":
            raise InvalidFilter(f"'=?' takes a value, not '{word}', at character {at + 1}")
        op = EQ_OR_BLANK
    op = _NEGATED[op] if negated else op
    return _with_reason(Where(column=column, op=op, value=value))


def _value(kind: str, word: str) -> tuple[str, Wire]:
    if kind == "text":
        return "eq", word[1:-1]
    if word.lower() in ("blank", "filled"):
        return word.lower(), None
    if word.lower() in _CONSTANTS:
        return "eq", _CONSTANTS[word.lower()]
    if _NUMBER.fullmatch(word):
        return "eq", Decimal(word) if "." in word else int(word)
    return "eq", word


def _with_reason(where: Where) -> Where:
    """Add what is said of a record that does not meet the condition."""
    reason = {
        "eq": f"{where.column} is not {_shown(where.value)}",
        EQ_OR_BLANK: f"{where.column} is neither {_shown(where.value)} nor blank",
        "ne": f"{where.column} is {_shown(where.value)}",
        "blank": f"{where.column} is not blank",
        "filled": f"{where.column} is blank",
    }[where.op]
    return Where(column=where.column, op=where.op, value=where.value, reason=reason)


def _told(where: Where) -> str:
    if where.op in ("blank", "filled"):
        return f"{where.column} = {where.op}"
    return f"{where.column} {_SIGNS[where.op]} {_shown(where.value)}"


def _shown(value: Wire) -> str:
    if value is None:
        return "blank"
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return str(value)
    plain = re.fullmatch(r"[\w./-]+", value) and _value("word", value) == ("eq", value)
    return value if plain else f'"{value}"' if "'" in value else f"'{value}'"
