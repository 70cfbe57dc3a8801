"""Metadata of tables, columns, option sets and keys as JSON objects.

Shapes follow the documented metadata types as far as the requests in `metadata` need them.
"""

from __future__ import annotations

from typing import Any

from sandbox.dataverse.environment import Environment, fixed_id
from sandbox.dataverse.schema import TABLES, Column, Table
from sandbox.dataverse.store import AlternateKey

#: The one language of the environment: English.
LANGUAGE = 1033
CASTS = {
    "Picklist": "PicklistAttributeMetadata",
    "State": "StateAttributeMetadata",
    "Status": "StatusAttributeMetadata",
    "String": "StringAttributeMetadata",
    "Memo": "MemoAttributeMetadata",
    "Integer": "IntegerAttributeMetadata",
    "BigInt": "BigIntAttributeMetadata",
    "Decimal": "DecimalAttributeMetadata",
    "Money": "MoneyAttributeMetadata",
    "Boolean": "BooleanAttributeMetadata",
    "DateTime": "DateTimeAttributeMetadata",
    "Lookup": "LookupAttributeMetadata",
    "Owner": "LookupAttributeMetadata",
    "Customer": "LookupAttributeMetadata",
    "Uniqueidentifier": "UniqueIdentifierAttributeMetadata",
    "EntityName": "EntityNameAttributeMetadata",
}


class MetadataShapes:
    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def table(self, table: Table) -> dict[str, Any]:
        return {
            "MetadataId": fixed_id("table", table.name),
            "LogicalName": table.name,
            "SchemaName": table.name.capitalize(),
            "EntitySetName": table.entity_set,
            "LogicalCollectionName": table.entity_set,
            "PrimaryIdAttribute": table.key,
            "PrimaryNameAttribute": table.primary_name,
            "OwnershipType": table.ownership,
            "IsPrivate": False,
            "IsCustomEntity": False,
            "IsOptimisticConcurrencyEnabled": True,
            "ChangeTrackingEnabled": self._environment.tracks(table.name),
            "Privileges": self._environment.security.metadata(table),
        }

    def links(self, table: Table) -> list[dict[str, Any]]:
        """Return OneToManyRelationshipMetadata of the table's lookups, by the documented members."""
        return [
            {
                "MetadataId": fixed_id("link", table.name, column.name, target),
                "SchemaName": f"{target}_{table.name}_{column.name}",
                "ReferencedEntity": target,
                "ReferencedAttribute": TABLES[target].key,
                "ReferencingEntity": table.name,
                "ReferencingAttribute": column.name,
                "ReferencingEntityNavigationPropertyName": navigation,
            }
            for column in table.columns.values()
            for target, navigation in column.navigation.items()
            if target in TABLES
        ]

    def column(self, table: Table, column: Column) -> dict[str, Any]:
        body = {
            "@odata.type": f"#Microsoft.Dynamics.CRM.{CASTS[column.type]}",
            "MetadataId": fixed_id("column", table.name, column.name),
            "LogicalName": column.name,
            "SchemaName": column.name,
            "EntityLogicalName": table.name,
            "AttributeType": column.type,
            "AttributeTypeName": {"Value": f"{column.type}Type"},
            "IsPrimaryId": column.name == table.key,
            "IsPrimaryName": column.name == table.primary_name,
            "IsValidForCreate": column.create,
            "IsValidForUpdate": column.update,
            "IsValidForRead": True,
            "IsCustomAttribute": False,
            "RequiredLevel": {
                "Value": column.required,
                "CanBeChanged": column.required != "SystemRequired",
                "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
            },
            "DisplayName": _label(column.name),
        }
        if column.max_length is not None:
            body["MaxLength"] = column.max_length
        if column.type in ("Integer", "Decimal", "Money", "BigInt"):
            body["MinValue"], body["MaxValue"] = column.min, column.max
        if column.type in ("Decimal", "Money"):
            body["Precision"] = column.precision
        if column.type == "Money":
            body["PrecisionSource"] = column.precision_source
        if column.targets:
            body["Targets"] = list(column.targets)
        if column.type == "DateTime":
            body["Format"] = "DateOnly" if column.edm == "Edm.Date" else "DateAndTime"
        return body

    def option_set(self, table: Table, column: Column) -> dict[str, Any]:
        states = self._environment.status_states.get(table.name, {}) if column.type == "Status" else {}
        options = []
        for value, label in self._environment.options.get((table.name, column.name), {}).items():
            option: dict[str, Any] = {
                "Value": value,
                "Label": _label(label),
                "IsManaged": True,
                "Color": None,
            }
            if value in states:
                option["State"] = states[value]
            options.append(option)
        return {
            "MetadataId": fixed_id("options", table.name, column.name),
            "Name": f"{table.name}_{column.name}",
            "IsGlobal": False,
            "OptionSetType": column.type,
            "Options": options,
        }


def _label(text: str) -> dict[str, Any]:
    label = {"Label": text, "LanguageCode": LANGUAGE, "IsManaged": True}
    return {"LocalizedLabels": [label], "UserLocalizedLabel": label}


def key_body(table: Table, key: AlternateKey) -> dict[str, Any]:
    return {
        "MetadataId": key.id,
        "SchemaName": key.name,
        "LogicalName": key.name,
        "EntityLogicalName": table.name,
        "KeyAttributes": list(key.columns),
        "EntityKeyIndexStatus": "Active",
    }
