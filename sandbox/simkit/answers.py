"""JSON answers."""

from collections.abc import Mapping
from typing import Any

import orjson
from werkzeug.wrappers import Response


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `body` as JSON text in UTF-8."""
    response = Response(orjson.dumps(body), status=status, content_type="application/json; charset=utf-8")
    if headers:
        response.headers.update(headers)
    return response
