"""`$filter` as Business Central reads it, with its refusals and its silent traps (§4)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.business_central.contract import Column, EntitySet
from sandbox.business_central.errors import Refused, bad_request
from sandbox.business_central.fields import sortable, stored
from sandbox.business_central.store import Row

Test = Callable[[Row], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<moment>\d{4}-\d{2}-\d{2}T[0-9:.]+(?:Z|[+-]\d{2}:\d{2}))"
    r"|(?P<date>\d{4}-\d{2}-\d{2})"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_/]*)"
    r"|(?P<sign>[(),:]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": lambda text, part: part in text,
}
_CASES = ("tolower", "toupper")
#: Pages that look a document up by its id although the table has no such field, as v2.0's line pages do.
_LOOKED_UP = frozenset({"documentId"})


@dataclass(frozen=True, kw_only=True)
class Filter:
    """`test` None lets every row pass. `ids`, `from_version`: what narrows the search beforehand."""

    test: Test | None = None
    ids: tuple[str, ...] | None = None
    from_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class _Part:
    test: Test
    fields: frozenset[str]
    #: The value when the part is a plain `column eq value`.
    equal: tuple[Any] | None = None
    #: How the column is read before it is compared with `equal`.
    case: Callable[[str], str] | None = None
    from_version: int | None = None


class _Ignored(Exception):
    """The real service drops this filter without a word and answers the whole table."""


def parse_filter(entity: EntitySet, text: str, *, schema_version: str) -> Filter:
    """Raises `Refused` for what BC refuses, and for properties that do not exist."""
    try:
        reader = _Reader(entity, text, schema_version)
        part, ids = reader.whole()
    except _Ignored:
        return Filter()
    return Filter(test=part.test, ids=ids, from_version=part.from_version)


class _Reader:
    def __init__(self, entity: EntitySet, text: str, schema_version: str) -> None:
        self._entity = entity
        self._text = text
        self._nested = schema_version == "2.1"
        self._tokens = self._split(text)
        self._at = 0

    def whole(self) -> tuple[_Part, tuple[str, ...] | None]:
        self._ids: tuple[str, ...] | None = None
        part = self._or(outermost=True)
        if self._at < len(self._tokens):
            raise self._bad(f"unexpected '{self._tokens[self._at][1]}'")
        return part, self._ids

    # --- grammar ---

    def _or(self, *, outermost: bool = False) -> _Part:
        parts = [self._and()]
        while self._skip_word("or"):
            parts.append(self._and())
        if outermost and all(part.equal and part.fields == {"id"} for part in parts):
            self._ids = tuple(dict.fromkeys(part.equal[0] for part in parts if part.equal))
        if len(parts) == 1:
            return parts[0]
        fields = frozenset().union(*(part.fields for part in parts))
        if len(fields) > 1:
            # Status inferred: 400 or 501.
            raise bad_request("The OR operator is not supported on distinct fields on an OData filter.")
        if all(part.equal for part in parts) and len({part.case for part in parts}) == 1:
            column, case = self._entity.at[next(iter(fields))], parts[0].case
            wanted = frozenset(part.equal[0] for part in parts if part.equal)
            if case is not None:
                return _Part(test=lambda row: case(row[column]) in wanted, fields=fields)
            return _Part(test=lambda row: row[column] in wanted, fields=fields)
        tests = tuple(part.test for part in parts)
        return _Part(test=lambda row: any(test(row) for test in tests), fields=fields)

    def _and(self) -> _Part:
        parts = [self._term()]
        while self._skip_word("and"):
            parts.append(self._term())
        if len(parts) == 1:
            return parts[0]
        tests = tuple(part.test for part in parts)
        versions = [part.from_version for part in parts if part.from_version is not None]
        return _Part(
            test=lambda row: all(test(row) for test in tests),
            fields=frozenset().union(*(part.fields for part in parts)),
            from_version=max(versions, default=None),
        )

    def _term(self) -> _Part:
        kind, text = self._take()
        if text == "(" and kind == "sign":
            part = self._or()
            self._expect(")")
            return part
        if kind != "word":
            raise self._bad(f"a property was expected, not '{text}'")
        if "/" in text:
            if text.rsplit("/", 1)[1] in ("any", "all"):
                # Lambda operators are ignored, not refused.
                raise _Ignored
            raise self._bad(f"paths such as '{text}' are not supported")
        if text in _TEXT_TESTS:
            return self._text_test(text)
        column, case = self._property(text)
        word = self._take()[1]
        if word == "in":
            return self._in(column)
        if word not in _COMPARE:
            raise self._bad(f"'{word}' is not a supported operator")
        return self._comparison(column, case, word, self._literal(column, case))

    def _comparison(self, column: Column, case: Callable[[str], str] | None, word: str, value: Any) -> _Part:
        at, compare, kind = self._entity.at[column.name], _COMPARE[word], column.kind
        fields = frozenset({column.name})
        if case is not None:
            return _Part(
                test=lambda row: compare(case(row[at]), value),
                fields=fields,
                equal=(value,) if word == "eq" else None,
                case=case,
            )
        if kind == "DateTime":
            value = sortable(kind, value)
            return _Part(test=lambda row: compare(row[at][:-1], value), fields=fields)
        from_version = None
        if column.name == "systemRowVersion" and word in ("ge", "gt"):
            from_version = value + (word == "gt")
        return _Part(
            test=lambda row: compare(row[at], value),
            fields=fields,
            equal=(value,) if word == "eq" else None,
            from_version=from_version,
        )

    def _in(self, column: Column) -> _Part:
        self._expect("(")
        values = [self._literal(column, None)]
        while self._skip_sign(","):
            values.append(self._literal(column, None))
        self._expect(")")
        if not self._nested:
            # Under schema version 2.0 the whole table comes back.
            raise _Ignored
        at, wanted = self._entity.at[column.name], frozenset(values)
        return _Part(test=lambda row: row[at] in wanted, fields=frozenset({column.name}))

    def _text_test(self, name: str) -> _Part:
        self._expect("(")
        kind, text = self._take()
        if kind != "word":
            raise self._bad(f"{name} needs a property")
        if text in _CASES and not self._nested:
            raise Refused(501, "BadRequest_MethodNotImplemented", "Nested functions need $schemaversion=2.1.")
        column, case = self._property(text)
        if column.kind not in ("Code", "Text"):
            raise self._bad(f"{name} does not fit '{column.name}'")
        self._expect(",")
        wanted = self._literal(column, case, whole=False)
        self._expect(")")
        at, test = self._entity.at[column.name], _TEXT_TESTS[name]
        fields = frozenset({column.name})
        if case is not None:
            return _Part(test=lambda row: test(case(row[at]), wanted), fields=fields)
        return _Part(test=lambda row: test(row[at], wanted), fields=fields)

    def _property(self, text: str) -> tuple[Column, Callable[[str], str] | None]:
        """Return the column; tolower and toupper only switch to matching without case."""
        case = None
        if text in _CASES:
            case = str.lower
            self._expect("(")
            text = self._take()[1]
            self._expect(")")
        column = self._entity.columns.get(text)
        if column is None:
            raise bad_request(f"Could not find a property named '{text}' on type '{self._entity.entity}'.")
        if not column.field and self._entity.table and text not in _LOOKED_UP:
            # Variable-bound: the real answer is not reliable, so nobody may rely on it.
            raise bad_request(f"The property '{text}' is computed by the page and cannot be filtered.")
        if case is not None and column.kind not in ("Code", "Text"):
            raise self._bad(f"'{text}' is not text")
        return column, case

    def _literal(self, column: Column, case: Callable[[str], str] | None, *, whole: bool = True) -> Any:
        kind, text = self._take()
        expected = {
            "Code": "text", "Text": "text", "Enum": "text", "Guid": "guid", "Date": "date",
            "DateTime": "moment", "Decimal": "number", "Integer": "number", "BigInteger": "number",
            "Boolean": "word",
        }[column.kind]  # fmt: skip
        if kind != expected:
            raise self._bad(f"'{text}' does not fit '{column.name}' ({column.kind})")
        if column.kind in ("Code", "Text"):
            value = text[1:-1].replace("''", "'")
            if case is not None:
                return case(value)
            if column.kind == "Code":
                return value.upper().strip(" ") if whole else value.upper()
            return value
        if column.kind == "Boolean":
            if text not in ("true", "false"):
                raise self._bad(f"'{text}' is not a Boolean")
            return text == "true"
        if column.kind == "Enum":
            return stored(column, text[1:-1])
        if kind == "number":
            if column.kind == "Decimal":
                return float(text)
            if "." in text:
                raise self._bad(f"'{text}' is not a whole number")
            return int(text)
        return stored(column, text)

    # --- tokens ---

    def _split(self, text: str) -> Sequence[tuple[str, str]]:
        tokens, at, text = [], 0, text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise self._bad(f"unexpected character at {at}")
            tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        return tokens

    def _take(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise self._bad("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _skip_word(self, word: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] == ("word", word)
        self._at += found
        return found

    def _skip_sign(self, sign: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] == ("sign", sign)
        self._at += found
        return found

    def _expect(self, sign: str) -> None:
        if not self._skip_sign(sign):
            raise self._bad(f"'{sign}' is missing")

    def _bad(self, why: str) -> Refused:
        return bad_request(f"Invalid $filter '{self._text[:200]}': {why}.", "BadRequest_NotFound")
