"""Converters: from the wire of one side to canonical values, and back.

A converter is pure. `read` gives the canonical value, `write` the wire properties to send, `narrow`
the value in the narrower domain of the two fields, where equality is tested (H3), and `misfit` says
why a value cannot be stored on a side. Blank is None: null, empty text, 0, 0001-01-01, the zero
GUID (H30); false is a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Protocol

from shared.core.errors import Unconvertible
from shared.core.model import Side, Unresolved, Value, Wire

ZERO_GUID = "00000000-0000-0000-0000-000000000000"
#: Canonical value of the local currency, which BC shows as blank (H21).
LOCAL_CURRENCY = "LCY"


class Resolver(Protocol):
    """Finds counterparts among the couplings that were gathered. Never asks the outside."""

    def bc_id(self, mapping: str, sales_id: str) -> str | None: ...

    def sales_id(self, mapping: str, bc_id: str) -> str | None: ...

    @property
    def local_currency_id(self) -> str:
        """Sales id of the transaction currency that is BC's local currency; "" when there is none."""


class Converter(Protocol):
    def read(self, side: Side, raw: Wire, resolver: Resolver) -> Value: ...

    def write(self, side: Side, value: Value, column: str, resolver: Resolver) -> Mapping[str, Wire]: ...

    def narrow(self, value: Value) -> Value: ...

    def misfit(self, side: Side, value: Value) -> str | None: ...


@dataclass(frozen=True)
class Text:
    """Text of at most `bc` characters in BC and `sales` in Sales.

    `code`: BC keeps it upper-case and trimmed (business-central-api.md §3). `cut`: too long a text
    is cut for the other side instead of held (H3).
    """

    bc: int
    sales: int
    code: bool = False
    cut: bool = False

    def read(self, side: Side, raw: Wire, resolver: Resolver) -> Value:
        text = "" if raw is None else str(raw).strip()
        return text or None

    def write(self, side: Side, value: Value, column: str, resolver: Resolver) -> Mapping[str, Wire]:
        text = "" if value is None else str(value)
        if self.cut:
            text = text[: self._limit(side)].strip()
        return {column: (text or None) if side is Side.SALES else text}

    def narrow(self, value: Value) -> Value:
        if not isinstance(value, str):
            return value
        text = value[: min(self.bc, self.sales)].strip()
        return (text.upper() if self.code else text) or None

    def misfit(self, side: Side, value: Value) -> str | None:
        limit = self._limit(side)
        if self.cut or not isinstance(value, str) or len(value) <= limit:
            return None
        return (
            f"is {len(value)} characters; {'Business Central' if side is Side.BC else 'Sales'} takes {limit}"
        )

    def _limit(self, side: Side) -> int:
        return self.bc if side is Side.BC else self.sales


@dataclass(frozen=True)
class Number:
    """A decimal kept with `decimals` places on the narrower side. 0 is blank.

    `zero`: Sales is sent 0 instead of null, for columns where nothing means not known (a price).
    """

    decimals: int
    least: Decimal | None = None
    most: Decimal | None = None
    zero: bool = False

    def read(self, side: Side, raw: Wire, resolver: Resolver) -> Value:
        if raw is None or raw == "":
            return None
        try:
            number = raw if isinstance(raw, Decimal) else Decimal(str(raw))
        except InvalidOperation:
            raise Unconvertible("is not a number") from None
        return number.normalize() if number else None

    def write(self, side: Side, value: Value, column: str, resolver: Resolver) -> Mapping[str, Wire]:
        narrow = self.narrow(value)
        if narrow is None:
            return {column: None if side is Side.SALES and not self.zero else 0}
        return {column: narrow}

    def narrow(self, value: Value) -> Value:
        if not isinstance(value, Decimal):
            return value
        rounded = value.quantize(Decimal(1).scaleb(-self.decimals), rounding=ROUND_HALF_UP)
        return rounded.normalize() if rounded else None

    def misfit(self, side: Side, value: Value) -> str | None:
        if not isinstance(value, Decimal):
            return None
        if self.least is not None and value < self.least:
            return f"is less than {self.least}, the least that is allowed"
        if self.most is not None and value > self.most:
            return f"is more than {self.most}, the most that is allowed"
        return None


@dataclass(frozen=True)
class Boolean:
    """True or false; false is a value, absent is false."""

    def read(self, side: Side, raw: Wire, resolver: Resolver) -> Value:
        return bool(raw)

    def write(self, side: Side, value: Value, column: str, resolver: Resolver) -> Mapping[str, Wire]:
        return {column: bool(value)}

    def narrow(self, value: Value) -> Value:
        return value

    def misfit(self, side: Side, value: Value) -> str | None:
        return None


@dataclass(frozen=True)
class Day:
    """A date. BC's blank is 0001-01-01 (business-central-api.md §3)."""

    def read(self, side: Side, raw: Wire, resolver: Resolver) -> Value:
        if not raw or str(raw).startswith("0001-01-01"):
            return None
        try:
            return date.fromisoformat(str(raw)[:10])
        except ValueError:
            raise Unconvertible("is not a date") from None

    def write(self, side: Side, value: Value, column: str, resolver: Resolver) -> Mapping[str, Wire]:
        if value is None:
            return {column: None if side is Side.SALES else "0001-01-01"}
        assert isinstance(value, date)
        return {column: value.isoformat()}

    def narrow(self, value: Value) -> Value:
        return value

    def misfit(self, side: Side, value: Value) -> str | None:
        return None


@dataclass(frozen=True)
class Choice:
    """A fixed list of options: canonical word ↔ BC's wire word ↔ Sales' number.

    A pair of None is blank. A raw value that the list does not know is `Unresolved` (H6).
    """

    #: canonical word → (BC wire form, Sales option value)
    words: tuple[tuple[str, str, int], ...]

    def read(self, side: Side, raw: Wire, resolver: Resolver) -> Value:
        if raw is None or raw in ("", "_x0020_"):
            return None
        for word, bc, sales in self.words:
            if (side is Side.BC and raw == bc) or (side is Side.SALES and raw == sales):
                return word
        return Unresolved(str(raw))

    def write(self, side: Side, value: Value, column: str, resolver: Resolver) -> Mapping[str, Wire]:
        for word, bc, sales in self.words:
            if word == value:
                return {column: bc if side is Side.BC else sales}
        return {column: "_x0020_" if side is Side.BC else None}

    def narrow(self, value: Value) -> Value:
        return value

    def misfit(self, side: Side, value: Value) -> str | None:
        return None


@dataclass(frozen=True)
class Is:
    """True when the side shows one of these raw values; writing True sends the first of them.

    Used for state fields: a customer that is blocked at all ↔ an account that is inactive.
    """

    bc: tuple[Wire, ...]
    sales: tuple[Wire, ...]

    def read(self, side: Side, raw: Wire, resolver: Resolver) -> Value:
        return True if raw in (self.bc if side is Side.BC else self.sales) else None

    def write(self, side: Side, value: Value, column: str, resolver: Resolver) -> Mapping[str, Wire]:
        if value is not True:
            raise Unconvertible(str(self.misfit(side, value)))
        return {column: (self.bc if side is Side.BC else self.sales)[0]}

    def narrow(self, value: Value) -> Value:
        return value

    def misfit(self, side: Side, value: Value) -> str | None:
        return None if value is True else "is not set, and the other side has no form for that"


@dataclass(frozen=True)
class InUse:
    """True while a record is in use, False once it is retired: BC's flag ↔ Sales' state and status.

    Any other state (draft, under revision) says neither: None, which is never written.
    """

    used: tuple[Wire, int, int]
    retired: tuple[Wire, int, int]

    def read(self, side: Side, raw: Wire, resolver: Resolver) -> Value:
        for value, (bc, state, _) in ((True, self.used), (False, self.retired)):
            if raw is not None and raw == (bc if side is Side.BC else state):
                return value
        return None

    def write(self, side: Side, value: Value, column: str, resolver: Resolver) -> Mapping[str, Wire]:
        if not isinstance(value, bool):
            raise Unconvertible(str(self.misfit(side, value)))
        bc, state, status = self.used if value else self.retired
        return {column: bc} if side is Side.BC else {column: state, "statuscode": status}

    def narrow(self, value: Value) -> Value:
        return value

    def misfit(self, side: Side, value: Value) -> str | None:
        return (
            None
            if isinstance(value, bool)
            else "is neither in use nor retired, and has no form on the other side"
        )


@dataclass(frozen=True)
class Reference:
    """A relation to a record of mapping `to`; the canonical value is that record's BC id.

    BC shows a SystemId, Sales a GUID in `_<column>_value`, written by `<nav>@odata.bind`
    (dataverse-web-api.md §2 Lookups). `soft`: left out while its target is not coupled (H20).
    `local_currency`: BC's blank is the local currency, null in Sales too (H21). `only_coupled`: a
    record of this side whose target is not coupled is outside the filter instead of waiting (H30).
    `also`: the record may be one of that mapping instead (a price is for an item or a resource).
    """

    to: str
    nav: str
    entity_set: str
    soft: bool = False
    local_currency: bool = False
    only_coupled: Side | None = None
    also: str = ""

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.to, self.also) if self.also else (self.to,)

    def counterpart(self, side: Side, id: str, resolver: Resolver) -> str | None:
        """Return the id on the other side of the record with this id, if it is coupled."""
        look = resolver.sales_id if side is Side.BC else resolver.bc_id
        return next((found for name in self.targets if (found := look(name, id)) is not None), None)

    def read(self, side: Side, raw: Wire, resolver: Resolver) -> Value:
        text = "" if raw is None else str(raw).lower()
        blank = text in ("", ZERO_GUID)
        if self.local_currency and (blank or (side is Side.SALES and text == resolver.local_currency_id)):
            return LOCAL_CURRENCY
        if blank:
            return None
        other = self.counterpart(side, text, resolver)
        if other is None:
            return Unresolved(text)
        return text if side is Side.BC else other

    def write(self, side: Side, value: Value, column: str, resolver: Resolver) -> Mapping[str, Wire]:
        blank = value is None or isinstance(value, Unresolved)
        if side is Side.BC:
            return {column: ZERO_GUID if blank or value == LOCAL_CURRENCY else value}
        if value == LOCAL_CURRENCY and self.local_currency:
            target: str | None = resolver.local_currency_id
        else:
            target = None if blank else self.counterpart(Side.BC, str(value), resolver)
        return {f"{self.nav}@odata.bind": f"/{self.entity_set}({target})" if target else None}

    def narrow(self, value: Value) -> Value:
        return value

    def misfit(self, side: Side, value: Value) -> str | None:
        return None


@dataclass(frozen=True)
class Stamp:
    """One row of Sales, `value`, to which every record of BC belongs; a record of Sales may link to another, or none."""

    value: str
    nav: str
    entity_set: str

    def read(self, side: Side, raw: Wire, resolver: Resolver) -> Value:
        return self.value if side is Side.BC else str(raw).lower() if raw else None

    def write(self, side: Side, value: Value, column: str, resolver: Resolver) -> Mapping[str, Wire]:
        return {f"{self.nav}@odata.bind": f"/{self.entity_set}({value})" if value else None}

    def narrow(self, value: Value) -> Value:
        return value

    def misfit(self, side: Side, value: Value) -> str | None:
        return None


@dataclass(frozen=True)
class Option:
    """A code of BC ↔ an option of a Sales choice column, coupled through mapping `to` (P15–P17).

    The coupling's Sales id is the option's value as text. Without counterpart: `Unresolved` (H6).
    """

    to: str

    def read(self, side: Side, raw: Wire, resolver: Resolver) -> Value:
        text = "" if raw is None else str(raw).lower()
        if text in ("", ZERO_GUID):
            return None
        if side is Side.BC:
            return text if resolver.sales_id(self.to, text) is not None else Unresolved(text)
        return resolver.bc_id(self.to, text) or Unresolved(text)

    def write(self, side: Side, value: Value, column: str, resolver: Resolver) -> Mapping[str, Wire]:
        blank = value is None or isinstance(value, Unresolved)
        if side is Side.BC:
            return {column: ZERO_GUID if blank else value}
        option = None if blank else resolver.sales_id(self.to, str(value))
        return {column: int(option) if option else None}

    def narrow(self, value: Value) -> Value:
        return value

    def misfit(self, side: Side, value: Value) -> str | None:
        return None


def moment(raw: Wire) -> datetime | None:
    """Return a wire date-time in UTC; None for BC's blank (0001-01-01) and for null."""
    if not raw or str(raw).startswith("0001-01-01"):
        return None
    return datetime.fromisoformat(str(raw).replace("Z", "+00:00")).astimezone(UTC)
