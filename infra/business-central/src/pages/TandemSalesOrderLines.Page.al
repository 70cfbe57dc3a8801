// Written by `make companion` from contract.yaml. Change that, not this.
page 50131 "Tandem Sales Order Lines"
{
    PageType = API;
    Caption = 'Tandem Sales Order Lines', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'salesOrderLine';
    EntitySetName = 'salesOrderLines';
    SourceTable = "Sales Line";
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
                field(documentId; Rec."Tandem Document Id")
                {
                    Caption = 'documentId', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('documentId');
                        Rec."Document Type" := Rec."Document Type"::"Order";
                        Rec."Document No." := References.CodeOfSalesOrders(Rec."Tandem Document Id");
                    end;
                }
                field(documentNumber; Rec."Document No.")
                {
                    Caption = 'documentNumber', Locked = true;
                    Editable = false;
                }
                field(lineNumber; Rec."Line No.")
                {
                    Caption = 'lineNumber', Locked = true;

                    trigger OnValidate()
                    begin
                        OnlyForNew('lineNumber');
                    end;
                }
                field(attachedToLineNumber; Rec."Attached to Line No.")
                {
                    Caption = 'attachedToLineNumber', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('attachedToLineNumber');
                        Wanted."Attached to Line No." := Rec."Attached to Line No.";
                    end;
                }
                field(type; Rec."Type")
                {
                    Caption = 'type', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('type');
                        Wanted."Type" := Rec."Type";
                    end;
                }
                field(itemId; ItemId)
                {
                    Caption = 'itemId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('itemId');
                    end;
                }
                field(resourceId; ResourceId)
                {
                    Caption = 'resourceId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('resourceId');
                    end;
                }
                field(number; Rec."No.")
                {
                    Caption = 'number', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('number');
                        Wanted."No." := Rec."No.";
                    end;
                }
                field(variantCode; Rec."Variant Code")
                {
                    Caption = 'variantCode', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('variantCode');
                        Wanted."Variant Code" := Rec."Variant Code";
                    end;
                }
                field(locationCode; Rec."Location Code")
                {
                    Caption = 'locationCode', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('locationCode');
                        Wanted."Location Code" := Rec."Location Code";
                    end;
                }
                field(description; Rec."Description")
                {
                    Caption = 'description', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('description');
                        Wanted."Description" := Rec."Description";
                    end;
                }
                field(description2; Rec."Description 2")
                {
                    Caption = 'description2', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('description2');
                        Wanted."Description 2" := Rec."Description 2";
                    end;
                }
                field(unitOfMeasureId; UnitOfMeasureId)
                {
                    Caption = 'unitOfMeasureId', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('unitOfMeasureId');
                    end;
                }
                field(unitOfMeasureCode; Rec."Unit of Measure Code")
                {
                    Caption = 'unitOfMeasureCode', Locked = true;
                    Editable = false;
                }
                field(quantity; Rec."Quantity")
                {
                    Caption = 'quantity', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('quantity');
                        Wanted."Quantity" := Rec."Quantity";
                    end;
                }
                field(quantityToAssembleToOrder; Rec."Qty. to Assemble to Order")
                {
                    Caption = 'quantityToAssembleToOrder', Locked = true;
                    Editable = false;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'unitPrice', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('unitPrice');
                        Wanted."Unit Price" := Rec."Unit Price";
                    end;
                }
                field(lineDiscountPercent; Rec."Line Discount %")
                {
                    Caption = 'lineDiscountPercent', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('lineDiscountPercent');
                        Wanted."Line Discount %" := Rec."Line Discount %";
                    end;
                }
                field(lineDiscountAmount; Rec."Line Discount Amount")
                {
                    Caption = 'lineDiscountAmount', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('lineDiscountAmount');
                        Wanted."Line Discount Amount" := Rec."Line Discount Amount";
                    end;
                }
                field(allowInvoiceDiscount; Rec."Allow Invoice Disc.")
                {
                    Caption = 'allowInvoiceDiscount', Locked = true;

                    trigger OnValidate()
                    begin
                        Given.Add('allowInvoiceDiscount');
                        Wanted."Allow Invoice Disc." := Rec."Allow Invoice Disc.";
                    end;
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

                    trigger OnValidate()
                    begin
                        Given.Add('shipmentDate');
                        Wanted."Shipment Date" := Rec."Shipment Date";
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
                field(outstandingQuantity; Rec."Outstanding Quantity")
                {
                    Caption = 'outstandingQuantity', Locked = true;
                    Editable = false;
                }
                field(quantityShipped; Rec."Quantity Shipped")
                {
                    Caption = 'quantityShipped', Locked = true;
                    Editable = false;
                }
                field(quantityInvoiced; Rec."Quantity Invoiced")
                {
                    Caption = 'quantityInvoiced', Locked = true;
                    Editable = false;
                }
                field(reserve; Rec."Reserve")
                {
                    Caption = 'reserve', Locked = true;
                    Editable = false;
                }
                field(reservedQuantity; Rec."Reserved Quantity")
                {
                    Caption = 'reservedQuantity', Locked = true;
                    Editable = false;
                }
                field(prepaymentAmountInvoiced; Rec."Prepmt. Amt. Inv.")
                {
                    Caption = 'prepaymentAmountInvoiced', Locked = true;
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
        Clear(ItemId);
        Clear(ResourceId);
        Clear(UnitOfMeasureId);
        Clear(BillToCustomerId);
        Rec.SetHideValidationDialog(true);
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        if Rec."Line No." = 0 then
            Rec."Line No." := Computed.NextLineNo(Rec);
        // The caller chooses the id, so that a repeated POST meets its own row.
        Rec.Insert(true, not IsNullGuid(Rec.SystemId));
        if Apply() then
            Rec.Modify(true);
        Computed.Assemble(Rec);
        Computed.SpreadInvoiceDiscount(Rec);
        Show();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    begin
        Apply();
        Rec.Modify(true);
        Computed.Assemble(Rec);
        Computed.SpreadInvoiceDiscount(Rec);
        Show();
        exit(false);
    end;

    var
        References: Codeunit "Tandem References";
        Computed: Codeunit "Tandem Computed";
        Wanted: Record "Sales Line";
        Given: List of [Text];
        ItemId: Guid;
        ResourceId: Guid;
        UnitOfMeasureId: Guid;
        BillToCustomerId: Guid;
        IsStored: Boolean;
        OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';

    local procedure Show()
    begin
        Clear(ItemId);
        if Rec."Type" = Rec."Type"::"Item" then
            ItemId := References.IdOfItems(Rec."No.");
        Clear(ResourceId);
        if Rec."Type" = Rec."Type"::"Resource" then
            ResourceId := References.IdOfResources(Rec."No.");
        UnitOfMeasureId := References.IdOfUnitsOfMeasure(Rec."Unit of Measure Code");
        BillToCustomerId := References.IdOfCustomers(Rec."Bill-to Customer No.");
    end;

    local procedure Apply(): Boolean
    begin
        if Given.Count() = 0 then
            exit(false);
        if Given.Contains('attachedToLineNumber') then
            Rec.Validate("Attached to Line No.", Wanted."Attached to Line No.");
        if Given.Contains('type') then
            Rec.Validate("Type", Wanted."Type");
        if Given.Contains('itemId') then begin
            if not IsNullGuid(ItemId) then begin
                if Rec."Type" <> Rec."Type"::"Item" then
                    Rec.Validate("Type", Rec."Type"::"Item");
                Rec.Validate("No.", References.CodeOfItems(ItemId));
            end;
        end;
        if Given.Contains('resourceId') then begin
            if not IsNullGuid(ResourceId) then begin
                if Rec."Type" <> Rec."Type"::"Resource" then
                    Rec.Validate("Type", Rec."Type"::"Resource");
                Rec.Validate("No.", References.CodeOfResources(ResourceId));
            end;
        end;
        if Given.Contains('number') then
            Rec.Validate("No.", Wanted."No.");
        if Given.Contains('variantCode') then
            Rec.Validate("Variant Code", Wanted."Variant Code");
        if Given.Contains('locationCode') then
            Rec.Validate("Location Code", Wanted."Location Code");
        if Given.Contains('description') then
            Rec.Validate("Description", Wanted."Description");
        if Given.Contains('description2') then
            Rec.Validate("Description 2", Wanted."Description 2");
        if Given.Contains('unitOfMeasureId') then
            Rec.Validate("Unit of Measure Code", References.CodeOfUnitsOfMeasure(UnitOfMeasureId));
        if Given.Contains('quantity') then
            Rec.Validate("Quantity", Wanted."Quantity");
        if Given.Contains('unitPrice') then
            Rec.Validate("Unit Price", Wanted."Unit Price");
        if Given.Contains('lineDiscountPercent') then
            Rec.Validate("Line Discount %", Wanted."Line Discount %");
        if Given.Contains('lineDiscountAmount') then
            Rec.Validate("Line Discount Amount", Wanted."Line Discount Amount");
        if Given.Contains('allowInvoiceDiscount') then
            Rec.Validate("Allow Invoice Disc.", Wanted."Allow Invoice Disc.");
        if Given.Contains('shipmentDate') then
            Rec.Validate("Shipment Date", Wanted."Shipment Date");
        if Given.Contains('requestedDeliveryDate') then
            Rec.Validate("Requested Delivery Date", Wanted."Requested Delivery Date");
        if Given.Contains('promisedDeliveryDate') then
            Rec.Validate("Promised Delivery Date", Wanted."Promised Delivery Date");
        Clear(Given);
        exit(true);
    end;

    local procedure OnlyForNew(ColumnName: Text)
    begin
        if IsStored then
            Error(OnlyForNewErr, ColumnName);
    end;
}
