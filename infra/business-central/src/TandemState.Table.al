// The one row that the pages `syncState` and `whoAmI` make up. Never stored.
table 50101 "Tandem State"
{
    Caption = 'Tandem State';
    TableType = Temporary;
    DataClassification = SystemMetadata;

    fields
    {
        field(1; "Primary Key"; Code[10])
        {
            Caption = 'Primary Key';
        }
        field(2; "Minimum Active Row Version"; BigInteger)
        {
            Caption = 'Minimum Active Row Version';
        }
        field(3; "Last Used Row Version"; BigInteger)
        {
            Caption = 'Last Used Row Version';
        }
        field(4; "Companion Version"; Text[20])
        {
            Caption = 'Companion Version';
        }
        field(5; "User Security Id"; Guid)
        {
            Caption = 'User Security Id';
            DataClassification = EndUserPseudonymousIdentifiers;
        }
        field(6; "User Name"; Text[50])
        {
            Caption = 'User Name';
            DataClassification = EndUserIdentifiableInformation;
        }
    }

    keys
    {
        key(PK; "Primary Key")
        {
            Clustered = true;
        }
    }
}
