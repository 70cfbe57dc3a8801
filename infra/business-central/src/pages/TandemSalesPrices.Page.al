// Written by `make companion` from contract.yaml. Change that, not this.
page 50127 "Tandem Sales Prices"
{
    PageType = API;
    Caption = 'Tandem Sales Prices', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'salesPrice';
    EntitySetName = 'salesPrices';
    SourceTable = "Sales Price";
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
                field(itemId; ItemId)
                {
                    Caption = 'itemId', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('itemId');
                        Given.Add('itemId');
                        if Rec."Item No." <> References.CodeOfItems(ItemId) then
                            Rec.Validate("Item No.", References.CodeOfItems(ItemId));
                    end;
                }
                field(itemNumber; Rec."Item No.")
                {
                    Caption = 'itemNumber', Locked = true;
                    Editable = false;
                }
                field(salesType; Rec."Sales Type")
                {
                    Caption = 'salesType', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('salesType');
                    end;
                }
                field(customerPriceGroupId; CustomerPriceGroupId)
                {
                    Caption = 'customerPriceGroupId', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('customerPriceGroupId');
                        Given.Add('customerPriceGroupId');
                        if not IsNullGuid(CustomerPriceGroupId) then begin
                            if Rec."Sales Type" <> Rec."Sales Type"::"Customer Price Group" then
                                Rec.Validate("Sales Type", Rec."Sales Type"::"Customer Price Group");
                            Rec.Validate("Sales Code", References.CodeOfCustomerPriceGroups(CustomerPriceGroupId));
                        end;
                    end;
                }
                field(salesCode; Rec."Sales Code")
                {
                    Caption = 'salesCode', Locked = true;
                    Editable = false;
                }
                field(currencyId; CurrencyId)
                {
                    Caption = 'currencyId', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('currencyId');
                        Given.Add('currencyId');
                        if Rec."Currency Code" <> References.CodeOfCurrencies(CurrencyId) then
                            Rec.Validate("Currency Code", References.CodeOfCurrencies(CurrencyId));
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

                    trigger OnValidate()
                    begin
                        OnlyForNew('startingDate');
                    end;
                }
                field(endingDate; Rec."Ending Date")
                {
                    Caption = 'endingDate', Locked = true;
                }
                field(unitOfMeasureId; UnitOfMeasureId)
                {
                    Caption = 'unitOfMeasureId', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('unitOfMeasureId');
                        Given.Add('unitOfMeasureId');
                        if Rec."Unit of Measure Code" <> References.CodeOfUnitsOfMeasure(UnitOfMeasureId) then
                            Rec.Validate("Unit of Measure Code", References.CodeOfUnitsOfMeasure(UnitOfMeasureId));
                    end;
                }
                field(unitOfMeasureCode; Rec."Unit of Measure Code")
                {
                    Caption = 'unitOfMeasureCode', Locked = true;
                    Editable = false;
                }
                field(variantCode; Rec."Variant Code")
                {
                    Caption = 'variantCode', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('variantCode');
                    end;
                }
                field(minimumQuantity; Rec."Minimum Quantity")
                {
                    Caption = 'minimumQuantity', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('minimumQuantity');
                    end;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'unitPrice', Locked = true;
                }
                field(priceIncludesVat; Rec."Price Includes VAT")
                {
                    Caption = 'priceIncludesVat', Locked = true;
                }
                field(allowInvoiceDiscount; Rec."Allow Invoice Disc.")
                {
                    Caption = 'allowInvoiceDiscount', Locked = true;
                }
                field(allowLineDiscount; Rec."Allow Line Disc.")
                {
                    Caption = 'allowLineDiscount', Locked = true;
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
        Clear(ItemId);
        Clear(CustomerPriceGroupId);
        Clear(CurrencyId);
        Clear(UnitOfMeasureId);
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        ApplyItemId();
        ApplyCustomerPriceGroupId();
        ApplyCurrencyId();
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
        ItemId: Guid;
        CustomerPriceGroupId: Guid;
        CurrencyId: Guid;
        UnitOfMeasureId: Guid;
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        ItemId := References.IdOfItems(Rec."Item No.");
        Clear(CustomerPriceGroupId);
        if Rec."Sales Type" = Rec."Sales Type"::"Customer Price Group" then
            CustomerPriceGroupId := References.IdOfCustomerPriceGroups(Rec."Sales Code");
        CurrencyId := References.IdOfCurrencies(Rec."Currency Code");
        UnitOfMeasureId := References.IdOfUnitsOfMeasure(Rec."Unit of Measure Code");
    end;

    local procedure ApplyItemId()
    begin
        if Given.Contains('itemId') then begin
            if Rec."Item No." <> References.CodeOfItems(ItemId) then
                Rec.Validate("Item No.", References.CodeOfItems(ItemId));
        end;
    end;

    local procedure ApplyCustomerPriceGroupId()
    begin
        if Given.Contains('customerPriceGroupId') then begin
            if not IsNullGuid(CustomerPriceGroupId) then begin
                if Rec."Sales Type" <> Rec."Sales Type"::"Customer Price Group" then
                    Rec.Validate("Sales Type", Rec."Sales Type"::"Customer Price Group");
                Rec.Validate("Sales Code", References.CodeOfCustomerPriceGroups(CustomerPriceGroupId));
            end;
        end;
    end;

    local procedure ApplyCurrencyId()
    begin
        if Given.Contains('currencyId') then begin
            if Rec."Currency Code" <> References.CodeOfCurrencies(CurrencyId) then
                Rec.Validate("Currency Code", References.CodeOfCurrencies(CurrencyId));
        end;
    end;

    local procedure ApplyUnitOfMeasureId()
    begin
        if Given.Contains('unitOfMeasureId') then begin
            if Rec."Unit of Measure Code" <> References.CodeOfUnitsOfMeasure(UnitOfMeasureId) then
                Rec.Validate("Unit of Measure Code", References.CodeOfUnitsOfMeasure(UnitOfMeasureId));
        end;
    end;

    local procedure OnlyForNew(ColumnName: Text)
    begin
        if IsStored then
            Error(OnlyForNewErr, ColumnName);
    end;
}
