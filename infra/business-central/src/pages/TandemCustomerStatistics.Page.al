// Written by `make companion` from contract.yaml. Change that, not this.
page 50152 "Tandem Customer Statistics"
{
    PageType = API;
    Caption = 'Tandem Customer Statistics', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'customerStatistic';
    EntitySetName = 'customerStatistics';
    SourceTable = "Customer";
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
                field(name; Rec."Name")
                {
                    Caption = 'name', Locked = true;
                    Editable = false;
                }
                field(balanceLcy; Rec."Balance (LCY)")
                {
                    Caption = 'balanceLcy', Locked = true;
                    Editable = false;
                }
                field(outstandingOrdersLcy; Rec."Outstanding Orders (LCY)")
                {
                    Caption = 'outstandingOrdersLcy', Locked = true;
                    Editable = false;
                }
                field(shippedNotInvoicedLcy; Rec."Shipped Not Invoiced (LCY)")
                {
                    Caption = 'shippedNotInvoicedLcy', Locked = true;
                    Editable = false;
                }
                field(outstandingInvoicesLcy; Rec."Outstanding Invoices (LCY)")
                {
                    Caption = 'outstandingInvoicesLcy', Locked = true;
                    Editable = false;
                }
                field(creditLimitLcy; Rec."Credit Limit (LCY)")
                {
                    Caption = 'creditLimitLcy', Locked = true;
                    Editable = false;
                }
                field(invoicedFromShipmentsLcy; InvoicedFromShipmentsLcy)
                {
                    Caption = 'invoicedFromShipmentsLcy', Locked = true;
                    Editable = false;
                }
                field(invoicedPrepaymentLcy; InvoicedPrepaymentLcy)
                {
                    Caption = 'invoicedPrepaymentLcy', Locked = true;
                    Editable = false;
                }
                field(returnsNotInvoicedLcy; ReturnsNotInvoicedLcy)
                {
                    Caption = 'returnsNotInvoicedLcy', Locked = true;
                    Editable = false;
                }
                field(overdueLcy; OverdueLcy)
                {
                    Caption = 'overdueLcy', Locked = true;
                    Editable = false;
                }
                field(salesThisYearLcy; SalesThisYearLcy)
                {
                    Caption = 'salesThisYearLcy', Locked = true;
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
        Computed: Codeunit "Tandem Computed";
        InvoicedFromShipmentsLcy: Decimal;
        InvoicedPrepaymentLcy: Decimal;
        ReturnsNotInvoicedLcy: Decimal;
        OverdueLcy: Decimal;
        SalesThisYearLcy: Decimal;

    local procedure Show()
    begin
        InvoicedFromShipmentsLcy := Computed.InvoicedFromShipments(Rec."No.");
        InvoicedPrepaymentLcy := Rec.GetInvoicedPrepmtAmountLCY();
        ReturnsNotInvoicedLcy := Rec.GetReturnRcdNotInvAmountLCY();
        OverdueLcy := Rec.CalcOverdueBalance();
        SalesThisYearLcy := Rec.GetSalesLCY();
    end;
}
