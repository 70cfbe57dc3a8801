"""What has to be read for a page of orders or quotes: a fixed number of requests, whatever its size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from shared.core.mapping import Table
from shared.core.model import Record, Side
from shared.rules.base import Context, Need
from shared.rules.own_units import KINDS
from shared.rules.own_units import READS as OWN_READS
from shared.rules.sales_documents.customer import is_contact
from shared.rules.sales_documents.header import OPTIONS
from shared.rules.sales_documents.lines import TYPES
from shared.rules.sales_documents.parts import Kind, text

ACCOUNTS = Table(name="accounts", key="accountid")
CONTACTS = Table(name="contacts", key="contactid")
CURRENCIES = Table(name="transactioncurrencies", key="transactioncurrencyid")
PRODUCTS = Table(name="products", key="productid")
QUOTES = Table(name="quotes", key="quoteid")
CUSTOMERS, ITEMS, RESOURCES = (Table(name=n) for n in ("customers", "items", "resources"))
BC_CURRENCIES, GL_ACCOUNTS = Table(name="currencies"), Table(name="glAccounts")
VAT, BC_QUOTES = Table(name="vatPostingSetup"), Table(name="salesQuotes")

LINE_COLUMNS = (
    *("_productid_value", "_uomid_value", "description", "productdescription", "quantity", "priceperunit"),
    *("volumediscountamount", "manualdiscountamount", "sequencenumber"),
)
READS = (
    (Side.SALES, ACCOUNTS, ("accountnumber", "customertypecode")),
    (Side.SALES, CONTACTS, ("_parentcustomerid_value",)),
    (Side.SALES, CURRENCIES, ("isocurrencycode",)),
    (Side.SALES, PRODUCTS, ("productnumber", "statecode", "producttypecode", "_defaultuomid_value")),
    (Side.BC, CUSTOMERS, ("number", "blocked", "vatBusPostingGroup")),
    (
        Side.BC,
        ITEMS,
        (
            *("number", "description", "type", "blocked", "salesBlocked", "baseUnitOfMeasureId"),
            *("priceIncludesVat", "vatBusPostingGroupPrice", "vatProdPostingGroup"),
        ),
    ),
    (Side.BC, RESOURCES, ("number", "name", "blocked", "baseUnitOfMeasureId")),
    *OWN_READS,
    (Side.BC, BC_CURRENCIES, ("code",)),
    (Side.BC, GL_ACCOUNTS, ("number",)),
    (Side.BC, VAT, ("vatBusPostingGroup", "vatProdPostingGroup", "vatPercent")),
)


def need(name: str, side: Side, table: Table, column: str, values: Iterable[str]) -> Need:
    wanted = tuple(dict.fromkeys(v for v in values if v))
    return Need(name=name, side=side, table=table, column=column, values=wanted)


def lines_of(kind: Kind) -> Table:
    return (
        Table(name="salesorderdetails", key="salesorderdetailid")
        if kind.order
        else Table(name="quotedetails", key="quotedetailid")
    )


def needs(kind: Kind, documents: Sequence[Record], facts: Context) -> Iterator[Need]:
    """Yield what `draft` looks at for these documents of Sales."""
    lines = [line for d in documents for line in facts.rows("lines", d.id)]
    products = [p for line in lines if (p := text(line.values.get("_productid_value")))]
    by_contact = [text(d.values.get("_contactid_value")) for d in documents if is_contact(d.values)]
    accounts = [a for d in documents if (a := account_of(d, facts))]
    customers = [c for a in accounts if (c := _bc_id(facts, "customers", a))]
    currencies = [text(d.values.get("_transactioncurrencyid_value")) for d in documents]
    yield need("lines", Side.SALES, lines_of(kind), kind.parent, (d.id for d in documents))
    yield need("contacts", Side.SALES, CONTACTS, CONTACTS.key, by_contact)
    yield need("accounts", Side.SALES, ACCOUNTS, ACCOUNTS.key, accounts)
    yield need("currencies", Side.SALES, CURRENCIES, CURRENCIES.key, currencies)
    yield need("products", Side.SALES, PRODUCTS, PRODUCTS.key, products)
    yield need("customers", Side.BC, CUSTOMERS, "id", customers)
    yield need("bc_currencies", Side.BC, BC_CURRENCIES, "code", _foreign(currencies, facts))
    for mapping, table in (("items", ITEMS), ("resources", RESOURCES)):
        coupled = [c for p in products if _mapping(p, facts) == mapping and (c := _bc_id(facts, mapping, p))]
        yield need(mapping, Side.BC, table, "id", coupled)
    for unit_kind in KINDS.values() if facts.unit_groups else ():
        uoms = [u for line in lines if (u := text(line.values.get("_uomid_value")))]
        own = [id for u in uoms if (id := _bc_id(facts, unit_kind.units, u))]
        yield need(unit_kind.units, Side.BC, unit_kind.own, "id", own)
    write_in = facts.write_in_number if len(products) < len(lines) else ""
    yield need("write_in_items", Side.BC, ITEMS, "number", [write_in] * (facts.write_in_type == "item"))
    yield need(
        "write_in_resources", Side.BC, RESOURCES, "number", [write_in] * (facts.write_in_type == "resource")
    )
    freight = facts.freight_account if any(d.values.get("freightamount") for d in documents) else ""
    yield need("freight_account", Side.BC, GL_ACCOUNTS, "number", [freight])
    if kind.order:
        yield from _of_orders(documents, customers, facts)


def _of_orders(documents: Sequence[Record], customers: Sequence[str], facts: Context) -> Iterator[Need]:
    known = [row for c in customers if (row := facts.row("customers", c))]
    yield need(
        "vat", Side.BC, VAT, "vatBusPostingGroup", (text(r.values.get("vatBusPostingGroup")) for r in known)
    )
    ids = [text(d.values.get("_quoteid_value")) for d in documents]
    yield need("quotes", Side.SALES, QUOTES, QUOTES.key, ids)
    quotes = [row for i in ids if (row := facts.row("quotes", i))]
    numbers = [text(q.values.get("quotenumber"))[:35] for q in quotes]
    yield need("bc_quotes", Side.BC, BC_QUOTES, "yourReference", numbers)


def refers(kind: Kind, document: Record, facts: Context) -> Iterator[tuple[str, Side, str]]:
    """Yield the couplings that `draft` looks at for one document."""
    if account := account_of(document, facts):
        yield "customers", Side.SALES, account
    for column, mapping, _ in OPTIONS:
        if option := document.values.get(column):
            yield mapping, Side.SALES, str(option)
    for line in facts.rows("lines", document.id):
        product = text(line.values.get("_productid_value"))
        if product and (mapping := _mapping(product, facts)):
            yield mapping, Side.SALES, product
            if facts.unit_groups and (unit := text(line.values.get("_uomid_value"))):
                yield KINDS[mapping].units, Side.SALES, unit
    for mapping in ("items", "resources"):
        for row in facts.rows(f"write_in_{mapping}", facts.write_in_number):
            yield mapping, Side.BC, row.id


def account_of(document: Record, facts: Context) -> str:
    """Return the account that a document is for; "" when its contact is not read yet, or has none."""
    if not is_contact(document.values):
        return text(document.values.get("_customerid_value"))
    contact = facts.row("contacts", document.values.get("_contactid_value"))
    return text(contact.values.get("_parentcustomerid_value")) if contact else ""


def _mapping(product: str, facts: Context) -> str:
    row = facts.row("products", product)
    known = TYPES.get(int(row.values.get("producttypecode") or 0)) if row else None
    return known[0] if known else ""


def _bc_id(facts: Context, mapping: str, sales_id: str) -> str | None:
    return facts.resolver.bc_id(mapping, sales_id) if facts.resolver else None


def _foreign(currencies: Sequence[str], facts: Context) -> Iterator[str]:
    for id_ in dict.fromkeys(currencies):
        row = facts.row("currencies", id_)
        code = text(row.values.get("isocurrencycode")).replace(" ", "").upper() if row else ""
        if code and code != facts.lcy_code.upper():
            yield code
