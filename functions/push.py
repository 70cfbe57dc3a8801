"""What the two systems tell of their own accord: BC by webhook, Dataverse through the queue `notices`."""

from __future__ import annotations

import hmac
import json
import os
from typing import Any
from uuid import uuid4

import azure.functions as func

from functions.calls import CallFailed, guarded
from functions.http_api import problem
from functions.messages import handle
from shared.core.errors import Misconfigured, SyncError
from shared.engine.push import NOTICES
from shared.settings import Settings
from shared.signal_names import CALL
from shared.trace import Trace
from shared.wiring import app, signals

bp = func.Blueprint()
#: Bytes of one POST: 1,000 notices of a table (business-central-api.md §9), of several tables at once.
BODY_LIMIT = 4_194_304
TOKEN_LIMIT = 2048
#: Deliveries of a notice; fewer than `maxDeliveryCount` of its queue.
TRIES = 5


@bp.function_name("notices")
@bp.service_bus_queue_trigger(arg_name="message", queue_name=NOTICES, connection="NoticesConnection")
def notices(message: func.ServiceBusMessage, context: func.Context) -> None:
    try:
        handle(NOTICES, message, context)
    except CallFailed:
        # The timers find what it told. A dead letter would keep what Dataverse sends along for ever.
        if (message.delivery_count or 1) < TRIES:
            raise


@bp.function_name("webhook_bc")
@bp.route(route="webhooks/bc", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def webhook_bc(req: func.HttpRequest) -> func.HttpResponse:
    """Take notices of Business Central (§9). Anonymous to the host: each notice carries our secret.

    Any 4xx ends the subscription on BC's side: right for a stranger's, or while push is off. Whatever
    passes is a 503, after which BC comes again.
    """

    def work(_: Trace) -> func.HttpResponse:
        with signals().span(CALL, function="webhook_bc") as span:
            response = told(req)
            span.set(status=response.status_code)
        return response

    return guarded("webhook_bc", work, correlation=str(uuid4()))


def told(req: func.HttpRequest) -> func.HttpResponse:
    """Answer a handshake, or pass notices on."""
    try:
        settings = Settings.from_env(os.environ)
        if not settings.push:
            return problem(404, "Push is off", "PUSH is not 'on'")
        if (token := req.params.get("validationToken")) is not None:
            return handshake(token)
        if len(raw := req.get_body() or b"") > BODY_LIMIT:
            return problem(413, "Too large", f"a body takes at most {BODY_LIMIT} bytes")
        given = notices_in(raw)
        if given is None:
            return problem(400, "Not notices", 'the body must be {"value": [{...}, ...]} in JSON')
        ours = [n for n in given if knows_secret(n.get("clientState"), settings.webhook_secrets)]
        if given and not ours:
            return problem(401, "Unknown clientState", "none of the notices carries the secret")
        if ours:
            app().push.from_bc(ours)
    except Misconfigured:
        return problem(503, "Misconfigured", "see `tandem doctor`")
    except SyncError:
        return problem(503, "Try again", "the notices could not be passed on")
    return func.HttpResponse(status_code=202)


def handshake(token: str) -> func.HttpResponse:
    """Answer exactly the token, within 5 s: needs neither BC nor tables. Shown as plain text, never as a page."""
    if not 0 < len(token) <= TOKEN_LIMIT or not token.isprintable():
        return problem(400, "Bad validationToken", f"1 to {TOKEN_LIMIT} printable characters")
    return func.HttpResponse(
        token,
        mimetype="text/plain",
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"},
    )


def notices_in(raw: bytes) -> list[dict[str, Any]] | None:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    value = data.get("value") if isinstance(data, dict) else None
    if not isinstance(value, list) or not all(isinstance(n, dict) for n in value):
        return None
    return value


def knows_secret(given: object, secrets: tuple[str, ...]) -> bool:
    """Compare with every secret, always, in constant time."""
    text = given.encode("utf-8", "surrogatepass") if isinstance(given, str) else b""
    return any([hmac.compare_digest(secret.encode(), text) for secret in secrets])
