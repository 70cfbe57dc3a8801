// Written by `make companion` from contract.yaml. Change that, not this.
page 50130 "Tandem Sales Orders"
{
    PageType = API;
    Caption = 'Tandem Sales Orders', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'salesOrder';
    EntitySetName = 'salesOrders';
    SourceTable = "Sales Header";
    SourceTableView = where("Document Type" = const("Order"));
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
                field(customerId; CustomerId)
                {
                    Caption = 'customerId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('customerId');
                    end;
                }
                field(customerNumber; Rec."Sell-to Customer No.")
                {
                    Caption = 'customerNumber', Locked = true;
                    Editable = false;
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
                field(sellToContactId; SellToContactId)
                {
                    Caption = 'sellToContactId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('sellToContactId');
                    end;
                }
                field(sellToContactNumber; Rec."Sell-to Contact No.")
                {
                    Caption = 'sellToContactNumber', Locked = true;
                    Editable = false;
                }
                field(sellToName; Rec."Sell-to Customer Name")
                {
                    Caption = 'sellToName', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('sellToName');
                        Wanted."Sell-to Customer Name" := Rec."Sell-to Customer Name";
                    end;
                }
                field(sellToAddress; Rec."Sell-to Address")
                {
                    Caption = 'sellToAddress', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('sellToAddress');
                        Wanted."Sell-to Address" := Rec."Sell-to Address";
                    end;
                }
                field(sellToAddress2; Rec."Sell-to Address 2")
                {
                    Caption = 'sellToAddress2', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('sellToAddress2');
                        Wanted."Sell-to Address 2" := Rec."Sell-to Address 2";
                    end;
                }
                field(sellToCity; Rec."Sell-to City")
                {
                    Caption = 'sellToCity', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('sellToCity');
                        Wanted."Sell-to City" := Rec."Sell-to City";
                    end;
                }
                field(sellToContact; Rec."Sell-to Contact")
                {
                    Caption = 'sellToContact', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('sellToContact');
                        Wanted."Sell-to Contact" := Rec."Sell-to Contact";
                    end;
                }
                field(sellToPostCode; Rec."Sell-to Post Code")
                {
                    Caption = 'sellToPostCode', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('sellToPostCode');
                        Wanted."Sell-to Post Code" := Rec."Sell-to Post Code";
                    end;
                }
                field(sellToCounty; Rec."Sell-to County")
                {
                    Caption = 'sellToCounty', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('sellToCounty');
                        Wanted."Sell-to County" := Rec."Sell-to County";
                    end;
                }
                field(sellToCountryRegionCode; Rec."Sell-to Country/Region Code")
                {
                    Caption = 'sellToCountryRegionCode', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('sellToCountryRegionCode');
                        Wanted."Sell-to Country/Region Code" := Rec."Sell-to Country/Region Code";
                    end;
                }
                field(sellToPhoneNumber; Rec."Sell-to Phone No.")
                {
                    Caption = 'sellToPhoneNumber', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('sellToPhoneNumber');
                        Wanted."Sell-to Phone No." := Rec."Sell-to Phone No.";
                    end;
                }
                field(sellToEmail; Rec."Sell-to E-Mail")
                {
                    Caption = 'sellToEmail', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('sellToEmail');
                        Wanted."Sell-to E-Mail" := Rec."Sell-to E-Mail";
                    end;
                }
                field(billToName; Rec."Bill-to Name")
                {
                    Caption = 'billToName', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('billToName');
                        Wanted."Bill-to Name" := Rec."Bill-to Name";
                    end;
                }
                field(billToName2; Rec."Bill-to Name 2")
                {
                    Caption = 'billToName2', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('billToName2');
                        Wanted."Bill-to Name 2" := Rec."Bill-to Name 2";
                    end;
                }
                field(billToAddress; Rec."Bill-to Address")
                {
                    Caption = 'billToAddress', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('billToAddress');
                        Wanted."Bill-to Address" := Rec."Bill-to Address";
                    end;
                }
                field(billToAddress2; Rec."Bill-to Address 2")
                {
                    Caption = 'billToAddress2', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('billToAddress2');
                        Wanted."Bill-to Address 2" := Rec."Bill-to Address 2";
                    end;
                }
                field(billToCity; Rec."Bill-to City")
                {
                    Caption = 'billToCity', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('billToCity');
                        Wanted."Bill-to City" := Rec."Bill-to City";
                    end;
                }
                field(billToContact; Rec."Bill-to Contact")
                {
                    Caption = 'billToContact', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('billToContact');
                        Wanted."Bill-to Contact" := Rec."Bill-to Contact";
                    end;
                }
                field(billToPostCode; Rec."Bill-to Post Code")
                {
                    Caption = 'billToPostCode', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('billToPostCode');
                        Wanted."Bill-to Post Code" := Rec."Bill-to Post Code";
                    end;
                }
                field(billToCounty; Rec."Bill-to County")
                {
                    Caption = 'billToCounty', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('billToCounty');
                        Wanted."Bill-to County" := Rec."Bill-to County";
                    end;
                }
                field(billToCountryRegionCode; Rec."Bill-to Country/Region Code")
                {
                    Caption = 'billToCountryRegionCode', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('billToCountryRegionCode');
                        Wanted."Bill-to Country/Region Code" := Rec."Bill-to Country/Region Code";
                    end;
                }
                field(shipToName; Rec."Ship-to Name")
                {
                    Caption = 'shipToName', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('shipToName');
                        Wanted."Ship-to Name" := Rec."Ship-to Name";
                    end;
                }
                field(shipToName2; Rec."Ship-to Name 2")
                {
                    Caption = 'shipToName2', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('shipToName2');
                        Wanted."Ship-to Name 2" := Rec."Ship-to Name 2";
                    end;
                }
                field(shipToAddress; Rec."Ship-to Address")
                {
                    Caption = 'shipToAddress', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('shipToAddress');
                        Wanted."Ship-to Address" := Rec."Ship-to Address";
                    end;
                }
                field(shipToAddress2; Rec."Ship-to Address 2")
                {
                    Caption = 'shipToAddress2', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('shipToAddress2');
                        Wanted."Ship-to Address 2" := Rec."Ship-to Address 2";
                    end;
                }
                field(shipToCity; Rec."Ship-to City")
                {
                    Caption = 'shipToCity', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('shipToCity');
                        Wanted."Ship-to City" := Rec."Ship-to City";
                    end;
                }
                field(shipToContact; Rec."Ship-to Contact")
                {
                    Caption = 'shipToContact', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('shipToContact');
                        Wanted."Ship-to Contact" := Rec."Ship-to Contact";
                    end;
                }
                field(shipToPostCode; Rec."Ship-to Post Code")
                {
                    Caption = 'shipToPostCode', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('shipToPostCode');
                        Wanted."Ship-to Post Code" := Rec."Ship-to Post Code";
                    end;
                }
                field(shipToCounty; Rec."Ship-to County")
                {
                    Caption = 'shipToCounty', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('shipToCounty');
                        Wanted."Ship-to County" := Rec."Ship-to County";
                    end;
                }
                field(shipToCountryRegionCode; Rec."Ship-to Country/Region Code")
                {
                    Caption = 'shipToCountryRegionCode', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('shipToCountryRegionCode');
                        Wanted."Ship-to Country/Region Code" := Rec."Ship-to Country/Region Code";
                    end;
                }
                field(yourReference; Rec."Your Reference")
                {
                    Caption = 'yourReference', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('yourReference');
                        Wanted."Your Reference" := Rec."Your Reference";
                    end;
                }
                field(externalDocumentNumber; Rec."External Document No.")
                {
                    Caption = 'externalDocumentNumber', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('externalDocumentNumber');
                        Wanted."External Document No." := Rec."External Document No.";
                    end;
                }
                field(documentDate; Rec."Document Date")
                {
                    Caption = 'documentDate', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('documentDate');
                        Wanted."Document Date" := Rec."Document Date";
                    end;
                }
                field(postingDate; Rec."Posting Date")
                {
                    Caption = 'postingDate', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('postingDate');
                        Wanted."Posting Date" := Rec."Posting Date";
                    end;
                }
                field(dueDate; Rec."Due Date")
                {
                    Caption = 'dueDate', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('dueDate');
                        Wanted."Due Date" := Rec."Due Date";
                    end;
                }
                field(orderDate; Rec."Order Date")
                {
                    Caption = 'orderDate', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('orderDate');
                        Wanted."Order Date" := Rec."Order Date";
                    end;
                }
                field(shipmentDate; Rec."Shipment Date")
                {
                    Caption = 'shipmentDate', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('shipmentDate');
                        Wanted."Shipment Date" := Rec."Shipment Date";
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
                field(currencyFactor; Rec."Currency Factor")
                {
                    Caption = 'currencyFactor', Locked = true;
                    Editable = false;
                }
                field(paymentTermsId; PaymentTermsId)
                {
                    Caption = 'paymentTermsId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('paymentTermsId');
                    end;
                }
                field(paymentTermsCode; Rec."Payment Terms Code")
                {
                    Caption = 'paymentTermsCode', Locked = true;
                    Editable = false;
                }
                field(shipmentMethodId; ShipmentMethodId)
                {
                    Caption = 'shipmentMethodId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('shipmentMethodId');
                    end;
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
                field(opportunityId; OpportunityId)
                {
                    Caption = 'opportunityId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('opportunityId');
                    end;
                }
                field(opportunityNumber; Rec."Opportunity No.")
                {
                    Caption = 'opportunityNumber', Locked = true;
                    Editable = false;
                }
                field(pricesIncludeVat; Rec."Prices Including VAT")
                {
                    Caption = 'pricesIncludeVat', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('pricesIncludeVat');
                        Wanted."Prices Including VAT" := Rec."Prices Including VAT";
                    end;
                }
                field(paymentDiscountPercent; Rec."Payment Discount %")
                {
                    Caption = 'paymentDiscountPercent', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('paymentDiscountPercent');
                        Wanted."Payment Discount %" := Rec."Payment Discount %";
                    end;
                }
                field(packageTrackingNumber; Rec."Package Tracking No.")
                {
                    Caption = 'packageTrackingNumber', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('packageTrackingNumber');
                        Wanted."Package Tracking No." := Rec."Package Tracking No.";
                    end;
                }
                field(workDescription; WorkDescription)
                {
                    Caption = 'workDescription', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('workDescription');
                    end;
                }
                field(amount; Rec."Amount")
                {
                    Caption = 'amount', Locked = true;
                    Editable = false;
                }
                field(amountIncludingVat; Rec."Amount Including VAT")
                {
                    Caption = 'amountIncludingVat', Locked = true;
                    Editable = false;
                }
                field(invoiceDiscountAmount; Rec."Invoice Discount Amount")
                {
                    Caption = 'invoiceDiscountAmount', Locked = true;
                    Editable = false;
                }
                field(invoiceDiscountValue; InvoiceDiscountValue)
                {
                    Caption = 'invoiceDiscountValue', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('invoiceDiscountValue');
                    end;
                }
                field(requestedDeliveryDate; Rec."Requested Delivery Date")
                {
                    Caption = 'requestedDeliveryDate', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('requestedDeliveryDate');
                        Wanted."Requested Delivery Date" := Rec."Requested Delivery Date";
                    end;
                }
                field(promisedDeliveryDate; Rec."Promised Delivery Date")
                {
                    Caption = 'promisedDeliveryDate', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('promisedDeliveryDate');
                        Wanted."Promised Delivery Date" := Rec."Promised Delivery Date";
                    end;
                }
                field(status; Rec."Status")
                {
                    Caption = 'status', Locked = true;
                    Editable = false;
                }
                field(prepaymentPercent; Rec."Prepayment %")
                {
                    Caption = 'prepaymentPercent', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('prepaymentPercent');
                        Wanted."Prepayment %" := Rec."Prepayment %";
                    end;
                }
                field(reserve; Rec."Reserve")
                {
                    Caption = 'reserve', Locked = true;
                    Editable = false;
                }
                field(quoteNumber; QuoteNumber)
                {
                    Caption = 'quoteNumber', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('quoteNumber');
                    end;
                }
                field(lastShipmentDate; Rec."Last Shipment Date")
                {
                    Caption = 'lastShipmentDate', Locked = true;
                    Editable = false;
                }
                field(completelyShipped; Rec."Completely Shipped")
                {
                    Caption = 'completelyShipped', Locked = true;
                    Editable = false;
                }
                field(shipped; Rec."Shipped")
                {
                    Caption = 'shipped', Locked = true;
                    Editable = false;
                }
                part(salesOrderLines; "Tandem Sales Order Lines")
                {
                    Caption = 'salesOrderLines', Locked = true;
                    EntityName = 'salesOrderLine';
                    EntitySetName = 'salesOrderLines';
                    SubPageLink = "Document Type" = field("Document Type"), "Document No." = field("No.");
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
        Clear(Wanted);
        Clear(CustomerId);
        Clear(BillToCustomerId);
        Clear(SellToContactId);
        Clear(CurrencyId);
        Clear(PaymentTermsId);
        Clear(ShipmentMethodId);
        Clear(ShippingAgentId);
        Clear(SalespersonId);
        Clear(CustomerPriceGroupId);
        Clear(OpportunityId);
        Clear(WorkDescription);
        Clear(InvoiceDiscountValue);
        Clear(QuoteNumber);
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
        Wanted: Record "Sales Header";
        Given: List of [Text];
        CustomerId: Guid;
        BillToCustomerId: Guid;
        SellToContactId: Guid;
        CurrencyId: Guid;
        PaymentTermsId: Guid;
        ShipmentMethodId: Guid;
        ShippingAgentId: Guid;
        SalespersonId: Guid;
        CustomerPriceGroupId: Guid;
        OpportunityId: Guid;
        WorkDescription: Text;
        InvoiceDiscountValue: Decimal;
        QuoteNumber: Code[20];
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        CustomerId := References.IdOfCustomers(Rec."Sell-to Customer No.");
        BillToCustomerId := References.IdOfCustomers(Rec."Bill-to Customer No.");
        SellToContactId := References.IdOfContacts(Rec."Sell-to Contact No.");
        CurrencyId := References.IdOfCurrencies(Rec."Currency Code");
        PaymentTermsId := References.IdOfPaymentTerms(Rec."Payment Terms Code");
        ShipmentMethodId := References.IdOfShipmentMethods(Rec."Shipment Method Code");
        ShippingAgentId := References.IdOfShippingAgents(Rec."Shipping Agent Code");
        SalespersonId := References.IdOfSalespeople(Rec."Salesperson Code");
        CustomerPriceGroupId := References.IdOfCustomerPriceGroups(Rec."Customer Price Group");
        OpportunityId := References.IdOfOpportunities(Rec."Opportunity No.");
        WorkDescription := Rec.GetWorkDescription();
        InvoiceDiscountValue := Rec."Invoice Discount Value";
        QuoteNumber := Rec."Quote No.";
    end;

    local procedure Apply(): Boolean
    begin
        if Given.Count() = 0 then
            exit(false);
        if Given.Contains('customerId') then
            Rec.Validate("Sell-to Customer No.", References.CodeOfCustomers(CustomerId));
        if Given.Contains('billToCustomerId') then
            Rec.Validate("Bill-to Customer No.", References.CodeOfCustomers(BillToCustomerId));
        if Given.Contains('sellToContactId') then
            Rec.Validate("Sell-to Contact No.", References.CodeOfContacts(SellToContactId));
        if Given.Contains('sellToName') then
            Rec.Validate("Sell-to Customer Name", Wanted."Sell-to Customer Name");
        if Given.Contains('sellToAddress') then
            Rec.Validate("Sell-to Address", Wanted."Sell-to Address");
        if Given.Contains('sellToAddress2') then
            Rec.Validate("Sell-to Address 2", Wanted."Sell-to Address 2");
        if Given.Contains('sellToCity') then
            Rec.Validate("Sell-to City", Wanted."Sell-to City");
        if Given.Contains('sellToContact') then
            Rec.Validate("Sell-to Contact", Wanted."Sell-to Contact");
        if Given.Contains('sellToPostCode') then
            Rec.Validate("Sell-to Post Code", Wanted."Sell-to Post Code");
        if Given.Contains('sellToCounty') then
            Rec.Validate("Sell-to County", Wanted."Sell-to County");
        if Given.Contains('sellToCountryRegionCode') then
            Rec.Validate("Sell-to Country/Region Code", Wanted."Sell-to Country/Region Code");
        if Given.Contains('sellToPhoneNumber') then
            Rec.Validate("Sell-to Phone No.", Wanted."Sell-to Phone No.");
        if Given.Contains('sellToEmail') then
            Rec.Validate("Sell-to E-Mail", Wanted."Sell-to E-Mail");
        if Given.Contains('billToName') then
            Rec.Validate("Bill-to Name", Wanted."Bill-to Name");
        if Given.Contains('billToName2') then
            Rec.Validate("Bill-to Name 2", Wanted."Bill-to Name 2");
        if Given.Contains('billToAddress') then
            Rec.Validate("Bill-to Address", Wanted."Bill-to Address");
        if Given.Contains('billToAddress2') then
            Rec.Validate("Bill-to Address 2", Wanted."Bill-to Address 2");
        if Given.Contains('billToCity') then
            Rec.Validate("Bill-to City", Wanted."Bill-to City");
        if Given.Contains('billToContact') then
            Rec.Validate("Bill-to Contact", Wanted."Bill-to Contact");
        if Given.Contains('billToPostCode') then
            Rec.Validate("Bill-to Post Code", Wanted."Bill-to Post Code");
        if Given.Contains('billToCounty') then
            Rec.Validate("Bill-to County", Wanted."Bill-to County");
        if Given.Contains('billToCountryRegionCode') then
            Rec.Validate("Bill-to Country/Region Code", Wanted."Bill-to Country/Region Code");
        if Given.Contains('shipToName') then
            Rec.Validate("Ship-to Name", Wanted."Ship-to Name");
        if Given.Contains('shipToName2') then
            Rec.Validate("Ship-to Name 2", Wanted."Ship-to Name 2");
        if Given.Contains('shipToAddress') then
            Rec.Validate("Ship-to Address", Wanted."Ship-to Address");
        if Given.Contains('shipToAddress2') then
            Rec.Validate("Ship-to Address 2", Wanted."Ship-to Address 2");
        if Given.Contains('shipToCity') then
            Rec.Validate("Ship-to City", Wanted."Ship-to City");
        if Given.Contains('shipToContact') then
            Rec.Validate("Ship-to Contact", Wanted."Ship-to Contact");
        if Given.Contains('shipToPostCode') then
            Rec.Validate("Ship-to Post Code", Wanted."Ship-to Post Code");
        if Given.Contains('shipToCounty') then
            Rec.Validate("Ship-to County", Wanted."Ship-to County");
        if Given.Contains('shipToCountryRegionCode') then
            Rec.Validate("Ship-to Country/Region Code", Wanted."Ship-to Country/Region Code");
        if Given.Contains('yourReference') then
            Rec.Validate("Your Reference", Wanted."Your Reference");
        if Given.Contains('externalDocumentNumber') then
            Rec.Validate("External Document No.", Wanted."External Document No.");
        if Given.Contains('documentDate') then
            Rec.Validate("Document Date", Wanted."Document Date");
        if Given.Contains('postingDate') then
            Rec.Validate("Posting Date", Wanted."Posting Date");
        if Given.Contains('dueDate') then
            Rec.Validate("Due Date", Wanted."Due Date");
        if Given.Contains('orderDate') then
            Rec.Validate("Order Date", Wanted."Order Date");
        if Given.Contains('shipmentDate') then
            Rec.Validate("Shipment Date", Wanted."Shipment Date");
        if Given.Contains('currencyId') then
            Rec.Validate("Currency Code", References.CodeOfCurrencies(CurrencyId));
        if Given.Contains('paymentTermsId') then
            Rec.Validate("Payment Terms Code", References.CodeOfPaymentTerms(PaymentTermsId));
        if Given.Contains('shipmentMethodId') then
            Rec.Validate("Shipment Method Code", References.CodeOfShipmentMethods(ShipmentMethodId));
        if Given.Contains('shippingAgentId') then
            Rec.Validate("Shipping Agent Code", References.CodeOfShippingAgents(ShippingAgentId));
        if Given.Contains('salespersonId') then
            Rec.Validate("Salesperson Code", References.CodeOfSalespeople(SalespersonId));
        if Given.Contains('customerPriceGroupId') then
            Rec.Validate("Customer Price Group", References.CodeOfCustomerPriceGroups(CustomerPriceGroupId));
        if Given.Contains('opportunityId') then
            Rec.Validate("Opportunity No.", References.CodeOfOpportunities(OpportunityId));
        if Given.Contains('pricesIncludeVat') then
            Rec.Validate("Prices Including VAT", Wanted."Prices Including VAT");
        if Given.Contains('paymentDiscountPercent') then
            Rec.Validate("Payment Discount %", Wanted."Payment Discount %");
        if Given.Contains('packageTrackingNumber') then
            Rec.Validate("Package Tracking No.", Wanted."Package Tracking No.");
        if Given.Contains('workDescription') then
            Rec.SetWorkDescription(WorkDescription);
        if Given.Contains('invoiceDiscountValue') then
            Computed.KeepInvoiceDiscount(Rec, InvoiceDiscountValue);
        if Given.Contains('requestedDeliveryDate') then
            Rec.Validate("Requested Delivery Date", Wanted."Requested Delivery Date");
        if Given.Contains('promisedDeliveryDate') then
            Rec.Validate("Promised Delivery Date", Wanted."Promised Delivery Date");
        if Given.Contains('prepaymentPercent') then
            Rec.Validate("Prepayment %", Wanted."Prepayment %");
        if Given.Contains('quoteNumber') then
            Rec."Quote No." := QuoteNumber;
        Clear(Given);
        exit(true);
    end;

    local procedure RenameIfAsked()
    var
        Before: Record "Sales Header";
    begin
        Before.GetBySystemId(Rec.SystemId);
        if Before."No." = Rec."No." then
            exit;
        Before.Rename(Rec."Document Type", Rec."No.");
        Before.TransferFields(Rec, false);
        Rec := Before;
    end;

    [ServiceEnabled]
    procedure release(var ActionContext: WebServiceActionContext)
    begin
        Computed.Release(Rec);
        ActionContext.SetObjectType(ObjectType::Page);
        ActionContext.SetObjectId(Page::"Tandem Sales Orders");
        ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);
        ActionContext.SetResultCode(WebServiceActionResultCode::Deleted);
    end;

    [ServiceEnabled]
    procedure reopen(var ActionContext: WebServiceActionContext)
    begin
        Computed.Reopen(Rec);
        ActionContext.SetObjectType(ObjectType::Page);
        ActionContext.SetObjectId(Page::"Tandem Sales Orders");
        ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);
        ActionContext.SetResultCode(WebServiceActionResultCode::Deleted);
    end;

    [ServiceEnabled]
    procedure archive(var ActionContext: WebServiceActionContext)
    begin
        Computed.Archive(Rec);
        ActionContext.SetObjectType(ObjectType::Page);
        ActionContext.SetObjectId(Page::"Tandem Sales Orders");
        ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);
        ActionContext.SetResultCode(WebServiceActionResultCode::Deleted);
    end;

    [ServiceEnabled]
    procedure reserve(var ActionContext: WebServiceActionContext)
    begin
        Computed.Reserve(Rec);
        ActionContext.SetObjectType(ObjectType::Page);
        ActionContext.SetObjectId(Page::"Tandem Sales Orders");
        ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);
        ActionContext.SetResultCode(WebServiceActionResultCode::Deleted);
    end;

    [ServiceEnabled]
    procedure releaseUnlessPrepaymentIsDue(var ActionContext: WebServiceActionContext)
    begin
        Computed.ReleaseUnlessPrepaymentIsDue(Rec);
        ActionContext.SetObjectType(ObjectType::Page);
        ActionContext.SetObjectId(Page::"Tandem Sales Orders");
        ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);
        ActionContext.SetResultCode(WebServiceActionResultCode::Deleted);
    end;

    local procedure OnlyForNew(ColumnName: Text)
    begin
        if IsStored then
            Error(OnlyForNewErr, ColumnName);
    end;
}
