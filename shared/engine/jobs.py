"""Jobs: what a message on a mapping's queue does, under that mapping's lease."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import chain

from shared.core.errors import Busy, Misconfigured, Refused, Transient
from shared.core.mapping import Creates, Direction, EntityMapping, Table
from shared.core.model import Side, Tally
from shared.engine.actions import Actions
from shared.engine.feeds import cursor_of, take_position
from shared.engine.index import WOULD_BE
from shared.engine.late import ready
from shared.engine.lines import Lines
from shared.engine.messages import Job, queue_of, random_token
from shared.engine.overlay import rehearsing
from shared.engine.parts import Ports
from shared.engine.push import CAUSE as PUSH
from shared.engine.push import once_more
from shared.engine.references import References
from shared.engine.rehearsal import Rehearsal
from shared.engine.scope import Scope
from shared.engine.signalling import of_job, tell_job
from shared.engine.standing import stand
from shared.engine.sync import PageSync
from shared.ports import ChangePage, JobEntry, Outdated, OutgoingMessage, StoredCursor
from shared.signal_names import JOB
from shared.signals import Span

#: Waits between two tries of the same work: doubled each time, up to the last.
FIRST_WAIT, LAST_WAIT = timedelta(seconds=5), timedelta(minutes=5)


class Jobs:
    def __init__(self, ports: Ports, *, set_aside: Callable[[str, bytes, str, str], None]) -> None:
        self._ports = ports
        self._pages = PageSync(ports)
        self.lines = Lines(ports, self._pages, self.late)
        self._actions = Actions(ports, self._pages)
        self._set_aside = set_aside

    def poll(
        self, mapping: EntityMapping, *, occurrence: str, cause: str = "timer", force: bool = False
    ) -> list[Job]:
        """Queue one job for each side whose changes matter. The same occurrence queues the same jobs (H12)."""
        jobs = [
            Job(kind="poll", mapping=mapping.name, side=side, cause=cause, token=occurrence, force=force)
            for side in Side
            if mapping.reads(side) and not (mapping.by_hand and side is Side.SALES and cause == "timer")
        ]
        jobs += [
            Job(kind="feed", mapping=mapping.name, side=f.side, cause=f.name, action=f.name, token=occurrence)
            for f in mapping.also_changed_by
        ]
        self._send(jobs)
        return jobs

    def handle(self, job: Job) -> None:
        """Do one job. Never raises for what it knows how to react to: later, set aside, or logged."""
        ports, mapping = self._ports, self._ports.mappings[job.mapping]
        if job.rehearse and not ports.rehearses:
            return Jobs(rehearsing(ports, job.run), set_aside=self._set_aside).handle(job)
        with ports.signals.span(JOB, **of_job(job), step=job.step) as span:
            self._handle(job, mapping, span)

    def _handle(self, job: Job, mapping: EntityMapping, span: Span) -> None:
        ports = self._ports
        started, before = ports.clock.now(), ports.requests()
        tally, state, message, scope = Tally(), "finished", "", None
        try:
            if job.kind == "late":
                of = (job.arguments or {}).get("of", "")
                tally = self.late(mapping, run=job.run, cause=job.cause, of=of)
            else:
                with self.scope(mapping, run=job.run) as scope:
                    scope.forced = job.force
                    self._repeat_half_done(scope, job)
                    tally = self._do(job, scope)
        except Busy as busy:
            if job.cause == PUSH and scope is None:
                return ports.queue.send([once_more(job, ports.clock.now())])
            if job.kind == "poll" and scope is None:
                span.set(state="busy")
                return  # the next tick reads from the same cursor (H13)
            self._later(job, busy)
            state, message = "deferred", str(busy)
        except Transient as error:
            self._later(job, error)
            state, message = "deferred", str(error)
        except Refused as refused:
            state, message = "refused", str(refused)
        except Misconfigured as error:
            state, message = "stopped", str(error)
            if not self._known_stop(job, str(error)):
                self._set_aside(queue_of(job.mapping), job.to_set_aside(), str(error), job.message_id)
            if job.kind == "line":
                self.lines.fail(job, str(error))
        spent = ports.requests()
        entry = JobEntry(
            # What a person asked for is found by the id that the answer named.
            id=job.token if job.by_hand else random_token(),
            mapping=job.mapping,
            side=job.side.value,
            started=started,
            finished=ports.clock.now(),
            tally=tally.as_json(),
            requests={name: spent[name] - before[name] for name in spent},
            run=job.run,
            cause=job.cause or job.kind,
            state=state,
            message=message,
            details={} if scope is None else scope.details(),
        )
        ports.jobs.add(entry)
        tell_job(ports.signals, span, job, entry)

    def _known_stop(self, job: Job, message: str) -> bool:
        """Say whether the mapping's last job was stopped by the same: one message tells it, not one a tick."""
        entries, _ = self._ports.jobs.list(job.mapping, limit=4)
        return job.kind == "poll" and any(
            e.state == "stopped" and e.message == message and e.side == job.side.value for e in entries
        )

    @contextmanager
    def scope(self, mapping: EntityMapping, *, run: str = "") -> Iterator[Scope]:
        """Hold the mapping's lease and yield what a job may do. Raises `Busy` when it is taken.

        The lease is released at the end; a process that dies leaves it to expire (H11).
        """
        ports = self._ports
        # A rehearsal keeps nobody from writing; its own lease makes it the one writer of its overlay.
        name = f"{mapping.name}~{ports.rehearses}" if ports.rehearses else mapping.name
        lease = ports.leases.acquire(name, random_token(), ports.limits.lease)
        held = [lease]

        def check() -> None:
            # Renewed before every send once a third of it is over, so that it outlives the request.
            now = ports.clock.now()
            if held[0].expires_at - now < ports.limits.lease * 2 / 3:
                held[0] = ports.leases.renew(held[0], ports.limits.lease)

        try:
            facts = ports.setup.facts()
            yield Scope(
                mapping=mapping,
                facts=facts,
                references=References(ports.couplings, local_currency_id=facts.lcy_currency_id),
                run=run,
                check_lease=check,
                now=ports.clock.now(),
                skipped=ports.held.skipped(mapping.name),
                added=ports.added(mapping.name),
                rehearsal=Rehearsal(ports) if ports.rehearses else None,
            )
        finally:
            ports.leases.release(held[0])

    def late(
        self, mapping: EntityMapping, *, run: str = "", cause: str = "late references", of: str = ""
    ) -> Tally:
        """Fill references and options that were left out, now that their targets (`of`) may be coupled (H6, H20)."""
        ports = self._ports
        tally = Tally()
        pages = ready(ports, mapping, of)
        first = next(pages, None)
        if first is None:
            return tally
        with self.scope(mapping, run=run) as scope:
            job = Job(kind="late", mapping=mapping.name, cause=cause, run=run, token=random_token())
            self._repeat_half_done(scope, job)
            scope.targeted = True
            for late in chain([first], pages):
                would_be = [c for c in late if c.outcome.startswith(WOULD_BE)]
                if scope.rehearsal is not None:
                    tally += Tally(updated=scope.rehearsal.late(scope, would_be))
                # They have just been streamed: no point reads for thousands of them (H27).
                scope.streamed = {c.bc_id: c for c in late if not c.outcome.startswith(WOULD_BE)}
                ids = tuple(scope.streamed)
                found = ports.bc.get(mapping.bc, ids) if ids else {}
                gone = [i for i in ids if i not in found]
                if ids:
                    tally += self._pages.run(scope, Side.BC, found.values(), gone, job=replace(job, ids=ids))
            if scope.rehearsal is not None:
                # After every step of the mapping's own line, and the same each time.
                step = 900_000 + list(ports.mappings).index(of)
                ports.plans.add(run, mapping.name, step, scope.rehearsal.take())
        return tally

    # --- kinds -----------------------------------------------------------------------------

    def _do(self, job: Job, scope: Scope) -> Tally:
        match job.kind:
            case "poll":
                tally = self._poll(job, scope)
            case "targeted":
                tally = self._targeted(job, scope)
            case "feed":
                tally = self._feed(job, scope)
            case "sweep":
                tally = self._sweep(job, scope)
            case "action":
                tally = self._actions.do(job, scope)
            case "line":
                return self.lines.go_on(job, scope)
            case _:
                raise Misconfigured(f"no such kind of job: {job.kind}")
        return tally

    def _poll(self, job: Job, scope: Scope) -> Tally:
        """Read from the cursor to the end, page by page; then, and only then, move the cursor (H7)."""
        mapping, side, tally = scope.mapping, job.side, Tally()
        stored = self._ports.cursors.get(mapping.name, side)
        for found in self._read(job, side, mapping.table(side), stored.value):
            tally += self._pages.run(scope, side, found.records, found.deleted, job=job)
            self._move(mapping.name, side, found, stored)
        return tally

    def _feed(self, job: Job, scope: Scope) -> Tally:
        """Look at the records named by the changed rows of another table (H22).

        The first time only the position is stored: what came before, a full synchronization reads.
        """
        ports, mapping, tally = self._ports, scope.mapping, Tally()
        feed = next((f for f in mapping.also_changed_by if f.name == job.action), None)
        if feed is None:
            raise Misconfigured(f"{mapping.name} has no feed '{job.action}'")
        stored = take_position(ports, mapping, feed)
        if stored is None:
            return tally
        scope.targeted = True
        for found in self._read(job, feed.side, feed.table, stored.value):
            ids = sorted({str(r.values.get(feed.column) or "").lower() for r in found.records} - {""})
            coupled = ports.couplings.find(mapping.name, feed.side, ids)
            wanted = [i for i in ids if i in coupled or mapping.creates is Creates.ALWAYS]
            if wanted:
                rows = ports.records(feed.side).get(mapping.table(feed.side), wanted)
                tally += self._pages.run(scope, feed.side, rows.values(), job=job)
            self._move(cursor_of(mapping, feed), feed.side, found, stored)
        return tally

    def _sweep(self, job: Job, scope: Scope) -> Tally:
        """Look at every record of a side once more, for values that depend on the day (H22)."""
        tally = Tally()
        stand(self._ports, self._pages.gather, scope)
        for found in self._read(job, job.side, scope.mapping.table(job.side), None):
            tally += self._pages.run(scope, job.side, found.records, job=job)
        return tally

    def _read(self, job: Job, side: Side, table: Table, cursor: str | None) -> Iterator[ChangePage]:
        """Yield pages to the end; when the job's time is over, its follow-up goes on after the last one."""
        ports = self._ports
        page = (job.arguments or {}).get("page")
        deadline = ports.clock.now() + ports.limits.job
        while True:
            found = ports.records(side).changes(table, cursor=cursor, page=page, limit=ports.limits.page)
            yield found
            page = found.next
            if page is None:
                return
            if ports.clock.now() >= deadline:
                self._send([replace(job, step=job.step + 1, arguments={"page": page})])
                return

    def _move(self, name: str, side: Side, found: ChangePage, stored: StoredCursor) -> None:
        if found.next is None and found.cursor != stored.value:
            with suppress(Outdated):  # a newer pass has stored its own
                self._ports.cursors.put(name, side, found.cursor, etag=stored.etag)

    def sweeps(self) -> None:
        """Queue today's sweeps. Sent first, marked second: the same day sends the same job (H12).

        Not before anything was synchronized: what comes over first is as it is today.
        """
        ports = self._ports
        today = ports.clock.now().date().isoformat()
        for mapping in ports.mappings.values():
            side = Side.SALES if mapping.direction is Direction.FROM_SALES else Side.BC
            if not mapping.daily:
                continue
            stored = ports.cursors.get(f"{mapping.name}.sweep", side)
            if stored.value != today:
                if ports.cursors.get(mapping.name, side).value is not None:
                    self._send(
                        [Job(kind="sweep", mapping=mapping.name, side=side, cause="daily", token=today)]
                    )
                with suppress(Outdated):
                    ports.cursors.put(f"{mapping.name}.sweep", side, today, etag=stored.etag)

    def _targeted(self, job: Job, scope: Scope) -> Tally:
        ports, table = self._ports, scope.mapping.table(job.side)
        scope.targeted = True
        scope.may_create = job.create
        # A person who asks for a counterpart gets the one that is there already, rather than a double (H18).
        scope.asked = scope.matching = job.create and job.by_hand
        found = ports.records(job.side).get(table, job.ids)
        gone = [i for i in job.ids if i not in found]
        return self._pages.run(scope, job.side, found.values(), gone, job=job)

    def _repeat_half_done(self, scope: Scope, job: Job) -> None:
        """Repeat the pages whose job died between its first write and its last memory (H1)."""
        ports = self._ports
        for intent in ports.intents.get(scope.mapping.name):
            self._pages.memory.take_up(scope, intent)
            with_right = replace(
                scope,
                targeted=True,
                may_create=True,
                # The whole page had passed the brake; its writes alone would look like too many.
                forced=True,
                matched=[],
                asked=False,
                matching=False,
                index=None,
                streamed=None,
                reasons={},
                unresolved={},
            )
            found = ports.records(intent.side).get(scope.mapping.table(intent.side), intent.ids)
            gone = [i for i in intent.ids if i not in found]
            self._pages.run(with_right, intent.side, found.values(), gone, job=job)
            self._pages.memory.done(scope, intent.side)

    # --- later -----------------------------------------------------------------------------

    def _later(self, job: Job, error: Transient) -> None:
        """Queue a copy for later (H13): an exception would mean redelivery at once, without any wait."""
        again = replace(job, attempt=job.attempt + 1)
        wait = error.retry_after or min(FIRST_WAIT * 2 ** min(job.attempt, 8), LAST_WAIT)
        jitter = hashlib.sha256(again.message_id.encode()).digest()[0] / 255
        self._send([again], after=wait * (1 + 0.2 * jitter))

    def _send(self, jobs: list[Job], *, after: timedelta | None = None) -> None:
        at = self._ports.clock.now() + after if after else None
        self._ports.queue.send(
            [
                OutgoingMessage(
                    queue=queue_of(j.mapping), body=j.to_json(), message_id=j.message_id, scheduled_at=at
                )
                for j in jobs
            ]
        )
