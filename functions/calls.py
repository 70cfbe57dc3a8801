"""Around every call of a function: its trace, and what is told when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared.signal_names import CALL_FAILED, FAILURES
from shared.signals import place
from shared.trace import Trace, follow
from shared.wiring import signals


class CallFailed(Exception):
    """A call that failed, told by the class of the error and where in our code it came from.

    The host logs the text of whatever leaves a function, and the chain behind it; an error's own text
    may quote what was in a record, or in a message.
    """


@contextmanager
def calling(
    function: str, *, sender: object = None, host: object = None, correlation: str = ""
) -> Iterator[Trace]:
    """Follow the trace of whoever caused this call (H29). Raises `CallFailed` for any error."""
    failed: CallFailed | None = None
    with follow(sender, host, correlation=correlation) as trace:
        telling = signals()
        try:
            yield trace
        except Exception as error:
            kind, at = type(error).__name__, place(error)
            telling.count(FAILURES, function=function, error=kind)
            telling.event(CALL_FAILED, function=function, error=kind, at=at)
            failed = CallFailed(f"{kind} at {at or 'a library'}")
    if failed is not None:
        # Raised out here, so that it has neither cause nor context.
        raise failed
