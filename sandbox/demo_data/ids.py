"""Ids that are the same in every run."""

from __future__ import annotations

import uuid

_NAMESPACE = uuid.UUID("b1f6a9b4-6f39-5d0a-9a57-0d1c6f1f7a4e")


class Ids:
    """The ids of one company's rows: UUIDv5 of company, table and key."""

    def __init__(self, company: str) -> None:
        self._company = uuid.uuid5(_NAMESPACE, company)

    def of(self, table: str, *key: str) -> str:
        return str(uuid.uuid5(self._company, "\x1f".join((table, *key))))
