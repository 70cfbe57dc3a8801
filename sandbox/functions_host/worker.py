"""The worker library `azure-functions-runtime`: index an app, and invoke its functions (azure-platform.md §5).

One app per process: the library keeps its state in module globals (5.3).
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import importlib
import sys
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime

from sandbox.functions_host.config import CannotStart
from sandbox.functions_host.protocol import protos


@dataclass(frozen=True, kw_only=True)
class Function:
    """An indexed function with its bindings, each as JSON text."""

    name: str
    id: str
    bindings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One call: the trigger's value, and what the trigger knows besides."""

    function: Function
    argument: str
    #: A `TypedData` (5.7).
    value: Any
    metadata: Mapping[str, Any] = field(default_factory=dict)
    trace_parent: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a call ended. `value` is the `TypedData` that an HTTP function returned."""

    ok: bool
    value: Any = None
    error: str = ""
    stack: str = ""


class Worker:
    """Runs the library on an event loop of its own: `async` functions there, the others on its thread pool (1.37)."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="worker", daemon=True)

    def index(self, folder: Path) -> tuple[Function, ...]:
        """Import `function_app.py` of a folder and return its functions. Raises `CannotStart` (1.4, 1.5)."""
        sys.path.insert(0, str(folder))
        runtime.start_threadpool_executor()
        request = protos.WorkerInitRequest(function_app_directory=str(folder))
        started = self._ask(runtime.worker_init_request, worker_init_request=request)
        if started.result.status != protos.StatusResult.Success:
            raise CannotStart(f"{started.result.exception.message}\n{started.result.exception.stack_trace}")
        asked = protos.FunctionsMetadataRequest(function_app_directory=str(folder))
        found = self._ask(runtime.functions_metadata_request, functions_metadata_request=asked)
        if not found.function_metadata_results:
            raise CannotStart(f"there is no function in {folder / 'function_app.py'}")
        for one in found.function_metadata_results:
            load = protos.FunctionLoadRequest(function_id=one.function_id)
            self._ask(runtime.function_load_request, function_load_request=load)
        self._thread.start()
        return tuple(
            Function(name=f.name, id=f.function_id, bindings=tuple(f.raw_bindings))
            for f in found.function_metadata_results
        )

    @property
    def module(self) -> ModuleType:
        """The app's own module."""
        return importlib.import_module("function_app")

    def invoke(self, call: Invocation) -> concurrent.futures.Future[Result]:
        """Start a call. The future never raises for what the function does."""
        return asyncio.run_coroutine_threadsafe(self._invoke(call), self._loop)

    async def _invoke(self, call: Invocation) -> Result:
        runtime.invocation_id_cv.set(call.id)
        message = protos.InvocationRequest(
            invocation_id=call.id,
            function_id=call.function.id,
            input_data=[protos.ParameterBinding(name=call.argument, data=call.value)],
            trigger_metadata=call.metadata,
            trace_context=protos.RpcTraceContext(trace_parent=call.trace_parent),
        )
        answer = await runtime.invocation_request(_request(invocation_request=message))
        if answer.result.status == protos.StatusResult.Success:
            return Result(ok=True, value=answer.return_value if answer.HasField("return_value") else None)
        failed = answer.result.exception
        return Result(ok=False, error=failed.message, stack=failed.stack_trace)

    def _ask(self, call: Any, **message: Any) -> Any:
        return self._loop.run_until_complete(call(_request(**message)))


def _request(**message: Any) -> SimpleNamespace:
    return SimpleNamespace(
        request=SimpleNamespace(**message), properties={"protos": protos, "host": "127.0.0.1"}
    )
