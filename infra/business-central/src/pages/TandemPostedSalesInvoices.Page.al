// Written by `make companion` from contract.yaml. Change that, not this.
page 50134 "Tandem Posted Sales Invoices"
{
    PageType = API;
    Caption = 'Tandem Posted Sales Invoices', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'postedSalesInvoice';
    EntitySetName = 'postedSalesInvoices';
    SourceTable = "Sales Invoice Header";
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
                field(number; Rec."No.")
                {
                    Caption = 'number', Locked = true;
                    Editable = false;
                }
                field(customerId; CustomerId)
                {
                    Caption = 'customerId', Locked = true;
                    Editable = false;
                }
                field(customerNumber; Rec."Sell-to Customer No.")
                {
                    Caption = 'customerNumber', Locked = true;
                    Editable = false;
                }
                field(billToCustomerId; BillToCustomerId)
                {
                    Caption = 'billToCustomerId', Locked = true;
                    Editable = false;
                }
                field(billToCustomerNumber; Rec."Bill-to Customer No.")
                {
                    Caption = 'billToCustomerNumber', Locked = true;
                    Editable = false;
                }
                field(sellToContactId; SellToContactId)
                {
                    Caption = 'sellToContactId', Locked = true;
                    Editable = false;
                }
                field(sellToContactNumber; Rec."Sell-to Contact No.")
                {
                    Caption = 'sellToContactNumber', Locked = true;
                    Editable = false;
                }
                field(sellToName; Rec."Sell-to Customer Name")
                {
                    Caption = 'sellToName', Locked = true;
                    Editable = false;
                }
                field(sellToAddress; Rec."Sell-to Address")
                {
                    Caption = 'sellToAddress', Locked = true;
                    Editable = false;
                }
                field(sellToAddress2; Rec."Sell-to Address 2")
                {
                    Caption = 'sellToAddress2', Locked = true;
                    Editable = false;
                }
                field(sellToCity; Rec."Sell-to City")
                {
                    Caption = 'sellToCity', Locked = true;
                    Editable = false;
                }
                field(sellToContact; Rec."Sell-to Contact")
                {
                    Caption = 'sellToContact', Locked = true;
                    Editable = false;
                }
                field(sellToPostCode; Rec."Sell-to Post Code")
                {
                    Caption = 'sellToPostCode', Locked = true;
                    Editable = false;
                }
                field(sellToCounty; Rec."Sell-to County")
                {
                    Caption = 'sellToCounty', Locked = true;
                    Editable = false;
                }
                field(sellToCountryRegionCode; Rec."Sell-to Country/Region Code")
                {
                    Caption = 'sellToCountryRegionCode', Locked = true;
                    Editable = false;
                }
                field(billToName; Rec."Bill-to Name")
                {
                    Caption = 'billToName', Locked = true;
                    Editable = false;
                }
                field(billToName2; Rec."Bill-to Name 2")
                {
                    Caption = 'billToName2', Locked = true;
                    Editable = false;
                }
                field(billToAddress; Rec."Bill-to Address")
                {
                    Caption = 'billToAddress', Locked = true;
                    Editable = false;
                }
                field(billToAddress2; Rec."Bill-to Address 2")
                {
                    Caption = 'billToAddress2', Locked = true;
                    Editable = false;
                }
                field(billToCity; Rec."Bill-to City")
                {
                    Caption = 'billToCity', Locked = true;
                    Editable = false;
                }
                field(billToContact; Rec."Bill-to Contact")
                {
                    Caption = 'billToContact', Locked = true;
                    Editable = false;
                }
                field(billToPostCode; Rec."Bill-to Post Code")
                {
                    Caption = 'billToPostCode', Locked = true;
                    Editable = false;
                }
                field(billToCounty; Rec."Bill-to County")
                {
                    Caption = 'billToCounty', Locked = true;
                    Editable = false;
                }
                field(billToCountryRegionCode; Rec."Bill-to Country/Region Code")
                {
                    Caption = 'billToCountryRegionCode', Locked = true;
                    Editable = false;
                }
                field(shipToName; Rec."Ship-to Name")
                {
                    Caption = 'shipToName', Locked = true;
                    Editable = false;
                }
                field(shipToName2; Rec."Ship-to Name 2")
                {
                    Caption = 'shipToName2', Locked = true;
                    Editable = false;
                }
                field(shipToAddress; Rec."Ship-to Address")
                {
                    Caption = 'shipToAddress', Locked = true;
                    Editable = false;
                }
                field(shipToAddress2; Rec."Ship-to Address 2")
                {
                    Caption = 'shipToAddress2', Locked = true;
                    Editable = false;
                }
                field(shipToCity; Rec."Ship-to City")
                {
                    Caption = 'shipToCity', Locked = true;
                    Editable = false;
                }
                field(shipToContact; Rec."Ship-to Contact")
                {
                    Caption = 'shipToContact', Locked = true;
                    Editable = false;
                }
                field(shipToPostCode; Rec."Ship-to Post Code")
                {
                    Caption = 'shipToPostCode', Locked = true;
                    Editable = false;
                }
                field(shipToCounty; Rec."Ship-to County")
                {
                    Caption = 'shipToCounty', Locked = true;
                    Editable = false;
                }
                field(shipToCountryRegionCode; Rec."Ship-to Country/Region Code")
                {
                    Caption = 'shipToCountryRegionCode', Locked = true;
                    Editable = false;
                }
                field(yourReference; Rec."Your Reference")
                {
                    Caption = 'yourReference', Locked = true;
                    Editable = false;
                }
                field(externalDocumentNumber; Rec."External Document No.")
                {
                    Caption = 'externalDocumentNumber', Locked = true;
                    Editable = false;
                }
                field(documentDate; Rec."Document Date")
                {
                    Caption = 'documentDate', Locked = true;
                    Editable = false;
                }
                field(postingDate; Rec."Posting Date")
                {
                    Caption = 'postingDate', Locked = true;
                    Editable = false;
                }
                field(dueDate; Rec."Due Date")
                {
                    Caption = 'dueDate', Locked = true;
                    Editable = false;
                }
                field(orderDate; Rec."Order Date")
                {
                    Caption = 'orderDate', Locked = true;
                    Editable = false;
                }
                field(shipmentDate; Rec."Shipment Date")
                {
                    Caption = 'shipmentDate', Locked = true;
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
                field(currencyFactor; Rec."Currency Factor")
                {
                    Caption = 'currencyFactor', Locked = true;
                    Editable = false;
                }
                field(paymentTermsId; PaymentTermsId)
                {
                    Caption = 'paymentTermsId', Locked = true;
                    Editable = false;
                }
                field(paymentTermsCode; Rec."Payment Terms Code")
                {
                    Caption = 'paymentTermsCode', Locked = true;
                    Editable = false;
                }
                field(shipmentMethodId; ShipmentMethodId)
                {
                    Caption = 'shipmentMethodId', Locked = true;
                    Editable = false;
                }
                field(shipmentMethodCode; Rec."Shipment Method Code")
                {
                    Caption = 'shipmentMethodCode', Locked = true;
                    Editable = false;
                }
                field(shippingAgentId; ShippingAgentId)
                {
                    Caption = 'shippingAgentId', Locked = true;
                    Editable = false;
                }
                field(shippingAgentCode; Rec."Shipping Agent Code")
                {
                    Caption = 'shippingAgentCode', Locked = true;
                    Editable = false;
                }
                field(salespersonId; SalespersonId)
                {
                    Caption = 'salespersonId', Locked = true;
                    Editable = false;
                }
                field(salespersonCode; Rec."Salesperson Code")
                {
                    Caption = 'salespersonCode', Locked = true;
                    Editable = false;
                }
                field(customerPriceGroupId; CustomerPriceGroupId)
                {
                    Caption = 'customerPriceGroupId', Locked = true;
                    Editable = false;
                }
                field(customerPriceGroupCode; Rec."Customer Price Group")
                {
                    Caption = 'customerPriceGroupCode', Locked = true;
                    Editable = false;
                }
                field(opportunityId; OpportunityId)
                {
                    Caption = 'opportunityId', Locked = true;
                    Editable = false;
                }
                field(opportunityNumber; Rec."Opportunity No.")
                {
                    Caption = 'opportunityNumber', Locked = true;
                    Editable = false;
                }
                field(pricesIncludeVat; Rec."Prices Including VAT")
                {
                    Caption = 'pricesIncludeVat', Locked = true;
                    Editable = false;
                }
                field(paymentDiscountPercent; Rec."Payment Discount %")
                {
                    Caption = 'paymentDiscountPercent', Locked = true;
                    Editable = false;
                }
                field(packageTrackingNumber; Rec."Package Tracking No.")
                {
                    Caption = 'packageTrackingNumber', Locked = true;
                    Editable = false;
                }
                field(workDescription; WorkDescription)
                {
                    Caption = 'workDescription', Locked = true;
                    Editable = false;
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
                field(orderNumber; Rec."Order No.")
                {
                    Caption = 'orderNumber', Locked = true;
                    Editable = false;
                }
                field(quoteNumber; Rec."Quote No.")
                {
                    Caption = 'quoteNumber', Locked = true;
                    Editable = false;
                }
                field(customerLedgerEntryNumber; Rec."Cust. Ledger Entry No.")
                {
                    Caption = 'customerLedgerEntryNumber', Locked = true;
                    Editable = false;
                }
                field(remainingAmount; Rec."Remaining Amount")
                {
                    Caption = 'remainingAmount', Locked = true;
                    Editable = false;
                }
                field(closed; Rec."Closed")
                {
                    Caption = 'closed', Locked = true;
                    Editable = false;
                }
                field(cancelled; Rec."Cancelled")
                {
                    Caption = 'cancelled', Locked = true;
                    Editable = false;
                }
                field(corrective; Rec."Corrective")
                {
                    Caption = 'corrective', Locked = true;
                    Editable = false;
                }
                field(draftInvoiceId; Rec."Draft Invoice SystemId")
                {
                    Caption = 'draftInvoiceId', Locked = true;
                    Editable = false;
                }
                part(postedSalesInvoiceLines; "Tandem Posted Sales Inv. Lines")
                {
                    Caption = 'postedSalesInvoiceLines', Locked = true;
                    EntityName = 'postedSalesInvoiceLine';
                    EntitySetName = 'postedSalesInvoiceLines';
                    SubPageLink = "Document No." = field("No.");
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
    end;
}
