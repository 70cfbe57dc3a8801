"""Signed assertions instead of a secret: an application's certificate, or an identity that vouches for it.

Facts: azure-platform.md rules 6.2 and 6.3; Microsoft identity platform, certificate credentials and workload
identity federation; the public AADSTS codes.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.entra import errors
from sandbox.simkit import Identity, TokenIssuer

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: The audience of a token with which an identity vouches for an application (6.3).
EXCHANGE = "api://AzureADTokenExchange"
#: Clocks differ; as the services allow.
SKEW = timedelta(minutes=5)
_UNCHECKED: Any = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "require": ["iss", "sub", "aud", "exp"],
}


def check(
    assertion: str, *, kind: str, application: Identity, issuer: TokenIssuer, authority: str, now: datetime
) -> None:
    """Do nothing when the assertion proves that the caller is `application`. Raises `errors.Refusal`."""
    if kind != TYPE:
        raise errors.bad_assertion_type(kind)
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError as wrong:
        raise errors.malformed_assertion(str(wrong)) from None
    vouched = str(claims.get("iss")) != application.client_id
    tenant = f"{authority}/{issuer.tenant}"
    if vouched:
        verified = _vouched(assertion, claims, application, issuer, f"{tenant}/v2.0")
    else:
        verified = _by_certificate(assertion, header, application)
        if verified.get("sub") != application.client_id:
            raise errors.malformed_assertion("the subject is not the application")
        if str(verified["aud"]) not in (f"{tenant}/oauth2/v2.0/token", f"{tenant}/v2.0"):
            raise errors.wrong_assertion_audience(str(verified["aud"]))
    starts = datetime.fromtimestamp(verified.get("nbf") or 0, now.tzinfo)
    ends = datetime.fromtimestamp(verified["exp"], now.tzinfo)
    if not starts - SKEW <= now < ends:
        raise errors.assertion_out_of_time(starts, ends, now)


def _by_certificate(assertion: str, header: dict[str, Any], application: Identity) -> dict[str, Any]:
    """Verify the signature with the certificate that is registered on the application."""
    if not application.certificate:
        raise errors.unknown_certificate(application.client_id)
    certificate = x509.load_pem_x509_certificate(application.certificate.encode())
    der = certificate.public_bytes(Encoding.DER)
    known = {"x5t": hashlib.sha1(der, usedforsecurity=False), "x5t#S256": hashlib.sha256(der)}
    named = {name: header[name] for name in known if name in header}
    if not named:
        raise errors.malformed_assertion("No certificate thumbprint specified in token header.")
    if any(_bytes(given) != known[name].digest() for name, given in named.items()):
        raise errors.unknown_certificate(application.client_id)
    return _verify(assertion, certificate.public_key())


def _vouched(
    assertion: str, claims: dict[str, Any], application: Identity, issuer: TokenIssuer, expected: str
) -> dict[str, Any]:
    """Verify a managed identity's token against the application's federated credential."""
    if not application.federated_subject or claims.get("iss") != expected:
        raise errors.no_federated_record(700211, "issuer", claims.get("iss"))
    if claims.get("sub") != application.federated_subject:
        raise errors.no_federated_record(700213, "subject", claims.get("sub"))
    if claims.get("aud") != EXCHANGE:
        raise errors.no_federated_record(700212, "audience", claims.get("aud"))
    return _verify(assertion, issuer.public_key)


def _verify(assertion: str, key: Any) -> dict[str, Any]:
    try:
        verified: dict[str, Any] = jwt.decode(
            assertion, key, algorithms=["RS256", "PS256"], options=_UNCHECKED
        )
    except jwt.InvalidSignatureError:
        raise errors.bad_assertion_signature() from None
    except jwt.InvalidTokenError as wrong:
        raise errors.malformed_assertion(str(wrong)) from None
    return verified


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
