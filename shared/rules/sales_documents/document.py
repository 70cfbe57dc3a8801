"""One order or quote of Sales as one BC document, or everything that is missing for it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal

from shared.core.model import Record, Wire
from shared.rules.base import Context
from shared.rules.sales_documents.customer import customer
from shared.rules.sales_documents.header import header
from shared.rules.sales_documents.lines import lines
from shared.rules.sales_documents.parts import Kind, Setup, Unmet, text


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The body of the POST that makes the document with its lines: one transaction in BC."""

    body: dict[str, Wire]

    @property
    def content(self) -> str:
        """Return a fingerprint of all that goes over, so that an edit meanwhile is told from a mere touch."""
        said = json.dumps(self.body, sort_keys=True, default=_plain)
        return hashlib.sha256(said.encode()).hexdigest()


def draft(kind: Kind, record: Record, context: Context, setup: Setup) -> Draft | tuple[Unmet, ...]:
    """Return the document, or all that is unmet at once, so that nobody has to come back for the next."""
    document = record.values
    customer_id, unmet = customer(kind, document, context)
    values, missing = header(kind, document, context)
    unmet += missing
    known = context.row("customers", customer_id) if customer_id else None
    rows, missing = lines(kind, document, context.rows("lines", record.id), known, context, setup)
    unmet += missing
    if not text(document.get(kind.number)).strip():
        # By its number it is found again after a crash, and its invoice finds it (H9, S17).
        unmet.append(Unmet(code="E-NONUMBER", text=f"the {kind.name} has no number"))
    if unmet:
        return tuple(unmet)
    body = {"customerId": customer_id, **values, **_quote(kind, document, context), kind.lines: rows}
    return Draft(body=body)


def _plain(value: object) -> str:
    """Write a number the same however many decimals its system shows."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _quote(kind: Kind, document: object, context: Context) -> dict[str, Wire]:
    """Return the BC quote that the order came from: the last document with its number (S76)."""
    if not kind.order or not isinstance(document, dict):
        return {}
    quote = context.row("quotes", document.get("_quoteid_value"))
    if quote is None:
        return {}
    found = context.rows("bc_quotes", str(quote.values.get("quotenumber") or "")[:35])
    numbers = sorted(str(row.values.get("number") or "") for row in found)
    return {"quoteNumber": numbers[-1]} if numbers else {}
