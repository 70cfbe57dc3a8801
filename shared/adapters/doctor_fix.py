"""What the setup account does once so that the application user can work (P32, P33); `tandem doctor --fix`.

It runs where the administrator sits, with the administrator's own token, which is kept nowhere. Every step
may be repeated: it looks first, or what it does again changes nothing. Facts: dataverse-web-api.md §1, §2, §4;
the Web API's AddPrivilegesRole, "Update table definitions" and PublishXml.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from shared.adapters.auth import FixedAuth, MsalAuth, dataverse_scope
from shared.adapters.credentials import Secret
from shared.adapters.dataverse_line import COMMON, DataverseLine
from shared.adapters.dataverse_options import Options
from shared.adapters.doctor_sales import SWITCH
from shared.adapters.odata import DATAVERSE, Answer, literal, told
from shared.adapters.throttle import answer_of
from shared.core.errors import Exists, Misconfigured, Rejected, SyncError, Transient
from shared.core.mapping import Table
from shared.ports import Write

#: Orders that are named when they are in the way.
NAMED = 5
LOGIN = "https://login.microsoftonline.com"
#: Roles and definitions are cached; what was just changed must be seen (dataverse-web-api.md §1, Consistency).
STRONG = {"Consistency": "Strong"}
REPRESENTATION = {"Prefer": "return=representation"}


def by_token(token: str) -> httpx.Auth:
    """Sign in with a token that somebody else has got."""
    return FixedAuth(token)


def by_secret(
    *, login_url: str, tenant: str, client_id: str, secret: str, root: str, http: httpx.Client
) -> httpx.Auth:
    """Sign in as an administrator's application."""
    return MsalAuth(
        login_url=login_url,
        tenant_id=tenant,
        client_id=client_id,
        credential=Secret(secret),
        scope=dataverse_scope(root),
        http=http,
    )


class SetUpAccount:
    """An administrator of Sales: roles System Administrator, or System Customizer and the right to make users.

    Raises, from every method: `SyncError` with what was refused; what was done before stays.
    """

    def __init__(self, http: httpx.Client, *, root: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._http = http
        self._api = f"{root.rstrip('/')}/api/data/v9.2"
        self._line = DataverseLine(http, api_root=self._api, parallel=1, sleep=sleep)

    def fix(self, wish: Mapping[str, Any]) -> list[str]:
        """Do what a check of the doctor wants; return what was done."""
        match wish["kind"]:
            case "access":
                return self._access(wish["clients"], str(wish["role"]), wish["rights"])
            case "track":
                return self._track(wish["tables"])
            case "orders":
                return self._orders(on=bool(wish["on"]))
            case "options":
                return [said for choice in wish["options"] for said in self._options(choice)]
        raise Rejected(f"the setup account of Sales cannot do '{wish['kind']}'")

    # --- user, role, privileges --------------------------------------------------------------------

    def _access(self, clients: Sequence[str], role: str, rights: Mapping[str, Sequence[str]]) -> list[str]:
        """Let every application user hold a role of exactly these rights, besides what it has."""
        root = self._one("businessunits?$select=businessunitid&$filter=_parentbusinessunitid_value eq null")
        if root is None:
            raise Rejected(f"{DATAVERSE} shows the setup account no root business unit")
        unit = str(root["businessunitid"])
        done = []
        found = self._role(role, unit)
        if found is None:
            body = {"name": role, "businessunitid@odata.bind": f"/businessunits({unit})"}
            found = self._ask("POST", "roles", body, headers=REPRESENTATION).body["roleid"]
            done.append(f"made the role {role}")
        privileges = self._privileges(rights)
        wanted = [{"PrivilegeId": id, "Depth": "Global", "BusinessUnitId": unit} for id in privileges]
        self._ask("POST", f"roles({found})/Microsoft.Dynamics.CRM.AddPrivilegesRole", {"Privileges": wanted})
        done.append(f"gave the role {role} {len(wanted)} privileges")
        for client in clients:
            done += self._user(client, role, unit)
        return done

    def _role(self, name: str, unit: str) -> str | None:
        found = self._one(
            f"roles?$select=roleid&$filter=name eq {literal(name)} and _businessunitid_value eq {unit}"
        )
        return None if found is None else str(found["roleid"])

    def _user(self, client: str, role: str, unit: str) -> list[str]:
        done = []
        user = self._one(
            f"systemusers?$select=systemuserid,isdisabled,_businessunitid_value&$filter=applicationid eq {client}"
        )
        if user is None:
            body = {"applicationid": client, "businessunitid@odata.bind": f"/businessunits({unit})"}
            user = self._ask("POST", "systemusers", body, headers=REPRESENTATION).body
            done.append(f"made the application user of {client}")
        elif user["isdisabled"]:
            raise Rejected(
                f"the application user of {client} is disabled; enable it in the Power Platform admin center"
            )
        # A role is there once for each business unit, and is given in the user's own.
        own = self._role(role, str(user["_businessunitid_value"] or unit))
        if own is None:
            raise Rejected(f"the business unit of the application user of {client} has no role {role}")
        where = f"systemusers({user['systemuserid']})/systemuserroles_association/$ref"
        self._ask("POST", where, {"@odata.id": f"{self._api}/roles({own})"})
        return [*done, f"gave the application user of {client} the role {role}"]

    def _privileges(self, rights: Mapping[str, Sequence[str]]) -> list[str]:
        """Return the ids of the privileges; a right that a table does not have is none."""
        named = " or ".join(f"EntitySetName eq {literal(name)}" for name in rights)
        path = f"EntityDefinitions?$select=EntitySetName,Privileges&$filter={named}"
        ids: dict[str, None] = {}
        for definition in self._ask("GET", path).body["value"]:
            for privilege in definition["Privileges"] or ():
                if privilege["PrivilegeType"] in rights[definition["EntitySetName"]]:
                    ids[str(privilege["PrivilegeId"])] = None
        return list(ids)

    # --- definitions -------------------------------------------------------------------------------

    def _track(self, tables: Sequence[str]) -> list[str]:
        """Switch change tracking on. A definition is replaced whole, with what it had."""
        for name in tables:
            path = f"EntityDefinitions(LogicalName={literal(name)})"
            whole = {k: v for k, v in self._ask("GET", path).body.items() if k != "@odata.context"}
            if not whole["ChangeTrackingEnabled"]:
                headers = {"MSCRM.MergeLabels": "true"}
                self._ask("PUT", path, {**whole, "ChangeTrackingEnabled": True}, headers=headers)
        self._publish(tables)
        return [f"switched change tracking on for {name}" for name in tables]

    def _options(self, choice: Mapping[str, Any]) -> list[str]:
        table = Table(name=choice["column"], kind="option", entity=choice["table"])
        results = Options(self._line).create(
            table, [Write(id=label, values={"label": label}) for label in choice["labels"]]
        )
        done = []
        for label, result in zip(choice["labels"], results, strict=True):
            if result.error is not None and not isinstance(result.error, Exists):
                raise result.error
            done.append(f"added the option {label} to {table.entity}.{table.name}")
        self._publish([table.entity])
        return done

    def _publish(self, tables: Sequence[str]) -> None:
        """Let everybody see changed definitions."""
        entities = "".join(f"<entity>{name}</entity>" for name in tables)
        xml = f"<importexportxml><entities>{entities}</entities></importexportxml>"
        self._ask("POST", "PublishXml", {"ParameterXml": xml})

    # --- the organization --------------------------------------------------------------------------

    def _orders(self, *, on: bool) -> list[str]:
        """Let the organization say whether its orders go over (S2). Raises `Rejected` while one is on its way.

        An order that is submitted between the look and the write waits in Sales, as while the setting is off.
        """
        found = self._one(f"organizations?$select=organizationid,{SWITCH}")
        if found is None:
            raise Rejected(f"{DATAVERSE} shows the setup account no organization")
        if bool(found[SWITCH]) == on:
            return []
        if not on:
            self._none_submitted()
        self._ask(
            "PATCH", f"organizations({found['organizationid']})", {SWITCH: on}, headers={"If-Match": "*"}
        )
        return [f"switched the integration of orders {'on' if on else 'off'} in Sales"]

    def _none_submitted(self) -> None:
        path = f"salesorders?$select=ordernumber&$filter=statecode eq 1&$orderby=ordernumber&$top={NAMED}&$count=true"
        body = self._ask("GET", path).body
        if not body["value"]:
            return
        count, named = body["@odata.count"], ", ".join(str(row["ordernumber"]) for row in body["value"])
        more = f" and {count - NAMED} more" if count > NAMED else ""
        raise Rejected(
            f"the integration of orders stays on in Sales, as {count} are still submitted there: {named}{more}"
        )

    # --- requests ----------------------------------------------------------------------------------

    def _one(self, path: str) -> Mapping[str, Any] | None:
        rows = self._ask("GET", path).body["value"]
        return rows[0] if rows else None

    def _ask(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        url = f"{self._api}/{path.replace(' ', '%20')}"
        try:
            sent = self._http.request(method, url, headers={**COMMON, **STRONG, **(headers or {})}, json=body)
        except httpx.HTTPError as problem:
            raise Transient(f"{DATAVERSE} does not answer ({type(problem).__name__})") from None
        answer = answer_of(sent)
        if answer.status in (401, 403):
            said = f"{DATAVERSE} does not let the setup account {method} {path.partition('?')[0]}"
            raise Misconfigured(f"{said}: {answer.code or answer.status}")
        if answer.status >= 400:
            raise _refused(answer, f"{method} {path.partition('?')[0]}")
        return answer


def _refused(answer: Answer, what: str) -> SyncError:
    if answer.status >= 500 or answer.status == 429:
        return Transient(f"{DATAVERSE} answered {answer.status} to {what}")
    return Rejected(f"{DATAVERSE} refuses {what}: {told(answer)}", code=answer.code)
