// Written by `make companion` from contract.yaml. Change that, not this.
page 50156 "Tandem Sales Order Arch. Lines"
{
    PageType = API;
    Caption = 'Tandem Sales Order Arch. Lines', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'salesOrderArchiveLine';
    EntitySetName = 'salesOrderArchiveLines';
    SourceTable = "Sales Line Archive";
    SourceTableView = where("Document Type" = const("Order"));
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
                field(documentNumber; Rec."Document No.")
                {
                    Caption = 'documentNumber', Locked = true;
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
                field(lineNumber; Rec."Line No.")
                {
                    Caption = 'lineNumber', Locked = true;
                    Editable = false;
                }
                field(number; Rec."No.")
                {
                    Caption = 'number', Locked = true;
                    Editable = false;
                }
                field(description; Rec."Description")
                {
                    Caption = 'description', Locked = true;
                    Editable = false;
                }
                field(quantity; Rec."Quantity")
                {
                    Caption = 'quantity', Locked = true;
                    Editable = false;
                }
                field(quantityShipped; Rec."Quantity Shipped")
                {
                    Caption = 'quantityShipped', Locked = true;
                    Editable = false;
                }
                field(quantityInvoiced; Rec."Quantity Invoiced")
                {
                    Caption = 'quantityInvoiced', Locked = true;
                    Editable = false;
                }
            }
        }
    }

    trigger OnOpenPage()
    begin
        Rec.ReadIsolation := IsolationLevel::ReadCommitted;
    end;
}
