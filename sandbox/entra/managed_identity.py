"""The token endpoint that a function app finds in IDENTITY_ENDPOINT: its managed identities, no secret needed.

Facts: azure-platform.md rules 6.3 and 6.5; App Service, "REST endpoint reference" of managed identities
(api-version 2019-08-01, header X-IDENTITY-HEADER, `expires_on` in seconds as text). Azure serves it without
TLS on an address that only the app reaches; here it is a route of Entra.
"""

from __future__ import annotations

import hmac
from datetime import timedelta

from werkzeug.wrappers import Request, Response

from sandbox.simkit import ManagedIdentity, TokenIssuer, json_response

VERSION = "2019-08-01"
LIFETIME = timedelta(hours=24)
BEARER = "Bearer"


def answer(request: Request, identity: ManagedIdentity, issuer: TokenIssuer, authority: str) -> Response:
    """Return a token of the identity for the resource that is asked for, or why not."""
    header = request.headers.get("X-IDENTITY-HEADER", "")
    if not hmac.compare_digest(header.encode(), identity.header.encode()):
        return _refused(401, "Unauthorized", "the header X-IDENTITY-HEADER is missing or wrong")
    if request.args.get("api-version") != VERSION:
        return _refused(400, "InvalidApiVersion", f"api-version must be {VERSION}")
    resource = request.args.get("resource", "")
    if not resource:
        return _refused(400, "BadRequest", "resource is missing")
    if request.args.get("client_id", "").lower() != identity.client_id:
        return _refused(400, "ManagedIdentityNotFound", "no such identity is assigned to this app")
    expires = issuer.clock.now() + LIFETIME
    return json_response(
        {
            "access_token": issuer.issue_for_identity(
                identity, resource, LIFETIME, iss=f"{authority}/{issuer.tenant}/v2.0"
            ),
            "expires_on": str(int(expires.timestamp())),
            "resource": resource,
            "token_type": BEARER,
            "client_id": identity.client_id,
        }
    )


def _refused(status: int, code: str, text: str) -> Response:
    return json_response({"statusCode": status, "error": code, "message": text}, status)
