"""Forgetting all that is kept of one mapping, so that it begins as on the first day; no record is touched."""

from __future__ import annotations

from itertools import islice

from shared.core.errors import Transient
from shared.core.mapping import EntityMapping
from shared.core.model import Side, Tally
from shared.engine.feeds import cursor_of
from shared.engine.parts import Ports
from shared.ports import Outdated

#: Couplings, or held records, that are deleted before the time is looked at.
AT_ONCE = 1000


def forget(ports: Ports, mapping: EntityMapping) -> Tally:
    """Delete couplings, held and parked records and cursors of a mapping; history and job log stay.

    Called again it goes on where it was: what is gone is no matter. The cursors go first, so that whatever
    runs between two calls reads everything, and the couplings that it makes go with the others.

    Raises:
        Transient: not everything is gone when the time of a job is over, or a cursor was moved meanwhile.
    """
    deadline, count = ports.clock.now() + ports.limits.job, 0

    def in_time() -> None:
        if ports.clock.now() >= deadline:
            raise Transient(f"{count} couplings were forgotten so far; it goes on")

    for name, side in cursors_of(mapping):
        stored = ports.cursors.get(name, side)
        if stored.value is not None:
            try:
                ports.cursors.put(name, side, None, etag=stored.etag)
            except Outdated as moved:
                raise Transient(str(moved)) from moved
    while couplings := [*islice(ports.couplings.stream(mapping.name), AT_ONCE)]:
        ports.couplings.remove(couplings)
        count += len(couplings)
        in_time()
    while held := ports.held.list(mapping.name, limit=AT_ONCE)[0]:
        ports.held.remove(mapping.name, [(row.side, row.id) for row in held])
        in_time()
    return Tally(uncoupled=count)


def cursors_of(mapping: EntityMapping) -> list[tuple[str, Side]]:
    """Return every name under which a position of this mapping is kept."""
    own = [(name, side) for name in (mapping.name, f"{mapping.name}.sweep") for side in Side]
    return own + [(cursor_of(mapping, feed), feed.side) for feed in mapping.also_changed_by]
