// Written by `make companion` from contract.yaml. Change that, not this.
page 50147 "Tandem Sales Setup"
{
    PageType = API;
    Caption = 'Tandem Sales Setup', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'salesSetup';
    EntitySetName = 'salesSetup';
    SourceTable = "Sales & Receivables Setup";
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
                field(primaryKey; Rec."Primary Key")
                {
                    Caption = 'primaryKey', Locked = true;
                    Editable = false;
                }
                field(customerNumbers; Rec."Customer Nos.")
                {
                    Caption = 'customerNumbers', Locked = true;
                    Editable = false;
                }
                field(quoteNumbers; Rec."Quote Nos.")
                {
                    Caption = 'quoteNumbers', Locked = true;
                    Editable = false;
                }
                field(orderNumbers; Rec."Order Nos.")
                {
                    Caption = 'orderNumbers', Locked = true;
                    Editable = false;
                }
                field(archiveOrders; Rec."Archive Orders")
                {
                    Caption = 'archiveOrders', Locked = true;
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
