"""What can go wrong, by what to do about it.

SyncError
├── Transient       unknown whether it happened; repeat later    → a scheduled copy of the message
│   ├── Stale       somebody wrote in between                    → read again, decide again, a few times
│   └── Busy        another worker holds the lease               → later, when the lease is over
├── Rejected        this record cannot be written as it is       → hold it with its reason, go on
│   ├── Missing     it does not exist (any more)
│   ├── Exists      the id chosen for a new record is taken      → adopt it
│   └── Unconvertible
├── Refused         an administrator's wish that cannot be met    → its job says why, nothing changes
├── InvalidMessage  nobody can understand this message           → set aside with its reason
└── Misconfigured   stop the job, tell a person
    └── InvalidMapping
"""

from collections.abc import Sequence
from datetime import timedelta


class SyncError(Exception):
    """Anything Tandem knows how to react to."""


class Transient(SyncError):
    """The other system could not answer now. The work may or may not have been done.

    Args:
        said: What was asked of whom and what came back; never record data.
        retry_after: How long the other system asked us to wait; None when it did not say.
    """

    def __init__(self, said: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(said)
        self.retry_after = retry_after


class Stale(Transient):
    """The record has another version than the one that was gathered. Nothing was written."""


class Busy(Transient):
    """Another worker holds the lease of this mapping."""


class Rejected(SyncError):
    """The other system refused this record. Repeating the same write will not help.

    `code` is the other system's own error code, for people who search for it.
    """

    def __init__(self, said: str, *, code: str = "") -> None:
        super().__init__(said)
        self.code = code


class Missing(Rejected):
    """The record does not exist. Nothing was written."""


class Exists(Rejected):
    """A record with the id we chose for a new one is there already. Nothing was written."""


class Unconvertible(Rejected):
    """A value has no form on the other side."""


class Refused(SyncError):
    """An administrator asked for something that cannot be done. Nothing was changed."""


class InvalidMessage(SyncError):
    """A message that cannot be understood. It is set aside with this reason and changes nothing."""


class Misconfigured(SyncError):
    """Something that only a person can put right; every problem is listed at once."""

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("; ".join(self.problems))


class InvalidMapping(Misconfigured):
    """A mapping that contradicts itself."""

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        super().__init__([f"mapping {name}: {problem}" for problem in problems])
        self.name = name
