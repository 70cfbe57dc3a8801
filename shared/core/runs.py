"""Full synchronizations: lines, their order, and what becomes of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from shared.core.mapping import EntityMapping

PENDING, RUNNING, FINISHED, FAILED, CANCELLED = "pending", "running", "finished", "failed", "cancelled"


def plan(mappings: Sequence[EntityMapping], chosen: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the lines of a run: mapping → the lines it waits for. Empty `chosen` means all.

    Dependencies that were not chosen do not block (R86).
    """
    names = [m.name for m in mappings if not chosen or m.name in chosen]
    return {m.name: tuple(d for d in m.depends_on if d in names) for m in mappings if m.name in names}


def ready(depends_on: Mapping[str, Sequence[str]], *, started: Set[str], done: Set[str]) -> tuple[str, ...]:
    """Name the lines whose dependencies are all done and which have not started."""
    return tuple(n for n, needs in depends_on.items() if n not in started and set(needs) <= done)


def state_of(lines: Mapping[str, str], depends_on: Mapping[str, Sequence[str]]) -> str:
    """Return the run's state from its lines' states: failed as soon as nothing else can go on."""
    if all(state == FINISHED for state in lines.values()):
        return FINISHED
    if any(state == CANCELLED for state in lines.values()):
        return CANCELLED
    stopped = {n for n, s in lines.items() if s == FAILED}
    blocked = set(stopped)
    while more := {n for n, needs in depends_on.items() if n not in blocked and blocked & set(needs)}:
        blocked |= more
    going = [n for n, s in lines.items() if s != FINISHED and n not in blocked]
    return RUNNING if going or not stopped else FAILED
