"""Azure Table Storage through the unmodified azure-data-tables SDK.

Facts about the SDK and the service: azure-platform.md §4 (numbers in brackets).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import (
    EdmType,
    EntityProperty,
    RequestTooLargeError,
    TableClient,
    TableServiceClient,
    TableTransactionError,
    UpdateMode,
)

from shared.adapters.table_rules import PAGE, check_transaction, escape_key, unescape_key
from shared.core.errors import Misconfigured, SyncError, Transient
from shared.ports import Op, OpFailed, Row
from shared.signal_names import REQUEST, REQUESTS
from shared.signals import SILENT, Signals, Span

#: Point reads at the same time. The SDK's connection pool holds ten.
THREADS = 8
#: Seconds. A single answer of the service takes at most five (4.11).
TIMEOUTS = {"connection_timeout": 10, "read_timeout": 30}
#: Few and quick: what lasts longer is a job for the message that asked (Transient).
RETRIES = {"retry_total": 3, "retry_connect": 2, "retry_read": 2, "retry_status": 3, "retry_backoff_factor": 0.2,
           "retry_backoff_max": 5}  # fmt: skip

_OPERATION: TypeAlias = tuple[str, dict[str, Any], dict[str, Any]]


class AzureTables:
    """`TableStore` on a storage account. Tables are made when first used.

    Raises:
        Misconfigured: the account or the credential cannot be what it should.
    """

    def __init__(
        self,
        *,
        connection_string: str = "",
        endpoint: str = "",
        credential: TokenCredential | None = None,
        signals: Signals = SILENT,
    ) -> None:
        self._signals = signals
        self._requests = 0
        self._lock = threading.Lock()
        self._tables: dict[str, TableClient] = {}
        options: dict[str, Any] = {"raw_request_hook": self._count, **RETRIES, **TIMEOUTS}
        try:
            if connection_string:
                self._service = TableServiceClient.from_connection_string(connection_string, **options)
            elif endpoint and credential is not None:
                self._service = TableServiceClient(endpoint, credential=credential, **options)
            else:
                raise Misconfigured("tables need a connection string, or an endpoint and a credential")
        except ValueError as error:
            raise Misconfigured("the connection to Table Storage is not well formed") from error
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="tables")

    def close(self) -> None:
        self._pool.shutdown()
        self._service.close()

    def requests(self) -> int:
        return self._requests

    def names(self) -> frozenset[str]:
        """Return the tables that are there."""
        with _answering("listing the tables"):
            return frozenset(table.name for table in self._service.list_tables())

    def get(self, table: str, partition: str, key: str) -> Row | None:
        with self._span("get", table):
            return self._get(table, partition, key)

    def _get(self, table: str, partition: str, key: str) -> Row | None:
        client = self._table(table)
        with _answering(f"reading a row of {table}"):
            try:
                return _row(client.get_entity(escape_key(partition), escape_key(key)))
            except ResourceNotFoundError:
                return None

    def get_many(self, table: str, partition: str, keys: Sequence[str]) -> dict[str, Row]:
        wanted = list(dict.fromkeys(keys))
        with self._span("get", table, len(wanted)):
            if len(wanted) < 2:
                rows = [self._get(table, partition, key) for key in wanted]
            else:
                self._table(table)
                rows = list(self._pool.map(lambda key: self._get(table, partition, key), wanted))
        return {row.key: row for row in rows if row is not None}

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
        if limit is not None and limit <= 0:
            return
        client = self._table(table)
        conditions = [] if partition is None else [f"PartitionKey eq {_literal(escape_key(partition))}"]
        if key_from is not None:
            conditions.append(f"RowKey ge {_literal(escape_key(key_from))}")
        if key_before is not None:
            conditions.append(f"RowKey lt {_literal(escape_key(key_before))}")
        conditions += [f"{name} eq {_literal(value)}" for name, value in (where or {}).items()]
        options: dict[str, Any] = {"results_per_page": min(PAGE, limit or PAGE)}
        if select is not None:
            options["select"] = ["PartitionKey", "RowKey", *select]
        with _answering(f"querying {table}"):
            entities = iter(
                client.query_entities(" and ".join(conditions), **options)
                if conditions
                else client.list_entities(**options)
            )
        given = 0
        while limit is None or given < limit:
            # Not around the yield: what the caller raises meanwhile is none of ours.
            first = self._span("query", table) if not given else nullcontext()
            with _answering(f"querying {table}"), first:
                try:
                    entity = next(entities)
                except StopIteration:
                    return
            given += 1
            yield _row(entity)

    def transact(self, table: str, ops: Sequence[Op]) -> list[str | None]:
        check_transaction(ops)
        client = self._table(table)
        with self._span("transact", table, len(ops)), _answering(f"writing {len(ops)} rows of {table}"):
            try:
                if len(ops) == 1:
                    return [_single(client, ops[0])]
                answers = client.submit_transaction([_operation(op) for op in ops])
            except RequestTooLargeError as error:
                raise OpFailed(_index(error, ops), 413) from error
            except TableTransactionError as error:
                if error.status_code in (404, 409, 412):
                    raise OpFailed(_index(error, ops), error.status_code) from error
                raise
            except ResourceExistsError as error:
                raise OpFailed(0, 409) from error
            except ResourceModifiedError as error:
                raise OpFailed(0, 412) from error
            except ResourceNotFoundError as error:
                raise OpFailed(0, 404) from error
        return [
            None if op.action == "delete" else answer["etag"] for op, answer in zip(ops, answers, strict=True)
        ]

    def _count(self, request: Any) -> None:
        """Count what goes over the wire, retries included: the SDK calls this for each attempt."""
        with self._lock:
            self._requests += 1
        self._signals.count(
            REQUESTS, system="tables", effect="read" if request.http_request.method == "GET" else "write"
        )

    def _span(self, method: str, table: str, count: int = 1) -> AbstractContextManager[Span]:
        """Tell of one operation; of a query, until its first rows are there. Keys are not told."""
        return self._signals.span(REQUEST, system="tables", method=method, table=table, count=count)

    def _table(self, name: str) -> TableClient:
        """Return the table, made if need be. Two makers do no harm: one finds it made (4.7)."""
        if (client := self._tables.get(name)) is None:
            with _answering(f"creating table {name}"):
                client = self._service.create_table_if_not_exists(name)
            self._tables[name] = client
        return client


# --- rows on the wire --------------------------------------------------------------------------


def _entity(row: Row) -> dict[str, Any]:
    entity = {name: _property(value) for name, value in row.properties.items()}
    return {"PartitionKey": escape_key(row.partition), "RowKey": escape_key(row.key), **entity}


def _property(value: Any) -> Any:
    # A plain int would be Int32 (4.5). bool is an int too.
    if isinstance(value, int) and not isinstance(value, bool):
        return EntityProperty(value, EdmType.INT64)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value


def _row(entity: Any) -> Row:
    keys = ("PartitionKey", "RowKey")
    return Row(
        partition=unescape_key(entity["PartitionKey"]),
        key=unescape_key(entity["RowKey"]),
        properties={name: _plain(value) for name, value in entity.items() if name not in keys},
        etag=entity.metadata["etag"],
    )


def _plain(value: Any) -> Any:
    if isinstance(value, EntityProperty):
        return value.value
    if isinstance(value, datetime):
        # The SDK's own subclass of datetime keeps text of 100 ns; ours are whole microseconds.
        return datetime.combine(value.date(), value.time(), UTC)
    return value


def _literal(value: Any) -> str:
    """Write a value for a filter (4.9). Our own, because of the SDK's parameter trap (4.10)."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value}L"
        case float():
            return repr(value)
        case str():
            return "'" + value.replace("'", "''") + "'"
        case datetime():
            return f"datetime'{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}'"
    raise TypeError(f"rows cannot be asked for by {value!r}")


# --- operations --------------------------------------------------------------------------------


def _condition(op: Op) -> dict[str, Any]:
    # Without any etag the SDK sends `If-Match: *` (4.6).
    if op.row.etag in (None, "*"):
        return {}
    return {"etag": op.row.etag, "match_condition": MatchConditions.IfNotModified}


def _operation(op: Op) -> _OPERATION:
    match op.action:
        case "create":
            return ("create", _entity(op.row), {})
        case "replace":
            return ("update", _entity(op.row), {"mode": UpdateMode.REPLACE, **_condition(op)})
        case "upsert":
            return ("upsert", _entity(op.row), {"mode": UpdateMode.REPLACE})
    return ("delete", _entity(op.row), _condition(op))


def _single(client: TableClient, op: Op) -> str | None:
    entity = _entity(op.row)
    match op.action:
        case "create":
            return str(client.create_entity(entity)["etag"])
        case "replace":
            return str(client.update_entity(entity, mode=UpdateMode.REPLACE, **_condition(op))["etag"])
        case "upsert":
            return str(client.upsert_entity(entity, mode=UpdateMode.REPLACE)["etag"])
    client.delete_entity(entity, **_condition(op))
    return None


def _index(error: TableTransactionError, ops: Sequence[Op]) -> int:
    return int(min(max(error.index, 0), len(ops) - 1))


# --- errors ------------------------------------------------------------------------------------


@contextmanager
def _answering(what: str) -> Iterator[None]:
    """Turn the SDK's errors into ours. Nothing of azure passes inward; keys are not named."""
    try:
        yield
    except (SyncError, OpFailed):
        raise
    except ClientAuthenticationError as error:
        raise Misconfigured(f"{what}: Table Storage does not accept our identity") from error
    except HttpResponseError as error:
        raise _meaning(what, error) from error
    except AzureError as error:
        # Network, broken answers: unknown whether it was done.
        raise Transient(f"{what}: no answer from Table Storage ({type(error).__name__})") from error


def _meaning(what: str, error: HttpResponseError) -> SyncError:
    status = error.status_code
    said = f"{what}: Table Storage answered {status}"
    if status in (401, 403):
        return Misconfigured(f"{said}: the identity needs the role Storage Table Data Contributor")
    # 404 and 409 mean the table here: deleted, or being deleted, while we run.
    if status is None or status in (404, 408, 409, 429) or status >= 500:
        return Transient(said, retry_after=_retry_after(error))
    return Misconfigured(f"{said} {getattr(error, 'error_code', '') or ''}".rstrip())


def _retry_after(error: HttpResponseError) -> timedelta | None:
    seconds = getattr(error.response, "headers", {}).get("Retry-After", "")
    return timedelta(seconds=int(seconds)) if seconds.isdigit() else None
