"""An independent comparison of both systems, field by field, through their two APIs.

It imports nothing of the product: what it knows about fields, filters and blanks is written down
here a second time, from mappings.md, so that it does not share the product's mistakes. Only the
list of couplings comes from the product's table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
from azure.data.tables import TableServiceClient

from sandbox import compare_invoices as invoices
from sandbox import compare_products as products

ZERO = "00000000-0000-0000-0000-000000000000"
#: mapping → BC set, Sales set, Sales key
TABLES = {
    "salespeople": ("salespeople", "systemusers", "systemuserid"),
    "currencies": ("currencies", "transactioncurrencies", "transactioncurrencyid"),
    "customers": ("customers", "accounts", "accountid"),
    "contacts": ("contacts", "contacts", "contactid"),
    "opportunities": ("opportunities", "opportunities", "opportunityid"),
    "posted_sales_invoices": ("postedSalesInvoices", "invoices", "invoiceid"),
}
#: mapping → (BC column, Sales column, how to compare, length of the narrower column)
TEXTS: dict[str, list[tuple[str, str, int]]] = {
    "salespeople": [("email", "internalemailaddress", 80), ("name", "fullname", 50)],
    "currencies": [("code", "isocurrencycode", 5), ("description", "currencyname", 30)],
    "customers": [
        ("name", "name", 100),
        ("contactName", "address1_primarycontactname", 100),
        ("address", "address1_line1", 100),
        ("address2", "address1_line2", 50),
        ("postCode", "address1_postalcode", 20),
        ("city", "address1_city", 30),
        ("countryRegionCode", "address1_country", 10),
        ("county", "address1_stateorprovince", 30),
        ("email", "emailaddress1", 80),
        ("faxNumber", "fax", 30),
        ("homePage", "websiteurl", 200),
        ("phoneNumber", "telephone1", 30),
    ],
    "contacts": [
        ("firstName", "firstname", 30),
        ("middleName", "middlename", 30),
        ("surname", "lastname", 30),
        ("address", "address1_line1", 100),
        ("address2", "address1_line2", 50),
        ("postCode", "address1_postalcode", 20),
        ("city", "address1_city", 30),
        ("countryRegionCode", "address1_country", 10),
        ("county", "address1_stateorprovince", 30),
        ("email", "emailaddress1", 80),
        ("faxNumber", "fax", 30),
        ("homePage", "websiteurl", 200),
        ("mobilePhoneNumber", "mobilephone", 30),
        ("pager", "pager", 30),
        ("phoneNumber", "telephone1", 30),
    ],
    "opportunities": [("description", "name", 100)],
    "posted_sales_invoices": [
        ("number", "invoicenumber", 20),
        ("billToName", "billto_name", 100),
        ("billToCity", "billto_city", 30),
        ("shipToName", "shipto_name", 100),
        ("shipToCity", "shipto_city", 30),
    ],
}
#: mapping → (BC relation, Sales lookup, mapping of the target)
LOOKUPS: dict[str, list[tuple[str, str, str]]] = {
    "customers": [
        ("salespersonId", "_ownerid_value", "salespeople"),
        ("primaryContactId", "_primarycontactid_value", "contacts"),
    ],
    "contacts": [
        ("salespersonId", "_ownerid_value", "salespeople"),
        ("customerId", "_parentcustomerid_value", "customers"),
    ],
    "opportunities": [("salespersonId", "_ownerid_value", "salespeople")],
    "posted_sales_invoices": [("customerId", "_customerid_value", "customers")],
}
#: mapping → (BC amount, Sales amount), equal to the cent
AMOUNTS = {
    "opportunities": [("estimatedValue", "estimatedvalue")],
    "posted_sales_invoices": [
        ("amount", "totalamountlessfreight"),
        ("amountIncludingVat", "totalamount"),
        ("invoiceDiscountAmount", "discountamount"),
    ],
}
OPTIONS = {
    "paymentTermsId": ("paymenttermscode", "payment_terms"),
    "shipmentMethodId": ("address1_freighttermscode", "shipment_methods"),
    "shippingAgentId": ("address1_shippingmethodcode", "shipping_agents"),
}


@dataclass
class Comparison:
    """What was compared, and every difference found (by number or code, never by name)."""

    compared: Counter[str] = field(default_factory=Counter)
    coupled: Counter[str] = field(default_factory=Counter)
    empty_options: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not self.differences


def read_all(http: httpx.Client, url: str, headers: Mapping[str, str] = {}) -> list[dict[str, Any]]:
    """Follow the pages of a collection to the end."""
    rows: list[dict[str, Any]] = []
    next_url: str | None = url
    while next_url:
        answer = http.get(next_url, headers=dict(headers))
        answer.raise_for_status()
        body = answer.json(parse_float=Decimal)
        rows += body["value"]
        next_url = body.get("@odata.nextLink")
    return rows


def read_couplings(tables: str, company: str) -> dict[str, dict[str, str]]:
    """Return mapping → BC id → Sales id from the Couplings table; raises when an id is there twice."""
    service = TableServiceClient.from_connection_string(tables)
    found: dict[str, dict[str, str]] = {}
    with service.get_table_client("Couplings") as client:
        for row in client.list_entities():
            owner, mapping = row["PartitionKey"].split("|", 1)
            if owner == company and row["RowKey"].startswith("bc:") and row.get("state") == "coupled":
                found.setdefault(mapping, {})[row["RowKey"].removeprefix("bc:")] = row["sales_id"]
    return found


def compare(
    bc_http: httpx.Client,
    sales_http: httpx.Client,
    *,
    bc_root: str,
    sales_root: str,
    couplings: Mapping[str, Mapping[str, str]],
    explained: Iterable[tuple[str, str, str]],
    progress: Callable[[str], None] = lambda text: None,
    extended: bool = False,
) -> Comparison:
    """Compare every coupled pair, and see that everything in scope is coupled or explained.

    `bc_root` is the companion route of the company, `explained` the (mapping, side, id) of what
    Tandem holds with a reason. `extended`: prices are those of price lists.
    """
    result = Comparison()
    held = set(explained)
    ledger = read_all(bc_http, f"{bc_root}/generalLedgerSetup")[0]
    rows = {
        name: (
            {r["id"].lower(): r for r in read_all(bc_http, f"{bc_root}/{bc}")},
            {r[key]: r for r in read_all(sales_http, f"{sales_root}/{sales}", {"If-None-Match": "null"})},
        )
        for name, (bc, sales, key) in TABLES.items()
    }
    local = next(
        (i for i, r in rows["currencies"][1].items() if r["isocurrencycode"] == ledger["lcyCode"]), None
    )
    for name, (bc_rows, sales_rows) in rows.items():
        progress(name)
        pairs = couplings.get(name, {})
        targets = Counter(pairs.values())
        for sales_id, count in targets.items():
            if count > 1:
                result.differences.append(f"{name}: Sales record {sales_id} is coupled {count} times")
        result.coupled[name] = len(pairs)
        for bc_id, sales_id in pairs.items():
            bc, sales = bc_rows.get(bc_id), sales_rows.get(sales_id)
            if bc is None or sales is None:
                if (name, "bc", bc_id) not in held:
                    result.differences.append(f"{name}: coupling {bc_id} points to a record that is gone")
                continue
            if (name, "bc", bc_id) in held:
                continue
            _pair(name, bc, sales, couplings, local, result)
        _scope(name, bc_rows, sales_rows, pairs, held, result, contacts=rows["contacts"][0])
    progress("posted_sales_invoice_lines")
    invoices.compare_lines(
        read_all(bc_http, f"{bc_root}/postedSalesInvoiceLines"),
        read_all(sales_http, f"{sales_root}/invoicedetails", {"If-None-Match": "null"}),
        couplings,
        result,
    )
    progress("products")
    catalogues = products.tables(extended)
    bc, sales = (
        {name: {r[key].lower(): r for r in rows} for name, key, rows in found}
        for found in (
            [(n, "id", read_all(bc_http, f"{bc_root}/{s}")) for n, (s, _, _) in catalogues.items()],
            [(n, k, read_all(sales_http, f"{sales_root}/{s}")) for n, (_, s, k) in catalogues.items()],
        )
    )
    catalogue = products.Catalogue(
        bc=bc,
        sales=sales,
        units={r["uomid"]: r for r in read_all(sales_http, f"{sales_root}/uoms")},
        couplings=couplings,
        held=held,
        local=local,
        today=products.today(),
        extended=extended,
    )
    products.compare_products(catalogue, result)
    return result


def _pair(
    name: str,
    bc: Mapping[str, Any],
    sales: Mapping[str, Any],
    couplings: Mapping[str, Mapping[str, str]],
    local: str | None,
    result: Comparison,
) -> None:
    label = bc.get("number") or bc.get("code") or bc["id"]

    def differs(column: str, one: object, other: object) -> None:
        result.compared[name] += 1
        if one != other:
            result.differences.append(f"{name} {label}: {column} differs")

    for column, twin, length in TEXTS[name]:
        # A currency without description has its code for a name in Sales.
        ours = bc[column] or (bc["code"] if column == "description" else "")
        differs(column, _text(ours, length), _text(sales.get(twin), length))
    for column, twin, target in LOOKUPS.get(name, []):
        wanted = bc[column].lower()
        if wanted != ZERO:
            differs(column, couplings.get(target, {}).get(wanted), sales.get(twin))
    if name in ("customers", "contacts"):
        wanted = bc["currencyId"].lower()
        expected = local if wanted == ZERO else couplings.get("currencies", {}).get(wanted)
        differs("currencyId", expected, sales.get("_transactioncurrencyid_value") or local)
    if name == "customers":
        differs("creditLimit", invoices.number(bc["creditLimit"]), invoices.number(sales.get("creditlimit")))
        for column, (twin, target) in OPTIONS.items():
            wanted = bc[column].lower()
            option = couplings.get(target, {}).get(wanted) if wanted != ZERO else None
            if wanted != ZERO and option is None:
                result.empty_options += 1
            shown = sales.get(twin)
            differs(column, option, None if shown is None else str(shown))
    # Won and lost opportunities stand still; their amounts may have moved on one side only.
    if name != "opportunities" or (bc["status"] not in ("Won", "Lost") and sales["statecode"] == 0):
        for column, twin in AMOUNTS.get(name, []):
            differs(column, invoices.number(bc[column]), invoices.number(sales.get(twin)))
    if name == "posted_sales_invoices":
        differs("state", 3 if bc["cancelled"] else 2 if invoices.paid(bc) else 0, sales["statecode"])
    if name == "currencies":
        differs("exchangerate is there", True, bool(sales.get("exchangerate")))


def _scope(
    name: str,
    bc_rows: Mapping[str, Mapping[str, Any]],
    sales_rows: Mapping[str, Mapping[str, Any]],
    pairs: Mapping[str, str],
    held: set[tuple[str, str, str]],
    result: Comparison,
    *,
    contacts: Mapping[str, Mapping[str, Any]],
) -> None:
    """Everything that belongs to the other side is there, or held with a reason; nothing is there twice."""
    if name == "customers":
        wanted = [i for i, r in bc_rows.items() if r["blocked"] in ("", "_x0020_")]
        theirs = [i for i, r in sales_rows.items() if r["statecode"] == 0 and r["customertypecode"] == 3]
    elif name == "contacts":
        wanted = [i for i, r in bc_rows.items() if r["type"] == "Person" and r["customerId"].lower() != ZERO]
        theirs = []
    elif name == "opportunities":
        open_ = [(i, r) for i, r in bc_rows.items() if r["status"] not in ("Won", "Lost")]
        wanted, theirs = [i for i, r in open_ if _of_customer(r, contacts)], []
    elif name == "posted_sales_invoices":
        wanted, theirs = list(bc_rows), []
    elif name == "currencies":
        wanted = [
            i for i, r in bc_rows.items() if re.fullmatch("[A-Z]{3}", r["code"]) and r["code"] == r["isoCode"]
        ]
        theirs = []
    else:
        return
    taken = set(pairs.values())
    result.differences += [
        f"{name}: BC record {bc_rows[i].get('number') or bc_rows[i].get('code')} is neither coupled nor held"
        for i in wanted
        if i not in pairs and (name, "bc", i) not in held
    ]
    result.differences += [
        f"{name}: Sales record {i} is neither coupled nor held"
        for i in theirs
        if i not in taken and (name, "sales", i) not in held
    ]


def _of_customer(opportunity: Mapping[str, Any], contacts: Mapping[str, Mapping[str, Any]]) -> bool:
    """Say whether an opportunity's contact is a customer's; one without a contact is nobody's business else."""
    ids = [opportunity[c].lower() for c in ("contactCompanyId", "contactId")]
    found = [contacts[i] for i in ids if i in contacts]
    return not found or any(c["customerId"].lower() != ZERO for c in found)


def _text(value: Any, length: int) -> str:
    return str(value or "").strip()[:length].strip()
