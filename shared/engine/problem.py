"""What an API call answers when it cannot be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.engine.messages import misfits


class ApiProblem(Exception):
    """An RFC 9457 problem: `status` is the HTTP status, `detail` what, where and the limit."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(f"{title}: {detail}")
        self.status, self.title, self.detail = status, title, detail


def must_fit(body: Mapping[str, Any], allowed: Mapping[str, type]) -> None:
    """Raise `ApiProblem` with every field that is unknown or of the wrong type."""
    if problems := misfits(body, allowed):
        raise ApiProblem(400, "Bad body", "; ".join(problems))
