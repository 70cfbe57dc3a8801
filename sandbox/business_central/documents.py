"""Headers of sales orders and quotes: what the customer gives, dates, status, archives, deletion.

sales-documents.md S14–S27, S58–S60, S66, S73; business-central-api.md §5: the order of the body is the order of
validation, so what stands before the customer is overwritten by the customer's own.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sandbox.business_central.assembly import unlink
from sandbox.business_central.contract import BLANK_DATE, ZERO, entity_sets
from sandbox.business_central.errors import Refused, dialog
from sandbox.business_central.notes import remove_notes
from sandbox.business_central.reserving import prepayment_is_due, reserve
from sandbox.business_central.store import Company, Row
from sandbox.business_central.totals import PERCENT, exact, plain, rounded
from sandbox.business_central.writes import Values, Write, get, must_be

LINES = {"salesOrders": "salesOrderLines", "salesQuotes": "salesQuoteLines"}
PENDING = "Pending_x0020_Prepayment"
ARCHIVES = {"salesOrders": "salesOrderArchives", "salesQuotes": "salesQuoteArchives"}

#: Changing these needs an open document (TestStatusOpen).
_ONLY_OPEN = (
    "customerId", "billToCustomerId", "currencyId", "customerPriceGroupId", "pricesIncludeVat",
    "paymentDiscountPercent", "invoiceDiscountValue",
)  # fmt: skip
#: Changing these would write all lines anew, which the client asks first.
_ONLY_WITHOUT_LINES = ("customerId", "billToCustomerId", "currencyId", "pricesIncludeVat")

_ADDRESS = {
    "Name": "name", "Address": "address", "Address2": "address2", "City": "city", "PostCode": "postCode",
    "County": "county", "CountryRegionCode": "countryRegionCode", "Contact": "contactName",
}  # fmt: skip
_OF_SELL_TO = ("shipmentMethodId", "shipmentMethodCode", "shippingAgentId", "shippingAgentCode")
_OF_BILL_TO = (
    "currencyId", "currencyCode", "paymentTermsId", "paymentTermsCode", "salespersonId", "salespersonCode",
    "customerPriceGroupId", "customerPriceGroupCode", "pricesIncludeVat",
)  # fmt: skip


def check_document(write: Write) -> None:
    """Validate the fields in the order of the body."""
    company, given = write.company, dict(write.values)
    if write.before is not None:
        _may_change(write)
    elif given.get("customerId", ZERO) == ZERO:
        raise must_be("Sell-to Customer No.", "", "Sales Header", f"No.='{given.get('number', '')}'")
    state = write.values
    state.clear()
    if write.before is None:
        today = company.database.stamp()[:10]
        state.update(orderDate=today, documentDate=today, postingDate=today, shipmentDate=today)
    for name, value in given.items():
        state[name] = value
        if name in _TRIGGERS and (write.before is None or write.moves(name)):
            _TRIGGERS[name](write)
    _entered(write)


def _may_change(write: Write) -> None:
    changed = [name for name in write.values if write.moves(name)]
    if "number" in changed:
        raise dialog("You cannot rename a Sales Header.")
    if write.now("status") != "Open" and (locked := [name for name in _ONLY_OPEN if name in changed]):
        raise must_be("Status", "Open", "Sales Header", f"No.='{write.now('number')}' (changing {locked[0]})")
    if any(name in changed for name in _ONLY_WITHOUT_LINES) and write.company.tables[
        LINES[write.table]
    ].related("documentId", write.now("id")):
        raise Refused(
            400, "Application_CallbackNotAllowed", "The existing sales lines would have to be recreated."
        )


def _entered(write: Write) -> None:
    if write.now("invoiceDiscountValue") < 0:
        raise dialog("Invoice Discount Value must not be negative.")
    if not 0 <= write.now("paymentDiscountPercent") <= 100:
        raise dialog("Payment Discount % must be between 0 and 100.")


def _sell_to(write: Write) -> None:
    company = write.company
    customer = _customer(write, "customerId")
    _not_blocked(company, customer)
    at = entity_sets()["customers"].at
    for part, column in _ADDRESS.items():
        write.values[f"sellTo{part}"] = write.values[f"shipTo{part}"] = customer[at[column]]
    write.values["shipToName2"] = customer[at["name2"]]
    # Of the contact, or of the customer that has none (S16).
    contact = company.row("contacts", customer[at["primaryContactId"]])
    of, row = ("customers", customer) if contact is None else ("contacts", contact)
    write.values.update(
        sellToPhoneNumber=get(company, of, row, "phoneNumber"), sellToEmail=get(company, of, row, "email")
    )
    write.values.update(
        sellToContactId=customer[at["primaryContactId"]],
        sellToContactNumber=customer[at["primaryContactNumber"]],
        customerNumber=customer[at["number"]],
        **{name: customer[at[name]] for name in _OF_SELL_TO},
    )
    if write.table == "salesOrders":
        write.values["reserve"] = customer[at["reserve"]]
    bill_to = company.row("customers", customer[at["billToCustomerId"]]) or customer
    write.values.update(billToCustomerId=bill_to[at["id"]], billToCustomerNumber=bill_to[at["number"]])
    _bill_to(write)


def _bill_to(write: Write) -> None:
    customer = _customer(write, "billToCustomerId")
    _not_blocked(write.company, customer)
    at = entity_sets()["customers"].at
    for part, column in _ADDRESS.items():
        write.values[f"billTo{part}"] = customer[at[column]]
    write.values.update(
        billToName2=customer[at["name2"]], **{name: customer[at[name]] for name in _OF_BILL_TO}
    )
    if write.table == "salesOrders":
        write.values["prepaymentPercent"] = customer[at["prepaymentPercent"]]
    _currency(write)
    _terms(write)


def _customer(write: Write, column: str) -> Row:
    customer = write.company.row("customers", write.now(column))
    if customer is None:
        raise must_be("Sell-to Customer No.", "", "Sales Header", f"No.='{write.now('number')}'")
    return customer


def _not_blocked(company: Company, customer: Row) -> None:
    """No orders and quotes for a customer that is blocked for shipping, invoicing or everything."""
    blocked = get(company, "customers", customer, "blocked")
    if blocked != "_x0020_":
        number = get(company, "customers", customer, "number")
        raise dialog(
            f"You cannot create this type of document when Customer {number} is blocked ({blocked})."
        )


def _currency(write: Write) -> None:
    """Set the factor: units of the currency for one of the local currency; 0 for the local currency itself."""
    currency = write.company.row("currencies", write.now("currencyId"))
    if currency is None:
        write.values["currencyFactor"] = 0
        return
    rate, local = (
        exact(get(write.company, "currencies", currency, column))
        for column in ("exchangeRateAmount", "relationalExchangeRateAmount")
    )
    if not rate or not local:
        raise dialog(f"There is no exchange rate for {write.now('currencyCode')} within the filter.")
    write.values["currencyFactor"] = plain(rounded(rate / local, PERCENT))


def _terms(write: Write) -> None:
    terms = write.company.row("paymentTerms", write.now("paymentTermsId"))
    discount = 0 if terms is None else get(write.company, "paymentTerms", terms, "discountPercent")
    formula = "" if terms is None else get(write.company, "paymentTerms", terms, "dueDateCalculation")
    write.values.update(paymentDiscountPercent=discount, dueDate=due(write.now("documentDate"), formula))


_TRIGGERS: dict[str, Callable[[Write], None]] = {
    "customerId": _sell_to,
    "billToCustomerId": _bill_to,
    "currencyId": _currency,
    "paymentTermsId": _terms,
    "documentDate": lambda write: write.values.update(
        dueDate=due(write.now("documentDate"), _formula(write))
    ),
}


def _formula(write: Write) -> str:
    terms = write.company.row("paymentTerms", write.now("paymentTermsId"))
    return "" if terms is None else str(get(write.company, "paymentTerms", terms, "dueDateCalculation"))


def due(documented: str, formula: str) -> str:
    """Add a date formula (`<1M>`, `14D`, `CM`, `<1M+8D>`) to a date; what it does not know adds nothing."""
    if documented == BLANK_DATE:
        return documented
    at = date.fromisoformat(documented)
    for sign, count, unit in re.findall(r"([+-]?)(\d*|C)([DWMQY])", formula.upper()):
        if count == "C":
            at = _months(at.replace(day=1), 1) - timedelta(days=1) if unit == "M" else at
            continue
        steps = int(count or 1) * (-1 if sign == "-" else 1)
        if unit in "DW":
            at += timedelta(days=steps * (7 if unit == "W" else 1))
        else:
            at = _months(at, steps * {"M": 1, "Q": 3, "Y": 12}[unit])
    return at.isoformat()


def _months(at: date, months: int) -> date:
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return date(year, month + 1, min(at.day, monthrange(year, month + 1)[1]))


# --- actions and deletion ----------------------------------------------------------------------


def release(company: Company, set_name: str, row: Row, who: str) -> None:
    """Release a document with something on it; a released one stays as it is (S14, S73, S90).

    An order that is to be paid for in advance waits for that (Release Sales Document; inferred).
    """
    document_id = get(company, set_name, row, "id")
    lines = company.tables[LINES[set_name]]
    kind, quantity = lines.entity.at["type"], lines.entity.at["quantity"]
    if not any(
        line[kind] != "_x0020_" and line[quantity] for line in lines.related("documentId", document_id)
    ):
        raise dialog(f"There is nothing to release for the document {get(company, set_name, row, 'number')}.")
    waits = set_name == "salesOrders" and prepayment_is_due(company, row)
    company.change(set_name, document_id, {"status": PENDING if waits else "Released"}, who)


def release_unless_prepayment_is_due(company: Company, set_name: str, row: Row, who: str) -> None:
    """Release an order; one whose prepayment is outstanding stays open (S85)."""
    if not prepayment_is_due(company, row):
        release(company, set_name, row, who)


def reopen(company: Company, set_name: str, row: Row, who: str) -> None:
    company.change(set_name, get(company, set_name, row, "id"), {"status": "Open"}, who)


def archives_orders(company: Company) -> bool:
    """Say whether an order leaves versions when it is posted or deleted (S4, S88)."""
    (setup,) = company.tables["salesSetup"].rows.values()
    return bool(get(company, "salesSetup", setup, "archiveOrders"))


def archive(company: Company, set_name: str, row: Row, who: str, *, invoice: bool = False) -> None:
    """Keep a version. The occurrence counts how often the number has been given to a document (S87)."""
    table = company.tables[ARCHIVES[set_name]]
    at, number = table.entity.at, get(company, set_name, row, "number")
    versions = [kept for kept in table.rows.values() if kept[at["number"]] == number]
    kept = {
        name: get(company, set_name, row, name)
        for name in at
        if name in entity_sets()[set_name].at and name in table.entity.columns and name not in _SYSTEM
    }
    values: Values = {
        **kept,
        "occurrenceNumber": max((v[at["occurrenceNumber"]] for v in versions), default=1),
        "versionNumber": max((v[at["versionNumber"]] for v in versions), default=0) + 1,
        "dateArchived": company.database.stamp()[:10],
        "invoice": invoice,
    }
    company.insert(ARCHIVES[set_name], values, who)
    if set_name == "salesOrders":
        _archive_lines(company, row, values, who)


def _archive_lines(company: Company, order: Row, version: Values, who: str) -> None:
    columns = ("lineNumber", "number", "description", "quantity", "quantityShipped", "quantityInvoiced")
    for line in company.tables["salesOrderLines"].related(
        "documentId", get(company, "salesOrders", order, "id")
    ):
        kept = {name: get(company, "salesOrderLines", line, name) for name in columns}
        of = {name: version[name] for name in ("occurrenceNumber", "versionNumber")}
        company.insert("salesOrderArchiveLines", {"documentNumber": version["number"], **of, **kept}, who)


_SYSTEM = frozenset(
    {"id", "systemRowVersion", "createdAt", "createdBy", "lastModifiedDateTime", "lastModifiedBy"}
)

ACTIONS: dict[str, Callable[[Company, str, Row, str], Any]] = {
    "release": release,
    "reopen": reopen,
    "archive": archive,
    "reserve": reserve,
    "releaseUnlessPrepaymentIsDue": release_unless_prepayment_is_due,
}


def before_document(company: Company, set_name: str, row: Row, who: str) -> None:
    """Refuse what is shipped but not invoiced; keep a version where orders are archived; take the lines along."""
    document_id, lines = get(company, set_name, row, "id"), company.tables[LINES[set_name]]
    at = lines.entity.at
    for line in lines.related("documentId", document_id):
        if set_name == "salesOrders" and line[at["quantityShipped"]] != line[at["quantityInvoiced"]]:
            raise must_be(
                "Qty. Shipped Not Invoiced", "0", "Sales Line", f"Line No.='{line[at['lineNumber']]}'"
            )
    if set_name == "salesOrders" and archives_orders(company):
        archive(company, set_name, row, who)
    for line in lines.related("documentId", document_id):
        if set_name == "salesOrders":
            unlink(company, line, who)
        company.remove(LINES[set_name], line[at["id"]], who)
    remove_notes(company, set_name, document_id, who)
