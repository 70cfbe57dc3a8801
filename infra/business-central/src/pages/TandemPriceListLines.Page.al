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
                field(priceListId; PriceListId)
                {
                    Caption = 'priceListId', Locked = true;
                    Editable = false;
                }
                field(priceListCode; Rec."Price List Code")
                {
                    Caption = 'priceListCode', Locked = true;
                    Editable = false;
                }
                field(lineNumber; Rec."Line No.")
                {
                    Caption = 'lineNumber', Locked = true;
                    Editable = false;
                }
                field(sourceType; Rec."Source Type")
                {
                    Caption = 'sourceType', Locked = true;
                    Editable = false;
                }
                field(sourceNumber; Rec."Source No.")
                {
                    Caption = 'sourceNumber', Locked = true;
                    Editable = false;
                }
                field(assetType; Rec."Asset Type")
                {
                    Caption = 'assetType', Locked = true;
                    Editable = false;
                }
                field(itemId; ItemId)
                {
                    Caption = 'itemId', Locked = true;
                    Editable = false;
                }
                field(resourceId; ResourceId)
                {
                    Caption = 'resourceId', Locked = true;
                    Editable = false;
                }
                field(assetNumber; Rec."Asset No.")
                {
                    Caption = 'assetNumber', Locked = true;
                    Editable = false;
                }
                field(variantCode; Rec."Variant Code")
                {
                    Caption = 'variantCode', Locked = true;
                    Editable = false;
                }
                field(currencyId; CurrencyId)
                {
                    Caption = 'currencyId', Locked = true;
                    Editable = false;
                }
                field(currencyCode; Rec."Currency Code")
                {
                    Caption = 'currencyCode', Locked = true;
                    Editable = false;
                }
                field(startingDate; Rec."Starting Date")
                {
                    Caption = 'startingDate', Locked = true;
                    Editable = false;
                }
                field(endingDate; Rec."Ending Date")
                {
                    Caption = 'endingDate', Locked = true;
                    Editable = false;
                }
                field(minimumQuantity; Rec."Minimum Quantity")
                {
                    Caption = 'minimumQuantity', Locked = true;
                    Editable = false;
                }
                field(unitOfMeasureId; UnitOfMeasureId)
                {
                    Caption = 'unitOfMeasureId', Locked = true;
                    Editable = false;
                }
                field(unitOfMeasureCode; Rec."Unit of Measure Code")
                {
                    Caption = 'unitOfMeasureCode', Locked = true;
                    Editable = false;
                }
                field(priceType; Rec."Price Type")
                {
                    Caption = 'priceType', Locked = true;
                    Editable = false;
                }
                field(amountType; Rec."Amount Type")
                {
                    Caption = 'amountType', Locked = true;
                    Editable = false;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'unitPrice', Locked = true;
                    Editable = false;
                }
                field(priceIncludesVat; Rec."Price Includes VAT")
                {
                    Caption = 'priceIncludesVat', Locked = true;
                    Editable = false;
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
        Show();
    end;

    var
        References: Codeunit "Tandem References";
        PriceListId: Guid;
        ItemId: Guid;
        ResourceId: Guid;
        CurrencyId: Guid;
        UnitOfMeasureId: Guid;

    local procedure Show()
    begin
        PriceListId := References.IdOfPriceListHeaders(Rec."Price List Code");
        Clear(ItemId);
        if Rec."Asset Type" = Rec."Asset Type"::"Item" then
            ItemId := References.IdOfItems(Rec."Asset No.");
        Clear(ResourceId);
        if Rec."Asset Type" = Rec."Asset Type"::"Resource" then
            ResourceId := References.IdOfResources(Rec."Asset No.");
        CurrencyId := References.IdOfCurrencies(Rec."Currency Code");
        UnitOfMeasureId := References.IdOfUnitsOfMeasure(Rec."Unit of Measure Code");
    end;
}
