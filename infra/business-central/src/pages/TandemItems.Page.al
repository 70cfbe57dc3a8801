// Written by `make companion` from contract.yaml. Change that, not this.
page 50120 "Tandem Items"
{
    PageType = API;
    Caption = 'Tandem Items', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'item';
    EntitySetName = 'items';
    SourceTable = "Item";
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
                field(description2; Rec."Description 2")
                {
                    Caption = 'description2', Locked = true;
                }
                field(type; Rec."Type")
                {
                    Caption = 'type', Locked = true;
                }
                field(baseUnitOfMeasureId; Rec."Unit of Measure Id")
                {
                    Caption = 'baseUnitOfMeasureId', Locked = true;
                }
                field(baseUnitOfMeasureCode; Rec."Base Unit of Measure")
                {
                    Caption = 'baseUnitOfMeasureCode', Locked = true;
                    Editable = false;
                }
                field(salesUnitOfMeasureId; SalesUnitOfMeasureId)
                {
                    Caption = 'salesUnitOfMeasureId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('salesUnitOfMeasureId');
                    end;
                }
                field(salesUnitOfMeasureCode; Rec."Sales Unit of Measure")
                {
                    Caption = 'salesUnitOfMeasureCode', Locked = true;
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
                field(standardCost; Rec."Standard Cost")
                {
                    Caption = 'standardCost', Locked = true;
                }
                field(costingMethod; Rec."Costing Method")
                {
                    Caption = 'costingMethod', Locked = true;
                }
                field(unitVolume; Rec."Unit Volume")
                {
                    Caption = 'unitVolume', Locked = true;
                }
                field(grossWeight; Rec."Gross Weight")
                {
                    Caption = 'grossWeight', Locked = true;
                }
                field(netWeight; Rec."Net Weight")
                {
                    Caption = 'netWeight', Locked = true;
                }
                field(vendorNumber; Rec."Vendor No.")
                {
                    Caption = 'vendorNumber', Locked = true;
                }
                field(vendorItemNumber; Rec."Vendor Item No.")
                {
                    Caption = 'vendorItemNumber', Locked = true;
                }
                field(gtin; Rec."GTIN")
                {
                    Caption = 'gtin', Locked = true;
                }
                field(itemCategoryCode; Rec."Item Category Code")
                {
                    Caption = 'itemCategoryCode', Locked = true;
                }
                field(blocked; Rec."Blocked")
                {
                    Caption = 'blocked', Locked = true;
                }
                field(reserve; Rec."Reserve")
                {
                    Caption = 'reserve', Locked = true;
                }
                field(salesBlocked; Rec."Sales Blocked")
                {
                    Caption = 'salesBlocked', Locked = true;
                }
                field(priceIncludesVat; Rec."Price Includes VAT")
                {
                    Caption = 'priceIncludesVat', Locked = true;
                }
                field(vatBusPostingGroupPrice; Rec."VAT Bus. Posting Gr. (Price)")
                {
                    Caption = 'vatBusPostingGroupPrice', Locked = true;
                }
                field(vatProdPostingGroup; Rec."VAT Prod. Posting Group")
                {
                    Caption = 'vatProdPostingGroup', Locked = true;
                }
                field(genProdPostingGroup; Rec."Gen. Prod. Posting Group")
                {
                    Caption = 'genProdPostingGroup', Locked = true;
                }
                field(inventoryPostingGroup; Rec."Inventory Posting Group")
                {
                    Caption = 'inventoryPostingGroup', Locked = true;
                }
                field(templateCode; TemplateCode)
                {
                    Caption = 'templateCode', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('templateCode');
                        Given.Add('templateCode');
                    end;
                }
                field(replenishmentSystem; Rec."Replenishment System")
                {
                    Caption = 'replenishmentSystem', Locked = true;
                }
                field(assemblyPolicy; Rec."Assembly Policy")
                {
                    Caption = 'assemblyPolicy', Locked = true;
                }
                field(inventory; Rec."Inventory")
                {
                    Caption = 'inventory', Locked = true;
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
        Clear(SalesUnitOfMeasureId);
        Clear(TemplateCode);
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        ApplyTemplateCode();
        // The caller chooses the id, so that a repeated POST meets its own row.
        Rec.Insert(true, not IsNullGuid(Rec.SystemId));
        if Given.Contains('templateCode') then
            Computed.FillItem(Rec, TemplateCode);
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
        Computed: Codeunit "Tandem Computed";
        Given: List of [Text];
        SalesUnitOfMeasureId: Guid;
        TemplateCode: Code[20];
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        SalesUnitOfMeasureId := References.IdOfUnitsOfMeasure(Rec."Sales Unit of Measure");
        Clear(TemplateCode);
    end;

    local procedure ApplyTemplateCode()
    begin
        if Given.Contains('templateCode') then
            Computed.NumberItem(Rec, TemplateCode);
    end;

    local procedure Apply(): Boolean
    begin
        if Given.Count() = 0 then
            exit(false);
        if Given.Contains('salesUnitOfMeasureId') then
            Rec.Validate("Sales Unit of Measure", References.CodeOfUnitsOfMeasure(SalesUnitOfMeasureId));
        Clear(Given);
        exit(true);
    end;

    local procedure RenameIfAsked()
    var
        Before: Record "Item";
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
