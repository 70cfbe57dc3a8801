"""What only administrators ask for: who has which role, what it may, and publishing changed definitions.

Source: the documented `systemuserroles_association`, associating by `$ref` (reference/dataverse-web-api.md
section 2, source assoc), RetrieveUserPrivileges, AddPrivilegesRole and PublishXml. What is not asked for by anybody here
is refused.
"""

from __future__ import annotations

import re

from sandbox.dataverse.address import Address, must_find, reference
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.refusal import INVALID_ARGUMENT, NOT_FOUND, Refused, bad_query, no_segment
from sandbox.dataverse.schema import TABLES
from sandbox.dataverse.wire import Answer, Call, json_answer

_ENTITY = re.compile(r"<entity>(\w+)</entity>")
ROLES_OF_USER = "systemuserroles_association"


def of_user(environment: Environment, call: Call, where: Address, rest: list[str], user_id: str) -> Answer:
    """List a user's roles (`GET`), or give it one (`POST …/$ref`), which may be repeated."""
    security, store = environment.security, environment.store
    user = must_find(store, where)
    if call.method == "GET" and not rest:
        security.check(user_id, "Read", TABLES["role"])
        held = [store.get("role", role) for role in sorted(security.members.get(user.id, ()))]
        value = [{"roleid": row.id, "name": row.values["name"]} for row in held if row is not None]
        return json_answer({"@odata.context": f"{call.base}$metadata#roles(roleid,name)", "value": value})
    if call.method == "POST" and rest == ["$ref"]:
        for name in ("Write", "Assign"):
            security.check(user_id, name, TABLES["systemuser"])
        target = str(call.json("systemusers").get("@odata.id", ""))
        named = reference(store, target)
        if named.table.name != "role":
            raise bad_query(f"'{ROLES_OF_USER}' takes rows of roles.")
        role = must_find(store, named)
        if role.values["businessunitid"] != user.values["businessunitid"]:
            # A role is assigned in its own business unit only.
            raise Refused(400, INVALID_ARGUMENT, "The role is of another business unit than the user.")
        security.assign(user.id, role.id)
        return Answer(status=204)
    raise Refused(405, INVALID_ARGUMENT, f"{call.method} is not supported on '{ROLES_OF_USER}'.")


def message(environment: Environment, call: Call, where: Address, name: str, user_id: str) -> Answer:
    """Answer a function or action bound to a user or a role."""
    row = must_find(environment.store, where)
    security = environment.security
    match where.table.name, name.removesuffix("()"), call.method:
        case "systemuser", "RetrieveUserPrivileges", "GET":
            if row.id != user_id:
                security.check(user_id, "Read", TABLES["role"])
            context = f"{call.base}$metadata#Microsoft.Dynamics.CRM.RetrieveUserPrivilegesResponse"
            held = security.user_privileges(row.id, environment.business_unit_id)
            return json_answer({"@odata.context": context, "RolePrivileges": held})
        case "role", "AddPrivilegesRole", "POST":
            security.check(user_id, "Write", TABLES["role"])
            security.add_privileges(row.id, call.json("roles"))
            return Answer(status=204)
    raise no_segment(f"Microsoft.Dynamics.CRM.{name}")


def publish(environment: Environment, call: Call, user_id: str) -> Answer:
    """Let everybody see changed definitions. Here they are seen at once; the request must be right all the same."""
    environment.security.must_have(user_id, "prvPublishCustomization", "OTC=0")
    xml = call.json("PublishXml").get("ParameterXml")
    names = _ENTITY.findall(xml) if isinstance(xml, str) else []
    if not names or not str(xml).startswith("<importexportxml>"):
        raise Refused(400, INVALID_ARGUMENT, "ParameterXml names no entities to publish.")
    if unknown := [name for name in names if name not in TABLES]:
        raise Refused(404, NOT_FOUND, f"There is no entity {unknown[0]}.")
    return Answer(status=204)
