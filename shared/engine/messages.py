"""Messages on the queues: ids and positions, never record data (design §4, §8).

A message without `version` is version 1. Whatever cannot be understood raises `InvalidMessage`
with what is wrong and where, and changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from shared.core.errors import InvalidMessage
from shared.core.model import Side

FULL_SYNC = "full-sync"
REJECTED = "rejected"
#: Ids in one targeted job; more are split, so that a message stays far below 256 KB.
IDS_PER_JOB = 1000
#: Steps of one piece of work, and tries of each.
MOST = 1_000_000
#: Cause of the jobs that an administrator asked for.
BY_HAND = "administrator"
#: A SystemId, a row id of Dataverse, or the number of an option.
ID = re.compile(r"[0-9A-Za-z-]{1,64}")
#: What a person may name: a GUID, or the number of an option.
RECORD_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]{1,10}", re.IGNORECASE)


def queue_of(mapping: str) -> str:
    return f"sync-{mapping}"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One piece of work of one mapping.

    Kinds: `poll` (read from the cursor of `side`), `line` (go on with a line of `run`), `targeted`
    (the records `ids` of `side`, whatever their modifier), `late` (couplings whose soft references
    were left out), `feed` (records named by changed rows of the feed `action`), `sweep` (all records
    of `side`, once a day), `action` (an administrator's write, with its `arguments`).
    """

    kind: str
    mapping: str
    side: Side = Side.BC
    ids: tuple[str, ...] = ()
    run: str = ""
    step: int = 0
    #: Raised by one whenever the same work is sent again on purpose.
    attempt: int = 0
    cause: str = ""
    #: What makes the work new (H12): the timer's occurrence, a version, a random id.
    token: str = ""
    create: bool = False
    #: Goes on although the brake would stop it.
    force: bool = False
    #: Part of a rehearsal: nothing is written to BC or Sales.
    rehearse: bool = False
    action: str = ""
    arguments: Mapping[str, Any] | None = None

    @property
    def by_hand(self) -> bool:
        """Say whether an administrator named the records of this job."""
        return self.kind == "action" or (self.kind == "targeted" and self.cause == BY_HAND)

    @property
    def message_id(self) -> str:
        """The same work has the same id, so the queue drops a second copy (H12). At most 128 characters."""
        if self.kind == "line":
            return f"{self.run}/{self.mapping}/{self.step}/{self.attempt}"
        what = f"{self.kind}.{self.action}" if self.action else self.kind
        # A token of somebody else's may be long; cut off, two different jobs would have one id.
        token = self.token if len(self.token) <= 64 else hashlib.sha256(self.token.encode()).hexdigest()
        step = f".{self.step}" if self.step else ""
        return f"{what}/{self.mapping}/{self.side.value}/{token}{step}/{self.attempt}"

    def to_set_aside(self) -> bytes:
        """Return the message without what a person saw of a record; sent again like that, it is refused."""
        if not self.arguments or "seen" not in self.arguments:
            return self.to_json()
        seen = dict.fromkeys(self.arguments["seen"], "(not kept)")
        return replace(self, arguments={**self.arguments, "seen": seen}).to_json()

    def to_json(self) -> bytes:
        data = {k: v for k, v in asdict(self).items() if v not in ("", 0, (), None, False)}
        return json.dumps({"version": 1} | data, separators=(",", ":")).encode()


def random_token() -> str:
    return uuid.uuid4().hex


JOB_FIELDS: Mapping[str, type] = {
    "version": int,
    "kind": str,
    "mapping": str,
    "side": str,
    "ids": list,
    "run": str,
    "step": int,
    "attempt": int,
    "cause": str,
    "token": str,
    "create": bool,
    "force": bool,
    "rehearse": bool,
    "action": str,
    "arguments": dict,
}
KINDS = ("poll", "line", "targeted", "late", "feed", "sweep", "action")
FULL_SYNC_FIELDS: Mapping[str, type] = {
    "version": int,
    "action": str,
    "mappings": list,
    "rehearse": bool,
    "run": str,
    "create": bool,
    "force": bool,
    "changes": bool,
    "match": dict,
}
#: How to couple by matching: groups of fields by priority, case, whether to create what matches nothing.
MATCH_FIELDS: Mapping[str, type] = {"fields": list, "exact": bool, "create": bool}
FULL_SYNC_ACTIONS = ("start", "resume", "cancel")


def parse_object(body: bytes) -> dict[str, Any]:
    """Return a JSON object, or raise `InvalidMessage`."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidMessage(f"not JSON: {error}") from None
    if not isinstance(data, dict):
        raise InvalidMessage(f"a JSON object is expected, not {type(data).__name__}")
    return data


def read_object(body: bytes, allowed: Mapping[str, type]) -> dict[str, Any]:
    """Return a JSON object that has only allowed fields of the right types, or raise `InvalidMessage`."""
    data = parse_object(body)
    problems = misfits(data, allowed)
    if not problems and data.get("version", 1) != 1:
        problems.append(f"version {data['version']} is not known; this is version 1")
    if problems:
        raise InvalidMessage("; ".join(problems))
    return data


def misfits(data: Mapping[str, Any], allowed: Mapping[str, type]) -> list[str]:
    """Return every field that is unknown or of the wrong type."""
    problems = [
        f"unknown field '{name}'; known: {', '.join(allowed)}" for name in data if name not in allowed
    ]
    for name, value in data.items():
        kind = allowed.get(name)
        if kind is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            problems.append(f"'{name}' must be {NAMES_OF_TYPES[kind]}")
    return problems


NAMES_OF_TYPES: Mapping[type, str] = {
    int: "a whole number",
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def read_job(body: bytes, *, mapping: str, known: Sequence[str]) -> Job:
    """Parse a message of `sync-<mapping>`."""
    data = read_object(body, JOB_FIELDS)
    problems: list[str] = []
    kind = data.get("kind", "targeted" if data.get("ids") else "poll")
    if kind not in KINDS:
        problems.append(f"unknown kind '{kind}'; known: {', '.join(KINDS)}")
    named = data.get("mapping", mapping)
    if named not in known:
        problems.append(f"unknown mapping '{named}'; known: {', '.join(known)}")
    elif named != mapping:
        problems.append(f"mapping '{named}' does not belong on queue {queue_of(mapping)}")
    side = data.get("side", "bc")
    if side not in (Side.BC.value, Side.SALES.value):
        problems.append(f"unknown side '{side}'; known: bc, sales")
    ids = data.get("ids", [])
    if len(ids) > IDS_PER_JOB:
        problems.append(f"{len(ids)} ids; at most {IDS_PER_JOB}")
    if not all(isinstance(i, str) and ID.fullmatch(i) for i in ids):
        problems.append("'ids' must be texts of 1 to 64 letters, digits and hyphens")
    if kind == "feed" and not data.get("action"):
        problems.append(f"kind '{kind}' needs 'action'")
    if kind == "action":
        problems += action_problems(data.get("action", ""), data.get("arguments") or {})
    if kind == "line" and not data.get("run"):
        problems.append("kind 'line' needs 'run'")
    problems += [
        f"'{n}' must be from 0 to {MOST}" for n in ("step", "attempt") if not 0 <= data.get(n, 0) <= MOST
    ]
    if data.get("rehearse") and kind != "line":
        problems.append("'rehearse' goes with kind 'line'")
    if kind == "targeted" and not ids:
        problems.append("kind 'targeted' needs 'ids'")
    if problems:
        raise InvalidMessage("; ".join(problems))
    return Job(
        kind=kind,
        mapping=mapping,
        side=Side(side),
        ids=tuple(ids),
        run=data.get("run", ""),
        step=data.get("step", 0),
        attempt=data.get("attempt", 0),
        cause=data.get("cause", "message"),
        token=data.get("token") or random_token(),
        create=data.get("create", False),
        force=data.get("force", False),
        rehearse=data.get("rehearse", False),
        action=data.get("action", ""),
        arguments=data.get("arguments"),
    )


#: What an administrator may ask for: argument → type, and whether it must be there (H10).
ACTIONS: Mapping[str, Mapping[str, tuple[type, bool]]] = {
    "couple": {"bc": (str, True), "sales": (str, True), "from": (str, False), "move": (bool, False)},
    "uncouple": {"side": (str, True), "id": (str, True)},
    "skip": {"side": (str, True), "id": (str, True)},
    "retry": {"side": (str, True), "id": (str, True)},
    "resolve": {
        "side": (str, True),
        "id": (str, True),
        "use": (str, True),
        "field": (str, False),
        "overwrite": (bool, False),
        "seen": (dict, False),
    },
    "forget": {"company": (str, True)},
}
_WORDS = {"side": ("bc", "sales"), "use": ("bc", "sales"), "from": ("bc", "sales", "compare")}


def action_problems(action: str, arguments: Mapping[str, Any]) -> list[str]:
    """Return everything that is wrong with an administrator's action."""
    known = ACTIONS.get(action)
    if known is None:
        return [f"unknown action '{action}'; known: {', '.join(ACTIONS)}"]
    problems = misfits(arguments, {name: kind for name, (kind, _) in known.items()})
    problems += [
        f"action '{action}' needs '{n}'" for n, (_, must) in known.items() if must and n not in arguments
    ]
    for name, words in _WORDS.items():
        if isinstance(arguments.get(name), str) and arguments[name] not in words:
            problems.append(f"'{name}' must be one of {', '.join(words)}, not '{arguments[name]}'")
    for name in ("id", "bc", "sales"):
        if isinstance(arguments.get(name), str) and not RECORD_ID.fullmatch(arguments[name]):
            problems.append(f"'{name}' must be a GUID, or the number of an option")
    return problems


@dataclass(frozen=True, kw_only=True)
class FullSync:
    """A control message on `full-sync`."""

    action: str
    mappings: tuple[str, ...] = ()
    rehearse: bool = False
    run: str = ""
    create: bool = False
    force: bool = False
    #: With `rehearse`: of what changed since the last synchronization, not of everything.
    changes: bool = False
    #: Couples the uncoupled records of one mapping by matching, and does nothing else.
    match: Mapping[str, Any] | None = None

    def to_json(self) -> bytes:
        data = {k: v for k, v in asdict(self).items() if v not in ("", (), False, None)}
        return json.dumps({"version": 1} | data, separators=(",", ":")).encode()


def match_problems(match: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the shape of `match`; whether the fields exist, the mapping knows."""
    problems = misfits(match, MATCH_FIELDS)
    groups = match.get("fields", [])
    if isinstance(groups, list) and not all(
        isinstance(g, list) and g and all(isinstance(n, str) for n in g) for g in groups
    ):
        problems.append("'fields' must be a list of lists of field names")
    return problems


def read_full_sync(body: bytes, *, known: Sequence[str]) -> FullSync:
    data = read_object(body, FULL_SYNC_FIELDS)
    problems: list[str] = []
    action = data.get("action", "start")
    if action not in FULL_SYNC_ACTIONS:
        problems.append(f"unknown action '{action}'; known: {', '.join(FULL_SYNC_ACTIONS)}")
    mappings = data.get("mappings", [])
    for name in mappings:
        if name not in known:
            problems.append(f"unknown mapping '{name}'; known: {', '.join(known)}")
    if action in ("resume", "cancel") and not data.get("run"):
        problems.append(f"action '{action}' needs 'run'")
    run = data.get("run", "")
    if run and not (len(run) <= 64 and run.replace("-", "").isalnum()):
        problems.append("'run' must be letters, digits and hyphens, at most 64")
    if data.get("changes") and not data.get("rehearse"):
        problems.append("'changes' goes with 'rehearse': timers synchronize changes")
    if data.get("match") is not None:
        problems += match_problems(data["match"])
        if len(mappings) != 1:
            problems.append("'match' goes with exactly one mapping")
    if data.get("rehearse") and action != "start":
        problems.append("'rehearse' goes with action 'start'")
    if problems:
        raise InvalidMessage("; ".join(problems))
    return FullSync(
        action=action,
        mappings=tuple(dict.fromkeys(mappings)),
        rehearse=data.get("rehearse", False),
        changes=data.get("changes", False),
        match=data.get("match"),
        run=run,
        create=data.get("create", False),
        force=data.get("force", False),
    )
