// Writes a tombstone in the transaction that deletes the row: both are there, or neither.
codeunit 50104 "Tandem Tombstones"
{
    Access = Internal;

    // Whoever may delete the row may leave its tombstone, whatever permission sets they have.
    [InherentPermissions(PermissionObjectType::TableData, Database::"Tandem Tombstone", 'I')]
    procedure Write(TableNo: Integer; EntitySet: Text[50]; DeletedId: Guid; PrimaryKey: Text)
    var
        Tombstone: Record "Tandem Tombstone";
    begin
        Tombstone.Init();
        Tombstone."Table No." := TableNo;
        Tombstone."Entity Set" := EntitySet;
        Tombstone."Deleted SystemId" := DeletedId;
        Tombstone."Primary Key" := CopyStr(PrimaryKey, 1, MaxStrLen(Tombstone."Primary Key"));
        Tombstone."Deleted At" := CurrentDateTime();
        // SystemCreatedBy says it too, but the row's own last modifier is gone.
        Tombstone."Deleted By" := UserSecurityId();
        Tombstone.Insert();
    end;
}
