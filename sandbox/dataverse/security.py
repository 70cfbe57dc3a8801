"""Roles, privileges and who holds them.

Source: reference/dataverse-web-api.md sections 1 (application user), 4 (organization-level read) and 8
(0x80040220 with its text); the documented RolePrivilege, SecurityPrivilegeMetadata, RetrieveUserPrivileges
and AddPrivilegesRole of the Web API. Assumed here: a privilege is named after its right and its table, each
table has its own, and below the organization's depth a user sees nothing of what others own. Not simulated:
rights of teams, sharing, and what a user without any role is told at signing in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sandbox.dataverse.refusal import INVALID_ARGUMENT, NOT_FOUND, PRIVILEGE_DENIED, Refused
from sandbox.dataverse.schema import TABLES, Table

RIGHTS = ("Create", "Read", "Write", "Delete", "Assign", "Append", "AppendTo")
DEPTHS = ("Basic", "Local", "Deep", "Global")
ADMINISTRATOR = "System Administrator"
INTEGRATION = "Tandem"
#: Tables of the environment itself: changing them is an administrator's right.
OWN = frozenset(
    {"organization", "businessunit", "role", "systemuser", "team", "sdkmessage", "sdkmessagefilter"}
)
#: Changing what tables and columns are.
CUSTOMIZE = "prvWriteEntity"


class Ids(Protocol):
    def __call__(self, *parts: str) -> str: ...


def privilege(right: str, table: Table) -> str:
    return f"prv{right}{table.name.capitalize()}"


def rights_of(table: Table) -> tuple[str, ...]:
    """Only rows that somebody owns can be assigned."""
    return tuple(r for r in RIGHTS if r != "Assign" or table.ownership == "UserOwned")


class Security:
    """Which role has which privilege how deep, and which user has which role. Every change can be undone."""

    def __init__(self, fixed_id: Ids, undo: Callable[[Callable[[], object]], None]) -> None:
        self._fixed_id = fixed_id
        self._undo = undo
        self.names: dict[str, str] = {
            self.id_of(name): name
            for name in (CUSTOMIZE, *(privilege(r, t) for t in TABLES.values() for r in rights_of(t)))
        }
        #: role id → privilege → depth; the administrator's role has all of them.
        self.roles: dict[str, dict[str, str]] = {}
        self.members: dict[str, set[str]] = {}
        self._known: dict[str, Mapping[str, str]] = {}
        self.administrator = fixed_id("role", ADMINISTRATOR)
        self.integration = fixed_id("role", INTEGRATION)

    def id_of(self, name: str) -> str:
        return self._fixed_id("privilege", name)

    def known(self, name: str) -> str:
        """Return the name of a privilege. Raises Refused when there is none of it."""
        if name not in self.names.values():
            raise Refused(404, NOT_FOUND, f"There is no privilege {name}.")
        return name

    def held(self, user_id: str) -> Mapping[str, str]:
        """Return privilege → the deepest depth at which the user has it by any role."""
        if user_id in self._known:
            return self._known[user_id]
        found: dict[str, str] = {}
        for role in self.members.get(user_id, ()):
            for name, depth in self.roles.get(role, {}).items():
                if DEPTHS.index(depth) >= DEPTHS.index(found.get(name, "Basic")):
                    found[name] = depth
        self._known[user_id] = found
        return found

    def _change(self, undo: Callable[[], object]) -> None:
        self._known.clear()
        self._undo(lambda: (undo(), self._known.clear()))

    def grant(self, role: str, name: str, depth: str | None) -> None:
        """Give a role a privilege at a depth; None takes it away."""
        held = self.roles.setdefault(role, {})
        before = held.get(name)
        if depth is None:
            held.pop(name, None)
        else:
            held[name] = depth
        self._change(lambda: held.pop(name, None) if before is None else held.update({name: before}))

    def assign(self, user_id: str, role: str) -> None:
        """Give a user a role; once more changes nothing."""
        held = self.members.setdefault(user_id, set())
        if role not in held:
            held.add(role)
            self._change(lambda: held.discard(role))

    def withdraw(self, user_id: str) -> None:
        """Take all roles from a user."""
        before = self.members.pop(user_id, set())
        self._change(lambda: self.members.update({user_id: before}))

    def check(self, user_id: str, right: str, table: Table) -> None:
        """Raises Refused: 403 with the privilege that is missing."""
        if right in rights_of(table):
            self.must_have(user_id, privilege(right, table), f"OTC=1 for entity '{table.name}'")

    def must_have(self, user_id: str, name: str, where: str) -> None:
        if self.administrator in self.members.get(user_id, ()):
            return
        held = self.held(user_id)
        if name not in held:
            roles = len(self.members.get(user_id, ()))
            raise Refused(
                403,
                PRIVILEGE_DENIED,
                f"Principal user (Id={user_id}, type=8, roleCount={roles}, privilegeCount={len(held)}, "
                f"accessMode=4), is missing {name} privilege (Id={self.id_of(name)}) on {where}. "
                f"context.Caller={user_id}",
            )

    def must_read_all(self, user_id: str, table: Table) -> None:
        """Change tracking needs reading at the organization's depth (section 4)."""
        self.check(user_id, "Read", table)
        name = privilege("Read", table)
        if self.administrator not in self.members.get(user_id, ()) and self.held(user_id)[name] != "Global":
            raise Refused(
                403,
                PRIVILEGE_DENIED,
                f"User is missing {name} privilege at organization level (depth Global).",
            )

    # --- messages ------------------------------------------------------------------------------

    def metadata(self, table: Table) -> list[dict[str, Any]]:
        """Return `Privileges` of a table's definition (SecurityPrivilegeMetadata)."""
        owned = table.ownership == "UserOwned"
        return [
            {
                "CanBeBasic": owned,
                "CanBeLocal": owned,
                "CanBeDeep": owned,
                "CanBeGlobal": True,
                "Name": privilege(right, table),
                "PrivilegeId": self.id_of(privilege(right, table)),
                "PrivilegeType": right,
            }
            for right in rights_of(table)
        ]

    def user_privileges(self, user_id: str, business_unit: str) -> list[dict[str, Any]]:
        """Return what RetrieveUserPrivileges answers as RolePrivileges."""
        held = self.held(user_id)
        if self.administrator in self.members.get(user_id, ()):
            held = dict.fromkeys(self.names.values(), "Global")
        return [
            {
                "Depth": depth,
                "PrivilegeId": self.id_of(name),
                "BusinessUnitId": business_unit,
                "PrivilegeName": name,
            }
            for name, depth in sorted(held.items())
        ]

    def add_privileges(self, role: str, body: Mapping[str, Any]) -> None:
        """Do AddPrivilegesRole. A privilege that the role has already gets the depth that is sent."""
        wanted = body.get("Privileges")
        if set(body) != {"Privileges"} or not isinstance(wanted, list):
            raise Refused(400, INVALID_ARGUMENT, "AddPrivilegesRole takes Privileges.")
        for one in wanted:
            name = self.names.get(str(one.get("PrivilegeId", "")).lower())
            if name is None:
                raise Refused(404, NOT_FOUND, f"privilege With Id = {one.get('PrivilegeId')} Does Not Exist")
            if one.get("Depth") not in DEPTHS:
                raise Refused(400, INVALID_ARGUMENT, f"'{one.get('Depth')}' is no depth of a privilege.")
            self.grant(role, name, one["Depth"])

    def seed(self) -> dict[str, str]:
        """Make the two roles of a new environment; return their ids by name."""
        self.roles[self.administrator] = {}
        self.roles[self.integration] = {
            privilege(right, table): "Global"
            for table in TABLES.values()
            for right in rights_of(table)
            if table.name not in OWN or right in ("Read", "Append", "AppendTo")
        }
        return {ADMINISTRATOR: self.administrator, INTEGRATION: self.integration}
