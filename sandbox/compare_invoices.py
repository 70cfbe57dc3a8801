"""The invoice half of the independent comparison: lines, products, amounts and state (sales-documents.md §5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from sandbox.compare_products import ZERO, Result


def compare_lines(
    posted: Iterable[Mapping[str, Any]],
    shown: Iterable[Mapping[str, Any]],
    couplings: Mapping[str, Mapping[str, str]],
    result: Result,
) -> None:
    """Each line of a coupled invoice is there once, with its product, quantity and amounts (S106).

    Together they are worth the same to the cent.
    """
    name, invoices = "posted_sales_invoice_lines", couplings.get("posted_sales_invoices", {})
    there: dict[str, list[Mapping[str, Any]]] = {}
    for row in shown:
        there.setdefault(row["_invoiceid_value"], []).append(row)
    worth: dict[str, Decimal] = {}
    for line in posted:
        invoice = invoices.get(line["documentId"].lower())
        if invoice is None:
            continue
        label = f"{name} {line['documentNumber']} {line['lineNumber']}"
        off = number(line["invoiceDiscountAmount"])  # taken off the total in Sales, not off its lines
        worth[invoice] = worth.get(invoice, Decimal(0)) + number(line["amountIncludingVat"]) + off
        found = [r for r in there.get(invoice, []) if r["lineitemnumber"] == line["lineNumber"]]
        result.compared[name] += 1
        if len(found) != 1:
            result.differences.append(f"{label}: {len(found)} times in Sales")
            continue
        for column, ours, theirs, near in _amounts(line, found[0]):
            result.compared[name] += 1
            if abs(ours - theirs) > near:
                result.differences.append(f"{label}: {column} differs: {ours} and {theirs}")
        result.compared[name] += 1
        if _product(line, couplings) != found[0].get("_productid_value"):
            result.differences.append(f"{label}: the product differs")
    for invoice, ours in worth.items():
        result.compared[name] += 1
        theirs = sum((number(r.get("extendedamount")) for r in there.get(invoice, [])), Decimal(0))
        if ours != theirs:
            result.differences.append(f"{name}: the lines of {invoice} add up to {theirs}, in BC to {ours}")


def _amounts(
    line: Mapping[str, Any], row: Mapping[str, Any]
) -> Iterator[tuple[str, Decimal, Decimal, Decimal]]:
    """Yield (column, amount of BC, amount of Sales, by how much they may differ)."""
    net, gross, off = (number(line[c]) for c in ("amount", "amountIncludingVat", "invoiceDiscountAmount"))
    quantity, discount = number(line["quantity"]), number(line["lineDiscountAmount"])
    # Sales works out price × quantity from a price of two decimals; a line "Rounding" has the rest (S109).
    near = abs(quantity) * Decimal("0.005") + Decimal("0.005")
    exact, own = Decimal(0), max(discount, Decimal(0))
    for column, ours, far in (
        ("quantity", quantity, exact),
        ("tax", gross - net, exact),
        ("manualdiscountamount", own, exact),
        ("baseamount", net + off + own, near),
        ("extendedamount", gross + off, near),
    ):
        yield column, ours, number(row.get(column)), far


def _product(line: Mapping[str, Any], couplings: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return the product of a line; None for what is a write-in in Sales."""
    for column, mapping in (("itemId", "items"), ("resourceId", "resources")):
        if (wanted := line[column].lower()) != ZERO:
            return couplings.get(mapping, {}).get(wanted, "not coupled")
    return None


def paid(invoice: Mapping[str, Any]) -> bool:
    """Say whether something of a posted invoice has been paid (sales-documents.md S110)."""
    remaining, total = number(invoice["remainingAmount"]), number(invoice["amountIncludingVat"])
    known = bool(invoice["customerLedgerEntryNumber"]) or bool(remaining)
    return bool(invoice["closed"]) or (known and remaining != total)


def number(value: Any) -> Decimal:
    return round(Decimal(str(value or 0)), 2)
