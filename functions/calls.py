"""Around every call of a function: its trace, and what is told when it fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from shared.signal_names import CALL_FAILED, FAILURES
from shared.signals import place
from shared.trace import Trace, follow
from shared.wiring import signals

T = TypeVar("T")


class CallFailed(Exception):
    """A call that failed, told by the class of the error and where in our code it came from.

    The host logs the text of whatever leaves a function, and the chain behind it; an error's own text
    may quote what was in a record, or in a message.
    """


def guarded(
    function: str,
    do: Callable[[Trace], T],
    *,
    sender: object = None,
    host: object = None,
    correlation: str = "",
) -> T:
    """Do a call's work in the trace of whoever caused it (H29). Raises `CallFailed` for any error."""
    with follow(sender, host, correlation=correlation) as trace:
        try:
            return do(trace)
        except Exception as error:
            kind, at = type(error).__name__, place(error)
            signals().count(FAILURES, function=function, error=kind)
            signals().event(CALL_FAILED, function=function, error=kind, at=at)
    # Raised out here, so that it has neither cause nor context.
    raise CallFailed(f"{kind} at {at or 'a library'}")
