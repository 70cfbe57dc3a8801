"""An order that was edited in Sales after it went over, brought to its order in BC (sales-documents.md S83–S85).

Three-way, per column: what was sent last is remembered, so that a column travels only when Sales has
changed it, and is told with both values when BC has, too. A repeat finds in BC what it would write.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.core.convert import ZERO_GUID
from shared.core.mapping import Table
from shared.core.model import Record, Side, Wire, derived_id
from shared.ports import Step
from shared.rules.base import Context
from shared.rules.sales_documents.lines import STEP

ORDERS, LINES = Table(name="salesOrders"), Table(name="salesOrderLines")
ROWS = "salesOrderLines"
#: Columns of the header that are read for this; BC keeps the work description aside, as a BLOB.
HEADER = (
    *("customerId", "currencyId", "externalDocumentNumber", "shipmentMethodId"),
    *("paymentDiscountPercent", "invoiceDiscountValue"),
)
LINE = (
    *("documentId", "lineNumber", "type", "itemId", "resourceId", "number", "description"),
    *("unitOfMeasureId", "quantity", "unitPrice", "lineDiscountAmount", "allowInvoiceDiscount"),
)
#: BC works out one of these from the others, in this order.
AMOUNTS = ("quantity", "unitPrice", "lineDiscountAmount")
PRODUCT = ("type", "itemId", "resourceId", "number")
_PLACE = ("id", "lineNumber", "attachedToLineNumber")
_DISCOUNT = "invoiceDiscountValue"
#: Operations of one order in the one request that BC takes as a transaction (business-central-api.md §7).
MOST = 90


@dataclass(frozen=True, kw_only=True)
class Edit:
    """`steps` bring BC's order up to date; `apart` says what both sides have changed, with both values."""

    steps: tuple[Step, ...] = ()
    apart: tuple[str, ...] = ()


def with_ids(order: str, body: Mapping[str, Wire], context: Context) -> dict[str, Wire]:
    """Return the body of an order whose every line has an id that is the same whenever it is derived."""
    found: list[dict[str, Wire]] = []
    of, comments = order, 0
    for row in _rows(body):
        if "id" in row:
            of, comments = str(row["id"]), 0
            found.append(row)
            continue
        comments += 1
        at = f"{of} {comments}" if "attachedToLineNumber" in row else f"{order} freight"
        id_ = derived_id(
            company=context.company_id, mapping="sales_order_lines", source=Side.SALES, source_id=at
        )
        found.append({"id": id_, **row})
    return {**body, ROWS: found}


def said(body: Mapping[str, Wire]) -> str:
    """Return what is remembered of a body that was sent: the columns of its header, and of each line by id."""
    lines = {str(r["id"]): _shown({k: v for k, v in r.items() if k not in _PLACE}) for r in _rows(body)}
    header = _shown({k: v for k, v in body.items() if k != ROWS})
    return json.dumps([header, lines], sort_keys=True, separators=(",", ":"))


def edit(
    sent: str,
    body: Mapping[str, Wire],
    order: Record,
    rows: Sequence[Record],
    *,
    users: frozenset[str],
    force: bool = False,
) -> Edit | None:
    """Return how BC's order becomes `body`; None when what was `sent` is not known.

    A column that was left to BC (a blank address is the customer's) is written where nobody but `users`, who
    are ours, has touched its row. `force`: where both sides have changed a column, Sales is right.
    """
    try:
        old_header, old_lines = json.loads(sent)
    except (ValueError, TypeError):  # of before the setting, or too long to be kept
        return None
    apart: list[str] = []
    header = {k: v for k, v in body.items() if k not in (ROWS, "quoteNumber")}
    header.setdefault(_DISCOUNT, Decimal(0))
    old_header.setdefault(_DISCOUNT, "0")
    changed = _changed("order", old_header, header, order, users, apart)
    discount = changed.pop(_DISCOUNT, None)
    lines = _lines(old_lines, order.id, _rows(body), rows, users, apart)
    if apart and not force:
        return Edit(apart=tuple(apart))
    if discount is None and lines:
        # BC works it out anew when lines move (S51).
        discount = header[_DISCOUNT]
    steps = [_act("reopen", order.id), *_as_read(lines, rows)]
    if changed:
        steps.append(Step(action="update", table=ORDERS, id=order.id, values=changed))
    steps += lines
    if discount is not None:
        steps.append(Step(action="update", table=ORDERS, id=order.id, values={_DISCOUNT: discount}))
    steps += [_act("reserve", order.id), _act("releaseUnlessPrepaymentIsDue", order.id)]
    return Edit(steps=tuple(steps))


def _lines(
    old: Mapping[str, Mapping[str, str]],
    order: str,
    new: Sequence[dict[str, Wire]],
    rows: Sequence[Record],
    users: frozenset[str],
    apart: list[str],
) -> list[Step]:
    there, wanted = {r.id: r for r in rows}, {str(r["id"]) for r in new}
    steps = _removed(old, wanted, there, apart)
    numbers: dict[Wire, int] = {}
    taken = {int(str(r.values["lineNumber"])) for r in rows}
    for row in new:
        id_, known = str(row["id"]), there.get(str(row["id"]))
        if known is not None:
            numbers[row["lineNumber"]] = int(str(known.values["lineNumber"]))
            if values := _of_line(old.get(id_), row, known, users, apart):
                steps.append(Step(action="update", table=LINES, id=id_, values=values))
            continue
        if id_ in old:
            if _shown(_content(row)) != old[id_]:
                apart.append(f"line {row['lineNumber']}: edited in Sales, deleted in Business Central")
            continue
        main = numbers.get(row.get("attachedToLineNumber"))
        if "attachedToLineNumber" in row and main is None:
            continue  # its line was deleted in BC
        at = main + 1 if main is not None else (max(taken, default=0) // STEP + 1) * STEP
        while at in taken:
            at += 1
        taken.add(at)
        numbers[row["lineNumber"]] = at
        place: dict[str, Wire] = {"documentId": order, "lineNumber": at}
        last: dict[str, Wire] = {"attachedToLineNumber": main} if main is not None else {}
        steps.append(Step(action="create", table=LINES, id=id_, values={**place, **_content(row), **last}))
    return steps


def _removed(
    old: Mapping[str, Mapping[str, str]],
    wanted: set[str],
    there: Mapping[str, Record],
    apart: list[str],
) -> list[Step]:
    """Delete what Sales has removed. A line takes its comments along, so they go first."""
    gone = [there[i] for i in old if i in there and i not in wanted]
    for row in gone:
        if any(_moved(_one(row.values.get(k)), v) for k, v in old[row.id].items()):
            apart.append(f"line {row.values['lineNumber']}: removed in Sales, edited in Business Central")
    gone.sort(key=lambda r: -int(str(r.values["lineNumber"])))
    return [Step(action="delete", table=LINES, id=r.id, values={}) for r in gone]


def _of_line(
    old: Mapping[str, str] | None,
    row: Mapping[str, Wire],
    known: Record,
    users: frozenset[str],
    apart: list[str],
) -> dict[str, Wire]:
    content, shown = _content(row), known.values
    if old is None:
        # Made by this very edit, whose answer was lost.
        old = _shown(content)
    where = f"line {shown['lineNumber']}"
    changed = _changed(where, old, content, known, users, apart)
    if any(k in changed for k in PRODUCT):
        return content
    if any(k in changed for k in AMOUNTS):
        kept = {k: changed.get(k, shown[k]) for k in AMOUNTS}
        return {**{k: v for k, v in changed.items() if k not in AMOUNTS}, **kept}
    return changed


def _changed(
    where: str,
    old: Mapping[str, str],
    new: Mapping[str, Wire],
    record: Record,
    users: frozenset[str],
    apart: list[str],
) -> dict[str, Wire]:
    """Return the columns that Sales has changed and BC does not show yet."""
    found: dict[str, Wire] = {}
    shown, ours = record.values, record.modified_by in users
    for name, value in new.items():
        said_now, said_then = _one(value), old.get(name)
        if said_now == said_then:
            continue
        now = _one(shown[name]) if name in shown else None
        if now == said_now:
            continue
        if not ours if said_then is None else _moved(now, said_then):
            theirs = "what is not looked at" if now is None else f"'{now}'"
            apart.append(f"{where}, {name}: '{said_now}' in Sales, {theirs} in Business Central")
        found[name] = value
    return found


def _content(row: Mapping[str, Wire]) -> dict[str, Wire]:
    return {k: v for k, v in row.items() if k not in _PLACE}


def _rows(body: Mapping[str, Wire]) -> list[dict[str, Wire]]:
    rows = body.get(ROWS)
    assert isinstance(rows, list)
    return rows


def _shown(values: Mapping[str, Wire]) -> dict[str, str]:
    return {name: _one(value) for name, value in values.items()}


def _one(value: object) -> str:
    """Write a value the same whichever side shows it."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return f"{Decimal(str(value)).normalize():f}"
    shown = str(value).strip() if value is not None else ""
    return "" if shown == ZERO_GUID else shown


def _moved(shown: str | None, sent: str) -> bool:
    """Say whether BC shows something else than was sent; that it keeps a code in upper case is no edit."""
    return shown is None or shown.casefold() != sent.casefold()


def _as_read(steps: Sequence[Step], rows: Sequence[Record]) -> list[Step]:
    """Let the transaction fail where somebody has edited a line since: what it writes then moves them all."""
    touched = {s.id for s in steps if s.action != "create"}
    return [
        Step(
            action="update",
            table=LINES,
            id=r.id,
            values={"description": r.values["description"]},
            if_version=r.version,
        )
        for r in rows
        if r.id in touched
    ]


def _act(action: str, order: str) -> Step:
    return Step(action=action, table=ORDERS, id=order, values={})
