// Written by `make companion` from contract.yaml. Change that, not this.
page 50112 "Tandem Currency Exchange Rates"
{
    PageType = API;
    Caption = 'Tandem Currency Exchange Rates', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'currencyExchangeRate';
    EntitySetName = 'currencyExchangeRates';
    SourceTable = "Currency Exchange Rate";
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
                field(exchangeRateAmount; Rec."Exchange Rate Amount")
                {
                    Caption = 'exchangeRateAmount', Locked = true;
                }
                field(relationalExchangeRateAmount; Rec."Relational Exch. Rate Amount")
                {
                    Caption = 'relationalExchangeRateAmount', Locked = true;
                }
                field(adjustmentExchangeRateAmount; Rec."Adjustment Exch. Rate Amount")
                {
                    Caption = 'adjustmentExchangeRateAmount', Locked = true;
                }
                field(relationalAdjustmentExchangeRateAmount; Rec."Relational Adjmt Exch Rate Amt")
                {
                    Caption = 'relationalAdjustmentExchangeRateAmount', Locked = true;
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
        ApplyCurrencyId();
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
        CurrencyId: Guid;
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        CurrencyId := References.IdOfCurrencies(Rec."Currency Code");
    end;

    local procedure ApplyCurrencyId()
    begin
        if Given.Contains('currencyId') then begin
            if Rec."Currency Code" <> References.CodeOfCurrencies(CurrencyId) then
                Rec.Validate("Currency Code", References.CodeOfCurrencies(CurrencyId));
        end;
    end;

    local procedure OnlyForNew(ColumnName: Text)
    begin
        if IsStored then
            Error(OnlyForNewErr, ColumnName);
    end;
}
