"""Everything a trigger may call: parse, one call, translate."""

from __future__ import annotations

import json
from collections.abc import Mapping

from shared.core.errors import InvalidMessage
from shared.core.model import Side
from shared.core.runs import RUNNING
from shared.engine.admin import AdminApi
from shared.engine.jobs import Jobs
from shared.engine.measures import measure
from shared.engine.messages import FULL_SYNC, REJECTED, FullSync, random_token, read_full_sync, read_job
from shared.engine.parts import Ports
from shared.engine.push import NOTICES, Push
from shared.engine.retention import forget_what_is_old
from shared.engine.subscribing import keep_subscribed
from shared.engine.targeted import send_targeted
from shared.ports import OutgoingMessage
from shared.signal_names import CONTROL, MESSAGE_SET_ASIDE, SET_ASIDE, TICK, TICKS
from shared.signals import named

#: A set-aside message carries at most this much of the original.
KEPT_BYTES = 32_000


class Tandem:
    """The application: jobs, runs and the administrators' API on one set of ports."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self.jobs = Jobs(ports, set_aside=self.set_aside)
        self.api = AdminApi(ports, self.jobs)
        self.push = Push(ports)

    def poll(self, mapping: str, *, occurrence: str) -> None:
        """Queue the jobs of one tick of a mapping's timer."""
        chosen = self.ports.mappings.get(mapping)
        if chosen is not None:  # its timer ticks on while an override has switched the mapping off
            self.ports.signals.count(TICKS, mapping=mapping)
            with self.ports.signals.span(TICK, mapping=mapping):
                self.jobs.poll(chosen, occurrence=occurrence)

    def run_message(
        self,
        queue: str,
        body: bytes,
        *,
        message_id: str = "",
        delivery_count: int = 1,
        traceparent: str | None = None,
    ) -> None:
        """Do what a message says. A message that cannot be understood is set aside with its reason.

        Raises:
            Transient: the message could be neither done nor deferred; the broker delivers it again.
        """
        known = tuple(self.ports.mappings)
        try:
            if queue == FULL_SYNC:
                self._control(read_full_sync(body, known=known), message_id)
            elif queue == NOTICES:
                if self.ports.subscriptions is not None:
                    self.push.from_sales(body)
            elif (name := queue.removeprefix("sync-")) in (off := self._off()):
                raise InvalidMessage(f"mapping '{name}' is switched off by {off[name]}")
            else:
                self.jobs.handle(read_job(body, mapping=name, known=known))
        except InvalidMessage as error:
            self.set_aside(queue, body, str(error), message_id)

    def _control(self, control: FullSync, message_id: str) -> None:
        # The message's own id names the run, so that a second delivery starts the same run.
        given = "".join(c if c.isalnum() else "-" for c in message_id)[:64]
        run, lines = control.run or given or random_token(), self.jobs.lines
        with self.ports.signals.span(CONTROL, wish=control.action, run=named(run)):
            match control.action:
                case "start":
                    lines.start(
                        run,
                        control.mappings,
                        create=control.create,
                        force=control.force,
                        rehearse=control.rehearse,
                        changes=control.changes,
                        match=control.match,
                    )
                case "resume":
                    lines.resume(run, force=control.force)
                case "cancel":
                    lines.cancel(run)

    def _off(self) -> Mapping[str, str]:
        return self.ports.in_force.overridden.off_by if self.ports.in_force is not None else {}

    def set_aside(self, queue: str, body: bytes, reason: str, message_id: str) -> None:
        """Put a message on the `rejected` queue with its reason, where `tandem status` shows it.

        A function cannot dead-letter with a reason of its own (azure-platform.md 1.25).
        """
        self.ports.signals.count(SET_ASIDE, queue=queue)
        # Its reason quotes the message, so that is only in the message set aside.
        self.ports.signals.event(MESSAGE_SET_ASIDE, queue=queue, count=len(body))
        kept = {
            "queue": queue,
            "reason": reason[:2000],
            "message_id": message_id,
            # Dataverse sends what is in the record along, and nobody needs a hint again.
            "body": "" if queue == NOTICES else body[:KEPT_BYTES].decode("utf-8", "replace"),
        }
        self.ports.queue.send(
            [
                OutgoingMessage(
                    queue=REJECTED,
                    body=json.dumps(kept).encode(),
                    message_id=random_token(),
                    properties={"reason": reason[:1000], "queue": queue},
                )
            ]
        )

    def housekeeping(self) -> None:
        """Retry what is due, look at waiting records again, send stuck lines again (H14, H15), and measure."""
        with self.ports.signals.span(TICK):
            self._keep_house()
            measure(self.ports)

    def _keep_house(self) -> None:
        ports = self.ports
        now = ports.clock.now()
        due: dict[tuple[str, Side], list[str]] = {}
        for held in ports.held.due(now):
            if held.kind in ("held", "waiting") and held.mapping in ports.mappings:
                due.setdefault((held.mapping, held.side), []).append(held.id)
        for (mapping, side), ids in due.items():
            # The same ten minutes send the same job once (H12).
            tick = int(now.timestamp() // 600)
            send_targeted(ports, mapping, side, sorted(ids), cause="due", create=True, token=f"due-{tick}")
        self.jobs.sweeps()
        forget_what_is_old(ports)
        for row in ports.runs.list():
            if row.data["state"] == RUNNING:
                self.jobs.lines.watch(row.run)
        keep_subscribed(ports, self.push)
