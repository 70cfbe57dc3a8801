// Written by `make companion` from contract.yaml. Change that, not this.
page 50135 "Tandem Posted Sales Inv. Lines"
{
    PageType = API;
    Caption = 'Tandem Posted Sales Inv. Lines', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'postedSalesInvoiceLine';
    EntitySetName = 'postedSalesInvoiceLines';
    SourceTable = "Sales Invoice Line";
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
                field(documentId; Rec."Tandem Document Id")
                {
                    Caption = 'documentId', Locked = true;
                    Editable = false;
                }
                field(documentNumber; Rec."Document No.")
                {
                    Caption = 'documentNumber', Locked = true;
                    Editable = false;
                }
                field(lineNumber; Rec."Line No.")
                {
                    Caption = 'lineNumber', Locked = true;
                    Editable = false;
                }
                field(attachedToLineNumber; Rec."Attached to Line No.")
                {
                    Caption = 'attachedToLineNumber', Locked = true;
                    Editable = false;
                }
                field(type; Rec."Type")
                {
                    Caption = 'type', Locked = true;
                    Editable = false;
                }
                field(itemId; ItemId)
                {
                    Caption = 'itemId', Locked = true;
                    Editable = false;
                }
                field(resourceId; ResourceId)
                {
                    Caption = 'resourceId', Locked = true;
                    Editable = false;
                }
                field(number; Rec."No.")
                {
                    Caption = 'number', Locked = true;
                    Editable = false;
                }
                field(variantCode; Rec."Variant Code")
                {
                    Caption = 'variantCode', Locked = true;
                    Editable = false;
                }
                field(locationCode; Rec."Location Code")
                {
                    Caption = 'locationCode', Locked = true;
                    Editable = false;
                }
                field(description; Rec."Description")
                {
                    Caption = 'description', Locked = true;
                    Editable = false;
                }
                field(description2; Rec."Description 2")
                {
                    Caption = 'description2', Locked = true;
                    Editable = false;
                }
                field(unitOfMeasureId; UnitOfMeasureId)
                {
                    Caption = 'unitOfMeasureId', Locked = true;
                    Editable = false;
                }
                field(unitOfMeasureCode; Rec."Unit of Measure Code")
                {
                    Caption = 'unitOfMeasureCode', Locked = true;
                    Editable = false;
                }
                field(quantity; Rec."Quantity")
                {
                    Caption = 'quantity', Locked = true;
                    Editable = false;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'unitPrice', Locked = true;
                    Editable = false;
                }
                field(lineDiscountPercent; Rec."Line Discount %")
                {
                    Caption = 'lineDiscountPercent', Locked = true;
                    Editable = false;
                }
                field(lineDiscountAmount; Rec."Line Discount Amount")
                {
                    Caption = 'lineDiscountAmount', Locked = true;
                    Editable = false;
                }
                field(invoiceDiscountAmount; Rec."Inv. Discount Amount")
                {
                    Caption = 'invoiceDiscountAmount', Locked = true;
                    Editable = false;
                }
                field(lineAmount; Rec."Line Amount")
                {
                    Caption = 'lineAmount', Locked = true;
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
                field(vatPercent; Rec."VAT %")
                {
                    Caption = 'vatPercent', Locked = true;
                    Editable = false;
                }
                field(shipmentDate; Rec."Shipment Date")
                {
                    Caption = 'shipmentDate', Locked = true;
                    Editable = false;
                }
                field(orderNumber; Rec."Order No.")
                {
                    Caption = 'orderNumber', Locked = true;
                    Editable = false;
                }
                field(orderLineNumber; Rec."Order Line No.")
                {
                    Caption = 'orderLineNumber', Locked = true;
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
        Show();
    end;

    var
        References: Codeunit "Tandem References";
        ItemId: Guid;
        ResourceId: Guid;
        UnitOfMeasureId: Guid;

    local procedure Show()
    begin
        Clear(ItemId);
        if Rec."Type" = Rec."Type"::"Item" then
            ItemId := References.IdOfItems(Rec."No.");
        Clear(ResourceId);
        if Rec."Type" = Rec."Type"::"Resource" then
            ResourceId := References.IdOfResources(Rec."No.");
        UnitOfMeasureId := References.IdOfUnitsOfMeasure(Rec."Unit of Measure Code");
    end;
}
