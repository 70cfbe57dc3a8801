// Written by `make companion` from contract.yaml. Change that, not this.
page 50154 "Tandem Price List Lines"
{
    PageType = API;
    Caption = 'Tandem Price List Lines', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'priceListLine';
    EntitySetName = 'priceListLines';
    SourceTable = "Price List Line";
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
                field(priceListId; PriceListId)
                {
                    Caption = 'priceListId', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('priceListId');
                        Given.Add('priceListId');
                        if Rec."Price List Code" <> References.CodeOfPriceLists(PriceListId) then
                            Rec.Validate("Price List Code", References.CodeOfPriceLists(PriceListId));
                    end;
                }
                field(priceListCode; Rec."Price List Code")
                {
                    Caption = 'priceListCode', Locked = true;
                    Editable = false;
                }
                field(lineNumber; Rec."Line No.")
                {
                    Caption = 'lineNumber', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('lineNumber');
                    end;
                }
                field(priceType; Rec."Price Type")
                {
                    Caption = 'priceType', Locked = true;
                    Editable = false;
                }
                field(amountType; Rec."Amount Type")
                {
                    Caption = 'amountType', Locked = true;
                }
                field(assetType; Rec."Asset Type")
                {
                    Caption = 'assetType', Locked = true;
                }
                field(assetId; Rec."Asset ID")
                {
                    Caption = 'assetId', Locked = true;
                }
                field(assetNumber; Rec."Asset No.")
                {
                    Caption = 'assetNumber', Locked = true;
                    Editable = false;
                }
                field(variantCode; Rec."Variant Code")
                {
                    Caption = 'variantCode', Locked = true;
                }
                field(currencyId; CurrencyId)
                {
                    Caption = 'currencyId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('currencyId');
                    end;
                }
                field(currencyCode; Rec."Currency Code")
                {
                    Caption = 'currencyCode', Locked = true;
                    Editable = false;
                }
                field(startingDate; Rec."Starting Date")
                {
                    Caption = 'startingDate', Locked = true;
                }
                field(endingDate; Rec."Ending Date")
                {
                    Caption = 'endingDate', Locked = true;
                }
                field(minimumQuantity; Rec."Minimum Quantity")
                {
                    Caption = 'minimumQuantity', Locked = true;
                }
                field(unitOfMeasureId; UnitOfMeasureId)
                {
                    Caption = 'unitOfMeasureId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('unitOfMeasureId');
                    end;
                }
                field(unitOfMeasureCode; Rec."Unit of Measure Code")
                {
                    Caption = 'unitOfMeasureCode', Locked = true;
                    Editable = false;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'unitPrice', Locked = true;
                }
                field(status; Rec."Status")
                {
                    Caption = 'status', Locked = true;
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
        Clear(PriceListId);
        Clear(CurrencyId);
        Clear(UnitOfMeasureId);
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        ApplyPriceListId();
        // The caller chooses the id, so that a repeated POST meets its own row.
        Rec.Insert(true, not IsNullGuid(Rec.SystemId));
        if Apply() then
            Rec.Modify(true);
        Show();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    begin
        Apply();
        Rec.Modify(true);
        Show();
        exit(false);
    end;

    var
        References: Codeunit "Tandem References";
        Given: List of [Text];
        PriceListId: Guid;
        CurrencyId: Guid;
        UnitOfMeasureId: Guid;
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        PriceListId := References.IdOfPriceLists(Rec."Price List Code");
        CurrencyId := References.IdOfCurrencies(Rec."Currency Code");
        UnitOfMeasureId := References.IdOfUnitsOfMeasure(Rec."Unit of Measure Code");
    end;

    local procedure ApplyPriceListId()
    begin
        if Given.Contains('priceListId') then begin
            if Rec."Price List Code" <> References.CodeOfPriceLists(PriceListId) then
                Rec.Validate("Price List Code", References.CodeOfPriceLists(PriceListId));
        end;
    end;

    local procedure Apply(): Boolean
    begin
        if Given.Count() = 0 then
            exit(false);
        if Given.Contains('currencyId') then
            Rec.Validate("Currency Code", References.CodeOfCurrencies(CurrencyId));
        if Given.Contains('unitOfMeasureId') then
            Rec.Validate("Unit of Measure Code", References.CodeOfUnitsOfMeasure(UnitOfMeasureId));
        Clear(Given);
        exit(true);
    end;

    local procedure OnlyForNew(ColumnName: Text)
    begin
        if IsStored then
            Error(OnlyForNewErr, ColumnName);
    end;
}
