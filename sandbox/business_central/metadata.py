"""The EDMX document of the companion route (business-central-api.md §1; type names: bc_schema.json `alToEdm`)."""

from __future__ import annotations

from functools import cache
from xml.sax.saxutils import quoteattr  # nosec B406  # writes XML, reads none

from sandbox.business_central.contract import Column, entity_sets

_EDM = {
    "Decimal": "Edm.Decimal",
    "Integer": "Edm.Int32",
    "BigInteger": "Edm.Int64",
    "Boolean": "Edm.Boolean",
    "Date": "Edm.Date",
    "DateTime": "Edm.DateTimeOffset",
    "Guid": "Edm.Guid",
}


@cache
def edmx() -> str:
    """Return every set with its properties, keyed by id. Enums are named after their column."""
    types, enums, sets = [], {}, []
    for entity in entity_sets().values():
        properties = []
        for column in entity.columns.values():
            if column.kind == "Enum":
                enums[_enum_name(entity.entity, column)] = column.members
            properties.append(_property(entity.entity, column))
        for part in entity.parts:
            line = entity_sets()[part].entity
            properties.append(f'<NavigationProperty Name="{part}" Type="Collection(Microsoft.NAV.{line})"/>')
        body = "".join(properties)
        types.append(
            f'<EntityType Name="{entity.entity}"><Key><PropertyRef Name="id"/></Key>{body}</EntityType>'
        )
        sets.append(f'<EntitySet Name="{entity.name}" EntityType="Microsoft.NAV.{entity.entity}"/>')
    for name, members in enums.items():
        body = "".join(f'<Member Name={quoteattr(m)} Value="{n}"/>' for n, m in enumerate(members))
        types.append(f'<EnumType Name="{name}">{body}</EnumType>')
    container = f'<EntityContainer Name="NAV">{"".join(sets)}</EntityContainer>'
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        '<Schema Namespace="Microsoft.NAV" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
        f"{''.join(types)}{container}</Schema></edmx:DataServices></edmx:Edmx>"
    )


def _enum_name(entity: str, column: Column) -> str:
    return f"{entity}{column.name[0].upper()}{column.name[1:]}"


def _property(entity: str, column: Column) -> str:
    if column.kind == "Enum":
        kind = f"Microsoft.NAV.{_enum_name(entity, column)}"
    else:
        kind = _EDM.get(column.kind, "Edm.String")
    length = f' MaxLength="{column.length}"' if column.length else ""
    return f'<Property Name="{column.name}" Type="{kind}"{length}/>'
