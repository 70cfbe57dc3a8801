"""Messages of a registered service endpoint: one RemoteExecutionContext for each row (reference section 12).

Asynchronous steps after the operation: what is undone is never told. Steps are named by table, with
their filtering attributes (none: every update). Changes that the service makes by itself in other rows
fire no step here (unverified). One message may be told twice or late; nothing here does so by itself:
whoever publishes may.
"""

from __future__ import annotations

import json
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from threading import RLock
from typing import Any

from sandbox.dataverse.schema import TABLES, Column

#: Beyond this the images and parameters are left out.
MOST_BYTES = 192 * 1024
CLAIMS = "http://schemas.microsoft.com/xrm/2011/Claims"
CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
#: Nobody listens for so long: the oldest are dropped, so that a sandbox without an endpoint stays small.
KEPT = 20_000


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message as the queue gets it."""

    body: bytes
    properties: Mapping[str, str]


Publish = Callable[[Sequence[Message]], object]


class Notices:
    def __init__(self, *, organization_id: str, now: Callable[[], datetime]) -> None:
        self._organization_id = organization_id
        self._now = now
        #: Table → filtering attributes; no table, no step.
        self.steps: Mapping[str, Iterable[str]] = {}
        self._waiting: deque[Message] = deque(maxlen=KEPT)

    def note(
        self, message: str, table: str, row_id: str, user_id: str, changed: Mapping[str, Any]
    ) -> Callable[[], object] | None:
        """Remember what happened; returns how to forget it, for a transaction that is undone."""
        if table not in self.steps:
            return None
        filtering = set(self.steps[table])
        if message == "Update" and filtering and not filtering & set(changed):
            return None
        told = self._message(message, table, row_id, user_id, changed)
        self._waiting.append(told)
        return lambda: self._waiting.remove(told) if told in self._waiting else None

    def deliver(self, publish: Publish, lock: RLock) -> int:
        """Publish what waits; it goes on waiting when publishing fails. Returns how many messages went out."""
        with lock:  # a transaction under way may yet be undone
            sent = list(self._waiting)
        if sent:
            publish(sent)
            with lock:
                for message in sent:
                    if self._waiting and self._waiting[0] is message:
                        self._waiting.popleft()
        return len(sent)

    def _message(
        self, message: str, table: str, row_id: str, user_id: str, changed: Mapping[str, Any]
    ) -> Message:
        now = f"/Date({int(self._now().timestamp() * 1000)})/"
        target: dict[str, Any] = {"LogicalName": table, "Id": row_id}
        if message == "Delete":
            target |= {"__type": f"EntityReference:{CONTRACTS}", "Name": None, "KeyAttributes": []}
        else:
            columns = TABLES[table].columns
            attributes = [
                {"key": name, "value": _value(columns[name], value, changed)}
                for name, value in changed.items()
                if name in columns
            ]
            target |= {
                "__type": f"Entity:{CONTRACTS}",
                "Attributes": attributes,
                "FormattedValues": [],
                "RelatedEntities": [],
                "KeyAttributes": [],
                "EntityState": None,
                "RowVersion": None,
            }
        context: dict[str, Any] = {
            "MessageName": message,
            "PrimaryEntityName": table,
            "PrimaryEntityId": row_id,
            "SecondaryEntityName": "none",
            "InputParameters": [{"key": "Target", "value": target}],
            "OutputParameters": [],
            "PreEntityImages": [],
            "PostEntityImages": [],
            "SharedVariables": [],
            "UserId": user_id,
            "InitiatingUserId": user_id,
            "OrganizationId": self._organization_id,
            "OrganizationName": "sandbox",
            "CorrelationId": str(uuid.uuid4()),
            "OperationId": str(uuid.uuid4()),
            "RequestId": str(uuid.uuid4()),
            "OperationCreatedOn": now,
            "Depth": 1,
            "Stage": 40,
            "Mode": 1,
            "IsInTransaction": False,
            "IsolationMode": 2,
            "ParentContext": None,
        }
        properties = {
            f"{CLAIMS}/Organization": "sandbox",
            f"{CLAIMS}/User": user_id,
            f"{CLAIMS}/InitiatingUser": user_id,
            f"{CLAIMS}/EntityLogicalName": table,
            f"{CLAIMS}/RequestName": message,
        }
        body = _json(context)
        if len(body) > MOST_BYTES:
            for name in ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages"):
                context.pop(name)
            body = _json(context)
            properties["MessageMaxSizeExceeded"] = "true"
        return Message(body=body, properties=properties)


def _json(context: Mapping[str, Any]) -> bytes:
    # The slashes of dates are escaped.
    return json.dumps(context, default=_number).replace("/Date(", "\\/Date(").replace(')/"', ')\\/"').encode()


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _value(column: Column, value: Any, row: Mapping[str, Any]) -> Any:
    if value is None:
        return None
    if column.is_lookup:
        target = row.get(column.type_key) or column.targets[0]
        return {
            "__type": f"EntityReference:{CONTRACTS}",
            "Id": value,
            "LogicalName": target,
            "Name": None,
            "KeyAttributes": [],
            "RowVersion": None,
        }
    if column.options:
        return {"__type": f"OptionSetValue:{CONTRACTS}", "Value": value}
    if column.type == "Money":
        return {"__type": f"Money:{CONTRACTS}", "Value": value}
    if column.edm == "Edm.DateTimeOffset":
        moment = datetime.fromisoformat(str(value))
        return f"/Date({int(moment.timestamp() * 1000)})/"
    return value
