"""The port for telemetry: what the engine and the adapters say about their work. Never a record's values.

Two implementations, one contract (`tests/contract/test_signals.py`): OpenTelemetry and one in memory.
Whatever goes wrong inside stays inside: telemetry never makes the work fail.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Protocol, TypeAlias

from shared.signal_names import ATTRIBUTES, NUMBER, OUR_ID, UNTOLD

#: None is left out.
Attribute: TypeAlias = str | int | float | bool | None


class Span(Protocol):
    def set(self, **attributes: Attribute) -> None:
        """Add what was found out meanwhile."""


class Signals(Protocol):
    """Names and attributes are those of `shared.signal_names`; texts that do not fit are told as `untold`."""

    def span(self, name: str, /, **attributes: Attribute) -> AbstractContextManager[Span]:
        """Time what happens inside the block, below the span around it or the trace that is followed.

        Messages sent inside belong below it (`shared.trace`). An exception marks it as failed with its
        class, not its text, and goes on.
        """

    def count(self, name: str, amount: int = 1, /, **attributes: Attribute) -> None: ...

    def gauge(self, name: str, value: float, /, **attributes: Attribute) -> None:
        """Say how something stands now. Exported once."""

    def event(self, action: str, /, **attributes: Attribute) -> None:
        """Write one log line."""


class _Unseen:
    def set(self, **attributes: Attribute) -> None:
        """Nobody looks."""


UNSEEN: Span = _Unseen()


class Silent:
    """Says nothing."""

    @contextmanager
    def span(self, name: str, /, **attributes: Attribute) -> Iterator[Span]:
        yield UNSEEN

    def count(self, name: str, amount: int = 1, /, **attributes: Attribute) -> None: ...

    def gauge(self, name: str, value: float, /, **attributes: Attribute) -> None: ...

    def event(self, action: str, /, **attributes: Attribute) -> None: ...


SILENT: Signals = Silent()


def clean(attributes: Mapping[str, Attribute]) -> dict[str, str | int | float | bool]:
    """Return what may be told: known names only, and texts of their known form."""
    told: dict[str, str | int | float | bool] = {}
    for name, value in attributes.items():
        form = ATTRIBUTES.get(name)
        if value is None or form is None:
            continue
        if isinstance(value, (bool, int, float)):
            told[name] = value
        else:
            told[name] = str(value) if _fits(form, value) else UNTOLD
    return told


@cache
def _form(form: str) -> re.Pattern[str]:
    return re.compile(form)


def _fits(form: str, text: str) -> bool:
    return form != NUMBER and _form(form).fullmatch(text) is not None


def named(id: str) -> str | None:
    """Return the id of a run or of what started the work; a digest of one that a person has chosen."""
    if not id:
        return None
    return id if _fits(OUR_ID, id) else hashlib.sha256(id.encode()).hexdigest()[:16]


def place(error: BaseException) -> str:
    """Return where in our code an error came from: lines, not values."""
    found: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        parts = code.co_filename.replace("\\", "/").split("/")
        for root in ("shared", "functions"):
            if root in parts:
                file = "/".join(parts[len(parts) - 1 - parts[::-1].index(root) :])
                found.append(f"{file}:{trace.tb_lineno}")
                break
        trace = trace.tb_next
    # The first is where it was caught.
    return " ".join(found[1:][-8:])[-400:]
