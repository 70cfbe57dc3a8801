"""JSON answers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
from werkzeug.wrappers import Response


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `body` as JSON text in UTF-8; a Decimal becomes a number with the digits that a double keeps."""
    response = Response(
        orjson.dumps(body, default=_plain), status=status, content_type="application/json; charset=utf-8"
    )
    if headers:
        response.headers.update(headers)
    return response


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
