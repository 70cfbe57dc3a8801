// Written by `make companion` from contract.yaml. Change that, not this.
page 50137 "Tandem Company Information"
{
    PageType = API;
    Caption = 'Tandem Company Information', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'companyInformation';
    EntitySetName = 'companyInformation';
    SourceTable = "Company Information";
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
                field(primaryKey; Rec."Primary Key")
                {
                    Caption = 'primaryKey', Locked = true;
                    Editable = false;
                }
                field(name; Rec."Name")
                {
                    Caption = 'name', Locked = true;
                    Editable = false;
                }
                field(address; Rec."Address")
                {
                    Caption = 'address', Locked = true;
                    Editable = false;
                }
                field(address2; Rec."Address 2")
                {
                    Caption = 'address2', Locked = true;
                    Editable = false;
                }
                field(city; Rec."City")
                {
                    Caption = 'city', Locked = true;
                    Editable = false;
                }
                field(postCode; Rec."Post Code")
                {
                    Caption = 'postCode', Locked = true;
                    Editable = false;
                }
                field(county; Rec."County")
                {
                    Caption = 'county', Locked = true;
                    Editable = false;
                }
                field(countryRegionCode; Rec."Country/Region Code")
                {
                    Caption = 'countryRegionCode', Locked = true;
                    Editable = false;
                }
                field(phoneNumber; Rec."Phone No.")
                {
                    Caption = 'phoneNumber', Locked = true;
                    Editable = false;
                }
                field(faxNumber; Rec."Fax No.")
                {
                    Caption = 'faxNumber', Locked = true;
                    Editable = false;
                }
                field(email; Rec."E-Mail")
                {
                    Caption = 'email', Locked = true;
                    Editable = false;
                }
                field(homePage; Rec."Home Page")
                {
                    Caption = 'homePage', Locked = true;
                    Editable = false;
                }
            }
        }
    }

    trigger OnOpenPage()
    begin
        Rec.ReadIsolation := IsolationLevel::ReadCommitted;
    end;
}
