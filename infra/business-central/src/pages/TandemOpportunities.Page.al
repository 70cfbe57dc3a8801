// Written by `make companion` from contract.yaml. Change that, not this.
page 50128 "Tandem Opportunities"
{
    PageType = API;
    Caption = 'Tandem Opportunities', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'opportunity';
    EntitySetName = 'opportunities';
    SourceTable = "Opportunity";
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Rows)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'id', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('id');
                    end;
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
                }
                field(description; Rec."Description")
                {
                    Caption = 'description', Locked = true;
                }
                field(salespersonId; SalespersonId)
                {
                    Caption = 'salespersonId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('salespersonId');
                    end;
                }
                field(salespersonCode; Rec."Salesperson Code")
                {
                    Caption = 'salespersonCode', Locked = true;
                    Editable = false;
                }
                field(contactId; ContactId)
                {
                    Caption = 'contactId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('contactId');
                    end;
                }
                field(contactNumber; Rec."Contact No.")
                {
                    Caption = 'contactNumber', Locked = true;
                    Editable = false;
                }
                field(contactCompanyId; ContactCompanyId)
                {
                    Caption = 'contactCompanyId', Locked = true;
                    Editable = false;
                }
                field(contactCompanyNumber; Rec."Contact Company No.")
                {
                    Caption = 'contactCompanyNumber', Locked = true;
                    Editable = false;
                }
                field(salesCycleCode; Rec."Sales Cycle Code")
                {
                    Caption = 'salesCycleCode', Locked = true;
                }
                field(creationDate; Rec."Creation Date")
                {
                    Caption = 'creationDate', Locked = true;
                }
                field(status; Rec."Status")
                {
                    Caption = 'status', Locked = true;
                    Editable = false;
                }
                field(priority; Rec."Priority")
                {
                    Caption = 'priority', Locked = true;
                }
                field(closed; Rec."Closed")
                {
                    Caption = 'closed', Locked = true;
                    Editable = false;
                }
                field(dateClosed; Rec."Date Closed")
                {
                    Caption = 'dateClosed', Locked = true;
                    Editable = false;
                }
                field(estimatedValue; Rec."Estimated Value (LCY)")
                {
                    Caption = 'estimatedValue', Locked = true;
                    Editable = false;
                }
                field(calculatedCurrentValue; Rec."Calcd. Current Value (LCY)")
                {
                    Caption = 'calculatedCurrentValue', Locked = true;
                    Editable = false;
                }
                field(estimatedClosingDate; Rec."Estimated Closing Date")
                {
                    Caption = 'estimatedClosingDate', Locked = true;
                    Editable = false;
                }
                field(probabilityPercent; Rec."Probability %")
                {
                    Caption = 'probabilityPercent', Locked = true;
                    Editable = false;
                }
                field(chancesOfSuccessPercent; Rec."Chances of Success %")
                {
                    Caption = 'chancesOfSuccessPercent', Locked = true;
                    Editable = false;
                }
                field(completedPercent; Rec."Completed %")
                {
                    Caption = 'completedPercent', Locked = true;
                    Editable = false;
                }
                field(currentSalesCycleStage; Rec."Current Sales Cycle Stage")
                {
                    Caption = 'currentSalesCycleStage', Locked = true;
                    Editable = false;
                }
                field(salesDocumentType; Rec."Sales Document Type")
                {
                    Caption = 'salesDocumentType', Locked = true;
                    Editable = false;
                }
                field(salesDocumentNumber; Rec."Sales Document No.")
                {
                    Caption = 'salesDocumentNumber', Locked = true;
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
        IsStored := true;
        Clear(Given);
        Show();
    end;

    trigger OnNewRecord(BelowxRec: Boolean)
    begin
        IsStored := false;
        Clear(Given);
        Clear(SalespersonId);
        Clear(ContactId);
        Clear(ContactCompanyId);
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        // The caller chooses the id, so that a repeated POST meets its own row.
        Rec.Insert(true, not IsNullGuid(Rec.SystemId));
        if Apply() then
            Rec.Modify(true);
        Show();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    begin
        RenameIfAsked();
        Apply();
        Rec.Modify(true);
        Show();
        exit(false);
    end;

    var
        References: Codeunit "Tandem References";
        Given: List of [Text];
        SalespersonId: Guid;
        ContactId: Guid;
        ContactCompanyId: Guid;
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        SalespersonId := References.IdOfSalespeople(Rec."Salesperson Code");
        ContactId := References.IdOfContacts(Rec."Contact No.");
        ContactCompanyId := References.IdOfContacts(Rec."Contact Company No.");
    end;

    local procedure Apply(): Boolean
    begin
        if Given.Count() = 0 then
            exit(false);
        if Given.Contains('salespersonId') then
            Rec.Validate("Salesperson Code", References.CodeOfSalespeople(SalespersonId));
        if Given.Contains('contactId') then
            Rec.Validate("Contact No.", References.CodeOfContacts(ContactId));
        Clear(Given);
        exit(true);
    end;

    local procedure RenameIfAsked()
    var
        Before: Record "Opportunity";
    begin
        Before.GetBySystemId(Rec.SystemId);
        if Before."No." = Rec."No." then
            exit;
        Before.Rename(Rec."No.");
        Before.TransferFields(Rec, false);
        Rec := Before;
    end;

    local procedure OnlyForNew(ColumnName: Text)
    begin
        if IsStored then
            Error(OnlyForNewErr, ColumnName);
    end;
}
