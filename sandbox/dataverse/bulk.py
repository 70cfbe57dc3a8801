"""CreateMultiple, UpdateMultiple, UpsertMultiple: all rows or none.

Source: reference/dataverse-web-api.md section 6. Some refusals are choices of this simulator because
the reference is silent: tables without support (400), the same row twice in one list (400).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.dataverse.address import Address, as_guid, reference
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.refusal import DUPLICATE, INVALID_ARGUMENT, NOT_FOUND, Refused, bad_payload
from sandbox.dataverse.schema import Table
from sandbox.dataverse.wire import Answer, json_answer
from sandbox.dataverse.writes import Writes

MESSAGES = ("CreateMultiple", "UpdateMultiple", "UpsertMultiple")


def run(
    environment: Environment, table: Table, message: str, body: Mapping[str, Any], writes: Writes, base: str
) -> Answer:
    """Carry out the message. The caller undoes everything when this raises Refused."""
    if not table.bulk or table.name in environment.settings.no_bulk:
        raise Refused(400, INVALID_ARGUMENT, f"{message} has not yet been implemented for {table.name}.")
    targets = _targets(environment, table, body)
    ids: list[str] = []
    seen: set[str] = set()
    with writes.together():
        for target in targets:
            match message:
                case "CreateMultiple":
                    ids.append(_create(table, target, writes))
                case "UpdateMultiple":
                    _once(table, seen, _update(environment, table, target, writes))
                case _:
                    _once(table, seen, _upsert(environment, table, target, writes))
    if message == "CreateMultiple":
        return json_answer(
            {"@odata.context": f"{base}$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse", "Ids": ids}
        )
    return Answer(status=204)


def _targets(environment: Environment, table: Table, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    targets = body.get("Targets")
    if not isinstance(targets, list) or set(body) != {"Targets"}:
        raise bad_payload(
            table.entity_set, "The parameter 'Targets' must be a list of rows, and the only one."
        )
    if not targets:
        raise Refused(400, INVALID_ARGUMENT, "Required member 'Targets' is empty.")
    if len(targets) > environment.settings.bulk_rows:
        raise Refused(400, "0x80044151", "SQL timeout expired.")
    for target in targets:
        if not isinstance(target, dict) or "@odata.type" not in target:
            raise bad_payload(
                table.entity_set,
                "A type named 'Microsoft.Dynamics.CRM.crmbaseentity' is abstract: every target needs '@odata.type'.",
            )
    return targets


def _create(table: Table, target: Mapping[str, Any], writes: Writes) -> str:
    try:
        return writes.create(table, target).id
    except Refused as refused:
        if refused.code == DUPLICATE:
            raise Refused(412, DUPLICATE, "Cannot insert duplicate key.") from None
        raise


def _update(environment: Environment, table: Table, target: Mapping[str, Any], writes: Writes) -> str:
    row_id = as_guid(str(target.get(table.key, "")))
    if row_id is None:
        raise Refused(400, INVALID_ARGUMENT, f"Every target of UpdateMultiple needs its '{table.key}'.")
    row = environment.store.get(table.name, row_id)
    if row is None:
        raise Refused(404, NOT_FOUND, f"{table.name.capitalize()} With Ids = {row_id} Do Not Exist")
    return writes.update(table, row, target).id


def _upsert(environment: Environment, table: Table, target: Mapping[str, Any], writes: Writes) -> str:
    if "@odata.id" in target:
        where = reference(environment.store, str(target["@odata.id"]))
        if where.table is not table:
            raise bad_payload(table.entity_set, f"'{target['@odata.id']}' is no row of {table.entity_set}.")
    elif row_id := as_guid(str(target.get(table.key, ""))):
        where = Address(table=table, id=row_id, text=row_id)
    else:
        raise Refused(400, INVALID_ARGUMENT, "Every target of UpsertMultiple needs '@odata.id' or its key.")
    return writes.upsert(table, where, target)[0].id


def _once(table: Table, seen: set[str], row_id: str) -> None:
    if row_id in seen:
        raise Refused(400, INVALID_ARGUMENT, f"The {table.name} {row_id} is in 'Targets' more than once.")
    seen.add(row_id)
