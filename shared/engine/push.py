"""Near-real-time push: notices of either system become a poll of the mapping within a second or two.

A notice is only a hint, and nothing in it is believed: the poll reads what changed from the mapping's
cursor, as its timer would. So a lost notice costs one poll of waiting, a doubled, late or forged one
an idle poll. However many notices come in one `SLOT`, each mapping and side gets one job for them:
its message id is made from the slot, and the broker drops the copies (H12).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.core.errors import InvalidMessage
from shared.core.mapping import EntityMapping, Table
from shared.core.model import Side
from shared.engine.messages import Job, parse_object, queue_of
from shared.engine.parts import Ports
from shared.ports import OutgoingMessage

#: Queue of Dataverse's service endpoint.
NOTICES = "notices"
#: Notices of so long become one job for each mapping and side.
SLOT = timedelta(seconds=1)
#: A mapping that is at work is looked at again after this; the jobs that wait fall into one slot.
BUSY = (timedelta(seconds=2), timedelta(seconds=10), timedelta(minutes=1))
#: `…/companies({id})/customers({id})`, or the set with a `$filter` (business-central-api.md §9).
RESOURCE = re.compile(r"(?:.*/)?companies\(([0-9a-f-]{36})\)/(\w+)(?:\(.*\)|\?.*)?", re.IGNORECASE)
CAUSE = "push"


@dataclass(frozen=True)
class Hint:
    """What may have changed: the rows of a mapping's table, or of its feed."""

    mapping: str
    side: Side
    feed: str = ""

    def job(self, slot: int) -> Job:
        kind = "feed" if self.feed else "poll"
        return Job(
            kind=kind,
            mapping=self.mapping,
            side=self.side,
            action=self.feed,
            cause=CAUSE,
            token=f"{CAUSE}-{slot}",
        )


class Push:
    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        #: What this process has sent, by slot: a burst of notices does not send as many copies.
        self._sent: tuple[int, set[Hint]] = (0, set())

    def tables(self, side: Side) -> dict[str, list[Hint]]:
        return hinted(self._ports.mappings.values(), side)

    def from_bc(self, notices: Sequence[Mapping[str, Any]]) -> int:
        """Take notices whose secret was right; return how many concern this company and a mapping.

        Created, updated, deleted and collection are the same to a poll.
        """
        company = self._ports.setup.facts().company_id.lower()
        tables, hints, known = self.tables(Side.BC), set[Hint](), 0
        for notice in notices:
            said = RESOURCE.fullmatch(str(notice.get("resource", "")))
            if said is not None and said[1].lower() == company and said[2] in tables:
                known += 1
                hints.update(tables[said[2]])
        self.send(hints)
        return known

    def from_sales(self, body: bytes) -> int:
        """Take a message of Dataverse's service endpoint (dataverse-web-api.md §12); return the jobs hinted at.

        What the integration user did is left alone: a poll would pass over it too (H5).

        Raises:
            InvalidMessage: it is no RemoteExecutionContext in JSON.
        """
        context = parse_object(body)
        table = context.get("PrimaryEntityName")
        if not isinstance(table, str) or not isinstance(context.get("MessageName"), str):
            raise InvalidMessage(
                "no RemoteExecutionContext: 'MessageName' and 'PrimaryEntityName' are expected"
            )
        hints = set(self.tables(Side.SALES).get(table, ()))
        if hints and str(context.get("UserId", "")).lower() in self._ports.setup.facts().sales_user_ids:
            return 0
        self.send(hints)
        return len(hints)

    def send(self, hints: Iterable[Hint]) -> None:
        """Queue one job for each hint at the end of this slot, so that it sees whatever the slot was told."""
        slot = slot_of(self._ports.clock.now())
        if self._sent[0] != slot:
            self._sent = (slot, set())
        # Taken once: another thread may begin the next slot while this one sends.
        sent_at, sent = self._sent
        known = sent if sent_at == slot else set()
        fresh = sorted(set(hints) - known, key=lambda h: (h.mapping, h.side, h.feed))
        self._ports.queue.send([message(h.job(slot), slot) for h in fresh])
        known.update(fresh)


def hinted(mappings: Iterable[EntityMapping], side: Side) -> dict[str, list[Hint]]:
    """Return what is hinted at by a change in each table of a side."""
    found: dict[str, list[Hint]] = {}
    for m in mappings:
        table = m.table(side)
        if m.reads(side) and table.kind == "rows":
            found.setdefault(name_of(side, table), []).append(Hint(m.name, side))
        for feed in m.also_changed_by:
            if feed.side is side:
                found.setdefault(name_of(side, feed.table), []).append(Hint(m.name, side, feed.name))
    return found


def name_of(side: Side, table: Table) -> str:
    """Return how notices name a table: BC by its entity set, Dataverse by its logical name.

    The primary key of a Dataverse table is that name and `id`.
    """
    return table.name if side is Side.BC else table.entity or table.key.removesuffix("id")


def slot_of(at: datetime) -> int:
    return int(at.timestamp() // SLOT.total_seconds())


def message(job: Job, slot: int) -> OutgoingMessage:
    due = datetime.fromtimestamp((slot + 1) * SLOT.total_seconds(), UTC)
    return OutgoingMessage(
        queue=queue_of(job.mapping), body=job.to_json(), message_id=job.message_id, scheduled_at=due
    )


def once_more(job: Job, now: datetime) -> OutgoingMessage:
    """Return the job that looks again when the mapping may be free; those of one moment are one (H12, H13).

    Not left to the next tick, as a timer's is: what it was told may have come after the page that the
    mapping is at work on was read. Moments are whole steps of the wait, so that a mapping which is busy
    for an hour has one such job and not one for each notice.
    """
    wait = BUSY[min(job.attempt, len(BUSY) - 1)]
    step = int(wait / SLOT)
    slot = (slot_of(now) // step + 1) * step
    again = replace(job, token=f"{CAUSE}-{slot}", attempt=min(job.attempt + 1, len(BUSY)))
    return message(again, slot)
