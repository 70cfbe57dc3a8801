"""One request of `tandem doctor`, with what its Date header tells of the other clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

import httpx

from shared.adapters.odata import Answer
from shared.adapters.throttle import answer_of
from shared.core.errors import Transient
from shared.ports import Clock


@dataclass(frozen=True, kw_only=True)
class Timed:
    answer: Answer
    #: The other clock minus ours, to about a second; None when it was not told.
    skew: timedelta | None


def asked(clock: Clock, send: Callable[[], httpx.Response]) -> Timed:
    """Send once; a doctor does not repeat what fails.

    Raises:
        Misconfigured: no token is given.
        Transient: there is no answer.
    """
    before = clock.now()
    try:
        answer = answer_of(send())
    except httpx.HTTPError as problem:
        raise Transient(f"no answer ({type(problem).__name__})") from None
    middle = before + (clock.now() - before) / 2
    try:
        skew = parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC) - middle
    except ValueError:
        return Timed(answer=answer, skew=None)
    return Timed(answer=answer, skew=skew)
