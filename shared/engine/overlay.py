"""What a rehearsal works on: it reads as ever, and writes only to an overlay that reads consult first (H26)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from shared.core.mapping import Table
from shared.core.model import Coupling, CouplingState, Side
from shared.engine.parts import Ports
from shared.ports import (
    Couplings,
    Cursors,
    HeldRecord,
    HeldRecords,
    Intent,
    Records,
    SaveResult,
    StoredCursor,
    Write,
    Written,
)


class OverlaidCouplings:
    """`Couplings` whose writes go to an overlay, which reads consult first.

    Every row of the overlay names the step that made it, so that a step can be repeated after a crash
    as if it had never been.
    """

    def __init__(self, real: Couplings, overlay: Couplings) -> None:
        self._real = real
        self._overlay = overlay
        self.step = 0

    def find(self, mapping: str, side: Side, ids: Sequence[str]) -> dict[str, Coupling]:
        found = self._overlay.find(mapping, side, ids)
        missing = [i for i in ids if i not in found]
        real = self._real.find(mapping, side, missing) if missing else {}
        if side is Side.SALES and real:
            # The overlay knows one that it has removed by its BC id only.
            newer = self._overlay.find(mapping, Side.BC, [c.bc_id for c in real.values()])
            real = {i: c for i, c in real.items() if c.bc_id not in newer}
        return {i: c for i, c in {**real, **found}.items() if not _removed(c)}

    def stream(self, mapping: str, *, late_only: bool = False) -> Iterator[Coupling]:
        newer = {c.bc_id: c for c in self._overlay.stream(mapping)}
        for coupling in self._real.stream(mapping, late_only=late_only):
            if coupling.bc_id not in newer:
                yield coupling
        yield from (c for c in newer.values() if (c.late or not late_only) and not _removed(c))

    def save(self, couplings: Sequence[Coupling]) -> list[SaveResult]:
        """Save in the overlay over whatever it holds: a rehearsal has one writer.

        A coupling that was read from the overlay has its etag there; another is new to it. Only what
        is refused, after a crash, is looked up first, so that a page costs no request per record.
        """
        if not couplings:
            return []
        rows = [
            replace(
                c,
                etag=c.etag if MADE in c.outcome else None,
                outcome=f"{c.outcome.split(MADE)[0]}{MADE}{self.step}",
            )
            for c in couplings
        ]
        results = self._overlay.save(rows)
        refused = [n for n, result in enumerate(results) if result.coupling is None]
        if refused:
            there = self._overlay.find(rows[0].mapping, Side.BC, [rows[n].bc_id for n in refused])
            known = {bc_id: c.etag for bc_id, c in there.items()}
            again = self._overlay.save([replace(rows[n], etag=known.get(rows[n].bc_id)) for n in refused])
            for n, result in zip(refused, again, strict=True):
                results[n] = result
        return results

    def remove(self, couplings: Sequence[Coupling]) -> None:
        """Note that these are no more. Their Sales ids are free, for a coupling with another record (H19)."""
        self.save(
            [
                replace(
                    c,
                    state=CouplingState.UNCOUPLED,
                    sales_id=f"{REMOVED}:{c.sales_id}",
                    outcome=f"{REMOVED}{MADE}" if MADE in c.outcome else REMOVED,
                )
                for c in couplings
            ]
        )

    def forget(self, mapping: str, step: int = 0) -> None:
        """Drop what this step, or a later one, has made."""
        self._overlay.remove(
            [c for c in self._overlay.stream(mapping) if int(c.outcome.rpartition(MADE)[2]) >= step]
        )


#: Between an outcome and the step that made the row.
MADE = " in step "
#: The outcome of a coupling that would be removed.
REMOVED = "removed"


def _removed(coupling: Coupling) -> bool:
    return coupling.outcome.startswith(REMOVED)


class ReadOnlyRecords:
    """One side's records, without a way to write them."""

    def __init__(self, real: Records) -> None:
        self._real = real
        self.side = real.side

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def create(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        raise AssertionError("a rehearsal writes no records")

    update = create


class StandingCursors:
    """Cursors that are read and never moved."""

    def __init__(self, real: Cursors) -> None:
        self.get = real.get

    def put(self, mapping: str, side: Side, value: str | None, *, etag: str | None) -> StoredCursor:
        return StoredCursor(value=value, etag=etag)


class NoIntents:
    """A rehearsal repeats no half-done page, and leaves none."""

    def get(self, mapping: str) -> list[Intent]:
        return []

    def put(self, intent: Intent) -> None:
        raise AssertionError("a rehearsal intends nothing")

    def remove(self, mapping: str, side: Side) -> None:
        raise AssertionError("a rehearsal intends nothing")


class StandingHeld:
    """Held records that are read and never changed."""

    def __init__(self, real: HeldRecords) -> None:
        self.list, self.find, self.skipped = real.list, real.find, real.skipped
        self.due, self.waiting_for = real.due, real.waiting_for

    def put(self, records: Sequence[HeldRecord]) -> None:
        raise AssertionError("a rehearsal holds nothing")

    def remove(self, mapping: str, keys: Sequence[tuple[Side, str]]) -> None:
        raise AssertionError("a rehearsal frees nothing")


def rehearsing(ports: Ports, run: str) -> Ports:
    """Return ports that read as ever and write nothing but would-be couplings, plans and the run."""
    return replace(
        ports,
        bc=ReadOnlyRecords(ports.bc),
        sales=ReadOnlyRecords(ports.sales),
        couplings=OverlaidCouplings(ports.couplings, ports.overlay(run)),
        cursors=StandingCursors(ports.cursors),
        intents=NoIntents(),
        held=StandingHeld(ports.held),
        rehearses=run,
    )
