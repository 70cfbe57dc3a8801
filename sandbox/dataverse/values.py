"""Values of a body: check them and bring them into the form in which rows hold them.

Source: reference/dataverse-web-api.md section 3, "Types on the wire", and section 8.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.dataverse.address import as_guid
from sandbox.dataverse.environment import Environment, wire_time
from sandbox.dataverse.refusal import (
    INTEGER_RANGE,
    MONEY_RANGE,
    PICKLIST_RANGE,
    STATUS_INVALID,
    TOO_LONG,
    Refused,
    bad_payload,
)
from sandbox.dataverse.schema import Column, Table

#: Money is printed with four decimals whatever its precision (reference section 13, 11).
MONEY_STEP = Decimal("0.0001")


def convert(environment: Environment, table: Table, column: Column, raw: Any) -> Any:
    """Return the value as a row holds it; None stays None, and so does an empty text (assumed)."""
    if raw is None:
        return None
    match column.type:
        case "String" | "Memo" | "EntityName":
            return _text(table, column, raw)
        case "Money" | "Decimal":
            return _decimal(table, column, raw)
        case "Integer" | "BigInt":
            return _integer(table, column, raw)
        case "Boolean":
            if not isinstance(raw, bool):
                raise _wrong_type(table, column, raw)
            return raw
        case "Picklist" | "State" | "Status":
            return _option(environment, table, column, raw)
        case "DateTime":
            return _moment(table, column, raw)
        case "Uniqueidentifier":
            if not isinstance(raw, str) or (value := as_guid(raw)) is None:
                raise _wrong_type(table, column, raw)
            return value
    raise _wrong_type(table, column, raw)


def rounded(value: Decimal, digits: int) -> Decimal:
    """Surplus decimals are rounded, not refused (assumed in reference section 3; half away from zero)."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def money(value: Decimal, digits: int) -> Decimal:
    return rounded(value, digits).quantize(MONEY_STEP)


def _wrong_type(table: Table, column: Column, raw: Any) -> Refused:
    return bad_payload(
        table.entity_set, f"Cannot convert the literal '{raw}' to the expected type '{column.edm}'."
    )


def _text(table: Table, column: Column, raw: Any) -> str | None:
    if not isinstance(raw, str):
        raise _wrong_type(table, column, raw)
    if column.max_length is not None and len(raw) > column.max_length:
        raise Refused(
            400,
            TOO_LONG,
            f"A validation error occurred.  The length of the '{column.name}' attribute of the '{table.name}' "
            f"entity exceeded the maximum allowed length of '{column.max_length}'.",
        )
    return raw or None


def _decimal(table: Table, column: Column, raw: Any) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, Decimal)):
        raise _wrong_type(table, column, raw)
    value = Decimal(str(raw)) if isinstance(raw, float) else Decimal(raw)
    low, high = column.min, column.max
    if (low is not None and value < Decimal(str(low))) or (high is not None and value > Decimal(str(high))):
        raise Refused(
            400,
            MONEY_RANGE,
            f"A validation error occurred.  The value {value} of '{column.name}' on record of type "
            f"'{table.name}' is outside the valid range. Accepted Range: {low} to {high}",
        )
    return value if column.type == "Money" else rounded(value, column.precision)


def _integer(table: Table, column: Column, raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise _wrong_type(table, column, raw)
    low = column.min if column.min is not None else -(2**31)
    high = column.max if column.max is not None else 2**31 - 1
    if not low <= raw <= high:
        raise Refused(
            400,
            INTEGER_RANGE,
            f"A validation error occurred.  The value {raw} of '{column.name}' on record of type "
            f"'{table.name}' is outside the valid range. Accepted Range: {low} to {high}",
        )
    return raw


def _option(environment: Environment, table: Table, column: Column, raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise _wrong_type(table, column, raw)
    if raw not in environment.options.get((table.name, column.name), {}):
        if column.type == "Picklist":
            raise Refused(
                400,
                PICKLIST_RANGE,
                f"A validation error occurred.  The value {raw} of '{column.name}' on record of type "
                f"'{table.name}' is outside the valid range. The picklist value is out of the range.",
            )
        raise Refused(
            400, STATUS_INVALID, f"{raw} is not a valid {column.type.lower()} code on {table.name}."
        )
    return raw


def _moment(table: Table, column: Column, raw: Any) -> str:
    if not isinstance(raw, str):
        raise _wrong_type(table, column, raw)
    try:
        if column.edm == "Edm.Date":
            return date.fromisoformat(raw).isoformat()
        moment = datetime.fromisoformat(raw)
    except ValueError:
        raise _wrong_type(table, column, raw) from None
    return wire_time(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
