"""The one table store under all that Tandem keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Row:
    """One table row. Properties are str, int (64 bit), bool, float, bytes or aware datetime."""

    partition: str
    key: str
    properties: Mapping[str, Any]
    etag: str | None = None


@dataclass(frozen=True, kw_only=True)
class Op:
    """One operation of a transaction: "create" | "replace" (needs row.etag or "*") | "upsert" | "delete"."""

    action: str
    row: Row


class OpFailed(Exception):
    """A transaction was not done at all, because of its operation number `index`.

    `status` is 409 (it exists), 404 (it does not), 412 (another etag) or 413 (too large).
    """

    def __init__(self, index: int, status: int) -> None:
        super().__init__(f"operation {index} of the transaction failed with {status}")
        self.index = index
        self.status = status


class TableStore(Protocol):
    """Azure Table Storage as far as Tandem needs it. Two implementations, one contract."""

    def get(self, table: str, partition: str, key: str) -> Row | None: ...

    def get_many(self, table: str, partition: str, keys: Sequence[str]) -> dict[str, Row]:
        """Point reads, in parallel where that is possible."""

    def query(
        self,
        table: str,
        partition: str | None,
        *,
        key_from: str | None = None,
        key_before: str | None = None,
        where: Mapping[str, Any] | None = None,
        select: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> Iterator[Row]:
        """Yield rows in order of partition and key, 1,000 to a request. `where` is equality of properties."""

    def transact(self, table: str, ops: Sequence[Op]) -> list[str | None]:
        """Do at most 100 operations of one partition, all or none; return the new etags.

        Raises `OpFailed`. Deleting what is not there fails with 404 inside a transaction of several;
        a single delete of what is not there does nothing.
        """

    def requests(self) -> int:
        """Return how many requests were spent since the store was made."""
