"""The HTTP API as the commands call it."""

from __future__ import annotations

from typing import Any

import httpx

#: Exit codes: 0 done; 1 the run, or the app, failed; 2 the call was wrong; 3 the app could not be reached.
OK, FAILED, WRONG, UNREACHED = 0, 1, 2, 3


class Failed(Exception):
    """The call did not succeed; `code` is the exit code, `status` the HTTP status when there was one."""

    def __init__(self, code: int, said: str, *, status: int | None = None) -> None:
        super().__init__(said)
        self.code, self.status = code, status


class Api:
    """The HTTP API. Raises `Failed` with a sentence for what went wrong."""

    def __init__(self, url: str, key: str, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=url.rstrip("/") + "/api/", headers={"x-api-key": key}, timeout=60, transport=transport
        )

    def get(self, path: str, **params: Any) -> Any:
        return self._answer("GET", path, params={k: v for k, v in params.items() if v is not None})

    def slow(self, path: str) -> Any:
        """Get what takes long: as long as a function app may take to answer (azure-platform.md 1)."""
        return self._answer("GET", path, timeout=230)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._answer("POST", path, json=body or {})

    def delete(self, path: str) -> Any:
        return self._answer("DELETE", path)

    def all(self, path: str, **params: Any) -> dict[str, Any]:
        """Follow `next` to the end."""
        page = self.get(path, **params)
        rows = list(page["value"])
        while page.get("next"):
            page = self.get(path, **params, after=page["next"])
            rows += page["value"]
        return {"value": rows}

    def _answer(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise Failed(UNREACHED, f"the app cannot be reached: {error}") from None
        status = response.status_code
        try:
            told = response.json()
        except ValueError:
            told = None
        if response.is_success and isinstance(told, dict):
            return told
        text = f"{told.get('title')}: {told.get('detail')}" if isinstance(told, dict) else response.text[:200]
        if response.is_success:
            text = f"this is no answer of Tandem's API: {text}"
        raise Failed(WRONG if 400 <= status < 500 else FAILED, f"{status} {text}", status=status)
