"""How an application user proves who it is: secret, certificate, or a managed identity (azure-platform.md §6).

Each gives what msal takes as `client_credential` (6.2). Making one opens nothing and reads no file, so
that a wrong one is told when the first token is asked for, or all at once by `problems`.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx

from shared.core.errors import Misconfigured, Transient

#: What Entra expects an identity's token to be for, when it vouches for an application (6.3).
EXCHANGE = "api://AzureADTokenExchange"
PEM = "-----BEGIN"


class Credential(Protocol):
    def for_msal(self, http: object) -> Any:
        """Return msal's `client_credential`. Raises `Misconfigured` when there is none to be made."""


@dataclass(frozen=True)
class Secret:
    """A client secret."""

    text: str = field(repr=False)

    def for_msal(self, http: object) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A certificate with its private key.

    `source` is the path of a PEM or PFX file, PEM text, or a PFX in base64: that is how a Key Vault
    reference to a certificate's secret arrives (6.2, 6.8).
    """

    source: str = field(repr=False)
    password: str = field(default="", repr=False)

    def for_msal(self, http: object) -> dict[str, str]:
        return self.read().for_msal()

    def read(self) -> CertificateAndKey:
        """Return what the source holds.

        Raises:
            Misconfigured: there is no such file, it holds no certificate with a private key, the
                password is wrong, or the certificate is over. Neither text nor password is told.
        """
        found = self._found()
        if found.ends <= datetime.now(UTC):
            raise Misconfigured(
                f"CLIENT_CERTIFICATE ended on {found.ends:%Y-%m-%d}; put a new one in its place"
            )
        return found

    def ends(self) -> datetime:
        """Return the first moment at which it is no longer valid, also when that is past. Raises as `read`."""
        return self._found().ends

    def _found(self) -> CertificateAndKey:
        return _parse(_content(self.source), self.password)


@dataclass(frozen=True, kw_only=True)
class CertificateAndKey:
    """`key` and `certificate` are PEM text; `ends` is the first moment at which it is no longer valid."""

    key: str = field(repr=False)
    certificate: str
    ends: datetime

    def for_msal(self) -> dict[str, str]:
        # Without a thumbprint msal computes SHA-256 and signs with PS256 (6.2).
        return {"private_key": self.key, "public_certificate": self.certificate}


@dataclass(frozen=True, kw_only=True)
class FederatedIdentity:
    """A user-assigned managed identity that vouches for the application: no secret anywhere (6.3)."""

    identity_client_id: str

    def for_msal(self, http: object) -> dict[str, Any]:
        import msal

        # msal keeps the identity's token until shortly before it is over, and asks only when Entra must be asked.
        identity = msal.ManagedIdentityClient(
            msal.UserAssignedManagedIdentity(client_id=self.identity_client_id), http_client=http
        )

        def assertion() -> str:
            try:
                answer = identity.acquire_token_for_client(resource=EXCHANGE)
            except httpx.HTTPError as problem:
                raise Transient(f"the managed identity does not answer ({type(problem).__name__})") from None
            if token := answer.get("access_token"):
                return str(token)
            raise Misconfigured(
                f"the managed identity {self.identity_client_id} gives no token: {answer.get('error')}; "
                "is it assigned to this function app?"
            )

        return {"client_assertion": assertion}


def _content(source: str) -> bytes:
    if PEM in source:
        # Settings carry line breaks as \n where they cannot carry them as they are.
        return source.replace("\\n", "\n").encode()
    try:
        return base64.b64decode(source, validate=True)
    except (binascii.Error, ValueError):
        pass
    try:
        return Path(source).read_bytes()
    except OSError as problem:
        raise Misconfigured(
            f"CLIENT_CERTIFICATE is neither PEM, nor a PFX in base64, nor a file: {problem.strerror}"
        ) from None


def _parse(content: bytes, password: str) -> CertificateAndKey:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
        pkcs12,
    )

    secret = password.encode() or None
    try:
        if PEM.encode() in content:
            key: Any = load_pem_private_key(content, secret)
            certificate: Any = x509.load_pem_x509_certificates(content)[0]
        else:
            key, certificate, _ = pkcs12.load_key_and_certificates(content, secret)
    except (ValueError, TypeError, IndexError):
        raise Misconfigured(
            "CLIENT_CERTIFICATE cannot be read: it needs a certificate with its private key, and "
            "CLIENT_CERTIFICATE_PASSWORD when it has one"
        ) from None
    if key is None or certificate is None:
        raise Misconfigured("CLIENT_CERTIFICATE holds no private key, or no certificate")
    return CertificateAndKey(
        key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        certificate=certificate.public_bytes(Encoding.PEM).decode(),
        ends=certificate.not_valid_after_utc,
    )
