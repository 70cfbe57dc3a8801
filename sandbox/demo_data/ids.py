"""Ids that are the same in every run."""

from __future__ import annotations

import uuid
from functools import lru_cache

_NAMESPACE = uuid.UUID("b1f6a9b4-6f39-5d0a-9a57-0d1c6f1f7a4e")


class Ids:
    """The ids of one company's rows: UUIDv5 of company, table and key."""

    def __init__(self, company: str) -> None:
        self._company = uuid.uuid5(_NAMESPACE, company)
        # Codes are asked for again and again.
        self._known = lru_cache(maxsize=20_000)(self._make)

    def of(self, table: str, *key: str) -> str:
        return self._known("\x1f".join((table, *key)))

    def _make(self, said: str) -> str:
        return str(uuid.uuid5(self._company, said))
