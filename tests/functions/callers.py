"""What stands where the application stands: it remembers calls and answers them."""

from __future__ import annotations

from typing import Any

import azure.functions as func

import function_app

BY_NAME = {f.get_function_name(): f for f in function_app.app.get_functions()}


class Recorder:
    """An `AdminApi` that answers every call with its name and arguments, or raises what it was told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.raises: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> dict[str, Any]:
            self.calls.append((name, arguments, named))
            if self.raises is not None:
                raise self.raises
            return {"called": name}

        return call


class FakeApp(Recorder):
    """A `Tandem` that only remembers; its `api` too."""

    def __init__(self) -> None:
        super().__init__()
        self.api = Recorder()


def call(
    name: str,
    *,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
    **route: str,
) -> func.HttpResponse:
    """Call an HTTP function as the worker does."""
    trigger = BY_NAME[name].get_trigger()
    request = func.HttpRequest(
        method=trigger.methods[0].value,
        url=f"https://app/api/{trigger.route}",
        headers=headers or {},
        params=params or {},
        route_params=route,
        body=body,
    )
    response: func.HttpResponse = BY_NAME[name].get_user_function()(request)
    return response
