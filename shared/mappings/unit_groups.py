"""Units of items and resources in unit groups of their own, instead of one group for each unit (UNIT_GROUPS=on).

Business Central keeps its table 5400 Unit Group only while Microsoft's integration is on, so the group is that of the
item or resource itself: there is one for each.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from shared.core.convert import Number, Reference, Text
from shared.core.mapping import Blank, Creates, Direction, EntityMapping, FieldMap, Match, Table, When, Where

TO_SALES = Direction.TO_SALES
SWITCH = "UNIT_GROUPS=on"
GROUPS = Table(name="uomschedules", key="uomscheduleid")
UNITS = Table(name="uoms", key="uomid", bulk=False)


def _groups(what: str) -> EntityMapping:
    return EntityMapping(
        name=f"{what}_unit_groups",
        title=f"{what.capitalize()} → Unit group",
        source="mappings.md, UNIT GROUP and §9",
        bc=Table(name=f"{what}s"),
        sales=GROUPS,
        direction=TO_SALES,
        creates=Creates.ALWAYS,
        match=(Match(bc=("computedGroupName",), sales=("name",)),),
        match_always=True,
        bc_filter=(Where(column="blocked", op="eq", value=False, reason=f"the {what} is blocked"),),
        switch=SWITCH,
        rule=f"{what}_unit_groups",
        extra_bc=("baseUnitOfMeasureId", "number"),
        extra_sales=("statecode",),
        label_sales="name",
        fields=(
            FieldMap(
                name="name",
                bc="computedGroupName",
                sales="name",
                converter=Text(40, 200, code=True),
                direction=TO_SALES,
                required=True,
            ),
            FieldMap(
                name="base_unit",
                bc="baseUnitOfMeasureCode",
                sales="baseuomname",
                converter=Text(10, 100, code=True),
                direction=TO_SALES,
                when=When.CREATE,
                blank=Blank.KEEP,
            ),
        ),
    )


def _units(what: str) -> EntityMapping:
    return EntityMapping(
        name=f"{what}_units",
        title=f"{what.capitalize()} Unit of Measure → Unit",
        source=f"mappings.md, {what.upper()} UOM and §9",
        bc=Table(name=f"{what}UnitsOfMeasure"),
        sales=UNITS,
        direction=TO_SALES,
        depends_on=(f"{what}_unit_groups",),
        creates=Creates.ALWAYS,
        # The base unit is made by Sales, with its group.
        match=(Match(bc=(f"{what}Id", "code"), sales=("_uomscheduleid_value", "name")),),
        match_always=True,
        switch=SWITCH,
        rule=f"{what}_units",
        extra_bc=(f"{what}Number",),
        label_bc="code",
        label_sales="name",
        fields=(
            FieldMap(
                name="group",
                bc=f"{what}Id",
                sales="_uomscheduleid_value",
                converter=Reference(f"{what}_unit_groups", nav="uomscheduleid", entity_set="uomschedules"),
                direction=TO_SALES,
                fixed=True,
            ),
            FieldMap(
                name="code",
                bc="code",
                sales="name",
                converter=Text(10, 100, code=True),
                direction=TO_SALES,
                required=True,
            ),
            FieldMap(
                name="quantity",
                bc="quantityPerUnitOfMeasure",
                sales="quantity",
                converter=Number(5, least=Decimal(0), most=Decimal(10_000_000_000)),
                direction=TO_SALES,
            ),
        ),
    )


ITEM_UNIT_GROUPS, RESOURCE_UNIT_GROUPS = (_groups(what) for what in ("item", "resource"))
ITEM_UNITS, RESOURCE_UNITS = (_units(what) for what in ("item", "resource"))

SINGLE = "units_of_measure"
OF_ALL = (ITEM_UNITS.name, RESOURCE_UNITS.name)
#: Mappings that name a unit → whose units these are; the first of two is that of items.
OWN = {"items": OF_ALL[:1], "resources": OF_ALL[1:], "sales_prices": OF_ALL[:1], "price_list_lines": OF_ALL}
#: Documents, whose lines name a unit.
DOCUMENTS = frozenset({"posted_sales_invoices", "sales_orders", "sales_quotes"})


def with_own_units(mapping: EntityMapping) -> EntityMapping:
    """Return a mapping as it is with UNIT_GROUPS=on: it names units of items and resources instead of unit groups."""
    own = OWN.get(mapping.name, OF_ALL if mapping.name in DOCUMENTS else ())
    if not own:
        return mapping
    depends = tuple(dict.fromkeys((*(n for n in mapping.depends_on if n != SINGLE), *own)))
    price = "_uomscheduleid_value"
    return replace(
        mapping,
        depends_on=depends,
        extra_sales=(*mapping.extra_sales, "_defaultuomscheduleid_value")
        if mapping.name in ("items", "resources")
        else mapping.extra_sales,
        match=tuple(
            replace(m, sales=tuple("_uomid_value" if c == price else c for c in m.sales))
            for m in mapping.match
        ),
        fields=tuple(_own_unit(f, own) for f in mapping.fields),
    )


def _own_unit(field: FieldMap, own: tuple[str, ...]) -> FieldMap:
    if not isinstance(field.converter, Reference) or field.converter.to != SINGLE:
        return field
    product = field.name == "base_unit"
    return replace(
        field,
        bc="computedUnitId",
        sales="_defaultuomid_value" if product else "_uomid_value",
        converter=Reference(
            own[0],
            nav="defaultuomid" if product else "uomid",
            entity_set="uoms",
            also=own[1] if len(own) > 1 else "",
        ),
        direction=TO_SALES,
    )
