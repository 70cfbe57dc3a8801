// Written by `make companion` from contract.yaml. Change that, not this.
page 50144 "Tandem Sales Quote Archives"
{
    PageType = API;
    Caption = 'Tandem Sales Quote Archives', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'salesQuoteArchive';
    EntitySetName = 'salesQuoteArchives';
    SourceTable = "Sales Header Archive";
    SourceTableView = where("Document Type" = const("Quote"));
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;
    Editable = false;
    InsertAllowed = false;
    ModifyAllowed = false;
    DeleteAllowed = false;

    layout
    {
        area(Content)
        {
            repeater(Rows)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'id', Locked = true;
                    Editable = false;
                }
                field(systemRowVersion; Rec.SystemRowVersion)
                {
                    Caption = 'systemRowVersion', Locked = true;
                    Editable = false;
                }
                field(createdAt; Rec.SystemCreatedAt)
                {
                    Caption = 'createdAt', Locked = true;
                    Editable = false;
                }
                field(createdBy; Rec.SystemCreatedBy)
                {
                    Caption = 'createdBy', Locked = true;
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'lastModifiedDateTime', Locked = true;
                    Editable = false;
                }
                field(lastModifiedBy; Rec.SystemModifiedBy)
                {
                    Caption = 'lastModifiedBy', Locked = true;
                    Editable = false;
                }
                field(number; Rec."No.")
                {
                    Caption = 'number', Locked = true;
                    Editable = false;
                }
                field(occurrenceNumber; Rec."Doc. No. Occurrence")
                {
                    Caption = 'occurrenceNumber', Locked = true;
                    Editable = false;
                }
                field(versionNumber; Rec."Version No.")
                {
                    Caption = 'versionNumber', Locked = true;
                    Editable = false;
                }
                field(customerId; CustomerId)
                {
                    Caption = 'customerId', Locked = true;
                    Editable = false;
                }
                field(customerNumber; Rec."Sell-to Customer No.")
                {
                    Caption = 'customerNumber', Locked = true;
                    Editable = false;
                }
                field(yourReference; Rec."Your Reference")
                {
                    Caption = 'yourReference', Locked = true;
                    Editable = false;
                }
                field(externalDocumentNumber; Rec."External Document No.")
                {
                    Caption = 'externalDocumentNumber', Locked = true;
                    Editable = false;
                }
                field(documentDate; Rec."Document Date")
                {
                    Caption = 'documentDate', Locked = true;
                    Editable = false;
                }
                field(shipmentDate; Rec."Shipment Date")
                {
                    Caption = 'shipmentDate', Locked = true;
                    Editable = false;
                }
                field(paymentDiscountPercent; Rec."Payment Discount %")
                {
                    Caption = 'paymentDiscountPercent', Locked = true;
                    Editable = false;
                }
                field(dateArchived; Rec."Date Archived")
                {
                    Caption = 'dateArchived', Locked = true;
                    Editable = false;
                }
                field(invoice; Rec."Invoice")
                {
                    Caption = 'invoice', Locked = true;
                    Editable = false;
                }
            }
        }
    }

    trigger OnOpenPage()
    begin
        Rec.ReadIsolation := IsolationLevel::ReadCommitted;
    end;

    trigger OnAfterGetRecord()
    begin
        Show();
    end;

    var
        References: Codeunit "Tandem References";
        CustomerId: Guid;

    local procedure Show()
    begin
        CustomerId := References.IdOfCustomers(Rec."Sell-to Customer No.");
    end;
}
