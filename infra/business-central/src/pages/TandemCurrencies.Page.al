// Written by `make companion` from contract.yaml. Change that, not this.
page 50111 "Tandem Currencies"
{
    PageType = API;
    Caption = 'Tandem Currencies', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'currency';
    EntitySetName = 'currencies';
    SourceTable = "Currency";
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
                }
                field(isoCode; Rec."ISO Code")
                {
                    Caption = 'isoCode', Locked = true;
                }
                field(description; Rec."Description")
                {
                    Caption = 'description', Locked = true;
                }
                field(symbol; Rec."Symbol")
                {
                    Caption = 'symbol', Locked = true;
                }
                field(amountRoundingPrecision; Rec."Amount Rounding Precision")
                {
                    Caption = 'amountRoundingPrecision', Locked = true;
                }
                field(unitAmountRoundingPrecision; Rec."Unit-Amount Rounding Precision")
                {
                    Caption = 'unitAmountRoundingPrecision', Locked = true;
                }
                field(exchangeRateAmount; ExchangeRateAmount)
                {
                    Caption = 'exchangeRateAmount', Locked = true;
                    Editable = false;
                }
                field(relationalExchangeRateAmount; RelationalExchangeRateAmount)
                {
                    Caption = 'relationalExchangeRateAmount', Locked = true;
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
        Show();
    end;

    trigger OnNewRecord(BelowxRec: Boolean)
    begin
        IsStored := false;
        Clear(ExchangeRateAmount);
        Clear(RelationalExchangeRateAmount);
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        // The caller chooses the id, so that a repeated POST meets its own row.
        Rec.Insert(true, not IsNullGuid(Rec.SystemId));
        Show();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    begin
        RenameIfAsked();
        Rec.Modify(true);
        Show();
        exit(false);
    end;

    var
        Computed: Codeunit "Tandem Computed";
        ExchangeRateAmount: Decimal;
        RelationalExchangeRateAmount: Decimal;
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        Computed.ExchangeRate(Rec."Code", ExchangeRateAmount, RelationalExchangeRateAmount);
    end;

    local procedure RenameIfAsked()
    var
        Before: Record "Currency";
    begin
        Before.GetBySystemId(Rec.SystemId);
        if Before."Code" = Rec."Code" then
            exit;
        Before.Rename(Rec."Code");
        Before.TransferFields(Rec, false);
        Rec := Before;
    end;

    local procedure OnlyForNew(ColumnName: Text)
    begin
        if IsStored then
            Error(OnlyForNewErr, ColumnName);
    end;
}
