// Written by `make companion` from contract.yaml. Change that, not this.
codeunit 50102 "Tandem Deletions"
{
    Access = Internal;

    [EventSubscriber(ObjectType::Table, Database::"Salesperson/Purchaser", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteSalespersonPurchaser(var Rec: Record "Salesperson/Purchaser")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Salesperson/Purchaser", 'salespeople', Rec.SystemId, Format(Rec."Code", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Currency", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteCurrency(var Rec: Record "Currency")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Currency", 'currencies', Rec.SystemId, Format(Rec."Code", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Currency Exchange Rate", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteCurrencyExchangeRate(var Rec: Record "Currency Exchange Rate")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Currency Exchange Rate", 'currencyExchangeRates', Rec.SystemId, Format(Rec."Currency Code", 0, 9) + ',' + Format(Rec."Starting Date", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Payment Terms", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeletePaymentTerms(var Rec: Record "Payment Terms")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Payment Terms", 'paymentTerms', Rec.SystemId, Format(Rec."Code", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Shipment Method", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteShipmentMethod(var Rec: Record "Shipment Method")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Shipment Method", 'shipmentMethods', Rec.SystemId, Format(Rec."Code", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Shipping Agent", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteShippingAgent(var Rec: Record "Shipping Agent")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Shipping Agent", 'shippingAgents', Rec.SystemId, Format(Rec."Code", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Unit of Measure", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteUnitofMeasure(var Rec: Record "Unit of Measure")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Unit of Measure", 'unitsOfMeasure', Rec.SystemId, Format(Rec."Code", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Customer", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteCustomer(var Rec: Record "Customer")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Customer", 'customers', Rec.SystemId, Format(Rec."No.", 0, 9));
        Tombstones.Write(Database::"Customer", 'customerStatistics', Rec.SystemId, Format(Rec."No.", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Contact", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteContact(var Rec: Record "Contact")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Contact", 'contacts', Rec.SystemId, Format(Rec."No.", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Contact Business Relation", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteContactBusinessRelation(var Rec: Record "Contact Business Relation")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Contact Business Relation", 'contactBusinessRelations', Rec.SystemId, Format(Rec."Contact No.", 0, 9) + ',' + Format(Rec."Business Relation Code", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Item", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteItem(var Rec: Record "Item")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Item", 'items', Rec.SystemId, Format(Rec."No.", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Item Unit of Measure", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteItemUnitofMeasure(var Rec: Record "Item Unit of Measure")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Item Unit of Measure", 'itemUnitsOfMeasure', Rec.SystemId, Format(Rec."Item No.", 0, 9) + ',' + Format(Rec."Code", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Item Variant", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteItemVariant(var Rec: Record "Item Variant")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Item Variant", 'itemVariants', Rec.SystemId, Format(Rec."Item No.", 0, 9) + ',' + Format(Rec."Code", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Resource", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteResource(var Rec: Record "Resource")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Resource", 'resources', Rec.SystemId, Format(Rec."No.", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Resource Unit of Measure", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteResourceUnitofMeasure(var Rec: Record "Resource Unit of Measure")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Resource Unit of Measure", 'resourceUnitsOfMeasure', Rec.SystemId, Format(Rec."Resource No.", 0, 9) + ',' + Format(Rec."Code", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Customer Price Group", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteCustomerPriceGroup(var Rec: Record "Customer Price Group")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Customer Price Group", 'customerPriceGroups', Rec.SystemId, Format(Rec."Code", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Sales Price", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteSalesPrice(var Rec: Record "Sales Price")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Sales Price", 'salesPrices', Rec.SystemId, Format(Rec."Item No.", 0, 9) + ',' + Format(Rec."Sales Type", 0, 9) + ',' + Format(Rec."Sales Code", 0, 9) + ',' + Format(Rec."Starting Date", 0, 9) + ',' + Format(Rec."Currency Code", 0, 9) + ',' + Format(Rec."Variant Code", 0, 9) + ',' + Format(Rec."Unit of Measure Code", 0, 9) + ',' + Format(Rec."Minimum Quantity", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Price List Header", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeletePriceListHeader(var Rec: Record "Price List Header")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Price List Header", 'priceListHeaders', Rec.SystemId, Format(Rec."Code", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Price List Line", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeletePriceListLine(var Rec: Record "Price List Line")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Price List Line", 'priceListLines', Rec.SystemId, Format(Rec."Price List Code", 0, 9) + ',' + Format(Rec."Line No.", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Opportunity", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteOpportunity(var Rec: Record "Opportunity")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Opportunity", 'opportunities', Rec.SystemId, Format(Rec."No.", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Opportunity Entry", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteOpportunityEntry(var Rec: Record "Opportunity Entry")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Opportunity Entry", 'opportunityEntries', Rec.SystemId, Format(Rec."Entry No.", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Sales Header", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteSalesHeader(var Rec: Record "Sales Header")
    begin
        if Rec.IsTemporary() then
            exit;
        if Rec."Document Type" = Rec."Document Type"::"Order" then
            Tombstones.Write(Database::"Sales Header", 'salesOrders', Rec.SystemId, Format(Rec."No.", 0, 9));
        if Rec."Document Type" = Rec."Document Type"::"Quote" then
            Tombstones.Write(Database::"Sales Header", 'salesQuotes', Rec.SystemId, Format(Rec."No.", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Sales Line", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteSalesLine(var Rec: Record "Sales Line")
    begin
        if Rec.IsTemporary() then
            exit;
        if Rec."Document Type" = Rec."Document Type"::"Order" then
            Tombstones.Write(Database::"Sales Line", 'salesOrderLines', Rec.SystemId, Format(Rec."Document No.", 0, 9) + ',' + Format(Rec."Line No.", 0, 9));
        if Rec."Document Type" = Rec."Document Type"::"Quote" then
            Tombstones.Write(Database::"Sales Line", 'salesQuoteLines', Rec.SystemId, Format(Rec."Document No.", 0, 9) + ',' + Format(Rec."Line No.", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Sales Invoice Header", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteSalesInvoiceHeader(var Rec: Record "Sales Invoice Header")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Sales Invoice Header", 'postedSalesInvoices', Rec.SystemId, Format(Rec."No.", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Sales Invoice Line", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteSalesInvoiceLine(var Rec: Record "Sales Invoice Line")
    begin
        if Rec.IsTemporary() then
            exit;
        Tombstones.Write(Database::"Sales Invoice Line", 'postedSalesInvoiceLines', Rec.SystemId, Format(Rec."Document No.", 0, 9) + ',' + Format(Rec."Line No.", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Sales Header Archive", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteSalesHeaderArchive(var Rec: Record "Sales Header Archive")
    begin
        if Rec.IsTemporary() then
            exit;
        if Rec."Document Type" = Rec."Document Type"::"Order" then
            Tombstones.Write(Database::"Sales Header Archive", 'salesOrderArchives', Rec.SystemId, Format(Rec."No.", 0, 9) + ',' + Format(Rec."Doc. No. Occurrence", 0, 9) + ',' + Format(Rec."Version No.", 0, 9));
        if Rec."Document Type" = Rec."Document Type"::"Quote" then
            Tombstones.Write(Database::"Sales Header Archive", 'salesQuoteArchives', Rec.SystemId, Format(Rec."No.", 0, 9) + ',' + Format(Rec."Doc. No. Occurrence", 0, 9) + ',' + Format(Rec."Version No.", 0, 9));
    end;

    [EventSubscriber(ObjectType::Table, Database::"Sales Line Archive", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterDeleteSalesLineArchive(var Rec: Record "Sales Line Archive")
    begin
        if Rec.IsTemporary() then
            exit;
        if Rec."Document Type" = Rec."Document Type"::"Order" then
            Tombstones.Write(Database::"Sales Line Archive", 'salesOrderArchiveLines', Rec.SystemId, Format(Rec."Document No.", 0, 9) + ',' + Format(Rec."Doc. No. Occurrence", 0, 9) + ',' + Format(Rec."Version No.", 0, 9) + ',' + Format(Rec."Line No.", 0, 9));
    end;

    var
        Tombstones: Codeunit "Tandem Tombstones";
}
