"""The administrators' API as plain calls: JSON in, JSON out, `ApiProblem` when it cannot be done."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from shared.core.forecast import forecast
from shared.core.mapping import with_children
from shared.core.match import problems_of
from shared.core.model import Side
from shared.engine.jobs import Jobs
from shared.engine.kept import readable
from shared.engine.messages import (
    FULL_SYNC,
    MATCH_FIELDS,
    REJECTED,
    FullSync,
    Job,
    action_problems,
    match_problems,
    misfits,
    queue_of,
    random_token,
)
from shared.engine.parts import Ports
from shared.engine.targeted import send_targeted
from shared.engine.views import held_record, iso, job_entry, mapping_entry, run_head, run_line
from shared.ports import OutgoingMessage


class ApiProblem(Exception):
    """An RFC 9457 problem: `status` is the HTTP status, `detail` what, where and the limit."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(f"{title}: {detail}")
        self.status, self.title, self.detail = status, title, detail


class AdminApi:
    def __init__(self, ports: Ports, jobs: Jobs) -> None:
        self._ports = ports
        self._jobs = jobs

    # --- full synchronization ------------------------------------------------------------

    def start_full_sync(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Queue the start of a run (P38). Returns its id at once; the run works in the background (P40)."""
        allowed = {"mappings": list, "rehearse": bool, "changes": bool, "create": bool, "force": bool}
        _fits(body, allowed)
        mappings = body.get("mappings") or []
        if not all(isinstance(m, str) for m in mappings):
            raise ApiProblem(400, "Bad mappings", "'mappings' must be a list of mapping names")
        for name in mappings:
            self._mapping(name)
        if body.get("changes") and not body.get("rehearse"):
            raise ApiProblem(400, "Bad body", "'changes' goes with 'rehearse': timers synchronize changes")
        run = self._new_run()
        self._control(
            FullSync(
                action="start",
                mappings=tuple(mappings),
                run=run,
                create=body.get("create", False),
                force=body.get("force", False),
                rehearse=body.get("rehearse", False),
                changes=body.get("changes", False),
            )
        )
        return {"run": run}

    def match(self, mapping: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Queue a run that couples the uncoupled records of one mapping by matching (P14).

        Body: "fields" (groups of field names by priority; the mapping's own when absent), "exact"
        (case matters), "create" (what matches nothing is created), "preview" (a plan, and nothing is
        written). What matches several records is held and listed, never guessed.
        """
        chosen = self._ports.mappings[self._mapping(mapping)]
        _fits(body, {**MATCH_FIELDS, "preview": bool})
        how = {k: v for k, v in body.items() if k != "preview"}
        problems = match_problems(how) or problems_of(chosen, how.get("fields", []))
        if not problems and not how.get("fields") and not chosen.match:
            problems = [f"{mapping} has no matching fields of its own; name some in 'fields'"]
        if problems:
            raise ApiProblem(400, "Bad body", "; ".join(problems))
        run = self._new_run()
        rehearse = body.get("preview", False)
        self._control(FullSync(action="start", mappings=(mapping,), run=run, rehearse=rehearse, match=how))
        return {"run": run}

    def _new_run(self) -> str:
        return f"run-{self._ports.clock.now():%Y%m%d%H%M%S}-{random_token()[:8]}"

    def resume(self, run: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Go on with what is not finished; with `force`, also where the brake stopped it."""
        _fits(body or {}, {"force": bool})
        self.run(run)
        self._control(FullSync(action="resume", run=run, force=(body or {}).get("force", False)))
        return {"run": run}

    def cancel(self, run: str) -> dict[str, Any]:
        self.run(run)
        self._control(FullSync(action="cancel", run=run))
        return {"run": run}

    def runs(self, *, limit: int = 50) -> dict[str, Any]:
        return {"value": [run_head(r) for r in self._ports.runs.list(limit=limit)], "next": None}

    def run(self, run: str) -> dict[str, Any]:
        """Return one run with its lines, in the order of dependencies (P39, P41)."""
        rows = {r.name: r for r in self._ports.runs.get(run)}
        head = rows.pop("", None)
        if head is None:
            raise ApiProblem(404, "No such run", f"there is no run '{run}'")
        order = [m for m in self._ports.mappings if m in rows]
        found = run_head(head) | {"lines": [run_line(rows[name]) for name in order]}
        if found["rehearse"]:
            written = Counter[str]()
            for name in order:
                written.update(rows[name].data.get("writes", {}))
                written["sales"] += rows[name].data["wake_ups"].get("updated", 0)
            found["forecast"] = forecast(written)
        return found

    def plan(self, run: str, mapping: str | None = None, *, after: str | None = None) -> dict[str, Any]:
        """Return a page of what a rehearsal would do, in the order of its lines (H26).

        Each entry: mapping, side, id, label, action (create, update, couple, restore, uncouple, wait,
        hold, conflict), target, reason, fields {name: [old, new]}, problems.
        """
        found = self.run(run)
        if not found["rehearse"]:
            raise ApiProblem(404, "No plan", f"run '{run}' is no rehearsal")
        if mapping is not None:
            self._mapping(mapping)
        names = [line["mapping"] for line in found["lines"] if mapping in (None, line["mapping"])]
        at, _, key = (after or "").partition("|")
        for name in names[names.index(at) if at in names else 0 :]:
            start = f"{name}|{key}" if name == at and key else None
            entries, more = self._ports.plans.list(run, name, after=start)
            rest = names[names.index(name) + 1 :]
            if entries or not rest:
                return {"value": entries, "next": more or (f"{rest[0]}|" if rest else None)}
        return {"value": [], "next": None}

    # --- mappings and jobs ---------------------------------------------------------------

    def mappings(self) -> dict[str, Any]:
        """Return the mappings in force, rows that belong to a record after its mapping."""
        shown = [mapping_entry(m, of) for m, of in with_children(self._ports.mappings.values())]
        return {"value": shown, "next": None}

    def sync(self, mapping: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Queue a synchronization of what changed, or of named records of one side."""
        body = body or {}
        _fits(body, {"side": str, "ids": list, "create": bool, "force": bool})
        chosen = self._ports.mappings[self._mapping(mapping)]
        if "ids" in body:
            side, ids = self._side(str(body.get("side", "bc"))), self._ids(body["ids"])
            token = random_token()
            send_targeted(
                self._ports,
                mapping,
                side,
                ids,
                cause="administrator",
                token=token,
                create=body.get("create", False),
                force=body.get("force", False),
            )
            return {"job": token}
        if "side" in body or "create" in body:
            raise ApiProblem(400, "Bad body", "'side' and 'create' go with 'ids'")
        jobs = self._jobs.poll(
            chosen, occurrence=random_token(), cause="administrator", force=body.get("force", False)
        )
        return {"job": jobs[0].token}

    def jobs(
        self, mapping: str | None = None, *, limit: int = 100, after: str | None = None
    ) -> dict[str, Any]:
        if mapping is not None:
            self._mapping(mapping)
        entries, more = self._ports.jobs.list(mapping, limit=limit, after=after)
        return {"value": [job_entry(e) for e in entries], "next": more}

    # --- records -------------------------------------------------------------------------

    def held(
        self, mapping: str | None = None, *, limit: int = 1000, after: str | None = None
    ) -> dict[str, Any]:
        if mapping is not None:
            self._mapping(mapping)
        rows, more = self._ports.held.list(mapping, limit=limit, after=after)
        return {"value": [held_record(r) for r in rows], "next": more}

    def explain(self, mapping: str, side: str, id: str) -> dict[str, Any]:
        """Say how one record stands: coupled to what, agreed on what, held why, written when."""
        name, which = self._mapping(mapping), self._side(side)
        coupling = self._ports.couplings.find(name, which, [id]).get(id)
        keys = [(which, id)]
        if coupling is not None:
            keys.append((which.other, coupling.id_of(which.other)))
        held = [held_record(h) for h in self._ports.held.find(name, keys).values()]
        chosen = self._ports.mappings[name]
        exists = self._ports.records(which).get(chosen.table(which), [id])
        if coupling is None and not held and not exists:
            raise ApiProblem(404, "No such record", f"{name} has no record '{id}' in {which.value}")
        state = "coupled" if coupling is not None else "not coupled"
        if coupling is not None and coupling.state.value != "coupled":
            state = "uncoupled by a person"
        if held:
            state = held[0]["kind"]
        history = [
            {
                "at": h.at.isoformat(),
                "side": s.value,
                "action": h.action,
                "fields": {k: {"before": v[0], "after": v[1]} for k, v in h.fields.items()},
            }
            for s, i in keys
            for h in self._ports.history.list(name, s, i)
        ]
        return {
            "mapping": name,
            "side": which.value,
            "id": id,
            "state": state,
            "coupling": None
            if coupling is None
            else {
                "bc": coupling.bc_id,
                "sales": coupling.sales_id,
                "outcome": coupling.outcome,
                "late": list(coupling.late),
                "baseline": {
                    k: {"bc": readable(v.bc), "sales": readable(v.sales)}
                    for k, v in coupling.baseline.items()
                },
            },
            "held": held,
            "history": history,
        }

    # --- what a person decides ---------------------------------------------------------------

    def act(self, mapping: str, action: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Queue an administrator's wish (H10): couple, uncouple, skip, retry or resolve.

        Returns the id of the job, which tells the outcome in the job log: state "refused" with the
        reason when it could not be done.
        """
        self._mapping(mapping)
        if problems := action_problems(action, arguments):
            raise ApiProblem(400, "Bad body", "; ".join(problems))
        job = Job(
            kind="action",
            mapping=mapping,
            cause=action,
            action=action,
            arguments=dict(arguments),
            token=random_token(),
        )
        queue = queue_of(mapping)
        self._ports.queue.send([OutgoingMessage(queue=queue, body=job.to_json(), message_id=job.message_id)])
        return {"job": job.token}

    def couple(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Couple two records: {"mapping", "bc", "sales", "from": "bc" | "sales" | "compare"} (P14)."""
        if not isinstance(body.get("mapping"), str):
            raise ApiProblem(400, "Bad body", "'mapping' must be a text")
        return self.act(body["mapping"], "couple", {k: v for k, v in body.items() if k != "mapping"})

    def on_record(
        self, mapping: str, side: str, id: str, action: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Act on the record in the path; the body has what else the action needs."""
        if clash := sorted({"side", "id"} & set(body or {})):
            raise ApiProblem(400, "Bad body", f"{' and '.join(clash)} are in the address already")
        return self.act(mapping, action, {**(body or {}), "side": self._side(side).value, "id": id})

    # --- state ---------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """Return what an administrator looks at first: runs, held by kind, set-aside messages, dead letters."""
        kinds: dict[str, int] = {}
        after: str | None = None
        while True:
            rows, after = self._ports.held.list(None, limit=1000, after=after)
            for row in rows:
                kinds[row.kind] = kinds.get(row.kind, 0) + 1
            if after is None:
                break
        rejected = []
        for message in self._ports.queue.peek(REJECTED):
            data = json.loads(message.body)
            rejected.append(
                {
                    "queue": data["queue"],
                    "reason": data["reason"],
                    "message_id": data["message_id"],
                    "at": iso(message.enqueued_at),
                }
            )
        dead = {}
        for queue in (FULL_SYNC, *(queue_of(m) for m in self._ports.mappings)):
            count = len(self._ports.queue.peek(queue, dead_letters=True))
            if count:
                dead[queue] = count
        last = {}
        for name in self._ports.mappings:
            entries, _ = self._ports.jobs.list(name, limit=1)
            last[name] = job_entry(entries[0]) if entries else None
        runs = self._ports.runs.list(limit=1)
        return {
            "run": run_head(runs[0]) if runs else None,
            "held": kinds,
            "rejected": rejected,
            "dead_letters": dead,
            "last_jobs": last,
        }

    def health(self) -> dict[str, Any]:
        """Say that the app answers; nothing secret."""
        return {"status": "ok"}

    # --- checks --------------------------------------------------------------------------

    def _mapping(self, name: str) -> str:
        if name not in self._ports.mappings:
            raise ApiProblem(404, "No such mapping", f"'{name}'; known: {', '.join(self._ports.mappings)}")
        return name

    @staticmethod
    def _side(side: str) -> Side:
        if side not in ("bc", "sales"):
            raise ApiProblem(400, "No such side", f"'{side}'; known: bc, sales")
        return Side(side)

    @staticmethod
    def _ids(ids: Sequence[Any]) -> list[str]:
        if not isinstance(ids, list) or not 0 < len(ids) <= 1000:
            raise ApiProblem(400, "Bad ids", "'ids' must be a list of 1 to 1000 ids")
        if not all(isinstance(i, str) and 0 < len(i) <= 64 for i in ids):
            raise ApiProblem(400, "Bad ids", "an id is a text of 1 to 64 characters")
        return list(ids)

    def _control(self, control: FullSync) -> None:
        self._ports.queue.send(
            [
                OutgoingMessage(
                    queue=FULL_SYNC,
                    body=control.to_json(),
                    # Starting is the same work however often it is asked; resuming is new each time (H12).
                    message_id=f"{control.action}-{control.run}"
                    + ("" if control.action == "start" else f"-{random_token()}"),
                )
            ]
        )


def _fits(body: Mapping[str, Any], allowed: Mapping[str, type]) -> None:
    if problems := misfits(body, allowed):
        raise ApiProblem(400, "Bad body", "; ".join(problems))
