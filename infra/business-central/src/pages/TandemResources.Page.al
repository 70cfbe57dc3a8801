// Written by `make companion` from contract.yaml. Change that, not this.
page 50124 "Tandem Resources"
{
    PageType = API;
    Caption = 'Tandem Resources', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'resource';
    EntitySetName = 'resources';
    SourceTable = "Resource";
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
                field(name; Rec."Name")
                {
                    Caption = 'name', Locked = true;
                }
                field(name2; Rec."Name 2")
                {
                    Caption = 'name2', Locked = true;
                }
                field(type; Rec."Type")
                {
                    Caption = 'type', Locked = true;
                }
                field(baseUnitOfMeasureId; BaseUnitOfMeasureId)
                {
                    Caption = 'baseUnitOfMeasureId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('baseUnitOfMeasureId');
                    end;
                }
                field(baseUnitOfMeasureCode; Rec."Base Unit of Measure")
                {
                    Caption = 'baseUnitOfMeasureCode', Locked = true;
                    Editable = false;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'unitPrice', Locked = true;
                }
                field(unitCost; Rec."Unit Cost")
                {
                    Caption = 'unitCost', Locked = true;
                }
                field(directUnitCost; Rec."Direct Unit Cost")
                {
                    Caption = 'directUnitCost', Locked = true;
                }
                field(vendorNumber; Rec."Vendor No.")
                {
                    Caption = 'vendorNumber', Locked = true;
                }
                field(capacity; Rec."Capacity")
                {
                    Caption = 'capacity', Locked = true;
                    Editable = false;
                }
                field(blocked; Rec."Blocked")
                {
                    Caption = 'blocked', Locked = true;
                }
                field(vatProdPostingGroup; Rec."VAT Prod. Posting Group")
                {
                    Caption = 'vatProdPostingGroup', Locked = true;
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
        Clear(BaseUnitOfMeasureId);
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
        BaseUnitOfMeasureId: Guid;
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        BaseUnitOfMeasureId := References.IdOfUnitsOfMeasure(Rec."Base Unit of Measure");
    end;

    local procedure Apply(): Boolean
    begin
        if Given.Count() = 0 then
            exit(false);
        if Given.Contains('baseUnitOfMeasureId') then
            Rec.Validate("Base Unit of Measure", References.CodeOfUnitsOfMeasure(BaseUnitOfMeasureId));
        Clear(Given);
        exit(true);
    end;

    local procedure RenameIfAsked()
    var
        Before: Record "Resource";
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
