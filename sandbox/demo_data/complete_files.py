"""What files of documents leave out because posting makes it: VAT, totals, addresses, ledger entries.

The files hold posted invoices with quantities, prices and line discounts (Business Central's own demo company, whose
posting nobody ran). Here they get what posting would have written. All of them are open: no payment is in the files.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from sandbox.business_central import totals
from sandbox.business_central.totals import exact, plain
from sandbox.demo_data.ids import Ids

Row = dict[str, Any]
Tables = dict[str, list[Row]]

#: VAT % of the product groups of Microsoft's demo companies, for customers at home; others pay none.
VAT = {"VAT25": 25, "STANDARD": 25, "VAT10": 10, "REDUCED": 10}
HOME = "DOMESTIC"

_ADDRESS = {
    "Name": "name", "Address": "address", "Address2": "address2", "City": "city", "PostCode": "postCode",
    "County": "county", "CountryRegionCode": "countryRegionCode", "Contact": "contactName",
}  # fmt: skip
_OF_CUSTOMER = (
    "shipmentMethodId", "shipmentMethodCode", "shippingAgentId", "shippingAgentCode", "paymentTermsId",
    "paymentTermsCode", "salespersonId", "salespersonCode", "currencyId", "currencyCode",
)  # fmt: skip


def vat_setup(tables: Tables, ids: Ids) -> list[Row]:
    """Return a setup for each pair of the groups that the rows use; two blank groups are there from the start."""
    business = sorted({row.get("vatBusPostingGroup", "") for row in tables["customers"]})
    product = sorted(
        {row.get("vatProdPostingGroup", "") for t in ("items", "resources") for row in tables[t]}
    )
    return [
        {
            "id": ids.of("vatPostingSetup", of, what),
            "vatBusPostingGroup": of,
            "vatProdPostingGroup": what,
            "vatPercent": VAT.get(what, 0) if of == HOME else 0,
        }
        for of in business
        for what in product
        if of or what
    ]


def complete_invoices(tables: Tables, ids: Ids) -> Tables:
    """Return posted invoices with lines, totals, addresses and entries of the customer ledger."""
    customers = {row["number"]: row for row in tables["customers"]}
    percent = {
        (row["vatBusPostingGroup"], row["vatProdPostingGroup"]): row["vatPercent"]
        for row in tables["vatPostingSetup"]
    }
    groups = {
        (kind, row["number"]): row.get("vatProdPostingGroup", "")
        for kind, table in (("Item", "items"), ("Resource", "resources"))
        for row in tables[table]
    }
    cents = {row["code"]: exact(row.get("amountRoundingPrecision", 0.01)) for row in tables["currencies"]}
    by_document: dict[str, list[Row]] = defaultdict(list)
    for line in tables["postedSalesInvoiceLines"]:
        by_document[line["documentNumber"]].append(line)
    headers, lines, entries, details = [], [], [], []
    for place, header in enumerate(tables["postedSalesInvoices"], start=1):
        customer = customers.get(header.get("customerNumber", ""), {})
        bill_to = customers.get(header.get("billToCustomerNumber", ""), customer)
        business = bill_to.get("vatBusPostingGroup", "")
        done = _computed(
            sorted(by_document[header["number"]], key=lambda line: int(line["lineNumber"])),
            [
                exact(percent.get((business, groups.get((line["type"], line["number"]), "")), 0))
                for line in sorted(by_document[header["number"]], key=lambda line: int(line["lineNumber"]))
            ],
            cents.get(header.get("currencyCode", ""), totals.CENT),
            including=header.get("pricesIncludeVat", False),
        )
        lines += done
        header = _with_customer(header, customer, bill_to)
        sums = {
            name: plain(sum((exact(line[name]) for line in done), Decimal(0)))
            for name in ("amount", "amountIncludingVat", "invoiceDiscountAmount")
        }
        left = sums["amountIncludingVat"]
        headers.append(
            header | sums | {"remainingAmount": left, "closed": left == 0, "customerLedgerEntryNumber": place}
        )
        entry = {
            "entryNumber": place,
            "customerId": header["billToCustomerId"],
            "customerNumber": header["billToCustomerNumber"],
            "invoiceId": header["id"],
            "postingDate": header["postingDate"],
            "documentType": "Invoice",
            "documentNumber": header["number"],
            "currencyCode": header.get("currencyCode", ""),
            "amount": left,
        }
        entries.append(
            entry
            | {
                "id": ids.of("customerLedgerEntries", str(place)),
                "dueDate": header["dueDate"],
                "remainingAmount": left,
                "open": left != 0,
            }
        )
        details.append(
            entry
            | {
                "id": ids.of("detailedCustomerLedgerEntries", str(place)),
                "customerLedgerEntryNumber": place,
                "entryType": "Initial_x0020_Entry",
            }
        )
    return {
        "postedSalesInvoices": headers,
        "postedSalesInvoiceLines": lines,
        "customerLedgerEntries": entries,
        "detailedCustomerLedgerEntries": details,
    }


def _computed(rows: list[Row], vat: list[Decimal], cent: Decimal, *, including: bool) -> list[Row]:
    given = [
        totals.Line(
            quantity=exact(row.get("quantity", 0)),
            unit_price=exact(row.get("unitPrice", 0)),
            discount=exact(row.get("lineDiscountAmount", 0)),
            invoice_discount=exact(row.get("invoiceDiscountAmount", 0)),
            vat_percent=percent,
        )
        for row, percent in zip(rows, vat, strict=True)
    ]
    return [
        row
        | {
            "lineAmount": plain(line.line_amount(cent)),
            "invoiceDiscountAmount": plain(line.invoice_discount),
            "amount": plain(line.amount),
            "amountIncludingVat": plain(line.amount_including_vat),
            "vatPercent": plain(line.vat_percent),
        }
        for row, line in zip(
            rows, totals.with_vat(given, prices_include_vat=including, cent=cent), strict=True
        )
    ]


def _with_customer(header: Row, customer: Row, bill_to: Row) -> Row:
    """Fill what the export does not have with what the customer would have given the document."""
    given = {name: value for name, value in header.items() if value not in ("", None)}
    taken: Row = {name: customer[name] for name in _OF_CUSTOMER if name in customer}
    for to, whose in (("sellTo", customer), ("shipTo", customer), ("billTo", bill_to)):
        taken |= {f"{to}{part}": whose[column] for part, column in _ADDRESS.items() if column in whose}
    if "currencyCode" in header:
        # A blank currency is the local one, not one that is missing.
        taken.pop("currencyId", None)
        taken.pop("currencyCode", None)
    posted = header.get("postingDate", header.get("documentDate", "0001-01-01"))
    blank = {"dueDate": posted, "postingDate": posted, "shipmentDate": posted, "currencyFactor": 0}
    return blank | header | taken | given
