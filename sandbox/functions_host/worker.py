"""The worker library `azure-functions-runtime`: index an app and invoke its functions.

One app per process, because the library keeps its state in module globals (azure-platform.md 5.3).
Indexing goes through the library's own requests; invoking through its protobuf-free entry (5.10).
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from azure_functions_runtime.bindings.datumdef import Datum


class Message:
    """Stands for a protobuf message of the worker protocol: it keeps what it is given."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        return None


class Status(Message):
    Failure, Success = 0, 1


class Binding(Message):
    inout, out, undefined = 2, 1, -1


PROTOS = SimpleNamespace(
    WorkerInitResponse=Message,
    WorkerMetadata=Message,
    FunctionMetadataResponse=Message,
    FunctionLoadResponse=Message,
    StatusResult=Status,
    RpcException=Message,
    RpcFunctionMetadata=Message,
    BindingInfo=Binding,
    RpcRetryOptions=Message,
    TypedData=Message,
)


@dataclass(frozen=True, kw_only=True)
class Function:
    """An indexed function: `trigger` is its trigger binding as the worker reports it."""

    name: str
    id: str
    trigger: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Result:
    ok: bool
    value: Datum | None = None
    error: str = ""


class CannotStart(Exception):
    """The app could not be indexed; every function would be missing on Azure (1.5)."""


def index(folder: Path) -> list[Function]:
    """Index the app in a folder and load its functions. Raises `CannotStart` with the worker's reason."""
    from azure_functions_runtime import handle_event
    from azure_functions_runtime.utils.threadpool import start_threadpool_executor

    sys.path.insert(0, str(folder))
    start_threadpool_executor()
    request = SimpleNamespace(
        request=SimpleNamespace(
            worker_init_request=SimpleNamespace(capabilities={}, function_app_directory=str(folder))
        ),
        properties={"protos": PROTOS, "host": "127.0.0.1"},
    )
    started = asyncio.run(handle_event.worker_init_request(request))
    if started.result.status != Status.Success:
        raise CannotStart(str(started.result.exception.message))
    found = asyncio.run(handle_event.functions_metadata_request(SimpleNamespace()))
    functions = []
    for one in found.function_metadata_results or ():
        bindings = [json.loads(b) for b in one.raw_bindings]
        trigger = next(b for b in bindings if b["type"].lower().endswith("trigger"))
        functions.append(Function(name=one.name, id=one.function_id, trigger=trigger))
    if not functions:
        raise CannotStart("the app has no functions")
    return functions


def invoke(
    function: Function, value: Datum, metadata: Mapping[str, Datum] | None = None, *, trace_parent: str = ""
) -> Result:
    """Run a function with its trigger's value. No exception of the function escapes."""
    from azure_functions_runtime.native_invocation import invocation_request_native, run_invocation_sync

    inputs = [(function.trigger["name"], value)]
    invocation = str(uuid.uuid4())
    handled, ok, returned, _, error, _ = run_invocation_sync(
        invocation, function.id, inputs, dict(metadata or {}), trace_parent
    )
    if not handled:
        ok, returned, _, error, _ = asyncio.run(
            invocation_request_native(invocation, function.id, inputs, dict(metadata or {}), trace_parent)
        )
    return Result(ok=bool(ok), value=returned, error=error or "")


def text(value: str) -> Datum:
    return Datum(value, "string")


def data(value: Any) -> Datum:
    """Numbers and dates go as JSON: the decoder refuses other kinds (5.6)."""
    return Datum(json.dumps(value), "json")
