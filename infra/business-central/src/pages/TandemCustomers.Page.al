// Written by `make companion` from contract.yaml. Change that, not this.
page 50117 "Tandem Customers"
{
    PageType = API;
    Caption = 'Tandem Customers', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'customer';
    EntitySetName = 'customers';
    SourceTable = "Customer";
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
                field(name; Rec."Name")
                {
                    Caption = 'name', Locked = true;
                }
                field(name2; Rec."Name 2")
                {
                    Caption = 'name2', Locked = true;
                }
                field(contactName; ContactName)
                {
                    Caption = 'contactName', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('contactName');
                    end;
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
                field(currencyId; Rec."Currency Id")
                {
                    Caption = 'currencyId', Locked = true;
                }
                field(currencyCode; Rec."Currency Code")
                {
                    Caption = 'currencyCode', Locked = true;
                    Editable = false;
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
                field(phoneNumber; Rec."Phone No.")
                {
                    Caption = 'phoneNumber', Locked = true;
                }
                field(mobilePhoneNumber; Rec."Mobile Phone No.")
                {
                    Caption = 'mobilePhoneNumber', Locked = true;
                }
                field(shipmentMethodId; Rec."Shipment Method Id")
                {
                    Caption = 'shipmentMethodId', Locked = true;
                }
                field(shipmentMethodCode; Rec."Shipment Method Code")
                {
                    Caption = 'shipmentMethodCode', Locked = true;
                    Editable = false;
                }
                field(shippingAgentId; ShippingAgentId)
                {
                    Caption = 'shippingAgentId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('shippingAgentId');
                    end;
                }
                field(shippingAgentCode; Rec."Shipping Agent Code")
                {
                    Caption = 'shippingAgentCode', Locked = true;
                    Editable = false;
                }
                field(paymentTermsId; Rec."Payment Terms Id")
                {
                    Caption = 'paymentTermsId', Locked = true;
                }
                field(paymentTermsCode; Rec."Payment Terms Code")
                {
                    Caption = 'paymentTermsCode', Locked = true;
                    Editable = false;
                }
                field(creditLimit; Rec."Credit Limit (LCY)")
                {
                    Caption = 'creditLimit', Locked = true;
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
                field(primaryContactId; PrimaryContactId)
                {
                    Caption = 'primaryContactId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('primaryContactId');
                    end;
                }
                field(primaryContactNumber; Rec."Primary Contact No.")
                {
                    Caption = 'primaryContactNumber', Locked = true;
                    Editable = false;
                }
                field(customerPriceGroupId; CustomerPriceGroupId)
                {
                    Caption = 'customerPriceGroupId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('customerPriceGroupId');
                    end;
                }
                field(customerPriceGroupCode; Rec."Customer Price Group")
                {
                    Caption = 'customerPriceGroupCode', Locked = true;
                    Editable = false;
                }
                field(blocked; Rec."Blocked")
                {
                    Caption = 'blocked', Locked = true;
                }
                field(vatRegistrationNumber; Rec."VAT Registration No.")
                {
                    Caption = 'vatRegistrationNumber', Locked = true;
                }
                field(customerPostingGroup; Rec."Customer Posting Group")
                {
                    Caption = 'customerPostingGroup', Locked = true;
                }
                field(genBusPostingGroup; Rec."Gen. Bus. Posting Group")
                {
                    Caption = 'genBusPostingGroup', Locked = true;
                }
                field(vatBusPostingGroup; Rec."VAT Bus. Posting Group")
                {
                    Caption = 'vatBusPostingGroup', Locked = true;
                }
                field(locationCode; Rec."Location Code")
                {
                    Caption = 'locationCode', Locked = true;
                }
                field(pricesIncludeVat; Rec."Prices Including VAT")
                {
                    Caption = 'pricesIncludeVat', Locked = true;
                }
                field(prepaymentPercent; Rec."Prepayment %")
                {
                    Caption = 'prepaymentPercent', Locked = true;
                }
                field(reserve; Rec."Reserve")
                {
                    Caption = 'reserve', Locked = true;
                }
                field(templateCode; TemplateCode)
                {
                    Caption = 'templateCode', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('templateCode');
                        Given.Add('templateCode');
                    end;
                }
                field(billToCustomerId; BillToCustomerId)
                {
                    Caption = 'billToCustomerId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('billToCustomerId');
                    end;
                }
                field(billToCustomerNumber; Rec."Bill-to Customer No.")
                {
                    Caption = 'billToCustomerNumber', Locked = true;
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
        Clear(ContactName);
        Clear(ShippingAgentId);
        Clear(SalespersonId);
        Clear(PrimaryContactId);
        Clear(CustomerPriceGroupId);
        Clear(TemplateCode);
        Clear(BillToCustomerId);
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        ApplyTemplateCode();
        // The caller chooses the id, so that a repeated POST meets its own row.
        Rec.Insert(true, not IsNullGuid(Rec.SystemId));
        if Given.Contains('templateCode') then
            Computed.FillCustomer(Rec, TemplateCode);
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
        ContactName: Text[100];
        ShippingAgentId: Guid;
        SalespersonId: Guid;
        PrimaryContactId: Guid;
        CustomerPriceGroupId: Guid;
        TemplateCode: Code[20];
        BillToCustomerId: Guid;
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        ContactName := Rec."Contact";
        ShippingAgentId := References.IdOfShippingAgents(Rec."Shipping Agent Code");
        SalespersonId := References.IdOfSalespeople(Rec."Salesperson Code");
        PrimaryContactId := References.IdOfContacts(Rec."Primary Contact No.");
        CustomerPriceGroupId := References.IdOfCustomerPriceGroups(Rec."Customer Price Group");
        Clear(TemplateCode);
        BillToCustomerId := References.IdOfCustomers(Rec."Bill-to Customer No.");
    end;

    local procedure ApplyTemplateCode()
    begin
        if Given.Contains('templateCode') then
            Computed.NumberCustomer(Rec, TemplateCode);
    end;

    local procedure Apply(): Boolean
    begin
        if Given.Count() = 0 then
            exit(false);
        if Given.Contains('contactName') then
            Rec.Validate("Contact", ContactName);
        if Given.Contains('shippingAgentId') then
            Rec.Validate("Shipping Agent Code", References.CodeOfShippingAgents(ShippingAgentId));
        if Given.Contains('salespersonId') then
            Rec.Validate("Salesperson Code", References.CodeOfSalespeople(SalespersonId));
        if Given.Contains('primaryContactId') then
            Rec.Validate("Primary Contact No.", References.CodeOfContacts(PrimaryContactId));
        if Given.Contains('customerPriceGroupId') then
            Rec.Validate("Customer Price Group", References.CodeOfCustomerPriceGroups(CustomerPriceGroupId));
        if Given.Contains('billToCustomerId') then
            Rec.Validate("Bill-to Customer No.", References.CodeOfCustomers(BillToCustomerId));
        Clear(Given);
        exit(true);
    end;

    local procedure RenameIfAsked()
    var
        Before: Record "Customer";
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
