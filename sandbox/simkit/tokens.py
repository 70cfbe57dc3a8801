"""Who may call: identities, the tokens that Entra issues for them, and how a service checks one."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sandbox.simkit.clock import SimClock


@dataclass(frozen=True, kw_only=True)
class Identity:
    """An app registration and the user that stands for it in BC and Sales (`user_id`, one guid for both).

    `certificate` (PEM, without the key) and `federated_subject` (object id of the managed identity that may
    vouch for it) are registered on it besides the secret; blank when they are not.
    """

    name: str
    tenant: str
    client_id: str
    secret: str
    object_id: str
    user_id: str
    certificate: str = ""
    federated_subject: str = ""


@dataclass(frozen=True, kw_only=True)
class ManagedIdentity:
    """A user-assigned managed identity of the function app; `header` is what only the app knows."""

    client_id: str
    principal_id: str
    header: str


class Unauthorized(Exception):
    """A token that a service would not accept."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TokenIssuer:
    """Signs access tokens for one tenant as Entra does: RS256, the v1 form that BC and Dataverse are given.

    Facts: `aud` is the resource of the `/.default` scope, `appid` the caller's client id, `oid` the object id
    of its service principal, `tid` the tenant, `iss` https://sts.windows.net/{tid}/.
    """

    def __init__(
        self, *, tenant: str, clock: SimClock | None = None, private_key_pem: bytes | None = None
    ) -> None:
        self.tenant = tenant
        self.clock = clock or SimClock()
        if private_key_pem is None:
            self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        else:
            loaded = serialization.load_pem_private_key(private_key_pem, password=None)
            if not isinstance(loaded, rsa.RSAPrivateKey):
                raise ValueError("the signing key must be an RSA key")
            self._key = loaded
        self.public_key = self._key.public_key()
        der = self.public_key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.key_id = uuid.uuid5(uuid.NAMESPACE_OID, der.hex()).hex

    @classmethod
    def from_file(cls, path: Path, *, tenant: str, clock: SimClock | None = None) -> TokenIssuer:
        return cls(tenant=tenant, clock=clock, private_key_pem=path.read_bytes())

    @property
    def iss(self) -> str:
        return f"https://sts.windows.net/{self.tenant}/"

    def private_key_pem(self) -> bytes:
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def jwks(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key Set."""
        key: dict[str, Any] = RSAAlgorithm.to_jwk(self.public_key, as_dict=True)
        return {
            "keys": [
                {"kty": "RSA", "use": "sig", "kid": self.key_id, "alg": "RS256", "n": key["n"], "e": key["e"]}
            ]
        }

    def issue(
        self,
        identity: Identity,
        audience: str,
        lifetime: timedelta | float = 3599,
        *,
        tenant: str | None = None,
    ) -> str:
        """Return a signed token, valid from now for `lifetime` (seconds when a number; Entra says 3599)."""
        seconds = lifetime.total_seconds() if isinstance(lifetime, timedelta) else lifetime
        now = int(self.clock.now().timestamp())
        tid = tenant or self.tenant
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tid}/",
            "iat": now,
            "nbf": now,
            "exp": now + int(seconds),
            "appid": identity.client_id,
            "azp": identity.client_id,
            "appidacr": "1",
            "idtyp": "app",
            "oid": identity.object_id,
            "sub": identity.object_id,
            "tid": tid,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.key_id})

    def issue_for_identity(
        self, identity: ManagedIdentity, audience: str, lifetime: timedelta, *, iss: str
    ) -> str:
        """Return a token with which a managed identity says who it is: v2.0, subject = its object id."""
        now = int(self.clock.now().timestamp())
        claims = {
            "aud": audience,
            "iss": iss,
            "iat": now,
            "nbf": now,
            "exp": now + int(lifetime.total_seconds()),
            "azp": identity.client_id,
            "oid": identity.principal_id,
            "sub": identity.principal_id,
            "tid": self.tenant,
            "ver": "2.0",
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.key_id})


class TokenVerifier:
    """Checks signature, times, audience, issuer and tenant, as BC and Dataverse do before anything else.

    Args:
        issuer: Whose signature and tenant are trusted.
        audience: The resource or resources this service answers to; a trailing slash makes no difference.
        clock: The time by which a token has expired.
    """

    _REMEMBERED = 1000

    def __init__(self, issuer: TokenIssuer, audience: str | Iterable[str], clock: SimClock) -> None:
        self._issuer = issuer
        given = [audience] if isinstance(audience, str) else list(audience)
        self.audiences = frozenset(one.rstrip("/") for one in given)
        self._clock = clock
        self._lock = threading.Lock()
        self._checked: dict[str, dict[str, Any]] = {}

    def verify(self, authorization_header: str | None) -> dict[str, Any]:
        """Return the claims of a good token.

        Raises:
            Unauthorized: No bearer token, or one that is forged, expired, not yet valid, or for another
                audience or tenant.
        """
        if not authorization_header:
            raise Unauthorized("no Authorization header")
        scheme, _, token = authorization_header.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized("the Authorization header holds no bearer token")
        claims = self._signed(token)
        now = self._clock.now()
        if now >= datetime.fromtimestamp(claims["exp"], UTC):
            raise Unauthorized("the token has expired")
        # Clocks of issuer and service differ; five minutes are allowed for (the default of Microsoft's libraries).
        if now < datetime.fromtimestamp(claims["nbf"], UTC) - timedelta(minutes=5):
            raise Unauthorized("the token is not valid yet")
        return claims

    def _signed(self, token: str) -> dict[str, Any]:
        with self._lock:
            known = self._checked.get(token)
        if known is not None:
            return known
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._issuer.public_key,
                algorithms=["RS256"],
                options={
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": False,
                    "require": ["exp", "nbf", "aud", "iss", "tid", "appid"],
                },
            )
        except jwt.InvalidTokenError as wrong:
            raise Unauthorized(f"the token is not valid: {wrong}") from None
        if str(claims["aud"]).rstrip("/") not in self.audiences:
            raise Unauthorized(f"the token is for audience {claims['aud']}")
        if claims["tid"] != self._issuer.tenant or claims["iss"] != self._issuer.iss:
            raise Unauthorized(f"the token is of tenant {claims['tid']}")
        with self._lock:
            if len(self._checked) >= self._REMEMBERED:
                self._checked.clear()
            self._checked[token] = claims
        return claims
