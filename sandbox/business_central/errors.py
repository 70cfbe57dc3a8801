"""Refusals as Business Central words them (business-central-api.md §6)."""

from __future__ import annotations

import uuid
from typing import Any


class Refused(Exception):
    """An answer that is an error. The text is for people: clients go by status and code."""

    def __init__(self, status: int, code: str, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Two blanks around the label, as the real service writes it."""
        return {"error": {"code": self.code, "message": f"{self.text}  CorrelationId:  {uuid.uuid4()}."}}


def bad_request(text: str, code: str = "BadRequest") -> Refused:
    return Refused(400, code, text)


def not_found(text: str, code: str = "BadRequest_NotFound") -> Refused:
    return Refused(404, code, text)


def dialog(text: str) -> Refused:
    """An AL Error()."""
    return Refused(400, "Application_DialogException", text)
