"""Who may write a mapping now, one worker at a time (H11)."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.core.errors import Busy
from shared.ports import Clock, Lease, Op, OpFailed, Row, TableStore

#: How often to look again when others write the same row at the same moment.
_ATTEMPTS = 5


class TableLeases:
    """`Leases` of one company: one row for each mapping, kept when nobody holds it for its fence.

    A `holder` is one attempt at one job. The same holder acquiring again prolongs what it has:
    its first reply may have been lost.
    """

    TABLE = "Leases"

    def __init__(self, store: TableStore, company: str, clock: Clock) -> None:
        self._store = store
        self._company = company
        self._clock = clock

    def acquire(self, mapping: str, holder: str, duration: timedelta) -> Lease:
        for _ in range(_ATTEMPTS):
            now = self._clock.now()
            there = self._read(mapping)
            if there and there.holder != holder and there.expires_at > now:
                raise _busy(mapping, there.expires_at - now)
            fence = 1 if there is None else there.fence + (there.holder != holder)
            if lease := self._write(mapping, holder, fence, now + duration, there.etag if there else None):
                return lease
        raise _busy(mapping, timedelta(seconds=1))

    def renew(self, lease: Lease, duration: timedelta) -> Lease:
        etag = lease.etag
        for _ in range(_ATTEMPTS):
            expires_at = self._clock.now() + duration
            if renewed := self._write(lease.mapping, lease.holder, lease.fence, expires_at, etag):
                return renewed
            there = self._read(lease.mapping)
            if there is None or (there.holder, there.fence) != (lease.holder, lease.fence):
                left = there.expires_at - self._clock.now() if there else timedelta(0)
                raise _busy(lease.mapping, max(left, timedelta(0)))
            # Still ours: renewed already, and the reply was lost.
            etag = there.etag
        raise _busy(lease.mapping, timedelta(seconds=1))

    def release(self, lease: Lease) -> None:
        etag = lease.etag
        for _ in range(_ATTEMPTS):
            # Nobody holds it, and the fence stays for the next.
            if self._write(lease.mapping, "", lease.fence, self._clock.now(), etag):
                return
            there = self._read(lease.mapping)
            if there is None or (there.holder, there.fence) != (lease.holder, lease.fence):
                return
            etag = there.etag

    def _read(self, mapping: str) -> Lease | None:
        row = self._store.get(self.TABLE, self._company, mapping)
        if row is None:
            return None
        kept = row.properties
        return Lease(
            mapping=mapping,
            holder=kept["holder"],
            fence=kept["fence"],
            expires_at=kept["expires_at"],
            etag=row.etag or "",
        )

    def _write(
        self, mapping: str, holder: str, fence: int, expires_at: datetime, etag: str | None
    ) -> Lease | None:
        """Write the row if it still has this etag (None: if there is none); else return None."""
        row = Row(
            partition=self._company,
            key=mapping,
            properties={"holder": holder, "fence": fence, "expires_at": expires_at},
            etag=etag,
        )
        try:
            [stored] = self._store.transact(self.TABLE, [Op(action="replace" if etag else "create", row=row)])
        except OpFailed:
            return None
        return Lease(mapping=mapping, holder=holder, fence=fence, expires_at=expires_at, etag=stored or "")


def _busy(mapping: str, left: timedelta) -> Busy:
    return Busy(f"another worker holds the lease of {mapping}", retry_after=left)
