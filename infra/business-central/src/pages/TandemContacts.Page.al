// Written by `make companion` from contract.yaml. Change that, not this.
page 50118 "Tandem Contacts"
{
    PageType = API;
    Caption = 'Tandem Contacts', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'contact';
    EntitySetName = 'contacts';
    SourceTable = "Contact";
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
                field(type; Rec."Type")
                {
                    Caption = 'type', Locked = true;
                }
                field(name; Rec."Name")
                {
                    Caption = 'name', Locked = true;
                    Editable = false;
                }
                field(firstName; Rec."First Name")
                {
                    Caption = 'firstName', Locked = true;
                }
                field(middleName; Rec."Middle Name")
                {
                    Caption = 'middleName', Locked = true;
                }
                field(surname; Rec."Surname")
                {
                    Caption = 'surname', Locked = true;
                }
                field(address; Rec."Address")
                {
                    Caption = 'address', Locked = true;
                }
                field(address2; Rec."Address 2")
                {
                    Caption = 'address2', Locked = true;
                }
                field(postCode; Rec."Post Code")
                {
                    Caption = 'postCode', Locked = true;
                }
                field(city; Rec."City")
                {
                    Caption = 'city', Locked = true;
                }
                field(countryRegionCode; Rec."Country/Region Code")
                {
                    Caption = 'countryRegionCode', Locked = true;
                }
                field(county; Rec."County")
                {
                    Caption = 'county', Locked = true;
                }
                field(email; Rec."E-Mail")
                {
                    Caption = 'email', Locked = true;
                }
                field(faxNumber; Rec."Fax No.")
                {
                    Caption = 'faxNumber', Locked = true;
                }
                field(homePage; Rec."Home Page")
                {
                    Caption = 'homePage', Locked = true;
                }
                field(mobilePhoneNumber; Rec."Mobile Phone No.")
                {
                    Caption = 'mobilePhoneNumber', Locked = true;
                }
                field(pager; Rec."Pager")
                {
                    Caption = 'pager', Locked = true;
                }
                field(phoneNumber; Rec."Phone No.")
                {
                    Caption = 'phoneNumber', Locked = true;
                }
                field(jobTitle; Rec."Job Title")
                {
                    Caption = 'jobTitle', Locked = true;
                }
                field(salespersonId; SalespersonId)
                {
                    Caption = 'salespersonId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('salespersonId');
                    end;
                }
                field(salespersonCode; Rec."Salesperson Code")
                {
                    Caption = 'salespersonCode', Locked = true;
                    Editable = false;
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
                field(companyId; CompanyId)
                {
                    Caption = 'companyId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('companyId');
                    end;
                }
                field(companyNumber; Rec."Company No.")
                {
                    Caption = 'companyNumber', Locked = true;
                    Editable = false;
                }
                field(companyName; Rec."Company Name")
                {
                    Caption = 'companyName', Locked = true;
                    Editable = false;
                }
                field(customerId; CustomerId)
                {
                    Caption = 'customerId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('customerId');
                    end;
                }
                field(contactBusinessRelation; Rec."Contact Business Relation")
                {
                    Caption = 'contactBusinessRelation', Locked = true;
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
        Rec.SetHideValidationDialog(true);
        Show();
    end;

    trigger OnNewRecord(BelowxRec: Boolean)
    begin
        IsStored := false;
        Clear(Given);
        Clear(SalespersonId);
        Clear(CurrencyId);
        Clear(CompanyId);
        Clear(CustomerId);
        Rec.SetHideValidationDialog(true);
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
        SalespersonId: Guid;
        CurrencyId: Guid;
        CompanyId: Guid;
        CustomerId: Guid;
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        SalespersonId := References.IdOfSalespeople(Rec."Salesperson Code");
        CurrencyId := References.IdOfCurrencies(Rec."Currency Code");
        CompanyId := References.IdOfContacts(Rec."Company No.");
        CustomerId := Computed.CustomerOfCompany(Rec."Company No.");
    end;

    local procedure Apply(): Boolean
    begin
        if Given.Count() = 0 then
            exit(false);
        if Given.Contains('salespersonId') then
            Rec.Validate("Salesperson Code", References.CodeOfSalespeople(SalespersonId));
        if Given.Contains('currencyId') then
            Rec.Validate("Currency Code", References.CodeOfCurrencies(CurrencyId));
        if Given.Contains('companyId') then
            Rec.Validate("Company No.", References.CodeOfContacts(CompanyId));
        if Given.Contains('customerId') then
            Rec.Validate("Company No.", Computed.CompanyContactOf(CustomerId));
        Clear(Given);
        exit(true);
    end;

    local procedure RenameIfAsked()
    var
        Before: Record "Contact";
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
