"""Price lists (pricelevel) and their lines (productpricelevel).

Source: reference/dataverse-web-api.md sections 8 and 9, mappings.md sections 11 and 12, sales-documents.md
section 7. Codes 0x80043b04, 0x80043b0c and 0x80043b16: Microsoft's list of web service error codes.

For whoever writes these tables:
- The name of a price list is unique without regard to case (0x80043b0f). Its currency is set on creation only;
  left out, it is the organization's.
- A line needs price list, product and unit, the unit being of the product's group. There is one line for each
  three of them (0x80043b08). Its currency is the list's: it is not taken on creation, and another one is
  refused on update. A line never changes its list.
- `pricingmethodcode` is 1 by default and needs `amount`; the others need `percentage`, and the service works
  out the amount from the product's list price or costs.
- Neither bulk message is for lines: change sets and single requests (section 6).
- A price list that a document, an opportunity or a product (`pricelevelid`) uses is not deleted (405); one that
  is the default of an account or product is not deactivated either. Deleting a list deletes its lines.
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.dataverse.behaviour import Behaviour, Change
from sandbox.dataverse.products import unit_fits
from sandbox.dataverse.refusal import INVALID_ARGUMENT, UNIT_NOT_FOR_PRODUCT, refused
from sandbox.dataverse.store import Row
from sandbox.dataverse.values import rounded

INACTIVE = 1
_AMOUNT = 1
#: Method → the column of the product that a percentage is of, and whether it is a margin.
_PERCENT_OF = {
    2: ("price", None),
    3: ("currentcost", "markup"),
    4: ("currentcost", "margin"),
    5: ("standardcost", "markup"),
    6: ("standardcost", "margin"),
}


def _check_list(change: Change) -> None:
    values, store = change.values, change.service.store
    environment = change.service.environment
    if change.before is None:
        values.setdefault("transactioncurrencyid", environment.organization.values["basecurrencyid"])
    currency = environment.currency(values.get("transactioncurrencyid"))
    if currency is not None:
        values["exchangerate"] = rounded(currency.values["exchangerate"], 12)
    if change.is_new("name"):
        rows = store.rows("pricelevel")
        assert rows.unique is not None
        other = rows.by_key(rows.unique, values)
        if other is not None and other.id != change.row_id:
            raise refused("0x80043b0f", "The name already exists.")
    if change.before is not None and change.is_new("statecode") and values["statecode"] == INACTIVE:
        users = (("account", "defaultpricelevelid"), ("product", "pricelevelid"))
        if any(store.rows(table).pointing(column, change.row_id) for table, column in users):
            raise refused(
                "0x80043b04",
                "The price level cannot be deactivated because it is the default price level of an account, "
                "contact or product.",
            )


def _check_line(change: Change) -> None:
    values = change.values
    prices, product = change.row("pricelevel", "pricelevelid"), change.row("product", "productid")
    if prices is None or product is None:
        return  # a loaded row whose links lead nowhere
    currency = prices.values.get("transactioncurrencyid")
    if "transactioncurrencyid" in change.changed and values.get("transactioncurrencyid") != currency:
        # The code is a guess: those of the reference name documents and opportunities.
        raise refused(INVALID_ARGUMENT, "The currency of the record must be the currency of the price list.")
    values["transactioncurrencyid"] = currency
    if "uomid" not in values:
        raise refused("0x80043b0d", "The unit id is missing.")
    if change.is_new("productid", "uomid") and not unit_fits(change.service, product, values["uomid"]):
        raise refused(UNIT_NOT_FOR_PRODUCT, "The specified unit is not valid for this product.")
    unit = change.row("uom", "uomid")
    if unit is not None:
        if "uomscheduleid" in change.changed and values.get("uomscheduleid") != unit.values["uomscheduleid"]:
            raise refused("0x80043b16", "The unit does not exist in the specified unit schedule.")
        values["uomscheduleid"] = unit.values["uomscheduleid"]
    values["productnumber"] = product.values["productnumber"]
    for name in ("pricingmethodcode", "quantitysellingcode", "roundingpolicycode", "roundingoptioncode"):
        values.setdefault(name, 1)
    _settle_amount(change, product)
    rows = change.service.store.rows("productpricelevel")
    assert rows.unique is not None
    other = rows.by_key(rows.unique, values)
    if other is not None and other.id != change.row_id:
        raise refused("0x80043b08", "This product and unit combination has a price for this price list.")


def _settle_amount(change: Change, product: Row) -> None:
    values = change.values
    if values["pricingmethodcode"] == _AMOUNT:
        if "amount" not in values:
            # The code is a guess; the reference: "amount; pricingmethodcode 1".
            raise refused(INVALID_ARGUMENT, "The amount of a price by currency amount is missing.")
        return
    column, kind = _PERCENT_OF[values["pricingmethodcode"]]
    percentage: Decimal | None = values.get("percentage")
    if percentage is None or percentage >= 100_000 or (kind == "margin" and percentage >= 100):
        raise refused(
            "0x80043b0c", "The pricing percentage must be greater than or equal to zero and less than 100000."
        )
    base: Decimal = product.values.get(column, Decimal(0))
    share = percentage / 100
    match kind:
        case "markup":
            values["amount"] = base * (1 + share)
        case "margin":
            values["amount"] = base / (1 - share)
        case _:
            values["amount"] = base * share


BEHAVIOURS = {"pricelevel": Behaviour(check=_check_list), "productpricelevel": Behaviour(check=_check_line)}
