// The document of a line by its SystemId, as a FlowField, so that a page can filter by it.
tableextension 50100 "Tandem Sales Line" extends "Sales Line"
{
    fields
    {
        field(50100; "Tandem Document Id"; Guid)
        {
            Caption = 'Tandem Document Id';
            FieldClass = FlowField;
            CalcFormula = lookup("Sales Header".SystemId where("Document Type" = field("Document Type"), "No." = field("Document No.")));
        }
    }
}
