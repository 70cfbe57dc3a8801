"""Units of measure in Business Central are unit groups in Sales, with one unit each (P5, P23)."""

from shared.core.convert import Text
from shared.core.mapping import Blank, Direction, EntityMapping, FieldMap, Match, Table

UNITS_OF_MEASURE = EntityMapping(
    name="units_of_measure",
    title="Unit of Measure → Unit group",
    source="mappings.md, UNIT OF MEASURE and §9",
    bc=Table(name="unitsOfMeasure"),
    sales=Table(name="uomschedules", key="uomscheduleid"),
    direction=Direction.TO_SALES,
    match=(Match(bc=("computedGroupName",), sales=("name",)),),
    match_always=True,
    switch="UNIT_GROUPS=off",
    rule="units_of_measure",
    extra_sales=("statecode",),
    label_bc="code",
    label_sales="name",
    fields=(
        FieldMap(
            name="name",
            bc="computedGroupName",
            sales="name",
            converter=Text(14, 200, code=True),
            direction=Direction.TO_SALES,
            required=True,
        ),
        # Set by baseuomname on create, which makes the unit; later the rule renames it.
        FieldMap(
            name="unit",
            bc="code",
            sales="computedUnitName",
            converter=Text(10, 100, code=True),
            direction=Direction.TO_SALES,
            blank=Blank.KEEP,
        ),
    ),
)
