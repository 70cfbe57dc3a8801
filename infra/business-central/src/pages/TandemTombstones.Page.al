// Written by `make companion` from contract.yaml. Change that, not this.
page 50138 "Tandem Tombstones"
{
    PageType = API;
    Caption = 'Tandem Tombstones', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'tombstone';
    EntitySetName = 'tombstones';
    SourceTable = "Tandem Tombstone";
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
                field(tableNumber; Rec."Table No.")
                {
                    Caption = 'tableNumber', Locked = true;
                    Editable = false;
                }
                field(entitySet; Rec."Entity Set")
                {
                    Caption = 'entitySet', Locked = true;
                    Editable = false;
                }
                field(deletedId; Rec."Deleted SystemId")
                {
                    Caption = 'deletedId', Locked = true;
                    Editable = false;
                }
                field(primaryKey; Rec."Primary Key")
                {
                    Caption = 'primaryKey', Locked = true;
                    Editable = false;
                }
                field(deletedAt; Rec."Deleted At")
                {
                    Caption = 'deletedAt', Locked = true;
                    Editable = false;
                }
                field(deletedBy; Rec."Deleted By")
                {
                    Caption = 'deletedBy', Locked = true;
                    Editable = false;
                }
            }
        }
    }

    trigger OnOpenPage()
    begin
        Rec.ReadIsolation := IsolationLevel::ReadCommitted;
    end;
}
