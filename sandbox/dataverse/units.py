"""Unit groups (uomschedule) and units (uom).

Source: reference/dataverse-web-api.md sections 8 and 9 ("Order of creation"), mappings.md section 9. Codes
0x80043810, 0x80043b03, 0x80043b0b, 0x80043b17 and 0x80043b1c: Microsoft's list of web service error codes.

For whoever writes these tables:
- A group needs `baseuomname`; the service makes the base unit (quantity 1) with it. The name is taken on
  creation only, so the unit is renamed by itself.
- Every other unit needs its group, `baseuom` (a unit of the same group) and `quantity`.
- A unit's name is unique in its group, without regard to case. A unit never changes its group.
- The base unit keeps quantity 1, has no base unit itself and goes only with its group.
- A unit or group that a product, a price or a document line uses is not deleted (405).
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.dataverse.behaviour import Behaviour, Change, Service
from sandbox.dataverse.refusal import DUPLICATE, INVALID_ARGUMENT, Refused, refused
from sandbox.dataverse.schema import TABLES
from sandbox.dataverse.store import Row


def _check_group(change: Change) -> None:
    if change.before is None and "baseuomname" not in change.values:
        raise refused("0x80043810", "baseuomname not specified")


def _make_base_unit(change: Change, row: Row) -> None:
    if change.before is None:
        change.service.insert(
            TABLES["uom"],
            {"name": row.values["baseuomname"], "quantity": Decimal(1), "uomscheduleid": row.id},
        )


def _check_unit(change: Change) -> None:
    values, before = change.values, change.before
    if before is not None and change.by_service:
        return  # its base unit goes, and so will the unit: the whole group is being deleted
    group = change.row("uomschedule", "uomscheduleid")
    siblings = change.service.store.rows("uom").pointing("uomscheduleid", values["uomscheduleid"])
    if before is None:
        values["isschedulebaseuom"] = not any(unit.values.get("isschedulebaseuom") for unit in siblings)
    if "quantity" not in values:
        # The code is a guess: the reference says that a unit has a base unit and a quantity.
        raise refused(INVALID_ARGUMENT, f"The quantity of the unit '{values['name']}' is missing.")
    if values.get("isschedulebaseuom"):
        if "baseuom" in values:
            raise refused(
                "0x80043b17",
                "Do not use a base unit as the value for a primary unit. This value should always be null.",
            )
        if values["quantity"] != 1:
            raise refused("0x80043b18", "Do not modify the Quantity field when you update the primary unit.")
    else:
        base = change.row("uom", "baseuom")
        if base is None:
            raise refused("0x80043b1c", "The base unit does not exist.")
        if base.values.get("uomscheduleid") != values["uomscheduleid"] or base.id == change.row_id:
            raise refused("0x80043b0b", "The base unit does not belong to the schedule.")
    if change.is_new("name") and _taken(change):
        name = group.values["name"] if group is not None else values["uomscheduleid"]
        # Status and code are guesses: the reference is silent.
        raise Refused(412, DUPLICATE, f"The unit '{values['name']}' exists already in the group '{name}'.")


def _taken(change: Change) -> bool:
    rows = change.service.store.rows("uom")
    assert rows.unique is not None
    other = rows.by_key(rows.unique, change.values)
    return other is not None and other.id != change.row_id


def _delete_unit(service: Service, row: Row, with_parent: bool) -> None:
    if row.values.get("isschedulebaseuom") and not with_parent:
        raise refused("0x80043b03", "The base unit of a schedule cannot be deleted.")


BEHAVIOURS = {
    "uomschedule": Behaviour(check=_check_group, stored=_make_base_unit),
    "uom": Behaviour(check=_check_unit, deleting=_delete_unit),
}
