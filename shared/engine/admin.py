"""The administrators' API as plain calls: JSON in, JSON out, `ApiProblem` when it cannot be done."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.core.forecast import forecast
from shared.core.match import problems_of
from shared.core.model import Side
from shared.engine import overview
from shared.engine.availability import availability
from shared.engine.explain import Explain
from shared.engine.jobs import Jobs
from shared.engine.messages import (
    BY_HAND,
    FULL_SYNC,
    MATCH_FIELDS,
    RECORD_ID,
    FullSync,
    Job,
    action_problems,
    match_problems,
    queue_of,
    random_token,
)
from shared.engine.naming import named
from shared.engine.parts import Ports
from shared.engine.problem import ApiProblem, must_fit
from shared.engine.targeted import send_targeted
from shared.engine.views import held_record, job_entry, run_head, run_line
from shared.ports import OutgoingMessage

__all__ = ["AdminApi", "ApiProblem"]
#: What a person may type of a number or name.
BEGINS = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


class AdminApi:
    def __init__(self, ports: Ports, jobs: Jobs) -> None:
        self._ports = ports
        self._jobs = jobs
        self._explain = Explain(ports)

    # --- full synchronization ------------------------------------------------------------

    def start_full_sync(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Queue the start of a run (P38). Returns its id at once; the run works in the background (P40)."""
        allowed = {"mappings": list, "rehearse": bool, "changes": bool, "create": bool, "force": bool}
        must_fit(body, allowed)
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
        must_fit(body, {**MATCH_FIELDS, "preview": bool})
        how = {k: v for k, v in body.items() if k != "preview"}
        if problems := match_problems(how):
            raise ApiProblem(400, "Bad body", "; ".join(problems))
        problems = list(problems_of(chosen, how.get("fields", [])))
        if not how.get("fields") and not chosen.match:
            problems.append(f"{mapping} has no matching fields of its own; name some in 'fields'")
        if problems:
            raise ApiProblem(409, "Does not go with the mapping", "; ".join(problems))
        run = self._new_run()
        rehearse = body.get("preview", False)
        self._control(FullSync(action="start", mappings=(mapping,), run=run, rehearse=rehearse, match=how))
        return {"run": run}

    def _new_run(self) -> str:
        return f"run-{self._ports.clock.now():%Y%m%d%H%M%S}-{random_token()[:8]}"

    def resume(self, run: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Go on with what is not finished; with `force`, also where the brake stopped it."""
        must_fit(body or {}, {"force": bool})
        self.run(run)
        self._control(FullSync(action="resume", run=run, force=(body or {}).get("force", False)))
        return {"run": run}

    def cancel(self, run: str) -> dict[str, Any]:
        self.run(run)
        self._control(FullSync(action="cancel", run=run))
        return {"run": run}

    def runs(self, *, limit: int = 50, after: str | None = None) -> dict[str, Any]:
        """Return runs, newest first. `after` is how many came before: a new one may repeat the last."""
        if after is not None and not (after.isascii() and after.isdecimal() and len(after) <= 6):
            raise ApiProblem(400, "Bad 'after'", "'after' must be the 'next' of the page before")
        start = int(after or 0)
        rows = self._ports.runs.beyond(start, limit=limit + 1)
        more = str(start + limit) if len(rows) > limit else None
        return {"value": [run_head(r) for r in rows[:limit]], "next": more}

    def run(self, run: str) -> dict[str, Any]:
        """Return one run with its lines, in the order of dependencies (P39, P41)."""
        rows = {r.name: r for r in self._ports.runs.get(run)}
        head = rows.pop("", None)
        if head is None:
            raise ApiProblem(404, "No such run", f"there is no run '{run}'")
        order = [m for m in self._ports.mappings if m in rows]
        found = run_head(head) | {"lines": [run_line(rows[name]) for name in order]}
        if found["rehearse"]:
            written, in_rows = Counter[str](), Counter[str]()
            for name in order:
                data = rows[name].data
                late = data["wake_ups"].get("updated", 0)
                written.update(data.get("writes", {}))
                in_rows.update(data.get("rows", {}))
                written["sales"] += late
                in_rows["sales"] += late
            found["forecast"] = forecast(written, in_rows)
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
        return overview.mappings(self._ports)

    def sync(self, mapping: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Queue a synchronization of what changed, or of named records of one side."""
        body = body or {}
        must_fit(body, {"side": str, "ids": list, "create": bool, "force": bool})
        chosen = self._ports.mappings[self._mapping(mapping)]
        if "ids" in body:
            side, ids = self._side(str(body.get("side", "bc"))), self._ids(body["ids"])
            token = random_token()
            send_targeted(
                self._ports,
                mapping,
                side,
                ids,
                cause=BY_HAND,
                token=token,
                create=body.get("create", False),
                force=body.get("force", False),
            )
            return {"job": f"{token}.0"}
        if "side" in body or "create" in body:
            raise ApiProblem(400, "Bad body", "'side' and 'create' go with 'ids'")
        jobs = self._jobs.poll(
            chosen, occurrence=random_token(), cause=BY_HAND, force=body.get("force", False)
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

    def find(self, mapping: str, side: str, begins: str | None, *, limit: int = 20) -> dict[str, Any]:
        """Return the records whose number or name begins with a text, in the order of names.

        Each with "id", "names" by column and "coupled_with". 404 when there is none.
        """
        if not BEGINS.fullmatch(begins or ""):
            raise ApiProblem(400, "Bad 'begins'", "'begins' must be a text of 1 to 100 characters")
        chosen = self._ports.mappings[self._mapping(mapping)]
        return named(self._ports, chosen, self._side(side), str(begins), limit=limit)

    def held(
        self, mapping: str | None = None, *, limit: int = 1000, after: str | None = None
    ) -> dict[str, Any]:
        if mapping is not None:
            self._mapping(mapping)
        rows, more = self._ports.held.list(mapping, limit=limit, after=after)
        return {"value": [held_record(r) for r in rows], "next": more}

    def explain(self, mapping: str, side: str, id: str) -> dict[str, Any]:
        """Say how one record stands and why, and what would happen to it now; nothing is written.

        For a record that nobody knows too. "cause", "since" and "next_try" say why it is out of sync;
        "now" what a timer's job would do and "in_full_sync" what a full synchronization would.
        """
        chosen = self._ports.mappings[self._mapping(mapping)]
        return self._explain.record(chosen, self._side(side), id)

    def history(
        self, mapping: str, side: str, id: str, *, limit: int = 100, after: str | None = None
    ) -> dict[str, Any]:
        """Return what was written to a record and its counterpart, newest first: before and after by field.

        A create has no entry (H28). What is older than HISTORY_DAYS is gone.
        """
        chosen = self._ports.mappings[self._mapping(mapping)]
        try:
            before = datetime.fromisoformat(after) if after else None
        except ValueError:
            before = datetime.min
        if before is not None and before.tzinfo is None:
            raise ApiProblem(400, "Bad 'after'", "'after' must be the 'next' of the page before")
        return self._explain.history(chosen, self._side(side), id, limit=limit, before=before)

    # --- what a person decides ---------------------------------------------------------------

    def act(self, mapping: str, action: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Queue an administrator's wish (H10): couple, uncouple, skip, retry, resolve or forget.

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
            arguments={n: v.lower() if n in ("id", "bc", "sales") else v for n, v in arguments.items()},
            token=random_token(),
        )
        queue = queue_of(mapping)
        self._ports.queue.send([OutgoingMessage(queue=queue, body=job.to_json(), message_id=job.message_id)])
        return {"job": job.token}

    def couple(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Couple two records: {"mapping", "bc", "sales", "from": "bc" | "sales" | "compare"} (P14).

        With "move" a record that is coupled leaves its counterpart, which is parked.
        """
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

    def forget(self, mapping: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Queue the forgetting of all couplings, held records and positions of a mapping.

        Body: "company", the id of the BC company, so that nobody empties another installation by mistake.
        """
        return self.act(mapping, "forget", body)

    def availability(self, product: str) -> dict[str, Any]:
        """Return what is there of a product (P34)."""
        return availability(self._ports, product)

    # --- state ---------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        return overview.status(self._ports)

    def health(self) -> dict[str, Any]:
        """Say that the app answers; nothing secret."""
        return {"status": "ok"}

    # --- checks --------------------------------------------------------------------------

    def _mapping(self, name: str) -> str:
        in_force = self._ports.in_force
        if in_force is not None and name in in_force.overridden.off:
            said = f"'{name}' is switched off by {in_force.overridden.off_by[name]}"
            raise ApiProblem(404, "Switched off", said)
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
        if not all(isinstance(i, str) and RECORD_ID.fullmatch(i) for i in ids):
            raise ApiProblem(400, "Bad ids", "an id is a GUID, or the number of an option")
        return [i.lower() for i in ids]

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
