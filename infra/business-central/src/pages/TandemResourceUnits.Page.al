// Written by `make companion` from contract.yaml. Change that, not this.
page 50125 "Tandem Resource Units"
{
    PageType = API;
    Caption = 'Tandem Resource Units', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'resourceUnitOfMeasure';
    EntitySetName = 'resourceUnitsOfMeasure';
    SourceTable = "Resource Unit of Measure";
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
                field(resourceId; ResourceId)
                {
                    Caption = 'resourceId', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('resourceId');
                        Given.Add('resourceId');
                        if Rec."Resource No." <> References.CodeOfResources(ResourceId) then
                            Rec.Validate("Resource No.", References.CodeOfResources(ResourceId));
                    end;
                }
                field(resourceNumber; Rec."Resource No.")
                {
                    Caption = 'resourceNumber', Locked = true;
                    Editable = false;
                }
                field(unitOfMeasureId; UnitOfMeasureId)
                {
                    Caption = 'unitOfMeasureId', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('unitOfMeasureId');
                        Given.Add('unitOfMeasureId');
                        if Rec."Code" <> References.CodeOfUnitsOfMeasure(UnitOfMeasureId) then
                            Rec.Validate("Code", References.CodeOfUnitsOfMeasure(UnitOfMeasureId));
                    end;
                }
                field(code; Rec."Code")
                {
                    Caption = 'code', Locked = true;
                    Editable = false;
                }
                field(quantityPerUnitOfMeasure; Rec."Qty. per Unit of Measure")
                {
                    Caption = 'quantityPerUnitOfMeasure', Locked = true;
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
        Clear(ResourceId);
        Clear(UnitOfMeasureId);
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        ApplyResourceId();
        ApplyUnitOfMeasureId();
        // The caller chooses the id, so that a repeated POST meets its own row.
        Rec.Insert(true, not IsNullGuid(Rec.SystemId));
        Show();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    begin
        Rec.Modify(true);
        Show();
        exit(false);
    end;

    var
        References: Codeunit "Tandem References";
        Given: List of [Text];
        ResourceId: Guid;
        UnitOfMeasureId: Guid;
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        ResourceId := References.IdOfResources(Rec."Resource No.");
        UnitOfMeasureId := References.IdOfUnitsOfMeasure(Rec."Code");
    end;

    local procedure ApplyResourceId()
    begin
        if Given.Contains('resourceId') then begin
            if Rec."Resource No." <> References.CodeOfResources(ResourceId) then
                Rec.Validate("Resource No.", References.CodeOfResources(ResourceId));
        end;
    end;

    local procedure ApplyUnitOfMeasureId()
    begin
        if Given.Contains('unitOfMeasureId') then begin
            if Rec."Code" <> References.CodeOfUnitsOfMeasure(UnitOfMeasureId) then
                Rec.Validate("Code", References.CodeOfUnitsOfMeasure(UnitOfMeasureId));
        end;
    end;

    local procedure OnlyForNew(ColumnName: Text)
    begin
        if IsStored then
            Error(OnlyForNewErr, ColumnName);
    end;
}
