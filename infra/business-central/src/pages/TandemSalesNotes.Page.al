// Written by `make companion` from contract.yaml. Change that, not this.
page 50151 "Tandem Sales Notes"
{
    PageType = API;
    Caption = 'Tandem Sales Notes', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'salesNote';
    EntitySetName = 'salesNotes';
    SourceTable = "Record Link";
    SourceTableView = where("Type" = const("Note"));
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
                field(linkId; Rec."Link ID")
                {
                    Caption = 'linkId', Locked = true;
                    Editable = false;
                }
                field(orderId; OrderId)
                {
                    Caption = 'orderId', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('orderId');
                        Given.Add('orderId');
                        Computed.PutNoteOn(Rec, Enum::"Sales Document Type"::Order, OrderId);
                    end;
                }
                field(quoteId; QuoteId)
                {
                    Caption = 'quoteId', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('quoteId');
                        Given.Add('quoteId');
                        Computed.PutNoteOn(Rec, Enum::"Sales Document Type"::Quote, QuoteId);
                    end;
                }
                field(subject; Rec."Description")
                {
                    Caption = 'subject', Locked = true;
                }
                field(noteText; NoteText)
                {
                    Caption = 'noteText', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('noteText');
                    end;
                }
            }
        }
    }

    trigger OnOpenPage()
    begin
        Rec.ReadIsolation := IsolationLevel::ReadCommitted;
        Rec.FilterGroup(2);
        Rec.SetRange("Company", CompanyName());
        Rec.FilterGroup(0);
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
        Clear(OrderId);
        Clear(QuoteId);
        Clear(NoteText);
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        ApplyOrderId();
        ApplyQuoteId();
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
        Computed: Codeunit "Tandem Computed";
        Given: List of [Text];
        OrderId: Guid;
        QuoteId: Guid;
        NoteText: Text;
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        OrderId := Computed.DocumentOfNote(Rec, Enum::"Sales Document Type"::Order);
        QuoteId := Computed.DocumentOfNote(Rec, Enum::"Sales Document Type"::Quote);
        NoteText := Computed.TextOfNote(Rec);
    end;

    local procedure ApplyOrderId()
    begin
        if Given.Contains('orderId') then
            Computed.PutNoteOn(Rec, Enum::"Sales Document Type"::Order, OrderId);
    end;

    local procedure ApplyQuoteId()
    begin
        if Given.Contains('quoteId') then
            Computed.PutNoteOn(Rec, Enum::"Sales Document Type"::Quote, QuoteId);
    end;

    local procedure Apply(): Boolean
    begin
        if Given.Count() = 0 then
            exit(false);
        if Given.Contains('noteText') then
            Computed.WriteNote(Rec, NoteText);
        Clear(Given);
        exit(true);
    end;

    local procedure OnlyForNew(ColumnName: Text)
    begin
        if IsStored then
            Error(OnlyForNewErr, ColumnName);
    end;
}
