"""What `tandem doctor` finds out of Sales: one identity and two batches (dataverse-web-api.md §1, §4, §6, §8, §10)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx

from shared.adapters.dataverse_line import COMMON, UNCACHED, DataverseLine
from shared.adapters.dataverse_options import path_of, records_of
from shared.adapters.doctor_clock import asked
from shared.adapters.odata import DATAVERSE, Answer, forbidden, told
from shared.adapters.throttle import Effect
from shared.core.doctor import SalesFacts, SalesTable, SignIn
from shared.core.errors import Misconfigured, SyncError, Transient
from shared.core.mapping import Table
from shared.ports import Clock

#: The organization's own word on whether its orders go to a back office (S2).
SWITCH = "issopintegrationenabled"
#: Types whose column is shown as `_x_value`.
LOOKUPS = frozenset({"Lookup", "Owner", "Customer"})
DEFINITIONS = "EntityDefinitions?$select=LogicalName,EntitySetName,ChangeTrackingEnabled,Privileges"


@dataclass(frozen=True, kw_only=True)
class SalesLook:
    """`root` is the organization's, without `/api/data`."""

    http: httpx.Client
    root: str
    clock: Clock
    sleep: Callable[[float], None] = time.sleep

    def look(
        self, *, sets: Sequence[str], bulk: Sequence[str], options: Mapping[str, Table], team: str = ""
    ) -> SalesFacts:
        """Find out everything; what fails is told in the facts.

        Args:
            sets: Entity sets whose tables are looked at.
            bulk: Messages that are asked for.
            options: Mapping → the choice column that it fills.
            team: Id of the team that owns rows; "" for none.
        """
        api = f"{self.root}/api/data/v9.2"
        headers = {**COMMON, **UNCACHED}
        try:
            first = asked(self.clock, lambda: self.http.get(f"{api}/WhoAmI", headers=headers))
        except Misconfigured as problem:
            return SalesFacts(sign_in=SignIn(refused=str(problem)))
        except Transient as problem:
            return SalesFacts(sign_in=SignIn(silent=str(problem)))
        facts = SalesFacts(skew=first.skew)
        match first.answer.status:
            case 401:
                said = f"{DATAVERSE} does not accept the application's token"
                return replace(facts, sign_in=SignIn(refused=said))
            case 403:
                return replace(facts, no_user=f"there is no application user: {told(first.answer)}")
            case 200 if isinstance(first.answer.body, Mapping):
                user = str(first.answer.body["UserId"]).lower()
            case status:
                return replace(facts, sign_in=SignIn(silent=f"{DATAVERSE} answered {status} to WhoAmI"))
        line = DataverseLine(self.http, api_root=api, parallel=1, sleep=self.sleep)
        try:
            facts = self._whole(line, facts, user, sets, team)
            return self._tables(line, facts, bulk, options)
        except SyncError as problem:
            topics: tuple[str, ...] = (
                "privileges",
                "tables",
                "organization",
                "currencies",
                "lists",
                "bulk",
                "columns",
                "team",
                "switch",
            )
            topics += tuple(f"options:{name}" for name in options)
            known = {*facts.rows, *facts.troubles}
            return replace(
                facts, troubles={**facts.troubles, **{t: str(problem) for t in topics if t not in known}}
            )

    def _whole(
        self, line: DataverseLine, facts: SalesFacts, user: str, sets: Sequence[str], team: str
    ) -> SalesFacts:
        named = " or ".join(f"EntitySetName eq '{name}'" for name in sets)
        paths = {
            "privileges": f"systemusers({user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()",
            "tables": f"{DEFINITIONS}&$filter={named}",
            "organization": "organizations?$select=_basecurrencyid_value",
            "switch": f"organizations?$select={SWITCH}",
            "currencies": "transactioncurrencies?$select=transactioncurrencyid,isocurrencycode",
            "lists": "pricelevels?$select=name,_transactioncurrencyid_value",
        }
        if team:
            paths["team"] = f"teams?$select=name,teamtype&$filter=teamid eq {team}"
        bodies, troubles = _read(line, paths)
        held = tables = None
        if "privileges" in bodies:
            held = {
                str(p["PrivilegeId"]).lower(): str(p["Depth"]) for p in bodies["privileges"]["RolePrivileges"]
            }
        if "tables" in bodies:
            tables = {str(d["EntitySetName"]): _table(d) for d in bodies["tables"]["value"]}
        rows: dict[str, tuple[Mapping[str, Any], ...]] = {}
        if "team" in bodies:
            rows["team"] = tuple(
                {"name": r["name"], "type": r["teamtype"]} for r in _rows(line, bodies, "team")
            )
        if "switch" in bodies:
            rows["switch"] = tuple({"on": bool(r[SWITCH])} for r in _rows(line, bodies, "switch"))
        iso = {
            str(r["transactioncurrencyid"]).lower(): str(r["isocurrencycode"] or "").upper()
            for r in _rows(line, bodies, "currencies")
        }
        if "currencies" in bodies:
            rows["currencies"] = tuple({"iso": code} for code in iso.values())
            for topic, column in (
                ("organization", "_basecurrencyid_value"),
                ("lists", "_transactioncurrencyid_value"),
            ):
                if topic in bodies:
                    rows[topic] = tuple(
                        {"name": r.get("name", ""), "base": code, "currency": code}
                        for r in _rows(line, bodies, topic)
                        for code in [iso.get(str(r[column] or "").lower(), "")]
                    )
        else:
            troubles |= {t: troubles["currencies"] for t in ("organization", "lists") if t not in troubles}
        return replace(facts, held=held, tables=tables, rows=rows, troubles=troubles)

    def _tables(
        self, line: DataverseLine, facts: SalesFacts, bulk: Sequence[str], options: Mapping[str, Table]
    ) -> SalesFacts:
        tables = facts.tables or {}
        paths = {
            f"columns:{name}": f"EntityDefinitions(LogicalName='{t.name}')/Attributes?$select=LogicalName,AttributeType"
            for name, t in tables.items()
        }
        paths |= {f"options:{name}": path_of(table) for name, table in options.items()}
        if tables:
            of_these = " or ".join(f"primaryobjecttypecode eq '{t.name}'" for t in tables.values())
            messages = " or ".join(f"sdkmessageid/name eq '{name}'" for name in bulk)
            paths["bulk"] = (
                "sdkmessagefilters?$select=primaryobjecttypecode&$expand=sdkmessageid($select=name)"
                f"&$filter=({messages}) and ({of_these})"
            )
        bodies, troubles = _read(line, paths)
        rows = dict(facts.rows)
        if "bulk" in bodies:
            rows["bulk"] = tuple(
                {"message": (r["sdkmessageid"] or {}).get("name", ""), "table": r["primaryobjecttypecode"]}
                for r in _rows(line, bodies, "bulk")
            )
        for name in options:
            if (topic := f"options:{name}") in bodies:
                rows[topic] = tuple({"label": r.values["label"]} for r in records_of(bodies[topic]))
        seen = {
            name: replace(table, columns=_columns(bodies.get(f"columns:{name}")))
            for name, table in tables.items()
        }
        columns = [said for topic, said in troubles.items() if topic.startswith("columns:")]
        return replace(
            facts,
            rows=rows,
            tables=seen if facts.tables is not None else None,
            troubles={**facts.troubles, **troubles, **({"columns": columns[0]} if columns else {})},
        )


def _read(line: DataverseLine, paths: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Read everything in one batch; return bodies and troubles by topic."""
    operations = [
        line.operation("GET", path.replace(" ", "%20"), headers=UNCACHED) for path in paths.values()
    ]
    bodies: dict[str, Any] = {}
    troubles: dict[str, str] = {}
    answers: list[Answer] = line.batch(operations, Effect.READ) if operations else []
    for topic, answer in zip(paths, answers, strict=True):
        if answer.status == 200:
            bodies[topic] = answer.body
        else:
            # A missing right is told by its name.
            why = str(forbidden(DATAVERSE, answer)) if answer.status == 403 else told(answer)
            troubles[topic] = f"{topic.replace(':', ' of ')} cannot be read: {why}"
    return bodies, troubles


def _rows(line: DataverseLine, bodies: Mapping[str, Any], topic: str) -> list[dict[str, Any]]:
    """Return all rows of a topic, over all pages."""
    body = bodies.get(topic) or {"value": []}
    rows = list(body["value"])
    while link := body.get("@odata.nextLink"):
        answer = line.get(str(link), topic)
        if answer.status != 200:
            raise Transient(f"a further page of {topic} was answered with {answer.status}")
        body = answer.body
        rows += body["value"]
    return rows


def _table(definition: Mapping[str, Any]) -> SalesTable:
    return SalesTable(
        name=str(definition["LogicalName"]),
        tracked=bool(definition["ChangeTrackingEnabled"]),
        rights={
            str(p["PrivilegeType"]): (str(p["PrivilegeId"]).lower(), str(p["Name"]))
            for p in definition["Privileges"] or ()
        },
    )


def _columns(body: Mapping[str, Any] | None) -> frozenset[str] | None:
    if body is None:
        return None
    return frozenset(
        f"_{a['LogicalName']}_value" if a["AttributeType"] in LOOKUPS else str(a["LogicalName"])
        for a in body["value"]
    )
