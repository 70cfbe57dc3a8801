"""Who may send how many requests to a system now: rows that all processes share out (H29)."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from shared.ports import Clock, Op, OpFailed, Permitted, Row, TableStore
from shared.state.leases import TableLeases

#: How often to look again when others write the same rows at the same moment.
_ATTEMPTS = 8
#: A wish that is not renewed is forgotten after so long.
_WISH = timedelta(seconds=30)
_PREFIX = "permit:"


class TablePermits:
    """`Permits` of one company for one system: a row for each, beside the leases of the mappings.

    A look is one request, as the leases are counted with it; taking, prolonging and giving back are
    one transaction each, whatever the number of permits. Who finds none leaves a wish.

    Args:
        number: Requests that the system takes at once. A row beyond it is left alone, so the
            number may be lowered while processes with the old one are still at work.
        duration: How long a permit is held without a word. Longer than `lasting` of `take`, else
            every request would prolong it.
    """

    def __init__(
        self,
        store: TableStore,
        company: str,
        clock: Clock,
        *,
        number: int,
        duration: timedelta,
        system: str = "bc",
    ) -> None:
        self._store = store
        self._company = company
        self._clock = clock
        self._keys = {n: f"{_PREFIX}{system}:{n}" for n in range(1, number + 1)}
        self._wish_key = f"{_PREFIX}{system}:wish"
        self._duration = duration

    def take(self, holder: str, *, wanted: int, keep: int, lasting: timedelta) -> Permitted:
        for _ in range(_ATTEMPTS):
            now = self._clock.now()
            rows = self._rows()
            mine = [n for n in self._keys if _holder(rows.get(self._keys[n])) == holder]
            free = [n for n in self._keys if n not in mine and not _held(rows.get(self._keys[n]), now)]
            wish = rows.get(self._wish_key)
            wished = _held(wish, now) and _holder(wish) != holder
            given = mine[max(keep, (len(mine) + 1) // 2) :] if wished and not free else []
            kept = [n for n in mine if n not in given]
            # While somebody waits, one permit is enough for who has none; nobody gets more.
            more = min(wanted, 1) - len(mine) if wished else wanted - len(mine)
            new = _by_turn(free, holder)[: max(0, more)]
            running = _running(rows, now)
            if not kept and not new:
                self._leave_wish(holder, wish, now)
                return Permitted(
                    holder=holder, permits={}, until=self._first_free(rows, now), running=running
                )
            ends = [_expiry(rows[self._keys[n]]) for n in kept]
            if not given and not new and min(ends) - now >= lasting:
                etags = {n: rows[self._keys[n]].etag or "" for n in kept}
                return Permitted(holder=holder, permits=etags, until=min(ends), running=running)
            until = now + self._duration
            ops = [self._op(self._keys[n], rows, holder, until) for n in (*kept, *new)]
            ops += [self._op(self._keys[n], rows, "", now) for n in given]
            if wish is not None and _holder(wish) == holder:
                ops.append(self._op(self._wish_key, rows, "", now))
            try:
                stored = self._store.transact(TableLeases.TABLE, ops)
            except OpFailed:
                continue
            etags = {n: etag or "" for n, etag in zip((*kept, *new), stored, strict=False)}
            return Permitted(holder=holder, permits=etags, until=until, running=running)
        # Others were quicker every time: there is work enough without us for the moment.
        return Permitted(holder=holder, permits={}, until=self._clock.now() + timedelta(seconds=1))

    def give_back(self, permitted: Permitted) -> None:
        now = self._clock.now()
        etags = dict(permitted.permits)
        for _ in range(_ATTEMPTS):
            if not etags:
                return
            ops = [
                Op(action="replace", row=self._row(self._keys[n], "", now, etag)) for n, etag in etags.items()
            ]
            try:
                self._store.transact(TableLeases.TABLE, ops)
                return
            except OpFailed:
                # Prolonged in an answer that was lost, or taken over: only what is still ours.
                rows = self._rows()
                found = {n: rows.get(self._keys[n]) for n in etags}
                etags = {
                    n: row.etag or "" for n, row in found.items() if row and _holder(row) == permitted.holder
                }

    def running(self) -> int:
        return _running(self._rows(), self._clock.now())

    def _rows(self) -> dict[str, Row]:
        return {row.key: row for row in self._store.query(TableLeases.TABLE, self._company)}

    def _first_free(self, rows: Mapping[str, Row], now: datetime) -> datetime:
        ends = [_expiry(rows[key]) for key in self._keys.values() if key in rows]
        return min(ends, default=now)

    def _leave_wish(self, holder: str, wish: Row | None, now: datetime) -> None:
        """Say that somebody waits, unless that is said and will hold for a while."""
        if wish is not None and _expiry(wish) - now > _WISH / 2:
            return
        row = self._row(self._wish_key, holder, now + _WISH, None)
        self._store.transact(TableLeases.TABLE, [Op(action="upsert", row=row)])

    def _op(self, key: str, rows: Mapping[str, Row], holder: str, until: datetime) -> Op:
        there = rows.get(key)
        row = self._row(key, holder, until, there.etag if there else None)
        return Op(action="replace" if there else "create", row=row)

    def _row(self, key: str, holder: str, until: datetime, etag: str | None) -> Row:
        properties = {"holder": holder, "expires_at": until}
        return Row(partition=self._company, key=key, properties=properties, etag=etag)


def _holder(row: Row | None) -> str:
    return str(row.properties["holder"]) if row else ""


def _expiry(row: Row) -> datetime:
    found: datetime = row.properties["expires_at"]
    return found


def _held(row: Row | None, now: datetime) -> bool:
    return row is not None and bool(_holder(row)) and _expiry(row) > now


def _running(rows: Mapping[str, Row], now: datetime) -> int:
    return sum(not key.startswith(_PREFIX) and _held(row, now) for key, row in rows.items())


def _by_turn(numbers: Sequence[int], holder: str) -> list[int]:
    """Return the numbers beginning where this holder does, so that not all reach for the same first."""
    start = zlib.crc32(holder.encode()) % len(numbers) if numbers else 0
    return [*numbers[start:], *numbers[:start]]
