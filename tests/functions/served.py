"""The HTTP functions behind the sandbox host's own router, in process: routes, methods, Easy Auth, bytes."""

from __future__ import annotations

from typing import Any

import azure.functions as func

from sandbox.functions_host.http import EasyAuth, Http, Keys
from sandbox.functions_host.protocol import protos
from sandbox.functions_host.triggers import HttpTrigger
from sandbox.functions_host.worker import Function, Invocation, Result
from tests.functions.callers import BY_NAME


class InProcess:
    """Calls a function directly, with what the worker library would make of the same request.

    An exception is not turned into a 500 here: a test shall see it.
    """

    running = 0

    def run(self, call: Invocation, trigger: str) -> Result:
        said = call.value.http
        request = func.HttpRequest(
            method=said.method,
            url=said.url,
            headers=dict(said.headers),
            params=dict(said.query),
            route_params=dict(said.params),
            body=said.body.bytes,
        )
        answer: func.HttpResponse = BY_NAME[call.function.name].get_user_function()(request)
        headers = {**answer.headers, "Content-Type": answer.headers.get("Content-Type") or answer.mimetype}
        body = protos.TypedData(bytes=answer.get_body())
        http = protos.RpcHttp(status_code=str(answer.status_code), headers=headers, body=body)
        return Result(ok=True, value=protos.TypedData(http=http))


def served(*, easy_auth: EasyAuth = EasyAuth(on=False)) -> Http:
    """Return the app as the host serves it, as a WSGI application."""
    triggers = []
    for name, function in BY_NAME.items():
        trigger: Any = function.get_trigger()
        if not hasattr(trigger, "route"):
            continue
        triggers.append(
            HttpTrigger(
                function=Function(id=name, name=name, bindings=()),
                argument="req",
                route=trigger.route,
                methods=frozenset(m.value for m in trigger.methods),
                level="anonymous",
            )
        )
    return Http(
        triggers,
        InProcess(),  # type: ignore[arg-type]
        prefix="api",
        keys=Keys(function="", master=""),
        easy_auth=easy_auth,
        functions={},
        by_hand=lambda name, given: False,
    )
