"""What the contract does not say of single columns: how values are computed, and what holds for some rows only."""

from __future__ import annotations

#: Sets whose relation holds only for rows of one kind: (set, column) → (field, member of its enum).
ONLY_FOR = {
    ("contactBusinessRelations", "customerId"): ("Link to Table", "Customer"),
    ("salesPrices", "customerPriceGroupId"): ("Sales Type", "Customer Price Group"),
    ("priceListLines", "itemId"): ("Asset Type", "Item"),
    ("priceListLines", "resourceId"): ("Asset Type", "Resource"),
    **{
        (lines, column): ("Type", kind)
        for lines in ("salesOrderLines", "salesQuoteLines", "postedSalesInvoiceLines")
        for column, kind in (("itemId", "Item"), ("resourceId", "Resource"))
    },
}
#: Values that need thought: (set, column) → how they are shown, and how they are written ("" for read-only).
BY_HAND = {
    ("currencies", "exchangeRateAmount"): (
        'Computed.ExchangeRate(Rec."Code", ExchangeRateAmount, RelationalExchangeRateAmount);',
        "",
    ),
    ("currencies", "relationalExchangeRateAmount"): ("", ""),  # the line above fills both
    ("contacts", "customerId"): (
        'CustomerId := Computed.CustomerOfCompany(Rec."Company No.");',
        'Rec.Validate("Company No.", Computed.CompanyContactOf(CustomerId));',
    ),
    **{
        (entries, "invoiceId"): (f"InvoiceId := Computed.InvoiceOfEntry(Rec.{number});", "")
        for entries, number in (
            ("customerLedgerEntries", '"Entry No."'),
            ("detailedCustomerLedgerEntries", '"Cust. Ledger Entry No."'),
        )
    },
    **{
        ("customerStatistics", column): (f"{column[0].upper()}{column[1:]} := {value};", "")
        for column, value in (
            ("invoicedFromShipmentsLcy", 'Computed.InvoicedFromShipments(Rec."No.")'),
            ("invoicedPrepaymentLcy", "Rec.GetInvoicedPrepmtAmountLCY()"),
            ("returnsNotInvoicedLcy", "Rec.GetReturnRcdNotInvAmountLCY()"),
            ("overdueLcy", "Rec.CalcOverdueBalance()"),
            ("salesThisYearLcy", "Rec.GetSalesLCY()"),
        )
    },
    ("assemblyOrders", "salesOrderNumber"): (
        "Computed.OrderLineOf(Rec, SalesOrderNumber, SalesOrderLineNumber);",
        "",
    ),
    ("assemblyOrders", "salesOrderLineNumber"): ("", ""),  # the line above fills both
    ("salesNotes", "orderId"): (
        'OrderId := Computed.DocumentOfNote(Rec, Enum::"Sales Document Type"::Order);',
        'Computed.PutNoteOn(Rec, Enum::"Sales Document Type"::Order, OrderId);',
    ),
    ("salesNotes", "quoteId"): (
        'QuoteId := Computed.DocumentOfNote(Rec, Enum::"Sales Document Type"::Quote);',
        'Computed.PutNoteOn(Rec, Enum::"Sales Document Type"::Quote, QuoteId);',
    ),
    ("salesNotes", "noteText"): (
        "NoteText := Computed.TextOfNote(Rec);",
        "Computed.WriteNote(Rec, NoteText);",
    ),
    # Two fields that Business Central lets no page edit, only code.
    **{
        (documents, "invoiceDiscountValue"): (
            'InvoiceDiscountValue := Rec."Invoice Discount Value";',
            "Computed.KeepInvoiceDiscount(Rec, InvoiceDiscountValue);",
        )
        for documents in ("salesOrders", "salesQuotes")
    },
    ("salesOrders", "quoteNumber"): (
        'QuoteNumber := Rec."Quote No.";',
        'Rec."Quote No." := QuoteNumber;',
    ),
    **{
        (documents, "workDescription"): (
            "WorkDescription := Rec.GetWorkDescription();",
            "" if documents == "postedSalesInvoices" else "Rec.SetWorkDescription(WorkDescription);",
        )
        for documents in ("salesOrders", "salesQuotes", "postedSalesInvoices")
    },
}
#: A new row's template: (set, column) → how it gives the row its number, before it is made, and fills its blank
#: fields afterwards. Nothing shows it later.
TEMPLATES = {
    (rows, "templateCode"): (
        f"Computed.Number{kind}(Rec, TemplateCode);",
        f"Computed.Fill{kind}(Rec, TemplateCode);",
    )
    for rows, kind in (("customers", "Customer"), ("items", "Item"))
}
BY_HAND |= {of: ("Clear(TemplateCode);", number) for of, (number, _) in TEMPLATES.items()}
#: Bound to a variable although the table has the field. Validating Contact modifies the customer's row,
#: which is not there yet when the page binds a new customer's values.
NOT_BOUND = {("customers", "contactName")}
#: A line's document can be filtered by, as a FlowField of the table extension; other looked-up ids cannot.
DOCUMENT = "documentId"
DOCUMENT_FIELD = "Tandem Document Id"
#: Tables that would ask the user something, were they not told that there is none.
ASKING = ("Sales Header", "Sales Line", "Contact")
#: Sets whose columns overwrite each other when validated: what is sent is applied again in the contract's order.
ORDERED = "Document Type"
#: Tables that hold the rows of every company of the database: field that names the company.
OF_ALL_COMPANIES = {"Record Link": "Company"}
