// Written by `make companion` from contract.yaml. Change that, not this.
codeunit 50101 "Tandem References"
{
    Access = Internal;

    procedure IdOfSalespeople(CodeText: Code[20]): Guid
    var
        Found: Record "Salesperson/Purchaser";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfSalespeople(Id: Guid): Code[20]
    var
        Found: Record "Salesperson/Purchaser";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'salespeople');
        exit(Found."Code");
    end;

    procedure IdOfCurrencies(CodeText: Code[20]): Guid
    var
        Found: Record "Currency";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfCurrencies(Id: Guid): Code[20]
    var
        Found: Record "Currency";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'currencies');
        exit(Found."Code");
    end;

    procedure IdOfPaymentTerms(CodeText: Code[20]): Guid
    var
        Found: Record "Payment Terms";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfPaymentTerms(Id: Guid): Code[20]
    var
        Found: Record "Payment Terms";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'paymentTerms');
        exit(Found."Code");
    end;

    procedure IdOfShipmentMethods(CodeText: Code[20]): Guid
    var
        Found: Record "Shipment Method";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfShipmentMethods(Id: Guid): Code[20]
    var
        Found: Record "Shipment Method";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'shipmentMethods');
        exit(Found."Code");
    end;

    procedure IdOfShippingAgents(CodeText: Code[20]): Guid
    var
        Found: Record "Shipping Agent";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfShippingAgents(Id: Guid): Code[20]
    var
        Found: Record "Shipping Agent";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'shippingAgents');
        exit(Found."Code");
    end;

    procedure IdOfUnitsOfMeasure(CodeText: Code[20]): Guid
    var
        Found: Record "Unit of Measure";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfUnitsOfMeasure(Id: Guid): Code[20]
    var
        Found: Record "Unit of Measure";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'unitsOfMeasure');
        exit(Found."Code");
    end;

    procedure IdOfCustomers(CodeText: Code[20]): Guid
    var
        Found: Record "Customer";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfCustomers(Id: Guid): Code[20]
    var
        Found: Record "Customer";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'customers');
        exit(Found."No.");
    end;

    procedure IdOfContacts(CodeText: Code[20]): Guid
    var
        Found: Record "Contact";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfContacts(Id: Guid): Code[20]
    var
        Found: Record "Contact";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'contacts');
        exit(Found."No.");
    end;

    procedure IdOfItems(CodeText: Code[20]): Guid
    var
        Found: Record "Item";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfItems(Id: Guid): Code[20]
    var
        Found: Record "Item";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'items');
        exit(Found."No.");
    end;

    procedure IdOfResources(CodeText: Code[20]): Guid
    var
        Found: Record "Resource";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfResources(Id: Guid): Code[20]
    var
        Found: Record "Resource";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'resources');
        exit(Found."No.");
    end;

    procedure IdOfCustomerPriceGroups(CodeText: Code[20]): Guid
    var
        Found: Record "Customer Price Group";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfCustomerPriceGroups(Id: Guid): Code[20]
    var
        Found: Record "Customer Price Group";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'customerPriceGroups');
        exit(Found."Code");
    end;

    procedure IdOfPriceListHeaders(CodeText: Code[20]): Guid
    var
        Found: Record "Price List Header";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfPriceListHeaders(Id: Guid): Code[20]
    var
        Found: Record "Price List Header";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'priceListHeaders');
        exit(Found."Code");
    end;

    procedure IdOfOpportunities(CodeText: Code[20]): Guid
    var
        Found: Record "Opportunity";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfOpportunities(Id: Guid): Code[20]
    var
        Found: Record "Opportunity";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'opportunities');
        exit(Found."No.");
    end;

    procedure IdOfSalesOrders(CodeText: Code[20]): Guid
    var
        Found: Record "Sales Header";
    begin
        if CodeText = '' then
            exit;
        Found.SetRange("Document Type", Found."Document Type"::"Order");
        Found.SetRange("No.", CodeText);
        if Found.FindFirst() then
            exit(Found.SystemId);
    end;

    procedure CodeOfSalesOrders(Id: Guid): Code[20]
    var
        Found: Record "Sales Header";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'salesOrders');
        exit(Found."No.");
    end;

    procedure IdOfSalesQuotes(CodeText: Code[20]): Guid
    var
        Found: Record "Sales Header";
    begin
        if CodeText = '' then
            exit;
        Found.SetRange("Document Type", Found."Document Type"::"Quote");
        Found.SetRange("No.", CodeText);
        if Found.FindFirst() then
            exit(Found.SystemId);
    end;

    procedure CodeOfSalesQuotes(Id: Guid): Code[20]
    var
        Found: Record "Sales Header";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'salesQuotes');
        exit(Found."No.");
    end;

    procedure IdOfPostedSalesInvoices(CodeText: Code[20]): Guid
    var
        Found: Record "Sales Invoice Header";
    begin
        if CodeText = '' then
            exit;
        if Found.Get(CodeText) then
            exit(Found.SystemId);
    end;

    procedure CodeOfPostedSalesInvoices(Id: Guid): Code[20]
    var
        Found: Record "Sales Invoice Header";
    begin
        if IsNullGuid(Id) then
            exit('');
        if not Found.GetBySystemId(Id) then
            Error(UnknownIdErr, Id, 'postedSalesInvoices');
        exit(Found."No.");
    end;

    var
        UnknownIdErr: Label 'There is no row with id %1 in %2.', Comment = '%1 = id, %2 = entity set';
}
