// Written by `make companion` from contract.yaml. Change that, not this.
page 50141 "Tandem Customer Ledger Entries"
{
    PageType = API;
    Caption = 'Tandem Customer Ledger Entries', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'customerLedgerEntry';
    EntitySetName = 'customerLedgerEntries';
    SourceTable = "Cust. Ledger Entry";
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
                field(entryNumber; Rec."Entry No.")
                {
                    Caption = 'entryNumber', Locked = true;
                    Editable = false;
                }
                field(customerId; CustomerId)
                {
                    Caption = 'customerId', Locked = true;
                    Editable = false;
                }
                field(customerNumber; Rec."Customer No.")
                {
                    Caption = 'customerNumber', Locked = true;
                    Editable = false;
                }
                field(invoiceId; InvoiceId)
                {
                    Caption = 'invoiceId', Locked = true;
                    Editable = false;
                }
                field(postingDate; Rec."Posting Date")
                {
                    Caption = 'postingDate', Locked = true;
                    Editable = false;
                }
                field(dueDate; Rec."Due Date")
                {
                    Caption = 'dueDate', Locked = true;
                    Editable = false;
                }
                field(documentType; Rec."Document Type")
                {
                    Caption = 'documentType', Locked = true;
                    Editable = false;
                }
                field(documentNumber; Rec."Document No.")
                {
                    Caption = 'documentNumber', Locked = true;
                    Editable = false;
                }
                field(currencyCode; Rec."Currency Code")
                {
                    Caption = 'currencyCode', Locked = true;
                    Editable = false;
                }
                field(amount; Rec."Amount")
                {
                    Caption = 'amount', Locked = true;
                    Editable = false;
                }
                field(remainingAmount; Rec."Remaining Amount")
                {
                    Caption = 'remainingAmount', Locked = true;
                    Editable = false;
                }
                field(open; Rec."Open")
                {
                    Caption = 'open', Locked = true;
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
        Computed: Codeunit "Tandem Computed";
        CustomerId: Guid;
        InvoiceId: Guid;

    local procedure Show()
    begin
        CustomerId := References.IdOfCustomers(Rec."Customer No.");
        InvoiceId := Computed.InvoiceOfEntry(Rec."Entry No.");
    end;
}
