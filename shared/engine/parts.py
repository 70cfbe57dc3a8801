"""Everything the engine may call, in one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.core.mapping import EntityMapping
from shared.core.model import Side
from shared.engine.overriding import InForce
from shared.ports import (
    Clock,
    Couplings,
    Cursors,
    HeldRecords,
    History,
    Intents,
    JobLog,
    Leases,
    Plans,
    Queue,
    Records,
    Runs,
    SetUp,
    Subscriptions,
)
from shared.rules import Rule
from shared.signals import SILENT, Signals


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Sizes and times that an administrator may change."""

    #: Records in a page.
    page: int = 1000
    #: A job sends its follow-up message when it has worked this long.
    job: timedelta = timedelta(seconds=120)
    #: Longer than the longest request (H11).
    lease: timedelta = timedelta(minutes=6)
    #: The brake: a job that would change more than this share of what it read (and more than
    #: `brake_floor` records) or blank one field in so many of them, stops (design §4).
    brake_share: float = 0.5
    brake_floor: int = 200
    #: What is older goes, once a day; of runs the newest stay.
    history: timedelta = timedelta(days=180)
    jobs: timedelta = timedelta(days=90)
    runs: int = 100


@dataclass(frozen=True, kw_only=True)
class Ports:
    bc: Records
    sales: Records
    setup: SetUp
    couplings: Couplings
    cursors: Cursors
    intents: Intents
    leases: Leases
    held: HeldRecords
    jobs: JobLog
    runs: Runs
    history: History
    plans: Plans
    #: Would-be couplings of a rehearsal, by its run.
    overlay: Callable[[str], Couplings]
    queue: Queue
    clock: Clock
    mappings: Mapping[str, EntityMapping]
    rules: Mapping[str, Rule]
    limits: Limits = Limits()
    #: Where the mappings come from; None: they are the defaults.
    in_force: InForce | None = None
    #: BC's subscriptions to us; None while push is off, and then no notice is listened to.
    subscriptions: Subscriptions | None = None
    #: The run that these ports rehearse; "" in earnest.
    rehearses: str = ""
    signals: Signals = SILENT
    #: When the certificate that signs us in ends; None without one.
    certificate_ends: Callable[[], datetime | None] = lambda: None
    #: Requests spent so far: bc, sales, tables.
    spent: Callable[[], dict[str, int]]

    def records(self, side: Side) -> Records:
        return self.bc if side is Side.BC else self.sales

    def rule(self, mapping: EntityMapping) -> Rule:
        return self.rules[mapping.rule] if mapping.rule else NO_RULE

    def added(self, mapping: str) -> frozenset[str]:
        """Return the fields that an override has added to a mapping."""
        return self.in_force.overridden.added.get(mapping, frozenset()) if self.in_force else frozenset()

    def requests(self) -> dict[str, int]:
        """Return the requests spent so far by this process, by system."""
        return self.spent()


NO_RULE = Rule()
