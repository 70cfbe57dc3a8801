// What the pages compute: values that are no field of their table.
codeunit 50103 "Tandem Computed"
{
    Access = Internal;

    /// <summary>The rates of the newest exchange rate that has started by today; both 0 when there is none.</summary>
    procedure ExchangeRate(CurrencyCode: Code[10]; var Amount: Decimal; var RelationalAmount: Decimal)
    var
        Rate: Record "Currency Exchange Rate";
    begin
        Amount := 0;
        RelationalAmount := 0;
        Rate.SetRange("Currency Code", CurrencyCode);
        Rate.SetRange("Starting Date", 0D, Today());
        if not Rate.FindLast() then
            exit;
        Amount := Rate."Exchange Rate Amount";
        RelationalAmount := Rate."Relational Exch. Rate Amount";
    end;

    /// <summary>The customer whose company contact this is; the zero GUID when it is no customer's.</summary>
    procedure CustomerOfCompany(CompanyNo: Code[20]): Guid
    var
        Relation: Record "Contact Business Relation";
    begin
        if CompanyNo = '' then
            exit;
        Relation.SetRange("Contact No.", CompanyNo);
        Relation.SetRange("Link to Table", Relation."Link to Table"::"Customer");
        if Relation.FindFirst() then
            exit(References.IdOfCustomers(Relation."No."));
    end;

    /// <summary>The company contact of a customer. Refuses a customer that has none; the zero GUID clears.</summary>
    procedure CompanyContactOf(CustomerId: Guid): Code[20]
    var
        Relation: Record "Contact Business Relation";
        CustomerNo: Code[20];
    begin
        if IsNullGuid(CustomerId) then
            exit('');
        CustomerNo := References.CodeOfCustomers(CustomerId);
        Relation.SetRange("Link to Table", Relation."Link to Table"::"Customer");
        Relation.SetRange("No.", CustomerNo);
        if not Relation.FindFirst() then
            Error(NoContactErr, CustomerNo);
        exit(Relation."Contact No.");
    end;

    /// <summary>The order line that an assembly order is made for; blank and 0 when it is made for stock.</summary>
    procedure OrderLineOf(AssemblyHeader: Record "Assembly Header"; var OrderNo: Code[20]; var LineNo: Integer)
    var
        Link: Record "Assemble-to-Order Link";
    begin
        OrderNo := '';
        LineNo := 0;
        if not Link.Get(AssemblyHeader."Document Type", AssemblyHeader."No.") then
            exit;
        if Link.Type <> Link.Type::"Sale" then
            exit;
        OrderNo := Link."Document No.";
        LineNo := Link."Document Line No.";
    end;

    /// <summary>The posted invoice of a customer ledger entry; the zero GUID for another document's.</summary>
    procedure InvoiceOfEntry(EntryNo: Integer): Guid
    var
        Entry: Record "Cust. Ledger Entry";
    begin
        if not Entry.Get(EntryNo) then
            exit;
        if Entry."Document Type" = Entry."Document Type"::"Invoice" then
            exit(References.IdOfPostedSalesInvoices(Entry."Document No."));
    end;

    /// <summary>Keeps a discount on the document's amount. It is spread over the lines as they are written.</summary>
    procedure KeepInvoiceDiscount(var Header: Record "Sales Header"; Value: Decimal)
    begin
        Header."Invoice Discount Calculation" := Header."Invoice Discount Calculation"::"Amount";
        Header."Invoice Discount Value" := Value;
        Header.Modify(true);
        Spread(Header);
    end;

    /// <summary>Makes, changes or deletes the line's linked assembly document, as the client does once a line is stored.</summary>
    procedure Assemble(var Line: Record "Sales Line")
    begin
        if Line.Type = Line.Type::"Item" then
            Line.AutoAsmToOrder();
    end;

    /// <summary>Spreads the document's discount anew, after one of its lines was written.</summary>
    procedure SpreadInvoiceDiscount(var Line: Record "Sales Line")
    var
        Header: Record "Sales Header";
    begin
        if not Header.Get(Line."Document Type", Line."Document No.") then
            exit;
        Spread(Header);
        Line.GetBySystemId(Line.SystemId);
    end;

    local procedure Spread(var Header: Record "Sales Header")
    var
        Discount: Codeunit "Sales - Calc Discount By Type";
    begin
        if Header."Invoice Discount Calculation" <> Header."Invoice Discount Calculation"::"Amount" then
            exit;
        if Header."Invoice Discount Value" <> 0 then
            Discount.ApplyInvDiscBasedOnAmt(Header."Invoice Discount Value", Header);
    end;

    procedure Release(var Header: Record "Sales Header")
    var
        ReleaseDocument: Codeunit "Release Sales Document";
    begin
        ReleaseDocument.PerformManualRelease(Header);
    end;

    procedure Reopen(var Header: Record "Sales Header")
    var
        ReleaseDocument: Codeunit "Release Sales Document";
    begin
        ReleaseDocument.PerformManualReopen(Header);
    end;

    /// <summary>Reserves for every line that is always reserved what there is in stock.</summary>
    procedure Reserve(var Header: Record "Sales Header")
    var
        Line: Record "Sales Line";
    begin
        Line.SetRange("Document Type", Header."Document Type");
        Line.SetRange("Document No.", Header."No.");
        Line.SetRange(Type, Line.Type::"Item");
        Line.SetRange(Reserve, Line.Reserve::"Always");
        if Line.FindSet() then
            repeat
                Line.AutoReserve();
            until Line.Next() = 0;
    end;

    /// <summary>Releases an order; one whose prepayment is outstanding stays open.</summary>
    procedure ReleaseUnlessPrepaymentIsDue(var Header: Record "Sales Header")
    var
        Prepayments: Codeunit "Prepayment Mgt.";
    begin
        if not Prepayments.TestSalesPrepayment(Header) then
            Release(Header);
    end;

    procedure Archive(var Header: Record "Sales Header")
    var
        Archives: Codeunit ArchiveManagement;
    begin
        Archives.StoreSalesDocument(Header, false);
    end;

    /// <summary>The number for a line that comes without one: 10000 after the last of its document.</summary>
    procedure NextLineNo(Line: Record "Sales Line"): Integer
    var
        Last: Record "Sales Line";
    begin
        Last.SetRange("Document Type", Line."Document Type");
        Last.SetRange("Document No.", Line."Document No.");
        if Last.FindLast() then
            exit(Last."Line No." + 10000);
        exit(10000);
    end;

    /// <summary>What unposted invoices of a customer take over from shipments, in the local currency.</summary>
    procedure InvoicedFromShipments(CustomerNo: Code[20]): Decimal
    var
        Line: Record "Sales Line";
    begin
        Line.SetRange("Document Type", Line."Document Type"::"Invoice");
        Line.SetRange("Bill-to Customer No.", CustomerNo);
        Line.SetFilter("Shipment No.", '<>%1', '');
        Line.CalcSums("Outstanding Amount (LCY)");
        exit(Line."Outstanding Amount (LCY)");
    end;

    /// <summary>Numbers a new customer from its template's series, unless it has a number.</summary>
    procedure NumberCustomer(var Customer: Record "Customer"; TemplateCode: Code[20])
    var
        Template: Record "Customer Templ.";
        Series: Codeunit "No. Series";
    begin
        if TemplateCode = '' then
            exit;
        Template.Get(TemplateCode);
        if (Customer."No." <> '') or (Template."No. Series" = '') then
            exit;
        Customer."No. Series" := Template."No. Series";
        Customer."No." := Series.GetNextNo(Template."No. Series");
    end;

    /// <summary>Fills what is blank in a new customer from its template, with the dimensions.</summary>
    procedure FillCustomer(var Customer: Record "Customer"; TemplateCode: Code[20])
    var
        Template: Record "Customer Templ.";
        Templates: Codeunit "Customer Templ. Mgt.";
    begin
        if TemplateCode = '' then
            exit;
        Template.Get(TemplateCode);
        Templates.ApplyCustomerTemplate(Customer, Template);
    end;

    /// <summary>Numbers a new item from its template's series, unless it has a number.</summary>
    procedure NumberItem(var Item: Record "Item"; TemplateCode: Code[20])
    var
        Template: Record "Item Templ.";
        Series: Codeunit "No. Series";
    begin
        if TemplateCode = '' then
            exit;
        Template.Get(TemplateCode);
        if (Item."No." <> '') or (Template."No. Series" = '') then
            exit;
        Item."No. Series" := Template."No. Series";
        Item."No." := Series.GetNextNo(Template."No. Series");
    end;

    /// <summary>Fills what is blank in a new item from its template, with the dimensions.</summary>
    procedure FillItem(var Item: Record "Item"; TemplateCode: Code[20])
    var
        Template: Record "Item Templ.";
        Templates: Codeunit "Item Templ. Mgt.";
    begin
        if TemplateCode = '' then
            exit;
        Template.Get(TemplateCode);
        Templates.ApplyItemTemplate(Item, Template);
    end;

    /// <summary>The order or quote that a note is on; the zero GUID when it is on something else.</summary>
    procedure DocumentOfNote(Link: Record "Record Link"; DocumentType: Enum "Sales Document Type"): Guid
    var
        Header: Record "Sales Header";
        Target: RecordRef;
    begin
        if Link."Record ID".TableNo() <> Database::"Sales Header" then
            exit;
        if not Target.Get(Link."Record ID") then
            exit;
        Target.SetTable(Header);
        if Header."Document Type" = DocumentType then
            exit(Header.SystemId);
    end;

    /// <summary>Puts a new note on an order or a quote. The zero GUID is no document.</summary>
    procedure PutNoteOn(var Link: Record "Record Link"; DocumentType: Enum "Sales Document Type"; DocumentId: Guid)
    var
        Header: Record "Sales Header";
    begin
        if IsNullGuid(DocumentId) then
            exit;
        if not Header.GetBySystemId(DocumentId) then
            Error(NoDocumentErr, DocumentId);
        Header.TestField("Document Type", DocumentType);
        Link."Record ID" := Header.RecordId();
        Link.Type := Link.Type::Note;
        Link.Company := CopyStr(CompanyName(), 1, MaxStrLen(Link.Company));
        Link.Created := CurrentDateTime();
        Link."User ID" := CopyStr(UserId(), 1, MaxStrLen(Link."User ID"));
    end;

    procedure TextOfNote(Link: Record "Record Link"): Text
    var
        Links: Codeunit "Record Link Management";
    begin
        Link.CalcFields(Note);
        exit(Links.ReadNote(Link));
    end;

    procedure WriteNote(var Link: Record "Record Link"; NoteText: Text)
    var
        Links: Codeunit "Record Link Management";
    begin
        Links.WriteNote(Link, NoteText);
    end;

    var
        References: Codeunit "Tandem References";
        NoDocumentErr: Label 'There is no order or quote with id %1.', Comment = '%1 = id of a document';
        NoContactErr: Label 'Customer %1 has no company contact. Marketing Setup must name a business relation code for customers.', Comment = '%1 = number of a customer';
}
