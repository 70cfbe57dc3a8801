"""Refusals as Entra ID writes them.

Codes and texts: Microsoft Entra authentication and authorization error codes (AADSTS…); the members of the
body: Microsoft identity platform, OAuth 2.0 client credentials flow, "Error response".
"""

from __future__ import annotations

import uuid
from datetime import datetime

from werkzeug.wrappers import Response

from sandbox.simkit import json_response


class Refusal(Exception):
    """One AADSTS refusal."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.number = number
        self.text = text

    def response(self, *, at: datetime, authority: str) -> Response:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        stamp = at.strftime("%Y-%m-%d %H:%M:%SZ")
        said = f"AADSTS{self.number}: {self.text}"
        return json_response(
            {
                "error": self.error,
                "error_description": f"{said} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
                "error_codes": [self.number],
                "timestamp": stamp,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": f"{authority}/error?code={self.number}",
            },
            self.status,
            {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"},
        )


def unknown_tenant(tenant: str, *, error: str = "invalid_request") -> Refusal:
    return Refusal(
        400, error, 90002, f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
    )


def missing(parameter: str) -> Refusal:
    return Refusal(
        400,
        "invalid_request",
        900144,
        f"The request body must contain the following parameter: '{parameter}'.",
    )


def unsupported_grant(grant: str) -> Refusal:
    return Refusal(
        400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'."
    )


def unknown_app(client_id: str, tenant: str) -> Refusal:
    return Refusal(
        400,
        "unauthorized_client",
        700016,
        f"Application with identifier '{client_id}' was not found in the directory '{tenant}'.",
    )


def no_secret() -> Refusal:
    return Refusal(
        401,
        "invalid_client",
        7000216,
        "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
    )


def wrong_secret(client_id: str) -> Refusal:
    return Refusal(
        401,
        "invalid_client",
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        f"not the client secret ID, for a secret added to app '{client_id}'.",
    )


def bad_scope(scope: str) -> Refusal:
    return Refusal(
        400,
        "invalid_scope",
        1002012,
        f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).",
    )


def several_resources(scope: str) -> Refusal:
    return Refusal(
        400,
        "invalid_scope",
        28000,
        f"Provided value for the input parameter scope is not valid because it contains more than one resource. "
        f"Scope {scope} is not valid.",
    )


def unknown_resource(resource: str, tenant: str) -> Refusal:
    return Refusal(
        400,
        "invalid_resource",
        500011,
        f"The resource principal named {resource} was not found in the tenant named {tenant}.",
    )


def bad_assertion_type(kind: str) -> Refusal:
    return Refusal(
        400, "invalid_request", 900023, f"The client assertion type '{kind}' is not supported by the server."
    )


def malformed_assertion(why: str) -> Refusal:
    return Refusal(401, "invalid_client", 50027, f"JWT token is invalid or malformed. {why}")


def unknown_certificate(client_id: str) -> Refusal:
    return Refusal(
        401,
        "invalid_client",
        700027,
        "The certificate with identifier used to sign the client assertion is not registered on application "
        f"'{client_id}'.",
    )


def bad_assertion_signature() -> Refusal:
    return Refusal(401, "invalid_client", 700027, "Client assertion contains an invalid signature.")


def wrong_assertion_audience(audience: str) -> Refusal:
    return Refusal(
        401,
        "invalid_client",
        700023,
        f"Client assertion audience claim does not match Realm issuer: '{audience}'.",
    )


def assertion_out_of_time(starts: datetime, ends: datetime, now: datetime) -> Refusal:
    return Refusal(
        401,
        "invalid_client",
        700024,
        f"Client assertion is not within its valid time range. Current time: {now.isoformat()}, assertion valid "
        f"from {starts.isoformat()}, expiry time of assertion {ends.isoformat()}.",
    )


def no_federated_record(number: int, what: str, presented: object) -> Refusal:
    return Refusal(
        401,
        "invalid_client",
        number,
        f"No matching federated identity record found for presented assertion {what} '{presented}'.",
    )
