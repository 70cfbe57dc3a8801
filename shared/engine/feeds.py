"""Where the reading of a feed resumes (H22)."""

from __future__ import annotations

from contextlib import suppress

from shared.core.mapping import EntityMapping, Feed
from shared.engine.parts import Ports
from shared.ports import Outdated, StoredCursor


def cursor_of(mapping: EntityMapping, feed: Feed) -> str:
    return f"{mapping.name}.{feed.name}"


def take_position(ports: Ports, mapping: EntityMapping, feed: Feed) -> StoredCursor | None:
    """Return where the feed resumes; None when it starts only now, from the position of this moment.

    A full synchronization takes it before its first read, so that nothing falls in between (H17).
    """
    name = cursor_of(mapping, feed)
    stored = ports.cursors.get(name, feed.side)
    if stored.value is not None:
        return stored
    with suppress(Outdated):  # somebody else has just done the same
        ports.cursors.put(name, feed.side, ports.records(feed.side).position(feed.table), etag=stored.etag)
    return None
