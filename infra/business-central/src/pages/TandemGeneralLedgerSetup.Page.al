// Written by `make companion` from contract.yaml. Change that, not this.
page 50136 "Tandem General Ledger Setup"
{
    PageType = API;
    Caption = 'Tandem General Ledger Setup', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'generalLedgerSetup';
    EntitySetName = 'generalLedgerSetup';
    SourceTable = "General Ledger Setup";
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
                field(lcyCode; Rec."LCY Code")
                {
                    Caption = 'lcyCode', Locked = true;
                    Editable = false;
                }
                field(localCurrencySymbol; Rec."Local Currency Symbol")
                {
                    Caption = 'localCurrencySymbol', Locked = true;
                    Editable = false;
                }
                field(localCurrencyDescription; Rec."Local Currency Description")
                {
                    Caption = 'localCurrencyDescription', Locked = true;
                    Editable = false;
                }
                field(amountRoundingPrecision; Rec."Amount Rounding Precision")
                {
                    Caption = 'amountRoundingPrecision', Locked = true;
                    Editable = false;
                }
                field(unitAmountRoundingPrecision; Rec."Unit-Amount Rounding Precision")
                {
                    Caption = 'unitAmountRoundingPrecision', Locked = true;
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
