// Written by `make companion` from contract.yaml. Change that, not this.
page 50155 "Tandem Assembly Orders"
{
    PageType = API;
    Caption = 'Tandem Assembly Orders', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'assemblyOrder';
    EntitySetName = 'assemblyOrders';
    SourceTable = "Assembly Header";
    SourceTableView = where("Document Type" = const("Order"));
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
                field(itemId; ItemId)
                {
                    Caption = 'itemId', Locked = true;
                    Editable = false;
                }
                field(itemNumber; Rec."Item No.")
                {
                    Caption = 'itemNumber', Locked = true;
                    Editable = false;
                }
                field(variantCode; Rec."Variant Code")
                {
                    Caption = 'variantCode', Locked = true;
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
                field(salesOrderNumber; SalesOrderNumber)
                {
                    Caption = 'salesOrderNumber', Locked = true;
                    Editable = false;
                }
                field(salesOrderLineNumber; SalesOrderLineNumber)
                {
                    Caption = 'salesOrderLineNumber', Locked = true;
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
        Computed: Codeunit "Tandem Computed";
        ItemId: Guid;
        SalesOrderNumber: Code[20];
        SalesOrderLineNumber: Integer;

    local procedure Show()
    begin
        ItemId := References.IdOfItems(Rec."Item No.");
        Computed.OrderLineOf(Rec, SalesOrderNumber, SalesOrderLineNumber);
    end;
}
