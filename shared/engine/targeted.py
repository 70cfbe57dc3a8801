"""Jobs that follow from others: for named records, whoever modified them, and for late references."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.core.model import Side
from shared.engine.messages import IDS_PER_JOB, Job, queue_of, random_token
from shared.engine.parts import Ports
from shared.ports import OutgoingMessage


def send_targeted(
    ports: Ports,
    mapping: str,
    side: Side,
    ids: Sequence[str],
    *,
    cause: str,
    after: timedelta | None = None,
    token: str = "",
    create: bool = False,
    force: bool = False,
) -> None:
    """Queue a job for named records; a random id where nothing makes the work new (H12)."""
    if mapping not in ports.mappings:
        return  # switched off by an override; switched on again, housekeeping finds what waits
    at: datetime | None = ports.clock.now() + after if after else None
    jobs = [
        Job(
            kind="targeted",
            mapping=mapping,
            side=side,
            ids=tuple(ids[n : n + IDS_PER_JOB]),
            cause=cause,
            token=f"{token or random_token()}.{n}",
            create=create,
            force=force,
        )
        for n in range(0, len(ids), IDS_PER_JOB)
    ]
    ports.queue.send(
        [
            OutgoingMessage(
                queue=queue_of(mapping), body=j.to_json(), message_id=j.message_id, scheduled_at=at
            )
            for j in jobs
        ]
    )


def send_late(ports: Ports, coupled: str) -> None:
    """Tell the mappings with soft references to this one, or its options, that some are coupled now (H20)."""
    jobs = [
        Job(
            kind="late",
            mapping=other.name,
            cause=f"coupled {coupled}",
            token=random_token(),
            arguments={"of": coupled},
        )
        for other in ports.mappings.values()
        if other.may_come_later(coupled)
    ]
    ports.queue.send(
        [OutgoingMessage(queue=queue_of(j.mapping), body=j.to_json(), message_id=j.message_id) for j in jobs]
    )
