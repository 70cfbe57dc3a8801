"""What deleting a row does to the rows that point to it: refused, deleted with it, or left without a link.

Source: reference/dataverse-web-api.md sections 8 ("CannotDeleteDueToAssociation") and 9 ("Deletes"). The
reference names the relations of orders, of product to its prices and of unit groups to their units. That
units, products and price lists in use are kept, and that a price list takes its own prices with it, follows
section 8 ("e.g. price list in use"); everything else, account to contact too, loses its link (assumed).
"""

from __future__ import annotations

from sandbox.dataverse.refusal import IN_USE, Refused

_HEADERS = ("quote", "salesorder", "invoice")
_LINES = ("quotedetail", "salesorderdetail", "invoicedetail")

#: (table, lookup column) of rows that forbid the deletion of what they point to.
RESTRICT = frozenset(
    {
        *(
            ("salesorder", column)
            for column in ("customerid", "pricelevelid", "opportunityid", "quoteid", "transactioncurrencyid")
        ),
        *((header, "pricelevelid") for header in (*_HEADERS, "opportunity")),
        *((line, column) for line in _LINES for column in ("productid", "uomid")),
        ("product", "pricelevelid"),
        ("product", "defaultuomid"),
        ("product", "defaultuomscheduleid"),
        ("productpricelevel", "uomid"),
        ("pricelevel", "transactioncurrencyid"),
    }
)

CASCADE = frozenset(
    {
        ("productpricelevel", "productid"),
        ("productpricelevel", "pricelevelid"),
        ("uom", "uomscheduleid"),
        ("salesorderdetail", "salesorderid"),
        ("invoicedetail", "invoiceid"),
        ("quotedetail", "quoteid"),
        ("annotation", "objectid"),
        ("post", "regardingobjectid"),
    }
)


def in_use(table: str, by: str) -> Refused:
    return Refused(405, IN_USE, f"The {table} cannot be deleted because it is associated with a {by}.")
