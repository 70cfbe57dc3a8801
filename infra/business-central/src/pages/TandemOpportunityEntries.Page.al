// Written by `make companion` from contract.yaml. Change that, not this.
page 50129 "Tandem Opportunity Entries"
{
    PageType = API;
    Caption = 'Tandem Opportunity Entries', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'opportunityEntry';
    EntitySetName = 'opportunityEntries';
    SourceTable = "Opportunity Entry";
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
                field(entryNumber; Rec."Entry No.")
                {
                    Caption = 'entryNumber', Locked = true;
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
                field(salesCycleCode; Rec."Sales Cycle Code")
                {
                    Caption = 'salesCycleCode', Locked = true;
                    Editable = false;
                }
                field(salesCycleStage; Rec."Sales Cycle Stage")
                {
                    Caption = 'salesCycleStage', Locked = true;
                    Editable = false;
                }
                field(dateOfChange; Rec."Date of Change")
                {
                    Caption = 'dateOfChange', Locked = true;
                    Editable = false;
                }
                field(active; Rec."Active")
                {
                    Caption = 'active', Locked = true;
                    Editable = false;
                }
                field(dateClosed; Rec."Date Closed")
                {
                    Caption = 'dateClosed', Locked = true;
                    Editable = false;
                }
                field(actionTaken; Rec."Action Taken")
                {
                    Caption = 'actionTaken', Locked = true;
                    Editable = false;
                }
                field(estimatedValue; Rec."Estimated Value (LCY)")
                {
                    Caption = 'estimatedValue', Locked = true;
                    Editable = false;
                }
                field(calculatedCurrentValue; Rec."Calcd. Current Value (LCY)")
                {
                    Caption = 'calculatedCurrentValue', Locked = true;
                    Editable = false;
                }
                field(estimatedClosingDate; Rec."Estimated Close Date")
                {
                    Caption = 'estimatedClosingDate', Locked = true;
                    Editable = false;
                }
                field(probabilityPercent; Rec."Probability %")
                {
                    Caption = 'probabilityPercent', Locked = true;
                    Editable = false;
                }
                field(chancesOfSuccessPercent; Rec."Chances of Success %")
                {
                    Caption = 'chancesOfSuccessPercent', Locked = true;
                    Editable = false;
                }
                field(completedPercent; Rec."Completed %")
                {
                    Caption = 'completedPercent', Locked = true;
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
        OpportunityId: Guid;

    local procedure Show()
    begin
        OpportunityId := References.IdOfOpportunities(Rec."Opportunity No.");
    end;
}
