"""Remember: couplings, history, held records, wake-ups. In that order.

A crash between two of these repeats the page (its intent row is still there); nothing is lost and
nothing is done twice, because what was saved decides to `Nothing`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta

from shared.core.model import Coupling, CouplingState, Side
from shared.engine.adopting import adopt, adopt_made
from shared.engine.kept import NEVER, Kept
from shared.engine.messages import Job
from shared.engine.parts import Ports
from shared.engine.scope import Scope
from shared.engine.signalling import tell_held
from shared.engine.targeted import send_late, send_targeted
from shared.ports import HeldRecord, Intent, Made, Outdated

#: A held record is tried again after this, then after twice as long, and so on up to a day.
FIRST_RETRY = timedelta(minutes=5)
LAST_RETRY = timedelta(days=1)
#: What keeps an order back (a setting, a blocked customer) wakes nobody when it is mended.
LAST_RETRY_OF_DOCUMENTS = timedelta(minutes=30)
#: Why a coupling could not be saved, for good.
REFUSED = {
    "taken": "its counterpart is coupled to another record",
    "too large": "its values take more than the 1 MiB that a table row holds",
}


class Memory:
    """Saves what a turn wants remembered, set-based."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._last: datetime | None = None

    # --- what a crash must not lose ------------------------------------------------------------

    def intend(
        self, scope: Scope, side: Side, ids: Set[str], *, job: Job, made: tuple[Made, ...] = ()
    ) -> None:
        """Note the records of a page that are about to be coupled or written, so that a crash repeats them."""
        self._check_lease(scope)
        told = json.loads(job.to_json())
        self._ports.intents.put(
            Intent(mapping=scope.mapping.name, side=side, job=told, ids=tuple(sorted(ids)), made=made)
        )

    def done(self, scope: Scope, side: Side) -> None:
        self._check_lease(scope)
        self._ports.intents.remove(scope.mapping.name, side)

    @staticmethod
    def _check_lease(scope: Scope) -> None:
        """One that was overtaken leaves the intent alone: it may be the other's by now (H11)."""
        if scope.check_lease is not None:
            scope.check_lease()

    def take_up(self, scope: Scope, intent: Intent) -> None:
        """Couple what a half-done page has made, and wake whom its coupled records concern (H1, H14, H20)."""
        adopted = adopt_made(self._ports, scope, intent)
        found = self._ports.couplings.find(scope.mapping.name, intent.side, intent.ids)
        coupled = [c for c in found.values() if c.state is CouplingState.COUPLED]
        known = {c.bc_id for c in coupled}
        self._wake(scope.mapping.name, [*coupled, *(c for c in adopted if c.bc_id not in known)], scope)

    # --- what a turn leaves --------------------------------------------------------------------

    def save(self, scope: Scope, side: Side, kept: Kept) -> None:
        """Couplings, then history, then held records, then wake-ups."""
        ports, name = self._ports, scope.mapping.name
        if kept.adopt:
            adopt(ports, scope, side, kept)
        born: list[Coupling] = []
        if kept.saves:
            results = ports.couplings.save([c for c, _ in kept.saves])
            for (coupling, hint), result in zip(kept.saves, results, strict=True):
                if result.coupling is not None:
                    scope.learn(result.coupling)
                    if coupling.etag is None or coupling.bc_id in kept.born:
                        born.append(result.coupling)
                elif result.refused in REFUSED:
                    self._refused(kept, scope, hint, REFUSED[result.refused])
                else:
                    # A worker whose lease we took over, or a person, was faster (H11): look again.
                    kept.again.add(hint[1])
        born += scope.matched
        scope.matched = []
        self._uncouple(scope, kept)
        if kept.history:
            at = self._moment()
            ports.history.add([replace(entry, at=at) for entry in kept.history])
        self._hold(scope, kept)
        self._wake(name, born, scope)

    def _moment(self) -> datetime:
        """Return a time of its own for each turn: an entry of the history is known by its record and time."""
        now = self._ports.clock.now()
        self._last = now if self._last is None else max(now, self._last + datetime.resolution)
        return self._last

    def _uncouple(self, scope: Scope, kept: Kept) -> None:
        """Leave a marker, or nothing where both are gone. Whoever was changed meanwhile is looked at again (H11)."""
        ports = self._ports
        marked = [
            (replace(c, state=CouplingState.UNCOUPLED), h)
            for c, h in kept.uncoupled
            if c.outcome != "both gone"
        ]
        results = ports.couplings.save([c for c, _ in marked]) if marked else []
        for (_, hint), result in zip(marked, results, strict=True):
            if result.coupling is None:
                kept.again.add(hint)
            else:
                scope.learn(result.coupling)
        both_gone = [(c, h) for c, h in kept.uncoupled if c.outcome == "both gone"]
        if not both_gone:
            return
        try:
            ports.couplings.remove([c for c, _ in both_gone])
        except Outdated:
            kept.again |= {hint for _, hint in both_gone}
        for coupling, _ in both_gone:
            scope.forget(coupling)

    @staticmethod
    def _refused(kept: Kept, scope: Scope, hint: tuple[Side, str], reason: str) -> None:
        kept.held.append(
            HeldRecord(
                mapping=scope.mapping.name,
                side=hint[0],
                id=hint[1],
                kind="held",
                reason=reason,
                since=NEVER,
            )
        )
        kept.cleared.discard(hint)

    def _hold(self, scope: Scope, kept: Kept) -> None:
        ports, name, now = self._ports, scope.mapping.name, scope.now
        keys = {(h.side, h.id) for h in kept.held}
        cleared = sorted(kept.cleared - keys)
        if kept.held:
            known = ports.held.find(name, sorted(keys))
            last = LAST_RETRY_OF_DOCUMENTS if scope.mapping.document else LAST_RETRY
            rows = []
            for h in kept.held:
                before = known.get((h.side, h.id))
                if before is not None and before.kind == "skipped":
                    continue  # parked by a person; only a person brings it back
                tries = before.tries + 1 if before is not None else 0
                wait = min(FIRST_RETRY * 2 ** min(tries, 12), last)
                rows.append(
                    replace(
                        h, since=before.since if before is not None else now, next_try=now + wait, tries=tries
                    )
                )
            ports.held.put(rows)
            tell_held(ports.signals, name, rows)
            self._recheck(scope, rows)
        if cleared:
            ports.held.remove(name, cleared)

    def _recheck(self, scope: Scope, rows: Sequence[HeldRecord]) -> None:
        """A waiter writes its row, then looks once more, so that no wake-up falls between (H14)."""
        awaited: dict[tuple[str, Side], dict[str, list[HeldRecord]]] = {}
        for row in rows:
            for mapping, side, id_ in row.awaited:
                awaited.setdefault((mapping, side), {}).setdefault(id_, []).append(row)
        for (mapping, side), waiters in awaited.items():
            found = self._ports.couplings.find(mapping, side, sorted(waiters))
            ready = [r for i, c in found.items() if c.state is CouplingState.COUPLED for r in waiters[i]]
            for which in Side:
                ids = sorted({r.id for r in ready if r.side is which})
                if ids:
                    send_targeted(
                        self._ports, scope.mapping.name, which, ids, cause="waited for", create=True
                    )

    def _wake(self, name: str, born: Sequence[Coupling], scope: Scope) -> None:
        """Send the records that waited for these a job of their own (design §4, Waking)."""
        if not born:
            return
        woken: dict[tuple[str, Side], list[str]] = {}
        keys = [(s, c.id_of(s)) for c in born for s in Side]
        for mapping, side, id_ in self._ports.held.waiting_for(name, keys):
            woken.setdefault((mapping, side), []).append(id_)
        for (mapping, side), ids in woken.items():
            send_targeted(self._ports, mapping, side, sorted(ids), cause=f"waited for {name}", create=True)
        if not scope.full:
            # A full synchronization has its own wake-ups, at the end of the line.
            send_late(self._ports, name)
        self._look_at_theirs(name, born, full=scope.full)

    def _look_at_theirs(self, name: str, born: Sequence[Coupling], *, full: bool) -> None:
        """Hint the records that are inside their filter only now, because these are coupled (H22, H30).

        In a full synchronization only those that no later line of it looks at (`in_full`).
        """
        ports = self._ports
        for mapping in ports.mappings.values():
            for theirs in mapping.coupled_with:
                if theirs.mapping != name or (full and not theirs.in_full):
                    continue
                wanted = [c.id_of(theirs.side) for c in born]
                if theirs.by:
                    rows = ports.records(theirs.side).get(ports.mappings[name].table(theirs.side), wanted)
                    wanted = [str(row.values.get(theirs.by) or "") for row in rows.values()]
                found = ports.records(theirs.side).find(mapping.table(theirs.side), theirs.column, wanted)
                if found:
                    ids = sorted(r.id for r in found)
                    send_targeted(ports, mapping.name, theirs.side, ids, cause=f"coupled {name}")
