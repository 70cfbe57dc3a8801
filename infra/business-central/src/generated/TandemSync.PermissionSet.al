// Written by `make companion` from contract.yaml. Change that, not this.
permissionset 50101 "TANDEM SYNC"
{
    Assignable = true;
    Caption = 'Tandem: synchronize', Locked = true;
    IncludedPermissionSets = "TANDEM READ";
    Permissions = tabledata "Contact" = IM,
                  tabledata "Contact Business Relation" = I,
                  tabledata "Currency" = IM,
                  tabledata "Currency Exchange Rate" = IM,
                  tabledata "Customer" = IM,
                  tabledata "Customer Price Group" = IM,
                  tabledata "Default Dimension" = I,
                  tabledata "Item" = IM,
                  tabledata "Item Unit of Measure" = IM,
                  tabledata "Item Variant" = IM,
                  tabledata "Opportunity" = IM,
                  tabledata "Payment Terms" = IM,
                  tabledata "Record Link" = IM,
                  tabledata "Resource" = IM,
                  tabledata "Resource Unit of Measure" = IM,
                  tabledata "Sales Header" = IM,
                  tabledata "Sales Line" = IM,
                  tabledata "Sales Price" = IM,
                  tabledata "Salesperson/Purchaser" = IM,
                  tabledata "Shipment Method" = IM,
                  tabledata "Shipping Agent" = IM,
                  tabledata "Unit of Measure" = IM;
}
