"""What a single value must look like, and what Business Central makes of it (§3)."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from sandbox.business_central.contract import BLANK_DATE, BLANK_TIME, Column
from sandbox.business_central.errors import Refused, bad_request
from sandbox.business_central.store import wire_time

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?(Z|[+-]\d{2}:\d{2})")

#: Digits that a Decimal keeps. AL stores more; five is what its number fields show (inferred).
DECIMALS = 5

#: An AL Decimal field holds no more (inferred).
LARGEST = 1e15

_BOUNDS = {"Integer": 2**31, "BigInteger": 2**63}


def stored(column: Column, value: Any) -> Any:
    """Return the value as BC would keep it: Code upper-case and trimmed, numbers rounded.

    Raises:
        Refused: another type, too long, not a member, not a date. Null too: the real service is
            unreliable there, so a client must write the blank value (§3), and here it learns so.
    """
    if value is None:
        raise bad_request(f"The property '{column.name}' cannot be null; send its blank value.")
    match column.kind:
        case "Code" | "Text" | "DateFormula":
            return _text(column, value)
        case "Enum":
            if value not in column.members or not isinstance(value, str):
                raise Refused(400, "Unknown", f"'{value}' is not a member of the enum of '{column.name}'.")
            # The contract's own string, so that equal values are one object in memory.
            return column.members[column.members.index(value)]
        case "Boolean":
            if not isinstance(value, bool):
                raise _wrong(column, value)
            return value
        case "Decimal":
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise _wrong(column, value)
            return _number(column, value)
        case "Integer" | "BigInteger":
            if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _BOUNDS[column.kind]:
                raise _wrong(column, value)
            return value
        case "Guid":
            if not isinstance(value, str) or not GUID.fullmatch(value):
                raise _wrong(column, value)
            return value.lower()
        case "Date":
            return _date(column, value)
        case _:
            return _moment(column, value)


def _wrong(column: Column, value: Any) -> Refused:
    return bad_request(f"Cannot convert '{value}' to the expected type of '{column.name}' ({column.kind}).")


def _text(column: Column, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(column, value)
    text = value.strip(" ").upper() if column.kind == "Code" else value
    if column.length and len(text) > column.length:
        raise Refused(
            400,
            "Application_StringExceededLength",
            f"The length of the string is {len(text)}, but it must be less than or equal to "
            f"{column.length} characters. Value: {text}",
        )
    return text


def _number(column: Column, value: int | float) -> int | float:
    if not abs(value) < LARGEST:
        raise Refused(400, "Application_EvaluateException", f"{value} is too large for '{column.name}'.")
    rounded = round(float(value), DECIMALS) if isinstance(value, float) else value
    return int(rounded) if rounded == int(rounded) else rounded


def _date(column: Column, value: Any) -> str:
    if not isinstance(value, str) or not DATE.fullmatch(value):
        raise _wrong(column, value)
    if value != BLANK_DATE:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise _wrong(column, value) from None
    return value


def _moment(column: Column, value: Any) -> str:
    if not isinstance(value, str) or not TIME.fullmatch(value):
        raise _wrong(column, value)
    if value == BLANK_TIME:
        return value
    try:
        return wire_time(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        raise _wrong(column, value) from None


def sortable(kind: str, value: Any) -> Any:
    """Return a moment without its Z, so that text order is time order; other values as they are.

    `…05Z` is before `…05.677Z`, but not as text.
    """
    return value[:-1] if kind == "DateTime" else value
