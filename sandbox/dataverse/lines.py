"""Lines of quotes, orders and invoices: what they may hold, and their price.

Source: reference/dataverse-web-api.md sections 8 and 9 ("Line rules"), sales-documents.md S54, S106 and section
7 (`pricingerrorcode`). 0x80043b0d and 0x80043b11: Microsoft's list of web service error codes.

For whoever writes these tables:
- A product line needs `productid` and `uomid` (a unit of the product's group), and no `productdescription`
  (0x80043afb); the name comes from the product. The header needs a price list (0x80100010) as long as the
  organization's `ispricelistmandatory` is on.
- A write-in has `isproductoverridden` true (creation only) and `productdescription`, and neither product nor
  unit.
- An own price needs `ispriceoverridden` true; else the price of the list is taken, whatever is sent. Without
  one the price stays empty and `pricingerrorcode` says why: 2, 3 or 11; 4 and 5: no quantity, no price.
  A write-in always has its own price.
- Only active products can be put on quotes and orders; invoices take retired ones too (the reference is silent).
- `baseamount` and `extendedamount` are worked out; on creation they are not even taken.
  `volumediscountamount` is read-only: only `/_sim/load` fills it.
- Prices are rounded to the organization's `pricingdecimalprecision` (2) before they are multiplied.
- Currency and owner are those of the header. `lineitemnumber` and `sequencenumber` left out get the next number.
- Each change of lines writes the header once more (a bulk message: once for each header).
"""

from __future__ import annotations

from typing import Any

from sandbox.dataverse.behaviour import Behaviour, Change, Service
from sandbox.dataverse.documents import OF_LINES, Kind, locked
from sandbox.dataverse.products import ACTIVE, unit_fits
from sandbox.dataverse.refusal import (
    INVALID_ARGUMENT,
    PARENT_READ_ONLY,
    UNIT_NOT_FOR_PRODUCT,
    refused,
)
from sandbox.dataverse.store import Row
from sandbox.dataverse.totals import settle_line, skips_calculation

_NUMBERS = ("lineitemnumber", "sequencenumber")


def _check(change: Change) -> None:
    kind, values, before = OF_LINES[change.table.name], change.values, change.before
    header = change.row(kind.header, kind.link)
    if header is None:
        return  # a loaded line whose header is not there
    if not change.by_service:
        for parent_id in {header.id, before.values.get(kind.link, header.id) if before else header.id}:
            _check_open(change.service, kind, parent_id)
        if change.is_new("productid", "uomid", "productdescription", "isproductoverridden"):
            _check_article(change, kind, header)
    for name in ("transactioncurrencyid", "ownerid", "ownerid@table", "owningbusinessunit"):
        if name in header.values:
            values[name] = header.values[name]
    if before is None:
        _number(change, kind, header)
    _name(change)
    if not skips_calculation(change):
        values["pricingerrorcode"] = _settle_price(change, header)
        settle_line(change)


def _check_open(service: Service, kind: Kind, header_id: str) -> None:
    header = service.store.get(kind.header, header_id)
    if header is not None and locked(header):
        raise refused(PARENT_READ_ONLY, "The parent is read only and cannot be edited.")


def _check_article(change: Change, kind: Kind, header: Row) -> None:
    values = change.values
    described = "productdescription" in values
    if described and "productid" in values:
        raise refused(
            "0x80043afb", "You cannot set both 'productid' and 'productdescription' for the same record."
        )
    if described and "uomid" in values:
        raise refused(
            "0x80043afa", "You cannot set both 'uomid' and 'productdescription' for the same record."
        )
    if values.get("isproductoverridden"):
        if "productid" in values or "uomid" in values or not described:
            # The code is a guess; the reference: "write-in: isproductoverridden=true + productdescription".
            raise refused(
                INVALID_ARGUMENT, "A write-in product needs a description, and no product and unit."
            )
        return
    product = change.row("product", "productid")
    if product is None:
        raise refused("0x80043b11", "The product id is missing.")
    if "uomid" not in values:
        raise refused("0x80043b0d", "The unit id is missing.")
    if not unit_fits(change.service, product, values["uomid"]):
        raise refused(UNIT_NOT_FOR_PRODUCT, "The specified unit is not valid for this product.")
    if change.is_new("productid") and product.values["statecode"] != ACTIVE and kind.header != "invoice":
        # The code is a guess: "only active products can be put on orders and quotes" (section 9).
        raise refused(INVALID_ARGUMENT, "Only active products can be added to quotes and orders.")
    mandatory = change.service.environment.organization.values.get("ispricelistmandatory")
    if mandatory and "pricelevelid" not in header.values:
        raise refused("0x80100010", "A price list is mandatory to add existing products.")


def _number(change: Change, kind: Kind, header: Row) -> None:
    missing = [name for name in _NUMBERS if name not in change.values]
    if missing:
        lines = change.service.store.rows(kind.lines).pointing(kind.link, header.id)
        for name in missing:
            change.values[name] = 1 + max((line.values.get(name, 0) for line in lines), default=0)


def _name(change: Change) -> None:
    values = change.values
    product = change.row("product", "productid")
    if product is not None and change.is_new("productid"):
        values["productname"] = product.values.get("name", product.values["productnumber"])
    text = values.get("productname") if product is not None else values.get("productdescription")
    if text:
        values[f"{change.table.name}name"] = text[:100]


def _settle_price(change: Change, header: Row) -> int:
    """Take the price of the list unless the line has its own; return the pricing error."""
    values = change.values
    if "quantity" not in values:
        return 4
    own = values.get("isproductoverridden") or values.get("ispriceoverridden")
    fixed = header.values.get("ispricelocked") and (change.before is not None or change.by_service)
    if not own and not fixed:
        error, price = _listed(change, header)
        values.pop("priceperunit", None)
        if error:
            return error
        values["priceperunit"] = price
    return 0 if "priceperunit" in values else 5


def _listed(change: Change, header: Row) -> tuple[int, Any]:
    store = change.service.store
    prices = store.get("pricelevel", header.values.get("pricelevelid", ""))
    if prices is None:
        return 2, None
    if prices.values["statecode"] != 0:
        return 3, None
    rows = store.rows("productpricelevel")
    assert rows.unique is not None
    wanted = {"pricelevelid": prices.id, **{n: change.values.get(n) for n in ("productid", "uomid")}}
    line = rows.by_key(rows.unique, wanted)
    return (11, None) if line is None else (0, line.values["amount"])


def _stored(change: Change, row: Row) -> None:
    kind = OF_LINES[change.table.name]
    for values in (row.values, change.before.values if change.before is not None else row.values):
        if kind.link in values:
            change.service.touch(kind.header, values[kind.link])


def _behaviour(table: str) -> Behaviour:
    kind = OF_LINES[table]

    def deleting(service: Service, row: Row, with_parent: bool) -> None:
        if not with_parent and kind.link in row.values:
            _check_open(service, kind, row.values[kind.link])

    def deleted(service: Service, row: Row) -> None:
        if kind.link in row.values:
            service.touch(kind.header, row.values[kind.link])

    return Behaviour(check=_check, stored=_stored, deleting=deleting, deleted=deleted)


BEHAVIOURS = {table: _behaviour(table) for table in OF_LINES}
