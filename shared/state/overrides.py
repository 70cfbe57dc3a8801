"""The last overrides that were good: one row, so that a bad setting leaves them in force (P13)."""

from __future__ import annotations

from shared.ports import Op, Row, TableStore
from shared.state.codec import pack, unpack

TABLE = "Overrides"
_KEY = "last-good"


class TableLastGood:
    """`LastGood` of one company. A request each."""

    def __init__(self, store: TableStore, company: str) -> None:
        self._store = store
        self._company = company

    def get(self) -> str | None:
        row = self._store.get(TABLE, self._company, _KEY)
        return str(unpack("text", row.properties)) if row is not None else None

    def put(self, text: str) -> None:
        row = Row(partition=self._company, key=_KEY, properties=pack("text", text))
        self._store.transact(TABLE, [Op(action="upsert", row=row)])
