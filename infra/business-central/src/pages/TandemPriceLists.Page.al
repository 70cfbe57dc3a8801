// Written by `make companion` from contract.yaml. Change that, not this.
page 50153 "Tandem Price Lists"
{
    PageType = API;
    Caption = 'Tandem Price Lists', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'priceList';
    EntitySetName = 'priceLists';
    SourceTable = "Price List Header";
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
                field(code; Rec."Code")
                {
                    Caption = 'code', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('code');
                    end;
                }
                field(description; Rec."Description")
                {
                    Caption = 'description', Locked = true;
                }
                field(sourceType; Rec."Source Type")
                {
                    Caption = 'sourceType', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('sourceType');
                    end;
                }
                field(sourceNumber; Rec."Source No.")
                {
                    Caption = 'sourceNumber', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('sourceNumber');
                    end;
                }
                field(priceType; Rec."Price Type")
                {
                    Caption = 'priceType', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('priceType');
                    end;
                }
                field(amountType; Rec."Amount Type")
                {
                    Caption = 'amountType', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('amountType');
                    end;
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
                field(allowUpdatingDefaults; Rec."Allow Updating Defaults")
                {
                    Caption = 'allowUpdatingDefaults', Locked = true;
                }
                field(status; Rec."Status")
                {
                    Caption = 'status', Locked = true;
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
        Clear(CurrencyId);
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
        Apply();
        Rec.Modify(true);
        Show();
        exit(false);
    end;

    var
        References: Codeunit "Tandem References";
        Given: List of [Text];
        CurrencyId: Guid;
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        CurrencyId := References.IdOfCurrencies(Rec."Currency Code");
    end;

    local procedure Apply(): Boolean
    begin
        if Given.Count() = 0 then
            exit(false);
        if Given.Contains('currencyId') then
            Rec.Validate("Currency Code", References.CodeOfCurrencies(CurrencyId));
        Clear(Given);
        exit(true);
    end;

    local procedure OnlyForNew(ColumnName: Text)
    begin
        if IsStored then
            Error(OnlyForNewErr, ColumnName);
    end;
}
