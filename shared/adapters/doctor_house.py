"""What `tandem doctor` finds out of Tandem's own house: certificate, queues, tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from shared.adapters.credentials import Certificate, Credential
from shared.core.errors import Misconfigured, SyncError
from shared.ports import Queue

#: Queues that are looked at at once: opening one takes half a second (azure-platform.md 3.11).
AT_ONCE = 8


def certificate(credential: Credential) -> tuple[str, datetime | None]:
    """Return why the certificate cannot be used, and when it ends; nothing for other credentials."""
    if not isinstance(credential, Certificate):
        return "", None
    try:
        return "", credential.read().ends
    except Misconfigured as problem:
        return str(problem), None


def queues(queue: Queue, names: Sequence[str]) -> dict[str, str]:
    """Return queue → what is wrong with it, "" for nothing. Looks, and takes nothing."""

    def look(name: str) -> str:
        try:
            queue.peek(name, limit=1)
        except SyncError as problem:
            return str(problem)
        return ""

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="doctor") as pool:
        return dict(zip(names, pool.map(look, names), strict=True))


def tables(there: Callable[[], Collection[str]], wanted: Sequence[str]) -> tuple[str, tuple[str, ...] | None]:
    """Return why tables cannot be used, and which of those wanted are not there."""
    try:
        found = {name.lower() for name in there()}
    except SyncError as problem:
        return str(problem), None
    return "", tuple(name for name in wanted if name.lower() not in found)
