"""The header of a BC order or quote (S14–S28, S67)."""

from __future__ import annotations

from collections.abc import Mapping

from shared.core.convert import ZERO_GUID
from shared.core.model import Wire
from shared.rules.base import Context
from shared.rules.sales_documents.amounts import header_discount
from shared.rules.sales_documents.parts import Kind, Unmet, number, text

#: Part of a column's name in Sales → part of its name in BC, and its length there, in BC's order (S27).
ADDRESS = (
    ("line1", "Address", 100),
    ("line2", "Address2", 50),
    ("postalcode", "PostCode", 20),
    ("city", "City", 30),
    ("country", "CountryRegionCode", 10),
    ("stateorprovince", "County", 30),
)
#: Column of Sales → the mapping that couples its options, and the column of BC (S22–S24, S28).
OPTIONS = (
    ("shippingmethodcode", "shipping_agents", "shippingAgentId"),
    ("paymenttermscode", "payment_terms", "paymentTermsId"),
    ("freighttermscode", "shipment_methods", "shipmentMethodId"),
)


def header(kind: Kind, document: Mapping[str, Wire], context: Context) -> tuple[dict[str, Wire], list[Unmet]]:
    """Return the columns of the BC header, and why it cannot be written. The customer is not in it."""
    values: dict[str, Wire] = {
        "yourReference": text(document.get(kind.number))[:35],
        # BC keeps a code: upper-case, outer blanks trimmed (S26).
        "externalDocumentNumber": text(document.get("name"))[:35].strip().upper(),
        "requestedDeliveryDate": text(document.get("requestdeliveryby"))[:10] or "0001-01-01",
        "workDescription": text(document.get("description")),
        **address("billto", "billTo", document),
        **address("shipto", "shipTo", document),
    }
    for column, mapping, target in OPTIONS:
        option = document.get(column)
        known = context.resolver.bc_id(mapping, str(option)) if option and context.resolver else None
        if known is not None:  # else the customer's own stays (S28)
            values[target] = known
    if kind.order:
        values["paymentDiscountPercent"] = number(document.get("discountpercentage"))
    else:
        values["quoteValidUntilDate"] = text(document.get("effectiveto"))[:10] or "0001-01-01"
    discount = header_discount(document)
    if discount is not None:
        values["invoiceDiscountValue"] = discount
    currency, unmet = _currency(document, context)
    return values | currency, unmet


def address(theirs: str, ours: str, document: Mapping[str, Wire]) -> dict[str, Wire]:
    """Return an address block: all six columns when any is filled, none when all are blank (S27)."""
    found = {target: text(document.get(f"{theirs}_{source}"))[:length] for source, target, length in ADDRESS}
    return {f"{ours}{target}": value for target, value in found.items()} if any(found.values()) else {}


def _currency(document: Mapping[str, Wire], context: Context) -> tuple[dict[str, Wire], list[Unmet]]:
    """Return the currency by its ISO code, blank when it is the local one (S18)."""
    id_ = text(document.get("_transactioncurrencyid_value"))
    if not id_:
        return {"currencyId": ZERO_GUID}, []
    row = context.row("currencies", id_)
    if row is None:
        return {}, [Unmet(code="E-NOCURR", text=f"the currency {id_} does not exist in Sales")]
    iso = text(row.values.get("isocurrencycode")).replace(" ", "").upper()
    if iso == context.lcy_code.upper():
        return {"currencyId": ZERO_GUID}, []
    known = context.row("bc_currencies", iso)
    if known is None:
        return {}, [Unmet(code="E-NOCURR", text=f"Business Central has no currency {iso}")]
    return {"currencyId": known.id}, []
