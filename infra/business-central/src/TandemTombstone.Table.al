// What was deleted in a synchronized table. Its columns are those of the set `tombstones` in contract.yaml.
table 50100 "Tandem Tombstone"
{
    Caption = 'Tandem Tombstone';
    DataClassification = SystemMetadata;

    fields
    {
        field(1; "Entry No."; BigInteger)
        {
            Caption = 'Entry No.';
            AutoIncrement = true;
        }
        field(2; "Table No."; Integer)
        {
            Caption = 'Table No.';
        }
        field(3; "Entity Set"; Text[50])
        {
            Caption = 'Entity Set';
        }
        field(4; "Deleted SystemId"; Guid)
        {
            Caption = 'Deleted SystemId';
        }
        // The number or code, so that a person can tell what was deleted.
        field(5; "Primary Key"; Text[250])
        {
            Caption = 'Primary Key';
            DataClassification = CustomerContent;
        }
        field(6; "Deleted At"; DateTime)
        {
            Caption = 'Deleted At';
        }
        field(7; "Deleted By"; Guid)
        {
            Caption = 'Deleted By';
            DataClassification = EndUserPseudonymousIdentifiers;
        }
    }

    keys
    {
        key(PK; "Entry No.")
        {
            Clustered = true;
        }
    }
}
