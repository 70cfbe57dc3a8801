"""Functions and actions that belong to no table.

Source: reference/dataverse-web-api.md sections 1 (WhoAmI), 3 (RetrieveTotalRecordCount) and 6
(BulkDelete). InsertOptionValue and RetrieveMetadataChanges: the documented shapes as the integration
and Microsoft's client (source S) send them.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from sandbox.dataverse.address import new_id
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.metadata import Metadata
from sandbox.dataverse.refusal import DUPLICATE, INVALID_ARGUMENT, Refused, bad_payload, bad_query
from sandbox.dataverse.schema import TABLES
from sandbox.dataverse.wire import Answer, Call, Spent, json_answer
from sandbox.dataverse.writes import Writes

_OPTION_ARGUMENTS = frozenset(
    {"EntityLogicalName", "AttributeLogicalName", "Label", "Value", "Description", "SolutionUniqueName"}
)

#: Values of options that the environment makes up: the prefix of its default publisher (assumed).
_FIRST_OWN_OPTION = 100_000_000


def who_am_i(environment: Environment, call: Call, user_id: str) -> Answer:
    return json_answer(
        {
            "@odata.context": f"{call.base}$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
            "BusinessUnitId": environment.business_unit_id,
            "UserId": user_id,
            "OrganizationId": environment.organization_id,
        }
    )


def insert_option_value(environment: Environment, call: Call) -> Answer:
    """Add an option to a column's own set. A value that is there already is refused."""
    body = call.json("InsertOptionValue")
    if unknown := set(body) - _OPTION_ARGUMENTS:
        raise bad_payload("InsertOptionValue", f"The parameter '{sorted(unknown)[0]}' is not known.")
    name = (str(body.get("EntityLogicalName")), str(body.get("AttributeLogicalName")))
    table = TABLES.get(name[0])
    if table is None or name[1] not in table.columns or table.columns[name[1]].type != "Picklist":
        raise Refused(404, "0x80040217", f"Could not find the option set of {name[0]}.{name[1]}.")
    labels = (body.get("Label") or {}).get("LocalizedLabels") or []
    label = next((str(one["Label"]) for one in labels if one.get("Label")), None)
    if label is None:
        raise Refused(400, INVALID_ARGUMENT, "Required field 'Label' is missing.")
    options = environment.options.setdefault(name, {})
    value = body.get("Value")
    if value is None:
        value = max([_FIRST_OWN_OPTION - 1, *options]) + 1
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_payload(
            "InsertOptionValue", f"Cannot convert the literal '{value}' to the expected type 'Edm.Int32'."
        )
    if value in options:
        # The code is a guess: the reference does not name it.
        raise Refused(
            400, DUPLICATE, f"An option with the value {value} exists already on {name[0]}.{name[1]}."
        )
    options[value] = label
    environment.store.when_undone(lambda: options.pop(value))
    return json_answer(
        {
            "@odata.context": f"{call.base}$metadata#Microsoft.Dynamics.CRM.InsertOptionValueResponse",
            "NewOptionValue": value,
        }
    )


def bulk_delete(environment: Environment, call: Call, writes: Writes) -> Answer:
    """Delete rows named by id. The service does it in a job some time later; here it is done at once."""
    body = call.json("BulkDelete")
    for query in body.get("QuerySet") or []:
        table = TABLES.get(str(query.get("EntityName")))
        conditions = (query.get("Criteria") or {}).get("Conditions") or []
        if table is None or len(conditions) != 1:
            raise Refused(
                400, INVALID_ARGUMENT, "Only one condition on one table is simulated for BulkDelete."
            )
        (condition,) = conditions
        if condition.get("AttributeName") != table.key or condition.get("Operator") != "In":
            raise Refused(
                400, INVALID_ARGUMENT, "Only an In condition on the key is simulated for BulkDelete."
            )
        for value in condition.get("Values") or []:
            row = environment.store.get(table.name, str(value.get("Value")).lower())
            if row is not None:
                writes.delete(table, row)
    return json_answer(
        {
            "@odata.context": f"{call.base}$metadata#Microsoft.Dynamics.CRM.BulkDeleteResponse",
            "JobId": new_id(),
        }
    )


def total_record_count(environment: Environment, call: Call, arguments: str) -> Answer:
    match = re.fullmatch(r"EntityNames=(\[.*\]|@\w+)", arguments)
    text = match.group(1) if match else ""
    if text.startswith("@"):
        text = dict(parse_qsl(call.query)).get(text, "")
    try:
        names = json.loads(text.replace("'", '"'))
        counts = [len(environment.store.rows(name).rows) for name in names]
    except (ValueError, KeyError, TypeError):
        raise bad_query(
            "RetrieveTotalRecordCount needs EntityNames=['account',...] of known tables."
        ) from None
    return json_answer(
        {
            "@odata.context": f"{call.base}$metadata#Microsoft.Dynamics.CRM.RetrieveTotalRecordCountResponse",
            "EntityRecordCountCollection": {"Count": len(names), "Keys": names, "Values": counts},
        }
    )


def metadata_changes(metadata: Metadata, call: Call, spent: Spent) -> Answer:
    """Answer the typed column look-up of Microsoft's client: one table, some or all columns."""
    try:
        query = json.loads(dict(parse_qsl(call.query))["@p1"])
        table_name = query["Criteria"]["Conditions"][0]["Value"]["Value"]
        attributes = query["AttributeQuery"]
        wanted = attributes["Properties"]["PropertyNames"]
        only = [c["Value"]["Value"] for c in attributes.get("Criteria", {}).get("Conditions", [])]
    except (ValueError, KeyError, TypeError, IndexError):
        raise bad_query("This form of RetrieveMetadataChanges is not simulated.") from None
    found: list[dict[str, Any]] = []
    if (table := TABLES.get(table_name)) is not None:
        columns = []
        for column in table.columns.values():
            if only and column.name not in only:
                continue
            whole = metadata.column(table, column)
            if column.type in ("Picklist", "State", "Status"):
                whole["OptionSet"] = metadata.option_set(table, column)
            kept = {"@odata.type", "MetadataId", "LogicalName", *wanted}
            columns.append({name: value for name, value in whole.items() if name in kept})
        found.append({"LogicalName": table.name, "Attributes": columns})
    spent.read["metadata"] += len(found)
    return json_answer(
        {
            "@odata.context": f"{call.base}$metadata#Microsoft.Dynamics.CRM.RetrieveMetadataChangesResponse",
            "EntityMetadata": found,
            "ServerVersionStamp": "1",
            "DeletedMetadata": None,
        }
    )
