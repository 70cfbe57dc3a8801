"""Which trace the work at hand belongs to: set where work comes in, read where messages go out (H29).

A trace parent is W3C's `traceparent`: of the nearest span of ours (`shared.signals`), or, where none is
recorded, as it came. The correlation id is ours: traces are sampled, it is not (azure-platform.md 8.10).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

#: version, trace id, span id, flags
_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
#: Application properties that carry it. Two names, always with the same value (azure-platform.md 8.10).
PROPERTIES = ("traceparent", "Diagnostic-Id")
#: Characters that Service Bus takes in a correlation id.
LONGEST = 128


@dataclass(frozen=True, kw_only=True)
class Trace:
    """`correlation` names what started the work: a person's call, a timer's tick, a message.

    `begins`: nobody caused it, so the first span of ours has no parent.
    """

    parent: str
    correlation: str = ""
    begins: bool = False

    @property
    def id(self) -> str:
        """The 32 characters by which a trace is found."""
        return self.parent.split("-")[1]


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current_trace() -> Trace | None:
    return _current.get()


@contextmanager
def follow(sender: object = None, host: object = None, *, correlation: str = "") -> Iterator[Trace]:
    """Make what happens inside the block part of the trace of whoever caused it.

    Args:
        sender: The trace parent that the message or the request carries, if any.
        host: The one of this call of a function: it wins where it belongs to the sender's trace, as
            it is nearer to the work.
    """
    caused = _nearest(sender, host)
    trace = Trace(parent=caused or new_parent(), correlation=correlation[:LONGEST], begins=caused is None)
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)


@contextmanager
def below(parent: str) -> Iterator[None]:
    """Make what happens inside the block follow from this span of the trace at hand."""
    here = current_trace()
    token = _current.set(Trace(parent=parent, correlation=here.correlation if here else ""))
    try:
        yield
    finally:
        _current.reset(token)


def trace_of(properties: Mapping[str, object]) -> object:
    """Return the trace parent among the application properties of a message, whoever sent it."""
    return next((properties[name] for name in PROPERTIES if _trace_id(properties.get(name))), None)


def trace_properties() -> dict[str, str]:
    """Return the application properties of a message that is sent now; none outside of a trace."""
    trace = current_trace()
    return dict.fromkeys(PROPERTIES, trace.parent) if trace else {}


def new_parent() -> str:
    """Return the trace parent of a trace that starts here."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def _nearest(sender: object, host: object) -> str | None:
    theirs, ours = _trace_id(sender), _trace_id(host)
    if theirs and theirs != ours:
        return str(sender)
    return str(host) if ours else None


def _trace_id(parent: object) -> str | None:
    found = _PARENT.fullmatch(parent) if isinstance(parent, str) else None
    return found[1] if found else None
