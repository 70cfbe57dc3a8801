"""What a new row has without being told.

Source: reference/dataverse-web-api.md section 8 ("SystemRequired"), sales-documents.md section 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.dataverse import payload
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.refusal import INVALID_ARGUMENT, Refused
from sandbox.dataverse.schema import Table

#: SystemRequired columns that the service fills when they are not sent.
_NUMBERED = {"ordernumber": "ORD", "invoicenumber": "INV", "quotenumber": "QUO"}
_DEFAULTS: Mapping[str, Any] = {
    "producttypecode": 1,
    "productstructure": 1,
    "accessmode": 0,
    "caltype": 0,
    "teamtype": 0,
}

#: What an application user is called until somebody changes it, and how it signs in (section 10).
_OF_THE_APPLICATION: Mapping[str, Any] = {
    "firstname": "#",
    "lastname": "application",
    "domainname": "application",
    "accessmode": 4,
}

#: Codes of SystemRequired columns that are missing; for all others the code is a guess.
_MISSING: Mapping[tuple[str, str], str] = {
    ("product", "productnumber"): "0x80043b05",
    ("pricelevel", "name"): "0x80043b0e",
    ("productpricelevel", "pricelevelid"): "0x80043b12",
    ("productpricelevel", "productid"): "0x80043b11",
    ("uom", "uomscheduleid"): "0x80043b0a",
}


def fill_defaults(environment: Environment, user_id: str, table: Table, values: dict[str, Any]) -> None:
    """Fill what a new row has without being told. Raises Refused for a missing SystemRequired value."""
    for column in table.columns.values():
        name = column.name
        if name in values or name == table.key:
            continue
        if "applicationid" in values and name in _OF_THE_APPLICATION:
            values[name] = _OF_THE_APPLICATION[name]
        elif name == "islicensed":
            values[name] = "applicationid" not in values  # a person's licence comes from elsewhere
        elif column.type == "Boolean" and (column.create or column.required == "SystemRequired"):
            values[name] = False
        elif name in _NUMBERED and column.required == "SystemRequired":
            values[name] = f"{_NUMBERED[name]}-{environment.store.version + 1:08d}"
        elif name in _DEFAULTS and column.required == "SystemRequired":
            values[name] = _DEFAULTS[name]
        elif name == "ownerid" and column.is_lookup:
            payload.point(values, column, "systemuser", user_id)
        elif name == "businessunitid" and column.required == "SystemRequired":
            values[name] = environment.business_unit_id
        elif name == "administratorid":
            values[name] = user_id
        elif name == "organizationid":
            values[name] = environment.organization_id
        elif name == "isdisabled":
            values[name] = False
        elif column.required == "SystemRequired" and column.create and column.type not in ("State", "Status"):
            # Status of the reference ("null → 400").
            code = _MISSING.get((table.name, name), INVALID_ARGUMENT)
            raise Refused(400, code, f"Attribute '{name}' cannot be NULL on {table.name}.")
