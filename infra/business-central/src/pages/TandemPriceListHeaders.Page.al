// Written by `make companion` from contract.yaml. Change that, not this.
page 50153 "Tandem Price List Headers"
{
    PageType = API;
    Caption = 'Tandem Price List Headers', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'priceListHeader';
    EntitySetName = 'priceListHeaders';
    SourceTable = "Price List Header";
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
                field(code; Rec."Code")
                {
                    Caption = 'code', Locked = true;
                    Editable = false;
                }
                field(description; Rec."Description")
                {
                    Caption = 'description', Locked = true;
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
                field(allowUpdatingDefaults; Rec."Allow Updating Defaults")
                {
                    Caption = 'allowUpdatingDefaults', Locked = true;
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
        CurrencyId: Guid;

    local procedure Show()
    begin
        CurrencyId := References.IdOfCurrencies(Rec."Currency Code");
    end;
}
