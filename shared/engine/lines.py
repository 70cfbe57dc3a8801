"""The lines of a full synchronization: pages, phases, and what starts next.

One Runs row per line holds its phase, page, step, tallies and state, and is replaced once per page
under its ETag (H15). A message names the step it was sent for: an older one only sends the
follow-up again, so a message that is delivered twice, or after a crash, repeats at most one page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import batched
from typing import Any

from shared.core import runs as rules
from shared.core.errors import Misconfigured
from shared.core.mapping import Direction, EntityMapping
from shared.core.match import matches_of, problems_of
from shared.core.model import Side, Tally
from shared.engine.feeds import take_position
from shared.engine.index import WOULD_BE, Index
from shared.engine.messages import Job, queue_of
from shared.engine.overlay import OverlaidCouplings
from shared.engine.parts import Ports
from shared.engine.rehearsal import rows_of
from shared.engine.scope import Scope
from shared.engine.signalling import tell_run
from shared.engine.standing import stand
from shared.engine.sync import PageSync
from shared.ports import Outdated, OutgoingMessage, RunRow

#: A line without progress for so long is sent again by the watchdog.
STUCK = timedelta(minutes=3)
#: The last phase: soft references to what the line has coupled.
LATE = "late"
TALLY_OF = {Side.BC: "to_sales", Side.SALES: "from_sales"}


class Lines:
    def __init__(
        self,
        ports: Ports,
        pages: PageSync,
        late: Callable[..., Tally],
    ) -> None:
        self._ports = ports
        self._pages = pages
        self._late = late

    # --- starting ----------------------------------------------------------------------------

    def start(
        self,
        run: str,
        mappings: tuple[str, ...],
        *,
        create: bool = False,
        force: bool = False,
        rehearse: bool = False,
        changes: bool = False,
        match: Mapping[str, Any] | None = None,
    ) -> None:
        """Make a run with its lines and start those that wait for nothing. Starting it twice is harmless.

        With `rehearse` it writes nothing to BC or Sales and leaves a plan (H26); with `changes` the
        plan is that of the timers, from the cursors on. With `match` it only couples, by matching.
        """
        ports = self._ports
        now = ports.clock.now().isoformat()
        lines = rules.plan(tuple(ports.mappings.values()), mappings)
        how = {"create": create, "force": force, "rehearse": rehearse, "changes": changes, "match": match}
        rows = [RunRow(run=run, name="", data={"state": rules.RUNNING, "started": now} | how)]
        rows += [
            RunRow(
                run=run,
                name=name,
                data={
                    "state": rules.PENDING,
                    "depends_on": list(needs),
                    "phase": order_of(ports.mappings[name])[0],
                    "page": None,
                    "step": 0,
                    "attempt": 0,
                    "to_sales": {},
                    "from_sales": {},
                    "wake_ups": {},
                    "requests": {},
                    "updated": now,
                    "started": None,
                    "finished": None,
                    "message": "",
                    "reasons": {},
                    "unresolved": {},
                },
            )
            for name, needs in lines.items()
        ]
        ports.runs.create(rows)
        tell_run(ports.signals, rows[0])
        self.advance(run)

    def advance(self, run: str) -> None:
        """Start every line whose dependencies are finished; close the run when all are (H15)."""
        ports = self._ports
        rows = {r.name: r for r in ports.runs.get(run)}
        head = rows.pop("", None)
        if head is None or head.data["state"] in (rules.FINISHED, rules.CANCELLED):
            return
        needs = {n: tuple(r.data["depends_on"]) for n, r in rows.items()}
        states = {n: r.data["state"] for n, r in rows.items()}
        started = {n for n, s in states.items() if s != rules.PENDING}
        done = {n for n, s in states.items() if s == rules.FINISHED}
        now = ports.clock.now().isoformat()
        for name in rules.ready(needs, started=started, done=done):
            # Sent first, marked second: a second start has the same message id and is dropped.
            self._send(head, name, rows[name].data)
            self._save(rows[name], {"state": rules.RUNNING, "started": now, "updated": now})
            states[name] = rules.RUNNING
        state = rules.state_of(states, needs)
        if state != head.data["state"]:
            finished = now if state != rules.RUNNING else None
            self._save(head, {"state": state, "finished": finished})
            if state != rules.RUNNING:
                tell_run(ports.signals, head, state)
            if state == rules.FINISHED and isinstance(ports.couplings, OverlaidCouplings):
                # Late references are of mappings that are no line of the run.
                for name in {*rows, *ports.mappings}:
                    ports.couplings.forget(name)

    def resume(self, run: str, *, force: bool = False) -> None:
        """Send every line that is not finished again, with a new attempt; `force` releases the brake."""
        rows = self._ports.runs.get(run)
        for head in (r for r in rows if r.name == "" and r.data["state"] != rules.FINISHED):
            self._save(head, {"state": rules.RUNNING, "finished": None, "force": force})
        for row in rows:
            if row.name and row.data["state"] in (rules.FAILED, rules.RUNNING, rules.CANCELLED):
                self._again(_head(rows), row)
        self.advance(run)

    def cancel(self, run: str) -> None:
        """Stop a run: lines that work stop after their page."""
        for row in self._ports.runs.get(run):
            if row.data["state"] in (rules.PENDING, rules.RUNNING):
                self._save(row, {"state": rules.CANCELLED, "finished": self._ports.clock.now().isoformat()})

    def watch(self, run: str) -> None:
        """Send a line without progress again, and start what should have started (the watchdog, H15)."""
        now = self._ports.clock.now()
        rows = self._ports.runs.get(run)
        for row in rows:
            if (
                row.name
                and row.data["state"] == rules.RUNNING
                and row.data["updated"] < (now - STUCK).isoformat()
            ):
                self._again(_head(rows), row)
        self.advance(run)

    def fail(self, job: Job, message: str) -> None:
        """Mark a line as failed; its dependants stay where they are until it is resumed."""
        for row in self._ports.runs.get(job.run):
            if row.name == job.mapping:
                self._save(
                    row,
                    {
                        "state": rules.FAILED,
                        "message": message[:1000],
                        "finished": self._ports.clock.now().isoformat(),
                    },
                )
        self.advance(job.run)

    # --- one message -------------------------------------------------------------------------

    def go_on(self, job: Job, scope: Scope) -> Tally:
        """Go on with a line until it is finished or its time is over; then send the follow-up."""
        ports, mapping = self._ports, scope.mapping
        rows = {r.name: r for r in ports.runs.get(job.run)}
        row, head = rows.get(mapping.name), rows.get("")
        if row is None or head is None:
            return Tally()  # the run was never made: its start was cancelled or is still to come
        if row.data["state"] == rules.FINISHED:
            self.advance(job.run)
            return Tally()
        if row.data["state"] in (rules.CANCELLED, rules.FAILED):
            return Tally()
        if job.step < row.data["step"]:
            self._send(head, mapping.name, row.data)
            return Tally()
        mode = head.data
        scope.full = scope.may_create = not mode.get("changes")
        scope.forced = bool(head.data.get("force"))
        # The brake counts per line, however many jobs it takes (H30).
        scope.changed, scope.read = row.data.get("counted", (0, 0))
        scope.matching = bool(mapping.match) and scope.full and not mode.get("create")
        if mode.get("match") is not None:
            self._only_match(scope, mode["match"])
        if isinstance(ports.couplings, OverlaidCouplings):
            ports.couplings.forget(mapping.name, row.data["step"])
        scope.index = Index(scope.mapping, added=scope.added)
        for coupling in ports.couplings.stream(mapping.name):
            scope.index.learn(coupling)
        total = Tally()
        deadline = ports.clock.now() + ports.limits.job
        while row.data["phase"] in (Side.BC.value, Side.SALES.value):
            tally, changes = self._page(job, scope, row.data, mode)
            total += tally
            row = self._progress(row, changes)
            if row.data["state"] == rules.CANCELLED:
                return total
            if ports.clock.now() >= deadline and row.data["phase"] != LATE:
                self._send(head, mapping.name, row.data)
                return total
        self._wake_ups(job, scope, row)
        return total

    @staticmethod
    def _only_match(scope: Scope, how: Mapping[str, Any]) -> None:
        """Couple what is uncoupled and matches; create the rest only when asked to."""
        mapping = scope.mapping
        if problems := problems_of(mapping, how.get("fields", [])):
            raise Misconfigured(problems)
        chosen = matches_of(mapping, how.get("fields", []), exact=how.get("exact", False))
        kept = tuple(replace(m, exact=how.get("exact", m.exact)) for m in mapping.match)
        scope.mapping = replace(mapping, match=chosen or kept, match_always=True)
        scope.matching = scope.only_uncoupled = True
        scope.may_create = how.get("create", False)
        scope.refusal = "nothing matches it"

    def _page(
        self, job: Job, scope: Scope, data: Mapping[str, Any], mode: Mapping[str, Any]
    ) -> tuple[Tally, dict[str, Any]]:
        """Synchronize one page and return what changes on the line's row."""
        ports, mapping, side = self._ports, scope.mapping, Side(data["phase"])
        before = ports.requests()
        changes: dict[str, Any] = {}
        etag = data.get("cursor_etag")
        if data["page"] is None:
            # The position that the next poll starts from is taken before the first read (H17).
            etag = changes["cursor_etag"] = ports.cursors.get(mapping.name, side).etag
            if scope.index is not None:
                scope.index.begin()
            for feed in mapping.also_changed_by:
                take_position(ports, mapping, feed)
            if scope.full and order_of(mapping)[0] == side.value:
                stand(ports, self._pages.gather, scope)
        whole = not mode.get("changes") and mode.get("match") is None
        cursor = ports.cursors.get(mapping.name, side).value if mode.get("changes") else None
        found = ports.records(side).changes(
            mapping.table(side), cursor=cursor, page=data["page"], limit=ports.limits.page
        )
        scope.reasons, scope.unresolved = {}, {}
        if isinstance(ports.couplings, OverlaidCouplings):
            ports.couplings.step = data["step"]
        tally = self._pages.run(scope, side, found.records, found.deleted, job=job)
        if found.next is None:
            if whole:
                tally += self._unmet(job, scope, side)
                with suppress(Outdated):  # a poll has stored a newer one meanwhile
                    ports.cursors.put(mapping.name, side, found.cursor, etag=etag)
            following = order_of(mapping)[order_of(mapping).index(side.value) + 1]
            changes |= {
                # Matching looks from the owner's side only.
                "phase": following if mode.get("match") is None else LATE,
                "page": None,
                "cursor_etag": None,
            }
        else:
            changes["page"] = found.next
        if scope.rehearsal is not None:
            entries = scope.rehearsal.take()
            ports.plans.add(job.run, mapping.name, data["step"], entries)
            written = Counter(e["target"] for e in entries if e["target"])
            changes["writes"] = _sum(data.get("writes", {}), written)
            changes["rows"] = _sum(data.get("rows", {}), rows_of(entries))
        spent = ports.requests()
        name = TALLY_OF[side]
        changes |= {
            name: (Tally.from_json(data[name]) + tally).as_json(),
            "requests": {k: data["requests"].get(k, 0) + spent[k] - before[k] for k in spent},
            "reasons": _sum(data["reasons"], scope.reasons),
            "unresolved": _sum(data.get("unresolved", {}), scope.unresolved),
            "step": data["step"] + 1,
            "counted": [scope.changed, scope.read],
        }
        return tally, changes

    def _unmet(self, job: Job, scope: Scope, side: Side) -> Tally:
        """Confirm by id the couplings that the listing did not show: deleted, or only missed (H17)."""
        ports, mapping = self._ports, scope.mapping
        assert scope.index is not None
        tally = Tally()
        for unmet in batched(scope.index.unmet(side), ports.limits.page, strict=False):
            ids = [c.id_of(side) for c in unmet if c.outcome != WOULD_BE]
            found = ports.records(side).get(mapping.table(side), ids) if ids else {}
            if gone := [i for i in ids if i not in found]:
                tally += self._pages.run(scope, side, (), gone, job=job)
            # What a rehearsal would have created is not there to be listed; in earnest it would be, unchanged.
            tally += Tally(unchanged=sum(c.outcome == WOULD_BE and c.version_of(side) == "" for c in unmet))
        return tally

    def _wake_ups(self, job: Job, scope: Scope, row: RunRow) -> None:
        """Fill the soft references and options of this mapping, then finish the line and start what waits for it.

        A crash before the row is marked repeats the look, which finds nothing left to do.
        """
        ports = self._ports
        tally = Tally.from_json(row.data["wake_ups"])
        before = ports.requests()
        for other in ports.mappings.values():
            if other.may_come_later(scope.mapping.name):
                cause = f"late references to {scope.mapping.name}"
                tally += self._late(other, run=job.run, cause=cause, of=scope.mapping.name)
        spent = ports.requests()
        now = ports.clock.now().isoformat()
        self._progress(
            row,
            {
                "state": rules.FINISHED,
                "finished": now,
                "wake_ups": tally.as_json(),
                "requests": {k: row.data["requests"].get(k, 0) + spent[k] - before[k] for k in spent},
                "step": row.data["step"] + 1,
            },
        )
        self.advance(job.run)

    # --- rows and messages -------------------------------------------------------------------

    def _progress(self, row: RunRow, changes: Mapping[str, Any]) -> RunRow:
        """Replace the line's row. When somebody else changed it (cancelled), theirs is kept."""
        changed = replace(row, data={**row.data, **changes, "updated": self._ports.clock.now().isoformat()})
        try:
            return self._ports.runs.save(changed)
        except Outdated:
            fresh = next(r for r in self._ports.runs.get(row.run) if r.name == row.name)
            if fresh.data["step"] > row.data["step"] or fresh.data["state"] not in (
                rules.RUNNING,
                rules.PENDING,
            ):
                return fresh
            return self._ports.runs.save(replace(changed, etag=fresh.etag))

    def _save(self, row: RunRow, changes: Mapping[str, Any]) -> None:
        try:
            self._ports.runs.save(replace(row, data={**row.data, **changes}))
        except Outdated:
            pass  # somebody else has moved it on; what they saw is newer

    def _again(self, head: RunRow, row: RunRow) -> None:
        data = {
            **row.data,
            "attempt": row.data["attempt"] + 1,
            "state": rules.RUNNING,
            "finished": None,
            "message": "",
            "updated": self._ports.clock.now().isoformat(),
        }
        try:
            # Stored first: the attempt makes the message new, and a stored attempt is never used twice (H12).
            self._ports.runs.save(replace(row, data=data))
        except Outdated:
            return
        self._send(head, row.name, data)

    def _send(self, head: RunRow, mapping: str, data: Mapping[str, Any]) -> None:
        rehearse = bool(head.data.get("rehearse"))
        job = Job(
            kind="line",
            mapping=mapping,
            run=head.run,
            rehearse=rehearse,
            step=data["step"],
            attempt=data["attempt"],
            cause="rehearsal" if rehearse else "full sync",
        )
        self._ports.queue.send(
            [OutgoingMessage(queue=queue_of(mapping), body=job.to_json(), message_id=job.message_id)]
        )


def _head(rows: Sequence[RunRow]) -> RunRow:
    return next(row for row in rows if row.name == "")


def order_of(mapping: EntityMapping) -> tuple[str, ...]:
    """Return a line's phases: the owner's side first, so that its counterparts are known on the other."""
    sides = [Side.BC.value, Side.SALES.value]
    if mapping.direction is Direction.FROM_SALES:
        sides.reverse()
    return (*sides, LATE)


def _sum(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    return {k: a.get(k, 0) + b.get(k, 0) for k in {**a, **b}}
