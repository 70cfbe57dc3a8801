"""Judging what both systems must agree on: currencies, options, price lists, time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from shared.core.doctor import CannotTell, Finding
from shared.core.mapping import EntityMapping
from shared.core.model import Record, Side
from shared.engine.doctor.wanted import Examined, option_mappings
from shared.rules.currencies import factor, is_iso
from shared.rules.default_price_list import NAME as DEFAULT_LIST
from shared.rules.prices import KEY

#: Tokens are refused from five minutes of difference on, and overlaps of reading are shorter.
MOST_SKEW = timedelta(minutes=2)
#: Codes and names that are told one by one; of the rest their number.
TOLD = 20


def _few(names: list[str]) -> str:
    more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
    return ", ".join(names[:TOLD]) + more


def local_currency(x: Examined) -> str:
    code = next((str(r.get("lcyCode") or "").strip().upper() for r in x.bc.need("setup")), "")
    if not code:
        raise CannotTell("Business Central has no local currency code in General Ledger Setup")
    return code


def base_currency(x: Examined) -> Finding:
    """The local currency is Sales' base currency, or BC has the rates between them (R136)."""
    try:
        local = local_currency(x)
    except CannotTell as problem:
        if "setup" not in x.bc.rows:
            raise
        return Finding(problems=(str(problem),))
    base = next((str(r.get("base") or "").upper() for r in x.sales.need("organization")), "")
    if not base:
        return Finding(problems=("the organization's base currency cannot be read, or has no ISO code",))
    if not is_iso(local):
        return Finding(problems=(f"the local currency {local} is not an ISO 4217 code",))
    if base == local:
        return Finding()
    row = next((r for r in x.bc.need("currencies") if _code(r) == base), None)
    rates = None if row is None else factor(Record(side=Side.BC, id="", version="", values=dict(row)))
    if rates is None:
        why = "does not have it" if row is None else "has no exchange rate for it"
        return Finding(
            problems=(
                f"the base currency of Sales is {base}, the local one of Business Central is {local}, and "
                f"Business Central {why}: no rates can be computed",
            )
        )
    return Finding(
        advice=(f"the base currency of Sales is {base}, the local one {local}: rates are crossed by BC's",)
    )


def _code(row: Mapping[str, Any]) -> str:
    return str(row["code"]).strip().upper()


def iso_codes(x: Examined) -> Finding:
    other = sorted(code for r in x.bc.need("currencies") if (code := _code(r)) and not is_iso(code))
    if not other:
        return Finding()
    return Finding(
        advice=(
            f"without an ISO 4217 code, so they stay in Business Central with the customers and prices that "
            f"use them: {_few(other)} ({len(other)})",
        )
    )


def options(x: Examined) -> Finding:
    """BC codes without an option of that name leave the field empty in Sales (P18)."""
    advice, wanted = [], []
    for mapping in option_mappings(x.wanted):
        missing = sorted(_without_option(x, mapping))
        if missing:
            where = f"{mapping.sales.entity}.{mapping.sales.name}"
            advice.append(
                f"{mapping.name}: {len(missing)} of Business Central's codes have no option in {where}: "
                f"{_few(missing)}"
            )
            wanted.append({"table": mapping.sales.entity, "column": mapping.sales.name, "labels": missing})
    return Finding(advice=tuple(advice), fix={"kind": "options", "options": wanted} if wanted else None)


def _without_option(x: Examined, mapping: EntityMapping) -> Iterator[str]:
    labels = {str(r["label"]).strip().casefold() for r in x.sales.need(f"options:{mapping.name}")}
    for row in x.bc.need(f"codes:{mapping.name}"):
        code = str(row.get(mapping.label_bc) or "").strip()
        if code and code.casefold() not in labels:
            yield code


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How BC keeps prices, as the topics of its facts: lists, prices with their order in a list, and its word."""

    lists: str
    prices: str
    code: str
    key: tuple[str, ...]
    word: str


#: By the mapping that makes price lists of them.
KEPT = {
    "customer_price_groups": Kept(
        lists="groups", prices="prices", code="salesCode", key=KEY, word="price group"
    ),
    "price_lists": Kept(
        lists="price_lists",
        prices="price_list_lines",
        code="priceListCode",
        key=("lineNumber",),
        word="price list in Business Central",
    ),
}


def price_lists(x: Examined) -> Finding:
    """Names that collide, and currencies that a list, which never changes its own, cannot follow."""
    for mapping, kept in KEPT.items():
        if mapping in x.wanted.mappings:
            return _price_lists(x, kept)
    return Finding()


def _price_lists(x: Examined, kept: Kept) -> Finding:
    local = local_currency(x)
    lists = [(str(r["name"]).strip(), str(r["currency"] or "")) for r in x.sales.need("lists")]
    count = Counter(name.casefold() for name, _ in lists)
    currency = {name.casefold(): iso for name, iso in lists}
    first: dict[str, str] = {}
    every: dict[str, set[str]] = {}
    for row in sorted(x.bc.need(kept.prices), key=lambda r: [_order(r.get(c)) for c in kept.key]):
        code, iso = str(row[kept.code]).strip(), str(row.get("currencyCode") or "") or local
        first.setdefault(code, iso)
        every.setdefault(code, set()).add(iso)
    problems, advice = [], []
    for code in sorted(str(r["code"]).strip() for r in x.bc.need(kept.lists)):
        if count[code.casefold()] > 1:
            problems.append(
                f"{count[code.casefold()]} price lists in Sales are called {code}: none is matched"
            )
        elif (there := currency.get(code.casefold())) and there != first.get(code, local):
            problems.append(
                f"the price list {code} is in {there}, its {kept.word} in {first.get(code, local)}"
            )
        if len(every.get(code, ())) > 1:
            advice.append(
                f"the {kept.word} {code} has prices in {', '.join(sorted(every[code]))}: a price list has one "
                f"currency, {first[code]}; the others are held"
            )
    if (there := currency.get(DEFAULT_LIST.casefold())) and there != local:
        advice.append(f"'{DEFAULT_LIST}' is in {there}: Tandem makes one of its own in {local}")
    return Finding(problems=tuple(problems), advice=tuple(advice))


def _order(value: Any) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float | Decimal) else (0, str(value or ""))


def clock(x: Examined) -> Finding:
    if x.bc.skew is None and x.sales.skew is None:
        raise CannotTell("neither system answered, so nobody told the time")
    off = {"Business Central": x.bc.skew, "Sales": x.sales.skew}
    return Finding(
        problems=tuple(
            f"{name}'s clock is {abs(skew.total_seconds()):.0f} seconds {'ahead of' if skew > timedelta(0) else 'behind'} "
            "this app's"
            for name, skew in off.items()
            if skew is not None and abs(skew) > MOST_SKEW
        )
    )
