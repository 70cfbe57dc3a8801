// Written by `make companion` from contract.yaml. Change that, not this.
page 50119 "Tandem Contact Bus. Relations"
{
    PageType = API;
    Caption = 'Tandem Contact Bus. Relations', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'contactBusinessRelation';
    EntitySetName = 'contactBusinessRelations';
    SourceTable = "Contact Business Relation";
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;
    ModifyAllowed = false;

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
                field(contactId; ContactId)
                {
                    Caption = 'contactId', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('contactId');
                        Given.Add('contactId');
                        if Rec."Contact No." <> References.CodeOfContacts(ContactId) then
                            Rec.Validate("Contact No.", References.CodeOfContacts(ContactId));
                    end;
                }
                field(contactNumber; Rec."Contact No.")
                {
                    Caption = 'contactNumber', Locked = true;
                    Editable = false;
                }
                field(businessRelationCode; Rec."Business Relation Code")
                {
                    Caption = 'businessRelationCode', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('businessRelationCode');
                    end;
                }
                field(linkToTable; Rec."Link to Table")
                {
                    Caption = 'linkToTable', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('linkToTable');
                    end;
                }
                field(customerId; CustomerId)
                {
                    Caption = 'customerId', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('customerId');
                        Given.Add('customerId');
                        if not IsNullGuid(CustomerId) then begin
                            if Rec."Link to Table" <> Rec."Link to Table"::"Customer" then
                                Rec.Validate("Link to Table", Rec."Link to Table"::"Customer");
                            Rec.Validate("No.", References.CodeOfCustomers(CustomerId));
                        end;
                    end;
                }
                field(number; Rec."No.")
                {
                    Caption = 'number', Locked = true;
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
        Clear(ContactId);
        Clear(CustomerId);
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        ApplyContactId();
        ApplyCustomerId();
        // The caller chooses the id, so that a repeated POST meets its own row.
        Rec.Insert(true, not IsNullGuid(Rec.SystemId));
        Show();
        exit(false);
    end;

    var
        References: Codeunit "Tandem References";
        Given: List of [Text];
        ContactId: Guid;
        CustomerId: Guid;
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        ContactId := References.IdOfContacts(Rec."Contact No.");
        Clear(CustomerId);
        if Rec."Link to Table" = Rec."Link to Table"::"Customer" then
            CustomerId := References.IdOfCustomers(Rec."No.");
    end;

    local procedure ApplyContactId()
    begin
        if Given.Contains('contactId') then begin
            if Rec."Contact No." <> References.CodeOfContacts(ContactId) then
                Rec.Validate("Contact No.", References.CodeOfContacts(ContactId));
        end;
    end;

    local procedure ApplyCustomerId()
    begin
        if Given.Contains('customerId') then begin
            if not IsNullGuid(CustomerId) then begin
                if Rec."Link to Table" <> Rec."Link to Table"::"Customer" then
                    Rec.Validate("Link to Table", Rec."Link to Table"::"Customer");
                Rec.Validate("No.", References.CodeOfCustomers(CustomerId));
            end;
        end;
    end;

    local procedure OnlyForNew(ColumnName: Text)
    begin
        if IsStored then
            Error(OnlyForNewErr, ColumnName);
    end;
}
