// The document of a line by its SystemId, as a FlowField, so that a page can filter by it.
tableextension 50101 "Tandem Sales Invoice Line" extends "Sales Invoice Line"
{
    fields
    {
        field(50100; "Tandem Document Id"; Guid)
        {
            Caption = 'Tandem Document Id';
            FieldClass = FlowField;
            CalcFormula = lookup("Sales Invoice Header".SystemId where("No." = field("Document No.")));
        }
    }
}
