"""What stands where the app stands for `tandem`: answers from memory."""

from __future__ import annotations

import httpx

from cli.__main__ import main

#: Records that can be found, by name; a name in small letters is its id.
IDS = ("i1", "i2", "b1", "s1")
NAMES = ("Fabrikam", "Fabrikam Overseas", "Contoso")
TALLY = {"read": 1, "created": 1}
RUN = {
    "id": "r1",
    "state": "finished",
    "started": "2026-01-22T09:00:00",
    "finished": "2026-01-22T09:01:00",
    "lines": [
        {
            "mapping": "customers",
            "state": "finished",
            "depends_on": [],
            "to_sales": TALLY,
            "from_sales": {"read": 0},
            "wake_ups": {"read": 0},
            "requests": {"bc": 1, "sales": 2, "tables": 3},
            "message": "",
            "reasons": {"the customer is blocked": 2},
            "unresolved": {"payment_terms": 3},
        }
    ],
}
HELD = {
    "mapping": "customers",
    "side": "bc",
    "id": "i1",
    "label": "C1",
    "kind": "conflict",
    "reason": "phone: differs",
    "since": "2026-01-22T09:00:00",
    "next_try": None,
    "fields": [{"field": "phone", "reason": "", "bc": "1", "sales": "2", "conflict": True}],
}
JOB = {
    "id": "j1",
    "mapping": "customers",
    "side": "bc",
    "started": "2026-01-22T09:00:00",
    "finished": "2026-01-22T09:00:01",
    "state": "finished",
    "cause": "timer",
    "tally": TALLY,
    "requests": {"bc": 1, "sales": 2, "tables": 3},
    "message": "",
}
STATUS = {
    "run": None,
    "held": {"conflict": 1},
    "rejected": [{"queue": "full-sync", "reason": "not JSON", "message_id": "m", "at": None}],
    "dead_letters": {},
    "last_jobs": {"customers": JOB, "contacts": None},
    "last_by_side": {
        "customers": {"bc": {**JOB, "state": "stopped", "message": "no rights"}, "sales": JOB},
        "contacts": {"bc": None, "sales": None},
    },
    "overrides": {
        "in_force": "last good",
        "problems": ["unknown mapping 'orders'"],
        "changed": {},
        "off": [],
    },
}
MAPPING = {
    "mapping": "customers",
    "title": "Customer",
    "bc": "customers",
    "sales": "accounts",
    "direction": "both",
    "depends_on": ["salespeople"],
    "create_missing": "full",
    "on_conflict": "bc_wins",
    "on_delete": "hold",
    "schedule": "30 */5 * * * *",
    "filters": {"bc": "blocked = blank", "sales": ""},
    "match": [["name", "post_code"], ["name"]],
    "fields": [
        {
            "field": "name",
            "bc": "name",
            "sales": "name",
            "direction": "both",
            "type": "text",
            "length": [100, 160],
            "reference_to": None,
            "when": "always",
            "blank": "keep",
            "required": True,
        }
    ],
    "changed": ["on_conflict: bc_wins (default: ask)"],
}
MAPPINGS = {
    "value": [MAPPING],
    "next": None,
    "overrides": {"in_force": "setting", "problems": [], "changed": {}, "off": ["contacts"]},
}
WRITTEN = {
    "at": "2026-01-22T09:00:00",
    "side": "sales",
    "id": "s1",
    "action": "update",
    "fields": {"city": {"before": "Ulm", "after": "Bonn"}},
}
EXPLAINED = {
    "mapping": "customers",
    "side": "bc",
    "id": "i1",
    "state": "conflict",
    "cause": "phone: changed differently on both sides",
    "since": "2026-01-22T09:00:00",
    "next_try": "2026-01-22T09:05:00",
    "records": {
        "bc": {"id": "i1", "exists": True, "label": "C1", "modified": None},
        "sales": {"id": "s1", "exists": False, "label": "", "modified": None},
    },
    "coupling": {"bc": "i1", "sales": "s1", "outcome": "created", "baseline": {}},
    "held": [HELD],
    "awaits": [
        {"mapping": "customers", "side": "bc", "id": "i2", "label": "C2", "cause": "the customer is blocked"}
    ],
    "fields": [
        {"field": "phone", "bc": "1", "sales": "2", "agreed": {"bc": "[0]", "sales": "00"}},
        {"field": "fax", "bc": None, "sales": None, "agreed": None},
    ],
    "now": {"outcome": "held", "reason": "phone: differs", "plan": []},
    "in_full_sync": {
        "outcome": "created",
        "reason": "",
        "plan": [{"action": "create", "reason": "x", "fields": {"name": [None, "[b]A[/b]"]}, "problems": []}],
    },
    "history": [WRITTEN],
}


class Server:
    """Answers one path after another; a list answers in turn and stays at its last."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answers: dict[str, list[httpx.Response | httpx.HTTPError]] = {}

    def answers_with(self, path: str, *answers: httpx.Response | httpx.HTTPError) -> None:
        self.answers[path] = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.headers.get("x-api-key") != "k":
            return httpx.Response(401, json={"title": "Sign in", "detail": "send x-api-key"})
        path = request.url.raw_path.decode().split("?")[0].removeprefix("/api/")
        if turns := self.answers.get(path):
            answer = turns.pop(0) if len(turns) > 1 else turns[0]
            if isinstance(answer, httpx.HTTPError):
                raise answer
            return answer
        match request.method, path:
            case "POST", "full-sync":
                return httpx.Response(202, json={"run": "r1"})
            case "GET", "runs":
                return httpx.Response(200, json={"value": [RUN], "next": None})
            case "GET", "runs/r1":
                return httpx.Response(200, json=RUN)
            case "GET", "held":
                more = None if request.url.params.get("after") else "more"
                return httpx.Response(200, json={"value": [HELD], "next": more})
            case "GET", "jobs":
                return httpx.Response(200, json={"value": [JOB], "next": None})
            case "GET", "status":
                return httpx.Response(200, json=STATUS)
            case "GET", "mappings":
                return httpx.Response(200, json=MAPPINGS)
            case "GET", "records/customers/bc" | "records/customers/sales":
                text = request.url.params["begins"]
                found = [n for n in (*NAMES, *IDS) if n.lower().startswith(text.lower())]
                rows = [{"id": n.lower(), "names": {"name": n}, "coupled_with": None} for n in found]
                said = {"title": "No such record", "detail": f"nothing begins with '{text}'"}
                return httpx.Response(200, json={"value": rows}) if rows else httpx.Response(404, json=said)
            case "GET", "records/customers/bc/i1/history":
                return httpx.Response(200, json={"value": [WRITTEN], "next": None})
            case "GET", "records/customers/bc/i1":
                return httpx.Response(200, json=EXPLAINED)
            case "POST", "mappings/customers/sync" | "couplings":
                return httpx.Response(202, json={"job": "j1"})
            case (
                "POST",
                "mappings/customers/forget"
                | "mappings/salespeople/forget"
                | "records/customers/bc/i1/retry"
                | "records/customers/bc/i1/skip",
            ):
                return httpx.Response(202, json={"job": "j1"})
            case ("POST", "records/customers/bc/i1/resolve") | ("DELETE", "couplings/customers/bc/i1"):
                return httpx.Response(202, json={"job": "j1"})
        return httpx.Response(404, json={"title": "No such thing", "detail": path})


def tandem(server: Server, *arguments: str, key: str = "k") -> int:
    transport = httpx.MockTransport(server)
    return main([*arguments, "--url", "https://app", "--key", key], transport=transport)
