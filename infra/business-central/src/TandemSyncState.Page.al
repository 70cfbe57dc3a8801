// Every row version below minimumActiveRowVersion is committed: reading resumes there.
page 50139 "Tandem Sync State"
{
    PageType = API;
    Caption = 'Tandem Sync State', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'syncState';
    EntitySetName = 'syncState';
    SourceTable = "Tandem State";
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
                }
                field(systemRowVersion; Rec.SystemRowVersion)
                {
                    Caption = 'systemRowVersion', Locked = true;
                }
                field(createdAt; Rec.SystemCreatedAt)
                {
                    Caption = 'createdAt', Locked = true;
                }
                field(createdBy; Rec.SystemCreatedBy)
                {
                    Caption = 'createdBy', Locked = true;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'lastModifiedDateTime', Locked = true;
                }
                field(lastModifiedBy; Rec.SystemModifiedBy)
                {
                    Caption = 'lastModifiedBy', Locked = true;
                }
                field(minimumActiveRowVersion; Rec."Minimum Active Row Version")
                {
                    Caption = 'minimumActiveRowVersion', Locked = true;
                }
                field(lastUsedRowVersion; Rec."Last Used Row Version")
                {
                    Caption = 'lastUsedRowVersion', Locked = true;
                }
                field(companionVersion; Rec."Companion Version")
                {
                    Caption = 'companionVersion', Locked = true;
                }
            }
        }
    }

    trigger OnOpenPage()
    var
        Company: Record Company;
        Module: ModuleInfo;
    begin
        Company.Get(CompanyName());
        NavApp.GetCurrentModuleInfo(Module);
        Rec.Init();
        Rec.SystemId := Company.SystemId;
        Rec."Minimum Active Row Version" := Database.MinimumActiveRowVersion();
        Rec."Last Used Row Version" := Database.LastUsedRowVersion();
        Rec."Companion Version" := CopyStr(Format(Module.AppVersion()), 1, MaxStrLen(Rec."Companion Version"));
        Rec.Insert(false, true);
    end;
}
