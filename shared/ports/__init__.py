"""What the engine wants from the outside, in the engine's words.

Each port has one contract suite in `tests/contract`, run on the in-memory one and on the real one.
Every method may raise `Transient` (repeat later: all are safe to repeat) and `Misconfigured`.
"""

from shared.ports.messages import Clock, OutgoingMessage, PeekedMessage, Queue
from shared.ports.systems import ChangePage, Facts, Records, SetUp, Step, Write, Written, local_currency_id
from shared.ports.tables import Op, OpFailed, Row, TableStore
from shared.ports.told import (
    HeldRecord,
    HeldRecords,
    History,
    HistoryEntry,
    JobEntry,
    JobLog,
    LastGood,
    Plans,
    RunRow,
    Runs,
    Subscription,
    Subscriptions,
)
from shared.ports.working import (
    Couplings,
    Cursors,
    Intent,
    Intents,
    Lease,
    Leases,
    Made,
    Outdated,
    Permits,
    Permitted,
    SaveResult,
    StoredCursor,
)

__all__ = [
    "ChangePage",
    "Clock",
    "Couplings",
    "Cursors",
    "Facts",
    "HeldRecord",
    "HeldRecords",
    "History",
    "HistoryEntry",
    "Intent",
    "Intents",
    "JobEntry",
    "JobLog",
    "LastGood",
    "Lease",
    "Leases",
    "Made",
    "Op",
    "OpFailed",
    "Outdated",
    "OutgoingMessage",
    "PeekedMessage",
    "Permits",
    "Permitted",
    "Plans",
    "Queue",
    "Records",
    "Row",
    "RunRow",
    "Runs",
    "SaveResult",
    "SetUp",
    "Step",
    "StoredCursor",
    "Subscription",
    "Subscriptions",
    "TableStore",
    "Write",
    "Written",
    "local_currency_id",
]
