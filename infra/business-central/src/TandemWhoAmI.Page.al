// The user whose token asked: what it changed is its own (lastModifiedBy).
page 50140 "Tandem Who Am I"
{
    PageType = API;
    Caption = 'Tandem Who Am I', Locked = true;
    APIPublisher = 'tandem';
    APIGroup = 'sync';
    APIVersion = 'v1.0';
    EntityName = 'whoAmI';
    EntitySetName = 'whoAmI';
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
                field(userSecurityId; Rec."User Security Id")
                {
                    Caption = 'userSecurityId', Locked = true;
                }
                field(userName; Rec."User Name")
                {
                    Caption = 'userName', Locked = true;
                }
            }
        }
    }

    trigger OnOpenPage()
    begin
        Rec.Init();
        Rec.SystemId := UserSecurityId();
        Rec."User Security Id" := UserSecurityId();
        Rec."User Name" := CopyStr(UserId(), 1, MaxStrLen(Rec."User Name"));
        Rec.Insert(false, true);
    end;
}
